//! One page of the API, from bytes to a batch of rows. Runs off the async threads.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use serde_json::json;

use crate::clip::{Clip, ClipBatchBuilder, SecretPolicy, normalise};
use crate::model::window::MARGIN;
use crate::model::{Micros, Seconds, Window};
use crate::redact::redact_json;
use crate::spool::Hashing;
use crate::zoom::{DateFilter, Page, PageToken, WireError};

/// What all pages of a crawl have in common.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Which date the windows are about.
    pub by: DateFilter,
    /// The span of the census.
    pub span: Window,
    /// The instant the census is of.
    pub snapshot_at: Micros,
    /// Whether secrets reach the rows.
    pub secrets: SecretPolicy,
    /// How clips are told apart.
    pub hashing: Hashing,
}

/// A record of a page, whatever it is, as far as counting and order go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Equal for the same clip, and on different pages for records that are no clips if their text is
    /// the same.
    pub id: u64,
    /// The second of the date that the windows are about.
    pub second: Option<Seconds>,
}

/// A page as rows.
#[derive(Debug)]
pub struct DecodedPage {
    /// All records, in the order in which they came.
    pub listed: Vec<Listed>,
    /// The clips within the span.
    pub rows: RecordBatch,
    /// Clips in the margin outside of the span: asked for, but no part of the census.
    pub outside: u64,
    /// Records that are no clips: one line of JSON each.
    pub rejects: Vec<String>,
    /// How many values of each field had to be repaired.
    pub repairs: BTreeMap<String, u64>,
    /// Where the next page is; `None` on the last.
    pub next_page_token: Option<PageToken>,
    /// How many records the service says match.
    pub total_records: Option<u64>,
    /// Size of the body in bytes.
    pub bytes: u64,
}

impl Decoder {
    /// Decodes the body of one answer.
    ///
    /// # Errors
    /// [`WireError`] where the body is no page.
    pub fn page(&self, account_id: &str, body: &[u8]) -> Result<DecodedPage, WireError> {
        let (text, is_repaired) = crate::zoom::wire::text(body);
        let page = Page::parse(&text, "data")?;
        let mut rows = ClipBatchBuilder::with_capacity(page.records.len());
        let mut decoded = DecodedPage {
            listed: Vec::with_capacity(page.records.len()),
            rows: RecordBatch::new_empty(crate::clip::schema()),
            outside: 0,
            rejects: Vec::new(),
            repairs: BTreeMap::new(),
            next_page_token: page.next_page_token,
            total_records: page.total_records,
            bytes: body.len() as u64,
        };
        if is_repaired {
            decoded.repairs.insert("(invalid UTF-8)".to_owned(), 1);
        }
        // Of records that are no clips a page may hold several of the same text.
        let mut same_rejects: HashMap<&str, u32> = HashMap::new();
        for record in page.records {
            match normalise(record, self.secrets) {
                Ok(normalised) => {
                    let date = self.date(&normalised.clip);
                    decoded.listed.push(Listed {
                        id: self.hashing.hash(account_id, &normalised.clip.clip_id),
                        second: date.map(Micros::seconds),
                    });
                    if date.is_some_and(|date| self.is_outside(date)) {
                        decoded.outside += 1;
                        continue;
                    }
                    rows.push(account_id, self.snapshot_at, &normalised.clip);
                    for field in normalised.repairs {
                        *decoded.repairs.entry(field.to_owned()).or_default() += 1;
                    }
                }
                Err(reject) => {
                    let same = same_rejects.entry(record.get()).or_insert(0_u32);
                    *same += 1;
                    decoded.listed.push(Listed {
                        id: self.hashing.hash_reject(account_id, record.get(), *same),
                        second: None,
                    });
                    let record = match self.secrets {
                        SecretPolicy::Cut => redact_json(record.get()),
                        SecretPolicy::Keep => record.get().to_owned(),
                    };
                    let line = json!({
                        "account_id": account_id,
                        "reason": reject.to_string(),
                        "record": record,
                    });
                    decoded.rejects.push(line.to_string());
                }
            }
        }
        decoded.rows = rows.finish();
        Ok(decoded)
    }

    /// The date that the windows are about.
    const fn date(&self, clip: &Clip<'_>) -> Option<Micros> {
        match self.by {
            DateFilter::Created => clip.created_at,
            DateFilter::Modified => clip.modified_at,
        }
    }

    /// Whether a date lies in the margin that was asked for beyond the span. Any other date is
    /// taken as it comes: the service says that the clip matches.
    fn is_outside(&self, date: Micros) -> bool {
        let before = (self.span.from - MARGIN).micros()..self.span.from.micros();
        // A service that compares whole seconds includes the fraction of the last one.
        let after = self.span.to.micros()..(self.span.to + MARGIN + 1).micros();
        before.contains(&date) || after.contains(&date)
    }
}
