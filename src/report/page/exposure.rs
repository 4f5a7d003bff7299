//! The sections about clips that anyone with the link can watch.

use std::cmp::Reverse;

use crate::report::page::lists::{clips_table, day};
use crate::report::page::names::{Names, details, plain_name};
use crate::report::page::numbers::{holding, things};
use crate::report::page::section::{Cell, Kind, Section, column, list};
use crate::report::page::words;
use crate::report::summary::{OwnerUsage, Summary};

/// Who has how many of them, the most first.
pub(crate) fn owners(summary: &Summary, names: &Names<'_>, limit: usize) -> Section {
    let exposure = &summary.exposure;
    let exposed = exposure.exposed;
    let mut owners: Vec<&OwnerUsage> = summary
        .owners
        .iter()
        .filter(|owner| owner.exposed.clips > 0)
        .collect();
    owners.sort_by_key(|owner| Reverse(owner.exposed.clips));
    let mut columns = vec![column("Owner", Kind::Name)];
    if names.are_known {
        let about = ["E-mail", "Department", "User", "Id"];
        columns.extend(about.map(|name| column(name, Kind::Detail)));
    }
    columns.extend([
        column("Exposed", Kind::Number),
        column("Stored in them", Kind::Number),
        column("Clips in all", Kind::Number),
    ]);
    let rows = owners.iter().take(limit).map(|owner| {
        let mut cells = vec![Cell::text(plain_name(owner))];
        if names.are_known {
            cells.extend(details(owner));
        }
        cells.extend([
            Cell::count(owner.exposed.clips),
            Cell::size(owner.exposed.bytes),
            Cell::count(owner.clips),
        ]);
        cells
    });
    let mut section = list("Exposed clips", columns, rows.collect());
    section.lines.push(match exposed.clips {
        0 => "no clip is exposed".to_owned(),
        clips => format!(
            "EXPOSED: {} of {} can be watched by anyone with the link",
            holding(clips, exposed.bytes),
            things(exposure.owners, "owner")
        ),
    });
    section.lines.push(words::EXPOSED.to_owned());
    for (count, what) in [
        (
            exposure.passcode_unknown,
            "open to anyone, but Zoom did not say whether a passcode is asked for",
        ),
        (
            exposure.unwatchable,
            "open to anyone without a passcode, but failed, soft-deleted or suspended, so that the \
             link plays nothing now",
        ),
    ] {
        if count.clips > 0 {
            let holding = holding(count.clips, count.bytes);
            section
                .lines
                .push(format!("Not among them: {holding}, {what}."));
        }
    }
    if exposed.clips == 0 {
        section.table = None;
    }
    if let Some(rest) = owners.get(limit..).filter(|rest| !rest.is_empty()) {
        let clips = rest.iter().map(|owner| owner.exposed.clips);
        section.notes.push(format!(
            "and {} with {}",
            things(rest.len() as u64, "more owner"),
            things(clips.sum(), "clip")
        ));
    }
    section
}

/// Those that came last or were changed last: what somebody has opened since a reader last looked is
/// among them.
pub(crate) fn clips(summary: &Summary, names: &Names<'_>, limit: usize) -> Section {
    let newest = &summary.exposure.newest;
    let mut table = clips_table(names, newest.iter().take(limit));
    table.columns.push(column("Modified", Kind::Number));
    for (row, clip) in table.rows.iter_mut().zip(newest) {
        row.push(Cell::text(day(clip.modified_at.as_deref())));
    }
    Section {
        heading: "Newest exposed clips".to_owned(),
        table: Some(table),
        ..Section::default()
    }
}
