//! Who the owners are: looked up after the clips were read, as people leave and clips change hands.
//!
//! Names are no part of the proof: what the service refuses to tell is a warning, and the owner
//! stays an id. Only what passes, such as an outage, ends the run; the next one goes on from there.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::account::scopes::{Need, ONE_USER, OWN_USERS, SUB_USERS};
use crate::clip::owner::{DELETED, OwnerIds, People, Person, UNREADABLE};
use crate::crawl::Account;
use crate::event::{Event, Events};
use crate::zoom::{Client, Failure, FailureKind, users};

/// A call that can be made until the service says that the app may not.
struct Open {
    need: Need,
    is_open: AtomicBool,
}

impl Open {
    fn of(need: Need, granted: &[String]) -> Self {
        Self {
            need,
            is_open: AtomicBool::new(need.is_met(granted)),
        }
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }
}

/// How owners are looked up.
pub(super) struct LookUp<'a> {
    client: &'a Client,
    events: &'a Events,
    concurrency: usize,
    own_lists: Open,
    sub_lists: Open,
    one_user: Open,
}

impl<'a> LookUp<'a> {
    /// `granted` are the scopes as the access token names them.
    pub(super) fn new(
        client: &'a Client,
        events: &'a Events,
        concurrency: usize,
        granted: &[String],
    ) -> Self {
        Self {
            client,
            events,
            concurrency: concurrency.max(1),
            own_lists: Open::of(OWN_USERS, granted),
            sub_lists: Open::of(SUB_USERS, granted),
            one_user: Open::of(ONE_USER, granted),
        }
    }

    /// Looks the owners of these accounts up; `None` where the service told nothing at all.
    ///
    /// # Errors
    /// Failures that pass.
    pub(super) async fn people(
        &self,
        accounts: &[Account],
        ids: &OwnerIds,
    ) -> Result<Option<People>, Failure> {
        self.events.emit(&Event::LookingUp {
            owners: ids.len() as u64,
        });
        let mut has_answer = ids.is_empty();
        let mut people = People::new();
        // In boxes, since the compiler cannot name the lifetimes of futures that borrow.
        let lists = accounts
            .iter()
            .cloned()
            .map(|account| self.lists(account, ids).boxed());
        let lists: Vec<Option<People>> = stream::iter(lists)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        for found in lists.into_iter().flatten() {
            has_answer = true;
            for (id, person) in found {
                people.entry(id).or_insert(person);
            }
        }
        let own = accounts.iter().find(|account| account.path.is_none());
        let own = own.map(|own| ids.of(&own.id)).unwrap_or_default();
        let is_left = |id: &&String| !people.contains_key(*id);
        let mut left: Vec<String> = own.iter().filter(is_left).cloned().collect();
        left.sort_unstable();
        let alone = left.into_iter().map(|id| self.alone(id).boxed());
        let alone: Vec<Option<(String, Person)>> = stream::iter(alone)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        for (id, person) in alone.into_iter().flatten() {
            // Where nobody is shown at all, that some are not there is no table of owners.
            let status = person.status.as_deref();
            has_answer |= ![Some(DELETED), Some(UNREADABLE)].contains(&status);
            people.insert(id, person);
        }
        Ok(has_answer.then_some(people))
    }

    /// The owners whom the lists of an account hold; `None` if it has none or no list can be read.
    async fn lists(&self, account: Account, ids: &OwnerIds) -> Result<Option<People>, Failure> {
        let wanted = ids.of(&account.id);
        let call = match account.path {
            None => &self.own_lists,
            Some(_) => &self.sub_lists,
        };
        let mut found = None;
        for state in users::STATES {
            let is_done = |found: &People| found.len() == wanted.len();
            if wanted.is_empty() || found.as_ref().is_some_and(is_done) || !call.is_open() {
                break;
            }
            let path = account.path.as_deref();
            let listed = users::users(self.client, path, state, wanted.clone()).await;
            match listed {
                Ok(listed) => {
                    let found = found.get_or_insert_with(People::new);
                    for (id, person) in listed {
                        found.entry(id).or_insert(person);
                    }
                }
                Err(failure) if self.is_final(call, &failure, true) => break,
                Err(failure) => return Err(failure),
            }
        }
        Ok(found)
    }

    /// An owner whom no list holds; `None` if the service does not say why.
    async fn alone(&self, id: String) -> Result<Option<(String, Person)>, Failure> {
        if !self.one_user.is_open() {
            return Ok(None);
        }
        match users::user(self.client, &id).await {
            Ok(person) => Ok(Some((id, person))),
            // That one of them is not there, or not to be seen, is nothing to warn of.
            Err(failure) if self.is_final(&self.one_user, &failure, false) => {
                let status = match failure.kind {
                    FailureKind::NotFound => DELETED,
                    FailureKind::Forbidden => UNREADABLE,
                    _ => return Ok(None),
                };
                let person = Person {
                    status: Some(status.to_owned()),
                    ..Person::default()
                };
                Ok(Some((id, person)))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whether a failure is an answer, and not something that passes.
    fn is_final(&self, call: &Open, failure: &Failure, is_worth_a_word: bool) -> bool {
        let is_told = match failure.kind {
            FailureKind::Unavailable
            | FailureKind::Throttled
            | FailureKind::DailyLimit { .. }
            | FailureKind::TokensRefused
            | FailureKind::Untrusted
            | FailureKind::Proxy
            | FailureKind::ProxyCredentials { .. }
            | FailureKind::Credentials => return false,
            FailureKind::MissingScope { .. } => call.is_open.swap(false, Ordering::Relaxed),
            FailureKind::PageTokenRefused
            | FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::BadRequest
            | FailureKind::WindowRefused { .. }
            | FailureKind::Redirected { .. }
            | FailureKind::Unusable => is_worth_a_word,
        };
        if is_told {
            self.events
                .emit(&call.need.owners_unknown(&failure.to_string()));
        }
        true
    }
}

#[cfg(test)]
mod tests;
