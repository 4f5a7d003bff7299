//! What is known of one window of the plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::time::Seconds;
use crate::model::window::Window;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowOutcome {
    /// Its distinct ids are as many as the API said, and nothing moved.
    Settled,
    /// The API named no count that could be compared.
    Unverified,
    /// Counts did not agree, however often it was asked for.
    Unsettled,
    /// Its span was asked for again, cut into parts or by a later run: those records say how it
    /// ended. Manifests of earlier versions have it; this one folds such spans into their window.
    Split,
}

/// What is known of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRecord {
    pub account_id: String,
    /// The first second in it.
    pub from: Seconds,
    /// The first second after it.
    pub to: Seconds,
    /// Clips that the API's counts come to in it, each counted once; `None` where it names no count.
    pub expected: Option<u64>,
    /// Records received, those of spans that were asked for again included.
    pub received: u64,
    /// Distinct clip ids in what finishes it.
    pub distinct: u64,
    pub pages: u64,
    /// 1, and as many more as spans of it were asked for again.
    #[serde(alias = "walks")]
    pub attempts: u32,
    /// Times a chain of pages began again because its page token was refused.
    pub restarts: u32,
    pub outcome: WindowOutcome,
    pub why: Option<String>,
    /// Clips received from the margin outside of the span of the census, which are not kept.
    pub outside: u64,
    /// Records that are no clips.
    pub rejected: u64,
    /// Repaired values by field.
    pub repairs: BTreeMap<String, u64>,
    /// Rows it holds in the spool, one per clip. Set when the window is finished.
    pub rows: u64,
}

impl WindowRecord {
    /// A window of which nothing was received yet.
    pub(crate) fn new(account_id: &str, window: Window) -> Self {
        Self {
            account_id: account_id.to_owned(),
            from: window.from,
            to: window.to,
            expected: None,
            received: 0,
            distinct: 0,
            pages: 0,
            attempts: 1,
            restarts: 0,
            outcome: WindowOutcome::Settled,
            why: None,
            outside: 0,
            rejected: 0,
            repairs: BTreeMap::new(),
            rows: 0,
        }
    }
}

impl WindowRecord {
    /// Which window it is, for messages.
    pub(crate) fn name(&self) -> String {
        let (from, to) = (self.from, self.to);
        format!(
            "window {} of account {}",
            Window { from, to },
            self.account_id
        )
    }
}

impl std::fmt::Display for WindowRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())?;
        self.why.iter().try_for_each(|why| write!(f, ": {why}"))
    }
}
