//! Arguments, environment and settings file become one typed value, once. No stage reads any of
//! them again, and what stands in the value has been checked.

mod accounts;
pub(crate) mod args;
mod credentials;
mod error;
mod export;
mod file;
mod home;
mod id;
mod limits;
mod monitor;
mod names;
pub(crate) mod text_file;
mod when;

pub(crate) use accounts::Accounts;
pub(crate) use credentials::{Environment, variable_of};
pub(crate) use error::SettingsError;
pub(crate) use export::{ExportSettings, Source};
pub(crate) use file::audit_table;
pub(crate) use monitor::{MonitorSettings, PingUrl};
pub(crate) use names::unknown_variables;
