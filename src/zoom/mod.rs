//! The service as it is: how a call is sent, paced, repeated, and what its answer says.
//!
//! The files, in the order of a call's life:
//!
//! | file | owns |
//! |---|---|
//! | `endpoints` | where the service is |
//! | `call` | what is asked: path, query, page token |
//! | `clips`, `accounts`, `users` | the calls that exist |
//! | `list` | a paged list, read whole |
//! | `endless` | whether a list comes to an end |
//! | `client` | the one loop: attempt, decision, wait, again |
//! | `access_token` | one access token for all, renewed by one |
//! | `clock` | what time it is there, and how far ours is from it |
//! | `outage` | whether the service can be had at all, told once |
//! | `limiter`, `pace` | the gates: pause > permit > pace |
//! | `transport` | the only file that touches the network |
//! | `connections`, `proxies` | which connections it uses, and by which proxy |
//! | `attempt`, `error_body`, `retry_after` | how an attempt ended, as the service said it |
//! | `retry` | the decision: again, renew, give up |
//! | `wire` | the answer: records, page token, total |
//! | `failure` | what is left when a call gave up |
//! | `scripted` | a transport that plays a script, for tests of any room |

pub(crate) mod access_token;
pub(crate) mod accounts;
pub(crate) mod attempt;
pub(crate) mod call;
pub(crate) mod client;
pub mod clips;
pub(crate) mod clock;
pub(crate) mod connections;
pub(crate) mod endless;
pub(crate) mod endpoints;
pub(crate) mod error_body;
pub(crate) mod failure;
pub(crate) mod limiter;
mod list;
mod outage;
mod pace;
pub(crate) mod proxies;
pub(crate) mod retry;
pub(crate) mod retry_after;
#[cfg(test)]
pub(crate) mod scripted;
pub(crate) mod transport;
pub(crate) mod users;
pub(crate) mod wire;

pub(crate) use access_token::Credentials;
pub(crate) use client::{Client, Dated, ServerSpan};
pub(crate) use clips::{ClipsQuery, DateFilter};
pub(crate) use clock::{ClockReading, ServiceClock};
pub(crate) use endless::EndlessGuard;
pub(crate) use endpoints::{EndpointError, Endpoints};
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use limiter::{Limits, RateLabel, Slot};
pub(crate) use proxies::{Proxies, ProxyError};
pub(crate) use retry::RetryPolicy;
pub(crate) use transport::{HttpTransport, Roots, Timeouts};
pub(crate) use wire::{Page, PageToken, WireError};
