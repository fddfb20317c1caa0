//! Types as written, to types.

use fuse_syntax::ast::{self, Name, Path, TypeExpr, TypeExprId};
use fuse_syntax::{Code, Diagnostic, Fix, Span, TextRange};

use super::model::{Entry, TypeParam};
use super::{Declarations, Uses};
use crate::ids::{RecordId, Sym};
use crate::load::ModuleId;
use crate::package::nearest;
use crate::sink::Sink;
use crate::types::{Constraint, Ty, TyKind, TypeStore};

/// Where a type is written; functions and cells may not be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Position {
    /// A parameter of a callable.
    Param,
    /// The result of a callable.
    Result,
    /// A local binding.
    Local,
    /// A field, payload, element or type argument.
    Stored,
}

/// A predicate to be looked at once all signatures are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingPredicate {
    /// Where its name stands.
    pub(crate) span: Span,
    /// The function.
    pub(crate) function: crate::ids::FnId,
    /// What it is given.
    pub(crate) base: Ty,
}

/// Resolves types of one module in one scope of type parameters.
pub(crate) struct TypeResolver<'a> {
    pub(crate) ast: &'a ast::Module,
    pub(crate) module: ModuleId,
    pub(crate) decls: &'a Declarations,
    pub(crate) types: &'a mut TypeStore,
    pub(crate) sink: &'a mut Sink,
    pub(crate) uses: &'a mut Uses,
    pub(crate) predicates: &'a mut Vec<PendingPredicate>,
    /// Type parameters in scope.
    pub(crate) params: &'a [TypeParam],
    /// What `Self` means, if anything.
    pub(crate) self_type: Option<Ty>,
    /// Whether test blocks' types are known.
    pub(crate) in_test: bool,
}

/// What a path in a type position names.
enum Named {
    Type(Ty),
    /// A generic built-in without its arguments.
    Generic(&'static str, usize),
    Interface,
    /// Reported, or hidden behind a reported error.
    Nothing,
}

impl TypeResolver<'_> {
    /// Whether a syntax error may hide what a name means.
    pub(super) fn hides_declarations(&self) -> bool {
        self.decls.module(self.module).damage.hides_declarations()
    }

    fn span(&self, range: TextRange) -> Span {
        range.in_file(self.ast.file)
    }

    fn sym(&self, name: Name) -> Sym {
        self.decls.module(self.module).sym(name.symbol)
    }

    /// The type that is written, or `Invalid` when that was reported.
    pub(crate) fn resolve(&mut self, id: TypeExprId, position: Position) -> Ty {
        match self.ast[id] {
            TypeExpr::Error => Ty::INVALID,
            TypeExpr::Path(path) => self.resolve_path(path),
            TypeExpr::Apply { base, args } => self.apply(id, base, args, position),
            TypeExpr::Refined { base, args } => self.refined(base, args),
            TypeExpr::Option(inner) => self.option(id, inner, position),
            TypeExpr::Result { ok, domains } => self.result(id, ok, domains),
            TypeExpr::Fn { params, ret } => self.function(id, params, ret, position),
        }
    }

    pub(crate) fn resolve_path(&mut self, path: Path) -> Ty {
        match self.named(path) {
            Named::Type(ty) => ty,
            Named::Nothing => Ty::INVALID,
            Named::Interface => self.interface_as_type(path),
            Named::Generic(name, count) => {
                let arguments = if count == 1 { "argument" } else { "arguments" };
                let message = format!("`{name}` takes {count} type {arguments}, found 0");
                let span = self.ast.path_span(path);
                let example = match name {
                    "Map" => "Map<String, Int>",
                    "Result" => "Int!NotFound",
                    "Option" => "Int?",
                    "Box" => "Box<Int>",
                    _ => "List<Int>",
                };
                self.sink.push(
                    Diagnostic::new(Code::TYPE_ARITY, span, message)
                        .hint(format!("write it with its arguments, as in `{example}`")),
                );
                Ty::INVALID
            }
        }
    }

    pub(crate) fn interface_as_type(&mut self, path: Path) -> Ty {
        let text = self.ast.path_text(path);
        let message = format!("`{text}` is an interface, not a type");
        self.sink.push(
            Diagnostic::new(
                Code::INTERFACE_NOT_A_TYPE,
                self.ast.path_span(path),
                message,
            )
            .hint(format!(
                "take a type parameter: `fn name<T>(value: T) where T: {text}`"
            )),
        );
        Ty::INVALID
    }

    fn named(&mut self, path: Path) -> Named {
        match self.ast[path.segments] {
            [only] => self.single(only),
            [alias, name] => self.qualified(path, alias, name),
            [first, .., last] => {
                if let Some(record) = fuse_builtins::find_record(&self.ast.path_text(path))
                    && !self.hidden(first)
                {
                    return Named::Type(self.builtin_record(record.id));
                }
                self.unknown(path, last)
            }
            [] => Named::Nothing,
        }
    }

    /// Whether a name of a built-in path means something of the program.
    fn hidden(&self, name: Name) -> bool {
        self.decls
            .module(self.module)
            .scope
            .contains_key(&self.sym(name))
    }

    fn builtin_record(&mut self, id: fuse_builtins::RecordId) -> Ty {
        self.types.intern(TyKind::Record(RecordId::builtin(id)))
    }

    fn single(&mut self, name: Name) -> Named {
        if name.is_missing() {
            return Named::Nothing;
        }
        let sym = self.sym(name);
        if let Some(param) = self.params.iter().find(|param| param.name == sym) {
            return Named::Type(param.ty);
        }
        let text = self.ast.text(name);
        if text == "Self" {
            return self.self_type(name);
        }
        if let Some(builtin) = builtin_type(text) {
            return match builtin {
                Builtin::Plain(ty) => Named::Type(ty),
                Builtin::Generic(name, count) => Named::Generic(name, count),
            };
        }
        let found = self.decls.module(self.module).scope.get(&sym).copied();
        let Some(found) = found else {
            if text == "Error" {
                return Named::Type(self.builtin_record(fuse_builtins::RecordId::StdError));
            }
            return self.unknown_single(name);
        };
        self.uses.mark(name.symbol);
        self.entry(found.entry, name)
    }

    fn self_type(&mut self, name: Name) -> Named {
        if let Some(ty) = self.self_type {
            return Named::Type(ty);
        }
        self.sink.push(Diagnostic::new(
            Code::SELF_CONTEXT,
            self.ast.name_span(name),
            "`Self` is only valid in interface and impl members",
        ));
        Named::Nothing
    }

    fn entry(&mut self, entry: Entry, name: Name) -> Named {
        let what = match entry {
            Entry::Record(id) => return Named::Type(self.types.intern(TyKind::Record(id))),
            Entry::Enum(id) => return Named::Type(self.types.intern(TyKind::Enum(id))),
            Entry::Interface(_) => return Named::Interface,
            Entry::StdError => {
                return Named::Type(self.builtin_record(fuse_builtins::RecordId::StdError));
            }
            Entry::Damaged => return Named::Nothing,
            Entry::Function(_) => "a function",
            Entry::Config(_) => "a config",
            Entry::Service(_) => "a service",
            Entry::Module(_) => "a module",
            Entry::Asset(_) => "an asset",
        };
        let text = self.ast.text(name);
        let message = format!("unknown type `{text}`");
        self.sink.push(
            Diagnostic::new(Code::TYPE_UNKNOWN, self.ast.name_span(name), message)
                .hint(format!("`{text}` is {what}, not a type")),
        );
        Named::Nothing
    }

    fn qualified(&mut self, path: Path, alias: Name, name: Name) -> Named {
        if alias.is_missing() || name.is_missing() {
            return Named::Nothing;
        }
        let scope = &self.decls.module(self.module).scope;
        let Some(found) = scope.get(&self.sym(alias)).copied() else {
            if let Some(record) = fuse_builtins::find_record(&self.ast.path_text(path)) {
                if record.test_only && !self.in_test {
                    return self.unknown(path, name);
                }
                return Named::Type(self.builtin_record(record.id));
            }
            if self.ast.text(alias) == "std"
                || fuse_builtins::Home::namespace(self.ast.text(alias)).is_some()
            {
                return self.unknown(path, name);
            }
            return self.unknown_module(alias);
        };
        self.uses.mark(alias.symbol);
        match found.entry {
            Entry::Module(module) => {
                let exported = self
                    .decls
                    .module(module)
                    .exports
                    .get(&self.sym(name))
                    .copied();
                match exported {
                    Some(entry) => self.entry(entry, name),
                    None if self.decls.module(module).damage.hides_declarations() => Named::Nothing,
                    None => self.unknown(path, name),
                }
            }
            Entry::StdError => match super::collect::std_error(self.ast.text(name)) {
                Some(id) => Named::Type(self.types.intern(TyKind::Record(id))),
                None => self.unknown(path, name),
            },
            Entry::Damaged => Named::Nothing,
            _ => self.unknown_module(alias),
        }
    }

    fn unknown_module(&mut self, alias: Name) -> Named {
        if self.hides_declarations() {
            return Named::Nothing;
        }
        let text = self.ast.text(alias);
        let scope = &self.decls.module(self.module).scope;
        let modules = scope
            .iter()
            .filter(|(_, named)| matches!(named.entry, Entry::Module(_) | Entry::StdError))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        let hint = match nearest(text, modules) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("import it: `import {text} from \"./path\"`"),
        };
        let message = format!("unknown module `{text}`");
        let span = self.ast.name_span(alias);
        self.sink
            .push(Diagnostic::new(Code::MODULE_UNKNOWN, span, message).hint(hint));
        Named::Nothing
    }

    fn unknown(&mut self, path: Path, name: Name) -> Named {
        let message = format!("unknown type `{}`", self.ast.path_text(path));
        let hint = match self.ast[path.segments] {
            [alias, _] => self.exported_type_near(alias, name),
            _ => None,
        };
        let hint = hint.unwrap_or_else(|| "declare it with `type` or `enum`".to_owned());
        let span = self.ast.name_span(name);
        self.sink
            .push(Diagnostic::new(Code::TYPE_UNKNOWN, span, message).hint(hint));
        Named::Nothing
    }

    fn exported_type_near(&self, alias: Name, name: Name) -> Option<String> {
        let scope = &self.decls.module(self.module).scope;
        let Entry::Module(module) = scope.get(&self.sym(alias))?.entry else {
            return None;
        };
        let exports = self.decls.module(module).exports.iter();
        let types = exports
            .filter(|(_, entry)| matches!(entry, Entry::Record(_) | Entry::Enum(_)))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        let near = nearest(self.ast.text(name), types)?;
        Some(format!("did you mean `{}.{near}`?", self.ast.text(alias)))
    }

    fn unknown_single(&mut self, name: Name) -> Named {
        if self.hides_declarations() {
            return Named::Nothing;
        }
        let text = self.ast.text(name);
        let scope = &self.decls.module(self.module).scope;
        let declared = scope
            .iter()
            .filter(|(_, named)| matches!(named.entry, Entry::Record(_) | Entry::Enum(_)))
            .map(|(sym, _)| self.types.symbols.text(*sym));
        let params = self
            .params
            .iter()
            .map(|param| self.types.symbols.text(param.name));
        let builtin = fuse_builtins::TYPES.iter().map(|(name, _)| *name);
        let hint = match nearest(text, declared.chain(params).chain(builtin)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it with `type` or `enum`, or import it".to_owned(),
        };
        let message = format!("unknown type `{text}`");
        let span = self.ast.name_span(name);
        self.sink
            .push(Diagnostic::new(Code::TYPE_UNKNOWN, span, message).hint(hint));
        Named::Nothing
    }

    fn apply(
        &mut self,
        id: TypeExprId,
        base: Path,
        args: ast::List<TypeExprId>,
        position: Position,
    ) -> Ty {
        let (name, count) = match self.generic_head(base) {
            Some(generic) => generic,
            None => {
                self.resolve_all(args);
                return Ty::INVALID;
            }
        };
        if args.len() != count {
            let arguments = if count == 1 { "argument" } else { "arguments" };
            let message = format!(
                "`{name}` takes {count} type {arguments}, found {}",
                args.len()
            );
            let span = self.ast.span(id);
            self.sink.push(
                Diagnostic::new(Code::TYPE_ARITY, span, message)
                    .hint("`List<T>`, `Map<K, V>`, `Option<T>`, `Result<T, E>`"),
            );
            self.resolve_all(args);
            return Ty::INVALID;
        }
        let args: Vec<TypeExprId> = self.ast[args].to_vec();
        match (name, args.as_slice()) {
            ("List", &[item]) => {
                let item = self.resolve(item, Position::Stored);
                self.types.list(item)
            }
            ("Map", &[key, value]) => self.map(key, value),
            ("Option", &[inner]) => self.option(id, inner, position),
            ("Box", &[inner]) => self.boxed(base, inner, position),
            ("Result", &[ok, error]) => self.spelled_result(ok, error),
            _ => Ty::INVALID,
        }
    }

    fn resolve_all(&mut self, args: ast::List<TypeExprId>) {
        let ast = self.ast;
        for &arg in &ast[args] {
            self.resolve(arg, Position::Stored);
        }
    }

    /// The generic type in front of `<`; reports what is not one.
    fn generic_head(&mut self, base: Path) -> Option<(&'static str, usize)> {
        let segments = &self.ast[base.segments];
        if let [only] = *segments
            && !only.is_missing()
            && builtin_type(self.ast.text(only)).is_none()
            && !self.params.iter().any(|param| param.name == self.sym(only))
            && !self.hidden(only)
            && self.ast.text(only) != "Self"
        {
            if !self.hides_declarations() {
                self.unknown_generic(only);
            }
            return None;
        }
        match self.named(base) {
            Named::Generic(name, count) => Some((name, count)),
            Named::Nothing => None,
            Named::Interface => {
                self.interface_as_type(base);
                None
            }
            Named::Type(_) => {
                let text = self.ast.path_text(base);
                let message = format!("`{text}` takes no type arguments");
                let span = self.ast.path_span(base);
                self.sink.push(
                    Diagnostic::new(Code::TYPE_ARITY, span, message).hint(
                        "only `List`, `Map`, `Option`, `Result` and `Box` have type arguments",
                    ),
                );
                None
            }
        }
    }

    fn unknown_generic(&mut self, name: Name) {
        let text = self.ast.text(name);
        let generic = fuse_builtins::TYPES.iter().filter(|(_, count)| *count > 0);
        let hint = match nearest(text, generic.map(|(name, _)| *name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "the generic types are `List`, `Map`, `Option` and `Result`".to_owned(),
        };
        let message = format!("unknown generic type `{text}`");
        let span = self.ast.name_span(name);
        self.sink
            .push(Diagnostic::new(Code::TYPE_GENERIC_UNKNOWN, span, message).hint(hint));
    }

    fn map(&mut self, key: TypeExprId, value: TypeExprId) -> Ty {
        let key_ty = self.resolve(key, Position::Stored);
        let value_ty = self.resolve(value, Position::Stored);
        if !is_key(self.types, key_ty) {
            let message = format!(
                "map key cannot be `{}`",
                self.decls.display(self.types, key_ty)
            );
            let span = self.ast.span(key);
            self.sink.push(
                Diagnostic::new(Code::MAP_KEY_TYPE, span, message)
                    .hint("keys are `String`, `Id`, `Email` or `Int`"),
            );
            return Ty::INVALID;
        }
        self.types.map(key_ty, value_ty)
    }

    fn boxed(&mut self, base: Path, inner: TypeExprId, position: Position) -> Ty {
        let content = self.resolve(inner, Position::Stored);
        if position != Position::Param {
            self.sink.push(
                Diagnostic::new(
                    Code::TYPE_UNKNOWN,
                    self.ast.path_span(base),
                    "`Box` is only the type of a parameter",
                )
                .hint("a cell is made with `box` and bound with `let`"),
            );
            return Ty::INVALID;
        }
        self.types.boxed(content)
    }

    fn option(&mut self, id: TypeExprId, inner: TypeExprId, position: Position) -> Ty {
        if self.is_written_option(inner) {
            let span = self.ast.span(id);
            self.resolve(inner, position);
            self.sink.push(
                Diagnostic::new(Code::NESTED_OPTION, span, "optional of optional")
                    .hint("`T?` is null or a `T`; there is no second level")
                    .fix(self.without_question(id)),
            );
            return Ty::INVALID;
        }
        let content = self.resolve(inner, position);
        self.types.option(content)
    }

    fn is_written_option(&self, id: TypeExprId) -> bool {
        match self.ast[id] {
            TypeExpr::Option(_) => true,
            TypeExpr::Apply { base, .. } => {
                matches!(self.ast[base.segments], [only] if self.ast.text(only) == "Option")
            }
            _ => false,
        }
    }

    fn without_question(&self, id: TypeExprId) -> Fix {
        let range = self.ast.range(id);
        match self.ast[id] {
            TypeExpr::Option(_) => {
                let mark = TextRange::new(range.end - 1, range.end);
                Fix::replace("remove the second `?`", self.span(mark), "")
            }
            TypeExpr::Apply { args, .. } => {
                let inner = self.ast[args].first().map(|&id| self.ast.range(id));
                let inner = inner.unwrap_or(range);
                Fix {
                    title: "remove the outer `Option`".to_owned(),
                    edits: vec![
                        (
                            self.span(TextRange::new(range.start, inner.start)),
                            String::new(),
                        ),
                        (
                            self.span(TextRange::new(inner.end, range.end)),
                            String::new(),
                        ),
                    ],
                    safe: true,
                }
            }
            _ => Fix {
                title: String::new(),
                edits: Vec::new(),
                safe: false,
            },
        }
    }

    fn function(
        &mut self,
        id: TypeExprId,
        params: ast::List<TypeExprId>,
        ret: Option<TypeExprId>,
        position: Position,
    ) -> Ty {
        let ast = self.ast;
        let params: Vec<Ty> = ast[params]
            .iter()
            .map(|&param| self.resolve(param, Position::Param))
            .collect();
        let result = ret.map_or(Ty::UNIT, |ret| self.resolve(ret, Position::Result));
        if position == Position::Stored {
            self.sink.push(
                Diagnostic::new(
                    Code::FUNCTION_TYPE,
                    self.ast.span(id),
                    "a function cannot be stored here",
                )
                .hint("functions are parameters, results and local bindings only"),
            );
            return Ty::INVALID;
        }
        self.types.function(&params, result)
    }

    fn refined(&mut self, base: TypeExprId, args: ast::List<ast::ExprId>) -> Ty {
        let base_ty = self.resolve(base, Position::Stored);
        let mut constraints: Vec<Constraint> = Vec::new();
        let whole = self.constraints(base_ty, args, &mut constraints);
        // A type with a constraint that was reported is used as its base.
        if whole {
            self.types.refined(base_ty, &constraints)
        } else {
            base_ty
        }
    }
}

/// Whether values of a type may be keys of a map.
pub(crate) fn is_key(types: &TypeStore, ty: Ty) -> bool {
    matches!(
        types.kind(types.unrefined(ty)),
        TyKind::String | TyKind::Id | TyKind::Email | TyKind::Int | TyKind::Invalid
    )
}

/// A built-in type name.
#[derive(Clone, Copy)]
pub(crate) enum Builtin {
    /// A type as it stands.
    Plain(Ty),
    /// A type with this many arguments.
    Generic(&'static str, usize),
}

/// The built-in type of a name.
pub(crate) fn builtin_type(name: &str) -> Option<Builtin> {
    Some(Builtin::Plain(match name {
        "Int" => Ty::INT,
        "String" => Ty::STRING,
        "Bool" => Ty::BOOL,
        "Float" => Ty::FLOAT,
        "Unit" => Ty::UNIT,
        "Bytes" => Ty::BYTES,
        "Html" => Ty::HTML,
        "Id" => Ty::ID,
        "Email" => Ty::EMAIL,
        "Value" => Ty::VALUE,
        "List" => return Some(Builtin::Generic("List", 1)),
        "Map" => return Some(Builtin::Generic("Map", 2)),
        "Option" => return Some(Builtin::Generic("Option", 1)),
        "Result" => return Some(Builtin::Generic("Result", 2)),
        "Box" => return Some(Builtin::Generic("Box", 1)),
        _ => return None,
    }))
}
