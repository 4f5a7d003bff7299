//! The long sections of the page: owners, statuses, share scopes, months, largest clips.

use super::Bytes;
use super::Summary;
use super::sections::Column;
use super::sections::Kind;
use super::sections::Section;
use super::sections::Table;
use super::summary::OwnerUsage;
use super::summary::StatusClips;
use super::summary::ValueKind;
use super::units::count;
use super::units::duration;
use super::units::holding;
use super::units::percent;
use super::units::size;
use super::units::things;
use crate::owner::Person;

pub(super) fn owners(summary: &Summary, limit: usize) -> Section {
    let mut columns = vec![
        column("Owner", Kind::Text),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
        column("Length", Kind::Number),
        column("By status", Kind::Wide),
    ];
    let has_names = summary.has_names();
    if has_names {
        let person = ["Name", "E-mail", "Department"].map(|name| column(name, Kind::Detail));
        columns.splice(1..1, person);
    }
    let row = |owner: &OwnerUsage| {
        let mut cells = vec![
            owner_name(owner.owner_id.as_deref()),
            count(owner.clips),
            size(owner.bytes),
            percent(owner.bytes_percent),
            duration(owner.duration_seconds),
            by_status(&owner.clips_by_status),
        ];
        if has_names {
            cells.splice(1..1, person_cells(&owner.person));
        }
        cells
    };
    let shown = summary.owners.iter().take(limit).map(row).collect();
    let rest = summary.owners.get(limit..).unwrap_or_default();
    let clips = rest.iter().map(|owner| owner.clips).sum();
    let bytes = rest
        .iter()
        .fold(Bytes(0), |sum, owner| sum.plus(owner.bytes));
    let mut section = list("Storage by owner", columns, shown);
    if !rest.is_empty() {
        section.notes.push(and_more(
            summary,
            &things(rest.len() as u64, "more owner"),
            clips,
            bytes,
        ));
    }
    section
}

/// Name, e-mail and department of an owner, of whom nothing may be known.
fn person_cells(person: &Person) -> [String; 3] {
    if !person.is_known() {
        return ["(unknown)".to_owned(), String::new(), String::new()];
    }
    [&person.name, &person.email, &person.department].map(|cell| cell.clone().unwrap_or_default())
}

/// None where owners were not looked up.
pub(super) fn departments(summary: &Summary, limit: usize) -> Option<Section> {
    if summary.departments.is_empty() {
        return None;
    }
    let columns = vec![
        column("Department", Kind::Text),
        column("Owners", Kind::Number),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
    ];
    let rows = summary.departments.iter().take(limit).map(|usage| {
        let name = usage.department.as_deref().unwrap_or("(no department)");
        vec![
            name.to_owned(),
            count(usage.owners),
            count(usage.clips),
            size(usage.bytes),
            percent(usage.bytes_percent),
        ]
    });
    let mut section = list("Storage by department", columns, rows.collect());
    let rest = summary.departments.get(limit..).unwrap_or_default();
    if !rest.is_empty() {
        let clips = rest.iter().map(|usage| usage.clips).sum();
        let bytes = rest
            .iter()
            .fold(Bytes(0), |sum, usage| sum.plus(usage.bytes));
        section.notes.push(and_more(
            summary,
            &things(rest.len() as u64, "more department"),
            clips,
            bytes,
        ));
    }
    Some(section)
}

/// What the entries hold that are not shown.
fn and_more(summary: &Summary, things: &str, clips: u64, bytes: Bytes) -> String {
    let share = percent(bytes.percent_of(summary.totals.bytes));
    format!("and {things} with {} ({share})", holding(clips, bytes))
}

pub(super) fn statuses(summary: &Summary) -> Section {
    let columns = vec![
        column("Status", Kind::Text),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
    ];
    let rows = summary.statuses.iter().map(|entry| {
        vec![
            value_name(entry.status.as_deref(), entry.kind),
            count(entry.clips),
            size(entry.bytes),
        ]
    });
    list("Status", columns, rows.collect())
}

pub(super) fn scopes(summary: &Summary) -> Section {
    let columns = vec![
        column("Open to", Kind::Text),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Passcode", Kind::Number),
        column("None", Kind::Number),
        column("Unknown", Kind::Number),
    ];
    let rows = summary.share_scopes.iter().map(|entry| {
        vec![
            value_name(entry.share_scope.as_deref(), entry.kind),
            count(entry.clips),
            size(entry.bytes),
            count(entry.with_passcode.clips),
            count(entry.without_passcode.clips),
            count(entry.passcode_unknown.clips),
        ]
    });
    let mut section = list("Share links", columns, rows.collect());
    let open = summary.exposure.open_without_passcode;
    if open.clips > 0 {
        section.notes.push(format!(
            "EXPOSED: {} open to anyone with the link, without a passcode",
            holding(open.clips, open.bytes)
        ));
    }
    section
}

pub(super) fn months(summary: &Summary, limit: usize) -> Section {
    let columns = vec![
        column("Month", Kind::Text),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
    ];
    let earlier = summary.months.len().saturating_sub(limit);
    let (hidden, shown) = summary.months.split_at(earlier);
    let mut rows: Vec<Vec<String>> = shown
        .iter()
        .map(|month| vec![month.month.clone(), count(month.clips), size(month.bytes)])
        .collect();
    let undated = summary.without_created_date;
    if undated.clips > 0 {
        rows.push(vec![
            "(no date)".to_owned(),
            count(undated.clips),
            size(undated.bytes),
        ]);
    }
    let mut section = list("Created by month (UTC)", columns, rows);
    if let Some(first) = hidden.first() {
        let clips = hidden.iter().map(|month| month.clips).sum();
        let bytes = hidden
            .iter()
            .fold(Bytes(0), |sum, month| sum.plus(month.bytes));
        section.notes.push(format!(
            "and {} earlier, since {}, with {}",
            things(hidden.len() as u64, "month"),
            first.month,
            holding(clips, bytes)
        ));
    }
    section
}

pub(super) fn largest(summary: &Summary) -> Section {
    let columns = vec![
        column("Size", Kind::Number),
        column("Length", Kind::Number),
        column("Created", Kind::Text),
        column("Title", Kind::Text),
        column("Clip", Kind::Detail),
        column("Owner", Kind::Detail),
    ];
    let rows = summary.largest.iter().map(|clip| {
        let created = clip.created_at.as_deref().unwrap_or("(no date)");
        let day = created.split_once('T').map_or(created, |(day, _)| day);
        vec![
            size(Bytes(u128::from(clip.bytes))),
            clip.duration_seconds
                .map_or_else(|| "unknown".to_owned(), duration),
            day.to_owned(),
            clip.title
                .clone()
                .unwrap_or_else(|| "(no title)".to_owned()),
            clip.clip_id.clone(),
            owner_by_name(summary, clip.owner_id.as_deref()),
        ]
    });
    list("Largest clips", columns, rows.collect())
}

/// An owner's id, with name and e-mail where they are known.
fn owner_by_name(summary: &Summary, owner_id: Option<&str>) -> String {
    let id = owner_name(owner_id);
    let is_it =
        |owner: &&OwnerUsage| owner.person.is_known() && owner.owner_id.as_deref() == owner_id;
    let Some(owner) = summary.owners.iter().find(is_it) else {
        return id;
    };
    let known = [&owner.person.name, &owner.person.email];
    let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
    format!("{id} ({})", known.join(", "))
}

fn owner_name(owner_id: Option<&str>) -> String {
    owner_id.unwrap_or("(no owner)").to_owned()
}

fn value_name(value: Option<&str>, kind: ValueKind) -> String {
    match (value, kind) {
        (Some(value), ValueKind::Unknown) => format!("{value} (unknown)"),
        (Some(value), _) => value.to_owned(),
        (None, ValueKind::Remainder) => "(other unknown values)".to_owned(),
        (None, _) => "(missing)".to_owned(),
    }
}

fn by_status(clips: &StatusClips) -> String {
    let named = [
        (clips.record_start, "RECORD_START"),
        (clips.record_failed, "RECORD_FAILED"),
        (clips.record_end, "RECORD_END"),
        (clips.record_success, "RECORD_SUCCESS"),
        (clips.record_delete, "RECORD_DELETE"),
        (clips.suspended, "SUSPENDED"),
        (clips.unknown, "unknown"),
        (clips.missing, "missing"),
    ];
    let parts: Vec<String> = named
        .iter()
        .filter(|(clips, _)| *clips > 0)
        .map(|(clips, name)| format!("{} {name}", count(*clips)))
        .collect();
    parts.join(", ")
}

fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

fn list(heading: &str, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Section {
    Section {
        heading: heading.to_owned(),
        table: Some(Table { columns, rows }),
        ..Section::default()
    }
}
