//! What is listed: every clip, once, for all sizes, histories, lists, bounds and formats.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use clipcensus_sandbox::{Behaviour, EndToken, History, Order, Paging, SandboxOptions, TagShape};
use serde_json::Value;

use crate::support::{OnePage, Program, World, assert_is_truth, clips, parquet_rows, texts};

const HISTORIES: [History; 3] = [History::Even, History::RecentHeavy, History::Bursty];

fn assert_exact(options: SandboxOptions) {
    let world = World::new(options);
    world.export().succeeds();
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    world.assert_clean();
}

#[test]
fn small_accounts_of_all_histories_and_bounds_are_listed_exactly() {
    for count in [0, 1, 29, 30, 31, 300, 301] {
        for history in HISTORIES {
            for is_inclusive in [true, false] {
                assert_exact(SandboxOptions {
                    history,
                    behaviour: Behaviour {
                        from_inclusive: is_inclusive,
                        to_inclusive: is_inclusive,
                        ..Behaviour::default()
                    },
                    ..clips(count)
                });
            }
        }
    }
}

#[test]
fn two_hundred_thousand_even_clips_are_listed_exactly() {
    assert_exact(clips(200_000));
}

#[test]
fn two_hundred_thousand_recent_clips_are_listed_exactly() {
    assert_exact(SandboxOptions {
        history: History::RecentHeavy,
        behaviour: Behaviour {
            from_inclusive: false,
            to_inclusive: false,
            ..Behaviour::default()
        },
        ..clips(200_000)
    });
}

#[test]
fn two_hundred_thousand_clips_with_a_burst_are_listed_exactly() {
    assert_exact(SandboxOptions {
        history: History::Bursty,
        ..clips(200_000)
    });
}

#[test]
fn named_accounts_are_listed_through_their_own_list() {
    for count in [0, 1, 29, 30, 31, 300, 301, 20_000] {
        for history in HISTORIES {
            let world = World::new(SandboxOptions {
                history,
                ..clips(count)
            });
            let account = world.sandbox.account_ids().remove(0);
            world.export().arg("--account").arg(&account).succeeds();
            assert_is_truth(&world.rows(), &world.sandbox.truth().all);
            world.assert_clean();
        }
    }
}

#[test]
fn all_accounts_are_the_own_one_and_its_sub_accounts() {
    let world = World::new(SandboxOptions {
        sub_accounts: 3,
        ..clips(5_000)
    });
    world.export().arg("--all-accounts").succeeds();
    let manifest = world.manifest();
    assert_eq!(manifest["account_ids"].as_array().unwrap().len(), 4);
    assert_is_truth(&world.rows(), &world.sandbox.truth().all);
    world.assert_clean();
}

#[test]
fn what_the_documentation_leaves_open_makes_no_difference() {
    let open = [
        Behaviour {
            end_token: EndToken::Null,
            order: Order::OldestFirst,
            paging: Paging::Offset,
            api_url: false,
            ..Behaviour::default()
        },
        Behaviour {
            end_token: EndToken::Missing,
            order: Order::ById,
            tags: TagShape::Objects,
            gzip: true,
            ..Behaviour::default()
        },
        Behaviour {
            from_inclusive: true,
            to_inclusive: false,
            ..Behaviour::default()
        },
    ];
    for behaviour in open {
        assert_exact(SandboxOptions {
            behaviour,
            ..clips(20_000)
        });
    }
}

#[test]
fn a_csv_and_a_parquet_snapshot_sum_up_to_the_same() {
    let world = World::new(clips(3_000));
    let summary = |format: &str| {
        world.export().arg("--format").arg(format).succeeds();
        let mut summary = world.json(&format!("{}/summary.json", world.date()));
        // The files themselves differ.
        let files = summary["proof"]["files"].take();
        assert_eq!(files[0]["rows"], 3_000);
        // So do the times of the two runs.
        for time in ["listed_from", "listed_to"] {
            assert_ne!(summary[time].take(), serde_json::Value::Null);
        }
        summary
    };
    assert!(summary("parquet") == summary("csv"));
}

#[test]
fn filters_reach_the_service_and_only_matching_clips_come() {
    let world = World::new(clips(3_000));
    let truth = world.sandbox.truth().all;
    let (owner, held) = truth.owners.iter().next().unwrap();
    world.export().arg("--owner").arg(owner).succeeds();
    assert_eq!(world.manifest()["totals"]["written"], held.clips);
    world.assert_clean();

    let world = World::new(clips(3_000));
    world.export().arg("--status=RECORD_DELETE").succeeds();
    assert_eq!(
        world.manifest()["totals"]["written"],
        truth.by_status["RECORD_DELETE"]
    );
}

#[test]
fn changes_are_listed_by_their_modification_into_a_table_of_their_own() {
    let world = World::new(clips(3_000));
    world.export().arg("--by=modified").succeeds();
    let folder = world.out().join("changes").join("snapshot_date=2026-11-01");
    assert!(folder.join("part-00000.parquet").is_file());
    assert!(!world.out().join("clips").exists());
    assert_eq!(world.manifest()["verdict"], "verified");
}

#[test]
fn the_documented_page_goes_through_the_whole_pipeline() {
    let page = include_str!("../../samples/documented-page.json");
    // Its page token would lead on: this service has one page, and says so.
    let mut page: Value = serde_json::from_str(page).unwrap();
    page["next_page_token"] = Value::from("");
    page["total_records"] = Value::from(1);
    let service = OnePage::serve(&page.to_string(), "2025-03-04");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    Program::new(&[
        "export",
        "--since=2025-02-01",
        "--until=2025-04-01",
        "--out",
        out,
    ])
    .env("CLIPCENSUS_BASE_URL", &service.url)
    .env("ZOOM_ACCESS_TOKEN", "token")
    .env("ZOOM_ACCOUNT_ID", "the-account")
    .succeeds();

    let path = folder
        .path()
        .join("clips/snapshot_date=2025-04-01/part-00000.parquet");
    let rows = parquet_rows(&path);
    let clip = &page["data"][0];
    let settings = &clip["share_link_settings"];
    let sent = |name: &str| Some(clip[name].as_str().unwrap().to_owned());
    let text = |column: &str| texts(&rows, column).remove(0);
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
    assert_eq!(text("account_id").as_deref(), Some("the-account"));
    for column in [
        "clip_id",
        "owner_id",
        "title",
        "description",
        "status",
        "share_link",
    ] {
        assert_eq!(text(column), sent(column), "{column}");
    }
    assert_eq!(text("share_scope").as_deref(), Some("SAME_ORGANIZATION"));
    assert_eq!(text("passcode"), None);
    assert_eq!(text("extra"), None);
    let thumbnail = text("thumbnail_link").unwrap();
    assert!(
        thumbnail.starts_with("https://") && !thumbnail.contains("jwt"),
        "{thumbnail}"
    );
    let column = |name: &str| rows[0].column_by_name(name).unwrap();
    let seconds = column("duration_seconds")
        .as_primitive::<Float64Type>()
        .value(0);
    assert_eq!(Value::from(seconds).as_f64(), clip["duration"].as_f64());
    assert_eq!(
        column("file_size_bytes")
            .as_primitive::<Int64Type>()
            .value(0),
        clip["file_size"].as_i64().unwrap()
    );
    for (name, field) in [
        ("created_at", "created_date"),
        ("modified_at", "modified_date"),
    ] {
        let instant: jiff::Timestamp = clip[field].as_str().unwrap().parse().unwrap();
        let value = column(name)
            .as_primitive::<TimestampMicrosecondType>()
            .value(0);
        assert_eq!(value, instant.as_microsecond(), "{name}");
    }
    assert_eq!(
        column("passcode_enabled").as_boolean().value(0),
        settings["enable_passcode"].as_bool().unwrap()
    );
    let tags = column("tags").as_list::<i32>().value(0);
    let tags: Vec<_> = tags
        .as_string::<i32>()
        .iter()
        .flatten()
        .map(Value::from)
        .collect();
    assert_eq!(Value::from(tags), clip["tags"]);
    let until: jiff::Timestamp = "2025-04-01T00:00:00Z".parse().unwrap();
    let snapshot_at = column("snapshot_at")
        .as_primitive::<TimestampMicrosecondType>()
        .value(0);
    assert_eq!(snapshot_at, until.as_microsecond());
}
