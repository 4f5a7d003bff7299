//! What is asked of the API: path, query and page token, before they become a URL.

use url::Url;

use crate::zoom::limiter::RateLabel;
use crate::zoom::wire::PageToken;

/// One call of the API. All of its query is sent again with every page token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Sets the pace.
    pub label: RateLabel,
    /// The path below the API's base, one segment each, not yet percent-encoded.
    pub path: Vec<String>,
    /// The query without the page token, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Which page; none for the first.
    pub page_token: Option<PageToken>,
}

impl Call {
    /// The URL below `api`, each segment percent-encoded once; none if a segment cannot stand in a
    /// path: it is empty, `.` or `..`, or holds control characters, of which a URL drops some, and so
    /// would ask for something else.
    #[must_use]
    pub fn url(&self, api: &Url) -> Option<Url> {
        let unfit = |segment: &String| {
            matches!(segment.as_str(), "" | "." | "..") || segment.contains(char::is_control)
        };
        if self.path.iter().any(unfit) {
            return None;
        }
        let mut url = api.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(&self.path);
        let page_token = self.page_token.as_ref().map(PageToken::as_str);
        let pairs = self
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(page_token.map(|token| ("next_page_token", token)));
        url.query_pairs_mut().extend_pairs(pairs);
        Some(url)
    }

    /// How the call is named in events and failures, such as `GET /accounts/abc/clips`.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = String::from("GET ");
        for segment in &self.path {
            name.push('/');
            name.extend(url::form_urlencoded::byte_serialize(segment.as_bytes()));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> Call {
        Call {
            label: RateLabel::Light,
            path: vec!["accounts".into(), id.into(), "clips".into()],
            query: vec![("from", "2024-01-01T00:00:00Z".into())],
            page_token: None,
        }
    }

    fn api() -> Url {
        "https://api.zoom.us/v2/".parse().unwrap()
    }

    #[test]
    fn path_segments_are_encoded_once() {
        assert_eq!(
            call("a/b?c%2Fd").url(&api()).unwrap().as_str(),
            "https://api.zoom.us/v2/accounts/a%2Fb%3Fc%252Fd/clips?from=2024-01-01T00%3A00%3A00Z"
        );
    }

    #[test]
    fn a_segment_that_would_change_the_path_is_no_call() {
        for id in ["", ".", "..", "a\tb", "a\nb", "a\r", "\u{7f}a"] {
            assert_eq!(call(id).url(&api()), None, "{id:?}");
        }
    }

    #[test]
    fn the_query_is_repeated_with_a_page_token() {
        let mut call = call("abc");
        call.page_token = Some(PageToken::new("t+/= &x"));
        assert_eq!(
            call.url(&api()).unwrap().query(),
            Some("from=2024-01-01T00%3A00%3A00Z&next_page_token=t%2B%2F%3D+%26x")
        );
    }

    #[test]
    fn the_name_shows_no_query_and_no_control_characters() {
        let mut call = call("abc\n\u{1b}[31m");
        call.page_token = Some(PageToken::new("hush"));
        assert_eq!(call.name(), "GET /accounts/abc%0A%1B%5B31m/clips");
        assert!(!format!("{call:?}").contains("hush"));
    }
}
