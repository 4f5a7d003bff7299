//! Work that keeps a core busy: away from the async threads, and no more at a time than there are
//! cores, and who would bring more of it waits until they have caught up.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

/// The cores, as far as they are free. A clone is the same cores.
#[derive(Debug, Clone)]
pub struct CpuPool(Arc<Semaphore>);

impl Default for CpuPool {
    /// As many as the system lets this process use.
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl CpuPool {
    /// Waits until the work that is asked for has begun.
    pub async fn caught_up(&self) {
        drop(self.0.acquire().await);
    }

    /// Runs work to its end on a thread of its own, once a core is free. Dropping the future does
    /// not stop work that has begun.
    ///
    /// # Panics
    /// If the work does.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Nobody closes the semaphore: without a permit there is just no bound.
        let permit = Arc::clone(&self.0).acquire_owned().await.ok();
        let worked = tokio::task::spawn_blocking(move || {
            let value = work();
            drop(permit);
            value
        });
        match worked.await {
            Ok(value) => value,
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            // The runtime is shutting down, and whoever waits here with it.
            Err(_) => std::future::pending().await,
        }
    }
}
