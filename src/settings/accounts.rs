//! Whose clips are listed: one setting of three says so.

use std::path::Path;

use crate::settings::args::ExportArgs;
use crate::settings::error::SettingsError;

/// Whose clips are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Accounts {
    /// Those of the credentials' own account.
    Own,
    /// Those of these sub-accounts, sorted, each once.
    Named(Vec<String>),
    /// Those of the credentials' own account and of all its sub-accounts.
    All,
}

/// The setting that names the accounts, if one does.
///
/// # Errors
/// [`SettingsError::Conflict`] if two do.
pub(super) fn chosen(args: &ExportArgs) -> Result<Option<&'static str>, SettingsError> {
    let settings = [
        (
            "account",
            args.account.as_ref().is_some_and(|ids| !ids.is_empty()),
        ),
        ("accounts-file", args.accounts_file.is_some()),
        ("all-accounts", args.all_accounts.unwrap_or(false)),
    ];
    let mut chosen = settings
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name));
    match (chosen.next(), chosen.next()) {
        (Some(first), Some(second)) => Err(SettingsError::Conflict { first, second }),
        (chosen, _) => Ok(chosen),
    }
}

/// The accounts to list.
///
/// # Errors
/// Where two settings contradict each other, or ids cannot be read or used.
pub(super) fn accounts(args: &ExportArgs) -> Result<Accounts, SettingsError> {
    let mut ids = match chosen(args)? {
        None => return Ok(Accounts::Own),
        Some("all-accounts") => return Ok(Accounts::All),
        Some(_) => match &args.accounts_file {
            Some(path) => read(path)?,
            None => args.account.clone().unwrap_or_default(),
        },
    };
    if let Some(id) = ids.iter().find(|id| !is_id(id)) {
        return Err(SettingsError::AccountId { id: id.clone() });
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Accounts::Named(ids))
}

fn is_id(id: &str) -> bool {
    let is_odd = |letter: char| letter == '/' || letter.is_whitespace() || letter.is_control();
    !id.is_empty() && !id.contains(is_odd)
}

/// The ids in a file, of which a census of nobody, or of somebody else, must not come.
fn read(path: &Path) -> Result<Vec<String>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::AccountsFile {
        path: path.to_owned(),
        source,
    })?;
    let mut ids = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let id = line.split('#').next().unwrap_or_default().trim();
        if id.is_empty() {
            continue;
        }
        if !is_id(id) {
            return Err(SettingsError::AccountsFileLine {
                path: path.to_owned(),
                line: number + 1,
            });
        }
        ids.push(id.to_owned());
    }
    if ids.is_empty() {
        return Err(SettingsError::NoAccounts {
            path: path.to_owned(),
        });
    }
    Ok(ids)
}
