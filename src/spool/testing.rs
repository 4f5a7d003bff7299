//! Spools for tests.

use std::path::Path;
use std::time::Duration;

use arrow::array::RecordBatch;

use crate::clip::testing::{Row, SNAPSHOT_AT, all, batch};
use crate::disk::testing::layout;
use crate::model::Seconds;
use crate::model::{ChainOutcome, ChainRecord, Window};
use crate::spool::{ChainPages, SPOOL_FORMAT, Settled, Spool, SpoolHeader, merge};

pub(crate) fn merged(spool: &Spool) -> RecordBatch {
    all(merge(spool))
}

/// How long ago an interrupted run may have begun.
pub(crate) const A_DAY: Option<Duration> = Some(Duration::from_hours(24));

pub(crate) fn header() -> SpoolHeader {
    SpoolHeader {
        is_shrunk: false,
        format: SPOOL_FORMAT,
        tool: "1.2.3".to_owned(),
        fingerprint: "00ff".to_owned(),
        snapshot_at: SNAPSHOT_AT,
        since: Seconds(0),
        until: SNAPSHOT_AT.seconds(),
        run_id: "run".to_owned(),
        started_at: "2026-11-23T00:00:01Z".to_owned(),
    }
}

pub(crate) fn spool(out: &Path) -> Spool {
    Spool::open(&layout(out), header(), A_DAY).unwrap()
}

/// A chain that holds all of a window.
pub(crate) fn chain(account_id: &str, from: i64, to: i64) -> ChainRecord {
    let window = Window {
        from: Seconds(from),
        to: Seconds(to),
    };
    ChainRecord {
        outcome: ChainOutcome::Whole,
        finished: Some(window),
        ..ChainRecord::new(account_id, window)
    }
}

/// Adds a chain of these pages that holds all of a window.
pub(crate) fn finish(spool: &Spool, account_id: &str, from: i64, to: i64, pages: &[Vec<Row>]) {
    let mut held = ChainPages::default();
    for page in pages {
        let rows = batch(account_id, page);
        spool.write_page(&mut held, account_id, &rows, &[]).unwrap();
    }
    spool.add(held, chain(account_id, from, to)).unwrap();
    spool.settle([Settled {
        account_id: account_id.to_owned(),
        window: Window {
            from: Seconds(from),
            to: Seconds(to),
        },
    }]);
}
