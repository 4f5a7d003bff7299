//! What is known of one chain of pages, mostly a chain of one page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::window::Window;

/// How a chain of pages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainOutcome {
    /// It holds all of its window: as many distinct clips as every page's `total_records`.
    Whole,
    /// It holds the head of its window. Whether the head is whole, the total of the rest tells.
    Head,
    /// It came to its end, and the service named no count that it could be compared with.
    Unproven,
    /// It came to its end, and its counts did not agree, however often it was asked for.
    Unsettled,
    /// It finishes nothing: its window is asked for again, as it is or in parts.
    Abandoned,
}

/// Records that a window lists, and its neighbour towards the head of which both are the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shared {
    /// Both list these.
    pub surely: u64,
    /// The neighbour lists these or not: they lie where its bound is, and the API document does not
    /// say whether that is included.
    pub at_bound: u64,
}

/// One chain of pages: what was asked for, what came, and what of its window it finishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRecord {
    /// The account that it lists.
    pub account_id: String,
    /// The window that it asked for.
    pub asked: Window,
    /// What of the window needs no further request, unless a sum says otherwise.
    pub finished: Option<Window>,
    /// How it ended.
    pub outcome: ChainOutcome,
    /// Why it is neither whole nor a head.
    pub why: Option<String>,
    /// The `total_records` that all its pages agreed on, if that counts the filter.
    pub total: Option<u64>,
    /// Distinct clips, and distinct records that are none.
    pub distinct: u64,
    /// Records of its first page that its neighbour lists too; `None` if that cannot be told.
    pub shared: Option<Shared>,
    /// Pages received.
    pub pages: u64,
    /// Times that its page token was refused: 0 or 1, as a chain ends there.
    pub restarts: u32,
    /// Records received within the span of the census.
    pub received: u64,
    /// Records received from the margin outside of the span of the census, which are not kept.
    pub outside: u64,
    /// Records dated outside of what was asked for, margin included: the service's filter does not
    /// mean what its document says.
    pub strays: u64,
    /// Records that are no clips.
    pub rejected: u64,
    /// Repaired values by field.
    pub repairs: BTreeMap<String, u64>,
    /// Rows that it holds in the spool. Set when it is spooled.
    pub rows: u64,
}

impl ChainRecord {
    /// A chain that has asked for a window, and received nothing yet.
    #[must_use]
    pub fn new(account_id: &str, asked: Window) -> Self {
        Self {
            account_id: account_id.to_owned(),
            asked,
            finished: None,
            outcome: ChainOutcome::Abandoned,
            why: None,
            total: None,
            distinct: 0,
            shared: None,
            pages: 0,
            restarts: 0,
            received: 0,
            outside: 0,
            strays: 0,
            rejected: 0,
            repairs: BTreeMap::new(),
            rows: 0,
        }
    }
}
