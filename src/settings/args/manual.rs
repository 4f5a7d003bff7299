//! The arguments of `completions` and `man`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use crate::settings::args::headings::MORE;

/// The settings of completions.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus completions bash > ~/.local/share/bash-completion/completions/clipcensus\n  \
    clipcensus completions zsh > ~/.zfunc/_clipcensus\n  \
    clipcensus completions fish > ~/.config/fish/completions/clipcensus.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// The commands that have a man page.
pub const MANUAL: [&str; 12] = [
    "export",
    "check",
    "report",
    "list",
    "verify",
    "diff",
    "audit",
    "query",
    "prune",
    "sandbox",
    "completions",
    "man",
];

/// The settings of a man page.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = "Examples:\n  \
    clipcensus man > ~/.local/share/man/man1/clipcensus.1\n  \
    clipcensus man export > ~/.local/share/man/man1/clipcensus-export.1")]
pub struct ManArgs {
    /// The command; left out, the page of the program.
    #[arg(value_name = "COMMAND", value_parser = PossibleValuesParser::new(MANUAL))]
    pub command: Option<String>,
}
