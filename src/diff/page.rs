//! Differences as a page of sections: for a terminal, a chat message, a ticket.

use crate::clip::owner::People;
use crate::diff::sides::Sides;
use crate::diff::tally::{Amount, NamedClip, Tally};
use crate::model::Verdict;
use crate::report::Bytes;
use crate::report::numbers::{size, things};
use crate::report::section::{Cell, Column, Kind, Section, column, list};

/// The sections: counts, then what was opened, then what changed the storage most. Share links are not
/// among it.
pub(crate) fn sections(sides: &Sides, tally: &Tally, people: &People) -> Vec<Section> {
    let mut sections = vec![counts(sides, tally)];
    if !tally.opened_clips.is_empty() {
        let columns = vec![
            column("Clip", Kind::Name),
            column("Owner", Kind::Text),
            column("Size", Kind::Number),
            column("Change", Kind::Text),
        ];
        let mut opened = clips("Opened", columns, &tally.opened_clips, people, |clip| {
            Cell::size(Bytes(clip.bytes.into()))
        });
        let more = tally.opened.clips - tally.opened_clips.len() as u64;
        if more > 0 {
            opened
                .notes
                .push(format!("and {}", things(more, "more clip")));
        }
        sections.push(opened);
    }
    if !tally.most_bytes.is_empty() {
        let columns = vec![
            column("Clip", Kind::Name),
            column("Owner", Kind::Text),
            column("Growth", Kind::Number),
            column("Change", Kind::Text),
        ];
        let growth = |clip: &NamedClip| Cell::text(signed(clip.growth.into()));
        sections.push(clips(
            "Most bytes",
            columns,
            &tally.most_bytes,
            people,
            growth,
        ));
    }
    sections
}

fn counts(sides: &Sides, tally: &Tally) -> Section {
    let (from, to) = (&sides.from.manifest, &sides.to.manifest);
    let mut section = Section {
        heading: format!("Changes from {} to {}", from.date(), to.date()),
        ..Section::default()
    };
    for side in [from, to] {
        if side.verdict != Verdict::Verified {
            section.lines.push(format!(
                "WARNING: the snapshot of {} is {}: clips that it lacks may be there all the same.",
                side.date(),
                side.verdict.name()
            ));
        }
    }
    if tally.differences() == 0 {
        section.lines.push("No differences.".to_owned());
        return section;
    }
    section.table = Some(crate::report::section::Table {
        columns: vec![
            column("", Kind::Name),
            column("Clips", Kind::Number),
            column("Bytes", Kind::Number),
        ],
        rows: [
            ("New", tally.new),
            ("Gone", tally.gone),
            ("Changed", tally.changed),
            ("Opened", tally.opened),
            ("Closed", tally.closed),
        ]
        .map(|(name, Amount { clips, bytes })| {
            vec![Cell::text(name), Cell::count(clips), Cell::size(bytes)]
        })
        .into(),
    });
    section.notes.push(format!(
        "Storage: {}. Opened: anyone with the link can watch it now, without a passcode; closed: no longer.",
        signed(tally.growth)
    ));
    section
}

fn clips(
    heading: &str,
    columns: Vec<Column>,
    clips: &[NamedClip],
    people: &People,
    bytes: impl Fn(&NamedClip) -> Cell,
) -> Section {
    let row = |clip: &NamedClip| {
        let title = clip.title.as_deref().filter(|it| !it.trim().is_empty());
        vec![
            Cell::text(title.unwrap_or(&clip.clip_id)),
            Cell::text(owner(clip, people)),
            bytes(clip),
            Cell::text(clip.change),
        ]
    };
    list(heading, columns, clips.iter().map(row).collect())
}

/// The owner's name or address where it is known, else the id.
fn owner(clip: &NamedClip, people: &People) -> String {
    let Some(id) = &clip.owner_id else {
        return "(no owner)".to_owned();
    };
    let person = people.get(id);
    let name = person.and_then(|it| it.name.as_ref().or(it.email.as_ref()));
    name.unwrap_or(id).clone()
}

/// A size with its sign.
fn signed(bytes: i128) -> String {
    let sign = if bytes < 0 { "-" } else { "+" };
    format!("{sign}{}", size(Bytes(bytes.unsigned_abs())))
}
