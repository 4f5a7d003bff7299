//! The pages: compared with those in `pages/` line by line, and what must be so of each.

use std::path::Path;

use clipcensus::audit::{Severity, width};

use super::made_up::{
    HOSTILE, LINK, about, account, audit, clip, evaluated, excepted, linked, mixed, not_evaluated,
    owner, rule, snapshot,
};
use crate::finding::{Audit, Finding, State};
use crate::output::subject::Named;
use crate::output::{html, junit, markdown, text};
use crate::subject::Subject;

#[test]
fn a_mixed_audit_looks_as_it_did() {
    let audit = mixed();
    same(&text(&audit), "mixed.txt");
    same(&markdown(&audit), "mixed.md");
    same(&junit(&audit), "mixed.xml");
    let page = html(&audit);
    // The library's style and script have tests of their own.
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("<script>").unwrap();
    same(body, "mixed.html");
}

#[test]
fn only_what_is_new_is_shown_where_that_was_asked_for() {
    let audit = Audit {
        only_new: true,
        ..mixed()
    };
    same(&text(&audit), "only_new.txt");
    let page = text(&audit);
    assert!(page.contains("Only new findings are shown."));
    for other in [
        "persisting",
        "Persisting",
        "owner-over-quota: ",
        "Weekly review",
    ] {
        assert!(!page.contains(other), "{other}");
    }
    let xml = junit(&audit);
    assert!(xml.contains("failures=\"2\""));
    assert!(xml.contains("message=\"10 new findings\""));
    assert!(!xml.contains("Weekly review"));
}

#[test]
fn the_first_ten_lines_say_what_was_found_in_what() {
    let page = text(&mixed());
    let first: Vec<&str> = page.lines().take(10).collect();
    let first = first.join("\n");
    for told in [
        "2026-11-23",
        "1,239 open findings: 2 critical, 1,234 high, 2 medium, 1 low.",
        "SIMULATED ACCOUNT",
        "not evaluated, and so not passed: owner-gone.",
        "12 new",
    ] {
        assert!(first.contains(told), "{told:?} in\n{first}");
    }
}

#[test]
fn nothing_found_claims_no_more_than_was_evaluated() {
    let stale = rule(
        "stale",
        Severity::Info,
        "Clips that were not changed for long",
    );
    let gone = rule(
        "owner-gone",
        Severity::High,
        "Clips of owners that have left",
    );
    let nothing = || evaluated(&stale, [0; 4], Vec::new());
    let unknown = || not_evaluated(&gone, "the snapshot has no owners");
    let first = excepted(clip(&stale, State::New, 1, None));
    let resolved = clip(&stale, State::Resolved, 1, None);
    let cases = [
        (
            vec![nothing(), nothing()],
            "None of the 2 rules that were evaluated found anything.",
        ),
        (
            vec![nothing(), unknown()],
            "The one rule that was evaluated did not find anything.",
        ),
        (
            vec![nothing(), evaluated(&stale, [0, 0, 0, 1], vec![first])],
            "None of the 2 rules that were evaluated found anything that is not excepted.",
        ),
        (
            vec![nothing(), evaluated(&stale, [0, 0, 1, 0], vec![resolved])],
            "None of the 2 rules that were evaluated found anything.",
        ),
        (
            vec![unknown()],
            "No rule was evaluated: whether anything breaks one is not known.",
        ),
    ];
    for (results, told) in cases {
        let audit = audit(results);
        for page in [text(&audit), markdown(&audit), html(&audit)] {
            let page = page.replace("\n    ", " ");
            assert!(page.contains(told), "{told:?} in\n{page}");
        }
    }
}

#[test]
fn nothing_new_is_not_nothing_found() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let results = vec![evaluated(&open, [0, 3, 0, 0], Vec::new())];
    let audit = Audit {
        only_new: true,
        ..audit(results)
    };
    let page = text(&audit);
    assert!(page.contains("The one rule that was evaluated did not find anything new."));
    assert!(page.contains("1 rule evaluated without new findings"));
}

#[test]
fn a_page_is_good_only_if_everything_is_known_and_nothing_is_open() {
    let stale = rule(
        "stale",
        Severity::Info,
        "Clips that were not changed for long",
    );
    let nothing = || evaluated(&stale, [0; 4], Vec::new());
    let is_good = |audit: &Audit| html(audit).contains("class=\"verdict verified\"");
    assert!(is_good(&audit(vec![nothing()])));
    assert!(!is_good(&audit(Vec::new())));
    assert!(!is_good(&audit(vec![
        nothing(),
        not_evaluated(&stale, "no owners")
    ])));
    assert!(!is_good(&audit(vec![evaluated(
        &stale,
        [0, 1, 0, 0],
        Vec::new()
    )])));
    assert!(!is_good(&Audit {
        verdict: "incomplete",
        ..audit(vec![nothing()])
    }));
}

#[test]
fn a_snapshot_that_is_not_verified_is_said_to_be_so_before_anything_else() {
    let stale = rule(
        "stale",
        Severity::Info,
        "Clips that were not changed for long",
    );
    let audit = Audit {
        verdict: "incomplete",
        ..audit(vec![evaluated(&stale, [0; 4], Vec::new())])
    };
    for page in [text(&audit), markdown(&audit), html(&audit)] {
        assert!(page.contains("WARNING: the snapshot is incomplete"));
    }
}

#[test]
fn without_an_earlier_snapshot_it_is_said_why_all_is_new() {
    let audit = Audit {
        since: None,
        ..mixed()
    };
    let page = text(&audit);
    assert!(page.contains("Compared with no earlier snapshot, so that every finding is new."));
    assert!(junit(&audit).contains("name=\"compared_with\" value=\"none\""));
}

#[test]
fn titles_forge_no_line_and_steer_no_terminal_in_any_page() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let of = |title: &str| {
        let mut finding = clip(&open, State::New, 1, Some(title));
        finding.detail = Some(title.to_owned());
        finding.owner = Some(title.to_owned());
        let mut audit = audit(vec![
            evaluated(&open, [1, 0, 0, 0], vec![finding]),
            not_evaluated(&open, title),
        ]);
        audit.notes = vec![title.to_owned()];
        audit.out = title.to_owned();
        audit
    };
    let long = "x".repeat(5_000);
    for title in HOSTILE.into_iter().chain([long.as_str()]) {
        for form in [text, markdown, html, junit] {
            let page = form(&of(title));
            let hidden =
                |letter: &char| letter.is_control() && *letter != '\n' || *letter == '\u{202e}';
            assert_eq!(page.chars().find(hidden), None, "{title:?} in\n{page}");
            assert!(!page.contains(&"x".repeat(1_001)), "cut");
            assert!(!page.contains("\nerror: "));
        }
        // Text alone breaks its lines.
        let page = text(&of(title));
        assert!(page.lines().all(|line| width(line) <= 80), "{page}");
        for form in [markdown, html, junit] {
            let (page, plain) = (form(&of(title)), form(&of("plain")));
            assert_eq!(
                page.lines().count(),
                plain.lines().count(),
                "{title:?} in\n{page}"
            );
        }
        let page = html(&of(title));
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!page.contains("<img"));
    }
}

#[test]
fn junit_is_well_formed_whatever_stands_in_a_title() {
    let xml = junit(&mixed());
    let is_allowed = |letter: char| matches!(letter, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|letter| !is_allowed(*letter)), None);
    let (_, elements) = xml.split_once("?>\n").unwrap();
    let mut open = Vec::new();
    for piece in elements.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        assert!(!text.contains('>') && is_escaped(text), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let attributes = attributes.strip_suffix('/').unwrap_or(attributes);
        // Names with an equals sign, and values in quotes: the quotes come in pairs.
        assert!(
            attributes.matches('"').count().is_multiple_of(2),
            "{attributes}"
        );
        assert!(
            attributes.split('"').skip(1).step_by(2).all(is_escaped),
            "{attributes}"
        );
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert_eq!(xml.matches("<testcase ").count(), mixed().results.len());
    assert_eq!(xml.matches("<failure ").count(), 4);
    assert_eq!(xml.matches("<skipped ").count(), 2);
    assert!(xml.contains("tests=\"9\" failures=\"4\" errors=\"0\" skipped=\"2\""));
}

/// Whether each ampersand begins a reference.
fn is_escaped(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| {
        let known = ["amp;", "lt;", "gt;", "quot;"];
        known.iter().any(|name| rest.starts_with(name))
    })
}

#[test]
fn a_share_link_is_shown_where_the_finding_has_it_and_has_no_column_where_none_has() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let bare = clip(&open, State::New, 1, Some("Town hall"));
    let counts = [1, 0, 0, 0];
    let with = audit(vec![evaluated(&open, counts, vec![linked(bare.clone())])]);
    let without = audit(vec![evaluated(&open, counts, vec![bare])]);
    for form in [text, html, junit] {
        assert!(form(&with).contains(LINK));
    }
    let end = "AbCdEf-0123456789_abcdefghij";
    assert!(markdown(&with).contains(end));
    for form in [text, markdown, html, junit] {
        let page = form(&without);
        assert!(
            !page.contains("Share link") && !page.contains(end),
            "{page}"
        );
    }
}

#[test]
fn a_rule_names_its_first_findings_and_says_how_many_more_there_are() {
    let page = text(&mixed());
    let (_, rule) = page.split_once("open-without-passcode: ").unwrap();
    let (rule, _) = rule.split_once("\n\n").unwrap();
    assert_eq!(rule.matches("open to anyone").count(), 5);
    assert!(rule.contains("and 1,229 more findings"), "{rule}");
    let page = markdown(&mixed());
    let (_, rule) = page.split_once("open-without-passcode: ").unwrap();
    let (rule, _) = rule.split_once("\n## ").unwrap();
    assert_eq!(rule.matches("open to anyone").count(), 25);
    assert!(rule.contains("and 1,209 more findings"), "{rule}");
}

#[test]
fn findings_that_are_resolved_or_excepted_are_not_named_as_open_and_exceptions_have_their_reason() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let shown = vec![
        clip(&open, State::New, 1, Some("Open now")),
        clip(&open, State::Resolved, 2, Some("Closed since")),
        excepted(clip(&open, State::New, 3, Some("Open on purpose"))),
    ];
    let audit = audit(vec![evaluated(&open, [1, 0, 1, 1], shown)]);
    for form in [text, markdown, html, junit] {
        let page = form(&audit);
        let (open, excepted) = page.split_once("Excepted findings").unwrap_or((&page, ""));
        assert!(open.contains("Open now"));
        assert!(
            !page.contains("Closed since") && !open.contains("Open on purpose"),
            "{page}"
        );
        let is_listed = excepted.contains("Open on purpose") && excepted.contains("marketing");
        assert!(is_listed || page.starts_with("<?xml"), "{page}");
    }
    assert!(junit(&audit).contains("1 new, 0 persisting, 1 resolved, 1 excepted"));
}

#[test]
fn what_a_finding_is_about_is_called_by_its_name_and_else_by_its_id() {
    let open = rule("open-without-passcode", Severity::High, "Open clips");
    let named = |finding: &Finding| Named::of(finding).name;
    let mut finding = clip(&open, State::New, 1, Some("Town hall"));
    assert_eq!(named(&finding), "Town hall");
    for blank in [None, Some(" \t".to_owned())] {
        finding.title = blank;
        assert_eq!(named(&finding), "clip-001");
    }
    let mut person = about(&open, State::New, owner());
    assert_eq!(named(&person), "owner-2");
    person.owner = Some("Grace Hopper".to_owned());
    assert_eq!(named(&person), "Grace Hopper");
    assert_eq!(Named::of(&person).id.as_deref(), Some("owner-2"));
    assert_eq!(
        named(&about(&open, State::New, snapshot())),
        "the snapshot of 2026-11-23"
    );
    assert_eq!(named(&about(&open, State::New, account())), "account acc-1");
    assert_eq!(
        named(&about(&open, State::New, Subject::default())),
        "the whole snapshot"
    );
}

/// Compares a page with the expected one. With `UPDATE_PAGES` set in the environment, it becomes the expected
/// one.
fn same(page: &str, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/output/tests/pages")
        .join(name);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = page.lines().zip(expected.lines());
    let differs = lines.enumerate().find(|(_, (ours, theirs))| ours != theirs);
    assert!(page == expected, "{name} differs: {differs:?}");
}
