//! What all requests share, and what is known of one that was let in.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, Label};
use crate::api::limits::{Decision, RateLimits};
use crate::api::oauth::{self, AccessTokens, Grant};
use crate::api::page_token::{BadPageToken, PageTokens};
use crate::api::render::Renderer;
use crate::api::reply::{Delivery, Reply};
use crate::api::report::{Misuse, Recorder};
use crate::api::request::PageQuery;
use crate::api::selection::Selections;
use crate::data::dataset::{Account, Dataset};
use crate::data::drift::Changes;
use crate::data::texts::EscapedTexts;
use crate::faults::{FaultInjector, FaultRequest};
use crate::format::{self, DAY};
use crate::options::{Fault, SandboxOptions, Target, TooMany};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: SandboxOptions,
    pub(crate) dataset: Dataset,
    pub(crate) renderer: Renderer,
    pub(crate) selections: Selections,
    pub(crate) page_tokens: PageTokens,
    pub(crate) access: AccessTokens,
    pub(crate) recorder: Recorder,
    pub(crate) changes: Option<Changes>,
    pub(crate) started: Instant,
    limits: RateLimits,
    faults: FaultInjector,
}

impl State {
    /// `base` is the address that answers to token requests name.
    pub(crate) fn new(options: SandboxOptions, base: &str) -> State {
        let dataset = Dataset::new(&options);
        let credentials = oauth::credentials(options.seed, &dataset.accounts[0].id);
        State {
            renderer: Renderer {
                texts: EscapedTexts::new(),
                dates: options.behaviour.dates,
                tags: options.behaviour.tags,
                null_tags: options.behaviour.null_tags,
            },
            selections: Selections::default(),
            page_tokens: PageTokens::new(options.seed, options.behaviour.page_token_lifetime),
            access: AccessTokens::new(options.seed, &options.behaviour, credentials, base),
            recorder: Recorder::default(),
            changes: options
                .drift
                .as_ref()
                .map(|drift| Changes::new(options.seed, drift, &dataset)),
            started: Instant::now(),
            limits: RateLimits::new(&options.limits),
            faults: FaultInjector::new(options.seed, options.faults.rules.clone()),
            dataset,
            options,
        }
    }

    /// The simulated present, unix seconds: it starts with the end of the span.
    pub(crate) fn present(&self) -> i64 {
        self.options.until + self.started.elapsed().as_secs() as i64
    }

    /// The simulated present, milliseconds since 1970.
    pub(crate) fn present_millis(&self) -> i64 {
        self.options.until * 1000 + self.started.elapsed().as_millis() as i64
    }

    pub(crate) fn account(&self, id: &str) -> Result<&Account, Reply> {
        let mut accounts = self.dataset.accounts.iter();
        accounts
            .find(|account| account.id == id)
            .ok_or_else(|| Reply::error(404, 2001, &format!("Account does not exist: {id}.")))
    }
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) state: &'a State,
    pub(crate) endpoint: Endpoint,
    /// The id of the account that the request is about.
    pub(crate) account: &'a str,
    pub(crate) authorization: Option<&'a str>,
    /// Since the start.
    pub(crate) now: Duration,
}

impl RequestContext<'_> {
    /// What the access token opens here. The token is judged first, since it tells the account whose
    /// limits count; then the limits; then the scopes.
    pub(crate) fn admit(&self) -> Result<Grant, Reply> {
        let access = &self.state.access;
        if let Err(refused) = access.check(self.authorization, self.now) {
            if refused.misuse {
                let name = self.endpoint.name();
                self.state.recorder.misused(Misuse::AuthHeader, name);
            }
            return Err(refused.reply);
        }
        self.limit()?;
        access.grant(self.endpoint)
    }

    /// Refuses a request that is one too many.
    fn limit(&self) -> Result<(), Reply> {
        let Some(label) = self.endpoint.label() else {
            return Ok(());
        };
        let decision = self
            .state
            .limits
            .decide(label, self.now, self.state.present());
        match decision {
            Decision::Admit => Ok(()),
            Decision::SecondIsFull => Err(Reply::too_many(TooMany::PerSecond, label, 0, "")),
            Decision::DayIsFull { limit, until } => {
                let until = format::second_text(until);
                Err(Reply::too_many(TooMany::Daily, label, limit, &until))
            }
        }
    }

    /// Where a page starts, out of its page token.
    pub(crate) fn position(&self, page: &PageQuery) -> Result<Option<u64>, Reply> {
        let Some(token) = &page.token else {
            return Ok(None);
        };
        let opened = self
            .state
            .page_tokens
            .open(token, page.parameters, self.now);
        opened.map(Some).map_err(|bad| {
            if bad == BadPageToken::OtherParameters {
                let name = self.endpoint.name();
                self.state.recorder.misused(Misuse::ChangedParameters, name);
            }
            Reply::page_token(self.endpoint.target() == Target::Clips)
        })
    }

    /// The fault of this request, if the rules have one for it; the report counts it.
    pub(crate) fn inject(&self, fingerprint: u64, has_page_token: bool) -> Option<Fault> {
        let fault = self.state.faults.inject(&FaultRequest {
            target: self.endpoint.target(),
            account: self.account,
            fingerprint,
            has_page_token,
        })?;
        self.state.recorder.fault(fault.name());
        Some(fault)
    }

    /// What becomes of a good answer under a fault. Those that are about the content of a page
    /// of clips were seen to when it was written.
    pub(crate) fn apply(&self, fault: Option<Fault>, reply: Reply) -> Reply {
        let Some(fault) = fault else { return reply };
        let delivered = |delivery, reply| Reply { delivery, ..reply };
        match fault {
            Fault::Html(status) => Reply::html(status),
            Fault::ServerError { body: true } => Reply::error(500, 500, "Internal error."),
            Fault::ServerError { body: false } => Reply::json(500, Vec::new()),
            Fault::OkWithErrorCode => Reply::error(200, 3000, "Service temporarily unavailable."),
            Fault::Close => delivered(Delivery::Closed, reply),
            Fault::Reset => delivered(Delivery::Reset, reply),
            Fault::CutBody => delivered(Delivery::Cut, reply),
            Fault::ResetBody => delivered(Delivery::CutByReset, reply),
            Fault::EndlessBody => delivered(Delivery::Endless, reply),
            Fault::NoAnswer => delivered(Delivery::Silent, reply),
            Fault::Slow(delay) => Reply { delay, ..reply },
            Fault::RefuseToken(refusal) => Reply::token_refused(refusal, false),
            Fault::KillToken(refusal) => {
                self.state.access.kill(self.authorization, refusal);
                Reply::token_refused(refusal, false)
            }
            Fault::LoseScope => self.state.access.without_scope(self.endpoint),
            Fault::ExpirePageToken => Reply::page_token(self.endpoint.target() == Target::Clips),
            Fault::TooMany(kind) => {
                let label = self.endpoint.label().unwrap_or(Label::Light);
                let tomorrow = (self.state.present().div_euclid(DAY) + 1) * DAY;
                let limit = self.state.options.limits.light_per_day.unwrap_or(30_000);
                Reply::too_many(kind, label, limit, &format::second_text(tomorrow))
            }
            Fault::Forbidden => Reply::error(403, 1003, "No permission to operate"),
            Fault::ShortPage
            | Fault::EmptyPage
            | Fault::RepeatedPageToken
            | Fault::UnknownPageToken
            | Fault::ForeignPageToken
            | Fault::LostRecord
            | Fault::EarlyEnd
            | Fault::MissingData => reply,
        }
    }
}
