//! Expressions.

use fuse_check::canon::{
    BinaryOp, CompareKind, CompareOp, Expr, ExprId, Exprs, IndexKind, RangeKind, RecordId, UnaryOp,
};
use fuse_runtime::decode::{DataMode, convert};
use fuse_runtime::heap::{ERR, Key, ListBuilder, Ref};
use fuse_runtime::ops::{self, Comparison, Operator};
use fuse_runtime::validate::{Path, Problems, validate, validate_fields};
use fuse_runtime::{Fault, Value, display, error};

use crate::frame::{Eval, Exit};
use crate::machine::{Machine, mismatch};

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    pub(crate) fn expr(&mut self, id: ExprId, expr: Expr) -> Eval {
        match expr {
            Expr::Unit => Ok(Value::Unit),
            Expr::Bool(value) => Ok(Value::Bool(value)),
            Expr::Int(value) => Ok(Value::Int(value)),
            Expr::Float(value) => Ok(Value::Float(value)),
            Expr::Str(text) => Ok(self.parts.text(text)),
            Expr::Null => Ok(Value::Null),
            Expr::Asset(asset) => Ok(self.parts.assets[asset.index()].to_value()),
            Expr::Local(local) => Ok(self.frame.local(local).clone()),
            Expr::Config(config, field) => self.config(config, field),
            Expr::List(elements) => self.list(id, elements),
            Expr::Map(entries) => self.map(id, entries),
            Expr::Record {
                record,
                fields,
                checked,
                fallible,
            } => self.record(id, record, fields, checked, fallible),
            Expr::Variant {
                enumeration,
                variant,
                payload,
                checked,
                fallible,
            } => self.variant(id, enumeration, variant, payload, checked, fallible),
            Expr::Field { base, field } => {
                let base = self.eval(base)?;
                let object = base.as_obj().ok_or_else(|| mismatch("a record", &base))?;
                Ok(object.field(field as usize).to_value())
            }
            Expr::UnionField { base, name } => {
                let base = self.eval(base)?;
                let object = base.as_obj().ok_or_else(|| mismatch("a record", &base))?;
                let field = object.desc().field_index(&self.parts.program[name]);
                let field = field.ok_or_else(|| mismatch("a record with the field", &base))?;
                Ok(object.field(field).to_value())
            }
            // An option is its content or null, and a union is its member.
            Expr::Some(value) | Expr::ToUnion(value) | Expr::Unwrap(value) => self.eval(value),
            Expr::Ok(value) => Ok(Value::ok(self.desc_of(id), self.eval(value)?)),
            Expr::Err(error) => Ok(Value::err(self.desc_of(id), self.eval(error)?)),
            Expr::IsNull(value) => Ok(Value::Bool(self.eval(value)?.is_null())),
            Expr::IsErr(result) => {
                let result = self.eval(result)?;
                let object = result
                    .as_obj()
                    .ok_or_else(|| mismatch("a result", &result))?;
                Ok(Value::Bool(object.tag() == ERR))
            }
            Expr::UnwrapOk(result) | Expr::UnwrapErr(result) => {
                let result = self.eval(result)?;
                let object = result
                    .as_obj()
                    .ok_or_else(|| mismatch("a result", &result))?;
                Ok(object.field(0).to_value())
            }
            Expr::Unary { op, operand } => self.unary(op, operand),
            Expr::Binary { op, left, right } => self.binary(id, op, left, right),
            Expr::Compare {
                op,
                kind,
                left,
                right,
            } => self.compare(op, kind, left, right),
            Expr::Equal {
                left,
                right,
                negated,
            } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(Value::Bool(
                    ops::equal(left.peek(), right.peek()) != negated,
                ))
            }
            Expr::Concat(parts) => {
                let parts = self.evals(parts)?;
                Ok(display::concat(&parts))
            }
            Expr::Display(value) => {
                let value = self.eval(value)?;
                Ok(display::concat(&[value]))
            }
            Expr::Index { kind, base, index } => self.index(kind, base, index),
            Expr::Range { kind, from, to } => self.range(kind, from, to),
            Expr::ValueField { base, name } => {
                let base = self.eval(base)?;
                Ok(ops::member(base.peek(), &self.parts.program[name])?)
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "to nearest, ties to even, is the rule"
            )]
            Expr::IntToFloat(value) => Ok(Value::Float(self.int(value)? as f64)),
            Expr::ToValue(value) => Ok(ops::to_data(&self.eval(value)?)),
            Expr::FromValue(value) => {
                let value = self.eval(value)?;
                Ok(convert(
                    self.ctx,
                    self.desc_of(id),
                    value,
                    DataMode::Convert,
                    "value",
                )?)
            }
            Expr::Validate { value, path } => {
                let value = self.eval(value)?;
                let path = Path::root(&self.parts.program[path]);
                let mut problems = Problems::new();
                validate(
                    self.ctx,
                    self.desc_of(id),
                    value.peek(),
                    &path,
                    &mut problems,
                )?;
                if problems.is_empty() {
                    Ok(value)
                } else {
                    Err(Fault::validation(problems.into_fields()).into())
                }
            }
            Expr::ConvertList { list, item, body } => self.convert_list(id, list, item, body),
            Expr::ConvertMap { map, item, body } => self.convert_map(id, map, item, body),
            Expr::NewBox(content) => {
                let content = self.eval(content)?;
                Ok(Value::Ref(Ref::new_cell(self.desc_of(id), content)))
            }
            Expr::ReadBox(cell) => {
                let cell = self.eval(cell)?;
                let object = cell.as_obj().ok_or_else(|| mismatch("a cell", &cell))?;
                Ok(object.cell_get())
            }
            Expr::Call { function, args } => self.call(function, args),
            Expr::CallValue { callee, args } => self.call_value(callee, args),
            Expr::CallBuiltin {
                builtin,
                type_arg,
                args,
            } => self.call_builtin(id, builtin, type_arg, args),
            Expr::CallMember {
                member,
                type_arg,
                receiver,
                args,
            } => self.call_member(id, member, type_arg, receiver, args),
            Expr::CallPlaceMember {
                member,
                place,
                args,
            } => self.call_place_member(id, member, place, args),
            Expr::Closure { function, captures } => self.closure(id, function, captures),
            Expr::Spawn { function, captures } => self.spawn(id, function, captures),
            Expr::Await(task) => self.await_task(task),
            Expr::Join { task, mode } => self.join(task, mode),
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                if self.truth(condition)? {
                    self.eval(then)
                } else {
                    self.eval(otherwise)
                }
            }
            Expr::Match { subject, arms } => self.match_arms(subject, arms),
            Expr::Block { stmts, value } => {
                self.stmts(stmts)?;
                self.eval(value)
            }
            Expr::Transaction(body) => self.transaction(body),
            Expr::Element {
                tag,
                void,
                attributes,
                children,
            } => self.element(tag, void, attributes, children),
            Expr::Attributes(attributes) => Ok(self.attributes(attributes)?.into_map()),
            Expr::Unreachable => Err(Fault::internal("an unreachable place was reached").into()),
        }
    }

    /// Evaluates expressions in order.
    pub(crate) fn evals(&mut self, exprs: Exprs) -> Eval<Vec<Value>> {
        let function = self.frame.function;
        function[exprs]
            .iter()
            .map(|expr| self.eval(*expr))
            .collect()
    }

    fn list(&mut self, id: ExprId, elements: Exprs) -> Eval {
        let function = self.frame.function;
        let mut list = ListBuilder::new(self.desc_of(id), elements.len());
        for element in &function[elements] {
            list.push(self.eval(*element)?);
        }
        Ok(Value::Ref(list.finish()))
    }

    fn map(&mut self, id: ExprId, entries: Exprs) -> Eval {
        let function = self.frame.function;
        let mut map = Ref::new_map(self.desc_of(id), entries.len() / 2);
        for entry in function[entries].chunks_exact(2) {
            let (key, value) = (self.eval(entry[0])?, self.eval(entry[1])?);
            map.map_mut().set_value(key, value);
        }
        Ok(Value::Ref(map))
    }

    fn record(
        &mut self,
        id: ExprId,
        record: RecordId,
        fields: Exprs,
        checked: fuse_check::canon::Indices,
        fallible: bool,
    ) -> Eval {
        let fields = self.evals(fields)?;
        let desc = self.parts.desc(self.parts.program[record].ty);
        let checked = self.frame.function[checked]
            .iter()
            .map(|index| *index as usize);
        let verdict = validate_fields(self.ctx, desc, 0, &fields, checked)?;
        let made = || Value::Ref(Ref::new_record(desc, fields));
        self.made(id, verdict, made, fallible)
    }

    fn variant(
        &mut self,
        id: ExprId,
        enumeration: fuse_check::canon::EnumId,
        variant: u32,
        payload: Exprs,
        checked: fuse_check::canon::Indices,
        fallible: bool,
    ) -> Eval {
        let payload = self.evals(payload)?;
        let desc = self.parts.desc(self.parts.program[enumeration].ty);
        // An enum has fewer variants than a tag can count.
        let tag = u16::try_from(variant).unwrap_or(u16::MAX);
        let checked = self.frame.function[checked]
            .iter()
            .map(|index| *index as usize);
        let verdict = validate_fields(self.ctx, desc, tag, &payload, checked)?;
        let made = || Value::variant(desc, tag, payload);
        self.made(id, verdict, made, fallible)
    }

    /// A construction, or what is wrong with it.
    fn made(
        &mut self,
        id: ExprId,
        verdict: fuse_runtime::validate::Checked,
        made: impl FnOnce() -> Value,
        fallible: bool,
    ) -> Eval {
        match (verdict, fallible) {
            (Ok(()), false) => Ok(made()),
            (Ok(()), true) => Ok(Value::ok(self.desc_of(id), made())),
            (Err(problems), false) => Err(Fault::validation(problems).into()),
            (Err(problems), true) => {
                let result = self.desc_of(id);
                let error = error::validation_value(self.ctx, result.key(), problems)?;
                Ok(Value::err(result, error))
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: ExprId) -> Eval {
        match op {
            UnaryOp::Not => Ok(Value::Bool(!self.truth(operand)?)),
            UnaryOp::NegInt => Ok(Value::Int(ops::negate(self.int(operand)?)?)),
            UnaryOp::NegFloat => Ok(Value::Float(-self.float(operand)?)),
            UnaryOp::NegValue => {
                let value = self.eval(operand)?;
                Ok(ops::negate_dynamic(&value)?)
            }
            UnaryOp::NotValue => {
                let value = self.eval(operand)?;
                Ok(Value::Bool(ops::not_dynamic(&value)?))
            }
        }
    }

    fn binary(&mut self, id: ExprId, op: BinaryOp, left: ExprId, right: ExprId) -> Eval {
        match op {
            BinaryOp::IntAdd => self.ints(left, right, ops::add),
            BinaryOp::IntSub => self.ints(left, right, ops::subtract),
            BinaryOp::IntMul => self.ints(left, right, ops::multiply),
            BinaryOp::IntDiv => self.ints(left, right, ops::divide),
            BinaryOp::IntRem => self.ints(left, right, ops::remainder),
            BinaryOp::FloatAdd => self.floats(left, right, |a, b| a + b),
            BinaryOp::FloatSub => self.floats(left, right, |a, b| a - b),
            BinaryOp::FloatMul => self.floats(left, right, |a, b| a * b),
            BinaryOp::FloatDiv => self.floats(left, right, |a, b| a / b),
            BinaryOp::FloatRem => self.floats(left, right, |a, b| a % b),
            BinaryOp::ListConcat => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(ops::concat_lists(self.desc_of(id), left, &right)?)
            }
            BinaryOp::BytesConcat => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(ops::concat(left, &right)?)
            }
            BinaryOp::ValueAdd => self.values(left, right, Operator::Add),
            BinaryOp::ValueSub => self.values(left, right, Operator::Subtract),
            BinaryOp::ValueMul => self.values(left, right, Operator::Multiply),
            BinaryOp::ValueDiv => self.values(left, right, Operator::Divide),
            BinaryOp::ValueRem => self.values(left, right, Operator::Remainder),
        }
    }

    fn ints(
        &mut self,
        left: ExprId,
        right: ExprId,
        op: fn(i64, i64) -> fuse_runtime::Outcome<i64>,
    ) -> Eval {
        let (left, right) = (self.int(left)?, self.int(right)?);
        Ok(Value::Int(op(left, right)?))
    }

    fn floats(&mut self, left: ExprId, right: ExprId, op: fn(f64, f64) -> f64) -> Eval {
        let (left, right) = (self.float(left)?, self.float(right)?);
        Ok(Value::Float(op(left, right)))
    }

    fn values(&mut self, left: ExprId, right: ExprId, op: Operator) -> Eval {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        Ok(ops::binary(op, left, &right)?)
    }

    fn compare(&mut self, op: CompareOp, kind: CompareKind, left: ExprId, right: ExprId) -> Eval {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        let comparison = match op {
            CompareOp::Eq | CompareOp::Ne => {
                let order = ops::order(left.peek(), right.peek());
                let equal = order == Some(std::cmp::Ordering::Equal);
                return Ok(Value::Bool(equal == (op == CompareOp::Eq)));
            }
            CompareOp::Lt => Comparison::Less,
            CompareOp::Le => Comparison::LessEqual,
            CompareOp::Gt => Comparison::Greater,
            CompareOp::Ge => Comparison::GreaterEqual,
        };
        match kind {
            CompareKind::Value => Ok(Value::Bool(ops::compare_dynamic(
                comparison,
                left.peek(),
                right.peek(),
            )?)),
            CompareKind::Int
            | CompareKind::Float
            | CompareKind::IntFloat
            | CompareKind::FloatInt
            | CompareKind::Text => Ok(Value::Bool(
                comparison.holds(ops::order(left.peek(), right.peek())),
            )),
        }
    }

    fn index(&mut self, kind: IndexKind, base: ExprId, index: ExprId) -> Eval {
        let (base, index) = (self.eval(base)?, self.eval(index)?);
        if kind == IndexKind::Value {
            return Ok(ops::index_dynamic(base.peek(), index.peek())?);
        }
        if base.is_null() {
            // Only the forms that give null are asked of null.
            return Ok(Value::Null);
        }
        let object = base
            .as_obj()
            .ok_or_else(|| mismatch("a container", &base))?;
        let place = || index.as_int().ok_or_else(|| mismatch("Int", &index));
        Ok(match kind {
            IndexKind::List => ops::list_index(object.list(), place()?)?.to_value(),
            IndexKind::ListOrNull => {
                or_null(ops::list_index(object.list(), place()?).map(fuse_runtime::Peek::to_value))
            }
            IndexKind::Map => ops::map_index(object.map(), key(&index)?)?.to_value(),
            IndexKind::MapOrNull => {
                let found = object.map().get(key(&index)?);
                found.map_or(Value::Null, fuse_runtime::Peek::to_value)
            }
            IndexKind::Text => ops::text_index(object, place()?)?,
            IndexKind::TextOrNull => or_null(ops::text_index(object, place()?)),
            IndexKind::Bytes => Value::Int(ops::bytes_index(object.bytes(), place()?)?),
            IndexKind::Value => return Err(mismatch("a container", &base)),
        })
    }

    fn range(&mut self, kind: RangeKind, from: ExprId, to: ExprId) -> Eval {
        Ok(match kind {
            RangeKind::Int => ops::int_range(self.int(from)?, self.int(to)?, true)?,
            RangeKind::IntHalfOpen => ops::int_range(self.int(from)?, self.int(to)?, false)?,
            RangeKind::Float => ops::float_range(self.float(from)?, self.float(to)?)?,
            RangeKind::Value | RangeKind::ValueHalfOpen => {
                let (from, to) = (self.eval(from)?, self.eval(to)?);
                ops::range_dynamic(&from, &to, kind == RangeKind::Value)?
            }
        })
    }

    fn convert_list(
        &mut self,
        id: ExprId,
        list: ExprId,
        item: fuse_check::canon::LocalId,
        body: ExprId,
    ) -> Eval {
        let list = self.eval(list)?;
        let object = list.as_obj().ok_or_else(|| mismatch("a list", &list))?;
        let mut converted = ListBuilder::new(self.desc_of(id), object.list().len());
        for element in object.list().iter() {
            self.frame.set(item, element.to_value());
            converted.push(self.eval(body)?);
        }
        Ok(Value::Ref(converted.finish()))
    }

    fn convert_map(
        &mut self,
        id: ExprId,
        map: ExprId,
        item: fuse_check::canon::LocalId,
        body: ExprId,
    ) -> Eval {
        let map = self.eval(map)?;
        let object = map.as_obj().ok_or_else(|| mismatch("a map", &map))?;
        let mut converted = Ref::new_map(self.desc_of(id), object.map().len());
        for (key, value) in object.map().iter() {
            self.frame.set(item, value.to_value());
            let value = self.eval(body)?;
            converted.map_mut().set_value(key.to_value(), value);
        }
        Ok(Value::Ref(converted))
    }
}

/// What there is, or null.
fn or_null(found: fuse_runtime::Outcome<Value>) -> Value {
    found.unwrap_or(Value::Null)
}

/// A key of a map.
pub(crate) fn key(value: &Value) -> Eval<Key<'_>> {
    Key::from_peek(value.peek()).ok_or_else(|| mismatch("a key", value))
}

impl From<Exit> for Fault {
    /// Only for places that hold no statements, so that nothing but a fault
    /// leaves them.
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fault(fault) => fault,
            Exit::Return(_) | Exit::Break | Exit::Continue => {
                Self::internal("control left an expression")
            }
        }
    }
}
