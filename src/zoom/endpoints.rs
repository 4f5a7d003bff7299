//! Where the service is.

use url::Url;

/// The addresses of the API and of its token endpoint: https, unless on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The API's base, such as `https://api.zoom.us/v2`.
    pub api: Url,
    /// The token endpoint, such as `https://zoom.us/oauth/token`.
    pub oauth: Url,
}

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It does not parse as a URL with a host.
    #[error("{name} is no web address: {why}; write it like {example}")]
    NoUrl {
        name: &'static str,
        why: String,
        /// How it should look.
        example: &'static str,
    },
    /// It would send credentials in the clear.
    #[error("{name} must use https (only this computer may be called without): {host}")]
    Clear { name: &'static str, host: String },
    /// It holds a user, a password, a query or a fragment.
    #[error("{name} must hold a host and a path only")]
    Crowded { name: &'static str },
}

impl Endpoints {
    /// The API's base, worldwide.
    pub const API: &str = "https://api.zoom.us/v2";

    /// The token endpoint, worldwide.
    pub const OAUTH: &str = "https://zoom.us/oauth/token";

    /// Checks both addresses.
    ///
    /// # Errors
    /// If one is no web address, is neither https nor loopback, or holds more than host and path.
    pub fn new(api: &str, oauth: &str) -> Result<Self, EndpointError> {
        Ok(Self {
            api: Self::check("the base URL", api, Self::API)?,
            oauth: Self::check("the OAuth URL", oauth, Self::OAUTH)?,
        })
    }

    /// Checks one address, which messages call `name`.
    pub(crate) fn check(
        name: &'static str,
        address: &str,
        example: &'static str,
    ) -> Result<Url, EndpointError> {
        let no_url = |why: String| EndpointError::NoUrl { name, why, example };
        let url = Url::parse(address).map_err(|error| no_url(error.to_string()))?;
        let host = url
            .host_str()
            .ok_or_else(|| no_url("it has no host".to_owned()))?
            .to_owned();
        let crowded = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        match url.scheme() {
            _ if crowded => Err(EndpointError::Crowded { name }),
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            _ => Err(EndpointError::Clear { name, host }),
        }
    }
}

/// Whether a URL's host is this computer. A name below `localhost` may be looked up elsewhere.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OAUTH: &str = "https://zoom.us/oauth/token";

    #[test]
    fn credentials_never_travel_in_the_clear() {
        for address in [
            "http://api.zoom.us/v2",
            "http://127.0.0.1.example.com/v2",
            "http://localhost.example.com",
            "http://zoom.localhost/v2",
            "ftp://127.0.0.1/",
            "http://0.0.0.0/",
        ] {
            let error = Endpoints::new(address, OAUTH).unwrap_err();
            assert!(
                matches!(error, EndpointError::Clear { .. }),
                "{address}: {error}"
            );
        }
    }

    #[test]
    fn this_computer_may_be_called_without_tls() {
        for address in [
            "http://127.0.0.1:8080/v2",
            "http://localhost:1",
            "http://[::1]:9/v2/",
        ] {
            assert!(Endpoints::new(address, OAUTH).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_showing_it() {
        let error = Endpoints::new("https://me:hush@api.zoom.us/v2", OAUTH).unwrap_err();
        assert_eq!(
            error,
            EndpointError::Crowded {
                name: "the base URL"
            }
        );
        assert!(!error.to_string().contains("hush"));
    }

    #[test]
    fn a_word_is_no_address() {
        let error = Endpoints::new("https://api.zoom.us/v2", "zoom").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the OAuth URL is no web address: relative URL without a base; write it like \
             https://zoom.us/oauth/token"
        );
    }
}
