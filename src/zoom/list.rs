//! A paged list, read from its first page to its last, and again where it did not come whole.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::value::RawValue;

use crate::zoom::call::Call;
use crate::zoom::client::Client;
use crate::zoom::endless::EndlessGuard;
use crate::zoom::failure::{Failure, FailureKind};
use crate::zoom::wire::{Page, PageToken, WireError, text};

/// The most records of a list that are kept.
const MOST_KEPT: usize = 1_000_000;

/// The most bytes of these: of the longest real ids and names, a million have half of it.
const MOST_KEPT_BYTES: usize = 256 << 20;

/// How often a list is started again.
const RESTARTS: u32 = 3;

/// A list as it was read once.
pub(super) struct Listed<T> {
    /// What was kept of it, in the service's order; a record may come twice.
    pub(super) items: Vec<T>,
    /// How many records the service counts, if it says so.
    pub(super) total: Option<u64>,
}

/// What is kept of a record.
pub(super) trait Kept: Send + 'static {
    /// Bytes of its texts.
    fn bytes(&self) -> usize;
}

/// Reads all pages of a list, whose records stand under `key`. `decode` makes an item of a record, or `None` of one that is not
/// wanted, so that a long list takes no more memory than what is kept of it. `judge` says why a list
/// is not to be used, whereupon it is read again.
///
/// # Errors
/// If a call gave up, the list would never end, or it had to be started again too often.
pub(super) async fn read<T, F>(
    client: &Client,
    call: &Call,
    key: &'static str,
    decode: F,
    mut judge: impl FnMut(&mut Listed<T>) -> Option<String>,
) -> Result<Vec<T>, Failure>
where
    T: Kept,
    F: Fn(&RawValue) -> Result<Option<T>, WireError> + Clone + Send + Sync + 'static,
{
    let mut restarts = 0;
    loop {
        let failure = match read_once(client, call.clone(), key, &decode).await {
            Ok(mut listed) => match judge(&mut listed) {
                None => return Ok(listed.items),
                Some(why) => Failure::unsent(FailureKind::Unusable, call.name(), why),
            },
            Err(failure) if failure.kind == FailureKind::PageTokenRefused => failure,
            Err(failure) => return Err(failure),
        };
        if restarts == RESTARTS {
            return Err(failure);
        }
        restarts += 1;
    }
}

async fn read_once<T, F>(
    client: &Client,
    mut call: Call,
    key: &'static str,
    decode: &F,
) -> Result<Listed<T>, Failure>
where
    T: Kept,
    F: Fn(&RawValue) -> Result<Option<T>, WireError> + Clone + Send + Sync + 'static,
{
    let mut items: Vec<T> = Vec::new();
    let (mut bytes, mut records, mut distinct) = (0, 0, HashSet::new());
    let mut endless = EndlessGuard::default();
    loop {
        let decode = decode.clone();
        let page = move |body: &bytes::Bytes| decoded(body, key, &decode);
        let page = client.get(&call, page).await?;
        records += page.hashes.len() as u64;
        distinct.extend(page.hashes);
        bytes += page.items.iter().map(Kept::bytes).sum::<usize>();
        items.extend(page.items);
        let too_many = if items.len() > MOST_KEPT {
            Some(format!("more than {MOST_KEPT} records came"))
        } else {
            (bytes > MOST_KEPT_BYTES)
                .then(|| format!("more than {MOST_KEPT_BYTES} bytes of ids and names came"))
        };
        if let Some(why) = too_many {
            return Err(Failure::unsent(FailureKind::Unusable, call.name(), why));
        }
        let (next, total) = (page.next, page.total);
        let Some(next) = next else {
            return Ok(Listed { items, total });
        };
        if let Some(why) = endless.why_endless(&next, records, distinct.len() as u64, total) {
            return Err(Failure::unsent(FailureKind::Unusable, call.name(), why));
        }
        call.page_token = Some(next);
    }
}

/// One page of a list.
struct DecodedPage<T> {
    items: Vec<T>,
    /// A hash of each record, whether it is kept or not.
    hashes: Vec<u64>,
    next: Option<PageToken>,
    total: Option<u64>,
}

fn decoded<T>(
    body: &[u8],
    key: &str,
    decode: impl Fn(&RawValue) -> Result<Option<T>, WireError>,
) -> Result<DecodedPage<T>, WireError> {
    let (text, _) = text(body);
    let page = Page::parse(&text, key)?;
    let items: Result<Vec<T>, WireError> = page
        .records
        .iter()
        .filter_map(|record| decode(record).transpose())
        .collect();
    let hash = |record: &&RawValue| {
        let mut hasher = DefaultHasher::new();
        record.get().hash(&mut hasher);
        hasher.finish()
    };
    Ok(DecodedPage {
        items: items?,
        hashes: page.records.iter().map(hash).collect(),
        next: page.next_page_token,
        total: page.total_records,
    })
}
