//! How much room there is.

use std::path::Path;

/// The bytes that this user may still write to the file system of a path, or of the nearest folder above
/// it that is there; `None` where the system does not tell.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let current = Path::new(".");
    let mut folders = path.ancestors().chain([current]);
    let nearest = folders.find(|folder| folder.exists())?;
    let system = rustix::fs::statvfs(nearest).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_for_a_folder_that_is_yet_to_be_made_is_that_of_the_one_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let free = free_bytes(&folder.path().join("not/there")).unwrap();
        assert!(free > 0);
        assert!(free_bytes(Path::new("not-there")).is_some());
    }
}
