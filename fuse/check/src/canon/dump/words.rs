//! What operations are called in the text form.

use super::super::expr::{BinaryOp, CompareKind, CompareOp, IndexKind, RangeKind, UnaryOp};

pub(super) fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "not",
        UnaryOp::NegInt => "neg.int",
        UnaryOp::NegFloat => "neg.float",
        UnaryOp::NegValue => "neg.value",
        UnaryOp::NotValue => "not.value",
    }
}

pub(super) fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::IntAdd => "add.int",
        BinaryOp::IntSub => "sub.int",
        BinaryOp::IntMul => "mul.int",
        BinaryOp::IntDiv => "div.int",
        BinaryOp::IntRem => "rem.int",
        BinaryOp::FloatAdd => "add.float",
        BinaryOp::FloatSub => "sub.float",
        BinaryOp::FloatMul => "mul.float",
        BinaryOp::FloatDiv => "div.float",
        BinaryOp::FloatRem => "rem.float",
        BinaryOp::ListConcat => "concat.list",
        BinaryOp::BytesConcat => "concat.bytes",
        BinaryOp::ValueAdd => "add.value",
        BinaryOp::ValueSub => "sub.value",
        BinaryOp::ValueMul => "mul.value",
        BinaryOp::ValueDiv => "div.value",
        BinaryOp::ValueRem => "rem.value",
    }
}

pub(super) fn relation(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "eq",
        CompareOp::Ne => "ne",
        CompareOp::Lt => "lt",
        CompareOp::Le => "le",
        CompareOp::Gt => "gt",
        CompareOp::Ge => "ge",
    }
}

pub(super) fn compared(kind: CompareKind) -> &'static str {
    match kind {
        CompareKind::Int => "int",
        CompareKind::Float => "float",
        CompareKind::IntFloat => "int-float",
        CompareKind::FloatInt => "float-int",
        CompareKind::Text => "text",
        CompareKind::Value => "value",
    }
}

pub(super) fn indexed(kind: IndexKind) -> &'static str {
    match kind {
        IndexKind::List => "index.list",
        IndexKind::ListOrNull => "index.list-or-null",
        IndexKind::Map => "index.map",
        IndexKind::MapOrNull => "index.map-or-null",
        IndexKind::Text => "index.text",
        IndexKind::TextOrNull => "index.text-or-null",
        IndexKind::Bytes => "index.bytes",
        IndexKind::Value => "index.value",
    }
}

pub(super) fn range(kind: RangeKind) -> &'static str {
    match kind {
        RangeKind::Int => "range.int",
        RangeKind::IntHalfOpen => "range.int-half-open",
        RangeKind::Float => "range.float",
        RangeKind::Value => "range.value",
        RangeKind::ValueHalfOpen => "range.value-half-open",
    }
}
