//! The service's clock against ours, by the `Date` of the answers that come anyway.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use crate::check::result::CheckResult;
use crate::zoom::transport::{Request, Response, Transport, TransportError};

/// How far the clocks may be apart, in seconds. The census ends at our present: a clock that is fast
/// asks for time to come, one that is slow leaves the newest clips out.
const TOLERANCE: u64 = 60;

/// A transport that looks at the date of every answer.
pub(super) struct ClockProbe<T> {
    transport: T,
    seen: Mutex<Option<Skew>>,
}

/// How far our clock is ahead, in seconds; behind if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Skew(i64);

impl<T: Transport> ClockProbe<T> {
    pub(super) fn new(transport: T) -> Self {
        Self {
            transport,
            seen: Mutex::default(),
        }
    }

    /// What the answers told; none if there was none with a date.
    pub(super) fn result(&self) -> Option<CheckResult> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(Skew::result)
    }

    fn look(&self, sent: SystemTime, response: &Response) {
        let date = response.headers.get(reqwest::header::DATE);
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        else {
            return;
        };
        let skew = skew(sent, SystemTime::now(), date);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // The answer that came fastest says it best; the smallest difference is that one's.
        if seen.is_none_or(|former| skew.0.abs() < former.0.abs()) {
            *seen = Some(skew);
        }
    }
}

impl<T: Transport> Transport for ClockProbe<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let sent = SystemTime::now();
            let answer = self.transport.send(request).await;
            if let Ok(response) = &answer {
                self.look(sent, response);
            }
            answer
        })
    }
}

/// The date was true at some moment between sending and receiving, and is cut to the second.
fn skew(sent: SystemTime, received: SystemTime, date: SystemTime) -> Skew {
    let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    let (sent, received, date) = (seconds(sent), seconds(received), seconds(date));
    if date < sent {
        Skew(sent - date)
    } else {
        Skew((received - date).min(0))
    }
}

impl Skew {
    fn result(self) -> CheckResult {
        let seconds = self.0.unsigned_abs();
        if seconds <= TOLERANCE {
            return CheckResult::ok("clock", format!("within {TOLERANCE} s of the service's"));
        }
        let apart = humantime::format_duration(Duration::from_secs(seconds));
        let (way, harm) = if self.0 > 0 {
            ("ahead of", "an export asks for clips of the time to come")
        } else {
            ("behind", "an export leaves the newest clips out")
        };
        CheckResult::warning(
            "clock",
            format!("{apart} {way} the service's, so that {harm}: set it by NTP, or give --until"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::result::State;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_date_between_sending_and_receiving_is_no_difference_however_slow_the_answer() {
        assert_eq!(skew(at(100), at(400), at(100)), Skew(0));
        assert_eq!(skew(at(100), at(400), at(400)), Skew(0));
        assert_eq!(skew(at(100), at(101), at(40)), Skew(60));
        assert_eq!(skew(at(100), at(101), at(161)), Skew(-60));
    }

    #[test]
    fn more_than_a_minute_is_a_warning_that_says_which_way() {
        assert_eq!(Skew(60).result().state, State::Ok);
        assert_eq!(Skew(-60).result().state, State::Ok);
        let (fast, slow) = (Skew(7200).result(), Skew(-61).result());
        assert_eq!(fast.state, State::Warning);
        assert!(fast.text.starts_with("2h ahead of"), "{}", fast.text);
        assert!(slow.text.starts_with("1m 1s behind"), "{}", slow.text);
    }
}
