//! The row: what one record of the API becomes, and who it belongs to. Pure: no I/O, no clock.

mod decimal;
pub(crate) mod difference;
mod extra;
mod fields;
mod instant;
pub(crate) mod normalise;
mod open_link;
pub(crate) mod owner;
#[cfg(any(test, fuzzing))]
pub(crate) mod reconstruct;
pub(crate) mod row;
pub(crate) mod schema;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub(crate) use normalise::normalise;
pub use open_link::exposed_in_sql;
pub(crate) use open_link::{OpenLink, open_link};
pub(crate) use row::{Clip, SHARE_SCOPES, STATUSES, SecretPolicy};
pub(crate) use schema::{ClipBatchBuilder, Column, SCHEMA_VERSION, schema};
