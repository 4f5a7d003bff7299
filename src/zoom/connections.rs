//! The connections below the transport: which certificates are trusted, which connections go by a
//! proxy, and new ones in place of those that went silent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder};
use secrecy::ExposeSecret;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::zoom::proxies::{Proxies, Proxy};

/// How long one attempt may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, TLS included.
    pub connect: Duration,
    /// From sending to the answer's headers, connecting included.
    pub first_byte: Duration,
    /// From sending to the last byte of the body.
    pub whole: Duration,
    /// How long a connection of HTTP/2 may be silent before it is pinged, and then once more before
    /// it is given up.
    pub silence: Duration,
}

impl Default for Timeouts {
    /// 10 s to connect, 60 s to the first byte, 5 min in all; 15 s of silence.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_mins(1),
            whole: Duration::from_mins(5),
            silence: Duration::from_secs(15),
        }
    }
}

/// The least time for an attempt: a page takes seconds where the network is slow.
const LEAST_WHOLE: Duration = Duration::from_secs(30);

impl Timeouts {
    /// The same for who waits no longer than this for the service: an attempt takes as long at most, but 30 s
    /// are always given.
    #[must_use]
    pub(crate) fn within(self, max_wait: Duration) -> Self {
        Self {
            whole: self.whole.min(max_wait.max(LEAST_WHOLE)),
            ..self
        }
    }
}

/// What certificates are checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the system, or of the file or folder that a variable names.
    System,
    /// Those of this program, as the system has none.
    Bundled,
    /// None: this variable names a place without any, and whoever set it wants no others.
    Missing(&'static str),
}

/// The variables that name where root certificates are; they are read by the library that loads them.
const ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

impl Roots {
    /// Where the system's cannot be loaded.
    fn without_system(is_set: impl Fn(&str) -> bool) -> Self {
        let named = ROOTS.into_iter().find(|name| is_set(name));
        named.map_or(Self::Bundled, Self::Missing)
    }
}

/// Changes how connections are made; for tests.
pub(super) type Tune = fn(ClientBuilder) -> ClientBuilder;

/// All connections of a transport.
#[derive(Debug)]
pub(super) struct Connections {
    timeouts: Timeouts,
    roots: Roots,
    proxy: Option<Proxy>,
    tune: Tune,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// How often all were given up.
    generation: u64,
    clients: Clients,
}

/// A pool of connections for each way.
#[derive(Debug, Clone)]
struct Clients {
    direct: Client,
    proxied: Option<Client>,
}

impl Connections {
    /// None yet.
    ///
    /// # Errors
    /// If they cannot be set up.
    pub(super) fn new(timeouts: Timeouts, proxies: &Proxies, tune: Tune) -> reqwest::Result<Self> {
        let proxy = proxies.proxy().cloned();
        let open = |roots| open(timeouts, roots, proxy.as_ref(), tune);
        let (roots, clients) = if let Ok(clients) = open(Roots::System) {
            (Roots::System, clients)
        } else {
            let roots = Roots::without_system(|name| std::env::var_os(name).is_some());
            (roots, open(roots)?)
        };
        let generation = 0;
        Ok(Self {
            held: Mutex::new(Held {
                generation,
                clients,
            }),
            timeouts,
            roots,
            proxy,
            tune,
        })
    }

    /// What certificates are checked against.
    pub(super) fn roots(&self) -> Roots {
        self.roots
    }

    /// Those by the proxy, if there is one, or those without; and their generation.
    pub(super) fn client(&self, by_proxy: bool) -> (Client, u64) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Clients { direct, proxied } = &held.clients;
        let proxied = proxied.as_ref().filter(|_| by_proxy);
        (proxied.unwrap_or(direct).clone(), held.generation)
    }

    /// Uses no connection of a generation any more: one of them went silent, and would be taken for
    /// every request that comes. What is under way on them goes on.
    pub(super) fn give_up(&self, generation: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.generation != generation {
            return;
        }
        // Where they cannot be set up again, as when the system has no handles left, the old ones do.
        if let Ok(clients) = open(self.timeouts, self.roots, self.proxy.as_ref(), self.tune) {
            held.clients = clients;
            held.generation += 1;
        }
    }
}

fn open(
    timeouts: Timeouts,
    roots: Roots,
    proxy: Option<&Proxy>,
    tune: Tune,
) -> reqwest::Result<Clients> {
    let client = || match roots {
        Roots::System => Ok(tune(builder(timeouts))),
        Roots::Bundled | Roots::Missing(_) => {
            let bundled = TLS_SERVER_ROOT_CERTS.iter();
            let bundled = bundled.map(|root| Certificate::from_der(root));
            let bundled: Vec<Certificate> = bundled.collect::<reqwest::Result<_>>()?;
            Ok(tune(builder(timeouts)).tls_certs_only(bundled))
        }
    };
    let proxied = |proxy: &Proxy| {
        let proxy = reqwest::Proxy::all(proxy.url.expose_secret())?;
        client()?.proxy(proxy).build()
    };
    Ok(Clients {
        direct: client()?.no_proxy().build()?,
        proxied: proxy.map(proxied).transpose()?,
    })
}

fn builder(timeouts: Timeouts) -> ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Client::builder()
        .user_agent(concat!("clipcensus/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        // Every attempt has to pass the pace, so none may be repeated below it.
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .connect_timeout(timeouts.connect)
        .http2_keep_alive_interval(timeouts.silence)
        .http2_keep_alive_timeout(timeouts.silence)
        .http2_keep_alive_while_idle(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_takes_no_longer_than_all_of_them_may_but_always_has_half_a_minute() {
        let whole = |max_wait| {
            let timeouts = Timeouts::default().within(Duration::from_secs(max_wait));
            timeouts.whole.as_secs()
        };
        assert_eq!([0, 20, 60, 900].map(whole), [30, 30, 60, 300]);
    }

    #[test]
    fn a_system_without_root_certificates_uses_the_bundled_ones_unless_it_was_told_where_they_are()
    {
        assert_eq!(Roots::without_system(|_| false), Roots::Bundled);
        let told = |name: &str| name == "SSL_CERT_DIR";
        assert_eq!(Roots::without_system(told), Roots::Missing("SSL_CERT_DIR"));
    }

    #[test]
    fn the_bundled_root_certificates_can_all_be_used() {
        let same: Tune = |builder| builder;
        assert!(open(Timeouts::default(), Roots::Bundled, None, same).is_ok());
        assert!(TLS_SERVER_ROOT_CERTS.len() > 100);
    }
}
