//! How arguments reach parameters: evaluated in the order they are written,
//! handed over in the order of the parameters.

use fuse_builtins::{DefaultValue, MemberId, Param};
use fuse_syntax::ast;

use super::Body;
use crate::canon::{Expr, ExprId, LocalId, Span, Type, TypeId};
use crate::lower::{Item, items::number, types::Signature};

/// A value that can be read more than once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// A literal.
    Literal(Expr, TypeId),
    /// A variable that does not change.
    Local(LocalId),
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// A value that is there already, before every other.
    Value(ExprId),
    /// An argument.
    Arg(ast::ExprId),
    /// Its default.
    Default,
    /// Nothing: null, or what stands in for it.
    Null(TypeId),
    /// Attributes of an element.
    Attributes(u32),
    /// No attributes.
    NoAttributes,
    /// Children of an element.
    Children(u32),
    /// The children of a block.
    Block(ast::HtmlBlockId),
}

/// How the default of a parameter is made.
#[derive(Clone, Copy)]
pub(super) enum Defaults<'d> {
    /// By a function of the parameters before it; what each is called by.
    Functions(&'d dyn Fn(u32) -> Item),
    /// It is a constant of the row. That many values come before the
    /// parameters of the row: the receiver of a method.
    Row(&'static [Param], usize),
}

/// What is passed, and how it has to be.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) args: Vec<ExprId>,
    /// The places of those still to be validated.
    pub(super) checked: Vec<u32>,
}

impl Body<'_, '_> {
    /// Makes a value readable more than once, in the innermost block if need be.
    pub(super) fn known(&mut self, value: ExprId, span: Span) -> Known {
        match self.known_as_is(value) {
            Some(known) => known,
            None => Known::Local(self.temp(value, span)),
        }
    }

    /// A value that can be read again without more.
    pub(super) fn known_as_is(&self, value: ExprId) -> Option<Known> {
        let ty = self.f.ty(value);
        match self.f[value] {
            literal @ (Expr::Unit
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Null) => Some(Known::Literal(literal, ty)),
            Expr::Local(local) if !self.f[local].mutable => Some(Known::Local(local)),
            _ => None,
        }
    }

    pub(super) fn read_known(&mut self, known: Known, span: Span) -> ExprId {
        match known {
            Known::Literal(literal, ty) => self.e(literal, ty, span),
            Known::Local(local) => self.read(local, span),
        }
    }

    /// Evaluates what is given in written order, then defaults in the order of
    /// the parameters. Inside a block of its own.
    pub(super) fn pass(
        &mut self,
        call: ast::ExprId,
        given: &[Given],
        defaults: Defaults<'_>,
        type_args: &[TypeId],
        span: Span,
    ) -> Passed {
        let order = self.written_order(given);
        let in_order = order.is_sorted();
        let needs_others = given.iter().enumerate().any(|(index, given)| {
            matches!(given, Given::Default) && index > 0 && self.reads_others(&defaults, index)
        });
        if in_order && !needs_others {
            return self.pass_directly(call, given, defaults, type_args, span);
        }
        let mut known: Vec<Option<Known>> = vec![None; given.len()];
        let mut checked = Vec::new();
        for index in order {
            let (value, check) = self.given_slot(given[index], span);
            if check {
                checked.push(number(index));
            }
            known[index] = Some(self.known(value, span));
        }
        let last = given
            .iter()
            .rposition(|given| matches!(given, Given::Default));
        let mut args = vec![None; given.len()];
        for (index, given) in given.iter().enumerate() {
            if !matches!(given, Given::Default) {
                continue;
            }
            let value = self.default_of(call, index, &known, defaults, type_args, span);
            if Some(index) == last && known[index + 1..].iter().all(Option::is_some) {
                // Nothing is evaluated after it.
                args[index] = Some(value);
            } else {
                known[index] = Some(self.known(value, span));
            }
        }
        let mut values = Vec::new();
        for (arg, known) in args.into_iter().zip(known) {
            values.push(match (arg, known) {
                (Some(value), _) => value,
                (None, Some(known)) => self.read_known(known, span),
                (None, None) => self.unreachable(span),
            });
        }
        checked.sort_unstable();
        Passed {
            args: values,
            checked,
        }
    }

    fn pass_directly(
        &mut self,
        call: ast::ExprId,
        given: &[Given],
        defaults: Defaults<'_>,
        type_args: &[TypeId],
        span: Span,
    ) -> Passed {
        let mut args = Vec::new();
        let mut checked = Vec::new();
        for (index, given) in given.iter().enumerate() {
            if matches!(given, Given::Default) {
                let value = self.default_of(call, index, &[], defaults, type_args, span);
                args.push(value);
                continue;
            }
            let (value, check) = self.given_slot(*given, span);
            if check {
                checked.push(number(index));
            }
            args.push(value);
        }
        Passed { args, checked }
    }

    /// Whether the default of a parameter is made of the ones before it.
    fn reads_others(&self, defaults: &Defaults<'_>, index: usize) -> bool {
        match defaults {
            Defaults::Functions(_) => true,
            Defaults::Row(params, offset) => {
                let param = params.get(index - offset);
                matches!(
                    param.and_then(|param| param.default),
                    Some(DefaultValue::ReceiverLen)
                )
            }
        }
    }

    /// The indexes of what is given, defaults excepted, in the order they are
    /// written.
    fn written_order(&self, given: &[Given]) -> Vec<usize> {
        let mut order: Vec<_> = given
            .iter()
            .enumerate()
            .filter(|(_, given)| !matches!(given, Given::Default))
            .map(|(index, given)| (self.written_at(*given), index))
            .collect();
        order.sort_by_key(|(at, _)| *at);
        // What is not written anywhere has no effects, so its place is free.
        let written: Vec<usize> = order
            .iter()
            .filter(|(at, _)| *at < u32::MAX)
            .map(|(_, index)| *index)
            .collect();
        if written.is_sorted() {
            let mut all: Vec<usize> = order.iter().map(|(_, index)| *index).collect();
            all.sort_unstable();
            return all;
        }
        order.into_iter().map(|(_, index)| index).collect()
    }

    fn written_at(&self, given: Given) -> u32 {
        match given {
            Given::Value(_) => 0,
            Given::Arg(expr) => self.ast.range(expr).start,
            Given::Attributes(element) => self.attributes_at(element),
            Given::Children(element) => self.children_at(element),
            Given::Block(block) => self.ast.range(block).start,
            Given::Default | Given::Null(_) | Given::NoAttributes => u32::MAX,
        }
    }

    fn given_slot(&mut self, given: Given, span: Span) -> (ExprId, bool) {
        match given {
            Given::Arg(expr) => self.slot(expr),
            _ => (self.given(given, span), false),
        }
    }

    pub(super) fn given(&mut self, given: Given, span: Span) -> ExprId {
        match given {
            Given::Value(value) => value,
            Given::Arg(expr) => self.expr(expr),
            Given::Default => self.unreachable(span),
            Given::Null(ty) => self.nothing(ty, span),
            Given::Attributes(element) => self.attributes_map(element, span),
            Given::NoAttributes => {
                let none = self.f.run(&[]);
                self.e(Expr::Map(none), TypeId::ATTRIBUTES, span)
            }
            Given::Children(element) => self.children_of(element, span),
            Given::Block(block) => self.children(block, span),
        }
    }

    fn default_of(
        &mut self,
        call: ast::ExprId,
        index: usize,
        before: &[Option<Known>],
        defaults: Defaults<'_>,
        type_args: &[TypeId],
        span: Span,
    ) -> ExprId {
        match defaults {
            Defaults::Functions(item) => {
                let item = item(number(index));
                let origin = self.asking(call);
                let function = self.lower.function(item, type_args, origin);
                let mut args = Vec::new();
                for known in before.iter().take(index) {
                    args.push(match known {
                        Some(known) => self.read_known(*known, span),
                        None => self.unreachable(span),
                    });
                }
                let Signature { params, result } = self.lower.default_signature(item, type_args);
                for (value, ty) in args.iter_mut().zip(&params) {
                    *value = self.adjust(*value, *ty, span);
                }
                let args = self.f.run(&args);
                self.e(Expr::Call { function, args }, result, span)
            }
            Defaults::Row(params, offset) => {
                let param = params.get(index - offset);
                match param.and_then(|param| param.default.map(|value| (value, param.ty))) {
                    Some((DefaultValue::ReceiverLen, _)) => self.receiver_len(before, span),
                    Some((value, ty)) => {
                        let ty = self.spec_type(ty);
                        self.builtin_default(value, ty, span)
                    }
                    None => self.unreachable(span),
                }
            }
        }
    }

    fn receiver_len(&mut self, before: &[Option<Known>], span: Span) -> ExprId {
        let receiver = match before.first() {
            Some(Some(receiver)) => self.read_known(*receiver, span),
            _ => return self.unreachable(span),
        };
        let member = match self.base_shape(self.f.ty(receiver)) {
            Type::List(_) => MemberId::ListLen,
            Type::Bytes => MemberId::BytesLen,
            _ => MemberId::StringLen,
        };
        let args = self.f.run(&[]);
        self.e(
            Expr::CallMember {
                member,
                type_arg: None,
                receiver,
                args,
            },
            TypeId::INT,
            span,
        )
    }

    /// The type of a parameter of a row that has a default; none is generic.
    fn spec_type(&mut self, spec: fuse_builtins::TypeSpec) -> TypeId {
        use fuse_builtins::TypeSpec;
        match spec {
            TypeSpec::Bool => TypeId::BOOL,
            TypeSpec::Int => TypeId::INT,
            TypeSpec::Float => TypeId::FLOAT,
            TypeSpec::Bytes => TypeId::BYTES,
            TypeSpec::Option(inner) => {
                let inner = self.spec_type(*inner);
                self.types().option(inner)
            }
            TypeSpec::List(inner) => {
                let inner = self.spec_type(*inner);
                self.types().list(inner)
            }
            TypeSpec::Map(key, value) => {
                let key = self.spec_type(*key);
                let value = self.spec_type(*value);
                self.types().map(key, value)
            }
            TypeSpec::String | TypeSpec::Any | TypeSpec::Encodable => TypeId::STRING,
            _ => TypeId::VALUE,
        }
    }

    /// A constant of the table of built-ins.
    pub(super) fn builtin_default(
        &mut self,
        value: DefaultValue,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        match value {
            DefaultValue::Null => self.null(ty, span),
            DefaultValue::Bool(value) => self.e(Expr::Bool(value), TypeId::BOOL, span),
            DefaultValue::Int(value) => self.e(Expr::Int(value), TypeId::INT, span),
            DefaultValue::Text(text) => self.str(text, span),
            DefaultValue::Texts(texts) => {
                let mut items = Vec::new();
                for text in texts {
                    items.push(self.str(text, span));
                }
                let items = self.f.run(&items);
                self.e(Expr::List(items), ty, span)
            }
            DefaultValue::EmptyMap => {
                let none = self.f.run(&[]);
                self.e(Expr::Map(none), ty, span)
            }
            // Only methods have it, and they make it themselves.
            DefaultValue::ReceiverLen => self.unreachable(span),
        }
    }
}
