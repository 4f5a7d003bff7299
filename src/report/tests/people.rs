//! Owners with names: who is named, what departments sum up to, and that names are harmless.

use unicode_width::UnicodeWidthStr;

use super::{clean_run, clip, mixed, summary};
use crate::clip::Clip;
use crate::clip::owner::{People, Person};
use crate::report::{Summary, html, json, markdown, text};

fn person(name: &str, email: &str, department: &str) -> Person {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Person {
        name: known(name),
        email: known(email),
        department: known(department),
        status: Some("active".to_owned()),
    }
}

fn named(clips: &[Clip<'_>], people: &[(&str, Person)]) -> Summary {
    let mut summary = summary(clips, &clean_run(clips.len() as u64));
    let people: People = people
        .iter()
        .map(|(id, person)| ((*id).to_owned(), person.clone()))
        .collect();
    summary.name_owners(people);
    summary
}

/// A part of a page, from a heading to the next.
fn between(page: &str, heading: &str, next: &str) -> String {
    let (_, rest) = page.split_once(heading).unwrap();
    let (part, _) = rest.split_once(next).unwrap();
    format!("{heading}{}", part.trim_end())
}

fn four() -> Vec<Clip<'static>> {
    vec![
        clip("c1", "ada", "RECORD_SUCCESS", 500),
        clip("c2", "bob", "RECORD_SUCCESS", 300),
        clip("c3", "eve", "RECORD_SUCCESS", 300),
        clip("c4", "dan", "RECORD_SUCCESS", 100),
    ]
}

#[test]
fn departments_hold_what_their_owners_hold_and_nobody_is_left_out() {
    let people = [
        ("ada", person("Ada", "ada@x", "Legal")),
        ("bob", person("Bob", "bob@x", "Arts")),
        ("eve", person("Eve", "eve@x", "Legal")),
        ("gone", person("Nobody", "no@x", "Nowhere")),
    ];
    let summary = named(&four(), &people);
    let departments: Vec<(Option<&str>, u64, u64, u128, String)> = summary
        .departments
        .iter()
        .map(|it| {
            let percent = it.bytes_percent.to_string();
            (
                it.department.as_deref(),
                it.owners,
                it.clips,
                it.bytes.0,
                percent,
            )
        })
        .collect();
    let expected = [
        (Some("Legal"), 2, 2, 800, "66.6667".to_owned()),
        (Some("Arts"), 1, 1, 300, "25".to_owned()),
        (None, 1, 1, 100, "8.3333".to_owned()),
    ];
    assert_eq!(departments, expected);
}

#[test]
fn every_page_shows_name_e_mail_and_department_beside_the_id() {
    let summary = named(&four(), &[("ada", person("Ada L", "ada@x.example", "R&D"))]);
    let text = text(&summary);
    insta::assert_snapshot!(between(&text, "Storage by owner", "Status"), @r"
    Storage by owner
      Owner  Clips  Stored   Share  Length  Exposed
      ada        1   500 B  41.7 %  1m 30s        0
        Ada L  ada@x.example  R&D
      bob        1   300 B  25.0 %  1m 30s        0
        (unknown)
      eve        1   300 B  25.0 %  1m 30s        0
        (unknown)
      dan        1   100 B   8.3 %  1m 30s        0
        (unknown)

    Storage by department
      Department       Owners  Clips  Stored   Share
      (no department)       3      3   700 B  58.3 %
      R&D                   1      1   500 B  41.7 %
    ");
    assert!(text.contains("c1  ada (Ada L, ada@x.example)"), "{text}");
    let page = markdown(&summary);
    assert!(
        page.contains("| ada | Ada L | ada@x.example | R&amp;D | 1 |"),
        "{page}"
    );
    let page = html(&summary);
    for shown in ["Ada L", "ada@x.example", "Storage by department", "R&amp;D"] {
        assert!(page.contains(shown), "{shown}");
    }
    let read: serde_json::Value = serde_json::from_str(&json(&summary)).unwrap();
    let first = serde_json::json!({
        "owner_id": "ada", "email": "ada@x.example", "name": "Ada L", "department": "R&D",
        "user_status": "active", "clips": 1, "bytes": 500, "bytes_percent": 41.6667,
        "duration_seconds": 90.5, "clips_by_status": { "RECORD_SUCCESS": 1 },
        "open_without_passcode": { "clips": 0, "bytes": 0 },
    });
    assert_eq!(read["owners"][0], first);
    assert_eq!(read["owners"][1].get("email"), None);
    let back: Summary = serde_json::from_value(read).unwrap();
    assert_eq!(back, summary);
}

#[test]
fn where_nobody_is_known_the_pages_are_as_if_nobody_had_asked() {
    let plain = summary(&four(), &clean_run(4));
    let asked = named(&four(), &[("ada", Person::default())]);
    assert_eq!(asked, plain);
    assert_eq!(named(&four(), &[]), plain);
    assert!(!json(&plain).contains("email"));
}

#[test]
fn hostile_names_make_no_markup_and_no_line_wider() {
    let wild = "週\u{202e}|<b>\n".repeat(200);
    let people = ["ada", "bob", "_x_|<b>"].map(|id| (id, person(&wild, &wild, &wild)));
    let summary = named(&mixed(), &people);
    for line in text(&summary).lines() {
        assert!(line.width() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    let page = markdown(&summary);
    assert!(
        !page.contains("<b>") && !page.contains('\u{202e}'),
        "{page}"
    );
    let cells = |line: &str| line.matches('|').count();
    let mut table = page.lines().skip_while(|line| !line.starts_with("| Owner"));
    let wanted = cells(table.next().unwrap());
    let rows = table.take_while(|line| line.starts_with('|'));
    assert!(rows.map(cells).all(|found| found == wanted));
}
