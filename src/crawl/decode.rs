//! One page of the API, from bytes to a batch of rows. Runs off the async threads.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::AsArray;
use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;
use serde_json::json;

use crate::clip::Clip;
use crate::clip::ClipBatchBuilder;
use crate::clip::Column;
use crate::clip::SecretPolicy;
use crate::clip::normalise;
use crate::crawl::window::MARGIN;
use crate::crawl::window::Window;
use crate::redact::redact_json;
use crate::zoom::DateFilter;
use crate::zoom::Page;
use crate::zoom::PageToken;
use crate::zoom::WireError;

/// What all pages of a crawl have in common.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Which date the windows are about.
    pub by: DateFilter,
    /// The span of the census.
    pub span: Window,
    /// The instant the census is of, in microseconds since 1970.
    pub snapshot_at: i64,
    /// Whether secrets reach the rows.
    pub secrets: SecretPolicy,
}

/// A page as rows.
#[derive(Debug)]
pub struct DecodedPage {
    /// The clips within the span.
    pub rows: RecordBatch,
    /// Ids of clips in the margin outside of the span: asked for, but no part of the census.
    pub outside: Vec<String>,
    /// Records that are no clips: one line of JSON each.
    pub rejects: Vec<String>,
    /// How many values of each field had to be repaired.
    pub repairs: BTreeMap<String, u64>,
    /// Where the next page is; `None` on the last.
    pub next_page_token: Option<PageToken>,
    /// How many records the service says match.
    pub total_records: Option<u64>,
    /// Records on the page, whatever they are.
    pub records: u64,
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
            rows: RecordBatch::new_empty(crate::clip::schema()),
            outside: Vec::new(),
            rejects: Vec::new(),
            repairs: BTreeMap::new(),
            next_page_token: page.next_page_token,
            total_records: page.total_records,
            records: page.records.len() as u64,
            bytes: body.len() as u64,
        };
        if is_repaired {
            decoded.repairs.insert("(invalid UTF-8)".to_owned(), 1);
        }
        for record in page.records {
            match normalise(record, self.secrets) {
                Ok(normalised) if self.is_outside(&normalised.clip) => {
                    decoded.outside.push(normalised.clip.clip_id.into_owned());
                }
                Ok(normalised) => {
                    rows.push(account_id, self.snapshot_at, &normalised.clip);
                    for field in normalised.repairs {
                        *decoded.repairs.entry(field.to_owned()).or_default() += 1;
                    }
                }
                Err(reject) => {
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

    /// The second of each row's date.
    pub fn seconds<'a>(&self, rows: &'a RecordBatch) -> impl Iterator<Item = Option<i64>> + 'a {
        let date = match self.by {
            DateFilter::Created => Column::CreatedAt,
            DateFilter::Modified => Column::ModifiedAt,
        };
        let dates = rows.column(date.index());
        let dates = dates.as_primitive::<TimestampMicrosecondType>();
        dates
            .iter()
            .map(|date| date.map(|micros| micros.div_euclid(1_000_000)))
    }

    /// Whether a clip lies in the margin that was asked for beyond the span. Any other date is
    /// taken as it comes: the service says that the clip matches.
    fn is_outside(&self, clip: &Clip<'_>) -> bool {
        const MICROS: i64 = 1_000_000;
        let date = match self.by {
            DateFilter::Created => clip.created_at,
            DateFilter::Modified => clip.modified_at,
        };
        let before: Range<i64> = (self.span.from - MARGIN) * MICROS..self.span.from * MICROS;
        // A service that compares whole seconds includes the fraction of the last one.
        let after = self.span.to * MICROS..(self.span.to + MARGIN + 1) * MICROS;
        date.is_some_and(|date| before.contains(&date) || after.contains(&date))
    }
}
