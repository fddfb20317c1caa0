//! Methods of built-in types.

use std::fmt;

use crate::{
    capability::Capability,
    effect::{Effect, EffectSet},
    fault::FaultCode,
    function::write_signature,
    param::{Param, ParamRole},
    type_spec::{Bound, TypeParam, TypeSpec},
};

pub(crate) mod table;

pub use table::{MEMBERS, MemberId};

/// The type whose values have a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// `String`, and with it `Id` and `Email`.
    String,
    /// `List<T>`.
    List,
    /// `Map<K, V>`.
    Map,
    /// `Option<T>`.
    Option,
    /// `Result<T, E>`.
    Result,
    /// `Int`.
    Int,
    /// `Float`.
    Float,
    /// `Bool`.
    Bool,
    /// `Bytes`.
    Bytes,
    /// `Value`.
    Value,
    /// A query made by `db.from`.
    Query,
    /// `testing.Response`.
    TestingResponse,
}

impl Receiver {
    /// Every receiver.
    pub const ALL: [Self; 12] = [
        Self::String,
        Self::List,
        Self::Map,
        Self::Option,
        Self::Result,
        Self::Int,
        Self::Float,
        Self::Bool,
        Self::Bytes,
        Self::Value,
        Self::Query,
        Self::TestingResponse,
    ];

    /// The type's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::List => "List",
            Self::Map => "Map",
            Self::Option => "Option",
            Self::Result => "Result",
            Self::Int => "Int",
            Self::Float => "Float",
            Self::Bool => "Bool",
            Self::Bytes => "Bytes",
            Self::Value => "Value",
            Self::Query => "Query",
            Self::TestingResponse => "testing.Response",
        }
    }

    /// The names its members use for its type arguments, in order. The last
    /// one of `Result` stands for all error domains together.
    #[must_use]
    pub const fn type_params(self) -> &'static [&'static str] {
        match self {
            Self::List | Self::Option => &["T"],
            Self::Map => &["K", "V"],
            Self::Result => &["T", "E"],
            _ => &[],
        }
    }

    const fn capability(self) -> Option<Capability> {
        match self {
            Self::Query => Some(Capability::Db),
            _ => None,
        }
    }
}

/// Which of two members with one name a call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberForm {
    /// The name has one row.
    Only,
    /// The call has no type arguments.
    Untyped,
    /// The call has type arguments, which it must name.
    Typed,
}

/// A method of a built-in type.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// The type whose values have it.
    pub receiver: Receiver,
    /// Its name.
    pub name: &'static str,
    /// A name that no other row has, such as `list_push`.
    pub symbol: &'static str,
    /// Which of the rows of its name this is.
    pub form: MemberForm,
    /// Its own type parameters. They are inferred from the arguments, or named
    /// by the call where `form` is [`MemberForm::Typed`].
    pub type_params: &'static [TypeParam],
    /// What the receiver's type arguments have to be.
    pub bounds: &'static [TypeParam],
    /// Its parameters, in order, without the receiver.
    pub params: &'static [Param],
    /// Its result.
    pub result: TypeSpec,
    /// Whether it changes its receiver, which then has to be a place.
    pub place: bool,
    /// The capability a module needs to call it.
    pub capability: Option<Capability>,
    /// Whether a `spawn` block may call it.
    pub in_spawn: bool,
    /// What a call can do, apart from what its callbacks do.
    pub effects: EffectSet,
    /// The faults it raises itself, apart from those of its callbacks.
    pub faults: &'static [FaultCode],
    /// What it does, in one line.
    pub doc: &'static str,
}

impl Member {
    const fn new(name: &'static str, params: &'static [Param], result: TypeSpec) -> Self {
        Self {
            id: MemberId::StringLen,
            receiver: Receiver::String,
            name,
            symbol: "",
            form: MemberForm::Only,
            type_params: &[],
            bounds: &[],
            params,
            result,
            place: false,
            capability: None,
            in_spawn: true,
            effects: EffectSet::PURE,
            faults: &[],
            doc: "",
        }
    }

    /// Fills in what follows from the place in the table.
    const fn placed(mut self, id: MemberId, receiver: Receiver, symbol: &'static str) -> Self {
        self.id = id;
        self.receiver = receiver;
        self.symbol = symbol;
        self.capability = receiver.capability();
        if matches!(receiver, Receiver::Query) {
            self.in_spawn = false;
        }
        self
    }

    const fn typed(mut self, params: &'static [TypeParam]) -> Self {
        self.type_params = params;
        self.form = MemberForm::Typed;
        self
    }

    const fn untyped(mut self) -> Self {
        self.form = MemberForm::Untyped;
        self
    }

    const fn generic(mut self, params: &'static [TypeParam]) -> Self {
        self.type_params = params;
        self
    }

    const fn bounds(mut self, bounds: &'static [TypeParam]) -> Self {
        self.bounds = bounds;
        self
    }

    const fn place(mut self) -> Self {
        self.place = true;
        self
    }

    const fn effects(mut self, effects: &[Effect]) -> Self {
        self.effects = self.effects.with(EffectSet::of(effects));
        self
    }

    const fn alloc(self) -> Self {
        self.effects(&[Effect::Alloc])
    }

    const fn faults(mut self, faults: &'static [FaultCode]) -> Self {
        self.faults = faults;
        self.effects(&[Effect::Trap])
    }

    const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// What a type parameter of the row or of its receiver has to be.
    #[must_use]
    pub fn bound(&self, param: &str) -> Bound {
        self.bounds
            .iter()
            .chain(self.type_params)
            .find(|bound| bound.name == param)
            .map_or(Bound::Any, |bound| bound.bound)
    }

    /// The parameter whose argument has that role.
    #[must_use]
    pub fn role(&self, role: ParamRole) -> Option<usize> {
        self.params.iter().position(|param| param.role == role)
    }

    /// Whether it calls a function value it is given.
    #[must_use]
    pub fn has_callback(&self) -> bool {
        self.params
            .iter()
            .any(|param| matches!(param.ty, TypeSpec::Fn(..)))
    }
}

/// Writes the signature as a declaration would be written, such as
/// `List.push(x: T) -> Unit`.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.receiver.name())?;
        f.write_str(".")?;
        f.write_str(self.name)?;
        let own = match self.form {
            MemberForm::Typed => self.type_params,
            MemberForm::Only | MemberForm::Untyped => &[],
        };
        write_signature(f, own, self.params, self.result)
    }
}
