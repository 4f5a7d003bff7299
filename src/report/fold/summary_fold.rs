//! What the fold keeps, and what a row adds to it.

use std::cmp::Reverse;
use std::collections::HashMap;

use arrow::array::RecordBatch;

use crate::clip::{OpenLink, SHARE_SCOPES, STATUSES};
use crate::model::Micros;
use crate::report::bytes::{Bytes, Count};
use crate::report::fold::ages::ByAge;
use crate::report::fold::columns::{Columns, FoldError};

use crate::report::fold::months::ByMonth;
use crate::report::fold::ranking::{Candidate, Ranking};
use crate::report::fold::values::{ByValue, Merge};
use crate::report::summary::{StatusClips, place};

/// Sums up the rows of a snapshot, batch by batch.
///
/// Every sum is of whole numbers (bytes, clips, microseconds), so that the order and the batching
/// of the rows leave no trace in the summary.
#[derive(Debug)]
pub(crate) struct SummaryFold {
    pub(super) total: Usage,
    pub(super) without_size: u64,
    pub(super) without_duration: u64,
    pub(super) statuses: ByValue<Count, { STATUSES.len() }>,
    pub(super) scopes: ByValue<ByPasscode, { SHARE_SCOPES.len() }>,
    pub(super) months: ByMonth,
    pub(super) ages: ByAge,
    pub(super) largest: Ranking,
    pub(super) open_links: ByOpenLink,
    pub(super) newest_exposed: Ranking,
    /// Where each account's sums stand in `account_sums`.
    pub(super) accounts: HashMap<String, usize>,
    pub(super) account_sums: Vec<AccountSums>,
    /// Where each owner's sums stand in `owner_sums`.
    pub(super) owners: HashMap<String, usize>,
    pub(super) owner_sums: Vec<OwnerSums>,
    pub(super) no_owner: OwnerSums,
}

/// Clips, bytes and time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) count: Count,
    pub(super) duration_micros: u128,
}

/// What one owner has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnerSums {
    pub(super) usage: Usage,
    pub(super) exposed: Count,
    pub(super) clips_by_status: StatusClips,
}

/// What one account has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AccountSums {
    pub(super) all: Count,
    pub(super) exposed: Count,
}

/// Clips by what their link opens, those that it opens nothing of left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ByOpenLink {
    pub(super) exposed: Count,
    pub(super) passcode_unknown: Count,
    pub(super) unwatchable: Count,
}

/// Clips of one share scope: with a passcode, without, and unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ByPasscode {
    pub(super) with: Count,
    pub(super) without: Count,
    pub(super) unknown: Count,
}

impl SummaryFold {
    /// A fold over no rows yet, of a census as of `snapshot_at`.
    #[must_use]
    pub(crate) fn new(snapshot_at: Micros) -> Self {
        Self {
            total: Usage::default(),
            without_size: 0,
            without_duration: 0,
            statuses: ByValue::new(&STATUSES),
            scopes: ByValue::new(&SHARE_SCOPES),
            months: ByMonth::default(),
            ages: ByAge::at(snapshot_at),
            largest: Ranking::default(),
            open_links: ByOpenLink::default(),
            newest_exposed: Ranking::default(),
            accounts: HashMap::new(),
            account_sums: Vec::new(),
            owners: HashMap::new(),
            owner_sums: Vec::new(),
            no_owner: OwnerSums::default(),
        }
    }

    /// Adds the rows of a batch. Columns are found by name; those that it does not need may be missing.
    ///
    /// # Errors
    /// A column that it needs is not there or has another type than the schema says. Nothing of
    /// the batch is added then.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), FoldError> {
        let columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            self.add_row(&columns, row);
        }
        Ok(())
    }

    fn add_row(&mut self, columns: &Columns<'_>, row: usize) {
        let known_size = columns.bytes(row);
        let known_duration = columns.duration_micros(row);
        let bytes = known_size.unwrap_or(0);
        let duration = known_duration.unwrap_or(0);
        self.without_size += u64::from(known_size.is_none());
        self.without_duration += u64::from(known_duration.is_none());
        self.total.add(bytes, duration);

        let status = columns.status(row);
        let status_place = place(&STATUSES, status);
        self.statuses.of(status_place, status).add(bytes);
        let scope = columns.share_scope(row);
        let passcode_enabled = columns.passcode_enabled(row);
        self.scopes
            .of(place(&SHARE_SCOPES, scope), scope)
            .of(passcode_enabled)
            .add(bytes);
        let open_link = columns.open_link(row);
        let is_exposed = open_link == Some(OpenLink::Exposed);
        if let Some(open_link) = open_link {
            self.open_links.of(open_link).add(bytes);
        }
        let account = self.account(columns.account_id(row));
        account.all.add(bytes);
        if is_exposed {
            account.exposed.add(bytes);
        }
        let created_at = columns.created_at(row);
        if let Some(created_at) = self.months.add(created_at, bytes) {
            self.ages.add(created_at, bytes);
        }

        let owner_id = columns.owner_id(row);
        let owner = self.owner(owner_id);
        owner.usage.add(bytes, duration);
        owner.clips_by_status.add(status_place);
        if is_exposed {
            owner.exposed.add(bytes);
        }

        let clip = |rank| Candidate {
            rank: Reverse(rank),
            account_id: columns.account_id(row),
            clip_id: columns.clip_id(row),
            owner_id,
            title: columns.title(row),
            bytes: known_size,
            duration_micros: known_duration,
            created_at,
            modified_at: columns.modified_at(row),
        };
        if let Some(bytes) = known_size.map(i128::from)
            && self.largest.admits(bytes)
        {
            self.largest.offer(&clip(bytes));
        }
        if is_exposed {
            let touched = created_at.max(columns.modified_at(row));
            // Without a date, it is behind all others.
            let touched = touched.map_or(i128::MIN, i128::from);
            if self.newest_exposed.admits(touched) {
                self.newest_exposed.offer(&clip(touched));
            }
        }
    }

    /// The sums of an account; only a new one costs memory.
    fn account(&mut self, account_id: &str) -> &mut AccountSums {
        let place = self.accounts.get(account_id).copied().unwrap_or_else(|| {
            let next = self.account_sums.len();
            self.accounts.insert(account_id.to_owned(), next);
            self.account_sums.push(AccountSums::default());
            next
        });
        &mut self.account_sums[place]
    }

    /// The sums of an owner; only a new one costs memory.
    fn owner(&mut self, owner_id: Option<&str>) -> &mut OwnerSums {
        let Some(owner_id) = owner_id else {
            return &mut self.no_owner;
        };
        let place = self.owners.get(owner_id).copied().unwrap_or_else(|| {
            let next = self.owner_sums.len();
            self.owners.insert(owner_id.to_owned(), next);
            self.owner_sums.push(OwnerSums::default());
            next
        });
        &mut self.owner_sums[place]
    }
}

impl Merge for Count {
    fn merge(&mut self, other: Self) {
        self.join(other);
    }
}

impl Usage {
    fn add(&mut self, bytes: u64, duration_micros: u128) {
        self.count.add(bytes);
        self.duration_micros = self.duration_micros.saturating_add(duration_micros);
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.count.bytes
    }
}

impl ByOpenLink {
    fn of(&mut self, open_link: OpenLink) -> &mut Count {
        match open_link {
            OpenLink::Exposed => &mut self.exposed,
            OpenLink::PasscodeUnknown => &mut self.passcode_unknown,
            OpenLink::Unwatchable => &mut self.unwatchable,
        }
    }
}

impl ByPasscode {
    fn of(&mut self, passcode_enabled: Option<bool>) -> &mut Count {
        match passcode_enabled {
            Some(true) => &mut self.with,
            Some(false) => &mut self.without,
            None => &mut self.unknown,
        }
    }

    /// All three together.
    pub(super) fn all(&self) -> Count {
        let mut all = self.with;
        all.join(self.without);
        all.join(self.unknown);
        all
    }
}

impl Merge for ByPasscode {
    fn merge(&mut self, other: Self) {
        self.with.join(other.with);
        self.without.join(other.without);
        self.unknown.join(other.unknown);
    }
}
