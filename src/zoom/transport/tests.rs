//! The real transport against a small server on this computer.

use std::io::Write;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Serves one connection: reads a request, writes these bytes, closes. Returns what was asked.
async fn exchange(
    answer: Vec<u8>,
    body_limit: usize,
    request: impl FnOnce(Url) -> Request,
) -> (Result<Response, TransportError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !complete(&asked) {
            let read = stream.read_buf(&mut asked).await.unwrap();
            assert!(read > 0, "the request is cut short");
        }
        stream.write_all(&answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    let mut transport = HttpTransport::new(Timeouts::default()).unwrap();
    transport.body_limit = body_limit;
    let url = format!("http://{address}/v2/clips?next_page_token=hush");
    let answer = transport.send(request(url.parse().unwrap())).await;
    (answer, server.await.unwrap())
}

/// A request without a body, or one with the form of the tests.
fn complete(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}

fn get(url: Url) -> Request {
    Request {
        method: Method::Get,
        url,
        authorization: Authorization::Bearer("planted".into()),
        form: None,
    }
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_body_comes_back_whole_and_the_request_says_who_asks() {
    let answer = http(
        "200 OK\r\ncontent-encoding: gzip",
        &gzipped(b"{\"data\":[]}"),
    );
    let (answer, asked) = exchange(answer, BODY_LIMIT, get).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..]),
        (200, &b"{\"data\":[]}"[..])
    );
    let asked = asked.to_lowercase();
    assert!(asked.starts_with("get /v2/clips?next_page_token=hush http/1.1\r\n"));
    assert!(asked.contains("authorization: bearer planted\r\n"));
    assert!(asked.contains("accept: application/json\r\n"));
    assert!(asked.contains("accept-encoding: gzip\r\n"));
    assert!(asked.contains(concat!(
        "user-agent: clipcensus/",
        env!("CARGO_PKG_VERSION")
    )));
}

#[tokio::test]
async fn a_form_is_sent_with_the_name_and_secret_of_the_app() {
    let (_, asked) = exchange(http("200 OK", b""), BODY_LIMIT, |url| Request {
        method: Method::Post,
        url,
        authorization: Authorization::Basic {
            user: "me".into(),
            password: "planted".into(),
        },
        form: Some(vec![("account_id".into(), "a b&c".into())]),
    })
    .await;
    assert!(
        asked.contains("authorization: Basic bWU6cGxhbnRlZA==\r\n"),
        "{asked}"
    );
    assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(asked.ends_with("\r\n\r\naccount_id=a+b%26c"));
}

#[tokio::test]
async fn a_redirect_is_refused_and_named_without_its_query() {
    let head = "302 Found\r\nlocation: https://cdn.example.com/file?jwt=hush";
    let (answer, _) = exchange(http(head, b""), BODY_LIMIT, get).await;
    let to = "cdn.example.com".to_owned();
    assert_eq!(
        answer.unwrap_err(),
        TransportError::Redirect { status: 302, to }
    );
}

#[tokio::test]
async fn a_small_body_that_unpacks_into_a_large_one_is_refused() {
    let body = gzipped(&vec![b' '; 1 << 20]);
    assert!(body.len() < 10_000);
    let answer = http("200 OK\r\ncontent-encoding: gzip", &body);
    let (answer, _) = exchange(answer, 100_000, get).await;
    assert_eq!(
        answer.unwrap_err(),
        TransportError::TooLarge { limit: 100_000 }
    );
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_interruption() {
    let compressed = gzipped(b"{\"data\":[]}");
    for answer in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"dat\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        b"".to_vec(),
        http(
            "200 OK\r\ncontent-encoding: gzip",
            &compressed[..compressed.len() - 12],
        ),
    ] {
        let sent = String::from_utf8_lossy(&answer).into_owned();
        let (answer, _) = exchange(answer, BODY_LIMIT, get).await;
        let error = answer.unwrap_err();
        assert!(
            matches!(error, TransportError::Interrupted { .. }),
            "{sent}: {error:?}"
        );
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let transport = HttpTransport::new(Timeouts::default()).unwrap();
    let url = format!("http://{address}/v2?next_page_token=hush");
    let error = transport.send(get(url.parse().unwrap())).await.unwrap_err();
    assert!(matches!(&error, TransportError::Connect { host, .. } if host == "127.0.0.1"));
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn a_token_with_a_line_break_is_never_sent() {
    let transport = HttpTransport::new(Timeouts::default()).unwrap();
    let mut request = get("http://127.0.0.1:1/".parse().unwrap());
    request.authorization = Authorization::Bearer("planted\nx: y".into());
    let error = transport.send(request).await.unwrap_err();
    assert!(
        matches!(error, TransportError::Unsendable { .. }),
        "{error:?}"
    );
    assert!(!error.to_string().contains("planted"), "{error}");
}

#[test]
fn nothing_secret_is_debugged() {
    let mut request = get("https://api.zoom.us/v2/clips?next_page_token=hush"
        .parse()
        .unwrap());
    request.form = Some(vec![("client_secret".into(), "planted".into())]);
    let shown = format!("{request:?}");
    assert!(shown.contains("/v2/clips"), "{shown}");
    assert!(
        !shown.contains("hush") && !shown.contains("planted"),
        "{shown}"
    );
    let password = "planted".into();
    let user = "me".into();
    let shown = format!("{:?}", Authorization::Basic { user, password });
    assert!(!shown.contains("planted"), "{shown}");
}
