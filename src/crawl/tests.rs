//! The crawl against a service in memory, on tokio's paused clock: what it lists, what it asks for,
//! and how long that takes in virtual time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{Array, AsArray};
use bytes::Bytes;
use tokio::time::Instant;

use super::*;
use crate::clip::{Column, SecretPolicy};
use crate::crawl::page::Decoder;
use crate::disk::{Layout, OutputLock, Table};
use crate::event::Events;
use crate::model::Seconds;
use crate::model::window::LONGEST_WINDOW;
use crate::model::{Verdict, Window, WindowRecord};
use crate::spool::{Spool, SpoolHeader, merge};
use crate::zoom::scripted::{Answer, Scripted, answer, answer_with};
use crate::zoom::transport::Request;
use crate::zoom::{Client, Credentials, DateFilter, Endpoints, FailureKind, Limits, RetryPolicy};

mod doubtful;
mod unusable;

const DAY: i64 = 86_400;

/// 51 windows of 28 days.
pub(crate) const SPAN: Window = Window {
    from: Seconds(1_672_531_200),
    to: Seconds(1_672_531_200 + 51 * 28 * DAY),
};

/// A parameter of a request.
fn query(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// A bound of the window that a request asks for, in milliseconds since 1970.
fn bound(request: &Request, name: &str) -> i64 {
    let instant: jiff::Timestamp = query(request, name).unwrap().parse().unwrap();
    instant.as_millisecond()
}

/// A service that lists clips by their creation, newest first, with both bounds included.
struct Service {
    /// Milliseconds since 1970, descending; a clip's id is its position.
    created: Vec<i64>,
    order: Order,
}

/// In which order a service lists.
#[derive(Clone, Copy)]
enum Order {
    NewestFirst,
    OldestFirst,
    /// In none that dates know of.
    ById,
}

impl Service {
    fn even(clips: i64) -> Self {
        Self::of((0..clips).map(|clip| at(clip, clips)))
    }

    /// Most clips are recent: the share of time before a clip is the cube root of its rank.
    fn recent_heavy(clips: i64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "below 2^53"
        )]
        let created = |clip: i64| {
            let share = ((clip as f64 + 0.5) / clips as f64).cbrt();
            (SPAN.from.0 + (share * SPAN.seconds() as f64) as i64) * 1000
        };
        Self::of((0..clips).map(created))
    }

    /// 30 % within one hour, the rest over the whole time, both as chance would have it: where every
    /// second had as many clips as the next, each page would end at the same place in its second.
    fn bursty(clips: i64) -> Self {
        let burst = clips * 3 / 10;
        let hour = (SPAN.from.0 + 33 * 28 * DAY + 11 * DAY + 12_345) * 1000;
        let chance = |clip: i64| {
            clip.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())
                .rotate_left(29)
        };
        let rest = (0..clips - burst)
            .map(move |clip| SPAN.from.0 * 1000 + chance(clip).rem_euclid(SPAN.seconds() * 1000));
        let in_hour = (0..burst).map(move |clip| hour + chance(!clip).rem_euclid(3_600_000));
        Self::of(rest.chain(in_hour))
    }

    fn of(created: impl Iterator<Item = i64>) -> Self {
        let mut created: Vec<i64> = created.collect();
        created.sort_unstable_by_key(|&millis| std::cmp::Reverse(millis));
        Self {
            created,
            order: Order::NewestFirst,
        }
    }

    fn in_order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    fn page(&self, request: &Request) -> Answer {
        let (from, to) = (bound(request, "from"), bound(request, "to"));
        assert!(to - from <= 31 * DAY * 1000, "more than a month");
        let first = self.created.partition_point(|&millis| millis > to);
        let end = self.created.partition_point(|&millis| millis >= from);
        let start = query(request, "next_page_token").map_or(first, |token| token.parse().unwrap());
        let stop = end.min(start + 300);
        let mut listed: Vec<usize> = (first..end).collect();
        match self.order {
            Order::NewestFirst => {}
            Order::OldestFirst => listed.reverse(),
            Order::ById => {
                listed.sort_unstable_by_key(|clip| clip.wrapping_mul(0x9e37_79b9) % 65_536);
            }
        }
        let records: Vec<String> = listed[start - first..stop - first]
            .iter()
            .map(|&clip| {
                let created = jiff::Timestamp::from_millisecond(self.created[clip]).unwrap();
                format!(r#"{{"clip_id":"{clip}","created_date":"{created}"}}"#)
            })
            .collect();
        let token = if stop < end {
            stop.to_string()
        } else {
            String::new()
        };
        answer(
            200,
            format!(
                r#"{{"data":[{}],"next_page_token":"{token}","total_records":{}}}"#,
                records.join(","),
                end - first,
            ),
        )
    }
}

fn at(clip: i64, clips: i64) -> i64 {
    SPAN.from.0 * 1000 + SPAN.seconds() * 1000 * clip / clips.max(1)
}

struct Crawled {
    ids: BTreeSet<usize>,
    rows: usize,
    requests: usize,
    /// Those among them that had a page token.
    by_token: usize,
    took: Duration,
    windows: Vec<WindowRecord>,
    failures: Vec<AccountFailure>,
}

/// Crawls a service that answers after 200 ms, at 80 requests a second.
async fn crawl(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Crawled {
    let out = tempfile::tempdir().unwrap();
    let transport = Scripted::delayed(Duration::from_millis(200), script);
    let crawl = Arc::new(crawl_of(&out, Arc::clone(&transport) as _, 32));
    let start = Instant::now();
    let failures = crawl.run().await.unwrap();
    let took = start.elapsed();
    let mut ids = BTreeSet::new();
    let mut rows = 0;
    for batch in merge(&crawl.spool) {
        let batch = batch.unwrap();
        let clip_ids = batch.column(Column::ClipId.index()).as_string::<i32>();
        rows += clip_ids.len();
        ids.extend(
            clip_ids
                .iter()
                .map(|id| id.unwrap().parse::<usize>().unwrap()),
        );
    }
    Crawled {
        ids,
        rows,
        requests: transport.sent().len(),
        by_token: transport
            .sent()
            .iter()
            .filter(|sent| sent.query("next_page_token").is_some())
            .count(),
        took,
        windows: crawl.windows(),
        failures,
    }
}

pub(crate) fn crawl_of(
    out: &tempfile::TempDir,
    transport: Arc<dyn crate::zoom::transport::Transport>,
    concurrency: usize,
) -> Crawl {
    let header = SpoolHeader {
        format: 1,
        tool: "test".to_owned(),
        fingerprint: "abc123".to_owned(),
        snapshot_at: SPAN.to.micros(),
        since: SPAN.from,
        until: SPAN.to,
        run_id: "test".to_owned(),
        started_at: "2026-11-23T00:00:00Z".to_owned(),
    };
    let layout = Layout::new(out.path(), Table::Clips);
    let limits = Limits {
        light: 80.0,
        medium: 60.0,
        concurrency,
        plan: None,
    };
    let client = Client::new(
        transport,
        Credentials::AccessToken("token".to_owned().into()),
        Endpoints::new(Endpoints::API, Endpoints::OAUTH).unwrap(),
        limits,
        RetryPolicy::default(),
        Events::default(),
    );
    let spool = Spool::open(&layout, header, crate::spool::testing::A_DAY).unwrap();
    Crawl {
        client,
        accounts: vec![Account {
            id: "main".to_owned(),
            path: None,
        }],
        filters: Filters::default(),
        decoder: Decoder {
            by: DateFilter::Created,
            span: SPAN,
            snapshot_at: SPAN.to.micros(),
            secrets: SecretPolicy::Cut,
            hashing: spool.hashing().clone(),
        },
        spool,
        known: Known::default(),
        concurrency,
        lock: Arc::new(OutputLock::acquire(&layout).unwrap()),
        events: Events::default(),
    }
}

async fn crawl_service(service: Service) -> Crawled {
    crawl(move |request| service.page(request)).await
}

fn assert_all_came(crawled: &Crawled, clips: usize) {
    assert_eq!(crawled.rows, clips, "rows");
    assert_eq!(crawled.ids, (0..clips).collect(), "ids");
    assert!(crawled.failures.is_empty());
}

/// All came, and the verdict says that it is not proven, for this reason.
fn assert_unproven(crawled: &Crawled, clips: usize, why: &str) {
    assert_all_came(crawled, clips);
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Unverified);
    let mut reasons = crawled
        .windows
        .iter()
        .filter_map(|window| window.why.as_deref());
    assert!(reasons.any(|reason| reason.contains(why)), "{why}");
}

fn assert_complete(crawled: &Crawled, clips: usize) {
    assert_all_came(crawled, clips);
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Verified);
}

/// Within 3 % of the pages that the clips fill, and one page more a window.
fn assert_few_requests(crawled: &Crawled, clips: usize) {
    let most = clips.div_ceil(300) * 103 / 100 + 51;
    assert!(
        crawled.requests <= most,
        "{} requests, {most} allowed",
        crawled.requests
    );
}

/// Requests needed / (time x limit). Virtual time: the same on every machine.
fn quota_used(crawled: &Crawled, clips: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let needed = clips.div_ceil(300) as f64;
    needed / (crawled.took.as_secs_f64() * 80.0)
}

#[tokio::test(start_paused = true)]
async fn small_accounts_are_listed_exactly() {
    for clips in [0, 1, 29, 30, 31, 300, 301, 4000] {
        for service in [Service::even, Service::recent_heavy, Service::bursty] {
            let crawled = crawl_service(service(clips)).await;
            let clips = usize::try_from(clips).unwrap();
            assert_complete(&crawled, clips);
            // A window that just fills its page is looked at again in parts.
            let again = if clips < 300 { 0 } else { 2 };
            assert!(crawled.requests <= 51 + clips / 300 + 1 + again);
        }
    }
}

/// Lists a history exactly, with few requests, in little more time than the quota allows.
async fn assert_at_the_limit(service: Service, least_quota: f64) {
    let clips = service.created.len();
    let crawled = crawl_service(service).await;
    assert_complete(&crawled, clips);
    assert_few_requests(&crawled, clips);
    let used = quota_used(&crawled, clips);

    assert!(
        used >= least_quota,
        "{used:.3} of the quota; {} requests",
        crawled.requests
    );
}

#[tokio::test(start_paused = true)]
async fn an_even_history_uses_the_quota_with_few_requests() {
    assert_at_the_limit(Service::even(240_000), 0.94).await;
}

#[tokio::test(start_paused = true)]
async fn a_recent_heavy_history_uses_the_quota_with_few_requests() {
    assert_at_the_limit(Service::recent_heavy(240_000), 0.92).await;
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_found_and_uses_the_quota_with_few_requests() {
    assert_at_the_limit(Service::bursty(240_000), 0.92).await;
}

#[tokio::test(start_paused = true)]
async fn more_than_a_million_clips_use_still_more_of_the_quota() {
    assert_at_the_limit(Service::even(1_200_000), 0.955).await;
    assert_at_the_limit(Service::recent_heavy(1_200_000), 0.955).await;
    assert_at_the_limit(Service::bursty(1_200_000), 0.955).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_that_cannot_be_split_is_asked_for_as_it_is() {
    let second = (SPAN.from.0 + 12 * DAY) * 1000;
    let crawled = crawl_service(Service::of((0..13_000).map(|_| second))).await;
    assert_complete(&crawled, 13_000);
}

#[tokio::test(start_paused = true)]
async fn a_clip_on_every_bound_comes_once() {
    // On the bounds of all windows, and a millisecond to both sides, but within the span.
    let bounds = (0..51).flat_map(|window| {
        let bound = (SPAN.from.0 + window * 28 * DAY) * 1000;
        [bound - 1, bound, bound + 1]
    });
    let clips: Vec<i64> = bounds
        .filter(|millis| *millis >= SPAN.from.0 * 1000)
        .collect();
    let count = clips.len();
    let crawled = crawl_service(Service::of(clips.into_iter())).await;
    assert_complete(&crawled, count);
}

#[tokio::test(start_paused = true)]
async fn clips_in_the_margin_outside_of_the_span_are_no_part_of_it() {
    let (since, until) = (SPAN.from.0 * 1000, SPAN.to.0 * 1000);
    let crawled = crawl_service(Service::of(
        [since - 1, since, until - 1, until, until + 1].into_iter(),
    ))
    .await;
    // Newest first: positions 0 and 1 lie behind the end, of which 1 at the end itself, 4 before the
    // start.
    assert_eq!(crawled.ids, BTreeSet::from([2, 3]));
    assert_eq!(
        crawled
            .windows
            .iter()
            .map(|window| window.outside)
            .sum::<u64>(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_history_needs_no_page_token() {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for service in [Service::even, Service::recent_heavy, Service::bursty] {
            let service = service(40_000).in_order(order);
            let crawled = crawl(move |request| {
                if query(request, "next_page_token").is_some() {
                    // Dead on arrival.
                    return answer(400, r#"{"code":300,"message":"Pagination Error"}"#);
                }
                service.page(request)
            })
            .await;
            assert_complete(&crawled, 40_000);
            assert_eq!(crawled.by_token, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_token_that_dies_starts_the_window_over() {
    let service = Service::even(40_000).in_order(Order::ById);
    let died = Mutex::new(0);
    let crawled = crawl(move |request| {
        let mut died = died.lock().unwrap();
        if *died < 3 && request.url.query().unwrap().contains("next_page_token") {
            *died += 1;
            return answer(400, r#"{"code":300,"message":"Pagination Error"}"#);
        }
        service.page(request)
    })
    .await;
    assert_complete(&crawled, 40_000);
    assert_eq!(
        crawled
            .windows
            .iter()
            .map(|window| window.restarts)
            .sum::<u32>(),
        3
    );
}

#[tokio::test(start_paused = true)]
async fn windows_without_heads_are_cut_to_single_pages_where_page_tokens_are_dead_on_arrival() {
    let service = Service::even(20_000).in_order(Order::ById);
    let crawled = crawl(move |request| {
        if query(request, "next_page_token").is_some() {
            return answer(400, r#"{"code":300,"message":"Pagination Error"}"#);
        }
        service.page(request)
    })
    .await;
    assert_complete(&crawled, 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_page_token_that_repeats_is_not_the_end() {
    let service = Service::even(40_000).in_order(Order::ById);
    let repeats = Mutex::new(2);
    let crawled = crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap().to_owned();
        let sent = request
            .url
            .query_pairs()
            .find(|(key, _)| key == "next_page_token");
        let mut repeats = repeats.lock().unwrap();
        let (Some((_, sent)), true) = (sent, *repeats > 0) else {
            return Ok(answer);
        };
        *repeats -= 1;
        let (before, after) = body.split_once(r#""next_page_token":""#).unwrap();
        let (_, after) = after.split_once('"').unwrap();
        let body = format!(r#"{before}"next_page_token":"{sent}"{after}"#);
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(body),
            ..answer
        })
    })
    .await;
    assert_complete(&crawled, 40_000);
}

#[tokio::test(start_paused = true)]
async fn a_window_whose_total_never_agrees_is_unsettled_after_four_attempts() {
    let crawled = crawl(move |_| answer(200, r#"{"data":[],"total_records":1}"#)).await;
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Incomplete);
    assert!(crawled.windows.iter().all(|window| window.attempts == 4));
    assert_eq!(crawled.requests, 4 * 51);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_totals_gives_an_unverified_census() {
    let service = Service::even(40_000);
    let crawled = crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body)
            .unwrap()
            .replace("total_records", "other");
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(body),
            ..answer
        })
    })
    .await;
    assert_eq!(crawled.rows, 40_000);
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Unverified);
}

#[tokio::test(start_paused = true)]
async fn a_row_lost_while_another_comes_twice_is_noticed_and_asked_for_again() {
    // Between the first and the second page of its first attempt, the newest clip of one window is
    // deleted: with offsets, one row is never shown, and the total falls only later.
    let service = Service::even(40_000);
    let faults = Mutex::new(1);
    let crawled = crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap().to_owned();
        let mut faults = faults.lock().unwrap();
        let is_later_page = request.url.query().unwrap().contains("next_page_token");
        if *faults == 0 || !is_later_page {
            return Ok(answer);
        }
        *faults -= 1;
        // The first record of this page is replaced by its second: as many rows, one lost.
        let (_, rest) = body.split_once(r#"{"data":["#).unwrap();
        let (_, rest) = rest.split_once("},").unwrap();
        let (second, _) = rest.split_once('}').unwrap();
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(format!(r#"{{"data":[{second}}},{rest}"#)),
            ..answer
        })
    })
    .await;
    assert_complete(&crawled, 40_000);
}

/// 700 clips in one window, with offsets for page tokens; ten seconds pass from one request to the
/// next. After the first page, clip 10 vanishes and clip 700 appears: the total stays, and where the
/// list goes on by page token, a clip is skipped.
fn service_in_motion(order: Order) -> impl FnMut(&Request) -> Answer + Send {
    let mut clips: Vec<i64> = (0..700).collect();
    let mut now = SPAN.to.0;
    let mut changed_at = 0;
    let mut seen = false;
    move |request| {
        now += 10;
        let start = query(request, "next_page_token").map_or(0, |token| token.parse().unwrap());
        let is_newest_window = bound(request, "to") > (SPAN.to.0 - 2 * DAY) * 1000;
        let is_later = start > 0 || (seen && matches!(order, Order::NewestFirst));
        seen |= is_newest_window;
        if is_later && changed_at == 0 {
            clips.retain(|clip| *clip != 10);
            clips.push(700);
            changed_at = now;
        }
        let created = |clip: i64| Seconds(SPAN.to.0 - DAY - 10 * clip).timestamp();
        let mut clips_in_order = clips.clone();
        if matches!(order, Order::ById) {
            clips_in_order.sort_by_key(|clip| clip * 7_919 % 1_009);
        }
        let listed: Vec<String> = clips_in_order
            .iter()
            .filter(|clip| (bound(request, "from")..=bound(request, "to")).contains(&created(**clip).as_millisecond()))
            .map(|&clip| {
                let created = created(clip);
                let modified = if clip == 700 { Seconds(changed_at).timestamp() } else { created };
                format!(
                    r#"{{"clip_id":"{clip}","created_date":"{created}","modified_date":"{modified}"}}"#
                )
            })
            .collect();
        let stop = listed.len().min(start + 300);
        let token = if stop < listed.len() {
            stop.to_string()
        } else {
            String::new()
        };
        let (records, total) = (listed[start..stop].join(","), listed.len());
        let page = format!(
            r#"{{"data":[{records}],"next_page_token":"{token}","total_records":{total}}}"#
        );
        let date = Seconds(now)
            .timestamp()
            .strftime("%a, %d %b %Y %H:%M:%S GMT");
        answer_with(200, &[("date", &date.to_string())], page)
    }
}

#[tokio::test(start_paused = true)]
async fn a_clip_that_appears_while_another_vanishes_does_not_hide_a_third() {
    for order in [Order::NewestFirst, Order::ById] {
        let crawled = crawl(service_in_motion(order)).await;
        assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Verified);
        // Clip 10 was listed once, unless it vanished first.
        let stood_still = (0..=700).filter(|clip| *clip != 10);
        assert!(
            stood_still
                .into_iter()
                .all(|clip| crawled.ids.contains(&clip))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_in_motion_is_cut_until_its_parts_are_of_one_page() {
    // The total grows with every page, for ever: only a single page agrees with itself.
    let service = Service::even(240_000);
    let mut pages = 0;
    let crawled = crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap();
        let (before, total) = body.rsplit_once(':').unwrap();
        let total: usize = total.trim_end_matches('}').parse().unwrap();
        let is_later_page = request.url.query().unwrap().contains("next_page_token");
        pages += usize::from(is_later_page);
        let total = if is_later_page { total + pages } else { total };
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(format!("{before}:{total}}}")),
            ..answer
        })
    })
    .await;
    assert_complete(&crawled, 240_000);
    assert!(crawled.requests < 6 * 816, "{} requests", crawled.requests);
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_not_read_to_its_end_once_it_is_in_motion() {
    // Someone changes a clip of every window of 28 days while its second page is asked for.
    let service = Service::even(240_000);
    let crawled = crawl(move |request| {
        let mut answer = service.page(request)?;
        let date = "Mon, 23 Nov 2026 00:00:00 GMT".parse().unwrap();
        answer.headers.insert(reqwest::header::DATE, date);
        let seconds = (bound(request, "to") - bound(request, "from")) / 1000;
        if seconds >= LONGEST_WINDOW && query(request, "next_page_token").is_some() {
            let body = std::str::from_utf8(&answer.body).unwrap();
            let changed = r#"{"modified_date":"2026-11-23T00:00:00Z","clip_id""#;
            answer.body = Bytes::from(body.replacen(r#"{"clip_id""#, changed, 1));
        }
        Ok(answer)
    })
    .await;
    assert_complete(&crawled, 240_000);
    // Two pages in vain, and up to one page more for each part, of 16.
    assert!(crawled.requests <= 51 * 20, "{} requests", crawled.requests);
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_account_is_named_and_the_others_are_finished() {
    let out = tempfile::tempdir().unwrap();
    let service = Service::even(2_000);
    let transport = Scripted::answering(move |request| {
        if request.url.path().contains("/bad/") {
            answer(403, r#"{"code":1003,"message":"No permission to operate"}"#)
        } else {
            service.page(request)
        }
    });
    let account = |id: &str| Account {
        id: id.to_owned(),
        path: Some(id.to_owned()),
    };
    let mut crawl = crawl_of(&out, transport, 40);
    crawl.accounts = vec![account("bad"), account("good")];
    let crawl = Arc::new(crawl);
    let failures = crawl.run().await.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].account_id, "bad");
    let rows: usize = merge(&crawl.spool)
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_that_is_interrupted_again_and_again_asks_for_no_finished_page_again() {
    let clips = 40_000;
    let undisturbed = crawl_service(Service::bursty(clips)).await.requests;
    for seconds in [1.0, 0.7, 0.3] {
        let out = tempfile::tempdir().unwrap();
        let service = Service::bursty(clips);
        let transport = Scripted::delayed(Duration::from_millis(200), move |request| {
            service.page(request)
        });
        let mut under_way = 0;
        let crawl = loop {
            let crawl = Arc::new(crawl_of(&out, Arc::clone(&transport) as _, 32));
            let run = Arc::clone(&crawl);
            let ended = tokio::time::timeout(Duration::from_secs_f64(seconds), run.run()).await;
            drop(run);
            // Work on files that was under way when the crawl was stopped comes to its end.
            while Arc::strong_count(&crawl) > 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if ended.is_ok() {
                break crawl;
            }
            // Sent within the last 200 ms, or answered and not yet in the spool.
            let now = Instant::now();
            let lately = |sent: &&crate::zoom::scripted::Sent| {
                now.duration_since(sent.at) < Duration::from_millis(260)
            };
            under_way += transport.sent().iter().filter(lately).count();
        };
        let windows = crawl.windows();
        assert_eq!(Verdict::of(&windows, 0), Verdict::Verified);
        let rows: usize = merge(&crawl.spool)
            .map(|batch| batch.unwrap().num_rows())
            .sum();
        assert_eq!(rows, usize::try_from(clips).unwrap());
        let requests = transport.sent().len();
        assert!(under_way > 0, "it was never interrupted");
        // Where to cut depends on what is known: a few requests more or less.
        assert!(
            requests <= undisturbed + under_way + undisturbed / 20,
            "{requests} requests, {undisturbed} undisturbed and {under_way} under way"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_did_not_settle_is_asked_for_again_by_the_next_run() {
    let out = tempfile::tempdir().unwrap();
    let service = Arc::new(Service::even(2_000));
    let is_broken = Arc::new(Mutex::new(true));
    let (shared, broken) = (Arc::clone(&service), Arc::clone(&is_broken));
    let transport = Scripted::answering(move |request| {
        let answer = shared.page(request)?;
        let is_first_window = request.url.query().unwrap().contains("from=2022-12-31");
        if !(is_first_window && *broken.lock().unwrap()) {
            return Ok(answer);
        }
        let body = std::str::from_utf8(&answer.body).unwrap();
        let body = body.replace(r#""total_records":"#, r#""total_records":9"#);
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(body),
            ..answer
        })
    });
    let first = Arc::new(crawl_of(&out, Arc::clone(&transport) as _, 40));
    first.run().await.unwrap();
    assert_eq!(Verdict::of(&first.windows(), 0), Verdict::Incomplete);
    drop(first);

    *is_broken.lock().unwrap() = false;
    let before = transport.sent().len();
    let second = Arc::new(crawl_of(&out, Arc::clone(&transport) as _, 40));
    second.run().await.unwrap();
    assert_eq!(transport.sent().len() - before, 1);
    assert_eq!(Verdict::of(&second.windows(), 0), Verdict::Verified);
    let rows: usize = merge(&second.spool)
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_compares_whole_days_is_not_split_for_ever_and_proves_nothing() {
    const NOON: i64 = 12 * 3600;
    let day_of = |instant: &str| instant.split('T').next().unwrap().to_owned();
    let day = SPAN.from.0 + 12 * DAY;
    let service = Service::of((0..13_000).map(|clip| (day + NOON) * 1000 + clip));
    let crawled = crawl(move |request| {
        // From the start of the first day to the end of the last.
        let mut whole_days = request.clone();
        let pairs: Vec<(String, String)> = request
            .url
            .query_pairs()
            .map(|(key, value)| match key.as_ref() {
                "from" => (key.into_owned(), format!("{}T00:00:00Z", day_of(&value))),
                "to" => (key.into_owned(), format!("{}T23:59:59Z", day_of(&value))),
                _ => (key.into_owned(), value.into_owned()),
            })
            .collect();
        whole_days.url.query_pairs_mut().clear().extend_pairs(pairs);
        service.page(&whole_days)
    })
    .await;
    assert_unproven(&crawled, 13_000, "dated outside of what was asked for");
    assert!(
        crawled.requests < 51 + 44 * 8,
        "{} requests",
        crawled.requests
    );
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_brings_the_same_clips_again_and_again_ends() {
    for total in ["", r#","total_records":300"#] {
        let mut next = 0;
        let crawled = crawl(move |request| {
            if !request.url.query().unwrap().contains("from=2022-12-31") {
                return answer(
                    200,
                    format!(r#"{{"data":[]{}}}"#, total.replace("300", "0")),
                );
            }
            next += 1;
            let ids: Vec<String> = (0..300)
                .map(|id| format!(r#"{{"clip_id":"{id}"}}"#))
                .collect();
            let records = ids.join(",");
            answer(
                200,
                format!(r#"{{"data":[{records}],"next_page_token":"t{next}"{total}}}"#),
            )
        })
        .await;
        assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Incomplete);
        assert_eq!(crawled.rows, 300);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reject_that_comes_twice_does_not_make_up_for_a_lost_clip() {
    // Two pages: the record that is no clip stands at the end of the first and, in place of a
    // clip, at the start of the second.
    let crawled = crawl(move |request| {
        let is_second = request.url.query().unwrap().contains("next_page_token");
        answer(
            200,
            if is_second {
                r#"{"data":["no clip"],"next_page_token":"","total_records":3}"#
            } else {
                r#"{"data":[{"clip_id":"1"},"no clip"],"next_page_token":"t","total_records":3}"#
            },
        )
    })
    .await;
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Incomplete);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_refused_is_named_and_so_is_the_oldest_that_is_not() {
    for oldest in [SPAN.from.0 + 20 * 28 * DAY, SPAN.to.0] {
        let service = Service::even(20_000);
        let crawled = crawl(move |request| {
            if bound(request, "from") < (oldest - 1) * 1000 {
                let body =
                    r#"{"code":300,"message":"The date must be within the last six months."}"#;
                return answer(400, body);
            }
            service.page(request)
        })
        .await;
        let [failed] = &crawled.failures[..] else {
            panic!("{:?}", crawled.failures);
        };
        let FailureKind::WindowRefused { asked, accepted } = failed.failure.kind else {
            panic!("{:?}", failed.failure);
        };
        assert!(asked.from.0 < oldest);
        let is_some = oldest < SPAN.to.0;
        assert_eq!(accepted, is_some.then_some(Seconds(oldest)));
        let said = failed.failure.to_string();
        assert_eq!(
            said.contains(&format!("begins at {}: find the --since", Seconds(oldest))),
            is_some
        );
        assert!(
            said.contains(&format!("refuses the window {asked}")),
            "{said}"
        );
    }
}
