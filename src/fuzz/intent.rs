//! An intent: whatever it says, nothing outside of the folder is touched, and what it says is done or
//! forgotten at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::disk::Layout;
use crate::disk::layout::Table;
use crate::disk::private::private_dir;
use crate::fuzz::scratch;
use crate::snapshot::intent::Intent;
use crate::snapshot::recover::Recovery;
use crate::snapshot::{Format, recover};

/// The bytes are those of `intent.json`.
pub fn intent(input: &[u8]) -> bool {
    let folder = scratch::folder();
    let foreign = folder
        .path()
        .join("foreign/clips/snapshot_date=2026-11-23/part");
    scratch::put(&foreign, b"of somebody else");
    let layout = Layout::new(folder.path().join("out"), Table::Clips);
    let manifest = scratch::manifest(Format::Parquet, Vec::new());
    scratch::put(&layout.manifest(manifest.date()), &manifest.to_json());
    let data = layout.data_dir(manifest.date()).join("part-00000.parquet");
    scratch::put(&data, b"rows");
    private_dir(&layout.work_dir()).expect("a temporary folder can be written");
    scratch::put(&layout.intent_file(), input);
    let own = fs::Permissions::from_mode(0o600);
    fs::set_permissions(layout.intent_file(), own).expect("the file is ours");

    let is_understood = matches!(Intent::read(&layout), Ok(Some(_)));
    let recovery = recover(&layout).expect("the folder can be written");
    if !is_understood {
        assert!(matches!(recovery, Recovery::GivenUp { .. }), "{recovery:?}");
        assert!(data.exists(), "an intent that says nothing was obeyed");
    }
    let left = fs::read(&foreign).ok();
    assert_eq!(left.as_deref(), Some(&b"of somebody else"[..]));
    let again = recover(&layout).expect("the folder can be written");
    assert_eq!(again, Recovery::Nothing, "it was not over");
    is_understood
}
