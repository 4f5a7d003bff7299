//! An export whose output folder a run of another machine takes, which no lock keeps out.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clipcensus_sandbox::SandboxOptions;
use clipcensus_sandbox::in_memory::{InMemory, ORIGIN};

use super::{Direct, export_through, in_virtual_time, now, settings};
use crate::disk::DiskError;
use crate::error::Error;
use crate::event::{Event, Listener};
use crate::settings::args::ExportArgs;

/// The other run: it takes the folder at one of these moments, and clears what is staged there.
struct OtherRun {
    work: PathBuf,
    is_now: fn(&Event) -> bool,
}

impl Listener for OtherRun {
    fn on(&self, event: &Event) {
        if (self.is_now)(event) {
            let other = r#"{"id":"1","host":"another-host","pid":7,"since":"today"}"#;
            fs::write(self.work.join("run.json"), other).unwrap();
            fs::remove_dir_all(self.work.join("publish")).unwrap_or_default();
        }
    }
}

/// Why an export ends that loses its folder at this moment; and the names in its work folder.
fn ended(is_now: fn(&Event) -> bool) -> (DiskError, Vec<String>) {
    let out = tempfile::tempdir().unwrap();
    let service = Arc::new(InMemory::new(SandboxOptions {
        clips: 100,
        ..SandboxOptions::default()
    }));
    let args = ExportArgs {
        out: Some(out.path().to_owned()),
        resolve_owners: Some(true),
        ..ExportArgs::default()
    };
    let (api, oauth) = (format!("{ORIGIN}/v2"), format!("{ORIGIN}/oauth/token"));
    let settings = settings(args, &service.credentials(), &api, &oauth);
    let work = out.path().join("_work");
    let listener: Arc<dyn Listener> = Arc::new(OtherRun {
        work: work.clone(),
        is_now,
    });
    let direct = Arc::new(Direct(service));
    let ended = in_virtual_time(export_through(direct, settings, vec![listener], now())).unwrap();
    let Err(Error::Snapshot(error)) = ended else {
        panic!("it did not hear of the other run");
    };
    assert!(!out.path().join("_snapshots/2026-11-01").exists());
    let names = fs::read_dir(work).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    (error, names.collect())
}

#[test]
fn a_folder_that_is_taken_before_the_spool_is_opened_is_left_as_it_is() {
    let (error, names) = ended(|event| matches!(event, Event::Attempt { .. }));
    assert!(matches!(error, DiskError::TakenOver { .. }), "{error}");
    assert_eq!(names, ["run.json"]);
}

#[test]
fn that_the_folder_was_taken_is_told_and_not_that_files_are_gone() {
    let (error, _) = ended(|event| matches!(event, Event::LookingUp { .. }));
    assert!(matches!(error, DiskError::TakenOver { .. }), "{error}");
}
