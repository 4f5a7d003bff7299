//! Whether a simulated account answers: the sandbox says so itself, in a header of every answer. An
//! address of this computer is no sign of it, since a tunnel to Zoom may begin there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;

use crate::zoom::transport::{Request, Response, Transport, TransportError};

/// The header by which the sandbox makes itself known.
const HEADER: &str = "x-clipcensus-sandbox";

/// A transport that looks for the header in every answer.
pub(crate) struct SandboxWatch {
    transport: Arc<dyn Transport>,
    has_answered: AtomicBool,
}

impl SandboxWatch {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            has_answered: AtomicBool::new(false),
        }
    }

    /// Whether any answer so far was the sandbox's.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }
}

impl Transport for SandboxWatch {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let answer = self.transport.send(request).await;
            if let Ok(response) = &answer
                && response.headers.contains_key(HEADER)
            {
                self.has_answered.store(true, Ordering::Relaxed);
            }
            answer
        })
    }
}
