//! Windows for tests.

use crate::model::record::WindowRecord;
use crate::model::time::Seconds;
use crate::model::window::Window;

pub(crate) fn window(account_id: &str, from: i64, to: i64) -> WindowRecord {
    let (from, to) = (Seconds(from), Seconds(to));
    WindowRecord::new(account_id, Window { from, to })
}
