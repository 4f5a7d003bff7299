//! A file of accounts: what is taken of it is sorted, each once, and can stand in a path of a URL.

use crate::fuzz::scratch;
use crate::fuzz::settings::resolved;
use crate::settings::Accounts;
use crate::settings::args::ExportArgs;

/// The bytes are those of the file.
pub fn accounts(input: &[u8]) -> bool {
    let folder = scratch::folder();
    let path = folder.path().join("accounts.txt");
    scratch::put(&path, input);
    let args = ExportArgs {
        accounts_file: Some(path),
        out: Some(folder.path().join("census")),
        ..ExportArgs::default()
    };
    let Some(settings) = resolved(args) else {
        return false;
    };
    let Accounts::Named(ids) = settings.accounts else {
        panic!("a file of accounts names them");
    };
    assert!(!ids.is_empty(), "a census of nobody");
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    for id in &ids {
        assert!(!id.is_empty() && id.trim() == id, "{id:?}");
        assert!(
            !id.contains(|letter: char| letter.is_control() || "#/\\?%".contains(letter)),
            "{id:?}"
        );
    }
    true
}
