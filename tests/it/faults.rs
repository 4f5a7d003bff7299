//! What goes wrong on the way: each fault passes at the cost of time, or ends the run with a message
//! that names it, and nothing is published.

use std::io::{BufRead, BufReader, Read};

use clipcensus_sandbox::{
    Fault, FaultRule, Order, Sandbox, ScopeNames, Target, TokenRefusal, TooMany, Trigger,
};

use crate::support::{
    World, assert_is_truth, assert_nothing_published, clips, parquet_rows, with_faults,
};

/// Whether a fault strikes page tokens only: these are used where a list comes in no order of dates.
const fn strikes_page_tokens(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::ExpirePageToken
            | Fault::UnknownPageToken
            | Fault::ForeignPageToken
            | Fault::RepeatedPageToken
    )
}

#[test]
fn page_tokens_that_are_never_accepted_cost_requests_and_no_clip() {
    for fault in [
        Fault::ExpirePageToken,
        Fault::UnknownPageToken,
        Fault::ForeignPageToken,
    ] {
        for order in [Order::NewestFirst, Order::ById] {
            let mut options = with_faults(20_000, &[(fault, Trigger::Always)]);
            options.behaviour.order = order;
            let world = World::new(options);
            world.export().succeeds();
            assert_is_truth(&world.rows(), &world.sandbox.truth().all);
            assert_eq!(world.manifest()["verdict"], "verified");
        }
    }
}

// Faults that keep us waiting are tested where the program has less patience: in `export`.
#[test]
fn a_fault_that_passes_costs_time_and_no_clip() {
    std::thread::scope(|scope| {
        for fault in Fault::PASSING {
            scope.spawn(move || {
                let mut options = with_faults(20_000, &[(fault, Trigger::Nth(17))]);
                if strikes_page_tokens(fault) {
                    options.behaviour.order = Order::ById;
                }
                let world = World::new(options);
                world.export().succeeds();
                assert_is_truth(&world.rows(), &world.sandbox.truth().all);
                assert_eq!(world.manifest()["verdict"], "verified");
                let struck: u64 = world.sandbox.report().faults.values().sum();
                assert_eq!(struck, 1, "{fault:?} did not strike");
            });
        }
    });
}

#[test]
fn an_access_token_that_is_slow_to_come_is_waited_for() {
    for fault in [
        Fault::Html(503),
        Fault::ServerError { body: false },
        Fault::Close,
        Fault::CutBody,
        Fault::TooMany(TooMany::Bare),
    ] {
        let mut options = clips(500);
        options.faults.rules.push(FaultRule {
            on: Target::Token,
            ..FaultRule::clips(fault, Trigger::Nth(1))
        });
        let world = World::new(options);
        world.export().succeeds();
        assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    }
}

/// What never passes: the fault, the exit code, and words of the message.
const LASTING: [(Fault, i32, &str); 15] = [
    (Fault::Html(502), 75, "502"),
    (Fault::Html(503), 75, "503"),
    (Fault::Html(504), 75, "504"),
    (Fault::ServerError { body: true }, 75, "Internal error."),
    (Fault::ServerError { body: false }, 75, "500"),
    (Fault::Close, 75, "interrupted"),
    (Fault::Reset, 75, "interrupted"),
    (Fault::CutBody, 75, "interrupted"),
    (Fault::ResetBody, 75, "interrupted"),
    (Fault::OkWithErrorCode, 75, "code 3000"),
    (Fault::MissingData, 75, "data"),
    (Fault::LostRecord, 65, "clips came"),
    (Fault::TooMany(TooMany::Bare), 75, "429"),
    (Fault::Forbidden, 77, "1003"),
    (
        Fault::KillToken(TokenRefusal::Unauthorized124),
        75,
        "another program may be fetching",
    ),
];

#[test]
fn a_fault_that_lasts_ends_the_run_is_named_and_publishes_nothing() {
    std::thread::scope(|scope| {
        for (fault, code, words) in LASTING {
            scope.spawn(move || {
                let world = World::new(with_faults(20_000, &[(fault, Trigger::Always)]));
                let run = world.export().arg("--max-wait=1s").exits(code);
                assert!(run.stderr.contains(words), "{fault:?}: {}", run.stderr);
                assert_nothing_published(&world);
            });
        }
    });
}

#[test]
fn page_tokens_that_always_repeat_are_done_without() {
    let always = (Fault::RepeatedPageToken, Trigger::Always);
    let world = World::new(with_faults(20_000, &[always]));
    world.export().succeeds();
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

#[test]
fn pages_without_an_end_are_given_up() {
    let world = World::new(with_faults(3_000, &[(Fault::EmptyPage, Trigger::Always)]));
    let run = world.export().arg("--since=2026-10-20").exits(65);
    assert!(
        run.stderr.contains("20 pages brought nothing new"),
        "{}",
        run.stderr
    );
    assert_nothing_published(&world);
}

#[test]
fn a_daily_limit_says_when_to_come_back() {
    let daily = (Fault::TooMany(TooMany::Daily), Trigger::Always);
    let world = World::new(with_faults(1_000, &[daily]));
    let run = world.export().arg("--max-wait=0s").exits(75);
    assert!(run.stderr.contains("run again after 20"), "{}", run.stderr);
    assert_nothing_published(&world);
}

#[test]
fn a_scope_that_is_lost_on_the_way_is_named() {
    for (names, scope) in [
        (ScopeNames::Granular, "clips:read:list_user_clips:admin"),
        (ScopeNames::Classic, "clips:read:admin"),
    ] {
        let mut options = with_faults(9_000, &[(Fault::LoseScope, Trigger::Nth(30))]);
        options.behaviour.scope_names = names;
        let world = World::new(options);
        let run = world.export().exits(77);
        assert!(run.stderr.contains(scope), "{}", run.stderr);
        assert_nothing_published(&world);
    }
}

#[test]
fn a_service_that_is_not_there_yet_is_waited_for() {
    let before = World::new(clips(2_000));
    let address = before.sandbox.address();
    let (truth, program) = (before.sandbox.truth(), before.export().arg("-v"));
    let folder = before.stop();
    let mut child = program.spawn();
    let mut messages = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("cannot connect") {
        line.clear();
        assert!(messages.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = Sandbox::start(clips(2_000), address.port());
    let _sandbox = runtime.block_on(sandbox).unwrap();
    let mut rest = String::new();
    messages.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    let rows = folder
        .path()
        .join("census/clips/snapshot_date=2026-11-01/part-00000.parquet");
    assert_is_truth(&parquet_rows(&rows), &truth.all);
}
