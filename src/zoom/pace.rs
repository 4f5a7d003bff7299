//! One pace: slots at even distances, for one sender at a time, in the order in which they came.
//!
//! A 429 lowers the rate to what went through just before it, within bounds: another client may take
//! the rest. It is kept for a while, and comes back with every success after that.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How much longer than the rate asks for the distance between slots is.
const SLACK: f64 = 1.01;

/// How much longer than the rate asks for a second's worth of slots always takes, as they were
/// taken and not as they were due: an attempt may travel so much faster than the one a second
/// before it, and is not one too many.
const LEAST_SLACK: f64 = 1.008;

/// The most by which a late slot is made up for. More would be a burst after a stall.
const MAKE_UP: Duration = Duration::from_millis(25);

/// What a 429 leaves of the rate, at most.
const FALL: f64 = 0.95;

/// What a 429 leaves of the rate, at least: where sending has only begun, or little was asked for,
/// little went through.
const DEEPEST_FALL: f64 = 0.7;

/// Slots that say how much goes through, where a second has fewer.
const TELLING: f64 = 4.0;

/// The least share of the full rate.
const FLOOR: f64 = 0.05;

/// What a success adds, as a share of the full rate.
const RISE: f64 = 0.003;

/// How long after a refusal more is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// The longest distance between slots.
const SLOWEST: Duration = Duration::from_hours(24);

/// Falls after which a low rate is no accident.
const MANY_FALLS: u32 = 4;

/// The share of the full rate below which it is low: what is free is little more than half of it.
const LOW: f64 = 0.6;

/// Within this time all 429s count as one: they were all under way when the first was answered.
const ONE_FALL: Duration = Duration::from_secs(1);

pub(super) struct Pace {
    /// Requests per second.
    full: f64,
    /// A second's worth of slots at the full rate, at least one.
    in_a_second: u16,
    /// The time in which it is counted what goes through, in seconds.
    lately: f64,
    /// Held by who waits for the next slot: the first to come, the others behind.
    turn: tokio::sync::Mutex<()>,
    taken: Mutex<Taken>,
    learnt: Mutex<Learnt>,
}

/// The slots so far.
#[derive(Default)]
struct Taken {
    /// When the last one was due, or little earlier than it was taken.
    due: Option<Instant>,
    /// When each of the last second's worth was taken.
    at: VecDeque<Instant>,
}

struct Learnt {
    share: f64,
    fell: Option<Instant>,
    falls: u32,
    /// Whether it was told that the full rate is too high.
    is_told: bool,
    /// When what went through lately came.
    came: VecDeque<Instant>,
}

impl Pace {
    /// A pace of so many requests per second, which may be infinite; anything but a positive number
    /// is taken as 1.
    pub(super) fn new(rate: f64) -> Self {
        let full = if rate > 0.0 { rate } else { 1.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and so many that less than a second's worth does no harm"
        )]
        let in_a_second = full.max(1.0) as u16;
        Self {
            full,
            in_a_second,
            lately: (TELLING / full).max(1.0),
            turn: tokio::sync::Mutex::default(),
            taken: Mutex::default(),
            learnt: Mutex::new(Learnt {
                share: 1.0,
                fell: None,
                falls: 0,
                is_told: false,
                came: VecDeque::new(),
            }),
        }
    }

    /// Requests per second at present.
    pub(super) fn rate(&self) -> f64 {
        self.full * self.learnt().share
    }

    /// Waits for a slot and takes it, unless `refuse` says when it comes that it is not wanted.
    /// Returns whether it was taken.
    pub(super) async fn slot(&self, refuse: impl Fn() -> bool) -> bool {
        let _turn = self.turn.lock().await;
        let due = self.due();
        // Timers know whole milliseconds only: what is due must not wait for the next.
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
        if refuse() {
            return false;
        }
        let now = Instant::now();
        let mut taken = self.taken();
        taken.due = Some(due.max(now.checked_sub(MAKE_UP).unwrap_or(now)));
        taken.at.push_back(now);
        if taken.at.len() > usize::from(self.in_a_second) {
            taken.at.pop_front();
        }
        true
    }

    /// When the next slot is.
    fn due(&self) -> Instant {
        let rate = self.rate();
        let taken = self.taken();
        let (Some(previous), Some(first)) = (taken.due, taken.at.front()) else {
            return Instant::now();
        };
        let even = previous + seconds(SLACK / rate);
        if taken.at.len() < usize::from(self.in_a_second) {
            return even;
        }
        even.max(*first + seconds(LEAST_SLACK * f64::from(self.in_a_second) / rate))
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A 429 came: slower. Returns whether it shows for the first time that the full rate is far too
    /// high.
    pub(super) fn on_throttled(&self) -> bool {
        let now = Instant::now();
        let mut learnt = self.learnt();
        if learnt.fell.is_none_or(|fell| now >= fell + ONE_FALL) {
            learnt.fell = Some(now);
            learnt.falls += 1;
            learnt.forget(now, seconds(self.lately));
            let came = u32::try_from(learnt.came.len()).unwrap_or(u32::MAX);
            let went_through = f64::from(came) / (self.full * self.lately);
            let (least, most) = (learnt.share * DEEPEST_FALL, learnt.share * FALL);
            learnt.share = went_through.clamp(least, most).max(FLOOR);
        }
        let is_too_high = learnt.falls >= MANY_FALLS && learnt.share < LOW;
        let is_first = is_too_high && !learnt.is_told;
        learnt.is_told |= is_too_high;
        is_first
    }

    /// Something went through: a little faster.
    pub(super) fn on_success(&self) {
        let now = Instant::now();
        let mut learnt = self.learnt();
        learnt.forget(now, seconds(self.lately));
        learnt.came.push_back(now);
        if learnt.fell.is_none_or(|fell| now >= fell + TRY_AGAIN) {
            learnt.share = (learnt.share + RISE).min(1.0);
        }
    }

    fn learnt(&self) -> std::sync::MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Learnt {
    /// Forgets what came longer ago.
    fn forget(&mut self, now: Instant, lately: Duration) {
        while self.came.front().is_some_and(|came| now >= *came + lately) {
            self.came.pop_front();
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).map_or(SLOWEST, |it| it.min(SLOWEST))
}
