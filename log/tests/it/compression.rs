//! Rotated files are compressed, and never lost on the way.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use flate2::read::GzDecoder;
use plumego_log::{FileSink, LoggerExt, fields};

use crate::{
    files::{Place, logger_on},
    support::parse_json,
};

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn compressed(place: &Place) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(place.logs())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .collect();
    paths.sort();
    paths
}

const LEFT: &str = "app.web-1_example_org.ALL.20260101-000000.000000000.99999999.log";

#[test]
fn rotated_files_are_compressed_and_the_present_one_is_not() {
    let place = Place::new();
    let config = place
        .config()
        .with_max_size(1_000)
        .with_max_backups(None)
        .with_compress(true);
    let sink = FileSink::open(config).unwrap();
    let built = logger_on(&sink);
    for n in 0..50 {
        built.logger.info("compressed", fields! { n });
    }
    let present = sink.paths().remove(0);
    sink.close().unwrap();
    assert_eq!(place.files().len(), 1);
    let mut text: String = compressed(&place)
        .iter()
        .map(|path| unpacked(path))
        .collect();
    text.push_str(&fs::read_to_string(present).unwrap());
    let numbers: Vec<_> = parse_json(&text)
        .unwrap()
        .iter()
        .map(|entry| entry.fields["n"].parse::<u32>().unwrap())
        .collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[test]
fn what_a_crash_left_behind_is_mended() {
    let place = Place::new();
    let original = place.leave(LEFT, "the original\n");
    place.leave(&format!("{LEFT}.gz.tmp"), "half a compressed fi");
    let modified = original.metadata().unwrap().modified().unwrap();
    FileSink::open(place.config().with_compress(true))
        .unwrap()
        .close()
        .unwrap();
    let packed = place.logs().join(format!("{LEFT}.gz"));
    assert_eq!(unpacked(&packed), "the original\n");
    assert_eq!(
        packed.metadata().unwrap().modified().unwrap(),
        modified,
        "age is kept"
    );
    assert!(!original.exists());
    assert!(!place.logs().join(format!("{LEFT}.gz.tmp")).exists());
}

#[test]
fn a_compression_that_fails_leaves_the_original() {
    let place = Place::new();
    let original = place.leave(LEFT, "the original\n");
    fs::create_dir(place.logs().join(format!("{LEFT}.gz.tmp"))).unwrap();
    FileSink::open(place.config().with_compress(true))
        .unwrap()
        .close()
        .unwrap();
    assert_eq!(fs::read_to_string(original).unwrap(), "the original\n");
    assert!(compressed(&place).is_empty());
    assert_eq!(place.reports().len(), 1, "{:?}", place.reports());
}
