//! Services: paths, parameters and types of routes.

use fuse_syntax::ast::{self, RouteSegment, StrLit, Verb};
use fuse_syntax::{Code, Diagnostic, Span, TextRange};
use rustc_hash::FxHashMap;

use super::build::{Builder, number};
use super::model::{Route, RouteParam, Segment};
use super::resolve::Position;
use crate::load::LoadedModule;
use crate::relate::Relations;
use crate::types::{Ty, TyKind};

/// Parameters a path may have.
const PARAMS_MAX: usize = 16;
/// Segments a path may have.
const SEGMENTS_MAX: usize = 64;
/// Bytes a path may have.
const BYTES_MAX: usize = 2048;

/// A path being put together; it is reported at most once.
struct Path {
    span: Span,
    segments: Vec<Segment>,
    valid: bool,
}

impl Builder<'_> {
    pub(super) fn services(&mut self, module: &LoadedModule) {
        let ast = &module.parsed.module;
        for index in 0..self.decls.module(module.id).services.len() {
            let decl = self.decls.module(module.id).services[index].decl;
            let base = self.base_path(module, ast[decl].base);
            let mut routes = Vec::with_capacity(ast[decl].routes.len());
            for (route, at) in ast[ast[decl].routes].iter().zip(ast[decl].routes.indices()) {
                routes.push(self.route(module, &base, route, number(at)));
            }
            self.decls.modules[module.id.index()].services[index].routes = routes;
        }
    }

    fn bad_path(&mut self, path: &mut Path, message: &str) {
        if path.valid {
            path.valid = false;
            self.sink
                .push(Diagnostic::new(Code::ROUTE_PATH, path.span, message));
        }
    }

    fn bad_param(&mut self, path: &mut Path, hint: String) {
        if path.valid {
            path.valid = false;
            self.sink.push(
                Diagnostic::new(
                    Code::ROUTE_PARAM,
                    path.span,
                    "route parameter must be `{name: Type}`",
                )
                .hint(hint),
            );
        }
    }

    fn base_path(&mut self, module: &LoadedModule, base: StrLit) -> Path {
        let text = module.parsed.module.string(base.text);
        let span = base.range.in_file(module.file);
        let mut path = Path {
            span,
            segments: Vec::new(),
            valid: true,
        };
        let Some(rest) = text.strip_prefix('/') else {
            self.bad_path(&mut path, "route path must start with `/`");
            return path;
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if !rest.is_empty() {
            for segment in rest.split('/') {
                if segment.contains(['{', '}']) {
                    self.bad_param(
                        &mut path,
                        "parameters stand in the paths of routes".to_owned(),
                    );
                } else {
                    self.literal(&mut path, segment);
                }
            }
        }
        path
    }

    fn literal(&mut self, path: &mut Path, text: &str) {
        if let Some(name) = text.strip_prefix([':', '*']) {
            let star = if text.starts_with('*') { "*" } else { "" };
            let name = if name.is_empty() { "name" } else { name };
            self.bad_param(path, format!("write `{{{star}{name}: String}}`"));
            return;
        }
        if let Some(reason) = refused(text) {
            self.bad_path(path, reason);
            return;
        }
        path.segments.push(Segment::Literal(text.into()));
    }

    fn route(
        &mut self,
        module: &LoadedModule,
        base: &Path,
        route: &ast::Route,
        index: u32,
    ) -> Route {
        let ast = &module.parsed.module;
        let span = route.path.range.in_file(module.file);
        let text = ast.string(route.path.text);
        let mut path = Path {
            span,
            segments: base.segments.clone(),
            valid: true,
        };
        if !text.starts_with('/') {
            self.bad_path(&mut path, "route path must start with `/`");
        }
        let last = route.path.segments.len().saturating_sub(1);
        for (at, segment) in ast[route.path.segments].iter().enumerate() {
            let pool = number(route.path.segments.indices().start + at);
            match *segment {
                RouteSegment::Literal(text) => self.literal(&mut path, ast.string(text)),
                RouteSegment::Malformed(text) => {
                    let hint = malformed_hint(ast.string(text));
                    self.bad_param(&mut path, hint);
                }
                RouteSegment::Param { name, ty, wildcard } => {
                    self.route_param(module, &mut path, (name, ty, wildcard), pool, at == last);
                }
            }
        }
        self.path_limits(&mut path, ast.string(route.path.text));
        let body = self.body(module, route, &path);
        let result = self
            .resolver(module, &[], None)
            .resolve(route.ret, Position::Result);
        if !self.sendable(result) {
            self.not_sendable(module, route.ret, result);
        }
        Route {
            verb: route.verb,
            verb_range: route.verb_range,
            path: path.segments,
            valid: path.valid && base.valid,
            body,
            result,
            block: route.block,
            index,
        }
    }

    fn path_limits(&mut self, path: &mut Path, text: &str) {
        let params = path.segments.iter();
        let params = params
            .filter(|segment| !matches!(segment, Segment::Literal(_)))
            .count();
        if params > PARAMS_MAX {
            self.bad_path(path, "route path has more than 16 parameters");
        } else if path.segments.len() > SEGMENTS_MAX {
            self.bad_path(path, "route path has more than 64 segments");
        } else if text.len() > BYTES_MAX {
            self.bad_path(path, "route path has more than 2048 bytes");
        }
    }

    fn route_param(
        &mut self,
        module: &LoadedModule,
        path: &mut Path,
        (name, ty, wildcard): (ast::Name, ast::TypeExprId, bool),
        segment: u32,
        last: bool,
    ) {
        let ast = &module.parsed.module;
        let ty = self
            .resolver(module, &[], None)
            .resolve(ty, Position::Stored);
        let text = ast.text(name);
        let range = ast.name_range(name);
        let sym = self.decls.module(module.id).sym(name.symbol);
        if wildcard && !last {
            self.bad_param(
                path,
                format!("`{{*{text}: String}}` must be the last segment"),
            );
        } else if wildcard && ty != Ty::STRING && !ty.is_invalid() {
            self.bad_param(
                path,
                format!("the rest of a path is text: `{{*{text}: String}}`"),
            );
        } else if !self.is_path_type(ty) && path.valid {
            path.valid = false;
            let shown = self.decls.display(self.types, ty);
            let message = format!("route parameter cannot be `{shown}`");
            self.sink.push(Diagnostic::new(Code::ROUTE_PARAM_TYPE, path.span, message).hint(
                "take `Int`, `Float`, `Bool`, `String`, `Id`, `Email`, `Bytes` or an enum without payload",
            ));
        }
        let first = path.segments.iter().find_map(|segment| match segment {
            Segment::Param(param) | Segment::Wildcard(param) if param.name == sym => {
                Some(param.range)
            }
            _ => None,
        });
        if let Some(first) = first {
            self.bound_twice(module, text, range, Some(first));
        }
        let param = RouteParam {
            name: sym,
            range,
            ty,
            segment,
        };
        path.segments.push(match wildcard {
            true => Segment::Wildcard(param),
            false => Segment::Param(param),
        });
    }

    fn bound_twice(
        &mut self,
        module: &LoadedModule,
        text: &str,
        range: TextRange,
        first: Option<TextRange>,
    ) {
        let message = format!("`{text}` is already bound here");
        let mut diagnostic =
            Diagnostic::new(Code::BINDING_DUPLICATE, range.in_file(module.file), message);
        if let Some(first) = first {
            diagnostic = diagnostic.related(
                first.in_file(module.file),
                format!("`{text}` is first bound here"),
            );
        }
        self.sink.push(diagnostic);
    }

    fn is_path_type(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Option(inner) | TyKind::Refined(inner, _) => self.is_path_type(inner),
            TyKind::Int
            | TyKind::Float
            | TyKind::Bool
            | TyKind::String
            | TyKind::Id
            | TyKind::Email
            | TyKind::Bytes
            | TyKind::Invalid => true,
            TyKind::Enum(id) => {
                let variants = &self.decls.enumeration(id).variants;
                variants.iter().all(|variant| variant.payload.is_empty())
            }
            _ => false,
        }
    }

    fn body(&mut self, module: &LoadedModule, route: &ast::Route, path: &Path) -> Option<Ty> {
        let body = route.body?;
        let ty = self
            .resolver(module, &[], None)
            .resolve(body.ty, Position::Result);
        if !self.receivable(ty) {
            self.not_sendable(module, body.ty, ty);
        }
        for segment in &path.segments {
            if let Segment::Param(param) | Segment::Wildcard(param) = segment
                && self.types.symbols.text(param.name) == "body"
            {
                self.bound_twice(module, "body", param.range, Some(body.keyword));
            }
        }
        if matches!(route.verb, Verb::Get | Verb::Delete) {
            let verb = route.verb.text();
            let message = format!("`{verb}` routes should not have a body");
            let span = body.keyword.in_file(module.file);
            self.sink
                .push(Diagnostic::new(Code::ROUTE_BODY_VERB, span, message));
        }
        Some(ty)
    }

    fn sendable(&mut self, ty: Ty) -> bool {
        let plain = !matches!(self.types.kind(ty), TyKind::Box(_));
        plain && Relations::default().encodable(self.types, ty)
    }

    fn receivable(&mut self, ty: Ty) -> bool {
        ty.is_invalid() || Relations::default().decodable(self.types, &self.decls, ty)
    }

    fn not_sendable(&mut self, module: &LoadedModule, at: ast::TypeExprId, ty: Ty) {
        let shown = self.decls.display(self.types, ty);
        let message = format!("`{shown}` cannot be sent or received");
        let span = module.parsed.module.span(at);
        self.sink
            .push(Diagnostic::new(Code::ROUTE_TYPE, span, message));
    }

    /// One route per verb and shape in the whole program.
    pub(super) fn unique_routes(&mut self) {
        let mut seen: FxHashMap<(Verb, String), Span> = FxHashMap::default();
        for module in &self.graph.modules {
            for service in &self.decls.module(module.id).services {
                for route in service.routes.iter().filter(|route| route.valid) {
                    let shape = shape(&route.path);
                    let span = route.verb_range.in_file(module.file);
                    let first = *seen.entry((route.verb, shape.clone())).or_insert(span);
                    if first != span {
                        let message = format!("duplicate route `{} {shape}`", route.verb.text());
                        self.sink.push(
                            Diagnostic::new(Code::ROUTE_DUPLICATE, span, message)
                                .related(first, "the first route of this shape".to_owned()),
                        );
                    }
                }
            }
        }
    }
}

/// A path with its parameters nameless: `/u/{}`, `/files/{*}`.
fn shape(path: &[Segment]) -> String {
    let mut shape = String::new();
    for segment in path {
        shape.push('/');
        match segment {
            Segment::Literal(text) => shape.push_str(text),
            Segment::Param(_) => shape.push_str("{}"),
            Segment::Wildcard(_) => shape.push_str("{*}"),
        }
    }
    if shape.is_empty() {
        "/".to_owned()
    } else {
        shape
    }
}

/// Why the router would refuse a literal segment.
fn refused(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("route path has an empty segment");
    }
    if text == "." || text == ".." {
        return Some("route path has a `.` or `..` segment");
    }
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'?' | b'#' => return Some("route path has a `?` or `#`"),
            b' ' => return Some("route path has a space"),
            b'%' => {
                let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
                if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Some("route path has a `%` without two hex digits");
                }
            }
            _ if !byte.is_ascii() || byte.is_ascii_control() => {
                return Some("route path has a character that must be percent-encoded");
            }
            _ => {}
        }
    }
    None
}

/// What to write instead of a malformed parameter.
fn malformed_hint(text: &str) -> String {
    let star = if text.contains('*') { "*" } else { "" };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = text
        .chars()
        .skip_while(|c| !word(*c))
        .take_while(|c| word(*c))
        .collect();
    let name = if name.is_empty() { "name" } else { &name };
    let ty = if name == "id" && star.is_empty() {
        "Int"
    } else {
        "String"
    };
    format!("write `{{{star}{name}: {ty}}}`")
}
