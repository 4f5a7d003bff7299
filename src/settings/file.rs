//! The settings file: TOML, whose keys are the names of the flags of an export.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use toml::{Table, Value};

use crate::settings::args::ExportArgs;
use crate::settings::args::audit::AuditTable;
use crate::settings::credentials::variable_of;
use crate::settings::error::SettingsError;
use crate::settings::names::{is_of_every_command, nearest};
use crate::settings::text_file;

/// Bytes of a settings file, at most.
const LONGEST: u64 = 1 << 20;

/// The settings in a file.
///
/// # Errors
/// [`SettingsError`] where it cannot be read, or holds anything but settings.
pub(super) fn read_file(path: &Path) -> Result<ExportArgs, SettingsError> {
    let text = text_file::read(path, LONGEST).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    // The parser's own text shows the line, in which somebody may have put a secret.
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let before = before.unwrap_or_default();
        SettingsError::Toml {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            why: unknown_key(error.message())
                .or_else(|| unfit_value(key_at(before), error.message()))
                .unwrap_or_else(|| error.message().to_owned()),
        }
    })
}

/// The table `[audit]` of a settings file, and its other settings checked as an export does it.
///
/// # Errors
/// When it cannot be read, or holds anything but settings.
pub(crate) fn audit_table(path: &Path) -> Result<AuditTable, SettingsError> {
    let settings = read_file(path)?;
    Ok(settings.audit.unwrap_or_default())
}

/// The texts of a file whose other settings may be wrong, by their keys; none where it is no TOML.
pub(super) fn texts(path: &Path) -> BTreeMap<String, String> {
    let table = text_file::read(path, LONGEST).map(|text| text.parse::<Table>());
    let Ok(Ok(table)) = table else {
        return BTreeMap::new();
    };
    let texts = table.into_iter().filter_map(|(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    });
    texts.collect()
}

/// The parser's message about an unknown key names all others; the nearest one says more.
fn unknown_key(message: &str) -> Option<String> {
    let key = message.strip_prefix("unknown field `")?.split('`').next()?;
    if let Some(variable) = variable_of(key) {
        return Some(format!(
            "credentials are never in a file of settings: take `{key}` out of it, and set {variable} or \
             {variable}_FILE in the environment"
        ));
    }
    if is_of_every_command(key) {
        let variable = key.replace('-', "_").to_uppercase();
        return Some(format!(
            "`{key}` is no setting of an export: give it as the flag --{key}, or by CLIPCENSUS_{variable}"
        ));
    }
    let keys = keys();
    Some(match nearest(key, keys.iter().map(String::as_str)) {
        Some(name) => format!("unknown key `{key}`; did you mean `{name}`?"),
        None => format!(
            "unknown key `{key}`; keys are the names of the flags that `clipcensus export --help` shows"
        ),
    })
}

/// The keys that there are.
fn keys() -> Vec<String> {
    let flags = ExportArgs::augment_args(clap::Command::new("export"));
    let names = flags.get_arguments().filter_map(clap::Arg::get_long);
    let names = names.filter(|name| *name != "config");
    names.map(str::to_owned).collect()
}

/// The key whose value begins where this text ends.
fn key_at(before: &str) -> Option<String> {
    let keys = keys();
    let named = |line: &str| {
        let begin = line.trim_start_matches([' ', '\t', '[']);
        let name = begin.split(['=', '.', ']']).next().unwrap_or_default();
        let name = name.trim().trim_matches(['"', '\'']);
        keys.iter().find(|key| *key == name).cloned()
    };
    before.lines().rev().find_map(named)
}

/// The parser's message about a value of another kind shows it, and it may be a secret.
fn unfit_value(key: Option<String>, message: &str) -> Option<String> {
    let begins = [
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "wanted ",
    ];
    if !begins.iter().any(|begin| message.starts_with(begin)) {
        return None;
    }
    // Whatever the message is made of, it is not shown as it is.
    let expected = message.rsplit_once(", expected ");
    let expected = expected.map_or(message, |(_, expected)| expected);
    let expected = match expected {
        "f64" => "a number",
        "u64" | "usize" => "a whole number from 0",
        "a boolean" => "true or false",
        "a string" | "string" | "path string" | "wanted string or table" => "a text in quotes",
        "a sequence" => "a list of texts",
        other if expected != message && other.contains('`') => other,
        _ => "another kind",
    };
    let key = key.map_or_else(
        || "the value".to_owned(),
        |key| format!("the value of `{key}`"),
    );
    Some(format!(
        "{key} is of another kind than it must be: {expected}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clipcensus.toml");
        std::fs::write(&path, text).unwrap();
        read_file(&path).unwrap_err().to_string()
    }

    #[test]
    fn a_credential_is_told_where_it_belongs_and_is_not_shown() {
        for (line, variable) in [
            ("client-secret = \"hush\"", "ZOOM_CLIENT_SECRET"),
            ("client_secret = \"hush\"", "ZOOM_CLIENT_SECRET"),
            ("ZOOM_CLIENT_SECRET = \"hush\"", "ZOOM_CLIENT_SECRET"),
            ("zoom-client-secret-file = \"hush\"", "ZOOM_CLIENT_SECRET"),
            ("client-id = \"hush\"", "ZOOM_CLIENT_ID"),
            ("account-id = \"hush\"", "ZOOM_ACCOUNT_ID"),
            ("access-token = [\"hush\"]", "ZOOM_ACCESS_TOKEN"),
        ] {
            let error = refused(line);
            let told = format!("set {variable} or {variable}_FILE");
            assert!(error.contains(&told), "{line}: {error}");
            assert!(error.contains("credentials are never in a file"), "{error}");
            assert!(
                !error.contains("hush") && !error.contains("did you mean"),
                "{error}"
            );
        }
        let of_all = refused("log-format = \"json\"");
        assert!(of_all.contains("CLIPCENSUS_LOG_FORMAT"), "{of_all}");
        let slip = refused("include-secret = true");
        assert!(slip.contains("did you mean `include-secrets`?"), "{slip}");
    }

    #[test]
    fn what_is_no_toml_is_told_by_its_line_and_not_shown() {
        for line in [
            "client-secret = hush",
            "ping-url = hush://x",
            "ping-url = \"hush",
            "hush",
        ] {
            let error = refused(&format!("plan = \"pro\"\n{line}\n"));
            assert!(error.contains("line 2"), "{line}: {error}");
            assert!(!error.contains("hush"), "{line}: {error}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_not_shown_but_what_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clipcensus.toml");
        for (line, expected) in [
            ("rate = \"hush, expected\"", "a number"),
            ("concurrency = \"hush\"", "a whole number"),
            ("max-file-rows = -7", "a whole number"),
            ("max-file-rows = -7.5", "a whole number"),
            ("plan = \"hush\"", "`business`"),
            ("plan = true", "text"),
            ("format = [\"hush\"]", "text"),
            ("owner = [\"hush\"]", "a text"),
            ("owner = 77", "a text"),
            ("out = [\"hush\"]", "a text"),
            ("account = \"hush\"", "a list"),
            ("account = [\n\"hush=\",\n-7]", "a text"),
            ("all-accounts = \"hush\"", "true or false"),
            ("ping-url = { hush = 7 }", "a text"),
            ("ping-url = [\"hush\"]", "a text"),
            ("ping-url = -7", "a text"),
        ] {
            let (key, _) = line.split_once(' ').unwrap();
            std::fs::write(&path, format!("sandbox = true\n{line}\n")).unwrap();
            let error = read_file(&path).unwrap_err().to_string();
            assert!(!error.contains("hush") && !error.contains("-7"), "{error}");
            assert!(
                error.contains(&format!("`{key}`")) && error.contains(expected),
                "{line}: {error}"
            );
            let first = if line.contains('\n') {
                "line 4"
            } else {
                "line 2"
            };
            assert!(error.contains(first), "{error}");
        }
    }
}
