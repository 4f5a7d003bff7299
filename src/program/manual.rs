//! Completions and man pages, made of the definitions of the arguments.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::settings::args::Cli;

/// How the section of examples begins as it is made, and as it is shown.
const EXTRA: &str = ".SH EXTRA\n";
const NOTES: &str = ".SH EXAMPLES AND NOTES\n.nf\n";

/// A script with which a shell completes commands, flags and values.
#[must_use]
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "clipcensus", &mut script);
    script
}

/// The man page of a command, or of the program, in roff.
///
/// # Errors
/// None: memory does not fail.
pub(crate) fn page(command: Option<&str>) -> io::Result<Vec<u8>> {
    let mut program = Cli::command();
    program.build();
    let named = command.and_then(|name| program.find_subcommand(name));
    let shown = named.unwrap_or(&program).clone();
    let mut page = Vec::new();
    Man::new(shown)
        .source(concat!("clipcensus ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    // Examples and tables keep their lines.
    let page = String::from_utf8_lossy(&page);
    Ok(page.replace(EXTRA, NOTES).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::args::MANUAL;

    fn commands() -> Vec<String> {
        Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(|command| command.get_name().to_owned())
            .collect()
    }

    #[test]
    fn the_definitions_of_the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_man_page_that_names_its_flags_and_variables() {
        assert_eq!(commands(), MANUAL);
        for name in MANUAL {
            let page = String::from_utf8(page(Some(name)).unwrap()).unwrap();
            assert!(page.contains(&format!(".TH clipcensus-{name} 1")), "{page}");
            assert!(page.contains(NOTES), "{page}");
            let mut program = Cli::command();
            program.build();
            let command = program.find_subcommand(name).unwrap();
            for argument in command.get_arguments() {
                for word in argument
                    .get_long()
                    .into_iter()
                    .chain(argument.get_env().and_then(std::ffi::OsStr::to_str))
                {
                    // Roff has a word of its own for a hyphen.
                    let word = word.replace('-', "\\-");
                    assert!(page.contains(&word), "{name} without {word}");
                }
            }
        }
    }

    #[test]
    fn the_page_of_the_program_names_every_command_and_exit_code() {
        let page = String::from_utf8(page(None).unwrap()).unwrap();
        for name in MANUAL {
            assert!(page.contains(&format!("clipcensus\\-{name}(1)")), "{page}");
        }
        for code in crate::model::exit_code::ExitCode::ALL {
            assert!(page.contains(code.meaning()), "{page}");
        }
    }

    #[test]
    fn completions_name_every_command_and_flag() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(completions(shell)).unwrap();
            for word in MANUAL.iter().chain(&["metrics-file", "RECORD_SUCCESS"]) {
                assert!(script.contains(word), "{shell} without {word}");
            }
        }
    }
}
