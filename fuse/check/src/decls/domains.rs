//! Results and their error domains, as written.

use fuse_syntax::ast::{List, Path, TypeExpr, TypeExprId};
use fuse_syntax::{Code, Diagnostic, Span, TextRange};

use super::resolve::{Position, TypeResolver};
use crate::types::{Ty, TyKind};

impl TypeResolver<'_> {
    pub(super) fn result(&mut self, id: TypeExprId, ok: TypeExprId, domains: List<Path>) -> Ty {
        let ok_ty = self.resolve(ok, Position::Stored);
        if domains.is_empty() {
            let range = self.ast.range(id);
            let mark = TextRange::new(range.end - 1, range.end).in_file(self.ast.file);
            self.sink.push(
                Diagnostic::new(
                    Code::RESULT_DOMAIN_MISSING,
                    mark,
                    "result needs an error domain",
                )
                .hint("name the types an error can have, as in `Int!NotFound`"),
            );
            return Ty::INVALID;
        }
        let mut errors = Vec::with_capacity(domains.len());
        let mut valid = true;
        let ast = self.ast;
        for &path in &ast[domains] {
            match self.domain(path) {
                Some(ty) if !errors.contains(&ty) => errors.push(ty),
                Some(_) => {}
                None => valid = false,
            }
        }
        if valid {
            self.types.result(ok_ty, &errors)
        } else {
            Ty::INVALID
        }
    }

    /// `Result<T, E>`.
    pub(super) fn spelled_result(&mut self, ok: TypeExprId, error: TypeExprId) -> Ty {
        let ok_ty = self.resolve(ok, Position::Stored);
        let domain = match self.ast[error] {
            TypeExpr::Path(path) => self.domain(path),
            TypeExpr::Error => None,
            _ => {
                let ty = self.resolve(error, Position::Stored);
                self.invalid_domain(self.ast.span(error), ty);
                None
            }
        };
        match domain {
            Some(domain) => self.types.result(ok_ty, &[domain]),
            None => Ty::INVALID,
        }
    }

    fn domain(&mut self, path: Path) -> Option<Ty> {
        let ty = self.resolve_path(path);
        if ty.is_invalid() {
            return None;
        }
        let span = self.ast.path_span(path);
        match self.types.kind(ty) {
            TyKind::Record(id) if id.is_builtin() => {
                let record = &fuse_builtins::RECORDS[id.index as usize];
                if record.id == fuse_builtins::RecordId::StdError && !self.declares_std_error() {
                    self.catch_all(path);
                    return None;
                }
                if !record.is_domain {
                    self.invalid_domain(span, ty);
                    return None;
                }
                Some(ty)
            }
            TyKind::Record(_) | TyKind::Enum(_) => Some(ty),
            _ => {
                self.invalid_domain(span, ty);
                None
            }
        }
    }

    /// Whether the package declares `type std.Error:` itself.
    fn declares_std_error(&self) -> bool {
        let package = self.decls.module(self.module).package;
        self.decls.declared_std_error.contains(&package)
    }

    fn catch_all(&mut self, path: Path) {
        let text = self.ast.path_text(path);
        let message = format!("`{text}` is too general for a signature");
        self.sink.push(
            Diagnostic::new(
                Code::RESULT_DOMAIN_CATCH_ALL,
                self.ast.path_span(path),
                message,
            )
            .hint("name what can go wrong: `std.Error.NotFound`, or a type of your own"),
        );
    }

    fn invalid_domain(&mut self, span: Span, ty: Ty) {
        if ty.is_invalid() {
            return;
        }
        let shown = self.decls.display(self.types, ty);
        let message = format!("error domain must be a declared type or enum, found `{shown}`");
        self.sink.push(
            Diagnostic::new(Code::RESULT_DOMAIN_INVALID, span, message)
                .hint("declare a type for the error: `type Failed:` with a `message: String`"),
        );
    }
}
