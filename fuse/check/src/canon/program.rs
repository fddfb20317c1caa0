//! A program: its types, functions and everything it declares.

use std::{collections::HashMap, ops::Index};

use fuse_builtins::Capability;

use super::{
    function::Function,
    ids::{
        AssetId, ConfigId, EnumId, FileId, FunctionId, ModuleId, PackageId, RecordId, StrId, TypeId,
    },
    source::{File, Span},
    types::Types,
};

/// Every text of a program, each once.
#[derive(Debug, Clone, Default)]
pub struct Strings {
    texts: Vec<Box<str>>,
    index: HashMap<Box<str>, StrId>,
}

impl Strings {
    /// The number of a text.
    pub fn intern(&mut self, text: &str) -> StrId {
        if let Some(id) = self.index.get(text) {
            return *id;
        }
        let id = StrId::from_index(self.texts.len());
        self.texts.push(text.into());
        self.index.insert(text.into(), id);
        id
    }

    /// Every text, at the index of its number.
    #[must_use]
    pub fn all(&self) -> &[Box<str>] {
        &self.texts
    }
}

impl Index<StrId> for Strings {
    type Output = str;

    fn index(&self, id: StrId) -> &str {
        &self.texts[id.index()]
    }
}

/// What a program is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramMeta {
    /// The name in the manifest; empty without one.
    pub name: String,
    /// The version in the manifest; empty without one.
    pub version: String,
}

/// A whole checked program, ready to be run or compiled.
///
/// It is closed: everything it mentions is in it. Tables are in the order
/// modules are loaded and declarations are written, so equal sources give
/// equal programs.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// What it is called.
    pub meta: ProgramMeta,
    /// Texts.
    pub strings: Strings,
    /// Types.
    pub types: Types,
    /// Source files.
    pub files: Vec<File>,
    /// Packages; the first is that of the entry module.
    pub packages: Vec<Package>,
    /// Modules; the first is the entry module.
    pub modules: Vec<Module>,
    /// Record types, built-in ones included where they are used.
    pub records: Vec<Record>,
    /// Enum types.
    pub enums: Vec<Enum>,
    /// Functions.
    pub functions: Vec<Function>,
    /// Configs.
    pub configs: Vec<Config>,
    /// Every field of every config, those before it that it reads.
    pub config_order: Vec<(ConfigId, u32)>,
    /// Imported assets.
    pub assets: Vec<Asset>,
    /// Services.
    pub services: Vec<Service>,
    /// Apps.
    pub apps: Vec<App>,
    /// `main` of the entry module.
    pub main: Option<Main>,
    /// Migrations, in load order.
    pub migrations: Vec<Migration>,
    /// Tests, in load order.
    pub tests: Vec<Test>,
}

macro_rules! tables {
    ($($id:ident => $row:ident in $table:ident;)*) => {$(
        impl Index<$id> for Program {
            type Output = $row;

            fn index(&self, id: $id) -> &$row {
                &self.$table[id.index()]
            }
        }
    )*};
}

tables! {
    FileId => File in files;
    PackageId => Package in packages;
    ModuleId => Module in modules;
    RecordId => Record in records;
    EnumId => Enum in enums;
    FunctionId => Function in functions;
    ConfigId => Config in configs;
    AssetId => Asset in assets;
}

impl Index<StrId> for Program {
    type Output = str;

    fn index(&self, id: StrId) -> &str {
        &self.strings[id]
    }
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name in its manifest; empty without one.
    pub name: String,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its path inside its package, without extension, such as `src/notes`.
    pub path: String,
    /// Its package.
    pub package: PackageId,
    /// Its file.
    pub file: FileId,
    /// The capabilities it declares, ascending.
    pub capabilities: Vec<Capability>,
}

/// A record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name as values show it.
    pub name: StrId,
    /// Its name in the program: no other record or enum has it.
    pub symbol: String,
    /// Its type.
    pub ty: TypeId,
    /// Which built-in record it is, if it is one.
    pub builtin: Option<fuse_builtins::RecordId>,
    /// The module that declares it; none for a built-in one.
    pub module: Option<ModuleId>,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// Its declaration.
    pub span: Span,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// What it is when a boundary leaves it out.
    pub default: FieldDefault,
    /// Its doc comment.
    pub doc: Option<StrId>,
}

/// What a field is when a boundary leaves it out. Constructions in the program
/// never leave one out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldDefault {
    /// It cannot be left out.
    Required,
    /// Null.
    Null,
    /// What a function makes of the fields before it, in order.
    Call {
        /// The function; its result has the representation of the field.
        function: FunctionId,
        /// Whether that is still to be validated against the field's type.
        checked: bool,
    },
}

/// An enum type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// Its name as values show it.
    pub name: StrId,
    /// Its name in the program: no other record or enum has it.
    pub symbol: String,
    /// Its type.
    pub ty: TypeId,
    /// The module that declares it.
    pub module: ModuleId,
    /// Its variants, in order.
    pub variants: Vec<Variant>,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// Its declaration.
    pub span: Span,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: StrId,
    /// The types of its payload, in order.
    pub payload: Vec<TypeId>,
    /// The names of its payload, where it is named.
    pub names: Vec<StrId>,
    /// Its doc comment.
    pub doc: Option<StrId>,
}

/// Typed settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Its name, also in paths and files.
    pub name: StrId,
    /// The module that declares it.
    pub module: ModuleId,
    /// Its fields, in order.
    pub fields: Vec<ConfigField>,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// Its declaration.
    pub span: Span,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigField {
    /// Its name.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// The environment variable that sets it.
    pub env: String,
    /// What it is when nothing sets it; the result has the representation of
    /// the field.
    pub default: FunctionId,
    /// Whether the default is still to be validated against the field's type.
    pub checked: bool,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// The field.
    pub span: Span,
}

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its path inside its package.
    pub path: String,
    /// What it is.
    pub kind: AssetKind,
    /// Its text. That of JSON was parsed when checking, so it is valid.
    pub text: StrId,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetKind {
    /// A `String`.
    Text,
    /// A `Value`.
    Json,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: StrId,
    /// What stands before every path.
    pub base: StrId,
    /// The module that declares it.
    pub module: ModuleId,
    /// Its routes, in order.
    pub routes: Vec<Route>,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// Its declaration.
    pub span: Span,
}

/// The method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they are the methods of HTTP")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// The word in the source, lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method it answers.
    pub verb: Verb,
    /// The whole path as the router takes it: `/users/{id}`, `/files/{*path}`.
    pub pattern: String,
    /// The parameters of the path, in order.
    pub params: Vec<RouteParam>,
    /// The type of the body. `Bytes` and `String` take it as it is.
    pub body: Option<TypeId>,
    /// The type of the result, which may be a result with errors.
    pub result: TypeId,
    /// The error domains of the result, in written order.
    pub domains: Vec<TypeId>,
    /// The handler; its parameters are those of the path, then the body.
    pub function: FunctionId,
    /// Its doc comment.
    pub doc: Option<StrId>,
    /// The route.
    pub span: Span,
}

/// A parameter in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteParam {
    /// Its name.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// Whether it takes the rest of the path.
    pub wildcard: bool,
}

/// An entry block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub name: StrId,
    /// The module that declares it.
    pub module: ModuleId,
    /// The block. A failure of its result is shown and ends the run.
    pub function: FunctionId,
    /// Its doc comment.
    pub doc: Option<StrId>,
}

/// The entry that takes arguments of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    /// `main` of the entry module.
    pub function: FunctionId,
    /// Its parameters, in order.
    pub params: Vec<MainParam>,
    /// Its doc comment.
    pub doc: Option<StrId>,
}

/// A parameter that a flag sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainParam {
    /// Its name, also of the flag.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// Its type as written, for the page that shows the flags.
    pub type_text: StrId,
    /// What it is without a flag: a function of the parameters before it.
    pub default: Option<FunctionId>,
    /// Its default as written; empty without one.
    pub default_text: StrId,
}

/// A database step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its name.
    pub name: StrId,
    /// The module that declares it.
    pub module: ModuleId,
    /// The block. A failure of its result fails the migration.
    pub function: FunctionId,
    /// The declaration without what formatting may change; a checksum of it
    /// tells whether the step was edited.
    pub source: StrId,
    /// Its declaration.
    pub span: Span,
}

/// A test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: StrId,
    /// The module that declares it.
    pub module: ModuleId,
    /// The block. A failure of its result fails the test.
    pub function: FunctionId,
    /// Its declaration.
    pub span: Span,
}
