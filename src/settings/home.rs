//! `~` at the begin of a path, as every shell reads it: nobody else does so for a settings file, a
//! variable that systemd or cron sets, or what follows the `=` of a flag.

use std::path::{Path, PathBuf};

use crate::settings::error::SettingsError;

/// A path with the home folder in the place of `~`, alone or before a slash.
///
/// # Errors
/// [`SettingsError::Home`] for `~name`, which only some shells know, and where there is no home.
pub(super) fn expanded(
    setting: &str,
    path: PathBuf,
    home: Option<&str>,
) -> Result<PathBuf, SettingsError> {
    let Some(text) = path.to_str().filter(|text| text.starts_with('~')) else {
        return Ok(path);
    };
    let refused = |why| SettingsError::Home {
        setting: setting.to_owned(),
        why,
    };
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => Ok(PathBuf::from(home)),
        (Some(rest), home) if rest.is_empty() || rest.starts_with('/') => match home {
            Some(home) => Ok(Path::new(home).join(rest.trim_start_matches('/'))),
            None => Err(refused("HOME is not set")),
        },
        _ => Err(refused("the home of another user is not looked up")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, home: Option<&str>) -> String {
        expanded("out", path.into(), home).map_or_else(
            |error| error.to_string(),
            |path| path.to_str().unwrap().to_owned(),
        )
    }

    #[test]
    fn a_tilde_stands_for_the_home_at_the_begin_of_a_path_and_nowhere_else() {
        let home = Some("/home/jo");
        assert_eq!(of("~/census", home), "/home/jo/census");
        assert_eq!(of("~//census", home), "/home/jo/census");
        assert_eq!(of("~", home), "/home/jo");
        for path in ["census/~/x", "./~", "/srv/~jo", "census~"] {
            assert_eq!(of(path, home), path);
        }
    }

    #[test]
    fn a_tilde_that_cannot_be_resolved_is_refused_by_its_setting_and_makes_no_folder() {
        let text = of("~anna/census", Some("/home/jo"));
        assert!(text.contains("out") && text.contains("./~"), "{text}");
        for path in ["~", "~/census"] {
            let text = of(path, None);
            assert!(text.contains("HOME is not set"), "{text}");
        }
    }
}
