//! Places: variables and parts of what they hold.

use fuse_check::canon::{PlaceId, PlaceStep};
use fuse_runtime::heap::Ref;
use fuse_runtime::{Fault, Outcome, Value, ops};

use crate::expr::key;
use crate::frame::{Eval, Exit};
use crate::machine::Machine;

/// A step with its expressions evaluated.
enum Step {
    Field(usize),
    UnionField(&'static str),
    Element(i64),
    Key(Value),
    Present,
    ValueField(&'static str),
    ValueIndex(Value),
}

/// What is done with the value at the end of the steps.
type Change<'c> = &'c mut dyn FnMut(&mut Value) -> Outcome<()>;

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    /// Stores a value. Unlike any other change it may add a key.
    pub(crate) fn assign(&mut self, place: PlaceId, value: Value) -> Eval<()> {
        let steps = self.steps(place)?;
        let mut value = Some(value);
        let Some((last, before)) = steps.split_last() else {
            return self.change(place, &[], &mut |target| {
                *target = value.take().unwrap_or_default();
                Ok(())
            });
        };
        self.change(place, before, &mut |target| {
            store(target, last, value.take().unwrap_or_default())
        })
    }

    /// Changes what is at a place, after its expressions and `prepare` were
    /// evaluated.
    pub(crate) fn change_place<T>(
        &mut self,
        place: PlaceId,
        prepare: impl FnOnce(&mut Self) -> Eval<T>,
        change: impl FnOnce(&mut fuse_runtime::Ctx, &mut Value, T) -> Outcome<Value>,
    ) -> Eval {
        let steps = self.steps(place)?;
        let prepared = prepare(self)?;
        let mut pending = Some((prepared, change));
        let mut result = Value::Unit;
        // A built-in function needs the context while the variable is borrowed.
        let local = self.frame.function[place].local;
        let mut root = self.frame.locals[local.index()].take();
        let done = self.change_root(place, &mut root, &steps, &mut |ctx, target| {
            if let Some((prepared, change)) = pending.take() {
                result = change(ctx, target, prepared)?;
            }
            Ok(())
        });
        self.frame.locals[local.index()] = root;
        done?;
        Ok(result)
    }

    fn steps(&mut self, place: PlaceId) -> Eval<Vec<Step>> {
        let function = self.frame.function;
        let steps = &function[function[place].steps];
        steps
            .iter()
            .map(|step| {
                Ok(match *step {
                    PlaceStep::Field(index) => Step::Field(index as usize),
                    PlaceStep::UnionField(name) => Step::UnionField(&self.parts.program[name]),
                    PlaceStep::Element(index) => Step::Element(self.int(index)?),
                    PlaceStep::Key(key) => Step::Key(self.eval(key)?),
                    PlaceStep::Present => Step::Present,
                    PlaceStep::ValueField(name) => Step::ValueField(&self.parts.program[name]),
                    PlaceStep::ValueIndex(index) => Step::ValueIndex(self.eval(index)?),
                })
            })
            .collect()
    }

    fn change(&mut self, place: PlaceId, steps: &[Step], change: Change<'_>) -> Eval<()> {
        let local = self.frame.function[place].local;
        let mut root = self.frame.locals[local.index()].take();
        let done = self.change_root(place, &mut root, steps, &mut |_, target| change(target));
        self.frame.locals[local.index()] = root;
        done
    }

    fn change_root(
        &mut self,
        place: PlaceId,
        root: &mut Value,
        steps: &[Step],
        change: &mut dyn FnMut(&mut fuse_runtime::Ctx, &mut Value) -> Outcome<()>,
    ) -> Eval<()> {
        let cell = self.frame.function[place].cell;
        let ctx = &mut *self.ctx;
        let mut change = |target: &mut Value| change(ctx, target);
        let done = match root {
            Value::Ref(object) if cell => {
                // Others may read the cell until the change is made.
                let mut content = object.obj().cell_get();
                let done = walk(&mut content, steps, &mut change);
                object.obj().cell_set(content);
                done
            }
            value => walk(value, steps, &mut change),
        };
        done.map_err(Exit::Fault)
    }
}

/// Goes from a value to a part of it. What has other owners is copied on the
/// way, so that nobody else sees the change.
fn walk(value: &mut Value, steps: &[Step], change: Change<'_>) -> Outcome<()> {
    let Some((step, rest)) = steps.split_first() else {
        return change(value);
    };
    match step {
        Step::Field(index) => object(value)?.with_field(*index, |field| walk(field, rest, change)),
        Step::UnionField(name) => {
            let index = union_field(value, name)?;
            object(value)?.with_field(index, |field| walk(field, rest, change))
        }
        Step::Element(index) => ops::list_element_mut(object(value)?, *index, |element| {
            walk(element, rest, change)
        })?,
        Step::Key(name) => {
            let map = object(value)?;
            let key = key(name)?;
            // The fault for a key that is not there is that of reading it.
            ops::map_index(map.obj().map(), key)?;
            let walked = map
                .map_mut()
                .with_entry(key, |entry| walk(entry, rest, change));
            walked.unwrap_or_else(|| Err(Fault::internal("an entry went away")))
        }
        Step::Present => {
            if value.is_null() {
                return Err(Fault::null_store());
            }
            walk(value, rest, change)
        }
        Step::ValueField(name) => {
            ops::member_mut(value, name, |member| walk(member, rest, change))?
        }
        Step::ValueIndex(index) => {
            ops::element_mut(value, index, |element| walk(element, rest, change))?
        }
    }
}

/// The last step of an assignment.
fn store(target: &mut Value, step: &Step, value: Value) -> Outcome<()> {
    match step {
        Step::Field(index) => {
            object(target)?.set_field(*index, value);
        }
        Step::UnionField(name) => {
            let index = union_field(target, name)?;
            object(target)?.set_field(index, value);
        }
        Step::Element(index) => ops::list_set(object(target)?, *index, value)?,
        Step::Key(name) => {
            let map = object(target)?;
            map.map_mut().set_value(name.clone(), value);
        }
        Step::Present => {
            if target.is_null() {
                return Err(Fault::null_store());
            }
            *target = value;
        }
        Step::ValueField(name) => ops::set_member(target, name, value)?,
        Step::ValueIndex(index) => ops::set_element(target, index, value)?,
    }
    Ok(())
}

fn object(value: &mut Value) -> Outcome<&mut Ref> {
    match value {
        Value::Ref(object) => Ok(object),
        _ => Err(Fault::internal("a place inside a value that has none")),
    }
}

fn union_field(value: &Value, name: &str) -> Outcome<usize> {
    value
        .as_obj()
        .and_then(|object| object.desc().field_index(name))
        .ok_or_else(|| Fault::internal("a member of a union without the field"))
}
