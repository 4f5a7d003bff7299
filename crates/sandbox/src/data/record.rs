//! One simulated clip: everything about it, derived from its id word.

use crate::data::texts::TEXTS;
use crate::options::{MalformedRecord, MalformedRecords};
use crate::rng;
use crate::rng::Rng;

/// A clip's status, with how many clips in 1000 have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Start,
    Failed,
    End,
    Success,
    Delete,
    Suspended,
}

impl Status {
    pub(crate) const ALL: [Status; 6] = [
        Status::Start,
        Status::Failed,
        Status::End,
        Status::Success,
        Status::Delete,
        Status::Suspended,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Start => "RECORD_START",
            Status::Failed => "RECORD_FAILED",
            Status::End => "RECORD_END",
            Status::Success => "RECORD_SUCCESS",
            Status::Delete => "RECORD_DELETE",
            Status::Suspended => "SUSPENDED",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.name() == text)
    }

    fn of_thousand(number: u64) -> Status {
        match number {
            0..5 => Status::Start,
            5..15 => Status::Failed,
            15..30 => Status::End,
            30..60 => Status::Delete,
            60..70 => Status::Suspended,
            _ => Status::Success,
        }
    }

    fn is_finished(self) -> bool {
        matches!(self, Status::Success | Status::Delete | Status::Suspended)
    }
}

/// Who may open a share link, with the service's own spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Anyone,
    SameOrganization,
    InvitedMembersOnly,
    Private,
}

impl Scope {
    #[cfg(test)]
    const ALL: [Scope; 4] = [
        Scope::Anyone,
        Scope::SameOrganization,
        Scope::InvitedMembersOnly,
        Scope::Private,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Scope::Anyone => "ANYONE",
            Scope::SameOrganization => "SAME_ORGANIZATON",
            Scope::InvitedMembersOnly => "INVITED_MEMBERS_ONLY",
            Scope::Private => "PRIVATE",
        }
    }

    fn of_hundred(number: u64) -> Scope {
        match number {
            0..15 => Scope::Anyone,
            15..60 => Scope::SameOrganization,
            60..75 => Scope::InvitedMembersOnly,
            _ => Scope::Private,
        }
    }
}

/// A free text: the place of its template, and a number behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Missing,
    Empty,
    Template { place: usize, number: Option<u32> },
}

/// Tags, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    Missing,
    Null,
    Some { places: [usize; 4], count: usize },
}

/// One simulated clip.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Unique in all accounts; the clip's id starts with it.
    pub(crate) word: u64,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// Milliseconds since 1970, never before `created`.
    pub(crate) modified: i64,
    /// Place of the owner among the account's users.
    pub(crate) owner: u32,
    pub(crate) status: Status,
    pub(crate) scope: Scope,
    pub(crate) title: Text,
    pub(crate) description: Text,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) file_size: Option<u64>,
    pub(crate) passcode: Option<u64>,
    pub(crate) tags: Tags,
    pub(crate) thumbnail: Option<u64>,
    /// Whether dates without milliseconds are written without them: created, modified.
    pub(crate) short_dates: (bool, bool),
    /// Which dates are left out: created, modified.
    pub(crate) hidden_dates: (bool, bool),
    pub(crate) malformed: Option<MalformedRecord>,
}

impl Record {
    /// The size that a reader can take for one.
    pub(crate) fn usable_size(&self) -> Option<u64> {
        match self.malformed {
            Some(MalformedRecord::HugeNumber) => None,
            _ => self.file_size,
        }
    }

    /// The status as sent.
    pub(crate) fn status_name(&self) -> &'static str {
        match self.malformed {
            Some(MalformedRecord::UnknownStatus) => "RECORD_PAUSED",
            _ => self.status.name(),
        }
    }

    /// Whether `created_date` is there, and its year that of a clip.
    pub(crate) fn has_usable_creation(&self) -> bool {
        let odd_years = [MalformedRecord::YearZero, MalformedRecord::Year9999].map(Some);
        !self.hidden_dates.0 && !odd_years.contains(&self.malformed)
    }
}

/// 38 characters or more, all url-safe; sorts as its word does.
pub(crate) fn push_clip_id(out: &mut Vec<u8>, word: u64) {
    let mut rng = Rng::new(word ^ 0x1D1D);
    out.push(b'A');
    rng::push_word(out, word);
    rng::push_noise(out, &mut rng, 26);
    if word.is_multiple_of(64) {
        out.push(b'.');
        rng::push_noise(out, &mut rng, 72);
    }
}

/// What a record needs beside its word.
#[derive(Clone, Copy)]
pub(crate) struct RecordInput<'a> {
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// Turns a random word into an owner.
    pub(crate) owner: &'a dyn Fn(u64) -> u32,
    pub(crate) undated: bool,
    pub(crate) malformed: Option<&'a MalformedRecords>,
}

/// The record of a word.
pub(crate) fn derive(word: u64, given: &RecordInput<'_>) -> Record {
    let mut rng = Rng::new(word ^ 0x00C1_1950);
    let owner = (given.owner)(rng.word());
    let status = Status::of_thousand(rng.below(1000));
    let scope = Scope::of_hundred(rng.below(100));
    let finished = status.is_finished();
    let duration_ms = finished.then(|| duration(&mut rng));
    let file_size = if finished {
        Some(size(&mut rng))
    } else {
        rng.one_in(2).then_some(0)
    };
    let with_passcode = match scope {
        Scope::Anyone => rng.one_in(2),
        _ => rng.one_in(20),
    };
    let flags = rng.word();
    Record {
        word,
        created: given.created,
        modified: given.modified,
        owner,
        status,
        scope,
        title: text(&mut rng, TEXTS.titles.len(), 100),
        description: text(&mut rng, TEXTS.descriptions.len(), 3),
        duration_ms,
        file_size,
        passcode: with_passcode.then(|| rng.word()),
        tags: tags(&mut rng),
        thumbnail: finished.then(|| rng.word()),
        short_dates: (flags & 1 == 1, flags & 2 == 2),
        hidden_dates: (given.undated, given.undated),
        malformed: malformed(&mut rng, given.malformed),
    }
}

/// Half of them whole seconds, up to an hour and a half, most of them short.
fn duration(rng: &mut Rng) -> u64 {
    let limit = [90_000, 300_000, 900_000, 5_400_000][rng.below(4) as usize];
    let millis = 1000 + rng.below(limit);
    if rng.one_in(2) {
        millis / 1000 * 1000
    } else {
        millis
    }
}

/// Bytes: most from 0.1 MB to 1 GB, a few beyond 4 GiB, rarely exactly 0.
fn size(rng: &mut Rng) -> u64 {
    if rng.one_in(5000) {
        return 0;
    }
    let limit = 1 << (18 + rng.below(13));
    let bytes = 100_000 + rng.below(limit);
    if rng.one_in(2000) {
        bytes + (1 << 33)
    } else {
        bytes
    }
}

/// Rarely missing or empty; `plain` in a hundred come without a number.
fn text(rng: &mut Rng, templates: usize, numbered: u64) -> Text {
    match rng.below(200) {
        0 => Text::Missing,
        1..5 => Text::Empty,
        _ => {
            let place = rng.below(templates as u64) as usize;
            let number = rng.word();
            let with_number = rng::scale(number, 120) < numbered;
            Text::Template {
                place,
                number: with_number.then_some((number % 100_000) as u32),
            }
        }
    }
}

fn tags(rng: &mut Rng) -> Tags {
    let count = match rng.below(20) {
        0 => return Tags::Missing,
        1 => return Tags::Null,
        2..10 => 0,
        10..15 => 1,
        15..18 => 2,
        18 => 3,
        _ => 4,
    };
    let first = rng.below(TEXTS.tags.len() as u64) as usize;
    let places = [0, 5, 10, 15].map(|step| (first + step) % TEXTS.tags.len());
    Tags::Some { places, count }
}

fn malformed(rng: &mut Rng, malformed: Option<&MalformedRecords>) -> Option<MalformedRecord> {
    let malformed = malformed?;
    if malformed.one_in == 0 || !rng.one_in(malformed.one_in) {
        return None;
    }
    let kind = rng.below(malformed.kinds.len() as u64) as usize;
    malformed.kinds.get(kind).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let given = RecordInput {
            created: 1000,
            modified: 2000,
            owner: &|word| (word % 7) as u32,
            undated: false,
            malformed: None,
        };
        (0..20_000).map(|n| derive(rng::mix(n), &given)).collect()
    }

    #[test]
    fn every_status_and_scope_occurs_and_success_prevails() {
        let records = records();
        for status in Status::ALL {
            assert!(records.iter().any(|record| record.status == status));
        }
        for scope in Scope::ALL {
            assert!(records.iter().any(|record| record.scope == scope));
        }
        let whole = |record: &&Record| record.status == Status::Success;
        assert!(records.iter().filter(whole).count() > 18_000);
    }

    #[test]
    fn unfinished_clips_have_no_duration_and_no_thumbnail() {
        for record in records() {
            if record.status.is_finished() {
                assert!(record.duration_ms.is_some() && record.thumbnail.is_some());
                assert!(record.file_size.is_some());
            } else {
                assert!(record.duration_ms.is_none() && record.thumbnail.is_none());
                assert!(record.file_size.is_none_or(|bytes| bytes == 0));
            }
        }
    }
}
