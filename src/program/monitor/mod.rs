//! How an export ended, told to those who watch over it: a metrics file, and an address that is
//! called. Whatever goes wrong with that is said, and changes neither the export nor its exit.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

mod counts;
mod metrics;
mod ping;

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
                caveat(&format!("the metrics file was not written: {error}"));
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
