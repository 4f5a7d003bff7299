//! A look before an export: what it finds, how it exits, and that nothing of it stays.

use std::fs;
use std::io::{BufRead, BufReader};

use clipcensus_sandbox::{
    Behaviour, Fault, FaultRule, History, SandboxOptions, ScopeNames, Trigger,
};

use rustix::process::{Pid, kill_process};

use crate::support::{
    Program, Run, World, clips, stop_signals, with_a_forbidden_account, with_faults, with_scopes,
};

/// The states of the lines about a thing.
fn states(run: &Run, about: &str) -> Vec<String> {
    let lines = run.stdout.lines().map(|line| line.split_whitespace());
    let of = lines.filter_map(|mut words| {
        let (state, what) = (words.next()?, words.next()?);
        (what == about).then(|| state.to_owned())
    });
    of.collect()
}

/// A check leaves the folder of the test as it was: empty.
fn nothing_is_left(world: &World) {
    assert_eq!(fs::read_dir(world.folder.path()).unwrap().count(), 0);
}

#[test]
fn all_is_well_and_a_handful_of_requests_tells_what_an_export_asks_for() {
    for history in [History::Even, History::RecentHeavy] {
        let world = World::new(SandboxOptions {
            history,
            ..clips(90_000)
        });
        let run = world.check().succeeds();
        for about in [
            "credentials",
            "scopes",
            "reach",
            "clock",
            "output",
            "export",
        ] {
            assert_eq!(states(&run, about), ["ok"], "{about}: {}", run.stdout);
        }
        nothing_is_left(&world);
        let report = world.sandbox.report();
        assert!(report.requests <= 10, "{} requests", report.requests);
        assert!(report.out_of_specification.is_empty(), "{report:#?}");

        let number = |before: &str, after: &str| -> u64 {
            let (_, rest) = run.stdout.split_once(before).unwrap();
            let (number, _) = rest.split_once(after).unwrap();
            number.replace(',', "").parse().unwrap()
        };
        let clips = number("export       about ", " clips in 50 windows");
        assert!((60_000..120_000).contains(&clips), "{clips} clips");
        let told = number("windows: about ", " requests");
        world.export().succeeds();
        let requests = world.sandbox.report().requests - report.requests;
        let is_near = (requests * 3 / 4..requests * 5 / 4).contains(&told);
        assert!(is_near, "{told} for {requests}");
    }
}

#[test]
fn the_columns_of_the_lines_are_aligned() {
    let world = World::new(clips(10));
    let run = world.check().succeeds();
    for line in run.stdout.lines() {
        assert_eq!(line.get(7..9), Some("  "), "{line}");
        assert_eq!(line.get(20..22), Some("  "), "{line}");
    }
}

#[test]
fn wrong_credentials_fail_and_the_rest_is_still_looked_at() {
    let world = World::new(clips(10));
    let check = world.check().env("ZOOM_CLIENT_SECRET", "wr0ng-s3cret");
    let run = check.exits(77);
    assert_eq!(states(&run, "credentials"), ["failed"], "{}", run.stdout);
    assert!(run.stdout.contains("client secret"), "{}", run.stdout);
    assert!(!run.stdout.contains("wr0ng-s3cret"), "{}", run.stdout);
    assert_eq!(states(&run, "output"), ["ok"]);
    assert_eq!(states(&run, "clock"), ["ok"]);
    nothing_is_left(&world);
}

#[test]
fn a_missing_scope_fails_and_names_the_granular_and_the_classic_one() {
    for names in [ScopeNames::Granular, ScopeNames::Classic] {
        let world = World::new(with_scopes(
            names,
            &["clips:read:list_user_clips", "clips:read"],
        ));
        let run = world.check().exits(77);
        assert_eq!(states(&run, "scopes"), ["failed"], "{}", run.stdout);
        for scope in ["clips:read:list_user_clips:admin", "clips:read:admin"] {
            assert!(run.stdout.contains(scope), "{}", run.stdout);
        }
        nothing_is_left(&world);
    }
}

#[test]
fn scopes_for_all_accounts_and_for_names_are_looked_at_where_they_are_needed() {
    let world = World::new(with_scopes(
        ScopeNames::Granular,
        &["clips:read:list_user_clips:admin"],
    ));
    world.check().succeeds();
    let run = world.check().arg("--resolve-owners").succeeds();
    assert_eq!(states(&run, "scopes"), ["warning", "warning"]);
    assert!(
        run.stdout.contains("user:read:list_users:admin"),
        "{}",
        run.stdout
    );
    let run = world.check().arg("--all-accounts").exits(77);
    for scope in [
        "clips:read:list_user_clips:master",
        "account:read:list_sub_accounts:master",
    ] {
        assert!(run.stdout.contains(scope), "{}", run.stdout);
    }
}

#[test]
fn a_sub_account_that_cannot_be_reached_is_named() {
    let (options, ids) = with_a_forbidden_account();
    let world = World::new(options);
    let run = world.check().arg("--all-accounts").exits(77);
    assert_eq!(states(&run, "reach"), ["failed"], "{}", run.stdout);
    assert!(run.stdout.contains(&ids[1]), "{}", run.stdout);
    world.check().arg("--account").arg(&ids[2]).succeeds();
    let run = world.check().arg("--account=nobody").exits(77);
    assert!(run.stdout.contains("nobody"), "{}", run.stdout);
    nothing_is_left(&world);
}

#[test]
fn an_output_that_cannot_be_written_fails() {
    let world = World::new(clips(10));
    let file = world.folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let out = file.join("census");
    let run = world
        .check()
        .arg("--out")
        .arg(out.to_str().unwrap())
        .exits(73);
    assert_eq!(states(&run, "output"), ["failed"], "{}", run.stdout);
    assert!(run.stdout.contains("not a folder"), "{}", run.stdout);
}

#[test]
fn a_folder_with_another_census_fails_and_one_that_fits_does_not() {
    let world = World::new(clips(10));
    world.export().succeeds();
    world.check().succeeds();
    let run = world.check().arg("--status=SUSPENDED").exits(2);
    assert!(run.stdout.contains("another --out"), "{}", run.stdout);
}

#[test]
fn a_clock_that_is_off_is_a_warning_that_says_which_way() {
    for (ahead, words) in [(-7_200, "ahead of"), (7_200, "behind")] {
        let world = World::new(SandboxOptions {
            behaviour: Behaviour {
                clock_ahead: ahead,
                ..Behaviour::default()
            },
            ..clips(10)
        });
        let run = world.check().succeeds();
        assert_eq!(states(&run, "clock"), ["warning"], "{}", run.stdout);
        let line = run
            .stdout
            .lines()
            .find(|line| line.contains("clock"))
            .unwrap();
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn a_service_that_is_down_is_to_be_asked_later() {
    let mut options = clips(10);
    options
        .faults
        .rules
        .push(FaultRule::clips(Fault::Html(503), Trigger::Always));
    let world = World::new(options);
    let run = world.check().arg("--max-wait=0s").exits(75);
    assert_eq!(states(&run, "reach"), ["failed"], "{}", run.stdout);
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let world = World::new(clips(10));
    let run = world.check().arg("--plan=gold").exits(2);
    assert!(run.stderr.contains("business"), "{}", run.stderr);
    assert_eq!(world.sandbox.report().requests, 0);
    let help = Program::new(&["check", "--help"]).succeeds().stdout;
    assert!(help.contains("clipcensus check --out census"), "{help}");
    assert!(!help.contains("clipcensus export --sandbox"), "{help}");
}

#[test]
fn what_stands_against_an_export_is_an_error_on_stderr_too() {
    let world = World::new(clips(10));
    let check = || world.check().env("ZOOM_CLIENT_SECRET", "wr0ng-s3cret");
    let run = check().exits(77);
    let last = run.stderr.lines().last().unwrap();
    let begin = "error: an export would fail: credentials: POST /oauth/token failed";
    assert!(last.starts_with(begin), "{}", run.stderr);
    let run = check().arg("--log-format=json").exits(77);
    let last: serde_json::Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["level"], &last["exit_code"]),
        (&"ERROR".into(), &77.into())
    );
    assert_eq!(world.check().succeeds().stderr, "");
}

#[test]
fn what_is_known_is_told_while_the_rest_is_looked_at_and_a_stop_promises_nothing() {
    for (signal, code) in stop_signals() {
        let world = World::new(with_faults(10, &[(Fault::NoAnswer, Trigger::Always)]));
        let mut child = world.check().spawn();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.any(|line| line.unwrap().starts_with("ok       scopes"));
        assert!(told, "nothing was told before all was known");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code));
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.starts_with("error: stopped by SIG"), "{said}");
        assert!(!said.contains("again"), "{said}");
    }
}

#[test]
fn the_room_on_the_disk_is_told_and_too_little_of_it_is_a_warning() {
    let world = World::new(clips(900));
    let run = world.check().succeeds();
    assert!(
        run.stdout
            .contains("B are free, and an export takes about "),
        "{}",
        run.stdout
    );
    world.export().succeeds();
    let run = world.export().succeeds();
    assert!(!run.stderr.contains("disk"), "{}", run.stderr);
    // As if the snapshot had taken a thousand times of what any disk has.
    let path = world
        .out()
        .join("_snapshots")
        .join(world.date())
        .join("manifest.json");
    let mut manifest = world.manifest();
    manifest["files"][0]["bytes"] = 1_000_000_000_000_000_000_u64.into();
    fs::write(&path, manifest.to_string()).unwrap();
    let run = world.check().succeeds();
    assert_eq!(states(&run, "output"), ["warning"], "{}", run.stdout);
    assert!(
        run.stdout.contains("an export takes about 1.0 EB"),
        "{}",
        run.stdout
    );
    let run = world.export().succeeds();
    assert!(
        run.stderr.contains("the disk may be too small"),
        "{}",
        run.stderr
    );
}
