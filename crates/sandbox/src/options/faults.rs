//! What may go wrong, where and when, as a scenario writes it down.

use std::time::Duration;

use serde::Deserialize;

use crate::format::duration;
use crate::options::behaviour::TokenRefusal;

/// Everything that goes wrong. Default: nothing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Faults {
    /// The first rule that strikes decides.
    pub rules: Vec<FaultRule>,
    /// Records that are no proper clips; `oddities` in a scenario.
    #[serde(rename = "oddities")]
    pub malformed: Option<MalformedRecords>,
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
    /// The first so many attempts at each page, then no more.
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
    /// Those that are over with one answer, at once: the next attempt is good.
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
pub struct MalformedRecords {
    /// One record in so many is odd; 0 for none.
    pub one_in: u64,
    /// The kinds, each as often as the others; none if empty.
    pub kinds: Vec<MalformedRecord>,
}

/// A kind of odd record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MalformedRecord {
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

impl MalformedRecord {
    /// All kinds.
    pub const ALL: [MalformedRecord; 11] = [
        MalformedRecord::NoClipId,
        MalformedRecord::HugeId,
        MalformedRecord::NotAnObject,
        MalformedRecord::HugeNumber,
        MalformedRecord::YearZero,
        MalformedRecord::Year9999,
        MalformedRecord::UnknownStatus,
        MalformedRecord::DeepNesting,
        MalformedRecord::HugeTitle,
        MalformedRecord::InvalidUtf8,
        MalformedRecord::DuplicateKeys,
    ];

    /// Whether such a record is no clip at all.
    #[must_use]
    pub fn is_reject(self) -> bool {
        matches!(
            self,
            MalformedRecord::NoClipId | MalformedRecord::HugeId | MalformedRecord::NotAnObject
        )
    }

    /// Its name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MalformedRecord::NoClipId => "no_clip_id",
            MalformedRecord::HugeId => "huge_id",
            MalformedRecord::NotAnObject => "not_an_object",
            MalformedRecord::HugeNumber => "huge_number",
            MalformedRecord::YearZero => "year_zero",
            MalformedRecord::Year9999 => "year_9999",
            MalformedRecord::UnknownStatus => "unknown_status",
            MalformedRecord::DeepNesting => "deep_nesting",
            MalformedRecord::HugeTitle => "huge_title",
            MalformedRecord::InvalidUtf8 => "invalid_utf8",
            MalformedRecord::DuplicateKeys => "duplicate_keys",
        }
    }
}
