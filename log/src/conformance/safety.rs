//! Secrets, hostile input, and values that misbehave.

use std::{fmt, panic::resume_unwind};

use serde::{Serialize, Serializer};
use serde_json::json;

use super::{Entry, Outcome, Setup, Subject, Violation};
use crate::{ErrorChain, FieldValue, Fields, LoggerExt, Redactor, fields};

type Verdict = Result<Outcome, Violation>;

/// No record may show any of these.
const PLANTED: [&str; 10] = [
    "planted-key",
    "planted-nested",
    "planted-json",
    "planted-own",
    "planted-bearer",
    "cGxhbnRlZDpiYXNpYw==",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZA",
    "plantedpem",
    "planted-user:planted-pw",
    "planted-query",
];

fn planted() -> Fields {
    let pem = "-----BEGIN PRIVATE KEY-----\nplantedpem\n-----END PRIVATE KEY-----";
    fields! {
        "DB_Password" = "planted-key",
        nested = FieldValue::Map(vec![
            ("list".into(), vec![FieldValue::serialize(&json!({"apiKey": "planted-nested"}))].into()),
        ]),
        document = json!({"a": [{"Set-Cookie": "planted-json", "kept": 1}]}),
        iban_code = "planted-own",
        header = "Bearer planted-bearer",
        basic = "basic cGxhbnRlZDpiYXNpYw==",
        web = "jwt eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZA end",
        pem,
        url = "postgres://planted-user:planted-pw@db/x?ssl=1&access_token=planted-query",
        error = ErrorChain::from_links(["connect", "https://h/?token=planted-query refused"]),
        max_tokens = 512,
    }
}

pub(super) fn redaction(subject: &dyn Subject) -> Verdict {
    let redactor = Redactor::standard().with_keys([" IBAN ", "  "]);
    let fixture = subject.build(Setup {
        redactor: redactor.clone(),
        ..Setup::default()
    });
    let fields = planted();
    fixture
        .logger
        .info("login with Bearer planted-bearer", fields.clone());
    fixture
        .logger
        .with_fields(fields.clone())
        .info("derived", Fields::new());
    for entry in fixture.entries()? {
        let shown = format!("{} {:?}", entry.message, entry.fields);
        for secret in PLANTED {
            ensure!(!shown.contains(secret), "{secret} came out: {shown}");
        }
        ensure_eq!(
            entry.fields.get("max_tokens").map(String::as_str),
            Some("512"),
            "an exception"
        );
        ensure!(
            entry.fields["document"].contains("\"kept\":1"),
            "a sibling was lost: {shown}"
        );
    }
    let once = redactor.fields(&fields);
    ensure!(
        redactor.fields(&once) == once,
        "redacting twice changes something"
    );
    ensure_eq!(
        fields.get("iban_code"),
        Some(&"planted-own".into()),
        "the caller's data"
    );
    Ok(Outcome::Held)
}

pub(super) fn hostile(subject: &dyn Subject) -> Verdict {
    let hostile = "a\nb\r\nc\u{1b}[2J\"quote\" \\ \0 \u{9b}31m \u{2028} \u{202e} = é";
    let surrogate = serde_json::from_str::<String>("\"\\ud800\"")
        .map_or_else(|_| FieldValue::lossy(b"\xed\xa0\x80"), FieldValue::from);
    let fixture = subject.build(Setup::default());
    let mut fields = fields! {
        hostile,
        surrogate = surrogate,
        document = json!({"hostile": hostile}),
        huge = "x".repeat(1 << 20),
    };
    fields.set(hostile.to_owned(), 1);
    fixture.logger.info(hostile, fields);
    let entry = fixture.entry()?;
    ensure_eq!(entry.message, hostile, "the message reads back");
    ensure_eq!(
        entry.fields.get("hostile").map(String::as_str),
        Some(hostile),
        "the value"
    );
    ensure_eq!(
        entry.fields.get(hostile).map(String::as_str),
        Some("1"),
        "the name"
    );
    let huge = entry.fields.get("huge").map_or(0, String::len);
    ensure!(
        (1..=8 * 1024).contains(&huge),
        "a huge value of {huge} bytes"
    );
    ensure_eq!(
        entry.fields.get("truncated").map(String::as_str),
        Some("true"),
        "the mark"
    );
    many_huge_values(subject)
}

fn many_huge_values(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::default());
    let huge = "\u{1b}".repeat(8 * 1024);
    let fields: Fields = (0..400)
        .map(|n| (format!("k{n:03}"), huge.as_str()))
        .collect();
    fixture.logger.info("survives", fields);
    let Entry {
        message, fields, ..
    } = fixture.entry()?;
    ensure_eq!(message, "survives", "the message survives a cut");
    let total: usize = fields
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    ensure!(
        total <= 64 * 1024,
        "a record of {total} bytes is not bounded"
    );
    ensure_eq!(
        fields.get("truncated").map(String::as_str),
        Some("true"),
        "the mark"
    );
    Ok(Outcome::Held)
}

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        resume_unwind(Box::new("display"))
    }
}

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        resume_unwind(Box::new("serialize"))
    }
}

struct Refuses;

impl Serialize for Refuses {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("refused"))
    }
}

#[derive(Serialize)]
struct Order {
    id: u32,
    refuses: Refuses,
    panics: Panics,
    rate: f64,
}

pub(super) fn bad_values(subject: &dyn Subject) -> Verdict {
    let fixture = subject.build(Setup::default());
    let order = Order {
        id: 7,
        refuses: Refuses,
        panics: Panics,
        rate: f64::NEG_INFINITY,
    };
    fixture.logger.info(
        "bad values",
        fields! {
            nan = f64::NAN,
            infinite = f64::INFINITY,
            shown = %Panics,
            order = FieldValue::serialize(&order),
            kept = 1,
        },
    );
    let entry = fixture.entry()?;
    let field = |name: &str| entry.fields.get(name).map_or("", String::as_str);
    ensure_eq!(field("nan"), "NaN", "not a number");
    ensure_eq!(field("infinite"), "Infinity", "infinity");
    ensure_eq!(field("shown"), "<format panicked>", "a panicking Display");
    ensure_eq!(field("kept"), "1", "the sibling");
    let order: serde_json::Value =
        serde_json::from_str(field("order")).map_err(|error| Violation::new(error.to_string()))?;
    ensure_eq!(order["id"], 7, "the sibling inside");
    ensure_eq!(order["rate"], "-Infinity", "a number inside");
    for name in ["refuses", "panics"] {
        let text = order[name].as_str().unwrap_or_default();
        ensure!(
            text.starts_with("<unserializable: "),
            "{name} became {text:?}"
        );
    }
    Ok(Outcome::Held)
}
