//! One at a time, the most urgent of those who wait first, and among equals the first to come.
//!
//! Which of them is most urgent is asked at every turn, since it changes while they wait.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

/// How urgent a call is, where many wait for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Urgency {
    /// How many calls can only be made after it, one after the other. Those with too many to end in
    /// time go first, the most first.
    pub after: u64,
    /// The order of all others, and among equals, the least first.
    pub place: u64,
}

/// A gate for one.
#[derive(Default, Clone)]
pub(super) struct Turnstile(Arc<Gate>);

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    /// With more calls after it, a call is late.
    in_time: AtomicU64,
}

#[derive(Default)]
struct State {
    is_taken: bool,
    arrivals: u64,
    waiting: Vec<Waiting>,
}

struct Waiting {
    urgency: Urgency,
    arrival: Reverse<u64>,
    turn: oneshot::Sender<Turn>,
}

/// Being through the gate; dropping it lets the next one in.
pub(super) struct Turn(Turnstile);

impl Turnstile {
    /// Waits for a turn. Giving up while waiting passes the turn on.
    pub(super) async fn enter(&self, urgency: Urgency) -> Turn {
        let turn = {
            let mut state = self.state();
            if !state.is_taken {
                state.is_taken = true;
                return Turn(self.clone());
            }
            state.arrivals += 1;
            let arrival = Reverse(state.arrivals);
            let (sender, turn) = oneshot::channel();
            state.waiting.push(Waiting {
                urgency,
                arrival,
                turn: sender,
            });
            turn
        };
        turn.await
            .expect("a waiting sender is only dropped with the gate, which we hold")
    }

    /// So many calls, one after the other, end in time; more do not.
    pub(super) fn in_time(&self, calls: u64) {
        self.0.in_time.store(calls, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            let in_time = self.0.0.in_time.load(Ordering::Relaxed);
            let rank = |waiting: &Waiting| (waiting.urgency.rank(in_time), waiting.arrival);
            let most = (0..state.waiting.len()).max_by_key(|index| rank(&state.waiting[*index]));
            let next = most.map(|index| state.waiting.swap_remove(index));
            state.is_taken = next.is_some();
            next
        };
        // A turn that nobody takes comes back, is dropped, and so goes to the one after.
        drop(next.map(|waiting| waiting.turn.send(Self(self.0.clone()))));
    }
}

impl Urgency {
    fn rank(self, in_time: u64) -> (u64, Reverse<u64>) {
        let late = if self.after > in_time { self.after } else { 0 };
        (late, Reverse(self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urgency(after: u64, place: u64) -> Urgency {
        Urgency { after, place }
    }

    /// The order in which these pass, if it is set while they wait what ends in time.
    async fn order(waiting: &[(Urgency, char)], in_time: u64) -> String {
        let gate = Turnstile::default();
        let order = Arc::new(Mutex::new(String::new()));
        let first = gate.enter(Urgency::default()).await;
        let tasks: Vec<_> = waiting
            .iter()
            .map(|(urgency, name)| {
                let (gate, order) = (gate.clone(), Arc::clone(&order));
                let (urgency, name) = (*urgency, *name);
                tokio::spawn(async move {
                    let _turn = gate.enter(urgency).await;
                    order.lock().unwrap().push(name);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        gate.in_time(in_time);
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap();
        order.clone()
    }

    #[tokio::test]
    async fn who_would_be_late_goes_first_then_the_others_by_their_place() {
        let waiting = [
            (urgency(1, 7), 'a'),
            (urgency(9, 8), 'b'),
            (urgency(1, 7), 'c'),
            (urgency(5, 9), 'd'),
            (urgency(2, 3), 'e'),
        ];
        assert_eq!(order(&waiting, 4).await, "bdeac");
        assert_eq!(order(&waiting, 8).await, "beacd");
        assert_eq!(order(&waiting, 100).await, "eacbd");
    }

    #[tokio::test]
    async fn of_those_who_would_be_equally_late_the_first_by_place_goes_first() {
        let waiting = [
            (urgency(9, 8), 'a'),
            (urgency(9, 7), 'b'),
            (urgency(9, 9), 'c'),
        ];
        assert_eq!(order(&waiting, 4).await, "bac");
    }

    #[tokio::test]
    async fn a_turn_of_one_who_gave_up_goes_to_the_next() {
        let gate = Turnstile::default();
        let first = gate.enter(urgency(0, 0)).await;
        let mut gone = Box::pin(gate.enter(urgency(9, 0)));
        let mut here = Box::pin(gate.enter(urgency(1, 0)));
        assert!(futures_util::poll!(&mut gone).is_pending());
        assert!(futures_util::poll!(&mut here).is_pending());
        drop(gone);
        drop(first);
        let turn = here.await;
        drop(turn);
        drop(gate.enter(urgency(0, 0)).await);
    }
}
