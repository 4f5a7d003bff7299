//! Records that are no clips, and clips with odd values: nothing is lost, nothing is taken for what
//! it is not, and the counts are those of the truth.

use std::collections::BTreeMap;
use std::fs;

use arrow::array::{Array, AsArray};
use clipcensus_sandbox::{Faults, MalformedRecord, MalformedRecords, SandboxOptions};
use serde_json::Value;

use crate::support::{OnePage, Program, World, assert_is_truth, clips, parquet_rows, texts};

/// An account in which every tenth record is odd, and what it gave.
fn exported() -> World {
    let world = World::new(SandboxOptions {
        faults: Faults {
            rules: Vec::new(),
            malformed: Some(MalformedRecords {
                one_in: 10,
                kinds: MalformedRecord::ALL.to_vec(),
            }),
        },
        ..clips(3_000)
    });
    world.export().succeeds();
    world
}

fn of_kind(world: &World, oddity: MalformedRecord) -> u64 {
    let count = world.sandbox.truth().all.malformed[oddity.name()];
    assert!(count > 0, "no {} in this account", oddity.name());
    count
}

fn count(texts: &[Option<String>], is_one: impl Fn(&str) -> bool) -> u64 {
    texts.iter().flatten().filter(|text| is_one(text)).count() as u64
}

#[test]
fn records_that_are_no_clips_are_kept_aside_with_their_reason_and_without_secrets() {
    let world = exported();
    let truth = world.sandbox.truth().all;
    assert_is_truth(&world.rows(), &truth);
    let manifest = world.manifest();
    assert_eq!(manifest["verdict"], "verified");
    assert_eq!(manifest["totals"]["rejected"], truth.records - truth.clips);

    let folder = world.out().join("_snapshots").join(world.date());
    let text = fs::read_to_string(folder.join("rejects.ndjson")).unwrap();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for line in text.lines() {
        let reject: Value = serde_json::from_str(line).unwrap();
        assert_eq!(reject["account_id"], world.sandbox.account_ids()[0]);
        *reasons
            .entry(reject["reason"].as_str().unwrap().to_owned())
            .or_default() += 1;
        let record: Value = serde_json::from_str(reject["record"].as_str().unwrap()).unwrap();
        if let Some(passcode) = record.pointer("/share_link_settings/passcode") {
            assert_eq!(passcode, "***");
        }
        if let Some(link) = record.get("thumbnail_link") {
            assert!(!link.as_str().unwrap().contains("jwt=ey"), "{link}");
        }
    }
    let mut counts: Vec<u64> = reasons.values().copied().collect();
    let mut wanted: Vec<u64> = MalformedRecord::ALL
        .into_iter()
        .filter(|oddity| oddity.is_reject())
        .map(|oddity| of_kind(&world, oddity))
        .collect();
    counts.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(counts, wanted, "{reasons:?}");
}

#[test]
fn odd_values_are_repaired_and_kept_as_they_were_sent() {
    let world = exported();
    let rows = world.rows();
    let extra = texts(&rows, "extra");
    let repairs = &world.manifest()["totals"]["repairs"];

    // Beyond what a file can have, and years that some engines cannot hold.
    for (oddity, field, column, raw) in [
        (
            MalformedRecord::HugeNumber,
            "file_size",
            "file_size_bytes",
            "\"file_size\":",
        ),
        (
            MalformedRecord::Year9999,
            "created_date",
            "created_at",
            "\"created_date\":\"9999-12-31T23:59:59.999+00:00\"",
        ),
        (
            MalformedRecord::YearZero,
            "created_date",
            "created_at",
            "\"created_date\":\"0000-",
        ),
    ] {
        let wanted = of_kind(&world, oddity);
        let years = [MalformedRecord::Year9999, MalformedRecord::YearZero];
        let of_field = if years.contains(&oddity) {
            years.map(|year| of_kind(&world, year)).iter().sum()
        } else {
            wanted
        };
        assert_eq!(repairs[field], of_field, "{repairs}");
        assert_eq!(count(&extra, |extra| extra.contains(raw)), wanted);
        for batch in &rows {
            let values = batch.column_by_name(column).unwrap();
            let extra = batch.column_by_name("extra").unwrap().as_string::<i32>();
            for row in 0..batch.num_rows() {
                let is_repaired = extra.is_valid(row) && extra.value(row).contains(raw);
                assert!(!is_repaired || values.is_null(row));
            }
        }
    }
    let deep = of_kind(&world, MalformedRecord::DeepNesting);
    let open = format!("\"layers\":\"{}", "[".repeat(10_000));
    assert_eq!(count(&extra, |extra| extra.contains(&open)), deep);
    let huge = of_kind(&world, MalformedRecord::HugeTitle);
    assert_eq!(
        count(&texts(&rows, "title"), |title| title.len() == 1 << 20),
        huge
    );
    let invalid = of_kind(&world, MalformedRecord::InvalidUtf8);
    let replaced = "caf\u{fffd} \u{fffd}";
    assert_eq!(
        count(&texts(&rows, "description"), |text| text == replaced),
        invalid
    );
    assert!(repairs["(invalid UTF-8)"].as_u64().unwrap() > 0);
    let twice = of_kind(&world, MalformedRecord::DuplicateKeys);
    assert_eq!(repairs["status"], twice, "{repairs}");
    assert_eq!(count(&extra, |extra| extra.contains("\"status\":")), twice);
    let unknown = of_kind(&world, MalformedRecord::UnknownStatus);
    assert_eq!(
        count(&texts(&rows, "status"), |status| status == "RECORD_PAUSED"),
        unknown
    );
}

#[test]
fn cells_that_a_spreadsheet_cannot_hold_are_cut_counted_and_told_and_others_are_whole() {
    let world = World::new(SandboxOptions {
        faults: Faults {
            rules: Vec::new(),
            malformed: Some(MalformedRecords {
                one_in: 50,
                kinds: vec![MalformedRecord::HugeTitle],
            }),
        },
        ..clips(300)
    });
    let huge = of_kind(&world, MalformedRecord::HugeTitle);
    let told = "letters that a spreadsheet holds";
    let data = world
        .out()
        .join("clips/snapshot_date=2026-11-01/part-00000.csv");
    let mark = "…[cut]";

    let run = world.export().arg("--format=csv").succeeds();
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(world.manifest()["totals"]["cut"], huge);
    let text = fs::read_to_string(&data).unwrap();
    assert_eq!(text.matches(mark).count() as u64, huge);
    world.verify();

    let lossless = ["--format=csv", "--csv-mode=lossless"];
    let export = lossless
        .iter()
        .fold(world.export(), |export, flag| export.arg(flag));
    let run = export.succeeds();
    assert!(!run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(world.manifest()["totals"]["cut"], 0);
    let text = fs::read_to_string(&data).unwrap();
    assert!(!text.contains(mark) && text.len() as u64 > huge << 20);
    world.verify();
}

/// A clip of 2025-03-04 with this title, raw as it stands in the answer.
fn page_with(title: &str) -> String {
    format!(
        r#"{{"data":[{{"clip_id":"A","title":"{title}","created_date":"2025-03-04T23:59:59Z"}}],"next_page_token":"","total_records":1}}"#
    )
}

/// An export of the two months around it.
fn export_of(service: &OnePage, out: &str) -> Program {
    Program::new(&[
        "export",
        "--since=2025-02-01",
        "--until=2025-04-01",
        "--max-wait=0s",
        "--out",
        out,
    ])
    .env("CLIPCENSUS_BASE_URL", &service.url)
    .env("ZOOM_ACCESS_TOKEN", "token")
    .env("ZOOM_ACCOUNT_ID", "the-account")
}

#[test]
fn a_raw_control_character_in_a_title_is_a_character_of_the_title() {
    let service = OnePage::serve(&page_with("a\u{13}b\nc"), "2025-03-04");
    let folder = tempfile::tempdir().unwrap();
    export_of(&service, folder.path().to_str().unwrap()).succeeds();
    let path = "clips/snapshot_date=2025-04-01/part-00000.parquet";
    let rows = parquet_rows(&folder.path().join(path));
    assert_eq!(texts(&rows, "title"), [Some("a\u{13}b\nc".to_owned())]);
}

#[test]
fn a_record_that_is_no_json_is_named_by_its_seconds_and_the_rest_can_be_published() {
    let service = OnePage::serve(&page_with("a\\qb"), "2025-03-04");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let run = export_of(&service, out).exits(65);
    let named = "no answer for [2025-03-04T23:59:59Z, 2025-03-05T00:00:01Z) can be used (1 tried): \
                 200, but the answer is no JSON object";
    assert!(run.stderr.contains(named), "{}", run.stderr);
    assert!(!folder.path().join("_snapshots").exists());
    export_of(&service, out).arg("--allow-incomplete").exits(65);
    let manifest = fs::read(folder.path().join("_snapshots/2025-04-01/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["verdict"], "incomplete");
    Program::new(&["verify", out]).succeeds();
}
