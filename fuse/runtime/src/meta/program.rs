//! The program as a whole: entry points, configuration, routes, migrations, tests.

use fuse_builtins::RecordId;

use super::well_known;
use super::{FnId, TypeDesc};
use crate::fault::Span;

/// A program.
///
/// Everything is static data. [`ProgramMeta::default`] is a program of nothing,
/// for builders and tests to fill.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct ProgramMeta {
    /// Name from the manifest, empty without one.
    pub name: &'static str,
    /// Version from the manifest, empty without one.
    pub version: &'static str,
    /// Paths of source files, for places in traces.
    pub files: &'static [&'static str],
    /// Functions by [`FnId`], for traces.
    pub functions: &'static [Function],
    /// All types.
    pub types: &'static [&'static TypeDesc],
    /// Built-in records to which the program adds fields of its own.
    pub extended: &'static [&'static TypeDesc],
    /// Patterns of constraints, as written.
    pub patterns: &'static [&'static str],
    /// Configuration blocks in order of declaration.
    pub configs: &'static [Config],
    /// Every configuration field as block and field, in the order in which the
    /// defaults can be evaluated.
    pub config_order: &'static [(u32, u32)],
    /// The `app` block.
    pub app: Option<App>,
    /// `fn main` of the root module.
    pub main: Option<Main>,
    /// Services in order of declaration.
    pub services: &'static [Service],
    /// Migrations in order of application.
    pub migrations: &'static [Migration],
    /// Tests in order of execution.
    pub tests: &'static [Test],
    /// Files that were embedded when the program was built.
    pub assets: &'static [Asset],
}

impl ProgramMeta {
    /// The type of a built-in record: with what the program adds, if it does.
    #[must_use]
    pub fn builtin_record(&self, id: RecordId) -> &'static TypeDesc {
        let own = self.extended.iter().find(|desc| desc.builtin == Some(id));
        own.copied()
            .unwrap_or_else(|| well_known::builtin_record(id))
    }

    /// A place as `path:line:column`.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let file = self.files.get(span.file as usize).copied().unwrap_or("?");
        format!("{file}:{}:{}", span.line, span.column)
    }
}

/// A function of the program.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Function {
    /// Its name as in source, unqualified.
    pub name: &'static str,
    /// The module it stands in.
    pub module: &'static str,
    /// Where it is declared.
    pub span: Span,
}

/// A configuration block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Name of the block.
    pub name: &'static str,
    /// Its fields in order of declaration.
    pub fields: &'static [ConfigField],
}

/// A field of a configuration block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ConfigField {
    /// Name of the field.
    pub name: &'static str,
    /// Its type.
    pub ty: &'static TypeDesc,
    /// What it is when nothing sets it; a function without arguments.
    pub default: FnId,
    /// Whether the result of the default is still to be validated against the type.
    pub checked: bool,
    /// The environment variable that sets it.
    pub env: &'static str,
}

/// The `app` block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct App {
    /// Its name.
    pub name: &'static str,
    /// Its code, without arguments.
    pub function: FnId,
    /// The type of what it yields.
    pub result: &'static TypeDesc,
}

/// `fn main`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Main {
    /// Its code; the arguments are the parameters in order.
    pub function: FnId,
    /// Its parameters.
    pub params: &'static [Param],
    /// The type of what it returns.
    pub result: &'static TypeDesc,
    /// Doc comment, for the usage page.
    pub doc: &'static str,
}

/// A parameter of `main`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Name, which is the name of the flag.
    pub name: &'static str,
    /// Its type.
    pub ty: &'static TypeDesc,
    /// Its type as written, for the usage page; empty for what the type itself shows.
    pub type_text: &'static str,
    /// Its default; the arguments are the parameters before it.
    pub default: Option<FnId>,
    /// The default as written, for the usage page.
    pub default_text: &'static str,
}

/// A service.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The path that all its routes begin with.
    pub base: &'static str,
    /// Doc comment.
    pub doc: &'static str,
    /// Its routes in order of declaration.
    pub routes: &'static [Route],
}

/// A method of a route.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// Where a handler runs.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// On the worker that read the request.
    Inline,
    /// On the pool for what may block.
    Blocking,
}

/// A route.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its method.
    pub verb: Verb,
    /// The whole pattern, with the base: `/items/{id}`.
    pub pattern: &'static str,
    /// Its code; the arguments are the parameters in order, then the body.
    pub function: FnId,
    /// Parameters of the pattern, in order.
    pub params: &'static [RouteParam],
    /// The type of the body, if it has one.
    pub body: Option<&'static TypeDesc>,
    /// The type of what it returns.
    pub result: &'static TypeDesc,
    /// Where it runs.
    pub class: RouteClass,
    /// Where it is declared.
    pub span: Span,
}

/// A parameter of a route.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RouteParam {
    /// Name, as in the pattern.
    pub name: &'static str,
    /// Its type.
    pub ty: &'static TypeDesc,
}

/// A migration.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Name of the package, empty without one.
    pub package: &'static str,
    /// Its name as written.
    pub name: &'static str,
    /// SHA-256 of its normalised source, as lower-case hex.
    pub checksum: &'static str,
    /// Its code, without arguments.
    pub function: FnId,
}

/// A test.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// Its name.
    pub name: &'static str,
    /// The module it stands in.
    pub module: &'static str,
    /// Its code, without arguments.
    pub function: FnId,
    /// The type of what it yields.
    pub result: &'static TypeDesc,
}

/// A file that was embedded when the program was built.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// What it is looked up by: the path given to `svg.inline`, or the empty path
    /// for the asset map.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}
