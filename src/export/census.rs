//! What a census is of: the parameters that make two exports the same one or not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::account::connect::OpenSource;
use crate::clip::{SCHEMA_VERSION, SecretPolicy};
use crate::crawl::Account;
use crate::disk::{DiskError, Layout, Table};
use crate::error::Error;
use crate::model::Window;
use crate::settings::{Accounts, ExportSettings};
use crate::snapshot::Manifest;
use crate::spool::{SPOOL_FORMAT, SpoolHeader};
use crate::zoom::DateFilter;

/// The parameters that say which clips are listed.
#[derive(Debug, Clone)]
pub(crate) struct Census(BTreeMap<String, Value>);

impl Census {
    pub(crate) fn of(settings: &ExportSettings, source: &OpenSource) -> Self {
        let accounts = match &settings.accounts {
            Accounts::Own => json!([source.account_id]),
            Accounts::Named(ids) => json!(ids),
            Accounts::All => json!(format!("all of {}", source.account_id)),
        };
        let by = match settings.by {
            DateFilter::Created => "created",
            DateFilter::Modified => "modified",
        };
        let filters = &settings.filters;
        Self(BTreeMap::from([
            ("accounts".to_owned(), accounts),
            ("by".to_owned(), json!(by)),
            ("owner".to_owned(), json!(filters.owner)),
            ("search".to_owned(), json!(filters.search)),
            ("since".to_owned(), json!(settings.since.text)),
            ("status".to_owned(), json!(filters.status)),
        ]))
    }

    pub(crate) fn table(&self) -> Table {
        if self.0.get("by") == Some(&json!("modified")) {
            Table::Changes
        } else {
            Table::Clips
        }
    }

    /// A folder holds the census of one thing.
    pub(crate) fn refuse_other(&self, layout: &Layout) -> Result<(), Error> {
        let latest = match Manifest::latest(layout) {
            Ok(Some(latest)) => latest,
            Ok(None) | Err(DiskError::NoSnapshot { .. }) => return Ok(()),
            // This export replaces it.
            Err(error) if error.is_damaged() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match latest.other_census(&self.0) {
            None => Ok(()),
            Some((theirs, ours)) => Err(Error::OtherCensus {
                out: layout.out().display().to_string(),
                theirs,
                ours,
            }),
        }
    }

    /// All parameters of a run, for its manifest. None of them is a secret.
    pub(super) fn parameters(&self, settings: &ExportSettings) -> BTreeMap<String, Value> {
        let mut parameters = self.0.clone();
        let others = [
            (
                "until",
                json!(settings.until.as_ref().map(|until| &until.text)),
            ),
            (
                "include_secrets",
                json!(settings.secrets == SecretPolicy::Keep),
            ),
            ("resolve_owners", json!(settings.resolve_owners)),
            ("service", json!(settings.source.name())),
            ("rate", json!(settings.limits.light)),
            ("concurrency", json!(settings.limits.concurrency)),
            ("allow_incomplete", json!(settings.accepted.incomplete)),
        ];
        parameters.extend(others.map(|(name, value)| (name.to_owned(), value)));
        parameters
    }

    /// What the spool of this run is to be; one of an interrupted run with the same parameters is
    /// taken up instead.
    pub(super) fn spool_header(
        &self,
        settings: &ExportSettings,
        accounts: &[Account],
        now: Timestamp,
        span: Window,
    ) -> SpoolHeader {
        SpoolHeader {
            is_shrunk: false,
            format: SPOOL_FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            fingerprint: self.fingerprint(settings, accounts),
            snapshot_at: span.to.micros(),
            since: span.from,
            until: span.to,
            run_id: run_id(now),
            started_at: now.to_string(),
        }
    }

    /// Parameters that change which rows come, or what stands in them. Ages such as `36h` count as
    /// they are typed, so that a later run can take up an earlier one. A list of sub-accounts that has
    /// changed makes another spool: windows of an account that is no longer listed are not complete.
    fn fingerprint(&self, settings: &ExportSettings, accounts: &[Account]) -> String {
        let mut parameters = self.parameters(settings);
        for pace in ["rate", "concurrency", "allow_incomplete", "resolve_owners"] {
            parameters.remove(pace);
        }
        let ids: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        parameters.insert("account_ids".to_owned(), json!(ids));
        parameters.insert("schema".to_owned(), json!(SCHEMA_VERSION));
        let digest = Sha256::digest(json!(parameters).to_string());
        let first: [u8; 8] = std::array::from_fn(|index| digest[index]);
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

/// Names a run: when it began, and something that no other run has.
fn run_id(now: Timestamp) -> String {
    format!(
        "{}-{:08x}",
        now.strftime("%Y%m%dT%H%M%SZ"),
        rand::random::<u32>()
    )
}
