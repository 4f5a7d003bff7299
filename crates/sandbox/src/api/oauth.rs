//! Access tokens: who gets one, how long it is good, and what it opens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::api::endpoint::Endpoint;
use crate::api::parameters::Parameters;
use crate::api::reply::Reply;
use crate::api::report::Misuse;
use crate::options::{Behaviour, SandboxCredentials, ScopeNames, TokenRefusal};
use crate::rng;
use crate::rng::Rng;

/// The form of a server-to-server token request.
const GRANT: &str = "account_credentials";

/// A token request, as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) authorization: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// All access tokens and what they open.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    credentials: SandboxCredentials,
    scopes: Vec<String>,
    scope_names: ScopeNames,
    refusal: TokenRefusal,
    lifetime: Duration,
    api_url: Option<String>,
    takes_query: bool,
    seed: u64,
    tokens: Mutex<HashMap<String, Token>>,
}

#[derive(Debug, Clone, Copy)]
struct Token {
    /// Since the start.
    expires: Duration,
    killed: Option<TokenRefusal>,
}

impl AccessTokens {
    pub(crate) fn new(
        seed: u64,
        behaviour: &Behaviour,
        credentials: SandboxCredentials,
        base: &str,
    ) -> AccessTokens {
        let scopes = behaviour
            .scopes
            .clone()
            .unwrap_or_else(|| all_scopes(behaviour.scope_names));
        AccessTokens {
            credentials,
            scopes,
            scope_names: behaviour.scope_names,
            refusal: behaviour.token_refusal,
            lifetime: behaviour.access_token_lifetime,
            api_url: behaviour.api_url.then(|| base.to_owned()),
            takes_query: behaviour.oauth_query,
            seed: rng::join(seed, 0x0A07),
            tokens: Mutex::default(),
        }
    }

    pub(crate) fn credentials(&self) -> &SandboxCredentials {
        &self.credentials
    }

    /// Every token issued so far.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.keys().cloned().collect()
    }

    /// Answers a token request, and names the rules it broke.
    pub(crate) fn issue(&self, request: &TokenRequest<'_>, now: Duration) -> (Reply, Vec<Misuse>) {
        let mut misuses = Vec::new();
        let is_form = request.content_type.is_some_and(is_form);
        if request.query.is_some_and(|query| !query.is_empty()) {
            misuses.push(Misuse::TokenQueryString);
        }
        if !is_form || request.body.is_empty() {
            misuses.push(Misuse::TokenBody);
        }
        let client = request.authorization.and_then(basic);
        if client.is_none() {
            misuses.push(Misuse::AuthHeader);
        }
        let body = if is_form { request.body } else { b"" };
        let query = request.query.filter(|_| self.takes_query).unwrap_or("");
        let parameters = Parameters::parse(body).and(Parameters::parse(query.as_bytes()));
        if parameters.repeated().is_some() {
            misuses.push(Misuse::RepeatedParameter);
        }
        (self.judge(client.as_ref(), &parameters, now), misuses)
    }

    fn judge(
        &self,
        client: Option<&(String, String)>,
        parameters: &Parameters,
        now: Duration,
    ) -> Reply {
        let known = (
            self.credentials.client_id.clone(),
            self.credentials.client_secret.clone(),
        );
        if client != Some(&known) {
            return Reply::oauth_error(400, "Invalid client_id or client_secret", "invalid_client");
        }
        if parameters.repeated().is_some() {
            return Reply::oauth_error(400, "Bad Request", "invalid_request");
        }
        if parameters.get("grant_type") != Some(GRANT) {
            return Reply::oauth_error(400, "unsupported grant type", "unsupported_grant_type");
        }
        if parameters.get("account_id") != Some(self.credentials.account_id.as_str()) {
            return Reply::oauth_error(400, "Bad Request", "invalid_request");
        }
        let token = self.add_token(now);
        let mut body = json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.lifetime.as_secs(),
            "scope": self.scopes.join(" "),
        });
        if let (Some(fields), Some(url)) = (body.as_object_mut(), &self.api_url) {
            fields.insert("api_url".to_owned(), url.clone().into());
        }
        Reply::json(200, body.to_string().into_bytes())
    }

    fn add_token(&self, now: Duration) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rng = Rng::new(rng::join(self.seed, tokens.len() as u64));
        let mut out = b"eyJzdiI6IjAwMDAwMSIsImFsZyI6IkhTNTEyIn0.".to_vec();
        rng::push_noise(&mut out, &mut rng, 300);
        out.push(b'.');
        rng::push_noise(&mut out, &mut rng, 86);
        let text = String::from_utf8_lossy(&out).into_owned();
        let token = Token {
            expires: now + self.lifetime,
            killed: None,
        };
        tokens.insert(text.clone(), token);
        text
    }

    /// Refuses a request whose bearer token is missing, unknown, dead or too old.
    pub(crate) fn check(&self, authorization: Option<&str>, now: Duration) -> Result<(), Refused> {
        let misuse = Refused {
            reply: Reply::token_refused(self.refusal, false),
            misuse: true,
        };
        let token = authorization.and_then(bearer).ok_or(misuse)?;
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = match tokens.get(token) {
            None => (self.refusal, false),
            Some(Token {
                killed: Some(refusal),
                ..
            }) => (*refusal, false),
            Some(token) if token.expires <= now => (self.refusal, true),
            Some(_) => return Ok(()),
        };
        Err(Refused {
            reply: Reply::token_refused(refusal.0, refusal.1),
            misuse: false,
        })
    }

    /// Makes the token of this request useless from now on.
    pub(crate) fn kill(&self, authorization: Option<&str>, refusal: TokenRefusal) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = authorization.and_then(bearer)
            && let Some(token) = tokens.get_mut(token)
        {
            token.killed = Some(refusal);
        }
    }

    /// What the app may do with this endpoint.
    pub(crate) fn grant(&self, endpoint: Endpoint) -> Result<Grant, Reply> {
        let scopes = endpoint.scopes();
        let has = |names: &[&str]| {
            names
                .iter()
                .any(|name| self.scopes.iter().any(|own| own == name))
        };
        if endpoint == Endpoint::OwnClips {
            // The first of both lists is the scope of a plain user.
            if has(&scopes.classic[1..]) || has(&scopes.granular[1..]) {
                return Ok(Grant::Account);
            }
            if has(scopes.classic) || has(scopes.granular) {
                return Ok(Grant::OwnUser);
            }
        } else if has(scopes.classic) || has(scopes.granular) {
            return Ok(Grant::Account);
        }
        Err(self.without_scope(endpoint))
    }

    /// The refusal of an app that was not granted what this endpoint needs.
    pub(crate) fn without_scope(&self, endpoint: Endpoint) -> Reply {
        let scopes = endpoint.scopes();
        match self.scope_names {
            ScopeNames::Classic => {
                let names = scopes.classic.join(", ");
                let text = format!("Invalid access token, does not contain scopes: [{names}].");
                Reply::error(400, 4700, &text)
            }
            ScopeNames::Granular => {
                let names = scopes.granular.last().copied().unwrap_or_default();
                let text = format!("Invalid access token, does not contain scopes:[{names}].");
                Reply::error(400, 4711, &text)
            }
        }
    }
}

/// How far a granted scope reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    Account,
    /// Only the clips of the app's owner, without a word.
    OwnUser,
}

/// A request without a good access token.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) reply: Reply,
    /// Whether the header itself was missing or of the wrong form.
    pub(crate) misuse: bool,
}

/// Made-up credentials for an account.
pub(crate) fn credentials(seed: u64, account_id: &str) -> SandboxCredentials {
    let mut rng = Rng::new(rng::join(seed, 0xC1E7));
    let mut text = |length| {
        let mut out = Vec::new();
        rng::push_noise(&mut out, &mut rng, length);
        String::from_utf8_lossy(&out).into_owned()
    };
    SandboxCredentials {
        account_id: account_id.to_owned(),
        client_id: text(22),
        client_secret: text(32),
    }
}

fn all_scopes(names: ScopeNames) -> Vec<String> {
    let mut all = Vec::new();
    for endpoint in Endpoint::SCOPED {
        let scopes = endpoint.scopes();
        let scopes = match names {
            ScopeNames::Classic => scopes.classic,
            ScopeNames::Granular => scopes.granular,
        };
        for &scope in scopes {
            // Without `:admin` or `:master` it is a plain user's, which such an app has not.
            if scope.contains(":admin") || scope.contains("master") {
                all.push(scope.to_owned());
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Whether a content type is that of a form, whatever parameters it has.
fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The token of a Bearer header.
fn bearer(header: &str) -> Option<&str> {
    let token = header.strip_prefix("Bearer ")?;
    (!token.is_empty() && !token.contains(char::is_whitespace)).then_some(token)
}

/// Id and secret out of a Basic header.
fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_forms_of_headers_are_read() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        for text in [
            "",
            "Bearer ",
            "bearer abc",
            "Bearer  abc",
            "Token abc",
            "abc",
        ] {
            assert_eq!(bearer(text), None, "{text}");
        }
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(basic("Basic dXNlcjpwYXNz"), pair("user", "pass"));
        assert_eq!(basic("Basic YTpi"), pair("a", "b"));
        assert_eq!(basic("Basic YTpiYw=="), pair("a", "bc"));
        for text in [
            "Basic",
            "Basic dXNlcg==",
            "Basic dXNlcjpwYXN",
            "Basic d!==",
            "Bearer YTpi",
        ] {
            assert_eq!(basic(text), None, "{text}");
        }
    }

    fn access(behaviour: &Behaviour) -> AccessTokens {
        let credentials = SandboxCredentials {
            account_id: "acc".to_owned(),
            client_id: "user".to_owned(),
            client_secret: "pass".to_owned(),
        };
        AccessTokens::new(1, behaviour, credentials, "http://127.0.0.1:1")
    }

    fn good() -> TokenRequest<'static> {
        TokenRequest {
            authorization: Some("Basic dXNlcjpwYXNz"),
            content_type: Some("application/x-www-form-urlencoded"),
            query: None,
            body: b"grant_type=account_credentials&account_id=acc",
        }
    }

    fn value(reply: &Reply) -> serde_json::Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn a_token_is_good_until_it_expires_or_is_killed() {
        let access = access(&Behaviour::default());
        let (reply, misuses) = access.issue(&good(), Duration::ZERO);
        assert_eq!((reply.status, misuses.len()), (200, 0));
        let body = value(&reply);
        assert_eq!(body["expires_in"], 3599);
        assert_eq!(body["api_url"], "http://127.0.0.1:1");
        let header = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let check = |at| access.check(Some(&header), Duration::from_secs(at));
        assert!(check(3598).is_ok());
        let late = check(3599).unwrap_err().reply;
        assert_eq!((late.status, late.code), (401, Some(124)));
        assert_eq!(value(&late)["message"], "AccessTokens token is expired.");
        access.kill(Some(&header), TokenRefusal::Unauthorized1002);
        assert_eq!(check(0).unwrap_err().reply.code, Some(1002));
    }

    #[test]
    fn a_query_string_or_a_json_body_is_an_unsupported_grant() {
        let access = access(&Behaviour::default());
        let query = TokenRequest {
            query: Some("grant_type=account_credentials&account_id=acc"),
            body: b"",
            ..good()
        };
        let json = TokenRequest {
            content_type: Some("application/json"),
            body: b"{\"grant_type\":\"account_credentials\"}",
            ..good()
        };
        for (request, misuse) in [(query, Misuse::TokenQueryString), (json, Misuse::TokenBody)] {
            let (reply, misuses) = access.issue(&request, Duration::ZERO);
            assert_eq!(reply.status, 400);
            assert_eq!(value(&reply)["error"], "unsupported_grant_type");
            assert!(misuses.contains(&misuse));
        }
    }

    #[test]
    fn a_form_is_told_by_its_whole_type_and_may_have_parameters() {
        for (kind, status) in [
            ("application/x-www-form-urlencoded", 200),
            ("application/x-www-form-urlencoded;charset=UTF-8", 200),
            ("Application/X-WWW-Form-URLEncoded ; charset=utf-8", 200),
            ("application/x-www-form-urlencodedjson", 400),
            ("application/x-www-form-urlencoded+json", 400),
            ("application/x-www-form-urlencoded, text/plain", 400),
        ] {
            let request = TokenRequest {
                content_type: Some(kind),
                ..good()
            };
            let (reply, misuses) = access(&Behaviour::default()).issue(&request, Duration::ZERO);
            assert_eq!(reply.status, status, "{kind}");
            assert_eq!(misuses.contains(&Misuse::TokenBody), status == 400);
        }
    }

    #[test]
    fn a_repeated_parameter_is_an_invalid_request() {
        let takes_query = access(&Behaviour {
            oauth_query: true,
            ..Behaviour::default()
        });
        let good_body = "grant_type=account_credentials&account_id=acc";
        for (body, query) in [
            (format!("{good_body}&account_id=acc"), None),
            (format!("{good_body}&account_id=other"), None),
            (format!("{good_body}&x=1&x=2"), None),
            (good_body.to_owned(), Some("account_id=acc")),
        ] {
            let request = TokenRequest {
                query,
                body: body.as_bytes(),
                ..good()
            };
            let (reply, misuses) = takes_query.issue(&request, Duration::ZERO);
            assert_eq!(reply.status, 400, "{body}");
            assert_eq!(value(&reply)["error"], "invalid_request");
            assert!(misuses.contains(&Misuse::RepeatedParameter));
        }
    }

    #[test]
    fn wrong_credentials_and_a_wrong_account_are_refused_in_the_oauth_shape() {
        let access = access(&Behaviour::default());
        let wrong = TokenRequest {
            authorization: Some("Basic dXNlcjpwYXNy"),
            ..good()
        };
        let (reply, _) = access.issue(&wrong, Duration::ZERO);
        assert_eq!(value(&reply)["error"], "invalid_client");
        let other = TokenRequest {
            body: b"grant_type=account_credentials&account_id=other",
            ..good()
        };
        let (reply, _) = access.issue(&other, Duration::ZERO);
        assert_eq!(reply.status, 400);
        assert!(value(&reply).get("reason").is_some());
    }

    #[test]
    fn a_missing_scope_is_4711_for_granular_and_4700_for_classic_apps() {
        let granular = access(&Behaviour {
            scopes: Some(vec!["user:read:list_users:admin".to_owned()]),
            ..Behaviour::default()
        });
        let reply = granular.grant(Endpoint::AccountClips).unwrap_err();
        assert_eq!((reply.status, reply.code), (400, Some(4711)));
        assert_eq!(
            value(&reply)["message"],
            "Invalid access token, does not contain scopes:[clips:read:list_user_clips:master]."
        );
        let classic = access(&Behaviour {
            scope_names: ScopeNames::Classic,
            scopes: Some(vec!["clips:read".to_owned()]),
            ..Behaviour::default()
        });
        let reply = classic.grant(Endpoint::AccountClips).unwrap_err();
        assert_eq!(reply.code, Some(4700));
        assert_eq!(classic.grant(Endpoint::OwnClips), Ok(Grant::OwnUser));
        let whole = access(&Behaviour::default());
        for endpoint in Endpoint::SCOPED {
            assert_eq!(whole.grant(endpoint), Ok(Grant::Account));
        }
    }
}
