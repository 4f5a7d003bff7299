//! Events become messages on stderr: a bar on a terminal, a line now and then elsewhere, and the log.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(super) mod log;
mod meter;
mod visible;

use crate::event::{Event, Listener, Outcome};
use crate::program::progress::log::told;
use crate::program::progress::meter::ProgressMeter;
use crate::redact::hidden::visible;
use crate::report::numbers::duration;

/// How often a line tells how far the crawl is, where there is no bar.
const LINE: Duration = Duration::from_secs(30);

/// How often the bar is painted at most.
const PAINT: Duration = Duration::from_millis(125);

/// Shows how a crawl comes along.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// Between one telling and the next.
    every: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    meter: ProgressMeter,
    /// When it was last told how far the crawl is.
    told: Instant,
    /// The crawl is over: what is done now takes no long time.
    is_over: bool,
    /// What the bar says as long as the service cannot be had.
    waiting: Option<String>,
    /// How often a window was asked for again.
    repeats: u64,
    /// Something was listed that a later run goes on from.
    has_kept: bool,
}

impl Progress {
    /// Draws a bar on stderr where `has_bar`, and writes a line every half minute elsewhere. `quota`
    /// is how many requests a second may be made for clips.
    #[must_use]
    pub(super) fn new(has_bar: bool, quota: f64) -> Self {
        let target = if has_bar {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:8} {wide_msg}") {
            bar.set_style(style);
        }
        if has_bar {
            bar.set_message("connecting");
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self {
            bar,
            every: if has_bar { PAINT } else { LINE },
            state: Mutex::new(State {
                meter: ProgressMeter::new(quota),
                told: Instant::now(),
                is_over: false,
                waiting: None,
                repeats: 0,
                has_kept: false,
            }),
        }
    }

    /// Takes the bar away, and says what was passed over as long as it was there.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        let repeats = self.state().repeats;
        if repeats > 0 {
            log::repeats(repeats);
        }
    }

    /// Whether a later run can go on from what this one has listed.
    pub(super) fn has_kept(&self) -> bool {
        self.state().has_kept
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what is told later, or of what the bar says meanwhile.
    fn note(&self, event: &Event) {
        let mut state = self.state();
        match event {
            Event::Repeated { .. } => state.repeats += 1,
            Event::Planned { resumed: 1.., .. } | Event::Page { .. } => state.has_kept = true,
            Event::Attempt {
                outcome: Outcome::Ok,
                ..
            } => state.waiting = None,
            Event::Unreachable { why, at_most } => {
                let at_most = duration(at_most.as_secs_f64().ceil());
                let text = format!("waiting for the service, up to {at_most}: {}", visible(why));
                self.bar.set_message(text.clone());
                state.waiting = Some(text);
            }
            _ => {}
        }
    }

    /// Counts an event in, and tells how far the crawl is if it is time to.
    fn count(&self, event: &Event, now: Instant) {
        let mut state = self.state();
        state.meter.on(event, now);
        if let Event::Publishing { .. } = event {
            state.is_over = true;
        }
        let is_time = now.saturating_duration_since(state.told) >= self.every;
        if state.is_over || !is_time || state.waiting.is_some() {
            return;
        }
        state.told = now;
        let snapshot = state.meter.snapshot(now);
        drop(state);
        if self.every == LINE {
            log::progress(&snapshot);
            return;
        }
        // A bar of no length is drawn full.
        if let Some(likely) = snapshot.likely.filter(|likely| *likely > 0) {
            self.bar.set_length(likely);
        }
        self.bar.set_position(snapshot.clips);
        self.bar.set_message(snapshot.to_string());
    }
}

impl Listener for Progress {
    fn on(&self, event: &Event) {
        self.note(event);
        self.count(event, Instant::now());
        match event {
            Event::LookingUp { .. } => self.bar.set_message("looking up owners"),
            Event::Publishing { .. } => self.bar.set_message("writing"),
            _ => {}
        }
        // A bar has to make room for a line; most events are none.
        if told(event) {
            self.bar.suspend(|| log::event(event));
        }
    }
}

#[cfg(test)]
impl Progress {
    /// What the bar says.
    fn said(&self) -> String {
        self.bar.message()
    }

    /// The same as if there were a bar that can be painted at any time.
    fn painting_at_once(self) -> Self {
        Self {
            every: Duration::ZERO,
            ..self
        }
    }
}

/// Writes what happens into the log, and shows nothing else.
#[derive(Debug)]
pub(super) struct LogOnly;

impl Listener for LogOnly {
    fn on(&self, event: &Event) {
        if told(event) {
            log::event(event);
        }
    }
}
