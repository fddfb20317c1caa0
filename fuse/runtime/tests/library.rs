//! `time`, `crypto` and `math`, row by row, with their faults.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fuse_builtins::BuiltinId as B;
use fuse_runtime::meta::{ProgramMeta, TypeDesc, TypeTable, well_known};
use fuse_runtime::system::{ManualClock, SeededEntropy, Stdio};
use fuse_runtime::{NoCode, Runtime, Value, builtin};
use support::{World, show, text, ty};

use well_known::{BOOL, BYTES, FLOAT, INT, STRING, UNIT};

fn call(id: B, result: &'static TypeDesc, args: Vec<Value>) -> String {
    show(World::empty().call(id, result, None, args))
}

fn time_result() -> &'static TypeDesc {
    let mut table = TypeTable::new();
    let (int, error) = (table.known(&INT), table.known(&well_known::ERROR));
    let result = table.result(int, error);
    ty(table.finish(), result)
}

#[test]
fn points_in_time() {
    let result = time_result();
    for (id, desc, args, expected) in [
        (
            B::TimeFormat,
            &STRING as &'static TypeDesc,
            vec![Value::Int(0), text("%Y-%m-%d %H:%M:%S")],
            "1970-01-01 00:00:00",
        ),
        (
            B::TimeFormat,
            &STRING,
            vec![Value::Int(0), text("%!")],
            "runtime_invalid_arguments: time.format invalid format",
        ),
        (
            B::TimeFormat,
            &STRING,
            vec![Value::Int(i64::MAX), text("%Y")],
            "runtime_invalid_arguments: time.format epoch out of range",
        ),
        (
            B::TimeIso,
            &STRING,
            vec![Value::Int(1_500)],
            "1970-01-01T00:00:01.500Z",
        ),
        (
            B::TimeIso,
            &STRING,
            vec![Value::Int(i64::MIN)],
            "runtime_invalid_arguments: time.format epoch out of range",
        ),
        (
            B::TimeParse,
            result,
            vec![text("1970-01-02"), text("%Y-%m-%d")],
            "Ok(86400000)",
        ),
        (
            B::TimeParse,
            result,
            vec![text("x"), text("%Y")],
            "Err(Error(code=invalid_time, message=time.parse failed for format `%Y`, status=400))",
        ),
        (
            B::TimeParseIso,
            result,
            vec![text("1970-01-01T00:00:01Z")],
            "Ok(1000)",
        ),
        (
            B::TimeParseIso,
            result,
            vec![text("soon")],
            "Err(Error(code=invalid_time, message=time.parse_iso failed, status=400))",
        ),
        (B::TimeSleep, &UNIT, vec![Value::Int(0)], "()"),
        (
            B::TimeSleep,
            &UNIT,
            vec![Value::Int(-1)],
            "runtime_invalid_arguments: time.sleep expects a non-negative duration",
        ),
    ] {
        assert_eq!(call(id, desc, args), expected, "{id:?}");
    }
}

#[test]
fn sleep_ends_when_the_work_is_stopped() {
    let world = World::empty();
    let mut ctx = world.ctx();
    ctx.interrupt().time_out();
    let mut args = [Value::Int(600_000)];
    let slept = builtin::call(
        B::TimeSleep,
        &mut builtin::Call {
            ctx: &mut ctx,
            args: &mut args,
            result: &UNIT,
            type_arg: None,
            caller: None,
        },
    );
    assert_eq!(show(slept), "runtime_timeout: request timed out");
}

/// A world whose clocks and randomness are known.
fn known() -> (World, ManualClock) {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1234));
    let (stdio, output, error) = Stdio::captured("");
    let env: Vec<(String, String)> = Vec::new();
    let meta: &'static ProgramMeta = Box::leak(Box::default());
    let runtime = Runtime::builder()
        .env(Arc::new(env))
        .stdio(stdio)
        .clock(Arc::new(clock.clone()))
        .entropy(Arc::new(SeededEntropy::new(7)))
        .build(meta, Box::new(NoCode))
        .unwrap();
    let world = World {
        runtime,
        output,
        error,
    };
    (world, clock)
}

#[test]
fn clocks_and_randomness_are_those_that_were_given() {
    let (world, clock) = known();
    let call = |id, result, args: Vec<Value>| show(world.call(id, result, None, args));
    assert_eq!(call(B::TimeNow, &INT, vec![]), "1234");
    assert_eq!(call(B::TimeMonotonicMs, &INT, vec![]), "0");
    clock.advance(Duration::from_millis(20));
    assert_eq!(call(B::TimeNow, &INT, vec![]), "1254");
    assert_eq!(call(B::TimeMonotonicMs, &INT, vec![]), "20");
    let first = call(B::CryptoRandomBytes, &BYTES, vec![Value::Int(8)]);
    let (again, _) = known();
    let second = show(again.call(B::CryptoRandomBytes, &BYTES, None, [Value::Int(8)]));
    assert_eq!(first, second);
    let token = call(B::CryptoToken, &STRING, vec![Value::Int(32)]);
    assert_eq!(token.len(), 43);
    assert!(
        token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    );
}

#[test]
fn digests_and_comparison() {
    let bytes = |bytes: &[u8]| Value::bytes(bytes);
    for (id, result, args, expected) in [
        (
            B::CryptoHash,
            &BYTES,
            vec![text("sha256"), bytes(b"")],
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ),
        (
            B::CryptoHash,
            &BYTES,
            vec![text("SHA384"), bytes(b"abc")],
            "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn",
        ),
        (
            B::CryptoHash,
            &BYTES,
            vec![text("sha512"), bytes(b"abc")],
            "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
        ),
        (
            B::CryptoHash,
            &BYTES,
            vec![text("blake3"), bytes(b"")],
            "rxNJufX5oaagQE3qNtzJSZvLJcmtwRK3zJqTyuQfMmI=",
        ),
        (
            B::CryptoHash,
            &BYTES,
            vec![text("md5"), bytes(b"")],
            "runtime_invalid_arguments: crypto.hash unsupported algorithm md5",
        ),
        (
            B::CryptoHmac,
            &BYTES,
            vec![text("sha256"), bytes(b""), bytes(b"")],
            "thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=",
        ),
        (
            B::CryptoHmac,
            &BYTES,
            vec![text("blake3"), bytes(b""), bytes(b"")],
            "runtime_invalid_arguments: crypto.hmac unsupported algorithm blake3",
        ),
        (
            B::CryptoConstantTimeEq,
            &BOOL,
            vec![bytes(b"a"), bytes(b"a")],
            "true",
        ),
        (
            B::CryptoConstantTimeEq,
            &BOOL,
            vec![bytes(b"a"), bytes(b"ab")],
            "false",
        ),
        (
            B::CryptoRandomBytes,
            &BYTES,
            vec![Value::Int(1_048_577)],
            "runtime_invalid_arguments: crypto.random_bytes expects 0..1048576",
        ),
        (
            B::CryptoRandomBytes,
            &BYTES,
            vec![Value::Int(-1)],
            "runtime_invalid_arguments: crypto.random_bytes expects 0..1048576",
        ),
        (B::CryptoRandomBytes, &BYTES, vec![Value::Int(0)], ""),
        (
            B::CryptoToken,
            &STRING,
            vec![Value::Int(-1)],
            "runtime_invalid_arguments: crypto.token expects 0..1048576",
        ),
    ] {
        assert_eq!(call(id, result, args), expected, "{id:?}");
    }
    let random = World::empty().call(B::CryptoRandomBytes, &BYTES, None, [Value::Int(1_048_576)]);
    assert_eq!(random.unwrap().as_bytes().unwrap().len(), 1_048_576);
}

#[test]
fn passwords() {
    let world = World::empty();
    let call = |id, result, args: Vec<Value>| world.call(id, result, None, args);
    let hash = call(B::CryptoPasswordHash, &STRING, vec![text("hunter2")]).unwrap();
    let shown = hash.as_text().unwrap();
    assert!(
        shown.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{shown}"
    );
    let verify = |password: &str, hash: Value| {
        show(call(
            B::CryptoPasswordVerify,
            &BOOL,
            vec![text(password), hash],
        ))
    };
    assert_eq!(verify("hunter2", hash.clone()), "true");
    assert_eq!(verify("hunter3", hash), "false");
    assert_eq!(verify("hunter2", text("not a hash")), "false");
    world.runtime.flush_logs();
    let warning = "[WARN] crypto.password_verify: the stored hash cannot be read\n";
    assert_eq!(world.error.text(), warning);
    let long = "x".repeat(1025);
    let hashed = show(call(B::CryptoPasswordHash, &STRING, vec![text(&long)]));
    assert_eq!(
        hashed,
        "runtime_invalid_arguments: crypto.password_hash expects at most 1024 bytes"
    );
}

#[test]
fn functions_of_numbers() {
    let x = |value: f64| Value::Float(value);
    for (id, args, expected) in [
        (B::MathSqrt, vec![x(4.0)], "2.0"),
        (B::MathSin, vec![x(0.0)], "0.0"),
        (B::MathCos, vec![x(0.0)], "1.0"),
        (B::MathTan, vec![x(0.0)], "0.0"),
        (B::MathLn, vec![x(1.0)], "0.0"),
        (B::MathLog10, vec![x(1000.0)], "3.0"),
        (B::MathExp, vec![x(0.0)], "1.0"),
        (B::MathAtan2, vec![x(0.0), x(-1.0)], "3.141592653589793"),
        (B::MathHypot, vec![x(3.0), x(4.0)], "5.0"),
    ] {
        assert_eq!(call(id, &FLOAT, args), expected, "{id:?}");
    }
    assert_eq!(
        call(B::IntParse, &well_known::OPTION_INT, vec![text("12")]),
        "12"
    );
    assert_eq!(
        call(B::FloatParse, &well_known::OPTION_FLOAT, vec![text("x")]),
        "null"
    );
    assert_eq!(
        call(B::BytesFromHex, &well_known::OPTION_BYTES, vec![text("0g")]),
        "null"
    );
    assert_eq!(
        call(
            B::BytesFromHex,
            &well_known::OPTION_BYTES,
            vec![text("abc")]
        ),
        "null"
    );
    assert_eq!(
        call(
            B::BytesFromBase64,
            &well_known::OPTION_BYTES,
            vec![text("aGk")]
        ),
        "null"
    );
}

#[test]
fn assertions() {
    let assert = |holds, message: Value| call(B::Assert, &UNIT, vec![Value::Bool(holds), message]);
    assert_eq!(assert(true, text("x")), "()");
    let expected = "runtime_assertion_failed: assert failed: i must be positive";
    assert_eq!(assert(false, text("i must be positive")), expected);
    assert_eq!(
        assert(false, Value::Int(7)),
        "runtime_assertion_failed: assert failed: 7"
    );
}
