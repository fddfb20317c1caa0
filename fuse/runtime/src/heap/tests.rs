//! The heap against models: a value behaves as if every binding were a copy.

use indexmap::IndexMap;
use proptest::prelude::*;

use super::*;
use crate::meta::{Constraint, FieldSpec, TypeDesc, TypeTable, VariantSpec, well_known};
use crate::value::{Peek, Value};

/// Types that the tests share: they are built once, since types are never freed.
struct Types {
    nested: &'static TypeDesc,
    pair: &'static TypeDesc,
    color: &'static TypeDesc,
    shape: &'static TypeDesc,
    ids: &'static TypeDesc,
    colors: &'static TypeDesc,
    shapes: &'static TypeDesc,
    option_ints: &'static TypeDesc,
    option_colors: &'static TypeDesc,
    union: &'static TypeDesc,
    result: &'static TypeDesc,
    cell: &'static TypeDesc,
    by_int: &'static TypeDesc,
}

fn types() -> &'static Types {
    static TYPES: std::sync::LazyLock<Types> = std::sync::LazyLock::new(|| {
        let mut table = TypeTable::new();
        let (int, string) = (
            table.known(&well_known::INT),
            table.known(&well_known::STRING),
        );
        let bool = table.known(&well_known::BOOL);
        let nested = table.known(&well_known::LIST_INT);
        let nested = table.list(nested);
        let pair = table.declare_record("Pair", "");
        let option = table.option(int);
        table.define_record(
            pair,
            vec![
                FieldSpec::new("on", bool),
                FieldSpec::new("name", string),
                FieldSpec::new("off", bool),
                FieldSpec::new("count", option),
                FieldSpec::new("lists", nested),
            ],
        );
        let color = table.declare_enum("Color", "", true);
        table.define_enum(
            color,
            vec![VariantSpec::new("Red", []), VariantSpec::new("Green", [])],
        );
        let shape = table.declare_enum("Shape", "", false);
        table.define_enum(
            shape,
            vec![
                VariantSpec::new("Dot", []),
                VariantSpec::new("Rect", [bool, int, string]),
            ],
        );
        let ids = table.refined(string, vec![Constraint::Length { min: 1, max: 3 }]);
        let ids = table.list(ids);
        let colors = table.list(color);
        let shapes = table.list(shape);
        let option_ints = table.list(option);
        let option_colors = table.option(color);
        let option_colors = table.list(option_colors);
        let union = table.union(vec![pair, color]);
        let result = table.result(int, union);
        let cell = table.cell(nested);
        let by_int = table.map(int, string);
        let types = table.finish();
        let get = |id: crate::meta::TypeId| types[id.0 as usize];
        Types {
            nested: get(nested),
            pair: get(pair),
            color: get(color),
            shape: get(shape),
            ids: get(ids),
            colors: get(colors),
            shapes: get(shapes),
            option_ints: get(option_ints),
            option_colors: get(option_colors),
            union: get(union),
            result: get(result),
            cell: get(cell),
            by_int: get(by_int),
        }
    });
    &TYPES
}

fn show(value: &Value) -> String {
    format!("{value:?}")
}

fn ints(values: &[i64]) -> Value {
    Value::Ref(list_of(
        &well_known::LIST_INT,
        values.iter().map(|value| Value::Int(*value)),
    ))
}

#[test]
fn every_slot_keeps_its_values() {
    let types = types();
    let lists = [
        (
            types.colors,
            vec![Value::Tag(1, types.color), Value::Tag(0, types.color)],
            "[Color.Green, Color.Red]",
        ),
        (
            types.option_ints,
            vec![Value::Int(-1), Value::Null],
            "[-1, null]",
        ),
        (
            types.option_colors,
            vec![Value::Null, Value::Tag(1, types.color)],
            "[null, Color.Green]",
        ),
        (types.ids, vec![Value::text("é")], "[é]"),
        (
            types.shapes,
            vec![
                Value::variant(types.shape, 0, []),
                Value::variant(
                    types.shape,
                    1,
                    [Value::Bool(true), Value::Int(2), Value::text("x")],
                ),
            ],
            "[Shape.Dot, Shape.Rect(true, 2, x)]",
        ),
        (
            &well_known::LIST_VALUE,
            vec![
                Value::Null,
                Value::Bool(true),
                Value::Int(1),
                Value::Float(1.5),
                Value::text("t"),
                ints(&[1]),
            ],
            "[null, true, 1, 1.5, t, [1]]",
        ),
    ];
    for (desc, values, expected) in lists {
        let list = Value::Ref(list_of(desc, values));
        assert_eq!(show(&list), expected);
        let copy = Value::Ref(list.as_obj().unwrap().list().copy(0, 1, 9));
        drop(list);
        assert_eq!(copy.as_obj().unwrap().list().len(), 1);
    }
    assert_eq!(thread_objects(), 0);
}

#[test]
fn records_change_without_touching_their_copies() {
    let types = types();
    let lists = Value::Ref(list_of(types.nested, [ints(&[1])]));
    let mut pair = Ref::new_record(
        types.pair,
        [
            Value::Bool(true),
            Value::text("a"),
            Value::Bool(false),
            Value::Null,
            lists,
        ],
    );
    let copy = pair.clone();
    assert!(pair.set_field(3, Value::Int(7)).is_null());
    pair.with_field(4, |lists| {
        let Value::Ref(lists) = lists else {
            panic!("a list")
        };
        lists.list_mut().with_element(0, |inner| {
            let Value::Ref(inner) = inner else {
                panic!("a list")
            };
            inner.list_mut().push(Value::Int(2));
        });
    });
    let text = "Pair(on=true, name=a, off=false, count=7, lists=[[1, 2]])";
    assert_eq!(format!("{pair:?}"), text);
    assert_eq!(
        format!("{copy:?}"),
        "Pair(on=true, name=a, off=false, count=null, lists=[[1]])"
    );
    // Nothing else owns it now, so it changes where it is.
    let place = pair.obj().pointer;
    drop(copy);
    pair.set_field(0, Value::Bool(false));
    assert_eq!(pair.obj().pointer, place);
    drop(pair);
    assert_eq!(thread_objects(), 0);
}

#[test]
fn a_part_that_is_not_brought_back_leaves_a_sound_object() {
    let types = types();
    let mut lists = list_of(types.nested, [ints(&[1])]);
    lists.list_mut().with_element(0, |inner| drop(inner.take()));
    assert_eq!(lists.obj().list().len(), 1);
    drop(lists);
    assert_eq!(thread_objects(), 0);
}

#[test]
fn unions_hold_enums_without_payload() {
    let types = types();
    assert_eq!(types.union.kind, crate::meta::Kind::Union);
    let failed = Value::err(types.result, Value::Tag(1, types.color));
    assert_eq!(show(&failed), "Err(Color.Green)");
    assert!(matches!(failed.as_obj().unwrap().field(0), Peek::Tag(1, _)));
    assert_eq!(show(&Value::ok(types.result, Value::Int(3))), "Ok(3)");
    drop(failed);
    assert_eq!(thread_objects(), 0);
}

#[test]
fn cells_are_shared_and_functions_capture_them() {
    let types = types();
    let cell = Ref::new_cell(types.cell, Value::Ref(Ref::new_list(types.nested, 0)));
    let func = Ref::new_func(
        &well_known::FUNC,
        9,
        vec![Value::Ref(cell.clone()), Value::Int(1)],
    );
    let Value::Ref(mut content) = cell.obj().cell_get() else {
        panic!("a list")
    };
    content.list_mut().push(ints(&[4]));
    drop(cell.obj().cell_set(Value::Ref(content)));
    let captured = func.obj().func_captures()[0].as_obj().unwrap().cell_get();
    assert_eq!(
        (show(&captured), func.obj().func_code()),
        ("[[4]]".to_owned(), 9)
    );
    assert!(Shared::new(Value::Ref(func.clone())).is_err());
    drop((captured, func, cell));
    assert_eq!(thread_objects(), 0);
}

#[test]
fn deep_values_are_shown_compared_and_freed_without_a_deep_stack() {
    let build = || {
        let mut value = Value::Int(1);
        for _ in 0..300_000 {
            value = Value::Ref(list_of(&well_known::LIST_VALUE, [value]));
        }
        value
    };
    let (a, b) = (build(), build());
    assert!(crate::ops::equal(a.peek(), b.peek()));
    assert_eq!(show(&a).len(), 600_001);
    assert_eq!(
        crate::ops::normalise(a.peek()).peek().kind(),
        crate::meta::Kind::List
    );
    let shared = Shared::new(a).unwrap();
    drop((shared, b));
    assert_eq!(thread_objects(), 0);
}

#[test]
fn shared_values_cross_threads() {
    let types = types();
    let mut value = Value::Ref(list_of(types.nested, [ints(&[1]), ints(&[2])]));
    let shared = Shared::new(value.clone()).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let shared = shared.clone();
            std::thread::spawn(move || {
                for _ in 0..1000 {
                    let Value::Ref(mut list) = shared.to_value() else {
                        panic!("a list")
                    };
                    list.list_mut().push(ints(&[number]));
                    assert_eq!(list.obj().list().len(), 3);
                }
                drop(shared);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    drop(shared);
    // Alone again: it may change in place, and what is put into it later is
    // marked again when it is shared again.
    let Value::Ref(list) = &mut value else {
        panic!("a list")
    };
    list.list_mut().push(ints(&[3]));
    let again = Shared::new(value.clone()).unwrap();
    std::thread::spawn(move || assert_eq!(show(again.value()), "[[1], [2], [3]]"))
        .join()
        .unwrap();
    assert_eq!(show(&value), "[[1], [2], [3]]");
}

#[test]
fn immortal_values_are_copied_before_they_change() {
    let shared = Shared::immortal(ints(&[1])).unwrap();
    let Value::Ref(mut list) = shared.to_value() else {
        panic!("a list")
    };
    list.list_mut().push(Value::Int(2));
    assert_eq!(
        (format!("{list:?}"), show(shared.value())),
        ("[1, 2]".to_owned(), "[1]".to_owned())
    );
    drop(list);
    assert_eq!(thread_objects(), 0);
}

/// What a program does with bindings of lists of lists.
#[derive(Clone, Debug)]
enum Step {
    Copy(usize, usize),
    Push(usize, i64),
    PushInner(usize, usize, i64),
    Set(usize, usize, Vec<i64>),
    Insert(usize, usize, Vec<i64>),
    Remove(usize, usize),
    Pop(usize),
    Reverse(usize),
    Slice(usize, usize, usize),
    Clear(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = 0..4_usize;
    let inner = proptest::collection::vec(any::<i64>(), 0..3);
    let step = prop_oneof![
        (at.clone(), at.clone()).prop_map(|(a, b)| Step::Copy(a, b)),
        (at.clone(), any::<i64>()).prop_map(|(a, b)| Step::Push(a, b)),
        (at.clone(), 0..8_usize, any::<i64>()).prop_map(|(a, b, c)| Step::PushInner(a, b, c)),
        (at.clone(), 0..8_usize, inner.clone()).prop_map(|(a, b, c)| Step::Set(a, b, c)),
        (at.clone(), 0..8_usize, inner).prop_map(|(a, b, c)| Step::Insert(a, b, c)),
        (at.clone(), 0..8_usize).prop_map(|(a, b)| Step::Remove(a, b)),
        at.clone().prop_map(Step::Pop),
        at.clone().prop_map(Step::Reverse),
        (at.clone(), 0..4_usize, 0..8_usize).prop_map(|(a, b, c)| Step::Slice(a, b, c)),
        at.prop_map(Step::Clear),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 3 } else { 256 }, ..ProptestConfig::default() })]

    /// Four bindings, each a real copy in the model.
    #[test]
    fn lists_behave_like_copies(steps in steps()) {
        let types = types();
        let mut model: Vec<Vec<Vec<i64>>> = vec![Vec::new(); 4];
        let mut real: Vec<Ref> = (0..4).map(|_| Ref::new_list(types.nested, 0)).collect();
        for step in steps {
            match step {
                Step::Copy(from, to) => {
                    model[to] = model[from].clone();
                    real[to] = real[from].clone();
                }
                Step::Push(at, value) => {
                    model[at].push(vec![value]);
                    real[at].list_mut().push(ints(&[value]));
                }
                Step::PushInner(at, index, value) if index < model[at].len() => {
                    model[at][index].push(value);
                    real[at].list_mut().with_element(index, |inner| {
                        let Value::Ref(inner) = inner else { panic!("a list") };
                        inner.list_mut().push(Value::Int(value));
                    });
                }
                Step::Set(at, index, value) if index < model[at].len() => {
                    real[at].list_mut().set(index, ints(&value));
                    model[at][index] = value;
                }
                Step::Insert(at, index, value) if index <= model[at].len() => {
                    real[at].list_mut().insert(index, ints(&value));
                    model[at].insert(index, value);
                }
                Step::Remove(at, index) if index < model[at].len() => {
                    let removed = real[at].list_mut().remove(index);
                    let expected = model[at].remove(index);
                    prop_assert_eq!(show(&removed), format!("{expected:?}"));
                }
                Step::Pop(at) => {
                    let popped = real[at].list_mut().pop();
                    let expected = model[at].pop();
                    prop_assert_eq!(popped.map(|value| show(&value)), expected.map(|value| format!("{value:?}")));
                }
                Step::Reverse(at) => {
                    model[at].reverse();
                    real[at].list_mut().reverse();
                }
                Step::Slice(at, start, end) if start <= end && end <= model[at].len() => {
                    model[at] = model[at][start..end].to_vec();
                    let slice = real[at].obj().list().copy(start, end, 0);
                    real[at] = slice;
                }
                Step::Clear(at) => {
                    model[at].clear();
                    real[at].list_mut().clear();
                }
                _ => {}
            }
            for (model, real) in model.iter().zip(&real) {
                prop_assert_eq!(format!("{model:?}"), format!("{real:?}"));
            }
        }
        drop(real);
        prop_assert_eq!(thread_objects(), 0);
    }

    /// A map keeps the order of insertion, like the reference does when entries
    /// are shifted on removal.
    #[test]
    fn maps_behave_like_an_ordered_map(
        steps in proptest::collection::vec((0..4_u8, 0..40_u8, any::<i64>()), 0..200),
    ) {
        let mut model: IndexMap<String, i64> = IndexMap::new();
        let mut real = Ref::new_map(&well_known::MAP_VALUE, 0);
        let mut copies = Vec::new();
        for (kind, key, value) in steps {
            let key = format!("k{key}");
            match kind {
                0 | 1 => {
                    let before = real.map_mut().set(key.as_str(), Value::Int(value));
                    let expected = model.insert(key, value);
                    prop_assert_eq!(before.and_then(|value| value.as_int()), expected);
                }
                2 => {
                    let removed = real.map_mut().remove(key.as_str());
                    let expected = model.shift_remove(&key);
                    prop_assert_eq!(removed.and_then(|value| value.as_int()), expected);
                }
                _ => copies.push((model.clone(), real.clone())),
            }
        }
        copies.push((model, real));
        for (model, real) in &copies {
            let map = real.obj().map();
            prop_assert_eq!(map.len(), model.len());
            let entries: Vec<_> = map
                .iter()
                .map(|(key, value)| (key.as_text().unwrap().to_owned(), value.to_value().as_int().unwrap()))
                .collect();
            let expected: Vec<_> = model.iter().map(|(key, value)| (key.clone(), *value)).collect();
            prop_assert_eq!(entries, expected);
            for number in 0..40 {
                let key = format!("k{number}");
                let found = map.get(key.as_str()).map(|value| value.to_value().as_int().unwrap());
                prop_assert_eq!(found, model.get(&key).copied());
            }
        }
        drop(copies);
        prop_assert_eq!(thread_objects(), 0);
    }

    #[test]
    fn maps_take_numbers_as_keys(keys in proptest::collection::vec(any::<i64>(), 0..50)) {
        let mut map = Ref::new_map(types().by_int, 0);
        for key in &keys {
            map.map_mut().set(*key, Value::text("x"));
        }
        for key in &keys {
            prop_assert!(map.obj().map().contains(*key));
            map.map_mut().remove(*key);
        }
        prop_assert!(map.obj().map().is_empty());
    }

    #[test]
    fn appending_text_is_concatenation(parts in proptest::collection::vec(".{0,6}", 0..20)) {
        let mut text = text::new("");
        let mut expected = String::new();
        let mut copies = Vec::new();
        for part in &parts {
            copies.push((text.clone(), expected.clone()));
            text.text_push(part);
            expected.push_str(part);
            prop_assert_eq!(text.obj().text(), expected.as_str());
            prop_assert_eq!(text.obj().text_chars(), expected.chars().count());
            prop_assert_eq!(text.obj().is_ascii(), expected.is_ascii());
        }
        for (copy, expected) in &copies {
            prop_assert_eq!(copy.obj().text(), expected.as_str());
        }
    }
}
