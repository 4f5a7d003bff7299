//! Services that do not do as their document says: never verified, said on stderr, in the summary, and
//! by a check.

use clipcensus_sandbox::{Behaviour, DateForm, FilteredDate, SandboxOptions};
use jiff::SignedDuration;

use crate::support::{World, assert_is_truth, clips};

fn world(count: u64, behaviour: Behaviour) -> World {
    World::new(SandboxOptions {
        behaviour,
        ..clips(count)
    })
}

/// A census of this service is published, is not called proven, and says why; a check tells before.
fn assert_doubted(world: &World, doubt: &str) {
    let check = world.check().succeeds();
    let records = check.stdout.lines().find(|line| line.contains("records  "));
    let records = records.unwrap_or_else(|| panic!("no line about records: {}", check.stdout));
    assert!(records.starts_with("warning"), "{records}");
    let run = world.export().succeeds();
    assert_eq!(world.manifest()["verdict"], "unverified");
    assert!(run.stderr.contains("not proven"), "{}", run.stderr);
    assert!(run.stderr.contains(doubt), "{}", run.stderr);
    assert!(run.stdout.contains("not proven"), "{}", run.stdout);
    let summary = world.json(&format!("{}/summary.json", world.date()));
    let told = summary["proof"]["doubts"][0].as_str().unwrap();
    assert!(told.contains(doubt), "{told}");
    world.verify();
}

#[test]
fn a_filter_on_another_clock_is_named() {
    for hours in [-9, 9] {
        let world = world(
            6_000,
            Behaviour {
                filter_shift: SignedDuration::from_hours(hours),
                ..Behaviour::default()
            },
        );
        assert_doubted(&world, "dated outside of what was asked for");
    }
}

#[test]
fn a_filter_on_the_other_date_is_named() {
    let behaviour = Behaviour {
        filtered_date: FilteredDate::Modified,
        ..Behaviour::default()
    };
    assert_doubted(
        &world(6_000, behaviour),
        "dated outside of what was asked for",
    );
}

#[test]
fn a_count_that_stops_at_a_cap_is_named_and_nothing_is_lost() {
    let behaviour = Behaviour {
        total_cap: Some(1_000),
        ..Behaviour::default()
    };
    let world = world(80_000, behaviour);
    assert_doubted(&world, "total_records never says more than 1000");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}

#[test]
fn a_service_that_lists_and_counts_the_first_page_only_is_named_and_nothing_is_lost() {
    let behaviour = Behaviour {
        total_cap: Some(300),
        ..Behaviour::default()
    };
    let world = world(20_000, behaviour);
    let run = world.export().succeeds();
    assert_eq!(world.manifest()["verdict"], "unverified");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    let told = "total_records never says more than 300";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn dates_in_a_form_that_may_be_read_in_two_ways_are_named() {
    for dates in [DateForm::EpochMillis, DateForm::NoZone] {
        let behaviour = Behaviour {
            dates,
            ..Behaviour::default()
        };
        assert_doubted(&world(2_000, behaviour), "created_date of ");
    }
}

#[test]
fn dates_with_a_short_offset_are_read() {
    let behaviour = Behaviour {
        dates: DateForm::ShortOffset,
        ..Behaviour::default()
    };
    let world = world(2_000, behaviour);
    world.export().succeeds();
    assert_eq!(world.manifest()["verdict"], "verified");
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
}
