//! Types as schemas of their JSON form.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Constant, text};
use crate::canon::{
    Bound, Constraint, EnumId, FieldDefault, Program, RecordId, RefinementId, Type, TypeId,
};

/// The JSON form of a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// What it is.
    pub kind: SchemaKind,
    /// Whether null is accepted too.
    pub nullable: bool,
    /// What the source says about it.
    pub description: Option<String>,
    /// What it is when left out.
    pub default: Option<Constant>,
    /// The functions that also have to accept it, by name.
    pub predicates: Vec<String>,
}

/// What a schema describes.
#[derive(Debug, Clone, PartialEq)]
pub enum SchemaKind {
    /// Any JSON value.
    Any,
    /// Null alone.
    Null,
    /// A truth value.
    Boolean,
    /// A whole number of 64 bits.
    Integer {
        /// Least, if not any.
        min: Option<i64>,
        /// Greatest, if not any.
        max: Option<i64>,
    },
    /// A number.
    Number {
        /// Least, if not any.
        min: Option<f64>,
        /// Greatest, if not any.
        max: Option<f64>,
    },
    /// Text.
    String {
        /// Fewest characters.
        min_length: Option<i64>,
        /// Most characters.
        max_length: Option<i64>,
        /// Regular expressions that match somewhere in it, all of them.
        patterns: Vec<String>,
        /// A format with a name, such as `email`.
        format: Option<&'static str>,
        /// Whether it is bytes in base64, and lengths count those.
        base64: bool,
    },
    /// A list.
    Array {
        /// Each element.
        items: Box<Schema>,
        /// Fewest elements.
        min_items: Option<i64>,
        /// Most elements.
        max_items: Option<i64>,
    },
    /// An object with any keys.
    Map {
        /// Each value.
        values: Box<Schema>,
        /// Fewest entries.
        min_entries: Option<i64>,
        /// Most entries.
        max_entries: Option<i64>,
    },
    /// A schema with a name.
    Reference(String),
    /// An object with these members and no other.
    Object(Vec<Property>),
    /// One of several variants: an object with `type` and, where there is a
    /// payload, `data`.
    Variants(Vec<VariantSchema>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Its value.
    pub schema: Schema,
    /// Whether it has to be there.
    pub required: bool,
}

/// A variant.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantSchema {
    /// Its name, the value of `type`.
    pub name: String,
    /// Its payload: `data` is the value itself when there is one, and a list of
    /// them when there are more.
    pub payload: Vec<Schema>,
    /// What the source says about it.
    pub description: Option<String>,
}

impl Schema {
    pub(super) fn of(kind: SchemaKind) -> Self {
        Self {
            kind,
            nullable: false,
            description: None,
            default: None,
            predicates: Vec::new(),
        }
    }

    fn text(format: Option<&'static str>, base64: bool) -> Self {
        Self::of(SchemaKind::String {
            min_length: None,
            max_length: None,
            patterns: Vec::new(),
            format,
            base64,
        })
    }
}

/// Schemas that are being collected, with the names of those referred to.
pub(super) struct Schemas<'a> {
    program: &'a Program,
    record_names: HashMap<RecordId, String>,
    enum_names: HashMap<EnumId, String>,
    made: BTreeMap<String, Schema>,
    started: HashSet<String>,
}

/// The name of the envelope of errors, which documents define themselves.
const RESERVED: &str = "ErrorResponse";

impl<'a> Schemas<'a> {
    /// Names are those of the source; where two types share one, that of the
    /// module goes before it.
    pub(super) fn new(program: &'a Program) -> Self {
        let mut count: HashMap<&str, usize> = HashMap::from([(RESERVED, 1)]);
        let records = program.records.iter().map(|record| &program[record.name]);
        let enums = program
            .enums
            .iter()
            .map(|enumeration| &program[enumeration.name]);
        for name in records.chain(enums) {
            *count.entry(name).or_default() += 1;
        }
        let name = |plain: &str, symbol: &str| match count.get(plain) {
            Some(1) => plain.to_owned(),
            _ => qualified(symbol),
        };
        let records = program.records.iter().enumerate();
        let enums = program.enums.iter().enumerate();
        Self {
            program,
            record_names: records
                .map(|(index, record)| {
                    let name = name(&program[record.name], &record.symbol);
                    (RecordId::from_index(index), name)
                })
                .collect(),
            enum_names: enums
                .map(|(index, enumeration)| {
                    let name = name(&program[enumeration.name], &enumeration.symbol);
                    (EnumId::from_index(index), name)
                })
                .collect(),
            made: BTreeMap::new(),
            started: HashSet::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<(String, Schema)> {
        self.made.into_iter().collect()
    }

    /// The schema of a type; records and enums are referred to.
    pub(super) fn schema(&mut self, ty: TypeId) -> Schema {
        let program = self.program;
        match program.types.get(ty) {
            Type::Unit | Type::Never => Schema::of(SchemaKind::Null),
            Type::Bool => Schema::of(SchemaKind::Boolean),
            Type::Int => Schema::of(SchemaKind::Integer {
                min: None,
                max: None,
            }),
            Type::Float => Schema::of(SchemaKind::Number {
                min: None,
                max: None,
            }),
            Type::String | Type::Html => Schema::text(None, false),
            Type::Bytes => Schema::text(None, true),
            Type::Id => {
                let mut schema = Schema::text(None, false);
                if let SchemaKind::String { min_length, .. } = &mut schema.kind {
                    *min_length = Some(1);
                }
                schema
            }
            Type::Email => Schema::text(Some("email"), false),
            // The rest is never part of a route.
            Type::Value | Type::Query | Type::Fn { .. } | Type::Task(_) => {
                Schema::of(SchemaKind::Any)
            }
            Type::Box(inner) => self.schema(*inner),
            Type::List(item) => Schema::of(SchemaKind::Array {
                items: Box::new(self.schema(*item)),
                min_items: None,
                max_items: None,
            }),
            Type::Map(_, value) => Schema::of(SchemaKind::Map {
                values: Box::new(self.schema(*value)),
                min_entries: None,
                max_entries: None,
            }),
            Type::Option(inner) => {
                let mut schema = self.schema(*inner);
                schema.nullable = true;
                schema
            }
            Type::Result { ok, error } => {
                let error = self.union(&program.types.domains(*error));
                Schema::of(SchemaKind::Variants(vec![
                    variant("Ok", vec![self.schema(*ok)]),
                    variant("Err", vec![error]),
                ]))
            }
            Type::Union(members) => self.union(members),
            Type::Record(id) => self.record(*id),
            Type::Enum(id) => self.enumeration(*id),
            Type::Refined(base, refinement) => self.refined(*base, *refinement),
        }
    }

    /// An error of one of several types says nothing about which.
    fn union(&mut self, members: &[TypeId]) -> Schema {
        match members {
            [only] => self.schema(*only),
            _ => Schema::of(SchemaKind::Any),
        }
    }

    fn record(&mut self, id: RecordId) -> Schema {
        let name = self.record_names[&id].clone();
        if self.started.insert(name.clone()) {
            let properties = self.properties(id);
            let mut schema = Schema::of(SchemaKind::Object(properties));
            schema.description = text(self.program, self.program[id].doc);
            self.made.insert(name.clone(), schema);
        }
        Schema::of(SchemaKind::Reference(name))
    }

    /// The members of a record.
    pub(super) fn properties(&mut self, id: RecordId) -> Vec<Property> {
        let program = self.program;
        let mut properties = Vec::new();
        for field in &program[id].fields {
            let mut schema = self.schema(field.ty);
            schema.description = text(program, field.doc);
            if let FieldDefault::Call { function, .. } = field.default {
                schema.default = Constant::of_function(program, function);
            }
            properties.push(Property {
                name: program[field.name].to_owned(),
                schema,
                required: field.default == FieldDefault::Required,
            });
        }
        properties
    }

    fn enumeration(&mut self, id: EnumId) -> Schema {
        let program = self.program;
        let name = self.enum_names[&id].clone();
        if self.started.insert(name.clone()) {
            let mut variants = Vec::new();
            for row in &program[id].variants {
                variants.push(VariantSchema {
                    name: program[row.name].to_owned(),
                    payload: row.payload.iter().map(|ty| self.schema(*ty)).collect(),
                    description: text(program, row.doc),
                });
            }
            let mut schema = Schema::of(SchemaKind::Variants(variants));
            schema.description = text(program, program[id].doc);
            self.made.insert(name.clone(), schema);
        }
        Schema::of(SchemaKind::Reference(name))
    }

    fn refined(&mut self, base: TypeId, refinement: RefinementId) -> Schema {
        let mut schema = self.schema(base);
        for constraint in self.program.types.constraints(refinement) {
            match *constraint {
                Constraint::Length { min, max } => length(&mut schema.kind, min, max),
                Constraint::IntRange { min, max } => {
                    if let SchemaKind::Integer {
                        min: least,
                        max: most,
                    } = &mut schema.kind
                    {
                        *least = Some(least.map_or(min, |known| known.max(min)));
                        *most = Some(most.map_or(max, |known| known.min(max)));
                    }
                }
                Constraint::FloatRange { min, max } => {
                    if let SchemaKind::Number {
                        min: least,
                        max: most,
                    } = &mut schema.kind
                    {
                        let (min, max) = (float(min), float(max));
                        *least = Some(least.map_or(min, |known: f64| known.max(min)));
                        *most = Some(most.map_or(max, |known: f64| known.min(max)));
                    }
                }
                Constraint::Regex(pattern) => {
                    if let SchemaKind::String { patterns, .. } = &mut schema.kind {
                        patterns.push(self.program[pattern].to_owned());
                    }
                }
                Constraint::Predicate { name, .. } => {
                    schema.predicates.push(self.program[name].to_owned());
                }
            }
        }
        schema
    }
}

fn variant(name: &str, payload: Vec<Schema>) -> VariantSchema {
    VariantSchema {
        name: name.to_owned(),
        payload,
        description: None,
    }
}

/// Narrows the size of what a schema describes.
fn length(kind: &mut SchemaKind, min: i64, max: i64) {
    let (least, most) = match kind {
        SchemaKind::String {
            min_length,
            max_length,
            ..
        } => (min_length, max_length),
        SchemaKind::Array {
            min_items,
            max_items,
            ..
        } => (min_items, max_items),
        SchemaKind::Map {
            min_entries,
            max_entries,
            ..
        } => (min_entries, max_entries),
        _ => return,
    };
    *least = Some(least.map_or(min, |known| known.max(min)));
    *most = Some(most.map_or(max, |known| known.min(max)));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds of `Float` are floats by definition"
)]
fn float(bound: Bound) -> f64 {
    match bound {
        Bound::Int(value) => value as f64,
        Bound::Float(bits) => f64::from_bits(bits),
    }
}

/// `Module_Name` from the symbol of a type.
fn qualified(symbol: &str) -> String {
    let clean = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect()
    };
    match symbol.rsplit_once("::") {
        Some((module, name)) => format!("{}_{}", clean(module), clean(name)),
        None => clean(symbol),
    }
}
