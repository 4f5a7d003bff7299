//! The real transport against a small server on this computer.

use std::io::Write;

use reqwest::ClientBuilder;
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
    assert!(
        matches!(&error, TransportError::Connect { host, .. } if host.starts_with("127.0.0.1:"))
    );
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

/// A proxy that reads one request and answers it so. Returns how a request to the API ends by it, with
/// the address of the proxy taken out, and what the proxy was asked.
async fn by_proxy(user: &str, answer: &'static str) -> (TransportError, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !complete(&asked) {
            assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    let named = format!("http://{user}{address}");
    let proxies = Proxies::of(|name| (name == "HTTPS_PROXY").then_some(&*named));
    let transport = HttpTransport::by(Timeouts::default(), proxies).unwrap();
    let url = "https://api.example.com/v2/clips?next_page_token=hush";
    let error = transport.send(get(url.parse().unwrap())).await.unwrap_err();
    (error, served.await.unwrap())
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_with_its_own_user_and_nothing_of_ours() {
    let (error, asked) = by_proxy("me:p%23x@", "HTTP/1.1 403 Forbidden\r\n\r\n").await;
    assert!(
        asked.starts_with("CONNECT api.example.com:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    // me:p#x
    assert!(asked.contains("Basic bWU6cCN4"), "{asked}");
    assert!(
        !asked.contains("planted") && !asked.contains("hush"),
        "{asked}"
    );
    let TransportError::ProxyRefused { variable, host, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (*variable, host.as_str()),
        ("HTTPS_PROXY", "api.example.com")
    );
    let said = format!("{error} {error:?}");
    assert!(!said.contains("p#x") && !said.contains("p%23x"), "{said}");
}

#[tokio::test]
async fn a_proxy_that_wants_to_know_who_asks_is_named_with_its_variable() {
    for (user, told) in [
        ("", "wants a user and a password (407)"),
        ("me:wrong@", "wants another user or password (407)"),
    ] {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        let (error, _) = by_proxy(user, answer).await;
        let said = error.to_string();
        assert!(
            matches!(error, TransportError::ProxyCredentials { .. }),
            "{error:?}"
        );
        assert!(
            said.ends_with(told) && said.contains("which HTTPS_PROXY names"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_as_the_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let proxies = Proxies::of(|name| (name == "ALL_PROXY").then_some(&*address));
    let transport = HttpTransport::by(Timeouts::default(), proxies).unwrap();
    let url = "https://api.example.com/v2".parse().unwrap();
    let said = transport.send(get(url)).await.unwrap_err().to_string();
    let told = format!(
        "cannot connect to api.example.com by the proxy {address}, which ALL_PROXY names: "
    );
    assert!(said.starts_with(&told), "{said}");
}

/// A service of HTTP/2 whose first connection answers no request, but pings if told so; all others
/// answer both.
#[expect(
    clippy::default_trait_access,
    reason = "the crate of that type is no dependency of ours"
)]
async fn silent_at_first(answers_pings: bool) -> (Url, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut silent = h2::server::handshake(stream).await.unwrap();
        let first = silent.accept().await.unwrap().unwrap();
        let silence = async {
            let mut kept = vec![first];
            while answers_pings && let Some(Ok(request)) = silent.accept().await {
                kept.push(request);
            }
            std::future::pending::<()>().await;
        };
        let others = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut connection = h2::server::handshake(stream).await.unwrap();
                tokio::spawn(async move {
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        let answer = respond.send_response(Default::default(), true);
                        answer.unwrap();
                    }
                });
            }
        };
        tokio::join!(silence, others);
    });
    (url.parse().unwrap(), served)
}

fn of_http2(timeouts: Timeouts) -> HttpTransport {
    let tune: Tune = ClientBuilder::http2_prior_knowledge;
    HttpTransport::tuned(timeouts, Proxies::default(), tune).unwrap()
}

#[tokio::test]
async fn a_connection_on_which_a_request_times_out_is_not_used_again() {
    let (url, served) = silent_at_first(true).await;
    let transport = of_http2(Timeouts {
        first_byte: Duration::from_millis(300),
        ..Timeouts::default()
    });
    let error = transport.send(get(url.clone())).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    assert_eq!(transport.send(get(url)).await.unwrap().status, 200);
    served.abort();
}

#[tokio::test]
async fn a_connection_that_does_not_answer_pings_is_given_up_before_the_request_times_out() {
    let (url, served) = silent_at_first(false).await;
    let transport = of_http2(Timeouts {
        silence: Duration::from_millis(100),
        ..Timeouts::default()
    });
    let error = transport.send(get(url.clone())).await.unwrap_err();
    assert!(
        matches!(error, TransportError::Interrupted { .. }),
        "{error:?}"
    );
    assert_eq!(transport.send(get(url)).await.unwrap().status, 200);
    served.abort();
}

#[tokio::test]
async fn only_so_many_large_bodies_are_in_memory_at_a_time_and_small_ones_pass_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !complete(&asked) {
                    stream.read_buf(&mut asked).await.unwrap();
                }
                let is_large = asked.starts_with(b"GET /large");
                let body = vec![b' '; if is_large { LARGE_BODY + 1 } else { LARGE_BODY }];
                let head = "200 OK\r\nconnection: close";
                // Who has been answered enough goes away.
                drop(stream.write_all(&http(head, &body)).await);
            });
        }
    });
    let transport = HttpTransport::new(Timeouts::default()).unwrap();
    let send =
        |path: &str| transport.send(get(format!("http://{address}/{path}").parse().unwrap()));
    let mut held = Vec::new();
    for _ in 0..LARGE_BODIES {
        held.push(send("large").await.unwrap());
    }
    let mut next = send("large");
    tokio::select! {
        _ = &mut next => panic!("one too many"),
        small = send("small") => assert_eq!(small.unwrap().body.len(), LARGE_BODY),
    }
    held.pop();
    assert_eq!(next.await.unwrap().body.len(), LARGE_BODY + 1);
}
