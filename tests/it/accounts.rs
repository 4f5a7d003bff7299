//! Several accounts in one census: named, from a file, or all; one that fails does not spoil the
//! others.

use std::fs;

use clipcensus_sandbox::{Behaviour, Fault, FaultRule, Limits, SandboxOptions, Trigger};

use crate::support::{Program, World, assert_is_truth, assert_nothing_published, clips, shows};

/// Windows of 28 days from 2023-01-01 to 2026-11-01.
const WINDOWS: u64 = 50;

fn of_three(clips_in_all: u64) -> SandboxOptions {
    SandboxOptions {
        sub_accounts: 2,
        ..clips(clips_in_all)
    }
}

/// Three accounts, of which the second meets a fault.
fn with_fault_in_one(fault: Fault, when: Trigger) -> (World, Vec<String>) {
    let mut options = of_three(60_000);
    let ids = World::new(options.clone()).sandbox.account_ids();
    options.faults.rules.push(FaultRule {
        account: Some(ids[1].clone()),
        ..FaultRule::clips(fault, when)
    });
    (World::new(options), ids)
}

fn export_of(world: &World, ids: &[&String]) -> Program {
    ids.iter().fold(world.export(), |program, id| {
        program.arg("--account").arg(id)
    })
}

#[test]
fn a_forbidden_account_is_named_and_nothing_is_published() {
    let (world, ids) = with_fault_in_one(Fault::Forbidden, Trigger::Always);
    let both = || export_of(&world, &[&ids[1], &ids[2]]);
    let run = both().exits(77);
    assert!(run.stderr.contains(&ids[1]), "{}", run.stderr);
    assert_nothing_published(&world);

    both().arg("--allow-incomplete").exits(65);
    let manifest = world.manifest();
    assert_eq!(manifest["verdict"], "incomplete");
    assert_eq!(manifest["account_failures"][0]["account_id"], ids[1]);
    assert_is_truth(&world.rows(), &world.sandbox.truth().accounts[&ids[2]]);

    let elsewhere = world.folder.path().join("elsewhere");
    let run = export_of(&world, &[&ids[1]])
        .arg("--out")
        .arg(elsewhere.to_str().unwrap())
        .exits(77);
    assert!(run.stderr.contains("1003"), "{}", run.stderr);
}

#[test]
fn an_account_that_does_not_exist_ends_with_the_same_code_alone_beside_others_and_in_a_check() {
    let world = World::new(of_three(300));
    let ids = world.sandbox.account_ids();
    let nobody = "nobody".to_owned();
    for named in [&[&nobody][..], &[&nobody, &ids[1]]] {
        let flags: Vec<&str> = named.iter().flat_map(|id| ["--account", id]).collect();
        let export = world.export().args(&flags).exits(77);
        let check = world.check().args(&flags).exits(77);
        for run in [export, check] {
            shows(
                &run,
                &["accounts/nobody/clips", "404", "check the account id"],
            );
        }
        assert_nothing_published(&world);
    }
    // What else is missing is the same as ever.
    let (world, ids) = with_fault_in_one(Fault::LostRecord, Trigger::Always);
    export_of(&world, &[&nobody, &ids[1]]).exits(65);
}

#[test]
fn an_account_that_fails_is_named_and_the_others_are_kept_for_the_next_run() {
    let (world, ids) = with_fault_in_one(Fault::Forbidden, Trigger::Nth(1));
    let all = || world.export().arg("--all-accounts");
    let run = all().exits(77);
    assert!(run.stderr.contains(&ids[1]), "{}", run.stderr);
    assert!(run.stderr.contains("code 1003"), "{}", run.stderr);
    assert_nothing_published(&world);

    let before = world.sandbox.report().requests;
    all().succeeds();
    assert_eq!(world.manifest()["verdict"], "verified");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    // Beside the one account's windows, an access token and the list of accounts.
    let after = world.sandbox.report().requests - before;
    assert!(after <= 2 * WINDOWS + 2, "{after} requests");
}

#[test]
fn an_account_that_is_never_answered_for_is_named_and_the_others_are_not_fetched_again() {
    let words = "data";
    let (world, ids) = with_fault_in_one(Fault::MissingData, Trigger::Always);
    let own_list = || world.sandbox.report().by_endpoint["GET /clips"].clone();
    let run = || {
        let run = world.export().arg("--all-accounts").exits(75);
        assert!(run.stderr.contains(&ids[1]), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert_nothing_published(&world);
    };
    run();
    let before = own_list();
    run();
    assert_eq!(own_list(), before);
}

#[test]
fn a_file_names_the_accounts() {
    let world = World::new(of_three(5_000));
    let ids = world.sandbox.account_ids();
    let file = world.folder.path().join("accounts.txt");
    let text = format!(
        "\u{feff}# ours\r\n{}\r\n\n  {} # the small one\n{}\n",
        ids[2], ids[1], ids[2]
    );
    fs::write(&file, text).unwrap();
    world
        .export()
        .arg("--accounts-file")
        .arg(file.to_str().unwrap())
        .succeeds();
    let manifest = world.manifest();
    let mut named = [&ids[1], &ids[2]];
    named.sort();
    assert_eq!(manifest["account_ids"], serde_json::json!(named));
    let truth = world.sandbox.truth();
    let clips: u64 = named.iter().map(|id| truth.accounts[*id].clips).sum();
    assert_eq!(manifest["totals"]["written"], clips);
    world.assert_clean();

    // The same accounts by name are the same census, so that it may stand in the same folder.
    let settings = world.folder.path().join("clipcensus.toml");
    fs::write(&settings, "accounts-file = \"nowhere.txt\"\n").unwrap();
    export_of(&world, &named)
        .arg("--config")
        .arg(settings.to_str().unwrap())
        .succeeds();
}

#[test]
fn a_file_without_a_usable_account_is_refused_before_anything_is_sent() {
    let world = World::new(clips(10));
    let file = world.folder.path().join("accounts.txt");
    let path = file.to_str().unwrap();
    let refused = |more: &[&str]| {
        let program = world.export().arg("--accounts-file").arg(path);
        let program = more.iter().fold(program, |program, one| program.arg(one));
        let run = program.exits(2);
        assert_eq!(world.sandbox.report().requests, 0);
        run.stderr
    };
    let message = refused(&[]);
    assert!(
        message.contains(path) && message.contains("cannot read"),
        "{message}"
    );
    for (text, words) in [
        ("", "names no account"),
        ("# nobody yet\n\n", "names no account"),
        ("good\nnot/good\n", "line 2"),
        ("two ids\n", "line 1"),
    ] {
        fs::write(&file, text).unwrap();
        let message = refused(&[]);
        assert!(
            message.contains(words) && message.contains(path),
            "{message}"
        );
    }
    fs::write(&file, "good\n").unwrap();
    for other in ["--account=a", "--all-accounts"] {
        let message = refused(&[other]);
        assert!(message.contains("--accounts-file"), "{message}");
        assert!(message.contains(other.trim_end_matches("=a")), "{message}");
    }
}

#[test]
fn all_accounts_share_one_quota() {
    // Half of the limit, so that a machine under load, which sees requests late and together, does
    // not matter.
    let world = World::new(SandboxOptions {
        limits: Limits {
            light_per_second: 80.0,
            ..Limits::default()
        },
        ..of_three(900)
    });
    world
        .export()
        .arg("--all-accounts")
        .arg("--rate=40")
        .succeeds();
    world.assert_clean();
}

#[test]
fn a_scope_that_the_list_of_accounts_needs_is_named() {
    let mut options = of_three(100);
    options.behaviour = Behaviour {
        scopes: Some(vec![
            "clips:read:list_user_clips:admin".to_owned(),
            "clips:read:list_user_clips:master".to_owned(),
        ]),
        ..Behaviour::default()
    };
    let world = World::new(options);
    let run = world.export().arg("--all-accounts").exits(77);
    let scope = "account:read:list_sub_accounts:master";
    assert!(run.stderr.contains(scope), "{}", run.stderr);
    assert_nothing_published(&world);
}

#[test]
fn more_windows_than_one_census_can_hold_are_refused_before_any_is_asked_for() {
    let world = World::new(clips(100));
    let file = world.folder.path().join("accounts.txt");
    let ids: Vec<String> = (0..2100).map(|number| format!("sub{number}")).collect();
    fs::write(&file, ids.join("\n")).unwrap();
    let export = world.export().arg("--accounts-file");
    let run = export.arg(file.to_str().unwrap()).exits(2);
    shows(
        &run,
        &["2100 accounts from 2023-01-01", "100000", "--accounts-file"],
    );
    assert_eq!(world.sandbox.report().requests, 1, "an access token");
}
