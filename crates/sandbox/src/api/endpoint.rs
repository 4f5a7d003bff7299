//! The endpoints, their rate-limit labels and their scopes.

use crate::options::Target;

/// An endpoint of the simulated service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Token,
    OwnClips,
    AccountClips,
    Users,
    AccountUsers,
    User,
    Accounts,
    Account,
    Unknown,
}

/// A rate-limit label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    Light,
    Medium,
}

impl Label {
    /// As the header names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Label::Light => "Light",
            Label::Medium => "Medium",
        }
    }
}

/// The scopes of a call: any of each list will do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scopes {
    pub(crate) classic: &'static [&'static str],
    pub(crate) granular: &'static [&'static str],
}

impl Endpoint {
    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Endpoint::Token => "POST /oauth/token",
            Endpoint::OwnClips => "GET /clips",
            Endpoint::AccountClips => "GET /accounts/{accountId}/clips",
            Endpoint::Users => "GET /users",
            Endpoint::AccountUsers => "GET /accounts/{accountId}/users",
            Endpoint::User => "GET /users/{userId}",
            Endpoint::Accounts => "GET /accounts",
            Endpoint::Account => "GET /accounts/{accountId}",
            Endpoint::Unknown => "unknown",
        }
    }

    /// The one method that it answers.
    fn method(self) -> &'static str {
        if self == Endpoint::Token {
            "POST"
        } else {
            "GET"
        }
    }

    pub(crate) fn label(self) -> Option<Label> {
        match self {
            Endpoint::OwnClips | Endpoint::AccountClips | Endpoint::User => Some(Label::Light),
            Endpoint::Users | Endpoint::AccountUsers | Endpoint::Accounts => Some(Label::Medium),
            Endpoint::Token | Endpoint::Account | Endpoint::Unknown => None,
        }
    }

    pub(crate) fn target(self) -> Target {
        match self {
            Endpoint::OwnClips | Endpoint::AccountClips => Target::Clips,
            Endpoint::Users | Endpoint::AccountUsers | Endpoint::User => Target::Users,
            Endpoint::Accounts | Endpoint::Account => Target::Accounts,
            Endpoint::Token => Target::Token,
            Endpoint::Unknown => Target::Any,
        }
    }

    /// Scopes of the call; the last of each list is the one that a refusal names.
    pub(crate) fn scopes(self) -> Scopes {
        let (classic, granular): (&'static [_], &'static [_]) = match self {
            Endpoint::OwnClips => (
                &["clips:read", "clips:read:admin"],
                &[
                    "clips:read:list_user_clips",
                    "clips:read:list_user_clips:admin",
                ],
            ),
            Endpoint::AccountClips => (
                &["clips:read:master"],
                &["clips:read:list_user_clips:master"],
            ),
            Endpoint::Users => (&["user:read:admin"], &["user:read:list_users:admin"]),
            Endpoint::AccountUsers => (&["user:master"], &["user:read:list_users:master"]),
            Endpoint::User => (&["user:read:admin"], &["user:read:user:admin"]),
            Endpoint::Accounts => (
                &["account:master", "account:read:master"],
                &["account:read:list_sub_accounts:master"],
            ),
            Endpoint::Account => (&["account:master"], &["account:read:sub_account:master"]),
            Endpoint::Token | Endpoint::Unknown => (&[], &[]),
        };
        Scopes { classic, granular }
    }

    /// All that need a scope.
    pub(crate) const SCOPED: [Endpoint; 7] = [
        Endpoint::OwnClips,
        Endpoint::AccountClips,
        Endpoint::Users,
        Endpoint::AccountUsers,
        Endpoint::User,
        Endpoint::Accounts,
        Endpoint::Account,
    ];
}

/// A method and a path, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    /// The method that the path answers, of a request by another one.
    pub(crate) allow: Option<&'static str>,
    /// The id in the path, decoded once.
    pub(crate) id: Option<String>,
    /// Whether a part of the path was not encoded exactly once.
    pub(crate) badly_encoded: bool,
}

impl Route {
    pub(crate) fn parse(method: &str, path: &str) -> Route {
        let mut badly_encoded = false;
        let parts: Vec<String> = path
            .trim_start_matches('/')
            .split('/')
            .map(|part| {
                let decoded = decode(part);
                badly_encoded |= part.is_empty();
                badly_encoded |= decoded.as_deref().is_none_or(|text| text.contains('%'));
                decoded.unwrap_or_default()
            })
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (endpoint, id) = match parts.as_slice() {
            ["oauth", "token"] => (Endpoint::Token, None),
            ["v2", "clips"] => (Endpoint::OwnClips, None),
            ["v2", "users"] => (Endpoint::Users, None),
            ["v2", "accounts"] => (Endpoint::Accounts, None),
            ["v2", "users", id] => (Endpoint::User, Some(*id)),
            ["v2", "accounts", id] => (Endpoint::Account, Some(*id)),
            ["v2", "accounts", id, "clips"] => (Endpoint::AccountClips, Some(*id)),
            ["v2", "accounts", id, "users"] => (Endpoint::AccountUsers, Some(*id)),
            _ => (Endpoint::Unknown, None),
        };
        let is_known = endpoint != Endpoint::Unknown;
        if is_known && method == endpoint.method() {
            return Route {
                endpoint,
                allow: None,
                id: id.map(str::to_owned),
                badly_encoded,
            };
        }
        Route {
            endpoint: Endpoint::Unknown,
            allow: is_known.then(|| endpoint.method()),
            id: None,
            badly_encoded,
        }
    }
}

/// Undoes percent encoding once; `None` if it is broken.
fn decode(part: &str) -> Option<String> {
    let mut out = Vec::with_capacity(part.len());
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_paths_are_decoded_once() {
        let route = Route::parse("GET", "/v2/accounts/a%20b/clips");
        assert_eq!(route.endpoint, Endpoint::AccountClips);
        assert_eq!(route.id.as_deref(), Some("a b"));
        assert!(!route.badly_encoded);
    }

    #[test]
    fn a_twice_encoded_or_broken_path_is_marked() {
        assert!(Route::parse("GET", "/v2/accounts/a%2520b/clips").badly_encoded);
        assert!(Route::parse("GET", "/v2/accounts/a%2/clips").badly_encoded);
        assert!(Route::parse("GET", "/v2/accounts//clips").badly_encoded);
    }

    #[test]
    fn other_methods_and_paths_are_unknown_and_a_known_path_says_its_method() {
        for (method, path, allow) in [
            ("POST", "/v2/clips", Some("GET")),
            ("TRACE", "/v2/accounts/a/clips", Some("GET")),
            ("HEAD", "/v2/users/u", Some("GET")),
            ("GET", "/oauth/token", Some("POST")),
            ("GET", "/clips", None),
            ("TRACE", "/clips", None),
        ] {
            let route = Route::parse(method, path);
            assert_eq!(route.endpoint, Endpoint::Unknown, "{method} {path}");
            assert_eq!(route.allow, allow, "{method} {path}");
        }
    }
}
