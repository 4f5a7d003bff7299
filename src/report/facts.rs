//! What the rows of a snapshot do not tell about it.

use std::collections::BTreeMap;

use crate::snapshot::DataFile;
use crate::snapshot::Manifest;
use crate::snapshot::WindowOutcome;
use crate::snapshot::WindowRecord;

/// The facts of a run that come from its manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The snapshot's name, such as `2026-11-23`.
    pub snapshot_date: String,
    /// The instant the census is of, in microseconds since 1970, UTC.
    pub snapshot_at: i64,
    /// The accounts that were listed.
    pub account_ids: Vec<String>,
    /// `clips` or `changes`.
    pub table: String,
    /// `verified`, `unverified` or `incomplete`.
    pub verdict: String,
    /// The version of the program that took the census.
    pub tool_version: String,
    /// Windows that were walked.
    pub windows: u64,
    /// Those that did not settle, in words.
    pub windows_unsettled: Vec<String>,
    /// Records that the API said there are.
    pub expected: u64,
    /// Records that came: written, duplicates and rejected together.
    pub received: u64,
    /// Rows in the data files.
    pub written: u64,
    /// Records that came again and were dropped.
    pub duplicates: u64,
    /// Records that were no clips.
    pub rejected: u64,
    /// Records outside of the span that was asked for, dropped. They may or may not be part of
    /// `received`; the summary says which.
    pub outside: u64,
    /// Fields whose value could not be used, by field.
    pub repairs: BTreeMap<String, u64>,
    /// Requests that were sent, by their outcome.
    pub requests: BTreeMap<String, u64>,
    /// The data files, in order.
    pub files: Vec<DataFile>,
    /// Accounts that could not be listed, and why.
    pub failed_accounts: Vec<(String, String)>,
    /// Filters and other settings that shape what the rows are: name and value.
    pub parameters: Vec<(String, String)>,
}

impl Facts {
    /// What a manifest says.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let walked = || {
            manifest
                .windows
                .iter()
                .filter(|window| window.outcome != WindowOutcome::Split)
        };
        let totals = &manifest.totals;
        Self {
            snapshot_date: manifest.date().to_string(),
            snapshot_at: manifest.snapshot_at,
            account_ids: manifest.account_ids.clone(),
            table: manifest.table.name().to_owned(),
            verdict: manifest.verdict.name().to_owned(),
            tool_version: manifest.tool_version.clone(),
            windows: walked().count() as u64,
            windows_unsettled: walked()
                .filter(|window| window.outcome == WindowOutcome::Unsettled)
                .map(WindowRecord::to_string)
                .collect(),
            expected: walked().filter_map(|window| window.expected).sum(),
            received: totals.received,
            written: totals.written,
            duplicates: totals.duplicates,
            rejected: totals.rejected,
            outside: totals.outside,
            repairs: totals.repairs.clone(),
            requests: manifest.requests.clone(),
            files: manifest.files.clone(),
            failed_accounts: manifest
                .account_failures
                .iter()
                .map(|failed| (failed.account_id.clone(), failed.why.clone()))
                .collect(),
            parameters: FILTERS
                .iter()
                .filter_map(|name| {
                    let value = manifest.parameters.get(*name)?.as_str()?;
                    Some(((*name).to_owned(), value.to_owned()))
                })
                .collect(),
        }
    }
}

/// The parameters that say which clips a snapshot is of.
const FILTERS: [&str; 6] = ["by", "since", "until", "owner", "status", "search"];
