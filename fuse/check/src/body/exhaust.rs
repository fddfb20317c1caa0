//! Whether patterns cover every value, and whether each can match.
//!
//! Usefulness of pattern matrices, after L. Maranget, *Warnings for pattern
//! matching*, Journal of Functional Programming 17(3), 2007.

use fuse_syntax::ast::{Literal, Pattern, PatternId};
use smallvec::SmallVec;

use super::Checker;
use crate::ids::{EnumId, RecordId};
use crate::typed::PatternInfo;
use crate::types::{Ty, TyKind};

/// Steps after which a matrix is taken to be right: no program that people
/// write comes near.
const STEPS_MAX: u32 = 200_000;

/// A constructor: what the outermost part of a value can be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Ctor {
    Bool(bool),
    None,
    Some,
    Ok,
    Err,
    Variant(EnumId, u32),
    Record(RecordId),
    Unit,
    /// One of infinitely many: a literal, by its pattern.
    Literal(PatternId),
}

/// A pattern, as far as coverage goes.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Wild,
    Ctor(Ctor, Vec<Self>),
}

type Row = SmallVec<[Shape; 4]>;

/// Asks about one matrix.
struct Usefulness<'c, 'a> {
    checker: &'c mut Checker<'a>,
    steps: u32,
}

impl Checker<'_> {
    /// The shape of a checked pattern. What could not be checked matches
    /// anything.
    pub(super) fn shape(&self, id: PatternId) -> Shape {
        let Some(info) = self.out.pattern(id) else {
            return Shape::Wild;
        };
        let subs = |range| {
            let subs = self.out.sub_patterns(range).iter();
            subs.map(|sub| sub.map_or(Shape::Wild, |sub| self.shape(sub)))
                .collect()
        };
        match info {
            PatternInfo::Wildcard | PatternInfo::Bind(_) => Shape::Wild,
            PatternInfo::Null => Shape::Ctor(Ctor::None, Vec::new()),
            PatternInfo::Some(range) => Shape::Ctor(Ctor::Some, subs(range)),
            PatternInfo::Ok(range) => Shape::Ctor(Ctor::Ok, subs(range)),
            PatternInfo::Err(range) => Shape::Ctor(Ctor::Err, subs(range)),
            PatternInfo::Variant(of, index, range) => {
                let mut parts: Vec<Shape> = subs(range);
                let payload = self.decls.enumeration(of).variants[index as usize]
                    .payload
                    .len();
                parts.resize(payload, Shape::Wild);
                Shape::Ctor(Ctor::Variant(of, index), parts)
            }
            PatternInfo::Record(record, range) => Shape::Ctor(Ctor::Record(record), subs(range)),
            PatternInfo::Literal => match self.ast[id] {
                Pattern::Literal(Literal::Bool(value)) => {
                    Shape::Ctor(Ctor::Bool(value), Vec::new())
                }
                _ => Shape::Ctor(Ctor::Literal(id), Vec::new()),
            },
        }
    }

    /// Whether a row can match something that no row before it does.
    pub(super) fn is_useful(&mut self, rows: &[Shape], row: &Shape, ty: Ty) -> bool {
        let rows: Vec<Row> = rows
            .iter()
            .map(|row| SmallVec::from_iter([row.clone()]))
            .collect();
        let mut usefulness = Usefulness {
            checker: self,
            steps: 0,
        };
        usefulness.useful(&rows, &SmallVec::from_iter([row.clone()]), &[ty])
    }

    /// Up to `most` values that no row matches, as patterns.
    pub(super) fn uncovered(&mut self, rows: &[Shape], ty: Ty, most: usize) -> Vec<Shape> {
        let rows: Vec<Row> = rows
            .iter()
            .map(|row| SmallVec::from_iter([row.clone()]))
            .collect();
        let mut usefulness = Usefulness {
            checker: self,
            steps: 0,
        };
        let found = usefulness.missing(&rows, &[ty], most);
        if usefulness.steps >= STEPS_MAX {
            return Vec::new();
        }
        found
            .into_iter()
            .filter_map(|row| row.into_iter().next())
            .collect()
    }

    /// Every constructor of a type with the types inside; nothing when there
    /// are too many to list.
    fn constructors(&mut self, ty: Ty) -> Option<Vec<(Ctor, Vec<Ty>)>> {
        let plain = |ctor: Ctor| (ctor, Vec::new());
        Some(match self.types.kind(self.types.base(ty)) {
            TyKind::Bool => vec![plain(Ctor::Bool(true)), plain(Ctor::Bool(false))],
            TyKind::Unit => vec![plain(Ctor::Unit)],
            TyKind::Option(inner) => vec![plain(Ctor::None), (Ctor::Some, vec![inner])],
            TyKind::Result(ok, errors) => {
                let error = self.types.error_of(errors);
                vec![(Ctor::Ok, vec![ok]), (Ctor::Err, vec![error])]
            }
            TyKind::Enum(of) => self.variants(of),
            TyKind::Record(record) => vec![self.whole_record(record)],
            TyKind::Union(members) => {
                let members = self.types.members(members).to_vec();
                let expand = |member: Ty| match self.types.kind(member) {
                    TyKind::Enum(of) => self.variants(of),
                    TyKind::Record(record) => vec![self.whole_record(record)],
                    _ => Vec::new(),
                };
                members.into_iter().flat_map(expand).collect()
            }
            _ => return None,
        })
    }

    fn variants(&self, of: EnumId) -> Vec<(Ctor, Vec<Ty>)> {
        let variants = self.decls.enumeration(of).variants.iter().zip(0..);
        variants
            .map(|(variant, index)| (Ctor::Variant(of, index), variant.payload.clone()))
            .collect()
    }

    fn whole_record(&self, record: RecordId) -> (Ctor, Vec<Ty>) {
        let fields = self.decls.record(record).fields.iter();
        (Ctor::Record(record), fields.map(|field| field.ty).collect())
    }

    /// Whether two constructors match the same values.
    fn same_ctor(&self, a: Ctor, b: Ctor) -> bool {
        match (a, b) {
            (Ctor::Literal(a), Ctor::Literal(b)) => match (self.ast[a], self.ast[b]) {
                (Pattern::Literal(a), Pattern::Literal(b)) => self.same_literal(a, b),
                _ => false,
            },
            _ => a == b,
        }
    }

    fn same_literal(&self, a: Literal, b: Literal) -> bool {
        match (a, b) {
            (Literal::Str(a), Literal::Str(b)) => self.ast.string(a) == self.ast.string(b),
            #[expect(
                clippy::cast_precision_loss,
                reason = "integers match floats as floats"
            )]
            (Literal::Int(n), Literal::Float(x)) | (Literal::Float(x), Literal::Int(n)) => {
                n as f64 == x
            }
            _ => a == b,
        }
    }
}

impl Usefulness<'_, '_> {
    /// The rows that match values made by a constructor, with its parts in
    /// front.
    fn specialize(&self, rows: &[Row], ctor: Ctor, arity: usize) -> Vec<Row> {
        let special = |row: &Row| {
            let (first, rest) = row.split_first()?;
            let mut parts: Row = match first {
                Shape::Wild => SmallVec::from_elem(Shape::Wild, arity),
                Shape::Ctor(found, parts) if self.checker.same_ctor(*found, ctor) => {
                    parts.iter().cloned().collect()
                }
                Shape::Ctor(..) => return None,
            };
            parts.resize(arity, Shape::Wild);
            parts.extend(rest.iter().cloned());
            Some(parts)
        };
        rows.iter().filter_map(special).collect()
    }

    /// The rows that match whatever the first value is, without it.
    fn default_rows(rows: &[Row]) -> Vec<Row> {
        let wild = rows
            .iter()
            .filter(|row| matches!(row.first(), Some(Shape::Wild)));
        wild.map(|row| row[1..].iter().cloned().collect()).collect()
    }

    /// The constructors that stand first in some row.
    fn heads(&self, rows: &[Row]) -> Vec<(Ctor, usize)> {
        let mut heads: Vec<(Ctor, usize)> = Vec::new();
        for row in rows {
            if let Some(Shape::Ctor(ctor, parts)) = row.first()
                && !heads
                    .iter()
                    .any(|(known, _)| self.checker.same_ctor(*known, *ctor))
            {
                heads.push((*ctor, parts.len()));
            }
        }
        heads
    }

    fn useful(&mut self, rows: &[Row], row: &Row, types: &[Ty]) -> bool {
        self.steps += 1;
        if self.steps >= STEPS_MAX {
            return true;
        }
        let (Some((first, rest)), Some((&ty, more))) = (row.split_first(), types.split_first())
        else {
            return rows.is_empty();
        };
        match first {
            Shape::Ctor(ctor, parts) => {
                let inner = self.parts_of(ty, *ctor, parts.len());
                let special = self.specialize(rows, *ctor, parts.len());
                let mut row: Row = parts.iter().cloned().collect();
                row.extend(rest.iter().cloned());
                let types: Vec<Ty> = inner.into_iter().chain(more.iter().copied()).collect();
                self.useful(&special, &row, &types)
            }
            Shape::Wild => {
                let all = self.checker.constructors(ty);
                let heads = self.heads(rows);
                let complete = all.filter(|all| {
                    all.iter().all(|(ctor, _)| {
                        heads
                            .iter()
                            .any(|(head, _)| self.checker.same_ctor(*head, *ctor))
                    })
                });
                let Some(all) = complete else {
                    let rest: Row = rest.iter().cloned().collect();
                    return self.useful(&Self::default_rows(rows), &rest, more);
                };
                all.into_iter().any(|(ctor, inner)| {
                    let special = self.specialize(rows, ctor, inner.len());
                    let mut row: Row = SmallVec::from_elem(Shape::Wild, inner.len());
                    row.extend(rest.iter().cloned());
                    let types: Vec<Ty> = inner.into_iter().chain(more.iter().copied()).collect();
                    self.useful(&special, &row, &types)
                })
            }
        }
    }

    fn parts_of(&mut self, ty: Ty, ctor: Ctor, arity: usize) -> Vec<Ty> {
        let all = self.checker.constructors(ty).unwrap_or_default();
        let found = all.into_iter().find(|(known, _)| *known == ctor);
        found.map_or_else(|| vec![Ty::INVALID; arity], |(_, parts)| parts)
    }

    /// Up to `most` rows that no given row matches.
    fn missing(&mut self, rows: &[Row], types: &[Ty], most: usize) -> Vec<Vec<Shape>> {
        self.steps += 1;
        if self.steps >= STEPS_MAX || most == 0 {
            return Vec::new();
        }
        let Some((&ty, more)) = types.split_first() else {
            return if rows.is_empty() {
                vec![Vec::new()]
            } else {
                Vec::new()
            };
        };
        let heads = self.heads(rows);
        let all = self.checker.constructors(ty);
        let used = |checker: &Checker<'_>, ctor: Ctor| {
            heads.iter().any(|(head, _)| checker.same_ctor(*head, ctor))
        };
        let mut found: Vec<Vec<Shape>> = Vec::new();
        let listed = all.as_deref().unwrap_or(&[]);
        // Constructors that some row has can still be covered in part.
        for (ctor, inner) in listed {
            if found.len() >= most || !used(self.checker, *ctor) {
                continue;
            }
            let special = self.specialize(rows, *ctor, inner.len());
            let types: Vec<Ty> = inner.iter().chain(more).copied().collect();
            for mut row in self.missing(&special, &types, most - found.len()) {
                let rest = row.split_off(inner.len());
                found.push(
                    std::iter::once(Shape::Ctor(*ctor, row))
                        .chain(rest)
                        .collect(),
                );
            }
        }
        if found.len() >= most
            || listed.iter().all(|(ctor, _)| used(self.checker, *ctor)) && all.is_some()
        {
            return found;
        }
        // Nobody has the others: what is missing is missing with each of them.
        let fewer = self.missing(&Self::default_rows(rows), more, most - found.len());
        let absent: Vec<(Ctor, usize)> = match heads.is_empty() {
            true => Vec::new(),
            false => listed
                .iter()
                .filter(|(ctor, _)| !used(self.checker, *ctor))
                .map(|(ctor, inner)| (*ctor, inner.len()))
                .collect(),
        };
        for row in fewer {
            if absent.is_empty() {
                found.push(std::iter::once(Shape::Wild).chain(row).collect());
                continue;
            }
            for &(ctor, arity) in &absent {
                let first = Shape::Ctor(ctor, vec![Shape::Wild; arity]);
                found.push(std::iter::once(first).chain(row.iter().cloned()).collect());
            }
        }
        found.truncate(most);
        found
    }
}
