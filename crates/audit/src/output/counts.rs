//! How many findings there are, and which of them are named.

use clipcensus::audit::{count, things};

use crate::finding::{Audit, Counts, Finding, State};

/// How many findings there are of each state.
pub(super) fn states(counts: Counts) -> String {
    let each = State::ALL.map(|state| format!("{} {}", count(counts.of(state)), state.name()));
    each.join(", ")
}

/// What findings that count are called.
pub(super) const fn kind(audit: &Audit) -> &'static str {
    if audit.only_new { "new" } else { "open" }
}

/// A number of findings that count.
pub(super) fn findings(audit: &Audit, number: u64) -> String {
    things(number, &format!("{} finding", kind(audit)))
}

/// The first of a rule's findings that count, at most so many, and a word on those that are not among them.
pub(super) fn first<'a>(
    audit: &Audit,
    counts: Counts,
    shown: &'a [Finding],
    most: usize,
) -> (Vec<&'a Finding>, Option<String>) {
    let counts_at_all = |finding: &&Finding| match finding.state {
        State::New => true,
        State::Persisting => !audit.only_new,
        State::Resolved | State::Excepted => false,
    };
    let first: Vec<&Finding> = shown.iter().filter(counts_at_all).take(most).collect();
    let more = match audit.counted(counts).saturating_sub(first.len() as u64) {
        0 => None,
        more if first.is_empty() => Some(things(more, "finding")),
        more => Some(format!("and {}", things(more, "more finding"))),
    };
    let more = more.map(|more| format!("{more}: --format csv and --format json name all of them"));
    (first, more)
}
