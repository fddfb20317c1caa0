//! The logger that the builder makes.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    EncodeRecord, Encoder, Fields, FlushError, Level, LogStats, Logger, Record, Redactor,
    discard::{FatalHook, end_process},
    encode::EncodeField,
    filter::Gate,
    limits,
    prepare::{self, BaseFields, Changes, Layout},
    sample::{Sampler, Verdict},
    sink::outlet::{Outlet, count},
};

/// The source of time of a logger.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a logger shares with everything derived from it.
pub(crate) struct Family {
    pub(crate) gate: Arc<Gate>,
    pub(crate) lines: LineMaker,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) redactor: Redactor,
    pub(crate) sampler: Option<Sampler>,
    pub(crate) clock: Option<Clock>,
    pub(crate) fatal_hook: Option<FatalHook>,
}

/// Encodes records and holds lines to their bounds.
#[derive(Clone)]
pub(crate) struct LineMaker {
    pub(crate) encoder: Arc<dyn Encoder>,
    /// Whether the encoder is one of this crate, which keeps the bounds itself.
    pub(crate) trusted: bool,
    pub(crate) line_bytes_max: usize,
}

impl LineMaker {
    /// Appends the line and its end; says whether something was cut.
    pub(crate) fn write(
        &self,
        record: &Record<'_>,
        fields: &[EncodeField<'_>],
        truncated: bool,
        line: &mut Vec<u8>,
    ) -> bool {
        let record = EncodeRecord {
            level: record.level,
            target: record.target,
            message: record.message,
            time: record.time,
            location: record.location,
            fields,
            line_bytes_max: self.line_bytes_max,
            truncated: Cell::new(truncated),
        };
        self.encoder.encode(&record, line);
        if !self.trusted {
            self.tame(&record, line);
        }
        line.push(b'\n');
        record.is_truncated()
    }

    /// Makes one bounded line of whatever a foreign encoder wrote.
    fn tame(&self, record: &EncodeRecord<'_>, line: &mut Vec<u8>) {
        if line.len() > self.line_bytes_max {
            let mut end = self.line_bytes_max - limits::ELLIPSIS.len();
            while end > 0 && line[end] & 0xc0 == 0x80 {
                end -= 1;
            }
            line.truncate(end);
            line.extend_from_slice(limits::ELLIPSIS.as_bytes());
            record.mark_truncated();
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        for byte in line
            .iter_mut()
            .filter(|byte| matches!(**byte, b'\n' | b'\r'))
        {
            *byte = b' ';
        }
    }
}

/// One logger of a family: what all share, and the fields it adds.
pub(crate) struct BaseLogger {
    pub(crate) family: Arc<Family>,
    pub(crate) base: BaseFields,
}

thread_local! {
    /// The line under construction. It is taken out while in use, so a record
    /// made inside another finds an empty one.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl BaseLogger {
    fn write(&self, record: &Record<'_>) {
        let family = &*self.family;
        let counters = &family.outlet.ledger.counters;
        if !family.gate.passes(record.level, record.target) {
            return count(&counters.filtered, 1);
        }
        let suppressed = match family.sampler.as_ref().map(|sampler| sampler.judge(record)) {
            Some(Verdict::Suppress) => return count(&counters.sampled_out, 1),
            Some(Verdict::Pass { suppressed }) => suppressed,
            None => 0,
        };
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        self.encode(record, suppressed, &mut line);
        family.outlet.write(record.level, &line);
        // Past the end of its thread a line is simply made anew.
        let _ = LINE.try_with(|slot| slot.set(line));
    }

    fn encode(&self, record: &Record<'_>, suppressed: u64, line: &mut Vec<u8>) {
        let family = &*self.family;
        let encoder = &*family.lines.encoder;
        let layout = Layout {
            reserved: encoder.reserved_names(),
            error_chains: encoder.lists_error_chains(),
        };
        let mut changes = Changes::default();
        let message = prepare::show_message(&family.redactor, record.message, &mut changes);
        let mut fields = prepare::prepare(
            &self.base,
            record.fields,
            &family.redactor,
            layout,
            &mut changes,
        );
        if suppressed > 0 {
            prepare::add_suppressed(&mut fields, suppressed);
        }
        let shown = Record {
            message: &message,
            fields: &[],
            ..*record
        };
        let cut = family.lines.write(&shown, &fields, changes.truncated, line);
        let counters = &family.outlet.ledger.counters;
        count(&counters.truncated, u64::from(cut));
        count(&counters.redacted, changes.redacted);
    }
}

impl Logger for BaseLogger {
    #[inline]
    fn enabled(&self, level: Level, target: &str) -> bool {
        self.family.gate.passes(level, target)
    }

    fn log(&self, record: &Record<'_>) {
        // Only a foreign encoder can panic here; its record is lost, not the caller.
        if catch_unwind(AssertUnwindSafe(|| self.write(record))).is_err() {
            count(&self.family.outlet.ledger.counters.dropped, 1);
        }
    }

    fn with_fields(&self, fields: Fields) -> Arc<dyn Logger> {
        let (base, changes) = self.base.extended(&fields, &self.family.redactor);
        count(
            &self.family.outlet.ledger.counters.redacted,
            changes.redacted,
        );
        Arc::new(Self {
            family: Arc::clone(&self.family),
            base,
        })
    }

    fn flush(&self, deadline: Duration) -> Result<(), FlushError> {
        self.family.outlet.flush(deadline)
    }

    fn stats(&self) -> LogStats {
        self.family.outlet.ledger.counters.stats()
    }

    fn now(&self) -> SystemTime {
        self.family
            .clock
            .as_ref()
            .map_or_else(SystemTime::now, |clock| clock())
    }

    fn terminate(&self) -> ! {
        end_process(self.family.fatal_hook.as_ref())
    }
}
