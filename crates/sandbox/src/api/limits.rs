//! Rate limits: at most so many requests in any second, and so many a day.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::api::endpoint::Label;
use crate::format::DAY;
use crate::options::Limits;

const SECOND: Duration = Duration::from_secs(1);

/// What the limits say to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Admit,
    SecondIsFull,
    /// `until` is the unix second when the next day starts.
    DayIsFull {
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

    /// Decides on a request that arrives `now` (time since the start) at this unix second. Requests
    /// that are refused use up nothing.
    pub(crate) fn decide(&self, label: Label, now: Duration, second: i64) -> Decision {
        let bucket = match label {
            Label::Light => &self.light,
            Label::Medium => &self.medium,
        };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.decide(now, second)
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

    fn decide(&mut self, now: Duration, second: i64) -> Decision {
        let today = second.div_euclid(DAY);
        if today != self.today {
            self.today = today;
            self.passed_today = 0;
        }
        if let Some(limit) = self.per_day
            && self.passed_today >= limit
        {
            let until = (today + 1) * DAY;
            return Decision::DayIsFull { limit, until };
        }
        if let Some(most) = self.most {
            while self.passed.front().is_some_and(|&at| at + self.span <= now) {
                self.passed.pop_front();
            }
            if self.passed.len() >= most {
                return Decision::SecondIsFull;
            }
            self.passed.push_back(now);
        }
        self.passed_today += 1;
        Decision::Admit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(limits: &RateLimits, label: Label, at: u64) -> Decision {
        limits.decide(label, Duration::from_millis(at), 1_700_000_000)
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
            assert_eq!(millis(&limits, Label::Light, at), Decision::Admit);
        }
        assert_eq!(millis(&limits, Label::Light, 999), Decision::SecondIsFull);
        assert_eq!(millis(&limits, Label::Light, 1000), Decision::Admit);
        assert_eq!(millis(&limits, Label::Light, 1001), Decision::SecondIsFull);
        assert_eq!(millis(&limits, Label::Light, 1900), Decision::Admit);
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
            .filter(|_| millis(&limits, Label::Light, 0) == Decision::Admit)
            .count();
        assert_eq!(passed, 3);
        assert_eq!(millis(&limits, Label::Medium, 0), Decision::Admit);
        assert_eq!(
            millis(&limits, Label::Medium, 9_999),
            Decision::SecondIsFull
        );
        assert_eq!(millis(&limits, Label::Medium, 10_000), Decision::Admit);
    }

    #[test]
    fn a_full_day_says_when_the_next_one_starts() {
        let limits = RateLimits::new(&Limits {
            light_per_day: Some(2),
            ..Limits::NONE
        });
        let noon = 10 * DAY + DAY / 2;
        let judge = |second| limits.decide(Label::Light, Duration::ZERO, second);
        assert_eq!(judge(noon), Decision::Admit);
        assert_eq!(judge(noon), Decision::Admit);
        let until = 11 * DAY;
        assert_eq!(judge(noon + 5), Decision::DayIsFull { limit: 2, until });
        assert_eq!(judge(until), Decision::Admit);
    }

    #[test]
    fn without_limits_everything_passes() {
        let limits = RateLimits::new(&Limits::NONE);
        assert!((0..10_000).all(|_| millis(&limits, Label::Light, 0) == Decision::Admit));
    }
}
