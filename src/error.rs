//! Every stage's error in one enum, and the one match that makes exit codes of them.

use crate::crawl::CrawlError;
use crate::diff::DiffError;
use crate::disk::DiskError;
use crate::model::exit_code::ExitCode;
use crate::settings::SettingsError;
use crate::snapshot::manifest::Shrunk;
use crate::zoom::{Failure, FailureKind};

/// What ends a query or an audit.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct SqlFailure {
    /// What is wrong, and what to do.
    pub why: String,
    /// How the command ends.
    pub code: ExitCode,
}

impl From<Error> for SqlFailure {
    fn from(error: Error) -> Self {
        Self {
            why: error.to_string(),
            code: error.exit_code(),
        }
    }
}

impl From<DiskError> for SqlFailure {
    fn from(error: DiskError) -> Self {
        Error::from(error).into()
    }
}

/// What ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Config(#[from] SettingsError),
    #[error(transparent)]
    Service(Box<Failure>),
    /// The output folder or a snapshot.
    #[error(transparent)]
    Snapshot(#[from] DiskError),
    /// Two snapshots could not be compared.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// A query or an audit.
    #[error(transparent)]
    Sql(#[from] SqlFailure),
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Transport(String),
    /// Threads, or the handling of signals, could not be set up.
    #[error("cannot start: {0}")]
    Runtime(String),
    /// The sandbox could not be started.
    #[error("cannot start the sandbox: {0}")]
    Sandbox(std::io::Error),
    /// The port that was asked for is not to be had.
    #[error(
        "cannot start the sandbox on port {port}: {source}; give another --port, or leave it out for a \
         free one"
    )]
    SandboxPort { port: u16, source: std::io::Error },
    /// A check found what stands against an export.
    #[error("an export would fail: {why}")]
    NotReady {
        /// What was found, each thing with what to do about it.
        why: String,
        /// How the export would end.
        code: ExitCode,
    },
    /// The census was published as it was allowed to be.
    #[error(
        "published, but incomplete: {why}; the manifest names each, and an export run again lists only what \
         is missing"
    )]
    PublishedIncomplete { why: String },
    /// A snapshot is not what its manifest says, or a manifest not what those after it say.
    #[error("{what}: {why}; restore what differs, or export the date again")]
    NotAsPublished { what: String, why: String },
    /// The report could not be written to stdout.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    /// What a command has done is done, and could not be said on stdout.
    #[error(
        "{done}, which could not be printed: cannot write to stdout: {source}; nothing has to be done again, \
         but see where stdout leads, and free space there"
    )]
    DoneUnprinted {
        /// What was done, in words.
        done: String,
        source: std::io::Error,
    },
    /// A panic, which has told its reason on stderr.
    #[error(
        "this is a fault of the program; please report it with the lines above, which say where it is"
    )]
    Panicked,
    /// The app may list only its own user's clips.
    #[error(
        "the app was granted none of the scopes {wanted} that listing all clips needs (it has: \
         {granted}): add one to the app, then run again"
    )]
    Scope {
        /// The scopes of which one is needed.
        wanted: String,
        /// The scopes that it has.
        granted: String,
    },
    /// The output folder holds the census of something else.
    #[error(
        "{out} holds a census with {theirs}, and this one has {ours}: give another --out, so that \
         a reader never mixes the two"
    )]
    OtherCensus {
        out: String,
        /// What the latest manifest says.
        theirs: String,
        /// What was asked for.
        ours: String,
    },
    /// The export would put a worse snapshot in the place of a better one.
    #[error("{why}: nothing is replaced; take another --out, or give --replace")]
    WouldBeWorse { why: String },
    /// It turned out to be worse than the one whose place it would take.
    #[error(
        "{why}: nothing was replaced; run it again with --replace to publish what was listed, or with \
         --fresh to list it again"
    )]
    IsWorse { why: String },
    /// Far fewer clips than there were.
    #[error(
        "{0}: more are gone than --max-shrink allows, and nothing was published; an app that has lost a \
         permission looks like this. If so many are gone, run it again with --max-shrink 1, which publishes \
         what was listed; if not, mend that and run it again, which lists again"
    )]
    Shrunk(Shrunk),
    /// Not every clip is proven to be there.
    #[error(
        "the census is incomplete and was not published: {why}; run it again to list only what is \
         missing, or publish what there is with --allow-incomplete"
    )]
    Incomplete {
        /// Windows and accounts, in words.
        why: String,
        /// That of the accounts that could not be listed, where nothing else is missing and all failed
        /// alike.
        code: ExitCode,
    },
    #[error("stopped by {signal}")]
    Stopped {
        signal: &'static str,
        /// The exit code that tells of it.
        code: ExitCode,
    },
    /// An export was stopped, and what it had listed is kept.
    #[error("stopped by {signal}; run the same command again to go on from here")]
    StoppedMidway {
        signal: &'static str,
        code: ExitCode,
    },
    /// An export was stopped before it had anything to keep.
    #[error(
        "stopped by {signal} before any clip was listed; run the same command again to begin anew"
    )]
    StoppedEarly {
        signal: &'static str,
        code: ExitCode,
    },
    /// Sums that must agree do not.
    #[error(
        "the counts of this run contradict each other ({0}): nothing was published; please report it"
    )]
    Miscounted(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Service(Box::new(failure))
    }
}

impl From<CrawlError> for Error {
    fn from(error: CrawlError) -> Self {
        match error {
            CrawlError::Service(failure) => Self::Service(failure),
            CrawlError::Spool(error) => Self::Snapshot(error),
        }
    }
}

impl Error {
    /// The same of an export: where it was stopped, whether something is kept.
    #[must_use]
    pub(crate) fn of_export(self, has_kept: bool) -> Self {
        match self {
            Self::Stopped { signal, code } if has_kept => Self::StoppedMidway { signal, code },
            Self::Stopped { signal, code } => Self::StoppedEarly { signal, code },
            other => other,
        }
    }

    /// The exit code for it.
    #[must_use]
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_)
            | Self::SandboxPort { .. }
            | Self::OtherCensus { .. }
            | Self::WouldBeWorse { .. } => ExitCode::Usage,
            Self::Service(failure) => service_exit_code(&failure.kind),
            Self::Snapshot(error) => snapshot_exit_code(error),
            Self::Diff(error) => diff_exit_code(error),
            Self::Sql(failure) => failure.code,
            Self::Scope { .. } => ExitCode::NotAllowed,
            Self::NotAsPublished { .. }
            | Self::PublishedIncomplete { .. }
            | Self::IsWorse { .. }
            | Self::Shrunk(_) => ExitCode::Incomplete,
            Self::Stdout(_) | Self::DoneUnprinted { .. } => ExitCode::CannotWrite,
            Self::NotReady { code, .. }
            | Self::Incomplete { code, .. }
            | Self::Stopped { code, .. }
            | Self::StoppedMidway { code, .. }
            | Self::StoppedEarly { code, .. } => *code,
            Self::Transport(_)
            | Self::Runtime(_)
            | Self::Sandbox(_)
            | Self::Panicked
            | Self::Miscounted(_) => ExitCode::Internal,
        }
    }
}

/// How a call that gave up ends a command.
pub(crate) fn service_exit_code(kind: &FailureKind) -> ExitCode {
    match kind {
        FailureKind::Credentials
        | FailureKind::ProxyCredentials { .. }
        | FailureKind::MissingScope { .. }
        | FailureKind::Forbidden
        | FailureKind::NotFound => ExitCode::NotAllowed,
        FailureKind::BadRequest
        | FailureKind::WindowRefused { .. }
        | FailureKind::Redirected { .. }
        | FailureKind::Proxy
        | FailureKind::Untrusted => ExitCode::Usage,
        FailureKind::DailyLimit { .. }
        | FailureKind::TokensRefused
        | FailureKind::Throttled
        | FailureKind::Unavailable
        | FailureKind::Unusable
        | FailureKind::PageTokenRefused => ExitCode::TryAgain,
    }
}

fn snapshot_exit_code(error: &DiskError) -> ExitCode {
    match error {
        DiskError::AnotherExport { .. } | DiskError::TakenOver { .. } => ExitCode::TryAgain,
        DiskError::NoSnapshot { .. } | DiskError::NoOutput { .. } => ExitCode::Usage,
        error if error.is_damaged() => ExitCode::Incomplete,
        _ => ExitCode::CannotWrite,
    }
}

fn diff_exit_code(error: &DiffError) -> ExitCode {
    match error {
        DiffError::Snapshot(error) => snapshot_exit_code(error),
        DiffError::NothingToCompare(_) | DiffError::OtherCensus { .. } | DiffError::Terminal => {
            ExitCode::Usage
        }
        DiffError::Unproven { .. } => ExitCode::Incomplete,
        DiffError::SetAside(_) | DiffError::Output(_) => ExitCode::CannotWrite,
        DiffError::Rows(_) => ExitCode::Internal,
    }
}
