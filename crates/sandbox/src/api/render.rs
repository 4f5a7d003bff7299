//! Clips as JSON, written straight into bytes: no tree, no allocation a clip.

use crate::data::dataset::Account;
use crate::data::record::{Record, Tags, Text, push_clip_id};
use crate::data::texts::EscapedTexts;
use crate::format::{
    push_bool, push_millis, push_millis_with_offset, push_millis_without_zone, push_number,
    push_seconds, push_short,
};
use crate::options::{DateForm, MalformedRecord, TagShape};
use crate::rng;
use crate::rng::Rng;

const NESTING: usize = 10_000;

/// Length of a huge text, in bytes.
const HUGE: usize = 1 << 20;

/// What a record's JSON depends on beside the record.
#[derive(Debug)]
pub(crate) struct Renderer {
    pub(crate) texts: EscapedTexts,
    pub(crate) dates: DateForm,
    pub(crate) tags: TagShape,
    pub(crate) null_tags: bool,
}

impl Renderer {
    /// One record of a page, odd or not.
    pub(crate) fn record(&self, out: &mut Vec<u8>, account: &Account, record: &Record) {
        if record.malformed == Some(MalformedRecord::NotAnObject) {
            out.extend_from_slice(b"\"not a clip\"");
            return;
        }
        out.push(b'{');
        if record.malformed == Some(MalformedRecord::HugeTitle) {
            out.extend_from_slice(b"\"title\":\"");
            out.extend(std::iter::repeat_n(b't', HUGE));
            out.extend_from_slice(b"\",");
        } else {
            self.text(out, "title", record.title, &self.texts.titles);
        }
        if record.malformed == Some(MalformedRecord::InvalidUtf8) {
            out.extend_from_slice(b"\"description\":\"caf\xE9 \xFF\",");
        } else {
            let templates = &self.texts.descriptions;
            self.text(out, "description", record.description, templates);
        }
        if let Some(millis) = record.duration_ms {
            out.extend_from_slice(b"\"duration\":");
            push_seconds(out, millis);
            out.push(b',');
        }
        push_status(out, record);
        if record.malformed == Some(MalformedRecord::DuplicateKeys) {
            self.text(out, "title", record.title, &self.texts.titles);
            push_status(out, record);
        }
        if record.malformed != Some(MalformedRecord::NoClipId) {
            out.extend_from_slice(b"\"clip_id\":\"");
            push_clip_id(out, record.word);
            if record.malformed == Some(MalformedRecord::HugeId) {
                out.extend(std::iter::repeat_n(b'i', HUGE));
            }
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"owner_id\":\"");
        account.directory.push_id(out, record.owner);
        out.push(b'"');
        push_size(out, record);
        out.extend_from_slice(b",\"share_link\":\"");
        push_share_link(out, record.word);
        out.extend_from_slice(b"\",\"share_link_settings\":{");
        if let Some(word) = record.passcode {
            out.extend_from_slice(b"\"passcode\":\"");
            push_passcode(out, word);
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"share_scope\":\"");
        out.extend_from_slice(record.scope.name().as_bytes());
        out.extend_from_slice(b"\",\"enable_passcode\":");
        push_bool(out, record.passcode.is_some());
        out.push(b'}');
        if let Some(word) = record.thumbnail {
            out.extend_from_slice(b",\"thumbnail_link\":\"");
            push_thumbnail(out, word);
            out.push(b'"');
        }
        if !record.hidden_dates.0 {
            out.extend_from_slice(b",\"created_date\":");
            self.created(out, record);
        }
        if !record.hidden_dates.1 {
            out.extend_from_slice(b",\"modified_date\":");
            self.date(out, record.modified, record.short_dates.1);
        }
        self.tags(out, record.tags);
        if record.malformed == Some(MalformedRecord::DeepNesting) {
            out.extend_from_slice(b",\"layers\":");
            out.extend(std::iter::repeat_n(b'[', NESTING));
            out.extend(std::iter::repeat_n(b']', NESTING));
        }
        out.push(b'}');
    }

    /// One clip of the truth, one line; nothing for a record that is no clip. `moved` says what
    /// has happened to it while the account was listed.
    pub(crate) fn truth(
        &self,
        out: &mut Vec<u8>,
        account: &Account,
        record: &Record,
        moved: Option<&str>,
    ) {
        if record.malformed.is_some_and(MalformedRecord::is_reject) {
            return;
        }
        out.extend_from_slice(b"{\"account_id\":\"");
        out.extend_from_slice(account.id.as_bytes());
        out.extend_from_slice(b"\",\"clip_id\":\"");
        push_clip_id(out, record.word);
        out.extend_from_slice(b"\",\"owner_id\":\"");
        account.directory.push_id(out, record.owner);
        out.extend_from_slice(b"\",");
        self.text(out, "title", record.title, &self.texts.titles);
        self.text(
            out,
            "description",
            record.description,
            &self.texts.descriptions,
        );
        push_status(out, record);
        if let Some(millis) = record.duration_ms {
            out.extend_from_slice(b"\"duration_seconds\":");
            push_seconds(out, millis);
            out.push(b',');
        }
        if let Some(bytes) = record.usable_size() {
            out.extend_from_slice(b"\"file_size_bytes\":");
            push_number(out, bytes);
            out.push(b',');
        }
        if record.has_usable_creation() {
            out.extend_from_slice(b"\"created_at\":\"");
            push_millis(out, record.created);
            out.extend_from_slice(b"\",");
        }
        if !record.hidden_dates.1 {
            out.extend_from_slice(b"\"modified_at\":\"");
            push_millis(out, record.modified);
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"share_link\":\"");
        push_share_link(out, record.word);
        out.extend_from_slice(b"\",\"share_scope\":\"");
        out.extend_from_slice(record.scope.name().as_bytes());
        out.extend_from_slice(b"\",\"passcode_enabled\":");
        push_bool(out, record.passcode.is_some());
        if let Some(word) = record.passcode {
            out.extend_from_slice(b",\"passcode\":\"");
            push_passcode(out, word);
            out.push(b'"');
        }
        if let Some(word) = record.thumbnail {
            out.extend_from_slice(b",\"thumbnail_link\":\"");
            push_thumbnail(out, word);
            out.push(b'"');
        }
        self.tags(out, record.tags);
        if let Some(malformed) = record.malformed {
            out.extend_from_slice(b",\"oddity\":\"");
            out.extend_from_slice(malformed.name().as_bytes());
            out.push(b'"');
        }
        if let Some(moved) = moved {
            out.extend_from_slice(b",\"moved\":\"");
            out.extend_from_slice(moved.as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(b"}\n");
    }

    /// A text field and a comma, or nothing.
    #[expect(clippy::unused_self, reason = "it belongs to the fields around it")]
    fn text(&self, out: &mut Vec<u8>, name: &str, text: Text, templates: &[String]) {
        if text == Text::Missing {
            return;
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":\"");
        if let Text::Template { place, number } = text {
            out.extend_from_slice(templates[place].as_bytes());
            if let Some(number) = number {
                out.extend_from_slice(b" #");
                push_number(out, u64::from(number));
            }
        }
        out.extend_from_slice(b"\",");
    }

    fn created(&self, out: &mut Vec<u8>, record: &Record) {
        match record.malformed {
            Some(MalformedRecord::YearZero) => {
                out.extend_from_slice(b"\"0000-01-01T00:00:00Z\"");
            }
            Some(MalformedRecord::Year9999) => {
                out.extend_from_slice(b"\"9999-12-31T23:59:59.999+00:00\"");
            }
            _ => self.date(out, record.created, record.short_dates.0),
        }
    }

    fn date(&self, out: &mut Vec<u8>, millis: i64, short: bool) {
        if self.dates == DateForm::EpochMillis {
            push_number(out, millis.unsigned_abs());
            return;
        }
        out.push(b'"');
        match self.dates {
            DateForm::NoZone => push_millis_without_zone(out, millis),
            DateForm::ShortOffset => {
                push_millis_without_zone(out, millis);
                out.extend_from_slice(b"+0000");
            }
            _ if short && millis % 1000 == 0 => push_short(out, millis),
            _ => push_millis_with_offset(out, millis),
        }
        out.push(b'"');
    }

    fn tags(&self, out: &mut Vec<u8>, tags: Tags) {
        let (places, count) = match tags {
            Tags::Null if self.null_tags => {
                out.extend_from_slice(b",\"tags\":null");
                return;
            }
            Tags::Missing | Tags::Null => return,
            Tags::Some { places, count } => (places, count),
        };
        out.extend_from_slice(b",\"tags\":[");
        for (number, &place) in places.iter().take(count).enumerate() {
            if number > 0 {
                out.push(b',');
            }
            if self.tags == TagShape::Objects {
                out.extend_from_slice(b"{\"id\":\"tag-");
                push_number(out, place as u64);
                out.extend_from_slice(b"\",\"name\":");
            }
            out.push(b'"');
            out.extend_from_slice(self.texts.tags[place].as_bytes());
            out.push(b'"');
            if self.tags == TagShape::Objects {
                out.push(b'}');
            }
        }
        out.push(b']');
    }
}

fn push_status(out: &mut Vec<u8>, record: &Record) {
    out.extend_from_slice(b"\"status\":\"");
    out.extend_from_slice(record.status_name().as_bytes());
    out.extend_from_slice(b"\",");
}

fn push_size(out: &mut Vec<u8>, record: &Record) {
    if record.malformed == Some(MalformedRecord::HugeNumber) {
        let huge: &[u8] = if record.word & 1 == 0 {
            b",\"file_size\":9223372036854775808"
        } else {
            b",\"file_size\":340282366920938463463374607431768211456"
        };
        out.extend_from_slice(huge);
    } else if let Some(bytes) = record.file_size {
        out.extend_from_slice(b",\"file_size\":");
        push_number(out, bytes);
    }
}

fn push_share_link(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(b"https://brightwater.zoom.example/clips/share/");
    push_clip_id(out, word);
}

/// Eight characters with signs among them.
fn push_passcode(out: &mut Vec<u8>, word: u64) {
    rng::push_chars(out, word, 4);
    out.push(b"*!?%"[(word & 3) as usize]);
    rng::push_chars(out, word << 24, 3);
}

/// A link signed with a `jwt` parameter; the signature signs nothing.
fn push_thumbnail(out: &mut Vec<u8>, word: u64) {
    let mut rng = Rng::new(word);
    let name = rng.clone();
    out.extend_from_slice(b"https://file.zoom.example/file/");
    rng::push_noise(out, &mut rng, 22);
    out.extend_from_slice(b"?attachType=preview&filename=");
    rng::push_noise(out, &mut name.clone(), 22);
    out.extend_from_slice(b".jpg&jwt=eyJhbGciOiJFUzI1NiIsImsiOiJzYW5kYm94In0.");
    rng::push_noise(out, &mut rng, 160);
    out.push(b'.');
    rng::push_noise(out, &mut rng, 86);
    out.extend_from_slice(b"&subType=552x310");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::options::{Faults, MalformedRecords, SandboxOptions};

    fn renderer() -> Renderer {
        Renderer {
            texts: EscapedTexts::new(),
            dates: DateForm::Documented,
            tags: TagShape::Strings,
            null_tags: true,
        }
    }

    #[test]
    fn every_clip_and_its_truth_are_json() {
        let options = SandboxOptions::default();
        let dataset = Dataset::new(&options);
        let account = &dataset.accounts[0];
        let renderer = renderer();
        for index in 0..3000 {
            let record = account.record(index);
            let mut out = Vec::new();
            renderer.record(&mut out, account, &record);
            let clip: serde_json::Value = serde_json::from_slice(&out).unwrap();
            out.clear();
            renderer.truth(&mut out, account, &record, None);
            let truth: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(clip["clip_id"], truth["clip_id"]);
            assert!(clip["clip_id"].as_str().unwrap().len() >= 38);
            assert_eq!(clip.get("title"), truth.get("title"));
            assert_eq!(clip.get("duration"), truth.get("duration_seconds"));
            let sent: jiff::Timestamp = clip["created_date"].as_str().unwrap().parse().unwrap();
            let meant: jiff::Timestamp = truth["created_at"].as_str().unwrap().parse().unwrap();
            assert_eq!(sent, meant);
            let settings = &clip["share_link_settings"];
            assert_eq!(
                settings["enable_passcode"].as_bool().unwrap(),
                settings.get("passcode").is_some()
            );
        }
    }

    #[test]
    fn odd_records_are_json_too_and_rejects_are_not_in_the_truth() {
        let options = SandboxOptions {
            faults: Faults {
                malformed: Some(MalformedRecords {
                    one_in: 2,
                    kinds: MalformedRecord::ALL.to_vec(),
                }),
                ..Faults::default()
            },
            ..SandboxOptions::default()
        };
        let dataset = Dataset::new(&options);
        let account = &dataset.accounts[0];
        let renderer = renderer();
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..1000 {
            let record = account.record(index);
            let Some(malformed) = record.malformed else {
                continue;
            };
            seen.insert(malformed);
            let mut out = Vec::new();
            renderer.record(&mut out, account, &record);
            let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(&out).is_ok();
            assert_eq!(
                is_json,
                malformed != MalformedRecord::InvalidUtf8,
                "{malformed:?}"
            );
            out.clear();
            renderer.truth(&mut out, account, &record, None);
            assert_eq!(out.is_empty(), malformed.is_reject());
        }
        assert_eq!(seen.len(), MalformedRecord::ALL.len());
    }
}
