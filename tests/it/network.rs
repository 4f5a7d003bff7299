//! What stands between this computer and the service: proxies, certificates; and a service that does
//! not list all of the past.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{EMPTY_PAGE, Program, World, clips, fake_service, request_head};

/// A proxy that wants a user. Returns its address, and how often it was asked.
fn proxy_that_wants_a_user() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            request_head(&stream);
            count.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
            stream.write_all(answer).unwrap();
        }
    });
    (address, asked)
}

/// A command that would ask for what no test must ask: a host elsewhere.
fn of_elsewhere(command: &str, out: &str) -> Program {
    Program::new(&[
        command,
        "--since=2025-02-01",
        "--until=2025-04-01",
        "--out",
        out,
    ])
    .env("CLIPCENSUS_BASE_URL", "https://api.example.invalid/v2")
    .env(
        "CLIPCENSUS_OAUTH_URL",
        "https://example.invalid/oauth/token",
    )
    .env("ZOOM_ACCOUNT_ID", "account")
    .env("ZOOM_CLIENT_ID", "client")
    .env("ZOOM_CLIENT_SECRET", "planted-secret")
}

#[test]
fn a_proxy_that_cannot_be_understood_is_refused_before_anything_is_sent() {
    let (address, asked) = proxy_that_wants_a_user();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for command in ["export", "check"] {
        let odd = format!("http://user7:pa#ss@{address}");
        let run = of_elsewhere(command, out).env("HTTPS_PROXY", &odd).exits(2);
        assert!(
            run.stderr.contains("the proxy that HTTPS_PROXY names"),
            "{}",
            run.stderr
        );
        for shown in ["user7", "pa#ss", &address] {
            assert!(!run.stderr.contains(shown), "{}", run.stderr);
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_proxy_that_wants_a_user_ends_it_at_once_and_check_says_by_which_proxy_it_goes() {
    let (address, asked) = proxy_that_wants_a_user();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let run = of_elsewhere("export", out)
        .env("https_proxy", &address)
        .exits(77);
    let remedy = "wants a user and a password (407); write them into https_proxy, as http://";
    assert!(run.stderr.contains(remedy), "{}", run.stderr);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let run = of_elsewhere("check", out)
        .env("https_proxy", &address)
        .exits(77);
    let line = format!(
        "ok       proxy        api.example.invalid and example.invalid by the proxy {address}, \
         which https_proxy names\n"
    );
    assert!(run.stdout.contains(&line), "{}", run.stdout);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn this_computer_is_asked_without_proxy_and_without_certificates_whatever_variables_say() {
    let world = World::new(clips(300));
    let odd = |program: Program| {
        program
            .env("HTTPS_PROXY", "odd one")
            .env("SSL_CERT_FILE", "/nowhere/roots.pem")
    };
    odd(world.export()).succeeds();
    let run = odd(world.check()).succeeds();
    let line = "ok       proxy        127.0.0.1 without a proxy: it is this computer\n";
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

#[test]
fn without_root_certificates_nothing_is_asked_by_tls_and_the_variable_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let run = of_elsewhere("export", folder.path().to_str().unwrap())
        .env("CLIPCENSUS_BASE_URL", &url)
        .env("CLIPCENSUS_OAUTH_URL", &url)
        .env("SSL_CERT_FILE", "/nowhere/roots.pem")
        .arg("--max-wait=0s")
        .exits(2);
    for words in [
        "there are no root certificates where SSL_CERT_FILE looks",
        "ca-certificates",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn windows_that_the_service_refuses_for_their_age_are_named_with_the_oldest_that_it_accepts() {
    let url = fake_service(|from, _| {
        if from < "2025-02-28" {
            let why = r#"{"code":300,"message":"The date must be within the last six months."}"#;
            return (400, why.to_owned());
        }
        (200, EMPTY_PAGE.to_owned())
    });
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for command in ["export", "check"] {
        let run = of_elsewhere(command, out)
            .env("CLIPCENSUS_BASE_URL", &url)
            .env("ZOOM_ACCESS_TOKEN", "token")
            .arg("--until=2025-05-01")
            .exits(2);
        let said = run.stderr + &run.stdout;
        let told = "within the last six months.\" (code 300); the service refuses the window \
                    [2025-02-01T00:00:00Z, 2025-03-01T00:00:00Z), and the oldest of those tried that it \
                    accepts begins at 2025-03-01T00:00:00Z: find the --since that it still accepts, \
                    between 2025-02-01T00:00:00Z and 2025-03-01T00:00:00Z";
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_connection_that_cannot_be_made_is_told_at_once_and_only_once_with_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    // Nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let url = format!("http://{}", closed.unwrap());
    let run = |command: &str| {
        of_elsewhere(command, out)
            .env("CLIPCENSUS_BASE_URL", &url)
            .env("CLIPCENSUS_OAUTH_URL", &url)
            .arg("--max-wait=900ms")
    };
    for command in ["export", "check"] {
        let said = run(command).exits(75).stderr;
        let told: Vec<&str> = said.lines().filter(|line| line.contains("WARN")).collect();
        let [line] = &told[..] else {
            panic!("{command}: {said}");
        };
        for words in [
            "waiting for the service",
            "at_most_seconds=0.9",
            "cannot connect to 127.0.0.1",
        ] {
            assert!(line.contains(words), "{line}");
        }
    }
    let quiet = run("export").arg("-q").exits(75).stderr;
    assert!(
        quiet.starts_with("error: POST /oauth/token failed after"),
        "{quiet}"
    );
}
