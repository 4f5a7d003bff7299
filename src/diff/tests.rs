//! A diff is the full outer join of two snapshots, whatever they hold and however they are stored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use jiff::civil::{Date, date};
use proptest::collection::btree_map;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{option, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::*;
use crate::clip::{Clip, ClipBatchBuilder, Column, schema};
use crate::diff::cursor::Order;
use crate::diff::sorter::Sorter;
use crate::model::time::write_micros;
use crate::model::{Micros, Verdict};
use crate::report::{Changes, changes_page};
use crate::snapshot::testing::{layout, lock, manifest};
use crate::snapshot::{CsvMode, Format, Manifest, Publication};

const DAYS: [Date; 2] = [date(2026, 11, 22), date(2026, 11, 23)];

/// What the tests vary of a clip.
#[derive(Debug, Clone, PartialEq)]
struct Spec {
    owner: Option<u8>,
    title: Option<String>,
    status: Option<&'static str>,
    bytes: Option<i64>,
    created: Option<i64>,
    scope: Option<&'static str>,
    passcode: Option<bool>,
    tags: Option<Vec<String>>,
}

/// Clips by account and id.
type Clips = BTreeMap<(u8, u8), Spec>;

fn spec() -> impl Strategy<Value = Spec> {
    let status = proptest::sample::select(vec![Some("ACTIVE"), Some("SUSPENDED"), None]);
    let scope = proptest::sample::select(vec![Some("ANYONE"), Some("SAME_ORGANIZATION"), None]);
    (
        option::of(0..3_u8),
        option::of("[a=\u{9b}\u{202e}]{0,1}"),
        status,
        option::of(0..3_i64),
        option::of(0..3_i64),
        scope,
        option::of(any::<bool>()),
        option::of(proptest::collection::vec("[xy]", 0..2)),
    )
        .prop_map(|it| Spec {
            owner: it.0,
            title: it.1,
            status: it.2,
            bytes: it.3,
            created: it.4,
            scope: it.5,
            passcode: it.6,
            tags: it.7,
        })
}

/// Two nights: some clips are only in one of them, some in both and alike, some in both and edited.
fn nights() -> impl Strategy<Value = [Clips; 2]> {
    let clip = (spec(), spec(), 0..5_u8);
    btree_map((0..2_u8, 0..20_u8), clip, 0..40).prop_map(|all| {
        let mut nights = [Clips::new(), Clips::new()];
        for (key, (one, other, fate)) in all {
            let later = if fate == 0 { other } else { one.clone() };
            if fate != 1 {
                nights[0].insert(key, one);
            }
            if fate != 2 {
                nights[1].insert(key, later);
            }
        }
        nights
    })
}

fn names((account, clip): (u8, u8)) -> (String, String) {
    (format!("account{account}"), format!("clip{clip}"))
}

/// The clips as the rows of a snapshot, in its order.
fn rows(clips: &Clips, snapshot_at: Micros) -> RecordBatch {
    let mut builder = ClipBatchBuilder::with_capacity(clips.len());
    let mut sorted: Vec<_> = clips
        .iter()
        .map(|(key, spec)| (names(*key), spec))
        .collect();
    sorted.sort_by(
        |((account, clip), one), ((other_account, other_clip), other)| {
            (account, one.created, clip).cmp(&(other_account, other.created, other_clip))
        },
    );
    for ((account, clip), spec) in sorted {
        let clip = Clip {
            clip_id: Cow::Borrowed(&clip),
            owner_id: spec.owner.map(|it| Cow::Owned(it.to_string())),
            title: spec.title.as_deref().map(Cow::Borrowed),
            status: spec.status.map(Cow::Borrowed),
            file_size_bytes: spec.bytes,
            created_at: spec.created.map(|it| Micros(it * 1_000_000)),
            share_scope: spec.scope.map(Cow::Borrowed),
            passcode_enabled: spec.passcode,
            // It is signed anew each night.
            thumbnail_link: Some(Cow::Owned(snapshot_at.to_string())),
            tags: spec
                .tags
                .as_ref()
                .map(|tags| tags.iter().map(|it| Cow::Borrowed(it.as_str())).collect()),
            ..Clip::default()
        };
        builder.push(&account, snapshot_at, &clip);
    }
    builder.finish()
}

fn midnight(day: Date) -> Micros {
    let at = jiff::tz::TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .unwrap();
    Micros(at.as_microsecond())
}

fn publish(
    out: &std::path::Path,
    day: Date,
    clips: &Clips,
    format: Format,
    edit: impl Fn(&mut Manifest),
) {
    let layout = layout(out);
    let batch = rows(clips, midnight(day));
    let mode = CsvMode::Spreadsheet;
    let mut publication = Publication::stage(&layout, day, format, mode, 7).unwrap();
    publication.write(&batch).unwrap();
    let staged = publication.finish().unwrap();
    let mut manifest = Manifest {
        run_id: day.to_string(),
        snapshot_at: midnight(day),
        format,
        csv_mode: Some(mode),
        files: staged.files.clone(),
        ..manifest()
    };
    edit(&mut manifest);
    staged.publish(&manifest, &[], &lock(&layout)).unwrap();
}

fn published(nights: &[Clips; 2], format: Format) -> (tempfile::TempDir, Sides) {
    let out = tempfile::tempdir().unwrap();
    for (day, clips) in DAYS.into_iter().zip(nights) {
        publish(out.path(), day, clips, format, |_| ());
    }
    let sides = Sides::choose(out.path(), Choice::default()).unwrap();
    (out, sides)
}

/// All differences as JSON, by account and clip.
fn differences(sides: &Sides, wanted: &Wanted) -> (BTreeMap<(String, String), Value>, Changes) {
    let mut lines = Vec::new();
    let mut changes = Changes::since(DAYS[0]);
    let (from, to) = (sides.from.rows().unwrap(), sides.to.rows().unwrap());
    diff(from, to, wanted, &mut |batch| {
        changes.add(batch);
        json_lines(batch, &mut lines).map_err(DiffError::Output)
    })
    .unwrap();
    let mut all = BTreeMap::new();
    assert!(
        !lines.contains(&b'\xc2') && !lines.contains(&b'\xe2'),
        "a title could steer a terminal"
    );
    for line in String::from_utf8(lines).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let before = all.insert((text("account_id"), text("clip_id")), row.clone());
        assert_eq!(before, None, "a clip differs once");
    }
    (all, changes)
}

fn instant(seconds: i64) -> String {
    let mut text = String::new();
    write_micros(&mut text, seconds * 1_000_000).unwrap();
    text
}

/// The values of a clip by the names of their columns.
fn values(spec: &Spec, day: Date) -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("owner_id", json!(spec.owner.map(|it| it.to_string()))),
        ("title", json!(spec.title)),
        ("description", Value::Null),
        ("status", json!(spec.status)),
        ("duration_seconds", Value::Null),
        ("file_size_bytes", json!(spec.bytes)),
        ("created_at", json!(spec.created.map(instant))),
        ("modified_at", Value::Null),
        ("share_link", Value::Null),
        ("share_scope", json!(spec.scope)),
        ("passcode_enabled", json!(spec.passcode)),
        ("passcode", Value::Null),
        ("thumbnail_link", json!(midnight(day).to_string())),
        ("tags", json!(spec.tags)),
        ("extra", Value::Null),
        ("snapshot_at", json!(instant(midnight(day).seconds().0))),
    ])
}

fn is_exposed(spec: Option<&Spec>) -> bool {
    spec.is_some_and(|it| {
        it.scope == Some("ANYONE") && it.passcode == Some(false) && it.status != Some("SUSPENDED")
    })
}

/// The outer join of two nights, made clip by clip.
fn outer_join(nights: &[Clips; 2]) -> BTreeMap<(String, String), Value> {
    let mut all = BTreeMap::new();
    let keys = nights[0].keys().chain(nights[1].keys());
    for key in keys {
        let (from, to) = (nights[0].get(key), nights[1].get(key));
        let change = match (from, to) {
            (Some(from), Some(to)) if from == to => continue,
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "gone",
            _ => "new",
        };
        let (account, clip) = names(*key);
        let exposure = match (is_exposed(from), is_exposed(to)) {
            (false, true) => json!("opened"),
            (true, false) => json!("closed"),
            _ => Value::Null,
        };
        let before = from.map(|spec| values(spec, DAYS[0]));
        let after = to.map(|spec| values(spec, DAYS[1]));
        let mut changed = Vec::new();
        let mut row = json!({
            "change": change,
            "exposure_change": exposure,
            "from_date": DAYS[0].to_string(),
            "to_date": DAYS[1].to_string(),
            "account_id": account,
            "clip_id": clip,
        });
        let schema = schema();
        for field in schema.fields().iter().skip(2) {
            let name = field.name().as_str();
            let value = |side: &Option<BTreeMap<&str, Value>>| {
                side.as_ref().map_or(Value::Null, |it| it[name].clone())
            };
            let (from, to) = (value(&before), value(&after));
            if from != to && !["snapshot_at", "thumbnail_link"].contains(&name) {
                changed.push(name.to_owned());
            }
            row[format!("from_{name}")] = from;
            row[format!("to_{name}")] = to;
        }
        row["changed_columns"] = if change == "changed" {
            json!(changed)
        } else {
            Value::Null
        };
        all.insert((account, clip), row);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_is_the_outer_join_of_both_snapshots(nights in nights(), is_csv in any::<bool>()) {
        let format = if is_csv { Format::Csv } else { Format::Parquet };
        let (_out, sides) = published(&nights, format);
        let (found, changes) = differences(&sides, &Wanted::default());
        let wanted = outer_join(&nights);
        prop_assert_eq!(changes.differences(), wanted.len() as u64);
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn rows_are_sorted_by_clip_whatever_has_room_in_memory(nights in nights(), most_bytes in 1..20_000_usize) {
        let batch = rows(&nights[0], midnight(DAYS[0]));
        let mut sorter = Sorter::of(most_bytes);
        // Each row as a batch of its own, so that many chunks are ended.
        for row in 0..batch.num_rows() {
            sorter.push((&batch.slice(row, 1), 0)).unwrap();
        }
        let sorted: Vec<RecordBatch> = sorter.sorted().unwrap().map(Result::unwrap).collect();
        let sorted = concat_batches(&schema(), &sorted).unwrap();
        let text = |column: Column| sorted.column(column.index()).as_string::<i32>();
        let keys: Vec<(&str, &str)> = text(Column::AccountId).iter().flatten().zip(text(Column::ClipId).iter().flatten()).collect();
        let mut wanted: Vec<(String, String)> = nights[0].keys().map(|key| names(*key)).collect();
        wanted.sort();
        prop_assert_eq!(keys, wanted.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect::<Vec<_>>());
    }
}

fn exposed(bytes: i64) -> Spec {
    Spec {
        owner: Some(1),
        title: Some("Demo".to_owned()),
        status: Some("ACTIVE"),
        bytes: Some(bytes),
        created: Some(1),
        scope: Some("ANYONE"),
        passcode: Some(false),
        tags: None,
    }
}

fn closed(bytes: i64) -> Spec {
    Spec {
        scope: Some("SAME_ORGANIZATION"),
        ..exposed(bytes)
    }
}

/// One clip each that is new and exposed, gone and exposed, opened, closed, grown, moved, and as it was.
fn eventful() -> [Clips; 2] {
    let moved = Spec {
        created: Some(2),
        ..closed(1)
    };
    let from = [
        (1, exposed(5)),
        (2, closed(3)),
        (3, exposed(4)),
        (4, closed(10)),
        (5, closed(1)),
        (6, closed(1)),
    ];
    let to = [
        (0, exposed(7)),
        (2, exposed(3)),
        (3, closed(4)),
        (4, closed(110)),
        (5, moved),
        (6, closed(1)),
    ];
    [from.into(), to.into()].map(|night: Vec<(u8, Spec)>| {
        night
            .into_iter()
            .map(|(clip, spec)| ((0, clip), spec))
            .collect()
    })
}

#[test]
fn kinds_of_differences_are_told_apart_and_chosen() {
    let (_out, sides) = published(&eventful(), Format::Parquet);
    let ids = |only: &[Only], ignored: &[&str]| {
        let wanted = Wanted {
            only: only.to_vec(),
            ignored: ignored.iter().map(|it| (*it).to_owned()).collect(),
        };
        let (all, _) = differences(&sides, &wanted);
        let ids: Vec<String> = all.into_keys().map(|(_, clip)| clip).collect();
        ids.join(" ")
    };
    assert_eq!(ids(&[], &[]), "clip0 clip1 clip2 clip3 clip4 clip5");
    assert_eq!(ids(&[Only::Opened], &[]), "clip0 clip2");
    assert_eq!(ids(&[Only::Closed], &[]), "clip1 clip3");
    assert_eq!(ids(&[Only::New, Only::Gone], &[]), "clip0 clip1");
    assert_eq!(ids(&[Only::Changed], &[]), "clip2 clip3 clip4 clip5");
    let columns = ["created_at", "file_size_bytes"];
    assert_eq!(ids(&[Only::Changed], &columns), "clip2 clip3");
}

/// The changes in words; who has an id is named by it.
fn page(changes: &Changes) -> String {
    let owner = |id: Option<&str>| id.unwrap_or("nobody").to_owned();
    let sections = changes_page::sections("Changes".to_owned(), changes, owner);
    crate::report::text_of(&sections)
}

#[test]
fn a_page_names_what_was_opened_and_what_changed_the_storage_and_no_link() {
    let (_out, sides) = published(&eventful(), Format::Parquet);
    let (_, changes) = differences(&sides, &Wanted::default());
    assert_eq!(changes.growth_bytes, 7 - 5 + 100);
    assert_eq!(changes.largest[0].clip_id, "clip4");
    insta::assert_snapshot!(page(&changes));
}

#[test]
fn no_difference_is_told_in_words() {
    let nights = [eventful()[0].clone(), eventful()[0].clone()];
    let (_out, sides) = published(&nights, Format::Csv);
    let (_, changes) = differences(&sides, &Wanted::default());
    let page = page(&changes);
    assert!(page.contains("No differences."), "{page}");
}

fn refused(choice: Choice, edit: impl Fn(Date, &mut Manifest)) -> String {
    let out = tempfile::tempdir().unwrap();
    for (day, clips) in DAYS.into_iter().zip(&eventful()) {
        publish(out.path(), day, clips, Format::Parquet, |it| edit(day, it));
    }
    Sides::choose(out.path(), choice).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let any = Choice::default();
    let unproven = refused(any, |day, it| {
        if day == DAYS[0] {
            it.verdict = Verdict::Incomplete;
        }
    });
    assert!(
        unproven.starts_with("the snapshot of 2026-11-22 is incomplete"),
        "{unproven}"
    );
    let secrets = refused(any, |day, it| {
        let has = json!(day == DAYS[1]);
        it.parameters.insert("include_secrets".to_owned(), has);
    });
    assert!(
        secrets.contains("include_secrets false then, include_secrets true now"),
        "{secrets}"
    );
    let other = refused(any, |day, it| {
        it.parameters
            .insert("owner".to_owned(), json!(day.to_string()));
    });
    assert!(other.contains("owner \"2026-11-22\" then"), "{other}");
    let first = Choice {
        to: Some(DAYS[0]),
        ..any
    };
    let alone = refused(first, |_, _| ());
    assert!(
        alone.contains("no snapshot before that of 2026-11-22"),
        "{alone}"
    );
    let backwards = Choice {
        from: Some(DAYS[1]),
        to: Some(DAYS[0]),
        ..any
    };
    let backwards = refused(backwards, |_, _| ());
    assert!(backwards.contains("is not before --to"), "{backwards}");
    let missing = Choice {
        from: Some(date(2026, 1, 1)),
        ..any
    };
    let missing = refused(missing, |_, _| ());
    assert!(missing.starts_with("no snapshot at"), "{missing}");
}

#[test]
fn a_snapshot_that_is_not_in_order_is_compared_all_the_same() {
    let clips = rows(&eventful()[0], midnight(DAYS[0]));
    let backwards: Vec<RecordBatch> = (0..clips.num_rows())
        .rev()
        .map(|row| clips.slice(row, 1))
        .collect();
    let read = |batches: Vec<RecordBatch>| {
        let batches = batches.into_iter().map(Ok::<_, DiffError>);
        cursor::Cursor::begin(batches, Order::Snapshot).unwrap()
    };
    let (mut ours, mut theirs) = (0, 0);
    cursor::side_by_side(read(backwards), read(vec![clips]), |one, other| {
        ours += usize::from(one.is_some());
        theirs += usize::from(other.is_some());
        Ok(())
    })
    .unwrap();
    assert_eq!((ours, theirs), (6, 6), "every row is handed on once");
}
