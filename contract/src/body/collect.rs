use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use super::Body;
use crate::BoxError;

/// Room reserved at most for a body that only claims to be large.
const TRUSTED_CAPACITY: u64 = 64 * 1024;

/// The body is larger than a limit. A body wrapped by a limit fails with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyLimitExceeded {
    /// Most bytes allowed.
    pub max_bytes: u64,
    /// Bytes known when the limit was hit: the declared length, else those
    /// seen.
    pub seen_bytes: u64,
}

impl BodyLimitExceeded {
    /// A limit that was hit.
    #[must_use]
    pub const fn new(max_bytes: u64, seen_bytes: u64) -> Self {
        Self {
            max_bytes,
            seen_bytes,
        }
    }

    /// The limit in a chain of causes, if it is the reason.
    #[must_use]
    pub fn find_in(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        find_cause(error).copied()
    }
}

impl std::fmt::Display for BodyLimitExceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "body exceeds {} bytes", self.max_bytes)
    }
}

impl std::error::Error for BodyLimitExceeded {}

/// The client did not send the whole body within the server's read timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadTimeout;

impl ReadTimeout {
    /// True when a read timeout is in a chain of causes.
    #[must_use]
    pub fn is_in(error: &(dyn std::error::Error + 'static)) -> bool {
        find_cause::<Self>(error).is_some()
    }
}

impl std::fmt::Display for ReadTimeout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("timed out while reading the request body")
    }
}

impl std::error::Error for ReadTimeout {}

fn find_cause<'e, E: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        current = error.source();
    }
    None
}

/// Why a body could not be read whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectError {
    /// Larger than the limit.
    TooLarge(BodyLimitExceeded),
    /// The client was too slow.
    Timeout,
    /// The transfer broke off or failed.
    Broken(BoxError),
}

impl From<BoxError> for CollectError {
    fn from(error: BoxError) -> Self {
        if let Some(limit) = BodyLimitExceeded::find_in(error.as_ref()) {
            Self::TooLarge(limit)
        } else if ReadTimeout::is_in(error.as_ref()) {
            Self::Timeout
        } else {
            Self::Broken(error)
        }
    }
}

impl std::fmt::Display for CollectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(limit) => limit.fmt(f),
            Self::Timeout => ReadTimeout.fmt(f),
            Self::Broken(_) => f.write_str("the body could not be read to its end"),
        }
    }
}

impl std::error::Error for CollectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLarge(limit) => Some(limit),
            Self::Timeout => Some(&ReadTimeout),
            Self::Broken(error) => Some(error.as_ref()),
        }
    }
}

pub(super) async fn collect(body: Body, max: u64) -> Result<Bytes, CollectError> {
    let declared = body.size_hint().lower();
    if declared > max {
        return Err(CollectError::TooLarge(BodyLimitExceeded::new(
            max, declared,
        )));
    }
    let mut body = pin!(body);
    let Some(first) = next_data(body.as_mut()).await? else {
        return Ok(Bytes::new());
    };
    check(&first, 0, max)?;
    let Some(second) = next_data(body.as_mut()).await? else {
        // One frame, the usual case, needs no copy.
        return Ok(first);
    };
    let room = declared.min(TRUSTED_CAPACITY) as usize;
    let mut whole = BytesMut::with_capacity(room.max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(data) = next {
        check(&data, whole.len() as u64, max)?;
        whole.extend_from_slice(&data);
        next = next_data(body.as_mut()).await?;
    }
    Ok(whole.freeze())
}

fn check(data: &Bytes, before: u64, max: u64) -> Result<(), CollectError> {
    let seen = before + data.len() as u64;
    if seen > max {
        Err(CollectError::TooLarge(BodyLimitExceeded::new(max, seen)))
    } else {
        Ok(())
    }
}

async fn next_data(mut body: std::pin::Pin<&mut Body>) -> Result<Option<Bytes>, CollectError> {
    loop {
        let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(error.into()),
            // Trailers carry no data.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
