//! The rules of the house, read off its own text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

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

/// The modules of a `lib.rs` or `mod.rs`, in their order.
fn modules(map: &Path) -> Vec<String> {
    let map = fs::read_to_string(map).unwrap();
    map.lines()
        .map(|line| {
            line.trim_start_matches("pub(crate) ")
                .trim_start_matches("pub ")
        })
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The modules from the root of the crate down to a file; none for `lib.rs` and `main.rs`.
fn module_of(file: &Path, source: &Path) -> Vec<String> {
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names
        .filter(|name| !matches!(name.as_str(), "lib" | "main" | "mod"))
        .collect()
}

/// Every path in a text that starts with `crate::`, groups in braces taken apart.
fn crate_paths(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for mention in text.split("crate::").skip(1) {
        expand(mention, &[], &mut all);
    }
    all
}

/// Adds the paths at the start of a text, and gives back what follows them.
fn expand<'a>(text: &'a str, before: &[String], all: &mut Vec<Vec<String>>) -> &'a str {
    if let Some(mut rest) = text.strip_prefix('{') {
        while !rest.starts_with('}') && !rest.is_empty() {
            rest = expand(rest.trim_start(), before, all);
            rest = rest.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace());
        }
        return rest.get(1..).unwrap_or_default();
    }
    let end = text
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = [before, &[name.to_owned()]].concat();
    if let Some(rest) = rest.strip_prefix("::") {
        return expand(rest, &path, all);
    }
    all.push(path);
    // Past an `as`, and past what no path has, to the end of this part of a group.
    let end = rest.find([',', '}', ';', '\n']).unwrap_or(rest.len());
    rest.get(end..).unwrap_or_default()
}

/// The mentions of modules that stand below the own one in `map`. `depth` is how far down the
/// modules of `map` are.
fn climbs(source: &Path, map: &Path, depth: usize) -> Vec<String> {
    let order: BTreeMap<String, usize> = modules(map)
        .into_iter()
        .enumerate()
        .map(|(place, module)| (module, place))
        .collect();
    let mut wrong = Vec::new();
    for file in rust_files(map.parent().unwrap()) {
        let own = module_of(&file, source);
        let Some(room) = own.get(depth) else { continue };
        let place = *order
            .get(room)
            .unwrap_or_else(|| panic!("{room} is not in {}", map.display()));
        for path in crate_paths(&fs::read_to_string(&file).unwrap()) {
            if path[..depth.min(path.len())] != own[..depth] {
                continue;
            }
            let climb = match path.get(depth) {
                Some(other) => match order.get(other) {
                    Some(other) => *other > place,
                    // An item of the room itself: the room is made of its modules.
                    None => depth > 0,
                },
                None => false,
            };
            if climb {
                wrong.push(format!("{}: {}", file.display(), path.join("::")));
            }
        }
    }
    wrong
}

#[test]
fn a_file_imports_only_from_rooms_above_its_own() {
    for source in ["src", "crates/sandbox/src"] {
        let source = root().join(source);
        let wrong = climbs(&source, &source.join("lib.rs"), 0);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn within_a_room_of_the_sandbox_a_file_imports_only_from_those_above_its_own() {
    let source = root().join("crates/sandbox/src");
    for room in modules(&source.join("lib.rs")) {
        let map = source.join(room).join("mod.rs");
        if map.exists() {
            let wrong = climbs(&source, &map, 1);
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }
}

/// What the files of a room, or of a folder in one, import of each other: by file, the files. The
/// `mod.rs` of the room is the file `mod`.
fn imports_within(source: &Path, folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let room = module_of(folder, source);
    let depth = room.len();
    let names: BTreeSet<String> = modules(&folder.join("mod.rs")).into_iter().collect();
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for file in rust_files(folder) {
        let own = module_of(&file, source);
        // Tests may look at all of their room.
        let is_test = |name: &String| name == "tests" || name == "testing" || name == "fuzz";
        let Some(own) = own.get(depth).filter(|_| !own.iter().any(is_test)) else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for path in crate_paths(text) {
            if path.len() <= depth || path[..depth] != room[..] {
                continue;
            }
            let other = path.get(depth).filter(|name| names.contains(*name));
            let other = other.map_or("mod", |name| name);
            if other != own {
                imports
                    .entry(own.clone())
                    .or_default()
                    .insert(other.to_owned());
            }
        }
    }
    imports
}

#[test]
fn within_a_room_no_file_imports_itself_by_way_of_others_nor_the_front_of_the_room() {
    let source = root().join("src");
    let mut looked_at = 0;
    for map in rust_files(&source) {
        if !map.ends_with("mod.rs") {
            continue;
        }
        let folder = map.parent().unwrap();
        let imports = imports_within(&source, folder);
        looked_at += imports.len();
        for file in imports.keys() {
            // Everything that a file imports, directly or by way of others.
            let mut all = BTreeSet::new();
            let mut next = vec![file];
            while let Some(importer) = next.pop() {
                for other in imports.get(importer).into_iter().flatten() {
                    if all.insert(other) {
                        next.push(other);
                    }
                }
            }
            let name = folder.display();
            assert!(
                !all.contains(file),
                "{file} of {name} imports itself: {all:?}"
            );
            assert!(
                !all.contains(&"mod".to_owned()),
                "{file} of {name}: {all:?}"
            );
        }
    }
    assert!(
        looked_at > 50,
        "{looked_at} files import others of their room"
    );
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
