//! What is still to be asked for, after earlier runs; and what all of them come to.

use std::collections::{HashMap, HashSet};

use crate::crawl::chain::Chain;
use crate::crawl::context::Crawl;
use crate::crawl::queue::Queue;
use crate::crawl::sums::{Standing, Sums};
use crate::crawl::windows::fold;
use crate::event::Event;
use crate::model::verdict::has_counts;
use crate::model::window::LONGEST_WINDOW;
use crate::model::{ChainOutcome, ChainRecord, Window, WindowRecord};
use crate::spool::Settled;

impl Crawl {
    /// The windows that are not finished yet.
    pub(super) fn plan(&self) -> Queue {
        let chains = self.spool.chains();
        let settled = self.replay(&chains);
        self.spool.settle(settled);
        let mut queue = Queue::default();
        let (mut windows, mut resumed) = (0, 0);
        let mut progress = self.progress();
        let mut by_account: HashMap<&str, Vec<(usize, &ChainRecord)>> = HashMap::new();
        for (place, chain) in chains.iter().enumerate() {
            let own = by_account.entry(&chain.account_id).or_default();
            own.push((place, chain));
        }
        // From the last: what is pushed goes on top of what is there, and nothing has to be moved.
        for (account, listed) in self.accounts.iter().enumerate().rev() {
            let mut done = Vec::new();
            let mut seams = Vec::new();
            for (place, chain) in by_account.remove(listed.id.as_str()).unwrap_or_default() {
                let is_done = progress.sums.standing(place) != Standing::Superseded;
                let spans = [Some(chain.asked), chain.finished];
                seams.extend(spans.into_iter().flatten().flat_map(|it| [it.from, it.to]));
                done.extend(chain.finished.filter(|_| is_done));
            }
            let planned = Window::tile(self.decoder.span).len() as u64;
            let mut open = HashSet::new();
            for gap in Window::tile_around(self.decoder.span, &done, &seams) {
                open.insert((gap.from - self.decoder.span.from) / LONGEST_WINDOW);
                progress.plan(account, gap);
                queue.push(Chain::unseen(account, gap));
                windows += 1;
            }
            resumed += planned - open.len() as u64;
        }
        drop(progress);
        self.events.emit(&Event::Planned { windows, resumed });
        queue
    }

    /// Takes up what earlier runs have come to. Returns what of it is settled.
    fn replay(&self, chains: &[ChainRecord]) -> Vec<Settled> {
        let accounts = self.accounts.iter().enumerate();
        let places: HashMap<&str, usize> = accounts
            .map(|(place, it)| (it.id.as_str(), place))
            .collect();
        let mut progress = self.progress();
        progress.sums = Sums::default();
        for (place, chain) in chains.iter().enumerate() {
            let seam = if chain.outcome == ChainOutcome::Head {
                self.spool.hashes_of(place).into_iter().collect()
            } else {
                HashSet::new()
            };
            // Accounts are part of what a spool is for.
            let account = places.get(chain.account_id.as_str()).copied();
            let account = account.unwrap_or(usize::MAX);
            progress.sums.add(account, chain, seam, 0);
            if chain.pages > 0 {
                progress.has_page(account);
            }
            progress.names_counts |= chain.total.is_some_and(|total| total > 0);
            progress.has_strays |= chain.strays > 0;
        }
        let windows = fold(self.decoder.span, chains, &progress.sums);
        let has_counts = has_counts(&windows);
        progress.sums.reopen(|place, standing| match standing {
            Standing::Unsettled => true,
            _ => has_counts && chains[place].total.is_none(),
        });
        let is_settled = |(place, _): &(usize, &ChainRecord)| {
            !matches!(
                progress.sums.standing(*place),
                Standing::Superseded | Standing::Open
            )
        };
        let settled = chains.iter().enumerate().filter(is_settled);
        settled
            .filter_map(|(_, chain)| {
                Some(Settled {
                    account_id: chain.account_id.clone(),
                    window: chain.finished?,
                })
            })
            .collect()
    }

    /// A record for each window of the plan, of this run and of earlier ones that it went on with.
    #[must_use]
    pub(crate) fn windows(&self) -> Vec<WindowRecord> {
        let chains = self.spool.chains();
        fold(self.decoder.span, &chains, &self.progress().sums)
    }
}
