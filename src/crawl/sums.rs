//! The sums of a crawl: a head and the rest of its window must come to the total that the page of the
//! head named.
//!
//! The rest is asked for as one window or in parts. Once every part has told its own total, the sum
//! is known: the clips of the head, and those of each part, less what two neighbours both list. Where
//! it differs, clips moved, or the page was not the head of its window; then the span of the head is
//! asked for again, and proves itself. What is here follows from the records of the chains alone, in
//! the order in which they came, so that a resumed crawl comes to the same, but for records that are no
//! clips at a seam: the spool does not know them, and that head is asked for again.

use std::collections::{BTreeMap, HashSet};

use crate::crawl::page::Listed;
use crate::model::verdict::is_round;
use crate::model::{ChainOutcome, ChainRecord, Seconds, Shared, Window};
use crate::zoom::clips::PAGE_SIZE;

/// A total that so many heads named, and the rest of their windows too, is a cap and no count.
const TIMES_OF_A_CAP: u32 = 2;

/// The fewest clips of a head for which an equal total of its rest cannot be chance.
const TELLING_HEAD: u64 = 30;

/// What is known of the span that a chain has finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It finishes nothing, or its span was asked for again.
    Superseded,
    /// A head whose rest has not told its total yet.
    Open,
    /// Proven; so many of its clips are not listed by the next part of the rest too.
    Settled(u64),
    /// The service names no count.
    Unproven,
    /// Counts did not agree, however often it was asked for.
    Unsettled,
}

/// What follows from a chain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Consequences {
    /// Spans that need no further request, and whether each is proven.
    pub(super) settled: Vec<(Window, bool)>,
    /// Spans to ask for again, and how often they were already.
    pub(super) again: Vec<(Window, u32)>,
}

/// All sums of all accounts.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// For each chain, in the order in which they came.
    standings: Vec<Standing>,
    /// By account.
    open: BTreeMap<usize, Vec<OpenSum>>,
    /// Spans that ended without proof, by account, with the place of their chain.
    doubtful: BTreeMap<usize, Vec<(Window, usize)>>,
    /// Totals that a head and its rest both named, and how often.
    repeated_totals: BTreeMap<u64, u32>,
    /// Sums that add up if the service includes the bound that it is asked for, less those that add
    /// up if it does not: it means the same each time.
    bound_is_included: i64,
    is_cutting_futile: bool,
}

/// A window of which one page is here, and whose rest is not yet.
#[derive(Debug)]
struct OpenSum {
    place: usize,
    /// What its page has finished; `None` where the window was cut without a head.
    head: Option<Window>,
    rest: Window,
    total: u64,
    distinct: u64,
    repeats: u32,
    /// The records of its page that the rest may list again.
    seam: HashSet<u64>,
    parts: Vec<Part>,
}

/// A part of a rest that has told its total.
#[derive(Debug)]
struct Part {
    window: Window,
    total: Option<u64>,
    shared: Option<Shared>,
}

impl OpenSum {
    /// Whether the head is the newer end of its window.
    fn is_newest_first(&self) -> bool {
        self.head.is_none_or(|head| head.from == self.rest.to)
    }

    /// Whether a part of the rest lies at the head, with nothing between.
    fn touches(&self, part: Window) -> bool {
        if self.is_newest_first() {
            part.to == self.rest.to
        } else {
            part.from == self.rest.from
        }
    }

    /// Whether a window is a part of the rest that has not told its total.
    fn awaits(&self, window: Window) -> bool {
        self.rest.encloses(window) && !self.parts.iter().any(|part| part.window.encloses(window))
    }

    fn is_complete(&self) -> bool {
        let told: i64 = self.parts.iter().map(|part| part.window.seconds()).sum();
        told == self.rest.seconds()
    }

    /// The clips that the head has and the rest has not.
    fn own(&self) -> Option<u64> {
        let part = self.parts.iter().find(|part| self.touches(part.window))?;
        self.distinct.checked_sub(part.shared?.surely)
    }

    /// The clips of the head and of all parts, each counted once, if the service includes the bounds
    /// that it is asked for, and if it does not; `None` if that cannot be told.
    fn sum(&self) -> Option<(u64, u64)> {
        let mut sum = (self.distinct, self.distinct);
        for part in &self.parts {
            let (total, shared) = (part.total?, part.shared?);
            sum.0 += total.checked_sub(shared.surely + shared.at_bound)?;
            sum.1 += total.checked_sub(shared.surely)?;
        }
        Some(sum)
    }
}

impl Sums {
    /// How many records of the first page of a window its neighbour towards the head lists too;
    /// `None` if that cannot be told. `is_all` says that there is no other page.
    pub(super) fn shared(
        &self,
        account: usize,
        asked: Window,
        listed: &[Listed],
        is_all: bool,
    ) -> Option<Shared> {
        let Some(index) = self.parent(account, asked) else {
            return Some(Shared::default());
        };
        let sum = &self.open[&account][index];
        let touches = sum.touches(asked);
        if touches && sum.head.is_none() {
            return Some(Shared::default());
        }
        // Seconds from the edge towards the head to a record, less than 0 for one behind the edge.
        let depth = |second: Seconds| {
            if sum.is_newest_first() {
                asked.to - second - 1
            } else {
                second - asked.from
            }
        };
        let depths: Vec<Option<i64>> = listed.iter().map(|it| it.second.map(depth)).collect();
        // Where the page reaches deeper than what both can list, further pages share nothing.
        let is_in_order = depths.iter().flatten().is_sorted();
        let reaches_deeper = depths.iter().flatten().any(|depth| *depth > 0);
        if !(is_all || is_in_order && reaches_deeper) {
            return None;
        }
        if touches {
            let again = listed.iter().filter(|it| sum.seam.contains(&it.id));
            return Some(Shared {
                surely: again.count() as u64,
                at_bound: 0,
            });
        }
        // The neighbour is a part like this one: it lists what lies in it. Its bound is the second at
        // the edge, as the margin is below a window.
        let mut shared = Shared::default();
        for depth in depths {
            let depth = depth?;
            shared.surely += u64::from(depth < 0);
            shared.at_bound += u64::from(depth == 0);
        }
        Some(shared)
    }

    /// Takes note of a chain. `seam` are the records of a head that its rest may list again.
    pub(super) fn add(
        &mut self,
        account: usize,
        record: &ChainRecord,
        seam: HashSet<u64>,
        repeats: u32,
    ) -> Consequences {
        let mut consequences = Consequences::default();
        let place = self.standings.len();
        self.supersede(account, record.asked);
        self.tell(account, record, &mut consequences);
        let standing = match (record.outcome, record.finished) {
            (ChainOutcome::Abandoned, _) | (_, None) => Standing::Superseded,
            (ChainOutcome::Head, Some(_)) => Standing::Open,
            (ChainOutcome::Whole, Some(_)) => Standing::Settled(record.distinct),
            (ChainOutcome::Unproven, Some(_)) => Standing::Unproven,
            (ChainOutcome::Unsettled, Some(_)) => Standing::Unsettled,
        };
        self.standings.push(standing);
        match (standing, record.finished) {
            (Standing::Settled(_), Some(window)) => consequences.settled.push((window, true)),
            (Standing::Unproven | Standing::Unsettled, Some(window)) => {
                consequences.settled.push((window, false));
                self.doubtful
                    .entry(account)
                    .or_default()
                    .push((window, place));
            }
            _ => {}
        }
        let is_sum = record.finished.is_none() || standing == Standing::Open;
        if let (Some(total), true) = (record.total, is_sum) {
            let rest = match record.finished {
                Some(head) if head.to == record.asked.to => Window {
                    to: head.from,
                    ..record.asked
                },
                Some(head) => Window {
                    from: head.to,
                    ..record.asked
                },
                None => record.asked,
            };
            self.open.entry(account).or_default().push(OpenSum {
                place,
                head: record.finished,
                rest,
                total,
                distinct: record.distinct,
                repeats,
                seam,
                parts: Vec::new(),
            });
        }
        consequences
    }

    /// Lets be asked for again what ended without proof, as far as `is_doubted` says so of its chain.
    pub(super) fn reopen(&mut self, is_doubted: impl Fn(usize, Standing) -> bool) {
        for (_, place) in self.doubtful.values().flatten() {
            if is_doubted(*place, self.standings[*place]) {
                self.standings[*place] = Standing::Superseded;
            }
        }
    }

    /// What is known of the chain at a place.
    pub(super) fn standing(&self, place: usize) -> Standing {
        self.standings[place]
    }

    /// Whether a total is a cap: the service counts no further.
    pub(super) fn is_cap(&self, total: u64) -> bool {
        let times = self.repeated_totals.get(&total);
        times.is_some_and(|times| *times >= TIMES_OF_A_CAP)
    }

    /// Whether a window whose clips all stand on one page may hold more of them: a service that lists
    /// and counts the first page only looks like a window that just fills it.
    pub(super) fn may_be_a_cap(&self, total: u64) -> bool {
        total == u64::from(PAGE_SIZE) || self.is_cap(total)
    }

    /// Whether parts turned out to hold more than the window that they were cut from: the service
    /// does not look at the time of day, say, and cutting only repeats requests.
    pub(super) const fn is_cutting_futile(&self) -> bool {
        self.is_cutting_futile
    }

    /// Where the smallest window is that another is the rest of, or a part of the rest.
    fn parent(&self, account: usize, window: Window) -> Option<usize> {
        let open = self.open.get(&account)?.iter().enumerate();
        open.filter(|(_, sum)| sum.awaits(window))
            .min_by_key(|(_, sum)| sum.rest.seconds())
            .map(|(index, _)| index)
    }

    /// To ask for a span again voids what it came to without proof before.
    fn supersede(&mut self, account: usize, asked: Window) {
        let Some(doubtful) = self.doubtful.get_mut(&account) else {
            return;
        };
        doubtful.retain(|(window, place)| {
            let is_asked_again = window.encloses(asked);
            if is_asked_again {
                self.standings[*place] = Standing::Superseded;
            }
            !is_asked_again
        });
    }

    /// A window has told its total: the sum that it is a part of may be known now.
    fn tell(&mut self, account: usize, record: &ChainRecord, consequences: &mut Consequences) {
        let Some(index) = self.parent(account, record.asked) else {
            return;
        };
        let open = self.open.entry(account).or_default();
        open[index].parts.push(Part {
            window: record.asked,
            total: record.total,
            shared: record.shared,
        });
        if !open[index].is_complete() {
            return;
        }
        let sum = open.swap_remove(index);
        let Some(head) = sum.head else {
            self.compare_parts(&sum);
            return;
        };
        let adds_up = self.adds_up(&sum);
        if adds_up != Some(true) && sum.distinct >= TELLING_HEAD {
            let times = self.repeated_totals.entry(sum.total).or_default();
            let is_repeated = sum.parts.iter().any(|part| part.total == Some(sum.total));
            *times += u32::from(is_repeated);
            if sum.total == sum.distinct {
                // The page holds as many clips as it counts, and yet names a next one: it counts itself.
                *times = TIMES_OF_A_CAP;
            }
        }
        // A cap cannot disprove the head; `windows` takes the proof of such windows away.
        if adds_up == Some(true) || self.is_cap(sum.total) {
            self.standings[sum.place] = Standing::Settled(sum.own().unwrap_or(sum.distinct));
            consequences.settled.push((head, true));
        } else {
            self.standings[sum.place] = Standing::Superseded;
            consequences.again.push((head, sum.repeats + 1));
        }
    }

    /// Whether a head and the rest come to the total; `None` if that cannot be told.
    fn adds_up(&mut self, sum: &OpenSum) -> Option<bool> {
        let (with_bound, without_bound) = sum.sum()?;
        if with_bound == without_bound {
            return Some(with_bound == sum.total);
        }
        let before = self.bound_is_included;
        if with_bound == sum.total {
            self.bound_is_included += 1;
            return Some(before >= 0);
        }
        if without_bound == sum.total {
            self.bound_is_included -= 1;
            return Some(before <= 0);
        }
        Some(false)
    }

    /// Compares the totals of a window that was cut, and of its parts, as far as margins allow.
    fn compare_parts(&mut self, sum: &OpenSum) {
        let parts: u64 = sum.parts.iter().filter_map(|part| part.total).sum();
        if sum.rest.seconds() < SHORTEST_COMPARED {
            return;
        }
        // It was cut only to see whether its total is a cap.
        let was_whole = sum.total == sum.distinct;
        let shared = sum.parts.iter().filter_map(|part| part.shared);
        let shared: u64 = shared.map(|it| it.surely + it.at_bound).sum();
        let is_more = parts.saturating_sub(shared) > sum.total + sum.total / 50;
        if is_more && (was_whole || is_round(sum.total)) {
            self.repeated_totals.insert(sum.total, TIMES_OF_A_CAP);
        } else if parts > sum.total + sum.total / 2 {
            self.is_cutting_futile = true;
        }
    }
}

/// The shortest window whose total is compared with that of its parts: the margins of a shorter one
/// may really hold as many clips as the window.
const SHORTEST_COMPARED: i64 = 120;
