//! One phase of one component: bounded, and with panics turned into errors.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use plumego_contract::BoxError;

/// How a phase ended.
pub(super) enum Ended {
    Done,
    Failed(BoxError),
    /// The phase was cut, so what it began may still be there.
    TimedOut(BoxError),
}

impl Ended {
    pub(super) fn into_error(self) -> Option<BoxError> {
        match self {
            Self::Done => None,
            Self::Failed(error) | Self::TimedOut(error) => Some(error),
        }
    }
}

/// Runs a phase to its end or to its limit.
pub(super) async fn run(
    phase: impl Future<Output = Result<(), BoxError>>,
    limit: Option<Duration>,
) -> Ended {
    let guarded = AssertUnwindSafe(phase).catch_unwind();
    let ended = match limit {
        None => Ok(guarded.await),
        Some(limit) => tokio::time::timeout(limit, guarded).await,
    };
    match ended {
        Ok(Ok(Ok(()))) => Ended::Done,
        Ok(Ok(Err(error))) => Ended::Failed(error),
        Ok(Err(panic)) => Ended::Failed(panic_text(panic.as_ref()).into()),
        Err(_) => Ended::TimedOut("deadline exceeded".into()),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => format!("panicked: {text}"),
        None => "panicked".to_owned(),
    }
}
