//! Stopped by a signal, whatever command it is and whatever it waits for; a stop that an export is to
//! survive is tested in `kill`.

use std::fs;
use std::io::{ErrorKind, PipeReader, PipeWriter, Write, pipe};
use std::net::TcpListener;
use std::process::{Child, Command};

use clipcensus_sandbox::{Fault, Trigger};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    Program, World, clips, has, is_installed, skipped, stop_signals, with_faults,
};

/// A pipe that takes no byte: whoever writes to it waits.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    let error = loop {
        if let Err(error) = writer.write(&[0; 4096]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    while writer.write(&[0]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

/// Whether a process has come so far that no signal is lost: its thread for them runs.
fn hears(process: i32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter();
    let mut threads = threads.flatten().flatten();
    threads.any(|thread| {
        fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "signals\n")
    })
}

fn id(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

/// Waits until something is so of a running process.
fn wait_until(child: &mut Child, mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
}

fn send(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
}

#[test]
fn every_command_that_hangs_is_ended_by_each_signal() {
    let world = World::new(clips(300));
    world.export().succeeds();
    let out = world.out();
    let out = out.to_str().unwrap();
    for arguments in [
        &["verify", out][..],
        &["report", out],
        &["prune", out, "--keep-daily=1"],
        &["man"],
        &["completions", "bash"],
        &["help", "exit-codes"],
    ] {
        for (signal, code) in stop_signals() {
            let (_reader, writer) = full_pipe();
            let mut child = Program::new(arguments).spawn_into(writer);
            let process = id(&child);
            wait_until(&mut child, || hears(process));
            send(process, signal);
            let ended = child.wait().unwrap().code();
            assert_eq!(ended, Some(code), "{arguments:?} by {signal:?}");
        }
    }
}

#[test]
fn an_export_that_hangs_when_all_is_published_is_ended_by_each_signal() {
    for (signal, code) in stop_signals() {
        let world = World::new(clips(300));
        let (_reader, writer) = full_pipe();
        let mut child = world.export().spawn_into(writer);
        let latest = world.out().join("_snapshots/latest.json");
        wait_until(&mut child, || latest.exists());
        send(id(&child), signal);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        world.verify();
    }
}

#[test]
fn the_first_process_of_a_container_is_ended_by_each_signal() {
    let isolated = ["unshare", "--user", "--map-root-user", "--pid", "--fork"];
    if !is_installed("unshare") {
        return;
    }
    let tried = Command::new(isolated[0])
        .args(&isolated[1..])
        .arg("true")
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        return skipped("no namespace can be made here");
    }
    for (signal, code) in stop_signals() {
        let (_reader, writer) = full_pipe();
        let mut child = Program::new(&["man"]).under(&isolated).spawn_into(writer);
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let mut first = None;
        wait_until(&mut child, || {
            let listed = fs::read_to_string(&children).unwrap_or_default();
            first = listed
                .split_whitespace()
                .next()
                .map(|id| id.parse().unwrap());
            first.is_some_and(hears)
        });
        send(first.unwrap(), signal);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?}");
    }
}

#[test]
fn a_program_that_was_told_to_ignore_the_end_of_its_terminal_does() {
    let (_reader, writer) = full_pipe();
    let ignoring = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let mut child = Program::new(&["man"]).under(&ignoring).spawn_into(writer);
    let process = id(&child);
    wait_until(&mut child, || hears(process));
    assert!(has(process, "SigIgn:", Signal::HUP));
    send(process, Signal::HUP);
    send(process, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn an_export_that_is_stopped_says_whether_there_is_anything_to_go_on_from() {
    let world = World::new(clips(3_000));
    for (signal, code) in stop_signals() {
        // A service that takes connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let export = world.export().env("CLIPCENSUS_OAUTH_URL", &url);
        let child = export.spawn();
        let _connection = silent.accept().unwrap();
        send(id(&child), signal);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code));
        let said = String::from_utf8(ended.stderr).unwrap();
        let told = "before any clip was listed; run the same command again to begin anew\n";
        assert!(said.ends_with(told), "{said}");
    }
    for (signal, code) in stop_signals() {
        let faults = [(Fault::NoAnswer, Trigger::Nth(40))];
        let world = World::new(with_faults(3_000, &faults));
        let mut child = world.export().spawn();
        let report = || world.sandbox.report().faults.values().sum::<u64>();
        wait_until(&mut child, || report() > 0);
        send(id(&child), signal);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code));
        let said = String::from_utf8(ended.stderr).unwrap();
        let told = "; run the same command again to go on from here\n";
        assert!(said.ends_with(told), "{said}");
    }
}
