//! The page that text and markdown have in common: which sections, which lines, which columns.

use super::Summary;
use super::cell::Cell;
use super::exposed;
use super::lists;
use super::proof;
use super::summary::Count;
use super::summary::Proof;
use super::units::SIZES_ARE_DECIMAL;
use super::units::count;
use super::units::duration;
use super::units::holding;

/// How many accounts or windows are named one by one.
const NAMED: usize = 10;

/// How much of the long lists is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) owners: usize,
    pub(super) months: usize,
    pub(super) clips: usize,
    pub(super) exposed_owners: usize,
    /// 0 leaves the section out.
    pub(super) exposed_clips: usize,
    /// 0 leaves the section out.
    pub(super) files: usize,
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
    pub(super) rows: Vec<Vec<Cell>>,
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
    /// As [`Kind::Text`]; what the row is about.
    Name,
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
        exposed::owners(summary, limits.exposed_owners),
    ]);
    if limits.exposed_clips > 0 && !summary.exposure.largest.is_empty() {
        sections.push(exposed::clips(summary, limits.exposed_clips));
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

pub(super) fn head(summary: &Summary) -> Section {
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
pub(super) fn warnings(proof: &Proof) -> Vec<String> {
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

/// The accounts in a line.
pub(super) fn accounts(account_ids: &[String]) -> String {
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

/// As many as a page should name, and a word on the others; the JSON names them all.
pub(super) fn first<T>(all: &[T]) -> (&[T], String) {
    match all.split_at_checked(NAMED) {
        Some((named, rest)) if !rest.is_empty() => {
            let more = format!(", and {} more", count(rest.len() as u64));
            (named, more)
        }
        _ => (all, String::new()),
    }
}

/// Clips and what they hold.
pub(super) fn counted(count: Count) -> Cell {
    Cell::text(holding(count.clips, count.bytes))
}

/// A row of [`facts`].
pub(super) fn row(name: &str, value: Cell) -> Vec<Cell> {
    vec![Cell::text(name), value]
}

/// A section of names and values; values are set to the right if all are numbers.
pub(super) fn facts(heading: &str, rows: Vec<Vec<Cell>>) -> Section {
    let column = |kind| Column { name: "", kind };
    let mut values = rows.iter().filter_map(|row| row.last());
    let kind = if values.all(|value| value.number.is_some()) {
        Kind::Number
    } else {
        Kind::Text
    };
    Section {
        heading: heading.to_owned(),
        table: Some(Table {
            columns: vec![column(Kind::Name), column(kind)],
            rows,
        }),
        ..Section::default()
    }
}
