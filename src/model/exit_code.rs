//! What the process says to its caller, and the one table of it that help, check and manual show.

use std::fmt::Write;

use textwrap::{Options, WordSplitter};

/// What the process says to its caller: cron, systemd, an orchestrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Published and verified, or unverified and said so.
    Success = 0,
    /// Bad arguments or settings; nothing was sent.
    Usage = 2,
    /// An audit found something, or `diff` a difference and was to say so by its exit code.
    Findings = 3,
    /// Counts do not agree, or `verify` found something.
    Incomplete = 65,
    /// A fault of ours.
    Internal = 70,
    /// The output cannot be written.
    CannotWrite = 73,
    /// Come back later; running it again resumes.
    TryAgain = 75,
    /// Credentials, scope or permission.
    NotAllowed = 77,
    /// SIGHUP; running it again resumes.
    HungUp = 129,
    /// SIGINT; running it again resumes.
    Interrupted = 130,
    /// SIGTERM; running it again resumes.
    Terminated = 143,
}

impl ExitCode {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Usage,
        Self::Findings,
        Self::Incomplete,
        Self::Internal,
        Self::CannotWrite,
        Self::TryAgain,
        Self::NotAllowed,
        Self::HungUp,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What it means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done; an export was published, verified or unverified",
            Self::Usage => {
                "bad arguments or settings, or an address or certificate that does not fit"
            }
            Self::Findings => "an audit found what breaks a rule, or a diff what it was to find",
            Self::Incomplete => "incomplete, damaged, or worse than what it would replace",
            Self::Internal => "a fault of ours",
            Self::CannotWrite => "the output cannot be written",
            Self::TryAgain => "come back later: a limit, an outage, another export",
            Self::NotAllowed => "credentials, scope or permission",
            Self::HungUp => "stopped by SIGHUP",
            Self::Interrupted => "stopped by SIGINT",
            Self::Terminated => "stopped by SIGTERM",
        }
    }

    /// Whether it passes without anybody's doing: running the same command again later may end well.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::TryAgain | Self::HungUp | Self::Interrupted | Self::Terminated
        )
    }

    /// What to do then.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Success => "Nothing.",
            Self::Usage => "Correct what the message names; trying again alone does not help.",
            Self::Findings => "Read them: the command has done what it was asked for.",
            Self::Incomplete => {
                "Run an export again: it lists only what is missing. A snapshot that `verify` \
                 finds damaged has to be exported again or restored."
            }
            Self::Internal => "Please report it, with the message.",
            Self::CannotWrite => "Make room, or give the folder to the user that runs it.",
            Self::TryAgain => {
                "Run the same command again later: it goes on from where it stopped. The message \
                 says when, where the service does."
            }
            Self::NotAllowed => {
                "Add the scope that the message names to the app, or correct the credentials; \
                 trying again alone does not help."
            }
            Self::HungUp | Self::Interrupted | Self::Terminated => {
                "Run the same command again: an export goes on from where it stopped."
            }
        }
    }
}

/// A line for each code: number and meaning, indented by two.
#[must_use]
pub(crate) fn table() -> String {
    let mut text = String::new();
    for code in ExitCode::ALL {
        // Writing to a string does not fail.
        _ = writeln!(text, "  {:>3}  {}", code as u8, code.meaning());
    }
    text
}

/// The table with what to do for each code.
#[must_use]
pub(crate) fn topic() -> String {
    let lines = Options::new(79)
        .initial_indent(INDENT)
        .subsequent_indent(INDENT)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut text = "How a command ends, and what to do then:\n".to_owned();
    for code in ExitCode::ALL {
        // Writing to a string does not fail.
        _ = writeln!(text, "\n{:>3}  {}", code as u8, code.meaning());
        _ = writeln!(text, "{}", textwrap::fill(code.remedy(), &lines));
    }
    text
}

/// As wide as a number and what stands around it.
const INDENT: &str = "     ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_stand_in_the_table_in_order_and_each_says_what_to_do() {
        let codes: Vec<u8> = table()
            .lines()
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(codes, [0, 2, 3, 65, 70, 73, 75, 77, 129, 130, 143]);
        let words: Vec<String> = topic().split_whitespace().map(str::to_owned).collect();
        let words = words.join(" ");
        for code in ExitCode::ALL {
            let entry = format!("{} {} {}", code as u8, code.meaning(), code.remedy());
            assert!(words.contains(&entry), "no {entry:?} in {words}");
        }
    }

    #[test]
    fn the_topic_fits_a_terminal_of_80_columns() {
        for line in topic().lines() {
            assert!(line.chars().count() < 80, "{line}");
        }
    }
}
