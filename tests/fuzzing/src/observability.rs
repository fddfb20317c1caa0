//! What a scrape shows of values that a client may have chosen.

use plumego_x_observability::{Format, PrometheusCollector};

/// Whatever a label is, it stays inside its quotes, and a reader gets it back.
pub(crate) fn label(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    // The namespace is the default one, and the metric is new.
    let Ok(collector) = PrometheusCollector::new("") else {
        panic!("the default namespace was refused");
    };
    let Ok(seen) = collector.registry().gauge("seen", "Seen.", ["what"]) else {
        panic!("a new metric was refused");
    };
    seen.set([&value], 1.0);
    let cut = &value[..value.floor_char_boundary(128)];
    for (format, end) in [(Format::Text, ""), (Format::OpenMetrics, "# EOF\n")] {
        let text = collector.render(format, |name| name == "seen");
        let sample = text.strip_prefix("# HELP seen Seen.\n# TYPE seen gauge\nseen{what=\"");
        let sample = sample.and_then(|text| text.strip_suffix(end));
        let escaped = sample.and_then(|text| text.strip_suffix("\"} 1\n"));
        assert_eq!(
            escaped.and_then(unescaped).as_deref(),
            Some(cut),
            "{text:?}"
        );
    }
}

/// The text before it was escaped; none if it ends a value or a line.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '"' | '\n' => return None,
            '\\' => match characters.next()? {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}
