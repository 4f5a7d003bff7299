//! What an output folder held at a moment: the snapshot in question, the one before, and all up to it.

use std::path::Path;

use clipcensus::audit::{
    Held, Layout, Manifest, Since, Table, Verdict, Wrong, incomparable, manifests, visible,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::Error;

/// A snapshot as its manifest has it, without what is long.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) date: Date,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_sha256: String,
    /// What is wrong with its manifest, by those published after it.
    problems: Vec<String>,
}

impl Snapshot {
    /// What is to be said of it in a word.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.problems.as_slice() {
            [] => self.manifest.verdict.name(),
            _ => "not as it was published",
        }
    }

    fn of(held: Held) -> Self {
        Self {
            date: held.manifest.date(),
            manifest: without_windows(held.manifest),
            manifest_sha256: held.sha256,
            problems: held.problems,
        }
    }
}

/// The snapshots that are read.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) layout: Layout,
    /// The snapshot in question, and all others of the same census up to it that are published, verified or
    /// not; the newest first.
    pub(crate) snapshots: Vec<Snapshot>,
    /// Which of them is the one before; none where there is none.
    pub(crate) previous: Option<usize>,
    /// Why the one before may be another.
    doubt_before: Option<String>,
    /// Whether rows of snapshots are read that are not verified.
    pub(crate) allow_incomplete: bool,
    /// When it is.
    pub(crate) now: Timestamp,
}

impl Moment {
    /// The snapshot of a date, or the newest, and what there is to say about it and those before.
    ///
    /// # Errors
    /// Where there is none, where it is not verified and may not be read, or where `since` names none.
    pub(crate) fn of(
        out: &Path,
        date: Option<Date>,
        since: Since,
        allow_incomplete: bool,
        now: Timestamp,
    ) -> Result<(Self, Vec<String>), Error> {
        let layout = Layout::new(out, Table::Clips);
        let (read, wrong) = manifests(&layout)?;
        let read = read.into_iter();
        let read = read.filter(|it| it.manifest.table == Table::Clips);
        let mut all: Vec<Snapshot> = read.map(Snapshot::of).collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.date));
        if !allow_incomplete {
            refuse_unknown(&all, &wrong, date)?;
        }
        let mut notes = wrong.latest;
        notes.extend(wrong.others);
        let unreadable = wrong.unreadable.iter();
        notes.extend(unreadable.map(|(_, why)| format!("left out: {why}")));
        let mut snapshots = all.split_off(place_of(&all, out, date)?);
        refuse_unproven(&snapshots, allow_incomplete)?;
        refuse_changed(&snapshots[0], allow_incomplete)?;
        let parameters = snapshots[0].manifest.parameters.clone();
        snapshots.retain(|it| match incomparable(&it.manifest, &parameters) {
            None => true,
            Some((theirs, ours)) => {
                notes.push(format!(
                    "left out: the snapshot of {} has {theirs}, where this one has {ours}",
                    it.date
                ));
                false
            }
        });
        let doubt_before = doubt_before(&snapshots, &wrong.unreadable);
        for changed in snapshots.iter().filter(|it| !it.problems.is_empty()) {
            let why = changed.problems.join("; ");
            let left = if allow_incomplete {
                "read all the same"
            } else {
                "left out"
            };
            notes.push(format!("{left}: the snapshot of {}: {why}", changed.date));
        }
        snapshots.retain(|it| allow_incomplete || it.problems.is_empty());
        let previous = previous(out, &snapshots, since, allow_incomplete)?;
        for note in &mut notes {
            *note = visible(note).into_owned();
        }
        let moment = Self {
            layout,
            snapshots,
            previous,
            doubt_before: doubt_before.filter(|_| since == Since::Previous && !allow_incomplete),
            allow_incomplete,
            now,
        };
        Ok((moment, notes))
    }

    /// Refuses to go on where the snapshot before may be another than the one that is compared with: what is new
    /// would be passed over in silence.
    pub(crate) fn refuse_doubt_before(&self) -> Result<(), Error> {
        match &self.doubt_before {
            None => Ok(()),
            Some(why) => Err(Error::Untrusted(format!(
                "{why}. Restore it, name another with --since, or give --since none"
            ))),
        }
    }

    /// The snapshot in question.
    pub(crate) fn subject(&self) -> &Snapshot {
        &self.snapshots[0]
    }

    /// The one before.
    pub(crate) fn previous(&self) -> Option<&Snapshot> {
        self.previous.map(|at| &self.snapshots[at])
    }

    /// Those whose rows may be read, the newest first.
    pub(crate) fn readable(&self) -> impl Iterator<Item = &Snapshot> {
        self.snapshots
            .iter()
            .filter(|it| is_readable(it, self.allow_incomplete))
    }

    /// How it was just before the snapshot in question: that of the snapshot before, by which findings are
    /// new or not. `None` where there is none.
    pub(crate) fn before(&self) -> Option<Self> {
        let snapshots = self.snapshots.get(self.previous?..)?.to_vec();
        let readable = |it: &Snapshot| is_readable(it, self.allow_incomplete);
        let previous = (1..snapshots.len()).find(|at| readable(&snapshots[*at]));
        let now = self.subject().manifest.snapshot_at.0;
        Some(Self {
            layout: self.layout.clone(),
            snapshots,
            previous,
            doubt_before: None,
            allow_incomplete: self.allow_incomplete,
            now: Timestamp::from_microsecond(now).unwrap_or(self.now),
        })
    }
}

/// Thousands of manifests may be held at once, and their windows are what is long in them.
fn without_windows(manifest: Manifest) -> Manifest {
    Manifest {
        windows: Vec::new(),
        published_before: Vec::new(),
        ..manifest
    }
}

fn is_readable(snapshot: &Snapshot, allow_incomplete: bool) -> bool {
    allow_incomplete || snapshot.manifest.verdict == Verdict::Verified
}

fn none_of(out: &Path, date: Date, flag: &str) -> Error {
    let out = out.display();
    Error::Usage(format!(
        "{flag} {date}: {out} has no such snapshot; `clipcensus list` shows those that there are"
    ))
}

/// Refuses to take another snapshot for the one that is asked for, because that cannot be read or is gone.
fn refuse_unknown(all: &[Snapshot], wrong: &Wrong, date: Option<Date>) -> Result<(), Error> {
    let newest = all.first().map_or(Date::MIN, |it| it.date);
    let is_asked = |it: Date| date.map_or(it >= newest, |date| it == date);
    if let Some((_, why)) = wrong.unreadable.iter().find(|(it, _)| is_asked(*it)) {
        return Err(Error::Untrusted(format!(
            "{why}; restore it, or name another snapshot with --snapshot"
        )));
    }
    if date.is_none() && !wrong.latest.is_empty() {
        return Err(Error::Untrusted(format!(
            "the newest snapshot may be missing: {}. Restore it, or name the one that is meant with --snapshot",
            visible(&wrong.latest.join("; "))
        )));
    }
    Ok(())
}

/// Where the snapshot of a date is, or the newest.
fn place_of(all: &[Snapshot], out: &Path, date: Option<Date>) -> Result<usize, Error> {
    match date {
        None if all.is_empty() => {
            let out = out.display();
            Err(Error::Usage(format!(
                "{out} has no snapshot of clips; export one first"
            )))
        }
        None => Ok(0),
        Some(date) => all
            .iter()
            .position(|it| it.date == date)
            .ok_or_else(|| none_of(out, date, "--snapshot")),
    }
}

fn refuse_unproven(snapshots: &[Snapshot], allow_incomplete: bool) -> Result<(), Error> {
    let Some(subject) = snapshots.first() else {
        return Ok(());
    };
    if is_readable(subject, allow_incomplete) {
        return Ok(());
    }
    let verified = snapshots.iter().find(|it| is_readable(it, false));
    let instead = verified.map_or_else(String::new, |it| {
        format!(", take the newest that is, --snapshot {}", it.date)
    });
    Err(Error::Untrusted(format!(
        "the snapshot of {} is {}: what it lacks cannot be found in it. Export again{instead}, or read it as it \
         is with --allow-incomplete",
        subject.date,
        subject.manifest.verdict.name()
    )))
}

/// A manifest that was changed says nothing that can be relied on, its verdict least of all.
fn refuse_changed(subject: &Snapshot, allow_incomplete: bool) -> Result<(), Error> {
    if allow_incomplete || subject.problems.is_empty() {
        return Ok(());
    }
    let why = subject.problems.join("; ");
    Err(Error::Untrusted(format!(
        "the snapshot of {} is not as it was published: {why}. Restore it or export again, or read it as it is with \
         --allow-incomplete",
        subject.date
    )))
}

/// Why the snapshot before the first may be another than the newest verified one that can be read and is as it
/// was published.
fn doubt_before(snapshots: &[Snapshot], unreadable: &[(Date, String)]) -> Option<String> {
    let mut verified = snapshots.iter().skip(1).filter(|it| is_readable(it, false));
    let before = verified.next();
    let behind = before.map_or(Date::MIN, |it| it.date);
    let between = |date: Date| (behind..snapshots[0].date).contains(&date);
    if let Some((_, why)) = unreadable.iter().find(|(date, _)| between(*date)) {
        return Some(format!("{why}: it may be the snapshot before"));
    }
    let changed = before.filter(|it| !it.problems.is_empty())?;
    let why = changed.problems.join("; ");
    Some(format!(
        "the snapshot before, of {}, is not as it was published: {why}",
        changed.date
    ))
}

/// Which snapshot is the one before the first.
fn previous(
    out: &Path,
    snapshots: &[Snapshot],
    since: Since,
    allow_incomplete: bool,
) -> Result<Option<usize>, Error> {
    let before = |at: &usize| is_readable(&snapshots[*at], allow_incomplete);
    match since {
        Since::Nothing => Ok(None),
        Since::Previous => Ok((1..snapshots.len()).find(before)),
        Since::Date(date) => {
            if snapshots
                .first()
                .is_some_and(|subject| subject.date <= date)
            {
                return Err(Error::Usage(format!(
                    "--since {date} is not before the snapshot of {}: name an earlier one",
                    snapshots[0].date
                )));
            }
            let at = (1..snapshots.len()).find(|at| snapshots[*at].date == date);
            let at = at.ok_or_else(|| none_of(out, date, "--since"))?;
            if before(&at) {
                return Ok(Some(at));
            }
            Err(Error::Untrusted(format!(
                "--since {date}: that snapshot is {}; take a verified one, or give --allow-incomplete",
                snapshots[at].manifest.verdict.name()
            )))
        }
    }
}
