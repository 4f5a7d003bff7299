//! The call that lists clips.

use jiff::Timestamp;

use crate::zoom::call::Call;
use crate::zoom::limiter::RateLabel;
use crate::zoom::wire::PageToken;

/// The name of the array of records in the answer.
pub const RECORDS: &str = "data";

/// The largest page that the API allows.
pub const PAGE_SIZE: u32 = 300;

/// The smallest page that the API allows, where few records are enough.
pub(crate) const SMALLEST_PAGE: u32 = 30;

/// Which of a clip's dates `from` and `to` are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFilter {
    /// When it was created.
    Created,
    /// When it was last modified.
    Modified,
}

/// Which clips to list. All of it is sent with every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipsQuery {
    /// The earliest date, sent in whole seconds: a fraction is cut off.
    pub from: Timestamp,
    /// The latest date, sent in whole seconds: a fraction is cut off.
    pub to: Timestamp,
    /// Which date counts. Always sent, as the API's own choice is the modified date.
    pub by: DateFilter,
    /// Only clips of this user, by id or email.
    pub owner: Option<String>,
    /// Only clips with this status.
    pub status: Option<String>,
    /// Only clips whose title matches.
    pub search: Option<String>,
    /// Records per page, 30 to 300; see [`PAGE_SIZE`].
    pub page_size: u32,
}

/// The call for one page of the clips of an account, or of the token's own account.
#[must_use]
pub fn call(account: Option<&str>, query: &ClipsQuery, page_token: Option<PageToken>) -> Call {
    let path = match account {
        Some(account) => vec!["accounts".into(), account.into(), "clips".into()],
        None => vec!["clips".into()],
    };
    let by = match query.by {
        DateFilter::Created => "CREATED_DATE",
        DateFilter::Modified => "MODIFIED_DATE",
    };
    let mut pairs = vec![
        ("from", seconds(query.from)),
        ("to", seconds(query.to)),
        ("date_filter_type", by.to_owned()),
        ("page_size", query.page_size.to_string()),
    ];
    let filters = [
        ("user_id", &query.owner),
        ("status", &query.status),
        ("search_key", &query.search),
    ];
    for (name, filter) in filters {
        pairs.extend(filter.clone().map(|value| (name, value)));
    }
    Call {
        label: RateLabel::Light,
        path,
        query: pairs,
        page_token,
    }
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> ClipsQuery {
        ClipsQuery {
            from: "2024-10-01T00:00:00Z".parse().unwrap(),
            to: "2024-10-28T23:59:59.999Z".parse().unwrap(),
            by: DateFilter::Created,
            owner: None,
            status: None,
            search: None,
            page_size: PAGE_SIZE,
        }
    }

    fn url(call: &Call) -> String {
        let api = "https://api.zoom.us/v2".parse().unwrap();
        call.url(&api).unwrap().to_string()
    }

    #[test]
    fn both_dates_and_the_filter_type_are_always_sent() {
        assert_eq!(
            url(&call(None, &query(), None)),
            "https://api.zoom.us/v2/clips?from=2024-10-01T00%3A00%3A00Z\
             &to=2024-10-28T23%3A59%3A59Z&date_filter_type=CREATED_DATE&page_size=300"
        );
    }

    #[test]
    fn a_later_page_repeats_every_parameter() {
        let query = ClipsQuery {
            by: DateFilter::Modified,
            owner: Some("a+b@example.com".into()),
            status: Some("RECORD_SUCCESS".into()),
            search: Some("r\u{e9}sum\u{e9} & more".into()),
            ..query()
        };
        let first = url(&call(Some("abc"), &query, None));
        let second = url(&call(Some("abc"), &query, Some(PageToken::new("next"))));
        assert_eq!(
            first,
            "https://api.zoom.us/v2/accounts/abc/clips?from=2024-10-01T00%3A00%3A00Z\
             &to=2024-10-28T23%3A59%3A59Z&date_filter_type=MODIFIED_DATE&page_size=300\
             &user_id=a%2Bb%40example.com&status=RECORD_SUCCESS\
             &search_key=r%C3%A9sum%C3%A9+%26+more"
        );
        assert_eq!(second, format!("{first}&next_page_token=next"));
    }
}
