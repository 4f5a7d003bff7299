//! How one attempt failed, and of which class that is. Pure: what to do about it is for `retry`.

use reqwest::header::HeaderMap;

use crate::event::Outcome;
use crate::redact::redact_message;
use crate::zoom::error_body::{ErrorBody, excerpt};
use crate::zoom::failure::FailureKind;
use crate::zoom::retry_after::{RetryAfter, is_daily};
use crate::zoom::transport::{Response, TransportError};
use crate::zoom::wire::WireError;

/// Codes that say that the access token is no longer accepted: another one may be.
const UNAUTHORIZED: [i64; 2] = [124, 1002];

/// Codes of an app that may not log in at all: disabled, removed, or with wrong credentials.
const APP_REFUSED: std::ops::RangeInclusive<i64> = 4700..=4741;

/// The shortest secret that is looked for in what the service says, in bytes: of a shorter one, any text
/// would be full.
const SHORTEST_SECRET: usize = 8;

/// What an attempt asked for, as the same answer means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A page of the API.
    Page {
        /// Whether it was asked for with a page token.
        page_token: bool,
    },
    AccessToken,
}

/// One attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptError {
    pub asked: Asked,
    pub kind: AttemptErrorKind,
    /// The `x-zm-trackingid` of the answer.
    pub tracking_id: Option<String>,
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttemptErrorKind {
    /// There was no answer.
    #[error("{0}")]
    NoAnswer(TransportError),
    /// The answer was an error.
    #[error("{status}{}", shown(*.code, .message))]
    Refused {
        status: u16,
        code: Option<i64>,
        /// What it said, fit to be shown.
        message: String,
        /// When to come back.
        retry_after: Option<RetryAfter>,
        /// Whether it is about the day's quota.
        daily: bool,
    },
    /// A success that is no answer.
    #[error("{status}, but {why}")]
    Unusable {
        status: u16,
        code: Option<i64>,
        why: String,
    },
}

fn shown(code: Option<i64>, message: &str) -> String {
    match (code, message) {
        (None, "") => String::new(),
        (None, message) => format!(" \"{message}\""),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), message) => format!(" \"{message}\" (code {code})"),
    }
}

/// What helps against a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryClass {
    /// Slower: too many requests a second.
    Throttled,
    /// Tomorrow: the day's quota is used up.
    DailyLimit,
    /// Another access token.
    Unauthorized,
    /// Time: the service or the network is down for now.
    Passing,
    /// Asking again, but not for long: the answer is no answer.
    Unusable,
    /// Nothing.
    Final(FailureKind),
}

impl AttemptError {
    /// There was no answer.
    #[must_use]
    pub fn no_answer(asked: Asked, error: TransportError) -> Self {
        Self {
            asked,
            kind: AttemptErrorKind::NoAnswer(error),
            tracking_id: None,
        }
    }

    /// The answer's status is no success.
    #[must_use]
    pub fn refused(asked: Asked, response: &Response) -> Self {
        let ErrorBody { code, message } = ErrorBody::read(&response.body);
        Self {
            asked,
            kind: AttemptErrorKind::Refused {
                status: response.status,
                code,
                retry_after: RetryAfter::read(&response.headers),
                daily: response.status == 429 && is_daily(&response.headers, &message),
                message,
            },
            tracking_id: tracking_id(&response.headers),
        }
    }

    /// The answer's status is a success and its body is none.
    #[must_use]
    pub fn unusable(asked: Asked, status: u16, headers: &HeaderMap, error: &WireError) -> Self {
        let code = match error {
            WireError::ErrorCode { code, .. } => Some(*code),
            _ => None,
        };
        let why = error.to_string();
        Self {
            asked,
            kind: AttemptErrorKind::Unusable { status, code, why },
            tracking_id: tracking_id(headers),
        }
    }

    /// Takes these out of what the service said, in case that it repeats what it was sent, and what
    /// is secret in the records that it may quote, and then cuts it to what is fit to be shown: a
    /// secret that was cut first would no longer be found.
    #[must_use]
    pub fn without(mut self, secrets: &[&str]) -> Self {
        let clean = |said: &str| {
            let mut said = said.to_owned();
            for secret in secrets.iter().filter(|it| it.len() >= SHORTEST_SECRET) {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                said = said
                    .replace(secret, "[hidden]")
                    .replace(&encoded, "[hidden]");
            }
            excerpt(&redact_message(&said))
        };
        if let AttemptErrorKind::Refused { message: said, .. }
        | AttemptErrorKind::Unusable { why: said, .. } = &mut self.kind
        {
            *said = clean(said);
        }
        self.tracking_id = self.tracking_id.as_deref().map(clean);
        self
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.kind {
            AttemptErrorKind::NoAnswer(TransportError::Redirect { status, .. })
            | AttemptErrorKind::Refused { status, .. }
            | AttemptErrorKind::Unusable { status, .. } => Some(*status),
            AttemptErrorKind::NoAnswer(_) => None,
        }
    }

    /// The service's own code, if it named one.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match &self.kind {
            AttemptErrorKind::Refused { code, .. } | AttemptErrorKind::Unusable { code, .. } => {
                *code
            }
            AttemptErrorKind::NoAnswer(_) => None,
        }
    }

    /// When the service says to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match &self.kind {
            AttemptErrorKind::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What helps.
    #[must_use]
    pub fn class(&self) -> RetryClass {
        match &self.kind {
            AttemptErrorKind::NoAnswer(error) => match error {
                TransportError::Connect { .. }
                | TransportError::Timeout { .. }
                | TransportError::ProxyRefused { .. }
                | TransportError::Interrupted { .. } => RetryClass::Passing,
                TransportError::TooLarge { .. } => RetryClass::Unusable,
                TransportError::Untrusted { .. } | TransportError::NoRoots { .. } => {
                    RetryClass::Final(FailureKind::Untrusted)
                }
                TransportError::Proxy(_) => RetryClass::Final(FailureKind::Proxy),
                TransportError::ProxyCredentials { variable, .. } => {
                    RetryClass::Final(FailureKind::ProxyCredentials { variable })
                }
                TransportError::Redirect { .. } => RetryClass::Final(FailureKind::Redirected {
                    setting: match self.asked {
                        Asked::Page { .. } => "--base-url",
                        Asked::AccessToken => "--oauth-url",
                    },
                }),
                TransportError::Unsendable { .. } => RetryClass::Final(FailureKind::Credentials),
            },
            AttemptErrorKind::Unusable { .. } => RetryClass::Unusable,
            AttemptErrorKind::Refused {
                status,
                code,
                message,
                daily,
                ..
            } => match status {
                429 if *daily => RetryClass::DailyLimit,
                429 => RetryClass::Throttled,
                501 | 505 => RetryClass::Final(FailureKind::Unavailable),
                408 | 500.. => RetryClass::Passing,
                _ => self.client_error(*status, *code, message),
            },
        }
    }

    fn client_error(&self, status: u16, code: Option<i64>, message: &str) -> RetryClass {
        let Asked::Page { page_token } = self.asked else {
            return RetryClass::Final(FailureKind::Credentials);
        };
        let scopes = missing_scopes(message);
        if code == Some(4711) || !scopes.is_empty() {
            return RetryClass::Final(FailureKind::MissingScope { scopes });
        }
        match (status, code) {
            (_, Some(code)) if APP_REFUSED.contains(&code) => {
                RetryClass::Final(FailureKind::Credentials)
            }
            (400 | 401, Some(code)) if UNAUTHORIZED.contains(&code) => RetryClass::Unauthorized,
            (401, _) => RetryClass::Unauthorized,
            (400, Some(300)) if page_token => RetryClass::Final(FailureKind::PageTokenRefused),
            (403, _) | (_, Some(1003)) => RetryClass::Final(FailureKind::Forbidden),
            (404, _) => RetryClass::Final(FailureKind::NotFound),
            _ => RetryClass::Final(FailureKind::BadRequest),
        }
    }

    /// How the attempt counts.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.kind {
            AttemptErrorKind::NoAnswer(TransportError::Timeout { .. }) => Outcome::TimedOut,
            AttemptErrorKind::NoAnswer(
                TransportError::TooLarge { .. } | TransportError::Redirect { .. },
            )
            | AttemptErrorKind::Unusable { .. } => Outcome::Unusable,
            AttemptErrorKind::NoAnswer(_) => Outcome::ConnectionError,
            AttemptErrorKind::Refused { status, .. } => match self.class() {
                RetryClass::Throttled | RetryClass::DailyLimit => Outcome::TooManyRequests,
                RetryClass::Unauthorized => Outcome::Unauthorized,
                RetryClass::Final(FailureKind::PageTokenRefused) => Outcome::PageTokenRefused,
                _ if *status >= 500 => Outcome::ServerError,
                _ => Outcome::ClientError,
            },
        }
    }
}

impl std::fmt::Display for AttemptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}

/// The scopes in `does not contain scopes:[a, b]`, with or without a space before the bracket.
fn missing_scopes(message: &str) -> Vec<String> {
    let list = message
        .split_once("does not contain scopes:")
        .and_then(|(_, rest)| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.split_once(']'));
    let Some((list, _)) = list else {
        return Vec::new();
    };
    list.split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn tracking_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-zm-trackingid")?.to_str().ok()?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests;
