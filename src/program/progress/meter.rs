//! How far a crawl is, how fast, and how long it still takes: numbers only.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::event::Event;
use crate::report::numbers::{count, duration};

/// What rates are measured over.
const RECENT: Duration = Duration::from_secs(15);

/// How often a mark is set for that.
const MARK: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct ProgressMeter {
    /// Requests a second that may be made.
    quota: f64,
    clips: u64,
    expected: u64,
    /// Windows of the plan, and how many of them the service has told the clips of.
    planned: u64,
    told: u64,
    /// Windows to list, those that others were split into among them, and finished ones.
    windows: u64,
    done: u64,
    requests: u64,
    /// Clips and requests some time ago.
    marks: VecDeque<(Instant, u64, u64)>,
}

/// Where a crawl stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ProgressSnapshot {
    pub(super) clips: u64,
    /// Of how many; `None` as long as some window has not told.
    pub(super) expected: Option<u64>,
    /// Of how many it will be about, by the windows that have told; `None` before any has.
    pub(super) likely: Option<u64>,
    pub(super) windows_done: u64,
    pub(super) windows: u64,
    pub(super) clips_per_second: f64,
    /// Of the requests that may be made, 0 to 100.
    pub(super) quota_percent: f64,
    /// Until the last clip, if that can be told.
    pub(super) left: Option<Duration>,
}

impl ProgressMeter {
    pub(super) fn new(quota: f64) -> Self {
        Self {
            quota,
            clips: 0,
            expected: 0,
            planned: 0,
            told: 0,
            windows: 0,
            done: 0,
            requests: 0,
            marks: VecDeque::new(),
        }
    }

    /// Takes note of an event.
    pub(super) fn on(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Planned { windows, .. } => {
                self.planned = *windows;
                self.windows = *windows;
            }
            Event::Expected { clips } => {
                self.told += 1;
                self.expected += clips.unwrap_or(0);
            }
            Event::Page { records, .. } => self.clips += records,
            // Its parts are windows too, and it is none any more.
            Event::WindowDone { .. } => self.done += 1,
            Event::Attempt { .. } => self.requests += 1,
            _ => {}
        }
        let last = self.marks.back().map(|(at, ..)| *at);
        if last.is_none_or(|last| now.saturating_duration_since(last) >= MARK) {
            self.marks.push_back((now, self.clips, self.requests));
            while self
                .marks
                .get(1)
                .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > RECENT)
            {
                self.marks.pop_front();
            }
        }
    }

    /// Where it stands at this moment.
    #[expect(clippy::cast_precision_loss, reason = "rates of counts far below 2^53")]
    pub(super) fn snapshot(&self, now: Instant) -> ProgressSnapshot {
        let (since, clips, requests) = self.marks.front().copied().unwrap_or((now, 0, 0));
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        let rate = |count: u64| {
            if seconds > 0.0 {
                count as f64 / seconds
            } else {
                0.0
            }
        };
        let clips_per_second = rate(self.clips - clips);
        let is_told = self.planned > 0 && self.told >= self.planned;
        let expected = is_told.then_some(self.expected.max(self.clips));
        // Windows that have told stand for the others.
        let likely = (self.told > 0 && self.planned > 0).then(|| {
            let told = self.expected as f64 / self.told as f64;
            whole(told * self.planned.max(self.told) as f64).max(self.clips)
        });
        let left = expected
            .filter(|_| clips_per_second > 0.0)
            .map(|expected| (expected - self.clips) as f64 / clips_per_second)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        ProgressSnapshot {
            clips: self.clips,
            expected,
            likely: expected.or(likely),
            windows_done: self.done,
            windows: self.windows,
            clips_per_second,
            quota_percent: (rate(self.requests - requests) / self.quota * 100.0).min(100.0),
            left,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast stops at the ends of the range"
)]
fn whole(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

impl std::fmt::Display for ProgressSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = |number: f64| count(whole(number));
        write!(f, "{}", count(self.clips))?;
        match (self.expected, self.likely) {
            (Some(expected), _) => write!(f, "/{}", count(expected))?,
            (None, Some(likely)) => write!(f, "/~{}", count(likely))?,
            (None, None) => {}
        }
        write!(f, " clips")?;
        // What a narrow terminal cuts off comes last.
        if let Some(left) = self.left {
            write!(f, "  {} left", duration(left.as_secs_f64()))?;
        }
        write!(
            f,
            "  {}/{} windows  {}/s  {} % of quota",
            count(self.windows_done),
            count(self.windows),
            number(self.clips_per_second),
            number(self.quota_percent)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;

    fn attempt() -> Event {
        Event::Attempt {
            call: "GET /clips".to_owned(),
            outcome: Outcome::Ok,
            elapsed: Duration::ZERO,
            why: None,
            tracking_id: None,
        }
    }

    fn page(records: u64) -> Event {
        Event::Page { records, bytes: 0 }
    }

    fn planned(windows: u64) -> Event {
        Event::Planned {
            windows,
            resumed: 0,
        }
    }

    fn expected(clips: u64) -> Event {
        Event::Expected { clips: Some(clips) }
    }

    #[test]
    fn the_time_left_is_told_once_every_window_has_named_its_clips() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut meter = ProgressMeter::new(10.0);
        meter.on(&planned(2), at(0));
        meter.on(&expected(600), at(0));
        meter.on(&page(300), at(1));
        assert_eq!(meter.snapshot(at(1)).expected, None);
        assert_eq!(meter.snapshot(at(1)).left, None);
        assert_eq!(meter.snapshot(at(0)).likely, Some(1_200));
        meter.on(&expected(600), at(2));
        meter.on(&page(300), at(2));
        let snapshot = meter.snapshot(at(2));
        assert_eq!(snapshot.expected, Some(1200));
        assert_eq!(snapshot.left, Some(Duration::from_secs(2)));
    }

    #[test]
    fn rates_are_of_the_last_seconds_and_not_of_the_whole_run() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut meter = ProgressMeter::new(10.0);
        meter.on(&planned(1), at(0));
        for second in 1..=100 {
            meter.on(&page(if second > 80 { 100 } else { 1 }), at(second));
            for _ in 0..5 {
                meter.on(&attempt(), at(second));
            }
        }
        let snapshot = meter.snapshot(at(100));
        assert!(
            (snapshot.clips_per_second - 100.0).abs() < 1.0,
            "{snapshot:?}"
        );
        assert!((snapshot.quota_percent - 50.0).abs() < 5.0, "{snapshot:?}");
        assert!(meter.marks.len() < 40);
    }

    #[test]
    fn a_snapshot_reads_as_a_line() {
        let snapshot = ProgressSnapshot {
            clips: 12_300,
            expected: Some(50_000),
            likely: Some(50_000),
            windows_done: 23,
            windows: 51,
            clips_per_second: 1_234.4,
            quota_percent: 92.6,
            left: Some(Duration::from_secs(65)),
        };
        assert_eq!(
            snapshot.to_string(),
            "12,300/50,000 clips  1m 5s left  23/51 windows  1,234/s  93 % of quota"
        );
        let early = ProgressSnapshot {
            expected: None,
            left: None,
            ..snapshot
        };
        assert!(early.to_string().starts_with("12,300/~50,000 clips  23/51"));
        let first = ProgressSnapshot {
            likely: None,
            ..early
        };
        assert!(first.to_string().starts_with("12,300 clips  23/51"));
    }
}
