//! What the program says about itself: help, completions, man pages, and what was meant by a slip.

use std::fs;
use std::io::{BufRead, BufReader};

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
fn a_folder_without_its_flag_is_told_the_flag() {
    for command in ["export", "check"] {
        let run = Program::new(&[command, "census"]).exits(2);
        assert!(
            run.stderr.ends_with("by a flag: --out census\n"),
            "{}",
            run.stderr
        );
    }
    let run = Program::new(&["report", "one", "two"]).exits(2);
    assert!(!run.stderr.contains("--out"), "{}", run.stderr);
}

#[test]
fn a_mistyped_command_is_told_the_nearest_one() {
    let run = Program::new(&["exprot"]).exits(2);
    assert!(run.stderr.contains("'export'"), "{}", run.stderr);
}

#[test]
fn the_short_help_is_short_and_the_long_one_shows_all_flags_in_their_groups() {
    for command in ["export", "check"] {
        let short = Program::new(&[command, "-h"]).succeeds().stdout;
        let lines = short.lines().count();
        assert!(lines <= 50, "{lines} lines: {short}");
        assert!(
            !short.contains("CLIPCENSUS_") && !short.contains("Examples"),
            "{short}"
        );
        assert!(
            short.contains("--out") && short.contains("--help shows all"),
            "{short}"
        );
        let long = Program::new(&[command, "--help"]).succeeds().stdout;
        let groups = [
            "What to list:",
            "When:",
            "Limits:",
            "Output:",
            "Publishing and going on:",
            "Messages:",
            "Service and settings:",
            "Examples:",
        ];
        let places: Vec<usize> = groups
            .iter()
            .map(|group| {
                long.find(&format!("\n{group}\n"))
                    .unwrap_or_else(|| panic!("{group}"))
            })
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        for flag in [
            "--owner",
            "--rate-share",
            "--quiet",
            "--log-format",
            "--fresh",
            "CLIPCENSUS_OUT",
        ] {
            assert!(long.contains(flag), "{flag}");
        }
    }
}

#[test]
fn the_help_of_the_sandbox_names_every_key_of_its_settings() {
    let help = Program::new(&["sandbox", "--help"]).succeeds().stdout;
    let mut named = 0;
    for section in [
        "unknown=1",
        "limits.unknown=1",
        "behaviour.unknown=1",
        "drift.unknown=1",
        "faults.unknown=1",
        "faults.rules=[{unknown=1}]",
        "faults.oddities.unknown=1",
    ] {
        let error = clipcensus_sandbox::scenario(&[], &[section.to_owned()]).unwrap_err();
        let error = error.to_string();
        let (_, keys) = error.split_once("expected ").unwrap();
        let keys = keys.split(", in `").next().unwrap();
        for key in keys.split('`').skip(1).step_by(2) {
            let is_there = help.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
            assert!(
                is_there.into_iter().any(|word| word == key),
                "{section}: {key}"
            );
            named += 1;
        }
    }
    assert!(named > 50, "only {named}");
}

#[test]
fn a_port_in_use_and_a_scenario_that_is_not_there_are_no_faults_of_the_program() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Program::new(&["sandbox", "--port", &port]).exits(2);
    let told = format!("cannot start the sandbox on port {port}: ");
    assert!(
        run.stderr.contains(&told) && run.stderr.contains("--port"),
        "{}",
        run.stderr
    );
    let run = Program::new(&["sandbox", "--clips=5000000000"]).exits(2);
    assert!(run.stderr.contains("ask for fewer"), "{}", run.stderr);
    let run = Program::new(&["sandbox", "--scenario=/nowhere/rough.toml"]).exits(2);
    let told = "cannot read the scenario /nowhere/rough.toml: ";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

/// The setting of `until` that a sandbox prints, and the data file of an export of its clips as of one
/// and the same instant.
fn simulated(settings: &[&str]) -> (String, Vec<u8>) {
    let sandbox = Program::new(&["sandbox", "--clips=300"]).args(settings);
    let mut child = sandbox.arg("--set=limits.light-per-second=10000").spawn();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("census");
    let arguments = [
        "export",
        "--rate=10000",
        "--until=2024-01-01",
        "--format=csv",
        "--out",
    ];
    let mut export = Program::new(&arguments).arg(out.to_str().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let until = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(variable) = line.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').unwrap();
            export = export.env(name, value);
        }
        let word = line.split(' ').find(|word| word.starts_with("until="));
        if let Some(setting) = word {
            break setting.to_owned();
        }
    };
    export.succeeds();
    child.kill().unwrap();
    child.wait().unwrap();
    let file = out.join("clips/snapshot_date=2024-01-01/part-00000.csv");
    (until, fs::read(file).unwrap())
}

#[test]
fn the_same_clips_are_simulated_again_by_the_setting_that_the_sandbox_prints() {
    let (until, clips) = simulated(&[]);
    let (same, again) = simulated(&["--set", &until]);
    assert_eq!(same, until);
    assert!(again == clips, "the clips differ");
    // What was set is what is printed, and other clips come of it.
    let (other, others) = simulated(&["--set", "until=1700000000"]);
    assert_eq!(other, "until=1700000000");
    assert!(others != clips, "they are dated alike");
}
