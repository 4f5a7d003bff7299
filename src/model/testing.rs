//! Windows for tests.

use std::collections::BTreeMap;

use crate::model::Seconds;
use crate::model::record::{WindowOutcome, WindowRecord};

pub(crate) fn window(account_id: &str, from: i64, to: i64) -> WindowRecord {
    WindowRecord {
        account_id: account_id.to_owned(),
        from: Seconds(from),
        to: Seconds(to),
        expected: None,
        received: 0,
        distinct: 0,
        pages: 0,
        attempts: 1,
        restarts: 0,
        outcome: WindowOutcome::Settled,
        why: None,
        outside: 0,
        rejected: 0,
        repairs: BTreeMap::new(),
        rows: 0,
    }
}
