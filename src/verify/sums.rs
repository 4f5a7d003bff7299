//! What a manifest says, compared with what else it says: sums, windows, coverage.

use std::collections::BTreeMap;

use crate::disk::layout::Folder;
use crate::model::{WindowOutcome, WindowRecord};
use crate::snapshot::files::DataFile;
use crate::snapshot::manifest::Manifest;

/// Everything in a manifest that cannot be so.
pub(super) fn wrong_sums(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    totals(manifest, &mut problems);
    for window in &manifest.windows {
        problems.extend(contradiction(manifest, window).map(|why| format!("{window}: {why}")));
    }
    coverage(manifest, &mut problems);
    problems
}

fn totals(manifest: &Manifest, problems: &mut Vec<String>) {
    let totals = &manifest.totals;
    let is_of_clips = |file: &&DataFile| file.folder() == Folder::Data;
    let clips = manifest.files.iter().filter(is_of_clips);
    let rows: u64 = clips.map(|file| file.rows).sum();
    if rows != totals.written {
        problems.push(format!(
            "its files have {rows} rows and its totals {} written",
            totals.written
        ));
    }
    let accounted = totals.written + totals.duplicates + totals.rejected;
    if totals.received != accounted {
        problems.push(format!(
            "it received {} and accounts for {accounted}",
            totals.received
        ));
    }
    let sum = |count: fn(&WindowRecord) -> u64| manifest.windows.iter().map(count).sum::<u64>();
    for (name, of_windows, total) in [
        ("received", sum(|window| window.received), totals.received),
        ("rejected", sum(|window| window.rejected), totals.rejected),
        ("outside", sum(|window| window.outside), totals.outside),
    ] {
        if of_windows != total {
            problems.push(format!(
                "its windows have {of_windows} {name} and its totals {total}"
            ));
        }
    }
    let spooled = sum(|window| window.rows);
    if spooled < totals.written {
        problems.push(format!(
            "its windows have {spooled} rows and its totals {} written",
            totals.written
        ));
    }
    let mut repairs: BTreeMap<&str, u64> = BTreeMap::new();
    for (field, count) in manifest.windows.iter().flat_map(|window| &window.repairs) {
        *repairs.entry(field).or_default() += count;
    }
    if !repairs.into_iter().eq(totals
        .repairs
        .iter()
        .map(|(field, count)| (field.as_str(), *count)))
    {
        problems.push("the repairs of its windows are not those of its totals".to_owned());
    }
}

/// Why a window's record cannot be so.
fn contradiction(manifest: &Manifest, window: &WindowRecord) -> Option<String> {
    if !manifest.account_ids.contains(&window.account_id) {
        return Some("it is of an account that was not listed".to_owned());
    }
    if window.outcome == WindowOutcome::Settled && window.expected != Some(window.distinct) {
        let expected = window
            .expected
            .map_or_else(|| "none".to_owned(), |count| count.to_string());
        return Some(format!(
            "it is settled, though {expected} were expected and {} came",
            window.distinct
        ));
    }
    let kept = window.rows + window.rejected;
    (kept > window.received).then(|| format!("it kept {kept} and received {}", window.received))
}

/// Every account that was listed is covered by its windows, from the begin of the span to its end.
fn coverage(manifest: &Manifest, problems: &mut Vec<String>) {
    let end = manifest.snapshot_at.seconds();
    for account_id in &manifest.account_ids {
        let is_failed = |failed: &crate::snapshot::AccountFailure| &failed.account_id == account_id;
        if manifest.account_failures.iter().any(is_failed) {
            continue;
        }
        let mut windows: Vec<&WindowRecord> = manifest
            .windows
            .iter()
            .filter(|window| {
                &window.account_id == account_id && window.outcome != WindowOutcome::Split
            })
            .collect();
        windows.sort_unstable_by_key(|window| window.from);
        let mut reached = manifest.since;
        for window in windows {
            if window.from > reached {
                break;
            }
            if window.from < reached {
                problems.push(format!(
                    "{}: it begins before the one before it ends",
                    window.name()
                ));
            }
            reached = reached.max(window.to);
        }
        if reached < end {
            problems.push(format!(
                "no window of account {account_id} covers what follows {reached}"
            ));
        }
    }
}
