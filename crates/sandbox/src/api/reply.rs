//! Answers before they are sent: status, headers and body in the service's own shapes.

use std::time::Duration;

use serde_json::json;

use crate::api::endpoint::Label;
use crate::options::{TokenRefusal, TooMany};

/// The header of every answer that says that no Zoom account stands behind it, and what it says.
pub(crate) const SANDBOX_HEADER: &str = "x-clipcensus-sandbox";
pub(crate) const SIMULATED: &str = "simulated account";

/// An answer before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
    /// What comes on top of the ordinary latency.
    pub(crate) delay: Duration,
    /// The code in the body, for the report.
    pub(crate) code: Option<i64>,
    /// Records in it.
    pub(crate) records: u64,
}

/// How far the answer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Half the body, then the connection is closed.
    Cut,
    /// Half the body, then the connection is reset.
    CutByReset,
    /// Half the body, then nothing more.
    Endless,
    /// The connection is closed.
    Closed,
    /// The connection is reset.
    Reset,
    /// Nothing is sent.
    Silent,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Reply {
        Reply {
            status,
            content_type: "application/json;charset=UTF-8",
            headers: Vec::new(),
            body,
            delivery: Delivery::Whole,
            delay: Duration::ZERO,
            code: None,
            records: 0,
        }
    }

    pub(crate) fn error(status: u16, code: i64, message: &str) -> Reply {
        let body = json!({ "code": code, "message": message });
        Reply {
            code: Some(code),
            ..Reply::json(status, body.to_string().into_bytes())
        }
    }

    /// A parameter that cannot be used: the generic code 300.
    pub(crate) fn invalid(field: &str, message: &str) -> Reply {
        let body = json!({
            "code": 300,
            "message": "Validation Failed.",
            "errors": [{ "field": field, "message": message }],
        });
        Reply {
            code: Some(300),
            ..Reply::json(400, body.to_string().into_bytes())
        }
    }

    /// A page token that is no good, in the words of clips or of users.
    pub(crate) fn page_token(clips: bool) -> Reply {
        Reply::error(
            400,
            300,
            if clips {
                "Pagination Error"
            } else {
                "The next page token is invalid or expired."
            },
        )
    }

    /// The token endpoint's own shape of an error.
    pub(crate) fn oauth_error(status: u16, reason: &str, error: &str) -> Reply {
        let body = json!({ "reason": reason, "error": error });
        Reply::json(status, body.to_string().into_bytes())
    }

    pub(crate) fn token_refused(refusal: TokenRefusal, expired: bool) -> Reply {
        let message = if expired {
            "AccessTokens token is expired."
        } else {
            "Invalid access token."
        };
        match refusal {
            TokenRefusal::Unauthorized124 => Reply::error(401, 124, message),
            TokenRefusal::BadRequest124 => Reply::error(400, 124, message),
            TokenRefusal::Unauthorized1002 => Reply::error(401, 1002, "No authenticated"),
        }
    }

    /// 429; `limit` and `until` (ISO 8601) are for the daily kind.
    pub(crate) fn too_many(kind: TooMany, label: Label, limit: u64, until: &str) -> Reply {
        let message = match kind {
            TooMany::Daily => {
                "You have reached the maximum daily rate limit for this API. Refer to the \
                 response header for details on when you can make another request."
            }
            TooMany::PerSecond | TooMany::Bare => {
                "You have reached the maximum per-second rate limit for this API. Try again later."
            }
        };
        let mut reply = Reply::error(429, 429, message);
        let category = ("X-RateLimit-Category", label.name().to_owned());
        reply.headers = match kind {
            TooMany::Bare => Vec::new(),
            TooMany::PerSecond => vec![category, ("X-RateLimit-Type", "QPS".to_owned())],
            TooMany::Daily => vec![
                category,
                ("X-RateLimit-Type", "Daily-limit".to_owned()),
                ("X-RateLimit-Limit", limit.to_string()),
                ("X-RateLimit-Remaining", "0".to_owned()),
                ("Retry-After", until.to_owned()),
            ],
        };
        reply
    }

    /// A proxy's web page.
    pub(crate) fn html(status: u16) -> Reply {
        let text = match status {
            502 => "502 Bad Gateway",
            503 => "503 Service Temporarily Unavailable",
            504 => "504 Gateway Time-out",
            _ => "Error",
        };
        let body = format!(
            "<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1>\
             </center>\r\n<hr><center>edge</center>\r\n</body>\r\n</html>\r\n"
        );
        Reply {
            content_type: "text/html",
            ..Reply::json(status, body.into_bytes())
        }
    }

    /// Its name in the report: the status, and the code if there is one.
    pub(crate) fn outcome(&self) -> String {
        match (self.delivery, self.code) {
            (Delivery::Whole, Some(code)) => format!("{} code {code}", self.status),
            (Delivery::Whole, None) => self.status.to_string(),
            (Delivery::Cut | Delivery::CutByReset, _) => "cut short".to_owned(),
            (Delivery::Endless, _) => "without end".to_owned(),
            (Delivery::Closed | Delivery::Reset, _) => "closed".to_owned(),
            (Delivery::Silent, _) => "silent".to_owned(),
        }
    }
}
