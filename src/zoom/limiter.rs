//! The gates of one attempt, in this order: pause > permit > pace.
//!
//! Retries pass the gates like first attempts, and all pass in the order in which they came: what is
//! asked next is for the caller to decide once it has its slot. The permit lasts until the answer is
//! being decoded.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::zoom::pace::Pace;

/// The rate limit label of a call, which sets its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLabel {
    /// Lists of clips.
    Light,
    /// Lists of users and accounts.
    Medium,
}

/// How much may be asked of the service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Requests per second of calls with the light label: more than 0; infinity is no limit.
    pub light: f64,
    /// Requests per second of calls with the medium label: more than 0; infinity is no limit.
    pub medium: f64,
    /// Attempts under way at a time; 0 is taken as 1.
    pub concurrency: usize,
    /// The plan that the rates come from; none where they were named themselves.
    pub plan: Option<&'static str>,
}

impl Limits {
    /// The rate of calls with this label, and which settings it comes from.
    #[must_use]
    pub(crate) fn shown(&self, label: RateLabel) -> String {
        let rate = match label {
            RateLabel::Light => self.light,
            RateLabel::Medium => self.medium,
        };
        let rate = tenths(rate);
        match self.plan {
            Some(plan) => format!("{rate} that --plan {plan} and --rate-share allow"),
            None => format!("{rate} that --rate allows"),
        }
    }
}

/// A rate to a tenth.
pub(crate) fn tenths(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

/// The gates.
pub(crate) struct Limiter {
    /// Until when nobody sends.
    paused: Mutex<Instant>,
    permits: Arc<Semaphore>,
    light: Pace,
    medium: Pace,
}

/// Leave to send one attempt, at once. To be dropped when its answer is being decoded.
#[derive(Debug)]
pub struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Limiter {
    /// Gates for these limits.
    #[must_use]
    pub(crate) fn new(limits: Limits) -> Self {
        let permits = limits.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            paused: Mutex::new(Instant::now()),
            permits: Arc::new(Semaphore::new(permits)),
            light: Pace::new(limits.light),
            medium: Pace::new(limits.medium),
        }
    }

    /// Waits at all gates. The attempt is to be sent at once. Dropping the future takes no slot.
    pub(crate) async fn slot(&self, label: RateLabel) -> Slot {
        loop {
            self.pause_over().await;
            // Nobody closes the semaphore: without a permit there is just no bound.
            let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
            // A pause may have been ordered meanwhile: then the slot is left to others.
            let paused = || self.paused_until() > Instant::now();
            if !paused() && self.pace(label).slot(paused).await {
                return Slot { _permit: permit };
            }
        }
    }

    /// Lets nobody pass for so long from now. Returns whether that is later than ordered before.
    pub(crate) fn pause(&self, wait: Duration) -> bool {
        let now = Instant::now();
        // So long that the clock cannot tell: as good as for ever.
        let century = Duration::from_hours(24 * 36_525);
        let until = now + wait.min(century);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let later = until > *paused;
        *paused = until.max(*paused);
        later
    }

    /// Learns from a 429. Returns whether it shows for the first time that far more is asked for
    /// than is free.
    pub(crate) fn on_throttled(&self, label: RateLabel) -> bool {
        self.pace(label).on_throttled()
    }

    /// Learns from what went through.
    pub(crate) fn on_success(&self, label: RateLabel) {
        self.pace(label).on_success();
    }

    /// Requests per second at present.
    #[must_use]
    pub(crate) fn rate(&self, label: RateLabel) -> f64 {
        self.pace(label).rate()
    }

    /// Waits until no pause is ordered.
    pub(crate) async fn pause_over(&self) {
        loop {
            let until = self.paused_until();
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn paused_until(&self) -> Instant {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pace(&self, label: RateLabel) -> &Pace {
        match label {
            RateLabel::Light => &self.light,
            RateLabel::Medium => &self.medium,
        }
    }
}

#[cfg(test)]
mod tests;
