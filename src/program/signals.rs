//! The signals that ask the program to stop: they end the work that wants to hear of them, and
//! otherwise the process, also as the first of a container, where the kernel drops those that nobody
//! handles.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::model::exit_code::ExitCode;

/// How long work on files that is under way gets to end once the rest has; nothing depends on it.
const GRACE: Duration = Duration::from_secs(1);

/// Who is told of the next signal; nobody is told twice.
type Listener = Arc<Mutex<Option<oneshot::Sender<Error>>>>;

/// The signals, heard on a thread of their own, whatever holds the others up.
pub(crate) struct Signals(Listener);

impl Signals {
    /// Hears them from here on.
    ///
    /// # Errors
    /// If the system does not let them be handled.
    pub(crate) fn listen() -> Result<Self, Error> {
        let listener = Listener::default();
        let signals = Self(Arc::clone(&listener));
        let hearing = runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(not_started)?;
        let mut heard = {
            let _entered = hearing.enter();
            Heard::handle().map_err(not_started)?
        };
        let hear = move || {
            hearing.block_on(async {
                loop {
                    let stopped = heard.next().await;
                    let told = lock(&listener).take();
                    let untold = match told {
                        Some(told) => told.send(stopped).err(),
                        None => Some(stopped),
                    };
                    if let Some(stopped) = untold {
                        exit_at_once(&stopped);
                    }
                }
            });
        };
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(hear).map_err(not_started)?;
        Ok(signals)
    }

    /// Runs work until it is done, or a signal stops it. A second signal ends the process at once.
    pub(crate) fn until_signal<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let workers = runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(not_started)?;
        let (tell, mut stopped) = oneshot::channel();
        *lock(&self.0) = Some(tell);
        let mut ended = workers.block_on(async {
            let mut work = tokio::spawn(work);
            tokio::select! {
                done = &mut work => Ok(done),
                Ok(stopped) = &mut stopped => {
                    work.abort();
                    Err(stopped)
                }
            }
        });
        *lock(&self.0) = None;
        // One that came just as the work was done must not be lost: what follows may hang.
        if ended.is_ok()
            && let Ok(stopped) = stopped.try_recv()
        {
            ended = Err(stopped);
        }
        workers.shutdown_timeout(GRACE);
        ended?.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }
}

fn lock(listener: &Listener) -> std::sync::MutexGuard<'_, Option<oneshot::Sender<Error>>> {
    listener.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn not_started(error: std::io::Error) -> Error {
    Error::Runtime(error.to_string())
}

/// The signals that ask the program to stop.
struct Heard {
    interrupt: Signal,
    terminate: Signal,
    /// None where whoever started the program has it ignored, as `nohup` does.
    hang_up: Option<Signal>,
}

impl Heard {
    fn handle() -> std::io::Result<Self> {
        let hang_up = (!is_hang_up_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: hang_up.transpose()?,
        })
    }

    /// Waits for the next of them.
    async fn next(&mut self) -> Error {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        let (signal, code) = tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", ExitCode::Interrupted),
            _ = self.terminate.recv() => ("SIGTERM", ExitCode::Terminated),
            _ = hang_up => ("SIGHUP", ExitCode::HungUp),
        };
        Error::Stopped { signal, code }
    }
}

/// Whether SIGHUP is ignored, as the kernel shows it; where it does not, it is not.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signals count from 1, which is SIGHUP.
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[expect(clippy::exit, reason = "asked for, and nobody else ends the process")]
fn exit_at_once(asked: &Error) -> ! {
    std::process::exit(asked.exit_code() as i32);
}
