//! What a page is made of: sections with lines of prose and a table of cells. All of it is raw: the
//! renderers escape it.

use crate::report::bytes::{Bytes, Count};
use crate::report::page::numbers;
use crate::report::page::numbers::{count, holding};

/// How many accounts or windows are named one by one.
const NAMED: usize = 10;

/// A heading, lines of prose, and a table. Everything is raw: the renderers escape it.
#[derive(Debug, Default)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// Prose, a paragraph each.
    pub lines: Vec<String>,
    /// A table below the prose.
    pub table: Option<Table>,
    /// Lines below the table.
    pub notes: Vec<String>,
}

/// Rows with a cell for each column.
#[derive(Debug)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its heading.
    pub name: &'static str,
    /// How it is set.
    pub kind: Kind,
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Right-aligned.
    Number,
    /// As [`Kind::Text`]; what the row is about.
    Name,
    /// Left-aligned, cut where the page is narrow.
    Text,
    /// Says more of what the row is about: small behind its name, or on a line below the row.
    Detail,
    /// Where the page is narrow, nowhere.
    Wide,
}

/// A cell of a table: text, raw as it came, and what it is sorted by if it stands for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What is shown.
    pub text: String,
    /// The exact number, in digits.
    pub number: Option<String>,
}

impl Cell {
    /// A cell of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            number: None,
        }
    }

    /// A cell with a whole number.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::number(numbers::count(count), count.to_string())
    }

    pub(crate) fn size(bytes: Bytes) -> Self {
        Self::number(numbers::size(bytes), bytes.0.to_string())
    }

    pub(crate) fn percent(percent: f64) -> Self {
        Self::number(numbers::percent(percent), percent.to_string())
    }

    pub(crate) fn duration(seconds: f64) -> Self {
        Self::number(numbers::duration(seconds), seconds.to_string())
    }

    fn number(text: String, number: String) -> Self {
        Self {
            text,
            number: Some(number),
        }
    }
}

/// As many as a page should name, and a word on the others; the JSON names them all.
pub(crate) fn first<T>(all: &[T]) -> (&[T], String) {
    match all.split_at_checked(NAMED) {
        Some((named, rest)) if !rest.is_empty() => {
            let more = format!(", and {} more", count(rest.len() as u64));
            (named, more)
        }
        _ => (all, String::new()),
    }
}

/// Clips and what they hold.
pub(crate) fn counted(count: Count) -> Cell {
    Cell::text(holding(count.clips, count.bytes))
}

/// A row of [`facts`].
#[must_use]
pub fn row(name: &str, value: Cell) -> Vec<Cell> {
    vec![Cell::text(name), value]
}

/// A section of names and values; values are set to the right if all are numbers.
#[must_use]
pub fn facts(heading: &str, rows: Vec<Vec<Cell>>) -> Section {
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

/// A column of this name.
#[must_use]
pub fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// A section of a table.
#[must_use]
pub fn list(heading: &str, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Section {
    Section {
        heading: heading.to_owned(),
        table: Some(Table { columns, rows }),
        ..Section::default()
    }
}
