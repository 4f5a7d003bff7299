//! Credentials from the environment, or from the files it names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::settings::error::SettingsError;
use crate::zoom::{Credentials, Proxies};

/// The environment as it stood at the start of the run.
#[derive(Default, Clone)]
pub(crate) struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The process's own; what is no UTF-8 in a value is replaced.
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

    /// A credential, from `NAME` or from the file that `NAME_FILE` names.
    fn credential(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        if let Some(value) = self.0.get(name) {
            return Ok(Some(value.clone()));
        }
        let variable = format!("{name}_FILE");
        let Some(path) = self.0.get(&variable) else {
            return Ok(None);
        };
        let path = PathBuf::from(path.expose_secret());
        let text =
            std::fs::read_to_string(&path).map_err(|source| SettingsError::CredentialFile {
                variable,
                path,
                source,
            })?;
        Ok(Some(text.trim().into())
            .filter(|value: &SecretString| !value.expose_secret().is_empty()))
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
/// [`SettingsError`] where none are set, some are missing, or a file cannot be read.
pub(super) fn credentials(
    environment: &Environment,
) -> Result<(Credentials, Option<String>), SettingsError> {
    let account_id = environment
        .credential("ZOOM_ACCOUNT_ID")?
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
        let error = found(&[("ZOOM_CLIENT_ID", "id"), ("ZOOM_CLIENT_SECRET", "")]).unwrap_err();
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

    #[test]
    fn a_credential_file_that_cannot_be_read_is_named_with_its_variable() {
        let error = found(&[("ZOOM_ACCESS_TOKEN_FILE", "/nowhere/token")]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ZOOM_ACCESS_TOKEN_FILE") && text.contains("/nowhere/token"));
    }
}
