//! The engine of an open store: its file, its database, its journal.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;

use redb::{Builder, Durability, ReadableDatabase};

use super::database::{Database, guard};
use super::files::{self, JOURNAL};
use super::journal::Journal;
use super::medium::{Backend, Failure, Medium};
use super::options::{EmbeddedKvOptions, SyncPolicy};
use super::tables::{
    Counters, FORMAT_VERSION, META, Oldest, Place, Snapshot, TableDraft, read_number,
    write_counters,
};
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::kv::record::nanos;
use crate::kv::{KvError, KvResult};

/// Memory for the pages of a file that is verified.
const VERIFY_CACHE_BYTES: usize = 16 << 20;

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) place: Place,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) medium: Arc<Medium>,
    database: Option<Database>,
    /// One that was replaced, and that readers still have.
    retired: Option<Database>,
    pub(super) counters: Counters,
    /// The last commit that somebody was told of.
    acknowledged: u64,
    oldest: Oldest,
    /// There is one if writes are acknowledged before they are synced.
    journal: Option<Journal>,
    cache_bytes: usize,
    verify_at_open_max: u64,
    read_only: bool,
    alive: Alive,
}

/// How to learn that nobody reads any more.
#[derive(Debug)]
struct Alive {
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
}

impl Alive {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver }
    }

    /// Returns when every snapshot is dropped.
    fn wait(self) {
        drop(self.sender);
        // Nothing is ever sent: this ends when the last sender is gone.
        let _ = self.receiver.recv();
    }
}

/// Why a commit did not happen.
#[derive(Debug)]
pub(super) enum Failed {
    /// The store is as it was.
    Harmless(KvError),
    /// The file holds what was committed before, and has to be opened anew
    /// before the next write.
    Broken(KvError),
    /// Nobody knows what the file holds.
    Poisoned(KvError),
}

impl Failed {
    /// The error, for whoever gives up anyway.
    pub(super) fn into_error(self) -> KvError {
        match self {
            Self::Harmless(error) | Self::Broken(error) | Self::Poisoned(error) => error,
        }
    }
}

impl Engine {
    /// Opens, recovers or creates the store on a disk.
    pub(super) fn open(options: &EmbeddedKvOptions, disk: Arc<dyn Disk>) -> KvResult<Self> {
        let place = Place(disk.location().join(files::FILE));
        let file = files::take(
            &*disk,
            &place,
            options.read_only,
            nanos(options.clock.now()),
        )?;
        let settings = Settings {
            cache_bytes: options.cache_bytes,
            verify_at_open_max: options.verify_at_open_max,
            read_only: options.read_only,
        };
        let (medium, database) = open_database(&file, &place, &settings)?;
        let mut engine = Self {
            counters: committed(&database, &place)?,
            disk,
            place,
            file,
            medium,
            database: Some(database),
            retired: None,
            acknowledged: 0,
            oldest: None,
            journal: None,
            cache_bytes: options.cache_bytes,
            verify_at_open_max: options.verify_at_open_max,
            read_only: options.read_only,
            alive: Alive::new(),
        };
        engine.open_journal(options.sync != SyncPolicy::Immediate)?;
        engine.acknowledged = engine.counters.commit;
        Ok(engine)
    }

    fn settings(&self) -> Settings {
        Settings {
            cache_bytes: self.cache_bytes,
            verify_at_open_max: self.verify_at_open_max,
            read_only: self.read_only,
        }
    }

    /// Takes over what an earlier process left in the journal.
    fn open_journal(&mut self, wanted: bool) -> KvResult<()> {
        let fail = |source| KvError::Io {
            op: "opening the journal",
            source,
        };
        let mode = if self.read_only {
            OpenMode::Read
        } else if wanted {
            OpenMode::Create
        } else {
            OpenMode::Write
        };
        let file = match self.disk.open(JOURNAL, mode) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file.map_err(fail)?,
        };
        let mut journal = Journal::open(file).map_err(fail)?;
        self.replay(&journal).map_err(Failed::into_error)?;
        if self.read_only {
            return Ok(());
        }
        if wanted {
            journal.reset().map_err(fail)?;
            self.disk.sync_dir("").map_err(fail)?;
            self.journal = Some(journal);
        } else {
            drop(journal);
            self.disk.remove(JOURNAL).map_err(fail)?;
        }
        Ok(())
    }

    /// Commits what the journal has and the database has not.
    fn replay(&mut self, journal: &Journal) -> Result<(), Failed> {
        let commits = journal
            .commits_after(self.counters.commit)
            .map_err(|source| {
                let op = "reading the journal";
                Failed::Broken(KvError::Io { op, source })
            })?;
        let Some((last, _)) = commits.last() else {
            return Ok(());
        };
        // `finish` counts one commit on.
        let before_last = last - 1;
        let done = self.commit(Durability::Immediate, |draft| {
            for (key, entry) in commits.iter().flat_map(|(_, effects)| effects) {
                draft.replay(key, entry.as_deref())?;
            }
            draft.counters.commit = before_last;
            draft.dirty = true;
            Ok(())
        });
        done.map(drop)
    }

    pub(super) const fn is_journaled(&self) -> bool {
        self.journal.is_some()
    }

    /// Bytes on the medium.
    pub(super) fn file_bytes(&self) -> u64 {
        self.medium.len() + self.journal_bytes()
    }

    pub(super) fn journal_bytes(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::len)
    }

    /// The state after the last commit.
    pub(super) fn snapshot(&self) -> KvResult<Arc<Snapshot>> {
        let database = self.database.as_ref().ok_or(KvError::Closed)?;
        let transaction = database
            .begin_read()
            .map_err(|error| engine_error(&self.place, "reading", error))?;
        Snapshot::new(&transaction, &self.place, self.alive.sender.clone()).map(Arc::new)
    }

    /// Commits what `work` does, if it does anything; whether it did. Synced
    /// when this returns, unless there is a journal, which has it then.
    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut TableDraft<'_>) -> KvResult<T>,
    ) -> Result<(T, bool), Failed> {
        let durability = if self.is_journaled() {
            Durability::None
        } else {
            Durability::Immediate
        };
        self.commit(durability, work)
    }

    fn commit<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&mut TableDraft<'_>) -> KvResult<T>,
    ) -> Result<(T, bool), Failed> {
        let journal_len = self.journal_bytes();
        let done = catch_unwind(AssertUnwindSafe(|| self.try_commit(durability, work)));
        let done = done.unwrap_or_else(|_| {
            let error = self.place.corrupt("the engine stopped on what it read");
            Err(Failed::Poisoned(error))
        });
        let done = match self.medium.take_failure() {
            None => done,
            Some(Failure::Write(source)) => {
                let op = "writing";
                Err(Failed::Broken(KvError::Io { op, source }))
            }
            Some(Failure::Sync(source)) => {
                let op = "syncing";
                Err(Failed::Poisoned(KvError::Io { op, source }))
            }
        };
        let failed = match done {
            Ok((value, counters)) => {
                self.counters = counters.unwrap_or(self.counters);
                self.acknowledged = self.counters.commit;
                return Ok((value, counters.is_some()));
            }
            Err(failed) => failed,
        };
        self.oldest = None;
        // What is not committed must not come back at the next start.
        if let Some(journal) = &mut self.journal {
            journal.cut(journal_len);
        }
        Err(failed)
    }

    /// Commits as far as the engine knows; with the numbers of the commit, if
    /// there was one.
    fn try_commit<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&mut TableDraft<'_>) -> KvResult<T>,
    ) -> Result<(T, Option<Counters>), Failed> {
        let Self {
            database,
            place,
            oldest,
            counters,
            journal,
            ..
        } = self;
        let journal = journal
            .as_mut()
            .filter(|_| matches!(durability, Durability::None));
        let database = database.as_ref().ok_or(Failed::Harmless(KvError::Closed))?;
        let broken = |error: KvError| match error {
            error @ KvError::CorruptState { .. } => Failed::Harmless(error),
            error => Failed::Broken(error),
        };
        let mut transaction = database
            .begin_write()
            .map_err(|error| broken(engine_error(place, "beginning a write", error)))?;
        transaction
            .set_durability(durability)
            .map_err(|error| broken(KvError::Unavailable(Box::new(error))))?;
        let mut draft = TableDraft::new(&transaction, place, *counters, oldest, journal.is_some())
            .map_err(broken)?;
        let value = work(&mut draft).map_err(broken)?;
        if !draft.dirty {
            drop(draft);
            // Nothing was written, so there is nothing that could fail to be
            // undone.
            let _ = transaction.abort();
            return Ok((value, None));
        }
        let (new_counters, effects) = draft.finish().map_err(broken)?;
        if let (Some(journal), Some(effects)) = (journal, effects) {
            let appended = journal.append(new_counters.commit, &effects);
            appended.map_err(|source| {
                let op = "writing the journal";
                Failed::Harmless(KvError::Io { op, source })
            })?;
        }
        transaction.commit().map_err(|error| {
            // How far it came is not known.
            Failed::Poisoned(engine_error(place, "committing", error))
        })?;
        Ok((value, Some(new_counters)))
    }

    /// Syncs what was acknowledged, and begins the journal anew.
    pub(super) fn checkpoint(&mut self) -> Result<(), Failed> {
        if self.journal_bytes() == 0 {
            return Ok(());
        }
        let Self {
            database,
            place,
            counters,
            ..
        } = self;
        let done = database.as_ref().map_or(Err(KvError::Closed), |database| {
            guard(place, || sync(database, place, counters))
        });
        match (self.medium.take_failure(), done) {
            (Some(Failure::Sync(source)), _) => {
                let op = "syncing";
                return Err(Failed::Poisoned(KvError::Io { op, source }));
            }
            (Some(Failure::Write(source)), _) => {
                let op = "writing";
                return Err(Failed::Broken(KvError::Io { op, source }));
            }
            (None, Err(error)) => return Err(Failed::Poisoned(error)),
            (None, Ok(())) => {}
        }
        if let Some(journal) = &mut self.journal {
            // Records that stay are skipped at the next start, since the
            // engine has their commits; the next sync tries again.
            let _ = journal.reset();
        }
        Ok(())
    }

    /// Opens the database anew after a failed write. Readers keep the state
    /// they have until `swap` gave them the new one.
    pub(super) fn reopen(&mut self, swap: impl FnOnce(Arc<Snapshot>)) -> Result<(), Failed> {
        let (medium, database) =
            open_database(&self.file, &self.place, &self.settings()).map_err(Failed::Broken)?;
        let counters = committed(&database, &self.place).map_err(Failed::Broken)?;
        let acknowledged = self.acknowledged;
        self.replace(medium, database);
        self.counters = counters;
        if let Some(journal) = self.journal.take() {
            let replayed = self.replay(&journal);
            self.journal = Some(journal);
            self.acknowledged = acknowledged;
            replayed?;
        }
        if self.counters.commit != acknowledged {
            // A commit that was reported as failed is there after all. Readers
            // must not see it come.
            let error = self.place.corrupt("a failed commit is in the file");
            return Err(Failed::Poisoned(error));
        }
        let alive = std::mem::replace(&mut self.alive, Alive::new());
        swap(self.snapshot().map_err(Failed::Poisoned)?);
        // Pages that only the old state needs may be written from here on.
        alive.wait();
        self.retired = None;
        Ok(())
    }

    /// Puts another database in the place of this one, which writes nothing
    /// any more.
    fn replace(&mut self, medium: Arc<Medium>, database: Database) {
        self.medium.hold();
        self.medium = medium;
        self.oldest = None;
        let replaced = self.database.replace(database);
        // With one retired already, the readers have that one, and nobody has
        // seen this one.
        if self.retired.is_none() {
            self.retired = replaced;
        }
    }

    /// Goes over to another file, which holds the same state.
    pub(super) fn move_to(
        &mut self,
        file: Arc<dyn DiskFile>,
        swap: impl FnOnce(Arc<Snapshot>),
    ) -> Result<(), Failed> {
        let (medium, database) =
            open_database(&file, &self.place, &self.settings()).map_err(Failed::Poisoned)?;
        let counters = committed(&database, &self.place).map_err(Failed::Poisoned)?;
        self.replace(medium, database);
        self.file = file;
        self.counters = counters;
        let alive = std::mem::replace(&mut self.alive, Alive::new());
        swap(self.snapshot().map_err(Failed::Poisoned)?);
        alive.wait();
        self.retired = None;
        Ok(())
    }

    /// Checks every page of the file, and everything in it.
    pub(super) fn verify(&mut self) -> KvResult<()> {
        self.checkpoint().map_err(Failed::into_error)?;
        verify_file(&self.file, &self.place, &self.counters)
    }

    /// Ends the store, once nobody reads any more. `healthy` says whether what
    /// is in memory may be written.
    pub(super) fn close(mut self, healthy: bool) -> KvResult<()> {
        let mut outcome = Ok(());
        if !healthy {
            self.medium.hold();
        } else if let Err(failed) = self.checkpoint() {
            self.medium.hold();
            outcome = Err(failed.into_error());
        }
        self.alive.wait();
        let database = self.database.take();
        let closed = database.map_or(Ok(()), |database| database.close(&self.place));
        let failure = self.medium.take_failure();
        if let (true, Ok(()), Ok(()), None) = (healthy, &outcome, &closed, &failure)
            && self.journal.is_some_and(|journal| journal.len() == 0)
        {
            // Empty or not there is the same to the next start.
            let _ = self.disk.remove(JOURNAL);
        }
        outcome?;
        match failure {
            Some(Failure::Write(source) | Failure::Sync(source)) => Err(KvError::Io {
                op: "closing",
                source,
            }),
            None => closed,
        }
    }
}

/// Makes everything that was committed last.
fn sync(database: &Database, place: &Place, counters: &Counters) -> KvResult<()> {
    let mut transaction = database
        .begin_write()
        .map_err(|error| engine_error(place, "beginning a sync", error))?;
    transaction
        .set_durability(Durability::Immediate)
        .map_err(|error| KvError::Unavailable(Box::new(error)))?;
    {
        let mut meta = transaction.open_table(META).map_err(|e| place.table(e))?;
        write_counters(&mut meta, counters, place)?;
    }
    transaction
        .commit()
        .map_err(|error| engine_error(place, "syncing", error))
}

/// How a database is opened.
struct Settings {
    cache_bytes: usize,
    /// Files of at most this size are verified.
    verify_at_open_max: u64,
    read_only: bool,
}

/// Opens the database in a file, recovering it if need be. A database of a
/// newer layout, and one that is opened for reading, is not touched.
fn open_database(
    file: &Arc<dyn DiskFile>,
    place: &Place,
    settings: &Settings,
) -> KvResult<(Arc<Medium>, Database)> {
    let io = |source| KvError::Io {
        op: "opening",
        source,
    };
    let medium = Medium::held(file.clone()).map_err(io)?;
    // The engine would make a new database of an empty file.
    if medium.len() == 0 {
        return Err(place.corrupt("the file is empty"));
    }
    let database = build(&medium, place, settings)?;
    check_format(&database, place)?;
    if settings.read_only {
        medium.forget_steps();
    } else {
        medium.carry_out().map_err(io)?;
    }
    Ok((medium, database))
}

/// Checks every page of a file, and everything in it, and leaves it as it is.
pub(super) fn verify_file(
    file: &Arc<dyn DiskFile>,
    place: &Place,
    expected: &Counters,
) -> KvResult<()> {
    let settings = Settings {
        cache_bytes: VERIFY_CACHE_BYTES,
        verify_at_open_max: u64::MAX,
        read_only: true,
    };
    let (_medium, database) = open_database(file, place, &settings)?;
    let transaction = database
        .begin_read()
        .map_err(|error| engine_error(place, "verifying", error))?;
    let snapshot = Snapshot::new(&transaction, place, mpsc::channel().0)?;
    // The engine falls back to the commit before a damaged one.
    if snapshot.counters() != expected {
        return Err(place.corrupt("the last commit is damaged"));
    }
    snapshot.verify(|| false)
}

/// The engine may stop in the middle of a damaged file.
fn build(medium: &Arc<Medium>, place: &Place, settings: &Settings) -> KvResult<Database> {
    let verify = medium.len() <= settings.verify_at_open_max;
    guard(place, || {
        Builder::new()
            .set_cache_size(settings.cache_bytes)
            .set_check_integrity_on_open(verify)
            .create_with_backend(Backend(medium.clone()))
            .map(Database::new)
            .map_err(|error| engine_error(place, "opening", error))
    })
}

fn check_format(database: &Database, place: &Place) -> KvResult<()> {
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let transaction = database
            .begin_read()
            .map_err(|error| engine_error(place, "opening", error))?;
        let meta = transaction.open_table(META).map_err(|e| place.table(e))?;
        read_number(&meta, "format_version", place)
    }));
    let found =
        checked.unwrap_or_else(|_| Err(place.corrupt("the engine stopped on what it read")))?;
    if found == FORMAT_VERSION {
        return Ok(());
    }
    let path = place.path().to_owned();
    Err(KvError::NewerFormat {
        path,
        found: u32::try_from(found).unwrap_or(u32::MAX),
        known: FORMAT_VERSION as u32,
    })
}

/// The numbers of the last commit.
fn committed(database: &Database, place: &Place) -> KvResult<Counters> {
    guard(place, || {
        let transaction = database
            .begin_read()
            .map_err(|error| engine_error(place, "opening", error))?;
        let (sender, _receiver) = mpsc::channel();
        Ok(*Snapshot::new(&transaction, place, sender)?.counters())
    })
}

/// Any error of the engine, as one of ours.
pub(super) fn engine_error(
    place: &Place,
    op: &'static str,
    error: impl Into<redb::Error>,
) -> KvError {
    use redb::{Error, StorageError};
    match error.into() {
        Error::Corrupted(detail) => place.corrupt(detail),
        Error::Io(source) => place.storage(op, StorageError::Io(source)),
        Error::PreviousIo => place.storage(op, StorageError::PreviousIo),
        Error::DatabaseClosed => KvError::Closed,
        Error::DatabaseAlreadyOpen => KvError::AlreadyOpen {
            path: place.path().to_owned(),
        },
        error @ Error::UpgradeRequired(_) => place.corrupt(error.to_string()),
        other => KvError::Unavailable(Box::new(other)),
    }
}
