//! The lossless tree and the views over it.

use fuse_syntax::SyntaxKind;
use fuse_syntax::tree::{
    self, AstNode as _, CallExpr, EnumDecl, Field, FnDecl, LetStmt, MemberExpr, Module, Route,
    ServiceDecl, SyntaxToken, TypeDecl,
};

const PROGRAM: &str = "\
# A shop.
type Order:
  ## Who ordered.
  who: String = \"me\"  # trailing

enum State:
  Open(Int)

## Adds up.
fn total(a: Int, b: Int) -> Int:
  let sum = shop.add(a, b=b)
  return sum

service Shop at \"/shop\":
  get \"/{id: Int}\" -> Int: id
";

fn text(token: Option<SyntaxToken>) -> String {
    token
        .map(|token| token.text().to_owned())
        .unwrap_or_default()
}

#[test]
fn parts_are_found_by_name() {
    let module = Module::cast(tree::parse(PROGRAM)).expect("the root is a module");
    let kinds: Vec<SyntaxKind> = module.items().map(|item| item.kind()).collect();
    use SyntaxKind as K;
    assert_eq!(kinds, [K::TypeDecl, K::EnumDecl, K::FnDecl, K::ServiceDecl]);
    let find = |kind| {
        let item = module.items().find(|item| item.kind() == kind);
        item.expect("it is declared").syntax().clone()
    };

    let field: Field = TypeDecl::cast(find(K::TypeDecl))
        .and_then(|decl| decl.fields().next())
        .expect("it has a field");
    assert_eq!(text(field.name()), "who");
    assert_eq!(
        field.doc().map(|doc| doc.text()),
        Some("Who ordered.".to_owned())
    );
    assert_eq!(field.ty().map(|ty| ty.kind()), Some(K::PathType));
    assert_eq!(
        field
            .default()
            .map(|value| value.syntax().text().to_string()),
        Some("\"me\"".to_owned())
    );

    let state = EnumDecl::cast(find(K::EnumDecl)).expect("it is an enum");
    assert_eq!(text(state.name()), "State");
    assert_eq!(
        state
            .variants()
            .map(|variant| text(variant.name()))
            .collect::<Vec<_>>(),
        ["Open"]
    );

    let total = FnDecl::cast(find(K::FnDecl)).expect("it is a function");
    assert_eq!(text(total.name()), "total");
    assert_eq!(
        total
            .params()
            .map(|param| text(param.name()))
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    let body = total.body().expect("it has a body");
    assert_eq!(body.statements().count(), 2);
    let sum = body
        .syntax()
        .children()
        .find_map(LetStmt::cast)
        .expect("it binds");
    assert_eq!(text(sum.name()), "sum");
    let call = sum
        .value()
        .and_then(|value| CallExpr::cast(value.syntax().clone()));
    let call = call.expect("it calls");
    let names: Vec<String> = call.args().map(|arg| text(arg.name())).collect();
    assert_eq!(names, ["", "b"]);
    let callee = call
        .callee()
        .and_then(|callee| MemberExpr::cast(callee.syntax().clone()));
    assert_eq!(text(callee.and_then(|callee| callee.name())), "add");

    let shop = ServiceDecl::cast(find(K::ServiceDecl)).expect("it is a service");
    assert_eq!(text(shop.base()), "\"/shop\"");
    let route: Route = shop.routes().next().expect("it has a route");
    assert_eq!(
        (text(route.verb()), text(route.path())),
        ("get".to_owned(), "\"/{id: Int}\"".to_owned())
    );
}

#[test]
fn a_broken_file_has_a_tree() {
    for cut in 0..PROGRAM.len() {
        let text = &PROGRAM[..cut];
        assert_eq!(tree::parse(text).text(), text);
        let rest = &PROGRAM[cut..];
        assert_eq!(tree::parse(rest).text(), rest);
    }
}

#[test]
fn the_token_at_an_offset_knows_its_ancestors() {
    let root = tree::parse(PROGRAM);
    let offset = PROGRAM.find("add").expect("it is called");
    let offset = u32::try_from(offset).expect("the program is short");
    let token = root.token_at_offset(offset.into()).right_biased();
    let token = token.expect("a token is there");
    assert_eq!(token.text(), "add");
    let function = token.parent_ancestors().find_map(FnDecl::cast);
    assert_eq!(text(function.and_then(|function| function.name())), "total");
    assert_eq!(tree::range(token.text_range()).start, offset);
}
