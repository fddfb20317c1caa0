//! Builds the table of types of a program.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use fuse_builtins::RecordId;

use super::well_known as known;
use super::{Constraint, Field, FieldDefault, Kind, Link, Payload, Slot, TypeDesc, Variant};
use crate::heap::{HEADER_SIZE, PAYLOAD, new_unit_object};

/// A type of a table that is being built, and its position in the finished one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A field of a record to be built.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// Name as in source.
    pub name: String,
    /// Doc comment.
    pub doc: String,
    /// Its type.
    pub ty: TypeId,
    /// What fills it when absent.
    pub default: FieldDefault,
}

impl FieldSpec {
    /// A field without default.
    #[must_use]
    pub fn new(name: impl Into<String>, ty: TypeId) -> Self {
        Self {
            name: name.into(),
            doc: String::new(),
            ty,
            default: FieldDefault::None,
        }
    }

    /// Sets what fills the field when it is absent.
    #[must_use]
    pub fn default(mut self, default: FieldDefault) -> Self {
        self.default = default;
        self
    }
}

/// A variant of an enum to be built.
#[derive(Clone, Debug)]
pub struct VariantSpec {
    /// Name as in source.
    pub name: String,
    /// Doc comment.
    pub doc: String,
    /// Names, empty when positional, and types of what it carries.
    pub payload: Vec<(String, TypeId)>,
}

impl VariantSpec {
    /// A variant that carries values of these types, by position.
    #[must_use]
    pub fn new(name: impl Into<String>, payload: impl IntoIterator<Item = TypeId>) -> Self {
        Self {
            name: name.into(),
            doc: String::new(),
            payload: payload.into_iter().map(|ty| (String::new(), ty)).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shape {
    List(TypeId),
    Option(TypeId),
    Map(TypeId, TypeId),
    Result(TypeId, TypeId),
    Union(Vec<TypeId>),
    Cell(TypeId),
    Task(TypeId),
}

#[derive(Debug)]
enum Entry {
    Known(&'static TypeDesc),
    Shape(Shape),
    Refined(TypeId, Vec<Constraint>),
    Record(Nominal<FieldSpec>),
    Enum(Nominal<VariantSpec>, bool),
}

#[derive(Debug)]
struct Nominal<T> {
    name: String,
    doc: String,
    builtin: Option<RecordId>,
    parts: Vec<T>,
}

/// Builds the types of a program; equal shapes become one type.
///
/// ```
/// use fuse_runtime::meta::{FieldSpec, TypeTable, well_known};
///
/// let mut table = TypeTable::new();
/// let string = table.known(&well_known::STRING);
/// let user = table.declare_record("User", "");
/// let friends = table.list(user);
/// table.define_record(
///     user,
///     vec![FieldSpec::new("name", string), FieldSpec::new("friends", friends)],
/// );
/// let types = table.finish();
/// assert_eq!(types[friends.0 as usize].to_string(), "List<User>");
/// ```
#[derive(Debug)]
pub struct TypeTable {
    entries: Vec<Entry>,
    shapes: HashMap<Shape, TypeId>,
    known: HashMap<usize, TypeId>,
}

impl TypeTable {
    /// A table with the types that every program has.
    #[must_use]
    pub fn new() -> Self {
        let mut table = Self {
            entries: Vec::new(),
            shapes: HashMap::new(),
            known: HashMap::new(),
        };
        for desc in known::CONTAINERS {
            table.known(desc);
        }
        table
    }

    fn add(&mut self, entry: Entry) -> TypeId {
        let id = TypeId(u32::try_from(self.entries.len()).expect("types are few"));
        self.entries.push(entry);
        id
    }

    /// One of the types that every program has.
    pub fn known(&mut self, desc: &'static TypeDesc) -> TypeId {
        let address = std::ptr::from_ref(desc).addr();
        if let Some(id) = self.known.get(&address) {
            return *id;
        }
        let shape = match desc.kind {
            Kind::List => Some(Shape::List(self.known(desc.elem()))),
            Kind::Option => Some(Shape::Option(self.known(desc.elem()))),
            Kind::Map => Some(Shape::Map(self.known(desc.key()), self.known(desc.elem()))),
            _ => None,
        };
        let id = self.add(Entry::Known(desc));
        self.known.insert(address, id);
        if let Some(shape) = shape {
            self.shapes.entry(shape).or_insert(id);
        }
        id
    }

    fn shape(&mut self, shape: Shape) -> TypeId {
        if let Some(id) = self.shapes.get(&shape) {
            return *id;
        }
        let id = self.add(Entry::Shape(shape.clone()));
        self.shapes.insert(shape, id);
        id
    }

    /// `List<elem>`
    pub fn list(&mut self, elem: TypeId) -> TypeId {
        self.shape(Shape::List(elem))
    }

    /// `inner?`; the option of an option, or of `Value`, is that type itself.
    pub fn option(&mut self, inner: TypeId) -> TypeId {
        match &self.entries[inner.index()] {
            Entry::Shape(Shape::Option(_)) => inner,
            Entry::Known(desc) if desc.is_optional() => inner,
            _ => self.shape(Shape::Option(inner)),
        }
    }

    /// `Map<key, value>`
    pub fn map(&mut self, key: TypeId, value: TypeId) -> TypeId {
        self.shape(Shape::Map(key, value))
    }

    /// `ok!err`; `err` is one domain or a [`union`](Self::union) of several.
    pub fn result(&mut self, ok: TypeId, err: TypeId) -> TypeId {
        self.shape(Shape::Result(ok, err))
    }

    /// Several error domains.
    pub fn union(&mut self, domains: Vec<TypeId>) -> TypeId {
        self.shape(Shape::Union(domains))
    }

    /// `Box<content>`
    pub fn cell(&mut self, content: TypeId) -> TypeId {
        self.shape(Shape::Cell(content))
    }

    /// `Task<result>`
    pub fn task(&mut self, result: TypeId) -> TypeId {
        self.shape(Shape::Task(result))
    }

    /// `base` with constraints.
    pub fn refined(&mut self, base: TypeId, constraints: Vec<Constraint>) -> TypeId {
        self.add(Entry::Refined(base, constraints))
    }

    /// A record whose fields follow.
    pub fn declare_record(&mut self, name: &str, doc: &str) -> TypeId {
        self.add(Entry::Record(Nominal {
            name: name.to_owned(),
            doc: doc.to_owned(),
            builtin: None,
            parts: Vec::new(),
        }))
    }

    /// A built-in record to which the program adds fields of its own.
    pub fn declare_builtin(&mut self, id: RecordId) -> TypeId {
        self.add(Entry::Record(Nominal {
            name: known::builtin_record(id).name.to_owned(),
            doc: String::new(),
            builtin: Some(id),
            parts: Vec::new(),
        }))
    }

    /// The fields of a declared record, in order.
    ///
    /// # Panics
    ///
    /// If `record` was not declared as one.
    pub fn define_record(&mut self, record: TypeId, fields: Vec<FieldSpec>) {
        match &mut self.entries[record.index()] {
            Entry::Record(nominal) => nominal.parts = fields,
            other => panic!("not a declared record: {other:?}"),
        }
    }

    /// An enum whose variants follow; `payload_free` if none carries a value.
    pub fn declare_enum(&mut self, name: &str, doc: &str, payload_free: bool) -> TypeId {
        let nominal = Nominal {
            name: name.to_owned(),
            doc: doc.to_owned(),
            builtin: None,
            parts: Vec::new(),
        };
        self.add(Entry::Enum(nominal, payload_free))
    }

    /// The variants of a declared enum, in order.
    ///
    /// # Panics
    ///
    /// If `declared` was not declared as one, or carries values although it was
    /// declared not to.
    pub fn define_enum(&mut self, declared: TypeId, variants: Vec<VariantSpec>) {
        match &mut self.entries[declared.index()] {
            Entry::Enum(nominal, payload_free) => {
                let carries = variants.iter().any(|variant| !variant.payload.is_empty());
                assert!(!(*payload_free && carries), "a variant carries values");
                nominal.parts = variants;
            }
            other => panic!("not a declared enum: {other:?}"),
        }
    }

    fn slot(&self, id: TypeId) -> Slot {
        match &self.entries[id.index()] {
            Entry::Known(desc) => desc.slot,
            Entry::Shape(Shape::Option(inner)) => self.slot(*inner).optional(),
            Entry::Refined(base, _) => self.slot(*base),
            Entry::Enum(_, true) => Slot::Tag,
            _ => Slot::Ref,
        }
    }

    /// The types, in the order in which they were added. They live as long as the
    /// process, since values refer to them.
    #[must_use]
    pub fn finish(self) -> &'static [&'static TypeDesc] {
        let descs: Vec<&'static TypeDesc> = self
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| match entry {
                Entry::Known(desc) => *desc,
                entry => Box::leak(Box::new(self.outline(TypeId(index as u32), entry))),
            })
            .collect();
        for (desc, entry) in descs.iter().zip(&self.entries) {
            link(desc, entry, &descs);
        }
        // A refined record or enum has the parts of its base, whatever came first.
        for (desc, entry) in descs.iter().zip(&self.entries) {
            if let Entry::Refined(base, _) = entry {
                link(desc, &self.entries[self.unrefined(*base).index()], &descs);
            }
            make_unit_objects(desc);
        }
        Vec::leak(descs)
    }

    fn unrefined(&self, id: TypeId) -> TypeId {
        match &self.entries[id.index()] {
            Entry::Refined(base, _) => self.unrefined(*base),
            _ => id,
        }
    }

    /// A type of which all but the references to others is known.
    fn outline(&self, id: TypeId, entry: &Entry) -> TypeDesc {
        let mut desc = TypeDesc::plain(Kind::Unit, self.slot(id));
        match entry {
            Entry::Known(known) => {
                (desc.kind, desc.name, desc.builtin) = (known.kind, known.name, known.builtin);
                (desc.fields, desc.sorted, desc.size) = (known.fields, known.sorted, known.size);
            }
            Entry::Shape(shape) => {
                desc.kind = shape.kind();
                if let Shape::Union(domains) = shape {
                    desc.members = leak(domains.iter().map(|_| Link::none()).collect());
                }
            }
            Entry::Refined(base, constraints) => {
                let base = self.unrefined(*base);
                desc = self.outline(base, &self.entries[base.index()]);
                desc.constraints = leak(constraints.clone());
            }
            Entry::Record(nominal) => {
                desc.kind = Kind::Record;
                desc.builtin = nominal.builtin;
                (desc.name, desc.doc) = (text(&nominal.name), text(&nominal.doc));
                (desc.fields, desc.size) = self.fields(&nominal.parts);
                desc.sorted = leak(sorted(&nominal.parts));
            }
            Entry::Enum(nominal, _) => {
                desc.kind = Kind::Enum;
                (desc.name, desc.doc) = (text(&nominal.name), text(&nominal.doc));
                desc.variants = leak(
                    nominal
                        .parts
                        .iter()
                        .map(|variant| self.variant(variant))
                        .collect(),
                );
            }
        }
        desc
    }

    fn fields(&self, specs: &[FieldSpec]) -> (&'static [Field], u32) {
        let mut places = Places::new(HEADER_SIZE);
        let fields = specs
            .iter()
            .map(|spec| Field {
                name: text(&spec.name),
                json_key: text(&json_key(&spec.name)),
                doc: text(&spec.doc),
                ty: Link::none(),
                default: spec.default,
                offset: places.next(self.slot(spec.ty)),
                secret: is_secret(&spec.name),
            })
            .collect();
        (leak(fields), places.end())
    }

    fn variant(&self, spec: &VariantSpec) -> Variant {
        let mut places = Places::new(PAYLOAD);
        let payload = spec
            .payload
            .iter()
            .map(|(name, ty)| Payload {
                name: text(name),
                ty: Link::none(),
                offset: places.next(self.slot(*ty)),
            })
            .collect();
        Variant {
            name: text(&spec.name),
            doc: text(&spec.doc),
            payload: leak(payload),
            size: places.end(),
            unit: super::UnitObject::none(),
        }
    }
}

impl Default for TypeTable {
    fn default() -> Self {
        Self::new()
    }
}

impl Shape {
    fn kind(&self) -> Kind {
        match self {
            Self::List(_) => Kind::List,
            Self::Option(_) => Kind::Option,
            Self::Map(..) => Kind::Map,
            Self::Result(..) => Kind::Result,
            Self::Union(_) => Kind::Union,
            Self::Cell(_) => Kind::Cell,
            Self::Task(_) => Kind::Task,
        }
    }
}

/// Sets the references of `desc` to other types.
fn link(desc: &'static TypeDesc, entry: &Entry, descs: &[&'static TypeDesc]) {
    let get = |id: &TypeId| descs[id.index()];
    match entry {
        Entry::Known(known) if std::ptr::eq(*known, desc) => {}
        Entry::Known(known) => {
            for (own, other) in [(&desc.elem, &known.elem), (&desc.key, &known.key)] {
                if let Some(part) = other.get() {
                    own.set(part);
                }
            }
        }
        Entry::Shape(shape) => match shape {
            Shape::List(elem) | Shape::Option(elem) | Shape::Cell(elem) | Shape::Task(elem) => {
                desc.elem.set(get(elem));
            }
            Shape::Map(key, elem) | Shape::Result(elem, key) => {
                desc.key.set(get(key));
                desc.elem.set(get(elem));
            }
            Shape::Union(domains) => {
                for (link, domain) in desc.members.iter().zip(domains) {
                    link.set(get(domain));
                }
            }
        },
        Entry::Refined(base, _) => desc.base.set(get(base).unrefined()),
        Entry::Record(nominal) => {
            for (field, spec) in desc.fields.iter().zip(&nominal.parts) {
                field.ty.set(get(&spec.ty));
            }
        }
        Entry::Enum(nominal, _) => {
            for (variant, spec) in desc.variants.iter().zip(&nominal.parts) {
                for (payload, (_, ty)) in variant.payload.iter().zip(&spec.payload) {
                    payload.ty.set(get(ty));
                }
            }
        }
    }
}

fn make_unit_objects(desc: &'static TypeDesc) {
    if desc.kind != Kind::Enum || desc.base.get().is_some() {
        return;
    }
    for (tag, variant) in desc.variants.iter().enumerate() {
        if variant.payload.is_empty() {
            let tag = u16::try_from(tag).expect("an enum has at most 1 024 variants");
            let object = new_unit_object(desc, tag);
            variant
                .unit
                .0
                .store(object.as_ptr().cast(), Ordering::Release);
        }
    }
}

/// Puts values one after the other, each where its alignment allows.
struct Places {
    end: usize,
}

impl Places {
    fn new(start: usize) -> Self {
        Self { end: start }
    }

    fn next(&mut self, slot: Slot) -> u32 {
        let offset = self.end.next_multiple_of(slot.align());
        self.end = offset + slot.size();
        u32::try_from(offset).expect("a record has at most 1 024 fields")
    }

    fn end(&self) -> u32 {
        u32::try_from(self.end.next_multiple_of(8)).expect("a record has at most 1 024 fields")
    }
}

fn sorted(fields: &[FieldSpec]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..fields.len() as u32).collect();
    order.sort_by_key(|index| fields[*index as usize].name.as_bytes());
    order
}

fn json_key(name: &str) -> String {
    let mut key = Vec::new();
    crate::json::write_string(name, &mut key);
    key.push(b':');
    String::from_utf8(key).expect("JSON of text is text")
}

/// Whether the name of a field suggests that its value must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token"]
        .iter()
        .any(|part| name.contains(part))
}

/// Whether a named text of the configuration or environment must not be shown: its
/// name suggests a secret or a key, or it is an address with user information.
pub(crate) fn is_secret_text(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if is_secret(&name) || name.contains("key") {
        return true;
    }
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    name.contains("url")
        && authority
            .split('/')
            .next()
            .unwrap_or_default()
            .contains('@')
}

fn text(text: &str) -> &'static str {
    if text.is_empty() {
        ""
    } else {
        Box::leak(Box::from(text))
    }
}

fn leak<T>(items: Vec<T>) -> &'static [T] {
    if items.is_empty() {
        &[]
    } else {
        Vec::leak(items)
    }
}
