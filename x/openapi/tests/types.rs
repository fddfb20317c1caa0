//! Schemas from Rust types, construct by construct.

use std::collections::BTreeMap;

use plumego_x_openapi::{Generator, Op, Route, json, response, to_value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person who orders.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Customer {
    /// As it stands in the ledger.
    customer_id: u64,
    #[schemars(length(min = 1, max = 80))]
    display_name: String,
    #[schemars(regex(pattern = r"^\+[0-9]+$"))]
    phone: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[schemars(range(min = 0, max = 150))]
    age: i32,
    extra: BTreeMap<String, f64>,
    #[serde(skip)]
    #[expect(dead_code, reason = "skipped members must not show")]
    secret: String,
    boss: Option<Box<Self>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Event {
    Ordered { id: u64 },
    Paid(Payment),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Payment {
    cents: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Key {
    Number(u64),
    Name(String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    One(u8),
    Two,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flat {
    own: bool,
    #[serde(flatten)]
    payment: Payment,
}

mod shop {
    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub(crate) struct Item {
        pub(crate) price: u32,
    }
}

mod stock {
    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub(crate) struct Item {
        pub(crate) count: u32,
    }
}

#[test]
fn constructs_become_schemas() {
    let document = Generator::default()
        .register::<Customer>()
        .register::<Event>()
        .register::<Key>()
        .register::<Adjacent>()
        .register::<Flat>()
        .operation(
            "POST /events",
            Op::new()
                .request_body(json::<Event>())
                .response(200, response::<Customer>("Whose")),
        )
        .generate_from([Route::new("POST", "/events")])
        .unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document.components.schemas).unwrap());
    let tree = to_value(&document);
    let operation = &tree["paths"]["/events"]["post"];
    assert_eq!(
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Event"
    );
}

#[test]
fn types_of_one_name_are_told_apart_by_their_modules() {
    let document = Generator::default()
        .register::<shop::Item>()
        .register::<stock::Item>()
        .generate_from([])
        .unwrap();
    let names: Vec<_> = document
        .components
        .schemas
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["types_shop_Item", "types_stock_Item"]);
}

#[test]
fn a_type_and_a_schema_that_disagree_are_a_problem() {
    let found = Generator::default()
        .schema("Payment", plumego_x_openapi::Schema::string())
        .register::<Payment>()
        .generate_from([])
        .unwrap_err();
    assert_eq!(found[0].rule, "component-collision");
}
