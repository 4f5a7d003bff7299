//! Findings in a form.

use std::io::{self, Write};

use clipcensus::audit::AuditFormat;

use crate::finding::{Audit, Finding};

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
    begin: fn(&mut dyn Write) -> io::Result<()>,
    write: fn(&mut dyn Write, &Audit, &Finding) -> io::Result<()>,
}

impl Lines {
    pub(crate) fn begin(self, output: &mut dyn Write) -> io::Result<()> {
        (self.begin)(output)
    }

    pub(crate) fn write(
        self,
        output: &mut dyn Write,
        audit: &Audit,
        finding: &Finding,
    ) -> io::Result<()> {
        (self.write)(output, audit, finding)
    }
}

/// What a format is.
pub(crate) fn form(_: AuditFormat) -> Form {
    Form::Whole(|audit| {
        let mut text = String::new();
        for r in &audit.results {
            text.push_str(&format!(
                "{} {:?}\n",
                r.rule.name,
                match &r.outcome {
                    crate::finding::Outcome::Evaluated { counts, .. } => format!("{counts:?}"),
                    crate::finding::Outcome::NotEvaluated(why) => why.clone(),
                }
            ));
        }
        for n in &audit.notes {
            text.push_str(&format!("note: {n}\n"));
        }
        text
    })
}
