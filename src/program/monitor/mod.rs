//! How an export ended, told to those who watch over it: a metrics file, and an address that is
//! called. Whatever goes wrong with that is said, and changes neither the export nor its exit.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

mod counts;
mod gauges;
mod metrics;
mod ping;

pub use gauges::Gauges;

use crate::disk::file::folder_of;
use crate::error::Error;
use crate::event::Listener;
use crate::model::exit_code::ExitCode;
use crate::program::monitor::counts::Counts;
use crate::program::monitor::metrics::Ended;
use crate::program::monitor::ping::ping;
use crate::program::progress::log::caveat;
use crate::program::signals::Signals;
use crate::settings::args::ExportArgs;
use crate::settings::{Environment, MonitorSettings};

/// Watches one export from before its settings are resolved until it has ended, however that is.
pub(crate) struct Monitor {
    settings: MonitorSettings,
    counts: Arc<Counts>,
    started_at: Timestamp,
    clock: Instant,
}

impl Monitor {
    /// Begins to watch.
    pub(crate) fn of(args: &ExportArgs, environment: &Environment, now: Timestamp) -> Self {
        Self {
            settings: MonitorSettings::of(args, environment),
            counts: Arc::default(),
            started_at: now,
            clock: Instant::now(),
        }
    }

    /// What has to hear of the events of the export.
    pub(crate) fn listener(&self) -> Arc<dyn Listener> {
        Arc::clone(&self.counts) as _
    }

    /// Where the metrics file is written, if there is to be one.
    pub(crate) fn metrics_folder(&self) -> Option<&Path> {
        self.settings.metrics_file.as_deref().map(folder_of)
    }

    /// Tells that the export begins.
    pub(crate) fn started(&self) -> impl Future<Output = ()> + Send + 'static {
        let (url, proxies) = (
            self.settings.ping_url.clone(),
            self.settings.proxies.clone(),
        );
        async move {
            if let Some(url) = url {
                ping(&url, proxies, Some("start")).await;
            }
        }
    }

    /// Takes the export to its end, and tells how it ended: also where it panics, which goes on then.
    pub(crate) fn watch<T>(
        &self,
        signals: &Signals,
        exit_code: impl FnOnce(&T) -> ExitCode,
        export: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let ended = catch_unwind(AssertUnwindSafe(export));
        let exit_code = match &ended {
            Ok(Ok(done)) => exit_code(done),
            Ok(Err(error)) => error.exit_code(),
            Err(_) => ExitCode::Internal,
        };
        self.ended(exit_code, Timestamp::now(), signals);
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Tells how it ended.
    pub(crate) fn ended(&self, exit_code: ExitCode, now: Timestamp, signals: &Signals) {
        if let Some(path) = &self.settings.metrics_file {
            let ended = Ended {
                out: self.settings.out.as_deref(),
                exit_code,
                started_at: self.started_at,
                over_at: now,
                took: self.clock.elapsed(),
                counts: &self.counts,
            };
            if let Err(error) = ended.write(path) {
                caveat(&format!(
                    "the metrics file {} was not written: {error}; make its folder, let this user write \
                     there, and look at the free space",
                    path.display()
                ));
            }
        }
        if let Some(url) = self.settings.ping_url.clone() {
            let code = (exit_code as u8).to_string();
            let proxies = self.settings.proxies.clone();
            let pinged = signals.until_signal(async move {
                let word = (exit_code != ExitCode::Success).then_some(code.as_str());
                ping(&url, proxies, word).await;
                Ok(())
            });
            if let Err(error) = pinged {
                caveat(&format!("the ping URL may not have been called: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_export_that_panics_leaves_metrics_with_the_code_of_a_fault_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.prom");
        let monitor = Monitor {
            settings: MonitorSettings {
                metrics_file: Some(path.clone()),
                ..MonitorSettings::default()
            },
            counts: Arc::default(),
            started_at: Timestamp::UNIX_EPOCH,
            clock: Instant::now(),
        };
        let signals = Signals::listen().unwrap();
        let work = || -> Result<(), Error> { panic!("planted") };
        let watch = || monitor.watch(&signals, |()| ExitCode::Success, work);
        assert!(catch_unwind(AssertUnwindSafe(watch)).is_err());
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("clipcensus_exit_code{out=\"\"} 70\n"),
            "{text}"
        );
        assert!(text.contains("clipcensus_success{out=\"\"} 0\n"), "{text}");
    }
}
