//! Secrets that are known beforehand are searched for in every byte that a run leaves: its output,
//! its logs, its spools, snapshots and rejects. Succeeding and failing runs, and killed ones.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clipcensus_sandbox::{
    Behaviour, Fault, FaultRule, MalformedRecord, MalformedRecords, SandboxOptions, TokenRefusal,
    TooMany, Trigger,
};
use serde_json::{Value, json};

use crate::support::{Program, Run, World, clips, parquet_rows, texts, with_faults};

/// A piece of a secret. Any two pieces in a row of a longer one are found.
type Piece = [u8; 8];

/// Secrets, searched for all at once.
#[derive(Default)]
struct Secrets(HashSet<Piece>);

impl Secrets {
    fn add(&mut self, secret: &str) {
        let bytes = secret.as_bytes();
        assert!(bytes.len() >= 8, "{secret:?} is too short to be found");
        self.0.extend(bytes.as_chunks::<8>().0);
    }

    /// What a simulated account holds: its credentials, its access tokens so far, and the passcode
    /// and the signed link of every clip.
    fn of(world: &World) -> Self {
        let mut secrets = Self::default();
        let access = world.sandbox.credentials();
        let pair = format!("{}:{}", access.client_id, access.client_secret);
        secrets.add(&access.client_secret);
        // The client id comes first in it, and is no secret.
        let basic = BASE64_STANDARD.encode(pair);
        secrets.add(basic.split_at(basic.len() / 2).1);
        for token in world.sandbox.access_tokens() {
            secrets.add(&token);
        }
        let url = format!("http://{}/sandbox/truth/clips", world.sandbox.address());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let truth = runtime.block_on(async { reqwest::get(url).await.unwrap().text().await });
        let before = secrets.0.len();
        for line in truth.unwrap().lines() {
            let clip: Value = serde_json::from_str(line).unwrap();
            if let Some(passcode) = clip["passcode"].as_str() {
                secrets.add(passcode);
            }
            let link = clip["thumbnail_link"].as_str().unwrap_or_default();
            if let Some((_, jwt)) = link.split_once("jwt=") {
                secrets.add(jwt.split('&').next().unwrap());
            }
        }
        assert!(secrets.0.len() > before + 1000);
        secrets
    }

    /// The first secret in some bytes.
    fn find(&self, bytes: &[u8]) -> Option<String> {
        let found = bytes.windows(8).position(|piece| {
            let piece: &Piece = piece.try_into().unwrap();
            self.0.contains(piece)
        })?;
        let start = found.saturating_sub(40);
        let end = bytes.len().min(found + 40);
        Some(String::from_utf8_lossy(&bytes[start..end]).into_owned())
    }

    /// The first secret in any file below a folder, compressed ones too.
    fn find_below(&self, folder: &Path) -> Option<String> {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = if path.is_dir() {
                self.find_below(&path)
            } else {
                self.find(&plain(&path))
            };
            if let Some(found) = found {
                return Some(format!("{}: {found}", path.display()));
            }
        }
        None
    }

    fn assert_nowhere(&self, run: &Run, folder: &Path) {
        for text in [&run.stdout, &run.stderr] {
            assert_eq!(self.find(text.as_bytes()), None);
            for word in ["Bearer ey", "jwt=ey", "next_page_token="] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
        assert_eq!(self.find_below(folder), None);
    }
}

/// The bytes of a file, and what stands in it where it is compressed.
fn plain(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    if path.extension().is_some_and(|end| end == "parquet") {
        let rows = parquet_rows(path);
        let columns = [
            "title",
            "description",
            "share_link",
            "passcode",
            "thumbnail_link",
            "extra",
        ];
        for column in columns {
            for text in texts(&rows, column).into_iter().flatten() {
                bytes.extend(text.into_bytes());
            }
        }
    }
    bytes
}

/// Faults, and many records that are no proper clips.
fn rough(count: u64, rules: &[(Fault, Trigger)]) -> SandboxOptions {
    let mut options = with_faults(count, rules);
    options.faults.malformed = Some(MalformedRecords {
        one_in: 3,
        kinds: MalformedRecord::ALL.to_vec(),
    });
    options
}

/// As talkative as it gets.
fn loud(world: &World, format: &str, log: &str) -> Program {
    world
        .export()
        .arg("-vvv")
        .arg("--log-format")
        .arg(log)
        .arg("--format")
        .arg(format)
}

#[test]
fn secrets_are_found_where_they_were_asked_for() {
    let world = World::new(clips(1_000));
    for format in ["csv", "parquet"] {
        world
            .export()
            .arg("--include-secrets")
            .arg("--format")
            .arg(format)
            .succeeds();
        let found = Secrets::of(&world).find_below(&world.out());
        assert!(found.is_some(), "the search is blind to {format}");
    }
}

#[test]
fn an_export_that_meets_faults_leaves_no_secret() {
    for (format, log) in [("csv", "text"), ("parquet", "json"), ("csv", "json")] {
        let world = World::new(rough(
            4_000,
            &[
                (Fault::ExpirePageToken, Trigger::EveryNth(7)),
                (
                    Fault::RefuseToken(TokenRefusal::Unauthorized124),
                    Trigger::Nth(20),
                ),
                (Fault::Html(503), Trigger::EveryNth(11)),
                (Fault::CutBody, Trigger::EveryNth(13)),
                (Fault::OkWithErrorCode, Trigger::EveryNth(17)),
            ],
        ));
        let run = loud(&world, format, log).succeeds();
        let secrets = Secrets::of(&world);
        secrets.assert_nowhere(&run, world.folder.path());
        let rejects = world.out().join("_snapshots/2026-11-01/rejects.ndjson");
        let rejects = fs::read_to_string(rejects).unwrap();
        let with_passcode = rejects.matches(r#"\"passcode\":"#).count();
        assert!(with_passcode > 0, "no reject had a passcode");
        assert_eq!(
            rejects.matches(r#"\"passcode\":\"***\""#).count(),
            with_passcode
        );
        for command in ["verify", "report"] {
            let run = Program::new(&[command])
                .arg(world.out().to_str().unwrap())
                .succeeds();
            secrets.assert_nowhere(&run, world.folder.path());
        }
    }
}

#[test]
fn an_export_that_fails_leaves_no_secret() {
    let no_scope = SandboxOptions {
        behaviour: Behaviour {
            scopes: Some(vec!["user:read:admin".to_owned()]),
            ..Behaviour::default()
        },
        ..clips(2_000)
    };
    let always = |fault| rough(20_000, &[(fault, Trigger::Always)]);
    let failing = [
        (no_scope, 77),
        (always(Fault::Forbidden), 77),
        (always(Fault::Html(503)), 75),
        (always(Fault::OkWithErrorCode), 75),
        (always(Fault::TooMany(TooMany::Daily)), 75),
        (
            rough(20_000, &[(Fault::Html(503), Trigger::EveryNth(1))]),
            75,
        ),
    ];
    for (options, code) in failing {
        for log in ["text", "json"] {
            let world = World::new(options.clone());
            let run = loud(&world, "csv", log).arg("--max-wait=0s").exits(code);
            Secrets::of(&world).assert_nowhere(&run, world.folder.path());
        }
    }
    // One account of two.
    let mut options = SandboxOptions {
        sub_accounts: 2,
        ..rough(2_000, &[])
    };
    let ids = World::new(options.clone()).sandbox.account_ids();
    options.faults.rules.push(FaultRule {
        account: Some(ids[1].clone()),
        ..FaultRule::clips(Fault::Forbidden, Trigger::Always)
    });
    let world = World::new(options);
    let accounts = [ids[1].as_str(), ids[2].as_str()].join(",");
    let both = || loud(&world, "csv", "text").env("CLIPCENSUS_ACCOUNT", &accounts);
    let run = both().exits(77);
    Secrets::of(&world).assert_nowhere(&run, world.folder.path());
    let run = both().arg("--allow-incomplete").exits(65);
    Secrets::of(&world).assert_nowhere(&run, world.folder.path());
    // A disk where nothing can be written, and settings that are wrong.
    let world = World::new(clips(2_000));
    fs::write(world.out(), "a file").unwrap();
    let run = loud(&world, "csv", "text").exits(73);
    Secrets::of(&world).assert_nowhere(&run, world.folder.path());
    let run = loud(&world, "csv", "text").arg("--rate=-1").exits(2);
    Secrets::of(&world).assert_nowhere(&run, world.folder.path());
}

#[test]
fn the_spool_of_a_killed_export_holds_no_secret_unless_they_were_asked_for() {
    for asked in [false, true] {
        let world = World::new(rough(20_000, &[]));
        let mut export = loud(&world, "csv", "text").arg("--concurrency=4");
        if asked {
            export = export.arg("--include-secrets");
        }
        let mut child = export.spawn();
        while world.sandbox.report().requests < 60 {
            assert_eq!(child.try_wait().unwrap(), None, "it ended early");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let secrets = Secrets::of(&world);
        assert_eq!(secrets.find(&output.stderr), None);
        let work = world.out().join("_work");
        let found = secrets.find_below(&work);
        if asked {
            assert!(found.is_some(), "the search is blind to the spool");
        } else {
            assert_eq!(found, None);
            let folders = fs::read_dir(&work)
                .unwrap()
                .map(|found| found.unwrap().path());
            let pages: Vec<u8> = folders
                .filter_map(|folder| fs::read(folder.join("pages")).ok())
                .flatten()
                .collect();
            let holds = |text: &str| {
                pages
                    .windows(text.len())
                    .any(|some| some == text.as_bytes())
            };
            assert!(
                holds("clip_id") && holds("\"reason\""),
                "the spool is empty"
            );
        }
    }
}

const TOKEN: &str = "tKv9-Zq3mXw7Lr2B-tKc8Yh5Nd1Pf6";
const CLIENT_SECRET: &str = "sGj4-Ub7oTe1Wi9R-sMa3Vx6Hk2Dq8C";
const PASSCODE: &str = "Pq5*nZ8rWm2#yK7t";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoidG9rZW4ifQ.c2lnbmF0dXJlLXBsYW50ZWQ";

/// A service that says back whatever it was told, and shows what it holds.
struct Parrot {
    url: String,
}

/// What it answers to a request for clips: from the request's text, a status and a body.
type Answer = fn(&str) -> (u16, String);

impl Parrot {
    fn serve(token: Answer, clips: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&stream);
                let (answer, known) = if request.starts_with("POST") {
                    (token, CLIENT_SECRET)
                } else {
                    (clips, TOKEN)
                };
                let (status, body) = answer(&request);
                let head = format!(
                    "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nx-zm-trackingid: {known}\r\n\
                     connection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { url }
    }
}

fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {}
    let length = request
        .to_lowercase()
        .split_once("content-length: ")
        .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

fn record(clip_id: Option<&str>) -> Value {
    let mut record = json!({
        "title": format!("see https://h.example/f?jwt={JWT}"),
        "owner_id": "owner",
        "share_link": format!("https://h.example/s/1?pwd={PASSCODE}"),
        "share_link_settings": {"passcode": PASSCODE, "enable_passcode": true},
        "thumbnail_link": format!("https://h.example/t?a=1&jwt={JWT}"),
        "newField": {"accessToken": TOKEN, "list": [{"pass_code": PASSCODE}]},
    });
    record["clip_id"] = json!(clip_id);
    record
}

/// A page whose records, clips and rejects, hold secrets everywhere.
fn page() -> String {
    let data = [
        record(Some("one")),
        record(None),
        json!([record(Some("two"))]),
    ];
    json!({"data": data, "next_page_token": "", "total_records": 3}).to_string()
}

fn good_token(_: &str) -> (u16, String) {
    let body = json!({"access_token": TOKEN, "expires_in": 3600, "scope": "clips:read:admin"});
    (200, body.to_string())
}

#[test]
fn a_service_that_repeats_what_it_is_sent_and_shows_what_it_holds_makes_no_secret_known() {
    fn said(code: u64, request: &str) -> String {
        json!({"code": code, "message": format!("You sent {request}")}).to_string()
    }
    let cases: [(&str, Answer, Answer, i32); 13] = [
        ("a page", good_token, |_| (200, page()), 0),
        (
            "500 and the request",
            good_token,
            |r| (500, r.to_owned()),
            75,
        ),
        (
            "500 and the request in JSON",
            good_token,
            |r| (500, said(500, r)),
            75,
        ),
        ("500 and a page", good_token, |_| (500, page()), 75),
        (
            "500 and half a page",
            good_token,
            |_| (500, page().split_at(300).0.to_owned()),
            75,
        ),
        (
            "500 and a record in its message",
            good_token,
            |_| (500, said(1, &page())),
            75,
        ),
        ("400", good_token, |r| (400, said(300, r)), 2),
        ("401", good_token, |r| (401, said(124, r)), 75),
        ("403", good_token, |r| (403, said(1003, r)), 77),
        ("404", good_token, |r| (404, said(2001, r)), 77),
        ("200 and an error", good_token, |r| (200, said(1234, r)), 75),
        (
            "no token but the request",
            |r| (400, said(1, r)),
            |_| (200, page()),
            77,
        ),
        (
            "no token but one",
            |_| (500, json!({"access_token": TOKEN}).to_string()),
            |_| (200, page()),
            75,
        ),
    ];
    let mut secrets = Secrets::default();
    for secret in [TOKEN, CLIENT_SECRET, PASSCODE, JWT] {
        secrets.add(secret);
    }
    let basic = BASE64_STANDARD.encode(format!("client:{CLIENT_SECRET}"));
    secrets.add(basic.split_at(basic.len() / 2).1);
    for (name, token, clips, code) in cases {
        for log in ["text", "json"] {
            let service = Parrot::serve(token, clips);
            let folder = tempfile::tempdir().unwrap();
            let run = Program::new(&["-vvv", "--log-format", log, "export"])
                .env("CLIPCENSUS_OUT", folder.path().to_str().unwrap())
                .env("CLIPCENSUS_BASE_URL", &service.url)
                .env("CLIPCENSUS_OAUTH_URL", &service.url)
                .env("CLIPCENSUS_MAX_WAIT", "0s")
                .env("CLIPCENSUS_SINCE", "2026-10-10")
                .env("CLIPCENSUS_UNTIL", "2026-11-01")
                .env("CLIPCENSUS_FORMAT", "csv")
                .env("ZOOM_ACCOUNT_ID", "account")
                .env("ZOOM_CLIENT_ID", "client")
                .env("ZOOM_CLIENT_SECRET", CLIENT_SECRET)
                .run();
            println!("{name}: {:?} {}", run.code, run.stderr);
            secrets.assert_nowhere(&run, folder.path());
            assert_eq!(run.code, Some(code), "{name}: {}", run.stderr);
        }
    }
}
