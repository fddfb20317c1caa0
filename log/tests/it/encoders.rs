//! Lines as they are promised, and lines read back.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plumego_log::{
    CallSite, Color, EncodeRecord, Encoder, ErrorChain, FieldValue, Fields, Key, Level, LogBuilder,
    LogConfigErrorKind, LogFormat, LoggerExt, Record, Redactor, Sensitive, fields, info,
};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{FakeClock, Sheet, parse_json, split_fields};

fn line_of(builder: LogBuilder, level: Level, message: &str, fields: &Fields) -> String {
    let sheet = Sheet::default();
    let built = builder
        .output(sheet.clone())
        .level(Level::Trace)
        .now(FakeClock::new().reader())
        .process_id(4242)
        .build()
        .unwrap();
    let sets = [fields];
    let record = Record::new(level, message, built.logger.now())
        .with_target("app::items")
        .with_location(Some(CallSite::new("src/app.rs", 42)))
        .with_fields(&sets);
    built.logger.log(&record);
    let text = sheet.text();
    assert!(
        text.ends_with('\n') && text.lines().count() == 1,
        "not one line: {text:?}"
    );
    text.trim_end_matches('\n').to_owned()
}

fn text(message: &str, fields: &Fields) -> String {
    line_of(LogBuilder::new(), Level::Info, message, fields)
}

fn json(message: &str, fields: &Fields) -> String {
    line_of(
        LogBuilder::new().format(LogFormat::Json),
        Level::Info,
        message,
        fields,
    )
}

#[test]
fn a_text_line() {
    assert_eq!(
        text(
            "item stored",
            &fields! { took = Duration::from_micros(3100), id = 17 }
        ),
        "I0427 10:30:00.123456    4242 [app.rs:42] item stored id=17 took=3.1ms"
    );
}

#[test]
fn a_json_line() {
    assert_eq!(
        json("item stored", &fields! { id = 17 }),
        r#"{"time":"2026-04-27T10:30:00.123456789Z","level":"INFO","msg":"item stored","id":17}"#
    );
    let builder = LogBuilder::new()
        .format(LogFormat::Json)
        .json_location(true)
        .json_target(true);
    assert_eq!(
        line_of(builder, Level::Error, "m", &fields! { file = "mine" }),
        r#"{"time":"2026-04-27T10:30:00.123456789Z","level":"ERROR","msg":"m","target":"app::items","file":"app.rs","line":42,"field.file":"mine"}"#
    );
}

fn every_kind() -> Fields {
    fields! {
        null = None::<u8>,
        flag = true,
        signed = i64::MIN,
        unsigned = u64::MAX,
        float = 1.5,
        nan = f64::NAN,
        empty = "",
        quoted = "a \"b\"\n",
        bytes = bytes::Bytes::from_static(b"foob"),
        span = Duration::from_secs(90),
        at = UNIX_EPOCH,
        error = ErrorChain::from_links(["save", "disk full"]),
        list = vec![1, 2],
        map = FieldValue::Map(vec![(Key::from("k"), "v w".into())]),
        document = json!({"x": [null]}),
        card = Sensitive::new("4111"),
        "odd key" = 'c',
    }
}

#[test]
fn every_kind_of_value_as_text() {
    let line = text("kinds", &every_kind());
    let (_, pairs) = line.split_once("kinds ").unwrap();
    assert_eq!(
        pairs,
        r#"at=1970-01-01T00:00:00.000000000Z bytes=base64:Zm9vYg== card=*** document="{\"x\":[null]}" empty="" error="save: disk full" flag=true float=1.5 list=[1,2] map="{\"k\":\"v w\"}" nan=NaN null=null "odd key"=c quoted="a \"b\"\n" signed=-9223372036854775808 span=1m30s unsigned=18446744073709551615"#
    );
}

#[test]
fn every_kind_of_value_as_json() {
    let line = json("kinds", &every_kind());
    let (_, members) = line.split_once("\"kinds\",").unwrap();
    assert_eq!(
        members,
        r#""at":"1970-01-01T00:00:00.000000000Z","bytes":"base64:Zm9vYg==","card":"***","document":{"x":[null]},"empty":"","error":"save: disk full","error.chain":["save","disk full"],"flag":true,"float":1.5,"list":[1,2],"map":{"k":"v w"},"nan":"NaN","null":null,"odd key":"c","quoted":"a \"b\"\n","signed":-9223372036854775808,"span":"1m30s","unsigned":18446744073709551615}"#
    );
}

#[test]
fn an_unknown_call_site_is_said_to_be_unknown() {
    let sheet = Sheet::default();
    let built = LogBuilder::new().output(sheet.clone()).build().unwrap();
    built
        .logger
        .log(&Record::new(Level::Warn, "from afar", SystemTime::now()));
    assert!(sheet.text().contains(" [???:1] from afar\n"));
}

#[test]
fn colour_only_when_asked_for() {
    assert!(
        !line_of(
            LogBuilder::new().color(Color::Auto),
            Level::Error,
            "m",
            &Fields::new()
        )
        .contains('\u{1b}')
    );
    let line = line_of(
        LogBuilder::new().color(Color::Always),
        Level::Error,
        "m",
        &Fields::new(),
    );
    assert!(line.starts_with("\u{1b}[31mE\u{1b}[0m0427 "), "{line:?}");
}

#[test]
fn a_line_keeps_its_limit_and_what_matters() {
    let fields: Fields = (0..50)
        .map(|n| (format!("k{n:02}"), "value ".repeat(100)))
        .chain([("z".to_owned(), "end".to_owned())])
        .collect();
    for limit in [1024, 1500, 4096] {
        for format in [LogFormat::Text, LogFormat::Json] {
            let builder = LogBuilder::new()
                .format(format.clone())
                .max_line_bytes(limit);
            let line = line_of(builder, Level::Info, &"\u{1b}long".repeat(500), &fields);
            assert!(line.len() <= limit, "{format:?}: {} > {limit}", line.len());
            assert!(line.contains("long"), "the message survives");
            match format {
                LogFormat::Json => {
                    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
                    assert_eq!(value["truncated"], true);
                }
                _ => assert!(line.ends_with(" truncated=true")),
            }
        }
    }
}

#[test]
fn macros_know_module_and_line() {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .format(LogFormat::Json)
        .json_location(true)
        .json_target(true)
        .directives("error,it::encoders=info,chosen=trace")
        .output(sheet.clone())
        .build()
        .unwrap();
    let line = line!() + 1;
    info!(built.logger, "here", n = 1);
    plumego_log::trace!(built.logger, target: "chosen", "there");
    built.logger.info("methods know no target", Fields::new());
    let lines = sheet.json();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["target"], &lines[0]["file"], &lines[0]["line"]),
        (&json!("it::encoders"), &json!("encoders.rs"), &json!(line))
    );
    assert_eq!(lines[1]["target"], "chosen");
}

struct Shouting;

impl Encoder for Shouting {
    fn encode(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        assert_ne!(record.message(), "panic", "asked for");
        let fields: Vec<_> = record
            .fields()
            .map(|(key, value)| format!("{key}={value:?}"))
            .collect();
        let line = format!(
            "{}!\n{}\r",
            record.message().to_uppercase(),
            fields.join(",")
        );
        out.extend_from_slice(line.as_bytes());
    }

    fn reserved_names(&self) -> &[&'static str] {
        &["shout"]
    }
}

#[test]
fn a_foreign_encoder_is_held_to_one_bounded_line() {
    let custom = || LogBuilder::new().format(LogFormat::Custom(Arc::new(Shouting)));
    let fields = fields! { password = "p", shout = 1 };
    assert_eq!(
        line_of(custom(), Level::Info, "hey", &fields),
        "HEY! field.shout=1,password=*** "
    );
    let line = line_of(
        custom().max_line_bytes(1024),
        Level::Info,
        &"ß".repeat(4000),
        &fields,
    );
    assert!(line.len() <= 1024 && line.ends_with('…'));
}

#[test]
fn a_panicking_encoder_costs_only_its_record() {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .format(LogFormat::Custom(Arc::new(Shouting)))
        .output(sheet.clone())
        .build()
        .unwrap();
    built.logger.info("panic", Fields::new());
    built.logger.info("next", Fields::new());
    assert_eq!(sheet.text(), "NEXT!  \n");
    assert_eq!(
        (built.logger.stats().written, built.logger.stats().dropped),
        (1, 1)
    );
}

#[test]
fn a_bad_configuration_is_refused_with_its_kind() {
    let kind = |builder: LogBuilder| builder.build().unwrap_err().kind();
    assert_eq!(
        kind(LogBuilder::new().directives("info,x=loud")),
        LogConfigErrorKind::Filter
    );
    assert_eq!(
        kind(LogBuilder::new().max_line_bytes(100)),
        LogConfigErrorKind::Limit
    );
    let none: [&str; 0] = [];
    for redactor in [
        Redactor::with_only_keys(none),
        Redactor::standard().with_exceptions(["token"]),
    ] {
        assert_eq!(
            kind(LogBuilder::new().redactor(redactor)),
            LogConfigErrorKind::Redaction
        );
    }
    let error = "jsno".parse::<LogFormat>().unwrap_err();
    assert_eq!(error.kind(), LogConfigErrorKind::Format);
    assert!(error.to_string().contains("jsno"));
    assert!(matches!("JSON".parse(), Ok(LogFormat::Json)));
}

#[test]
fn nothing_public_shows_a_planted_secret() {
    let secret = "hunter2hunter2";
    let fields = fields! {
        password = secret,
        header = format!("Bearer {secret}"),
        nested = json!({"api_key": secret}),
        error = ErrorChain::from_links([format!("//u:{secret}@h")]),
        wrapped = Sensitive::new(secret),
    };
    let sets = [&fields];
    let message = format!("Basic {secret}");
    let record = Record::new(Level::Info, &message, SystemTime::now()).with_fields(&sets);
    let shown = [
        format!("{fields:?}"),
        format!("{record:?}"),
        format!(
            "{:?}",
            fields
                .get("nested")
                .map(|nested| Redactor::standard().entries_of(nested))
        ),
        format!("{:?}", LogBuilder::new().fields(fields.clone())),
        format!("{:?}", ErrorChain::from_links([format!("token={secret}")])),
        text(&message, &fields),
        json(&message, &fields),
    ];
    for shown in shown {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Looks at a value as its field would show it.
trait EntriesOf {
    fn entries_of(&self, value: &FieldValue) -> String;
}

impl EntriesOf for Redactor {
    fn entries_of(&self, value: &FieldValue) -> String {
        format!("{:?}", self.value(value).as_ref().unwrap_or(value))
    }
}

/// Names and values that no rule of redaction is about.
fn harmless() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = "[a-z \\n\"é=.]{0,6}";
    let value = prop_oneof!["\\PC{0,20}", "[ -~\\n\\t\u{1b}\u{202e}]{0,20}"];
    proptest::collection::btree_map(key, value, 0..6).prop_map(|fields| {
        let redactor = Redactor::standard();
        fields
            .into_iter()
            .filter(|(key, value)| !redactor.is_secret_key(key) && redactor.text(value) == *value)
            .collect()
    })
}

proptest! {
    #[test]
    fn a_text_line_splits_back_into_its_fields(pairs in harmless()) {
        let fields: Fields = pairs.iter().cloned().collect();
        let line = text("message", &fields);
        let (_, rest) = line.split_once("] ").unwrap();
        let (message, read) = split_fields(rest);
        prop_assert_eq!(message, "message");
        prop_assert_eq!(read.into_iter().collect::<Vec<_>>(), pairs);
    }

    #[test]
    fn a_json_line_parses_back_into_its_values(pairs in harmless(), number: f64, message in "\\PC{0,40}") {
        prop_assume!(Redactor::standard().text(&message) == message.as_str());
        prop_assume!(pairs.iter().all(|(key, _)| key != "number"));
        let mut fields: Fields = pairs.iter().cloned().collect();
        fields.set("number", number);
        let line = json(&message, &fields);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&value["msg"], &json!(message));
        if number.is_finite() {
            // The parser above rounds; the digits themselves lead back exactly.
            let (_, digits) = line.split_once("\"number\":").unwrap();
            let digits = digits.split([',', '}']).next().unwrap();
            prop_assert_eq!(digits.parse::<f64>().unwrap(), number);
        }
        let entry = parse_json(&line).unwrap().remove(0);
        for (key, shown) in pairs {
            prop_assert_eq!(&entry.fields[&key], &shown);
        }
    }

    #[test]
    fn any_input_gives_one_valid_line(
        message in ".{0,60}",
        pairs in proptest::collection::vec((".{0,20}", ".{0,60}"), 0..8),
        bytes: Vec<u8>,
    ) {
        let mut fields: Fields = pairs.into_iter().collect();
        fields.set("lossy", FieldValue::lossy(&bytes));
        fields.set("binary", bytes::Bytes::from(bytes));
        let line = json(&message, &fields);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{}", line);
        let line = text(&message, &fields);
        prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
    }
}
