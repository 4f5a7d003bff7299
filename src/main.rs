//! Parse, run, exit.

use std::process::ExitCode;

/// Bodies and batches of most of a megabyte come and go on many threads: the system's allocator kept
/// three times of what is in use. How soon this one gives memory back is set in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    ExitCode::from(clipcensus::run(std::env::args_os()) as u8)
}
