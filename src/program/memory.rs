//! How much memory a query may take in all. The engine accounts for what it sorts, groups and joins; but a few
//! kilobytes of a file, or a few words of SQL, can make it copy hundreds of gigabytes beside that. Then it is to
//! end, and not whatever else runs on the computer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, getrlimit, setrlimit};
use signal_hook::consts::SIGABRT;
use signal_hook::flag::register_conditional_shutdown;

use crate::model::exit_code::ExitCode;

/// Bytes beside twice the memory for sorting. Rows of 100 kB, the widest that documented answers have room for,
/// are 800 MiB as the engine takes them, and functions make copies of them.
const BESIDE_SORTING: u64 = 4 << 30;

/// Bounds the memory of this process, where the system can, by what sorting may have.
pub(super) fn bound(sorting: u64) {
    let most = sorting.saturating_mul(2).saturating_add(BESIDE_SORTING);
    let mut data = getrlimit(Resource::Data);
    data.current = Some(data.current.map_or(most, |already| already.min(most)));
    setrlimit(Resource::Data, data).ok();
    // Who gets no memory says so and aborts, for which the system has a signal and we have an exit code. So does
    // SQL that overflows the stack, and, with words of its own, a panic amid another.
    let always = Arc::new(AtomicBool::new(true));
    register_conditional_shutdown(SIGABRT, ExitCode::Usage as i32, always).ok();
}
