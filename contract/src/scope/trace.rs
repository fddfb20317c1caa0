use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::header::HeaderName;

/// `traceparent` (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Text that is no trace or span id, or no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTraceId;

impl fmt::Display for InvalidTraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected hexadecimal digits of the right length, not all zero")
    }
}

impl std::error::Error for InvalidTraceId {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The id from its bytes; `None` when all are zero.
            #[must_use]
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// The bytes of the id.
            #[must_use]
            pub fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidTraceId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $bytes];
                decode_hex(text.as_bytes(), &mut bytes)?;
                Self::from_bytes(bytes).ok_or(InvalidTraceId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id!(
    /// 16 bytes, written as 32 lower-case hexadecimal digits; never all zero.
    TraceId, 16
);
id!(
    /// 8 bytes, written as 16 lower-case hexadecimal digits; never all zero.
    SpanId, 8
);

fn decode_hex(text: &[u8], out: &mut [u8]) -> Result<(), InvalidTraceId> {
    if text.len() != out.len() * 2 {
        return Err(InvalidTraceId);
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Ok(())
}

fn hex_digit(digit: u8) -> Result<u8, InvalidTraceId> {
    let value = char::from(digit).to_digit(16).ok_or(InvalidTraceId)?;
    u8::try_from(value).map_err(|_| InvalidTraceId)
}

/// The place of a request in a distributed trace. A carrier may hold only a
/// span id or nothing; check [`is_valid`](Self::is_valid) before propagating.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    parent_span_id: Option<SpanId>,
    baggage: Option<Arc<BTreeMap<String, String>>>,
    flags: u8,
}

impl TraceContext {
    /// A context with both ids.
    #[must_use]
    pub fn new(trace_id: TraceId, span_id: SpanId, flags: u8) -> Self {
        Self {
            trace_id: Some(trace_id),
            span_id: Some(span_id),
            flags,
            ..Self::default()
        }
    }

    /// Sets the trace id.
    #[must_use]
    pub fn with_trace_id(mut self, id: TraceId) -> Self {
        self.trace_id = Some(id);
        self
    }

    /// Sets the span id.
    #[must_use]
    pub fn with_span_id(mut self, id: SpanId) -> Self {
        self.span_id = Some(id);
        self
    }

    /// Sets the parent span.
    #[must_use]
    pub fn with_parent_span_id(mut self, id: SpanId) -> Self {
        self.parent_span_id = Some(id);
        self
    }

    /// Sets the flags; bit 0 means sampled.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// Copies `baggage` into the context.
    #[must_use]
    pub fn with_baggage(mut self, baggage: &BTreeMap<String, String>) -> Self {
        self.baggage = Some(Arc::new(baggage.clone()));
        self
    }

    /// Trace id.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.trace_id
    }

    /// Span id.
    #[must_use]
    pub fn span_id(&self) -> Option<SpanId> {
        self.span_id
    }

    /// Parent span.
    #[must_use]
    pub fn parent_span_id(&self) -> Option<SpanId> {
        self.parent_span_id
    }

    /// A copy of the baggage.
    #[must_use]
    pub fn baggage(&self) -> Option<BTreeMap<String, String>> {
        self.baggage.as_deref().cloned()
    }

    /// Flags.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// True when bit 0 of the flags is set.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// True when both ids are present.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trace_id.is_some() && self.span_id.is_some()
    }
}

/// Reads a `traceparent` value (W3C Trace Context, level 2). Version 00 must
/// have exactly four fields; higher versions are read by the layout of 00 and
/// may continue after a dash.
///
/// # Errors
/// [`InvalidTraceId`] for any other text. Never panics.
pub fn parse_traceparent(text: &str) -> Result<TraceContext, InvalidTraceId> {
    let text = text.trim_ascii();
    let (version, rest) = text.split_at_checked(2).ok_or(InvalidTraceId)?;
    let mut number = [0];
    decode_hex(version.as_bytes(), &mut number)?;
    let rest = rest.strip_prefix('-').ok_or(InvalidTraceId)?;
    let (fields, tail) = rest.split_at_checked(52).ok_or(InvalidTraceId)?;
    let tail_fits = tail.is_empty() || (number[0] > 0 && tail.starts_with('-'));
    if number[0] == 0xff || !tail_fits {
        return Err(InvalidTraceId);
    }
    let mut parts = fields.split('-');
    let mut next = || parts.next().ok_or(InvalidTraceId);
    let (trace, span, flags) = (next()?, next()?, next()?);
    let mut flag_byte = [0];
    decode_hex(flags.as_bytes(), &mut flag_byte)?;
    Ok(TraceContext::new(
        trace.parse()?,
        span.parse()?,
        flag_byte[0],
    ))
}

/// Writes a version 00 `traceparent`; `None` unless the context is valid.
#[must_use]
pub fn format_traceparent(context: &TraceContext) -> Option<String> {
    let (trace, span) = (context.trace_id?, context.span_id?);
    Some(format!("00-{trace}-{span}-{:02x}", context.flags))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn round_trip_and_case() {
        let context = parse_traceparent(&EXAMPLE.to_uppercase()).unwrap();
        assert!(context.is_valid() && context.is_sampled());
        assert_eq!(format_traceparent(&context).as_deref(), Some(EXAMPLE));
    }

    #[test]
    fn versions() {
        let future = EXAMPLE.replacen("00", "cc", 1);
        assert!(parse_traceparent(&future).is_ok());
        assert!(parse_traceparent(&format!("{future}-what")).is_ok());
        assert!(parse_traceparent(&format!("{future}what")).is_err());
        assert!(parse_traceparent(&format!("{EXAMPLE}-what")).is_err());
        assert!(parse_traceparent(&EXAMPLE.replacen("00", "ff", 1)).is_err());
    }

    #[test]
    fn broken_values() {
        for bad in [
            "",
            "00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7a-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(parse_traceparent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_span_alone_is_not_valid_and_baggage_is_copied() {
        let span = SpanId::from_bytes([1; 8]).unwrap();
        let mut baggage = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        let context = TraceContext::default()
            .with_span_id(span)
            .with_baggage(&baggage);
        baggage.clear();
        assert!(!context.is_valid());
        assert_eq!(format_traceparent(&context), None);
        context.baggage().unwrap().clear();
        assert_eq!(context.baggage().unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = parse_traceparent(&text);
        }

        #[test]
        fn what_is_written_reads_back(trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(), flags in any::<u8>()) {
            if let (Some(trace), Some(span)) = (TraceId::from_bytes(trace), SpanId::from_bytes(span)) {
                let context = TraceContext::new(trace, span, flags);
                let text = format_traceparent(&context).unwrap();
                prop_assert_eq!(parse_traceparent(&text), Ok(context));
            }
        }
    }
}
