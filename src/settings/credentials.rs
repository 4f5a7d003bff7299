//! Credentials from the environment, or from the files it names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::settings::error::SettingsError;
use crate::settings::home::expanded;
use crate::settings::id::{account_oddity, oddity, trimmed};
use crate::settings::text_file;
use crate::zoom::{Credentials, Proxies};

/// Bytes of a file that holds a credential, at most. An access token has about a thousand.
const LONGEST_FILE: u64 = 64 << 10;

/// The variable of the id of the credentials' account.
const ACCOUNT_ID: &str = "ZOOM_ACCOUNT_ID";

/// The variable for the credential that somebody looks for under another name, as a flag, a key or
/// another variable; `None` for what is no credential.
#[must_use]
pub(crate) fn variable_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let name = name.trim_start_matches("clipcensus-");
    let name = name.trim_start_matches("zoom-");
    match name.trim_end_matches("-file") {
        "account-id" => Some(ACCOUNT_ID),
        "client-id" | "app-id" | "api-key" => Some("ZOOM_CLIENT_ID"),
        "client-secret" | "app-secret" | "api-secret" | "secret" | "password" | "credentials" => {
            Some("ZOOM_CLIENT_SECRET")
        }
        "access-token" | "token" | "api-token" => Some("ZOOM_ACCESS_TOKEN"),
        _ => None,
    }
}

/// The environment as it stood at the start of the run.
#[derive(Default, Clone)]
pub(crate) struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The process's own; what is no UTF-8 in a value is replaced, and seen as odd where it is used.
    #[must_use]
    pub(crate) fn of_process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            Some((
                name.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        }))
    }

    /// What the variables that are about proxies say.
    #[must_use]
    pub(crate) fn proxies(&self) -> Proxies {
        Proxies::of(|name| self.0.get(name).map(ExposeSecret::expose_secret))
    }

    /// One of these variables; empty ones count as not set.
    #[must_use]
    pub(crate) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.into()))
                .collect(),
        )
    }

    /// The home folder of the user.
    #[must_use]
    pub(super) fn home(&self) -> Option<&str> {
        self.trimmed("HOME")
    }

    /// What a variable holds but for what stands around it; one that holds nothing else is not set.
    fn trimmed(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.expose_secret();
        Some(trimmed(value)).filter(|value| !value.is_empty())
    }

    /// A credential, from `NAME` or from the file that `NAME_FILE` names.
    fn credential(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        let variable = format!("{name}_FILE");
        if let Some(value) = self.trimmed(name) {
            // A value that was left behind must not win unnoticed.
            if self.trimmed(&variable).is_some() {
                return Err(SettingsError::TwoCredentials {
                    name: name.to_owned(),
                });
            }
            return checked(name, name, value).map(Some);
        }
        let Some(path) = self.trimmed(&variable).map(PathBuf::from) else {
            return Ok(None);
        };
        let path = expanded(&variable, path, self.home())?;
        match text_file::read(&path, LONGEST_FILE) {
            Ok(text) => checked(name, &format!("the file of {variable}"), trimmed(&text)).map(Some),
            Err(source) => Err(SettingsError::CredentialFile {
                variable,
                path,
                source,
            }),
        }
    }
}

/// A credential that holds nothing odd, from a place that is named where it does.
fn checked(name: &str, place: &str, value: &str) -> Result<SecretString, SettingsError> {
    let found = if name == ACCOUNT_ID {
        account_oddity(value)
    } else {
        oddity(value)
    };
    match found {
        None => Ok(value.into()),
        Some(oddity) => Err(SettingsError::Credential {
            place: place.to_owned(),
            oddity,
        }),
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

/// The credentials, and the id of the account they belong to where it is known.
///
/// # Errors
/// [`SettingsError`] where none are set, some are missing, one holds what no credential does, or a
/// file cannot be read.
pub(super) fn credentials(
    environment: &Environment,
) -> Result<(Credentials, Option<String>), SettingsError> {
    let account_id = environment
        .credential(ACCOUNT_ID)?
        .map(|id| id.expose_secret().to_owned());
    if let Some(token) = environment.credential("ZOOM_ACCESS_TOKEN")? {
        return Ok((Credentials::AccessToken(token), account_id));
    }
    let client_id = environment.credential("ZOOM_CLIENT_ID")?;
    let client_secret = environment.credential("ZOOM_CLIENT_SECRET")?;
    match (account_id, client_id, client_secret) {
        (Some(account_id), Some(client_id), Some(client_secret)) => Ok((
            Credentials::ServerToServer {
                account_id: account_id.clone(),
                client_id: client_id.expose_secret().to_owned(),
                client_secret,
            },
            Some(account_id),
        )),
        (account_id, client_id, client_secret) => {
            let missing: Vec<&'static str> = [
                ("ZOOM_ACCOUNT_ID", account_id.is_none()),
                ("ZOOM_CLIENT_ID", client_id.is_none()),
                ("ZOOM_CLIENT_SECRET", client_secret.is_none()),
            ]
            .into_iter()
            .filter_map(|(name, is_missing)| is_missing.then_some(name))
            .collect();
            Err(SettingsError::NoCredentials {
                missing: missing.join(", "),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<(Credentials, Option<String>), SettingsError> {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        credentials(&Environment::of(owned))
    }

    #[test]
    fn missing_variables_are_named() {
        let variables = [("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", " \r\n")];
        let error = found(&variables).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("ZOOM_ACCOUNT_ID, ZOOM_CLIENT_SECRET"),
            "{text}"
        );
        assert!(!text.contains("ZOOM_CLIENT_ID,"), "{text}");
    }

    #[test]
    fn a_ready_access_token_needs_no_more() {
        let (credentials, account_id) = found(&[("ZOOM_ACCESS_TOKEN", "t0k3n")]).unwrap();
        assert!(matches!(credentials, Credentials::AccessToken(_)));
        assert_eq!(account_id, None);
        assert!(!format!("{credentials:?}").contains("t0k3n"));
    }

    #[test]
    fn a_credential_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        let (credentials, _) = found(&[
            ("ZOOM_ACCOUNT_ID", "account"),
            ("ZOOM_CLIENT_ID", "id"),
            ("ZOOM_CLIENT_SECRET_FILE", path.to_str().unwrap()),
        ])
        .unwrap();
        let Credentials::ServerToServer { client_secret, .. } = credentials else {
            panic!("another kind of credentials");
        };
        assert_eq!(client_secret.expose_secret(), "s3cret");
    }

    const VARIABLES: [&str; 4] = [
        "ZOOM_ACCOUNT_ID",
        "ZOOM_CLIENT_ID",
        "ZOOM_CLIENT_SECRET",
        "ZOOM_ACCESS_TOKEN",
    ];

    /// What is found where all are set, and one of them to something else.
    fn found_with(
        variable: &str,
        value: &str,
    ) -> Result<(Credentials, Option<String>), SettingsError> {
        let of_token = variable.starts_with("ZOOM_ACCESS_TOKEN");
        let mut variables: Vec<(&str, &str)> = VARIABLES
            .into_iter()
            .filter(|name| variable.strip_suffix("_FILE") != Some(name))
            .filter(|name| of_token || *name != "ZOOM_ACCESS_TOKEN")
            .map(|name| (name, "planted"))
            .collect();
        variables.push((variable, value));
        found(&variables)
    }

    fn shown(credentials: &Credentials) -> Vec<&str> {
        match credentials {
            Credentials::AccessToken(token) => vec![token.expose_secret()],
            Credentials::ServerToServer {
                account_id,
                client_id,
                client_secret,
            } => vec![account_id, client_id, client_secret.expose_secret()],
        }
    }

    #[test]
    fn what_a_shell_or_an_editor_puts_around_a_credential_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        for name in VARIABLES {
            for value in [
                "planted\r",
                " planted\r\n",
                "\u{feff}planted\n\n",
                "\tplanted ",
            ] {
                std::fs::write(&path, value).unwrap();
                let variable = format!("{name}_FILE");
                let by_file = found_with(&variable, path.to_str().unwrap()).unwrap();
                for (credentials, account_id) in [found_with(name, value).unwrap(), by_file] {
                    assert_eq!(account_id.as_deref(), Some("planted"), "{name} {value:?}");
                    for shown in shown(&credentials) {
                        assert_eq!(shown, "planted", "{name} {value:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_credential_with_what_none_can_hold_is_refused_by_its_variable_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        for name in VARIABLES {
            for value in ["\"hush\"", "hu\nsh", "hu\u{1}sh", "hu sh", "h\u{fc}sh"] {
                std::fs::write(&path, value).unwrap();
                let error = found_with(name, value).unwrap_err().to_string();
                assert!(error.starts_with(&format!("{name} holds")), "{error}");
                let variable = format!("{name}_FILE");
                let by_file = found_with(&variable, path.to_str().unwrap()).unwrap_err();
                let by_file = by_file.to_string();
                assert!(by_file.contains(&variable), "{by_file}");
                for error in [error, by_file] {
                    assert!(!error.contains("hu") && !error.contains("sh:"), "{error}");
                }
            }
        }
    }

    #[test]
    fn a_credential_file_that_is_empty_long_a_pipe_or_a_device_is_refused_by_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("empty"), "\u{feff}\n").unwrap();
        std::fs::write(path("long"), "x".repeat(70_000)).unwrap();
        for (file, told) in [
            (path("empty"), "holds nothing"),
            (path("long"), "longer than 65536 bytes"),
            ("/dev/zero".to_owned(), "no regular file"),
            (path(""), "no regular file"),
        ] {
            for name in VARIABLES {
                let variable = format!("{name}_FILE");
                let error = found_with(&variable, &file).unwrap_err().to_string();
                assert!(error.contains(&variable) && error.contains(told), "{error}");
            }
        }
    }

    #[test]
    fn a_credential_file_that_cannot_be_read_is_named_with_its_variable() {
        let error = found(&[("ZOOM_ACCESS_TOKEN_FILE", "/nowhere/token")]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ZOOM_ACCESS_TOKEN_FILE") && text.contains("/nowhere/token"));
    }
}
