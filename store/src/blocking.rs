//! Work that waits for a disk.

use tokio::runtime::Handle;

/// The runtime is shutting down, and did not begin the work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShuttingDown;

/// Runs `work` on the blocking pool of the runtime at hand, or at once if there
/// is none. Once begun it runs to its end, even if nobody waits for it.
pub(crate) async fn off_worker<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ShuttingDown> {
    let Ok(runtime) = Handle::try_current() else {
        return Ok(work());
    };
    match runtime.spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(ShuttingDown),
    }
}
