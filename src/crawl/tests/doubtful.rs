//! Services that move while they are read, or that do not count, filter or list as they should: every
//! clip that stood still is there, and nothing is called proven that is not.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::*;

/// A clip of a service that moves.
#[derive(Clone)]
struct Clip {
    id: usize,
    created: i64,
    modified: Option<i64>,
}

/// A service whose page tokens are offsets, and in which some clips vanish and others appear between
/// any two requests.
struct Moving {
    clips: Vec<Clip>,
    stood_still: usize,
    next_id: usize,
    random: StdRng,
    now: i64,
}

impl Moving {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let stood_still = random.random_range(2_000..6_000);
        // In a few windows, so that each has many pages.
        let begin = SPAN.to.0 - random.random_range(20..120) * DAY;
        let clips = (0..stood_still + 500)
            .map(|id| {
                let created = random.random_range(begin..SPAN.to.0);
                Clip {
                    id,
                    created,
                    modified: Some(created),
                }
            })
            .collect();
        Self {
            clips,
            stood_still,
            next_id: stood_still + 500,
            random,
            now: SPAN.to.0,
        }
    }

    /// One vanishes, one appears anywhere in the past, and one moves to another place of the list.
    fn change(&mut self) {
        self.now += 1;
        let restless: Vec<usize> = (0..self.clips.len())
            .filter(|index| self.clips[*index].id >= self.stood_still)
            .collect();
        if let Some(index) = restless.choose(&mut self.random) {
            self.clips.swap_remove(*index);
        }
        let some = self.clips.choose(&mut self.random).cloned();
        let created = some.map_or(SPAN.from.0, |clip| {
            clip.created + self.random.random_range(-99..99)
        });
        // As it should be, wrong, or missing.
        let modified = [Some(self.now), Some(created), None];
        self.clips.push(Clip {
            id: self.next_id,
            created: created.min(SPAN.to.0 - 1),
            modified: *modified.choose(&mut self.random).unwrap(),
        });
        self.next_id += 1;
        let stood_still = self.stood_still;
        let mut restless = self.clips.iter_mut().filter(|clip| clip.id >= stood_still);
        if let Some(clip) = restless.next() {
            clip.created -= self.random.random_range(0..DAY);
        }
    }

    fn page(&mut self, request: &Request) -> Answer {
        self.change();
        let (from, to) = (bound(request, "from") / 1000, bound(request, "to") / 1000);
        let mut listed: Vec<&Clip> = self
            .clips
            .iter()
            .filter(|clip| (from..=to).contains(&clip.created))
            .collect();
        listed.sort_by_key(|clip| (std::cmp::Reverse(clip.created), clip.id));
        let start = query(request, "next_page_token").map_or(0, |token| token.parse().unwrap());
        let start = listed.len().min(start);
        let stop = listed.len().min(start + 300);
        let records: Vec<String> = listed[start..stop]
            .iter()
            .map(|clip| {
                let modified = clip.modified.map_or_else(String::new, |modified| {
                    format!(r#","modified_date":"{}""#, Seconds(modified).timestamp())
                });
                let (id, created) = (clip.id, Seconds(clip.created).timestamp());
                format!(r#"{{"clip_id":"{id}","created_date":"{created}"{modified}}}"#)
            })
            .collect();
        let token = if stop < listed.len() {
            stop.to_string()
        } else {
            String::new()
        };
        let page = format!(
            r#"{{"data":[{}],"next_page_token":"{token}","total_records":{}}}"#,
            records.join(","),
            listed.len()
        );
        let date = Seconds(self.now)
            .timestamp()
            .strftime("%a, %d %b %Y %H:%M:%S GMT");
        answer_with(200, &[("date", &date.to_string())], page)
    }
}

#[tokio::test(start_paused = true)]
async fn what_stood_still_is_listed_however_others_come_and_go_and_move() {
    let mut verified = 0;
    for seed in 0..200 {
        let mut service = Moving::new(seed);
        let stood_still = service.stood_still;
        let crawled = crawl(move |request| service.page(request)).await;
        let lost: Vec<usize> = (0..stood_still)
            .filter(|clip| !crawled.ids.contains(clip))
            .collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?} of {stood_still}");
        assert_eq!(crawled.by_token, 0, "seed {seed}");
        verified += usize::from(Verdict::of(&crawled.windows, 0) == Verdict::Verified);
    }
    assert!(verified >= 190, "{verified} of 200 verified");
}

/// Replaces the total, and the page token, by the offset that it stands for.
fn rewritten(
    service: Service,
    rewrite: impl Fn(usize, Option<usize>) -> (usize, Option<usize>) + Send + 'static,
) -> impl FnMut(&Request) -> Answer + Send + 'static {
    move |request| {
        let to = bound(request, "to");
        let skipped = service.created.partition_point(|millis| *millis > to);
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap();
        let (before, token) = body.rsplit_once(r#","next_page_token":""#).unwrap();
        let (token, total) = token.split_once(r#"","total_records":"#).unwrap();
        let total = total.trim_end_matches('}').parse().unwrap();
        let token = token.parse::<usize>().ok().map(|token| token - skipped);
        let (total, token) = rewrite(total, token);
        let token = token.map_or_else(String::new, |token| (token + skipped).to_string());
        let body = format!(r#"{before},"next_page_token":"{token}","total_records":{total}}}"#);
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(body),
            ..answer
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_and_chains_that_stop_at_a_cap_lose_nothing_and_prove_nothing() {
    for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
        let service = Service::bursty(60_000).in_order(order);
        let cap = |total: usize, token: Option<usize>| {
            (total.min(10_000), token.filter(|token| *token < 10_000))
        };
        let crawled = crawl(rewritten(service, cap)).await;
        assert_unproven(&crawled, 60_000, "total_records never says more than 10000");
    }
}

#[tokio::test(start_paused = true)]
async fn totals_that_count_the_page_prove_nothing() {
    for order in [Order::NewestFirst, Order::ById] {
        let service = Service::bursty(60_000).in_order(order);
        let page = |total: usize, token: Option<usize>| match token {
            Some(_) => (300, token),
            None => (
                if total.is_multiple_of(300) {
                    300
                } else {
                    total % 300
                },
                None,
            ),
        };
        let crawled = crawl(rewritten(service, page)).await;
        assert_all_came(&crawled, 60_000);
        assert_ne!(Verdict::of(&crawled.windows, 0), Verdict::Verified);
    }
}

#[tokio::test(start_paused = true)]
async fn a_total_that_is_off_by_one_is_never_proven() {
    for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
        let service = Service::even(20_000).in_order(order);
        let crawled = crawl(rewritten(service, |total, token| (total + 1, token))).await;
        assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Incomplete);
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_on_another_clock_is_named_and_never_proven() {
    for hours in [-9, 9] {
        let service = Service::even(20_000);
        let crawled = crawl(move |request| {
            let mut shifted = request.clone();
            let pairs: Vec<(String, String)> = request
                .url
                .query_pairs()
                .map(|(key, value)| match key.as_ref() {
                    "from" | "to" => {
                        let asked: jiff::Timestamp = value.parse().unwrap();
                        let meant = Seconds(asked.as_second() + hours * 3600).timestamp();
                        (key.into_owned(), meant.to_string())
                    }
                    _ => (key.into_owned(), value.into_owned()),
                })
                .collect();
            shifted.url.query_pairs_mut().clear().extend_pairs(pairs);
            service.page(&shifted)
        })
        .await;
        assert_ne!(Verdict::of(&crawled.windows, 0), Verdict::Verified);
        let windows = crawled.windows.iter();
        let mut reasons = windows.filter_map(|window| window.why.as_deref());
        assert!(reasons.any(|why| why.contains("dated outside of what was asked for")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_clips_in_one_second_among_others_are_listed_exactly() {
    for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
        let second = (SPAN.from.0 + 12 * DAY) * 1000;
        let others = (0..20_000).map(|clip| at(clip, 20_000));
        // All within the second.
        let import = (0..1_000).map(|clip| second + clip % 999);
        let service = Service::of(others.chain(import));
        let crawled = crawl_service(service.in_order(order)).await;
        assert_complete(&crawled, 21_000);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_without_a_date_at_every_seam_are_listed_exactly() {
    // Each third record has no date, and so has the last one of a page.
    let service = Service::even(20_000);
    let crawled = crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap();
        let records: Vec<&str> = body.split(r#"{"clip_id""#).collect();
        let last = records.len() - 1;
        let strip = |(index, record): (usize, &str)| {
            let dated = record.split_once(r#","created_date":""#);
            match dated {
                Some((id, rest)) if index % 3 == 0 || index == last => {
                    let (_, rest) = rest.split_once('"').unwrap();
                    format!("{id}{rest}")
                }
                _ => record.to_owned(),
            }
        };
        let records: Vec<String> = records.into_iter().enumerate().map(strip).collect();
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(records.join(r#"{"clip_id""#)),
            ..answer
        })
    })
    .await;
    assert_complete(&crawled, 20_000);
}
