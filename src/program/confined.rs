//! What a command may write to. Whoever may write into the output folder can put a link in the place of one of
//! its folders between a look at it and the next step, however short that is. So the kernel is told beforehand
//! where this program may write, and holds it to that whatever links lead elsewhere.

use std::fs::File;
use std::path::Path;

/// As long as a command is held to some folders, they are open: file systems that give a folder another inode
/// each time it is looked up, such as those of virtual machines' shares, would not know them again.
#[must_use]
#[derive(Debug)]
pub(super) struct Confined {
    _open: Vec<File>,
}

/// From here on this thread, and those that it starts, write, make, rename and delete only below these folders;
/// one that is not there is left out. Where the system cannot do that, they go on without.
#[cfg(target_os = "linux")]
pub(super) fn write_only_below<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Confined {
    let open: Vec<File> = folders.into_iter().filter_map(open_folder).collect();
    if let Err(error) = restrict(&open) {
        tracing::debug!("what this program may write to is not confined by the system: {error}");
    }
    Confined { _open: open }
}

/// Opens a folder, also for the program that goes on in the place of this one. One that its user may write to, and
/// not list, is not opened as others are, by which those that are mounted on demand come into being.
#[cfg(target_os = "linux")]
fn open_folder(path: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};

    let opened = open(path, OFlags::DIRECTORY, Mode::empty());
    let opened = opened.or_else(|_| open(path, OFlags::DIRECTORY | OFlags::PATH, Mode::empty()));
    opened.ok().map(File::from)
}

#[cfg(target_os = "linux")]
fn restrict(folders: &[File]) -> Result<(), landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetError,
    };

    // The first version that lets folders be renamed from one folder to another at all.
    let writing = AccessFs::from_write(ABI::V2);
    let rules = folders.iter().map(|it| PathBeneath::new(it, writing));
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(writing)?
        .create()?
        .add_rules(rules.map(Ok::<_, RulesetError>))?
        .restrict_self()?;
    Ok(())
}

/// Other systems have nothing that holds a program to some folders.
#[cfg(not(target_os = "linux"))]
pub(super) fn write_only_below<'a>(_: impl IntoIterator<Item = &'a Path>) -> Confined {
    Confined { _open: Vec::new() }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::{fs, io, thread};

    use super::*;

    #[test]
    fn links_lead_to_nothing_that_is_written_renamed_or_deleted_and_the_rest_goes_on() {
        let [ours, others] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [out, victim] = [&ours, &others].map(|it| it.path().to_owned());
        fs::write(victim.join("file"), "mine").unwrap();
        for folder in ["from", "to", "from/moved"] {
            fs::create_dir(out.join(folder)).unwrap();
        }
        symlink(&victim, out.join("link")).unwrap();
        // A thread cannot be let go again.
        let confined = thread::spawn(move || {
            if restrict(&[open_folder(&out).unwrap()]).is_err() {
                println!("skipped: the system has no Landlock");
                return;
            }
            let link = out.join("link");
            for refused in [
                fs::write(link.join("new"), ""),
                fs::write(link.join("file"), ""),
                fs::remove_file(link.join("file")),
                fs::create_dir(link.join("folder")),
                fs::rename(out.join("from"), link.join("from")),
                tempfile::tempfile_in(&link).map(drop),
            ] {
                let error = refused.unwrap_err();
                let is_refused = matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::CrossesDevices
                );
                assert!(is_refused, "{error}");
            }
            assert_eq!(fs::read(link.join("file")).unwrap(), b"mine");
            fs::rename(out.join("from/moved"), out.join("to/moved")).unwrap();
            fs::write(out.join("to/moved/file"), "ours").unwrap();
            fs::remove_dir_all(out.join("to")).unwrap();
        });
        confined.join().unwrap();
    }
}
