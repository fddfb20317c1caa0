//! Built-in functions, and functions that belong to a built-in type.

use std::fmt;

use crate::{
    capability::Capability,
    effect::{Effect, EffectSet},
    fault::FaultCode,
    param::{Param, ParamRole},
    type_spec::{TypeParam, TypeSpec},
};

pub(crate) mod table;

pub use table::{BUILTINS, BuiltinId};

/// Where a built-in function lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Home {
    /// Nowhere: its bare name reaches it.
    Prelude,
    /// Namespace `json`.
    Json,
    /// Namespace `time`.
    Time,
    /// Namespace `crypto`.
    Crypto,
    /// Namespace `html`.
    Html,
    /// Namespace `svg`.
    Svg,
    /// Namespace `request`.
    Request,
    /// Namespace `response`.
    Response,
    /// Namespace `http`.
    Http,
    /// Namespace `db`.
    Db,
    /// Namespace `testing`, in test blocks only.
    Testing,
    /// Namespace `math`.
    Math,
    /// Type `Int`.
    Int,
    /// Type `Float`.
    Float,
    /// Type `Bytes`.
    Bytes,
    /// Type `Id`.
    Id,
    /// Type `Email`.
    Email,
}

impl Home {
    /// Every namespace, without the prelude and the types.
    pub const NAMESPACES: [Self; 11] = [
        Self::Db,
        Self::Json,
        Self::Time,
        Self::Crypto,
        Self::Html,
        Self::Svg,
        Self::Request,
        Self::Response,
        Self::Http,
        Self::Math,
        Self::Testing,
    ];

    /// The types that have functions of their own.
    pub const TYPES: [Self; 5] = [Self::Int, Self::Float, Self::Bytes, Self::Id, Self::Email];

    /// What stands before the dot, or nothing for the prelude.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Prelude => None,
            Self::Json => Some("json"),
            Self::Time => Some("time"),
            Self::Crypto => Some("crypto"),
            Self::Html => Some("html"),
            Self::Svg => Some("svg"),
            Self::Request => Some("request"),
            Self::Response => Some("response"),
            Self::Http => Some("http"),
            Self::Db => Some("db"),
            Self::Testing => Some("testing"),
            Self::Math => Some("math"),
            Self::Int => Some("Int"),
            Self::Float => Some("Float"),
            Self::Bytes => Some("Bytes"),
            Self::Id => Some("Id"),
            Self::Email => Some("Email"),
        }
    }

    /// The namespace of that name.
    #[must_use]
    pub fn namespace(name: &str) -> Option<Self> {
        Self::NAMESPACES
            .into_iter()
            .find(|home| home.name() == Some(name))
    }

    /// The type of that name, if it has functions of its own.
    #[must_use]
    pub fn of_type(name: &str) -> Option<Self> {
        Self::TYPES
            .into_iter()
            .find(|home| home.name() == Some(name))
    }

    const fn capability(self) -> Option<Capability> {
        match self {
            Self::Db => Some(Capability::Db),
            Self::Http => Some(Capability::Network),
            Self::Time => Some(Capability::Time),
            Self::Crypto => Some(Capability::Crypto),
            _ => None,
        }
    }

    const fn context(self) -> Context {
        match self {
            Self::Request | Self::Response => Context::Route,
            Self::Testing => Context::Test,
            _ => Context::Anywhere,
        }
    }
}

/// Where a call of a built-in function makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Everywhere.
    Anywhere,
    /// While a route runs; elsewhere the call is a fault.
    Route,
    /// In a test block; elsewhere the name does not exist.
    Test,
}

/// Which of several rows with one name a call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name has one row.
    Only,
    /// The call has no type arguments.
    Untyped,
    /// The call has type arguments.
    Typed,
    /// The call has one argument.
    OneArgument,
    /// The call has more than one argument and the first is text, which may
    /// or may not turn out to be a level.
    TextFirst,
    /// The call has more than one argument and the first is not text.
    OtherFirst,
}

/// A built-in function.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// Its number.
    pub id: BuiltinId,
    /// Where it lives.
    pub home: Home,
    /// Its name there.
    pub name: &'static str,
    /// A name that no other row has, such as `json_decode_typed`.
    pub symbol: &'static str,
    /// Which of the rows of its name this is.
    pub form: Form,
    /// Its type parameters; a call names the arguments.
    pub type_params: &'static [TypeParam],
    /// Its parameters, in order.
    pub params: &'static [Param],
    /// Its result.
    pub result: TypeSpec,
    /// The capability a module needs to call it.
    pub capability: Option<Capability>,
    /// Where a call makes sense.
    pub context: Context,
    /// Whether a `spawn` block may call it.
    pub in_spawn: bool,
    /// What a call can do.
    pub effects: EffectSet,
    /// The faults it raises itself. Any call can also end in a limit of
    /// memory, depth or time, and a database function in `runtime_db`.
    pub faults: &'static [FaultCode],
    /// What it does, in one line.
    pub doc: &'static str,
}

impl Builtin {
    const fn new(name: &'static str, params: &'static [Param], result: TypeSpec) -> Self {
        Self {
            id: BuiltinId::Print,
            home: Home::Prelude,
            name,
            symbol: "",
            form: Form::Only,
            type_params: &[],
            params,
            result,
            capability: None,
            context: Context::Anywhere,
            in_spawn: true,
            effects: EffectSet::PURE,
            faults: &[],
            doc: "",
        }
    }

    /// Fills in what follows from the place in the table.
    const fn placed(mut self, id: BuiltinId, home: Home, symbol: &'static str) -> Self {
        self.id = id;
        self.home = home;
        self.symbol = symbol;
        if self.capability.is_none() {
            self.capability = home.capability();
        }
        self.context = home.context();
        if matches!(home, Home::Db | Home::Request | Home::Response) {
            self.in_spawn = false;
        }
        match home {
            Home::Request => self.effects = self.effects.with(EffectSet::of(&[Effect::Request])),
            Home::Response => self.effects = self.effects.with(EffectSet::of(&[Effect::Response])),
            _ => {}
        }
        self
    }

    const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    const fn typed(mut self, params: &'static [TypeParam]) -> Self {
        self.type_params = params;
        self.form = Form::Typed;
        self
    }

    const fn requires(mut self, capability: Capability) -> Self {
        self.capability = Some(capability);
        self
    }

    const fn not_in_spawn(mut self) -> Self {
        self.in_spawn = false;
        self
    }

    const fn effects(mut self, effects: &[Effect]) -> Self {
        self.effects = self.effects.with(EffectSet::of(effects));
        self
    }

    const fn faults(mut self, faults: &'static [FaultCode]) -> Self {
        self.faults = faults;
        self.effects(&[Effect::Trap])
    }

    const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The name as a program writes it, such as `json.decode`.
    #[must_use]
    pub fn path(&self) -> String {
        match self.home.name() {
            Some(home) => format!("{home}.{}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Whether a refinement's predicate may reach a call of this function.
    /// A predicate answers about its argument alone.
    #[must_use]
    pub fn allowed_in_predicate(&self) -> bool {
        self.allowed_in_config_default() && self.context != Context::Route
    }

    /// Whether the default of a config field may call this function. Config is
    /// resolved before the program starts, so nothing outside may be touched
    /// but the environment.
    #[must_use]
    pub fn allowed_in_config_default(&self) -> bool {
        let outside = EffectSet::of(&[Effect::Stdout, Effect::Stdin]);
        let logs = self.home == Home::Prelude && self.effects.has(Effect::Log);
        self.capability.is_none() && self.effects.common(outside).is_pure() && !logs
    }

    /// The parameter whose argument has that role.
    #[must_use]
    pub fn role(&self, role: ParamRole) -> Option<usize> {
        self.params.iter().position(|param| param.role == role)
    }
}

/// Writes the signature as a declaration would be written.
impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())?;
        write_signature(f, self.type_params, self.params, self.result)
    }
}

pub(crate) fn write_signature(
    f: &mut fmt::Formatter<'_>,
    type_params: &[TypeParam],
    params: &[Param],
    result: TypeSpec,
) -> fmt::Result {
    if !type_params.is_empty() {
        let names: Vec<_> = type_params.iter().map(|param| param.name).collect();
        write!(f, "<{}>", names.join(", "))?;
    }
    f.write_str("(")?;
    for (index, param) in params.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{param}")?;
    }
    write!(f, ") -> {result}")
}
