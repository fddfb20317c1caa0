//! What a collector has counted.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::de::{self, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::ErrorClass;

/// A copy of a collector's counts, owned by whoever asked for it.
///
/// For every collector: `error_records ≤ total_records`, and `active_series` is
/// at least the size of `name_breakdown` when there is one.
///
/// ```
/// use plumego_metrics::{NoopCollector, StatsReader};
///
/// assert_eq!(
///     serde_json::to_string(&NoopCollector.stats())?,
///     r#"{"total_records":0,"error_records":0,"active_series":0,"start_time":null,"name_breakdown":{}}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CollectorStats {
    /// Valid records.
    pub total_records: u64,
    /// Records that are errors.
    pub error_records: u64,
    /// Series that are kept; the size of the breakdown for a collector that
    /// keeps none.
    pub active_series: usize,
    /// When counting began; `None` for a collector that never counts.
    #[serde(serialize_with = "to_rfc3339", deserialize_with = "from_rfc3339")]
    pub start_time: Option<SystemTime>,
    /// Records by metric name.
    pub name_breakdown: BTreeMap<String, u64>,
    /// HTTP records with a status of 400 to 499.
    #[serde(skip_serializing_if = "is_zero")]
    pub client_error_records: u64,
    /// HTTP records with a status of 500 to 599.
    #[serde(skip_serializing_if = "is_zero")]
    pub server_error_records: u64,
    /// Records that were refused; not part of the total.
    #[serde(skip_serializing_if = "is_zero")]
    pub invalid_records: u64,
    /// Distinct names and label sets that were folded; approximate.
    #[serde(skip_serializing_if = "is_zero")]
    pub series_overflow: u64,
}

impl CollectorStats {
    /// Adds `count` records of one name and class.
    pub fn count(&mut self, class: ErrorClass, count: u64) {
        self.total_records = self.total_records.saturating_add(count);
        let kind = match class {
            ErrorClass::None => return,
            ErrorClass::Client => Some(&mut self.client_error_records),
            ErrorClass::Server => Some(&mut self.server_error_records),
            ErrorClass::Other => None,
        };
        if let Some(records) = kind {
            *records = records.saturating_add(count);
        }
        self.error_records = self.error_records.saturating_add(count);
    }

    /// Adds the counts of another collector that measured other things.
    ///
    /// Sums saturate, the earliest start wins, and a collector that reports no
    /// series counts with the size of its breakdown.
    pub fn merge(&mut self, other: Self) {
        self.active_series = self
            .series_or_names()
            .saturating_add(other.series_or_names());
        self.total_records = self.total_records.saturating_add(other.total_records);
        self.error_records = self.error_records.saturating_add(other.error_records);
        self.client_error_records = self
            .client_error_records
            .saturating_add(other.client_error_records);
        self.server_error_records = self
            .server_error_records
            .saturating_add(other.server_error_records);
        self.invalid_records = self.invalid_records.saturating_add(other.invalid_records);
        self.series_overflow = self.series_overflow.saturating_add(other.series_overflow);
        self.start_time = [self.start_time, other.start_time]
            .into_iter()
            .flatten()
            .min();
        for (name, count) in other.name_breakdown {
            let held = self.name_breakdown.entry(name).or_default();
            *held = held.saturating_add(count);
        }
    }

    fn series_or_names(&self) -> usize {
        if self.active_series == 0 {
            self.name_breakdown.len()
        } else {
            self.active_series
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The shape serde calls.
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[allow(clippy::ref_option)] // The shape serde calls.
fn to_rfc3339<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time.map(jiff::Timestamp::try_from) {
        Some(Ok(instant)) => serializer.collect_str(&instant),
        // No collector starts outside the years 0 to 9999 except by a broken clock.
        Some(Err(_)) | None => serializer.serialize_none(),
    }
}

fn from_rfc3339<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| {
        text.parse::<jiff::Timestamp>()
            .map(SystemTime::from)
            .map_err(de::Error::custom)
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn json_has_the_extras_only_when_they_count() {
        let mut stats = CollectorStats {
            start_time: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_285_800)),
            ..CollectorStats::default()
        };
        stats.count(ErrorClass::None, 2);
        stats.count(ErrorClass::Server, 1);
        stats.name_breakdown.insert("jobs".into(), 3);
        stats.active_series = 1;
        let text = serde_json::to_string(&stats).unwrap();
        assert_eq!(
            text,
            r#"{"total_records":3,"error_records":1,"active_series":1,"start_time":"2026-04-27T10:30:00Z","name_breakdown":{"jobs":3},"server_error_records":1}"#
        );
        assert_eq!(
            serde_json::from_str::<CollectorStats>(&text).unwrap(),
            stats
        );
    }

    #[test]
    fn merging_saturates_and_keeps_the_earliest_start() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let mut one = CollectorStats {
            total_records: u64::MAX,
            start_time: at(20),
            ..CollectorStats::default()
        };
        one.name_breakdown.insert("a".into(), u64::MAX);
        let mut two = CollectorStats {
            total_records: 5,
            start_time: at(10),
            ..CollectorStats::default()
        };
        two.name_breakdown.insert("a".into(), 5);
        one.merge(two);
        assert_eq!(
            (one.total_records, one.name_breakdown["a"]),
            (u64::MAX, u64::MAX)
        );
        assert_eq!(one.start_time, at(10));
        one.merge(CollectorStats::default());
        assert_eq!(one.start_time, at(10), "an unknown start is no start");
    }
}
