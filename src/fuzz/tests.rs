//! The seeds of each target through it. `UPDATE_SEEDS=1 cargo test --lib fuzz::` writes them anew where
//! a format has changed.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::RecordBatch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::clip::owner::{OwnerIds, People, Person, owner_batch};
use crate::clip::{SecretPolicy, testing};
use crate::crawl::page::Decoder;
use crate::fuzz::scratch::SNAPSHOT_AT;
use crate::fuzz::{
    accounts, answers, csv, intent, latest, manifest, page, parquet, settings, spool,
};
use crate::model::testing::window;
use crate::model::{Seconds, Window};
use crate::snapshot::rowset::Rowset;
use crate::snapshot::{CsvMode, DataFile, Format};
use crate::spool::Hashing;
use crate::spool::testing::{finish, spool as new_spool};
use crate::zoom::DateFilter;

/// A target by its name.
type Target = (&'static str, fn(&[u8]) -> bool);

const TARGETS: [Target; 10] = [
    ("accounts", accounts::accounts),
    ("answers", answers::answers),
    ("csv", csv::csv),
    ("intent", intent::intent),
    ("latest", latest::latest),
    ("manifest", manifest::manifest),
    ("page", page::page),
    ("parquet", parquet::parquet),
    ("settings", settings::settings),
    ("spool", spool::spool),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Where the seeds of a target are. Those of pages are the samples.
fn seeds_of(target: &str) -> PathBuf {
    root().join("fuzz/seeds").join(target)
}

/// The seeds of a target, in the order of their names.
fn seeds_in(target: &str) -> impl Iterator<Item = PathBuf> {
    let seeds = fs::read_dir(seeds_of(target)).unwrap();
    let mut paths: Vec<PathBuf> = seeds.map(|seed| seed.unwrap().path()).collect();
    paths.sort();
    paths.into_iter()
}

/// The clips of the documented page, and some whose texts are odd.
fn clips() -> RecordBatch {
    let decoder = Decoder {
        by: DateFilter::Created,
        span: Window {
            from: Seconds(0),
            to: SNAPSHOT_AT.seconds(),
        },
        snapshot_at: SNAPSHOT_AT,
        secrets: SecretPolicy::Keep,
        hashing: Hashing::default(),
    };
    let batches = ["documented-page.json", "pages/odd-texts.json"].map(|name| {
        let body = fs::read(root().join("samples").join(name)).unwrap();
        Ok::<_, ()>(decoder.page("acme", &body).unwrap().rows)
    });
    testing::all(batches.into_iter())
}

fn owners() -> RecordBatch {
    let mut ids = OwnerIds::default();
    ids.add(&clips());
    let person = Person {
        email: Some("jo@example.com".to_owned()),
        name: Some("=Jo, \"the\"\r\none".to_owned()),
        ..Person::default()
    };
    let known = ids.of("acme").iter().max().cloned().unwrap();
    owner_batch(&ids, &People::from([(known, person)]))
}

/// Rows as a Parquet file without compression, so that mutations reach what decodes the pages.
fn uncompressed(rows: &RecordBatch, has_dictionaries: bool) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(has_dictionaries)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.into_inner().unwrap()
}

fn spooled() -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let spool = new_spool(out.path());
    let row = |id: &str, at: i64| (id.to_owned(), Some(at), Some(at), format!("title of {id}"));
    let pages = [
        vec![row("a", 1), row("b", 2)],
        vec![row("b", 2), row("c", 3)],
    ];
    finish(&spool, "acme", 0, 10, &pages);
    finish(&spool, "acme", 10, 20, &[vec![row("d", 12_000_000)]]);
    let place = out.path().join("_work/00ff");
    let journal = fs::read_to_string(place.join("journal")).unwrap();
    let mut seed = Vec::new();
    for line in journal.lines() {
        // The target makes the sums.
        seed.extend(line.split_once(' ').unwrap().1.bytes());
        seed.push(b'\n');
    }
    seed.push(0);
    seed.extend(fs::read(place.join("pages")).unwrap());
    seed
}

/// Seeds that are texts, by target and name; each NUL becomes the byte 255, which is in no text.
const TEXTS: &[(&str, &str, &str)] = &[
    (
        "latest",
        "there",
        "{\"snapshot_date\":\"2026-11-23\",\"manifest\":\"_snapshots/2026-11-23/manifest.json\"}",
    ),
    (
        "intent",
        "remove",
        "{\"remove\":[{\"table\":\"clips\",\"date\":\"2026-11-23\"}]}",
    ),
    (
        "intent",
        "publish",
        "{\"publish\":{\"table\":\"changes\",\"date\":\"2026-11-23\",\"manifest_sha256\":\"ab\"}}",
    ),
    (
        "settings",
        "many",
        "out = \"census\"\nformat = \"csv\"\ncsv-mode = \"lossless\"\nmax-file-rows = 1000\n\
             account = [\"a\", \"b\"]\nsince = \"2024-01-01\"\nuntil = \"36h\"\nby = \"modified\"\n\
             owner = \"jo@example.com\"\nstatus = \"RECORD_SUCCESS\"\nsearch = \"x\"\n\
             plan = \"business\"\nrate-share = 0.5\nconcurrency = 8\nmax-wait = \"15m\"\n\
             resolve-owners = true\nallow-incomplete = true\nreplace = true\nmax-shrink = 0.2\n\
             resume-within = \"20h\"\nbase-url = \"https://api.zoomgov.com/v2\"\n",
    ),
    ("settings", "few", "out = \"census\"\nrate = 12.5\n"),
    (
        "accounts",
        "many",
        "\u{feff}# sub-accounts\n\tacme # the first\r\n\nAb-_x9Z\nacme\n",
    ),
    ("accounts", "one", "acme"),
    (
        "answers",
        "clips",
        "c429\nX-RateLimit-Type: QPS\n\n{\"code\":429,\"message\":\"Later.\"}\u{0}\
             200\nDate: Mon, 23 Nov 2026 00:00:00 GMT\nx-zm-trackingid: WEB_1\n\n\
             {\"data\":[{\"clip_id\":\"c\"}],\"next_page_token\":\"n\",\"page_size\":30,\"total_records\":2}\
             \u{0}200\n\n{\"data\":[],\"next_page_token\":\"\"}",
    ),
    (
        "answers",
        "accounts",
        "A200\n\n{\"access_token\":\"t\",\"expires_in\":3599,\"scope\":\"a b\",\"api_url\":\"https://api.zoom.us\"}\
             \u{0}200\n\n{\"accounts\":[{\"id\":\"s\",\"account_name\":\"S\"}],\"total_records\":1}",
    ),
    (
        "answers",
        "users",
        "u200\n\n{\"users\":[{\"id\":\"u\",\"email\":\"u@x\",\"display_name\":\"U\"},{}],\"next_page_token\":\"n\"}\
             \u{0}200\n\n{\"users\":[{\"id\":\"v\",\"first_name\":\"V\",\"dept\":\"D\"}]}",
    ),
    (
        "answers",
        "user",
        "o503\nRetry-After: 2026-11-23T00:00:00Z\n\n<html>502 given-access-token</html>\u{0}200\n\n{\"id\":\"u\",\"status\":\"active\"}",
    ),
    (
        "answers",
        "refused",
        "C400\n\n{\"reason\":\"Invalid hush-client-secret\",\"error\":\"invalid_client\"}",
    ),
    (
        "answers",
        "validation",
        "c400\n\n{\"code\":300,\"message\":\"Validation Failed.\",\"errors\":[{\"field\":\"from\",\"message\":\"given-access-token\"}]}",
    ),
];

/// All seeds but those of pages, by target and name.
fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let with = |kind: u8, file: Vec<u8>| [vec![kind], file].concat();
    let mut seeds = vec![("spool", "two-chains", spooled())];
    for (name, kind, rows, rowset) in [
        ("clips", 0, clips(), Rowset::Clips),
        ("owners", csv::OWNERS, owners(), Rowset::Owners),
    ] {
        let defused = csv::written(&rows, CsvMode::Spreadsheet);
        seeds.push(("csv", name, with(kind, defused)));
        let lossless = csv::written(&rows, CsvMode::Lossless);
        let raw = if kind == 0 { "clips-raw" } else { "owners-raw" };
        seeds.push(("csv", raw, with(kind | csv::LOSSLESS, lossless)));
        let file = csv::written_as_parquet(&rows, rowset);
        seeds.push(("parquet", name, with(kind, file)));
    }
    seeds.push(("parquet", "plain", with(0, uncompressed(&clips(), false))));
    seeds.push((
        "parquet",
        "dictionaries",
        with(0, uncompressed(&clips(), true)),
    ));
    let mut proof = crate::snapshot::testing::manifest();
    seeds.push(("manifest", "empty", proof.to_json()));
    proof.format = Format::Csv;
    proof.csv_mode = Some(CsvMode::Spreadsheet);
    proof.windows.push(window("acme", 0, 1));
    proof.files = ["clips", "owners"]
        .map(|table| DataFile {
            path: format!("{table}/snapshot_date=2026-11-23/part-00000.csv"),
            rows: 3,
            bytes: 300,
            sha256: "00".repeat(32),
        })
        .into();
    seeds.push(("manifest", "files", proof.to_json()));
    for &(target, name, text) in TEXTS {
        let bytes = text.bytes();
        let bytes = bytes.map(|byte| if byte == 0 { 255 } else { byte });
        seeds.push((target, name, bytes.collect()));
    }
    seeds
}

#[test]
fn every_seed_holds_what_its_target_asks_of_it_and_is_understood() {
    if std::env::var_os("UPDATE_SEEDS").is_some() {
        for (target, name, seed) in seeds() {
            fs::create_dir_all(seeds_of(target)).unwrap();
            fs::write(seeds_of(target).join(name), seed).unwrap();
        }
    }
    for (name, target) in TARGETS {
        let mut not_understood = Vec::new();
        let mut seeds = 0;
        for path in seeds_in(name) {
            seeds += 1;
            if !target(&fs::read(&path).unwrap()) {
                not_understood.push(path);
            }
        }
        println!("{name}: {seeds} seeds, not understood: {not_understood:?}");
        assert!(
            seeds > not_understood.len(),
            "no seed of {name} is understood"
        );
    }
}

/// Changes bytes in one way.
fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut ChaCha8Rng) {
    let mut place = |length: usize| random.random_range(0..=length);
    let (one, other) = (place(bytes.len()), place(bytes.len()));
    let short = one.min(other)..one.max(other).min(one.min(other) + 64);
    let kind = random.random_range(0..6);
    match kind {
        0 if one < bytes.len() => bytes[one] ^= 1 << random.random_range(0..8),
        1 if one < bytes.len() => bytes[one] = random.random(),
        2 => drop(bytes.drain(short)),
        3 => {
            let piece = bytes[short].to_vec();
            bytes.splice(other..other, piece);
        }
        4 => {
            let from = &seeds[random.random_range(0..seeds.len())];
            let start = random.random_range(0..=from.len());
            let end = from.len().min(start + random.random_range(0..64));
            bytes.splice(one..one, from[start..end].iter().copied());
        }
        _ => bytes.truncate(one),
    }
}

#[test]
fn no_mutation_of_a_seed_breaks_what_its_target_asks_of_it() {
    let setting = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let (cases, first) = (setting("FUZZ_CASES", 100), setting("FUZZ_SEED", 1));
    let named = std::env::var("FUZZ_TARGET").ok();
    for (name, target) in TARGETS {
        if named.as_ref().is_some_and(|named| named != name) {
            continue;
        }
        let seeds: Vec<Vec<u8>> = seeds_in(name).map(|path| fs::read(path).unwrap()).collect();
        let mut understood = 0;
        for case in 0..cases {
            let mut random = ChaCha8Rng::seed_from_u64(first);
            random.set_stream(case);
            let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
            for _ in 0..random.random_range(1..4) {
                mutate(&mut bytes, &seeds, &mut random);
            }
            let held = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
            match held {
                Ok(is_understood) => understood += u64::from(is_understood),
                Err(panic) => {
                    let path = root().join(format!("target/fuzz/{name}-{first}-{case}"));
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(&path, &bytes).unwrap();
                    println!("saved as {}", path.display());
                    resume_unwind(panic);
                }
            }
        }
        println!("{name}: {understood} of {cases} cases were understood");
    }
}

#[test]
fn every_target_has_a_program_that_fuzzes_it() {
    for (name, _) in TARGETS {
        let program = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(Path::new(&program).is_file(), "{}", program.display());
    }
}
