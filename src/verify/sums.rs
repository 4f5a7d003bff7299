//! What a manifest says, compared with what else it says: sums, windows, coverage.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::{WindowOutcome, WindowRecord};
use crate::snapshot::manifest::Manifest;

/// Everything in a manifest that cannot be so.
pub(super) fn wrong_sums(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    totals(manifest, &mut problems);
    let ids = manifest.account_ids.iter().map(String::as_str);
    let listed: HashSet<&str> = ids.collect();
    for window in &manifest.windows {
        problems.extend(contradiction(&listed, window).map(|why| format!("{window}: {why}")));
    }
    coverage(manifest, &mut problems);
    problems
}

fn totals(manifest: &Manifest, problems: &mut Vec<String>) {
    let totals = &manifest.totals;
    let clips = manifest.files.iter().filter(|file| !file.is_of_owners());
    // What a manifest says may be beyond what 64 bits hold together.
    let rows: u128 = clips.map(|file| u128::from(file.rows)).sum();
    if rows != u128::from(totals.written) {
        problems.push(format!(
            "its files have {rows} rows and its totals {} written",
            totals.written
        ));
    }
    let accounted: u128 = [totals.written, totals.duplicates, totals.rejected]
        .map(u128::from)
        .iter()
        .sum();
    if u128::from(totals.received) != accounted {
        problems.push(format!(
            "it received {} and accounts for {accounted}",
            totals.received
        ));
    }
    let sum = |count: fn(&WindowRecord) -> u64| {
        let counts = manifest.windows.iter().map(count);
        counts.map(u128::from).sum::<u128>()
    };
    for (name, of_windows, total) in [
        ("received", sum(|window| window.received), totals.received),
        ("rejected", sum(|window| window.rejected), totals.rejected),
        ("outside", sum(|window| window.outside), totals.outside),
    ] {
        if of_windows != u128::from(total) {
            problems.push(format!(
                "its windows have {of_windows} {name} and its totals {total}"
            ));
        }
    }
    let spooled = sum(|window| window.rows);
    if spooled < u128::from(totals.written) {
        problems.push(format!(
            "its windows have {spooled} rows and its totals {} written",
            totals.written
        ));
    }
    let mut repairs: BTreeMap<&str, u128> = BTreeMap::new();
    for (field, count) in manifest.windows.iter().flat_map(|window| &window.repairs) {
        *repairs.entry(field).or_default() += u128::from(*count);
    }
    if !repairs.into_iter().eq(totals
        .repairs
        .iter()
        .map(|(field, count)| (field.as_str(), u128::from(*count))))
    {
        problems.push("the repairs of its windows are not those of its totals".to_owned());
    }
}

/// Why a window's record cannot be so.
fn contradiction(listed: &HashSet<&str>, window: &WindowRecord) -> Option<String> {
    if !listed.contains(window.account_id.as_str()) {
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
    let kept = u128::from(window.rows) + u128::from(window.rejected);
    (kept > u128::from(window.received))
        .then(|| format!("it kept {kept} and received {}", window.received))
}

/// Every account that was listed is covered by its windows, from the begin of the span to its end.
fn coverage(manifest: &Manifest, problems: &mut Vec<String>) {
    let end = manifest.snapshot_at.seconds();
    let failures = manifest.account_failures.iter();
    let failed: HashSet<&str> = failures.map(|it| it.account_id.as_str()).collect();
    let mut by_account: HashMap<&str, Vec<&WindowRecord>> = HashMap::new();
    for window in &manifest.windows {
        if window.outcome != WindowOutcome::Split {
            by_account
                .entry(&window.account_id)
                .or_default()
                .push(window);
        }
    }
    for account_id in &manifest.account_ids {
        if failed.contains(account_id.as_str()) {
            continue;
        }
        let mut windows = by_account.remove(account_id.as_str()).unwrap_or_default();
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
