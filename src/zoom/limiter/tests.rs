//! The gates on tokio's clock.

use super::*;

const LIGHT: RateLabel = RateLabel::Light;

fn limiter(light: f64, concurrency: usize) -> Arc<Limiter> {
    Arc::new(Limiter::new(Limits {
        light,
        medium: 1.0,
        concurrency,
        plan: None,
    }))
}

/// Enters so many times, one after the other, and tells when each time.
async fn times(limiter: &Limiter, count: usize) -> Vec<Instant> {
    let mut times = Vec::new();
    for _ in 0..count {
        limiter.slot(LIGHT).await;
        times.push(Instant::now());
    }
    times
}

/// The most within any second.
fn densest(times: &[Instant]) -> usize {
    let second = Duration::from_secs(1);
    let within = |first: &Instant| {
        let inside = |time: &&Instant| *time >= first && **time < *first + second;
        times.iter().filter(inside).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn the_first_passes_at_once() {
    let start = Instant::now();
    limiter(1.0, 1).slot(LIGHT).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn no_second_holds_more_than_the_rate_and_hardly_less() {
    for rate in [4, 30, 80] {
        let count = usize::try_from(rate * 10).unwrap();
        let start = Instant::now();
        let times = times(&limiter(f64::from(rate), 8), count).await;
        assert!(densest(&times) <= usize::try_from(rate).unwrap(), "{rate}");
        let ten = Duration::from_secs(10);
        assert!(
            start.elapsed() < ten.mul_f64(1.011),
            "{rate}: {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_not_made_up_for_by_a_burst() {
    let limiter = limiter(80.0, 8);
    times(&limiter, 10).await;
    tokio::time::advance(Duration::from_millis(700)).await;
    let after = times(&limiter, 90).await;
    assert!(densest(&after) <= 80);
    assert!(
        after[3] - after[0] >= Duration::from_millis(12),
        "{:?}",
        after[3] - after[0]
    );
}

#[tokio::test(start_paused = true)]
async fn slots_that_come_late_are_made_up_for_and_no_second_holds_too_many() {
    let limiter = limiter(80.0, 8);
    let start = Instant::now();
    let mut passed = Vec::new();
    for next_comes_after in (0..800).map(|slot| slot * 7919 % 25) {
        limiter.slot(LIGHT).await;
        passed.push(Instant::now());
        tokio::time::advance(Duration::from_millis(next_comes_after)).await;
    }
    assert!(densest(&passed) <= 80, "{}", densest(&passed));
    let ten = Duration::from_secs(10);
    assert!(start.elapsed() < ten.mul_f64(1.03), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn labels_have_paces_of_their_own() {
    let limiter = limiter(80.0, 8);
    limiter.slot(RateLabel::Medium).await;
    let start = Instant::now();
    limiter.slot(LIGHT).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    limiter.slot(RateLabel::Medium).await;
    assert_eq!(start.elapsed(), Duration::from_millis(1010));
}

#[tokio::test(start_paused = true)]
async fn so_many_at_a_time_and_no_more() {
    let limiter = limiter(1000.0, 2);
    let first = limiter.slot(LIGHT).await;
    let _second = limiter.slot(LIGHT).await;
    let third = tokio::time::timeout(Duration::from_mins(1), limiter.slot(LIGHT));
    assert!(third.await.is_err());
    drop(first);
    let third = tokio::time::timeout(Duration::from_mins(1), limiter.slot(LIGHT));
    assert!(third.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_all_even_those_who_already_wait_for_their_slot() {
    let limiter = limiter(10.0, 8);
    let start = Instant::now();
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                limiter.slot(LIGHT).await;
                start.elapsed()
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(limiter.pause(Duration::from_secs(30)));
    let mut passed = Vec::new();
    for task in waiting {
        passed.push(task.await.unwrap());
    }
    passed.sort();
    let end = Duration::from_millis(30_150);
    assert!(passed[1] < Duration::from_millis(150));
    assert!(passed[2] >= end, "{passed:?}");
    assert!(
        passed[4] >= passed[3] + Duration::from_millis(96),
        "{passed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shorter_pause_does_not_end_a_longer_one() {
    let limiter = limiter(10.0, 8);
    let start = Instant::now();
    assert!(limiter.pause(Duration::from_secs(30)));
    assert!(!limiter.pause(Duration::from_secs(3)));
    limiter.slot(LIGHT).await;
    assert_eq!(start.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_pause_can_be_longer_than_any_clock() {
    assert!(limiter(10.0, 8).pause(Duration::MAX));
}

#[tokio::test(start_paused = true)]
async fn a_volley_of_refusals_lowers_the_pace_once() {
    let limiter = limiter(80.0, 8);
    for _ in 0..8 {
        limiter.on_throttled(LIGHT);
    }
    assert!((limiter.rate(LIGHT) - 56.0).abs() < 1e-9);
    tokio::time::advance(Duration::from_secs(1)).await;
    limiter.on_throttled(LIGHT);
    assert!((limiter.rate(LIGHT) - 39.2).abs() < 1e-9);
    assert!((limiter.rate(RateLabel::Medium) - 1.0).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn the_pace_falls_to_a_floor_and_rises_to_the_full_rate() {
    let limiter = limiter(80.0, 8);
    for _ in 0..20 {
        limiter.on_throttled(LIGHT);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert!((limiter.rate(LIGHT) - 4.0).abs() < 1e-9);
    tokio::time::advance(Duration::from_secs(10)).await;
    for _ in 0..100 {
        limiter.on_success(LIGHT);
    }
    assert!((limiter.rate(LIGHT) - 28.0).abs() < 1e-6);
    for _ in 0..300 {
        limiter.on_success(LIGHT);
    }
    assert!((limiter.rate(LIGHT) - 80.0).abs() < 1e-9);
}

/// A refusal that so many successes came before, at even distances.
async fn refused_after(rate: f64, successes: u32, a_second: f64) -> Arc<Limiter> {
    let limiter = limiter(rate, 8);
    for _ in 0..successes {
        tokio::time::advance(Duration::from_secs_f64(1.0 / a_second)).await;
        limiter.on_success(LIGHT);
    }
    limiter.on_throttled(LIGHT);
    limiter
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_what_went_through_just_before_it() {
    for (rate, successes, a_second, left) in [
        (80.0, 64, 64.0, 64.0),
        (80.0, 500, 64.0, 64.0),
        // Nearly all of it.
        (80.0, 80, 80.0, 76.0),
        // The second has only begun, or little was asked for.
        (80.0, 10, 80.0, 56.0),
        (80.0, 500, 5.0, 56.0),
        // A second tells too little of a low rate.
        (0.5, 20, 0.5, 0.475),
        (0.5, 20, 0.375, 0.375),
    ] {
        let limiter = refused_after(rate, successes, a_second).await;
        let rate = limiter.rate(LIGHT);
        assert!((rate - left).abs() < 1e-9, "{successes}: {rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_through_is_kept_for_ten_seconds_and_then_more_is_tried() {
    let limiter = refused_after(80.0, 64, 64.0).await;
    tokio::time::advance(Duration::from_millis(9_999)).await;
    for _ in 0..300 {
        limiter.on_success(LIGHT);
    }
    assert!((limiter.rate(LIGHT) - 64.0).abs() < 1e-9);
    tokio::time::advance(Duration::from_millis(1)).await;
    limiter.on_success(LIGHT);
    assert!((limiter.rate(LIGHT) - 64.24).abs() < 1e-9);
    for _ in 0..300 {
        limiter.on_success(LIGHT);
    }
    assert!((limiter.rate(LIGHT) - 80.0).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits() {
    let start = Instant::now();
    times(&limiter(f64::INFINITY, 8), 10_000).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_none_does_no_harm() {
    for rate in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
        let limiter = limiter(rate, 8);
        let waited = tokio::time::timeout(Duration::from_hours(25), times(&limiter, 2));
        assert!(waited.await.is_ok(), "{rate}");
    }
}
