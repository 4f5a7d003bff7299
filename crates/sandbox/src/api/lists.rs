//! The lists of users and of sub-accounts, and single ones of them.

use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, Route};
use crate::api::oauth::Grant;
use crate::api::reply::Reply;
use crate::api::request::PageQuery;
use crate::api::state::RequestContext;
use crate::data::directory::UserState;
use crate::rng;

/// Answers a request for users.
pub(crate) fn users(
    context: &RequestContext<'_>,
    grant: Result<Grant, Reply>,
    parsed: Result<(String, PageQuery), Reply>,
) -> Result<Reply, Reply> {
    grant?;
    let account = context.state.account(context.account)?;
    let (status, page) = parsed?;
    let state = UserState::parse(&status)
        .ok_or_else(|| Reply::invalid("status", "The value is not one of those allowed."))?;
    let places = account.directory.in_state(state);
    list(context, &page, "users", places.len(), |at| {
        account.directory.user(places[at])
    })
}

/// Answers a request for sub-accounts.
pub(crate) fn accounts(
    context: &RequestContext<'_>,
    grant: Result<Grant, Reply>,
    parsed: Result<PageQuery, Reply>,
) -> Result<Reply, Reply> {
    grant?;
    let page = parsed?;
    let subs = &context.state.dataset.accounts[1..];
    list(context, &page, "accounts", subs.len(), |at| {
        subs[at].directory.account()
    })
}

/// A page of users or accounts.
fn list(
    context: &RequestContext<'_>,
    page: &PageQuery,
    name: &str,
    total: usize,
    item: impl Fn(usize) -> Value,
) -> Result<Reply, Reply> {
    let position = context.position(page)?;
    let start = position.unwrap_or(0) as usize;
    let fingerprint = rng::join(page.parameters, start as u64);
    let fault = context.inject(fingerprint, position.is_some());
    let end = total.min(start + page.size);
    let next = if end < total {
        let tokens = &context.state.page_tokens;
        tokens.issue(end as u64, page.parameters, context.now)
    } else {
        String::new()
    };
    let items: Vec<Value> = (start..end).map(item).collect();
    let mut body = json!({
        "page_count": total.div_ceil(page.size),
        "page_size": page.size,
        "total_records": total,
        "next_page_token": next,
    });
    body[name] = items.into();
    let reply = Reply::json(200, body.to_string().into_bytes());
    Ok(context.apply(fault, reply))
}

/// Answers a request for one user or one account.
pub(crate) fn single(
    context: &RequestContext<'_>,
    route: &Route,
    grant: Result<Grant, Reply>,
) -> Result<Reply, Reply> {
    grant?;
    let id = route.id.as_deref().unwrap_or_default();
    let fingerprint = rng::join(rng::digest(id.as_bytes()), route.endpoint as u64);
    let fault = context.inject(fingerprint, false);
    let body = if route.endpoint == Endpoint::Account {
        context.state.account(context.account)?.directory.account()
    } else {
        let directory = &context.state.dataset.accounts[0].directory;
        let place = directory
            .find(id)
            .filter(|&place| directory.state(place) != UserState::Deleted);
        let missing = || Reply::error(404, 1001, &format!("User does not exist: {id}."));
        directory.single_user(place.ok_or_else(missing)?)
    };
    let reply = Reply::json(200, body.to_string().into_bytes());
    Ok(context.apply(fault, reply))
}
