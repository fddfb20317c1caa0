use http::HeaderMap;
use http::header::ACCEPT;

/// True when `Accept` ranks `application/problem+json` strictly above
/// `application/json` (RFC 9110 section 12.5.1).
#[must_use]
pub fn prefers_problem_json(headers: &HeaderMap) -> bool {
    let quality = |subtype: &str| {
        let values = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|v| v.to_str().ok());
        let ranges = values.flat_map(|value| value.split(','));
        ranges
            .filter_map(|range| range_quality(range, subtype))
            .max_by_key(|(specificity, _)| *specificity)
            .map_or(0, |(_, quality)| quality)
    };
    quality("problem+json") > quality("json")
}

/// Specificity and quality in thousandths of a media range that covers
/// `application/<subtype>`.
fn range_quality(range: &str, subtype: &str) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let specificity = match media.as_str() {
        "*/*" => 0,
        "application/*" => 1,
        other => {
            if other.strip_prefix("application/")? != subtype {
                return None;
            }
            2
        }
    };
    let quality = parts
        .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
        .map_or(Some(1.0), |text| text.parse::<f32>().ok())
        .filter(|q| (0.0..=1.0).contains(q))
        .unwrap_or(0.0);
    Some((specificity, (quality * 1000.0) as u16))
}
