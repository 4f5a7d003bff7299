//! The two lists of clips: which page is meant, and its bytes.

use std::time::Duration;

use super::answer::Reply;
use super::behaviour::EndToken;
use super::behaviour::OwnAccount;
use super::behaviour::Paging;
use super::behaviour::TotalRecords;
use super::dataset::Account;
use super::endpoint::Endpoint;
use super::endpoint::Route;
use super::faults::Fault;
use super::numbers::push_number;
use super::oauth::Reach;
use super::query::ClipsQuery;
use super::query::PageQuery;
use super::random;
use super::select::Filter;
use super::select::Selection;
use super::world::Visit;
use super::world::World;

/// About what a clip takes as JSON, so that a page's buffer rarely grows.
pub(super) const BYTES_A_CLIP: usize = 1150;

/// In a keyset page token: before the first record. No clip has this index.
const AT_START: u64 = u32::MAX as u64;

impl World {
    /// Answers a request for clips; errors are answers too.
    pub(super) fn try_clips(
        &self,
        visit: &Visit<'_>,
        route: &Route,
        reach: Result<Reach, Reply>,
        parsed: Result<ClipsQuery, Reply>,
    ) -> Result<Reply, Reply> {
        let reach = reach?;
        let behaviour = &self.options.behaviour;
        let account = self.account(visit.account)?;
        let is_own = account.id == self.dataset.accounts[0].id;
        if route.endpoint == Endpoint::AccountClips
            && is_own
            && behaviour.own_account == OwnAccount::Unknown
        {
            let text = format!("Account does not exist: {}.", account.id);
            return Err(Reply::error(404, 2001, &text));
        }
        let query = parsed?;
        let place = self.place(visit, &query.page)?;
        let fingerprint = random::join(query.page.parameters, place.unwrap_or(u64::MAX));
        let fault = self.strike(visit, fingerprint, place.is_some());
        let filter = self.filter(account, &query, reach)?;
        let key = query.page.parameters;
        let selection = self.selections.get(key).unwrap_or_else(|| {
            let found = Selection::new(account, &query, &filter, behaviour.order);
            self.selections.keep(key, &found);
            found
        });
        let start = match (place, behaviour.paging) {
            (None, _) | (Some(AT_START), Paging::Keyset) => 0,
            (Some(place), Paging::Offset) => (place as usize).min(selection.len()),
            (Some(place), Paging::Keyset) => selection.behind(account, place as u32),
        };
        let page = ClipsPage {
            account,
            selection: &selection,
            start,
            query: &query.page,
        };
        let reply = self.render_clips(&page, fault, visit.now);
        Ok(match fault {
            Some(fault) => self.faulty(fault, visit, reply),
            None => reply,
        })
    }

    fn filter(&self, account: &Account, query: &ClipsQuery, reach: Reach) -> Result<Filter, Reply> {
        let mut owner = None;
        if let Some(user) = &query.user {
            if reach == Reach::OwnUser && user != "me" {
                return Err(Reply::error(403, 1003, "No permission to operate"));
            }
            let found = account.directory.find(user);
            let missing = || Reply::error(404, 1001, &format!("User does not exist: {user}."));
            owner = Some(found.ok_or_else(missing)?);
        } else if reach == Reach::OwnUser {
            owner = Some(0);
        }
        Ok(Filter {
            owner,
            status: query.status,
            search: query.search.clone(),
            without_deleted: query.status.is_none() && !self.options.behaviour.lists_deleted,
        })
    }

    fn render_clips(&self, page: &ClipsPage<'_>, fault: Option<Fault>, now: Duration) -> Reply {
        let behaviour = &self.options.behaviour;
        let left = page.selection.len().saturating_sub(page.start);
        let full = left.min(page.query.size);
        let count = match fault {
            Some(Fault::EmptyPage) => 0,
            Some(Fault::ShortPage) => full.div_ceil(2),
            _ => full,
        };
        let mut out = Vec::with_capacity(256 + count * BYTES_A_CLIP);
        out.push(b'{');
        if fault != Some(Fault::MissingData) {
            out.extend_from_slice(b"\"data\":[");
            for place in page.start..page.start + count {
                if place > page.start {
                    out.push(b',');
                }
                let record = page
                    .account
                    .record(page.selection.index(page.account, place));
                self.renderer.record(&mut out, page.account, &record);
            }
            out.extend_from_slice(b"],");
        }
        let next = self.next_token(page, count, fault, now);
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
        let total = match behaviour.total_records {
            TotalRecords::Filter => Some(page.selection.len()),
            TotalRecords::Page => Some(count),
            TotalRecords::Absent => None,
        };
        if let Some(total) = total {
            out.extend_from_slice(b",\"total_records\":");
            push_number(&mut out, total as u64);
        }
        out.push(b'}');
        Reply {
            records: count as u64,
            ..Reply::json(200, out)
        }
    }

    /// The token of the page behind this one, if there is one.
    fn next_token(
        &self,
        page: &ClipsPage<'_>,
        count: usize,
        fault: Option<Fault>,
        now: Duration,
    ) -> Option<String> {
        if fault == Some(Fault::RepeatedPageToken) {
            return page.query.token.clone();
        }
        let end = page.start + count;
        if end >= page.selection.len() {
            return None;
        }
        let place = match self.options.behaviour.paging {
            Paging::Offset => end as u64,
            // Nothing was sent yet: no record to start behind.
            Paging::Keyset if end == 0 => AT_START,
            Paging::Keyset => u64::from(page.selection.index(page.account, end - 1)),
        };
        Some(self.page_tokens.issue(place, page.query.parameters, now))
    }
}

/// Where a page of clips starts, and in what.
#[derive(Debug)]
struct ClipsPage<'a> {
    account: &'a Account,
    selection: &'a Selection,
    start: usize,
    query: &'a PageQuery,
}
