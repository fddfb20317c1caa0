//! Loops over ranges and collections.

use fuse_check::canon::{LocalId, Source, Stmts};
use fuse_runtime::heap::Obj;
use fuse_runtime::meta::Kind;
use fuse_runtime::{Fault, Value, ops};

use crate::frame::Eval;
use crate::machine::{Machine, mismatch};

/// The variables of a loop.
#[derive(Clone, Copy)]
struct Loop {
    index: Option<LocalId>,
    item: LocalId,
    body: Stmts,
}

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    pub(crate) fn iterate(
        &mut self,
        source: Source,
        index: Option<LocalId>,
        item: LocalId,
        body: Stmts,
    ) -> Eval<()> {
        let turns = Loop { index, item, body };
        match source {
            Source::Ints { from, to } => {
                let (from, to) = (self.int(from)?, self.int(to)?);
                let count = ops::int_range_len(from, to, true)?;
                self.count(turns, count, |k| Value::Int(from.wrapping_add_unsigned(k)))
            }
            Source::IntsHalfOpen { from, to } => {
                let (from, to) = (self.int(from)?, self.int(to)?);
                let count = ops::int_range_len(from, to, false)?;
                self.count(turns, count, |k| Value::Int(from.wrapping_add_unsigned(k)))
            }
            Source::Floats { from, to } => {
                let (from, to) = (self.float(from)?, self.float(to)?);
                let count = ops::float_range_len(from, to)?;
                #[expect(clippy::cast_precision_loss, reason = "the rule is a sum of floats")]
                self.count(turns, count, |k| Value::Float(from + k as f64))
            }
            Source::List(list) => {
                let list = self.eval(list)?;
                let object = list.as_obj().ok_or_else(|| mismatch("a list", &list))?;
                self.elements(turns, object, false)
            }
            Source::Map(map) => {
                let map = self.eval(map)?;
                let object = map.as_obj().ok_or_else(|| mismatch("a map", &map))?;
                self.entries(turns, object)
            }
            Source::Value(value) => {
                let value = self.eval(value)?;
                match value.as_obj().map(|object| (object, object.desc().kind)) {
                    Some((object, Kind::List)) => self.elements(turns, object, true),
                    Some((object, Kind::Map)) => self.entries(turns, object),
                    _ => Err(Fault::not_iterable(ops::kind_name(value.peek())).into()),
                }
            }
        }
    }

    fn count(&mut self, turns: Loop, count: u64, item: impl Fn(u64) -> Value) -> Eval<()> {
        for k in 0..count {
            let index = Value::Int(k.cast_signed());
            if self.turn_with(turns, index, item(k))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn elements(&mut self, turns: Loop, list: Obj<'_>, data: bool) -> Eval<()> {
        for (index, element) in list.list().iter().enumerate() {
            let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
            let element = element.to_value();
            let element = if data {
                ops::to_data(&element)
            } else {
                element
            };
            if self.turn_with(turns, index, element)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn entries(&mut self, turns: Loop, map: Obj<'_>) -> Eval<()> {
        for (key, value) in map.map().iter() {
            if self
                .turn_with(turns, key.to_value(), value.to_value())?
                .is_break()
            {
                break;
            }
        }
        Ok(())
    }

    fn turn_with(
        &mut self,
        turns: Loop,
        index: Value,
        item: Value,
    ) -> Eval<std::ops::ControlFlow<()>> {
        if let Some(local) = turns.index {
            self.frame.set(local, index);
        }
        self.frame.set(turns.item, item);
        self.turn(turns.body)
    }
}
