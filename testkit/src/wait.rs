use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use crate::http1;

/// How long a condition may take before a test is called stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds, looking again after every turn of the
/// scheduler and then ever more rarely.
///
/// # Panics
/// When it does not hold within 20 seconds.
pub async fn until<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = std::time::Instant::now();
    let mut pause = Duration::from_micros(50);
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "still waiting: {what}");
        tokio::task::yield_now().await;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Waits until a `GET` of `path` answers with `status`.
///
/// # Panics
/// When it does not within 20 seconds.
pub async fn wait_for_status(address: SocketAddr, path: &str, status: u16) {
    until(&format!("{status} from {path}"), || async {
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return false;
        }
        http1::exchange(address, http1::get(path)).await.status == status
    })
    .await;
}
