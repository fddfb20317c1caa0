//! SQLite passes the suite of databases.

use std::sync::{Arc, Mutex};

use plumego_store::BoxFuture;
use plumego_store::conformance::db::{DbFixture, run};
use plumego_store::db::sqlite::{SqliteConfig, SqliteDb, Synchronous};
use plumego_store::db::{Db, DbConfig, DbResult, PoolOptions};
use tempfile::TempDir;

struct Memory;

impl DbFixture for Memory {
    fn name(&self) -> &str {
        "SqliteDb in memory"
    }

    fn open<'a>(&'a self, pool: PoolOptions) -> BoxFuture<'a, DbResult<Arc<dyn Db>>> {
        let db = SqliteConfig::memory()
            .with_pool(pool)
            .and_then(SqliteDb::open);
        Box::pin(std::future::ready(db.map(|db| Arc::new(db) as Arc<dyn Db>)))
    }

    fn config(&self) -> DbConfig {
        DbConfig::new("sqlite", "sqlite::memory:")
    }

    fn open_config(&self, config: &DbConfig) -> DbResult<Arc<dyn Db>> {
        Ok(Arc::new(SqliteDb::open_config(config)?))
    }

    fn connections(&self) -> usize {
        1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let report = run(&Memory).await;
    report.assert_passed_except(&["DB-11", "DB-14", "DB-19"]);
}

struct Files {
    synchronous: Synchronous,
    steps: usize,
    directories: Mutex<Vec<TempDir>>,
}

impl Files {
    fn new(synchronous: Synchronous, steps: usize) -> Self {
        Self {
            synchronous,
            steps,
            directories: Mutex::default(),
        }
    }

    fn directory(&self) -> std::path::PathBuf {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        self.directories.lock().unwrap().push(directory);
        path
    }
}

impl DbFixture for Files {
    fn name(&self) -> &str {
        match self.synchronous {
            Synchronous::Full => "SqliteDb in a file",
            _ => "SqliteDb in a file, synced at checkpoints",
        }
    }

    fn open<'a>(&'a self, pool: PoolOptions) -> BoxFuture<'a, DbResult<Arc<dyn Db>>> {
        let config = SqliteConfig::file(self.directory().join("app.db"));
        let mut config = config.with_pool(pool).unwrap();
        config.synchronous = self.synchronous;
        let db = SqliteDb::open(config);
        Box::pin(std::future::ready(db.map(|db| Arc::new(db) as Arc<dyn Db>)))
    }

    fn config(&self) -> DbConfig {
        DbConfig::new("sqlite", "sqlite:app.db").base_dir(self.directory())
    }

    fn open_config(&self, config: &DbConfig) -> DbResult<Arc<dyn Db>> {
        Ok(Arc::new(SqliteDb::open_config(config)?))
    }

    fn unreachable(&self) -> Option<Arc<dyn Db>> {
        let path = self.directory().join("missing/app.db");
        let db = SqliteDb::open(SqliteConfig::file(path));
        Some(Arc::new(db.unwrap()))
    }

    fn steps(&self) -> usize {
        self.steps
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_pass() {
    let report = run(&Files::new(Synchronous::Full, 500)).await;
    report.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_synced_at_checkpoints_pass() {
    let report = run(&Files::new(Synchronous::Normal, 10_000)).await;
    report.assert_passed();
}
