use std::time::Duration;

use plumego_contract::RequestId;
use plumego_log::{Fields, Level, Logger, Record, Redactor, Text, names};

use super::layer::TARGET;
use crate::hex;
use crate::telemetry::RequestSummary;

pub(super) fn write(
    logger: &dyn Logger,
    level: Level,
    summary: &RequestSummary<'_>,
    redactor: Option<&Redactor>,
) {
    let mut fields = fields(summary);
    if let Some(redactor) = redactor {
        fields = redactor.fields(&fields);
    }
    let sets = [&fields];
    let record = Record::new(level, names::messages::REQUEST_COMPLETED, logger.now())
        .with_target(TARGET)
        .with_fields(&sets);
    logger.log(&record);
}

fn fields(summary: &RequestSummary<'_>) -> Fields {
    Fields::new()
        .with(names::METHOD, summary.method.as_str())
        .with(names::PATH, summary.path)
        .with(names::STATUS, summary.status.as_u16())
        .with_some(names::REQUEST_ID, summary.request_id.map(RequestId::as_str))
        .with(names::DURATION, summary.duration)
        .with(names::DURATION_MS, millis(summary.duration))
        .with(names::BYTES, summary.bytes_out)
        .with(names::BYTES_IN, summary.bytes_in)
        .with(names::PROTOCOL, summary.protocol)
        .with(names::OUTCOME, summary.outcome.as_str())
        .with_some(names::CLIENT_IP, summary.client_ip)
        .with_some(names::USER_AGENT, summary.user_agent)
        .with_some(names::ROUTE, summary.route)
        .with_some(names::ROUTE_NAME, summary.route_name)
        .with_some(
            names::TRACE_ID,
            summary
                .trace_id
                .map(|id| Text::from(hex::text(&id.to_bytes(), &mut [0; 32]))),
        )
        .with_some(
            names::SPAN_ID,
            summary
                .span_id
                .map(|id| Text::from(hex::text(&id.to_bytes(), &mut [0; 16]))),
        )
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    // Exact far beyond any request: 2^53 microseconds are 285 years.
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_three_decimals() {
        for (duration, text) in [
            (Duration::ZERO, "0"),
            (Duration::from_nanos(12_345_678), "12.345"),
            (Duration::from_secs(90), "90000"),
        ] {
            assert_eq!(millis(duration).to_string(), text);
        }
    }
}
