//! The decision on a failed attempt: again, with another access token, or give up. Pure: it neither
//! waits nor reads a clock.

use std::time::Duration;

use jiff::Timestamp;
use rand::{Rng, RngExt};

use crate::zoom::attempt::{AttemptError, RetryClass};
use crate::zoom::failure::FailureKind;
use crate::zoom::retry_after::{RetryAfter, next_midnight};

/// The first pause after too many requests a second when the service names none.
const THROTTLED: Duration = Duration::from_secs(1);

/// How patient a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest delay before attempt 2; it doubles with every attempt. Default 500 ms.
    pub base: Duration,
    /// The longest delay of our own choice. Default 30 s.
    pub cap: Duration,
    /// The longest that one call waits in all for the service to recover, counted from its first
    /// failed attempt. Default 15 min; 0 gives up at the first failure.
    pub max_wait: Duration,
    /// How often an answer that is no answer is asked for, the first time included. Default 5.
    pub max_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            max_wait: Duration::from_mins(15),
            max_attempts: 5,
        }
    }
}

/// What a call has been through when an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttemptHistory {
    /// Attempts, the failed one included; from 1.
    pub attempts: u32,
    /// How many of them were answered by what is no answer, the failed one included.
    pub unusable: u32,
    /// Since the first attempt failed.
    pub waited: Duration,
    pub renewal: Renewal,
}

/// What can be done about an access token that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Renewal {
    /// Nothing: it was given.
    #[default]
    Impossible,
    /// Another one is fetched at once: this one was old.
    AtOnce,
    /// Another one is fetched, but not at once: this one was not old, and the next may end as it did.
    Paced,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// This call, after so long.
    Backoff(Duration),
    /// All calls, after so long: the service said so.
    Pause(Duration),
    /// All calls, after so long: access tokens die young.
    Renewal(Duration),
}

/// What to do about a failed attempt, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it again.
    Retry { after: Delay, why: String },
    /// Send it again at once with another access token.
    Renew { why: String },
    /// Let the caller know.
    GiveUp {
        /// What the caller can do.
        kind: FailureKind,
        why: String,
    },
}

impl RetryPolicy {
    /// Judges a failed attempt. `now` is the wall clock, which the service's dates refer to.
    ///
    /// A delay that the service names is kept in full or the call gives up; a delay of our own
    /// is cut to what is left of `max_wait`.
    pub fn decide(
        &self,
        history: AttemptHistory,
        error: &AttemptError,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Decision {
        let why = error.to_string();
        let left = self.max_wait.saturating_sub(history.waited);
        let said = error.retry_after();
        let (after, kind) = match error.class() {
            RetryClass::Final(kind) => return Decision::GiveUp { kind, why },
            RetryClass::Unauthorized => match history.renewal {
                Renewal::AtOnce => return Decision::Renew { why },
                Renewal::Impossible => (None, FailureKind::Credentials),
                Renewal::Paced => (
                    self.throttle(history.attempts, left, rng)
                        .map(Delay::Renewal),
                    FailureKind::TokensRefused,
                ),
            },
            RetryClass::Unusable => (
                (history.unusable < self.max_attempts)
                    .then(|| self.backoff(history.attempts, left, rng))
                    .flatten(),
                FailureKind::Unusable,
            ),
            RetryClass::Passing => (
                self.ordered(said, now, left)
                    .unwrap_or_else(|| self.backoff(history.attempts, left, rng)),
                FailureKind::Unavailable,
            ),
            RetryClass::Throttled => (
                self.ordered(said, now, left).unwrap_or_else(|| {
                    self.throttle(history.attempts, left, rng).map(Delay::Pause)
                }),
                FailureKind::Throttled,
            ),
            RetryClass::DailyLimit => {
                let said = said.or_else(|| next_midnight(now).map(RetryAfter::At));
                let retry_at = said.map(|said| said.at(now));
                (
                    self.ordered(said, now, left).unwrap_or_else(|| {
                        self.throttle(history.attempts, left, rng).map(Delay::Pause)
                    }),
                    FailureKind::DailyLimit { retry_at },
                )
            }
        };
        match after {
            Some(after) => Decision::Retry { after, why },
            None => Decision::GiveUp { kind, why },
        }
    }

    /// The service's own delay: `None` if it named none that lies ahead, `Some(None)` if it is
    /// longer than what is left.
    #[expect(
        clippy::option_option,
        reason = "no order and an order that is too long are different"
    )]
    #[expect(clippy::unused_self, reason = "it reads as a rule of the policy")]
    fn ordered(
        &self,
        said: Option<RetryAfter>,
        now: Timestamp,
        left: Duration,
    ) -> Option<Option<Delay>> {
        let wait = said?.wait(now);
        (!wait.is_zero()).then(|| (wait <= left).then_some(Delay::Pause(wait)))
    }

    /// Our own delay: doubled with every attempt, capped, and drawn from its whole range so that
    /// calls that failed together do not come back together.
    fn backoff(&self, attempts: u32, left: Duration, rng: &mut impl Rng) -> Option<Delay> {
        let longest = doubled(self.base, attempts).min(self.cap);
        let wait = longest.mul_f64(rng.random_range(0.0..=1.0));
        (!left.is_zero()).then(|| Delay::Backoff(wait.min(left)))
    }

    /// The pause of all after too many requests a second, or too many access tokens: never less than
    /// the second that the limit is about.
    fn throttle(&self, attempts: u32, left: Duration, rng: &mut impl Rng) -> Option<Duration> {
        let shortest = doubled(THROTTLED, attempts).min(self.cap);
        let wait = shortest.mul_f64(rng.random_range(1.0..=1.25));
        (!left.is_zero()).then(|| wait.min(left))
    }
}

fn doubled(first: Duration, attempts: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)))
}

#[cfg(test)]
mod tests;
