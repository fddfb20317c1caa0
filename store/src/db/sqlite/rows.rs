//! Rows on their way from the thread that reads them.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};

use super::call::Cancel;
use super::connection::{Limits, Sink};
use super::pool::PooledConnection;
use crate::db::{Columns, DbError, DbErrorKind, DbResult, Row, RowStream, Value};

/// Rows, and about how many bytes, that travel together.
const BATCH_ROWS: usize = 64;
const BATCH_BYTES: usize = 256 << 10;

/// How long a row waits for others.
const BATCH_TIME: Duration = Duration::from_millis(2);

/// The columns and the first rows; all of them, if nothing more follows.
struct First {
    columns: Arc<Columns>,
    rows: Vec<Row>,
    more: Option<More>,
}

struct More {
    batches: mpsc::Receiver<Vec<Row>>,
    end: oneshot::Receiver<End>,
}

/// The last rows, and how it ended, so that what is lost is not taken for the
/// end.
struct End {
    rows: Vec<Row>,
    done: DbResult<()>,
}

/// Why there are no rows.
pub(super) enum Refusal {
    /// The statement failed.
    Failed(DbError),
    /// It has to run on another connection.
    Elsewhere { sql: String, parameters: Vec<Value> },
}

/// Collects rows where they are read.
struct Batches {
    first: Option<oneshot::Sender<Result<First, Refusal>>>,
    more: Option<(mpsc::Sender<Vec<Row>>, oneshot::Sender<End>)>,
    columns: Arc<Columns>,
    rows: Vec<Row>,
    bytes: usize,
    since: Instant,
}

impl Sink for Batches {
    fn columns(&mut self, columns: &[String]) {
        self.columns = Arc::new(Columns::new(columns.to_vec()));
    }

    fn row(&mut self, row: &super::Row<'_>) -> DbResult<ControlFlow<()>> {
        let values = row.values()?;
        self.bytes += values.iter().map(size).sum::<usize>();
        self.rows.push(Row::new(Arc::clone(&self.columns), values));
        let full = self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES;
        let due = full || self.since.elapsed() >= BATCH_TIME;
        Ok(if due && !self.flush() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => size_of::<Value>(),
    }
}

impl Batches {
    fn new(first: oneshot::Sender<Result<First, Refusal>>) -> Self {
        Self {
            first: Some(first),
            more: None,
            columns: Arc::default(),
            rows: Vec::new(),
            bytes: 0,
            since: Instant::now(),
        }
    }

    /// Sends what there is, when there is room for it; whether anybody wants
    /// more.
    fn flush(&mut self) -> bool {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let wanted = match (self.first.take(), &self.more) {
            (Some(first), _) => {
                let (batches, to_come) = mpsc::channel(1);
                let (end, ended) = oneshot::channel();
                self.more = Some((batches, end));
                let more = Some(More {
                    batches: to_come,
                    end: ended,
                });
                let columns = Arc::clone(&self.columns);
                let first_rows = First {
                    columns,
                    rows,
                    more,
                };
                first.send(Ok(first_rows)).is_ok()
            }
            (None, Some((batches, _))) => batches.blocking_send(rows).is_ok(),
            (None, None) => false,
        };
        self.since = Instant::now();
        wanted
    }

    /// Tells how it ended. Whoever left does not want to know.
    fn end(self, done: DbResult<()>) {
        if let Some(first) = self.first {
            let answer = done.map(|()| First {
                columns: self.columns,
                rows: self.rows,
                more: None,
            });
            let _ = first.send(answer.map_err(Refusal::Failed));
        } else if let Some((batches, end)) = self.more {
            let rows = self.rows;
            let _ = end.send(End { rows, done });
            drop(batches);
        }
    }
}

/// Whether a statement may run on a connection; if not, it has to move.
pub(super) type Admit = fn(&mut PooledConnection, &str) -> DbResult<bool>;

/// A statement that was started, and whose first rows are to come. Dropping it
/// interrupts it.
pub(super) struct Started {
    first: oneshot::Receiver<Result<First, Refusal>>,
    cancel: Cancel,
}

/// Starts a statement on a thread. Its connection comes back through the
/// receiver, or goes back to its pool, before the last rows do.
pub(super) fn start(
    source: impl FnOnce() -> DbResult<PooledConnection> + Send + 'static,
    sql: String,
    parameters: Vec<Value>,
    admit: Admit,
) -> (Started, oneshot::Receiver<PooledConnection>) {
    let cancel = Cancel::default();
    let limits = cancel.limits();
    let (sender, first) = oneshot::channel();
    let (back, returned) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let mut connection = match source() {
            Ok(connection) => connection,
            Err(error) => {
                let _ = sender.send(Err(Refusal::Failed(error)));
                return;
            }
        };
        connection.set_limits(limits);
        let admitted = admit(&mut connection, &sql);
        let mut batches = Batches::new(sender);
        let done = match admitted {
            Ok(true) => connection.read(&sql, &parameters, "query", &mut batches),
            Ok(false) => {
                drop(connection);
                let elsewhere = Refusal::Elsewhere { sql, parameters };
                if let Some(first) = batches.first {
                    let _ = first.send(Err(elsewhere));
                }
                return;
            }
            Err(error) => Err(error),
        };
        let done = connection.noted(done);
        connection.set_limits(Limits::default());
        // Nobody waits for it: it goes back to the pool.
        let _ = back.send(connection);
        batches.end(done);
    });
    (Started { first, cancel }, returned)
}

fn lost() -> DbError {
    // The runtime is shutting down.
    DbError::new(DbErrorKind::Closed, "query")
}

impl Started {
    /// The stream, once the first rows are there.
    pub(super) async fn rows<'a>(self) -> Result<RowStream<'a>, Refusal> {
        let Self { first, cancel } = self;
        let first = match first.await {
            Ok(Ok(first)) => first,
            Ok(Err(refusal)) => {
                cancel.served();
                return Err(refusal);
            }
            Err(_) => return Err(Refusal::Failed(lost())),
        };
        let rows = Rows {
            ready: first.rows.into_iter(),
            more: first.more,
            cancel: Some(cancel),
        };
        Ok(RowStream::new(first.columns, rows))
    }
}

struct Rows {
    ready: std::vec::IntoIter<Row>,
    more: Option<More>,
    /// Interrupts the statement if the stream is dropped.
    cancel: Option<Cancel>,
}

impl Stream for Rows {
    type Item = DbResult<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.ready.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            let Some(more) = &mut self.more else {
                if let Some(cancel) = self.cancel.take() {
                    cancel.served();
                }
                return Poll::Ready(None);
            };
            if let Some(batch) = ready!(more.batches.poll_recv(context)) {
                self.ready = batch.into_iter();
                continue;
            }
            let end = ready!(Pin::new(&mut more.end).poll(context));
            self.more = None;
            match end {
                Ok(End { rows, done: Ok(()) }) => self.ready = rows.into_iter(),
                // What was read before it failed does not count any more.
                Ok(End {
                    done: Err(error), ..
                }) => return Poll::Ready(Some(Err(error))),
                Err(_) => return Poll::Ready(Some(Err(lost()))),
            }
        }
    }
}
