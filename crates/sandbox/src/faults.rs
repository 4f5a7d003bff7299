//! Which requests go wrong: rates are decided by the request itself, so that the same crawl meets
//! the same faults in whatever order it asks.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::options::{Fault, FaultRule, Target, Trigger};
use crate::rng;

/// What the rules see of a request.
#[derive(Debug)]
pub(crate) struct FaultRequest<'a> {
    pub(crate) target: Target,
    pub(crate) account: &'a str,
    /// The same for all attempts at one page.
    pub(crate) fingerprint: u64,
    pub(crate) has_page_token: bool,
}

/// Decides for each request.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    seed: u64,
    rules: Vec<FaultRule>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_rule: BTreeMap<usize, u64>,
    attempts: HashMap<u64, u32>,
}

impl FaultInjector {
    pub(crate) fn new(seed: u64, rules: Vec<FaultRule>) -> FaultInjector {
        FaultInjector {
            seed: rng::join(seed, 0xFA17),
            rules,
            counts: Mutex::default(),
        }
    }

    /// Counts the request and says what goes wrong with it, if anything.
    pub(crate) fn inject(&self, request: &FaultRequest<'_>) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = {
            let seen = counts.attempts.entry(request.fingerprint).or_insert(0);
            *seen += 1;
            *seen
        };
        let mut injected = None;
        for (number, rule) in self.rules.iter().enumerate() {
            let meant = (rule.on == Target::Any || rule.on == request.target)
                && rule
                    .account
                    .as_deref()
                    .is_none_or(|id| id == request.account)
                && fits(rule.fault, request);
            if !meant {
                continue;
            }
            let nth = counts.by_rule.entry(number).or_insert(0);
            *nth += 1;
            let roll = rng::join(
                rng::join(self.seed, number as u64),
                rng::join(request.fingerprint, u64::from(attempt)),
            );
            let due = match rule.when {
                Trigger::Rate(rate) => rng::unit(roll) < rate,
                Trigger::EveryNth(n) => n > 0 && nth.is_multiple_of(n),
                Trigger::Nth(n) => *nth == n,
                Trigger::FirstAttempts(k) => attempt <= k,
                Trigger::Always => true,
            };
            if due && injected.is_none() {
                injected = Some(rule.fault);
            }
        }
        injected
    }
}

/// Whether a fault is possible in the answer to this request.
fn fits(fault: Fault, request: &FaultRequest<'_>) -> bool {
    match fault {
        Fault::ShortPage
        | Fault::EmptyPage
        | Fault::UnknownPageToken
        | Fault::ForeignPageToken
        | Fault::LostRecord
        | Fault::EarlyEnd
        | Fault::MissingData => request.target == Target::Clips,
        Fault::RepeatedPageToken => request.target == Target::Clips && request.has_page_token,
        Fault::ExpirePageToken => request.has_page_token,
        Fault::RefuseToken(_) | Fault::KillToken(_) | Fault::LoseScope => {
            request.target != Target::Token
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(fingerprint: u64) -> FaultRequest<'static> {
        FaultRequest {
            target: Target::Clips,
            account: "main",
            fingerprint,
            has_page_token: false,
        }
    }

    fn injector(when: Trigger) -> FaultInjector {
        FaultInjector::new(5, vec![FaultRule::clips(Fault::Close, when)])
    }

    #[test]
    fn a_rate_does_not_depend_on_the_order_of_requests() {
        let (one, two) = (injector(Trigger::Rate(0.3)), injector(Trigger::Rate(0.3)));
        let forward: Vec<bool> = (0..500).map(|n| one.inject(&page(n)).is_some()).collect();
        let mut backward: Vec<bool> = (0..500)
            .rev()
            .map(|n| two.inject(&page(n)).is_some())
            .collect();
        backward.reverse();
        assert_eq!(forward, backward);
        let injected = forward.iter().filter(|&&hit| hit).count();
        assert!((100..200).contains(&injected), "{injected}");
    }

    #[test]
    fn first_attempts_at_each_page_fail_and_later_ones_pass() {
        let injector = injector(Trigger::FirstAttempts(2));
        for fingerprint in [1, 2] {
            let hits: Vec<bool> = (0..4)
                .map(|_| injector.inject(&page(fingerprint)).is_some())
                .collect();
            assert_eq!(hits, [true, true, false, false]);
        }
    }

    #[test]
    fn a_rule_for_one_account_or_endpoint_spares_the_others() {
        let rule = FaultRule {
            account: Some("sub".to_owned()),
            ..FaultRule::clips(Fault::Forbidden, Trigger::Always)
        };
        let injector = FaultInjector::new(5, vec![rule]);
        assert_eq!(injector.inject(&page(1)), None);
        let sub = FaultRequest {
            account: "sub",
            ..page(1)
        };
        assert_eq!(injector.inject(&sub), Some(Fault::Forbidden));
        let users = FaultRequest {
            target: Target::Users,
            ..sub
        };
        assert_eq!(injector.inject(&users), None);
    }

    #[test]
    fn every_nth_and_nth_count_from_one() {
        let every = injector(Trigger::EveryNth(3));
        let once = injector(Trigger::Nth(2));
        let hits = |injector: &FaultInjector| -> Vec<u64> {
            (1..=6)
                .filter(|&n| injector.inject(&page(n)).is_some())
                .collect()
        };
        assert_eq!(hits(&every), [3, 6]);
        assert_eq!(hits(&once), [2]);
    }
}
