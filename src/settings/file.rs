//! The settings file: TOML, whose keys are the names of the flags of an export.

use std::path::Path;

use clap::Args;

use crate::settings::args::ExportArgs;
use crate::settings::error::SettingsError;
use crate::settings::text_file;

/// Bytes of a settings file, at most.
const LONGEST: u64 = 1 << 20;

/// How alike a key must be to be the one that was meant, from 0 to 1; that of the argument parser.
const ALIKE: f64 = 0.7;

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
        SettingsError::Toml {
            path: path.to_owned(),
            line: before.unwrap_or_default().lines().count().max(1),
            why: unknown_key(error.message())
                .or_else(|| unfit_value(error.message()))
                .unwrap_or_else(|| error.message().to_owned()),
        }
    })
}

/// The parser's message about an unknown key names all others; the nearest one says more.
fn unknown_key(message: &str) -> Option<String> {
    let key = message.strip_prefix("unknown field `")?.split('`').next()?;
    let flags = ExportArgs::augment_args(clap::Command::new("export"));
    let nearest = flags
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .filter(|name| *name != "config")
        .map(|name| (strsim::jaro(key, name), name))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    Some(match nearest {
        Some((_, name)) => format!("unknown key `{key}`; did you mean `{name}`?"),
        None => format!(
            "unknown key `{key}`; keys are the names of the flags that `clipcensus export --help` shows"
        ),
    })
}

/// The parser's message about a value of another kind shows it, and it may be a secret.
fn unfit_value(message: &str) -> Option<String> {
    let begins = ["invalid type: ", "invalid value: ", "unknown variant "];
    if !begins.iter().any(|begin| message.starts_with(begin)) {
        return None;
    }
    let (_, expected) = message.rsplit_once(", expected ")?;
    Some(format!("the value is of another kind, expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_not_shown_but_what_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clipcensus.toml");
        for (line, expected) in [
            ("rate = \"hush, expected\"", "f64"),
            ("concurrency = \"hush\"", "usize"),
            ("max-file-rows = -7", "u64"),
            ("plan = \"hush\"", "`business`"),
            ("format = [\"hush\"]", "string"),
            ("owner = [\"hush\"]", "a string"),
            ("ping-url = { hush = 7 }", "a string"),
        ] {
            std::fs::write(&path, format!("out = \"census\"\n{line}\n")).unwrap();
            let error = read_file(&path).unwrap_err().to_string();
            assert!(!error.contains("hush") && !error.contains("-7"), "{error}");
            assert!(
                error.contains("line 2") && error.contains(expected),
                "{error}"
            );
        }
    }
}
