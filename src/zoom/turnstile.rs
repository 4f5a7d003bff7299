//! One at a time, the most urgent of those who wait first, and among equals the first to come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::oneshot;

/// A gate for one.
#[derive(Default, Clone)]
pub(super) struct Turnstile(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_taken: bool,
    arrivals: u64,
    waiting: BinaryHeap<Waiting>,
}

struct Waiting {
    urgency: u64,
    arrival: Reverse<u64>,
    turn: oneshot::Sender<Turn>,
}

/// Being through the gate; dropping it lets the next one in.
pub(super) struct Turn(Turnstile);

impl Turnstile {
    /// Waits for a turn. Giving up while waiting passes the turn on.
    pub(super) async fn enter(&self, urgency: u64) -> Turn {
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            let next = state.waiting.pop();
            state.is_taken = next.is_some();
            next
        };
        // A turn that nobody takes comes back, is dropped, and so goes to the one after.
        drop(next.map(|waiting| waiting.turn.send(Self(self.0.clone()))));
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.urgency, self.arrival).cmp(&(other.urgency, other.arrival))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_most_urgent_goes_first_and_equals_in_the_order_of_their_coming() {
        let gate = Turnstile::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = gate.enter(0).await;
        let tasks: Vec<_> = [(1, 'a'), (9, 'b'), (1, 'c'), (5, 'd')]
            .into_iter()
            .map(|(urgency, name)| {
                let (gate, order) = (gate.clone(), Arc::clone(&order));
                tokio::spawn(async move {
                    let _turn = gate.enter(urgency).await;
                    order.lock().unwrap().push(name);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ['b', 'd', 'a', 'c']);
    }

    #[tokio::test]
    async fn a_turn_of_one_who_gave_up_goes_to_the_next() {
        let gate = Turnstile::default();
        let first = gate.enter(0).await;
        let mut gone = Box::pin(gate.enter(9));
        let mut here = Box::pin(gate.enter(1));
        assert!(futures_util::poll!(&mut gone).is_pending());
        assert!(futures_util::poll!(&mut here).is_pending());
        drop(gone);
        drop(first);
        let turn = here.await;
        drop(turn);
        drop(gate.enter(0).await);
    }
}
