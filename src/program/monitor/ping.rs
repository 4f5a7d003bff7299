//! Calls the address of a monitor, in the manner of healthchecks.io: that it was called is the message.

use std::time::Duration;

use crate::program::progress::log::caveat;
use crate::settings::PingUrl;
use crate::zoom::transport::{Authorization, Method, Request, Transport, TransportError};
use crate::zoom::{HttpTransport, Proxies, Timeouts};

/// How long one call takes at most.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often it is tried: a call that is lost looks like an export that never ended.
const ATTEMPTS: u32 = 2;

/// Calls the address with this word behind it. The word is all that is sent.
pub(super) async fn ping(url: &PingUrl, proxies: Proxies, word: Option<&str>) {
    let timeouts = Timeouts {
        connect: TIMEOUT,
        first_byte: TIMEOUT,
        whole: TIMEOUT,
        ..Timeouts::default()
    };
    let transport = match HttpTransport::by(timeouts, proxies) {
        Ok(transport) => transport,
        Err(error) => return warn(url, word, &error.to_string()),
    };
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        let request = Request {
            method: Method::Get,
            url: url.with(word),
            authorization: Authorization::Anonymous,
            form: None,
        };
        why = match transport.send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => return,
            Ok(answer) => format!("it answers {}", answer.status),
            Err(TransportError::Redirect { to, .. }) => {
                format!("it points to {to}, which is not followed")
            }
            Err(error) => error.to_string(),
        };
    }
    warn(url, word, &why);
}

/// The path may be a secret.
fn warn(url: &PingUrl, word: Option<&str>, why: &str) {
    let word = word.map_or_else(String::new, |word| format!(" with /{word}"));
    let host = url.host();
    caveat(&format!(
        "the ping URL at {host} could not be called{word}: {why}"
    ));
}
