//! The arguments of `sandbox`.

use std::path::PathBuf;

use clap::Args;

use crate::settings::args::headings::MORE;

/// The settings of a simulated account.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus sandbox                                   50,000 clips on a free port\n  \
    clipcensus sandbox --clips 240000 --set history=bursty --set latency=200ms\n  \
    clipcensus sandbox --set limits.light-per-second=80 --set behaviour.end-token=null\n  \
    clipcensus sandbox --set 'faults.rules=[{ fault={ html=503 }, when={ rate=0.02 } }]'\n\n\
    Keys of --set, and of a scenario:\n  \
    clips seed history owners sub-accounts since until same-second undated latency jitter\n  \
    limits. light-per-second medium-per-second light-per-day other-client-share\n  \
    behaviour. over-range page-size from-inclusive to-inclusive no-dates lists-deleted end-token\n    \
    total-records total-cap filter-shift filtered-date order paging page-token-lifetime\n    \
    access-token-lifetime api-url oauth-query token-refusal scope-names scopes own-account gzip\n    \
    clock-ahead dates tags null-tags\n  \
    drift. every changes at-once kinds in-turn stamps modified-dates\n  \
    faults. rules (each with fault when on account) oddities (with one-in kinds)\n\
    docs/sandbox.md says what they do. A value that is not known is answered with those that are.\n\n\
    While it runs, GET /sandbox/report tells what it was asked, and GET /sandbox/truth what a\n\
    perfect census would find.")]
pub struct SandboxArgs {
    /// Port on the loopback address; 0 takes a free one.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        env = "CLIPCENSUS_SANDBOX_PORT"
    )]
    pub port: u16,

    /// Clips in all [default: 50000]
    #[arg(long, value_name = "CLIPS", env = "CLIPCENSUS_SANDBOX_CLIPS")]
    pub clips: Option<u64>,

    /// The same seed makes the same account [default: 1]
    #[arg(long, value_name = "SEED", env = "CLIPCENSUS_SANDBOX_SEED")]
    pub seed: Option<u64>,

    /// A TOML file with options, behaviours and faults.
    #[arg(long, value_name = "FILE", env = "CLIPCENSUS_SANDBOX_SCENARIO")]
    pub scenario: Option<PathBuf>,

    /// One option on top of the file, in TOML; may be given more than once.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}
