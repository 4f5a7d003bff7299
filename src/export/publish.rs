//! From the spool to a published snapshot: merge, write, sum up, count again, publish.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::clip::SCHEMA_VERSION;
use crate::clip::owner::{OwnerIds, People, owner_batch, people_of};
use crate::crawl::{AccountFailure, Crawl};
use crate::diff::incomparable;
use crate::disk::{DiskError, Layout};
use crate::error::Error;
use crate::event::Event;
use crate::export::changes::{changes_since, not_compared};
use crate::export::data_files::DataFiles;
use crate::export::early_writer::{CountedRows, EarlyWriter};
use crate::export::exposed_rows::ExposedRows;
use crate::export::former::{Candidate, Former, USUAL_SHRINK};
use crate::export::owners::LookUp;
use crate::export::request_counts::RequestCounts;
use crate::model::{Verdict, WindowRecord};
use crate::report::numbers::things;
use crate::report::{Changes, ExposedCsv, Summary, SummaryFold};
use crate::settings::ExportSettings;
use crate::snapshot::csv::spreadsheet::{CUT, MOST_LETTERS};
use crate::snapshot::manifest::{Clock, REJECTS, Shrunk};
use crate::snapshot::{DataFile, Format, Manifest, Staged, Totals};
use crate::spool::merge;
use crate::zoom::ClockReading;
use crate::{report, snapshot};

/// The document that is a page for a browser.
const REPORT: &str = "report.html";

/// A snapshot that is out.
#[derive(Debug)]
pub(crate) struct Published {
    /// What is in it.
    pub summary: Summary,
    /// The page for a browser.
    pub report: PathBuf,
    pub data: Vec<PathBuf>,
    pub manifest: PathBuf,
    /// SHA-256 of the manifest, 64 hex digits.
    pub manifest_sha256: String,
    /// Whether it is complete.
    pub verdict: Verdict,
}

/// A crawl that is over, and all that is to be said about it.
pub(super) struct Draft {
    pub(super) settings: ExportSettings,
    pub(super) layout: Layout,
    pub(super) crawl: Arc<Crawl>,
    pub(super) windows: Vec<WindowRecord>,
    pub(super) failures: Vec<AccountFailure>,
    /// Requests that the crawl has sent, and how long it took.
    pub(super) requests: u64,
    pub(super) took: Duration,
    pub(super) verdict: Verdict,
    pub(super) request_counts: Arc<RequestCounts>,
    /// What time it was at the start of the run, where the service told.
    pub(super) clock: Option<ClockReading>,
    /// Whether the sandbox has answered.
    pub(super) simulated: bool,
    /// When it began, if it went on with what an earlier run had listed.
    pub(super) resumed_at: Option<String>,
    /// What it may take the place of.
    pub(super) former: Former,
    pub(super) parameters: BTreeMap<String, Value>,
}

/// Its rows as data files, of which no reader knows yet.
pub(super) struct StagedDraft {
    draft: Draft,
    staged: Staged,
    fold: SummaryFold,
    /// Whose clips they are, if that is to be looked up.
    owners: OwnerIds,
    exposed: ExposedRows,
    totals: Totals,
    shrunk: Option<Shrunk>,
    files: DataFiles,
}

impl Draft {
    /// Writes the data files, or ends those that were begun.
    pub(super) fn write(self, early: EarlyWriter, files: &DataFiles) -> Result<StagedDraft, Error> {
        self.crawl.events.emit(&Event::Publishing {
            rows: self.windows.iter().map(|window| window.rows).sum(),
            requests: self.requests,
            took: self.took,
        });
        let counted = match early.finish() {
            Some(counted) => counted,
            None => self.write_again(files)?,
        };
        let rows = counted.rows;
        let totals = Totals {
            cut: rows.cut,
            ..self.totals(counted.written, counted.duplicates)?
        };
        let fall = |beyond| self.former.shrunk(&self.windows, totals.written, beyond);
        if let Some(shrunk) = self.settings.accepted.shrink.and_then(fall) {
            self.crawl.spool.mark_shrunk()?;
            return Err(Error::Shrunk(shrunk));
        }
        let shrunk = fall(USUAL_SHRINK);
        if let Some(shrunk) = &shrunk {
            self.crawl.events.emit(&Event::Caveat(format!(
                "far fewer clips than before: {shrunk}; an app that has lost a permission looks like this"
            )));
        }
        Ok(StagedDraft {
            staged: rows.staged,
            draft: self,
            fold: rows.fold,
            owners: rows.owners,
            exposed: rows.exposed,
            totals,
            shrunk,
            files: files.clone(),
        })
    }

    /// Writes the data files from the whole spool.
    fn write_again(&self, files: &DataFiles) -> Result<CountedRows, Error> {
        let mut merge = merge(&self.crawl.spool);
        let rows = files.write(&mut merge)?;
        Ok(CountedRows {
            rows,
            written: merge.rows(),
            duplicates: merge.duplicates(),
        })
    }

    fn manifest(&self, totals: Totals, shrunk: Option<Shrunk>, files: Vec<DataFile>) -> Manifest {
        let header = self.crawl.spool.header();
        Manifest {
            schema_version: SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            run_id: header.run_id.clone(),
            account_ids: self
                .crawl
                .accounts
                .iter()
                .map(|account| account.id.clone())
                .collect(),
            parameters: self.parameters.clone(),
            simulated: self.simulated,
            started_at: header.started_at.clone(),
            resumed_at: self.resumed_at.clone(),
            clock: self.clock.map(|clock| Clock {
                computer: clock.computer.to_string(),
                service: clock.service.to_string(),
            }),
            finished_at: Timestamp::now().to_string(),
            since: header.since,
            snapshot_at: header.snapshot_at,
            verdict: self.verdict,
            table: self.layout.table(),
            format: self.settings.format,
            csv_mode: (self.settings.format == Format::Csv).then_some(self.settings.csv_mode),
            totals,
            shrunk,
            compared_with: None,
            windows: self.windows.clone(),
            requests: self.request_counts.counts(),
            client_errors: self.request_counts.client_errors(),
            account_failures: self
                .failures
                .iter()
                .map(|failed| snapshot::AccountFailure {
                    account_id: failed.account_id.clone(),
                    why: failed.failure.to_string(),
                })
                .collect(),
            files,
            documents: Vec::new(),
            published_before: Vec::new(),
        }
    }

    /// Sums the windows up. What came, what was spooled and what was written are counted in
    /// different places: where they disagree, something was lost.
    fn totals(&self, written: u64, merged_away: u64) -> Result<Totals, Error> {
        let sum = |count: fn(&WindowRecord) -> u64| self.windows.iter().map(count).sum::<u64>();
        let mut repairs = BTreeMap::new();
        for (field, count) in self.windows.iter().flat_map(|window| &window.repairs) {
            *repairs.entry(field.clone()).or_default() += count;
        }
        let received = sum(|window| window.received);
        let rejected = sum(|window| window.rejected);
        let repeated = sum(|window| {
            window
                .received
                .saturating_sub(window.rejected + window.rows)
        });
        let duplicates = repeated + merged_away;
        if received != written + duplicates + rejected {
            return Err(Error::Miscounted(format!(
                "{received} records received, but {written} rows written, {duplicates} duplicates \
                 and {rejected} rejects"
            )));
        }
        Ok(Totals {
            received,
            written,
            duplicates,
            rejected,
            outside: sum(|window| window.outside),
            repairs,
            cut: 0,
        })
    }

    /// Compares with the verified snapshot before; `None` where that is not wanted, there is none, or
    /// this one is not verified itself: what it lacks would look as if it were gone.
    fn compare(&self, staged: &mut Staged) -> Result<Option<Changes>, Error> {
        let before = self.former.verified_before();
        let (true, Some(before)) = (self.settings.diff, before) else {
            return Ok(None);
        };
        if self.verdict != Verdict::Verified || incomparable(before, &self.parameters).is_some() {
            let why = "only verified ones of the same census tell what changed";
            let caveat = not_compared(before, why);
            self.crawl.events.emit(&Event::Caveat(caveat));
            return Ok(None);
        }
        let events = &self.crawl.events;
        changes_since(before, &self.layout, &self.settings, events, staged)
    }

    fn forget_spool(self) {
        // All requests have ended, and with them every other holder of the crawl.
        let removed = Arc::into_inner(self.crawl).map(|crawl| crawl.spool.remove(&self.layout));
        if let Some(Err(error)) = removed {
            // The snapshot is out, whatever becomes of its spool.
            tracing::warn!("what is left of the finished export cannot be deleted: {error}");
        }
    }
}

impl StagedDraft {
    /// Asks who the owners are, if that is wanted; `None` if not, or if the service tells nothing.
    pub(super) async fn look_up(&self) -> Result<Option<People>, Error> {
        let crawl = &self.draft.crawl;
        if !self.draft.settings.resolve_owners {
            return Ok(None);
        }
        let granted = crawl.client.granted_scopes().await?.unwrap_or_default();
        LookUp::new(&crawl.client, &crawl.events, crawl.concurrency, &granted)
            .people(&crawl.accounts, &self.owners)
            .await
            .map_err(Error::from)
    }

    /// Publishes the snapshot, then forgets the spool.
    pub(super) fn publish(mut self, people: Option<People>) -> Result<Published, Error> {
        let draft = self.draft;
        let header = draft.crawl.spool.header();
        let candidate = Candidate {
            run_id: &header.run_id,
            snapshot_at: header.snapshot_at,
            verdict: draft.verdict,
            has_owners: people.is_some(),
        };
        if let (false, Some(why)) = (
            draft.settings.accepted.worse,
            draft.former.why_kept(candidate),
        ) {
            return Err(Error::IsWorse { why });
        }
        let mut written_people = People::new();
        if let Some(people) = people {
            let owners = owner_batch(&self.owners, &people);
            let (owners, cut) = self.files.as_written(owners);
            self.totals.cut += cut;
            self.staged.owners(&owners)?;
            written_people.extend(people_of(&owners));
        }
        if self.totals.cut > 0 {
            tracing::warn!(
                "cut {} to the {MOST_LETTERS} letters that a spreadsheet holds, marked by {CUT}; \
                 --csv-mode lossless writes them whole",
                things(self.totals.cut, "cell")
            );
        }
        let changes = draft.compare(&mut self.staged)?;
        let mut manifest = draft.manifest(self.totals, self.shrunk, self.staged.files.clone());
        manifest.compared_with = changes.as_ref().map(|it| it.from_date.clone());
        let mut summary = self.fold.finish(&manifest);
        summary.changes = changes;
        summary.name_owners(written_people);
        if manifest.totals.rejected > 0 {
            let place = self.staged.document_path(REJECTS)?;
            self.staged.document(REJECTS, |file| {
                for lines in draft.crawl.spool.rejects() {
                    file.write_all(&lines?).map_err(DiskError::write(&place))?;
                }
                Ok(())
            })?;
        }
        let place = self.staged.document_path("owners.csv")?;
        self.staged.document("owners.csv", |file| {
            report::owners_csv(&summary, file).map_err(DiskError::write(&place))
        })?;
        let place = self.staged.document_path("exposed.csv")?;
        let has_links = manifest.has_secrets();
        let exposed = self.exposed.read()?;
        self.staged.document("exposed.csv", |file| {
            let list = ExposedCsv::begin(&summary, has_links, file);
            let mut list = list.map_err(DiskError::write(&place))?;
            for rows in exposed {
                list.add(&rows?).map_err(DiskError::write(&place))?;
            }
            list.finish().map_err(DiskError::write(&place))
        })?;
        let (manifest_path, manifest_sha256) = self.staged.publish(
            &manifest,
            &[
                ("summary.json", report::json(&summary).into_bytes()),
                ("summary.md", report::markdown(&summary).into_bytes()),
                (REPORT, report::html(&summary).into_bytes()),
            ],
            &draft.crawl.lock,
        )?;
        if let Some(replaced) = draft.former.replaced() {
            tracing::warn!("{replaced}");
        }
        let out = draft.layout.out().to_owned();
        let verdict = draft.verdict;
        draft.forget_spool();
        Ok(Published {
            summary,
            data: manifest
                .files
                .iter()
                .map(|file| out.join(&file.path))
                .collect(),
            report: manifest_path.with_file_name(REPORT),
            manifest: manifest_path,
            manifest_sha256,
            verdict,
        })
    }
}
