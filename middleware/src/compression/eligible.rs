use http::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderMap};
use http::{Method, StatusCode};
use http_body::Body as _;
use plumego_contract::{Request, Response};

use super::config::CompressionConfig;
use crate::wire::{
    accepts_event_stream, asks_for_upgrade, declared_length, has_cache_directive, media_type,
};

/// Types that are compressed already, or are read as they arrive.
const SKIPPED_TYPES: [&str; 6] = [
    "application/zip",
    "application/gzip",
    "application/pdf",
    "application/octet-stream",
    "application/zstd",
    "application/x-7z-compressed",
];
const SKIPPED_PREFIXES: [&str; 5] = [
    "image/",
    "video/",
    "audio/",
    "font/woff",
    "application/grpc",
];

/// True when the response to a request may be compressed at all.
pub(super) fn request_may_gain(request: &Request) -> bool {
    !asks_for_upgrade(request) && !accepts_event_stream(request.headers())
}

/// What becomes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eligibility {
    /// Never compressed.
    Unfit,
    /// Not compressed, but others like it are, which caches must know.
    Bodiless,
    Fit,
}

pub(super) fn judge(
    method: &Method,
    response: &Response,
    config: &CompressionConfig,
) -> Eligibility {
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Eligibility::Bodiless;
    }
    let unfit = has_unfit_status(status, config.compress_errors)
        || has_unfit_headers(response.headers(), &config.extra_skip_types);
    if unfit {
        return Eligibility::Unfit;
    }
    if method == Method::HEAD {
        return Eligibility::Bodiless;
    }
    let length = response.body().exact_len();
    let length = length.or_else(|| declared_length(response.headers()));
    let small = length.is_some_and(|length| length < config.min_size);
    if small || response.body().is_end_stream() {
        return Eligibility::Unfit;
    }
    Eligibility::Fit
}

fn has_unfit_status(status: StatusCode, compress_errors: bool) -> bool {
    status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::PARTIAL_CONTENT
        || (status.as_u16() >= 400 && !compress_errors)
}

fn has_unfit_headers(headers: &HeaderMap, extra_skip_types: &[String]) -> bool {
    headers.contains_key(CONTENT_ENCODING)
        || headers.contains_key(CONTENT_RANGE)
        || has_cache_directive(headers, "no-transform")
        || is_unfit_type(media_type(headers), extra_skip_types)
}

fn is_unfit_type(media_type: &str, extra: &[String]) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    if media_type == "image/svg+xml" {
        return matches_any(&media_type, extra);
    }
    media_type.is_empty()
        || media_type.contains("stream")
        || SKIPPED_TYPES.contains(&media_type.as_str())
        || SKIPPED_PREFIXES
            .iter()
            .any(|prefix| media_type.starts_with(prefix))
        || matches_any(&media_type, extra)
}

fn matches_any(media_type: &str, patterns: &[String]) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => media_type.starts_with(start),
            None => media_type == pattern,
        })
}

/// Makes patterns comparable: trimmed, lower case, blank ones dropped.
pub(super) fn canonical_patterns(patterns: &mut Vec<String>) {
    for pattern in patterns.iter_mut() {
        *pattern = pattern.trim().to_ascii_lowercase();
    }
    patterns.retain(|pattern| !pattern.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_do_not_gain_are_left_alone() {
        let mut extra = vec![
            " Model/* ".to_owned(),
            "application/x-own".to_owned(),
            " ".to_owned(),
        ];
        canonical_patterns(&mut extra);
        for (media_type, unfit) in [
            ("text/html", false),
            ("application/json", false),
            ("application/problem+json", false),
            ("image/svg+xml", false),
            ("IMAGE/SVG+XML", false),
            ("font/ttf", false),
            ("application/x-ndjson", false),
            ("image/png", true),
            ("Image/PNG", true),
            ("video/mp4", true),
            ("audio/ogg", true),
            ("font/woff", true),
            ("font/woff2", true),
            ("application/zip", true),
            ("application/octet-stream", true),
            ("application/stream+json", true),
            ("text/event-stream", true),
            ("application/grpc", true),
            ("application/grpc-web+proto", true),
            ("model/gltf+json", true),
            ("application/x-own", true),
            ("application/x-own2", false),
            ("", true),
        ] {
            assert_eq!(is_unfit_type(media_type, &extra), unfit, "{media_type}");
        }
    }
}
