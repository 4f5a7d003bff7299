//! Starts the program that does `query` and `audit`, in the place of this one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::error::SqlFailure;
use crate::model::exit_code::ExitCode;

/// The name of that program.
const NAME: &str = "clipcensus-audit";

/// Goes on as that program, with the same arguments; comes back only where it cannot.
pub(super) fn start(arguments: &[OsString]) -> SqlFailure {
    let Some(program) = find(env::current_exe().ok(), env::var_os("PATH").as_deref()) else {
        return SqlFailure {
            why: format!(
                "the program {NAME}, which does this, is neither beside this one nor on PATH: packages have \
                 both; from the source, `cargo build --release -p {NAME}` makes it in some minutes"
            ),
            code: ExitCode::Usage,
        };
    };
    let error = Command::new(&program).args(arguments.iter().skip(1)).exec();
    SqlFailure {
        why: format!("{} cannot be started: {error}", program.display()),
        code: ExitCode::Internal,
    }
}

/// The program beside this one, or else the first on PATH.
fn find(this: Option<PathBuf>, path: Option<&OsStr>) -> Option<PathBuf> {
    let beside = this.and_then(|this| Some(this.parent()?.to_owned()));
    let on_path = path.into_iter().flat_map(env::split_paths);
    // An empty or relative part of PATH would start whatever lies in the present folder.
    let on_path = on_path.filter(|folder| folder.is_absolute());
    beside
        .into_iter()
        .chain(on_path)
        .map(|folder| folder.join(NAME))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_program_beside_this_one_comes_before_those_on_path_and_no_relative_folder_counts() {
        let folder = tempfile::tempdir().unwrap();
        let [beside, on_path] = ["beside", "path"].map(|name| folder.path().join(name));
        for each in [&beside, &on_path] {
            fs::create_dir(each).unwrap();
        }
        let this = || Some(beside.join("clipcensus"));
        let path = env::join_paths([PathBuf::from("."), on_path.clone()]).unwrap();
        assert_eq!(find(this(), Some(&path)), None);
        fs::write(on_path.join(NAME), "").unwrap();
        assert_eq!(find(this(), Some(&path)), Some(on_path.join(NAME)));
        assert_eq!(find(None, Some(OsStr::new("."))), None);
        fs::write(beside.join(NAME), "").unwrap();
        assert_eq!(find(this(), Some(&path)), Some(beside.join(NAME)));
    }
}
