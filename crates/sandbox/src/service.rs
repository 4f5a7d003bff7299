//! The simulated service: takes each request through access, limits and faults to its answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::endpoint::{Endpoint, Route};
use crate::api::oauth::TokenRequest;
use crate::api::reply::{Delivery, Reply};
use crate::api::report::{Misuse, Report};
use crate::api::request::{self, Violations};
use crate::api::state::{RequestContext, State};
use crate::api::{clips, lists};
use crate::data::drift::{ClipState, View};
use crate::data::truth::Truth;
use crate::options::{FilteredDate, Order, SandboxCredentials, SandboxOptions};
use crate::rng;

/// First second of the year 10000, unix seconds.
const YEAR_10000: i64 = 253_402_300_800;

/// The simulated service.
#[derive(Debug)]
pub(crate) struct Service {
    state: State,
    requests: AtomicU64,
    stop: CancellationToken,
}

impl Service {
    pub(crate) fn new(options: SandboxOptions, base: &str, stop: CancellationToken) -> Service {
        Service {
            state: State::new(options, base),
            requests: AtomicU64::new(0),
            stop,
        }
    }

    pub(crate) fn credentials(&self) -> &SandboxCredentials {
        self.state.access.credentials()
    }

    pub(crate) fn access_tokens(&self) -> Vec<String> {
        self.state.access.tokens()
    }

    pub(crate) fn account_ids(&self) -> Vec<String> {
        let accounts = self.state.dataset.accounts.iter();
        accounts.map(|account| account.id.clone()).collect()
    }

    pub(crate) fn report(&self) -> Report {
        self.state.recorder.report()
    }

    pub(crate) fn truth(&self) -> Truth {
        Truth::new(&self.state.dataset, self.state.changes.as_ref())
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn compresses(&self) -> bool {
        self.state.options.behaviour.gzip
    }

    /// Some lines of the truth, and where the next ones start.
    pub(crate) fn truth_piece(
        &self,
        account: usize,
        start: usize,
        most: usize,
    ) -> Option<(Vec<u8>, (usize, usize))> {
        let one = self.state.dataset.accounts.get(account)?;
        let end = one.len().min(start + most);
        let view = View::latest(self.state.changes.as_ref());
        let mut out = Vec::with_capacity((end - start) * clips::BYTES_A_CLIP);
        for index in start as u32..end as u32 {
            let (record, moved) = match view.state(one, index) {
                ClipState::Same => (view.record(one, index), None),
                ClipState::Moved(change) => (one.record(index), Some(change.name())),
                ClipState::NeverSeen => continue,
            };
            self.state.renderer.truth(&mut out, one, &record, moved);
        }
        let next = if end == one.len() {
            (account + 1, 0)
        } else {
            (account, end)
        };
        Some((out, next))
    }

    /// Counts a request, and says how long its answer takes.
    pub(crate) fn arrived(&self, endpoint: Endpoint, at: Instant) -> Duration {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let options = &self.state.options;
        let since_start = at - self.state.started;
        self.state.recorder.arrived(endpoint.label(), since_start);
        let roll = rng::unit(rng::join(options.seed ^ 0x17, number)) * 2.0;
        let spread = options.jitter.mul_f64(roll);
        (options.latency + spread).saturating_sub(options.jitter)
    }

    pub(crate) fn answered(&self, endpoint: Endpoint, reply: &Reply) {
        let status = match reply.delivery {
            Delivery::Closed | Delivery::Reset | Delivery::Silent => 0,
            _ => reply.status,
        };
        let recorder = &self.state.recorder;
        recorder.answered(endpoint, status, reply.outcome(), reply.records);
    }

    pub(crate) fn misused(&self, misuse: Misuse, example: &str) {
        self.state.recorder.misused(misuse, example);
    }

    /// As the service marks its answers.
    pub(crate) fn tracking_id(&self) -> String {
        let number = self.requests.load(Ordering::Relaxed);
        let word = rng::join(self.state.options.seed, number);
        format!("v=2.0;clid=sandbox;rid=WEB_{word:016x}")
    }

    /// The `Date` of an answer: the simulated present where clips are dated by it, else the true
    /// time, unless the account's clock is off.
    pub(crate) fn date(&self) -> String {
        let options = &self.state.options;
        let ahead = options.behaviour.clock_ahead;
        let by = Duration::from_secs(ahead.unsigned_abs());
        let present = self.state.present().clamp(0, YEAR_10000 - 1) as u64;
        let now = match options.drift {
            Some(_) => UNIX_EPOCH + Duration::from_secs(present),
            None => SystemTime::now(),
        };
        let date = if ahead < 0 {
            now.checked_sub(by)
        } else {
            now.checked_add(by)
        };
        httpdate::fmt_http_date(date.unwrap_or(now))
    }

    /// Whether answering may look at more clips than a page has.
    pub(crate) fn scans(&self, query: &str) -> bool {
        let behaviour = &self.state.options.behaviour;
        self.state.changes.is_some()
            || !behaviour.lists_deleted
            || behaviour.order == Order::ById
            || behaviour.filtered_date == FilteredDate::Modified
            || !query.contains("date_filter_type=CREATED_DATE")
            || ["status=", "user_id=", "search_key="]
                .iter()
                .any(|name| query.contains(name))
    }

    /// Answers a token request.
    pub(crate) fn token(&self, request: &TokenRequest<'_>) -> Reply {
        let context = RequestContext {
            state: &self.state,
            endpoint: Endpoint::Token,
            account: "",
            authorization: None,
            now: self.state.started.elapsed(),
        };
        let (reply, misuses) = self.state.access.issue(request, context.now);
        for misuse in misuses {
            self.misused(misuse, Endpoint::Token.name());
        }
        let reply = context.apply(context.inject(0, false), reply);
        if reply.status == 200 {
            self.state.recorder.access_token();
        }
        reply
    }

    /// Answers a request of the API that arrived at this instant.
    pub(crate) fn answer(
        &self,
        route: &Route,
        path: &str,
        query: &str,
        authorization: Option<&str>,
        at: Instant,
    ) -> Reply {
        let endpoint = route.endpoint;
        if endpoint == Endpoint::Unknown {
            self.misused(Misuse::UnknownPath, path);
            return route.allow.map_or_else(
                || Reply::error(400, 2300, "This API endpoint is not recognized."),
                Reply::wrong_method,
            );
        }
        let context = RequestContext {
            state: &self.state,
            endpoint,
            account: self.account_id(route),
            authorization,
            now: at - self.state.started,
        };
        let grant = context.admit();
        let behaviour = &self.state.options.behaviour;
        match endpoint {
            Endpoint::OwnClips | Endpoint::AccountClips => {
                let (parsed, violations) =
                    request::clips(path, query, behaviour, self.state.present());
                self.note(violations);
                clips::list(&context, grant, parsed)
            }
            Endpoint::Users | Endpoint::AccountUsers => {
                let (parsed, violations) = request::users(path, query, behaviour);
                self.note(violations);
                lists::users(&context, grant, parsed)
            }
            Endpoint::Accounts => {
                let (parsed, violations) = request::accounts(path, query, behaviour);
                self.note(violations);
                lists::accounts(&context, grant, parsed)
            }
            _ => lists::single(&context, route, grant),
        }
        .unwrap_or_else(|reply| reply)
    }

    /// The id of the account that a request is about.
    fn account_id<'a>(&'a self, route: &'a Route) -> &'a str {
        let own = self.state.dataset.accounts[0].id.as_str();
        match route.endpoint {
            Endpoint::AccountClips | Endpoint::AccountUsers | Endpoint::Account => {
                match route.id.as_deref() {
                    Some("me") | None => own,
                    Some(id) => id,
                }
            }
            _ => own,
        }
    }

    fn note(&self, violations: Violations) {
        for (misuse, example) in violations {
            self.misused(misuse, &example);
        }
    }
}

#[cfg(test)]
mod tests;
