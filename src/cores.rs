//! Work that keeps a core busy: away from the async threads, and no more at a time than there are
//! cores, so that what waits for its turn is all that the number of walks adds to memory.

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

static FREE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, NonZero::get)));

/// Runs work to its end on a thread of its own, once a core is free. Dropping the future does not
/// stop work that has begun.
///
/// # Panics
/// If the work does.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // Nobody closes the semaphore: without a permit there is just no bound.
    let permit = FREE.acquire().await.ok();
    let worked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match worked.await {
        Ok(value) => value,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // The runtime is shutting down, and whoever waits here with it.
        Err(_) => std::future::pending().await,
    }
}
