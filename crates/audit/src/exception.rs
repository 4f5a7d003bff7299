//! Exceptions: findings of which somebody has said why and until when they are right.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::subject::{Fingerprint, Subject};

/// Bytes of a file of exceptions at most.
const LONGEST: u64 = 16 << 20;

/// Days before its end that an exception is announced to end.
const SOON: i32 = 14;

/// One exception, of an entry `[[exception]]` of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    /// The rule that it is of.
    pub(crate) rule: String,
    /// What it excepts.
    pub(crate) excepts: Excepts,
    /// Why it is right.
    pub(crate) reason: String,
    /// The last day on which it holds, in UTC.
    pub(crate) until: Date,
}

/// What an exception is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Excepts {
    /// A clip.
    Clip(String),
    /// An owner, and all of their clips.
    Owner(String),
    /// What fits a condition in SQL on the columns of the rule's rows.
    Where(String),
}

impl Exception {
    /// What it is of, in words.
    pub(crate) fn shown(&self) -> String {
        match &self.excepts {
            Excepts::Clip(id) => format!("clip {id}"),
            Excepts::Owner(id) => format!("owner {id}"),
            Excepts::Where(condition) => format!("where {condition}"),
        }
    }
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    exception: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    clip_id: Option<String>,
    owner_id: Option<String>,
    #[serde(rename = "where")]
    condition: Option<String>,
    reason: String,
    until: toml::Value,
}

/// The days by which exceptions are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    pub(crate) today: Date,
    /// That of the snapshot before, if there is one.
    pub(crate) before: Option<Date>,
}

/// What exceptions say of a finding.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The first that holds.
    pub(crate) exception: Option<Arc<Exception>>,
    /// Whether one held at the snapshot before, and none does now: it is new to who looks at new ones alone.
    pub(crate) is_back: bool,
}

/// All exceptions of a file, and how many findings each has excepted.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    all: Vec<(Arc<Exception>, AtomicU64)>,
    place: String,
    sha256: String,
}

impl Exceptions {
    /// The file that they are of, and its SHA-256; `None` where there is none.
    pub(crate) fn file(&self) -> Option<(&str, &str)> {
        (!self.place.is_empty()).then_some((&self.place, &self.sha256))
    }

    /// Reads a file; each entry must name a rule that there is.
    ///
    /// # Errors
    /// Names the file and the entry that cannot be used.
    pub(crate) fn read(path: &Path, rules: &BTreeSet<String>) -> Result<Self, Error> {
        let place = path.display().to_string();
        let unread =
            |why: String| Error::Usage(format!("the exceptions in {place} cannot be used: {why}"));
        let found = fs::metadata(path).map_err(|error| unread(error.to_string()))?;
        if !found.is_file() || found.len() > LONGEST {
            return Err(unread("it is no file of at most 16 MiB".to_owned()));
        }
        let text = fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            unread(format!("line {line}: {}", error.message()))
        })?;
        let mut all = Vec::new();
        for (at, entry) in file.exception.into_iter().enumerate() {
            let exception = entry.checked(rules);
            let exception =
                exception.map_err(|why| unread(format!("exception {}: {why}", at + 1)))?;
            all.push((Arc::new(exception), AtomicU64::new(0)));
        }
        let sha256 = Fingerprint(Sha256::digest(&text).into()).hex();
        Ok(Self { all, place, sha256 })
    }

    /// Those of a rule, with their places.
    pub(crate) fn of<'a>(
        &'a self,
        rule: &'a str,
    ) -> impl Iterator<Item = (usize, &'a Arc<Exception>)> {
        let all = self.all.iter().map(|(exception, _)| exception).enumerate();
        all.filter(move |(_, it)| it.rule == rule)
    }

    /// What these say of a finding. Each that fits is counted, also one that has ended; `fits` says whether a
    /// condition does, by the exception's place.
    pub(crate) fn judge(
        &self,
        places: &[usize],
        subject: &Subject,
        days: Days,
        fits: impl Fn(usize) -> bool,
    ) -> Judged {
        let mut judged = Judged::default();
        for at in places {
            let (exception, used) = &self.all[*at];
            let is_it = |wanted: &String, id: &Option<String>| id.as_ref() == Some(wanted);
            let fits = match &exception.excepts {
                Excepts::Clip(clip) => is_it(clip, &subject.clip_id),
                Excepts::Owner(owner) => is_it(owner, &subject.owner_id),
                Excepts::Where(_) => fits(*at),
            };
            if !fits {
                continue;
            }
            used.fetch_add(1, Ordering::Relaxed);
            if exception.until >= days.today {
                judged
                    .exception
                    .get_or_insert_with(|| Arc::clone(exception));
            } else if days.before.is_some_and(|before| exception.until >= before) {
                judged.is_back = true;
            }
        }
        judged.is_back &= judged.exception.is_none();
        judged
    }

    /// What is to be said of them after the rules in `evaluated`: which end soon, which have ended, and which
    /// excepted nothing.
    pub(crate) fn notes(&self, today: Date, evaluated: &BTreeSet<&str>) -> Vec<String> {
        let mut notes = Vec::new();
        for (exception, used) in &self.all {
            if !evaluated.contains(exception.rule.as_str()) {
                continue;
            }
            let used = used.load(Ordering::Relaxed);
            let told = format!(
                "the exception from {} for {} ({})",
                exception.rule,
                exception.shown(),
                exception.reason
            );
            let left = today
                .until(exception.until)
                .map_or(0, |span| span.get_days());
            notes.push(if exception.until < today {
                let back = match used {
                    0 => "nothing that it excepted is there any more: take it out",
                    _ => "what it excepted is back",
                };
                format!("{told} ended on {}: {back}", exception.until)
            } else if used == 0 {
                format!("{told} excepts nothing: take it out of {}", self.place)
            } else if left <= SOON {
                format!(
                    "{told} ends on {}: renew it, or mend what it is about",
                    exception.until
                )
            } else {
                continue;
            });
        }
        notes
    }
}

impl Entry {
    fn checked(self, rules: &BTreeSet<String>) -> Result<Exception, String> {
        if !rules.contains(&self.rule) {
            return Err(format!("there is no rule {:?}", self.rule));
        }
        let excepts = match (self.clip_id, self.owner_id, self.condition) {
            (Some(id), None, None) => Excepts::Clip(id),
            (None, Some(id), None) => Excepts::Owner(id),
            (None, None, Some(condition)) => Excepts::Where(condition),
            _ => return Err("it names one of clip_id, owner_id and where".to_owned()),
        };
        if self.reason.trim().is_empty() {
            return Err("its reason is empty".to_owned());
        }
        let until = match &self.until {
            toml::Value::String(text) => text.parse().ok(),
            toml::Value::Datetime(date) if date.time.is_none() => date.to_string().parse().ok(),
            _ => None,
        };
        let until = until.ok_or("its until is no date such as 2027-01-31")?;
        Ok(Exception {
            rule: self.rule,
            excepts,
            reason: self.reason,
            until,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(text: &str) -> Result<Exceptions, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let rules = ["stale", "newly-open"].map(str::to_owned).into();
        Exceptions::read(file.path(), &rules).map_err(|error| error.to_string())
    }

    fn of_clip(id: &str) -> Subject {
        Subject {
            clip_id: Some(id.to_owned()),
            owner_id: Some("o".to_owned()),
            ..Subject::default()
        }
    }

    const TWO: &str = "[[exception]]\nrule = 'stale'\nclip_id = 'x'\nreason = 'kept'\nuntil = 2026-11-30\n\
        [[exception]]\nrule = 'stale'\nowner_id = 'o'\nreason = 'archive'\nuntil = '2027-11-30'\n";

    #[test]
    fn an_exception_holds_up_to_its_last_day_and_is_announced_before_and_named_after() {
        let exceptions = read(TWO).unwrap();
        let places: Vec<usize> = exceptions.of("stale").map(|(at, _)| at).collect();
        let no = |_| false;
        let judge = |today, before| {
            let days = Days { today, before };
            exceptions.judge(&places[..1], &of_clip("x"), days, no)
        };
        let (last, after) = (date(2026, 11, 30), date(2026, 12, 1));
        let held = judge(last, None);
        assert_eq!(held.exception.unwrap().reason, "kept");
        assert!(judge(after, None).exception.is_none());
        // It is told as new by the first audit after its end, and persists then.
        assert!(judge(after, Some(last)).is_back);
        assert!(!judge(date(2026, 12, 2), Some(after)).is_back);
        let evaluated = BTreeSet::from(["stale"]);
        let notes = |today| exceptions.notes(today, &evaluated);
        assert!(notes(date(2026, 11, 15))[0].contains("archive) excepts nothing"));
        let soon = notes(date(2026, 11, 16));
        assert!(soon[0].contains("ends on 2026-11-30"), "{soon:?}");
        let ended = notes(date(2026, 12, 1));
        assert!(ended[0].contains("ended on 2026-11-30: what it excepted is back"));
        assert!(
            exceptions
                .notes(date(2026, 12, 1), &BTreeSet::new())
                .is_empty()
        );
    }

    #[test]
    fn an_owner_is_excepted_with_all_their_clips_and_nobody_else() {
        let exceptions = read(TWO).unwrap();
        let today = date(2026, 12, 1);
        let days = Days {
            today,
            before: None,
        };
        let judge = |subject: &Subject| exceptions.judge(&[0, 1], subject, days, |_| false);
        let found = judge(&of_clip("any"));
        assert_eq!(found.exception.unwrap().reason, "archive");
        let other = Subject {
            owner_id: Some("p".to_owned()),
            ..of_clip("any")
        };
        assert!(judge(&other).exception.is_none());
    }

    #[test]
    fn what_is_no_exception_is_told_with_its_place() {
        let entry = |lines: &str| format!("[[exception]]\nrule = 'stale'\n{lines}\n");
        for (text, why) in [
            (entry("clip_id = 'x'\nuntil = 2026-11-30"), "reason"),
            (entry("clip_id = 'x'\nreason = 'r'"), "until"),
            (
                entry("clip_id = 'x'\nreason = ' '\nuntil = 2026-11-30"),
                "reason is empty",
            ),
            (
                entry("clip_id = 'x'\nreason = 'r'\nuntil = 'never'"),
                "no date",
            ),
            (
                entry("clip_id = 'x'\nreason = 'r'\nuntil = 2026-11-30T00:00:00Z"),
                "no date",
            ),
            (entry("reason = 'r'\nuntil = 2026-11-30"), "names one of"),
            (
                entry("clip_id = 'x'\nowner_id = 'o'\nreason = 'r'\nuntil = 2026-11-30"),
                "names one of",
            ),
            (
                entry("clip = 'x'\nreason = 'r'\nuntil = 2026-11-30"),
                "line 3",
            ),
            (
                TWO.replace("rule = 'stale'\nowner", "rule = 'stael'\nowner"),
                "exception 2: there is no rule",
            ),
            ("[[exceptions]]".to_owned(), "line 1"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(read("").unwrap().all.is_empty());
    }
}
