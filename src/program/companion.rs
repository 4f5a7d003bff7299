//! Starts the program that does `query` and `audit`, in the place of this one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::SqlFailure;
use crate::model::exit_code::ExitCode;

/// The name of that program.
const NAME: &str = "clipcensus-audit";

/// Goes on as that program, with the same arguments; comes back only where it cannot.
pub(super) fn start(arguments: &[OsString]) -> SqlFailure {
    let Some(program) = find(
        env::current_exe().ok().as_deref(),
        env::var_os("PATH").as_deref(),
    ) else {
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
fn find(this: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let beside = this.and_then(|this| Some(this.parent()?.to_owned()));
    let on_path = path.into_iter().flat_map(env::split_paths);
    // An empty or relative part of PATH would start whatever lies in the present folder.
    let on_path = on_path.filter(|folder| folder.is_absolute());
    beside
        .into_iter()
        .chain(on_path)
        .map(|folder| folder.join(NAME))
        .find(|program| program.is_file() && !is_same(program, this))
}

/// Whether both are one file: this program under that name would start itself without end.
fn is_same(program: &Path, this: Option<&Path>) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    this.is_some_and(|this| whole(program).is_some_and(|program| whole(this) == Some(program)))
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
        let tool = beside.join("clipcensus");
        let this = || Some(tool.as_path());
        let path = env::join_paths([PathBuf::from("."), on_path.clone()]).unwrap();
        assert_eq!(find(this(), Some(&path)), None);
        fs::write(on_path.join(NAME), "").unwrap();
        assert_eq!(find(this(), Some(&path)), Some(on_path.join(NAME)));
        assert_eq!(find(None, Some(OsStr::new("."))), None);
        fs::write(beside.join(NAME), "").unwrap();
        assert_eq!(find(this(), Some(&path)), Some(beside.join(NAME)));
        fs::remove_file(beside.join(NAME)).unwrap();
        fs::write(beside.join("clipcensus"), "").unwrap();
        std::os::unix::fs::symlink("clipcensus", beside.join(NAME)).unwrap();
        assert_eq!(find(this(), Some(&path)), Some(on_path.join(NAME)));
    }
}
