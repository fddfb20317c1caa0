//! What holds for every row of the table.

use std::collections::{BTreeMap, BTreeSet};

use fuse_builtins::{
    BUILTINS, Bound, BuiltinId, CONSTANTS, Capability, Context, DefaultValue, Effect, EffectSet,
    ErrorMapping, FaultCode, Form, Home, MEMBERS, MemberForm, MemberId, NORMAL_TAGS, Param,
    PreludeName, RECORDS, Receiver, TypeSpec, VOID_TAGS, find_prelude, find_record, functions,
    is_aria_name, is_attribute_name, is_tag, members, prelude_names,
};

#[test]
fn numbers_are_indexes() {
    for (index, row) in BUILTINS.iter().enumerate() {
        assert_eq!(row.id.number() as usize, index);
        assert_eq!(BuiltinId::from_number(row.id.number()), Some(row.id));
        assert_eq!(row.id.row().symbol, row.symbol);
    }
    for (index, row) in MEMBERS.iter().enumerate() {
        assert_eq!(row.id.number() as usize, index);
        assert_eq!(MemberId::from_number(row.id.number()), Some(row.id));
        assert_eq!(row.id.row().symbol, row.symbol);
    }
    for (index, record) in RECORDS.iter().enumerate() {
        assert_eq!(record.id as usize, index);
    }
    assert_eq!(BuiltinId::from_number(u16::MAX), None);
    assert_eq!(MemberId::from_number(u16::MAX), None);
}

#[test]
fn the_macros_hand_out_every_row_once_and_in_order() {
    macro_rules! pairs {
        ($($id:ident $symbol:ident,)*) => { vec![$((stringify!($id), stringify!($symbol))),*] };
    }
    let functions = fuse_builtins::for_each_builtin!(pairs);
    assert_eq!(functions.len(), BUILTINS.len());
    for ((id, symbol), row) in functions.iter().zip(&BUILTINS) {
        assert_eq!((*id, *symbol), (&*format!("{:?}", row.id), row.symbol));
    }
    let methods = fuse_builtins::for_each_member!(pairs);
    assert_eq!(methods.len(), MEMBERS.len());
    for ((id, symbol), row) in methods.iter().zip(&MEMBERS) {
        assert_eq!((*id, *symbol), (&*format!("{:?}", row.id), row.symbol));
    }
}

#[test]
fn no_two_rows_share_a_name_unless_the_call_tells_them_apart() {
    let mut names: BTreeMap<String, Vec<Form>> = BTreeMap::new();
    for row in &BUILTINS {
        names.entry(row.path()).or_default().push(row.form);
    }
    for (name, forms) in names {
        let allowed = match forms.as_slice() {
            [Form::Only | Form::Typed] | [Form::Untyped, Form::Typed] => true,
            [Form::OneArgument, Form::TextFirst, Form::OtherFirst] => name == "log",
            _ => false,
        };
        assert!(allowed, "{name}: {forms:?}");
    }
    let mut methods: BTreeMap<(&str, &str), Vec<MemberForm>> = BTreeMap::new();
    for row in &MEMBERS {
        let key = (row.receiver.name(), row.name);
        methods.entry(key).or_default().push(row.form);
    }
    for (name, forms) in methods {
        let allowed = matches!(
            forms.as_slice(),
            [MemberForm::Only | MemberForm::Typed] | [MemberForm::Untyped, MemberForm::Typed]
        );
        assert!(allowed, "{name:?}: {forms:?}");
    }
}

#[test]
fn every_row_has_a_symbol_of_its_own_and_a_sentence() {
    let mut symbols = BTreeSet::new();
    let rows = BUILTINS.iter().map(|row| (row.symbol, row.doc));
    let methods = MEMBERS.iter().map(|row| (row.symbol, row.doc));
    for (symbol, doc) in rows.chain(methods) {
        assert!(symbols.insert(symbol), "{symbol} twice");
        assert!(doc.ends_with('.') && doc.len() > 10, "{symbol}: {doc:?}");
        assert!(
            doc.starts_with(|first: char| first.is_uppercase()),
            "{symbol}: {doc:?}"
        );
    }
}

/// Whether a default is a value of the parameter's type.
fn fits(ty: TypeSpec, default: DefaultValue, method: bool) -> bool {
    match (ty, default) {
        (TypeSpec::Option(_), DefaultValue::Null)
        | (TypeSpec::Bool, DefaultValue::Bool(_))
        | (TypeSpec::Int, DefaultValue::Int(_))
        | (TypeSpec::String | TypeSpec::Any, DefaultValue::Text(_))
        | (TypeSpec::List(_), DefaultValue::Texts([]))
        | (TypeSpec::List(TypeSpec::String), DefaultValue::Texts(_))
        | (TypeSpec::Map(..), DefaultValue::EmptyMap) => true,
        (TypeSpec::Int, DefaultValue::ReceiverLen) => method,
        _ => false,
    }
}

fn check_params(symbol: &str, params: &[Param], method: bool) {
    let mut names = BTreeSet::new();
    let mut optional = false;
    for (index, param) in params.iter().enumerate() {
        assert!(names.insert(param.name), "{symbol}: {} twice", param.name);
        if let Some(default) = param.default {
            assert!(fits(param.ty, default, method), "{symbol}: {param}");
            optional = true;
        } else {
            assert!(
                !optional || param.variadic,
                "{symbol}: {param} after a default"
            );
        }
        if param.variadic {
            assert_eq!(index + 1, params.len(), "{symbol}: {param} is not last");
        }
    }
}

#[test]
fn parameters_are_distinct_and_their_defaults_are_of_their_type() {
    for row in &BUILTINS {
        check_params(row.symbol, row.params, false);
    }
    for row in &MEMBERS {
        check_params(row.symbol, row.params, true);
    }
    for record in &RECORDS {
        for field in record.fields {
            if let Some(default) = field.default {
                assert!(
                    fits(field.ty, default, false),
                    "{}.{}",
                    record.path,
                    field.name
                );
            }
        }
    }
}

fn params_in(ty: TypeSpec, found: &mut BTreeSet<&'static str>) {
    match ty {
        TypeSpec::Param(name) => {
            found.insert(name);
        }
        TypeSpec::List(inner) | TypeSpec::Option(inner) => params_in(*inner, found),
        TypeSpec::Map(first, second) | TypeSpec::Result(first, second) => {
            params_in(*first, found);
            params_in(*second, found);
        }
        TypeSpec::Fn(params, result) => {
            for param in params {
                params_in(*param, found);
            }
            params_in(*result, found);
        }
        TypeSpec::OneOf(types) => {
            for ty in types {
                params_in(*ty, found);
            }
        }
        _ => {}
    }
}

#[test]
fn type_parameters_are_declared_and_can_be_known() {
    for row in &BUILTINS {
        let mut used = BTreeSet::new();
        params_in(row.result, &mut used);
        row.params
            .iter()
            .for_each(|param| params_in(param.ty, &mut used));
        let declared: BTreeSet<_> = row.type_params.iter().map(|param| param.name).collect();
        assert_eq!(used, declared, "{row}");
        assert_eq!(row.form == Form::Typed, !declared.is_empty(), "{row}");
    }
    for row in &MEMBERS {
        let receiver: BTreeSet<_> = row.receiver.type_params().iter().copied().collect();
        let own: BTreeSet<_> = row.type_params.iter().map(|param| param.name).collect();
        let mut in_params = BTreeSet::new();
        row.params
            .iter()
            .for_each(|param| params_in(param.ty, &mut in_params));
        let mut used = in_params.clone();
        params_in(row.result, &mut used);
        let known: BTreeSet<_> = receiver.union(&own).copied().collect();
        assert!(used.is_subset(&known), "{row}");
        if row.form != MemberForm::Typed {
            assert!(own.is_subset(&in_params), "{row}: nothing to infer from");
        }
        for bound in row.bounds {
            assert!(receiver.contains(bound.name), "{row}");
            assert_eq!(row.bound(bound.name), bound.bound);
        }
    }
    let sort_by = members(Receiver::List, "sort_by").next().unwrap();
    assert_eq!(sort_by.bound("K"), Bound::Ordered);
    assert_eq!(sort_by.bound("T"), Bound::Any);
}

#[test]
fn a_row_that_can_fault_says_so_in_its_effects() {
    for row in &BUILTINS {
        assert_eq!(
            row.effects.has(Effect::Trap),
            !row.faults.is_empty(),
            "{row}"
        );
    }
    for row in &MEMBERS {
        assert_eq!(
            row.effects.has(Effect::Trap),
            !row.faults.is_empty(),
            "{row}"
        );
        assert!(
            !row.place || !row.effects.is_pure(),
            "{row} changes its receiver"
        );
    }
}

#[test]
fn capabilities_are_those_of_the_namespaces() {
    for row in &BUILTINS {
        let expected = match row.home {
            Home::Db => Some(Capability::Db),
            Home::Http => Some(Capability::Network),
            Home::Time => Some(Capability::Time),
            Home::Crypto => Some(Capability::Crypto),
            Home::Prelude if row.name == "serve" => Some(Capability::Network),
            _ => None,
        };
        assert_eq!(row.capability, expected, "{row}");
    }
    for row in &MEMBERS {
        let query = row.receiver == Receiver::Query;
        assert_eq!(row.capability == Some(Capability::Db), query, "{row}");
    }
}

#[test]
fn what_a_spawn_block_may_not_call() {
    let refused: BTreeSet<_> = BUILTINS
        .iter()
        .filter(|row| !row.in_spawn)
        .filter(|row| !matches!(row.home, Home::Db | Home::Request | Home::Response))
        .map(fuse_builtins::Builtin::path)
        .collect();
    let expected = [
        "asset",
        "env",
        "env_bool",
        "env_float",
        "env_int",
        "input",
        "log",
        "print",
        "serve",
        "svg.inline",
        "time.sleep",
    ];
    assert_eq!(refused, expected.map(str::to_owned).into());
    for home in [Home::Db, Home::Request, Home::Response] {
        assert!(BUILTINS.iter().all(|row| row.home != home || !row.in_spawn));
    }
}

#[test]
fn what_predicates_and_config_defaults_may_call() {
    let only = |home, name| functions(home, name).next().unwrap();
    for (home, name) in [
        (Home::Prelude, "env"),
        (Home::Html, "render"),
        (Home::Math, "sqrt"),
    ] {
        assert!(only(home, name).allowed_in_config_default(), "{name}");
        assert!(only(home, name).allowed_in_predicate(), "{name}");
    }
    for (home, name) in [
        (Home::Prelude, "print"),
        (Home::Prelude, "input"),
        (Home::Prelude, "log"),
        (Home::Prelude, "serve"),
        (Home::Db, "one"),
        (Home::Time, "iso"),
        (Home::Crypto, "hash"),
        (Home::Http, "get"),
    ] {
        assert!(!only(home, name).allowed_in_config_default(), "{name}");
        assert!(!only(home, name).allowed_in_predicate(), "{name}");
    }
    assert!(!only(Home::Request, "header").allowed_in_predicate());
    assert_eq!(only(Home::Request, "header").context, Context::Route);
    assert_eq!(only(Home::Testing, "equal").context, Context::Test);
}

#[test]
fn what_keeps_a_handler_off_the_async_workers() {
    let blocking: BTreeSet<_> = BUILTINS
        .iter()
        .filter(|row| row.effects.blocks())
        .filter(|row| !matches!(row.home, Home::Db | Home::Http))
        .map(fuse_builtins::Builtin::path)
        .collect();
    let expected = [
        "asset",
        "crypto.password_hash",
        "crypto.password_verify",
        "input",
        "serve",
        "svg.inline",
        "testing.request",
        "time.sleep",
    ];
    assert_eq!(blocking, expected.map(str::to_owned).into());
    let db_free: Vec<_> = functions(Home::Db, "from").collect();
    assert!(!db_free[0].effects.blocks(), "making a query reads nothing");
    let blocking: BTreeSet<_> = MEMBERS
        .iter()
        .filter(|row| row.effects.blocks())
        .map(|row| row.symbol)
        .collect();
    let expected = [
        "list_parallel_map",
        "query_all",
        "query_all_typed",
        "query_count",
        "query_exec",
        "query_one",
        "query_one_typed",
    ];
    assert_eq!(blocking, expected.into());
}

#[test]
fn effect_sets_print_in_one_order() {
    assert_eq!(EffectSet::PURE.to_string(), "Pure");
    let set = EffectSet::of(&[Effect::Db, Effect::Alloc]);
    assert_eq!(set.to_string(), "Alloc, Db");
    assert_eq!(set.iter().collect::<Vec<_>>(), [Effect::Alloc, Effect::Db]);
    assert_eq!(
        set.with(EffectSet::of(&[Effect::Log])).to_string(),
        "Alloc, Log, Db"
    );
    for (index, effect) in Effect::ALL.into_iter().enumerate() {
        assert_eq!(effect as usize, index, "{}", effect.name());
    }
}

#[test]
fn codes_of_faults_are_distinct() {
    let codes: BTreeSet<_> = FaultCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), FaultCode::ALL.len());
    assert!(codes.contains("validation_error"));
    assert!(
        codes
            .iter()
            .all(|code| *code == "validation_error" || code.starts_with("runtime_"))
    );
}

#[test]
fn prelude_names_lead_somewhere() {
    let names: Vec<_> = prelude_names().collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len());
    let expected = [
        "Err",
        "None",
        "Ok",
        "Some",
        "asset",
        "assert",
        "crypto",
        "db",
        "env",
        "env_bool",
        "env_float",
        "env_int",
        "html",
        "http",
        "input",
        "json",
        "log",
        "math",
        "print",
        "request",
        "response",
        "serve",
        "svg",
        "testing",
        "time",
    ];
    assert_eq!(distinct, expected.iter().collect());
    for name in names {
        match find_prelude(name).unwrap() {
            PreludeName::Constructor(constructor) => assert_eq!(constructor.name(), name),
            PreludeName::Function(function) => assert_eq!(function, name),
            PreludeName::Namespace(home) => assert_eq!(home.name(), Some(name)),
        }
    }
    assert!(find_prelude("Int").is_none());
    assert_eq!(CONSTANTS.len(), 2);
}

#[test]
fn records_are_found_under_every_spelling() {
    let mut paths = BTreeSet::new();
    for record in &RECORDS {
        for path in record.aliases.iter().chain([&record.path]) {
            assert!(paths.insert(*path), "{path} twice");
            assert_eq!(find_record(path).unwrap().id, record.id);
        }
        assert!(record.path.ends_with(record.name));
    }
    assert_eq!(find_record("Error").unwrap().path, "std.Error");
    assert_eq!(find_record("http.error").unwrap().path, "http.Error");
    let not_found = find_record("std.Error.NotFound").unwrap();
    assert!(matches!(
        not_found.mapping,
        ErrorMapping::Fixed {
            status: 404,
            code: "not_found",
            ..
        }
    ));
}

#[test]
fn tags_are_sorted_and_of_one_kind() {
    assert!(NORMAL_TAGS.is_sorted());
    assert!(VOID_TAGS.is_sorted());
    assert!(NORMAL_TAGS.iter().all(|tag| !VOID_TAGS.contains(tag)));
    for tag in NORMAL_TAGS.iter().chain(VOID_TAGS) {
        assert!(is_tag(tag) && is_attribute_name(tag), "{tag}");
    }
    assert!(!is_tag("var") && !is_tag("Div"));
    assert_eq!((NORMAL_TAGS.len(), VOID_TAGS.len()), (117, 18));
}

#[test]
fn attribute_names() {
    for name in ["a", "data-id", "@click", ":x", "_", "xlink:href", "a.b2"] {
        assert!(is_attribute_name(name), "{name}");
    }
    for name in ["", "-a", "2a", "a b", "a>", "é", "a\"", ".a"] {
        assert!(!is_attribute_name(name), "{name}");
    }
    assert!(is_aria_name("label") && is_aria_name("grabbed") && !is_aria_name("role"));
    assert!(fuse_builtins::ARIA_NAMES.is_sorted());
}
