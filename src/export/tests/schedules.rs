//! Random schedules of faults: an export ends in the exact truth, or in a clear failure that
//! published nothing and after which the same export, once the faults are over, ends in the truth.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clipcensus_sandbox::in_memory::InMemory;
use clipcensus_sandbox::{
    Behaviour, EndToken, Fault, FaultRule, Faults, History, Limits, MalformedRecord,
    MalformedRecords, Order, Paging, SandboxOptions, Target, TokenRefusal, TooMany, TotalRecords,
    Trigger,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{export, in_virtual_time, is_published, is_truth};
use crate::export::Published;
use crate::model::Verdict;

const SCHEDULES: u64 = 200;

const REFUSALS: [TokenRefusal; 3] = [
    TokenRefusal::Unauthorized124,
    TokenRefusal::BadRequest124,
    TokenRefusal::Unauthorized1002,
];

fn one_of<T: Copy>(dice: &mut StdRng, choices: &[T]) -> T {
    choices[dice.random_range(0..choices.len())]
}

fn fault(dice: &mut StdRng) -> Fault {
    let seconds = one_of(dice, &[1, 5, 30, 59, 61, 1000]);
    let others = [
        Fault::EndlessBody,
        Fault::NoAnswer,
        Fault::Slow(Duration::from_secs(seconds)),
        Fault::TooMany(TooMany::Daily),
        Fault::LoseScope,
        Fault::Forbidden,
    ];
    let all: Vec<Fault> = Fault::PASSING.into_iter().chain(others).collect();
    one_of(dice, &all)
}

fn rule(dice: &mut StdRng) -> FaultRule {
    let when = match dice.random_range(0..20) {
        0..8 => Trigger::Rate(one_of(dice, &[0.005, 0.02, 0.1, 0.3])),
        8..13 => Trigger::Nth(dice.random_range(1..80)),
        13..16 => Trigger::EveryNth(dice.random_range(2..50)),
        16..19 => Trigger::FirstAttempts(dice.random_range(1..4)),
        _ => Trigger::Always,
    };
    FaultRule {
        on: one_of(
            dice,
            &[
                Target::Clips,
                Target::Clips,
                Target::Clips,
                Target::Token,
                Target::Accounts,
                Target::Any,
            ],
        ),
        ..FaultRule::clips(fault(dice), when)
    }
}

fn schedule(dice: &mut StdRng) -> SandboxOptions {
    let rules = dice.random_range(1..5);
    let rules: Vec<FaultRule> = (0..rules).map(|_| rule(dice)).collect();
    // Where no total tells, nobody can notice.
    let needs_total = rules
        .iter()
        .any(|rule| matches!(rule.fault, Fault::LostRecord | Fault::EarlyEnd));
    SandboxOptions {
        clips: one_of(dice, &[0, 1, 299, 301, 1_000, 3_000, 6_000]),
        seed: dice.random(),
        history: one_of(
            dice,
            &[History::Even, History::RecentHeavy, History::Bursty],
        ),
        sub_accounts: one_of(dice, &[0, 0, 2]),
        // From one window to thirty-six.
        since: one_of(dice, &[1_791_000_000, 1_780_000_000, 1_710_000_000]),
        latency: Duration::from_millis(one_of(dice, &[0, 50, 800])),
        limits: Limits {
            light_per_second: one_of(dice, &[30.0, 80.0, f64::INFINITY]),
            ..Limits::default()
        },
        behaviour: Behaviour {
            paging: one_of(dice, &[Paging::Keyset, Paging::Offset]),
            order: one_of(dice, &[Order::NewestFirst, Order::OldestFirst, Order::ById]),
            end_token: one_of(dice, &[EndToken::Empty, EndToken::Null, EndToken::Missing]),
            from_inclusive: dice.random(),
            to_inclusive: dice.random(),
            token_refusal: one_of(dice, &REFUSALS),
            total_records: one_of(
                dice,
                &[
                    TotalRecords::Filter,
                    TotalRecords::Filter,
                    TotalRecords::Filter,
                    TotalRecords::Moving,
                    TotalRecords::Sometimes,
                    TotalRecords::Page,
                    TotalRecords::Absent,
                ][..if needs_total { 5 } else { 7 }],
            ),
            page_token_lifetime: Duration::from_secs(one_of(dice, &[4, 40, 900])),
            access_token_lifetime: Duration::from_secs(one_of(dice, &[20, 400, 3599])),
            ..Behaviour::default()
        },
        faults: Faults {
            rules,
            malformed: dice.random::<bool>().then(|| MalformedRecords {
                one_in: 300,
                kinds: MalformedRecord::ALL.to_vec(),
            }),
        },
        ..SandboxOptions::default()
    }
}

fn judge(service: &InMemory, out: &tempfile::TempDir, published: &Published) -> Result<(), String> {
    if published.verdict == Verdict::Incomplete {
        return Err("an incomplete census was published".to_owned());
    }
    is_truth(&out.path().join("census"), &service.truth().all)
}

/// How a schedule ended, if as it must.
fn play(seed: u64) -> Result<String, String> {
    let mut dice = StdRng::seed_from_u64(seed);
    let faulty = schedule(&mut dice);
    let all_accounts = faulty.sub_accounts > 0;
    let calm = SandboxOptions {
        faults: Faults {
            rules: Vec::new(),
            ..faulty.faults.clone()
        },
        ..faulty.clone()
    };
    let out = tempfile::tempdir().unwrap();
    let service = Arc::new(InMemory::new(faulty.clone()));
    let first = in_virtual_time(export(&service, &out, all_accounts));
    let story = |why: &str| format!("{why}\n{faulty:#?}\n{:#?}", service.report());
    let error = match first {
        None => return Err(story("it does not end")),
        Some(Ok(published)) => {
            return judge(&service, &out, &published)
                .map(|()| format!("{:?}", published.verdict))
                .map_err(|why| story(&why));
        }
        Some(Err(error)) => error,
    };
    let code = error.exit_code() as u8;
    if is_published(&out.path().join("census")) {
        return Err(story(&format!("published, though {error}")));
    }
    if !matches!(code, 65 | 75 | 77) {
        return Err(story(&format!("exit code {code}: {error}")));
    }
    let service = Arc::new(InMemory::new(calm));
    let second = in_virtual_time(export(&service, &out, all_accounts));
    match second {
        Some(Ok(published)) => judge(&service, &out, &published)
            .map(|()| format!("{code} then {:?}", published.verdict))
            .map_err(|why| story(&format!("after {error}: {why}"))),
        Some(Err(again)) => Err(story(&format!("{error}, and without faults {again}"))),
        None => Err(story("it does not end without faults")),
    }
}

#[test]
fn two_hundred_random_schedules_of_faults_end_in_the_truth_or_publish_nothing() {
    let next = Mutex::new(0);
    let ends = Mutex::new(std::collections::BTreeMap::<String, u64>::new());
    let failures = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let seed = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next
                    };
                    if seed > SCHEDULES {
                        return;
                    }
                    match play(seed) {
                        Ok(end) => *ends.lock().unwrap().entry(end).or_default() += 1,
                        Err(why) => {
                            let mut failures = failures.lock().unwrap();
                            writeln!(failures, "seed {seed}: {why}").unwrap();
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures}");
    // Faults that never struck, or always, would prove little.
    let ends = ends.into_inner().unwrap();
    let verified = ends.get("Verified").copied().unwrap_or_default();
    assert!((60..180).contains(&verified), "{ends:?}");
    assert!(ends.len() >= 4, "{ends:?}");
}
