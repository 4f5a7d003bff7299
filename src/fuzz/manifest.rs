//! A manifest: what is understood of it is all that it says, leads nowhere out of the folder, and can be
//! judged and shown.

use std::path::Path;

use crate::fuzz::scratch;
use crate::report;
use crate::snapshot::Manifest;
use crate::snapshot::read::{data_file, locate};
use crate::verify;

/// The bytes are those of `manifest.json`.
pub fn manifest(input: &[u8]) -> bool {
    let folder = scratch::folder();
    let documents = folder.path().join("_snapshots/2026-11-23");
    scratch::put(&documents.join("manifest.json"), input);
    let (layout, manifest) = match locate(&documents) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.is_damaged(), "{error}");
            return false;
        }
    };
    let again: Manifest = serde_json::from_slice(&manifest.to_json()).expect("it was just written");
    assert_eq!(again, manifest, "it does not read back");
    for file in &manifest.files {
        if let Ok(path) = data_file(&layout, &manifest, file) {
            is_below(&path, layout.out());
        }
    }
    // What is not there is a finding; only what cannot be read is an error.
    let findings = verify::verify(&layout, &manifest);
    assert!(
        manifest.files.is_empty() || !findings.is_ok_and(|findings| findings.is_empty()),
        "files that are not there are no finding"
    );
    if let Ok(summary) = verify::summary_of(&layout, &manifest) {
        let shown = [
            report::json(&summary),
            report::text(&summary),
            report::markdown(&summary),
            report::html(&summary),
        ];
        assert!(shown.iter().all(|text| !text.is_empty()));
    }
    true
}

fn is_below(path: &Path, out: &Path) {
    let inner = path.strip_prefix(out).expect("it leads out of the folder");
    assert!(
        inner
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_))),
        "{} leads elsewhere",
        path.display()
    );
}
