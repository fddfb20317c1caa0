//! Names of log files.

use std::time::SystemTime;

use crate::encode::UtcTime;

/// One level stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    All,
    Info,
    Warn,
    Error,
}

impl Stream {
    pub(super) const EVERY: [Self; 4] = [Self::All, Self::Info, Self::Warn, Self::Error];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// A program or host name without characters that could mislead.
pub(super) fn sanitized(name: &str, dots: bool) -> String {
    let keeps = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || dots && c == '.';
    name.chars()
        .map(|c| if keeps(c) { c } else { '_' })
        .collect()
}

/// The name of a new file.
pub(super) fn file_name(
    program: &str,
    host: &str,
    stream: Stream,
    time: SystemTime,
    pid: u32,
) -> String {
    let mut stamp = Vec::new();
    let time = UtcTime::from(time);
    time.write_compact(&mut stamp);
    let (stamp, nanos) = (String::from_utf8_lossy(&stamp), time.nanos);
    format!(
        "{program}.{host}.{}.{stamp}.{nanos:09}.{pid}.log",
        stream.name()
    )
}

/// What a file name says about its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParsedName {
    pub(super) host: String,
    pub(super) stream: Stream,
    /// Time stamp and nanoseconds; sorts by age.
    pub(super) stamp: String,
    pub(super) pid: u32,
    pub(super) compressed: bool,
}

impl ParsedName {
    /// Reads a name; `None` when it is not one of this program. A host holds no
    /// dot, so a program whose name continues ours cannot be taken for it.
    pub(super) fn parse(program: &str, name: &str) -> Option<Self> {
        let (stem, compressed) = match name.strip_suffix(".log.gz") {
            Some(stem) => (stem, true),
            None => (name.strip_suffix(".log")?, false),
        };
        let mut parts = stem.rsplitn(5, '.');
        let (pid, nanos, date) = (parts.next()?, parts.next()?, parts.next()?);
        let level = parts.next()?;
        let host = parts.next()?.strip_prefix(program)?.strip_prefix('.')?;
        let is_date = date.len() == 15
            && date.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let is_nanos = nanos.len() == 9 && nanos.bytes().all(|byte| byte.is_ascii_digit());
        if !is_date || !is_nanos || host.is_empty() || host.contains('.') {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            stream: Stream::EVERY
                .into_iter()
                .find(|stream| stream.name() == level)?,
            stamp: format!("{date}.{nanos}"),
            pid: pid.parse().ok()?,
            compressed,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_name_reads_back() {
        let time = UNIX_EPOCH + Duration::from_nanos(1_777_285_800_000_000_042);
        let name = file_name("my.app", "web-1", Stream::Warn, time, 77);
        assert_eq!(name, "my.app.web-1.WARN.20260427-103000.000000042.77.log");
        let parsed = ParsedName::parse("my.app", &name).unwrap();
        assert_eq!(
            (parsed.pid, parsed.stream, parsed.compressed),
            (77, Stream::Warn, false)
        );
        assert_eq!(parsed.stamp, "20260427-103000.000000042");
        assert!(
            ParsedName::parse("my.app", &format!("{name}.gz"))
                .unwrap()
                .compressed
        );
    }

    #[test]
    fn foreign_names_are_refused() {
        let good = "app.h.ALL.20260427-103000.000000042.77.log";
        assert!(ParsedName::parse("app", good).is_some());
        for (program, name) in [
            ("other", good),
            ("ap", good),
            ("app", "app.x.h.ALL.20260427-103000.000000042.77.log"),
            ("app", "app.h.NOTICE.20260427-103000.000000042.77.log"),
            ("app", "app.h.ALL.20260427-103000.000000042.77.log.tmp"),
            ("app", "app.h.ALL.20260427-103000.000000042.77.txt"),
            ("app", "app.h.ALL.2026-0427-1030.000000042.77.log"),
            ("app", "app.h.ALL.20260427-103000.42.77.log"),
            ("app", "app.h.ALL.20260427-103000.000000042.x.log"),
            ("app", "app.ALL"),
        ] {
            assert_eq!(ParsedName::parse(program, name), None, "{program} {name}");
        }
    }

    #[test]
    fn misleading_characters_are_replaced() {
        assert_eq!(sanitized("../a b.c", true), ".._a_b.c");
        assert_eq!(sanitized("web.example.org", false), "web_example_org");
    }
}
