//! The rules of an audit: those built in, and those of a folder; switched off, and their parameters set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clipcensus::audit::{AuditArgs, AuditTable, SetParameter, visible};

use crate::error::Error;
use crate::rule::{Rule, is_name};

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../rules/", $name, ".sql")))),+]
    };
}

/// The rules that are there without any folder, by name.
const BUILT_IN: [(&str, &str); 16] = built_in![
    "missing-tag",
    "newly-open",
    "open-passcode-unknown",
    "open-with-passcode",
    "open-without-passcode",
    "over-retention",
    "owner-gone",
    "owner-inactive",
    "owner-over-quota",
    "reclaimable",
    "snapshot-old",
    "snapshot-unproven",
    "stale",
    "sudden-drop",
    "suspended-or-unknown-status",
    "title-pattern",
];

/// Where a rule of those stands, for who asks.
const BUILT_IN_PLACE: &str = "built in";

/// A rule's text has at most so many bytes.
const LONGEST: u64 = 1 << 20;

/// All rules, and which of them are wanted.
#[derive(Debug)]
pub(crate) struct Rules {
    /// All of them, the worst severity first, then by name.
    pub(crate) all: Vec<Rule>,
    /// The names of those that are switched off.
    pub(crate) off: Vec<String>,
    /// The names of all that there are, also of those that are not asked for.
    pub(crate) names: BTreeSet<String>,
    /// In what they are not those built in: what a reader of a page has to know.
    pub(crate) differences: Vec<String>,
}

impl Rules {
    /// The rules of an audit: parameters of flags come before those of the settings file.
    pub(crate) fn of(args: &AuditArgs, table: &AuditTable) -> Result<Self, Error> {
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        for (name, text) in BUILT_IN {
            rules.insert(name.to_owned(), parsed(name, BUILT_IN_PLACE, text)?);
        }
        let mut differences = Vec::new();
        if let Some(folder) = args.rules.as_deref().or(table.rules.as_deref()) {
            for rule in of_folder(folder)? {
                let (name, place) = (rule.name.clone(), rule.place.clone());
                let former = rules.insert(name.clone(), rule);
                let instead = former.map_or("", |_| ", in place of the one built in");
                differences.push((
                    name.clone(),
                    format!("the rule {name} is from {place}{instead}"),
                ));
            }
        }
        for (name, parameters) in &table.parameters {
            let rule = known(&mut rules, name, "[audit.parameters] of the settings file")?;
            for (parameter, value) in parameters {
                let told = set(rule, parameter, |it| it.set_toml(value))?;
                differences.push((name.clone(), told));
            }
        }
        for SetParameter { rule, name, value } in &args.set {
            let of = known(&mut rules, rule, "--set")?;
            let told = set(of, name, |it| it.set(value))?;
            differences.push((rule.clone(), told));
        }
        for name in &table.off {
            known(&mut rules, name, "off of the settings file")?;
        }
        let names = rules.keys().cloned().collect();
        let mut off = table.off.clone();
        if !args.rule.is_empty() {
            for name in &args.rule {
                known(&mut rules, name, "--rule")?;
            }
            // Who names rules wants these, and is not told of all others.
            rules.retain(|name, _| args.rule.contains(name));
            off.clear();
        }
        let differences = differences.into_iter();
        let differences =
            differences.filter(|(name, _)| rules.contains_key(name) && !off.contains(name));
        let differences = differences.map(|(_, told)| told).collect();
        let mut all: Vec<Rule> = rules.into_values().collect();
        all.sort_by(|one, other| {
            let worst = other.severity.cmp(&one.severity);
            worst.then_with(|| one.name.cmp(&other.name))
        });
        Ok(Self {
            all,
            off,
            names,
            differences,
        })
    }

    /// Those that are to be evaluated.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Rule> {
        self.all
            .iter()
            .filter(|rule| !self.off.contains(&rule.name))
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Result<&Rule, Error> {
        let found = self.all.iter().find(|rule| rule.name == name);
        found.ok_or_else(|| {
            unknown(
                name,
                "--explain",
                self.all.iter().map(|it| it.name.as_str()),
            )
        })
    }
}

impl Rules {
    /// All rules for who asks what there is.
    pub(crate) fn list(&self) -> String {
        let mut text = String::new();
        for rule in &self.all {
            let off = if self.off.contains(&rule.name) {
                " (off)"
            } else {
                ""
            };
            let place = match rule.place.as_str() {
                BUILT_IN_PLACE => String::new(),
                place => format!(" [{place}]"),
            };
            let line = format!(
                "{:<8}  {:<28}{} {}{place}",
                rule.severity, rule.name, off, rule.title
            );
            text.push_str(&visible(&line));
            text.push('\n');
            for parameter in &rule.parameters {
                let value = parameter.value.as_ref();
                let value = value.map_or_else(|| "not set".to_owned(), ToString::to_string);
                let line = format!(
                    "            {}.{} = {value}: {}",
                    rule.name, parameter.name, parameter.about
                );
                text.push_str(&visible(&line));
                text.push('\n');
            }
        }
        text
    }
}

fn parsed(name: &str, place: &str, text: &str) -> Result<Rule, Error> {
    Rule::parse(name, place, text)
        .map_err(|wrong| Error::Usage(format!("{place}, line {}: {}", wrong.line, wrong.why)))
}

/// The rules of a folder: each file that ends in `.sql`.
fn of_folder(folder: &Path) -> Result<Vec<Rule>, Error> {
    let unread = |path: &Path, why: &dyn std::fmt::Display| {
        Error::Usage(format!(
            "the rules in {} cannot be read: {why}",
            path.display()
        ))
    };
    let entries = fs::read_dir(folder).map_err(|error| unread(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unread(folder, &error))?.path();
        if path.extension().is_some_and(|it| it == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut rules = Vec::new();
    for path in paths {
        let found = fs::metadata(&path).map_err(|error| unread(&path, &error))?;
        if !found.is_file() || found.len() > LONGEST {
            return Err(unread(&path, &"it is no file of at most 1 MiB"));
        }
        let name = path.file_stem().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| is_name(name)) else {
            let why = "a rule is named by a-z, 0-9 and -, and .sql";
            return Err(unread(&path, &why));
        };
        let text = fs::read_to_string(&path).map_err(|error| unread(&path, &error))?;
        rules.push(parsed(name, &path.display().to_string(), &text)?);
    }
    if rules.is_empty() {
        return Err(unread(folder, &"there is no file that ends in .sql"));
    }
    Ok(rules)
}

fn known<'a>(
    rules: &'a mut BTreeMap<String, Rule>,
    name: &str,
    place: &str,
) -> Result<&'a mut Rule, Error> {
    if !rules.contains_key(name) {
        return Err(unknown(name, place, rules.keys().map(String::as_str)));
    }
    rules
        .get_mut(name)
        .ok_or_else(|| Error::Usage(format!("there is no rule {name}")))
}

fn unknown<'a>(name: &str, place: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    Error::Usage(format!(
        "{place} names the rule {name:?}, which there is not; there are {}",
        known.join(", ")
    ))
}

fn set(
    rule: &mut Rule,
    name: &str,
    set: impl FnOnce(&mut crate::parameter::Parameter) -> Result<(), String>,
) -> Result<String, Error> {
    let names: Vec<String> = rule.parameters.iter().map(|it| it.name.clone()).collect();
    let rule_name = rule.name.clone();
    let Some(parameter) = rule.parameters.iter_mut().find(|it| it.name == name) else {
        let has = match names.as_slice() {
            [] => "it has none".to_owned(),
            some => format!("it has {}", some.join(", ")),
        };
        return Err(Error::Usage(format!(
            "the rule {rule_name} has no parameter {name:?}; {has}"
        )));
    };
    let own = parameter
        .value
        .as_ref()
        .map_or_else(|| "not set".to_owned(), ToString::to_string);
    set(parameter).map_err(|why| Error::Usage(format!("{rule_name}.{name}: {why}")))?;
    let value = parameter
        .value
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    Ok(format!("{rule_name}.{name} is {value}, in place of {own}"))
}

#[cfg(test)]
mod tests;
