//! The sections about clips that anyone with the link can watch.

use std::cmp::Reverse;

use crate::report::page::lists::{clips_table, id_and_name};
use crate::report::page::numbers::{holding, things};
use crate::report::page::section::{Cell, Kind, Section, column, list};
use crate::report::summary::{OwnerUsage, Summary};

/// Who has how many of them, the most first.
pub(crate) fn owners(summary: &Summary, limit: usize) -> Section {
    let exposure = &summary.exposure;
    let open = exposure.open_without_passcode;
    let unknown = exposure.open_passcode_unknown;
    let mut owners: Vec<&OwnerUsage> = summary
        .owners
        .iter()
        .filter(|owner| owner.open_without_passcode.clips > 0)
        .collect();
    owners.sort_by_key(|owner| Reverse(owner.open_without_passcode.clips));
    let columns = vec![
        column("Owner", Kind::Name),
        column("Open clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Of all clips", Kind::Number),
    ];
    let rows = owners.iter().take(limit).map(|owner| {
        let open = owner.open_without_passcode;
        vec![
            Cell::text(id_and_name(owner)),
            Cell::count(open.clips),
            Cell::size(open.bytes),
            Cell::count(owner.clips),
        ]
    });
    let mut section = list(
        "Open to anyone, without a passcode",
        columns,
        rows.collect(),
    );
    section.lines.push(match open.clips {
        0 => "no clip is open to anyone without a passcode".to_owned(),
        clips => format!(
            "EXPOSED: {} of {} open to anyone with the link",
            holding(clips, open.bytes),
            things(exposure.owners, "owner")
        ),
    });
    if unknown.clips > 0 {
        section.lines.push(format!(
            "and {} of which the API did not say whether they ask for a passcode",
            holding(unknown.clips, unknown.bytes)
        ));
    }
    if open.clips == 0 {
        section.table = None;
    }
    if let Some(rest) = owners.get(limit..).filter(|rest| !rest.is_empty()) {
        let clips = rest.iter().map(|owner| owner.open_without_passcode.clips);
        section.notes.push(format!(
            "and {} with {}",
            things(rest.len() as u64, "more owner"),
            things(clips.sum(), "clip")
        ));
    }
    section
}

/// The largest of them.
pub(crate) fn clips(summary: &Summary, limit: usize) -> Section {
    let largest = &summary.exposure.largest;
    let table = clips_table(summary, largest.iter().take(limit));
    Section {
        heading: "Largest clips open to anyone, without a passcode".to_owned(),
        table: Some(table),
        ..Section::default()
    }
}
