//! Mutated pages through the decoder and the normaliser: none panics, loses a record or a field.
//!
//! The corpus is `samples/`. `FUZZ_CASES` and `FUZZ_SEED` make a long run of it: `make fuzz`.

use std::fs;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::crawl::whole::check;

/// What is put in the place of a value, or anywhere.
const VALUES: [&str; 34] = [
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1e400",
    "0.1",
    "1e-400",
    "9223372036854775808",
    "18446744073709551616",
    "\"\"",
    "\"NaN\"",
    "\"12.5\"",
    "\"1\\u0030\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"2024-10-11T01:51:50.631+00:00\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"https://h/f?a=1&jwt=x&b=%6a\"",
    "\"{\\\"passcode\\\":1}\"",
    "\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln\"",
    "[]",
    "{}",
    "[null]",
    "{\"name\":\"n\"}",
    "{\"clip_id\":\"x\",\"clip_id\":1}",
    "\"SAME_ORGANIZATON\"",
    "\"a#2\"",
    "[[[[[[]]]]]]",
    "{\"\":{\"\":{}}}",
    "\"\u{fffd}\u{202e}\"",
];

/// What is put in the place of a name.
const NAMES: [&str; 20] = [
    "\"clip_id\"",
    "\"title\"",
    "\"t\\u0069tle\"",
    "\"duration\"",
    "\"file_size\"",
    "\"created_date\"",
    "\"modified_date\"",
    "\"tags\"",
    "\"share_link\"",
    "\"share_link_settings\"",
    "\"share_scope\"",
    "\"passcode\"",
    "\"enable_passcode\"",
    "\"thumbnail_link\"",
    "\"status\"",
    "\"data\"",
    "\"next_page_token\"",
    "\"total_records\"",
    "\"code\"",
    "\"extra\"",
];

/// What is put anywhere, to the bytes' harm.
const BYTES: [&[u8]; 8] = [
    b"\xff",
    b"\xed\xa0\xbd",
    b"\\",
    b"\"",
    b"{",
    b"]",
    b",",
    b"\0",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The pages below `samples/`, in the order of their names.
fn corpus() -> Vec<Vec<u8>> {
    let samples = root().join("samples");
    let mut paths: Vec<PathBuf> = [samples.clone(), samples.join("pages")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Where strings, numbers and words stand in a text that may or may not be JSON.
fn scalars(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        at += 1;
        if text[start] == b'"' {
            while at < text.len() && text[at] != b'"' {
                at += if text[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(text.len());
        } else if text[start].is_ascii_alphanumeric() || text[start] == b'-' {
            let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            while at < text.len() && is_of_word(&text[at]) {
                at += 1;
            }
        } else {
            continue;
        }
        found.push(start..at);
    }
    found
}

/// Changes a page in one way.
fn mutate(page: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut ChaCha8Rng) {
    let mut place = |length: usize| random.random_range(0..=length);
    let (one, other) = (place(page.len()), place(page.len()));
    let range = one.min(other)..one.max(other);
    let scalars = scalars(page);
    let kind = random.random_range(0..10);
    let scalar = (!scalars.is_empty()).then(|| {
        let index = random.random_range(0..scalars.len());
        scalars[index].clone()
    });
    match (kind, scalar) {
        (0, _) if one < page.len() => page[one] ^= 1 << random.random_range(0..8),
        (1, _) => {
            let short = range.start..range.end.min(range.start + 40);
            page.drain(short);
        }
        (2, _) => {
            let piece: Vec<u8> = page[range].iter().take(400).copied().collect();
            page.splice(other..other, piece);
        }
        (3, _) => {
            let from = &corpus[random.random_range(0..corpus.len())];
            page.truncate(one);
            page.extend(&from[one.min(from.len())..]);
        }
        (4, _) => {
            let bytes = BYTES[random.random_range(0..BYTES.len())];
            page.splice(one..one, bytes.iter().copied());
        }
        (5, Some(scalar)) => {
            let depth = 1 << random.random_range(1..14);
            let nest = [vec![b'['; depth], vec![b']'; depth]].concat();
            page.splice(scalar, nest);
        }
        (6 | 7, Some(scalar)) => {
            let name = NAMES[random.random_range(0..NAMES.len())];
            page.splice(scalar, name.bytes());
        }
        (_, Some(scalar)) => {
            let value = VALUES[random.random_range(0..VALUES.len())];
            page.splice(scalar, value.bytes());
        }
        _ => {}
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn no_mutation_of_a_page_panics_or_loses_a_record_or_a_field() {
    let (cases, seed) = (setting("FUZZ_CASES", 2_000), setting("FUZZ_SEED", 1));
    println!("FUZZ_SEED={seed} FUZZ_CASES={cases}");
    let corpus = corpus();
    let mut pages = 0;
    for case in 0..cases {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(case);
        let mut page = corpus[random.random_range(0..corpus.len())].clone();
        for _ in 0..random.random_range(0..6) {
            mutate(&mut page, &corpus, &mut random);
        }
        match catch_unwind(AssertUnwindSafe(|| check(&page))) {
            Ok(is_page) => pages += u64::from(is_page),
            Err(panic) => {
                let path = root().join(format!("target/fuzz/case-{seed}-{case}.json"));
                fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
                fs::write(&path, &page).unwrap();
                println!("case {case} of seed {seed} is saved in {}", path.display());
                resume_unwind(panic);
            }
        }
    }
    println!("{pages} of {cases} cases were pages");
    assert!(pages > cases / 4, "only {pages} of {cases} cases are pages");
}
