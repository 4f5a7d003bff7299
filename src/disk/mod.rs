//! The output folder: where everything stands below it, its lock, its files, and what goes wrong
//! with them.

pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod layout;
pub(crate) mod lock;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use error::DiskError;
pub(crate) use layout::{Layout, Table};
pub(crate) use lock::{OutputLock, try_output};
