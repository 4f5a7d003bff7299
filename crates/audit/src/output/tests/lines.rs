//! The forms that are written a finding at a time.

use std::io;
use std::io::{ErrorKind, Write};

use clipcensus::audit::Severity;
use serde_json::Value;

use super::made_up::{
    HOSTILE, LINK, about, audit, clip, excepted, findings, linked, mixed, owner, rule, snapshot,
};
use crate::finding::{Audit, Finding, State};
use crate::output::{csv, json, ocsf};

type Form = fn(&mut dyn Write, &Audit, &Finding) -> io::Result<()>;

fn line(form: Form, finding: &Finding) -> String {
    let mut output = Vec::new();
    form(&mut output, &audit(Vec::new()), finding).unwrap();
    String::from_utf8(output).unwrap()
}

/// The cells of all lines, the header's first.
fn cells(findings: &[&Finding]) -> Vec<Vec<String>> {
    let mut output = Vec::new();
    csv::begin(&mut output).unwrap();
    for finding in findings {
        csv::write(&mut output, &audit(Vec::new()), finding).unwrap();
    }
    let text = output.strip_prefix("\u{feff}".as_bytes()).unwrap();
    let mut lines = ::csv::ReaderBuilder::new();
    let lines = lines.has_headers(false).from_reader(text).into_records();
    // Without `flexible`, a line of another length is an error.
    lines
        .map(|line| line.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_line_of_json_has_the_promised_keys_in_their_order() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let finding = excepted(linked(clip(&open, State::New, 7, Some("Town hall"))));
    let expected = format!(
        "{{\"rule\":\"open-without-passcode\",\"severity\":\"high\",\"state\":\"excepted\",\
         \"account_id\":\"acc-1\",\"clip_id\":\"clip-007\",\"owner_id\":\"owner-1\",\
         \"title\":\"Town hall\",\"detail\":\"open to anyone, watched 12 times\",\
         \"fingerprint\":\"{}\",\"owner\":\"Ada Lovelace\",\"snapshot_date\":null,\
         \"share_link\":\"{LINK}\",\"exception\":{{\"reason\":\"=Published on purpose,\\n\\\"by\\\" \
         marketing\",\"until\":\"2027-03-31\"}}}}\n",
        finding.fingerprint.hex()
    );
    assert_eq!(line(json::write, &finding), expected);
}

#[test]
fn what_a_finding_has_not_is_null_in_json_and_a_link_is_no_key_at_all() {
    let old = rule("snapshot-old", Severity::Low, "Old");
    let line = line(json::write, &about(&old, State::New, snapshot()));
    let read: Value = serde_json::from_str(&line).unwrap();
    for key in [
        "account_id",
        "clip_id",
        "owner_id",
        "title",
        "owner",
        "exception",
    ] {
        assert_eq!(read.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(read.get("share_link"), None);
    assert_eq!(read["snapshot_date"], "2026-11-23");
}

#[test]
fn each_finding_is_one_line_of_json_that_reads_back_as_it_was() {
    let audit = mixed();
    for form in [json::write, ocsf::write] {
        for finding in findings(&audit) {
            let line = line(form, finding);
            let (line, end) = line.split_at(line.len() - 1);
            assert_eq!(end, "\n");
            let steers = |letter: &char| letter.is_control() || *letter == '\u{202e}';
            assert_eq!(line.chars().find(steers), None, "{line}");
            let read: Value = serde_json::from_str(line).unwrap();
            let title = read.get("title").unwrap_or(&read["resources"][0]["name"]);
            assert_eq!(title.as_str(), finding.title.as_deref());
        }
    }
}

#[test]
fn csv_has_the_columns_of_json_and_as_many_cells_in_every_line() {
    let audit = mixed();
    let findings = findings(&audit);
    let lines = cells(&findings);
    assert_eq!(lines.len(), findings.len() + 1);
    let json: Value =
        serde_json::from_str(&line(json::write, &linked(findings[0].clone()))).unwrap();
    let mut keys: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut columns: Vec<&str> = lines[0].iter().map(String::as_str).collect();
    columns.retain(|column| !column.starts_with("exception_"));
    keys.retain(|key| *key != "exception");
    keys.sort_unstable();
    columns.sort_unstable();
    assert_eq!(columns, keys);
}

#[test]
fn a_line_of_csv_has_what_the_finding_has_where_its_column_is() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let quota = rule("owner-over-quota", Severity::Medium, "Owners");
    let clip = excepted(linked(clip(&open, State::New, 7, Some("Town hall"))));
    let owner = about(&quota, State::Persisting, owner());
    let lines = cells(&[&clip, &owner]);
    let hex = clip.fingerprint.hex();
    assert_eq!(
        lines[1],
        [
            "open-without-passcode",
            "high",
            "excepted",
            "acc-1",
            "clip-007",
            "owner-1",
            "Town hall",
            "open to anyone, watched 12 times",
            &hex,
            "Ada Lovelace",
            "",
            LINK,
            "'=Published on purpose,\n\"by\" marketing",
            "2027-03-31",
        ]
    );
    assert_eq!(lines[2][4], "");
    assert_eq!(lines[2][5], "owner-2");
}

#[test]
fn no_cell_is_a_formula_and_lines_end_as_rfc_4180_says() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let finding = clip(&open, State::New, 1, Some(HOSTILE[0]));
    let line = line(csv::write, &finding);
    assert!(line.contains(",'=cmd|"), "{line}");
    assert!(line.ends_with("\r\n"));
}

/// Takes so many bytes, and counts how often it is flushed.
struct Pipe {
    room: usize,
    flushes: usize,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.room {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.room -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_told_from_other_errors() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let finding = clip(&open, State::New, 1, None);
    for form in [json::write, csv::write, ocsf::write] {
        let mut pipe = Pipe {
            room: 20,
            flushes: 0,
        };
        let error = form(&mut pipe, &audit(Vec::new()), &finding).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn a_line_is_not_flushed_by_itself() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let finding = clip(&open, State::New, 1, None);
    for form in [json::write, csv::write, ocsf::write] {
        let mut pipe = Pipe {
            room: 10_000,
            flushes: 0,
        };
        form(&mut pipe, &audit(Vec::new()), &finding).unwrap();
        assert_eq!(pipe.flushes, 0);
    }
}
