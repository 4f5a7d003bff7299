//! Credentials, scopes, accounts, limits and faults of the service.

use std::fs;

use clipcensus_sandbox::{
    Behaviour, Fault, Limits, SandboxOptions, ScopeNames, TooMany, TotalRecords, Trigger,
};

use crate::support::{
    Program, World, assert_is_truth, assert_nothing_published, clips, with_faults, with_scopes,
};

#[test]
fn wrong_credentials_are_refused_without_showing_them() {
    let world = World::new(clips(10));
    let run = world
        .export()
        .env("ZOOM_CLIENT_SECRET", "wr0ng-s3cret")
        .exits(77);
    assert!(run.stderr.contains("client secret"), "{}", run.stderr);
    assert!(!run.stderr.contains("wr0ng-s3cret"), "{}", run.stderr);
    assert_nothing_published(&world);
}

#[test]
fn a_missing_scope_is_named() {
    for (names, wanted) in [
        (ScopeNames::Granular, "clips:read:list_user_clips:admin"),
        (ScopeNames::Classic, "clips:read:admin"),
    ] {
        let world = World::new(with_scopes(names, &["user:read:admin"]));
        let run = world.export().exits(77);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
        assert_nothing_published(&world);
    }
}

#[test]
fn a_scope_for_the_owners_own_clips_only_is_not_taken_for_a_census() {
    let scopes = ["clips:read:list_user_clips"];
    let world = World::new(with_scopes(ScopeNames::Granular, &scopes));
    let run = world.export().exits(77);
    assert!(
        run.stderr.contains("clips:read:list_user_clips:admin"),
        "{}",
        run.stderr
    );
}

#[test]
fn without_a_count_to_compare_the_census_is_unverified_and_says_so() {
    for total_records in [TotalRecords::Absent, TotalRecords::Page] {
        let world = World::new(SandboxOptions {
            behaviour: Behaviour {
                total_records,
                ..Behaviour::default()
            },
            ..clips(30_000)
        });
        let run = world.export().succeeds();
        assert_eq!(
            world.manifest()["verdict"],
            "unverified",
            "{total_records:?}"
        );
        assert!(run.stdout.contains("unverified"), "{}", run.stdout);
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    }
}

#[test]
fn half_of_the_limit_of_the_service_never_meets_a_429() {
    // Half, so that a machine under load, which sees requests late and together, does not matter.
    // That the whole limit is kept is tested on a virtual clock.
    let world = World::new(SandboxOptions {
        limits: Limits {
            light_per_second: 80.0,
            ..Limits::default()
        },
        ..clips(9_000)
    });
    world.export().arg("--rate=40").succeeds();
    world.assert_clean();
}

#[test]
fn an_access_token_without_its_account_is_refused_and_named_accounts_need_none() {
    let world = World::new(clips(10));
    let with_token = || {
        world
            .export()
            .without("ZOOM_ACCOUNT_ID")
            .env("ZOOM_ACCESS_TOKEN", "token")
    };
    let run = with_token().exits(2);
    assert!(run.stderr.contains("ZOOM_ACCOUNT_ID"), "{}", run.stderr);
    assert_eq!(world.sandbox.report().requests, 0);
    // The sandbox does not know the token: this got as far as asking.
    with_token().arg("--account=any").exits(77);
}

#[test]
fn a_secret_in_the_settings_file_is_not_shown() {
    let world = World::new(clips(10));
    let file = world.folder.path().join("clipcensus.toml");
    fs::write(&file, "format = \"csv\"\nclient-secret = \"hush-hush\"\n").unwrap();
    let run = world
        .export()
        .arg("--config")
        .arg(file.to_str().unwrap())
        .exits(2);
    assert!(run.stderr.contains("client-secret"), "{}", run.stderr);
    assert!(!run.stderr.contains("hush-hush"), "{}", run.stderr);
}

#[test]
fn what_the_service_says_cannot_steer_a_terminal() {
    let world = World::new(with_scopes(
        ScopeNames::Granular,
        &["clips\u{1b}]0;owned\u{7}\u{9b}2J"],
    ));
    let shown = r"clips\u{1b}]0;owned\u{7}\u{9b}2J";
    let run = world.export().exits(77);
    assert!(run.stderr.contains(shown), "{}", run.stderr);
    let run = world.check().exits(77);
    assert!(run.stdout.contains(shown), "{}", run.stdout);
}

#[test]
fn what_a_manifest_says_cannot_steer_a_terminal() {
    let world = World::new(clips(10));
    world.export().succeeds();
    let path = world.out().join("_snapshots/2026-11-01/manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    let part = r"/part-00000.parquet";
    fs::write(&path, text.replacen(part, r"/\u001b[31m\nforged\u202e", 1)).unwrap();
    let run = Program::new(&["verify"])
        .arg(world.out().to_str().unwrap())
        .exits(65);
    assert!(
        run.stdout.contains(r"\u{1b}[31m\nforged\u{202e}"),
        "{}",
        run.stdout
    );
    assert!(
        !run.stdout.contains(['\u{1b}', '\u{202e}']),
        "{}",
        run.stdout
    );
}

#[test]
fn a_limit_that_is_passed_to_the_end_names_rate_and_plan_and_no_network() {
    let rules = [(Fault::TooMany(TooMany::Bare), Trigger::Always)];
    let world = World::new(with_faults(10, &rules));
    let export = world.export().without("CLIPCENSUS_RATE");
    let run = export.args(&["--max-wait=0s", "--plan=business"]).exits(75);
    for words in [
        "requests a second, of the 64 that --plan business",
        "give the account's own --plan",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("network"), "{}", run.stderr);
}
