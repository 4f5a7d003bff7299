//! The simulated account itself: data, access, limits and faults, and the answer to each request.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::Delivery;
use super::answer::Reply;
use super::clips_list::BYTES_A_CLIP;
use super::dataset::Account;
use super::dataset::Dataset;
use super::dates;
use super::drift::Changes;
use super::drift::Fate;
use super::endpoint::Endpoint;
use super::endpoint::Label;
use super::endpoint::Route;
use super::faults;
use super::faults::FaultEngine;
use super::limits::RateLimits;
use super::limits::Verdict;
use super::names::Escaped;
use super::oauth;
use super::oauth::Access;
use super::oauth::Reach;
use super::oauth::TokenRequest;
use super::options::SandboxCredentials;
use super::options::SandboxOptions;
use super::page_tokens::BadPageToken;
use super::page_tokens::PageTokens;
use super::query;
use super::query::Broken;
use super::query::PageQuery;
use super::random;
use super::render::Renderer;
use super::report::Misuse;
use super::report::Recorder;
use super::report::Report;
use super::select::Selections;
use super::truth::Truth;

/// The simulated account.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: SandboxOptions,
    pub(crate) dataset: Dataset,
    pub(crate) renderer: Renderer,
    pub(crate) selections: Selections,
    pub(crate) page_tokens: PageTokens,
    pub(crate) access: Access,
    limits: RateLimits,
    pub(crate) faults: FaultEngine,
    pub(crate) recorder: Recorder,
    pub(crate) changes: Option<Changes>,
    started: Instant,
    requests: AtomicU64,
    stop: CancellationToken,
}

/// What a request is, after it was let in.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) account: &'a str,
    pub(crate) authorization: Option<&'a str>,
    /// Since the start.
    pub(crate) now: Duration,
}

impl World {
    pub(crate) fn new(options: SandboxOptions, base: &str, stop: CancellationToken) -> World {
        let dataset = Dataset::new(&options);
        let credentials = oauth::credentials(options.seed, &dataset.accounts[0].id);
        World {
            renderer: Renderer {
                texts: Escaped::new(),
                tags: options.behaviour.tags,
                null_tags: options.behaviour.null_tags,
            },
            selections: Selections::default(),
            page_tokens: PageTokens::new(options.seed, options.behaviour.page_token_lifetime),
            access: Access::new(options.seed, &options.behaviour, credentials, base),
            limits: RateLimits::new(&options.limits),
            faults: FaultEngine::new(options.seed, options.faults.rules.clone()),
            recorder: Recorder::default(),
            changes: options
                .drift
                .as_ref()
                .map(|drift| Changes::new(options.seed, drift, &dataset)),
            started: Instant::now(),
            requests: AtomicU64::new(0),
            stop,
            dataset,
            options,
        }
    }

    pub(crate) fn credentials(&self) -> &SandboxCredentials {
        self.access.credentials()
    }

    pub(crate) fn access_tokens(&self) -> Vec<String> {
        self.access.tokens()
    }

    pub(crate) fn account_ids(&self) -> Vec<String> {
        let accounts = self.dataset.accounts.iter();
        accounts.map(|account| account.id.clone()).collect()
    }

    pub(crate) fn report(&self) -> Report {
        self.recorder.report()
    }

    pub(crate) fn truth(&self) -> Truth {
        Truth::new(&self.dataset, self.changes.as_ref())
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn compresses(&self) -> bool {
        self.options.behaviour.gzip
    }

    /// Some lines of the truth, and where the next ones start.
    pub(crate) fn truth_piece(
        &self,
        account: usize,
        start: usize,
        most: usize,
    ) -> Option<(Vec<u8>, (usize, usize))> {
        let one = self.dataset.accounts.get(account)?;
        let end = one.len().min(start + most);
        let mut out = Vec::with_capacity((end - start) * BYTES_A_CLIP);
        for index in start..end {
            let index = index as u32;
            let fate = match &self.changes {
                Some(changes) => changes.so_far(one, index),
                None => Fate::Same,
            };
            let moved = match fate {
                Fate::Same => None,
                Fate::Moved(change) => Some(change.name()),
                Fate::NeverSeen => continue,
            };
            self.renderer
                .truth(&mut out, one, &one.record(index), moved);
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
        self.recorder.arrived(endpoint.label(), at - self.started);
        let roll = random::unit(random::join(self.options.seed ^ 0x17, number)) * 2.0;
        let spread = self.options.jitter.mul_f64(roll);
        (self.options.latency + spread).saturating_sub(self.options.jitter)
    }

    pub(crate) fn answered(&self, endpoint: Endpoint, reply: &Reply) {
        let status = match reply.delivery {
            Delivery::Closed | Delivery::Reset | Delivery::Silent => 0,
            _ => reply.status,
        };
        self.recorder
            .answered(endpoint, status, reply.outcome(), reply.records);
    }

    pub(crate) fn misused(&self, misuse: Misuse, example: &str) {
        self.recorder.misused(misuse, example);
    }

    /// As the service marks its answers.
    pub(crate) fn tracking_id(&self) -> String {
        let number = self.requests.load(Ordering::Relaxed);
        let word = random::join(self.options.seed, number);
        format!("v=2.0;clid=sandbox;rid=WEB_{word:016x}")
    }

    /// The `Date` of an answer: the simulated present where clips are dated by it, else the true
    /// time, unless the account's clock is off.
    pub(crate) fn date(&self) -> String {
        let ahead = self.options.behaviour.clock_ahead;
        let by = Duration::from_secs(ahead.unsigned_abs());
        let present = self.present().clamp(0, dates::YEAR_10000 - 1) as u64;
        let now = match self.options.drift {
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
        let behaviour = &self.options.behaviour;
        self.changes.is_some()
            || !behaviour.lists_deleted
            || behaviour.order == super::behaviour::Order::ById
            || !query.contains("date_filter_type=CREATED_DATE")
            || ["status=", "user_id=", "search_key="]
                .iter()
                .any(|name| query.contains(name))
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The simulated present, unix seconds: it starts with the end of the span.
    pub(crate) fn present(&self) -> i64 {
        self.options.until + self.now().as_secs() as i64
    }

    /// The same in milliseconds.
    pub(crate) fn present_millis(&self) -> i64 {
        self.options.until * 1000 + self.now().as_millis() as i64
    }

    /// Answers a token request.
    pub(crate) fn token(&self, request: &TokenRequest<'_>) -> Reply {
        let now = self.now();
        let visit = Visit {
            endpoint: Endpoint::Token,
            account: "",
            authorization: None,
            now,
        };
        let (mut reply, misuses) = self.access.issue(request, now);
        for misuse in misuses {
            self.recorder.misused(misuse, Endpoint::Token.name());
        }
        if let Some(fault) = self.strike(&visit, 0, false) {
            reply = self.faulty(fault, &visit, reply);
        }
        if reply.status == 200 {
            self.recorder.access_token();
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
        let now = at - self.started;
        let endpoint = route.endpoint;
        if endpoint == Endpoint::Unknown {
            self.recorder.misused(Misuse::UnknownPath, path);
            return Reply::error(400, 2300, "This API endpoint is not recognized.");
        }
        let visit = Visit {
            endpoint,
            account: self.account_id(route),
            authorization,
            now,
        };
        let limited = self.limit(endpoint.label(), now);
        let reach = self.let_in(&visit);
        match endpoint {
            Endpoint::OwnClips | Endpoint::AccountClips => {
                let behaviour = &self.options.behaviour;
                let (parsed, broken) = query::clips(path, query, behaviour, self.present());
                self.note(broken);
                if let Some(reply) = limited {
                    return reply;
                }
                self.try_clips(&visit, route, reach, parsed)
            }
            Endpoint::Users | Endpoint::AccountUsers => {
                let (parsed, broken) = query::users(path, query, &self.options.behaviour);
                self.note(broken);
                if let Some(reply) = limited {
                    return reply;
                }
                self.try_users(&visit, reach, parsed)
            }
            Endpoint::Accounts => {
                let (parsed, broken) = query::accounts(path, query, &self.options.behaviour);
                self.note(broken);
                if let Some(reply) = limited {
                    return reply;
                }
                self.try_accounts(&visit, reach, parsed)
            }
            _ => match limited {
                Some(reply) => Ok(reply),
                None => self.try_single(&visit, route, reach),
            },
        }
        .unwrap_or_else(|reply| reply)
    }

    /// The id of the account that a request is about.
    fn account_id<'a>(&'a self, route: &'a Route) -> &'a str {
        let own = self.dataset.accounts[0].id.as_str();
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

    fn note(&self, broken: Broken) {
        for (misuse, example) in broken {
            self.recorder.misused(misuse, &example);
        }
    }

    fn limit(&self, label: Option<Label>, now: Duration) -> Option<Reply> {
        let label = label?;
        match self.limits.judge(label, now, self.present()) {
            Verdict::Pass => None,
            Verdict::Second => Some(Reply::too_many(faults::TooMany::PerSecond, label, 0, "")),
            Verdict::Day { limit, until } => {
                let until = dates::second_text(until);
                Some(Reply::too_many(
                    faults::TooMany::Daily,
                    label,
                    limit,
                    &until,
                ))
            }
        }
    }

    fn let_in(&self, visit: &Visit<'_>) -> Result<Reach, Reply> {
        if let Err(refused) = self.access.check(visit.authorization, visit.now) {
            if refused.misuse {
                self.recorder
                    .misused(Misuse::AuthHeader, visit.endpoint.name());
            }
            return Err(refused.reply);
        }
        self.access.reach(visit.endpoint)
    }

    /// The place of a page, out of its token.
    pub(crate) fn place(&self, visit: &Visit<'_>, page: &PageQuery) -> Result<Option<u64>, Reply> {
        let Some(token) = &page.token else {
            return Ok(None);
        };
        let opened = self.page_tokens.open(token, page.parameters, visit.now);
        match opened {
            Ok(place) => Ok(Some(place)),
            Err(bad) => {
                if bad == BadPageToken::OtherParameters {
                    let name = visit.endpoint.name();
                    self.recorder.misused(Misuse::ChangedParameters, name);
                }
                let clips = visit.endpoint.target() == faults::Target::Clips;
                Err(Reply::page_token(clips))
            }
        }
    }

    pub(crate) fn account(&self, id: &str) -> Result<&Account, Reply> {
        let found = self
            .dataset
            .accounts
            .iter()
            .find(|account| account.id == id);
        found.ok_or_else(|| Reply::error(404, 2001, &format!("Account does not exist: {id}.")))
    }
}

#[cfg(test)]
mod tests;
