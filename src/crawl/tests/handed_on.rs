//! Windows too full for one chain: what is handed on, and what is done where it does not add up.

use super::*;

/// A service whose answers are changed: the request, and the text of the answer.
async fn crawl_changed(
    service: Service,
    mut change: impl FnMut(&Request, String) -> String + Send + 'static,
) -> Crawled {
    crawl(move |request| {
        let answer = service.page(request)?;
        let body = std::str::from_utf8(&answer.body).unwrap().to_owned();
        Ok(crate::zoom::transport::Response {
            body: Bytes::from(change(request, body)),
            ..answer
        })
    })
    .await
}

fn is_later_page(request: &Request) -> bool {
    request.url.query().unwrap().contains("next_page_token")
}

/// Windows that are recorded as cut, and why.
fn cut(crawled: &Crawled) -> Vec<&str> {
    let is_cut = |window: &&WindowRecord| window.outcome == WindowOutcome::Split;
    let cut = crawled.windows.iter().filter(is_cut);
    cut.filter_map(|window| window.why.as_deref()).collect()
}

/// 30,000 clips within ten minutes.
fn burst() -> Service {
    let start = (SPAN.from + 12 * DAY) * 1000;
    Service::of((0..30_000).map(|clip| start + clip * 20))
}

#[tokio::test(start_paused = true)]
async fn no_page_is_asked_for_twice_where_a_chain_hands_on() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let pages = Arc::clone(&asked);
    let crawled = crawl_changed(burst(), move |_, body| {
        pages.lock().unwrap().push(body.clone());
        body
    })
    .await;
    assert_complete(&crawled, 30_000);
    assert_eq!(cut(&crawled), [""; 0]);
    // 100 pages, 51 windows, and half a page for each part.
    assert!(crawled.requests <= 51 + 100 + 12, "{}", crawled.requests);
    let mut full: Vec<String> = asked.lock().unwrap().clone();
    full.retain(|body| body.contains("clip_id"));
    let distinct: BTreeSet<&String> = full.iter().collect();
    assert_eq!(distinct.len(), full.len());
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_full_window_are_settled_and_tile_it() {
    let crawled = crawl_service(burst()).await;
    assert!(crawled.windows.len() > 53, "{}", crawled.windows.len());
    for pair in crawled.windows.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
    }
    for window in &crawled.windows {
        assert_eq!(window.outcome, WindowOutcome::Settled);
        assert_eq!(window.expected, Some(window.distinct));
    }
}

/// Whatever page of a long chain lacks a clip, the clip is there in the end.
#[tokio::test(start_paused = true)]
async fn a_clip_that_is_lost_from_any_page_is_noticed() {
    for lost in 0..40 {
        let mut pages = 0;
        let crawled = crawl_changed(burst(), move |_, body| {
            pages += usize::from(body.contains("clip_id"));
            if pages != lost + 1 || !body.contains("},{") {
                return body;
            }
            pages += 1;
            let (before, after) = body.split_once("},{").unwrap();
            let (_, after) = after.split_once('}').unwrap();
            format!("{before}}}{after}")
        })
        .await;
        assert_complete(&crawled, 30_000);
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_add_up_is_walked_again_on_its_own() {
    // Once, a later page of the chain that has asked for all 28 days lacks a clip.
    let mut is_lost = false;
    let whole = instant(SPAN.from - MARGIN).to_string().replace(':', "%3A");
    let crawled = crawl_changed(burst(), move |request, body| {
        let is_whole = request.url.query().unwrap().contains(&whole);
        if is_lost || !is_whole || !is_later_page(request) {
            return body;
        }
        is_lost = true;
        let (before, after) = body.split_once("},{").unwrap();
        let (_, after) = after.split_once('}').unwrap();
        format!("{before}}}{after}")
    })
    .await;
    assert_complete(&crawled, 30_000);
    assert_eq!(cut(&crawled), ["its part and the rest of it do not add up"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_lists_the_oldest_first_is_listed_in_parts_all_the_same() {
    let service = burst();
    let clips = service.created.len();
    let crawled = crawl_changed(service, move |request, _| {
        // The same answer in the opposite order: clip n of the window from the old end.
        let service = burst();
        let within: Vec<usize> = (0..clips)
            .rev()
            .filter(|clip| {
                (bound(request, "from")..=bound(request, "to")).contains(&service.created[*clip])
            })
            .collect();
        let start = query(request, "next_page_token").map_or(0, |token| token.parse().unwrap());
        let stop = within.len().min(start + 300);
        let records: Vec<String> = within[start..stop]
            .iter()
            .map(|clip| {
                let created = jiff::Timestamp::from_millisecond(service.created[*clip]).unwrap();
                format!(r#"{{"clip_id":"{clip}","created_date":"{created}"}}"#)
            })
            .collect();
        let token = if stop < within.len() {
            stop.to_string()
        } else {
            String::new()
        };
        format!(
            r#"{{"data":[{}],"next_page_token":"{token}","total_records":{}}}"#,
            records.join(","),
            within.len(),
        )
    })
    .await;
    assert_complete(&crawled, clips);
    assert_eq!(cut(&crawled)[0], "too full for one chain");
    assert!(crawled.requests <= 51 + 100 + 40, "{}", crawled.requests);
}

#[tokio::test(start_paused = true)]
async fn seconds_that_fill_pages_are_no_trouble() {
    // 300 and more in every second, for two minutes.
    let start = (SPAN.from + 12 * DAY) * 1000;
    let crawled = crawl_service(Service::of((0..40_000).map(|clip| start + clip * 3))).await;
    assert_complete(&crawled, 40_000);
    assert!(crawled.requests <= 51 + 134 + 40, "{}", crawled.requests);
}

#[tokio::test(start_paused = true)]
async fn clips_without_a_date_or_an_id_in_a_full_window_lose_nothing() {
    for replaced in [r#","created_date""#, r#""clip_id""#] {
        let crawled = crawl_changed(burst(), move |_, body| {
            // Every record whose number ends with 77.
            let records = body.split("},{").map(|record| {
                if record.contains(r#"77","#) {
                    record.replacen(replaced, &replaced.replace('_', "-"), 1)
                } else {
                    record.to_owned()
                }
            });
            records.collect::<Vec<_>>().join("},{")
        })
        .await;
        assert_eq!(verdict(&crawled.windows, 0), Verdict::Verified);
        let rejected: u64 = crawled.windows.iter().map(|window| window.rejected).sum();
        let kept = u64::try_from(crawled.rows).unwrap();
        assert!(kept + rejected >= 30_000, "{kept} and {rejected}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_walk_at_a_time_hands_on_too() {
    let out = tempfile::tempdir().unwrap();
    let service = burst();
    let transport = Scripted::delayed(Duration::from_millis(200), move |request| {
        service.page(request)
    });
    let crawl = Arc::new(crawl_of(&out, transport, 1));
    let start = Instant::now();
    crawl.run().await.unwrap();
    let rows = merge(&crawl.spool).unwrap();
    let rows: usize = rows.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 30_000);
    // One request after the other: nobody waits for what nobody asks.
    assert!(
        start.elapsed() < Duration::from_secs(40),
        "{:?}",
        start.elapsed()
    );
}

/// What a part of a burst tells is asked for before anything else that waits.
#[tokio::test(start_paused = true)]
async fn first_pages_of_parts_are_asked_for_first() {
    let service = Service::bursty(240_000);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let crawled = crawl(move |request| {
        log.lock().unwrap().push(is_later_page(request));
        service.page(request)
    })
    .await;
    assert_complete(&crawled, 240_000);
    let asked = asked.lock().unwrap();
    let last_first_page = asked
        .iter()
        .rposition(|is_later_page| !is_later_page)
        .unwrap();
    assert!(last_first_page < 300, "the {last_first_page}th request");
}

/// After the first page one of its clips goes, and another appears in the part to be handed on: as
/// many clips, but one that the chain skips. The date of change tells.
#[tokio::test(start_paused = true)]
async fn a_clip_that_appears_in_a_part_does_not_make_up_for_a_lost_one() {
    let start = (SPAN.from + 12 * DAY) * 1000;
    let mut clips: Vec<(i64, i64)> = (0..30_000).map(|clip| (clip, start + clip * 20)).collect();
    let mut is_lost = false;
    let crawled = crawl(move |request| {
        let (from, to) = (bound(request, "from"), bound(request, "to"));
        let is_whole = to - from > 28 * DAY * 1000;
        let mut within: Vec<(i64, i64)> = clips.clone();
        within.retain(|(_, created)| (from..=to).contains(created));
        within.sort_unstable_by_key(|(_, created)| std::cmp::Reverse(*created));
        let first = query(request, "next_page_token").map_or(0, |token| token.parse().unwrap());
        let stop = within.len().min(first + 300);
        let page = within[first..stop].to_vec();
        if is_whole && !page.is_empty() && !is_lost {
            // Clip 10 of it goes, and one comes: the total stays, and the next page skips a clip.
            is_lost = true;
            clips.retain(|(clip, _)| *clip != page[10].0);
            clips.push((30_000, start + 5));
        }
        let records: Vec<String> = page
            .iter()
            .map(|(clip, created)| {
                let created = jiff::Timestamp::from_millisecond(*created).unwrap();
                let is_new = *clip == 30_000;
                let modified = if is_new { "2026-11-23T00:00:05Z" } else { "2024-01-01T00:00:00Z" };
                format!(
                    r#"{{"clip_id":"{clip}","created_date":"{created}","modified_date":"{modified}"}}"#
                )
            })
            .collect();
        let token = if stop < within.len() { stop.to_string() } else { String::new() };
        let body = format!(
            r#"{{"data":[{}],"next_page_token":"{token}","total_records":{}}}"#,
            records.join(","),
            within.len(),
        );
        let second = if is_whole { 1 } else { 9 };
        let date = format!("Mon, 23 Nov 2026 00:00:{second:02} GMT");
        answer_with(200, &[("date", &date)], body)
    })
    .await;
    assert_complete(&crawled, 30_001);
}
