//! Calls of rows of the table of built-ins.

use fuse_builtins::{Builtin, Member, MemberForm, Param, Receiver, RecordId, TypeSpec};

use super::{body::Body, builtin::Bindings};
use crate::canon::{expr::Exprs, ids::TypeId, source::Span, types::Type};

impl Body<'_> {
    pub(super) fn builtin(
        &mut self,
        row: &Builtin,
        type_arg: Option<TypeId>,
        args: Exprs,
        ty: TypeId,
        span: Span,
    ) {
        let mut bindings = Bindings::new(self.program);
        self.type_arg(
            &mut bindings,
            row.type_params.first().map(|param| param.name),
            type_arg,
            span,
        );
        let found = self.exprs(args);
        self.row_args(&mut bindings, row.params, &found, span);
        self.row_result(&mut bindings, row.result, ty, span);
    }

    pub(super) fn member(
        &mut self,
        row: &Member,
        receiver: TypeId,
        type_arg: Option<TypeId>,
        args: Exprs,
        ty: TypeId,
        span: Span,
    ) {
        let mut bindings = Bindings::new(self.program);
        bindings.receiver(row.receiver.type_params(), receiver);
        let holds = self.receives(row, receiver);
        self.require(holds, span, || format!("{row} on another type"));
        let typed = row.form == MemberForm::Typed;
        let param = row
            .type_params
            .first()
            .filter(|_| typed)
            .map(|param| param.name);
        self.type_arg(&mut bindings, param, type_arg, span);
        let found = self.exprs(args);
        self.row_args(&mut bindings, row.params, &found, span);
        self.row_result(&mut bindings, row.result, ty, span);
        for name in bindings
            .unmet(row.bounds)
            .into_iter()
            .chain(bindings.unmet(row.type_params))
        {
            self.report(span, format!("{row}: {name} is not what it has to be"));
        }
    }

    fn receives(&self, row: &Member, receiver: TypeId) -> bool {
        let types = self.types();
        match (row.receiver, types.get(types.base(receiver))) {
            (_, Type::Never)
            | (Receiver::String, Type::String)
            | (Receiver::List, Type::List(_))
            | (Receiver::Map, Type::Map(..))
            | (Receiver::Option, Type::Option(_))
            | (Receiver::Result, Type::Result { .. })
            | (Receiver::Int, Type::Int)
            | (Receiver::Float, Type::Float)
            | (Receiver::Bool, Type::Bool)
            | (Receiver::Bytes, Type::Bytes)
            | (Receiver::Value, Type::Value)
            | (Receiver::Query, Type::Query) => true,
            (Receiver::TestingResponse, Type::Record(id)) => {
                self.program[*id].builtin == Some(RecordId::TestingResponse)
            }
            _ => false,
        }
    }

    fn type_arg(
        &mut self,
        bindings: &mut Bindings<'_>,
        param: Option<&'static str>,
        type_arg: Option<TypeId>,
        span: Span,
    ) {
        match (param, type_arg) {
            (None, None) => {}
            (Some(name), Some(ty)) => bindings.bind(name, ty),
            _ => self.report(span, "type argument missing or superfluous".to_owned()),
        }
    }

    fn row_args(
        &mut self,
        bindings: &mut Bindings<'_>,
        params: &[Param],
        found: &[TypeId],
        span: Span,
    ) {
        let variadic = params.last().filter(|param| param.variadic);
        let fixed = params.len() - usize::from(variadic.is_some());
        let count = found.len();
        let holds = count == fixed || (count > fixed && variadic.is_some());
        self.require(holds, span, || format!("{count} arguments for {fixed}"));
        let rest = variadic
            .into_iter()
            .cycle()
            .take(count.saturating_sub(fixed));
        let specs = params[..fixed].iter().chain(rest);
        for (param, ty) in specs.zip(found) {
            let holds = bindings.matches(param.ty, *ty);
            let program = self.program;
            self.require(holds, span, || {
                format!("argument {param}: found {}", program.type_symbol(*ty))
            });
        }
    }

    fn row_result(
        &mut self,
        bindings: &mut Bindings<'_>,
        result: TypeSpec,
        ty: TypeId,
        span: Span,
    ) {
        let holds = bindings.matches(result, ty);
        let program = self.program;
        self.require(holds, span, || {
            format!("result {result}: found {}", program.type_symbol(ty))
        });
    }
}
