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
//! | `client` | the one loop: attempt, verdict, wait, again |
//! | `access_token` | one access token for all, renewed by one |
//! | `limiter`, `pace` | the gates: pause > permit > pace |
//! | `transport` | the only file that touches the network |
//! | `attempt`, `error_body`, `retry_after` | how an attempt ended, as the service said it |
//! | `retry` | the verdict: again, renew, give up |
//! | `wire` | the answer: records, page token, total |
//! | `failure` | what is left when a call gave up |
//! | `scripted` | a transport that plays a script, for tests of any room |

pub mod access_token;
pub mod accounts;
pub mod attempt;
pub mod call;
pub mod client;
pub mod clips;
pub mod endpoints;
pub mod error_body;
pub mod failure;
pub mod limiter;
mod list;
mod pace;
pub mod retry;
pub mod retry_after;
pub mod scripted;
pub mod transport;
pub mod users;
pub mod wire;

pub use access_token::Credentials;
pub use call::Call;
pub use client::{Client, ServerSpan};
pub use clips::{ClipsQuery, DateFilter};
pub use endpoints::{EndpointError, Endpoints};
pub use failure::{Failure, FailureKind};
pub use limiter::{Limits, RateLabel, Slot};
pub use retry::RetryPolicy;
pub use transport::{HttpTransport, Timeouts};
pub use wire::{Page, PageToken, WireError};
