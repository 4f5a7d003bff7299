//! The page that text and markdown have in common: which sections there are, and their order.

pub(crate) mod changes;
pub(crate) mod exposure;
pub(crate) mod lists;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod plain;
pub(crate) mod proof;
pub mod section;
mod words;

use crate::report::changes::Changes;
use crate::report::page::names::Names;
use crate::report::page::numbers::{SIZES_ARE_DECIMAL, count, duration, holding};
use crate::report::page::section::{Cell, Section, counted, facts, first, row};
use crate::report::summary::Summary;

/// How much of the long lists is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) owners: usize,
    pub(crate) months: usize,
    pub(crate) clips: usize,
    pub(crate) exposed_owners: usize,
    pub(crate) exposed_clips: usize,
    /// 0 leaves the section out.
    pub(crate) files: usize,
}

/// All sections in their order. The first one is the head of the page.
pub(crate) fn sections(summary: &Summary, limits: Limits) -> Vec<Section> {
    let names = &Names::of(summary);
    let mut sections = vec![head(summary), totals(summary)];
    if let Some(found) = &summary.changes {
        sections.extend(changed(found, names));
    }
    sections.push(exposure::owners(summary, names, limits.exposed_owners));
    if !summary.exposure.newest.is_empty() {
        sections.push(exposure::clips(summary, names, limits.exposed_clips));
    }
    sections.extend(lists::accounts(summary, limits.owners));
    sections.push(lists::owners(summary, names, limits.owners));
    sections.extend(lists::departed(summary, limits.owners));
    sections.extend(lists::departments(summary, limits.owners));
    sections.extend([
        lists::statuses(summary),
        lists::scopes(summary),
        lists::months(summary, limits.months),
        lists::ages(summary),
        lists::largest(summary, names, limits.clips),
        proof::quality(summary),
        proof::proof(summary),
    ]);
    if limits.files > 0 && !summary.proof.files.is_empty() {
        let mut files = proof::files(summary, limits.files);
        files.notes.push(format!(
            "To check them, in the folder of the snapshot: {}",
            proof::HOW_TO_VERIFY
        ));
        sections.push(files);
    }
    sections
}

/// What changed since the snapshot before.
pub(crate) fn changed(found: &Changes, names: &Names<'_>) -> Vec<Section> {
    let heading = format!("Since the snapshot of {}", found.from_date);
    changes::sections(heading, found, |owner_id| names.by_id(owner_id))
}

pub(crate) fn head(summary: &Summary) -> Section {
    let what = match summary.table.as_str() {
        "clips" => "Zoom Clips",
        "changes" => "Zoom Clips, changes only",
        other => other,
    };
    let verdict = format!(
        "{}: {}, {}",
        summary.proof.verdict,
        holding(summary.totals.clips, summary.totals.bytes),
        duration(summary.totals.duration_seconds)
    );
    let lines = [verdict].into_iter().chain(warnings(summary));
    let mut notes = what_it_is_of(summary);
    if !summary.account_ids.is_empty() {
        notes.push(accounts(&summary.account_ids));
    }
    if !summary.parameters.is_empty() {
        let named = summary
            .parameters
            .iter()
            .map(|parameter| format!("{} {}", parameter.name, parameter.value));
        notes.push(format!("listed: {}", named.collect::<Vec<_>>().join(", ")));
    }
    notes.push(SIZES_ARE_DECIMAL.to_owned());
    let simulated = if summary.simulated {
        ", simulated account"
    } else {
        ""
    };
    Section {
        heading: format!("{what}, snapshot {}{simulated}", summary.snapshot_date),
        lines: lines.collect(),
        notes,
        ..Section::default()
    }
}

/// Which clips these are, and of when what is said of them.
fn what_it_is_of(summary: &Summary) -> Vec<String> {
    let done = match summary.table.as_str() {
        "changes" => "modified",
        _ => "created",
    };
    let mut lines = vec![format!(
        "It holds the clips {done} from {} to before {}, each as it was when it was listed, between {} \
         and {}.",
        summary.since,
        summary.snapshot_at,
        to_the_second(&summary.listed_from),
        to_the_second(&summary.listed_to)
    )];
    let has_end = summary.parameters.iter().any(|it| it.name == "until");
    if has_end {
        lines.push(format!(
            "It is not the account as it was at {}: what was deleted before the listing is missing, and \
             what was changed is as it was then.",
            summary.snapshot_at
        ));
    }
    lines
}

/// An instant without the fraction of its second.
fn to_the_second(instant: &str) -> String {
    let whole = instant
        .split_once('.')
        .map(|(whole, _)| format!("{whole}Z"));
    whole.unwrap_or_else(|| instant.to_owned())
}

/// What a reader has to know before the numbers.
pub(crate) fn warnings(summary: &Summary) -> Vec<String> {
    let proof = &summary.proof;
    let mut warnings = Vec::new();
    if summary.simulated {
        warnings.push(
            "SIMULATED ACCOUNT: the sandbox of clipcensus has answered, not Zoom. All ids, titles, \
             people and sizes are made up."
                .to_owned(),
        );
    }
    if proof.verdict == "incomplete" {
        warnings.push("WARNING: incomplete. Clips are missing from these numbers.".to_owned());
    }
    if proof.verdict == "unverified" {
        warnings.push("NOTE: not proven to be all clips, see Proof.".to_owned());
    }
    if let Some(shrunk) = &proof.shrunk {
        let emptied = match shrunk.emptied_accounts.as_slice() {
            [] => String::new(),
            accounts => format!(" None is left of {}.", accounts.join(", ")),
        };
        warnings.push(format!(
            "WARNING: far fewer clips than on {}, when there were {}.{emptied} An app that has lost a \
             permission looks like this.",
            shrunk.since,
            count(shrunk.clips_before)
        ));
    }
    if !proof.balanced {
        warnings.push("WARNING: the counts do not agree, see Proof.".to_owned());
    }
    warnings
}

/// The accounts in a line.
pub(crate) fn accounts(account_ids: &[String]) -> String {
    let (named, more) = first(account_ids);
    let plural = if account_ids.len() == 1 { "" } else { "s" };
    format!("account{plural}: {}{more}", named.join(", "))
}

fn totals(summary: &Summary) -> Section {
    let totals = &summary.totals;
    let open = &summary.exposure;
    let mut rows = vec![
        row("Clips", Cell::count(totals.clips)),
        row("Stored", Cell::size(totals.bytes)),
        row("Length", Cell::duration(totals.duration_seconds)),
        row("Owners", Cell::count(totals.owners)),
    ];
    rows.extend(lists::reclaimable_rows(summary));
    rows.push(row(
        match open.exposed.clips {
            0 => "Exposed",
            _ => "EXPOSED",
        },
        counted(open.exposed),
    ));
    for (name, count) in [
        ("  not counted: passcode unknown", open.passcode_unknown),
        ("  not counted: cannot be watched", open.unwatchable),
    ] {
        if count.clips > 0 {
            rows.push(row(name, counted(count)));
        }
    }
    Section {
        notes: vec![words::RECLAIMABLE.to_owned()],
        ..facts("Totals", rows)
    }
}
