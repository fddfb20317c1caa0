//! Which files are made, kept and removed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use plumego_log::{
    BuiltLogger, FileConfig, FileSink, Level, LogBuilder, LogFormat, LoggerExt, fields,
};
use tempfile::TempDir;

use crate::support::{FakeClock, parse_json};

/// A directory, a clock, and what was reported.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) clock: FakeClock,
    pub(crate) reports: Arc<Mutex<Vec<String>>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: FakeClock::new(),
            reports: Arc::default(),
        }
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    pub(crate) fn config(&self) -> FileConfig {
        let reports = Arc::clone(&self.reports);
        FileConfig::new(self.logs())
            .with_program("app")
            .with_host("web-1.example.org")
            .with_clock(self.clock.reader())
            .with_failure_report(move |line| reports.lock().unwrap().push(line.to_owned()))
    }

    pub(crate) fn reports(&self) -> Vec<String> {
        self.reports.lock().unwrap().clone()
    }

    /// Contents of the log files, by name; links left out.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        log_files(&self.logs())
    }

    /// Makes a file as another run of the program would have left it.
    pub(crate) fn leave(&self, name: &str, text: &str) -> PathBuf {
        fs::create_dir_all(self.logs()).unwrap();
        let path = self.logs().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

pub(crate) fn log_files(dir: &Path) -> BTreeMap<String, String> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.symlink_metadata().unwrap().is_file())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

pub(crate) fn logger_on(sink: &FileSink) -> BuiltLogger {
    LogBuilder::new()
        .format(LogFormat::Json)
        .level(Level::Trace)
        .file(sink.clone())
        .build()
        .unwrap()
}

/// Handles of this process that lead into a directory.
fn open_handles(dir: &Path) -> usize {
    fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.starts_with(dir))
        .count()
}

#[test]
fn name_link_and_modes() {
    let place = Place::new();
    let sink = FileSink::open(place.config()).unwrap();
    logger_on(&sink).logger.info("hello", fields! { n = 1 });
    let name = format!(
        "app.web-1_example_org.ALL.20260427-103000.123456789.{}.log",
        std::process::id()
    );
    assert_eq!(
        place.files().into_keys().collect::<Vec<_>>(),
        [name.as_str()]
    );
    assert_eq!(
        fs::read_link(place.logs().join("app.ALL")).unwrap(),
        Path::new(&name)
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.logs()) & !0o750, 0);
    assert_eq!(mode(&place.logs().join(&name)) & !0o640, 0);
    assert_eq!(sink.paths(), [place.logs().join(name)]);
}

#[test]
fn names_never_collide() {
    let place = Place::new();
    let sinks: Vec<_> = (0..5)
        .map(|_| FileSink::open(place.config()).unwrap())
        .collect();
    let mut paths: Vec<_> = sinks.iter().flat_map(FileSink::paths).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 5);
    assert_eq!(place.files().len(), 5);
}

#[test]
fn split_streams_fan_out_to_lower_ones() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_split_by_level(true)).unwrap();
    let built = logger_on(&sink);
    for level in Level::ALL {
        built.logger.log_at(level, "", level.name(), &fields! {});
    }
    let messages = |stream: &str| {
        let text = fs::read_to_string(place.logs().join(format!("app.{stream}"))).unwrap();
        parse_json(&text)
            .unwrap()
            .into_iter()
            .map(|entry| entry.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        messages("INFO"),
        ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    );
    assert_eq!(messages("WARN"), ["WARN", "ERROR", "FATAL"]);
    assert_eq!(messages("ERROR"), ["ERROR", "FATAL"]);
    assert_eq!(built.logger.stats().written, 6, "a record counts once");
}

#[test]
fn opening_is_all_or_nothing() {
    let place = Place::new();
    place.leave("app.WARN", "in the way");
    let error = FileSink::open(place.config().with_split_by_level(true)).unwrap_err();
    assert!(error.to_string().contains("app.WARN"), "{error}");
    let mut left: Vec<_> = fs::read_dir(place.logs())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["app.WARN"], "nothing but what was there before");
    assert_eq!(open_handles(&place.logs()), 0);
    assert_eq!(
        fs::read_to_string(place.logs().join("app.WARN")).unwrap(),
        "in the way"
    );
}

#[test]
fn a_failed_opening_puts_links_back() {
    let place = Place::new();
    place.leave("app.ERROR", "in the way");
    symlink("older.log", place.logs().join("app.INFO")).unwrap();
    FileSink::open(place.config().with_split_by_level(true)).unwrap_err();
    assert_eq!(
        fs::read_link(place.logs().join("app.INFO")).unwrap(),
        Path::new("older.log")
    );
}

/// A process id that no process has: beyond the largest that Linux gives.
const NOBODY: u32 = 99_999_999;

fn rotated(stream: &str, second: u32) -> String {
    format!("app.web-1_example_org.{stream}.20260101-0000{second:02}.000000000.{NOBODY}.log")
}

#[test]
fn the_newest_backups_of_each_stream_stay() {
    let place = Place::new();
    for second in 0..5 {
        place.leave(&rotated("ALL", second), "old");
        place.leave(&format!("{}.gz", rotated("WARN", second)), "old");
    }
    let sink = FileSink::open(place.config().with_max_backups(2)).unwrap();
    let current = sink.paths()[0]
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let names: Vec<_> = place.files().into_keys().collect();
    assert_eq!(names, [rotated("ALL", 3), rotated("ALL", 4), current]);
    let compressed = |second| place.logs().join(format!("{}.gz", rotated("WARN", second)));
    assert_eq!(
        [2, 3, 4].map(|second| compressed(second).exists()),
        [false, true, true]
    );
}

#[test]
fn old_backups_go_by_their_last_change() {
    let place = Place::new();
    let day = Duration::from_secs(86_400);
    for (second, days) in [(1, 1), (2, 3)] {
        let path = place.leave(&rotated("ALL", second), "old");
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(place.clock.now() - days * day)
            .unwrap();
    }
    let _sink = FileSink::open(place.config().with_max_age(2 * day)).unwrap();
    assert!(place.files().contains_key(&rotated("ALL", 1)));
    assert!(!place.files().contains_key(&rotated("ALL", 2)));
}

#[test]
fn foreign_files_are_untouched() {
    let place = Place::new();
    let foreign = [
        rotated("ALL", 1).replace("app.", "other."),
        rotated("ALL", 1).replace("app.", "app.more."),
        rotated("NOTICE", 1),
        rotated("ALL", 1).replace(".log", ".txt"),
        rotated("ALL", 1).replace(".log", ".log.bak"),
        "app.notes.log".to_owned(),
    ];
    for name in &foreign {
        place.leave(name, "foreign");
    }
    fs::create_dir(place.logs().join(rotated("ALL", 2))).unwrap();
    symlink(&foreign[0], place.logs().join(rotated("ALL", 3))).unwrap();
    let alive = rotated("ALL", 4).replace(&NOBODY.to_string(), "1");
    place.leave(&alive, "of a process that is alive");
    let locked = File::open(place.leave(&rotated("ALL", 5), "in use by somebody")).unwrap();
    locked.lock().unwrap();
    let doomed = place.leave(&rotated("ALL", 6), "ours");
    let _sink = FileSink::open(place.config().with_max_backups(0)).unwrap();
    for name in foreign.iter().chain([
        &alive,
        &rotated("ALL", 2),
        &rotated("ALL", 3),
        &rotated("ALL", 5),
    ]) {
        assert!(
            place.logs().join(name).symlink_metadata().is_ok(),
            "{name} was removed"
        );
    }
    assert!(!doomed.exists());
    assert!(place.reports().is_empty());
}

#[test]
fn a_program_name_cannot_leave_the_directory() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_program("../../etc/my app")).unwrap();
    let path = sink.paths().remove(0);
    assert_eq!(path.parent(), Some(&*place.logs()));
    assert!(
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(".._.._etc_my_app.")
    );
}
