//! The two lists of clips: which page is meant, and its bytes.

use std::time::Duration;

use super::answer::Reply;
use super::behaviour::EndToken;
use super::behaviour::OwnAccount;
use super::behaviour::Paging;
use super::behaviour::TotalRecords;
use super::dataset::Account;
use super::drift::Moment;
use super::endpoint::Endpoint;
use super::endpoint::Route;
use super::faults::Fault;
use super::numbers::push_number;
use super::oauth::Reach;
use super::query::ClipsQuery;
use super::query::PageQuery;
use super::random;
use super::select::Filter;
use super::select::Ranking;
use super::select::Selection;
use super::world::Visit;
use super::world::World;

/// About what a clip takes as JSON, so that a page's buffer rarely grows.
pub(crate) const BYTES_A_CLIP: usize = 1150;

/// In a keyset page token: before the first record. No clip has this index.
const AT_START: u32 = u32::MAX;

/// What a page token remembers: the last record sent, as it was after so many changes of the
/// account; or, with offsets, how many records were sent.
#[derive(Debug, Clone, Copy)]
struct Place {
    made: u32,
    index: u32,
}

impl From<u64> for Place {
    fn from(word: u64) -> Place {
        Place {
            made: (word >> 32) as u32,
            index: word as u32,
        }
    }
}

impl From<Place> for u64 {
    fn from(place: Place) -> u64 {
        u64::from(place.made) << 32 | u64::from(place.index)
    }
}

impl World {
    /// Answers a request for clips; errors are answers too.
    pub(crate) fn try_clips(
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
        let moment = self.changes.as_ref().map(|changes| Moment {
            changes,
            made: changes.asked(self.present_millis()),
        });
        let selection = match moment {
            Some(moment) => Selection::at(moment, account, &query, &filter, behaviour.order),
            None => self.selections.get(key).unwrap_or_else(|| {
                let found = Selection::new(account, &query, &filter, behaviour.order);
                self.selections.keep(key, &found);
                found
            }),
        };
        let start = match (place.map(Place::from), behaviour.paging, moment) {
            (None, ..)
            | (
                Some(Place {
                    index: AT_START, ..
                }),
                Paging::Keyset,
                _,
            ) => 0,
            (Some(place), Paging::Offset, _) => (place.index as usize).min(selection.len()),
            (Some(place), Paging::Keyset, None) => selection.behind(account, place.index),
            (Some(place), Paging::Keyset, Some(moment)) => {
                let then = Moment {
                    made: place.made,
                    ..moment
                };
                let order = Ranking::new(account, query.by, behaviour.order);
                selection.behind_key(order.key(then, place.index), |index| {
                    order.key(moment, index)
                })
            }
        };
        let page = ClipsPage {
            account,
            moment,
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
                let record = Moment::record(page.moment, page.account, index);
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
        let pages_before = page.start / page.query.size.max(1);
        let total = match behaviour.total_records {
            TotalRecords::Filter => Some(page.selection.len()),
            TotalRecords::Page => Some(sent),
            TotalRecords::Account => Some(page.account.len()),
            TotalRecords::Off(by) => {
                let by = isize::try_from(by).unwrap_or_default();
                Some(page.selection.len().saturating_add_signed(by))
            }
            TotalRecords::Moving => Some(page.selection.len() + pages_before),
            TotalRecords::Sometimes => pages_before
                .is_multiple_of(2)
                .then_some(page.selection.len()),
            TotalRecords::Absent => None,
        };
        if let Some(total) = total {
            out.extend_from_slice(b",\"total_records\":");
            push_number(&mut out, total as u64);
        }
        out.push(b'}');
        Reply {
            records: sent as u64,
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
        if end >= page.selection.len() || fault == Some(Fault::EarlyEnd) {
            return None;
        }
        let place = match self.options.behaviour.paging {
            Paging::Offset => end as u64,
            // Nothing was sent yet: no record to start behind.
            Paging::Keyset if end == 0 => u64::from(AT_START),
            Paging::Keyset => u64::from(Place {
                made: page.moment.map_or(0, |moment| moment.made),
                index: page.selection.index(page.account, end - 1),
            }),
        };
        let parameters = match fault {
            Some(Fault::ForeignPageToken) => !page.query.parameters,
            _ => page.query.parameters,
        };
        let token = self.page_tokens.issue(place, parameters, now);
        Some(match fault {
            Some(Fault::UnknownPageToken) => token.chars().rev().collect(),
            _ => token,
        })
    }
}

/// Where a page of clips starts, and in what.
#[derive(Debug)]
struct ClipsPage<'a> {
    account: &'a Account,
    moment: Option<Moment<'a>>,
    selection: &'a Selection,
    start: usize,
    query: &'a PageQuery,
}
