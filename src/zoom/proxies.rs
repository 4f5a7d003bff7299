//! Which proxy a request goes by, as the environment says. Pure.
//!
//! What a variable says is understood or refused, never passed over: to go around a proxy, or to take
//! a piece of its password for its host, is worse than not to go at all.

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::zoom::endpoints::is_loopback;

/// The variables that may name a proxy; the first that is set and not empty counts. All that is asked
/// for without TLS is on this computer, so that `HTTP_PROXY` has nothing to say.
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables that may exempt hosts from it.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A variable whose value cannot be used. The value is never shown: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    #[error(
        "the proxy that {variable} names cannot be understood: {why}; write it like \
         http://user:password@proxy.example.com:3128, with what is special in user and password as \
         %23 for #, %2F for /, %40 for @"
    )]
    Unclear {
        variable: &'static str,
        why: &'static str,
    },
    #[error(
        "{variable} names a proxy of a kind that is not supported: name one that is spoken to by \
         http:// or https://"
    )]
    Scheme { variable: &'static str },
}

/// What the environment says about proxies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    named: Option<Result<Proxy, ProxyError>>,
    exempt: Option<(&'static str, String)>,
}

/// A proxy that a variable names. `Debug` shows no password.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) variable: &'static str,
    /// Its host and port.
    pub(crate) address: String,
    /// All of it, user and password included.
    pub(crate) url: SecretString,
}

/// The way to a host.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route<'a> {
    /// To itself, for this reason.
    Direct(&'a str),
    By(&'a Proxy),
}

impl std::fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct(why) => write!(f, "without a proxy: {why}"),
            Self::By(proxy) => {
                let Proxy {
                    variable, address, ..
                } = proxy;
                write!(f, "by the proxy {address}, which {variable} names")
            }
        }
    }
}

impl Proxies {
    /// What these variables say.
    #[must_use]
    pub(crate) fn of<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let first = |names: &[&'static str]| {
            let mut set = names
                .iter()
                .filter_map(|name| Some((*name, variable(name)?)));
            set.find(|(_, value)| !value.is_empty())
        };
        Self {
            named: first(&PROXY).map(|(name, value)| Proxy::named(name, value)),
            exempt: first(&NO_PROXY).map(|(name, value)| (name, value.to_owned())),
        }
    }

    /// The proxy that is named, whichever hosts it is for.
    #[must_use]
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.named.as_ref()?.as_ref().ok()
    }

    /// The way to a URL's host.
    ///
    /// # Errors
    /// If it is by a proxy that cannot be understood.
    pub(crate) fn route(&self, url: &Url) -> Result<Route<'_>, ProxyError> {
        if is_loopback(url) {
            return Ok(Route::Direct("it is this computer"));
        }
        let Some(named) = &self.named else {
            return Ok(Route::Direct("neither HTTPS_PROXY nor ALL_PROXY is set"));
        };
        if let Some((variable, _)) = self.exempt.as_ref().filter(|(_, hosts)| is_in(url, hosts)) {
            return Ok(Route::Direct(match *variable {
                "NO_PROXY" => "NO_PROXY exempts it",
                _ => "no_proxy exempts it",
            }));
        }
        named.as_ref().map(Route::By).map_err(Clone::clone)
    }
}

/// Whether a list of hosts, as `NO_PROXY` has it, names that of a URL.
fn is_in(url: &Url, hosts: &str) -> bool {
    let matcher = Matcher::builder().all("http://any").no(hosts).build();
    let host = url.host_str().unwrap_or_default();
    let Ok(target) = format!("https://{host}/").parse() else {
        return false;
    };
    matcher.intercept(&target).is_none()
}

impl Proxy {
    fn named(variable: &'static str, value: &str) -> Result<Self, ProxyError> {
        let unclear = |why| Err(ProxyError::Unclear { variable, why });
        let is_odd = |letter: char| letter.is_control() || letter == char::REPLACEMENT_CHARACTER;
        if value.contains(char::is_whitespace) {
            return unclear("it holds white space");
        }
        if value.contains('"') || value.starts_with('\'') || value.ends_with('\'') {
            return unclear("it holds quotes");
        }
        if value.contains(is_odd) {
            return unclear("it holds characters that no address has");
        }
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {}
            "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return Err(ProxyError::Scheme { variable });
            }
            _ => return unclear("what stands before :// is neither http nor https"),
        }
        if rest.matches('@').count() > 1 {
            return unclear("it holds more than one @");
        }
        if rest.contains(['#', '?']) || rest.trim_end_matches('/').contains('/') {
            return unclear("something stands behind its host and port");
        }
        let Ok(url) = Url::parse(&format!("{scheme}://{rest}")) else {
            return unclear("it is no web address");
        };
        let Some((host, port)) = url.host_str().zip(url.port_or_known_default()) else {
            return unclear("it has no host");
        };
        Ok(Self {
            variable,
            address: format!("{host}:{port}"),
            url: url.as_str().into(),
        })
    }

    /// Whether it is told who asks.
    #[must_use]
    pub(crate) fn has_user(&self) -> bool {
        self.url.expose_secret().contains('@')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::of(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| *value)
        })
    }

    fn route(variables: &[(&str, &str)], url: &str) -> String {
        match proxies(variables).route(&url.parse().unwrap()) {
            Ok(route) => route.to_string(),
            Err(error) => error.to_string(),
        }
    }

    const ZOOM: &str = "https://api.zoom.us/v2";

    #[test]
    fn a_proxy_that_cannot_be_understood_is_refused_and_its_value_not_shown() {
        for value in [
            "htp://10.9.8.7:8971",
            "\"http://10.9.8.7:8971\"",
            "'10.9.8.7:8971'",
            " http://10.9.8.7:8971",
            "http://10.9.8.7:8971 ",
            "foo bar",
            "http://[::1",
            "http://10.9.8.7:port",
            "http://user7:p#x@10.9.8.7:8971",
            "http://user7:1#x@10.9.8.7:8971",
            "http://user7:p/w@10.9.8.7:8971",
            "http://user7:1/w@10.9.8.7:8971",
            "http://user7:p?w@10.9.8.7:8971",
            "http://user7:p@ss@10.9.8.7:8971",
            "http://10.9.8.7:8971/path",
            "http://",
            "http://10.9.8.7\u{1}:8971",
            "http://pr\u{fffd}xy:8971",
        ] {
            let said = route(&[("HTTPS_PROXY", value)], ZOOM);
            assert!(
                said.starts_with("the proxy that HTTPS_PROXY names cannot be understood: "),
                "{value}: {said}"
            );
            for shown in ["user7", "10.9.8.7", "ss@"] {
                assert!(!said.contains(shown), "{value}: {said}");
            }
        }
    }

    #[test]
    fn a_kind_of_proxy_that_is_not_supported_is_refused() {
        for value in ["socks5h://10.9.8.7:1080", "SOCKS4://10.9.8.7"] {
            let said = route(&[("all_proxy", value)], ZOOM);
            assert!(
                said.starts_with("all_proxy names a proxy of a kind"),
                "{said}"
            );
        }
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy_and_its_password_is_not_shown() {
        for (variables, told) in [
            (
                &[
                    ("HTTPS_PROXY", "http://u:p%23x@10.9.8.7:8971"),
                    ("ALL_PROXY", "x"),
                ][..],
                "by the proxy 10.9.8.7:8971, which HTTPS_PROXY names",
            ),
            (
                &[("HTTPS_PROXY", ""), ("https_proxy", "proxy.example.com/")],
                "by the proxy proxy.example.com:80, which https_proxy names",
            ),
            (
                &[("ALL_PROXY", "https://[::9]")],
                "by the proxy [::9]:443, which ALL_PROXY names",
            ),
            (
                &[("HTTP_PROXY", "http://10.9.8.7"), ("http_proxy", "odd one")],
                "without a proxy: neither HTTPS_PROXY nor ALL_PROXY is set",
            ),
        ] {
            assert_eq!(route(variables, ZOOM), told);
            assert!(!format!("{:?}", proxies(variables)).contains("p%23x"));
        }
    }

    #[test]
    fn this_computer_is_asked_without_a_proxy_even_where_none_can_be_understood() {
        for url in [
            "http://127.0.0.1:9/v2",
            "https://localhost/",
            "http://[::1]/",
        ] {
            let told = route(&[("HTTPS_PROXY", "odd one")], url);
            assert_eq!(told, "without a proxy: it is this computer");
        }
    }

    #[test]
    fn hosts_that_no_proxy_names_are_asked_without_one() {
        for (list, is_exempt) in [
            ("zoom.us", true),
            (".zoom.us", true),
            ("*", true),
            ("example.com, API.zoom.us", true),
            ("oom.us", false),
            ("zoom.us.example.com", false),
            ("10.0.0.0/8", false),
        ] {
            let told = route(&[("HTTPS_PROXY", "10.9.8.7"), ("NO_PROXY", list)], ZOOM);
            assert_eq!(
                told == "without a proxy: NO_PROXY exempts it",
                is_exempt,
                "{list}"
            );
        }
        let inside = [("HTTPS_PROXY", "10.9.8.7"), ("no_proxy", "10.0.0.0/8")];
        let told = route(&inside, "https://10.1.2.3/v2");
        assert_eq!(told, "without a proxy: no_proxy exempts it");
    }
}
