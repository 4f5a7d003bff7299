//! The simulated API: requests taken apart and judged, and the answers to them.

pub(crate) mod endpoint;

pub(crate) mod report;

pub(crate) mod reply;

pub(crate) mod limits;

pub(crate) mod parameters;

pub(crate) mod oauth;

pub(crate) mod page_token;

pub(crate) mod request;

pub(crate) mod selection;

pub(crate) mod render;

pub(crate) mod state;

pub(crate) mod clips;

pub(crate) mod lists;
