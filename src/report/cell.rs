//! A cell of a table: what is read in it, and the number behind it.

use super::Bytes;
use super::units;

/// Text, raw as it came, and what it is sorted by if it stands for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The exact number, in digits.
    pub(super) number: Option<String>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            number: None,
        }
    }

    pub(super) fn count(count: u64) -> Self {
        Self::number(units::count(count), count.to_string())
    }

    pub(super) fn size(bytes: Bytes) -> Self {
        Self::number(units::size(bytes), bytes.0.to_string())
    }

    pub(super) fn percent(percent: f64) -> Self {
        Self::number(units::percent(percent), percent.to_string())
    }

    pub(super) fn duration(seconds: f64) -> Self {
        Self::number(units::duration(seconds), seconds.to_string())
    }

    fn number(text: String, number: String) -> Self {
        Self {
            text,
            number: Some(number),
        }
    }
}
