//! Events become messages on stderr: a bar on a terminal, lines elsewhere, JSON if asked for.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;

use crate::event::Event;
use crate::event::Listener;

/// Shows how a crawl comes along.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    clips: AtomicU64,
    expected: AtomicU64,
    windows: AtomicU64,
}

impl Progress {
    /// Draws a bar on stderr if that is a terminal and `is_shown`; nothing otherwise.
    #[must_use]
    pub fn new(is_shown: bool) -> Self {
        let target = if is_shown {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} clips {msg} {eta}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self {
            bar,
            clips: AtomicU64::new(0),
            expected: AtomicU64::new(0),
            windows: AtomicU64::new(0),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn log(&self, log: impl FnOnce()) {
        self.bar.suspend(log);
    }
}

impl Listener for Progress {
    fn on(&self, event: &Event) {
        match event {
            Event::Planned { windows, resumed } => {
                self.log(|| tracing::info!(windows, resumed, "planned"));
            }
            Event::Expected { clips } => {
                let clips = clips.unwrap_or(0);
                let expected = self.expected.fetch_add(clips, Ordering::Relaxed) + clips;
                self.bar.set_length(expected);
            }
            Event::Page { records, .. } => {
                let clips = self.clips.fetch_add(*records, Ordering::Relaxed) + records;
                self.bar.set_position(clips);
            }
            Event::WindowDone { window, settled } => {
                let windows = self.windows.fetch_add(1, Ordering::Relaxed) + 1;
                self.bar.set_message(format!("{windows} windows"));
                self.log(|| tracing::debug!(window, settled, "window finished"));
            }
            Event::Split { window, parts } => {
                self.log(|| tracing::debug!(window, parts, "window split"));
            }
            Event::Repeated { window, why } => {
                self.log(|| tracing::warn!(window, why, "walking the window again"));
            }
            Event::Retry {
                call,
                attempt,
                after,
                why,
                tracking_id,
            } => self.log(|| {
                tracing::info!(call, attempt, ?after, why, tracking_id, "trying again");
            }),
            Event::Paused { wait, why } => {
                self.log(|| tracing::warn!(?wait, why, "the service asks to wait"));
            }
            Event::AccountFailed { account, why } => {
                self.log(|| tracing::info!(account, why, "the account cannot be listed"));
            }
            Event::LookingUp { owners } => {
                self.bar.set_message("looking up owners");
                self.log(|| tracing::info!(owners, "looking up owners"));
            }
            Event::OwnersUnknown { what, why } => {
                self.log(|| tracing::warn!(what, why, "owners stay without a name"));
            }
            Event::Publishing { rows } => {
                self.bar.set_message("writing");
                self.log(|| tracing::info!(rows, "writing the snapshot"));
            }
            Event::Attempt {
                call,
                outcome,
                elapsed,
            } => self.log(|| {
                tracing::trace!(call, outcome = outcome.name(), ?elapsed, "attempt");
            }),
        }
    }
}
