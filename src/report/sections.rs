//! The page that text and markdown have in common: which sections, which lines, which columns.

use super::Summary;
use super::lists;
use super::summary::Proof;
use super::summary::Quality;
use super::units::SIZES_ARE_DECIMAL;
use super::units::count;
use super::units::duration;
use super::units::holding;
use super::units::size;
use super::units::things;

/// How many accounts or windows are named one by one.
const NAMED: usize = 10;

/// How much of the long lists is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) owners: usize,
    pub(super) months: usize,
}

/// A heading, lines of prose, and a table. Everything is raw: the renderers escape it.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) lines: Vec<String>,
    pub(super) table: Option<Table>,
    /// Lines below the table.
    pub(super) notes: Vec<String>,
}

/// Rows with a cell for each column.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Right-aligned.
    Number,
    /// Left-aligned, cut where the page is narrow.
    Text,
    /// Where the page is narrow, on a line of its own below the row.
    Detail,
    /// Where the page is narrow, nowhere.
    Wide,
}

/// All sections in their order. The first one is the head of the page.
pub(super) fn sections(summary: &Summary, limits: Limits) -> Vec<Section> {
    let mut sections = vec![
        head(summary),
        totals(summary),
        lists::owners(summary, limits.owners),
    ];
    sections.extend(lists::departments(summary, limits.owners));
    sections.extend([
        lists::statuses(summary),
        lists::scopes(summary),
        lists::months(summary, limits.months),
        lists::largest(summary),
        quality(summary),
        proof(summary),
    ]);
    sections
}

fn head(summary: &Summary) -> Section {
    let what = match summary.table.as_str() {
        "clips" => "Zoom Clips",
        "changes" => "Zoom Clips, changes only",
        other => other,
    };
    let mut lines = vec![format!(
        "{} as of {}: {}, {}",
        summary.proof.verdict,
        summary.snapshot_at,
        holding(summary.totals.clips, summary.totals.bytes),
        duration(summary.totals.duration_seconds)
    )];
    if !summary.account_ids.is_empty() {
        let (named, more) = first(&summary.account_ids);
        lines.push(format!("accounts: {}{more}", named.join(", ")));
    }
    for parameter in &summary.parameters {
        lines.push(format!("{}: {}", parameter.name, parameter.value));
    }
    lines.extend(warnings(&summary.proof));
    lines.push(SIZES_ARE_DECIMAL.to_owned());
    Section {
        heading: format!("{what}, snapshot {}", summary.snapshot_date),
        lines,
        ..Section::default()
    }
}

/// What a reader has to know before the numbers.
fn warnings(proof: &Proof) -> Vec<String> {
    let mut warnings = Vec::new();
    if proof.verdict == "incomplete" {
        warnings.push("WARNING: incomplete. Clips are missing from these numbers.".to_owned());
    }
    if proof.verdict == "unverified" {
        warnings
            .push("NOTE: the API gave no totals that these could be checked against.".to_owned());
    }
    if !proof.balanced {
        warnings.push("WARNING: the counts do not agree, see Proof.".to_owned());
    }
    warnings
}

fn totals(summary: &Summary) -> Section {
    let totals = &summary.totals;
    let reclaimable = &summary.reclaimable;
    let open = &summary.exposure;
    let mut rows = vec![
        row("Clips", count(totals.clips)),
        row("Stored", size(totals.bytes)),
        row("Length", duration(totals.duration_seconds)),
        row("Owners", count(totals.owners)),
        row("Without a size", count(totals.clips_without_size)),
        row("Without a duration", count(totals.clips_without_duration)),
        row("Reclaimable", holding(reclaimable.clips, reclaimable.bytes)),
        row("  soft-deleted", counted(&reclaimable.soft_deleted)),
        row("  failed", counted(&reclaimable.failed)),
        row(
            match open.open_without_passcode.clips {
                0 => "Open to anyone, no passcode",
                _ => "EXPOSED: open to anyone, no passcode",
            },
            counted(&open.open_without_passcode),
        ),
    ];
    if open.open_passcode_unknown.clips > 0 {
        rows.push(row(
            "Open to anyone, passcode unknown",
            counted(&open.open_passcode_unknown),
        ));
    }
    facts("Totals", rows)
}

fn quality(summary: &Summary) -> Section {
    let quality = &summary.quality;
    let mut rows = vec![
        row("Rejected records", count(quality.rejected)),
        row("Duplicates dropped", count(quality.duplicates)),
        row("Outside of the span, dropped", count(quality.outside)),
        row(
            "Clips with an unknown status",
            count(quality.clips_with_unknown_status),
        ),
        row(
            "Clips with an unknown share scope",
            count(quality.clips_with_unknown_share_scope),
        ),
    ];
    for (field, repairs) in &quality.repairs {
        rows.push(row(&format!("Repairs of {field}"), count(*repairs)));
    }
    facts("Data quality", rows)
}

fn proof(summary: &Summary) -> Section {
    let proof = &summary.proof;
    let quality = &summary.quality;
    let mut section = Section {
        heading: "Proof".to_owned(),
        lines: vec![
            format!(
                "verdict {}: {} walked, {} unsettled",
                proof.verdict,
                things(proof.windows, "window"),
                count(proof.windows_unsettled.len() as u64)
            ),
            equation(proof, quality),
        ],
        ..Section::default()
    };
    // A service that names no totals leaves nothing to expect.
    if proof.expected > 0 || proof.received == 0 {
        let expected = things(proof.expected, "record");
        section
            .lines
            .push(format!("{expected} expected by the API's own counts"));
    }
    if proof.counted != proof.written {
        section.lines.push(format!(
            "{} in the data, {} by the manifest",
            things(proof.counted, "row"),
            count(proof.written)
        ));
    }
    let (named, more) = first(&proof.windows_unsettled);
    for window in named {
        section.lines.push(format!("unsettled: {window}"));
    }
    if !more.is_empty() {
        section.lines.push(format!("unsettled{more}"));
    }
    let (named, more) = first(&proof.failed_accounts);
    for failed in named {
        let account = &failed.account_id;
        section
            .lines
            .push(format!("account {account} failed: {}", failed.error));
    }
    if !more.is_empty() {
        section.lines.push(format!("accounts failed{more}"));
    }
    section
}

/// As many as a page should name, and a word on the others; the JSON names them all.
fn first<T>(all: &[T]) -> (&[T], String) {
    match all.split_at_checked(NAMED) {
        Some((named, rest)) if !rest.is_empty() => {
            let more = format!(", and {} more", count(rest.len() as u64));
            (named, more)
        }
        _ => (all, String::new()),
    }
}

/// Where every record that came went. Those outside of the span take part if they were received.
fn equation(proof: &Proof, quality: &Quality) -> String {
    let inside = proof
        .written
        .saturating_add(quality.duplicates)
        .saturating_add(quality.rejected);
    let with_outside = inside.saturating_add(quality.outside);
    let agrees = proof.received == inside || proof.received == with_outside;
    let mut line = format!(
        "{} received {} {} written + {} + {} rejected",
        count(proof.received),
        if agrees { "=" } else { "is not" },
        count(proof.written),
        things(quality.duplicates, "duplicate"),
        count(quality.rejected)
    );
    if proof.received != inside && quality.outside > 0 {
        line.push_str(" + ");
        line.push_str(&count(quality.outside));
        line.push_str(" outside");
    }
    line
}

fn counted(count: &super::summary::Count) -> String {
    holding(count.clips, count.bytes)
}

fn row(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

fn facts(heading: &str, rows: Vec<Vec<String>>) -> Section {
    let column = |kind| Column { name: "", kind };
    Section {
        heading: heading.to_owned(),
        table: Some(Table {
            columns: vec![column(Kind::Text), column(Kind::Text)],
            rows,
        }),
        ..Section::default()
    }
}
