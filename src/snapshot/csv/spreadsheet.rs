//! What a spreadsheet needs of a CSV, and what it cannot hold.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, FieldRef};

use crate::snapshot::csv::formulas::{defused, unarmed};

/// Without it spreadsheets take UTF-8 for an encoding of one byte a letter.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Rows of a file, at most: a sheet has 1,048,576, its header among them.
pub(crate) const MOST_ROWS: u64 = 1_000_000;

/// Letters of a cell, at most, counted in UTF-16 as spreadsheets count them. They cut longer ones
/// without a word.
pub(crate) const MOST_LETTERS: usize = 32_767;

/// What a cell ends in that was cut.
pub(crate) const CUT: &str = "…[cut]";

/// Rows whose cells of text a spreadsheet can hold, and how many of them had to be cut for it. A list
/// loses its last texts, and stays one.
///
/// # Panics
/// Never: each column keeps its type, and its length.
pub(crate) fn cut_long_cells(batch: &RecordBatch) -> (RecordBatch, u64) {
    let mut cut = 0;
    let columns = batch.columns().iter();
    let columns = columns.map(|column| match column.data_type() {
        DataType::Utf8 => cut_texts(column, &mut cut),
        DataType::List(element) => cut_lists(column, element, &mut cut),
        _ => Arc::clone(column),
    });
    let batch = RecordBatch::try_new(batch.schema(), columns.collect())
        .expect("each column keeps its type and its length");
    (batch, cut)
}

fn cut_texts(column: &ArrayRef, cut: &mut u64) -> ArrayRef {
    let texts = column.as_string::<i32>();
    if texts.iter().flatten().all(surely_fits) {
        return Arc::clone(column);
    }
    let texts = texts.iter().map(|text| {
        let text = text?;
        let short = cut_text(text);
        *cut += u64::from(short.is_some());
        Some(short.unwrap_or_else(|| text.to_owned()))
    });
    Arc::new(texts.collect::<StringArray>())
}

/// Whether a text fits however many `'` it gets, at a glance.
fn surely_fits(text: &str) -> bool {
    text.len() <= MOST_LETTERS / 2
}

/// A text that fits, in place of one that does not.
fn cut_text(text: &str) -> Option<String> {
    let written = defused(text);
    if letters(&written) <= MOST_LETTERS {
        return None;
    }
    let mut room = MOST_LETTERS - letters(CUT);
    let is_beyond = |(_, letter): &(usize, char)| match room.checked_sub(letter.len_utf16()) {
        Some(left) => {
            room = left;
            false
        }
        None => true,
    };
    let end = written.char_indices().find(is_beyond).map(|(end, _)| end);
    let kept = end.and_then(|end| written.get(..end)).unwrap_or(&written);
    Some(unarmed(kept).into_owned() + CUT)
}

fn cut_lists(column: &ArrayRef, element: &FieldRef, cut: &mut u64) -> ArrayRef {
    let lists = column.as_list::<i32>();
    if (0..lists.len()).all(|row| list_surely_fits(lists, row)) {
        return Arc::clone(column);
    }
    let mut cells = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(element));
    for row in 0..lists.len() {
        let texts = texts_of(lists, row);
        let short = cut_list(&texts);
        *cut += u64::from(short.is_some());
        for text in short.unwrap_or(texts) {
            cells.values().append_value(text);
        }
        cells.append(lists.is_valid(row));
    }
    Arc::new(cells.finish())
}

/// Whether the JSON of a list fits, at a glance: a byte is six letters in it at most, and each text
/// has quotes and a comma.
fn list_surely_fits(lists: &ListArray, row: usize) -> bool {
    let texts = lists.value(row);
    let bytes = texts.as_string::<i32>().iter().flatten().map(str::len);
    bytes.map(|bytes| bytes * 6 + 3).sum::<usize>() <= MOST_LETTERS - 2
}

fn texts_of(lists: &ListArray, row: usize) -> Vec<String> {
    if lists.is_null(row) {
        return Vec::new();
    }
    let texts = lists.value(row);
    let texts = texts.as_string::<i32>().iter().flatten();
    texts.map(str::to_owned).collect()
}

/// A list whose JSON fits, in place of one whose does not.
fn cut_list(texts: &[String]) -> Option<Vec<String>> {
    let cost = |text: &str| {
        let json = serde_json::Value::from(text).to_string();
        // Line breaks and tabs are escaped in JSON, so that a `'` can only follow a semicolon.
        letters(&json) + json.matches(';').count() + ",".len()
    };
    let brackets = "[]".len();
    if brackets + texts.iter().map(|text| cost(text)).sum::<usize>() <= MOST_LETTERS {
        return None;
    }
    let mut room = MOST_LETTERS - brackets - cost(CUT);
    let fits = |text: &&String| {
        let left = room.checked_sub(cost(text));
        room = left.unwrap_or(room);
        left.is_some()
    };
    let mut short: Vec<String> = texts.iter().take_while(fits).cloned().collect();
    short.push(CUT.to_owned());
    Some(short)
}

fn letters(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{Clip, ClipBatchBuilder};
    use crate::model::Micros;

    fn rows(clips: &[Clip<'_>]) -> RecordBatch {
        let mut rows = ClipBatchBuilder::with_capacity(clips.len());
        for clip in clips {
            rows.push("acme", Micros(0), clip);
        }
        rows.finish()
    }

    fn titled(title: &str) -> Clip<'_> {
        Clip {
            title: Some(title.into()),
            ..Clip::default()
        }
    }

    #[test]
    fn a_cell_that_a_spreadsheet_can_hold_stays_as_it_is() {
        let armed = format!("={}", "x".repeat(MOST_LETTERS - 2));
        for title in [
            "",
            "short",
            &"x".repeat(MOST_LETTERS),
            &"é".repeat(MOST_LETTERS),
            // Two letters each in UTF-16.
            &"😀".repeat(MOST_LETTERS / 2),
            // With its `'`.
            &armed,
        ] {
            let batch = rows(&[titled(title), Clip::default()]);
            assert_eq!(
                cut_long_cells(&batch),
                (batch.clone(), 0),
                "{}",
                title.len()
            );
        }
    }

    #[test]
    fn a_longer_cell_is_cut_so_that_it_fits_and_shows_it() {
        let armed = format!("={}", "x".repeat(MOST_LETTERS - 1));
        let everywhere = ";=".repeat(MOST_LETTERS / 2);
        for title in [
            &"x".repeat(MOST_LETTERS + 1),
            &"é".repeat(1 << 20),
            &"😀".repeat(MOST_LETTERS / 2 + 1),
            &armed,
            &everywhere,
        ] {
            let batch = rows(&[titled(title), titled("short")]);
            let (short, cut) = cut_long_cells(&batch);
            assert_eq!(cut, 1);
            let titles = short.column_by_name("title").unwrap().as_string::<i32>();
            assert_eq!(titles.value(1), "short");
            let kept = titles.value(0).strip_suffix(CUT).unwrap();
            let length = letters(&defused(titles.value(0)));
            assert!(
                (MOST_LETTERS - 1..=MOST_LETTERS).contains(&length),
                "{length}"
            );
            assert!(title.starts_with(kept.trim_end_matches('\'')));
            // What fits is not cut again.
            assert_eq!(cut_long_cells(&short), (short.clone(), 0));
        }
    }

    #[test]
    fn a_list_that_is_too_long_loses_its_last_texts_and_stays_a_list() {
        let tag = "a;b\"c".repeat(1000);
        let clip = |tags: usize| Clip {
            tags: Some(vec![tag.as_str().into(); tags]),
            ..Clip::default()
        };
        let untouched = rows(&[clip(3)]);
        assert_eq!(cut_long_cells(&untouched), (untouched.clone(), 0));
        let batch = rows(&[clip(9), Clip::default(), clip(0)]);
        let (short, cut) = cut_long_cells(&batch);
        assert_eq!(cut, 1);
        let lists = short.column_by_name("tags").unwrap().as_list::<i32>();
        let tags = texts_of(lists, 0);
        assert_eq!(tags.last().unwrap(), CUT);
        assert!(tags.len() > 3 && tags.len() < 9, "{}", tags.len());
        let json = serde_json::to_string(&tags).unwrap();
        assert!(letters(&defused(&json)) <= MOST_LETTERS);
        assert!(lists.is_null(1) && lists.is_valid(2));
    }
}
