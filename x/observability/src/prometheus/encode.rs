//! The two text forms of a scrape.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use plumego_metrics::Labels;

use super::cell::{Distribution, Value};
use super::snapshot::{FamilySnapshot, Kind, Sample};

/// A form of a scrape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The text format of Prometheus, version 0.0.4.
    #[default]
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes sorted metrics.
pub(super) fn encode(families: &[FamilySnapshot], constant: &Labels, format: Format) -> String {
    let mut encoder = Encoder {
        out: String::with_capacity(families.len() * 256),
        constant,
        format,
    };
    for family in families {
        encoder.family(family);
    }
    if format == Format::OpenMetrics {
        encoder.out.push_str("# EOF\n");
    }
    encoder.out
}

struct Encoder<'a> {
    out: String,
    constant: &'a Labels,
    format: Format,
}

impl Encoder<'_> {
    fn family(&mut self, family: &FamilySnapshot) {
        let open = self.format == Format::OpenMetrics;
        // In OpenMetrics the name of a counter is that of its samples without
        // the end they all have.
        let base = match family.name.strip_suffix("_total") {
            Some(base) if open && family.kind == Kind::Counter => base,
            _ => &family.name,
        };
        let kind = match family.kind {
            Kind::Counter if open && base == family.name => "unknown",
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.out.push_str("# HELP ");
        self.out.push_str(base);
        self.out.push(' ');
        escape(&family.help, open, &mut self.out);
        self.line(&format!("\n# TYPE {base} {kind}"));
        let unit = family.unit.filter(|unit| {
            let rest = base.strip_suffix(unit);
            rest.is_some_and(|rest| rest.ends_with('_'))
        });
        if let Some(unit) = unit.filter(|_| open) {
            self.line(&format!("# UNIT {base} {unit}"));
        }
        for sample in &family.samples {
            match &sample.value {
                Value::Number(value) => {
                    self.sample(&family.name, "", sample, None, &number(*value));
                }
                Value::Histogram(distribution) => self.histogram(base, sample, distribution),
            }
            if open && kind != "unknown" && family.kind != Kind::Gauge {
                self.created(base, sample);
            }
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn histogram(&mut self, base: &str, sample: &Sample, distribution: &Distribution) {
        for (bound, count) in &distribution.buckets {
            let bound = match self.format {
                Format::Text => number(*bound),
                // Bounds are canonical there: always with a fraction.
                Format::OpenMetrics => format!("{bound:?}"),
            };
            self.sample(base, "_bucket", sample, Some(&bound), &count.to_string());
        }
        let count = distribution.count.to_string();
        self.sample(base, "_bucket", sample, Some("+Inf"), &count);
        self.sample(base, "_sum", sample, None, &number(distribution.sum));
        self.sample(base, "_count", sample, None, &count);
    }

    fn created(&mut self, base: &str, sample: &Sample) {
        if let Some(created) = sample.created {
            let value = number(seconds_since_epoch(created));
            self.sample(base, "_created", sample, None, &value);
        }
    }

    fn sample(&mut self, name: &str, end: &str, sample: &Sample, le: Option<&str>, value: &str) {
        self.out.push_str(name);
        self.out.push_str(end);
        let own = sample
            .labels
            .iter()
            .map(|(name, value)| (&**name, &**value));
        let labels = self
            .constant
            .iter()
            .chain(own)
            .chain(le.map(|le| ("le", le)));
        let mut open = '{';
        for (name, value) in labels {
            self.out.push(open);
            open = ',';
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, true, &mut self.out);
            self.out.push('"');
        }
        if open == ',' {
            self.out.push('}');
        }
        self.out.push(' ');
        self.line(value);
    }
}

/// Escapes what would end a line or a value.
fn escape(text: &str, quotes: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

/// The shortest text that reads as the same number.
fn number(value: f64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = match value {
        _ if value.is_nan() => write!(text, "NaN"),
        f64::INFINITY => write!(text, "+Inf"),
        f64::NEG_INFINITY => write!(text, "-Inf"),
        _ => write!(text, "{value}"),
    };
    text
}

fn seconds_since_epoch(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_what_they_were() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.005, "0.005"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(1e300).parse(), Ok(1e300));
    }

    #[test]
    fn help_keeps_its_quotes_in_the_text_format() {
        let escaped = |quotes| {
            let mut out = String::new();
            escape("a\\b\n\"c\"", quotes, &mut out);
            out
        };
        assert_eq!(escaped(false), "a\\\\b\\n\"c\"");
        assert_eq!(escaped(true), "a\\\\b\\n\\\"c\\\"");
    }
}
