//! A paged list, read from its first page to its last, and again where it did not come whole.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::zoom::call::Call;
use crate::zoom::client::Client;
use crate::zoom::failure::{Failure, FailureKind};
use crate::zoom::wire::{Page, PageToken, WireError, text};

/// How often a list is started again.
const RESTARTS: u32 = 3;

/// A list as it was read once.
pub(super) struct Listed<T> {
    /// What was kept of it, in the service's order; a record may come twice.
    pub(super) items: Vec<T>,
    /// How many records the service counts, if it says so.
    pub(super) total: Option<u64>,
}

/// Reads all pages of a list. `decode` makes an item of a record, or `None` of one that is not
/// wanted, so that a long list takes no more memory than what is kept of it. `judge` says why a list
/// is not to be used, whereupon it is read again.
///
/// # Errors
/// If a call gave up, a page token came twice, so that the list would never end, or the list had to
/// be started again too often.
pub(super) async fn read<T, F>(
    client: &Client,
    call: &Call,
    records: &'static str,
    decode: F,
    mut judge: impl FnMut(&mut Listed<T>) -> Option<String>,
) -> Result<Vec<T>, Failure>
where
    T: Send + 'static,
    F: Fn(&RawValue) -> Result<Option<T>, WireError> + Clone + Send + Sync + 'static,
{
    let mut restarts = 0;
    loop {
        let failure = match read_once(client, call.clone(), records, &decode).await {
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
    records: &'static str,
    decode: &F,
) -> Result<Listed<T>, Failure>
where
    T: Send + 'static,
    F: Fn(&RawValue) -> Result<Option<T>, WireError> + Clone + Send + Sync + 'static,
{
    let mut items = Vec::new();
    let mut page_tokens = HashSet::new();
    loop {
        let decode = decode.clone();
        let page = move |body: &bytes::Bytes| decoded(body, records, &decode);
        let (some, next, total) = client.get(&call, page).await?;
        items.extend(some);
        let Some(next) = next else {
            return Ok(Listed { items, total });
        };
        if !page_tokens.insert(next.clone()) {
            let why = "the service sent the same page token twice";
            return Err(Failure::unsent(FailureKind::Unusable, call.name(), why));
        }
        call.page_token = Some(next);
    }
}

type DecodedPage<T> = (Vec<T>, Option<PageToken>, Option<u64>);

fn decoded<T>(
    body: &[u8],
    records: &str,
    decode: impl Fn(&RawValue) -> Result<Option<T>, WireError>,
) -> Result<DecodedPage<T>, WireError> {
    let (text, _) = text(body);
    let page = Page::parse(&text, records)?;
    let items: Result<Vec<T>, WireError> = page
        .records
        .iter()
        .filter_map(|record| decode(record).transpose())
        .collect();
    Ok((items?, page.next_page_token, page.total_records))
}
