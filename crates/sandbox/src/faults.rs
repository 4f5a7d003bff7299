//! What goes wrong, where and when: rules whose rates are decided by the request itself, so that
//! the same crawl meets the same faults in whatever order it asks.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize;

use super::behaviour::TokenRefusal;
use super::random;
use super::scenario::duration;

/// Everything that goes wrong. Default: nothing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Faults {
    /// The first rule that strikes decides.
    pub rules: Vec<FaultRule>,
    /// Records that are no proper clips.
    pub oddities: Option<Oddities>,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultRule {
    /// What happens.
    pub fault: Fault,
    /// When it happens.
    pub when: Trigger,
    /// To which requests.
    #[serde(default)]
    pub on: Target,
    /// Only to requests for this account's data.
    #[serde(default)]
    pub account: Option<String>,
}

impl FaultRule {
    /// A rule for clips lists of all accounts.
    #[must_use]
    pub fn clips(fault: Fault, when: Trigger) -> FaultRule {
        FaultRule {
            fault,
            when,
            on: Target::Clips,
            account: None,
        }
    }
}

/// Which requests a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Both clips lists.
    #[default]
    Clips,
    /// Lists of users, and single users.
    Users,
    /// The list of accounts, and single accounts.
    Accounts,
    /// The token endpoint.
    Token,
    /// All of them.
    Any,
}

/// When a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// At random, this part of all requests, in `0.0..=1.0`; a repeated request rolls again.
    Rate(f64),
    /// Every nth request that the rule is for; 0 never.
    EveryNth(u64),
    /// Only the nth request that the rule is for, counted from 1.
    Nth(u64),
    /// The first so many attempts at each page (of whatever walk), then no more.
    FirstAttempts(u32),
    /// Always.
    Always,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Half the records (at least one) and a page token. Clips lists only.
    ShortPage,
    /// No records, and a page token. Clips lists only.
    EmptyPage,
    /// The page token that was sent comes back. Clips lists only; not on a first page.
    RepeatedPageToken,
    /// The page token that is handed out is none that was ever issued. Clips lists only.
    UnknownPageToken,
    /// The page token that is handed out belongs to other parameters. Clips lists only.
    ForeignPageToken,
    /// A record is missing from the page, and nothing but the total tells. Clips lists only.
    LostRecord,
    /// The page claims to be the last, though there is more. Clips lists only.
    EarlyEnd,
    /// A page without `data`. Clips lists only.
    MissingData,
    /// 200 with an error's body.
    OkWithErrorCode,
    /// A web page with this status, as a proxy sends it: 502, 503 or 504.
    Html(u16),
    /// 500, with a JSON body or without.
    ServerError {
        /// Whether there is a body.
        body: bool,
    },
    /// The connection is closed without an answer.
    Close,
    /// The connection is reset without an answer.
    Reset,
    /// The connection is closed in the middle of the body.
    CutBody,
    /// The connection is reset in the middle of the body.
    ResetBody,
    /// Half the body, and then nothing, with the connection open.
    EndlessBody,
    /// Nothing, with the connection open.
    NoAnswer,
    /// The right answer, this much later.
    Slow(#[serde(deserialize_with = "duration")] Duration),
    /// The access token is refused this once.
    RefuseToken(TokenRefusal),
    /// The access token is refused from now on.
    KillToken(TokenRefusal),
    /// The scope for the call is gone: 400 with code 4711, or 4700 for classic names.
    LoseScope,
    /// The page token counts as expired: 400 with code 300. Only on requests that have one.
    ExpirePageToken,
    /// 429, though no limit was passed.
    TooMany(TooMany),
    /// 403 with code 1003.
    Forbidden,
}

impl Fault {
    /// Those that are over with one answer, at once: the next attempt, or the next walk, is good.
    pub const PASSING: [Fault; 27] = [
        Fault::LostRecord,
        Fault::EarlyEnd,
        Fault::ShortPage,
        Fault::EmptyPage,
        Fault::RepeatedPageToken,
        Fault::UnknownPageToken,
        Fault::ForeignPageToken,
        Fault::ExpirePageToken,
        Fault::MissingData,
        Fault::OkWithErrorCode,
        Fault::Html(502),
        Fault::Html(503),
        Fault::Html(504),
        Fault::ServerError { body: true },
        Fault::ServerError { body: false },
        Fault::Close,
        Fault::Reset,
        Fault::CutBody,
        Fault::ResetBody,
        Fault::RefuseToken(TokenRefusal::Unauthorized124),
        Fault::RefuseToken(TokenRefusal::BadRequest124),
        Fault::RefuseToken(TokenRefusal::Unauthorized1002),
        Fault::KillToken(TokenRefusal::Unauthorized124),
        Fault::KillToken(TokenRefusal::BadRequest124),
        Fault::KillToken(TokenRefusal::Unauthorized1002),
        Fault::TooMany(TooMany::PerSecond),
        Fault::TooMany(TooMany::Bare),
    ];

    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fault::ShortPage => "short page",
            Fault::EmptyPage => "empty page",
            Fault::RepeatedPageToken => "repeated page token",
            Fault::UnknownPageToken => "unknown page token",
            Fault::ForeignPageToken => "page token of other parameters",
            Fault::LostRecord => "lost record",
            Fault::EarlyEnd => "early end",
            Fault::MissingData => "missing data",
            Fault::OkWithErrorCode => "200 with an error code",
            Fault::Html(_) => "html error page",
            Fault::ServerError { .. } => "server error",
            Fault::Close => "closed without answer",
            Fault::Reset => "reset without answer",
            Fault::CutBody => "body cut short",
            Fault::ResetBody => "reset within the body",
            Fault::EndlessBody => "body without end",
            Fault::NoAnswer => "no answer",
            Fault::Slow(_) => "slow answer",
            Fault::RefuseToken(_) => "access token refused",
            Fault::KillToken(_) => "access token killed",
            Fault::LoseScope => "scope lost",
            Fault::ExpirePageToken => "page token expired early",
            Fault::TooMany(_) => "429 out of turn",
            Fault::Forbidden => "forbidden",
        }
    }

    fn fits(self, request: &Request<'_>) -> bool {
        match self {
            Fault::ShortPage
            | Fault::EmptyPage
            | Fault::UnknownPageToken
            | Fault::ForeignPageToken
            | Fault::LostRecord
            | Fault::EarlyEnd
            | Fault::MissingData => request.target == Target::Clips,
            Fault::RepeatedPageToken => request.target == Target::Clips && request.has_page_token,
            Fault::ExpirePageToken => request.has_page_token,
            Fault::RefuseToken(_) | Fault::KillToken(_) | Fault::LoseScope => {
                request.target != Target::Token
            }
            _ => true,
        }
    }
}

/// The kinds of 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooMany {
    /// With the two headers of a per-second limit.
    PerSecond,
    /// Without any headers.
    Bare,
    /// With the headers of a daily limit and an ISO-8601 `Retry-After`.
    Daily,
}

/// Records that are no proper clips, in the place of some that are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Oddities {
    /// One record in so many is odd; 0 for none.
    pub one_in: u64,
    /// The kinds, each as often as the others; none if empty.
    pub kinds: Vec<Oddity>,
}

/// A kind of odd record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oddity {
    /// A clip without `clip_id`: to be rejected.
    NoClipId,
    /// A clip with a `clip_id` of 1 MiB: to be rejected.
    HugeId,
    /// A string in the place of an object: to be rejected.
    NotAnObject,
    /// `file_size` beyond 2^63.
    HugeNumber,
    /// `created_date` in the year 0.
    YearZero,
    /// `created_date` at the end of the year 9999.
    Year9999,
    /// A status that is not documented.
    UnknownStatus,
    /// An unknown field, 10,000 arrays deep.
    DeepNesting,
    /// A `title` of 1 MiB.
    HugeTitle,
    /// A `description` that is no UTF-8.
    InvalidUtf8,
    /// `title` and `status` twice, with equal values.
    DuplicateKeys,
}

impl Oddity {
    /// All kinds.
    pub const ALL: [Oddity; 11] = [
        Oddity::NoClipId,
        Oddity::HugeId,
        Oddity::NotAnObject,
        Oddity::HugeNumber,
        Oddity::YearZero,
        Oddity::Year9999,
        Oddity::UnknownStatus,
        Oddity::DeepNesting,
        Oddity::HugeTitle,
        Oddity::InvalidUtf8,
        Oddity::DuplicateKeys,
    ];

    /// Whether such a record is no clip at all.
    #[must_use]
    pub fn is_reject(self) -> bool {
        matches!(
            self,
            Oddity::NoClipId | Oddity::HugeId | Oddity::NotAnObject
        )
    }

    /// Its name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Oddity::NoClipId => "no_clip_id",
            Oddity::HugeId => "huge_id",
            Oddity::NotAnObject => "not_an_object",
            Oddity::HugeNumber => "huge_number",
            Oddity::YearZero => "year_zero",
            Oddity::Year9999 => "year_9999",
            Oddity::UnknownStatus => "unknown_status",
            Oddity::DeepNesting => "deep_nesting",
            Oddity::HugeTitle => "huge_title",
            Oddity::InvalidUtf8 => "invalid_utf8",
            Oddity::DuplicateKeys => "duplicate_keys",
        }
    }
}

/// What the rules see of a request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) target: Target,
    pub(crate) account: &'a str,
    /// The same for all attempts at one page.
    pub(crate) fingerprint: u64,
    pub(crate) has_page_token: bool,
}

/// The rules at work.
#[derive(Debug)]
pub(crate) struct FaultEngine {
    seed: u64,
    rules: Vec<FaultRule>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_rule: BTreeMap<usize, u64>,
    attempts: HashMap<u64, u32>,
}

impl FaultEngine {
    pub(crate) fn new(seed: u64, rules: Vec<FaultRule>) -> FaultEngine {
        FaultEngine {
            seed: random::join(seed, 0xFA17),
            rules,
            counts: Mutex::default(),
        }
    }

    /// Counts the request and says what goes wrong with it, if anything.
    pub(crate) fn strike(&self, request: &Request<'_>) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = {
            let seen = counts.attempts.entry(request.fingerprint).or_insert(0);
            *seen += 1;
            *seen
        };
        let mut struck = None;
        for (number, rule) in self.rules.iter().enumerate() {
            let meant = (rule.on == Target::Any || rule.on == request.target)
                && rule
                    .account
                    .as_deref()
                    .is_none_or(|id| id == request.account)
                && rule.fault.fits(request);
            if !meant {
                continue;
            }
            let nth = counts.by_rule.entry(number).or_insert(0);
            *nth += 1;
            let roll = random::join(
                random::join(self.seed, number as u64),
                random::join(request.fingerprint, u64::from(attempt)),
            );
            let strikes = match rule.when {
                Trigger::Rate(rate) => random::unit(roll) < rate,
                Trigger::EveryNth(n) => n > 0 && nth.is_multiple_of(n),
                Trigger::Nth(n) => *nth == n,
                Trigger::FirstAttempts(k) => attempt <= k,
                Trigger::Always => true,
            };
            if strikes && struck.is_none() {
                struck = Some(rule.fault);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(fingerprint: u64) -> Request<'static> {
        Request {
            target: Target::Clips,
            account: "main",
            fingerprint,
            has_page_token: false,
        }
    }

    fn engine(when: Trigger) -> FaultEngine {
        FaultEngine::new(5, vec![FaultRule::clips(Fault::Close, when)])
    }

    #[test]
    fn a_rate_does_not_depend_on_the_order_of_requests() {
        let (one, two) = (engine(Trigger::Rate(0.3)), engine(Trigger::Rate(0.3)));
        let forward: Vec<bool> = (0..500).map(|n| one.strike(&page(n)).is_some()).collect();
        let mut backward: Vec<bool> = (0..500)
            .rev()
            .map(|n| two.strike(&page(n)).is_some())
            .collect();
        backward.reverse();
        assert_eq!(forward, backward);
        let struck = forward.iter().filter(|&&hit| hit).count();
        assert!((100..200).contains(&struck), "{struck}");
    }

    #[test]
    fn first_attempts_at_each_page_fail_and_later_ones_pass() {
        let engine = engine(Trigger::FirstAttempts(2));
        for fingerprint in [1, 2] {
            let hits: Vec<bool> = (0..4)
                .map(|_| engine.strike(&page(fingerprint)).is_some())
                .collect();
            assert_eq!(hits, [true, true, false, false]);
        }
    }

    #[test]
    fn a_rule_for_one_account_or_endpoint_spares_the_others() {
        let rule = FaultRule {
            account: Some("sub".to_owned()),
            ..FaultRule::clips(Fault::Forbidden, Trigger::Always)
        };
        let engine = FaultEngine::new(5, vec![rule]);
        assert_eq!(engine.strike(&page(1)), None);
        let sub = Request {
            account: "sub",
            ..page(1)
        };
        assert_eq!(engine.strike(&sub), Some(Fault::Forbidden));
        let users = Request {
            target: Target::Users,
            ..sub
        };
        assert_eq!(engine.strike(&users), None);
    }

    #[test]
    fn every_nth_and_nth_count_from_one() {
        let every = engine(Trigger::EveryNth(3));
        let once = engine(Trigger::Nth(2));
        let hits = |engine: &FaultEngine| -> Vec<u64> {
            (1..=6)
                .filter(|&n| engine.strike(&page(n)).is_some())
                .collect()
        };
        assert_eq!(hits(&every), [3, 6]);
        assert_eq!(hits(&once), [2]);
    }
}
