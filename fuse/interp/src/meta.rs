//! What the runtime needs to know of a program, from its canonical form.

use std::cmp::Ordering;
use std::fmt::Write as _;

use fuse_check::canon::{
    self, AssetKind, Bound, FieldDefault, Function, FunctionId, Program, StrId, Type,
};
use fuse_check::effects::{EffectTable, Schedule, effects};
use fuse_runtime::decode::decode_json_value;
use fuse_runtime::meta::{
    self, App, Config, ConfigField, Constraint, FieldSpec, FnId, Main, Migration, Param,
    ProgramMeta, Route, RouteClass, RouteParam, Service, Test, TypeDesc, TypeId, TypeTable,
    VariantSpec, Verb, well_known,
};
use fuse_runtime::{Span, Value};
use sha2::{Digest, Sha256};

/// Descriptors of all types, and everything else.
pub(crate) fn describe(
    program: &Program,
    app: Option<&str>,
) -> (Vec<&'static TypeDesc>, &'static ProgramMeta) {
    let mut describing = Describing::new(program);
    describing.types();
    describing.records();
    describing.enums();
    let table = describing.table.finish();
    let types: Vec<&'static TypeDesc> = describing
        .ids
        .iter()
        .map(|id| table[id.0 as usize])
        .collect();
    let extended = describing
        .extended
        .iter()
        .map(|id| table[id.0 as usize])
        .collect();
    let maker = Maker {
        program,
        effects: effects(program),
        types: &types,
    };
    let made = ProgramMeta {
        name: leak(&program.meta.name),
        version: leak(&program.meta.version),
        files: leak_all(program.files.iter().map(|file| leak(&file.path))),
        functions: leak_all(
            program
                .functions
                .iter()
                .map(|function| maker.function(function)),
        ),
        types: leak_all(types.iter().copied()),
        extended: Vec::leak(extended),
        patterns: Vec::leak(describing.patterns),
        configs: leak_all(program.configs.iter().map(|config| maker.config(config))),
        config_order: leak_all(
            program
                .config_order
                .iter()
                .map(|(config, field)| (index(config.index()), *field)),
        ),
        app: maker.app(app),
        main: program.main.as_ref().map(|main| maker.main(main)),
        services: leak_all(
            program
                .services
                .iter()
                .map(|service| maker.service(service)),
        ),
        migrations: maker.migrations(),
        tests: leak_all(maker.tests()),
        assets: &[],
    };
    (types, Box::leak(Box::new(made)))
}

/// Imported files as values.
pub(crate) fn assets(program: &Program) -> Vec<Value> {
    let value = |asset: &canon::Asset| match asset.kind {
        AssetKind::Text => Value::text(&program[asset.text]),
        // It was parsed when the program was checked.
        AssetKind::Json => decode_json_value(&program[asset.text]).unwrap_or(Value::Null),
    };
    program.assets.iter().map(value).collect()
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.into())
}

fn leak_all<T>(all: impl Iterator<Item = T>) -> &'static [T] {
    all.collect::<Vec<_>>().leak()
}

/// Tables of programs are bounded by the size of their files.
fn index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A function, as the runtime names it.
pub(crate) fn fn_id(function: FunctionId) -> FnId {
    FnId(index(function.index()))
}

/// Types on their way into the table of the runtime.
struct Describing<'p> {
    program: &'p Program,
    table: TypeTable,
    /// Types of the table, at the index of the canonical type.
    ids: Vec<TypeId>,
    extended: Vec<TypeId>,
    patterns: Vec<&'static str>,
}

impl<'p> Describing<'p> {
    fn new(program: &'p Program) -> Self {
        Self {
            program,
            table: TypeTable::new(),
            ids: Vec::new(),
            extended: Vec::new(),
            patterns: Vec::new(),
        }
    }

    fn id(&self, ty: canon::TypeId) -> TypeId {
        self.ids[ty.index()]
    }

    /// Every type in order: parts come before what is made of them.
    fn types(&mut self) {
        for (_, ty) in self.program.types.iter() {
            let id = self.ty(ty);
            self.ids.push(id);
        }
    }

    fn ty(&mut self, ty: &Type) -> TypeId {
        match ty {
            Type::Never => self.table.known(&well_known::NEVER),
            Type::Unit => self.table.known(&well_known::UNIT),
            Type::Bool => self.table.known(&well_known::BOOL),
            Type::Int => self.table.known(&well_known::INT),
            Type::Float => self.table.known(&well_known::FLOAT),
            Type::String => self.table.known(&well_known::STRING),
            Type::Bytes => self.table.known(&well_known::BYTES),
            Type::Html => self.table.known(&well_known::HTML),
            Type::Id => self.table.known(&well_known::ID),
            Type::Email => self.table.known(&well_known::EMAIL),
            Type::Value => self.table.known(&well_known::VALUE),
            Type::Query => self.table.known(&well_known::QUERY),
            Type::Fn { .. } => self.table.known(&well_known::FUNC),
            Type::List(item) => self.table.list(self.id(*item)),
            Type::Map(key, value) => self.table.map(self.id(*key), self.id(*value)),
            Type::Option(item) => self.table.option(self.id(*item)),
            Type::Result { ok, error } => self.table.result(self.id(*ok), self.id(*error)),
            Type::Union(members) => {
                let members = members.iter().map(|member| self.id(*member)).collect();
                self.table.union(members)
            }
            Type::Box(content) => self.table.cell(self.id(*content)),
            Type::Task(result) => self.table.task(self.id(*result)),
            Type::Refined(base, refinement) => {
                let constraints = self.program.types.constraints(*refinement);
                let constraints = constraints
                    .iter()
                    .map(|constraint| self.constraint(constraint))
                    .collect();
                self.table.refined(self.id(*base), constraints)
            }
            Type::Record(record) => self.declare_record(&self.program[*record]),
            Type::Enum(enumeration) => {
                let enumeration = &self.program[*enumeration];
                let free = enumeration
                    .variants
                    .iter()
                    .all(|variant| variant.payload.is_empty());
                let name = &self.program[enumeration.name];
                self.table
                    .declare_enum(name, self.doc(enumeration.doc), free)
            }
        }
    }

    fn declare_record(&mut self, record: &canon::Record) -> TypeId {
        let Some(builtin) = record.builtin else {
            let name = &self.program[record.name];
            return self.table.declare_record(name, self.doc(record.doc));
        };
        let known = well_known::builtin_record(builtin);
        if known.fields.len() == record.fields.len() {
            return self.table.known(known);
        }
        let id = self.table.declare_builtin(builtin);
        self.extended.push(id);
        id
    }

    fn doc(&self, doc: Option<StrId>) -> &'p str {
        doc.map_or("", |doc| &self.program[doc])
    }

    fn constraint(&mut self, constraint: &canon::Constraint) -> Constraint {
        match *constraint {
            canon::Constraint::Length { min, max } => Constraint::Length {
                min: u64::try_from(min).unwrap_or(0),
                max: u64::try_from(max).unwrap_or(0),
            },
            canon::Constraint::IntRange { min, max } => Constraint::Int { min, max },
            canon::Constraint::FloatRange { min, max } => Constraint::Float {
                min: bound(min),
                max: bound(max),
            },
            canon::Constraint::Regex(pattern) => {
                let pattern = leak(&self.program[pattern]);
                let known = self.patterns.iter().position(|known| *known == pattern);
                let place = known.unwrap_or_else(|| {
                    self.patterns.push(pattern);
                    self.patterns.len() - 1
                });
                Constraint::Pattern(index(place))
            }
            canon::Constraint::Predicate {
                function: predicate,
                name,
            } => Constraint::Predicate {
                name: leak(&self.program[name]),
                function: fn_id(predicate),
            },
        }
    }

    /// Fields, now that every type has its place.
    fn records(&mut self) {
        for record in &self.program.records {
            let id = self.id(record.ty);
            if record.builtin.is_some() && !self.extended.contains(&id) {
                continue;
            }
            let fields = record
                .fields
                .iter()
                .map(|field| FieldSpec {
                    name: self.program[field.name].to_owned(),
                    doc: self.doc(field.doc).to_owned(),
                    ty: self.id(field.ty),
                    default: match field.default {
                        FieldDefault::Required | FieldDefault::Null => meta::FieldDefault::None,
                        FieldDefault::Call {
                            function: default,
                            checked,
                        } => meta::FieldDefault::Call {
                            function: fn_id(default),
                            checked,
                        },
                    },
                })
                .collect();
            self.table.define_record(id, fields);
        }
    }

    fn enums(&mut self) {
        for enumeration in &self.program.enums {
            let variants = enumeration
                .variants
                .iter()
                .map(|variant| {
                    let name = |at: usize| {
                        variant
                            .names
                            .get(at)
                            .map_or("", |name| &self.program[*name])
                            .to_owned()
                    };
                    let payload = variant.payload.iter().enumerate();
                    VariantSpec {
                        name: self.program[variant.name].to_owned(),
                        doc: self.doc(variant.doc).to_owned(),
                        payload: payload.map(|(at, ty)| (name(at), self.id(*ty))).collect(),
                    }
                })
                .collect();
            self.table.define_enum(self.id(enumeration.ty), variants);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds of floats may be written as integers"
)]
fn bound(bound: Bound) -> f64 {
    match bound {
        Bound::Int(value) => value as f64,
        Bound::Float(bits) => f64::from_bits(bits),
    }
}

/// Everything but types.
struct Maker<'p> {
    program: &'p Program,
    effects: EffectTable,
    types: &'p [&'static TypeDesc],
}

impl Maker<'_> {
    fn text(&self, text: StrId) -> &'static str {
        leak(&self.program[text])
    }

    fn doc(&self, doc: Option<StrId>) -> &'static str {
        doc.map_or("", |doc| self.text(doc))
    }

    fn ty(&self, ty: canon::TypeId) -> &'static TypeDesc {
        self.types[ty.index()]
    }

    fn result_of(&self, function: FunctionId) -> &'static TypeDesc {
        self.ty(self.program[function].result)
    }

    fn span(&self, file: canon::FileId, span: canon::Span) -> Span {
        let position = self.program[file].position(span.start);
        Span {
            file: index(file.index()),
            line: position.line,
            column: position.column,
        }
    }

    fn function(&self, function: &Function) -> meta::Function {
        meta::Function {
            name: self.text(function.name),
            module: leak(&self.program[function.module].path),
            span: self.span(function.file, function.span),
        }
    }

    fn config(&self, config: &canon::Config) -> Config {
        Config {
            name: self.text(config.name),
            fields: leak_all(config.fields.iter().map(|field| ConfigField {
                name: self.text(field.name),
                ty: self.ty(field.ty),
                default: fn_id(field.default),
                checked: field.checked,
                env: leak(&field.env),
            })),
        }
    }

    fn app(&self, name: Option<&str>) -> Option<App> {
        let app = match name {
            Some(name) => self
                .program
                .apps
                .iter()
                .find(|app| self.program[app.name] == *name)?,
            None => self.program.apps.first()?,
        };
        Some(App {
            name: self.text(app.name),
            function: fn_id(app.function),
            result: self.result_of(app.function),
        })
    }

    fn main(&self, main: &canon::Main) -> Main {
        Main {
            function: fn_id(main.function),
            params: leak_all(main.params.iter().map(|param| Param {
                name: self.text(param.name),
                ty: self.ty(param.ty),
                type_text: self.text(param.type_text),
                default: param.default.map(fn_id),
                default_text: self.text(param.default_text),
            })),
            result: self.result_of(main.function),
            doc: self.doc(main.doc),
        }
    }

    fn service(&self, service: &canon::Service) -> Service {
        Service {
            name: self.text(service.name),
            base: self.text(service.base),
            doc: self.doc(service.doc),
            routes: leak_all(service.routes.iter().map(|route| self.route(route))),
        }
    }

    fn route(&self, route: &canon::Route) -> Route {
        Route {
            verb: match route.verb {
                canon::Verb::Get => Verb::Get,
                canon::Verb::Post => Verb::Post,
                canon::Verb::Put => Verb::Put,
                canon::Verb::Patch => Verb::Patch,
                canon::Verb::Delete => Verb::Delete,
            },
            pattern: leak(&route.pattern),
            function: fn_id(route.function),
            params: leak_all(route.params.iter().map(|param| RouteParam {
                name: self.text(param.name),
                ty: self.ty(param.ty),
            })),
            body: route.body.map(|body| self.ty(body)),
            result: self.ty(route.result),
            class: match self.effects.schedule(self.program, route) {
                Schedule::Inline => RouteClass::Inline,
                Schedule::Blocking => RouteClass::Blocking,
            },
            span: self.span(self.program[route.function].file, route.span),
        }
    }

    /// Tests in the order in which they run: by name, then by path of the module.
    fn tests(&self) -> impl Iterator<Item = Test> {
        let mut all: Vec<Test> = self
            .program
            .tests
            .iter()
            .map(|test| self.test(test))
            .collect();
        all.sort_by_key(|test| (test.name, test.module));
        all.into_iter()
    }

    fn test(&self, test: &canon::Test) -> Test {
        Test {
            name: self.text(test.name),
            module: leak(&self.program[test.module].path),
            function: fn_id(test.function),
            result: self.result_of(test.function),
        }
    }

    /// By name, then package, then module: names of digits first, as numbers.
    fn migrations(&self) -> &'static [Migration] {
        let mut all: Vec<&canon::Migration> = self.program.migrations.iter().collect();
        let package = |migration: &canon::Migration| {
            let module = &self.program[migration.module];
            (&self.program[module.package].name, &module.path)
        };
        all.sort_by(|a, b| {
            by_name(&self.program[a.name], &self.program[b.name])
                .then_with(|| package(a).cmp(&package(b)))
        });
        leak_all(all.into_iter().map(|migration| Migration {
            package: leak(package(migration).0),
            name: self.text(migration.name),
            checksum: leak(&checksum(&self.program[migration.source])),
            function: fn_id(migration.function),
        }))
    }
}

fn by_name(a: &str, b: &str) -> Ordering {
    let digits = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    match (digits(a), digits(b)) {
        (true, true) => {
            let (short_a, short_b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            (short_a.len(), short_a)
                .cmp(&(short_b.len(), short_b))
                .then_with(|| a.cmp(b))
        }
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

/// SHA-256 in lower-case hexadecimal.
fn checksum(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
