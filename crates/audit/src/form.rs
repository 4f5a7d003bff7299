//! The form that an audit is shown in: lines that are written as findings come, or a page of all.

use std::io::{self, Write};

use clipcensus::audit::AuditFormat;

use crate::finding::{Audit, Finding};
use crate::output::{csv, html, json, junit, markdown, ocsf, text};

/// A form of findings.
pub(crate) enum Form {
    /// A line each, written as they come.
    Lines(Lines),
    /// All at once.
    Whole(fn(&Audit) -> String),
}

/// How lines are written.
#[derive(Clone, Copy)]
pub(crate) struct Lines {
    pub(crate) begin: fn(&mut dyn Write) -> io::Result<()>,
    pub(crate) write: fn(&mut dyn Write, &Audit, &Finding) -> io::Result<()>,
}

/// Lines of JSON, which are also what is kept of an audit.
pub(crate) const JSON: Lines = Lines {
    begin: |_| Ok(()),
    write: json::write,
};

/// What a format is.
pub(crate) fn form(format: AuditFormat) -> Form {
    match format {
        AuditFormat::Text => Form::Whole(text),
        AuditFormat::Markdown => Form::Whole(markdown),
        AuditFormat::Html => Form::Whole(html),
        AuditFormat::Junit => Form::Whole(junit),
        AuditFormat::Json => Form::Lines(JSON),
        AuditFormat::Csv => Form::Lines(Lines {
            begin: csv::begin,
            write: csv::write,
        }),
        AuditFormat::Ocsf => Form::Lines(Lines {
            begin: |_| Ok(()),
            write: ocsf::write,
        }),
    }
}
