//! What time it is: here, and there.

use clipcensus_sandbox::{Behaviour, SandboxOptions};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{World, assert_nothing_published, clips, shows};

fn instant(text: &Value) -> Timestamp {
    text.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_census_ends_at_the_present_of_the_service_whatever_the_clock_of_this_computer() {
    for ahead in [-21_600, 21_600] {
        let world = World::new(SandboxOptions {
            behaviour: Behaviour {
                clock_ahead: ahead,
                ..Behaviour::default()
            },
            ..clips(10)
        });
        let before = Timestamp::now();
        let run = world
            .export()
            .without("CLIPCENSUS_UNTIL")
            .arg("--since=3d")
            .succeeds();
        shows(&run, &["clock of this computer", "the service's"]);
        let manifest = world.manifest();
        let snapshot_at = instant(&manifest["snapshot_at"]);
        let off = snapshot_at.duration_since(before).as_secs() - ahead;
        assert!((-2..600).contains(&off), "{snapshot_at}");
        // Ages count back from the same present.
        let span = snapshot_at.duration_since(instant(&manifest["since"]));
        assert_eq!(span.as_secs(), 3 * 86_400);
        let apart = instant(&manifest["clock"]["service"])
            .duration_since(instant(&manifest["clock"]["computer"]));
        assert!((apart.as_secs() - ahead).abs() < 60, "{manifest:#}");
    }
}

#[test]
fn an_end_that_the_service_has_not_reached_is_refused() {
    let world = World::new(SandboxOptions {
        behaviour: Behaviour {
            clock_ahead: -21_600,
            ..Behaviour::default()
        },
        ..clips(10)
    });
    let an_hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    let until = format!("--until={an_hour_ago}");
    let run = world.export().arg(&until).exits(2);
    shows(&run, &["in the future", "clock of the service"]);
    assert_nothing_published(&world);
}

#[test]
fn a_clock_that_cannot_be_right_is_told() {
    let world = World::new(clips(10));
    let run = world
        .export()
        .without("CLIPCENSUS_UNTIL")
        .arg("--since=2999-01-01")
        .exits(2);
    shows(&run, &["2999-01-01", "clock of this computer"]);
    let run = world.export().arg("--until=2999-01-01").exits(2);
    shows(&run, &["in the future", "clock of this computer"]);
    assert_eq!(world.sandbox.report().requests, 0);
}
