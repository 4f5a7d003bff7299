//! A spool that is still there though its snapshot is out: its export was killed at its very end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clipcensus_sandbox::SandboxOptions;
use clipcensus_sandbox::in_memory::{InMemory, ORIGIN};
use jiff::Timestamp;

use super::{At, Direct, export_through, in_virtual_time, settings};
use crate::event::{Event, Listener};
use crate::settings::args::ExportArgs;
use crate::snapshot::locate;

/// Copies the work folder as it is when the crawl is over.
struct CopyWork {
    work: PathBuf,
    into: PathBuf,
}

fn copy(from: &Path, into: &Path) {
    fs::create_dir_all(into).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let into = into.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &into);
        } else {
            fs::copy(&path, into).unwrap();
        }
    }
}

impl Listener for CopyWork {
    fn on(&self, event: &Event) {
        if matches!(event, Event::Publishing { .. }) {
            copy(&self.work, &self.into);
        }
    }
}

#[test]
fn the_spool_of_a_snapshot_that_is_out_is_gone_on_with_on_its_day_and_on_no_other() {
    let out = tempfile::tempdir().unwrap();
    let census = out.path().join("census");
    let (work, kept) = (census.join("_work"), out.path().join("kept"));
    let service = Arc::new(InMemory::new(SandboxOptions {
        clips: 2_000,
        ..SandboxOptions::default()
    }));
    let export = |now: &str| {
        let now: Timestamp = now.parse().unwrap();
        let args = ExportArgs {
            out: Some(census.clone()),
            ..ExportArgs::default()
        };
        let (api, oauth) = (format!("{ORIGIN}/v2"), format!("{ORIGIN}/oauth/token"));
        let mut settings = settings(args, &service.credentials(), &api, &oauth);
        settings.until = None;
        let listener: Arc<dyn Listener> = Arc::new(CopyWork {
            work: work.clone(),
            into: kept.clone(),
        });
        let direct = Arc::new(At(now, Direct(Arc::clone(&service))));
        in_virtual_time(export_through(direct, settings, vec![listener], now))
            .unwrap()
            .unwrap();
        let (_, manifest) = locate(&census).unwrap();
        (manifest.date().to_string(), manifest.run_id)
    };
    let (date, first) = export("2026-11-01T01:00:00Z");
    assert_eq!(date, "2026-11-01");
    copy(&kept, &work);
    assert_eq!(export("2026-11-01T02:00:00Z"), (date, first.clone()));
    copy(&kept, &work);
    let (date, second) = export("2026-11-02T01:00:00Z");
    assert_eq!(date, "2026-11-02");
    assert_ne!(first, second);
}
