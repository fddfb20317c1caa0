//! Patterns.

use fuse_check::canon::{Arms, ExprId, Pattern, PatternId, Run};
use fuse_runtime::heap::{ERR, OK, Obj};
use fuse_runtime::{Fault, Peek, Value, ops};

use crate::frame::Eval;
use crate::machine::Machine;

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    pub(crate) fn match_arms(&mut self, subject: ExprId, arms: Arms) -> Eval {
        let function = self.frame.function;
        let subject = self.eval(subject)?;
        for arm in &function[arms] {
            if self.matches(arm.pattern, subject.peek()) {
                return self.eval(arm.body);
            }
        }
        Err(Fault::internal("no arm of a match fits").into())
    }

    /// Whether a value looks like a pattern. Gives names to its parts on the
    /// way; those of a pattern that fails in the end are never read.
    fn matches(&mut self, pattern: PatternId, value: Peek<'_>) -> bool {
        match self.frame.function[pattern] {
            Pattern::Any => true,
            Pattern::Bind(local) => {
                self.frame.set(local, value.to_value());
                true
            }
            Pattern::Int(number) => ops::equal(value, Peek::Int(number)),
            Pattern::Float(number) => ops::equal(value, Peek::Float(number)),
            Pattern::Bool(truth) => ops::equal(value, Peek::Bool(truth)),
            Pattern::Str(text) => value.as_text() == Some(&self.parts.program[text]),
            Pattern::Null => matches!(value, Peek::Null),
            Pattern::Some(inner) => !matches!(value, Peek::Null) && self.matches(inner, value),
            Pattern::Ok(inner) => self.content(OK, inner, value),
            Pattern::Err(inner) => self.content(ERR, inner, value),
            Pattern::Variant {
                enumeration: _,
                variant,
                payload,
            } => match value {
                Peek::Tag(tag, _) => u32::from(tag) == variant,
                Peek::Obj(object) => {
                    u32::from(object.tag()) == variant && self.parts_match(payload, object)
                }
                _ => false,
            },
            Pattern::Record { record: _, fields } => value
                .as_obj()
                .is_some_and(|object| self.parts_match(fields, object)),
            Pattern::Member { member, pattern } => {
                let wanted = self.parts.desc(member).unrefined();
                let found = match value {
                    Peek::Tag(_, desc) => desc.unrefined(),
                    Peek::Obj(object) => object.desc().unrefined(),
                    _ => return false,
                };
                std::ptr::eq(wanted, found) && self.matches(pattern, value)
            }
        }
    }

    fn content(&mut self, tag: u16, inner: PatternId, value: Peek<'_>) -> bool {
        let result = value.as_obj().filter(|object| object.tag() == tag);
        result.is_some_and(|object| self.matches(inner, object.field(0)))
    }

    fn parts_match(&mut self, patterns: Run<PatternId>, object: Obj<'_>) -> bool {
        let function = self.frame.function;
        let mut patterns = function[patterns].iter().enumerate();
        patterns.all(|(index, pattern)| self.matches(*pattern, object.field(index)))
    }
}

/// A value of an enum without payload is a tag alone.
const _: fn(u16, &'static fuse_runtime::meta::TypeDesc) -> Value = Value::Tag;
