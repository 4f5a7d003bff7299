//! From the sums of a fold and the facts of its run to the summary.

use super::Facts;
use super::bytes::Bytes;
use super::fold::ANYONE;
use super::fold::OwnerSums;
use super::fold::STATUS_SLOTS;
use super::fold::SummaryFold;
use super::micros::rfc3339;
use super::micros::seconds;
use super::summary::Count;
use super::summary::Exposure;
use super::summary::FailedAccount;
use super::summary::LargeClip;
use super::summary::OwnerUsage;
use super::summary::Parameter;
use super::summary::Proof;
use super::summary::Quality;
use super::summary::Reclaimable;
use super::summary::SUMMARY_VERSION;
use super::summary::ScopeCount;
use super::summary::StatusClips;
use super::summary::StatusCount;
use super::summary::Summary;
use super::summary::Totals;
use super::summary::ValueKind;
use crate::owner::Person;

impl SummaryFold {
    /// The summary of all rows that were added.
    #[must_use]
    pub fn finish(self, facts: &Facts) -> Summary {
        let total = self.total;
        let statuses: Vec<StatusCount> = self
            .statuses
            .finish()
            .map(|(status, kind, count)| StatusCount {
                status,
                kind,
                clips: count.clips,
                bytes: count.bytes,
            })
            .collect();
        let share_scopes: Vec<ScopeCount> = self
            .scopes
            .finish()
            .map(|(share_scope, kind, count)| ScopeCount {
                share_scope,
                kind,
                clips: count.all().clips,
                bytes: count.all().bytes,
                with_passcode: count.with,
                without_passcode: count.without,
                passcode_unknown: count.unknown,
            })
            .collect();
        let (months, without_created_date) = self.months.finish();
        let named = self
            .owners
            .into_iter()
            .map(|(owner_id, place)| (owner_id, self.owner_sums[place]));
        let owners = owners(named, self.no_owner, total.bytes());
        Summary {
            summary_version: SUMMARY_VERSION,
            snapshot_date: facts.snapshot_date.clone(),
            snapshot_at: rfc3339(facts.snapshot_at).unwrap_or_else(|| "unknown".to_owned()),
            table: facts.table.clone(),
            account_ids: facts.account_ids.clone(),
            parameters: parameters(facts),
            proof: proof(facts, total.count.clips),
            totals: Totals {
                clips: total.count.clips,
                bytes: total.bytes(),
                duration_seconds: seconds(total.duration_micros),
                owners: owners.len() as u64,
                clips_without_size: self.without_size,
                clips_without_duration: self.without_duration,
            },
            reclaimable: reclaimable(&statuses),
            exposure: exposure(&share_scopes, &owners, self.largest_exposed.finish()),
            quality: quality(facts, &statuses, &share_scopes),
            statuses,
            share_scopes,
            months,
            ages: self.ages.finish(),
            without_created_date,
            largest: self.largest.finish(),
            departments: Vec::new(),
            owners,
        }
    }
}

fn owners(
    named: impl IntoIterator<Item = (String, OwnerSums)>,
    unnamed: OwnerSums,
    all_bytes: Bytes,
) -> Vec<OwnerUsage> {
    let unnamed = (unnamed.usage.count.clips > 0).then_some((None, unnamed));
    let mut owners: Vec<OwnerUsage> = named
        .into_iter()
        .map(|(owner_id, sums)| (Some(owner_id), sums))
        .chain(unnamed)
        .map(|(owner_id, sums)| OwnerUsage {
            owner_id,
            person: Person::default(),
            clips: sums.usage.count.clips,
            bytes: sums.usage.bytes(),
            bytes_percent: sums.usage.bytes().percent_of(all_bytes),
            duration_seconds: seconds(sums.usage.duration_micros),
            open_without_passcode: sums.exposed,
            clips_by_status: by_status(sums.clips_by_status),
        })
        .collect();
    owners.sort_unstable_by(|a, b| {
        let bytes = b.bytes.cmp(&a.bytes);
        let clips = b.clips.cmp(&a.clips);
        bytes.then(clips).then_with(|| a.owner_id.cmp(&b.owner_id))
    });
    owners
}

/// The slots are in the order of the documented statuses, which a test holds fast.
fn by_status(clips: [u64; STATUS_SLOTS]) -> StatusClips {
    let [
        record_start,
        record_failed,
        record_end,
        record_success,
        record_delete,
        suspended,
        unknown,
        missing,
    ] = clips;
    StatusClips {
        record_start,
        record_failed,
        record_end,
        record_success,
        record_delete,
        suspended,
        unknown,
        missing,
    }
}

fn reclaimable(statuses: &[StatusCount]) -> Reclaimable {
    let of = |name: &str| {
        statuses
            .iter()
            .find(|entry| entry.status.as_deref() == Some(name))
            .map_or(Count::default(), |entry| Count {
                clips: entry.clips,
                bytes: entry.bytes,
            })
    };
    let soft_deleted = of("RECORD_DELETE");
    let failed = of("RECORD_FAILED");
    Reclaimable {
        clips: soft_deleted.clips + failed.clips,
        bytes: soft_deleted.bytes.plus(failed.bytes),
        soft_deleted,
        failed,
    }
}

fn exposure(scopes: &[ScopeCount], owners: &[OwnerUsage], largest: Vec<LargeClip>) -> Exposure {
    let anyone = scopes
        .iter()
        .find(|entry| entry.share_scope.as_deref() == Some(ANYONE));
    let exposed = owners
        .iter()
        .filter(|owner| owner.open_without_passcode.clips > 0);
    Exposure {
        open_without_passcode: anyone
            .map(|entry| entry.without_passcode)
            .unwrap_or_default(),
        open_passcode_unknown: anyone
            .map(|entry| entry.passcode_unknown)
            .unwrap_or_default(),
        owners: exposed.count() as u64,
        largest,
    }
}

fn quality(facts: &Facts, statuses: &[StatusCount], scopes: &[ScopeCount]) -> Quality {
    let unknown = |kind| matches!(kind, ValueKind::Unknown | ValueKind::Remainder);
    Quality {
        rejected: facts.rejected,
        duplicates: facts.duplicates,
        outside: facts.outside,
        repairs: facts.repairs.clone(),
        clips_with_unknown_status: statuses
            .iter()
            .filter(|entry| unknown(entry.kind))
            .map(|entry| entry.clips)
            .sum(),
        clips_with_unknown_share_scope: scopes
            .iter()
            .filter(|entry| unknown(entry.kind))
            .map(|entry| entry.clips)
            .sum(),
    }
}

fn proof(facts: &Facts, counted: u64) -> Proof {
    let inside =
        u128::from(facts.written) + u128::from(facts.duplicates) + u128::from(facts.rejected);
    let received = u128::from(facts.received);
    let accounted = received == inside || received == inside + u128::from(facts.outside);
    Proof {
        verdict: facts.verdict.clone(),
        tool_version: facts.tool_version.clone(),
        windows: facts.windows,
        windows_unsettled: facts.windows_unsettled.clone(),
        failed_accounts: facts
            .failed_accounts
            .iter()
            .map(|(account_id, error)| FailedAccount {
                account_id: account_id.clone(),
                error: error.clone(),
            })
            .collect(),
        expected: facts.expected,
        received: facts.received,
        written: facts.written,
        counted,
        balanced: accounted && counted == facts.written,
        requests: facts.requests.clone(),
        files: facts.files.clone(),
    }
}

fn parameters(facts: &Facts) -> Vec<Parameter> {
    let parameter = |(name, value): &(String, String)| Parameter {
        name: name.clone(),
        value: value.clone(),
    };
    facts.parameters.iter().map(parameter).collect()
}
