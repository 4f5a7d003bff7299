//! A Parquet file of clips or owners: whatever its bytes, its rows have the schema of the contract, or
//! the file is named as damaged.

use crate::clip::SCHEMA_VERSION;
use crate::clip::owner::people_of;
use crate::fuzz::scratch;
use crate::report;
use crate::report::SummaryFold;
use crate::snapshot::read::rows;
use crate::snapshot::rowset::Rowset;
use crate::snapshot::{DataFile, Format, Manifest};

/// Of the first byte: the file is one of owners.
pub(super) const OWNERS: u8 = 1;

/// Of the first byte: the file is of an older version of the row contract.
const OLDER: u8 = 2;

const NAME: &str = "part-00000.parquet";

/// The first byte says what the rest is.
pub fn parquet(input: &[u8]) -> bool {
    let Some((kind, bytes)) = input.split_first() else {
        return false;
    };
    let (rowset, table) = if kind & OWNERS == 0 {
        (Rowset::Clips, "clips")
    } else {
        (Rowset::Owners, "owners")
    };
    let folder = scratch::folder();
    let path = format!("{table}/snapshot_date=2026-11-23/{NAME}");
    scratch::put(&folder.path().join(&path), bytes);
    let file = DataFile {
        path,
        rows: u64::MAX,
        bytes: bytes.len() as u64,
        sha256: String::new(),
    };
    let manifest = Manifest {
        schema_version: SCHEMA_VERSION - u32::from(kind & OLDER != 0),
        ..scratch::manifest(Format::Parquet, vec![file])
    };
    let layout = scratch::layout(&folder);
    let mut fold = SummaryFold::new(manifest.snapshot_at);
    let mut read = 0;
    for batch in rows(&layout, &manifest, rowset).expect("its path is below the folder") {
        match batch {
            Ok(batch) => {
                assert_eq!(batch.schema(), rowset.schema());
                read += batch.num_rows() as u64;
                match rowset {
                    Rowset::Clips => fold.add(&batch).expect("the columns are there"),
                    Rowset::Owners => people_of(&batch).for_each(drop),
                    Rowset::Differences => {}
                }
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(NAME), "the file is not named: {message}");
                // No file has as many rows as the manifest says.
                if message.contains("rows are missing") {
                    let summary = report::json(&fold.finish(&manifest));
                    return read > 0 && !summary.is_empty();
                }
            }
        }
    }
    false
}
