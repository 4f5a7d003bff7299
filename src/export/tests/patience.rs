//! A service that keeps us waiting: the time allowed runs out, on real sockets, or a page token
//! does, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use clipcensus_sandbox::in_memory::InMemory;
use clipcensus_sandbox::{
    Behaviour, Fault, FaultRule, Faults, Limits, Order, Sandbox, SandboxOptions, Trigger,
};

use super::{export, in_virtual_time, is_published, is_truth, run, settings};
use crate::model::exit_code::ExitCode;
use crate::settings::ExportSettings;
use crate::settings::args::ExportArgs;
use crate::zoom::{HttpTransport, Timeouts};

/// Little patience: a request that takes longer because the machine is busy is only sent again.
const SHORT: Duration = Duration::from_millis(300);

fn options(fault: Fault, when: Trigger) -> SandboxOptions {
    SandboxOptions {
        clips: 20_000,
        limits: Limits::NONE,
        faults: Faults {
            rules: vec![FaultRule::clips(fault, when)],
            malformed: None,
        },
        ..SandboxOptions::default()
    }
}

async fn serve(fault: Fault, when: Trigger) -> Sandbox {
    Sandbox::start(options(fault, when), 0).await.unwrap()
}

fn of(sandbox: &Sandbox, out: &tempfile::TempDir, max_wait: &str) -> ExportSettings {
    let args = ExportArgs {
        out: Some(out.path().to_owned()),
        rate: Some(10_000.0),
        max_wait: Some(max_wait.to_owned()),
        ..ExportArgs::default()
    };
    settings(
        args,
        &sandbox.credentials(),
        &sandbox.api_url(),
        &sandbox.oauth_url(),
    )
}

fn impatient() -> HttpTransport {
    let timeouts = Timeouts {
        first_byte: SHORT,
        whole: 2 * SHORT,
        ..Timeouts::default()
    };
    HttpTransport::new(timeouts).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_or_never_ends_is_asked_for_again() {
    for fault in [
        Fault::NoAnswer,
        Fault::EndlessBody,
        Fault::Slow(Duration::from_hours(1)),
    ] {
        let sandbox = serve(fault, Trigger::Nth(17)).await;
        let out = tempfile::tempdir().unwrap();
        run(impatient(), of(&sandbox, &out, "15m")).await.unwrap();
        is_truth(out.path(), &sandbox.truth().all).unwrap();
        let struck: u64 = sandbox.report().faults.values().sum();
        assert_eq!(struck, 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_ends_the_run_and_nothing_is_published() {
    let sandbox = serve(Fault::NoAnswer, Trigger::Always).await;
    let out = tempfile::tempdir().unwrap();
    let error = run(impatient(), of(&sandbox, &out, "1s"))
        .await
        .unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::TryAgain);
    assert!(
        error.to_string().contains("no answer within 300ms"),
        "{error}"
    );
    assert!(!is_published(out.path()));
}

#[test]
fn an_answer_slower_than_its_page_token_lives_starts_the_window_over_and_then_cuts_it() {
    let slow = |when| {
        let options = SandboxOptions {
            behaviour: Behaviour {
                page_token_lifetime: Duration::from_secs(20),
                // Only such a list is read by page token.
                order: Order::ById,
                ..Behaviour::default()
            },
            ..options(Fault::Slow(Duration::from_secs(25)), when)
        };
        let service = Arc::new(InMemory::new(options));
        let out = tempfile::tempdir().unwrap();
        let ended = in_virtual_time(export(&service, &out, false)).unwrap();
        (service, out, ended)
    };
    let (service, out, ended) = slow(Trigger::EveryNth(9));
    ended.unwrap();
    is_truth(&out.path().join("census"), &service.truth().all).unwrap();
    assert!(service.report().by_endpoint["GET /clips"]["400 code 300"] > 0);

    let (service, out, ended) = slow(Trigger::Always);
    ended.unwrap();
    is_truth(&out.path().join("census"), &service.truth().all).unwrap();
}
