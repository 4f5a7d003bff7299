//! The lists of users and of sub-accounts, and single ones of them.

use serde_json::json;

use super::answer::Reply;
use super::directory::UserState;
use super::endpoint::Endpoint;
use super::endpoint::Route;
use super::oauth::Reach;
use super::query::PageQuery;
use super::random;
use super::world::Visit;
use super::world::World;

impl World {
    /// Answers a request for users.
    pub(crate) fn try_users(
        &self,
        visit: &Visit<'_>,
        reach: Result<Reach, Reply>,
        parsed: Result<(String, PageQuery), Reply>,
    ) -> Result<Reply, Reply> {
        reach?;
        let account = self.account(visit.account)?;
        let (status, page) = parsed?;
        let state = UserState::parse(&status)
            .ok_or_else(|| Reply::invalid("status", "The value is not one of those allowed."))?;
        let places = account.directory.in_state(state);
        self.list(visit, &page, "users", places.len(), |at| {
            account.directory.user(places[at])
        })
    }

    /// Answers a request for sub-accounts.
    pub(crate) fn try_accounts(
        &self,
        visit: &Visit<'_>,
        reach: Result<Reach, Reply>,
        parsed: Result<PageQuery, Reply>,
    ) -> Result<Reply, Reply> {
        reach?;
        let page = parsed?;
        let subs = &self.dataset.accounts[1..];
        self.list(visit, &page, "accounts", subs.len(), |at| {
            subs[at].directory.account()
        })
    }

    /// A page of users or accounts.
    fn list(
        &self,
        visit: &Visit<'_>,
        page: &PageQuery,
        name: &str,
        total: usize,
        item: impl Fn(usize) -> serde_json::Value,
    ) -> Result<Reply, Reply> {
        let place = self.place(visit, page)?;
        let start = place.unwrap_or(0) as usize;
        let fingerprint = random::join(page.parameters, start as u64);
        let fault = self.strike(visit, fingerprint, place.is_some());
        let end = total.min(start + page.size);
        let next = if end < total {
            self.page_tokens
                .issue(end as u64, page.parameters, visit.now)
        } else {
            String::new()
        };
        let items: Vec<serde_json::Value> = (start..end).map(item).collect();
        let mut body = json!({
            "page_count": total.div_ceil(page.size),
            "page_size": page.size,
            "total_records": total,
            "next_page_token": next,
        });
        body[name] = items.into();
        let reply = Reply::json(200, body.to_string().into_bytes());
        Ok(match fault {
            Some(fault) => self.faulty(fault, visit, reply),
            None => reply,
        })
    }

    /// Answers a request for one user or one account.
    pub(crate) fn try_single(
        &self,
        visit: &Visit<'_>,
        route: &Route,
        reach: Result<Reach, Reply>,
    ) -> Result<Reply, Reply> {
        reach?;
        let id = route.id.as_deref().unwrap_or_default();
        let fingerprint = random::join(random::digest(id.as_bytes()), route.endpoint as u64);
        let fault = self.strike(visit, fingerprint, false);
        let body = if route.endpoint == Endpoint::Account {
            self.account(visit.account)?.directory.account()
        } else {
            let directory = &self.dataset.accounts[0].directory;
            let place = directory
                .find(id)
                .filter(|&place| directory.state(place) != UserState::Deleted);
            let missing = || Reply::error(404, 1001, &format!("User does not exist: {id}."));
            directory.single_user(place.ok_or_else(missing)?)
        };
        let reply = Reply::json(200, body.to_string().into_bytes());
        Ok(match fault {
            Some(fault) => self.faulty(fault, visit, reply),
            None => reply,
        })
    }
}
