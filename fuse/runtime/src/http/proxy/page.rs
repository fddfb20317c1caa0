//! Bodies that are read whole, so that something can be added to them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::BodyExt as _;
use plumego_contract::{Body, BoxError};

/// Bytes of a page that are held at most.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// The whole of a body at once; one that is too long for that comes as before.
///
/// # Errors
///
/// The body broke off.
pub(super) async fn whole(mut body: Body) -> Result<Body, BoxError> {
    let mut parts = VecDeque::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        // Trailers are of no use to a page.
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len();
        parts.push_back(data);
        if length > BYTES_MAX {
            return Ok(Body::new(Resumed { parts, rest: body }));
        }
    }
    let mut page = BytesMut::with_capacity(length);
    for part in parts {
        page.extend_from_slice(&part);
    }
    Ok(Body::from_bytes(page.freeze()))
}

/// A body of which a part was read.
struct Resumed {
    parts: VecDeque<Bytes>,
    rest: Body,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.parts.pop_front() {
            Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }
}
