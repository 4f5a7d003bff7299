//! The summary as plain text of 80 columns: for terminals and chats.

use crate::report::page::plain::{fit, pad, width, wrap};
use crate::report::page::section::{Kind, Section, Table};
use crate::report::page::{Limits, sections};
use crate::report::summary::Summary;

/// No line is wider.
const COLUMNS: usize = 80;
const INDENT: usize = 2;
const GAP: usize = 2;

/// A cell that is not cut for its column's sake still has an end.
const WIDEST_CELL: usize = 60;

const LIMITS: Limits = Limits {
    owners: 10,
    months: 12,
    clips: 10,
    exposed_owners: 5,
    exposed_clips: 5,
    files: 0,
};

/// The summary as text: aligned, without colour, no line wider than 80 columns, with a newline at
/// its end. It names the 10 owners with the most bytes and the last 12 months.
#[must_use]
pub(crate) fn text(summary: &Summary) -> String {
    text_of(&sections(summary, LIMITS))
}

/// Sections as such a text.
#[must_use]
pub fn text_of(sections: &[Section]) -> String {
    let mut page = String::new();
    for section in sections {
        if !page.is_empty() {
            page.push('\n');
        }
        line(&mut page, 0, &section.heading);
        for prose in &section.lines {
            line(&mut page, INDENT, prose);
        }
        if let Some(table) = &section.table {
            paint(&mut page, table);
        }
        for note in &section.notes {
            line(&mut page, INDENT, note);
        }
    }
    page
}

/// A line of prose; what it is broken into hangs two columns deeper.
fn line(page: &mut String, indent: usize, text: &str) {
    for (at, line) in wrap(text, COLUMNS - indent - INDENT).iter().enumerate() {
        let deeper = if at > 0 { INDENT } else { 0 };
        page.push_str(&" ".repeat(indent + deeper));
        page.push_str(line.trim_end());
        page.push('\n');
    }
}

fn paint(page: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return line(page, INDENT, "(none)");
    }
    let widths = widths(table);
    if table.columns.iter().any(|column| !column.name.is_empty()) {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        paint_row(page, table, &widths, &names);
    }
    for row in &table.rows {
        let texts: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
        paint_row(page, table, &widths, &texts);
        let details: Vec<&str> = table
            .columns
            .iter()
            .zip(texts)
            .filter(|(column, _)| column.kind == Kind::Detail)
            .map(|(_, text)| text)
            .filter(|text| !text.is_empty())
            .collect();
        let indent = 2 * INDENT;
        for detail in lines_of(&details, COLUMNS - indent) {
            page.push_str(&" ".repeat(indent));
            page.push_str(&detail);
            page.push('\n');
        }
    }
}

/// The details of a row, as many in a line as it holds whole.
fn lines_of(details: &[&str], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for detail in details {
        let detail = fit(detail, columns);
        match lines.last_mut() {
            Some(line) if width(line) + GAP + width(&detail) <= columns => {
                line.push_str(&" ".repeat(GAP));
                line.push_str(&detail);
            }
            _ => lines.push(detail),
        }
    }
    lines
}

fn paint_row(page: &mut String, table: &Table, widths: &[usize], row: &[&str]) {
    let mut painted = String::new();
    for ((column, cell), width) in table.columns.iter().zip(row).zip(widths) {
        if !is_in_row(column.kind) {
            continue;
        }
        if !painted.is_empty() {
            painted.push_str(&" ".repeat(GAP));
        }
        let right = column.kind == Kind::Number;
        painted.push_str(&pad(&fit(cell, *width), *width, right));
    }
    page.push_str(&" ".repeat(INDENT));
    page.push_str(fit(&painted, COLUMNS - INDENT).trim_end());
    page.push('\n');
}

/// As wide as the widest cell; then the text columns give way, the last one first, until the row
/// fits the page.
fn widths(table: &Table) -> Vec<usize> {
    const NARROWEST: usize = 8;
    let widest = |at: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| width(&fit(&cell.text, WIDEST_CELL))).max()
    };
    let columns = table.columns.iter().enumerate();
    let mut widths: Vec<usize> = columns
        .map(|(at, column)| widest(at).unwrap_or(0).max(width(column.name)))
        .collect();
    let shown = table.columns.iter().zip(&widths);
    let needed: usize = shown
        .filter(|(column, _)| is_in_row(column.kind))
        .map(|(_, width)| width + GAP)
        .sum();
    let mut excess = needed.saturating_sub(GAP + COLUMNS - INDENT);
    for (column, width) in table.columns.iter().zip(&mut widths).rev() {
        if matches!(column.kind, Kind::Name | Kind::Text) && excess > 0 {
            let cut = excess.min(width.saturating_sub(NARROWEST));
            *width -= cut;
            excess -= cut;
        }
    }
    widths
}

fn is_in_row(kind: Kind) -> bool {
    matches!(kind, Kind::Number | Kind::Name | Kind::Text)
}
