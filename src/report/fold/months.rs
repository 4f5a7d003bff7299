//! Counts by month of creation, in UTC.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::report::bytes::Count;
use crate::report::summary::MonthCount;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Months without clips are listed if the first and the last are no further apart than this: one
/// clip dated in the year 1 must not make a list of 24,000 months.
const LISTED_MONTHS: i32 = 1_200;

/// The counts, and the month that the last row fell in: rows come in the order of their creation,
/// so that the calendar is asked once a month and not once a row.
#[derive(Debug, Default)]
pub(super) struct ByMonth {
    counts: BTreeMap<i32, Count>,
    open: Range<i64>,
    open_month: i32,
    open_count: Count,
    pub(super) unknown: Count,
}

impl ByMonth {
    /// Counts a clip that was created at `created_at`, in microseconds since 1970. Returns that
    /// instant, if it is one of the calendar.
    pub(super) fn add(&mut self, created_at: Option<i64>, bytes: u64) -> Option<i64> {
        let Some(micros) = created_at else {
            self.unknown.add(bytes);
            return None;
        };
        if !self.open.contains(&micros) {
            let Some((month, range)) = month_of(micros) else {
                self.unknown.add(bytes);
                return None;
            };
            self.close();
            self.open_month = month;
            self.open = range;
        }
        self.open_count.add(bytes);
        Some(micros)
    }

    fn close(&mut self) {
        let count = std::mem::take(&mut self.open_count);
        if count.clips > 0 {
            self.counts.entry(self.open_month).or_default().join(count);
        }
    }

    /// All months, oldest first, and what has no date.
    pub(super) fn finish(mut self) -> (Vec<MonthCount>, Count) {
        self.close();
        let first = self.counts.first_key_value().map(|(month, _)| *month);
        let last = self.counts.last_key_value().map(|(month, _)| *month);
        if let (Some(first), Some(last)) = (first, last)
            && last - first <= LISTED_MONTHS
        {
            for month in first..last {
                self.counts.entry(month).or_default();
            }
        }
        let mut so_far = Count::default();
        let months = self
            .counts
            .into_iter()
            .map(|(month, count)| {
                so_far.join(count);
                MonthCount {
                    month: name(month),
                    clips: count.clips,
                    bytes: count.bytes,
                    clips_so_far: so_far.clips,
                    bytes_so_far: so_far.bytes,
                }
            })
            .collect();
        (months, self.unknown)
    }
}

/// The month that an instant falls in, counted from the year 0, and its microseconds since 1970.
fn month_of(micros: i64) -> Option<(i32, Range<i64>)> {
    let timestamp = Timestamp::from_microsecond(micros).ok()?;
    let date = Offset::UTC.to_datetime(timestamp).date();
    let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    let midnight = micros - micros.rem_euclid(MICROS_PER_DAY);
    let start = midnight - i64::from(date.day() - 1) * MICROS_PER_DAY;
    let end = start + i64::from(date.days_in_month()) * MICROS_PER_DAY;
    Some((month, start..end))
}

fn name(month: i32) -> String {
    format!(
        "{:04}-{:02}",
        month.div_euclid(12),
        month.rem_euclid(12) + 1
    )
}

#[cfg(test)]
mod tests {
    use super::ByMonth;

    fn months(instants: &[&str]) -> Vec<(String, u64)> {
        let mut months = ByMonth::default();
        for instant in instants {
            let timestamp: jiff::Timestamp = instant.parse().unwrap();
            months.add(Some(timestamp.as_microsecond()), 1);
        }
        let (months, _) = months.finish();
        months.into_iter().map(|m| (m.month, m.clips)).collect()
    }

    #[test]
    fn months_begin_and_end_at_midnight_utc() {
        let found = months(&[
            "2024-02-29T23:59:59.999999Z",
            "2024-03-01T00:00:00Z",
            "2024-02-01T00:00:00Z",
            "2024-01-31T23:59:59.999999Z",
            "1969-12-31T23:59:59.999999Z",
        ]);
        assert_eq!(found.first(), Some(&("1969-12".to_owned(), 1)));
        assert_eq!(
            &found[found.len() - 3..],
            [
                ("2024-01".to_owned(), 1),
                ("2024-02".to_owned(), 2),
                ("2024-03".to_owned(), 1)
            ]
        );
        assert_eq!(found.len(), 54 * 12 + 4);
    }

    #[test]
    fn a_clip_dated_in_antiquity_does_not_list_every_month_since() {
        let found = months(&["0001-05-01T00:00:00Z", "2024-03-01T00:00:00Z"]);
        assert_eq!(
            found,
            [("0001-05".to_owned(), 1), ("2024-03".to_owned(), 1)]
        );
    }

    #[test]
    fn an_instant_outside_of_the_calendar_has_no_month() {
        let mut months = ByMonth::default();
        months.add(Some(i64::MAX), 3);
        months.add(Some(i64::MIN), 4);
        months.add(None, 5);
        let (months, unknown) = months.finish();
        assert!(months.is_empty());
        assert_eq!((unknown.clips, unknown.bytes.0), (3, 12));
    }
}
