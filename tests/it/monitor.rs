//! How an export ended, told to a metrics file and to an address that is called.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use clipcensus_sandbox::{Fault, Limits, SandboxOptions, Trigger};
use rustix::process::Signal;

use crate::support::{World, clips, is_installed, request_head, stop_signals, with_faults};

/// Something that is called, and answers every call alike.
struct Monitor {
    url: String,
    calls: Receiver<String>,
}

impl Monitor {
    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/planted-uuid", listener.local_addr().unwrap());
        let (told, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = request_head(&stream);
                let line = request.lines().next().unwrap_or_default().to_owned();
                // Before the answer: whoever has that may look at the calls at once.
                drop(told.send(line));
                let head = "content-length: 0\r\nconnection: close";
                stream
                    .write_all(format!("HTTP/1.1 {status}\r\n{head}\r\n\r\n").as_bytes())
                    .unwrap();
            }
        });
        Self { url, calls }
    }

    /// The paths called so far.
    fn called(&self) -> Vec<String> {
        let path = |line: String| line.split(' ').nth(1).unwrap_or_default().to_owned();
        self.calls.try_iter().map(path).collect()
    }
}

fn file(world: &World) -> PathBuf {
    world.folder.path().join("clipcensus.prom")
}

/// The value of a series, named without the label that all have.
fn value(text: &str, series: &str) -> Option<f64> {
    let (name, label) = series.split_once('{').unwrap_or((series, "}"));
    let lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{name}{{out=")));
    let mut values = lines.filter_map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        series.ends_with(label).then(|| value.parse().unwrap())
    });
    values.next()
}

#[test]
fn an_export_that_ends_well_leaves_metrics_and_is_told() {
    let world = World::new(clips(900));
    let monitor = Monitor::answering("200 OK");
    let run = world
        .export()
        .arg("--metrics-file")
        .arg(file(&world).to_str().unwrap())
        .env("CLIPCENSUS_PING_URL", &monitor.url)
        .succeeds();
    assert!(!run.stderr.contains("ping"), "{}", run.stderr);
    assert_eq!(monitor.called(), ["/planted-uuid/start", "/planted-uuid"]);

    let text = fs::read_to_string(file(&world)).unwrap();
    let manifest = world.manifest();
    let requests = manifest["requests"]["ok"].as_f64();
    let summary = world.json(&format!("{}/summary.json", world.date()));
    for (series, expected) in [
        ("clipcensus_success", Some(1.0)),
        ("clipcensus_exit_code", Some(0.0)),
        ("clipcensus_snapshot_clips", Some(900.0)),
        (
            "clipcensus_snapshot_bytes",
            summary["totals"]["bytes"].as_f64(),
        ),
        (
            "clipcensus_snapshot_timestamp_seconds",
            Some(1_793_491_200.0),
        ),
        (
            "clipcensus_snapshot_verdict{verdict=\"verified\"}",
            Some(1.0),
        ),
        (
            "clipcensus_snapshot_verdict{verdict=\"incomplete\"}",
            Some(0.0),
        ),
        ("clipcensus_requests{outcome=\"ok\"}", requests),
        (
            "clipcensus_requests{outcome=\"too_many_requests\"}",
            Some(0.0),
        ),
        (
            "clipcensus_received_clips",
            manifest["totals"]["received"].as_f64(),
        ),
    ] {
        assert!(expected.is_some(), "{series}");
        assert_eq!(value(&text, series), expected, "{series} in\n{text}");
    }
    let ended = value(&text, "clipcensus_end_timestamp_seconds");
    assert_eq!(
        value(&text, "clipcensus_last_success_timestamp_seconds"),
        ended
    );
    let windows = value(&text, "clipcensus_windows{state=\"settled\"}").unwrap();
    assert!(windows >= 1.0, "{text}");
}

#[test]
fn every_series_has_help_and_type_and_bears_the_output_folder() {
    let world = World::new(clips(40));
    let path = file(&world);
    world
        .export()
        .env("CLIPCENSUS_METRICS_FILE", path.to_str().unwrap())
        .succeeds();
    let text = fs::read_to_string(path).unwrap();
    let out = format!("{{out=\"{}\"", world.out().display());
    let mut typed = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.strip_suffix(" gauge").unwrap();
            assert!(!typed.contains(&name), "{name} twice");
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            typed.push(name);
        } else if !line.starts_with("# HELP ") {
            let (name, _) = line.split_once('{').unwrap();
            assert_eq!(typed.last(), Some(&name), "{line}");
            assert!(line.contains(&out), "{line}");
        }
    }
    assert!(typed.len() > 12, "{text}");
    if !is_installed("promtool") {
        return;
    }
    let mut checked = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = checked.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let checked = checked.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{said}");
    assert_eq!(said, "");
    let folder = fs::read_dir(world.folder.path()).unwrap();
    let left = folder.map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().contains("tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_export_that_fails_leaves_metrics_too_with_the_last_success_and_the_last_snapshot() {
    let world = World::new(clips(900));
    let path = file(&world);
    let metrics = path.to_str().unwrap();
    world
        .export()
        .env("CLIPCENSUS_METRICS_FILE", metrics)
        .succeeds();
    let before = fs::read_to_string(&path).unwrap();
    let monitor = Monitor::answering("200 OK");
    let wrong = |world: &World| {
        world
            .export()
            .env("CLIPCENSUS_METRICS_FILE", metrics)
            .env("CLIPCENSUS_PING_URL", &monitor.url)
    };
    // One is refused before anything is sent, the other by the service.
    wrong(&world).arg("--since=yesterday").exits(2);
    assert_eq!(monitor.called(), ["/planted-uuid/2"]);
    wrong(&world).env("ZOOM_CLIENT_SECRET", "wrong").exits(77);
    assert_eq!(
        monitor.called(),
        ["/planted-uuid/start", "/planted-uuid/77"]
    );
    let after = fs::read_to_string(&path).unwrap();
    for series in [
        "clipcensus_last_success_timestamp_seconds",
        "clipcensus_snapshot_clips",
        "clipcensus_snapshot_timestamp_seconds",
    ] {
        let kept = value(&before, series);
        assert!(kept.is_some(), "{series}");
        assert_eq!(value(&after, series), kept, "{series}");
    }
    assert_eq!(value(&after, "clipcensus_success"), Some(0.0));
    assert_eq!(value(&after, "clipcensus_exit_code"), Some(77.0));
    assert_eq!(value(&after, "clipcensus_received_clips"), Some(0.0));
}

#[test]
fn before_the_first_success_none_is_named() {
    let world = World::new(with_faults(900, &[(Fault::Forbidden, Trigger::Always)]));
    let path = file(&world);
    world
        .export()
        .env("CLIPCENSUS_METRICS_FILE", path.to_str().unwrap())
        .exits(77);
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(value(&text, "clipcensus_success"), Some(0.0));
    assert_eq!(
        value(&text, "clipcensus_last_success_timestamp_seconds"),
        None
    );
    assert_eq!(value(&text, "clipcensus_snapshot_clips"), None);
}

#[test]
fn an_export_stopped_by_a_signal_is_told() {
    for (signal, code) in stop_signals() {
        stopped_by(signal, code);
    }
}

fn stopped_by(signal: Signal, code: i32) {
    let world = World::new(SandboxOptions {
        limits: Limits {
            light_per_second: 40.0,
            ..Limits::default()
        },
        ..clips(20_000)
    });
    let path = file(&world);
    let monitor = Monitor::answering("200 OK");
    let mut child = world
        .export()
        .arg("--rate=40")
        .env("CLIPCENSUS_METRICS_FILE", path.to_str().unwrap())
        .env("CLIPCENSUS_PING_URL", &monitor.url)
        .spawn();
    while world.sandbox.report().requests < 4 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code));
    let ended = format!("/planted-uuid/{code}");
    assert_eq!(monitor.called(), ["/planted-uuid/start", ended.as_str()]);
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(value(&text, "clipcensus_exit_code"), Some(code.into()));
}

#[test]
fn what_cannot_be_told_is_a_warning_without_the_path_of_the_address() {
    let world = World::new(clips(40));
    let monitor = Monitor::answering("500 Oops");
    let missing = world.folder.path().join("missing/clipcensus.prom");
    let run = world
        .export()
        .env("CLIPCENSUS_METRICS_FILE", missing.to_str().unwrap())
        .env("CLIPCENSUS_PING_URL", &monitor.url)
        .arg("-vvv")
        .succeeds();
    // A call that is lost is made again, once.
    let start = "/planted-uuid/start";
    assert_eq!(
        monitor.called(),
        [start, start, "/planted-uuid", "/planted-uuid"]
    );
    for word in [
        "missing/clipcensus.prom was not written: No such file or directory",
        "make its folder",
        "127.0.0.1",
        "500",
    ] {
        assert!(run.stderr.contains(word), "no {word} in {}", run.stderr);
    }
    assert!(!run.stderr.contains("planted-uuid"), "{}", run.stderr);
    assert!(!run.stderr.contains("output folder"), "{}", run.stderr);
    let help = world
        .export()
        .env("CLIPCENSUS_PING_URL", &monitor.url)
        .arg("--help")
        .succeeds();
    assert!(!help.stdout.contains("planted-uuid"), "{}", help.stdout);
}

#[test]
fn an_address_in_the_clear_is_refused_and_not_shown_and_the_metrics_say_so() {
    let world = World::new(clips(40));
    let path = file(&world);
    let run = world
        .export()
        .arg("--ping-url=http://hc-ping.com/planted-uuid")
        .env("CLIPCENSUS_METRICS_FILE", path.to_str().unwrap())
        .exits(2);
    assert!(
        run.stderr.contains("the ping URL must use https"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("planted-uuid"), "{}", run.stderr);
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(value(&text, "clipcensus_exit_code"), Some(2.0));
}

#[test]
fn a_refusal_is_told_where_the_file_that_is_wrong_names_the_metrics_file_itself() {
    let world = World::new(clips(10));
    let monitor = Monitor::answering("200 OK");
    let config = world.folder.path().join("clipcensus.toml");
    for slip in [
        "fromat = \"csv\"",
        "rate = \"fast\"",
        "plan = 7",
        "client-secret = \"hush\"",
    ] {
        let (path, url) = (file(&world), &monitor.url);
        let settings = format!("metrics-file = {path:?}\nping-url = {url:?}\n{slip}\n");
        fs::write(&config, settings).unwrap();
        world
            .export()
            .arg("--config")
            .arg(config.to_str().unwrap())
            .exits(2);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(value(&text, "clipcensus_exit_code"), Some(2.0), "{slip}");
        assert_eq!(monitor.called(), ["/planted-uuid/2"], "{slip}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn arguments_that_are_not_understood_are_told_wherever_the_monitors_are_named() {
    let world = World::new(clips(10));
    let path = file(&world);
    let metrics = path.to_str().unwrap();
    let monitor = Monitor::answering("200 OK");
    let config = world.folder.path().join("clipcensus.toml");
    let settings = format!("metrics-file = {path:?}\nping-url = {:?}\n", monitor.url);
    fs::write(&config, settings).unwrap();
    let by_variables = || {
        let export = world.export().env("CLIPCENSUS_METRICS_FILE", metrics);
        export.env("CLIPCENSUS_PING_URL", &monitor.url)
    };
    let by_flags = || {
        let export = world.export().arg("--oops");
        let export = export.arg("--metrics-file").arg(metrics);
        export.arg(&format!("--ping-url={}", monitor.url))
    };
    let by_file = || world.export().arg("--config").arg(config.to_str().unwrap());
    for (refused, slip) in [
        (by_variables().arg("--oops"), "--oops"),
        (by_variables().env("CLIPCENSUS_PLAN", "gold"), "gold"),
        (
            by_variables().arg("--client-secret=hush"),
            "ZOOM_CLIENT_SECRET",
        ),
        (by_flags(), "--oops"),
        (by_file().arg("--plan=gold"), "gold"),
    ] {
        let run = refused.exits(2);
        assert!(run.stderr.contains(slip), "{}", run.stderr);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(value(&text, "clipcensus_exit_code"), Some(2.0), "{slip}");
        assert!(text.contains(&format!("{{out=\"{}\"}}", world.out().display())));
        assert_eq!(monitor.called(), ["/planted-uuid/2"], "{slip}");
        fs::remove_file(&path).unwrap();
    }
    // Neither help nor another command is an export that failed.
    by_variables().arg("--help").succeeds();
    let check = world.check().env("CLIPCENSUS_PING_URL", &monitor.url);
    check
        .env("CLIPCENSUS_METRICS_FILE", metrics)
        .arg("--oops")
        .exits(2);
    assert!(monitor.called().is_empty());
    assert!(!path.exists());
}
