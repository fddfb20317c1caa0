//! Reads expositions with a parser that somebody else wrote.

#![allow(dead_code, unreachable_pub, reason = "every test file uses a part")]

use std::collections::BTreeMap;

use openmetrics_parser::openmetrics::parse_openmetrics;
use openmetrics_parser::prometheus::parse_prometheus;
use openmetrics_parser::{HistogramValue, OpenMetricsValue, PrometheusValue};

/// Labels of a series, as they were before they were escaped.
pub type Labels = Vec<(String, String)>;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    Number(f64),
    Histogram(HistogramValue),
}

impl Read {
    pub fn number(&self) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::Histogram(_) => panic!("a histogram where a number was expected"),
        }
    }

    pub fn histogram(&self) -> &HistogramValue {
        match self {
            Self::Histogram(value) => value,
            Self::Number(_) => panic!("a number where a histogram was expected"),
        }
    }
}

/// Series by metric and labels.
#[derive(Debug)]
pub struct Scrape(pub BTreeMap<String, Vec<(Labels, Read)>>);

impl Scrape {
    pub fn text(text: &str) -> Self {
        // The parser wants every counter to end in `_total`, which the format
        // does not; this is the one that does not.
        let text = &text.replace("_total_all counter\n", "_total_all gauge\n");
        let parsed = parse_prometheus(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let families = parsed.families.into_iter().map(|(name, family)| {
            let samples = family.iter_samples().map(|sample| {
                let labels = sample.get_labelset().unwrap();
                let value = match &sample.value {
                    PrometheusValue::Counter(counter) => Read::Number(counter.value.as_f64()),
                    PrometheusValue::Gauge(value) | PrometheusValue::Unknown(value) => {
                        Read::Number(value.as_f64())
                    }
                    PrometheusValue::Histogram(value) => Read::Histogram(value.clone()),
                    PrometheusValue::Summary(_) => panic!("there are no summaries"),
                };
                (unescaped(labels.iter()), value)
            });
            (name, samples.collect())
        });
        Self(families.collect())
    }

    pub fn open(text: &str) -> Self {
        // The parser knows no units of histograms, which the standard has: they
        // are checked here and taken out.
        let mut kept = String::new();
        let mut histogram = String::new();
        for line in text.lines() {
            if let Some(name) = line
                .strip_prefix("# TYPE ")
                .and_then(|line| line.strip_suffix(" histogram"))
            {
                histogram = name.to_owned();
            }
            match line
                .strip_prefix("# UNIT ")
                .and_then(|line| line.split_once(' '))
            {
                Some((name, unit)) if name == histogram => {
                    assert!(name.ends_with(&format!("_{unit}")), "{line}");
                }
                _ => {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
        }
        let parsed = parse_openmetrics(&kept).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let families = parsed.families.into_iter().map(|(name, family)| {
            let samples = family.iter_samples().map(|sample| {
                let labels = sample.get_labelset().unwrap();
                let value = match &sample.value {
                    OpenMetricsValue::Counter(counter) => Read::Number(counter.value.as_f64()),
                    OpenMetricsValue::Gauge(value) | OpenMetricsValue::Unknown(value) => {
                        Read::Number(value.as_f64())
                    }
                    OpenMetricsValue::Histogram(value) => Read::Histogram(value.clone()),
                    other => panic!("there is no {other:?}"),
                };
                (unescaped(labels.iter()), value)
            });
            (name, samples.collect())
        });
        Self(families.collect())
    }

    /// The value of a series, by labels in whatever order.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> &Read {
        let known = || format!("no {name} in {:?}", self.names());
        let family = self.0.get(name).unwrap_or_else(|| panic!("{}", known()));
        let has = |held: &Labels, wanted: &(&str, &str)| {
            held.iter().any(|pair| (&*pair.0, &*pair.1) == *wanted)
        };
        let is_wanted =
            |held: &Labels| held.len() == labels.len() && labels.iter().all(|pair| has(held, pair));
        let found = family.iter().find(|(held, _)| is_wanted(held));
        &found
            .unwrap_or_else(|| panic!("no {labels:?} in {family:?}"))
            .1
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// The parser checks escapes and leaves them where they are.
fn unescaped<'a>(labels: impl Iterator<Item = (&'a String, &'a String)>) -> Labels {
    labels
        .map(|(name, value)| (name.clone(), unescape(value)))
        .collect()
}

pub fn unescape(text: &str) -> String {
    let mut characters = text.chars();
    let mut out = String::new();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(escaped) => escaped,
                None => panic!("a backslash at the end of {text:?}"),
            },
            other => other,
        });
    }
    out
}
