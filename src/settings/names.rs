//! Names of settings that do not exist: which one was meant.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::settings::args::Cli;
use crate::settings::credentials::variable_of;

/// How alike a name must be to be the one that was meant, from 0 to 1; that of the argument parser.
const ALIKE: f64 = 0.7;

/// How every variable of the program begins.
const PREFIX: &str = "CLIPCENSUS_";

/// The one of these names that is most like this one, if any is.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|other| (strsim::jaro(name, other), other))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// Whether a flag is one of every command, and so none of the settings of an export.
pub(super) fn is_of_every_command(name: &str) -> bool {
    let program = Cli::command();
    let mut flags = program.get_arguments().filter_map(clap::Arg::get_long);
    flags.any(|flag| flag == name)
}

/// Says of each variable that is meant for the program and that it does not know what it may have been
/// meant for. No value is shown.
#[must_use]
pub(crate) fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let program = Cli::command();
    let commands = program.get_subcommands().chain([&program]);
    let known: Vec<&str> = commands
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    let mut unknown: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !known.contains(&name.as_str()))
        .collect();
    unknown.sort_unstable();
    let told = unknown.iter().map(|name| {
        // What all have in common would make any two alike.
        let short = |name: &'_ str| name.get(PREFIX.len()..).unwrap_or_default().to_owned();
        let shorts: Vec<String> = known.iter().map(|name| short(name)).collect();
        let meant = nearest(&short(name), shorts.iter().map(String::as_str));
        match (variable_of(name), meant) {
            (Some(variable), _) => {
                format!("{name} is no variable of this program: credentials go by {variable}")
            }
            (None, Some(meant)) => {
                format!("{name} is no variable of this program; did you mean {PREFIX}{meant}?")
            }
            (None, None) => format!(
                "{name} is no variable of this program; `clipcensus export --help` shows them all"
            ),
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_does_not_exist_is_told_the_nearest_that_does() {
        let told = |name: &str| unknown_variables([OsString::from(name)].into_iter()).pop();
        let of = |name: &str| told(name).unwrap();
        assert!(of("CLIPCENSUS_OWNR").ends_with("did you mean CLIPCENSUS_OWNER?"));
        assert!(of("CLIPCENSUS_SANDBOX_CLIP").ends_with("did you mean CLIPCENSUS_SANDBOX_CLIPS?"));
        assert!(of("CLIPCENSUS_CLIENT_SECRET").contains("ZOOM_CLIENT_SECRET"));
        assert!(of("CLIPCENSUS_XYZ").contains("--help"));
        for known in [
            "CLIPCENSUS_OUT",
            "CLIPCENSUS_QUIET",
            "CLIPCENSUS_DRY_RUN",
            "PATH",
            "OWNR",
        ] {
            assert_eq!(told(known), None);
        }
    }
}
