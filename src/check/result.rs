//! What a check found: a result for each thing that it looked at, shown as a line.

use crate::error::Error;
use crate::model::exit_code::ExitCode;
use crate::zoom::Failure;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// An export can begin, but not all is as it should be.
    Warning,
    /// An export would fail.
    Failed,
}

impl State {
    /// In a word.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckResult {
    pub state: State,
    /// What it is: `proxy`, `credentials`, `scopes`, `reach`, `export`, `records`, `service`, `clock` or `output`.
    pub about: &'static str,
    /// What was found, and what to do about it.
    pub text: String,
    /// How an export would end for it.
    pub exit_code: ExitCode,
}

impl CheckResult {
    pub(super) fn ok(about: &'static str, text: String) -> Self {
        Self {
            state: State::Ok,
            about,
            text,
            exit_code: ExitCode::Success,
        }
    }

    pub(super) fn warning(about: &'static str, text: String) -> Self {
        Self {
            state: State::Warning,
            ..Self::ok(about, text)
        }
    }

    pub(super) fn failed(about: &'static str, text: String, exit_code: ExitCode) -> Self {
        Self {
            state: State::Failed,
            about,
            text,
            exit_code,
        }
    }

    pub(super) fn error(about: &'static str, error: &Error) -> Self {
        Self::failed(about, error.to_string(), error.exit_code())
    }

    pub(super) fn failure(about: &'static str, failure: &Failure) -> Self {
        Self::error(about, &Error::from(failure.clone()))
    }
}

impl std::fmt::Display for CheckResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:<7}  {:<11}  {}",
            self.state.name(),
            self.about,
            self.text
        )
    }
}

/// How the whole check ends: by the failure that takes longest to mend. Without rights nothing can be
/// tried, without a folder nothing kept; what passes by itself comes last.
#[must_use]
pub(crate) fn worst(results: &[CheckResult]) -> ExitCode {
    let order = [
        ExitCode::NotAllowed,
        ExitCode::CannotWrite,
        ExitCode::Usage,
        ExitCode::TryAgain,
    ];
    let codes = || results.iter().map(|result| result.exit_code);
    let known = order.into_iter().find(|code| codes().any(|it| it == *code));
    let other = || codes().find(|code| *code != ExitCode::Success);
    known.or_else(other).unwrap_or(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_worst_and_warnings_have_none() {
        let failed = |code| CheckResult::failed("output", String::new(), code);
        let fine = CheckResult::ok("clock", String::new());
        let warning = CheckResult::warning("clock", String::new());
        assert_eq!(worst(&[fine.clone(), warning]), ExitCode::Success);
        let (later, write) = (failed(ExitCode::TryAgain), failed(ExitCode::CannotWrite));
        assert_eq!(worst(&[later.clone(), fine]), ExitCode::TryAgain);
        assert_eq!(worst(&[later, write.clone()]), ExitCode::CannotWrite);
        let rights = failed(ExitCode::NotAllowed);
        assert_eq!(worst(&[write, rights]), ExitCode::NotAllowed);
        let ours = failed(ExitCode::Internal);
        assert_eq!(worst(&[ours]), ExitCode::Internal);
    }

    #[test]
    fn lines_are_aligned() {
        let line = CheckResult::warning("clock", "late".to_owned());
        assert_eq!(line.to_string(), "warning  clock        late");
    }
}
