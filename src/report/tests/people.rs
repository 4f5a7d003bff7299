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
fn every_page_shows_the_name_first_and_e_mail_department_and_id_behind_it() {
    let summary = named(&four(), &[("ada", person("Ada L", "ada@x.example", "R&D"))]);
    let text = text(&summary);
    insta::assert_snapshot!(between(&text, "Storage by owner", "Status"), @r"
    Storage by owner
      Owner  Clips  Stored   Share  Exposed  Length
      Ada L      1   500 B  41.7 %        0  1m 30s
        ada@x.example  R&D  ada
      bob        1   300 B  25.0 %        0  1m 30s
        not found
      eve        1   300 B  25.0 %        0  1m 30s
        not found
      dan        1   100 B   8.3 %        0  1m 30s
        not found

    Owners who are gone or inactive
      not found: 3 owners with 3 clips, 700 B, 0 of them exposed
      Inactive users cannot sign in. Deleted: Zoom answers that there is no such
        user. Unreadable: Zoom does not let the app see the user. Not found: the
        user is in no list, and Zoom was not or could not be asked why, as in a
        sub-account.
      Owner  Clips  Stored  Exposed
      bob        1   300 B        0
        not found
      eve        1   300 B        0
        not found
      dan        1   100 B        0
        not found

    Storage by department
      Department       Owners  Clips  Stored   Share
      (no department)       3      3   700 B  58.3 %
      R&D                   1      1   500 B  41.7 %
    ");
    assert!(text.contains("Ada L, ada@x.example  c1"), "{text}");
    let page = markdown(&summary);
    assert!(
        page.contains("| Ada L | ada@x.example | R&amp;D |  | ada | 1 |"),
        "{page}"
    );
    let page = html(&summary);
    assert!(
        page.contains(
            "<bdi>Ada L</bdi> <small><bdi>ada@x.example</bdi> · <bdi>R&amp;D</bdi> · \
             <bdi>ada</bdi></small>"
        ),
        "{page}"
    );
    assert!(page.contains("Storage by department"), "{page}");
    let read: serde_json::Value = serde_json::from_str(&json(&summary)).unwrap();
    let first = serde_json::json!({
        "owner_id": "ada", "email": "ada@x.example", "name": "Ada L", "department": "R&D",
        "user_status": "active", "clips": 1, "bytes": 500, "bytes_percent": 41.6667,
        "duration_seconds": 90.5, "clips_by_status": { "RECORD_SUCCESS": 1 },
        "exposed": { "clips": 0, "bytes": 0 },
    });
    assert_eq!(read["owners"][0], first);
    assert_eq!(read["owners"][1].get("email"), None);
    let back: Summary = serde_json::from_value(read).unwrap();
    assert_eq!(back, summary);
}

#[test]
fn two_owners_of_one_name_are_told_apart_wherever_they_are_named() {
    let open = |id, owner, bytes| Clip {
        share_scope: Some("ANYONE".into()),
        ..clip(id, owner, "RECORD_SUCCESS", bytes)
    };
    let clips = [
        open("c1", "u1", 500),
        open("c2", "u2", 300),
        open("c3", "u3", 200),
    ];
    let people = [
        ("u1", person("Jo Ng", "jo@x", "")),
        ("u2", person("Jo Ng", "jo.ng@x", "")),
        ("u3", person("Jo Ng", "", "")),
    ];
    let summary = named(&clips, &people);
    for page in [text(&summary), markdown(&summary), html(&summary)] {
        for name in ["Jo Ng (jo@x)", "Jo Ng (jo.ng@x)", "Jo Ng (u3)"] {
            assert!(page.contains(name), "{name} in {page}");
        }
    }
    // In the tables of owners by what stands behind the name.
    let text = text(&summary);
    insta::assert_snapshot!(between(&text, "Exposed clips", "Newest exposed"), @r"
    Exposed clips
      EXPOSED: 3 clips, 1.0 kB of 3 owners can be watched by anyone with the link
      Exposed: the link is open to anyone and asks for no passcode. Whoever gets
        it can watch the clip without signing in; one that is still being recorded
        or made, as soon as it is there.
      Owner  Exposed  Stored in them  Clips in all
      Jo Ng        1           500 B             1
        jo@x  u1
      Jo Ng        1           300 B             1
        jo.ng@x  u2
      Jo Ng        1           200 B             1
        u3
    ");
}

#[test]
fn no_e_mail_address_is_cut_away_in_the_text() {
    let email = format!("{}@example.com", "x".repeat(50));
    let name = "A name that is long as such names are ".repeat(2);
    let department = "Department of departments".repeat(2);
    let ada = person(name.trim(), &email, &department);
    let text = text(&named(&four(), &[("ada", ada)]));
    let storage = between(&text, "Storage by owner", "Storage by department");
    assert!(storage.contains(&email), "{storage}");
}

#[test]
fn owners_who_are_gone_or_inactive_are_told_with_what_they_hold() {
    let inactive = Person {
        status: Some("inactive".to_owned()),
        ..person("Bob", "bob@x", "")
    };
    let mut clips = four();
    clips[1].share_scope = Some("ANYONE".into());
    let people = [
        ("ada", person("Ada", "ada@x", "")),
        ("bob", inactive),
        ("eve", person("Eve", "eve@x", "")),
    ];
    let summary = named(&clips, &people);
    let text = text(&summary);
    insta::assert_snapshot!(between(&text, "Owners who are gone", "Storage by department"), @r"
    Owners who are gone or inactive
      inactive: 1 owner with 1 clip, 300 B, 1 of them exposed
      not found: 1 owner with 1 clip, 100 B, 0 of them exposed
      Inactive users cannot sign in. Deleted: Zoom answers that there is no such
        user. Unreadable: Zoom does not let the app see the user. Not found: the
        user is in no list, and Zoom was not or could not be asked why, as in a
        sub-account.
      Owner  Clips  Stored  Exposed
      Bob        1   300 B        1
        inactive  bob@x  bob
      dan        1   100 B        0
        not found
    ");
    for page in [markdown(&summary), html(&summary)] {
        assert!(
            page.contains("not found: 1 owner with 1 clip, 100 B"),
            "{page}"
        );
    }
    let statuses = serde_json::to_value(&summary.user_statuses).unwrap();
    assert_eq!(statuses[1]["user_status"], "inactive");
    assert_eq!(statuses[1]["exposed"]["clips"], 1);

    let all = ["ada", "bob", "eve", "dan"].map(|id| (id, person(id, "", "")));
    let page = markdown(&named(&four(), &all));
    assert!(page.contains("- every owner is an active user"), "{page}");
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
