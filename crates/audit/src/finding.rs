//! What an audit finds, and what it comes to: plain data that the outputs show.

use std::collections::BTreeMap;
use std::sync::Arc;

use clipcensus::audit::Severity;
use serde::Serialize;

use crate::exception::Exception;
use crate::rule::Rule;
use crate::subject::{Fingerprint, Subject};

/// What became of a finding since the snapshot before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It was not there.
    New,
    /// It was there too.
    Persisting,
    /// It was there, and is there no longer.
    Resolved,
    /// It is there, and somebody has said why and until when that is right.
    Excepted,
}

impl State {
    pub(crate) const ALL: [Self; 4] = [Self::New, Self::Persisting, Self::Resolved, Self::Excepted];

    /// In a word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Persisting => "persisting",
            Self::Resolved => "resolved",
            Self::Excepted => "excepted",
        }
    }
}

/// Something that breaks a rule.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) rule: Arc<Rule>,
    pub(crate) state: State,
    pub(crate) subject: Subject,
    pub(crate) fingerprint: Fingerprint,
    /// The title of the clip.
    pub(crate) title: Option<String>,
    /// What exactly, by the rule.
    pub(crate) detail: Option<String>,
    /// Who owns it: name and e-mail address, or one of them, where the snapshot has owners.
    pub(crate) owner: Option<String>,
    /// The share link, if it was asked for.
    pub(crate) share_link: Option<String>,
    /// What says that it is right as it is.
    pub(crate) exception: Option<Arc<Exception>>,
}

/// How many findings there are of each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) [u64; 4]);

impl Counts {
    pub(crate) fn add(&mut self, state: State) {
        self.0[state as usize] += 1;
    }

    pub(crate) fn of(self, state: State) -> u64 {
        self.0[state as usize]
    }

    /// What breaks the rule now, and is not excepted.
    pub(crate) fn open(self) -> u64 {
        self.of(State::New) + self.of(State::Persisting)
    }
}

/// What a rule came to.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It was evaluated.
    Evaluated {
        counts: Counts,
        /// The first findings of those that are shown, new ones first; there may be more.
        shown: Vec<Finding>,
    },
    /// It could not be: why, and what to do. That is not passed.
    NotEvaluated(String),
    /// It was not asked for: it is switched off, or nobody has said what it is to look for.
    Off(String),
}

/// A rule, and what it came to.
#[derive(Debug, Clone)]
pub(crate) struct Ruled {
    pub(crate) rule: Arc<Rule>,
    pub(crate) outcome: Outcome,
}

/// A whole audit.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    /// The output folder, as it was named.
    pub(crate) out: String,
    /// The snapshot: its date, its instant (RFC 3339), its verdict, and the SHA-256 of its manifest.
    pub(crate) snapshot_date: String,
    pub(crate) snapshot_at: String,
    pub(crate) verdict: &'static str,
    pub(crate) manifest_sha256: String,
    /// Whether the SHA-256 of every file was compared with the manifest, and not its length alone.
    pub(crate) is_hashed: bool,
    /// When the listing began and the data files were complete, RFC 3339.
    pub(crate) listed: (String, String),
    /// Whether the sandbox made it up.
    pub(crate) simulated: bool,
    pub(crate) clips: u64,
    /// The date of the snapshot before, by which findings are new or resolved; `None` where there is none.
    pub(crate) since: Option<String>,
    /// Its verdict.
    pub(crate) since_verdict: Option<&'static str>,
    /// The SHA-256 of its manifest.
    pub(crate) since_sha256: Option<String>,
    /// When the audit was made, RFC 3339.
    pub(crate) audited_at: String,
    pub(crate) tool_version: String,
    /// In the order of their severities, the worst first, then by name.
    pub(crate) results: Vec<Ruled>,
    /// What a reader has to know: what was left out, exceptions that end soon or matched nothing.
    pub(crate) notes: Vec<String>,
    pub(crate) only_new: bool,
}

impl Audit {
    /// Open findings by severity, the worst first; each severity is there.
    pub(crate) fn by_severity(&self) -> Vec<(Severity, u64)> {
        let mut sums: BTreeMap<Severity, u64> = Severity::ALL.map(|it| (it, 0)).into();
        for result in &self.results {
            if let Outcome::Evaluated { counts, .. } = &result.outcome {
                *sums.entry(result.rule.severity).or_default() += self.counted(*counts);
            }
        }
        sums.into_iter().rev().collect()
    }

    /// Findings that count: the open ones, or of these the new ones.
    pub(crate) fn counted(&self, counts: Counts) -> u64 {
        if self.only_new {
            counts.of(State::New)
        } else {
            counts.open()
        }
    }
}
