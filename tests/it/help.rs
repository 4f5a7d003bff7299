//! What the program says about itself: help, completions, man pages, and what was meant by a slip.

use clipcensus::internals::MANUAL;

use crate::support::Program;

#[test]
fn help_shows_examples_credentials_and_the_exit_codes() {
    let help = Program::new(&["--help"]).succeeds().stdout;
    for word in [
        "Examples:",
        "ZOOM_CLIENT_SECRET",
        "Exit codes",
        "  75  come back",
    ] {
        assert!(help.contains(word), "no {word:?} in {help}");
    }
    assert!(
        !help.contains("exit-codes\n"),
        "a topic is no command: {help}"
    );
}

#[test]
fn the_help_of_every_command_has_examples_of_it() {
    for command in MANUAL {
        for arguments in [&[command, "--help"], &["help", command]] {
            let help = Program::new(arguments).succeeds().stdout;
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
            let example = format!("  clipcensus {command}");
            assert!(examples.contains(&example), "{arguments:?}: {help}");
        }
    }
}

#[test]
fn the_exit_codes_are_a_topic_of_help() {
    let help = Program::new(&["help", "exit-codes"]).succeeds().stdout;
    assert_eq!(
        help.trim(),
        Program::new(&["exit-codes"]).succeeds().stdout.trim()
    );
    for code in [
        "  0  ", "  2  ", " 65  ", " 70  ", " 73  ", " 75  ", " 77  ", "129  ", "130  ", "143  ",
    ] {
        let is_there = help.lines().any(|line| line.starts_with(code));
        assert!(is_there, "no {code:?} in {help}");
    }
    assert!(!help.contains("Usage:"), "{help}");
}

#[test]
fn completions_and_man_pages_go_to_stdout() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Program::new(&["completions", shell]).succeeds().stdout;
        for command in MANUAL {
            assert!(script.contains(command), "{shell} without {command}");
        }
    }
    let page = Program::new(&["man"]).succeeds().stdout;
    assert!(page.contains(".TH clipcensus 1"), "{page}");
    let page = Program::new(&["man", "export"]).succeeds().stdout;
    assert!(page.contains(".TH clipcensus-export 1"), "{page}");
    let run = Program::new(&["man", "exprot"]).exits(2);
    assert!(run.stderr.contains("'export'"), "{}", run.stderr);
}

#[test]
fn a_mistyped_command_is_told_the_nearest_one() {
    let run = Program::new(&["exprot"]).exits(2);
    assert!(run.stderr.contains("'export'"), "{}", run.stderr);
}
