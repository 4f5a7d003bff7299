//! A rule: a query in SQL, and a header of comments that says what it is for.
//!
//! ```sql
//! -- title: Clips that were not changed for long
//! -- severity: info
//! -- why: What nobody changes may be forgotten.
//! -- fix: Ask the owner whether it is still needed.
//! -- refs: ISO 27001 A.8.10
//! -- param: days integer 365 Days without a change
//! SELECT *, 'not changed for ' || idle_days || ' days' AS detail
//! FROM clips
//! WHERE idle_days > $days
//! ```

use clipcensus::audit::{Severity, visible};

use crate::parameter::Parameter;

/// A rule, read from its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// The name of its file, without `.sql`: lower-case letters, digits and `-`.
    pub(crate) name: String,
    /// Where it stands: its file, or `built in`.
    pub(crate) place: String,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    /// Why it matters.
    pub(crate) why: String,
    /// What to do about a finding.
    pub(crate) fix: String,
    /// Controls that it bears on; may be empty.
    pub(crate) refs: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// Whether it finds changes since the snapshot before, so that each finding is of this snapshot alone:
    /// new, and never resolved.
    pub(crate) finds_changes: bool,
    /// The query.
    pub(crate) sql: String,
    /// Lines of the file before the query, by which an error in it is told.
    pub(crate) lines_before: usize,
}

/// What is wrong with a rule's text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The line, from 1.
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// Whether a rule may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !name.is_empty() && !name.starts_with('-') && name.len() <= 64 && name.chars().all(is_plain)
}

impl Rule {
    /// Reads a rule from its text.
    pub(crate) fn parse(name: &str, place: &str, text: &str) -> Result<Self, Wrong> {
        let mut header = Header::default();
        let mut lines_before = 0;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with("--") {
                break;
            }
            lines_before = at + 1;
            let Some((key, value)) = line.trim_start_matches('-').split_once(':') else {
                continue;
            };
            let wrong = |why| Wrong { line: at + 1, why };
            header.take(key.trim(), value.trim()).map_err(wrong)?;
        }
        let sql: Vec<&str> = text.lines().skip(lines_before).collect();
        let sql = sql.join("\n").trim_end().to_owned();
        let missing = |what: &str| Wrong {
            line: lines_before.max(1),
            why: format!(
                "a rule begins with lines such as `-- {what}: ...`, and this one has no {what}"
            ),
        };
        if sql.is_empty() {
            return Err(missing("query"));
        }
        Ok(Self {
            name: name.to_owned(),
            place: place.to_owned(),
            title: header.title.ok_or_else(|| missing("title"))?,
            severity: header.severity.ok_or_else(|| missing("severity"))?,
            why: header.why,
            fix: header.fix.ok_or_else(|| missing("fix"))?,
            refs: header.refs,
            parameters: header.parameters,
            finds_changes: header.finds_changes,
            sql,
            lines_before,
        })
    }

    /// All that there is to say about it.
    pub(crate) fn explained(&self) -> String {
        let mut lines = vec![format!("{} ({}): {}", self.name, self.severity, self.title)];
        let mut tell = |name: &str, text: &str| {
            if !text.is_empty() {
                lines.push(format!("{name}: {text}"));
            }
        };
        tell("why", &self.why);
        tell("fix", &self.fix);
        tell("refs", &self.refs.join(", "));
        for parameter in &self.parameters {
            tell("param", &parameter.explained());
        }
        if self.finds_changes {
            tell(
                "finds",
                "changes: each finding is new, and none is resolved",
            );
        }
        tell("from", &self.place);
        let mut text: String = lines
            .iter()
            .flat_map(|line| [visible(line), "\n".into()])
            .collect();
        text.push('\n');
        for line in self.sql.lines() {
            text.push_str(&visible(line));
            text.push('\n');
        }
        text
    }

    /// The parameters that have no value.
    pub(crate) fn unset(&self) -> Vec<&str> {
        let unset = self.parameters.iter().filter(|it| it.value.is_none());
        unset.map(|it| it.name.as_str()).collect()
    }
}

/// The header so far.
#[derive(Default)]
struct Header {
    title: Option<String>,
    severity: Option<Severity>,
    why: String,
    fix: Option<String>,
    refs: Vec<String>,
    parameters: Vec<Parameter>,
    finds_changes: bool,
}

impl Header {
    /// Takes a line up; a comment that only looks like one is none of the header.
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let is_twice = match key {
            "title" => self.title.is_some(),
            "severity" => self.severity.is_some(),
            "fix" => self.fix.is_some(),
            _ => false,
        };
        if is_twice {
            return Err(format!("{key:?} is there twice"));
        }
        match key {
            "title" => self.title = Some(value.to_owned()),
            "severity" => self.severity = Some(severity(value)?),
            "why" => value.clone_into(&mut self.why),
            "fix" => self.fix = Some(value.to_owned()),
            "refs" => {
                let refs = value.split(',').map(str::trim);
                self.refs = refs
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect();
            }
            "param" => {
                let parameter = Parameter::parse(value)?;
                if self.parameters.iter().any(|it| it.name == parameter.name) {
                    return Err(format!("the parameter {} is there twice", parameter.name));
                }
                self.parameters.push(parameter);
            }
            "finds" => {
                self.finds_changes = match value {
                    "changes" => true,
                    "conditions" => false,
                    other => return Err(format!("{other:?} is not found: changes or conditions")),
                }
            }
            key if key.contains(char::is_whitespace) => {}
            key => {
                return Err(format!(
                    "{key:?} is no key of a rule: title, severity, why, fix, refs, param, finds"
                ));
            }
        }
        Ok(())
    }
}

fn severity(name: &str) -> Result<Severity, String> {
    let found = Severity::ALL.into_iter().find(|it| it.name() == name);
    found.ok_or_else(|| format!("{name:?} is no severity: info, low, medium, high or critical"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- title: Old clips: too old\n-- severity: low\n-- fix: Delete them.\n\
        -- refs: A 1, B 2\n-- param: days integer 3 Days\n-- This is, by the way: no key.\n\n\
        SELECT *\nFROM clips\n";

    #[test]
    fn a_rule_is_a_header_and_a_query() {
        let rule = Rule::parse("old", "old.sql", TEXT).unwrap();
        assert_eq!(rule.title, "Old clips: too old");
        assert_eq!(rule.severity, Severity::Low);
        assert_eq!(rule.refs, ["A 1", "B 2"]);
        assert_eq!(rule.parameters.len(), 1);
        assert_eq!(rule.sql, "SELECT *\nFROM clips");
        assert_eq!(rule.lines_before, 7);
        assert!(rule.unset().is_empty());
    }

    #[test]
    fn what_is_wrong_in_a_header_is_told_with_its_line() {
        for (from, to, line, why) in [
            ("-- title: Old clips: too old\n", "", 6, "no title"),
            ("-- severity: low\n", "", 6, "no severity"),
            ("-- fix: Delete them.\n", "", 6, "no fix"),
            ("severity: low", "severity: huge", 2, "no severity"),
            ("-- fix:", "-- remedy:", 3, "no key of a rule"),
            ("integer 3", "integer x", 5, "no integer"),
            ("SELECT *\nFROM clips\n", "", 7, "no query"),
        ] {
            let text = TEXT.replace(from, to);
            let wrong = Rule::parse("old", "old.sql", &text).unwrap_err();
            assert_eq!(wrong.line, line, "{wrong:?}");
            assert!(wrong.why.contains(why), "{wrong:?}");
        }
        let twice = format!("-- severity: critical\n{TEXT}");
        assert_eq!(Rule::parse("old", "", &twice).unwrap_err().line, 3);
        let twice = format!("-- param: days integer 1 Days\n{TEXT}");
        assert_eq!(Rule::parse("old", "", &twice).unwrap_err().line, 6);
    }
}
