//! What a command may write to. Whoever may write into the output folder can put a link in the place of one of
//! its folders between a look at it and the next step, however short that is. So the kernel is told beforehand
//! where this program may write, and holds it to that whatever links lead elsewhere.

use std::path::Path;

/// From here on this thread, and those that it starts, write, make, rename and delete only below these folders;
/// one that is not there is left out. Where the system cannot do that, they go on without.
#[cfg(target_os = "linux")]
pub(super) fn write_only_below<'a>(folders: impl IntoIterator<Item = &'a Path>) {
    if let Err(error) = restrict(folders) {
        tracing::debug!("what this program may write to is not confined by the system: {error}");
    }
}

#[cfg(target_os = "linux")]
fn restrict<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<(), landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        path_beneath_rules,
    };

    // The first version that lets folders be renamed from one folder to another at all.
    let writing = AccessFs::from_write(ABI::V2);
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(writing)?
        .create()?
        .add_rules(path_beneath_rules(folders, writing))?
        .restrict_self()?;
    Ok(())
}

/// Other systems have nothing that holds a program to some folders.
#[cfg(not(target_os = "linux"))]
pub(super) fn write_only_below<'a>(_: impl IntoIterator<Item = &'a Path>) {}
