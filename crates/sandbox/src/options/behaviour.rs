//! Switches for what the API document leaves open, each with the likeliest answer as its default.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::format::{duration, signed_duration};

/// How the simulated service resolves what is not documented.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own that the documentation leaves open"
)]
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Behaviour {
    /// A range of more than 31 days. Default: clamped, `from` silently moves up.
    pub over_range: OutOfRange,
    /// A `page_size` outside 30..=300. Default: clamped.
    pub page_size: OutOfRange,
    /// Whether a clip dated exactly `from` is listed. Default true.
    pub from_inclusive: bool,
    /// Whether a clip dated exactly `to` is listed (its milliseconds count). Default true.
    pub to_inclusive: bool,
    /// What a request without `from` and `to` lists. Default: today.
    pub no_dates: NoDates,
    /// Whether a list without `status` has `RECORD_DELETE` clips. Default true.
    pub lists_deleted: bool,
    /// How the last page tells that it is the last. Default: an empty string.
    pub end_token: EndToken,
    /// What `total_records` counts. Default: the whole filter.
    pub total_records: TotalRecords,
    /// The most that `total_records` says, and the most clips that a chain of pages lists: after
    /// them it ends, though more match, as search indexes do. Default: no cap.
    pub total_cap: Option<u64>,
    /// So much later than sent the service reads `from` and `to`; earlier if negative. Default 0.
    #[serde(deserialize_with = "signed_duration")]
    pub filter_shift: SignedDuration,
    /// The date that `from` and `to` are about. Default: the one asked for.
    pub filtered_date: FilteredDate,
    /// The order of records in a list. Default: newest first.
    pub order: Order,
    /// What a page token remembers. Default: the last record sent.
    pub paging: Paging,
    /// How long a page token is good; with 0 no page token ever is. Default 15 minutes.
    #[serde(deserialize_with = "duration")]
    pub page_token_lifetime: Duration,
    /// How long an access token is good. Default 3599 seconds.
    #[serde(deserialize_with = "duration")]
    pub access_token_lifetime: Duration,
    /// Whether the answer to a token request has `api_url`. Default true.
    pub api_url: bool,
    /// Whether the token endpoint takes its parameters from the query string. Default false.
    pub oauth_query: bool,
    /// How a dead or unknown access token is refused. Default: 401, code 124.
    pub token_refusal: TokenRefusal,
    /// Which names the app's scopes have. Default: granular.
    pub scope_names: ScopeNames,
    /// The scopes granted, in either naming. Default `None`: all that the lists need.
    pub scopes: Option<Vec<String>>,
    /// What the list of a named account does with the token's own account. Default: lists it.
    pub own_account: OwnAccount,
    /// Whether answers are compressed for clients that accept gzip. Default false.
    pub gzip: bool,
    /// How far the `Date` of answers is ahead of the true time, in seconds; behind if negative.
    /// Default 0.
    pub clock_ahead: i64,
    /// What a date looks like. Default: as documented.
    pub dates: DateForm,
    /// What a tag looks like. Default: a string.
    pub tags: TagShape,
    /// Whether some clips have `"tags": null`, which the schema does not allow. Default true.
    pub null_tags: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            over_range: OutOfRange::Clamp,
            page_size: OutOfRange::Clamp,
            from_inclusive: true,
            to_inclusive: true,
            no_dates: NoDates::Today,
            lists_deleted: true,
            end_token: EndToken::Empty,
            total_records: TotalRecords::Filter,
            total_cap: None,
            filter_shift: SignedDuration::ZERO,
            filtered_date: FilteredDate::AsAsked,
            order: Order::NewestFirst,
            paging: Paging::Keyset,
            page_token_lifetime: Duration::from_mins(15),
            access_token_lifetime: Duration::from_secs(3599),
            api_url: true,
            oauth_query: false,
            token_refusal: TokenRefusal::Unauthorized124,
            scope_names: ScopeNames::Granular,
            scopes: None,
            own_account: OwnAccount::Listed,
            gzip: false,
            clock_ahead: 0,
            dates: DateForm::Documented,
            tags: TagShape::Strings,
            null_tags: true,
        }
    }
}

/// What happens to a value outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOfRange {
    /// It is moved to the nearest allowed value, without a word.
    Clamp,
    /// 400 with code 300.
    Refuse,
}

/// What a request without dates lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoDates {
    /// The present day, UTC.
    Today,
    /// All clips.
    Everything,
}

/// How the last page tells that it is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndToken {
    /// `"next_page_token":""`
    Empty,
    /// `"next_page_token":null`
    Null,
    /// No such field.
    Missing,
}

/// What `total_records` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TotalRecords {
    /// All records of the filter.
    Filter,
    /// The records of this page.
    Page,
    /// All records of the account, whatever the filter.
    Account,
    /// All records of the filter, and so many more (or fewer).
    Off(i64),
    /// All records of the filter, and one more with every page.
    Moving,
    /// All records of the filter, but only on every other page, the first of them included.
    Sometimes,
    /// There is no such field.
    Absent,
}

/// The date that `from` and `to` are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilteredDate {
    /// The one that `date_filter_type` names.
    AsAsked,
    /// `created_date`, whatever `date_filter_type` says.
    Created,
    /// `modified_date`, whatever `date_filter_type` says.
    Modified,
}

/// The order of records in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// By the date filtered on, latest first.
    NewestFirst,
    /// By the date filtered on, earliest first.
    OldestFirst,
    /// By clip id: no relation to dates.
    ById,
}

/// What a page token remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paging {
    /// The last record sent; the next page starts behind it.
    Keyset,
    /// The number of records sent.
    Offset,
}

/// How a dead or unknown access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenRefusal {
    /// 401 with code 124, as seen in the wild.
    Unauthorized124,
    /// 400 with code 124, as documented for users.
    BadRequest124,
    /// 401 with code 1002, as documented for clips.
    Unauthorized1002,
}

/// Which names the app's scopes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeNames {
    /// `clips:read:admin`; a missing scope is code 4700.
    Classic,
    /// `clips:read:list_user_clips:admin`; a missing scope is code 4711.
    Granular,
}

/// What `/accounts/{accountId}/clips` does with the token's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnAccount {
    /// Lists its clips, under its id and under `me`.
    Listed,
    /// 404 with code 2001: only sub-accounts are known there.
    Unknown,
}

/// What a date looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateForm {
    /// `"2026-11-05T00:00:00.000+00:00"`, or to the second with `Z`.
    Documented,
    /// `"2026-11-05T00:00:00.000+0000"`
    ShortOffset,
    /// `"2026-11-05T00:00:00.000"`
    NoZone,
    /// `1793836800000`, milliseconds since 1970.
    EpochMillis,
}

/// What a tag looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagShape {
    /// `"demo"`
    Strings,
    /// `{"id":"…","name":"demo"}`
    Objects,
}
