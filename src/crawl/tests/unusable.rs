//! Answers that cannot be used: a broken record costs the seconds around it and no other clip, and a
//! service that is none at all is soon told.

use super::*;
use crate::model::WindowOutcome;

/// Breaks the records of these clips, so that no page that holds one of them parses.
fn broken(
    service: &Arc<Service>,
    clips: &[usize],
) -> impl FnMut(&Request) -> Answer + Send + 'static {
    let service = Arc::clone(service);
    let ids: Vec<String> = clips
        .iter()
        .map(|clip| format!(r#""clip_id":"{clip}""#))
        .collect();
    move |request| {
        let answer = service.page(request)?;
        let mut body = String::from_utf8(answer.body.to_vec()).unwrap();
        for id in &ids {
            body = body.replace(id, r#""clip_id":"\q""#);
        }
        Ok(crate::zoom::transport::Response {
            body: body.into(),
            ..answer
        })
    }
}

/// All clips but these came, and what is not settled is a few seconds for each of them.
fn assert_only_lost(crawled: &Crawled, service: &Service, broken: &[usize]) {
    assert!(crawled.failures.is_empty());
    assert_eq!(Verdict::of(&crawled.windows, 0), Verdict::Incomplete);
    let is_near = |clip: usize| {
        let apart = |other: &usize| (service.created[*other] - service.created[clip]).abs();
        broken.iter().any(|other| apart(other) <= 4_000)
    };
    let lost: Vec<usize> = (0..service.created.len())
        .filter(|clip| !crawled.ids.contains(clip))
        .collect();
    assert!(lost.iter().all(|clip| is_near(*clip)), "{lost:?}");
    assert!(broken.iter().all(|clip| lost.contains(clip)), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_record_costs_the_seconds_around_it_and_they_are_named() {
    for order in [Order::NewestFirst, Order::OldestFirst, Order::ById] {
        let service = Arc::new(Service::bursty(20_000).in_order(order));
        let lost = [0, 9_000, 19_999];
        let crawled = crawl(broken(&service, &lost)).await;
        assert_only_lost(&crawled, &service, &lost);
        let unsettled = crawled
            .windows
            .iter()
            .filter(|window| window.outcome == WindowOutcome::Unsettled);
        let reasons: Vec<&str> = unsettled.filter_map(|it| it.why.as_deref()).collect();
        assert_eq!(reasons.len(), 3, "{reasons:?}");
        for why in reasons {
            let said = ") can be used (5 tried): 200, but the answer is no JSON object";
            assert!(why.contains(said), "{why}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn more_broken_records_than_requests_under_way_cost_no_other_clip() {
    let service = Arc::new(Service::even(20_000));
    let lost: Vec<usize> = (0..10_000).step_by(99).collect();
    let crawled = crawl(broken(&service, &lost)).await;
    assert_only_lost(&crawled, &service, &lost);
}

#[tokio::test(start_paused = true)]
async fn what_is_broken_is_asked_for_by_the_next_run_and_by_each_until_it_is_mended() {
    let out = tempfile::tempdir().unwrap();
    let service = Arc::new(Service::even(5_000));
    let mut asked = Vec::new();
    for (clips, verdict) in [
        (&[2_000][..], Verdict::Incomplete),
        (&[2_000], Verdict::Incomplete),
        (&[], Verdict::Verified),
    ] {
        let transport = Scripted::answering(broken(&service, clips));
        let crawl = Arc::new(crawl_of(&out, Arc::clone(&transport) as _, 32));
        assert!(crawl.run().await.unwrap().is_empty());
        assert_eq!(Verdict::of(&crawl.windows(), 0), verdict);
        asked.push(transport.sent().len());
    }
    assert!(asked[1] <= 2 * 5 && asked[2] <= 2, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_gives_a_page_is_given_up_after_few_requests() {
    let crawled = crawl(|_| answer(200, "<html>Log in</html>")).await;
    let kinds: Vec<&FailureKind> = crawled.failures.iter().map(|it| &it.failure.kind).collect();
    assert_eq!(kinds, [&FailureKind::Unusable]);
    assert!(crawled.requests <= 5 * 51, "{} requests", crawled.requests);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_gives_no_page_any_more_is_given_up() {
    let service = Service::even(40_000);
    let mut pages = 0;
    let crawled = crawl(move |request| {
        pages += 1;
        if pages > 60 {
            return answer(200, "<html>Log in</html>");
        }
        service.page(request)
    })
    .await;
    let kinds: Vec<&FailureKind> = crawled.failures.iter().map(|it| &it.failure.kind).collect();
    assert_eq!(kinds, [&FailureKind::Unusable]);
    assert!(crawled.requests <= 1_000, "{} requests", crawled.requests);
}
