//! The two lists of clips: which page is meant, and its bytes.

use crate::api::endpoint::Endpoint;
use crate::api::oauth::Grant;
use crate::api::reply::Reply;
use crate::api::request::{ClipsQuery, PageQuery};
use crate::api::selection::{Filter, Selection, SortKey};
use crate::api::state::RequestContext;
use crate::data::dataset::Account;
use crate::data::drift::View;
use crate::format::push_number;
use crate::options::{EndToken, Fault, OwnAccount, Paging, TotalRecords};
use crate::rng;

/// About what a clip takes as JSON, so that a page's buffer rarely grows.
pub(crate) const BYTES_A_CLIP: usize = 1150;

/// In a keyset page token: before the first record. No clip has this index.
const AT_START: u32 = u32::MAX;

/// What a page token remembers: the last record sent, as it was after so many changes of the
/// account; or, with offsets, how many records were sent.
#[derive(Debug, Clone, Copy)]
struct Position {
    made: u32,
    index: u32,
}

impl From<u64> for Position {
    fn from(word: u64) -> Position {
        Position {
            made: (word >> 32) as u32,
            index: word as u32,
        }
    }
}

impl From<Position> for u64 {
    fn from(position: Position) -> u64 {
        u64::from(position.made) << 32 | u64::from(position.index)
    }
}

/// A page of clips before it is written.
#[derive(Debug)]
struct Page<'a> {
    account: &'a Account,
    view: View<'a>,
    selection: &'a Selection,
    /// Clips of the selection that paging gets to.
    reachable: usize,
    start: usize,
    query: &'a PageQuery,
}

/// Answers a request for clips; errors are answers too.
pub(crate) fn list(
    context: &RequestContext<'_>,
    grant: Result<Grant, Reply>,
    parsed: Result<ClipsQuery, Reply>,
) -> Result<Reply, Reply> {
    let grant = grant?;
    let state = context.state;
    let behaviour = &state.options.behaviour;
    let account = state.account(context.account)?;
    let is_own = account.id == state.dataset.accounts[0].id;
    if context.endpoint == Endpoint::AccountClips
        && is_own
        && behaviour.own_account == OwnAccount::Unknown
    {
        let text = format!("Account does not exist: {}.", account.id);
        return Err(Reply::error(404, 2001, &text));
    }
    let query = parsed?;
    let position = context.position(&query.page)?;
    let key = query.page.parameters;
    let fingerprint = rng::join(key, position.unwrap_or(u64::MAX));
    let fault = context.inject(fingerprint, position.is_some());
    let filter = filter(context, account, &query, grant)?;
    let view = View::of_next_page(state.changes.as_ref(), state.present_millis());
    let selection = if view.stands_still() {
        state.selections.get(key).unwrap_or_else(|| {
            let found = Selection::new(account, &query, &filter, behaviour.order);
            state.selections.keep(key, &found);
            found
        })
    } else {
        Selection::at(view, account, &query, &filter, behaviour.order)
    };
    let start = match (position.map(Position::from), behaviour.paging) {
        (None, _) => 0,
        (Some(position), Paging::Keyset) if position.index == AT_START => 0,
        (Some(position), Paging::Offset) => (position.index as usize).min(selection.len()),
        (Some(position), Paging::Keyset) if view.stands_still() => {
            selection.behind(account, position.index)
        }
        (Some(position), Paging::Keyset) => {
            let then = view.after(position.made);
            let order = SortKey::new(account, query.by, behaviour.order);
            selection.behind_key(order.of(then, position.index), |index| {
                order.of(view, index)
            })
        }
    };
    let cap = behaviour.total_cap.map_or(usize::MAX, |cap| cap as usize);
    let page = Page {
        account,
        view,
        selection: &selection,
        reachable: selection.len().min(cap),
        start,
        query: &query.page,
    };
    Ok(context.apply(fault, render(context, &page, fault, cap)))
}

fn filter(
    context: &RequestContext<'_>,
    account: &Account,
    query: &ClipsQuery,
    grant: Grant,
) -> Result<Filter, Reply> {
    let mut owner = None;
    if let Some(user) = &query.user {
        if grant == Grant::OwnUser && user != "me" {
            return Err(Reply::error(403, 1003, "No permission to operate"));
        }
        let found = account.directory.find(user);
        let missing = || Reply::error(404, 1001, &format!("User does not exist: {user}."));
        owner = Some(found.ok_or_else(missing)?);
    } else if grant == Grant::OwnUser {
        owner = Some(0);
    }
    Ok(Filter {
        owner,
        status: query.status,
        search: query.search.clone(),
        without_deleted: query.status.is_none() && !context.state.options.behaviour.lists_deleted,
    })
}

/// Writes a page; `cap` bounds every `total_records`.
fn render(
    context: &RequestContext<'_>,
    page: &Page<'_>,
    fault: Option<Fault>,
    cap: usize,
) -> Reply {
    let behaviour = &context.state.options.behaviour;
    let left = page.reachable.saturating_sub(page.start);
    let full = left.min(page.query.size);
    let count = match fault {
        Some(Fault::EmptyPage) => 0,
        Some(Fault::ShortPage) => full.div_ceil(2),
        _ => full,
    };
    let sent = match fault {
        Some(Fault::LostRecord) => count.saturating_sub(1),
        _ => count,
    };
    let mut out = Vec::with_capacity(256 + count * BYTES_A_CLIP);
    out.push(b'{');
    if fault != Some(Fault::MissingData) {
        out.extend_from_slice(b"\"data\":[");
        for place in page.start..page.start + sent {
            if place > page.start {
                out.push(b',');
            }
            let index = page.selection.index(page.account, place);
            let record = page.view.record(page.account, index);
            let renderer = &context.state.renderer;
            renderer.record(&mut out, page.account, &record);
        }
        out.extend_from_slice(b"],");
    }
    let next = next_page_token(context, page, count, fault);
    match (next, behaviour.end_token) {
        (Some(token), _) => {
            out.extend_from_slice(b"\"next_page_token\":\"");
            out.extend_from_slice(token.as_bytes());
            out.extend_from_slice(b"\",");
        }
        (None, EndToken::Empty) => out.extend_from_slice(b"\"next_page_token\":\"\","),
        (None, EndToken::Null) => out.extend_from_slice(b"\"next_page_token\":null,"),
        (None, EndToken::Missing) => {}
    }
    out.extend_from_slice(b"\"page_size\":");
    push_number(&mut out, page.query.size as u64);
    let pages_before = page.start / page.query.size.max(1);
    let matching = page.selection.len();
    let total = match behaviour.total_records {
        TotalRecords::Filter => Some(matching),
        TotalRecords::Page => Some(sent),
        TotalRecords::Account => Some(page.account.len()),
        TotalRecords::Off(by) => {
            let by = isize::try_from(by).unwrap_or_default();
            Some(matching.saturating_add_signed(by))
        }
        TotalRecords::Moving => Some(matching + pages_before),
        TotalRecords::Sometimes => pages_before.is_multiple_of(2).then_some(matching),
        TotalRecords::Absent => None,
    };
    if let Some(total) = total {
        out.extend_from_slice(b",\"total_records\":");
        push_number(&mut out, total.min(cap) as u64);
    }
    out.push(b'}');
    Reply {
        records: sent as u64,
        ..Reply::json(200, out)
    }
}

/// The token of the page behind this one, if there is one.
fn next_page_token(
    context: &RequestContext<'_>,
    page: &Page<'_>,
    count: usize,
    fault: Option<Fault>,
) -> Option<String> {
    if fault == Some(Fault::RepeatedPageToken) {
        return page.query.token.clone();
    }
    let end = page.start + count;
    if end >= page.reachable || fault == Some(Fault::EarlyEnd) {
        return None;
    }
    let position = match context.state.options.behaviour.paging {
        Paging::Offset => end as u64,
        // Nothing was sent yet: no record to start behind.
        Paging::Keyset if end == 0 => u64::from(AT_START),
        Paging::Keyset => u64::from(Position {
            made: page.view.made(),
            index: page.selection.index(page.account, end - 1),
        }),
    };
    let parameters = match fault {
        Some(Fault::ForeignPageToken) => !page.query.parameters,
        _ => page.query.parameters,
    };
    let tokens = &context.state.page_tokens;
    let token = tokens.issue(position, parameters, context.now);
    Some(match fault {
        Some(Fault::UnknownPageToken) => token.chars().rev().collect(),
        _ => token,
    })
}
