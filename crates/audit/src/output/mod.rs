//! How an audit is shown, a file for each form.
//!
//! Some forms are written a finding at a time, as there may be millions: [`json`], [`csv`] and [`ocsf`]. Of
//! the audit they read its head alone, so that its results need not be known yet. The others are pages of a
//! whole audit: [`text`](text()), [`markdown`](markdown()) and [`html`](html()) of the same sections, and
//! [`junit`](junit()).

mod counts;
pub(crate) mod csv;
mod html;
pub(crate) mod json;
mod junit;
mod markdown;
pub(crate) mod ocsf;
mod sections;
mod subject;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use html::html;
pub(crate) use junit::junit;
pub(crate) use markdown::markdown;
pub(crate) use text::text;
