//! The sections about the data as it came, and why the numbers can be trusted.

use crate::report::bytes::Bytes;
use crate::report::page::numbers::{count, things};
use crate::report::page::section::{Cell, Kind, Section, column, facts, first, list, row};
use crate::report::page::words;
use crate::report::summary::{Proof, Quality, Summary};

pub(crate) fn quality(summary: &Summary) -> Section {
    let quality = &summary.quality;
    let totals = &summary.totals;
    let counts = [
        ("Rejected records", quality.rejected),
        ("Outside of the span, left out", quality.outside),
        ("Clips without a size", totals.clips_without_size),
        ("Clips without a duration", totals.clips_without_duration),
        (
            "Clips without a creation date",
            summary.without_created_date.clips,
        ),
        (
            "Clips with an unknown status",
            quality.clips_with_unknown_status,
        ),
        (
            "Clips with an unknown share scope",
            quality.clips_with_unknown_share_scope,
        ),
    ];
    let repairs = quality
        .repairs
        .iter()
        .map(|(field, repairs)| row(&format!("Repairs of {field}"), Cell::count(*repairs)));
    let rows = counts.map(|(name, number)| row(name, Cell::count(number)));
    let rows = rows.into_iter().chain(repairs).collect();
    Section {
        lines: vec![
            "A rejected record is no clip: it has no usable id, and stands in rejects.ndjson. A \
             repair is a value that does not fit its column: the column is empty there, and the value \
             is kept in the column extra."
                .to_owned(),
        ],
        ..facts("Data quality", rows)
    }
}

pub(crate) fn proof(summary: &Summary) -> Section {
    let proof = &summary.proof;
    let mut lines = vec![verdict(proof)];
    lines.push(format!(
        "{} listed, {} unsettled. {}",
        things(proof.windows, "window"),
        count(proof.windows_unsettled.len() as u64),
        words::WINDOW
    ));
    lines.push(equation(proof, &summary.quality));
    if proof.counted != proof.written {
        lines.push(format!(
            "{} in the data, {} by the manifest",
            things(proof.counted, "row"),
            count(proof.written)
        ));
    }
    if !proof.requests.is_empty() {
        lines.push(requests(proof));
    }
    for (error, requests) in &proof.client_errors {
        lines.push(format!("client errors: {} {error}", count(*requests)));
    }
    name(&mut lines, "not proven", &proof.doubts);
    name(&mut lines, "unsettled", &proof.windows_unsettled);
    let (named, more) = first(&proof.failed_accounts);
    for failed in named {
        let account = &failed.account_id;
        lines.push(format!("account {account} failed: {}", failed.error));
    }
    if !more.is_empty() {
        lines.push(format!("accounts failed{more}"));
    }
    lines.push(format!("taken by clipcensus {}", proof.tool_version));
    Section {
        heading: "Proof".to_owned(),
        lines,
        ..Section::default()
    }
}

/// The verdict in a sentence, with the sum that it stands on.
pub(crate) fn verdict(proof: &Proof) -> String {
    let (distinct, expected) = (count(proof.distinct), things(proof.expected, "record"));
    match proof.verdict.as_str() {
        "verified" => format!(
            "verified: Zoom's own counts, span by span, come to {expected}, and as many different ones \
             came: {distinct} = {}",
            count(proof.expected)
        ),
        // A service that names no totals leaves nothing to expect.
        "unverified" if proof.expected == 0 && proof.distinct > 0 => format!(
            "unverified: {distinct} different records came, and Zoom named no count to compare with"
        ),
        verdict => format!(
            "{verdict}: Zoom's own counts come to {expected}, and {distinct} different ones came; what is \
             missing or in doubt is named below"
        ),
    }
}

/// A line for each of the first, and one for how many there are beside them.
fn name(lines: &mut Vec<String>, what: &str, all: &[String]) {
    let (named, more) = first(all);
    lines.extend(named.iter().map(|one| format!("{what}: {one}")));
    if !more.is_empty() {
        lines.push(format!("{what}{more}"));
    }
}

/// The command that holds the files against their manifest, in the folder where that stands. No path
/// from anywhere else is known to the documents of a snapshot, which may be moved.
pub(crate) const HOW_TO_VERIFY: &str = "clipcensus verify .";

/// The data files with what proves them.
pub(crate) fn files(summary: &Summary, limit: usize) -> Section {
    let columns = vec![
        column("File", Kind::Name),
        column("Rows", Kind::Number),
        column("Size", Kind::Number),
        column("SHA-256", Kind::Detail),
    ];
    let files = &summary.proof.files;
    let rows = files.iter().take(limit).map(|file| {
        vec![
            Cell::text(&file.path),
            Cell::count(file.rows),
            Cell::size(Bytes(u128::from(file.bytes))),
            Cell::text(&file.sha256),
        ]
    });
    let mut section = list("Data files", columns, rows.collect());
    if let Some(rest) = files.len().checked_sub(limit).filter(|rest| *rest > 0) {
        let rest = things(rest as u64, "more file");
        section.notes.push(format!("and {rest}, see manifest.json"));
    }
    section
}

/// What was sent, and what came of it.
fn requests(proof: &Proof) -> String {
    let outcomes: Vec<String> = proof
        .requests
        .iter()
        .map(|(outcome, requests)| format!("{} {}", count(*requests), outcome.replace('_', " ")))
        .collect();
    let all = proof.requests.values().sum();
    format!("{}: {}", things(all, "request"), outcomes.join(", "))
}

/// Where every record that came went.
fn equation(proof: &Proof, quality: &Quality) -> String {
    let accounted = proof
        .written
        .saturating_add(quality.duplicates)
        .saturating_add(quality.rejected);
    format!(
        "{} received {} {} written as rows + {} listed more than once + {} rejected",
        count(proof.received),
        if proof.received == accounted {
            "="
        } else {
            "is not"
        },
        count(proof.written),
        count(quality.duplicates),
        count(quality.rejected)
    )
}
