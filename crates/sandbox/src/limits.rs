//! Rate limits: at most so many requests in any second, and so many a day.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use super::dates::DAY;
use super::endpoint::Label;
use super::options::Limits;

const SECOND: Duration = Duration::from_secs(1);

/// What the limits say to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    /// The second is full.
    Second,
    /// The day is full: the limit, and the unix second when the next day starts.
    Day {
        limit: u64,
        until: i64,
    },
}

/// All limits of the account.
#[derive(Debug)]
pub(crate) struct RateLimits {
    light: Mutex<Bucket>,
    medium: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Most requests in a span; `None` for no limit.
    most: Option<usize>,
    /// A second, or longer for limits below one a second.
    span: Duration,
    passed: VecDeque<Duration>,
    per_day: Option<u64>,
    today: i64,
    passed_today: u64,
}

impl RateLimits {
    pub(crate) fn new(limits: &Limits) -> RateLimits {
        let left = 1.0 - limits.other_client_share;
        RateLimits {
            light: Mutex::new(Bucket::new(
                limits.light_per_second * left,
                limits.light_per_day,
            )),
            medium: Mutex::new(Bucket::new(limits.medium_per_second * left, None)),
        }
    }

    /// Judges a request that arrives `now` (time since the start) at this unix second. Requests
    /// that are refused use up nothing.
    pub(crate) fn judge(&self, label: Label, now: Duration, second: i64) -> Verdict {
        let bucket = match label {
            Label::Light => &self.light,
            Label::Medium => &self.medium,
        };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.judge(now, second)
    }
}

impl Bucket {
    fn new(per_second: f64, per_day: Option<u64>) -> Bucket {
        // A hair more, so that 30 x (1 - 0.9) is 3 and not 2.999….
        let whole = (per_second + 1e-9).floor();
        let span = if whole < 1.0 {
            SECOND.div_f64(per_second.max(1e-6))
        } else {
            SECOND
        };
        Bucket {
            most: whole.is_finite().then_some(whole.max(1.0) as usize),
            span,
            passed: VecDeque::new(),
            per_day,
            today: i64::MIN,
            passed_today: 0,
        }
    }

    fn judge(&mut self, now: Duration, second: i64) -> Verdict {
        let today = second.div_euclid(DAY);
        if today != self.today {
            self.today = today;
            self.passed_today = 0;
        }
        if let Some(limit) = self.per_day
            && self.passed_today >= limit
        {
            let until = (today + 1) * DAY;
            return Verdict::Day { limit, until };
        }
        if let Some(most) = self.most {
            while self.passed.front().is_some_and(|&at| at + self.span <= now) {
                self.passed.pop_front();
            }
            if self.passed.len() >= most {
                return Verdict::Second;
            }
            self.passed.push_back(now);
        }
        self.passed_today += 1;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(limits: &RateLimits, label: Label, at: u64) -> Verdict {
        limits.judge(label, Duration::from_millis(at), 1_700_000_000)
    }

    fn per_second(light: f64) -> Limits {
        Limits {
            light_per_second: light,
            ..Limits::default()
        }
    }

    #[test]
    fn no_second_has_more_than_the_limit_wherever_it_starts() {
        let limits = RateLimits::new(&per_second(3.0));
        for at in [0, 900, 950] {
            assert_eq!(millis(&limits, Label::Light, at), Verdict::Pass);
        }
        assert_eq!(millis(&limits, Label::Light, 999), Verdict::Second);
        assert_eq!(millis(&limits, Label::Light, 1000), Verdict::Pass);
        assert_eq!(millis(&limits, Label::Light, 1001), Verdict::Second);
        assert_eq!(millis(&limits, Label::Light, 1900), Verdict::Pass);
    }

    #[test]
    fn labels_are_counted_apart_and_another_client_takes_its_share() {
        let limits = RateLimits::new(&Limits {
            light_per_second: 30.0,
            medium_per_second: 1.0,
            light_per_day: None,
            other_client_share: 0.9,
        });
        let passed = (0..30)
            .filter(|_| millis(&limits, Label::Light, 0) == Verdict::Pass)
            .count();
        assert_eq!(passed, 3);
        assert_eq!(millis(&limits, Label::Medium, 0), Verdict::Pass);
        assert_eq!(millis(&limits, Label::Medium, 9_999), Verdict::Second);
        assert_eq!(millis(&limits, Label::Medium, 10_000), Verdict::Pass);
    }

    #[test]
    fn a_full_day_says_when_the_next_one_starts() {
        let limits = RateLimits::new(&Limits {
            light_per_day: Some(2),
            ..Limits::NONE
        });
        let noon = 10 * DAY + DAY / 2;
        let judge = |second| limits.judge(Label::Light, Duration::ZERO, second);
        assert_eq!(judge(noon), Verdict::Pass);
        assert_eq!(judge(noon), Verdict::Pass);
        let until = 11 * DAY;
        assert_eq!(judge(noon + 5), Verdict::Day { limit: 2, until });
        assert_eq!(judge(until), Verdict::Pass);
    }

    #[test]
    fn without_limits_everything_passes() {
        let limits = RateLimits::new(&Limits::NONE);
        assert!((0..10_000).all(|_| millis(&limits, Label::Light, 0) == Verdict::Pass));
    }
}
