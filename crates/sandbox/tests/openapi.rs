//! The simulated account against the API's published schema, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(
    clippy::print_stderr,
    reason = "a skipped test should say why it was skipped"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clipcensus_sandbox::{
    Behaviour, Fault, FaultRule, Faults, Limits, Sandbox, SandboxOptions, Trigger,
};
use serde_json::Value;

const WINDOW: &str =
    "page_size=300&date_filter_type=CREATED_DATE&from=2024-03-01T00:00:00Z&to=2024-03-29T00:00:00Z";

fn options() -> SandboxOptions {
    SandboxOptions {
        clips: 20_000,
        sub_accounts: 5,
        limits: Limits::NONE,
        // The service sends null tags though its schema has none.
        behaviour: Behaviour {
            null_tags: false,
            ..Behaviour::default()
        },
        ..SandboxOptions::default()
    }
}

/// An answer: status, headers and body, as far as they came.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One request on a connection of its own; `None` if nothing came back.
fn send(address: SocketAddr, head: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: sandbox\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // A broken connection is an error here and there, and an end elsewhere.
    stream.read_to_end(&mut bytes).ok();
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = bytes[split + 4..].to_vec();
    Some(Answer { status, head, body })
}

fn encode_base64(text: &str) -> String {
    let bits: Vec<u8> = text
        .bytes()
        .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1))
        .collect();
    let mut out: String = bits
        .chunks(6)
        .map(|six| {
            let value = (0..6).fold(0, |value, at| value << 1 | six.get(at).unwrap_or(&0));
            char::from(match value {
                0..26 => b'A' + value,
                26..52 => b'a' + value - 26,
                52..62 => b'0' + value - 52,
                62 => b'+',
                _ => b'/',
            })
        })
        .collect();
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

/// A running sandbox and an access token for it.
struct Open {
    sandbox: Sandbox,
    token: String,
}

impl Open {
    async fn new(options: SandboxOptions) -> Open {
        let sandbox = Sandbox::start(options, 0).await.unwrap();
        let known = sandbox.credentials();
        let basic = encode_base64(&format!("{}:{}", known.client_id, known.client_secret));
        let head = format!(
            "POST /oauth/token HTTP/1.1\r\nAuthorization: Basic {basic}\r\n\
             Content-Type: application/x-www-form-urlencoded"
        );
        let body = format!(
            "grant_type=account_credentials&account_id={}",
            known.account_id
        );
        let answer = send(sandbox.address(), &head, &body).unwrap();
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        Open { sandbox, token }
    }

    fn get(&self, path_and_query: &str, more: &str) -> Option<Answer> {
        let token = &self.token;
        let head = format!("GET {path_and_query} HTTP/1.1\r\nAuthorization: Bearer {token}{more}");
        send(self.sandbox.address(), &head, "")
    }
}

/// The published document, if it is there: where `CLIPCENSUS_OPENAPI` says, or beside the project.
fn document() -> Option<Value> {
    let beside = || {
        let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        project
            .join("../shared/reference/zoom-clips.openapi.json")
            .into_os_string()
    };
    let path = std::env::var_os("CLIPCENSUS_OPENAPI").unwrap_or_else(beside);
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!(
            "skipped: set CLIPCENSUS_OPENAPI to the path of Zoom's OpenAPI document for Clips"
        );
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// `OpenAPI` 3.0 says `nullable` where a JSON schema has a second type.
fn translate(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let nullable = fields.remove("nullable") == Some(Value::Bool(true));
            if nullable && let Some(kind) = fields.get_mut("type") {
                *kind = serde_json::json!([kind.clone(), "null"]);
            }
            fields.values_mut().for_each(translate);
        }
        Value::Array(items) => items.iter_mut().for_each(translate),
        _ => {}
    }
}

fn validator(document: &Value, path: &str, formats: bool) -> jsonschema::Validator {
    let mut schema =
        document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            .clone();
    assert!(schema.is_object(), "{path} has a schema");
    translate(&mut schema);
    jsonschema::options()
        .should_validate_formats(formats)
        .build(&schema)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_all_lists_fit_the_published_schema() {
    let Some(document) = document() else { return };
    let open = Open::new(options()).await;
    let sub = &open.sandbox.account_ids()[1];
    // Accounts may have empty texts for missing dates, against the schema's format.
    for (path, request, name, formats) in [
        ("/clips", format!("/v2/clips?{WINDOW}"), "data", true),
        (
            "/accounts/{accountId}/clips",
            format!("/v2/accounts/{sub}/clips?{WINDOW}"),
            "data",
            true,
        ),
        (
            "/users",
            "/v2/users?page_size=2000".to_owned(),
            "users",
            true,
        ),
        (
            "/users",
            "/v2/users?status=inactive".to_owned(),
            "users",
            true,
        ),
        (
            "/users",
            "/v2/users?status=pending".to_owned(),
            "users",
            true,
        ),
        (
            "/accounts",
            "/v2/accounts?page_size=300".to_owned(),
            "accounts",
            false,
        ),
    ] {
        let answer = open.get(&request, "").unwrap();
        assert_eq!(answer.status, 200, "{request}");
        let page = answer.json();
        assert!(!page[name].as_array().unwrap().is_empty(), "{request}");
        let validator = validator(&document, path, formats);
        let errors: Vec<String> = validator
            .iter_errors(&page)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{request}");
    }
    assert!(open.sandbox.report().out_of_specification.is_empty());
    open.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_parameter_is_known_and_no_other() {
    let Some(document) = document() else { return };
    let open = Open::new(options()).await;
    let sub = open.sandbox.account_ids()[1].clone();
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let parameters = item["get"]["parameters"].as_array().unwrap();
        let names = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap());
        let query: Vec<String> = names.map(|name| format!("{name}=1")).collect();
        let path = path.replace("{accountId}", &sub);
        open.get(&format!("/v2{path}?{}", query.join("&")), "")
            .unwrap();
    }
    let broken = open.sandbox.report().out_of_specification;
    assert!(
        !broken.contains_key("unknown query parameter"),
        "{broken:?}"
    );
    open.get(&format!("/v2/clips?{WINDOW}&limit=1"), "")
        .unwrap();
    let broken = open.sandbox.report().out_of_specification;
    assert_eq!(broken["unknown query parameter"].count, 1);
    open.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_answers_break_on_the_wire() {
    let nth = |fault, n| FaultRule::clips(fault, Trigger::Nth(n));
    let rules = vec![nth(Fault::Close, 1), nth(Fault::CutBody, 2)];
    let open = Open::new(SandboxOptions {
        faults: Faults {
            rules,
            malformed: None,
        },
        ..options()
    })
    .await;
    let request = format!("/v2/clips?{WINDOW}");
    assert!(open.get(&request, "").is_none(), "closed without an answer");
    let cut = open.get(&request, "").unwrap();
    assert_eq!(cut.status, 200);
    assert!(serde_json::from_slice::<Value>(&cut.body).is_err());
    let whole = open.get(&request, "").unwrap();
    assert!(cut.body.len() > 1000 && cut.body.len() < whole.body.len());
    let page = whole.json();
    let records = page["data"].as_array().unwrap().len();
    assert_eq!(page["total_records"], records);
    open.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_ends_answers_that_never_come() {
    for fault in [Fault::NoAnswer, Fault::EndlessBody] {
        let rule = FaultRule::clips(fault, Trigger::Always);
        let open = Open::new(SandboxOptions {
            faults: Faults {
                rules: vec![rule],
                malformed: None,
            },
            ..options()
        })
        .await;
        let (address, token) = (open.sandbox.address(), open.token.clone());
        let waiting = tokio::task::spawn_blocking(move || {
            let head = format!("GET /v2/clips?{WINDOW} HTTP/1.1\r\nAuthorization: Bearer {token}");
            send(address, &head, "")
        });
        while open.sandbox.report().faults.is_empty() {
            tokio::task::yield_now().await;
        }
        open.sandbox.shutdown().await;
        let answer = waiting.await.unwrap();
        assert!(answer.is_none_or(|answer| serde_json::from_slice::<Value>(&answer.body).is_err()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_is_served_to_who_knows_beforehand() {
    let open = Open::new(options()).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("{}/clips?{WINDOW}", open.sandbox.api_url());
    let answer = client
        .get(url)
        .bearer_auth(&open.token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.status(), 200);
    open.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gzip_is_sent_only_to_who_asks() {
    let open = Open::new(SandboxOptions {
        behaviour: Behaviour {
            gzip: true,
            ..Behaviour::default()
        },
        ..options()
    })
    .await;
    let request = format!("/v2/clips?{WINDOW}");
    let plain = open.get(&request, "").unwrap();
    let packed = open.get(&request, "\r\nAccept-Encoding: gzip").unwrap();
    assert!(!plain.head.to_lowercase().contains("content-encoding"));
    assert!(
        packed
            .head
            .to_lowercase()
            .contains("content-encoding: gzip")
    );
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut text)
        .unwrap();
    let unpacked: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(unpacked["data"], plain.json()["data"]);
    open.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_and_truth_are_served_and_agree_with_the_library() {
    let open = Open::new(options()).await;
    open.get(&format!("/v2/clips?{WINDOW}"), "").unwrap();
    let report = open.get("/sandbox/report", "").unwrap().json();
    assert_eq!(report, serde_json::to_value(open.sandbox.report()).unwrap());
    assert_eq!(report["requests"], 2);
    let truth = open.get("/sandbox/truth", "").unwrap().json();
    assert_eq!(truth, serde_json::to_value(open.sandbox.truth()).unwrap());
    assert_eq!(truth["clips"], 20_000);
    let clips = open.get("/sandbox/truth/clips", "").unwrap();
    let text = String::from_utf8(clips.body).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('{')).count();
    assert_eq!(lines, 20_000);
    open.sandbox.shutdown().await;
}
