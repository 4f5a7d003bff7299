//! Whose clips are listed: one setting of three says so.

use std::path::Path;

use crate::settings::args::ExportArgs;
use crate::settings::error::SettingsError;
use crate::settings::id::{account_oddity, trimmed};
use crate::settings::text_file;

/// Bytes of an accounts file at most: room for a million ids with a word about each.
const LONGEST_FILE: u64 = 64 << 20;

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
        ("account", args.account.is_some()),
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
            None => given(args.account.as_deref().unwrap_or_default())?,
        },
    };
    ids.sort_unstable();
    ids.dedup();
    Ok(Accounts::Named(ids))
}

/// The ids that were given one by one.
fn given(ids: &[String]) -> Result<Vec<String>, SettingsError> {
    let ids: Vec<&str> = ids.iter().map(|id| trimmed(id)).collect();
    if ids.is_empty() || ids.contains(&"") {
        return Err(SettingsError::Empty { setting: "account" });
    }
    if let Some(id) = ids.iter().find(|id| !is_id(id)) {
        return Err(SettingsError::AccountId {
            id: (*id).to_owned(),
        });
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

fn is_id(id: &str) -> bool {
    account_oddity(id).is_none()
}

/// The ids in a file, of which a census of nobody, or of somebody else, must not come.
fn read(path: &Path) -> Result<Vec<String>, SettingsError> {
    if path.as_os_str().is_empty() {
        return Err(SettingsError::Empty {
            setting: "accounts-file",
        });
    }
    let read = text_file::read(path, LONGEST_FILE);
    let text = read.map_err(|source| SettingsError::AccountsFile {
        path: path.to_owned(),
        source,
    })?;
    let mut ids = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let id = trimmed(line.split('#').next().unwrap_or_default());
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
