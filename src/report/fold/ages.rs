//! Counts by age at the instant of the census.

use crate::model::Micros;
use crate::report::bytes::Count;
use crate::report::summary::AgeCount;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The ages, in days, at which one band ends and the next one begins.
const STEPS: [u16; 5] = [30, 90, 365, 730, 1_095];

/// One count for each band, youngest first.
#[derive(Debug)]
pub(super) struct ByAge {
    /// The last instant at which a clip can be created to be as old as the step.
    ends: [i64; STEPS.len()],
    counts: [Count; STEPS.len() + 1],
}

impl ByAge {
    /// Ages at `snapshot_at`.
    pub(super) fn at(snapshot_at: Micros) -> Self {
        Self {
            ends: STEPS.map(|days| {
                snapshot_at
                    .0
                    .saturating_sub(i64::from(days) * MICROS_PER_DAY)
            }),
            counts: [Count::default(); STEPS.len() + 1],
        }
    }

    /// Counts a clip that was created at `created_at`; one that is dated later than the census is
    /// of the youngest.
    pub(super) fn add(&mut self, created_at: i64, bytes: u64) {
        let band = self.ends.partition_point(|end| created_at <= *end);
        self.counts[band].add(bytes);
    }

    /// All bands, youngest first, empty ones too.
    pub(super) fn finish(self) -> Vec<AgeCount> {
        let from = [0].into_iter().chain(STEPS);
        let to = STEPS.into_iter().map(Some).chain([None]);
        from.zip(to)
            .zip(self.counts)
            .map(|((from_days, to_days), count)| AgeCount {
                from_days,
                to_days,
                clips: count.clips,
                bytes: count.bytes,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ByAge, MICROS_PER_DAY};
    use crate::model::Micros;

    const NOW: i64 = 1_795_392_000_000_000;

    fn bands(created: &[i64]) -> Vec<u64> {
        let mut ages = ByAge::at(Micros(NOW));
        for created_at in created {
            ages.add(*created_at, 1);
        }
        ages.finish().into_iter().map(|age| age.clips).collect()
    }

    #[test]
    fn a_band_begins_with_its_day_and_ends_before_the_next() {
        let days = |days: i64| NOW - days * MICROS_PER_DAY;
        assert_eq!(bands(&[days(0), days(30) + 1]), [2, 0, 0, 0, 0, 0]);
        assert_eq!(bands(&[days(30), days(90) + 1]), [0, 2, 0, 0, 0, 0]);
        assert_eq!(bands(&[days(365), days(730)]), [0, 0, 0, 1, 1, 0]);
        assert_eq!(bands(&[days(1_095), days(9_999)]), [0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn a_clip_dated_later_than_the_census_is_of_the_youngest() {
        assert_eq!(bands(&[NOW + 1, i64::MAX]), [2, 0, 0, 0, 0, 0]);
        assert_eq!(bands(&[i64::MIN]), [0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn the_bands_follow_each_other_without_a_gap() {
        let ages = ByAge::at(Micros(NOW)).finish();
        assert_eq!(ages.first().map(|age| age.from_days), Some(0));
        assert_eq!(ages.last().map(|age| age.to_days), Some(None));
        for pair in ages.windows(2) {
            assert_eq!(pair[0].to_days, Some(pair[1].from_days));
        }
    }
}
