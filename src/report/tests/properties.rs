//! The order and the batching of the rows leave no trace in the summary.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof};
use proptest::sample::select;
use proptest::{option, proptest};

use super::{SNAPSHOT_AT, batch, eventful_run};
use crate::clip::Clip;
use crate::model::Micros;
use crate::report::{SummaryFold, json};

fn value(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![
        select(values).prop_map(str::to_owned),
        "[A-C]{0,2}"
    ])
}

/// Few ids and sizes, so that ties are frequent.
fn row() -> impl Strategy<Value = Clip<'static>> {
    let size = prop_oneof![0..3_i64, any::<u32>().prop_map(i64::from), Just(i64::MAX)];
    let seconds = prop_oneof![0.0..1e4, Just(0.1), Just(1e12), Just(1e300)];
    let created = prop_oneof![
        1_600_000_000_000_000..1_800_000_000_000_000_i64,
        any::<i64>()
    ];
    let who = ("[a-c]", option::of("[x-z]"), option::of(".{0,3}"));
    let what = (option::of(size), option::of(seconds), option::of(created));
    let seen = (
        value(&["RECORD_SUCCESS", "RECORD_DELETE", "RECORD_FAILED"]),
        value(&["ANYONE", "PRIVATE"]),
        option::of(any::<bool>()),
    );
    (who, what, seen).prop_map(|(who, what, seen)| Clip {
        clip_id: who.0.into(),
        owner_id: who.1.map(Into::into),
        title: who.2.map(Into::into),
        file_size_bytes: what.0,
        duration_seconds: what.1,
        created_at: what.2.map(Micros),
        status: seen.0.map(Into::into),
        share_scope: seen.1.map(Into::into),
        passcode_enabled: seen.2,
        ..Clip::default()
    })
}

fn folded(clips: &[Clip<'_>], rows_a_batch: usize) -> String {
    let mut fold = SummaryFold::new(SNAPSHOT_AT);
    for rows in clips.chunks(rows_a_batch) {
        fold.add(&batch(rows)).unwrap();
    }
    json(&fold.finish(&eventful_run()))
}

proptest! {
    #[test]
    fn the_order_and_the_batching_of_rows_do_not_change_the_json(
        (clips, shuffled) in vec(row(), 0..60)
            .prop_flat_map(|clips| (Just(clips.clone()), Just(clips).prop_shuffle())),
        rows_a_batch in 1..20_usize,
    ) {
        prop_assert_eq!(folded(&clips, 64), folded(&shuffled, rows_a_batch));
    }
}
