//! From the sums of a fold and the manifest of its snapshot to the summary.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::clip::owner::Person;
use crate::model::verdict::doubts;
use crate::model::{WindowOutcome, WindowRecord};
use crate::report::bytes::{Bytes, Count};
use crate::report::fold::ranking::Ranking;
use crate::report::fold::summary_fold::{AccountSums, ByOpenLink, OwnerSums, SummaryFold};
use crate::report::summary::{
    AccountUsage, Exposure, FailedAccount, ListedClip, OwnerUsage, Parameter, Proof, Quality,
    Reclaimable, SUMMARY_VERSION, ScopeCount, StatusCount, Summary, Totals, ValueKind,
};
use crate::snapshot::Manifest;

impl SummaryFold {
    /// The summary of all rows that were added, in the snapshot of this manifest.
    #[must_use]
    pub(crate) fn finish(self, manifest: &Manifest) -> Summary {
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
        let with_clips = self
            .accounts
            .into_iter()
            .map(|(account_id, place)| (account_id, self.account_sums[place]));
        let accounts = accounts(with_clips.collect(), manifest, total.bytes());
        Summary {
            summary_version: SUMMARY_VERSION,
            snapshot_date: manifest.date().to_string(),
            simulated: manifest.simulated,
            since: manifest.since.micros().to_string(),
            snapshot_at: manifest.snapshot_at.to_string(),
            listed_from: manifest.started_at.clone(),
            listed_to: manifest.finished_at.clone(),
            table: manifest.table.name().to_owned(),
            account_ids: manifest.account_ids.clone(),
            parameters: parameters(manifest),
            proof: proof(manifest, total.count.clips),
            totals: Totals {
                clips: total.count.clips,
                bytes: total.bytes(),
                duration_seconds: seconds(total.duration_micros),
                owners: owners.len() as u64,
                clips_without_size: self.without_size,
                clips_without_duration: self.without_duration,
            },
            changes: None,
            reclaimable: reclaimable(&statuses),
            exposure: exposure(self.open_links, &owners, listed(self.newest_exposed)),
            quality: quality(manifest, &statuses, &share_scopes),
            statuses,
            share_scopes,
            months,
            ages: self.ages.finish(),
            without_created_date,
            largest: listed(self.largest),
            accounts,
            user_statuses: Vec::new(),
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
            exposed: sums.exposed,
            clips_by_status: sums.clips_by_status,
        })
        .collect();
    owners.sort_unstable_by(|a, b| {
        let bytes = b.bytes.cmp(&a.bytes);
        let clips = b.clips.cmp(&a.clips);
        bytes.then(clips).then_with(|| a.owner_id.cmp(&b.owner_id))
    });
    owners
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

/// All accounts that were listed, those without clips too; none where it was one.
fn accounts(
    mut sums: HashMap<String, AccountSums>,
    manifest: &Manifest,
    all_bytes: Bytes,
) -> Vec<AccountUsage> {
    for account_id in &manifest.account_ids {
        if !sums.contains_key(account_id) {
            sums.insert(account_id.clone(), AccountSums::default());
        }
    }
    if sums.len() < 2 {
        return Vec::new();
    }
    let failures = manifest.account_failures.iter();
    let failed: HashSet<&str> = failures.map(|it| it.account_id.as_str()).collect();
    let mut accounts: Vec<AccountUsage> = sums
        .into_iter()
        .map(|(account_id, sums)| AccountUsage {
            failed: failed.contains(account_id.as_str()),
            account_id,
            clips: sums.all.clips,
            bytes: sums.all.bytes,
            bytes_percent: sums.all.bytes.percent_of(all_bytes),
            exposed: sums.exposed,
        })
        .collect();
    accounts.sort_unstable_by(|a, b| {
        let bytes = b.bytes.cmp(&a.bytes);
        let clips = b.clips.cmp(&a.clips);
        let id = a.account_id.cmp(&b.account_id);
        bytes.then(clips).then(id)
    });
    accounts
}

fn exposure(links: ByOpenLink, owners: &[OwnerUsage], newest: Vec<ListedClip>) -> Exposure {
    let exposed = owners.iter().filter(|owner| owner.exposed.clips > 0);
    Exposure {
        exposed: links.exposed,
        passcode_unknown: links.passcode_unknown,
        unwatchable: links.unwatchable,
        owners: exposed.count() as u64,
        newest,
    }
}

fn quality(manifest: &Manifest, statuses: &[StatusCount], scopes: &[ScopeCount]) -> Quality {
    let totals = &manifest.totals;
    let unknown = |kind| matches!(kind, ValueKind::Unknown | ValueKind::Remainder);
    Quality {
        rejected: totals.rejected,
        duplicates: totals.duplicates,
        outside: totals.outside,
        repairs: totals.repairs.clone(),
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

fn proof(manifest: &Manifest, counted: u64) -> Proof {
    let totals = &manifest.totals;
    let listed = || {
        let windows = manifest.windows.iter();
        windows.filter(|window| window.outcome != WindowOutcome::Split)
    };
    let accounted =
        u128::from(totals.written) + u128::from(totals.duplicates) + u128::from(totals.rejected);
    Proof {
        verdict: manifest.verdict.name().to_owned(),
        tool_version: manifest.tool_version.clone(),
        doubts: doubts(&manifest.windows),
        shrunk: manifest.shrunk.clone(),
        windows: listed().count() as u64,
        windows_unsettled: listed()
            .filter(|window| window.outcome == WindowOutcome::Unsettled)
            .map(WindowRecord::to_string)
            .collect(),
        failed_accounts: manifest
            .account_failures
            .iter()
            .map(|failed| FailedAccount {
                account_id: failed.account_id.clone(),
                error: failed.why.clone(),
            })
            .collect(),
        expected: listed().filter_map(|window| window.expected).sum(),
        distinct: listed().map(|window| window.distinct).sum(),
        received: totals.received,
        written: totals.written,
        counted,
        balanced: u128::from(totals.received) == accounted && counted == totals.written,
        requests: manifest.requests.clone(),
        client_errors: manifest.client_errors.clone(),
        files: manifest.files.clone(),
    }
}

/// The parameters that say which clips a snapshot is of.
const FILTERS: [&str; 6] = ["by", "since", "until", "owner", "status", "search"];

fn parameters(manifest: &Manifest) -> Vec<Parameter> {
    FILTERS
        .iter()
        .filter_map(|name| {
            Some(Parameter {
                name: (*name).to_owned(),
                value: manifest.parameters.get(*name)?.as_str()?.to_owned(),
            })
        })
        .collect()
}

fn listed(clips: Ranking) -> Vec<ListedClip> {
    let clips = clips.finish().into_iter();
    clips
        .map(|clip| ListedClip {
            account_id: clip.account_id,
            clip_id: clip.clip_id,
            title: clip.title,
            owner_id: clip.owner_id,
            bytes: clip.bytes,
            duration_seconds: clip.duration_micros.map(seconds),
            created_at: clip.created_at.and_then(rfc3339),
            modified_at: clip.modified_at.and_then(rfc3339),
        })
        .collect()
}

/// Microseconds as seconds, for the JSON: exact to the microsecond up to 285 years.
#[expect(
    clippy::cast_precision_loss,
    reason = "a sum beyond 285 years is the nearest double"
)]
fn seconds(micros: u128) -> f64 {
    micros as f64 / 1e6
}

/// An instant as `2024-10-11T01:51:50.631Z`. None outside of the years -9999 to 9999.
fn rfc3339(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(|timestamp| timestamp.to_string())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_survive_json_to_the_microsecond() {
        for micros in [0, 1, 999_999, 1_000_001, 86_400_000_000, (1 << 53) - 1] {
            let before = seconds(micros);
            let json = serde_json::to_string(&before).unwrap();
            let after: f64 = serde_json::from_str(&json).unwrap();
            assert_eq!(after.to_bits(), before.to_bits(), "{json}");
        }
    }
}
