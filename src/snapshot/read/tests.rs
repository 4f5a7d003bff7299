//! Rows survive every format, and snapshots are found by each of their names.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use arrow::array::{ArrayRef, StringArray};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{option, prop_assert_eq, proptest};

use super::*;
use crate::clip::owner::owner_schema;
use crate::clip::{Clip, ClipBatchBuilder, SCHEMA_VERSION};
use crate::disk::input::testing::refusing;
use crate::model::Micros;
use crate::snapshot::parquet::ParquetWriter;
use crate::snapshot::publish::Publication;
use crate::snapshot::testing;

/// Publishes rows and gives the output folder and the manifest.
fn published(
    batch: &RecordBatch,
    format: Format,
    csv_mode: CsvMode,
    max_file_rows: u64,
) -> (tempfile::TempDir, Manifest) {
    let out = tempfile::tempdir().unwrap();
    let layout = testing::layout(out.path());
    let manifest = testing::manifest();
    let mut publication =
        Publication::stage(&layout, manifest.date(), format, csv_mode, max_file_rows).unwrap();
    publication.write(batch).unwrap();
    let staged = publication.finish().unwrap();
    let manifest = Manifest {
        format,
        csv_mode: Some(csv_mode),
        files: staged.files.clone(),
        ..manifest
    };
    staged
        .publish(&manifest, &[], &testing::lock(&layout))
        .unwrap();
    (out, manifest)
}

/// Puts a text in place of the first data file, as long as its manifest says.
fn rewrite(out: &tempfile::TempDir, manifest: &mut Manifest, text: &str) {
    let file = &mut manifest.files[0];
    fs::write(out.path().join(&file.path), text).unwrap();
    file.bytes = text.len() as u64;
}

const FORMATS: [(Format, CsvMode); 3] = [
    (Format::Parquet, CsvMode::Lossless),
    (Format::Csv, CsvMode::Lossless),
    (Format::Csv, CsvMode::Spreadsheet),
];

#[test]
fn no_rows_give_one_file_with_the_schema() {
    for (format, csv_mode) in FORMATS {
        let (out, manifest) = published(&testing::batch("acme", &[]), format, csv_mode, 10);
        assert_eq!(manifest.files.len(), 1);
        assert_eq!(manifest.files[0].rows, 0);
        let mut rows = read_rows(&testing::layout(out.path()), &manifest).unwrap();
        assert!(rows.next().is_none());
    }
}

#[test]
fn a_file_that_the_system_does_not_let_be_read_is_not_called_damaged() {
    for (format, csv_mode) in FORMATS {
        let (out, manifest) = published(&testing::batch("acme", &[]), format, csv_mode, 10);
        let rows = read_rows(&testing::layout(out.path()), &manifest).unwrap();
        let path = out.path().join(&manifest.files[0].path);
        let refused = rows.reader(&refusing(&path), u64::MAX).err().unwrap();
        let said = format!("cannot read {}: Bad file descriptor", path.display());
        assert!(refused.to_string().starts_with(&said), "{refused}");
    }
}

#[test]
fn parquet_has_the_types_and_the_metadata_that_users_were_promised() {
    let rows = [("id".to_owned(), Some(1), None, "t".to_owned())];
    let (out, manifest) = published(
        &testing::batch("acme", &rows),
        Format::Parquet,
        CsvMode::Lossless,
        10,
    );
    let path = out.path().join(&manifest.files[0].path);
    let input = FileInput::new(File::open(&path).unwrap(), &path);
    let file = ParquetFile::open(input, Rowset::Clips, SCHEMA_VERSION).unwrap();
    let metadata = file.metadata().file_metadata();
    let keys: Vec<&str> = metadata
        .key_value_metadata()
        .unwrap()
        .iter()
        .map(|pair| pair.key.as_str())
        .collect();
    assert_eq!(keys, ["clipcensus.version", "clipcensus.schema_version"]);
    let leaves = metadata.schema_descr();
    let tags = leaves.column(15);
    assert_eq!(tags.path().string(), "tags.list.element");
    assert_eq!(
        (tags.max_def_level(), tags.max_rep_level()),
        (2, 1),
        "an optional list of required texts"
    );
    let created_at = format!("{:?}", leaves.column(8).logical_type_ref());
    assert!(created_at.contains("MICROS"), "{created_at}");
    assert!(
        created_at.contains("is_adjusted_to_u_t_c: true"),
        "{created_at}"
    );
    let group = file.metadata().row_group(0);
    let sorted: Vec<i32> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|c| c.column_idx)
        .collect();
    assert_eq!(sorted, [0, 8, 1]);
    assert!(group.column(1).bloom_filter_offset().is_some());
    assert!(group.column(0).column_index_offset().is_some());
}

#[test]
fn csv_looks_as_users_were_promised() {
    let mut builder = ClipBatchBuilder::with_capacity(2);
    let clip = Clip {
        clip_id: Cow::Borrowed("-id"),
        title: Some(Cow::Borrowed("=1, \"two\"")),
        description: Some(Cow::Borrowed("")),
        duration_seconds: Some(1.5),
        file_size_bytes: Some(0),
        created_at: Some(Micros(1_728_611_510_631_000)),
        modified_at: Some(Micros(1_728_611_510_631_001)),
        passcode_enabled: Some(true),
        tags: Some(vec![Cow::Borrowed("a"), Cow::Borrowed("\"b\"")]),
        ..Clip::default()
    };
    builder.push("acme", testing::SNAPSHOT_AT, &clip);
    let batch = builder.finish();
    let line = |csv_mode| {
        let (out, manifest) = published(&batch, Format::Csv, csv_mode, 10);
        let text = fs::read_to_string(out.path().join(&manifest.files[0].path)).unwrap();
        text.split_once("\r\n").unwrap().1.to_owned()
    };
    assert_eq!(
        line(CsvMode::Lossless),
        "acme,-id,,\"=1, \"\"two\"\"\",\"\",,1.5,0,2024-10-11T01:51:50.631Z,\
         2024-10-11T01:51:50.631001Z,,,true,,,\"[\"\"a\"\",\"\"\\\"\"b\\\"\"\"\"]\",,\
         2026-11-23T00:00:00.000Z\r\n"
    );
    let defused = line(CsvMode::Spreadsheet);
    assert!(defused.starts_with("acme,'-id,,\"'=1, "), "{defused}");
}

#[test]
fn csv_for_a_spreadsheet_begins_with_a_byte_order_mark_and_other_csv_does_not() {
    let rows = [("id".to_owned(), Some(1), None, "José".to_owned())];
    for (csv_mode, begin) in [
        (CsvMode::Spreadsheet, "\u{feff}account_id,"),
        (CsvMode::Lossless, "account_id,"),
    ] {
        let (out, manifest) = published(&testing::batch("acme", &rows), Format::Csv, csv_mode, 10);
        let path = out.path().join(&manifest.files[0].path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(begin), "{text}");
        assert_eq!(
            text.matches('\u{feff}').count(),
            begin.matches('\u{feff}').count()
        );
        // Earlier builds wrote none.
        let mut manifest = manifest;
        rewrite(&out, &mut manifest, text.trim_start_matches('\u{feff}'));
        let read = read_rows(&testing::layout(out.path()), &manifest).unwrap();
        assert_eq!(testing::all(read), testing::batch("acme", &rows));
    }
}

/// Owners as an earlier version of the contract could have written them, and a manifest of it.
fn owners_without_status(format: Format) -> (tempfile::TempDir, Manifest) {
    let out = tempfile::tempdir().unwrap();
    let name = format!("part-00000.{}", format.extension());
    let path =
        testing::layout(out.path()).file_path(Folder::Owners, testing::manifest().date(), &name);
    let place = out.path().join(&path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let columns: Vec<usize> = (0..5).collect();
    let schema = owner_schema().project(&columns).unwrap();
    match format {
        Format::Csv => {
            let text = "account_id,id,email,name,department\r\nacme,u1,jo@x,Jo,\r\n";
            fs::write(&place, text).unwrap();
        }
        Format::Parquet => {
            let cells = ["acme", "u1", "jo@x", "Jo"]
                .map(Some)
                .into_iter()
                .chain([None]);
            let columns = cells.map(|cell| Arc::new(StringArray::from(vec![cell])) as ArrayRef);
            let batch = RecordBatch::try_new(Arc::new(schema), columns.collect()).unwrap();
            let file = File::create(&place).unwrap();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
    }
    let bytes = fs::metadata(&place).unwrap().len();
    let manifest = Manifest {
        schema_version: SCHEMA_VERSION - 1,
        format,
        csv_mode: Some(CsvMode::Lossless),
        files: vec![DataFile {
            path,
            rows: 1,
            bytes,
            sha256: String::new(),
        }],
        ..testing::manifest()
    };
    (out, manifest)
}

#[test]
fn columns_that_are_younger_than_a_snapshot_are_read_as_null() {
    for format in [Format::Csv, Format::Parquet] {
        let (out, manifest) = owners_without_status(format);
        let layout = testing::layout(out.path());
        let people = read_owners(&layout, &manifest).unwrap();
        assert_eq!(people["u1"].email.as_deref(), Some("jo@x"));
        assert_eq!(people["u1"].status, None);
        // In a snapshot of the present version such a file is damaged.
        let present = Manifest {
            schema_version: SCHEMA_VERSION,
            ..manifest
        };
        let error = read_owners(&layout, &present).unwrap_err();
        assert!(error.is_damaged(), "{error}");
        assert!(error.to_string().contains("its columns are"), "{error}");
    }
}

#[test]
fn only_the_last_columns_may_be_missing_and_only_those_that_may_be_null() {
    let older = SCHEMA_VERSION - 1;
    let owners = Rowset::Owners.schema();
    for columns in 2..=owners.fields().len() {
        assert_eq!(
            Rowset::Owners.schema_of(older, columns).fields().len(),
            columns
        );
    }
    for columns in [0, 1, 7] {
        assert_eq!(Rowset::Owners.schema_of(older, columns), owners);
    }
    assert_eq!(Rowset::Owners.schema_of(SCHEMA_VERSION, 5), owners);
    // The last column of the clips is never null.
    assert_eq!(Rowset::Clips.schema_of(older, 17), Rowset::Clips.schema());
}

#[test]
fn damaged_rows_are_told_with_their_line() {
    let rows = [("id".to_owned(), Some(1), None, "t".to_owned())];
    let batch = testing::batch("acme", &rows);
    let (out, mut manifest) = published(&batch, Format::Csv, CsvMode::Lossless, 10);
    let path = out.path().join(&manifest.files[0].path);
    let text = fs::read_to_string(&path).unwrap();
    let cut = text.trim_end().to_owned();
    for (damaged, why) in [
        (
            text.replace("1970-01-01", "1970-99-01"),
            "line 2: created_at",
        ),
        (text.replace(",t,", ",\"t,"), "middle of a record"),
        (text.replace(",t,", ",t\"\","), "stray quote"),
        (text.replace(",t,", ","), "17 fields"),
        (text.replace("acme", ""), "account_id"),
        (text.replace("clip_id", "klip_id"), "its columns are"),
        (
            format!("{text}{}\r\n", cut.lines().last().unwrap()),
            "more rows",
        ),
        (
            text.split_inclusive("\r\n").next().unwrap().to_owned(),
            "1 rows are missing",
        ),
        (cut, "middle of a record"),
    ] {
        rewrite(&out, &mut manifest, &damaged);
        let read = read_rows(&testing::layout(out.path()), &manifest).unwrap();
        let error = read.last().unwrap().unwrap_err();
        assert!(error.is_damaged());
        assert!(error.to_string().contains(why), "{error}, not {why}");
    }
}

#[test]
fn a_file_of_another_length_than_the_manifest_says_is_not_read() {
    for (format, csv_mode) in FORMATS {
        let (out, manifest) = published(&testing::batch("acme", &[]), format, csv_mode, 10);
        let path = out.path().join(&manifest.files[0].path);
        let text = fs::read(&path).unwrap();
        fs::write(&path, [&text[..], b"x"].concat()).unwrap();
        let mut rows = read_rows(&testing::layout(out.path()), &manifest).unwrap();
        let error = rows.next().unwrap().unwrap_err();
        assert!(error.to_string().contains("bytes in place of"), "{error}");
    }
}

#[test]
fn a_snapshot_is_found_by_folder_date_and_manifest() {
    let (out, manifest) = published(
        &testing::batch("acme", &[]),
        Format::Parquet,
        CsvMode::Lossless,
        10,
    );
    let whole = fs::canonicalize(out.path()).unwrap();
    for path in [
        "",
        "_snapshots/2026-11-23",
        "_snapshots/2026-11-23/manifest.json",
    ] {
        let (layout, found) = locate(&out.path().join(path)).unwrap();
        assert_eq!(layout.out(), whole);
        assert_eq!(found, manifest);
    }
    let data = &manifest.files[0].path;
    for path in ["clips", "nothing", "_snapshots/2026-11-24", data] {
        let error = locate(&out.path().join(path)).unwrap_err();
        assert!(matches!(error, DiskError::NoSnapshot { .. }));
    }
}

#[test]
fn a_manifest_cannot_name_files_outside_of_its_folder() {
    let mut manifest = testing::manifest();
    for path in [
        "/etc/passwd",
        "../clips/part-00000.parquet",
        "clips/../../x",
    ] {
        manifest.files = vec![DataFile {
            path: path.to_owned(),
            rows: 0,
            bytes: 0,
            sha256: String::new(),
        }];
        assert!(read_rows(&testing::layout(Path::new("/out")), &manifest).is_err());
    }
}

fn clips() -> impl Strategy<Value = Vec<Clip<'static>>> {
    let text = || {
        option::of("[ab,;\"'=\r\n\t @é\u{feff}\u{1}-]{0,6}".prop_map(Cow::<'static, str>::Owned))
    };
    let instant = || option::of(-62_135_596_800_000_000..253_402_207_200_000_000_i64);
    let clip = (
        ("[a-zA-Z_=-]{1,12}", text(), text(), text()),
        (option::of(0.0..1e300_f64), option::of(0..i64::MAX)),
        (instant(), instant()),
        option::of(any::<bool>()),
        option::of(vec(
            "[ab,;\"'=\n-]{0,3}".prop_map(Cow::<'static, str>::Owned),
            0..3,
        )),
        option::of("\\{[a,\"]{0,4}\\}"),
    );
    let clip = clip.prop_map(
        |(texts, numbers, instants, passcode_enabled, tags, extra)| Clip {
            clip_id: Cow::Owned(texts.0),
            title: texts.1,
            description: texts.2,
            status: texts.3,
            duration_seconds: numbers.0,
            file_size_bytes: numbers.1,
            created_at: instants.0.map(Micros),
            modified_at: instants.1.map(Micros),
            passcode_enabled,
            tags,
            extra,
            ..Clip::default()
        },
    );
    vec(clip, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_reads_back_as_it_was(clips in clips(), max_file_rows in 1..40_u64) {
        let mut builder = ClipBatchBuilder::with_capacity(clips.len());
        for clip in &clips {
            builder.push("acme", testing::SNAPSHOT_AT, clip);
        }
        let batch = builder.finish();
        for (format, csv_mode) in FORMATS {
            let (out, manifest) = published(&batch, format, csv_mode, max_file_rows);
            let rows = read_rows(&testing::layout(out.path()), &manifest).unwrap();
            prop_assert_eq!(&testing::all(rows), &batch);
        }
    }
}

/// A snapshot whose only data file is this one.
fn handed_over(bytes: &[u8], rows: u64) -> (tempfile::TempDir, Manifest) {
    handed_over_in(Folder::Data, bytes, rows)
}

fn handed_over_in(folder: Folder, bytes: &[u8], rows: u64) -> (tempfile::TempDir, Manifest) {
    let out = tempfile::tempdir().unwrap();
    let date = testing::manifest().date();
    let path = testing::layout(out.path()).file_path(folder, date, "part-00000.parquet");
    let place = out.path().join(&path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, bytes).unwrap();
    let manifest = Manifest {
        files: vec![DataFile {
            path,
            rows,
            bytes: bytes.len() as u64,
            sha256: String::new(),
        }],
        ..testing::manifest()
    };
    (out, manifest)
}

/// What reading a file brings: the rows, or why they cannot be read.
fn read_back(bytes: &[u8], rows: u64) -> Result<Vec<RecordBatch>, DiskError> {
    let (out, manifest) = handed_over(bytes, rows);
    read_rows(&testing::layout(out.path()), &manifest)?.collect()
}

/// A Parquet file with these titles, each with a dictionary and as few bytes as there can be.
fn with_titles(titles: &[&str], rows: usize) -> Vec<u8> {
    written_with(WriterProperties::builder(), titles, rows)
}

/// The same, as other settings of the writer have it.
fn written_with(properties: WriterPropertiesBuilder, titles: &[&str], rows: usize) -> Vec<u8> {
    let row = |n: usize| {
        let title = titles[n % titles.len()].to_owned();
        (format!("{n:06}"), Some(1), None, title)
    };
    let rows: Vec<testing::Row> = (0..rows).map(row).collect();
    let properties = properties
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_page_size_limit(usize::MAX)
        .set_data_page_size_limit(usize::MAX)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let schema = crate::clip::schema();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).unwrap();
    for some in rows.chunks(64) {
        writer.write(&testing::batch("acme", some)).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_text_that_a_dictionary_names_again_and_again_is_copied_a_few_rows_at_a_time() {
    let long = "t".repeat(1 << 20);
    let bytes = with_titles(&[&long], 300);
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    let batches = read_back(&bytes, 300).unwrap();
    assert_eq!(
        batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
        300
    );
    for batch in batches {
        let bytes: usize = batch
            .columns()
            .iter()
            .map(|it| it.get_array_memory_size())
            .sum();
        assert!(bytes < 20 << 20, "{bytes}");
    }
}

#[test]
fn ids_that_are_longer_than_any_that_an_export_takes_are_refused() {
    for (letters, is_read) in [(4096, true), (1 << 20, false)] {
        let row = ("x".repeat(letters), Some(1), None, String::new());
        let mut writer = ParquetWriter::new(Vec::new(), Rowset::Clips).unwrap();
        writer.write(&testing::batch("acme", &[row])).unwrap();
        match read_back(&writer.finish().unwrap(), 1) {
            Ok(_) => assert!(is_read),
            Err(error) => {
                assert!(!is_read && error.is_damaged(), "{error}");
                assert!(
                    error.to_string().contains("a clip_id of 1048576"),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn owners_of_a_few_bytes_that_stand_for_gigabytes_are_refused() {
    let owners = |name: &str, owners: usize| {
        let ids = (0..owners).map(|id| id.to_string());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec!["acme"; owners])),
            Arc::new(StringArray::from_iter_values(ids)),
            Arc::new(StringArray::new_null(owners)),
            Arc::new(StringArray::from(vec![name; owners])),
            Arc::new(StringArray::new_null(owners)),
            Arc::new(StringArray::new_null(owners)),
        ];
        let batch = RecordBatch::try_new(Rowset::Owners.schema(), columns).unwrap();
        let mut writer = ParquetWriter::new(Vec::new(), Rowset::Owners).unwrap();
        writer.write(&batch).unwrap();
        let bytes = writer.finish().unwrap();
        let (out, manifest) = handed_over_in(Folder::Owners, &bytes, owners as u64);
        read_owners(&testing::layout(out.path()), &manifest)
    };
    assert_eq!(owners("Ada", 10_000).unwrap().len(), 10_000);
    for (letters, rows, why) in [
        (10_000, 10_000, "far more text"),
        (1 << 20, 1, "a name of 1048576 bytes"),
    ] {
        let error = owners(&"n".repeat(letters), rows).unwrap_err();
        assert!(error.is_damaged(), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn pages_and_rows_that_are_far_larger_than_any_of_ours_are_refused() {
    let title = "t".repeat(65 << 20);
    let error = read_back(&with_titles(&[&title, &format!("{title}u"), "u"], 3), 3).unwrap_err();
    assert!(error.is_damaged());
    assert!(error.to_string().contains("larger pages"), "{error}");
    assert!(error.to_string().contains("part-00000.parquet"), "{error}");
}

#[test]
fn pages_of_encodings_in_which_a_few_bytes_stand_for_gigabytes_are_refused() {
    let long = "t".repeat(1 << 20);
    let encoded = |column: &str, encoding: Encoding| {
        let properties = WriterProperties::builder().set_dictionary_enabled(false);
        properties.set_column_encoding(column.into(), encoding)
    };
    for (properties, is_read) in [
        (encoded("title", Encoding::PLAIN), true),
        (encoded("title", Encoding::DELTA_BYTE_ARRAY), false),
        (encoded("title", Encoding::DELTA_LENGTH_BYTE_ARRAY), false),
        (encoded("created_at", Encoding::DELTA_BINARY_PACKED), false),
        (encoded("created_at", Encoding::BYTE_STREAM_SPLIT), false),
        (
            WriterProperties::builder().set_writer_version(WriterVersion::PARQUET_2_0),
            false,
        ),
    ] {
        let bytes = written_with(properties, &[&long], 64);
        assert!(bytes.len() < 100_000, "{}", bytes.len());
        match read_back(&bytes, 64) {
            Ok(_) => assert!(is_read),
            Err(error) => {
                assert!(!is_read && error.is_damaged(), "{error}");
                assert!(error.to_string().contains("of another form"), "{error}");
            }
        }
    }
}

#[test]
fn a_dictionary_that_is_said_to_have_billions_of_values_is_refused() {
    let mut bytes = with_titles(&["t"], 3);
    // The header of the dictionary of the first column: page 2, its lengths, and one value.
    assert_eq!([bytes[4], bytes[5], bytes[8]], [0x15, 4, 0x15]);
    assert_eq!(bytes[10..13], [0x4c, 0x15, 2]);
    // The number of values takes four bytes more, the page itself four less, so that it ends where it did.
    bytes[9] -= 8;
    bytes.drain(20..24);
    bytes.splice(12..13, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    let error = read_back(&bytes, 3).unwrap_err();
    assert!(error.is_damaged());
    assert!(error.to_string().contains("larger dictionaries"), "{error}");
}

#[test]
fn a_footer_that_is_far_longer_than_any_of_ours_is_not_read() {
    let mut bytes = with_titles(&["t"], 3);
    let end = bytes.len() - 8;
    bytes.splice(4..4, vec![0; 8 << 20]);
    let footer = u32::try_from(end + (8 << 20) - 4).unwrap();
    let at = bytes.len() - 8;
    bytes[at..at + 4].copy_from_slice(&footer.to_le_bytes());
    let error = read_back(&bytes, 3).unwrap_err();
    assert!(error.to_string().contains("longer footer"), "{error}");
}

/// Where the footer of a file begins, and where it ends.
fn footer_of(bytes: &[u8]) -> (usize, usize) {
    let end = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap());
    (end - usize::try_from(length).unwrap(), end)
}

/// Puts bytes into the footer of a file.
fn with_bytes_in_footer(mut bytes: Vec<u8>, at: usize, some: &[u8]) -> Vec<u8> {
    let (start, end) = footer_of(&bytes);
    let length = u32::try_from(end - start + some.len()).unwrap();
    bytes[end..end + 4].copy_from_slice(&length.to_le_bytes());
    bytes.splice(at..at, some.iter().copied());
    bytes
}

#[test]
fn a_footer_whose_lists_are_said_to_have_billions_of_elements_is_not_read() {
    let bytes = with_titles(&["t"], 3);
    let (start, end) = footer_of(&bytes);
    assert_eq!(bytes[end - 1], 0, "the end of the structure");
    // An unknown field: a list of truth values, which have no bytes where a reader goes over them.
    let list = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];
    // The version, a number, is said to be a text here: who believes that takes the list for the text.
    let hidden = [&[0x18, 7][..], &list, &[0]].concat();
    for (at, some) in [(end - 1, &list[..]), (start, &hidden[..])] {
        let error = read_back(&with_bytes_in_footer(bytes.clone(), at, some), 3).unwrap_err();
        assert!(error.is_damaged());
        assert!(error.to_string().contains("of another form"), "{error}");
    }
}

#[test]
fn a_field_of_a_footer_that_is_said_to_be_of_another_type_is_not_read() {
    let mut bytes = with_titles(&["t"], 3);
    let (start, _) = footer_of(&bytes);
    assert_eq!(bytes[start], 0x15, "the version, a number of 32 bits");
    bytes[start] = 0x16;
    let error = read_back(&bytes, 3).unwrap_err();
    assert!(error.to_string().contains("of another form"), "{error}");
}

#[test]
fn whatever_byte_of_a_parquet_file_is_another_it_is_told_or_nothing_is_lost_but_no_panic() {
    let bytes = with_titles(&["one", "two", ""], 100);
    let (out, manifest) = handed_over(&bytes, 100);
    let layout = testing::layout(out.path());
    let path = out.path().join(&manifest.files[0].path);
    let mut refused = 0;
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            fs::write(&path, &flipped).unwrap();
            let read: Result<Vec<RecordBatch>, DiskError> =
                read_rows(&layout, &manifest).unwrap().collect();
            match read {
                // What the decoder cannot see, the hash of the file does.
                Ok(read) => {
                    let rows = read.iter().map(RecordBatch::num_rows).sum::<usize>();
                    assert_eq!(rows, 100);
                }
                Err(error) => {
                    assert!(error.is_damaged(), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > bytes.len() / 2, "{refused} of {}", bytes.len());
}

#[test]
fn a_footer_of_a_few_megabytes_that_names_half_a_million_columns_is_not_read() {
    let number = |mut number: u32| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).unwrap());
        bytes
    };
    for (columns, is_read) in [(100, true), (500_000, false)] {
        let version_and_schema = [&[0x15, 4, 0x19, 0xfc][..], &number(columns + 1)].concat();
        let root = [&[0x48, 1, b'r', 0x15][..], &number(2 * columns), &[0]].concat();
        let column = [0x15, 2, 0x25, 2, 0x18, 1, b'c', 0].repeat(columns.try_into().unwrap());
        let no_rows = [0x16, 0, 0x19, 0x0c, 0];
        let footer = [&version_and_schema[..], &root, &column, &no_rows].concat();
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        let bytes = [b"PAR1", &footer[..], &length, b"PAR1"].concat();
        let error = read_back(&bytes, 0).unwrap_err().to_string();
        assert_eq!(error.contains("its columns are c, c"), is_read);
        assert_eq!(error.contains("of another form"), !is_read);
    }
}
