//! States, exceptions, and rules that are wrong.

use std::collections::BTreeSet;
use std::fs;

use clipcensus::audit::ExitCode;
use serde_json::json;

use super::*;
use crate::session::testing::{Rows, clip};

/// A rule about open clips.
fn rule(header: &str, sql: &str) -> Arc<Rule> {
    let text = format!("-- title: T\n-- severity: high\n-- fix: F\n{header}{sql}");
    Arc::new(Rule::parse("open", "open.sql", &text).unwrap())
}

const OPEN: &str = "SELECT *, 'open' AS detail FROM clips WHERE exposed";

fn open(ids: &[&str]) -> Rows {
    let columns = json!({ "share_scope": "ANYONE", "share_link": "https://zoom.us/x" });
    Rows {
        clips: ids.iter().map(|id| clip(id, &columns)).collect(),
        ..Rows::default()
    }
}

struct Case {
    now: Rows,
    before: Option<Rows>,
    exceptions: Exceptions,
    with_links: bool,
    only_new: bool,
}

impl Case {
    fn new(now: Rows, before: Option<Rows>) -> Self {
        Self {
            now,
            before,
            exceptions: Exceptions::default(),
            with_links: false,
            only_new: false,
        }
    }

    fn with_exceptions(self, text: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let rules = BTreeSet::from(["open".to_owned()]);
        Self {
            exceptions: Exceptions::read(file.path(), &rules).unwrap(),
            ..self
        }
    }

    async fn run(
        &self,
        rule: &Arc<Rule>,
    ) -> Result<(Outcome, Option<String>, Vec<Finding>), Error> {
        let now = self.now.session().await;
        let before = match &self.before {
            Some(before) => Some(before.session().await),
            None => None,
        };
        let people = People::from([(("a".to_owned(), "o".to_owned()), "Jo".to_owned())]);
        let evaluator = Evaluator {
            now: &now,
            before: before.as_ref(),
            people: &people,
            exceptions: &self.exceptions,
            with_links: self.with_links,
            only_new: self.only_new,
            day_before: Some(jiff::civil::date(2026, 11, 25)),
            today: jiff::civil::date(2026, 11, 26),
        };
        let mut findings = Vec::new();
        let show = |finding: &Finding| {
            findings.push(finding.clone());
            Ok(())
        };
        let (outcome, note) = evaluator.evaluate(rule, show).await?;
        Ok((outcome, note, findings))
    }

    async fn states(&self, rule: &Arc<Rule>) -> Vec<(String, State)> {
        let (_, _, findings) = self.run(rule).await.unwrap();
        let state = |it: &Finding| (it.subject.clip_id.clone().unwrap(), it.state);
        findings.iter().map(state).collect()
    }

    async fn refused(&self, rule: &Arc<Rule>) -> (String, ExitCode) {
        let failure = SqlFailure::from(self.run(rule).await.unwrap_err());
        (failure.why, failure.code)
    }
}

fn state(id: &str, state: State) -> (String, State) {
    (id.to_owned(), state)
}

#[tokio::test]
async fn a_finding_is_new_persisting_or_resolved_by_the_snapshot_before() {
    let case = Case::new(open(&["x", "y"]), Some(open(&["y", "z"])));
    let rule = rule("", OPEN);
    let states = [
        state("x", State::New),
        state("y", State::Persisting),
        state("z", State::Resolved),
    ];
    assert_eq!(case.states(&rule).await, states);
    let (outcome, _, _) = case.run(&rule).await.unwrap();
    let Outcome::Evaluated { counts, shown } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(counts.0, [1, 1, 1, 0]);
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[0].owner.as_deref(), Some("Jo"));
}

#[tokio::test]
async fn without_a_snapshot_before_every_finding_is_new() {
    let case = Case::new(open(&["x", "y"]), None);
    let states = [state("x", State::New), state("y", State::New)];
    assert_eq!(case.states(&rule("", OPEN)).await, states);
}

#[tokio::test]
async fn only_new_shows_the_new_ones_and_counts_all() {
    let case = Case {
        only_new: true,
        ..Case::new(open(&["x", "y"]), Some(open(&["y", "z"])))
    };
    let rule = rule("", OPEN);
    assert_eq!(case.states(&rule).await, [state("x", State::New)]);
    let (outcome, _, _) = case.run(&rule).await.unwrap();
    assert!(matches!(outcome, Outcome::Evaluated { counts, .. } if counts.0 == [1, 1, 1, 0]));
}

#[tokio::test]
async fn what_a_rule_about_changes_finds_is_new_and_never_resolved() {
    let case = Case::new(open(&["x", "y"]), Some(open(&["y", "z"])));
    let states = [state("x", State::New), state("y", State::New)];
    assert_eq!(
        case.states(&rule("-- finds: changes\n", OPEN)).await,
        states
    );
}

#[tokio::test]
async fn exceptions_hold_for_a_clip_an_owner_or_a_condition_up_to_their_last_day() {
    let except = |what: &str, until: &str| {
        let entry = format!("rule = 'open'\n{what}\nreason = 'r'\nuntil = {until}\n");
        let text = format!("[[exception]]\n{entry}");
        Case::new(open(&["x", "y"]), Some(open(&["x"]))).with_exceptions(&text)
    };
    let rule = rule("", OPEN);
    let (x, y) = (state("x", State::Excepted), state("y", State::New));
    let both = [x.clone(), state("y", State::Excepted)];
    let case = except("clip_id = 'x'", "2026-11-26");
    assert_eq!(case.states(&rule).await, [x.clone(), y.clone()]);
    assert_eq!(
        except("owner_id = 'o'", "2026-11-26").states(&rule).await,
        both
    );
    let condition =
        "where = \"share_scope = 'ANYONE' AND file_size_bytes >= 1000 AND clip_id <> 'y'\"";
    assert_eq!(except(condition, "2026-11-26").states(&rule).await, [x, y]);
    // What held at the snapshot before, and holds no longer, is back: who looks at new ones alone is told.
    let states = except("clip_id = 'x'", "2026-11-25").states(&rule).await;
    assert_eq!(states[0], state("x", State::New));
    let states = except("clip_id = 'x'", "2026-11-24").states(&rule).await;
    assert_eq!(states[0], state("x", State::Persisting));
    let (why, code) = except("where = 'no_such_column'", "2026-11-26")
        .refused(&rule)
        .await;
    assert!(
        why.contains("no_such_column") && why.contains("exception"),
        "{why}"
    );
    assert_eq!(code, ExitCode::Usage);
}

#[tokio::test]
async fn a_share_link_is_left_out_unless_it_is_asked_for() {
    let rule = rule("", OPEN);
    let mut case = Case::new(open(&["x"]), None);
    let link = |findings: Vec<Finding>| findings[0].share_link.clone();
    let (_, _, findings) = case.run(&rule).await.unwrap();
    assert_eq!(link(findings), None);
    case.with_links = true;
    let (_, _, findings) = case.run(&rule).await.unwrap();
    assert_eq!(link(findings).as_deref(), Some("https://zoom.us/x"));
}

#[tokio::test]
async fn a_wrong_rule_is_named_with_its_file_line_and_column() {
    let case = Case::new(open(&["x"]), None);
    for (sql, place, why) in [
        (
            "SELECT clip_id\nFROM clips\nWHERE nope",
            "line 6, column 7",
            "nope",
        ),
        ("SELECT clip_id\nFORM clips", "line 5, column", "SQL"),
        ("SELECT clip_id FROM klips", "line 4", "klips"),
        (
            "SELECT title FROM clips",
            "open.sql",
            "returns clip_id, owner_id or snapshot_date",
        ),
        ("DELETE FROM clips", "open.sql", "only read"),
        ("COPY clips TO '/tmp/x.csv'", "open.sql", "only read"),
        (
            "SELECT clip_id FROM clips WHERE age_days > $days",
            "open.sql",
            "days",
        ),
        ("SELECT clip_id, clip_id / 0 FROM clips", "open.sql", ""),
    ] {
        let (told, code) = case.refused(&rule("", sql)).await;
        assert!(told.contains(place) && told.contains(why), "{sql}: {told}");
        assert_eq!(code, ExitCode::Usage, "{sql}: {told}");
    }
}

#[tokio::test]
async fn of_an_owner_that_the_snapshot_before_lacks_it_is_said_that_all_is_new() {
    let owners = |rows: Rows| Rows {
        owners: Some(vec![json!({ "account_id": "a", "id": "o" })]),
        ..rows
    };
    let case = Case::new(owners(open(&["x"])), Some(open(&["x"])));
    let sql = "SELECT c.* FROM clips c JOIN owners o ON c.owner_id = o.id";
    let (_, note, findings) = case.run(&rule("", sql)).await.unwrap();
    assert!(note.unwrap().contains("shown as new"));
    assert_eq!(findings[0].state, State::New);
}

#[tokio::test]
async fn as_many_findings_as_there_are_are_counted_and_few_are_kept() {
    let ids: Vec<String> = (0..300).map(|at| format!("c{at:03}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let case = Case::new(open(&ids), Some(open(&ids[200..])));
    let (outcome, _, findings) = case.run(&rule("", OPEN)).await.unwrap();
    assert_eq!(findings.len(), 300);
    let Outcome::Evaluated { counts, shown } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(counts.0, [200, 100, 0, 0]);
    assert_eq!(shown.len(), 2 * KEPT);
}
