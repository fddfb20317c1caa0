//! The records that exist without a declaration, and types of the table of
//! built-ins.

use fuse_builtins::TypeSpec;
use fuse_syntax::TextRange;

use super::model::{Default, Field, FieldOrigin, Record};
use crate::ids::RecordId;
use crate::types::{Ty, TyKind, TypeStore};

/// The built-in records at their numbers.
pub(super) fn records(types: &mut TypeStore) -> Vec<Record> {
    fuse_builtins::RECORDS
        .iter()
        .map(|record| builtin_record(types, record))
        .collect()
}

fn builtin_record(types: &mut TypeStore, record: &fuse_builtins::Record) -> Record {
    let id = RecordId::builtin(record.id);
    let fields = record.fields.iter().zip(0..).map(|(field, index)| Field {
        name: types.symbols.intern(field.name),
        ty: spec_type(types, &field.ty, &[]),
        default: field.default.map_or(Default::None, Default::Builtin),
        origin: FieldOrigin {
            record: id,
            index,
            module: None,
            range: TextRange::default(),
        },
        package: None,
    });
    let fields = fields.collect();
    Record {
        name: types.symbols.intern(record.name),
        range: TextRange::default(),
        decl: None,
        decl_range: TextRange::default(),
        ty: types.intern(TyKind::Record(id)),
        fields,
        base: None,
    }
}

/// The type of a row of the table, with its parameters replaced.
///
/// A parameter without a type, and what only parameters of built-ins have
/// (`any`, alternatives), come out as [`Ty::INVALID`] and [`Ty::ANY`].
pub(crate) fn spec_type(types: &mut TypeStore, spec: &TypeSpec, params: &[(&str, Ty)]) -> Ty {
    match spec {
        TypeSpec::Unit => Ty::UNIT,
        TypeSpec::Bool => Ty::BOOL,
        TypeSpec::Int => Ty::INT,
        TypeSpec::Float => Ty::FLOAT,
        TypeSpec::String => Ty::STRING,
        TypeSpec::Bytes => Ty::BYTES,
        TypeSpec::Html => Ty::HTML,
        TypeSpec::Id => Ty::ID,
        TypeSpec::Email => Ty::EMAIL,
        TypeSpec::Value => Ty::VALUE,
        TypeSpec::Query => Ty::QUERY,
        TypeSpec::Any | TypeSpec::Encodable | TypeSpec::OneOf(_) => Ty::ANY,
        TypeSpec::List(item) => {
            let item = spec_type(types, item, params);
            types.list(item)
        }
        TypeSpec::Map(key, value) => {
            let key = spec_type(types, key, params);
            let value = spec_type(types, value, params);
            types.map(key, value)
        }
        TypeSpec::Option(item) => {
            let item = spec_type(types, item, params);
            types.option(item)
        }
        TypeSpec::Result(ok, error) => {
            let ok = spec_type(types, ok, params);
            let error = spec_type(types, error, params);
            match types.kind(error) {
                TyKind::Union(errors) => types.intern(TyKind::Result(ok, errors)),
                _ => types.result(ok, &[error]),
            }
        }
        TypeSpec::Fn(parts, result) => {
            let parts: Vec<Ty> = parts
                .iter()
                .map(|part| spec_type(types, part, params))
                .collect();
            let result = spec_type(types, result, params);
            types.function(&parts, result)
        }
        TypeSpec::Param(name) => {
            let found = params.iter().find(|(known, _)| known == name);
            found.map_or(Ty::INVALID, |(_, ty)| *ty)
        }
        TypeSpec::Record(id) => types.intern(TyKind::Record(RecordId::builtin(*id))),
    }
}
