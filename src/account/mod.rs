//! The way to the service: the sandbox if asked for, the client, its scopes, the accounts to list.

pub(crate) mod connect;
pub(crate) mod scopes;
