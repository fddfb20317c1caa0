//! Nodes of the tree with their parts by name.
//!
//! A view is a node whose kind was looked at. Parts are optional, because the
//! tree of a broken file lacks some.

use super::{SyntaxNode, SyntaxToken};
use crate::kind::SyntaxKind as K;

/// A view of a node of the tree.
pub trait AstNode: Sized {
    /// The view of a node, if it is of the right kind.
    fn cast(node: SyntaxNode) -> Option<Self>;

    /// The node.
    fn syntax(&self) -> &SyntaxNode;
}

fn child<N: AstNode>(parent: &SyntaxNode) -> Option<N> {
    children(parent).next()
}

fn children<N: AstNode>(parent: &SyntaxNode) -> impl Iterator<Item = N> + use<N> {
    parent.children().filter_map(N::cast)
}

fn token(parent: &SyntaxNode, wanted: impl Fn(K) -> bool) -> Option<SyntaxToken> {
    let tokens = parent.children_with_tokens();
    tokens
        .filter_map(rowan::NodeOrToken::into_token)
        .find(|token| wanted(token.kind()))
}

/// The name behind the keyword of a declaration.
fn declared_name(parent: &SyntaxNode) -> Option<SyntaxToken> {
    let words = parent.children_with_tokens();
    words
        .filter_map(rowan::NodeOrToken::into_token)
        .filter(|token| token.kind().is_word())
        .nth(1)
}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$part_doc:meta])* $part:ident: $how:tt $kind:ty;)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(SyntaxNode);

        impl AstNode for $name {
            fn cast(node: SyntaxNode) -> Option<Self> {
                (node.kind() == K::$name).then_some(Self(node))
            }

            fn syntax(&self) -> &SyntaxNode {
                &self.0
            }
        }

        impl $name {
            $(views!(@part $(#[$part_doc])* $part $how $kind);)*
        }
    )* };
    (@part $(#[$doc:meta])* $part:ident one $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $part(&self) -> Option<$kind> {
            child(&self.0)
        }
    };
    (@part $(#[$doc:meta])* $part:ident many $kind:ty) => {
        $(#[$doc])*
        pub fn $part(&self) -> impl Iterator<Item = $kind> + use<> {
            children(&self.0)
        }
    };
    (@part $(#[$doc:meta])* $part:ident second $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $part(&self) -> Option<$kind> {
            children(&self.0).nth(1)
        }
    };
    (@part $(#[$doc:meta])* $part:ident word $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $part(&self) -> Option<$kind> {
            token(&self.0, K::is_word)
        }
    };
    (@part $(#[$doc:meta])* $part:ident declared $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $part(&self) -> Option<$kind> {
            declared_name(&self.0)
        }
    };
    (@part $(#[$doc:meta])* $part:ident string $kind:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $part(&self) -> Option<$kind> {
            token(&self.0, |kind| kind == K::String)
        }
    };
}

views! {
    /// A file.
    Module {
        /// Its `requires` lines.
        requires: many Requires;
        /// Its declarations, in order.
        items: many Item;
    }
    /// Doc lines.
    DocComment {}
    /// A `requires` line.
    Requires {}
    /// An import.
    Import {
        /// The quoted path.
        path: string SyntaxToken;
    }
    /// A record type.
    TypeDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The fields.
        fields: many Field;
    }
    /// A field.
    Field {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: word SyntaxToken;
        /// The type.
        ty: one Type;
        /// The default.
        default: one Expr;
    }
    /// A sum type.
    EnumDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: declared SyntaxToken;
        /// The variants.
        variants: many Variant;
    }
    /// A variant.
    Variant {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: word SyntaxToken;
    }
    /// An interface.
    InterfaceDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: declared SyntaxToken;
        /// The members.
        members: many Member;
    }
    /// A member of an interface.
    Member {
        /// The doc comment.
        doc: one DocComment;
        /// Name, parameters, result.
        signature: one Signature;
    }
    /// An implementation.
    ImplDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The methods.
        methods: many FnDecl;
    }
    /// A function or a method.
    FnDecl {
        /// The doc comment.
        doc: one DocComment;
        /// Name, parameters, result.
        signature: one Signature;
        /// The body.
        body: one Block;
    }
    /// A component.
    ComponentDecl {
        /// The doc comment.
        doc: one DocComment;
        /// Name and parameters.
        signature: one Signature;
        /// The body.
        body: one Block;
    }
    /// What a function takes and gives.
    Signature {
        /// The name.
        name: word SyntaxToken;
        /// The parameters.
        params: many Param;
        /// The declared result.
        ret: one Type;
    }
    /// A parameter.
    Param {
        /// The name.
        name: word SyntaxToken;
        /// The type.
        ty: one Type;
        /// The default.
        default: one Expr;
    }
    /// A service.
    ServiceDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: declared SyntaxToken;
        /// What stands before every path.
        base: string SyntaxToken;
        /// The routes.
        routes: many Route;
    }
    /// A route.
    Route {
        /// The doc comment.
        doc: one DocComment;
        /// The method.
        verb: word SyntaxToken;
        /// The path.
        path: string SyntaxToken;
        /// The result.
        ret: one Type;
        /// The handler.
        body: one Block;
    }
    /// Typed settings.
    ConfigDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: declared SyntaxToken;
        /// The settings.
        fields: many ConfigField;
    }
    /// A setting.
    ConfigField {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: word SyntaxToken;
        /// The type.
        ty: one Type;
        /// The default.
        default: one Expr;
    }
    /// An entry block.
    AppDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: string SyntaxToken;
        /// The body.
        body: one Block;
    }
    /// A database step.
    MigrationDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The body.
        body: one Block;
    }
    /// A test.
    TestDecl {
        /// The doc comment.
        doc: one DocComment;
        /// The name.
        name: string SyntaxToken;
        /// The body.
        body: one Block;
    }
    /// The statements of a suite.
    Block {
        /// In order.
        statements: many Stmt;
    }
    /// `let` or `var`.
    LetStmt {
        /// The name.
        name: declared SyntaxToken;
        /// The declared type.
        ty: one Type;
        /// The value.
        value: one Expr;
    }
    /// An identifier.
    NameExpr {
        /// The identifier.
        name: word SyntaxToken;
    }
    /// A call.
    CallExpr {
        /// What is called.
        callee: one Expr;
        /// The arguments.
        args: many Arg;
    }
    /// An argument.
    Arg {
        /// The name, when it is given as `name=value`.
        name: word SyntaxToken;
        /// The value.
        value: one Expr;
    }
    /// `a.name` or `a?.name`.
    MemberExpr {
        /// The value.
        base: one Expr;
        /// The name.
        name: word SyntaxToken;
    }
}

impl FnDecl {
    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<SyntaxToken> {
        self.signature()?.name()
    }

    /// The parameters.
    pub fn params(&self) -> impl Iterator<Item = Param> + use<> {
        self.signature()
            .into_iter()
            .flat_map(|signature| signature.params())
    }
}

impl ComponentDecl {
    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<SyntaxToken> {
        self.signature()?.name()
    }
}

impl DocComment {
    /// The text: its lines without marks, joined by line feeds.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<String> = self
            .0
            .children_with_tokens()
            .filter_map(rowan::NodeOrToken::into_token)
            .filter(|token| token.kind() == K::Doc)
            .map(|token| {
                let line = token.text().trim_start_matches("##");
                line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
            })
            .collect();
        lines.join("\n")
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident: $test:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(SyntaxNode);

        impl AstNode for $name {
            fn cast(node: SyntaxNode) -> Option<Self> {
                let test: fn(K) -> bool = $test;
                test(node.kind()).then_some(Self(node))
            }

            fn syntax(&self) -> &SyntaxNode {
                &self.0
            }
        }

        impl $name {
            /// Which one it is.
            #[must_use]
            pub fn kind(&self) -> K {
                self.0.kind()
            }
        }
    )* };
}

classes! {
    /// Any declaration.
    Item: |kind| matches!(
        kind,
        K::Import
            | K::TypeDecl
            | K::EnumDecl
            | K::InterfaceDecl
            | K::ImplDecl
            | K::FnDecl
            | K::ComponentDecl
            | K::ServiceDecl
            | K::ConfigDecl
            | K::AppDecl
            | K::MigrationDecl
            | K::TestDecl
            | K::ErrorItem
    );
    /// Any statement.
    Stmt: K::is_stmt;
    /// Any expression.
    Expr: K::is_expr;
    /// Any pattern.
    Pattern: K::is_pattern;
    /// Any type.
    Type: K::is_type;
}
