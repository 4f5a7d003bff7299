//! The sections about what changed since an earlier snapshot.

use crate::report::bytes::{Bytes, Count};
use crate::report::changes::{ChangedClip, Changes};
use crate::report::page::numbers::{size, things};
use crate::report::page::section::{Cell, Column, Kind, Section, Table, column, list};

/// The sections: counts, then what was opened, then what changed the storage most. `owner` names who
/// has an id. Share links are not among it.
pub(crate) fn sections(
    heading: String,
    changes: &Changes,
    owner: impl Fn(Option<&str>) -> String,
) -> Vec<Section> {
    let mut sections = vec![counts(heading, changes)];
    if !changes.opened_clips.is_empty() {
        let heading = format!("Opened since {}", changes.from_date);
        let columns = columns("Size");
        let opened = &changes.opened_clips;
        let mut opened = clips(&heading, columns, opened, &owner, |clip| {
            Cell::size(Bytes(clip.bytes.into()))
        });
        let more = changes.opened.clips - changes.opened_clips.len() as u64;
        if more > 0 {
            opened
                .notes
                .push(format!("and {}", things(more, "more clip")));
        }
        sections.push(opened);
    }
    if !changes.largest.is_empty() {
        let heading = format!("Most bytes since {}", changes.from_date);
        let columns = columns("Growth");
        let growth = |clip: &ChangedClip| Cell::text(signed(clip.growth_bytes));
        let mut largest = clips(&heading, columns, &changes.largest, &owner, growth);
        if changes.differences() > changes.largest.len() as u64 {
            largest.lines.push(format!(
                "The {} that changed the storage most.",
                changes.largest.len()
            ));
        }
        sections.push(largest);
    }
    sections
}

fn counts(heading: String, changes: &Changes) -> Section {
    let mut section = Section {
        heading,
        ..Section::default()
    };
    if changes.differences() == 0 {
        section.lines.push("No differences.".to_owned());
        return section;
    }
    let row = |(name, Count { clips, bytes }): (&str, Count)| {
        vec![Cell::text(name), Cell::count(clips), Cell::size(bytes)]
    };
    let rows = [
        ("New", changes.new),
        ("Gone", changes.gone),
        ("Changed", changes.changed),
        ("Opened", changes.opened),
        ("Closed", changes.closed),
    ];
    section.table = Some(Table {
        columns: vec![
            column("", Kind::Name),
            column("Clips", Kind::Number),
            column("Stored in them", Kind::Number),
        ],
        rows: rows.map(row).into(),
    });
    section.notes = vec![
        format!("Storage of these clips: {}.", signed(changes.growth_bytes)),
        "New: not there before. Gone: not listed any more. Changed: there before and now, with other values. \
         Opened: anyone with the link can watch it now without a passcode; before, it was not open, or not \
         there. Closed: the other way round."
            .to_owned(),
    ];
    section
}

fn columns(number: &'static str) -> Vec<Column> {
    vec![
        column("Clip", Kind::Name),
        column("Owner", Kind::Detail),
        column("Id", Kind::Detail),
        column("Change", Kind::Text),
        column(number, Kind::Number),
    ]
}

fn clips(
    heading: &str,
    columns: Vec<Column>,
    clips: &[ChangedClip],
    owner: impl Fn(Option<&str>) -> String,
    number: impl Fn(&ChangedClip) -> Cell,
) -> Section {
    let row = |clip: &ChangedClip| {
        let title = clip.title.as_deref().filter(|it| !it.trim().is_empty());
        vec![
            Cell::text(title.unwrap_or(&clip.clip_id)),
            Cell::text(owner(clip.owner_id.as_deref())),
            Cell::text(title.map_or("", |_| clip.clip_id.as_str())),
            Cell::text(&clip.change),
            number(clip),
        ]
    };
    list(heading, columns, clips.iter().map(row).collect())
}

/// A size with its sign.
fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "+" };
    format!("{sign}{}", size(Bytes(bytes.unsigned_abs().into())))
}
