//! One pace: slots at even distances, for one sender at a time, the most urgent first.
//!
//! The rate is lowered by every 429 and comes back with every success.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use crate::zoom::turnstile::Turn;
use crate::zoom::turnstile::Turnstile;
use crate::zoom::turnstile::Urgency;

/// Keeps the distance between slots 2 % longer than the rate asks for, so that an attempt that
/// travels faster than those before it does not make one too many in a second. With 1.5 %, one of
/// twenty exports at the full limit met a 429.
const SLACK: f64 = 1.02;

/// The most by which a late slot is made up for. More would be a burst after a stall.
const MAKE_UP: Duration = Duration::from_millis(5);

/// What a 429 leaves of the rate.
const FALL: f64 = 0.7;

/// The least share of the full rate.
const FLOOR: f64 = 0.05;

/// What a success adds, as a share of the full rate.
const RISE: f64 = 0.003;

/// The longest distance between slots.
const SLOWEST: Duration = Duration::from_hours(24);

/// Within this time all 429s count as one: they were all under way when the first was answered.
const ONE_FALL: Duration = Duration::from_secs(1);

pub(super) struct Pace {
    /// Requests per second.
    full: f64,
    /// Who waits for the next slot: the most urgent, the others behind.
    turnstile: Turnstile,
    /// The slot before the next.
    previous: Mutex<Option<Instant>>,
    learnt: Mutex<Learnt>,
}

struct Learnt {
    share: f64,
    fell: Option<Instant>,
}

impl Pace {
    /// A pace of so many requests per second, which may be infinite; anything but a positive number
    /// is taken as 1.
    pub(super) fn new(rate: f64) -> Self {
        Self {
            full: if rate > 0.0 { rate } else { 1.0 },
            turnstile: Turnstile::default(),
            previous: Mutex::new(None),
            learnt: Mutex::new(Learnt {
                share: 1.0,
                fell: None,
            }),
        }
    }

    /// Requests per second at present.
    pub(super) fn rate(&self) -> f64 {
        self.full * self.learnt().share
    }

    /// Waits until nobody more urgent waits for a slot.
    pub(super) async fn turn(&self, urgency: Urgency) -> Turn {
        self.turnstile.enter(urgency).await
    }

    /// So many calls, one after the other, end in time.
    pub(super) fn in_time(&self, calls: u64) {
        self.turnstile.in_time(calls);
    }

    /// Waits for a slot and takes it, unless `refuse` says when it comes that it is not wanted.
    /// Returns whether it was taken.
    pub(super) async fn slot(&self, _turn: Turn, refuse: impl Fn() -> bool) -> bool {
        let due = match *self.previous() {
            Some(previous) => previous + self.interval(),
            None => Instant::now(),
        };
        // Timers know whole milliseconds only: what is due must not wait for the next.
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
        if refuse() {
            return false;
        }
        let now = Instant::now();
        *self.previous() = Some(due.max(now.checked_sub(MAKE_UP).unwrap_or(now)));
        true
    }

    fn previous(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.previous.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interval(&self) -> Duration {
        Duration::try_from_secs_f64(SLACK / self.rate()).map_or(SLOWEST, |it| it.min(SLOWEST))
    }

    /// A 429 came: slower.
    pub(super) fn fall(&self) {
        let now = Instant::now();
        let mut learnt = self.learnt();
        if learnt.fell.is_none_or(|fell| now >= fell + ONE_FALL) {
            learnt.fell = Some(now);
            learnt.share = (learnt.share * FALL).max(FLOOR);
        }
    }

    /// A success came: a little faster.
    pub(super) fn rise(&self) {
        let mut learnt = self.learnt();
        learnt.share = (learnt.share + RISE).min(1.0);
    }

    fn learnt(&self) -> std::sync::MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
