//! The sample page, and the columns that every snapshot has.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use serde_json::value::RawValue;

use crate::clip::{Clip, ClipBatchBuilder, Column, SecretPolicy, normalise, schema};
use crate::model::Micros;

const PAGE: &str = include_str!("../../../samples/documented-page.json");

fn records() -> Vec<&'static RawValue> {
    let page: BTreeMap<&str, &RawValue> = serde_json::from_str(PAGE).unwrap();
    serde_json::from_str(page["data"].get()).unwrap()
}

fn expected() -> Clip<'static> {
    Clip {
        clip_id: "QkJyb29rc2lkZUhhcmJvdXJUb3VyMDAwMQ".into(),
        owner_id: Some("u7_Harbour-Qa1b2C3d4Ee".into()),
        title: Some("Harbour tour, take two".into()),
        description: Some("Walk along the quay.\nWith subtitles.".into()),
        status: Some("RECORD_SUCCESS".into()),
        duration_seconds: Some(4210.0),
        file_size_bytes: Some(7_340_033),
        created_at: Some(Micros(1_741_079_727_204_000)),
        modified_at: Some(Micros(1_741_192_800_000_000)),
        share_link: Some(
            "https://video.example.com/clips/share/QkJyb29rc2lkZUhhcmJvdXJUb3VyMDAwMQ".into(),
        ),
        share_scope: Some("SAME_ORGANIZATION".into()),
        passcode_enabled: Some(true),
        passcode: None,
        thumbnail_link: Some(
            "https://files.example.com/file/Harbour0001?attachType=preview&filename=Harbour0001.jpg&subType=640x360"
                .into(),
        ),
        tags: Some(vec!["harbour".into(), "draft".into()]),
        extra: None,
    }
}

#[test]
fn the_documented_record_fills_every_column_and_leaves_nothing_over() {
    let records = records();
    assert_eq!(records.len(), 1);
    let row = normalise(records[0], SecretPolicy::Cut).unwrap();
    assert_eq!(row.clip, expected());
    assert!(row.repairs.is_empty());
}

#[test]
fn the_documented_record_keeps_passcode_and_signature_when_asked_to() {
    let records = records();
    let row = normalise(records[0], SecretPolicy::Keep).unwrap();
    assert_eq!(row.clip.passcode.as_deref(), Some("Quay#4417"));
    let link = row.clip.thumbnail_link.unwrap();
    assert!(link.contains("&jwt=eyJhbGciOiJub25l") && link.ends_with("&subType=640x360"));
    assert_eq!(row.clip.extra, None);
}

#[test]
fn the_documented_page_has_the_documented_members() {
    let page: BTreeMap<&str, &RawValue> = serde_json::from_str(PAGE).unwrap();
    let names: Vec<&&str> = page.keys().collect();
    assert_eq!(
        names,
        [&"data", &"next_page_token", &"page_size", &"total_records"]
    );
    let record: BTreeMap<&str, &RawValue> = serde_json::from_str(records()[0].get()).unwrap();
    assert_eq!(record.len(), 13);
    let settings: BTreeMap<&str, &RawValue> =
        serde_json::from_str(record["share_link_settings"].get()).unwrap();
    assert_eq!(settings.len(), 3);
}

#[test]
fn a_batch_has_the_columns_of_the_contract_in_their_order() {
    let schema = schema();
    let text = |name| (name, DataType::Utf8, true);
    let utc = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
    let tag = arrow::datatypes::Field::new("element", DataType::Utf8, false);
    let contract = [
        ("account_id", DataType::Utf8, false),
        ("clip_id", DataType::Utf8, false),
        text("owner_id"),
        text("title"),
        text("description"),
        text("status"),
        ("duration_seconds", DataType::Float64, true),
        ("file_size_bytes", DataType::Int64, true),
        ("created_at", utc.clone(), true),
        ("modified_at", utc.clone(), true),
        text("share_link"),
        text("share_scope"),
        ("passcode_enabled", DataType::Boolean, true),
        text("passcode"),
        text("thumbnail_link"),
        ("tags", DataType::List(tag.into()), true),
        text("extra"),
        ("snapshot_at", utc, false),
    ];
    let columns: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            let name = field.name().as_str();
            (name, field.data_type().clone(), field.is_nullable())
        })
        .collect();
    assert_eq!(columns, contract);
    let of = |column: Column| schema.field(column.index()).name().clone();
    assert_eq!(of(Column::AccountId), "account_id");
    assert_eq!(of(Column::CreatedAt), "created_at");
    assert_eq!(of(Column::PasscodeEnabled), "passcode_enabled");
    assert_eq!(of(Column::SnapshotAt), "snapshot_at");
}

#[test]
fn a_full_and_an_empty_row_stand_in_their_columns_and_the_builder_is_empty_after() {
    let mut builder = ClipBatchBuilder::with_capacity(2);
    let full = Clip {
        passcode: Some("p".into()),
        extra: Some("{}".to_owned()),
        ..expected()
    };
    let empty = Clip {
        clip_id: "e".into(),
        ..Clip::default()
    };
    builder.push("a", Micros(5), &full);
    builder.push("b", Micros(6), &empty);
    let batch = builder.finish();
    assert_eq!(batch.num_rows(), 2);
    let nulls: Vec<usize> = batch.columns().iter().map(Array::null_count).collect();
    assert_eq!(
        nulls,
        [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]
    );
    let text = |column: Column, row: usize| {
        let column = batch.column(column.index());
        column.as_string::<i32>().value(row).to_owned()
    };
    assert_eq!(text(Column::AccountId, 1), "b");
    assert_eq!(text(Column::ClipId, 1), "e");
    assert_eq!(text(Column::OwnerId, 0), "u7_Harbour-Qa1b2C3d4Ee");
    assert_eq!(text(Column::Title, 0), "Harbour tour, take two");
    assert_eq!(text(Column::Status, 0), "RECORD_SUCCESS");
    assert_eq!(text(Column::ShareScope, 0), "SAME_ORGANIZATION");
    assert_eq!(text(Column::Passcode, 0), "p");
    assert_eq!(text(Column::Extra, 0), "{}");
    let tags = batch.column(Column::Tags.index()).as_list::<i32>().value(0);
    assert_eq!(tags.as_string::<i32>().value(1), "draft");
    assert_eq!(builder.finish().num_rows(), 0);
}
