//! The long sections of the page: owners, statuses, share scopes, months, ages, largest clips.

use crate::report::bytes::Bytes;
use crate::report::page::names::{NOT_FOUND, Names, details, plain_name, user_status};
use crate::report::page::numbers::{count, holding, percent, things};
use crate::report::page::section::{Cell, Kind, Section, Table, column, counted, facts, list, row};
use crate::report::page::words;
use crate::report::summary::{
    AgeCount, DepartmentUsage, ListedClip, OwnerUsage, ScopeCount, StatusClips, StatusCount,
    Summary, ValueKind,
};

pub(crate) fn owners(summary: &Summary, names: &Names<'_>, limit: usize) -> Section {
    let mut columns = vec![column("Owner", Kind::Name)];
    if names.are_known {
        let about = ["E-mail", "Department", "User", "Id"];
        columns.extend(about.map(|name| column(name, Kind::Detail)));
    }
    columns.extend([
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
        column("Exposed", Kind::Number),
        column("Length", Kind::Number),
        column("By status", Kind::Wide),
    ]);
    let row = |owner: &OwnerUsage| {
        let mut cells = vec![Cell::text(plain_name(owner))];
        if names.are_known {
            cells.extend(details(owner));
        }
        cells.extend([
            Cell::count(owner.clips),
            Cell::size(owner.bytes),
            Cell::percent(owner.bytes_percent),
            Cell::count(owner.exposed.clips),
            Cell::duration(owner.duration_seconds),
            Cell::text(by_status(&owner.clips_by_status)),
        ]);
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

/// Owners who are no active users, and what they hold; `None` where owners were not looked up.
pub(crate) fn departed(summary: &Summary, limit: usize) -> Option<Section> {
    if summary.user_statuses.is_empty() {
        return None;
    }
    let is_departed = |status: &str| !["", "active", "unknown"].contains(&status);
    let mut section = list(
        "Owners who are gone or inactive",
        vec![
            column("Owner", Kind::Name),
            column("User", Kind::Detail),
            column("E-mail", Kind::Detail),
            column("Department", Kind::Detail),
            column("Id", Kind::Detail),
            column("Clips", Kind::Number),
            column("Stored", Kind::Number),
            column("Exposed", Kind::Number),
        ],
        Vec::new(),
    );
    for usage in &summary.user_statuses {
        let status = usage.user_status.as_deref().unwrap_or(NOT_FOUND);
        if is_departed(status) {
            section.lines.push(format!(
                "{status}: {} with {}, {} of them exposed",
                things(usage.owners, "owner"),
                holding(usage.clips, usage.bytes),
                count(usage.exposed.clips)
            ));
        }
    }
    if section.lines.is_empty() {
        section
            .lines
            .push("every owner is an active user".to_owned());
        section.table = None;
        return Some(section);
    }
    section.lines.push(
        "Inactive users cannot sign in. Deleted: Zoom answers that there is no such user. Unreadable: Zoom \
         does not let the app see the user. Not found: the user is in no list, and Zoom was not or could \
         not be asked why, as in a sub-account."
            .to_owned(),
    );
    let departed: Vec<&OwnerUsage> = summary
        .owners
        .iter()
        .filter(|owner| is_departed(user_status(owner)))
        .collect();
    if let Some(table) = &mut section.table {
        let rows = departed.iter().take(limit).map(|owner| {
            let [email, department, status, id] = details(owner);
            vec![
                Cell::text(plain_name(owner)),
                status,
                email,
                department,
                id,
                Cell::count(owner.clips),
                Cell::size(owner.bytes),
                Cell::count(owner.exposed.clips),
            ]
        });
        table.rows = rows.collect();
    }
    if let Some(rest) = departed.get(limit..).filter(|rest| !rest.is_empty()) {
        let rest = things(rest.len() as u64, "more owner");
        section.notes.push(format!("and {rest}, see owners.csv"));
    }
    Some(section)
}

/// None where one account was listed.
pub(crate) fn accounts(summary: &Summary, limit: usize) -> Option<Section> {
    if summary.accounts.is_empty() {
        return None;
    }
    let columns = vec![
        column("Account", Kind::Name),
        column("Listed", Kind::Detail),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
        column("Exposed", Kind::Number),
    ];
    let rows = summary.accounts.iter().take(limit).map(|usage| {
        vec![
            Cell::text(&usage.account_id),
            Cell::text(if usage.failed {
                "failed: not all of it is here"
            } else {
                ""
            }),
            Cell::count(usage.clips),
            Cell::size(usage.bytes),
            Cell::percent(usage.bytes_percent),
            Cell::count(usage.exposed.clips),
        ]
    });
    let mut section = list("Storage by account", columns, rows.collect());
    let rest = summary.accounts.get(limit..).unwrap_or_default();
    if !rest.is_empty() {
        let clips = rest.iter().map(|usage| usage.clips).sum();
        let bytes = rest
            .iter()
            .fold(Bytes(0), |sum, usage| sum.plus(usage.bytes));
        section.notes.push(and_more(
            summary,
            &things(rest.len() as u64, "more account"),
            clips,
            bytes,
        ));
    }
    Some(section)
}

/// None where owners were not looked up.
pub(crate) fn departments(summary: &Summary, limit: usize) -> Option<Section> {
    if summary.departments.is_empty() {
        return None;
    }
    let columns = vec![
        column("Department", Kind::Name),
        column("Owners", Kind::Number),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
    ];
    let rows = summary.departments.iter().take(limit).map(|usage| {
        vec![
            Cell::text(department_name(usage)),
            Cell::count(usage.owners),
            Cell::count(usage.clips),
            Cell::size(usage.bytes),
            Cell::percent(usage.bytes_percent),
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

pub(crate) fn department_name(usage: &DepartmentUsage) -> &str {
    usage.department.as_deref().unwrap_or("(no department)")
}

/// What the entries hold that are not shown.
fn and_more(summary: &Summary, things: &str, clips: u64, bytes: Bytes) -> String {
    let share = percent(bytes.percent_of(summary.totals.bytes));
    format!("and {things} with {} ({share})", holding(clips, bytes))
}

pub(crate) fn statuses(summary: &Summary) -> Section {
    let columns = vec![
        column("Status", Kind::Name),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
        column("Meaning", Kind::Detail),
    ];
    let shown = |entry: &&StatusCount| is_shown(entry.kind, entry.clips);
    let rows = summary.statuses.iter().filter(shown).map(|entry| {
        vec![
            Cell::text(value_name(entry.status.as_deref(), entry.kind)),
            Cell::count(entry.clips),
            Cell::size(entry.bytes),
            share(entry.bytes, summary),
            Cell::text(words::status(entry.status.as_deref(), entry.kind)),
        ]
    });
    list("Status", columns, rows.collect())
}

pub(crate) fn scopes(summary: &Summary) -> Section {
    let columns = vec![
        column("Open to", Kind::Name),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Passcode", Kind::Number),
        column("No passcode", Kind::Number),
        column("Unknown", Kind::Number),
        column("Who can watch", Kind::Detail),
    ];
    let shown = |entry: &&ScopeCount| is_shown(entry.kind, entry.clips);
    let rows = summary.share_scopes.iter().filter(shown).map(|entry| {
        vec![
            Cell::text(value_name(entry.share_scope.as_deref(), entry.kind)),
            Cell::count(entry.clips),
            Cell::size(entry.bytes),
            Cell::count(entry.with_passcode.clips),
            Cell::count(entry.without_passcode.clips),
            Cell::count(entry.passcode_unknown.clips),
            Cell::text(words::share_scope(entry.share_scope.as_deref(), entry.kind)),
        ]
    });
    list("Share links", columns, rows.collect())
}

pub(crate) fn months(summary: &Summary, limit: usize) -> Section {
    let columns = vec![
        column("Month", Kind::Name),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Clips so far", Kind::Number),
        column("Stored so far", Kind::Number),
    ];
    let earlier = summary.months.len().saturating_sub(limit);
    let (hidden, shown) = summary.months.split_at(earlier);
    let mut rows: Vec<Vec<Cell>> = shown
        .iter()
        .map(|month| {
            vec![
                Cell::text(&month.month),
                Cell::count(month.clips),
                Cell::size(month.bytes),
                Cell::count(month.clips_so_far),
                Cell::size(month.bytes_so_far),
            ]
        })
        .collect();
    let undated = summary.without_created_date;
    if undated.clips > 0 {
        rows.push(vec![
            Cell::text(NO_DATE),
            Cell::count(undated.clips),
            Cell::size(undated.bytes),
            Cell::text(""),
            Cell::text(""),
        ]);
    }
    let mut section = list("Growth by month (UTC)", columns, rows);
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

pub(crate) fn ages(summary: &Summary) -> Section {
    let columns = vec![
        column("Age", Kind::Name),
        column("Clips", Kind::Number),
        column("Stored", Kind::Number),
        column("Share", Kind::Number),
    ];
    let undated = summary.without_created_date;
    let dated = summary
        .ages
        .iter()
        .map(|age| (age_name(age), age.clips, age.bytes));
    let undated = (undated.clips > 0).then(|| (NO_DATE.to_owned(), undated.clips, undated.bytes));
    let rows = dated.chain(undated).map(|(name, clips, bytes)| {
        vec![
            Cell::text(name),
            Cell::count(clips),
            Cell::size(bytes),
            share(bytes, summary),
        ]
    });
    list("Age", columns, rows.collect())
}

pub(crate) fn largest(summary: &Summary, names: &Names<'_>, limit: usize) -> Section {
    let table = clips_table(names, summary.largest.iter().take(limit));
    Section {
        heading: "Largest clips".to_owned(),
        table: Some(table),
        ..Section::default()
    }
}

pub(crate) fn clips_table<'a>(
    names: &Names<'_>,
    clips: impl Iterator<Item = &'a ListedClip>,
) -> Table {
    let columns = vec![
        column("Title", Kind::Name),
        column("Owner", Kind::Detail),
        column("Clip", Kind::Detail),
        column("Size", Kind::Number),
        column("Length", Kind::Number),
        column("Created", Kind::Number),
    ];
    let rows = clips.map(|clip| {
        vec![
            Cell::text(match clip.title.as_deref() {
                None => "(no title)",
                Some("") => "(empty title)",
                Some(title) => title,
            }),
            Cell::text(names.by_id(clip.owner_id.as_deref())),
            Cell::text(&clip.clip_id),
            clip.bytes.map_or_else(
                || Cell::text("unknown"),
                |bytes| Cell::size(Bytes(u128::from(bytes))),
            ),
            clip.duration_seconds
                .map_or_else(|| Cell::text("unknown"), Cell::duration),
            Cell::text(day(clip.created_at.as_deref())),
        ]
    });
    Table {
        columns,
        rows: rows.collect(),
    }
}

/// The day of an instant.
pub(crate) fn day(instant: Option<&str>) -> &str {
    let instant = instant.unwrap_or(NO_DATE);
    instant.split_once('T').map_or(instant, |(day, _)| day)
}

/// What could be deleted for good.
pub(crate) fn reclaimable(summary: &Summary) -> Section {
    Section {
        lines: vec![words::RECLAIMABLE.to_owned()],
        ..facts("Reclaimable storage", reclaimable_rows(summary))
    }
}

/// The same as rows of names and values.
pub(crate) fn reclaimable_rows(summary: &Summary) -> Vec<Vec<Cell>> {
    let reclaimable = &summary.reclaimable;
    let all = holding(reclaimable.clips, reclaimable.bytes);
    let share = percent(reclaimable.bytes.percent_of(summary.totals.bytes));
    vec![
        row("Reclaimable", Cell::text(format!("{all} ({share})"))),
        row("  soft-deleted", counted(reclaimable.soft_deleted)),
        row("  failed", counted(reclaimable.failed)),
    ]
}

const NO_DATE: &str = "(no date)";

/// The part that `bytes` are of all that is stored.
fn share(bytes: Bytes, summary: &Summary) -> Cell {
    Cell::percent(bytes.percent_of(summary.totals.bytes))
}

pub(crate) fn age_name(age: &AgeCount) -> String {
    let span = |days: u16| match days % 365 {
        0 => things(u64::from(days / 365), "year"),
        _ => things(u64::from(days), "day"),
    };
    match (age.from_days, age.to_days) {
        (from, None) => format!("{} or more", span(from)),
        (0, Some(to)) => format!("less than {}", span(to)),
        (from, Some(to)) => format!("{} to {}", span(from), span(to)),
    }
}

/// Documented values are always named, other ones where there are any.
pub(crate) fn is_shown(kind: ValueKind, clips: u64) -> bool {
    kind == ValueKind::Documented || clips > 0
}

pub(crate) fn value_name(value: Option<&str>, kind: ValueKind) -> String {
    match (value, kind) {
        (Some(value), ValueKind::Unknown) => format!("{value} (unknown)"),
        (Some(value), _) => value.to_owned(),
        (None, ValueKind::Remainder) => "(other unknown values)".to_owned(),
        (None, _) => "(missing)".to_owned(),
    }
}

fn by_status(clips: &StatusClips) -> String {
    let parts: Vec<String> = clips
        .iter()
        .filter(|(_, clips)| *clips > 0)
        .map(|(name, clips)| format!("{} {name}", count(clips)))
        .collect();
    parts.join(", ")
}
