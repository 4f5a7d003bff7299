//! When the service says to come back: every form of `Retry-After`, and daily limits.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::header::HeaderMap;

/// When to come back, as the service put it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so long.
    In(Duration),
    /// At an instant of the wall clock.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header: integer seconds, an ISO 8601 instant, or an HTTP date; none if it is
    /// missing or is none of these.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get("retry-after")?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Self::In(Duration::from_secs(seconds)));
        }
        if let Ok(at) = value.parse() {
            return Some(Self::At(at));
        }
        let at = httpdate::parse_http_date(value).ok()?;
        Timestamp::try_from(at).ok().map(Self::At)
    }

    /// How long from `now`; zero if it is past.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Duration {
        match self {
            Self::In(wait) => wait,
            Self::At(at) => Duration::try_from(at.duration_since(now)).unwrap_or_default(),
        }
    }

    /// The instant of the wall clock.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::In(wait) => now.checked_add(wait).unwrap_or(Timestamp::MAX),
            Self::At(at) => at,
        }
    }
}

/// Whether a 429 is about the day's quota and not about the second's.
#[must_use]
pub(crate) fn is_daily(headers: &HeaderMap, message: &str) -> bool {
    let said = headers
        .get("x-ratelimit-type")
        .and_then(|value| value.to_str().ok());
    match said {
        Some(kind) => kind.to_ascii_lowercase().contains("daily"),
        None => message.contains("daily rate limit"),
    }
}

/// The start of the next day in UTC, when the service resets daily limits.
#[must_use]
pub(crate) fn next_midnight(now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned_datetime(TimeZone::UTC);
    let tomorrow = today.tomorrow().ok()?.start_of_day().ok()?;
    Some(tomorrow.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    fn now() -> Timestamp {
        "2025-08-22T23:59:00Z".parse().unwrap()
    }

    #[test]
    fn all_forms_of_retry_after_are_read() {
        for (value, wait) in [
            ("0", Some(0)),
            ("60", Some(60)),
            (" 60 ", Some(60)),
            ("2025-08-23T00:00:00Z", Some(60)),
            ("2025-08-23T02:00:00+02:00", Some(60)),
            ("2025-08-23T00:00:00.000Z", Some(60)),
            ("Sat, 23 Aug 2025 00:00:00 GMT", Some(60)),
            ("2025-08-22T00:00:00Z", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let read = RetryAfter::read(&headers("retry-after", value));
            let read = read.map(|after| after.wait(now()));
            assert_eq!(read, wait.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(RetryAfter::read(&HeaderMap::new()), None);
    }

    #[test]
    fn a_daily_limit_is_told_by_its_header_or_else_by_its_message() {
        let daily = "You have reached the maximum daily rate limit for this API.";
        assert!(is_daily(&headers("x-ratelimit-type", "Daily-limit"), ""));
        assert!(!is_daily(&headers("x-ratelimit-type", "QPS"), daily));
        assert!(is_daily(&HeaderMap::new(), daily));
        assert!(!is_daily(
            &HeaderMap::new(),
            "the maximum per-second rate limit"
        ));
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        assert_eq!(
            next_midnight(now()),
            Some("2025-08-23T00:00:00Z".parse().unwrap())
        );
    }
}
