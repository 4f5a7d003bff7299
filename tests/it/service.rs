//! Credentials, scopes, accounts, limits and faults of the service.

use std::fs;

use clipcensus::sandbox::Behaviour;
use clipcensus::sandbox::Fault;
use clipcensus::sandbox::FaultRule;
use clipcensus::sandbox::Faults;
use clipcensus::sandbox::Limits;
use clipcensus::sandbox::Oddities;
use clipcensus::sandbox::Oddity;
use clipcensus::sandbox::SandboxOptions;
use clipcensus::sandbox::ScopeNames;
use clipcensus::sandbox::TokenRefusal;
use clipcensus::sandbox::TooMany;
use clipcensus::sandbox::TotalRecords;
use clipcensus::sandbox::Trigger;

use crate::support::World;
use crate::support::assert_is_truth;
use crate::support::clips;
use crate::support::files_below;
use crate::support::with_a_forbidden_account;
use crate::support::with_scopes;

fn with_faults(count: u64, rules: &[(Fault, Trigger)]) -> SandboxOptions {
    SandboxOptions {
        faults: Faults {
            rules: rules
                .iter()
                .map(|(fault, when)| FaultRule::clips(*fault, *when))
                .collect(),
            oddities: None,
        },
        ..clips(count)
    }
}

fn nothing_is_published(world: &World) {
    assert!(!world.out().join("_snapshots").exists());
    assert!(!world.out().join("clips").exists());
}

#[test]
fn wrong_credentials_are_refused_without_showing_them() {
    let world = World::new(clips(10));
    let run = world
        .export()
        .env("ZOOM_CLIENT_SECRET", "wr0ng-s3cret")
        .exits(77);
    assert!(run.stderr.contains("client secret"), "{}", run.stderr);
    assert!(!run.stderr.contains("wr0ng-s3cret"), "{}", run.stderr);
    nothing_is_published(&world);
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
        nothing_is_published(&world);
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
fn a_forbidden_account_is_named_and_nothing_is_published() {
    let (options, ids) = with_a_forbidden_account();
    let world = World::new(options);
    let both = || {
        world
            .export()
            .arg("--account")
            .arg(&ids[1])
            .arg("--account")
            .arg(&ids[2])
    };
    let run = both().exits(65);
    assert!(run.stderr.contains(&ids[1]), "{}", run.stderr);
    nothing_is_published(&world);

    both().arg("--allow-incomplete").exits(65);
    let manifest = world.manifest();
    assert_eq!(manifest["verdict"], "incomplete");
    assert_eq!(manifest["account_failures"][0]["account_id"], ids[1]);
    assert_is_truth(&world.rows(), &world.sandbox.truth().accounts[&ids[2]]);

    let elsewhere = world.folder.path().join("elsewhere");
    let run = world
        .export()
        .arg("--account")
        .arg(&ids[1])
        .arg("--out")
        .arg(elsewhere.to_str().unwrap())
        .exits(77);
    assert!(run.stderr.contains("1003"), "{}", run.stderr);
}

#[test]
fn faults_that_pass_cost_time_and_no_clip() {
    let passing = [
        Fault::Html(503),
        Fault::ServerError { body: false },
        Fault::OkWithErrorCode,
        Fault::MissingData,
        Fault::Close,
        Fault::CutBody,
        Fault::ShortPage,
        Fault::EmptyPage,
        Fault::RepeatedPageToken,
        Fault::ExpirePageToken,
        Fault::RefuseToken(TokenRefusal::Unauthorized124),
        Fault::RefuseToken(TokenRefusal::BadRequest124),
        Fault::RefuseToken(TokenRefusal::Unauthorized1002),
        Fault::TooMany(TooMany::PerSecond),
        Fault::TooMany(TooMany::Bare),
    ];
    std::thread::scope(|scope| {
        for fault in passing {
            scope.spawn(move || {
                let world = World::new(with_faults(20_000, &[(fault, Trigger::Nth(17))]));
                world.export().succeeds();
                assert_is_truth(&world.rows(), &world.sandbox.truth().all);
                let faults: u64 = world.sandbox.report().faults.values().sum();
                assert_eq!(faults, 1, "{fault:?} did not strike");
            });
        }
    });
}

#[test]
fn a_service_that_stays_down_ends_the_run_and_the_next_one_resumes() {
    let world = World::new(with_faults(1_000, &[(Fault::Html(503), Trigger::Always)]));
    let run = world.export().arg("--max-wait=1s").exits(75);
    assert!(run.stderr.contains("503"), "{}", run.stderr);
    assert!(run.stderr.contains("run again"), "{}", run.stderr);
    nothing_is_published(&world);
}

#[test]
fn a_daily_limit_says_when_to_come_back() {
    let world = World::new(with_faults(
        1_000,
        &[(Fault::TooMany(TooMany::Daily), Trigger::Always)],
    ));
    let run = world.export().arg("--max-wait=0s").exits(75);
    assert!(run.stderr.contains("run again after 20"), "{}", run.stderr);
    nothing_is_published(&world);
}

#[test]
fn records_that_are_no_clips_are_kept_aside_and_odd_ones_are_repaired() {
    let world = World::new(SandboxOptions {
        faults: Faults {
            rules: Vec::new(),
            oddities: Some(Oddities {
                one_in: 20,
                kinds: Oddity::ALL.to_vec(),
            }),
        },
        ..clips(4_000)
    });
    world.export().succeeds();
    let truth = world.sandbox.truth().all;
    assert_is_truth(&world.rows(), &truth);
    let manifest = world.manifest();
    assert_eq!(manifest["verdict"], "verified");
    assert_eq!(manifest["totals"]["rejected"], truth.records - truth.clips);
    let rejects = world
        .out()
        .join("_snapshots")
        .join(world.date())
        .join("rejects.ndjson");
    let lines = fs::read_to_string(rejects).unwrap().lines().count() as u64;
    assert_eq!(lines, truth.records - truth.clips);
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
fn no_secret_reaches_output_logs_or_files() {
    let world = World::new(with_faults(
        4_000,
        &[
            (Fault::ExpirePageToken, Trigger::EveryNth(7)),
            (
                Fault::RefuseToken(TokenRefusal::Unauthorized124),
                Trigger::Nth(20),
            ),
            (Fault::Html(503), Trigger::EveryNth(11)),
        ],
    ));
    // The rows that are looked at below are those of the last.
    for format in ["csv", "parquet"] {
        let run = world
            .export()
            .arg("-vvv")
            .arg("--format")
            .arg(format)
            .succeeds();
        let secret = world.sandbox.credentials().client_secret;
        let mut texts = vec![run.stdout.into_bytes(), run.stderr.into_bytes()];
        let files = files_below(&world.out()).into_iter();
        texts.extend(files.map(|path| fs::read(path).unwrap()));
        for text in &texts {
            for hidden in [secret.as_str(), "jwt=", "Bearer ", "next_page_token="] {
                let found = text
                    .windows(hidden.len())
                    .any(|part| part == hidden.as_bytes());
                assert!(!found, "{hidden} in {format} output");
            }
        }
    }
    let rows = world.rows();
    assert!(rows.iter().all(|batch| {
        let passcodes = batch.column_by_name("passcode").unwrap();
        passcodes.null_count() == batch.num_rows()
    }));
}
