//! Patterns: what they test and bind.

use fuse_syntax::ast::{FieldPattern, List, Literal, Name, Path, Pattern, PatternId};
use fuse_syntax::{Code, Diagnostic, Fix, Span};
use smallvec::SmallVec;

use super::Checker;
use super::qualify::Qualifier;
use crate::decls::Entry;
use crate::ids::{EnumId, RecordId, Sym};
use crate::package::nearest;
use crate::typed::{LocalKind, PatternInfo};
use crate::types::{Ty, TyKind};

/// What the name in front of sub-patterns means.
#[derive(Clone, Copy, Debug)]
enum Head {
    Some(Ty),
    None,
    Ok(Ty),
    Err(Ty),
    Variant(EnumId, u32),
    Record(RecordId),
    /// Reported.
    Nothing,
}

/// Names bound by one pattern so far.
pub(super) type Bindings = SmallVec<[(Sym, Span); 4]>;

impl Checker<'_> {
    /// Checks a pattern against values of a type and binds its names.
    pub(super) fn pattern(&mut self, id: PatternId, ty: Ty, bindings: &mut Bindings) {
        let ty = self.types.unboxed(ty);
        self.out.set_pattern_type(id, ty);
        let info = match self.ast[id] {
            Pattern::Error => return,
            Pattern::Wildcard => Some(PatternInfo::Wildcard),
            Pattern::Literal(literal) => self.literal_pattern(id, literal, ty),
            Pattern::Path(path) => self.path_pattern(id, path, ty, bindings),
            Pattern::Tuple { path, args } => self.tuple_pattern(id, path, args, ty, bindings),
            Pattern::Record { path, fields } => self.record_pattern(id, path, fields, ty, bindings),
        };
        if let Some(info) = info {
            self.out.set_pattern(id, info);
        }
    }

    fn pattern_span(&self, id: PatternId) -> Span {
        self.ast.span(id)
    }

    fn pattern_source(&self, id: PatternId) -> &str {
        self.loaded
            .text
            .get(self.ast.range(id).as_usize())
            .unwrap_or("")
    }

    fn cannot_match(&mut self, id: PatternId, ty: Ty, hint: Option<String>) {
        if ty.is_invalid() {
            return;
        }
        let message = format!(
            "pattern `{}` cannot match `{}`",
            self.pattern_source(id),
            self.shown(ty)
        );
        let hint = hint.or_else(|| match self.types.kind(ty) {
            TyKind::Option(_) => Some("match `None` and `Some(...)`".to_owned()),
            TyKind::Result(..) => Some("match `Ok(...)` and `Err(...)`".to_owned()),
            TyKind::Enum(id) => {
                let variants = self.decls.enumeration(id).variants.iter();
                let names = variants.map(|variant| self.text(variant.name));
                Some(format!("its variants are {}", crate::words::listed(names)))
            }
            _ => Some("a pattern has the type of what is matched".to_owned()),
        });
        let mut diagnostic = Diagnostic::new(Code::PATTERN_TYPE, self.pattern_span(id), message);
        diagnostic.hint = hint;
        self.report(diagnostic);
    }

    fn literal_pattern(&mut self, id: PatternId, literal: Literal, ty: Ty) -> Option<PatternInfo> {
        let base = self.types.unrefined(ty);
        if base.is_invalid() || base == Ty::NEVER {
            return Some(PatternInfo::Literal);
        }
        let fits = match literal {
            Literal::Null => {
                if matches!(self.types.kind(base), TyKind::Option(_) | TyKind::Value) {
                    return Some(PatternInfo::Null);
                }
                false
            }
            Literal::Int(_) => matches!(base, Ty::INT | Ty::FLOAT | Ty::VALUE),
            Literal::Float(_) => matches!(base, Ty::FLOAT | Ty::VALUE),
            Literal::Bool(_) => matches!(base, Ty::BOOL | Ty::VALUE),
            Literal::Str(_) => base == Ty::VALUE || self.types.is_text(base),
        };
        if !fits {
            let hint = match self.types.kind(base) {
                TyKind::Option(_) => Some(format!(
                    "match what is there: `Some({})`",
                    self.pattern_source(id)
                )),
                _ => None,
            };
            self.cannot_match(id, ty, hint);
            return None;
        }
        Some(PatternInfo::Literal)
    }

    fn path_pattern(
        &mut self,
        id: PatternId,
        path: Path,
        ty: Ty,
        bindings: &mut Bindings,
    ) -> Option<PatternInfo> {
        let [name] = self.ast[path.segments] else {
            return self.qualified_pattern(id, path, ty);
        };
        if name.is_missing() {
            return None;
        }
        let sym = self.sym(name.symbol);
        let known = &self.prelude.known;
        match self.types.kind(self.types.unrefined(ty)) {
            TyKind::Option(_) if sym == known.none => return Some(PatternInfo::Null),
            TyKind::Option(_) if sym == known.some => {
                return Some(self.one_wild(PatternInfo::Some));
            }
            TyKind::Result(..) if sym == known.ok => return Some(self.one_wild(PatternInfo::Ok)),
            TyKind::Result(..) if sym == known.err => return Some(self.one_wild(PatternInfo::Err)),
            TyKind::Enum(of) => {
                let declared = self.decls.enumeration(of);
                if let Some(index) = declared.variant(sym)
                    && declared.variants[index as usize].payload.is_empty()
                {
                    return Some(PatternInfo::Variant(of, index, (0, 0)));
                }
            }
            TyKind::Union(_) => {
                if let Some(found) = self.union_variant(id, name, ty) {
                    return match found {
                        Head::Variant(of, index)
                            if self.decls.enumeration(of).variants[index as usize]
                                .payload
                                .is_empty() =>
                        {
                            Some(PatternInfo::Variant(of, index, (0, 0)))
                        }
                        Head::Nothing => None,
                        _ => Some(self.binding(name, ty, bindings)),
                    };
                }
            }
            _ => {}
        }
        Some(self.binding(name, ty, bindings))
    }

    /// A pattern without sub-patterns that matches whatever is inside.
    fn one_wild(&mut self, make: fn((u32, u32)) -> PatternInfo) -> PatternInfo {
        make(self.out.add_sub_patterns([None]))
    }

    fn binding(&mut self, name: Name, ty: Ty, bindings: &mut Bindings) -> PatternInfo {
        let sym = self.sym(name.symbol);
        let span = self.ast.name_span(name);
        if let Some((_, first)) = bindings.iter().find(|(known, _)| *known == sym) {
            let text = self.ast.text(name);
            let message = format!("`{text}` bound twice in one pattern");
            let diagnostic = Diagnostic::new(Code::PATTERN_DUPLICATE_BINDING, span, message)
                .related(*first, format!("`{text}` is first bound here"));
            self.report(diagnostic);
            return PatternInfo::Wildcard;
        }
        bindings.push((sym, span));
        self.variant_like(name, ty);
        match self.declare(name, ty, LocalKind::Pattern) {
            Some(local) => PatternInfo::Bind(local),
            None => PatternInfo::Wildcard,
        }
    }

    /// Warns about a binding that looks like a variant.
    fn variant_like(&mut self, name: Name, ty: Ty) {
        let text = self.ast.text(name).to_owned();
        if !text.starts_with(|c: char| c.is_ascii_uppercase()) || ty.is_invalid() {
            return;
        }
        let candidates: Vec<&str> = match self.types.kind(self.types.unrefined(ty)) {
            TyKind::Enum(of) => {
                let variants = self.decls.enumeration(of).variants.iter();
                variants
                    .filter(|variant| variant.payload.is_empty())
                    .map(|variant| self.text(variant.name))
                    .collect()
            }
            TyKind::Option(_) => vec!["None"],
            _ => Vec::new(),
        };
        let near = nearest(&text, candidates).map(str::to_owned);
        let span = self.ast.name_span(name);
        let message = match &near {
            Some(near) => format!("`{text}` binds a new name; did you mean `{near}`?"),
            None => format!("`{text}` binds a new name"),
        };
        let mut diagnostic = Diagnostic::new(Code::PATTERN_VARIANT_LIKE, span, message)
            .hint("names that start with a capital look like variants; bindings start small");
        if let Some(near) = near {
            let fix = Fix::replace(format!("write `{near}`"), span, near).unsafe_to_apply();
            diagnostic = diagnostic.fix(fix);
        }
        self.report(diagnostic);
    }

    /// `E.V` and `M.E.V`.
    fn qualified_pattern(&mut self, id: PatternId, path: Path, ty: Ty) -> Option<PatternInfo> {
        match self.head(id, path, ty) {
            Head::Variant(of, index) => {
                let payload = self.decls.enumeration(of).variants[index as usize]
                    .payload
                    .len();
                if payload > 0 {
                    self.pattern_arity(id, path, payload, 0);
                    return None;
                }
                Some(PatternInfo::Variant(of, index, (0, 0)))
            }
            Head::Record(_) => {
                let hint = format!(
                    "match any value of the type: `{}()`",
                    self.ast.path_text(path)
                );
                self.cannot_match(id, ty, Some(hint));
                None
            }
            _ => None,
        }
    }

    fn pattern_arity(&mut self, id: PatternId, path: Path, takes: usize, found: usize) {
        let name = self.ast.path_text(path);
        let message = format!(
            "`{name}` takes {}, found {found}",
            crate::words::counted(takes, "value")
        );
        let wild = vec!["_"; takes].join(", ");
        let hint = match takes {
            0 => format!("write it without parentheses: `{name}`"),
            _ => format!("give a pattern for each: `{name}({wild})`"),
        };
        let span = self.pattern_span(id);
        self.report(Diagnostic::new(Code::PATTERN_ARITY, span, message).hint(hint));
    }

    /// What the path of a pattern names, given what it is matched against.
    fn head(&mut self, id: PatternId, path: Path, ty: Ty) -> Head {
        let subject = self.types.unrefined(ty);
        let segments = &self.ast[path.segments];
        if let [name] = *segments {
            return self.single_head(id, name, subject);
        }
        let Some((last, base)) = segments.split_last() else {
            return Head::Nothing;
        };
        match self.path_qualifier(base) {
            Some(Qualifier::Enum(of)) => {
                let sym = self.sym(last.symbol);
                let Some(index) = self.decls.enumeration(of).variant(sym) else {
                    self.unknown_variant(of, *last);
                    return Head::Nothing;
                };
                self.fitting(id, ty, Head::Variant(of, index))
            }
            Some(Qualifier::Damaged) => Head::Nothing,
            Some(outer) => match self.nested_qualifier(outer, *last) {
                Some(Qualifier::Record(record)) => self.fitting(id, ty, Head::Record(record)),
                // Alone, the module is the type of its name.
                Some(Qualifier::StdError) => {
                    let record = RecordId::builtin(fuse_builtins::RecordId::StdError);
                    self.fitting(id, ty, Head::Record(record))
                }
                Some(Qualifier::Damaged) => Head::Nothing,
                _ => {
                    self.cannot_match(id, ty, None);
                    Head::Nothing
                }
            },
            None => {
                if !self.may_be_hidden() {
                    let first = segments[0];
                    let message = format!("unknown name `{}`", self.ast.text(first));
                    let span = self.ast.name_span(first);
                    self.report(
                        Diagnostic::new(Code::NAME_UNKNOWN, span, message)
                            .hint("a variant is named with its enum: `Light.Red`"),
                    );
                }
                Head::Nothing
            }
        }
    }

    fn path_qualifier(&mut self, names: &[Name]) -> Option<Qualifier> {
        let (first, rest) = names.split_first()?;
        let sym = self.sym(first.symbol);
        let mut outer = match self.own.scope.get(&sym).map(|named| named.entry) {
            Some(entry) => {
                self.uses.mark(first.symbol);
                match entry {
                    Entry::Module(module) => Qualifier::Module(module),
                    Entry::Enum(id) => Qualifier::Enum(id),
                    Entry::Record(id) => Qualifier::Record(id),
                    Entry::StdError => Qualifier::StdError,
                    Entry::Damaged => Qualifier::Damaged,
                    _ => return None,
                }
            }
            None if sym == self.prelude.known.std => Qualifier::Std,
            None => match self.prelude.name(sym) {
                Some(crate::prelude::PreludeEntry::Namespace(home)) => Qualifier::Namespace(home),
                _ => return None,
            },
        };
        for name in rest {
            outer = self.nested_qualifier(outer, *name)?;
        }
        Some(outer)
    }

    fn single_head(&mut self, id: PatternId, name: Name, subject: Ty) -> Head {
        if name.is_missing() {
            return Head::Nothing;
        }
        let sym = self.sym(name.symbol);
        let known = &self.prelude.known;
        match self.types.kind(subject) {
            TyKind::Invalid | TyKind::Never => return Head::Nothing,
            TyKind::Option(inner) if sym == known.some => return Head::Some(inner),
            TyKind::Option(_) if sym == known.none => return Head::None,
            TyKind::Result(ok, _) if sym == known.ok => return Head::Ok(ok),
            TyKind::Result(_, errors) if sym == known.err => {
                return Head::Err(self.types.error_of(errors));
            }
            TyKind::Enum(of) => {
                if let Some(index) = self.decls.enumeration(of).variant(sym) {
                    return Head::Variant(of, index);
                }
            }
            TyKind::Union(_) => {
                if let Some(found) = self.union_variant(id, name, subject) {
                    return found;
                }
            }
            _ => {}
        }
        match self.named_record(name) {
            Some(record) => self.fitting(id, subject, Head::Record(record)),
            None => {
                self.no_head(id, name, subject);
                Head::Nothing
            }
        }
    }

    fn named_record(&mut self, name: Name) -> Option<RecordId> {
        let sym = self.sym(name.symbol);
        match self.own.scope.get(&sym).map(|named| named.entry) {
            Some(Entry::Record(record)) => {
                self.uses.mark(name.symbol);
                Some(record)
            }
            None if sym == self.prelude.known.error => {
                Some(RecordId::builtin(fuse_builtins::RecordId::StdError))
            }
            None if sym == self.prelude.known.self_type => {
                match self.types.kind(self.body.self_type?) {
                    TyKind::Record(record) => Some(record),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn no_head(&mut self, id: PatternId, name: Name, subject: Ty) {
        if let TyKind::Enum(of) = self.types.kind(subject) {
            self.unknown_variant(of, name);
            return;
        }
        if self.may_be_hidden() {
            return;
        }
        self.cannot_match(id, subject, None);
    }

    /// The variant of a name among the enums of a union.
    fn union_variant(&mut self, id: PatternId, name: Name, ty: Ty) -> Option<Head> {
        let TyKind::Union(members) = self.types.kind(self.types.unrefined(ty)) else {
            return None;
        };
        let sym = self.sym(name.symbol);
        let members = self.types.members(members).to_vec();
        let found: SmallVec<[(EnumId, u32); 2]> = members
            .into_iter()
            .filter_map(|member| match self.types.kind(member) {
                TyKind::Enum(of) => Some((of, self.decls.enumeration(of).variant(sym)?)),
                _ => None,
            })
            .collect();
        match found[..] {
            [] => None,
            [(of, index)] => Some(Head::Variant(of, index)),
            [(first, _), (second, _), ..] => {
                let text = self.ast.text(name);
                let (a, b) = (
                    self.text(self.decls.enumeration(first).name),
                    self.text(self.decls.enumeration(second).name),
                );
                let message = format!("`{text}` exists in `{a}` and `{b}`");
                let hint = format!("say which: `{a}.{text}`");
                let span = self.pattern_span(id);
                self.report(Diagnostic::new(Code::PATTERN_AMBIGUOUS, span, message).hint(hint));
                Some(Head::Nothing)
            }
        }
    }

    /// Whether values of the subject can be what a head names.
    fn fitting(&mut self, id: PatternId, ty: Ty, head: Head) -> Head {
        let named = match head {
            Head::Variant(of, _) => self.decls.enumeration(of).ty,
            Head::Record(record) => self.decls.record(record).ty,
            _ => return head,
        };
        let subject = self.types.unrefined(ty);
        let fits = match self.types.kind(subject) {
            TyKind::Union(members) => self.types.members(members).contains(&named),
            TyKind::Invalid | TyKind::Never => return Head::Nothing,
            _ => subject == named,
        };
        if fits {
            return head;
        }
        let hint = match self.types.kind(subject) {
            TyKind::Option(_) => Some(format!(
                "match what is there: `Some({})`",
                self.pattern_source(id)
            )),
            TyKind::Result(..) => Some(format!(
                "match the error: `Err({})`",
                self.pattern_source(id)
            )),
            _ => None,
        };
        self.cannot_match(id, ty, hint);
        Head::Nothing
    }

    fn tuple_pattern(
        &mut self,
        id: PatternId,
        path: Path,
        args: List<PatternId>,
        ty: Ty,
        bindings: &mut Bindings,
    ) -> Option<PatternInfo> {
        let head = self.head(id, path, ty);
        let count = args.len();
        let one: fn((u32, u32)) -> PatternInfo = match head {
            Head::Some(_) => PatternInfo::Some,
            Head::Ok(_) => PatternInfo::Ok,
            _ => PatternInfo::Err,
        };
        match head {
            Head::Some(inner) | Head::Ok(inner) | Head::Err(inner) => {
                let [arg] = self.ast[args] else {
                    self.pattern_arity(id, path, 1, count);
                    self.bind_invalid(args, bindings);
                    return None;
                };
                self.pattern(arg, inner, bindings);
                Some(one(self.out.add_sub_patterns([Some(arg)])))
            }
            Head::None if count == 0 => Some(PatternInfo::Null),
            Head::None => {
                self.pattern_arity(id, path, 0, count);
                self.bind_invalid(args, bindings);
                None
            }
            Head::Variant(of, index) => {
                let payload = self.decls.enumeration(of).variants[index as usize]
                    .payload
                    .clone();
                if payload.len() != count || count == 0 {
                    self.pattern_arity(id, path, payload.len(), count);
                    self.bind_invalid(args, bindings);
                    return None;
                }
                let ast = self.ast;
                for (&arg, part) in ast[args].iter().zip(payload) {
                    self.pattern(arg, part, bindings);
                }
                let subs = self
                    .out
                    .add_sub_patterns(ast[args].iter().map(|&arg| Some(arg)));
                Some(PatternInfo::Variant(of, index, subs))
            }
            Head::Record(record) => {
                if count > 0 {
                    self.positional_record(id, path, record, count);
                    self.bind_invalid(args, bindings);
                    return None;
                }
                let fields = self.decls.record(record).fields.len();
                let subs = self.out.add_sub_patterns((0..fields).map(|_| None));
                Some(PatternInfo::Record(record, subs))
            }
            Head::Nothing => {
                self.bind_invalid(args, bindings);
                None
            }
        }
    }

    fn positional_record(&mut self, id: PatternId, path: Path, record: RecordId, found: usize) {
        let name = self.ast.path_text(path);
        let field = self.decls.record(record).fields.first();
        let field = field.map_or("field", |field| self.text(field.name));
        let hint = format!("name the fields: `{name}({field}=...)`");
        let message = format!("`{name}` takes 0 values, found {found}");
        let span = self.pattern_span(id);
        self.report(Diagnostic::new(Code::PATTERN_ARITY, span, message).hint(hint));
    }

    /// Binds the names of sub-patterns whose types are unknown.
    fn bind_invalid(&mut self, args: List<PatternId>, bindings: &mut Bindings) {
        for &arg in &self.ast[args] {
            self.pattern(arg, Ty::INVALID, bindings);
        }
    }

    fn record_pattern(
        &mut self,
        id: PatternId,
        path: Path,
        fields: List<FieldPattern>,
        ty: Ty,
        bindings: &mut Bindings,
    ) -> Option<PatternInfo> {
        let head = self.head(id, path, ty);
        let (names, types): (Vec<Sym>, Vec<Ty>) = match head {
            Head::Record(record) => {
                let fields = self.decls.record(record).fields.iter();
                fields.map(|field| (field.name, field.ty)).unzip()
            }
            Head::Variant(of, index) => {
                let variant = &self.decls.enumeration(of).variants[index as usize];
                (variant.names.clone(), variant.payload.clone())
            }
            Head::Some(_) | Head::Ok(_) | Head::Err(_) => {
                self.pattern_arity(id, path, 1, fields.len());
                (Vec::new(), Vec::new())
            }
            Head::None => {
                self.pattern_arity(id, path, 0, fields.len());
                (Vec::new(), Vec::new())
            }
            Head::Nothing => (Vec::new(), Vec::new()),
        };
        let mut subs: Vec<Option<PatternId>> = vec![None; types.len()];
        let known = matches!(head, Head::Record(_) | Head::Variant(..));
        for field in &self.ast[fields] {
            let sym = self.sym(field.name.symbol);
            let at = names.iter().position(|name| *name == sym);
            let part = match at {
                Some(at) if subs[at].is_some() => {
                    self.field_twice(field.name);
                    Ty::INVALID
                }
                Some(at) => {
                    subs[at] = Some(field.pattern);
                    types[at]
                }
                None => {
                    if known && !field.name.is_missing() {
                        self.unknown_pattern_field(path, field.name, &names);
                    }
                    Ty::INVALID
                }
            };
            self.pattern(field.pattern, part, bindings);
        }
        let subs = self.out.add_sub_patterns(subs);
        match head {
            Head::Record(record) => Some(PatternInfo::Record(record, subs)),
            Head::Variant(of, index) => Some(PatternInfo::Variant(of, index, subs)),
            _ => None,
        }
    }

    fn field_twice(&mut self, name: Name) {
        let message = format!("field `{}` given twice", self.ast.text(name));
        let span = self.ast.name_span(name);
        self.report(
            Diagnostic::new(Code::FIELD_DUPLICATE, span, message).hint("remove one of the two"),
        );
    }

    fn unknown_pattern_field(&mut self, path: Path, name: Name, names: &[Sym]) {
        let text = self.ast.text(name);
        let known = names.iter().map(|&sym| self.text(sym));
        let hint = match nearest(text, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => {
                "its values have no names; give patterns in order".to_owned()
            }
            None => format!("its fields are {}", crate::words::listed(known)),
        };
        let message = format!("`{}` has no field `{text}`", self.ast.path_text(path));
        let span = self.ast.name_span(name);
        self.report(Diagnostic::new(Code::FIELD_UNKNOWN, span, message).hint(hint));
    }

    /// Whether a `match` looks for null, so that its subject may be null.
    pub(super) fn looks_for_null(&self, pattern: PatternId) -> bool {
        let named = |path: Path| match self.ast[path.segments] {
            [only] => matches!(self.ast.text(only), "Some" | "None"),
            _ => false,
        };
        match self.ast[pattern] {
            Pattern::Literal(Literal::Null) => true,
            Pattern::Path(path) | Pattern::Tuple { path, .. } => named(path),
            _ => false,
        }
    }
}
