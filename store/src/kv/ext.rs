//! Conveniences over any store.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{KvError, KvResult, KvStore, ScanPage, ScanRequest};
use crate::{BoxFuture, KeyExcerpt};

/// What every store can do with the operations of the contract.
pub trait KvStoreExt: KvStore {
    /// Removes a key that has to be there.
    ///
    /// # Errors
    ///
    /// `NotFound` if it is not; else as [`KvStore::delete`].
    fn remove_required(&self, key: &str) -> impl Future<Output = KvResult<()>> + Send {
        async move {
            if self.delete(key).await? {
                Ok(())
            } else {
                Err(KvError::NotFound {
                    key: KeyExcerpt::of(key),
                })
            }
        }
    }

    /// Whether there is no live entry.
    fn is_empty(&self) -> impl Future<Output = KvResult<bool>> + Send {
        async move { Ok(self.len().await? == 0) }
    }

    /// All live keys that begin with `prefix`, in byte order, read page by
    /// page: keys written meanwhile may or may not be among them.
    fn keys(&self, prefix: impl Into<String>) -> Keys<'_>;
}

impl<S: KvStore> KvStoreExt for S {
    fn keys(&self, prefix: impl Into<String>) -> Keys<'_> {
        Keys::new(self, prefix.into())
    }
}

impl KvStoreExt for dyn KvStore {
    fn keys(&self, prefix: impl Into<String>) -> Keys<'_> {
        Keys::new(self, prefix.into())
    }
}

/// The keys of a store, as a stream.
///
/// Ends after the first error.
#[must_use = "a stream does nothing unless polled"]
pub struct Keys<'a> {
    store: &'a dyn KvStore,
    prefix: String,
    page: std::vec::IntoIter<super::ScanEntry>,
    after: Option<String>,
    state: State<'a>,
}

enum State<'a> {
    /// The next page has to be asked for.
    Idle,
    Loading(BoxFuture<'a, KvResult<ScanPage>>),
    /// The page at hand is the last.
    Last,
}

impl<'a> Keys<'a> {
    fn new(store: &'a dyn KvStore, prefix: String) -> Self {
        Self {
            store,
            prefix,
            page: Vec::new().into_iter(),
            after: None,
            state: State::Idle,
        }
    }

    /// The next key; `None` after the last.
    ///
    /// # Errors
    ///
    /// As [`KvStore::scan`].
    pub async fn next(&mut self) -> KvResult<Option<String>> {
        let mut this = Pin::new(self);
        std::future::poll_fn(|cx| this.as_mut().poll_next(cx))
            .await
            .transpose()
    }

    fn load(&self) -> BoxFuture<'a, KvResult<ScanPage>> {
        let (store, prefix, after) = (self.store, self.prefix.clone(), self.after.clone());
        Box::pin(async move {
            let mut request = ScanRequest::prefix(&prefix);
            request.after = after.as_deref();
            store.scan(request).await
        })
    }
}

impl Stream for Keys<'_> {
    type Item = KvResult<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(entry) = self.page.next() {
                return Poll::Ready(Some(Ok(entry.key)));
            }
            match &mut self.state {
                State::Last => return Poll::Ready(None),
                State::Idle => self.state = State::Loading(self.load()),
                State::Loading(page) => match ready!(page.as_mut().poll(cx)) {
                    Ok(page) => {
                        self.after = page.next_after().map(str::to_owned);
                        self.state = if self.after.is_some() {
                            State::Idle
                        } else {
                            State::Last
                        };
                        self.page = page.entries.into_iter();
                    }
                    Err(error) => {
                        self.state = State::Last;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("prefix", &self.prefix)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}
