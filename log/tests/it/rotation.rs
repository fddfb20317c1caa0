//! Files change under the writer, and no record is lost or torn.

use std::{fs, io::Write, thread, time::Duration};

use plumego_log::{
    Delivery, Fields, FileSink, LogBuilder, LogFormat, LoggerExt, Overflow, RotationInterval,
    SyncPolicy, fields,
};

use crate::{
    files::{Place, logger_on},
    support::parse_json,
};

const MIB: u64 = 1024 * 1024;
const SECOND: Duration = Duration::from_secs(1);

/// Numbers of the records in all files, in order of the files.
fn numbers(place: &Place) -> Vec<u64> {
    let text: String = place.files().into_values().collect();
    let entries = parse_json(&text).unwrap();
    entries
        .iter()
        .map(|entry| entry.fields["n"].parse().unwrap())
        .collect()
}

#[test]
fn by_size() {
    let place = Place::new();
    for delivery in [
        Delivery::Sync,
        Delivery::NonBlocking {
            capacity: 64,
            overflow: Overflow::Block,
        },
    ] {
        let sink = FileSink::open(place.config().with_max_size(MIB)).unwrap();
        let built = LogBuilder::new()
            .format(LogFormat::Json)
            .file(sink.clone())
            .delivery(delivery)
            .build()
            .unwrap();
        let pad = "x".repeat(900);
        for n in 0..2_700 {
            built
                .logger
                .info("rotating", fields! { n, pad = pad.as_str() });
        }
        let report = built.guard.shutdown(Duration::from_secs(30));
        assert_eq!((report.written, report.dropped), (2_700, 0));
        sink.close().unwrap();
        let files = place.files();
        assert!(files.len() >= 3, "{} files", files.len());
        for (name, text) in &files {
            assert!(text.len() as u64 <= MIB, "{name} has {} bytes", text.len());
            assert!(text.ends_with('\n'), "{name} ends within a record");
        }
        assert_eq!(numbers(&place), (0..2_700).collect::<Vec<_>>());
        fs::remove_dir_all(place.logs()).unwrap();
    }
}

#[test]
fn a_record_longer_than_a_file_stays_whole() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(64)).unwrap();
    let built = logger_on(&sink);
    for n in 0..3 {
        built
            .logger
            .info("longer than that", fields! { n, pad = "x".repeat(100) });
    }
    assert_eq!(place.files().len(), 3);
    assert_eq!(numbers(&place), [0, 1, 2]);
}

#[test]
fn by_the_clock() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_interval(RotationInterval::Hourly)).unwrap();
    let built = logger_on(&sink);
    built.logger.info("10:30:00", fields! { n = 0 });
    place.clock.advance(29 * 60 * SECOND);
    built.logger.info("10:59:00", fields! { n = 1 });
    assert_eq!(place.files().len(), 1);
    place.clock.advance(60 * SECOND);
    built.logger.info("11:00:00", fields! { n = 2 });
    place.clock.advance(3600 * SECOND);
    place.clock.advance(3600 * SECOND);
    built.logger.info("13:00:00", fields! { n = 3 });
    assert_eq!(place.files().len(), 3);
    assert_eq!(numbers(&place), [0, 1, 2, 3]);
    let daily = Place::new();
    let sink = FileSink::open(daily.config().with_interval(RotationInterval::Daily)).unwrap();
    let built = logger_on(&sink);
    built.logger.info("today", fields! { n = 0 });
    daily.clock.advance(12 * 3600 * SECOND);
    built.logger.info("today still", fields! { n = 1 });
    daily.clock.advance(2 * 3600 * SECOND);
    built.logger.info("tomorrow", fields! { n = 2 });
    assert_eq!(daily.files().len(), 2);
}

#[test]
fn each_split_stream_counts_its_own_size() {
    let place = Place::new();
    let config = place.config().with_split_by_level(true).with_max_size(1000);
    let sink = FileSink::open(config).unwrap();
    let built = logger_on(&sink);
    for n in 0..30 {
        built.logger.info("low", fields! { n });
    }
    built.logger.error("high", fields! { n = 30 });
    let count = |stream: &str| {
        place
            .files()
            .keys()
            .filter(|name| name.contains(stream))
            .count()
    };
    assert!(count(".INFO.") >= 3);
    assert_eq!((count(".WARN."), count(".ERROR.")), (1, 1));
    for (name, text) in place.files() {
        assert!(text.len() <= 1000, "{name}");
    }
}

#[test]
fn the_link_follows_and_backups_are_bounded() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(1000).with_max_backups(2)).unwrap();
    let built = logger_on(&sink);
    for n in 0..100 {
        built.logger.info("rotating", fields! { n });
        place.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(place.files().len(), 3, "two backups and the present file");
    let newest = fs::read_to_string(place.logs().join("app.ALL")).unwrap();
    assert_eq!(newest, fs::read_to_string(&sink.paths()[0]).unwrap());
    assert!(newest.contains("\"n\":99"));
}

#[test]
fn a_link_in_the_way_is_reported_once_and_logging_goes_on() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(200)).unwrap();
    let built = logger_on(&sink);
    let link = place.logs().join("app.ALL");
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    for n in 0..10 {
        built.logger.info("rotating", fields! { n });
    }
    assert_eq!(numbers(&place), (0..10).collect::<Vec<_>>());
    assert_eq!(place.reports().len(), 1, "{:?}", place.reports());
    assert!(link.is_dir());
}

#[test]
fn a_file_that_cannot_be_opened_keeps_the_present_one_in_use() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(200)).unwrap();
    let built = logger_on(&sink);
    let aside = place.dir.path().join("aside");
    built.logger.info("first", fields! { n = 0 });
    fs::rename(place.logs(), &aside).unwrap();
    fs::write(place.logs(), "not a directory").unwrap();
    for n in 1..10 {
        built.logger.info("too long for the file", fields! { n });
    }
    place.clock.advance(SECOND);
    built.logger.info("tried again", fields! { n = 10 });
    assert_eq!(place.reports().len(), 1, "{:?}", place.reports());
    fs::remove_file(place.logs()).unwrap();
    fs::rename(&aside, place.logs()).unwrap();
    built
        .logger
        .info("not tried within a second", fields! { n = 11 });
    assert_eq!(place.files().len(), 1);
    place.clock.advance(SECOND);
    built.logger.info("rotated at last", fields! { n = 12 });
    assert_eq!(place.files().len(), 2);
    assert_eq!(numbers(&place), (0..=12).collect::<Vec<_>>());
    assert_eq!(built.logger.stats().write_errors, 0);
}

#[test]
fn a_file_moved_or_deleted_from_outside_is_made_again() {
    let place = Place::new();
    let sink = FileSink::open(place.config()).unwrap();
    let built = logger_on(&sink);
    let path = sink.paths().remove(0);
    let moved = place.dir.path().join("moved");
    built.logger.info("before", fields! { n = 0 });
    fs::rename(&path, &moved).unwrap();
    built.logger.info("into the moved file", fields! { n = 1 });
    place.clock.advance(SECOND);
    built.logger.info("into the new file", fields! { n = 2 });
    assert_eq!(numbers(&place), [2]);
    assert_eq!(fs::read_to_string(moved).unwrap().lines().count(), 2);
    fs::remove_file(&path).unwrap();
    place.clock.advance(SECOND);
    built.logger.info("again", fields! { n = 3 });
    assert_eq!(numbers(&place), [3]);
}

#[test]
fn reopening_appends_and_counts_what_is_there() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(400)).unwrap();
    let built = logger_on(&sink);
    let path = sink.paths().remove(0);
    built.logger.info("before", fields! { n = 0 });
    fs::rename(&path, place.dir.path().join("moved")).unwrap();
    let other = format!(
        "{{\"time\":\"\",\"level\":\"INFO\",\"msg\":\"{}\",\"n\":7}}\n",
        "x".repeat(300)
    );
    fs::write(&path, &other).unwrap();
    sink.reopen().unwrap();
    built
        .logger
        .info("beyond the size of both", fields! { n = 1 });
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        other,
        "rotated before the record"
    );
    assert_eq!(numbers(&place), [7, 1]);
}

#[test]
fn closing_while_others_write_counts_every_record() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(2_000)).unwrap();
    let built = logger_on(&sink);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|n| built.logger.info("racing", fields! { n })));
        }
        scope.spawn(|| sink.close().unwrap());
    });
    let stats = built.logger.stats();
    assert_eq!(stats.written + stats.dropped, 2_000);
    built.logger.info("after", Fields::new());
    assert_eq!(built.logger.stats().dropped, stats.dropped + 1);
    assert!(sink.paths().is_empty());
    sink.close().unwrap();
    for (name, text) in place.files() {
        assert!(text.is_empty() || text.ends_with('\n'), "{name}");
        parse_json(&text).unwrap();
    }
}

#[test]
fn every_sync_policy_writes_the_same() {
    for policy in [
        SyncPolicy::OnRotate,
        SyncPolicy::EveryWrite,
        SyncPolicy::Interval(Duration::ZERO),
    ] {
        let place = Place::new();
        let sink = FileSink::open(place.config().with_sync(policy).with_max_size(300)).unwrap();
        let built = logger_on(&sink);
        (0..5).for_each(|n| built.logger.info("synced", fields! { n }));
        assert_eq!(numbers(&place), [0, 1, 2, 3, 4], "{policy:?}");
        assert!(place.reports().is_empty());
    }
}

#[test]
fn a_rotated_file_is_never_written_again() {
    let place = Place::new();
    let sink = FileSink::open(place.config().with_max_size(300)).unwrap();
    let built = logger_on(&sink);
    let first = sink.paths().remove(0);
    for n in 0..3 {
        built
            .logger
            .info("rotating", fields! { n, pad = "x".repeat(100) });
    }
    assert_ne!(sink.paths()[0], first);
    let before = fs::read_to_string(&first).unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(&first)
        .unwrap()
        .write_all(b"mark\n")
        .unwrap();
    for n in 3..9 {
        built
            .logger
            .info("rotating", fields! { n, pad = "x".repeat(100) });
    }
    assert_eq!(fs::read_to_string(&first).unwrap(), before + "mark\n");
}
