//! Options written as TOML: a file, and single settings on top of it.

use toml::{Table, Value};

use crate::options::SandboxOptions;

/// Text that makes no options.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// One setting is no TOML.
    #[error("the setting {text:?} is no `key = value` of TOML: {why}")]
    Setting {
        /// As typed.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// The file is no TOML, or something in it or in a setting does not exist.
    #[error("the scenario is wrong: {}", one_line(.0))]
    Wrong(#[from] toml::de::Error),
}

/// Reads options from TOML texts, the first of which counts most, and from settings such as
/// `clips=300`, `behaviour.end-token=null` or `limits={light-per-second=80}`, which count more.
///
/// # Errors
/// [`ScenarioError`] names what is not understood.
pub fn scenario(texts: &[&str], settings: &[String]) -> Result<SandboxOptions, ScenarioError> {
    let mut table = Table::new();
    for text in texts.iter().rev() {
        overlay(&mut table, text.parse()?);
    }
    for setting in settings {
        let parsed = setting.parse::<Table>().or_else(|error| {
            // A bare word is the text that it looks like.
            let quoted = setting
                .split_once('=')
                .map(|(key, word)| format!("{key}={word:?}"));
            quoted.map_or(Err(error), |quoted| quoted.parse())
        });
        let parsed = parsed.map_err(|error| ScenarioError::Setting {
            text: setting.clone(),
            why: error.message().to_owned(),
        })?;
        overlay(&mut table, parsed);
    }
    Ok(table.try_into()?)
}

/// Where it is and what is wrong, without the excerpt that the parser draws below it.
fn one_line(error: &toml::de::Error) -> String {
    let shown = error.to_string();
    let mut lines = shown.lines();
    match (error.span(), lines.next()) {
        (Some(_), Some(place)) => format!("{place}: {}", error.message()),
        (_, first) => first
            .into_iter()
            .chain(lines)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn overlay(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => overlay(lower, upper),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::options::{EndToken, Fault, History, Target, TooMany, Trigger};

    fn settings(settings: &[&str]) -> Result<SandboxOptions, ScenarioError> {
        let owned: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
        scenario(
            &["clips = 7\nbehaviour = { gzip = true }", "clips = 9"],
            &owned,
        )
    }

    #[test]
    fn settings_come_on_top_of_the_file_and_the_rest_is_default() {
        let options = settings(&[
            "history=bursty",
            "behaviour.end-token=null",
            "latency=200ms",
            "limits.light-per-second=80",
        ])
        .unwrap();
        assert_eq!(options.clips, 7);
        assert_eq!(options.history, History::Bursty);
        assert_eq!(options.behaviour.end_token, EndToken::Null);
        assert!(options.behaviour.gzip);
        assert_eq!(options.latency, Duration::from_millis(200));
        assert!((options.limits.light_per_second - 80.0).abs() < f64::EPSILON);
        assert_eq!(options.owners, SandboxOptions::default().owners);
    }

    #[test]
    fn faults_are_a_list_of_rules() {
        let options = scenario(
            &["[[faults.rules]]\nfault = { html = 503 }\nwhen = { rate = 0.02 }\n\
             [[faults.rules]]\nfault = { too-many = \"daily\" }\nwhen = { nth = 3 }\non = \"any\"\n"],
            &[],
        )
        .unwrap();
        let [first, second] = &options.faults.rules[..] else {
            panic!("{:?}", options.faults)
        };
        assert_eq!((first.fault, first.on), (Fault::Html(503), Target::Clips));
        assert_eq!(first.when, Trigger::Rate(0.02));
        assert_eq!(second.fault, Fault::TooMany(TooMany::Daily));
        assert_eq!(second.on, Target::Any);
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        let of = |text: &str| scenario(&[text], &[]).unwrap_err().to_string();
        let unknown = of("history = \"sparse\"");
        assert!(unknown.ends_with(", in `history`"), "{unknown}");
        let broken = of("clips = 7\nclips 8\n");
        assert!(broken.contains("line 2"), "{broken}");
        for text in [unknown, broken] {
            assert!(!text.contains('\n') && !text.contains('|'), "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_is_named() {
        for setting in [
            "clisp=3",
            "history=sparse",
            "behaviour.end-token=7",
            "latency=fast",
            "x",
        ] {
            let error = settings(&[setting]).unwrap_err().to_string();
            let word = setting.rsplit(['=', '.']).next().unwrap();
            let key = setting.split(['=', '.']).next().unwrap();
            assert!(
                error.contains(word) || error.contains(key),
                "{setting}: {error}"
            );
        }
    }
}
