//! The service's clock, by the `Date` of the answers that come anyway, and how far ours is from it.
//!
//! A census is of a moment that the service has reached. Up to the present of a computer whose clock is
//! ahead, the service has not listed everything yet.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::zoom::transport::{Request, Response, Transport, TransportError};

/// How far the clocks may be apart before it is worth a word, in seconds.
const TOLERANCE: u64 = 60;

/// A transport that looks at the date of every answer.
pub(crate) struct ServiceClock {
    transport: Arc<dyn Transport>,
    seen: Mutex<Option<ClockReading>>,
}

/// What the answers so far tell of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockReading {
    /// The service's present when it made its last answer, in whole seconds.
    pub service: Timestamp,
    /// This computer's when that answer came.
    pub computer: Timestamp,
    /// How far this computer is ahead, in seconds; behind if negative.
    ahead: i64,
}

impl ServiceClock {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            seen: Mutex::default(),
        }
    }

    /// What the answers told; none if there was none with a date.
    pub(crate) fn reading(&self) -> Option<ClockReading> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, sent: SystemTime, response: &Response) {
        let date = response.headers.get(reqwest::header::DATE);
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        else {
            return;
        };
        let received = SystemTime::now();
        let (Ok(service), Ok(computer)) = (date.try_into(), received.try_into()) else {
            return;
        };
        let ahead = ahead(sent, received, date);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(match *seen {
            Some(former) => ClockReading {
                service: former.service.max(service),
                computer: former.computer.max(computer),
                // The answer that came fastest says it best; the smallest difference is that one's.
                ahead: if ahead.abs() < former.ahead.abs() {
                    ahead
                } else {
                    former.ahead
                },
            },
            None => ClockReading {
                service,
                computer,
                ahead,
            },
        });
    }
}

impl Transport for ServiceClock {
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
fn ahead(sent: SystemTime, received: SystemTime, date: SystemTime) -> i64 {
    let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    let (sent, received, date) = (seconds(sent), seconds(received), seconds(date));
    if date < sent {
        sent - date
    } else {
        (received - date).min(0)
    }
}

impl ClockReading {
    /// How far this computer's clock is from the service's, such as `2h ahead of`, where it is more
    /// than a minute.
    pub(crate) fn difference(self) -> Option<String> {
        let seconds = self.ahead.unsigned_abs();
        let apart = humantime::format_duration(Duration::from_secs(seconds));
        let way = if self.ahead > 0 { "ahead of" } else { "behind" };
        (seconds > TOLERANCE).then(|| format!("{apart} {way}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_date_between_sending_and_receiving_is_no_difference_however_slow_the_answer() {
        assert_eq!(ahead(at(100), at(400), at(100)), 0);
        assert_eq!(ahead(at(100), at(400), at(400)), 0);
        assert_eq!(ahead(at(100), at(101), at(40)), 60);
        assert_eq!(ahead(at(100), at(101), at(161)), -60);
    }

    #[test]
    fn more_than_a_minute_is_a_difference_and_says_which_way() {
        let told = |ahead: i64| {
            let reading = ClockReading {
                service: Timestamp::UNIX_EPOCH,
                computer: Timestamp::UNIX_EPOCH,
                ahead,
            };
            reading.difference()
        };
        assert_eq!(told(60), None);
        assert_eq!(told(-60), None);
        assert_eq!(told(7200).as_deref(), Some("2h ahead of"));
        assert_eq!(told(-61).as_deref(), Some("1m 1s behind"));
    }
}
