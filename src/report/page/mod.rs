//! The page that text and markdown have in common: which sections there are, and their order.

pub(crate) mod exposure;
pub(crate) mod lists;
pub(crate) mod numbers;
pub(crate) mod plain;
pub(crate) mod proof;
pub(crate) mod section;

use crate::report::page::numbers::{SIZES_ARE_DECIMAL, count, duration, holding};
use crate::report::page::section::{Cell, Section, counted, facts, first, row};
use crate::report::summary::{Proof, Summary};

/// How much of the long lists is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) owners: usize,
    pub(crate) months: usize,
    pub(crate) clips: usize,
    pub(crate) exposed_owners: usize,
    /// 0 leaves the section out.
    pub(crate) exposed_clips: usize,
    /// 0 leaves the section out.
    pub(crate) files: usize,
}

/// All sections in their order. The first one is the head of the page.
pub(crate) fn sections(summary: &Summary, limits: Limits) -> Vec<Section> {
    let mut sections = vec![
        head(summary),
        totals(summary),
        lists::owners(summary, limits.owners),
    ];
    sections.extend(lists::departments(summary, limits.owners));
    sections.extend([
        lists::statuses(summary),
        lists::scopes(summary),
        exposure::owners(summary, limits.exposed_owners),
    ]);
    if limits.exposed_clips > 0 && !summary.exposure.largest.is_empty() {
        sections.push(exposure::clips(summary, limits.exposed_clips));
    }
    sections.extend([
        lists::months(summary, limits.months),
        lists::ages(summary),
        lists::largest(summary, limits.clips),
        proof::quality(summary),
        proof::proof(summary),
    ]);
    if limits.files > 0 && !summary.proof.files.is_empty() {
        sections.push(proof::files(summary, limits.files));
    }
    sections
}

pub(crate) fn head(summary: &Summary) -> Section {
    let what = match summary.table.as_str() {
        "clips" => "Zoom Clips",
        "changes" => "Zoom Clips, changes only",
        other => other,
    };
    let verdict = format!(
        "{} as of {}: {}, {}",
        summary.proof.verdict,
        summary.snapshot_at,
        holding(summary.totals.clips, summary.totals.bytes),
        duration(summary.totals.duration_seconds)
    );
    let lines = [verdict]
        .into_iter()
        .chain(warnings(&summary.proof))
        .collect();
    let mut notes = Vec::new();
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
    Section {
        heading: format!("{what}, snapshot {}", summary.snapshot_date),
        lines,
        notes,
        ..Section::default()
    }
}

/// What a reader has to know before the numbers.
pub(crate) fn warnings(proof: &Proof) -> Vec<String> {
    let mut warnings = Vec::new();
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
        match open.open_without_passcode.clips {
            0 => "Open to anyone, no passcode",
            _ => "EXPOSED: open to anyone, no passcode",
        },
        counted(open.open_without_passcode),
    ));
    if open.open_passcode_unknown.clips > 0 {
        rows.push(row(
            "Open to anyone, passcode unknown",
            counted(open.open_passcode_unknown),
        ));
    }
    facts("Totals", rows)
}
