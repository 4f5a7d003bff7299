//! How much an export will ask for, from a few windows that stand for all of them.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an estimate, of counts that are far below the limits"
)]

use std::time::Duration;

use crate::check::result::CheckResult;
use crate::check::seen::Seen;
use crate::crawl::Account;
use crate::crawl::page::Decoder;
use crate::model::Window;
use crate::report::numbers::{count, things};
use crate::settings::ExportSettings;
use crate::spool::Hashing;
use crate::zoom::clips::{PAGE_SIZE, SMALLEST_PAGE};
use crate::zoom::{Client, ClipsQuery, Failure, FailureKind, Limits, clips};

/// How long a check waits for the service at most, whatever an export would.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Windows of one account that are asked for, at most.
const SAMPLES: usize = 6;

/// Clips that windows hold, by their place in the history; and how many requests told of it.
pub(super) struct Sampling<'a> {
    client: &'a Client,
    settings: &'a ExportSettings,
    windows: &'a [Window],
    accounts: usize,
    /// The clips of the newest whole window of each account that was asked.
    newest: Vec<(Account, Option<u64>)>,
    /// Windows of one account, oldest first.
    samples: Vec<(usize, u64)>,
    /// What the records of all answers were like.
    seen: Seen,
    /// Whether the service names no counts.
    is_mute: bool,
}

impl<'a> Sampling<'a> {
    /// No window was asked for yet. `accounts` is how many there are.
    pub(super) fn new(
        client: &'a Client,
        settings: &'a ExportSettings,
        windows: &'a [Window],
        accounts: usize,
    ) -> Self {
        Self {
            client,
            settings,
            windows,
            accounts,
            newest: Vec::new(),
            samples: Vec::new(),
            seen: Seen::default(),
            is_mute: false,
        }
    }

    /// Asks for an account's newest whole window: whether it lists its clips at all, and how many.
    pub(super) async fn newest(&mut self, account: &Account) -> Result<(), Failure> {
        let total = match self.windows.iter().rev().nth(1).or(self.windows.last()) {
            Some(window) => self.total(account, *window).await?,
            None => Some(0),
        };
        self.is_mute |= total.is_none();
        self.newest.push((account.clone(), total));
        Ok(())
    }

    /// Asks for windows spread over the history of the account that has the most clips.
    pub(super) async fn history(&mut self) -> Result<(), Failure> {
        let Some((account, _)) = self.newest.iter().max_by_key(|(_, total)| *total).cloned() else {
            return Ok(());
        };
        // Newest first: where old windows are refused, the oldest that is not is known then.
        for place in spread(self.windows.len(), SAMPLES).into_iter().rev() {
            if self.is_mute {
                break;
            }
            let total = self.total(&account, self.windows[place]).await;
            let total = total.map_err(|failure| self.refused(place, failure))?;
            self.is_mute |= total.is_none();
            self.samples.extend(total.map(|total| (place, total)));
        }
        self.samples.reverse();
        self.edges(&account).await
    }

    /// A failure with the window that it is about, and the oldest that was accepted.
    fn refused(&self, place: usize, mut failure: Failure) -> Failure {
        if failure.kind == FailureKind::BadRequest {
            let accepted = self.samples.last();
            failure.kind = FailureKind::WindowRefused {
                asked: self.windows[place],
                accepted: accepted.map(|(place, _)| self.windows[*place].from),
            };
        }
        failure
    }

    /// Asks for a window of which all clips stand on one page, so that both ends of it are seen: a
    /// filter that means another span than was asked for shows at one of them.
    async fn edges(&mut self, account: &Account) -> Result<(), Failure> {
        let fullest = self.samples.iter().max_by_key(|(_, total)| *total);
        let Some((place, total @ 1..)) = fullest.copied() else {
            return Ok(());
        };
        let window = self.windows[place];
        let share = f64::from(PAGE_SIZE) / 2.0 / total as f64;
        let seconds = (window.seconds() as f64 * share.min(1.0)).ceil() as i64;
        let window = Window {
            from: window.to - seconds,
            ..window
        };
        self.page(account, window, PAGE_SIZE).await.map(drop)
    }

    async fn total(&mut self, account: &Account, window: Window) -> Result<Option<u64>, Failure> {
        self.page(account, window, SMALLEST_PAGE).await
    }

    /// Looks at the first page of a window, and returns its total.
    async fn page(
        &mut self,
        account: &Account,
        window: Window,
        page_size: u32,
    ) -> Result<Option<u64>, Failure> {
        let filters = &self.settings.filters;
        let query = ClipsQuery {
            from: window.from.timestamp(),
            to: window.to.timestamp(),
            by: self.settings.by,
            owner: filters.owner.clone(),
            status: filters.status.clone(),
            search: filters.search.clone(),
            page_size,
        };
        let call = clips::call(account.path.as_deref(), &query, None);
        let decoder = Decoder {
            by: self.settings.by,
            span: window,
            snapshot_at: window.to.micros(),
            secrets: self.settings.secrets,
            hashing: Hashing::default(),
        };
        let account_id = account.id.clone();
        let decode = move |body: &bytes::Bytes| decoder.page(&account_id, body);
        let page = self.client.get(&call, decode).await?;
        self.seen.add(window, &page);
        Ok(page.total_records)
    }

    /// Whether the answers are what the API's document says, as far as a census hangs on it.
    pub(super) fn records(&self) -> CheckResult {
        self.seen.result()
    }

    /// What the whole export comes to.
    pub(super) fn estimate(&self) -> Estimate {
        let one = filled(self.windows, &self.samples);
        let clips_of = |windows: &[f64]| windows.iter().sum::<f64>();
        let newest = self.newest.iter().filter_map(|(_, total)| *total);
        let (most, sum) = newest.fold((0, 0), |(most, sum), total| (total.max(most), sum + total));
        let asked = self.newest.len().max(1);
        // Accounts are taken to have the same history, each as full as its newest whole window.
        let share = if most == 0 {
            self.accounts as f64
        } else {
            sum as f64 / most as f64 * self.accounts as f64 / asked as f64
        };
        let pages = one.iter().map(|clips| clips / f64::from(PAGE_SIZE));
        let windows = (self.windows.len() * self.accounts) as u64;
        // Of the last page of each window, half is empty; a window without clips costs a page too.
        let requests = pages.sum::<f64>() * share + windows as f64 * 0.5;
        Estimate {
            clips: whole(clips_of(&one) * share),
            windows,
            requests: whole(requests).max(windows),
            limits: self.settings.limits,
            is_mute: self.is_mute,
            has_owners: self.settings.resolve_owners,
            asked: (self.newest.len() + self.samples.len()) as u64,
        }
    }
}

/// At most so many places of a list, evenly spread, its first and last among them.
fn spread(length: usize, most: usize) -> Vec<usize> {
    if length <= most {
        return (0..length).collect();
    }
    (0..most)
        .map(|step| step * (length - 1) / (most - 1))
        .collect()
}

/// The clips of each window: those of the known ones, and between them as many a second as lie on a
/// straight line from one to the next. The newest window is seldom a whole one.
fn filled(windows: &[Window], known: &[(usize, u64)]) -> Vec<f64> {
    let seconds = |place: usize| windows[place].seconds() as f64;
    let density = |(place, clips): (usize, u64)| clips as f64 / seconds(place);
    let value = |place: usize| {
        let after = known.partition_point(|(at, _)| *at < place);
        let right = known.get(after).or(known.last());
        let left = after.checked_sub(1).and_then(|at| known.get(at)).or(right);
        let (Some(left), Some(right)) = (left, right) else {
            return 0.0;
        };
        let way = if right.0 > left.0 {
            (place - left.0) as f64 / (right.0 - left.0) as f64
        } else {
            1.0
        };
        let between = density(*left) + (density(*right) - density(*left)) * way;
        between * seconds(place)
    };
    (0..windows.len()).map(value).collect()
}

fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// What an export comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    clips: u64,
    windows: u64,
    requests: u64,
    limits: Limits,
    is_mute: bool,
    has_owners: bool,
    asked: u64,
}

impl Estimate {
    /// About how many clips there are, if the service names counts.
    pub(super) fn clips(self) -> Option<u64> {
        (!self.is_mute).then_some(self.clips)
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let windows = things(self.windows, "window");
        let asked = things(self.asked, "request");
        if self.is_mute {
            return write!(
                f,
                "{windows}, so at least as many requests; the service names no counts, so that \
                 clips and time cannot be told"
            );
        }
        let clips = things(rough(self.clips), "clip");
        let requests = count(rough(self.requests));
        let rate = self.limits.light;
        let time = time(self.requests, rate);
        let owners = if self.has_owners {
            "; owners are looked up on top of that"
        } else {
            ""
        };
        write!(
            f,
            "about {clips} in {windows}: about {requests} requests, {time} at {rate} requests a \
             second (estimated from {asked}){owners}"
        )
    }
}

/// A number of which only the first two digits mean anything.
fn rough(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    (number + unit / 2) / unit * unit
}

/// The time that the pace asks for; in minutes where it is more than one.
fn time(requests: u64, rate: f64) -> String {
    let seconds = requests as f64 / rate;
    if seconds < 60.0 {
        return "less than a minute".to_owned();
    }
    let minutes = whole((seconds / 60.0).ceil());
    let time = Duration::from_secs(minutes * 60);
    format!("about {}", humantime::format_duration(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seconds;
    use crate::model::window::LONGEST_WINDOW;

    #[test]
    fn samples_are_spread_from_the_first_to_the_last() {
        assert_eq!(spread(51, 6), [0, 10, 20, 30, 40, 50]);
        assert_eq!(spread(3, 6), [0, 1, 2]);
        assert_eq!(spread(0, 6), [0; 0]);
        assert_eq!(spread(7, 6), [0, 1, 2, 3, 4, 6]);
    }

    #[test]
    fn what_lies_between_samples_lies_on_a_line_and_a_short_window_holds_less() {
        let windows = Window::tile(Window {
            from: Seconds(0),
            to: Seconds(4 * LONGEST_WINDOW + LONGEST_WINDOW / 2),
        });
        let filled = |windows: &[Window], known: &[(usize, u64)]| -> Vec<u64> {
            filled(windows, known).into_iter().map(whole).collect()
        };
        assert_eq!(filled(&windows, &[(0, 10), (4, 25)]), [10, 20, 30, 40, 25]);
        let three = windows.get(..3).unwrap();
        assert_eq!(filled(three, &[(0, 1), (1, 7), (2, 4)]), [1, 7, 4]);
        assert_eq!(filled(three, &[(1, 5)]), [5, 5, 5]);
        assert_eq!(filled(three, &[]), [0, 0, 0]);
    }

    #[test]
    fn an_estimate_has_two_digits() {
        let roughly = [0, 7, 99, 104, 195, 44_981, 1_260_000].map(rough);
        assert_eq!(roughly, [0, 7, 99, 100, 200, 45_000, 1_300_000]);
    }

    #[test]
    fn time_is_told_in_minutes_rounded_up() {
        assert_eq!(time(59, 1.0), "less than a minute");
        assert_eq!(time(61, 1.0), "about 2m");
        assert_eq!(time(100_000, 24.0), "about 1h 10m");
    }
}
