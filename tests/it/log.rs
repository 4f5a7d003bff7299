//! What is said on stderr while an export runs.

use clipcensus_sandbox::{Fault, FaultRule, SandboxOptions, Target, Trigger};
use serde_json::Value;

use crate::support::{Program, World, clips, with_faults};

fn with_failing_requests() -> SandboxOptions {
    let mut options = clips(8_000);
    options.faults.rules = vec![FaultRule {
        on: Target::Any,
        ..FaultRule::clips(Fault::Html(503), Trigger::EveryNth(9))
    }];
    options
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[test]
fn every_failed_request_is_in_the_log_with_its_tracking_id() {
    let world = World::new(with_failing_requests());
    let run = world.export().arg("-v").arg("--log-format=json").succeeds();
    let lines = json_lines(&run.stderr);
    let failed: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "request failed")
        .collect();
    let faults: u64 = world.sandbox.report().faults.values().sum();
    assert!(faults > 3);
    assert_eq!(failed.len() as u64, faults);
    for line in failed {
        let id = line["tracking_id"].as_str().unwrap();
        assert!(id.starts_with("v=2.0;clid=sandbox;rid=WEB_"), "{id}");
        assert_eq!(line["outcome"], "server_error");
    }
}

#[test]
fn the_log_tells_the_requests_of_the_listing_and_their_rate() {
    let world = World::new(clips(8_000));
    let run = world.export().arg("-v").arg("--log-format=json").succeeds();
    let lines = json_lines(&run.stderr);
    let told = lines
        .iter()
        .find(|line| line["message"] == "writing the snapshot")
        .unwrap();
    let sent: u64 = world.sandbox.report().by_endpoint["GET /clips"]
        .values()
        .sum();
    assert_eq!(told["requests"], sent);
    assert!(told["requests_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_request_that_fails_for_good_is_named_with_its_tracking_id_without_any_flag() {
    let mut options = clips(10);
    options.faults.rules = vec![FaultRule::clips(Fault::Forbidden, Trigger::Always)];
    let world = World::new(options);
    let run = world.export().exits(77);
    assert!(
        run.stderr.contains("tracking id v=2.0;clid=sandbox"),
        "{}",
        run.stderr
    );
    let run = world.export().arg("--log-format=json").exits(77);
    let lines = json_lines(&run.stderr);
    let last = lines.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    assert_eq!(last["exit_code"], 77);
    assert!(last["message"].as_str().unwrap().contains("1003"));
}

#[test]
fn where_all_goes_well_nothing_is_said_and_no_bar_is_drawn() {
    let world = World::new(clips(3_000));
    assert_eq!(world.export().succeeds().stderr, "");
}

#[test]
fn quiet_leaves_warnings_out_and_errors_in() {
    let world = World::new(clips(500));
    let run = world
        .export()
        .env("CLIPCENSUS_QUIET", "true")
        .arg("--account=nobody")
        .exits(77);
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    let mut options = clips(500);
    options.behaviour.scopes = Some(vec!["clips:read:list_user_clips:admin".to_owned()]);
    let world = World::new(options);
    let export = || world.export().arg("--resolve-owners");
    assert!(export().succeeds().stderr.contains("WARN"));
    assert_eq!(export().arg("-q").succeeds().stderr, "");
}

#[test]
fn the_log_of_an_export_ends_with_what_was_published() {
    let world = World::new(clips(500));
    let run = world.export().arg("--log-format=json").succeeds();
    let lines = json_lines(&run.stderr);
    let last = lines.last().unwrap();
    assert_eq!(last["message"], "published");
    assert_eq!(last["verdict"], "verified");
    assert_eq!(last["rows"], 500);
    let folder = world.out().join("_snapshots").join(world.date());
    assert_eq!(last["path"], folder.to_str().unwrap());
    let quiet = world.export().args(&["--log-format=json", "-q"]).succeeds();
    assert!(!quiet.stderr.contains("published"), "{}", quiet.stderr);
}

#[test]
fn windows_that_are_asked_for_again_are_summed_up_in_one_line_and_named_with_a_flag() {
    let rules = [3, 7].map(|nth| (Fault::LostRecord, Trigger::Nth(nth)));
    let again = |program: Program| {
        let run = program.arg("--log-format=json").succeeds();
        let lines = json_lines(&run.stderr);
        let count = |message| {
            let of = lines.iter().filter(|line| line["message"] == message);
            of.count()
        };
        let sum = lines
            .iter()
            .find(|line| line["message"] == "windows were asked for again");
        let times = sum.map(|line| line["times"].as_u64().unwrap());
        (
            times.unwrap(),
            count("windows were asked for again"),
            count("asking for the window again"),
        )
    };
    let world = World::new(with_faults(8_000, &rules));
    let (times, sums, named) = again(world.export());
    assert!(times >= 2);
    assert_eq!((sums, named), (1, 0));
    let world = World::new(with_faults(8_000, &rules));
    let (times, sums, named) = again(world.export().arg("-v"));
    assert_eq!((sums, named as u64), (1, times));
}
