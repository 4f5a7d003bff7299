//! The output folder: where everything stands below it, its lock, its files, and what goes wrong
//! with them.

pub(crate) mod decoding;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod input;
pub(crate) mod layout;
pub(crate) mod lock;
mod mount;
pub(crate) mod private;
pub(crate) mod reading;
mod space;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod trial;

pub(crate) use error::DiskError;
pub(crate) use layout::{Layout, Table};
pub(crate) use lock::{OutputLock, try_output};
pub(crate) use space::free_bytes;
