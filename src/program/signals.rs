//! Work that a signal stops: SIGINT and SIGTERM end it, and the process when they come twice.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Error;
use crate::model::exit_code::ExitCode;

/// How long work on files that is under way gets to end once the rest has; nothing depends on it.
const GRACE: Duration = Duration::from_secs(1);

/// Runs work until it is done, or a signal stops it. A second signal ends the process at once.
///
/// The work has threads of its own: whatever holds them up, signals are heard here.
pub(crate) fn until_signal<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let not_started = |error: std::io::Error| Error::Runtime(error.to_string());
    let listener = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(not_started)?;
    let mut signals = {
        let _entered = listener.enter();
        Signals::listen().map_err(not_started)?
    };
    let workers = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(not_started)?;
    let ended = listener.block_on(async {
        let mut work = workers.spawn(work);
        let ended = tokio::select! {
            done = &mut work => Ok(done),
            stopped = signals.next() => {
                work.abort();
                Err(stopped)
            }
        };
        let over = tokio::task::spawn_blocking(move || workers.shutdown_timeout(GRACE));
        tokio::select! {
            _ = over => ended,
            again = signals.next() => exit_at_once(&again),
        }
    });
    ended?.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// The signals that ask the program to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them.
    async fn next(&mut self) -> Error {
        tokio::select! {
            _ = self.interrupt.recv() => Error::Stopped { signal: "SIGINT", code: ExitCode::Interrupted },
            _ = self.terminate.recv() => Error::Stopped { signal: "SIGTERM", code: ExitCode::Terminated },
        }
    }
}

#[expect(clippy::exit, reason = "asked for twice")]
fn exit_at_once(asked: &Error) -> ! {
    std::process::exit(asked.exit_code() as i32);
}
