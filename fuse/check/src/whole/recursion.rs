//! Types that contain themselves, so that no value of them can be made.

use fuse_syntax::{Code, Diagnostic};
use rustc_hash::FxHashSet;

use super::Whole;
use crate::ids::RecordId;
use crate::types::{Ty, TyKind};

impl Whole<'_> {
    pub(super) fn recursive_types(&mut self) {
        let finite = self.finite_types();
        let mut reported: FxHashSet<Ty> = FxHashSet::default();
        for module in &self.graph.modules {
            for index in 0..self.decls.module(module.id).records.len() {
                let id = RecordId::new(module.id, crate::edits::offset(index));
                let ty = self.decls.record(id).ty;
                if finite.contains(&ty) || reported.contains(&ty) {
                    continue;
                }
                let Some((field, cycle)) = self.cycle(id, &finite) else {
                    continue;
                };
                reported.extend(cycle);
                let field = &self.decls.record(id).fields[field];
                let at = field.origin.module.unwrap_or(module.id);
                let name = self.text(self.decls.record(id).name);
                let message = format!("`{name}` contains itself");
                let span = self.at(at, field.origin.range);
                self.report(
                    Diagnostic::new(Code::TYPE_RECURSIVE, span, message)
                        .hint("make the field optional, or a list: then a value can end"),
                );
            }
        }
    }

    /// The declared types that have a value that ends.
    fn finite_types(&self) -> FxHashSet<Ty> {
        let mut finite: FxHashSet<Ty> = FxHashSet::default();
        let mut open: Vec<Ty> = Vec::new();
        for module in &self.decls.modules {
            open.extend(module.records.iter().map(|record| record.ty));
            open.extend(module.enums.iter().map(|one| one.ty));
        }
        loop {
            let before = open.len();
            open.retain(|&ty| {
                let ends = self.ends(ty, &finite);
                if ends {
                    finite.insert(ty);
                }
                !ends
            });
            if open.len() == before {
                return finite;
            }
        }
    }

    fn ends(&self, ty: Ty, finite: &FxHashSet<Ty>) -> bool {
        let part = |&ty: &Ty| self.part_ends(ty, finite);
        match self.types.kind(ty) {
            TyKind::Record(id) => self
                .decls
                .record(id)
                .fields
                .iter()
                .all(|field| part(&field.ty)),
            TyKind::Enum(id) => {
                let variants = &self.decls.enumeration(id).variants;
                variants.is_empty()
                    || variants
                        .iter()
                        .any(|variant| variant.payload.iter().all(part))
            }
            _ => true,
        }
    }

    fn part_ends(&self, ty: Ty, finite: &FxHashSet<Ty>) -> bool {
        match self.types.kind(ty) {
            TyKind::Record(id) if id.is_builtin() => true,
            TyKind::Record(_) | TyKind::Enum(_) => finite.contains(&ty),
            TyKind::Refined(base, _) | TyKind::Result(base, _) => self.part_ends(base, finite),
            _ => true,
        }
    }

    /// The field through which a record contains itself, and the types on the
    /// way.
    fn cycle(&self, start: RecordId, finite: &FxHashSet<Ty>) -> Option<(usize, Vec<Ty>)> {
        let target = self.decls.record(start).ty;
        for (at, field) in self.decls.record(start).fields.iter().enumerate() {
            if self.part_ends(field.ty, finite) {
                continue;
            }
            let mut path = Vec::new();
            if self.leads_back(field.ty, target, finite, &mut path) {
                path.push(target);
                return Some((at, path));
            }
        }
        None
    }

    fn leads_back(&self, ty: Ty, target: Ty, finite: &FxHashSet<Ty>, path: &mut Vec<Ty>) -> bool {
        let ty = self.types.unrefined(ty);
        if ty == target {
            return true;
        }
        if path.contains(&ty) {
            return false;
        }
        path.push(ty);
        let parts: Vec<Ty> = match self.types.kind(ty) {
            TyKind::Record(id) => self.decls.record(id).fields.iter().map(|f| f.ty).collect(),
            TyKind::Enum(id) => {
                let variants = self.decls.enumeration(id).variants.iter();
                variants
                    .flat_map(|variant| variant.payload.iter().copied())
                    .collect()
            }
            TyKind::Result(ok, _) => vec![ok],
            _ => Vec::new(),
        };
        parts
            .into_iter()
            .filter(|&part| !self.part_ends(part, finite))
            .any(|part| self.leads_back(part, target, finite, path))
    }
}
