//! Declarations.

use super::{BlockId, ExprId, Id, List, Name, Path, TextId, TypeExprId};
use crate::span::TextRange;

/// A top-level declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// `import`.
    Import(Id<Import>),
    /// `type`.
    Type(Id<TypeDecl>),
    /// `enum`.
    Enum(Id<EnumDecl>),
    /// `interface`.
    Interface(Id<InterfaceDecl>),
    /// `impl`.
    Impl(Id<ImplDecl>),
    /// `fn`.
    Fn(FnId),
    /// `component`.
    Component(Id<ComponentDecl>),
    /// `service`.
    Service(Id<ServiceDecl>),
    /// `config`.
    Config(Id<ConfigDecl>),
    /// `app`.
    App(Id<AppDecl>),
    /// `migration`.
    Migration(Id<MigrationDecl>),
    /// `test`.
    Test(Id<TestDecl>),
    /// Something that starts no declaration, already reported.
    Error(TextRange),
}

/// The number of a function or method.
pub type FnId = Id<FnDecl>;

/// One name of a `requires` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Require {
    /// The name as written.
    pub name: Name,
    /// Which capability it is, if it is one.
    pub capability: Option<Capability>,
}

/// What a module may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Databases.
    Db,
    /// Hashes, keys and random bytes.
    Crypto,
    /// Serving and outbound requests.
    Network,
    /// The clock.
    Time,
}

impl Capability {
    /// All of them, in canonical order.
    pub const ALL: [Self; 4] = [Self::Db, Self::Crypto, Self::Network, Self::Time];

    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Db => "db",
            Self::Crypto => "crypto",
            Self::Network => "network",
            Self::Time => "time",
        }
    }

    /// The capability written like this.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.text() == text)
    }
}

/// A doc comment: its lines without marks, joined by line feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doc {
    /// The text.
    pub text: TextId,
    /// From the first mark to the end of the last line.
    pub range: TextRange,
}

/// A plain string where the grammar wants one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrLit {
    /// The text, decoded.
    pub text: TextId,
    /// With its quotes.
    pub range: TextRange,
}

/// An import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Which form.
    pub spec: ImportSpec,
    /// The declaration.
    pub range: TextRange,
}

/// The forms of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportSpec {
    /// `import Foo`.
    Sibling {
        /// The module, and its alias.
        name: Name,
    },
    /// `import X from "p"`.
    From {
        /// The alias, or the value of an asset.
        name: Name,
        /// The path.
        path: ImportPath,
    },
    /// `import X as Y from "p"`.
    Alias {
        /// Documentation only.
        name: Name,
        /// The alias.
        alias: Name,
        /// The path.
        path: ImportPath,
    },
    /// `import { a, B } from "p"`.
    Named {
        /// The names, in order.
        names: List<Name>,
        /// The path.
        path: ImportPath,
    },
}

/// Where an import points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportPath {
    /// The path, decoded; an unquoted one has its segments joined by dots.
    pub text: TextId,
    /// Whether it is a string.
    pub quoted: bool,
    /// With its quotes.
    pub range: TextRange,
}

/// A record type, or one derived from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeDecl {
    /// The name; dotted only for `std.Error` names.
    pub name: Path,
    /// The fields; none when derived.
    pub fields: List<Field>,
    /// `= Base without a, b`.
    pub derive: Option<Derive>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// `= Base without a, b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derive {
    /// The type whose fields are taken.
    pub base: Path,
    /// The fields that are left out.
    pub without: List<Name>,
}

/// A field of a record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExprId,
    /// Its default.
    pub default: Option<ExprId>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The field.
    pub range: TextRange,
}

/// A sum type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumDecl {
    /// Its name.
    pub name: Name,
    /// Its variants, in order.
    pub variants: List<Variant>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A variant of a sum type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// Its payload: all named or all unnamed.
    pub payload: List<Payload>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The variant.
    pub range: TextRange,
}

/// An element of the payload of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its name.
    pub name: Option<Name>,
    /// Its type.
    pub ty: TypeExprId,
}

/// What a function, member, method or component takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: Name,
    /// Type parameters.
    pub type_params: List<Name>,
    /// Where an explicit `self` stands.
    pub receiver: Option<TextRange>,
    /// Parameters, without `self`.
    pub params: List<Param>,
    /// The declared result; nothing is `Unit`, or `Html` for a component.
    pub ret: Option<TypeExprId>,
    /// Bounds of the `where` clause.
    pub bounds: List<Bound>,
    /// From the name to the last bound.
    pub range: TextRange,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExprId,
    /// Its default.
    pub default: Option<ExprId>,
    /// The parameter.
    pub range: TextRange,
}

/// `T: Interface`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The type parameter.
    pub param: Name,
    /// The interface.
    pub interface: Path,
    /// The bound.
    pub range: TextRange,
}

/// A function, or a method of an `impl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FnDecl {
    /// Name, parameters, result.
    pub sig: Signature,
    /// The body.
    pub body: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// An interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceDecl {
    /// Its name.
    pub name: Name,
    /// Its members, in order.
    pub members: List<Member>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A member of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name, parameters, result.
    pub sig: Signature,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The member.
    pub range: TextRange,
}

/// `impl I for T:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImplDecl {
    /// The interface.
    pub interface: Path,
    /// The type.
    pub target: Path,
    /// The methods, in order.
    pub methods: List<FnId>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A component: a function that gives `Html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentDecl {
    /// Name and parameters; there is never a declared result.
    pub sig: Signature,
    /// The body.
    pub body: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceDecl {
    /// Its name.
    pub name: Name,
    /// What stands before the path of every route.
    pub base: StrLit,
    /// Its routes, in order.
    pub routes: List<Route>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A route of a service. The verb stands after the doc comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method it answers.
    pub verb: Verb,
    /// Where the verb stands.
    pub verb_range: TextRange,
    /// Its path.
    pub path: RoutePath,
    /// The type of the body, with the place of the word `body`.
    pub body: Option<RouteBody>,
    /// The result.
    pub ret: TypeExprId,
    /// The handler.
    pub block: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The route.
    pub range: TextRange,
}

/// `body T` of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteBody {
    /// The type.
    pub ty: TypeExprId,
    /// Where the word `body` stands.
    pub keyword: TextRange,
}

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they are the methods of HTTP")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// The method written like this.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.text() == text)
    }
}

/// The path of a route, taken apart at its slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutePath {
    /// The path, decoded.
    pub text: TextId,
    /// With its quotes.
    pub range: TextRange,
    /// What stands between its slashes, without the empty text before the
    /// first one and the empty text after a last one.
    pub segments: List<RouteSegment>,
}

/// A segment of the path of a route. Whether it may stand there is for the
/// checker to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteSegment {
    /// Text.
    Literal(TextId),
    /// `{name: Type}`, or `{*name: Type}`.
    Param {
        /// Its name.
        name: Name,
        /// Its type.
        ty: TypeExprId,
        /// Whether it takes the rest of the path.
        wildcard: bool,
    },
    /// Braces, a colon or a star, but no such parameter.
    Malformed(TextId),
}

/// Typed settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigDecl {
    /// Its name.
    pub name: Name,
    /// Its fields, in order.
    pub fields: List<ConfigField>,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigField {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExprId,
    /// Its default.
    pub default: ExprId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The field.
    pub range: TextRange,
}

/// An entry block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppDecl {
    /// Its name.
    pub name: StrLit,
    /// The body.
    pub body: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A database step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationDecl {
    /// Its identifier: the text of the name, string or integer.
    pub id: StrLit,
    /// The body.
    pub body: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}

/// A test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestDecl {
    /// Its name.
    pub name: StrLit,
    /// The body.
    pub body: BlockId,
    /// The doc comment.
    pub doc: Option<Doc>,
    /// The declaration.
    pub range: TextRange,
}
