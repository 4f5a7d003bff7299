//! Tables: plain without the script, to be sorted and filtered with it.

use maud::{Markup, html};

use crate::report::page::plain::fit;
use crate::report::page::section::{Cell, Column, Kind, Table};

/// Titles and the like are cut here.
const WIDEST_CELL: usize = 200;

/// More rows than these scroll in a frame of their own.
const TALL: usize = 30;

/// What can be done with a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use<'a> {
    /// Read.
    Read,
    /// Sorted by its columns.
    Sort,
    /// Sorted, and filtered by a field of this label.
    Filter(&'a str),
}

/// Text of others on one line, without hidden characters and with an end; the template escapes it.
pub(super) fn shown(text: &str) -> String {
    fit(text, WIDEST_CELL)
}

/// A table that scrolls by itself where the page is too narrow for it; `label` is its heading.
pub(super) fn table(table: &Table, label: &str, purpose: Use<'_>) -> Markup {
    if table.rows.is_empty() {
        return html! { p.muted { "none" } };
    }
    let filter = match purpose {
        Use::Filter(label) => Some(label),
        Use::Read | Use::Sort => None,
    };
    let is_sortable = !matches!(purpose, Use::Read);
    let is_tall = table.rows.len() > TALL;
    let cells = |row| table.columns.iter().zip(row);
    html! {
        div class=(if is_tall { "scroll tall" } else { "scroll" }) role="region" aria-label={ "Table: " (label) } tabindex="0" {
            table class=[is_sortable.then_some("sortable")] data-filter=[filter] {
                thead {
                    tr {
                        @for column in table.columns.iter().filter(|column| is_shown(column)) {
                            th class=[class(column.kind).filter(|class| *class == "number")] scope="col" { (column.name) }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (column, cell) in cells(row).filter(|(column, _)| is_shown(column)) {
                                @if column.kind == Kind::Name {
                                    th scope="row" {
                                        (content(cell))
                                        (details(table, row))
                                    }
                                } @else {
                                    td class=[class(column.kind)] { (content(cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What stands small behind the name of a row.
fn details(table: &Table, row: &[Cell]) -> Markup {
    let columns = table.columns.iter().zip(row);
    let details: Vec<&Cell> = columns
        .filter(|(column, cell)| column.kind == Kind::Detail && !cell.text.is_empty())
        .map(|(_, cell)| cell)
        .collect();
    html! {
        @if !details.is_empty() {
            " "
            small {
                @for (at, detail) in details.iter().enumerate() {
                    @if at > 0 { " · " }
                    (content(detail))
                }
            }
        }
    }
}

/// A table of names and values.
pub(super) fn facts(table: &Table) -> Markup {
    html! {
        table.facts {
            tbody {
                @for row in &table.rows {
                    tr {
                        @if let [name, value] = row.as_slice() {
                            th scope="row" { (shown(&name.text)) }
                            td class=[table.columns.last().and_then(|column| class(column.kind))] {
                                (content(value))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Details stand behind the name of their row, and what would be too wide even here in `owners.csv`.
fn is_shown(column: &Column) -> bool {
    !matches!(column.kind, Kind::Wide | Kind::Detail)
}

fn class(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Number => Some("number"),
        Kind::Name | Kind::Text | Kind::Detail | Kind::Wide => None,
    }
}

/// Text stands apart from what surrounds it, so that a script written from right to left moves
/// nothing but itself.
fn content(cell: &Cell) -> Markup {
    html! {
        @if let Some(number) = &cell.number {
            data value=(number) { (cell.text) }
        } @else {
            bdi { (shown(&cell.text)) }
        }
    }
}
