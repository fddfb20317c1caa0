//! Types as they are written.

use super::{Sink, Walk};
use crate::ast::{ExprId, List, TypeExpr, TypeExprId};

impl<S: Sink> Walk<'_, S> {
    pub(super) fn ty(&mut self, id: TypeExprId) {
        let module = self.module;
        match module[id] {
            TypeExpr::Path(path) => return self.path(path),
            TypeExpr::Error => self.sink.open("error"),
            TypeExpr::Apply { base, args } => {
                self.sink.open("apply");
                self.path(base);
                self.types(args);
            }
            TypeExpr::Refined { base, args } => {
                self.sink.open("refined");
                self.ty(base);
                self.constraints(args);
            }
            TypeExpr::Option(inner) => {
                self.sink.open("?");
                self.ty(inner);
            }
            TypeExpr::Result { ok, domains } => {
                self.sink.open("!");
                self.ty(ok);
                for domain in &module[domains] {
                    self.path(*domain);
                }
            }
            TypeExpr::Fn { params, ret } => {
                self.sink.open("fn-type");
                self.types(params);
                if let Some(ret) = ret {
                    self.sink.open("->");
                    self.ty(ret);
                    self.sink.close();
                }
            }
        }
        self.sink.close();
    }

    fn types(&mut self, types: List<TypeExprId>) {
        for ty in &self.module[types] {
            self.ty(*ty);
        }
    }

    /// `T(1, 80)` means `T(1..80)`.
    fn constraints(&mut self, args: List<ExprId>) {
        let module = self.module;
        match &module[args] {
            [low, high] if !self.faithful && module.is_number(*low) && module.is_number(*high) => {
                self.sink.open("..");
                self.expr(*low);
                self.expr(*high);
                self.sink.close();
            }
            other => {
                for arg in other {
                    self.expr(*arg);
                }
            }
        }
    }
}
