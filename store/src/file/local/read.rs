//! Content as it is read.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::PIECE_BYTES;
use crate::BoxFuture;
use crate::blocking::off_worker;
use crate::disk::{DiskFile, DiskFileExt};

/// The pieces of a range of a file, each read when it is asked for.
pub(super) struct Pieces {
    file: Arc<dyn DiskFile>,
    left: Range<u64>,
    reading: Option<BoxFuture<'static, io::Result<Bytes>>>,
}

impl Pieces {
    pub(super) const fn new(file: Arc<dyn DiskFile>, range: Range<u64>) -> Self {
        Self {
            file,
            left: range,
            reading: None,
        }
    }

    fn read(&mut self) -> BoxFuture<'static, io::Result<Bytes>> {
        let (file, at) = (Arc::clone(&self.file), self.left.start);
        let len = (self.left.end - at).min(PIECE_BYTES as u64) as usize;
        self.left.start += len as u64;
        Box::pin(async move {
            let read = off_worker(move || {
                let mut piece = vec![0; len];
                file.read_exact_at(at, &mut piece)?;
                Ok(Bytes::from(piece))
            });
            read.await
                .unwrap_or_else(|_| Err(io::Error::other("the runtime is shutting down")))
        })
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.reading.is_none() {
            if self.left.is_empty() {
                return Poll::Ready(None);
            }
            self.reading = Some(self.read());
        }
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let piece = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        if piece.is_err() {
            self.left = 0..0;
        }
        Poll::Ready(Some(piece))
    }
}
