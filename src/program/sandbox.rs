//! The command `sandbox`.

use std::io;

use clipcensus_sandbox::{Sandbox, SandboxOptions, scenario};
use jiff::Timestamp;

use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::program::signals::Signals;
use crate::program::stdout::print;
use crate::settings::args::SandboxArgs;
use crate::settings::{SettingsError, text_file};

pub(super) fn run_sandbox(args: &SandboxArgs, signals: &Signals) -> Result<ExitCode, Error> {
    let options = sandbox_options(args, Timestamp::now())?;
    let (port, until) = (args.port, options.until);
    let ended: Result<(), Error> = signals.until_signal(async move {
        let sandbox = Sandbox::start(options, port).await;
        let sandbox = sandbox.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => {
                Error::SandboxPort { port, source }
            }
            io::ErrorKind::InvalidInput => SettingsError::Sandbox(source).into(),
            _ => Error::Sandbox(source),
        })?;
        let access = sandbox.credentials();
        print(&format!(
            "# A simulated Zoom account. In another terminal:\n\
             export CLIPCENSUS_BASE_URL={}\n\
             export CLIPCENSUS_OAUTH_URL={}\n\
             export ZOOM_ACCOUNT_ID={}\n\
             export ZOOM_CLIENT_ID={}\n\
             export ZOOM_CLIENT_SECRET={}\n\
             # clipcensus export --out census\n\
             # The same clips again on another day: add --set until={until} to the sandbox\n",
            sandbox.api_url(),
            sandbox.oauth_url(),
            access.account_id,
            access.client_id,
            access.client_secret,
        ))?;
        std::future::pending::<()>().await;
        Ok(())
    });
    match ended {
        // To be stopped is how it ends.
        Ok(()) | Err(Error::Stopped { .. }) => Ok(ExitCode::Success),
        Err(error) => Err(error),
    }
}

/// Bytes of a scenario at most.
const LONGEST_SCENARIO: u64 = 1 << 20;

/// Flags, then settings, then the file, then the defaults; `until` is the present.
fn sandbox_options(args: &SandboxArgs, now: Timestamp) -> Result<SandboxOptions, Error> {
    let text = match &args.scenario {
        Some(path) => {
            let read = text_file::read(path, LONGEST_SCENARIO);
            read.map_err(|source| SettingsError::ScenarioFile {
                path: path.clone(),
                source,
            })?
        }
        None => String::new(),
    };
    let present = format!("clips = 50_000\nuntil = {}\n", now.as_second());
    let mut options = scenario(&[&text, &present], &args.set).map_err(SettingsError::Scenario)?;
    options.clips = args.clips.unwrap_or(options.clips);
    options.seed = args.seed.unwrap_or(options.seed);
    Ok(options)
}
