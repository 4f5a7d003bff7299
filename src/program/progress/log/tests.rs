//! The names in the log, which others read.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::*;
use crate::event::Listener;
use crate::program::progress::Progress;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn all_events() -> Vec<Event> {
    let text = || "text".to_owned();
    let failed = Event::Attempt {
        call: text(),
        outcome: Outcome::ServerError,
        elapsed: Duration::from_micros(1_234_567),
        why: Some(text()),
        tracking_id: Some(text()),
    };
    vec![
        Event::Planned {
            windows: 1,
            resumed: 0,
        },
        Event::TokensRefused { why: text() },
        Event::Expected { clips: None },
        Event::Page {
            records: 1,
            bytes: 1,
        },
        Event::WindowDone {
            window: text(),
            settled: true,
        },
        Event::Repeated {
            window: text(),
            why: text(),
        },
        Event::Attempt {
            call: text(),
            outcome: Outcome::Ok,
            elapsed: Duration::ZERO,
            why: None,
            tracking_id: None,
        },
        failed,
        Event::Attempt {
            call: "GET /users/u1".to_owned(),
            outcome: Outcome::ClientError,
            elapsed: Duration::ZERO,
            why: Some(text()),
            tracking_id: Some(text()),
        },
        Event::Retry {
            call: text(),
            attempt: 1,
            after: Duration::from_secs(1),
            why: text(),
            tracking_id: Some(text()),
        },
        Event::Paused {
            wait: Duration::from_secs(1),
            why: text(),
        },
        Event::Unreachable {
            why: text(),
            at_most: Duration::from_secs(1),
        },
        Event::TooFast {
            rate: 1.5,
            allowed: text(),
        },
        Event::AccountFailed {
            account: text(),
            why: text(),
        },
        Event::LookingUp { owners: 1 },
        Event::OwnersUnknown {
            what: text(),
            why: text(),
        },
        publishing(),
    ]
}

fn publishing() -> Event {
    Event::Publishing {
        rows: 1,
        requests: 854,
        took: Duration::from_secs(27),
    }
}

#[test]
fn the_rate_that_the_listing_got_is_told() {
    let written = lines(|| event(&publishing()));
    assert_eq!(written[0]["requests"], 854);
    assert_eq!(written[0]["requests_per_second"], 31.6);
}

/// The lines that this work logs.
fn lines(work: impl FnOnce()) -> Vec<serde_json::Value> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let layer = json(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    buffer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A caveat that quotes somebody who wants to steer the terminal and to forge a line.
const QUOTED: &str = "a\x1b]0;b\x07\u{9b}c\u{202e}d\nerror: e";

fn hostile() {
    event(&Event::Caveat(QUOTED.to_owned()));
    event(&Event::Repeated {
        window: "1".to_owned(),
        why: QUOTED.to_owned(),
    });
}

#[test]
fn a_line_for_people_holds_nothing_that_steers_a_terminal_or_forges_another_line() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let layer = text(move || writer.clone(), false);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), hostile);
    let text = buffer.text();
    let escaped = r"a\u{1b}]0;b\u{7}\u{9b}c\u{202e}d\nerror: e";
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap().trim_start(),
        format!("WARN {escaped}")
    );
    let repeated = lines.next().unwrap();
    assert!(repeated.contains(r#"asking for the window again window="1" why="a\u{1b}]"#));
    assert_eq!(lines.next(), None);
    assert!(!text.contains(['\x1b', '\x07', '\u{9b}', '\u{202e}']));
}

#[test]
fn a_line_of_json_holds_the_same_text_in_escapes() {
    assert_eq!(lines(hostile)[0]["message"], QUOTED);
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let layer = json(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), hostile);
    let text = buffer.text();
    assert!(text.contains(r"\u009bc\u202ed\nerror"), "{text}");
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn the_names_in_the_log_are_those_of_the_table() {
    let written = lines(|| {
        all_events().iter().for_each(event);
        repeats(1);
        published(Path::new("text"), "verified", 1);
        progress(&ProgressSnapshot {
            clips: 1,
            expected: Some(1),
            likely: Some(1),
            windows_done: 1,
            windows: 1,
            clips_per_second: 1.0,
            quota_percent: 1.0,
            left: Some(Duration::from_secs(1)),
        });
    });
    let names: BTreeMap<String, String> = written
        .iter()
        .map(|line| {
            let line = line.as_object().unwrap();
            let names = line.keys().map(String::as_str);
            let common = ["timestamp", "level", "message"];
            assert!(common.iter().all(|name| line.contains_key(*name)));
            let mut names: Vec<&str> = names.filter(|name| !common.contains(name)).collect();
            names.sort_unstable();
            let message = line["message"].as_str().unwrap().to_owned();
            let level = line["level"].as_str().unwrap().to_lowercase();
            (message, format!("{level} {}", names.join(" ")))
        })
        .collect();
    let table: BTreeMap<String, String> = include_str!("../log.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let level = cells[1].split(',').next().unwrap();
            let mut names: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
            names.sort_unstable();
            let message = cells[0].trim_end_matches('`').to_owned();
            (message, format!("{level} {}", names.join(" ")))
        })
        .collect();
    assert_eq!(names, table);
}

#[test]
fn times_are_in_seconds_to_the_millisecond() {
    let written = lines(|| all_events().iter().for_each(event));
    let failed = written
        .iter()
        .find(|line| line["message"] == "request failed")
        .unwrap();
    assert_eq!(failed["elapsed_seconds"], 1.235);
    assert_eq!(failed["tracking_id"], "text");
    assert_eq!(failed["outcome"], "server_error");
}

#[test]
fn the_bar_says_that_it_waits_for_the_service_until_something_goes_through() {
    let progress = Progress::new(false, 10.0);
    let at_most = Duration::from_mins(15) - Duration::from_millis(1);
    let why = "cannot connect to zoom.us: refused".to_owned();
    progress.on(&Event::Unreachable { why, at_most });
    let said = "waiting for the service, up to 15m 0s: cannot connect to zoom.us: refused";
    assert_eq!(progress.said(), said);
    let attempt = |outcome| Event::Attempt {
        call: String::new(),
        outcome,
        elapsed: Duration::ZERO,
        why: None,
        tracking_id: None,
    };
    let much_later = || Instant::now() + Duration::from_hours(1);
    let progress = progress.painting_at_once();
    progress.on(&attempt(Outcome::ConnectionError));
    progress.count(&attempt(Outcome::ConnectionError), much_later());
    assert_eq!(progress.said(), said);
    progress.on(&attempt(Outcome::Ok));
    progress.count(&attempt(Outcome::Ok), much_later());
    assert!(
        progress.said().starts_with("0 clips"),
        "{}",
        progress.said()
    );
}

#[test]
fn without_a_bar_a_line_every_half_minute_tells_how_far_it_is() {
    let page = Event::Page {
        records: 300,
        bytes: 1,
    };
    let written = lines(|| {
        let progress = Progress::new(false, 10.0);
        let start = Instant::now();
        for second in [0, 29, 31, 32, 60, 62, 63] {
            progress.count(&page, start + Duration::from_secs(second));
        }
        let publishing = publishing();
        progress.count(&publishing, start + Duration::from_secs(99));
        progress.count(&page, start + Duration::from_secs(199));
    });
    let told: Vec<&serde_json::Value> = written.iter().map(|line| &line["clips"]).collect();
    assert_eq!(told, [900, 1800]);
    assert!(written.iter().all(|line| line["message"] == "listing"));
}
