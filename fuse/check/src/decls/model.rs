//! The data of declarations.

use fuse_builtins::Capability;
use fuse_syntax::ast::{self, BlockId, ExprId, Id};
use fuse_syntax::{FileId, TextRange};
use rustc_hash::FxHashMap;

use super::damage::Damage;
use crate::ids::{ConfigId, EnumId, FnId, ImplId, InterfaceId, RecordId, ServiceId, Sym};
use crate::load::{AssetId, ModuleId};
use crate::package::PackageId;
use crate::types::Ty;

/// The names of all modules of a session, each once.
#[derive(Clone, Debug, std::default::Default)]
pub struct Symbols {
    texts: Vec<Box<str>>,
    index: FxHashMap<Box<str>, Sym>,
}

impl Symbols {
    /// The symbol of a text.
    pub fn intern(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.index.get(text) {
            return sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.index.insert(text.into(), sym);
        sym
    }

    /// The symbol of a text, if any module mentions it.
    #[must_use]
    pub fn lookup(&self, text: &str) -> Option<Sym> {
        self.index.get(text).copied()
    }

    /// What a symbol says.
    #[must_use]
    pub fn text(&self, sym: Sym) -> &str {
        &self.texts[sym.0 as usize]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// What a name of a module means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A record type.
    Record(RecordId),
    /// An enum type.
    Enum(EnumId),
    /// An interface.
    Interface(InterfaceId),
    /// A function or component.
    Function(FnId),
    /// A config.
    Config(ConfigId),
    /// A service.
    Service(ServiceId),
    /// An alias of a module.
    Module(ModuleId),
    /// The alias of the built-in module `std.Error`.
    StdError,
    /// An imported asset.
    Asset(AssetId),
    /// Declared or imported, but what it is was reported as wrong.
    Damaged,
}

/// A name of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Named {
    /// What it means.
    pub entry: Entry,
    /// Where it is declared or imported.
    pub range: TextRange,
    /// Whether it is imported.
    pub imported: bool,
}

/// What one module declares.
#[derive(Clone, Debug)]
pub struct ModuleDeclarations {
    /// The module.
    pub module: ModuleId,
    /// The package that owns it.
    pub package: PackageId,
    /// Its file.
    pub file: FileId,
    /// Capabilities, each once, in written order.
    pub capabilities: Vec<(Capability, TextRange)>,
    /// Own declarations, named imports and module aliases.
    pub scope: FxHashMap<Sym, Named>,
    /// What other modules see under a name.
    pub exports: FxHashMap<Sym, Entry>,
    /// What syntax errors may hide.
    pub(crate) damage: Damage,
    /// Declarations that add to a type of `std.Error`.
    pub(crate) extensions: Vec<Id<ast::TypeDecl>>,
    /// The names of the module, by their number in it.
    pub(crate) names: Vec<Sym>,
    /// `type`.
    pub records: Vec<Record>,
    /// `enum`.
    pub enums: Vec<Enum>,
    /// `interface`.
    pub interfaces: Vec<Interface>,
    /// `impl`.
    pub impls: Vec<Impl>,
    /// Everything with a signature, in source order; the members of an
    /// interface and the methods of an `impl` where those stand.
    pub functions: Vec<Function>,
    /// `config`.
    pub configs: Vec<Config>,
    /// `service`.
    pub services: Vec<Service>,
    /// `app`.
    pub apps: Vec<App>,
    /// `migration`.
    pub migrations: Vec<Migration>,
    /// `test`.
    pub tests: Vec<Test>,
}

impl ModuleDeclarations {
    pub(crate) fn new(module: ModuleId, package: PackageId, file: FileId, names: Vec<Sym>) -> Self {
        Self {
            module,
            package,
            file,
            capabilities: Vec::new(),
            scope: FxHashMap::default(),
            exports: FxHashMap::default(),
            damage: Damage::default(),
            extensions: Vec::new(),
            names,
            records: Vec::new(),
            enums: Vec::new(),
            interfaces: Vec::new(),
            impls: Vec::new(),
            functions: Vec::new(),
            configs: Vec::new(),
            services: Vec::new(),
            apps: Vec::new(),
            migrations: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// A name of the module among those of all modules.
    #[must_use]
    pub fn sym(&self, symbol: ast::Symbol) -> Sym {
        self.names[symbol.index()]
    }

    /// Whether the module declares a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities
            .iter()
            .any(|(declared, _)| *declared == capability)
    }
}

/// A record type.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name.
    pub name: Sym,
    /// Where the name stands; empty for a built-in.
    pub range: TextRange,
    /// The declaration; none for a built-in.
    pub decl: Option<Id<ast::TypeDecl>>,
    /// Its type.
    pub ty: Ty,
    /// Fields, in order.
    pub fields: Vec<Field>,
    /// The whole declaration; empty for a built-in.
    pub(crate) decl_range: TextRange,
    /// What a derived type was derived from.
    pub base: Option<RecordId>,
}

impl Record {
    /// The place of a field.
    #[must_use]
    pub fn field(&self, name: Sym) -> Option<u32> {
        let at = self.fields.iter().position(|field| field.name == name)?;
        u32::try_from(at).ok()
    }
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Sym,
    /// Its type.
    pub ty: Ty,
    /// What a construction gets that leaves it out.
    pub default: Default,
    /// Where it was first declared: a derived type shares its base's fields.
    pub origin: FieldOrigin,
    /// The package that added it to a built-in; other packages do not see it.
    pub package: Option<PackageId>,
}

/// The value of a parameter or field that a call leaves out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Default {
    /// There is none; an optional field is null.
    None,
    /// An expression of the module that declares the field or parameter,
    /// where earlier ones are in scope.
    Expr(ExprId),
    /// A constant of a built-in.
    Builtin(fuse_builtins::DefaultValue),
}

/// Where a field comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldOrigin {
    /// The record that declares it.
    pub record: RecordId,
    /// Its place there.
    pub index: u32,
    /// The module that writes it; none for a built-in.
    pub module: Option<ModuleId>,
    /// Where its name stands.
    pub range: TextRange,
}

/// An enum type.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// The declaration.
    pub decl: Id<ast::EnumDecl>,
    /// The whole declaration.
    pub(crate) decl_range: TextRange,
    /// Its type.
    pub ty: Ty,
    /// Variants, in order.
    pub variants: Vec<Variant>,
}

impl Enum {
    /// The place of a variant.
    #[must_use]
    pub fn variant(&self, name: Sym) -> Option<u32> {
        let at = self
            .variants
            .iter()
            .position(|variant| variant.name == name)?;
        u32::try_from(at).ok()
    }
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// Types of its payload.
    pub payload: Vec<Ty>,
    /// Names of its payload, if it is named.
    pub names: Vec<Sym>,
}

/// An interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// The declaration.
    pub decl: Id<ast::InterfaceDecl>,
    /// Its members, in order.
    pub members: Vec<FnId>,
    /// Whether any member has an explicit `self`; those without are then
    /// associated.
    pub explicit_self: bool,
}

/// An `impl` block.
#[derive(Clone, Debug)]
pub struct Impl {
    /// The interface; none when it could not be resolved.
    pub interface: Option<InterfaceId>,
    /// The type; `Invalid` when it could not be resolved.
    pub target: Ty,
    /// The declaration.
    pub decl: Id<ast::ImplDecl>,
    /// Where the name of the interface stands.
    pub range: TextRange,
    /// Its methods, in order.
    pub methods: Vec<FnId>,
}

/// What has the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FunctionKind {
    /// `fn`.
    Function,
    /// `component`.
    Component,
    /// A member of an interface; it has no body.
    Member(InterfaceId),
    /// A method of an `impl` block.
    Method(ImplId),
}

/// A function, component, member or method.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// What it is.
    pub kind: FunctionKind,
    /// The signature in the source.
    pub sig: ast::Signature,
    /// The body; none for a member.
    pub body: Option<BlockId>,
    /// Type parameters.
    pub type_params: Vec<TypeParam>,
    /// Whether it is called on a value: an explicit `self`, or in an interface
    /// without any, a body that mentions `self`.
    pub instance: bool,
    /// Whether `self` is written in the signature.
    pub explicit_self: bool,
    /// Declared parameters; `self`, `attrs` and `children` are not among
    /// them.
    pub params: Vec<Parameter>,
    /// The result.
    pub result: Ty,
}

/// A type parameter.
#[derive(Clone, Copy, Debug)]
pub struct TypeParam {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// Its type inside the function.
    pub ty: Ty,
    /// The interface it must implement.
    pub bound: Option<InterfaceId>,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// Its type.
    pub ty: Ty,
    /// Its default, in the module of the function.
    pub default: Option<ExprId>,
}

/// A config.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// The declaration.
    pub decl: Id<ast::ConfigDecl>,
    /// Fields, in order.
    pub fields: Vec<ConfigField>,
}

/// A field of a config.
#[derive(Clone, Copy, Debug)]
pub struct ConfigField {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// Its type.
    pub ty: Ty,
    /// Its default.
    pub default: ExprId,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// The declaration.
    pub decl: Id<ast::ServiceDecl>,
    /// Routes, in order.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method it answers.
    pub verb: ast::Verb,
    /// Where the verb stands.
    pub verb_range: TextRange,
    /// Whether nothing of the path was reported.
    pub(crate) valid: bool,
    /// Base and path joined, without a trailing `/`.
    pub path: Vec<Segment>,
    /// The type of the body.
    pub body: Option<Ty>,
    /// The result.
    pub result: Ty,
    /// The handler.
    pub block: BlockId,
    /// Where the route stands in the pool of routes of its module.
    pub index: u32,
}

/// A segment of a path.
#[derive(Clone, Debug)]
pub enum Segment {
    /// Text.
    Literal(Box<str>),
    /// `{name: Type}`.
    Param(RouteParam),
    /// `{*name: String}`.
    Wildcard(RouteParam),
}

/// A parameter in a path.
#[derive(Clone, Copy, Debug)]
pub struct RouteParam {
    /// Its name.
    pub name: Sym,
    /// Where the name stands.
    pub range: TextRange,
    /// Its type.
    pub ty: Ty,
    /// The index of its segment in the pool of its module.
    pub segment: u32,
}

/// An `app` block.
#[derive(Clone, Debug)]
pub struct App {
    /// Its name.
    pub name: Box<str>,
    /// The declaration.
    pub decl: Id<ast::AppDecl>,
    /// The body.
    pub body: BlockId,
}

/// A `migration` block.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its identifier.
    pub id: Box<str>,
    /// The declaration.
    pub decl: Id<ast::MigrationDecl>,
    /// The body.
    pub body: BlockId,
}

/// A `test` block.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: Box<str>,
    /// The declaration.
    pub decl: Id<ast::TestDecl>,
    /// The body.
    pub body: BlockId,
}
