//! `log`.

use plumego_log::{Fields, Level, Record};

use super::Call;
use crate::display;
use crate::fault::Outcome;
use crate::logging::field_value;
use crate::value::Value;

/// `log(message)`
pub(super) fn message(call: &mut Call<'_>) -> Outcome<Value> {
    write(call, Level::Info, 0);
    Ok(Value::Unit)
}

/// `log(level, message, data...)`; a first text that is no level is the message.
pub(super) fn level(call: &mut Call<'_>) -> Outcome<Value> {
    match known_level(call.text(0)?) {
        Some(level) => write(call, level, 1),
        None => write(call, Level::Info, 0),
    }
    Ok(Value::Unit)
}

/// `log(message, data...)`
pub(super) fn message_with_data(call: &mut Call<'_>) -> Outcome<Value> {
    write(call, Level::Info, 0);
    Ok(Value::Unit)
}

fn known_level(text: &str) -> Option<Level> {
    text.parse().ok().filter(|level| *level != Level::Fatal)
}

/// Logs the argument at `first` as the message, and all after it as data.
fn write(call: &Call<'_>, level: Level, first: usize) {
    let runtime = call.ctx.runtime();
    let functions = runtime.meta().functions;
    let caller = call
        .caller
        .and_then(|caller| functions.get(caller.0 as usize));
    let target = caller.map_or("", |caller| caller.module);
    let logger = runtime.logger();
    let enabled = logger.enabled(level, target);
    if !enabled && runtime.options().crash_dir.is_none() {
        return;
    }
    let message = display::to_string(call.args[first].peek());
    if runtime.options().crash_dir.is_some() {
        runtime.journal().note(level, &message);
    }
    if !enabled {
        return;
    }
    let mut fields = Fields::new();
    match &call.args[first + 1..] {
        [] => {}
        [data] => {
            fields.set("data", field_value(data.peek()));
        }
        several => {
            let several = several.iter().map(|data| field_value(data.peek()));
            fields.set("data", plumego_log::FieldValue::List(several.collect()));
        }
    }
    if runtime.options().log_json
        && let Some(ids) = call.ctx.ids()
    {
        fields.set("request_id", ids.request());
        if let Some(trace) = ids.trace_id() {
            fields.set("trace_id", trace);
        }
    }
    let sets = [&fields];
    let record = Record::new(level, &message, logger.now());
    logger.log(&record.with_target(target).with_fields(&sets));
}
