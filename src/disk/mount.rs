//! Which type the file system of a path has, as the system's table of mounts tells it.

use std::fs;
use std::path::{Path, PathBuf};

/// The type of the file system that holds `path`, such as `ext4`; `None` where the system does not
/// tell.
pub(crate) fn file_system_of(path: &Path) -> Option<String> {
    let whole = path.ancestors().find_map(|it| fs::canonicalize(it).ok())?;
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    type_in(&table, &whole)
}

/// The type of the last mount in the table that has the longest path above `path`.
fn type_in(table: &str, path: &Path) -> Option<String> {
    let mounts = table.lines().filter_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(mount.split(' ').nth(4)?));
        let name = source.split(' ').next()?;
        path.starts_with(&point)
            .then(|| (point.components().count(), name))
    });
    // Of two mounts at one place the later one is seen.
    let nearest = mounts.max_by_key(|(depth, _)| *depth);
    nearest.map(|(_, name)| name.to_owned())
}

/// The table writes white space and backslashes as three octal digits.
fn unescaped(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(point.to_owned(), |point, (code, letter)| {
        point.replace(code, letter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 0:20 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/l
40 22 8:1 / /srv rw shared:2 - ext4 /dev/sda1 rw
41 40 0:33 / /srv/my\\040share rw - cifs //host/share rw
42 41 0:34 / /srv/my\\040share rw - fuse.sshfs host: rw
";

    #[test]
    fn the_nearest_mount_above_a_path_tells_its_type() {
        let name = |path: &str| type_in(TABLE, Path::new(path));
        assert_eq!(name("/home/census").as_deref(), Some("overlay"));
        assert_eq!(name("/srv/census").as_deref(), Some("ext4"));
        assert_eq!(name("/srvother").as_deref(), Some("overlay"));
        assert_eq!(name("/srv/my share/census").as_deref(), Some("fuse.sshfs"));
        assert_eq!(type_in("", Path::new("/srv")), None);
    }
}
