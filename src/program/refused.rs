//! Arguments and variables that the parser does not understand. What they say of where that is to be
//! told counts all the same, as far as it can be read: a nightly job of which a flag is mistyped must not
//! end unheard.

use std::env;
use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::model::exit_code::ExitCode;
use crate::program::monitor::Monitor;
use crate::program::progress::log;
use crate::program::signals::Signals;
use crate::settings::args::{Cli, ExportArgs, LogFormat};
use crate::settings::{Environment, SettingsError, variable_of};

/// Says why arguments are refused, or shows the help that they ask for.
pub(super) fn refuse(refused: &clap::Error, arguments: &[OsString], signals: &Signals) -> ExitCode {
    // Help and version are no errors, and go to stdout.
    if !refused.use_stderr() {
        drop(refused.print());
        return ExitCode::Success;
    }
    let typed = Typed(arguments);
    let format = typed.log_format();
    log::start(false, 0, format);
    if typed.is_export() {
        let (now, environment) = (Timestamp::now(), Environment::of_process());
        let monitor = Monitor::of(&typed.monitored(), &environment, now);
        monitor.ended(ExitCode::Usage, Timestamp::now(), signals);
    }
    let credential = credential_as_flag(refused).map(|error| error.to_string());
    let tip = folder_without_flag(refused, arguments);
    match (credential, format) {
        (Some(error), _) => log::failed(&error, ExitCode::Usage, format),
        (None, LogFormat::Json) => {
            let error =
                in_a_line(refused) + &tip.map_or_else(String::new, |tip| format!("; {tip}"));
            log::failed(&error, ExitCode::Usage, format);
        }
        (None, LogFormat::Text) => {
            drop(refused.print());
            if let Some(tip) = tip {
                log::beneath(&tip);
            }
        }
    }
    ExitCode::Usage
}

/// The refusal of a flag that was to hand over a credential: others see it in the list of processes.
fn credential_as_flag(error: &clap::Error) -> Option<SettingsError> {
    let flag = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(flag) if error.kind() == ErrorKind::UnknownArgument => flag,
        _ => return None,
    };
    let variable = variable_of(flag.trim_start_matches('-'))?;
    let flag = flag.clone();
    Some(SettingsError::CredentialFlag { flag, variable })
}

/// What to do with a word behind `export` or `check`, where a folder stands behind other commands.
fn folder_without_flag(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let has_flag = ["export", "check"].map(|name| arguments.iter().any(|word| word == name));
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(word) if !word.starts_with('-') && has_flag.contains(&true) => Some(
            format!("tip: the folder for the snapshots is named by a flag: --out {word}"),
        ),
        _ => None,
    }
}

/// What the parser says, without how the command is called, as one line.
fn in_a_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let is_advice = |line: &&str| !line.starts_with("Usage:") && !line.starts_with("For more");
    let lines = text.lines().take_while(is_advice).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// Arguments as they were typed, the program's name first.
struct Typed<'a>(&'a [OsString]);

impl Typed<'_> {
    /// Whether they ask for an export.
    fn is_export(&self) -> bool {
        let program = Cli::command();
        let mut words = self.words();
        let command = words.find_map(|word| program.find_subcommand(word));
        command.is_some_and(|command| command.get_name() == "export")
    }

    /// How messages are to look.
    fn log_format(&self) -> LogFormat {
        match self.value(&Cli::command(), "log-format") {
            Some(format) if format == "json" => LogFormat::Json,
            _ => LogFormat::Text,
        }
    }

    /// Those of an export that say where it is told how it ended.
    fn monitored(&self) -> ExportArgs {
        let program = Cli::command();
        let Some(export) = program.find_subcommand("export") else {
            return ExportArgs::default();
        };
        let value = |flag| self.value(export, flag);
        ExportArgs {
            out: value("out").map(Into::into),
            config: value("config").map(Into::into),
            metrics_file: value("metrics-file").map(Into::into),
            ping_url: value("ping-url").map(SecretString::from),
            ..ExportArgs::default()
        }
    }

    /// The value of a flag of this command: the last that is typed, or else its variable's.
    fn value(&self, command: &clap::Command, flag: &str) -> Option<String> {
        let name = format!("--{flag}");
        let mut found = None;
        let mut words = self.words();
        while let Some(word) = words.next() {
            if word == name {
                found = words.next();
            } else if let Some(value) = word.strip_prefix(&name) {
                found = value.strip_prefix('=').or(found);
            }
        }
        let mut known = command.get_arguments();
        let variable = known.find(|known| known.get_long() == Some(flag));
        let variable = variable.and_then(clap::Arg::get_env).and_then(env::var_os);
        let variable = variable.and_then(|value| value.into_string().ok());
        found.map(str::to_owned).or(variable)
    }

    /// What stands before the end of all flags, as far as it is text.
    fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.0.iter().skip(1).filter_map(|word| word.to_str());
        words.take_while(|word| *word != "--")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_command_is_the_first_word_that_is_one() {
        let is_export = |words: &[&str]| Typed(&typed(words)).is_export();
        assert!(is_export(&["clipcensus", "export", "--plan=gold"]));
        assert!(is_export(&["clipcensus", "--log-format", "json", "export"]));
        assert!(!is_export(&["export", "check", "export"]));
        assert!(!is_export(&["clipcensus", "sandbox", "--set", "export"]));
        assert!(!is_export(&["clipcensus", "--", "export"]));
    }

    #[test]
    fn the_last_value_of_a_flag_counts_in_either_spelling_wherever_it_stands() {
        let words = typed(&[
            "clipcensus",
            "export",
            "--out",
            "one",
            "--oops",
            "--out=two",
            "--metrics-file",
            "a=b",
            "--out-of-range=3",
            "--",
            "--out=four",
        ]);
        let monitored = Typed(&words).monitored();
        assert_eq!(monitored.out, Some("two".into()));
        assert_eq!(monitored.metrics_file, Some("a=b".into()));
    }
}
