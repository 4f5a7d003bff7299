//! Events become messages on stderr: a bar on a terminal, a line now and then elsewhere, and the log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(super) mod log;
mod meter;
mod visible;

use crate::event::{Event, Listener};
use crate::program::progress::log::told;
use crate::program::progress::meter::ProgressMeter;

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
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self {
            bar,
            every: if has_bar { PAINT } else { LINE },
            state: Mutex::new(State {
                meter: ProgressMeter::new(quota),
                told: Instant::now(),
                is_over: false,
            }),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Counts an event in, and tells how far the crawl is if it is time to.
    fn count(&self, event: &Event, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.meter.on(event, now);
        if let Event::Publishing { .. } = event {
            state.is_over = true;
        }
        let is_time = now.saturating_duration_since(state.told) >= self.every;
        if state.is_over || !is_time {
            return;
        }
        state.told = now;
        let snapshot = state.meter.snapshot(now);
        drop(state);
        if self.every == LINE {
            log::progress(&snapshot);
            return;
        }
        if let Some(expected) = snapshot.expected {
            self.bar.set_length(expected);
        }
        self.bar.set_position(snapshot.clips);
        self.bar.set_message(snapshot.to_string());
    }
}

impl Listener for Progress {
    fn on(&self, event: &Event) {
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
