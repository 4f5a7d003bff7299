//! The rules of the house, read off its own text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The rooms in the order of `lib.rs`.
fn rooms() -> Vec<String> {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    map.lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(|name| name.trim_end_matches(';').to_owned())
        .collect()
}

/// The room that a file belongs to; `None` for `lib.rs` and `main.rs`.
fn room_of(file: &Path) -> Option<String> {
    let path = file.strip_prefix(root().join("src")).unwrap();
    let first = path.iter().next().unwrap().to_str().unwrap();
    let room = first.trim_end_matches(".rs");
    (!matches!(room, "lib" | "main")).then(|| room.to_owned())
}

#[test]
fn a_file_imports_only_from_rooms_above_its_own() {
    let order: BTreeMap<String, usize> = rooms()
        .into_iter()
        .enumerate()
        .map(|(place, room)| (room, place))
        .collect();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let Some(room) = room_of(&file) else { continue };
        let own = *order
            .get(&room)
            .unwrap_or_else(|| panic!("{room} is not in lib.rs"));
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            for mention in line.split("crate::").skip(1) {
                let other: String = mention
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                if order.get(&other).is_some_and(|place| *place > own) {
                    wrong.push(format!(
                        "{}:{}: {room} -> {other}",
                        file.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    for folder in ["src", "tests", "crates"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
}
