//! Types of the checker as types of the program.

use super::{Item, Lower, Origin};
use crate::canon::{self, Bound, Constraint, Type, TypeId};
use crate::decls::FunctionKind;
use crate::ids::{EnumId, FnId, RecordId};
use crate::types::{Ty, TyKind, TyList};

/// What the parameters of a type stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Env {
    /// The function around, and its type arguments.
    pub(super) owner: Option<FnId>,
    pub(super) args: Vec<TypeId>,
    /// The error that a task of this body may end with, if the body can fail.
    pub(super) task_error: Option<TypeId>,
}

/// What a function takes and gives, with its type parameters known.
pub(super) struct Signature {
    pub(super) params: Vec<TypeId>,
    pub(super) result: TypeId,
}

impl Lower<'_> {
    /// The signature of a function, without its receiver.
    pub(super) fn signature(&mut self, id: FnId, args: &[TypeId]) -> Signature {
        let env = Env {
            owner: Some(id),
            args: args.to_vec(),
            task_error: None,
        };
        let declared = self.decls.function(id);
        let component = declared.kind == FunctionKind::Component;
        let mut params: Vec<_> = declared
            .params
            .iter()
            .map(|param| self.ty(param.ty, &env))
            .collect();
        if component {
            params.extend([TypeId::ATTRIBUTES, TypeId::CHILDREN]);
        }
        let result = if component {
            TypeId::HTML
        } else {
            self.ty(declared.result, &env)
        };
        Signature { params, result }
    }

    /// The signature of a default: what comes before it, and its own type.
    pub(super) fn default_signature(&mut self, item: Item, args: &[TypeId]) -> Signature {
        match item {
            Item::ParamDefault(id, index) => {
                let mut signature = self.signature(id, args);
                let result = signature.params[index as usize];
                signature.params.truncate(index as usize);
                if let (true, FunctionKind::Method(implementation)) = (
                    self.decls.function(id).instance,
                    self.decls.function(id).kind,
                ) {
                    let target = self.decls.implementation(implementation).target;
                    let target = self.ty(target, &Env::default());
                    signature.params.insert(0, target);
                }
                Signature {
                    params: signature.params,
                    result,
                }
            }
            Item::FieldDefault(id, index) => {
                let canon = self.record(id);
                let fields = &self.program[canon].fields;
                Signature {
                    params: fields
                        .iter()
                        .take(index as usize)
                        .map(|field| field.ty)
                        .collect(),
                    result: fields[index as usize].ty,
                }
            }
            _ => Signature {
                params: Vec::new(),
                result: TypeId::NEVER,
            },
        }
    }

    /// The type of the program that a type of the checker is.
    ///
    /// What has no other type than that of `null` is a `Value`.
    pub(super) fn ty(&mut self, ty: Ty, env: &Env) -> TypeId {
        if let Some(known) = self.known_types.get(&ty) {
            return *known;
        }
        let around = std::mem::take(&mut self.env_used);
        let found = self.new_type(ty, env);
        if !self.env_used {
            self.known_types.insert(ty, found);
        }
        self.env_used |= around;
        found
    }

    fn new_type(&mut self, ty: Ty, env: &Env) -> TypeId {
        match self.store.kind(ty) {
            TyKind::Invalid | TyKind::Never => TypeId::NEVER,
            TyKind::Unit => TypeId::UNIT,
            TyKind::Bool => TypeId::BOOL,
            TyKind::Int => TypeId::INT,
            TyKind::Float => TypeId::FLOAT,
            TyKind::String => TypeId::STRING,
            TyKind::Bytes => TypeId::BYTES,
            TyKind::Html => TypeId::HTML,
            TyKind::Id => TypeId::ID,
            TyKind::Email => TypeId::EMAIL,
            // `Any` and `Self` are never the type of an expression.
            TyKind::Value | TyKind::Any | TyKind::SelfType => TypeId::VALUE,
            TyKind::Query => TypeId::QUERY,
            TyKind::List(item) => {
                let item = self.ty(item, env);
                self.program.types.list(item)
            }
            TyKind::Map(key, value) => {
                let key = self.ty(key, env);
                let value = self.ty(value, env);
                self.program.types.map(key, value)
            }
            TyKind::Option(Ty::NEVER) => TypeId::VALUE,
            TyKind::Option(item) => {
                let item = self.ty(item, env);
                self.program.types.option(item)
            }
            TyKind::Result(ok, errors) => {
                let ok = self.ty(ok, env);
                let error = self.error(errors, env);
                self.program.types.result(ok, error)
            }
            TyKind::Union(errors) => self.error(errors, env),
            TyKind::Record(id) => self.record_type(id),
            TyKind::Enum(id) => self.enum_type(id),
            TyKind::Fn(params, result) => {
                let params = self.list(params, env);
                let result = self.ty(result, env);
                self.program.types.intern(Type::Fn {
                    params: params.into(),
                    result,
                })
            }
            TyKind::Box(item) => match self.ty(item, env) {
                boxed if matches!(self.program.types.get(boxed), Type::Box(_)) => boxed,
                item => self.program.types.intern(Type::Box(item)),
            },
            TyKind::Task(item) => {
                self.env_used = true;
                let item = self.ty(item, env);
                let inner = match env.task_error {
                    Some(error) => self.program.types.result(item, error),
                    None => item,
                };
                self.program.types.intern(Type::Task(inner))
            }
            TyKind::Refined(base, id) => {
                let base = self.ty(base, env);
                let constraints: Vec<_> = self.store.refinement(id).constraints.to_vec();
                let constraints: Vec<_> = constraints
                    .iter()
                    .map(|one| self.constraint(base, one))
                    .collect();
                self.program.types.refined(base, &constraints)
            }
            TyKind::Param(owner, index) if env.owner == Some(owner) => {
                self.env_used = true;
                let known = env.args.get(index as usize);
                known.copied().unwrap_or(TypeId::NEVER)
            }
            TyKind::Param(..) => {
                self.env_used = true;
                TypeId::NEVER
            }
        }
    }

    pub(super) fn list(&mut self, types: TyList, env: &Env) -> Vec<TypeId> {
        let types = self.store.members(types).to_vec();
        types.into_iter().map(|ty| self.ty(ty, env)).collect()
    }

    fn error(&mut self, errors: TyList, env: &Env) -> TypeId {
        let errors = self.list(errors, env);
        self.program.types.union(&errors)
    }

    fn constraint(&mut self, base: TypeId, constraint: &crate::types::Constraint) -> Constraint {
        use crate::types::{Bound as Limit, Constraint as Checked};
        let limit = |limit: Limit| match limit {
            Limit::Int(value) => Bound::Int(value),
            Limit::Float(bits) => Bound::Float(bits),
        };
        match *constraint {
            Checked::Length { min, max } => Constraint::Length { min, max },
            Checked::Range {
                min: Limit::Int(min),
                max: Limit::Int(max),
            } if base == TypeId::INT => Constraint::IntRange { min, max },
            Checked::Range { min, max } => Constraint::FloatRange {
                min: limit(min),
                max: limit(max),
            },
            Checked::Regex(pattern) => Constraint::Regex(self.sym(pattern)),
            Checked::Predicate { function, name } => Constraint::Predicate {
                function: self.function(Item::Function(function), &[], Origin::default()),
                name: self.sym(name),
            },
        }
    }

    pub(super) fn record(&mut self, id: RecordId) -> canon::RecordId {
        match self.records.get(&id) {
            Some(known) => *known,
            // A declared record was given its number before anything else.
            None => self.builtin_record_row(id),
        }
    }

    /// The record of the program that a built-in record is.
    pub(super) fn builtin_record(&mut self, id: fuse_builtins::RecordId) -> canon::RecordId {
        self.record(RecordId::builtin(id))
    }

    pub(super) fn record_type(&mut self, id: RecordId) -> TypeId {
        let id = self.record(id);
        self.program.types.intern(Type::Record(id))
    }

    pub(super) fn enum_type(&mut self, id: EnumId) -> TypeId {
        let id = self.enums[&id];
        self.program.types.intern(Type::Enum(id))
    }

    /// How many parts a type has when written out, counting shared ones as
    /// often as they occur.
    pub(super) fn size(&mut self, ty: TypeId) -> u64 {
        // Parts of a type come before it in the table.
        while self.sizes.len() < self.program.types.len() {
            let ty = TypeId::from_index(self.sizes.len());
            let of = |part: &TypeId| self.sizes.get(part.index()).copied().unwrap_or(1);
            let parts: u64 = match self.program.types.get(ty) {
                Type::List(item) | Type::Option(item) | Type::Box(item) | Type::Task(item) => {
                    of(item)
                }
                Type::Map(a, b) | Type::Result { ok: a, error: b } => of(a).saturating_add(of(b)),
                Type::Union(members) => members.iter().map(of).fold(0, u64::saturating_add),
                Type::Fn { params, result } => {
                    params.iter().map(of).fold(of(result), u64::saturating_add)
                }
                Type::Refined(base, _) => of(base),
                _ => 0,
            };
            self.sizes.push(parts.saturating_add(1));
        }
        self.sizes[ty.index()]
    }
}
