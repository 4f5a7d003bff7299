//! What is left of a call that gave up: what failed, on what, after how much, and what to do.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Seconds, Window};

/// Why a call gave up, by what its caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// The page token is no longer accepted: the list has to be started again.
    PageTokenRefused,
    /// The day's quota is used up.
    DailyLimit {
        /// When it is filled again, if that is known.
        retry_at: Option<Timestamp>,
    },
    /// No access token is to be had, or none is accepted.
    Credentials,
    /// Access tokens are refused as soon as they are there, for as long as the call was to wait.
    TokensRefused,
    /// The app was not granted what the call needs.
    MissingScope {
        /// The scopes as the service names them; empty if it names none.
        scopes: Vec<String>,
    },
    /// The account or its role may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The service does not accept the call, and never will.
    BadRequest,
    /// The service does not accept a window of a list.
    WindowRefused {
        asked: Window,
        /// Where the oldest begins that it does accept, if that is newer.
        accepted: Option<Seconds>,
    },
    /// The answer points elsewhere: this setting is not the address.
    Redirected { setting: &'static str },
    /// The host's certificate is not trusted.
    Untrusted,
    /// The proxy that is named cannot be used.
    Proxy,
    /// The proxy that this variable names wants to know who asks.
    ProxyCredentials { variable: &'static str },
    /// Too many requests a second, for as long as the call was to wait.
    Throttled,
    /// The service could not be reached, or failed, for as long as the call was to wait.
    Unavailable,
    /// The service answered, several times, and never with an answer.
    Unusable,
}

/// A call that gave up. It holds no secret, no query and no page token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// The call without its query, such as `GET /accounts/abc/clips`.
    pub call: String,
    /// How often it was sent; 0 if never.
    pub attempts: u32,
    /// From the start of the call to its end, waiting included.
    pub elapsed: Duration,
    /// The HTTP status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The service's own code in the last answer.
    pub code: Option<i64>,
    /// How the last attempt failed, and what the service said.
    pub detail: String,
    /// The `x-zm-trackingid` of the last answer, which Zoom's support asks for.
    pub tracking_id: Option<String>,
}

impl Failure {
    /// A call that was not sent, as it cannot be.
    #[must_use]
    pub fn unsent(kind: FailureKind, call: String, detail: impl Into<String>) -> Self {
        Self {
            kind,
            call,
            attempts: 0,
            elapsed: Duration::ZERO,
            status: None,
            code: None,
            detail: detail.into(),
            tracking_id: None,
        }
    }
}

impl std::error::Error for Failure {}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed", self.call)?;
        match self.attempts {
            0 => {}
            1 => write!(f, " after 1 attempt in {}", rounded(self.elapsed))?,
            attempts => {
                write!(f, " after {attempts} attempts in {}", rounded(self.elapsed))?;
            }
        }
        write!(f, ": {}", self.detail)?;
        if let Some(tracking_id) = &self.tracking_id {
            write!(f, " [tracking id {tracking_id}]")?;
        }
        write!(f, "; {}", remedy(&self.kind))
    }
}

fn rounded(elapsed: Duration) -> humantime::FormattedDuration {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(if elapsed < Duration::from_secs(10) {
        Duration::from_millis(millis)
    } else {
        Duration::from_secs(elapsed.as_secs())
    })
}

fn remedy(kind: &FailureKind) -> String {
    let fixed = match kind {
        FailureKind::DailyLimit { retry_at: Some(at) } => {
            return format!(
                "the account's daily limit is used up: run again after {}",
                at.strftime("%Y-%m-%dT%H:%M:%SZ")
            );
        }
        FailureKind::MissingScope { scopes } if !scopes.is_empty() => {
            return format!(
                "add the scope {} to the Zoom app, then run again",
                scopes.join(" or ")
            );
        }
        FailureKind::WindowRefused { asked, accepted } => return window_refused(*asked, *accepted),
        FailureKind::Redirected { setting } => {
            return format!("set {setting} to the address that it points to, if that is Zoom's");
        }
        FailureKind::ProxyCredentials { variable } => {
            return format!(
                "write them into {variable}, as http://user:password@proxy.example.com:3128, with \
                 what is special in them as %23 for #, %2F for /, %40 for @"
            );
        }
        FailureKind::DailyLimit { retry_at: None } => {
            "the account's daily limit is used up: run again tomorrow"
        }
        FailureKind::MissingScope { .. } => {
            "add the scope that this call needs to the Zoom app, then run again"
        }
        FailureKind::PageTokenRefused => "the list has to be started again",
        FailureKind::Credentials => {
            "check the account id, client id and client secret (or the access token), and that the \
             Zoom app is activated, which can take an hour"
        }
        FailureKind::TokensRefused => {
            "access tokens are refused soon after they were fetched: another program may be fetching \
             them with the same app, which ends ours; give each an app of its own, and run again"
        }
        FailureKind::Proxy => "correct the variable, then run again",
        FailureKind::Untrusted => {
            "check the host, the clock, and the root certificates of this machine: the package \
             ca-certificates, or the file that SSL_CERT_FILE or the folder that SSL_CERT_DIR names"
        }
        FailureKind::Forbidden => {
            "give the role of the Zoom app's owner the permission for it, or leave this account out"
        }
        FailureKind::NotFound => "check the account id, the owner and the base URL",
        FailureKind::BadRequest => "check the filters and the base URL",
        FailureKind::Throttled => {
            "give the account's own --plan (free, pro or business), leave more to its other apps with \
             --rate-share, and run again"
        }
        FailureKind::Unavailable => "check the network and status.zoom.us, then run again",
        FailureKind::Unusable => {
            "check that the base URL is the API's; if it is, run again later and report it to Zoom"
        }
    };
    fixed.to_owned()
}

fn window_refused(asked: Window, accepted: Option<Seconds>) -> String {
    match accepted {
        Some(accepted) => format!(
            "the service refuses the window {asked}, and the oldest of those tried that it accepts \
             begins at {accepted}: find the --since that it still accepts, between {} and {accepted}, \
             or check the filters",
            asked.from
        ),
        None => {
            format!("the service refuses the window {asked}: check the filters and the base URL")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind) -> Failure {
        Failure {
            kind,
            call: "GET /accounts/abc/clips".into(),
            attempts: 3,
            elapsed: Duration::from_micros(2_345_678),
            status: Some(400),
            code: Some(4711),
            detail: "400 \"No.\" (code 4711)".into(),
            tracking_id: Some("v=2.0;clid=us02;rid=WEB_1".into()),
        }
    }

    #[test]
    fn a_failure_says_what_failed_how_often_why_and_what_to_do() {
        let scopes = vec!["clips:read:list_user_clips:master".into()];
        assert_eq!(
            failure(FailureKind::MissingScope { scopes }).to_string(),
            "GET /accounts/abc/clips failed after 3 attempts in 2s 345ms: 400 \"No.\" (code 4711) \
             [tracking id v=2.0;clid=us02;rid=WEB_1]; add the scope \
             clips:read:list_user_clips:master to the Zoom app, then run again"
        );
    }

    #[test]
    fn a_daily_limit_says_when_to_come_back() {
        let retry_at = Some("2026-11-24T00:00:00Z".parse().unwrap());
        let mut failure = failure(FailureKind::DailyLimit { retry_at });
        failure.attempts = 1;
        failure.elapsed = Duration::from_millis(75_900);
        failure.tracking_id = None;
        assert_eq!(
            failure.to_string(),
            "GET /accounts/abc/clips failed after 1 attempt in 1m 15s: 400 \"No.\" (code 4711); \
             the account's daily limit is used up: run again after 2026-11-24T00:00:00Z"
        );
    }

    #[test]
    fn what_was_never_sent_names_no_attempts() {
        let failure = Failure::unsent(FailureKind::BadRequest, "GET /".into(), "no such path");
        assert_eq!(
            failure.to_string(),
            "GET / failed: no such path; check the filters and the base URL"
        );
    }
}
