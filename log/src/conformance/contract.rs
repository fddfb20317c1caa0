//! Levels, fields, locations: what the trait promises.

use super::{Entry, Outcome, Setup, Subject, Violation};
use crate::{Fields, Level, Logger, LoggerExt, fields};

type Verdict = Result<Outcome, Violation>;

fn log_all(logger: &dyn Logger) {
    for level in Level::ALL {
        logger.log_at(level, "", "levels", &Fields::new());
    }
}

fn levels_of(entries: &[Entry]) -> Vec<Level> {
    entries.iter().map(|entry| entry.level).collect()
}

pub(super) fn levels(subject: &dyn Subject) -> Verdict {
    for minimum in Level::ALL {
        let fixture = subject.build(Setup::at(minimum));
        log_all(&*fixture.logger);
        let expected: Vec<_> = Level::ALL
            .into_iter()
            .filter(|level| *level >= minimum)
            .collect();
        ensure_eq!(
            levels_of(&fixture.entries()?),
            expected,
            "levels written at minimum {minimum}"
        );
        for level in Level::ALL {
            ensure_eq!(
                fixture.logger.enabled(level, ""),
                level >= minimum,
                "enabled({level})"
            );
        }
    }
    changes_at_run_time(subject)
}

fn changes_at_run_time(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::at(Level::Info));
    let Some(handle) = &fixture.level else {
        return Ok(Outcome::Held);
    };
    let before = fixture.logger.with_fields(fields! { derived = "before" });
    handle.set(Level::Error);
    let after = fixture.logger.with_fields(fields! { derived = "after" });
    for logger in [&fixture.logger, &before, &after] {
        log_all(&**logger);
    }
    let expected = [Level::Error, Level::Fatal].repeat(3);
    ensure_eq!(
        levels_of(&fixture.entries()?),
        expected,
        "a change reaches derived loggers"
    );
    Ok(Outcome::Held)
}

pub(super) fn merging(subject: &dyn Subject) -> Verdict {
    let fields = fields! { base = 0, own = 0, call = 0, last = 0 };
    let fixture = subject.build(Setup {
        fields,
        ..Setup::default()
    });
    let derived = fixture
        .logger
        .with_fields(fields! { own = 1, call = 1, last = 1 });
    let sets = [&fields! { call = 2, last = 2 }, &fields! { last = 3 }];
    let record = crate::Record::new(Level::Info, "merged", derived.now()).with_fields(&sets);
    derived.log(&record);
    fixture.logger.info("parent", Fields::new());
    let entries = fixture.entries()?;
    ensure_eq!(entries.len(), 2, "records written");
    ensure_eq!(
        values(&entries[0], &["base", "own", "call", "last"]),
        ["0", "1", "2", "3"].map(Some),
        "the later set wins"
    );
    ensure_eq!(
        values(&entries[1], &["base", "own", "call", "last"]),
        ["0"; 4].map(Some),
        "the parent is unchanged"
    );
    Ok(Outcome::Held)
}

fn values<'a, const N: usize>(entry: &'a Entry, keys: &[&str; N]) -> [Option<&'a str>; N] {
    keys.map(|key| entry.fields.get(key).map(String::as_str))
}

pub(super) fn reserved_names(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::default());
    fixture
        .logger
        .info("reserved", fields! { time = "t", level = "l", msg = "m" });
    let entry = fixture.entry()?;
    ensure_eq!(entry.message, "reserved", "the message is not overwritten");
    ensure_eq!(entry.level, Level::Info, "the level is not overwritten");
    for (name, value) in [("time", "t"), ("level", "l"), ("msg", "m")] {
        let key = if subject.reserved_names().contains(&name) {
            format!("field.{name}")
        } else {
            name.to_owned()
        };
        ensure_eq!(
            entry.fields.get(&key).map(String::as_str),
            Some(value),
            "field {key}"
        );
    }
    Ok(Outcome::Held)
}

pub(super) fn verbosity(subject: &dyn Subject) -> Verdict {
    for (verbosity, lowest) in [(0, Level::Info), (1, Level::Debug), (2, Level::Trace)] {
        let setup = Setup {
            verbosity: Some(verbosity),
            ..Setup::at(Level::Trace)
        };
        let fixture = subject.build(setup);
        let derived = fixture.logger.with_fields(fields! { derived = true });
        log_all(&*fixture.logger);
        log_all(&*derived);
        let once: Vec<_> = Level::ALL
            .into_iter()
            .filter(|level| *level >= lowest)
            .collect();
        ensure_eq!(
            levels_of(&fixture.entries()?),
            [once.clone(), once].concat(),
            "levels written at verbosity {verbosity}"
        );
    }
    let setup = Setup {
        verbosity: Some(2),
        ..Setup::at(Level::Warn)
    };
    ensure!(
        !subject.build(setup).logger.enabled(Level::Debug, ""),
        "verbosity must not widen the filter"
    );
    Ok(Outcome::Held)
}

pub(super) fn location(subject: &dyn Subject) -> Verdict {
    if !subject.shows_location() {
        return Ok(Outcome::NotApplicable);
    }
    let fixture = subject.build(Setup::at(Level::Trace));
    let derived = fixture.logger.with_fields(fields! { derived = true });
    let mut lines = Vec::new();
    let mut called_at = |line| lines.push(line);
    fixture.logger.info("method", Fields::new());
    called_at(line!() - 1);
    derived.warn("method of a derived logger", Fields::new());
    called_at(line!() - 1);
    crate::error!(fixture.logger, "macro", n = 1);
    called_at(line!() - 1);
    crate::trace!(derived, "macro of a derived logger");
    called_at(line!() - 1);
    derived.log_at(Level::Info, "target", "chosen level", &Fields::new());
    called_at(line!() - 1);
    let expected: Vec<_> = lines
        .into_iter()
        .map(|line| Some(("contract.rs".to_owned(), line)))
        .collect();
    let shown: Vec<_> = fixture
        .entries()?
        .into_iter()
        .map(|entry| entry.location)
        .collect();
    ensure_eq!(shown, expected, "call sites");
    Ok(Outcome::Held)
}

pub(super) fn no_ambient_data(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::default());
    let other = subject.build(Setup::default());
    other
        .logger
        .with_fields(fields! { request_id = "ambient" })
        .info("other", Fields::new());
    fixture.logger.info("bare", fields! { only = 1 });
    let entry = fixture.entry()?;
    ensure_eq!(
        entry.fields.into_keys().collect::<Vec<_>>(),
        ["only"],
        "names of fields"
    );
    Ok(Outcome::Held)
}

pub(super) fn laziness(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::at(Level::Warn));
    let mut evaluated = 0;
    let mut count = || {
        evaluated += 1;
        evaluated
    };
    crate::info!(fixture.logger, "disabled", n = count());
    crate::warn!(fixture.logger, "enabled", n = count());
    ensure_eq!(evaluated, 1, "evaluations");
    ensure_eq!(
        fixture.entry()?.fields.get("n").map(String::as_str),
        Some("1"),
        "the field"
    );
    Ok(Outcome::Held)
}
