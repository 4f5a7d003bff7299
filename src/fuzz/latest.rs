//! `latest.json`: it names the snapshot that is there, or is damaged.

use crate::fuzz::scratch;
use crate::snapshot::{Format, Manifest};

/// The bytes are those of `latest.json`.
pub fn latest(input: &[u8]) -> bool {
    let folder = scratch::folder();
    let layout = scratch::layout(&folder);
    let manifest = scratch::manifest(Format::Parquet, Vec::new());
    scratch::put(&layout.manifest(manifest.date()), &manifest.to_json());
    scratch::put(&layout.latest(), input);
    match Manifest::latest(&layout) {
        Ok(found) => {
            assert_eq!(found, Some(manifest), "there is one snapshot");
            true
        }
        Err(error) => {
            assert!(error.is_damaged(), "{error}");
            false
        }
    }
}
