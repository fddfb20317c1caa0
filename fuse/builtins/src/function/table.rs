//! The rows. The order of rows is the order of their numbers.

use super::{Builtin, Form, Home};
use crate::{
    capability::Capability,
    effect::Effect::{
        Alloc, Await, Clock, Db as Database, Env, FileIo, Log, Net, Random, Sleep, SlowCrypto,
        Spawn, Stdin, Stdout, Unbounded,
    },
    fault::FaultCode::{
        AssertionFailed, ConfigDecode, Db as DbFault, Error, HtmlInvalid, HttpContext,
        InvalidArguments, InvalidJson, Timeout,
    },
    param::{DefaultValue as Or, Param, ParamRole},
    record::RecordId,
    type_spec::{
        Bound, TypeParam,
        TypeSpec::{
            self, Any, Bool, Bytes, Email, Encodable, Float, Html, Id, Int, List, Map, OneOf,
            Option as Opt, Param as Var, Query, Record, Result as Res, String as Text, Unit, Value,
        },
    },
};

const fn f(name: &'static str, params: &'static [Param], result: TypeSpec) -> Builtin {
    Builtin::new(name, params, result)
}

const fn p(name: &'static str, ty: TypeSpec) -> Param {
    Param::new(name, ty)
}

const ROW: TypeSpec = Map(&Text, &Value);
const ROWS: TypeSpec = List(&ROW);
const TEXT_MAP: TypeSpec = Map(&Text, &Text);
const VALIDATION: TypeSpec = Record(RecordId::Validation);
const STD_ERROR: TypeSpec = Record(RecordId::StdError);
const DB_ERROR: TypeSpec = Record(RecordId::DbError);
const FETCHED: TypeSpec = Res(
    &Record(RecordId::HttpResponse),
    &Record(RecordId::HttpError),
);
const DECODABLE: &[TypeParam] = &[TypeParam {
    name: "T",
    bound: Bound::Decodable,
}];

const SQL: &[Param] = &[
    p("sql", Text).role(ParamRole::Sql),
    p("params", List(&Value)).or(Or::Texts(&[])),
];
const HEADERS: Param = p("headers", Opt(&TEXT_MAP)).or(Or::Null);
const TIMEOUT: Param = p("timeout_ms", Int).or(Or::Int(30_000));
const FETCH: &[Param] = &[p("url", Text), HEADERS, TIMEOUT];
const SEND: &[Param] = &[p("url", Text), p("body", Text), HEADERS, TIMEOUT];
const X: &[Param] = &[p("x", Float)];

/// One list makes three things: the numbers, the rows in that order, and a macro
/// through which the runtime supplies exactly one function per row.
macro_rules! builtins {
    ($dollar:tt $($home:ident { $($id:ident $symbol:ident => $row:expr;)* })*) => {
        /// The number of a built-in function: its index in [`BUILTINS`].
        ///
        /// Numbers are dense and may change with any version of this crate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "the row of each number carries its documentation")]
        pub enum BuiltinId { $($($id,)*)* }

        impl BuiltinId {
            /// Every number, ascending.
            pub const ALL: &'static [Self] = &[$($(Self::$id,)*)*];
        }

        /// Every built-in function, at the index of its number.
        pub static BUILTINS: [Builtin; BuiltinId::ALL.len()] = [
            $($($row.placed(BuiltinId::$id, Home::$home, stringify!($symbol)),)*)*
        ];

        /// Calls a macro with every built-in function, as `Id symbol` pairs:
        /// `callback! { Print print, Input input, ... }`.
        ///
        /// Who expands it to one function per symbol cannot leave one out, nor
        /// add one that has no row.
        #[macro_export]
        macro_rules! for_each_builtin {
            ($dollar callback:ident) => {
                $dollar callback! { $($($id $symbol,)*)* }
            };
        }
    };
}

builtins! { $
    Prelude {
        Print print => f("print", &[p("value", Any)], Unit).effects(&[Stdout]).not_in_spawn()
            .doc("Writes the display form of a value and a newline to standard output.");
        Input input => f("input", &[p("prompt", Text).or(Or::Text(""))], Text)
            .effects(&[Stdin, Stdout, Alloc]).faults(&[Error]).not_in_spawn()
            .doc("Writes a prompt and reads one line from standard input, without its line end.");
        Assert assert => f("assert", &[p("condition", Bool), p("message", Any).or(Or::Text("assertion failed"))], Unit)
            .faults(&[AssertionFailed])
            .doc("Ends the unit of work with a fault unless the condition holds.");
        LogMessage log_message => f("log", &[p("message", Any)], Unit).form(Form::OneArgument)
            .effects(&[Log]).not_in_spawn()
            .doc("Logs a message at level info.");
        LogLevel log_level => f("log", &[p("level", Text), p("message", Any), p("data", Any).variadic()], Unit)
            .form(Form::TextFirst).effects(&[Log]).not_in_spawn()
            .doc("Logs a message at a level; a first text that is no level is the message of an info line with data.");
        LogData log_data => f("log", &[p("message", Any), p("data", Any).variadic()], Unit)
            .form(Form::OtherFirst).effects(&[Log]).not_in_spawn()
            .doc("Logs a message with data at level info, as one JSON line.");
        Env env => f("env", &[p("name", Text)], Opt(&Text))
            .effects(&[Env, Alloc]).faults(&[InvalidArguments, Error]).not_in_spawn()
            .doc("Reads an environment variable; null when it is not set.");
        EnvInt env_int => f("env_int", &[p("name", Text)], Opt(&Int))
            .effects(&[Env]).faults(&[InvalidArguments, ConfigDecode, Error]).not_in_spawn()
            .doc("Reads an environment variable as Int; null when it is not set.");
        EnvFloat env_float => f("env_float", &[p("name", Text)], Opt(&Float))
            .effects(&[Env]).faults(&[InvalidArguments, ConfigDecode, Error]).not_in_spawn()
            .doc("Reads an environment variable as Float; null when it is not set.");
        EnvBool env_bool => f("env_bool", &[p("name", Text)], Opt(&Bool))
            .effects(&[Env]).faults(&[InvalidArguments, ConfigDecode, Error]).not_in_spawn()
            .doc("Reads an environment variable as Bool; null when it is not set.");
        Asset asset => f("asset", &[p("path", Text)], Text)
            .effects(&[FileIo, Alloc]).faults(&[Error]).not_in_spawn()
            .doc("Maps the path of an asset to the path it is served under.");
        Serve serve => f("serve", &[p("port", OneOf(&[Int, Text]))], Unit).requires(Capability::Network)
            .effects(&[Net, Await, Env, Log, Unbounded]).faults(&[InvalidArguments, Error]).not_in_spawn()
            .doc("Serves the routes of the program until it is told to stop.");
    }
    Json {
        JsonEncode json_encode => f("encode", &[p("value", Encodable)], Text)
            .effects(&[Alloc]).faults(&[Error])
            .doc("Writes a value as compact JSON.");
        JsonEncodePretty json_encode_pretty => f("encode_pretty", &[p("value", Encodable)], Text)
            .effects(&[Alloc]).faults(&[Error])
            .doc("Writes a value as JSON with two spaces per level.");
        JsonDecode json_decode => f("decode", &[p("text", Text)], Value).form(Form::Untyped)
            .effects(&[Alloc]).faults(&[InvalidJson])
            .doc("Reads JSON text as dynamic data.");
        JsonDecodeTyped json_decode_typed => f("decode", &[p("text", Text)], Res(&Var("T"), &VALIDATION))
            .typed(DECODABLE).effects(&[Alloc])
            .doc("Reads JSON text as a value of the type, or says everything that is wrong with it.");
    }
    Time {
        TimeNow time_now => f("now", &[], Int).effects(&[Clock])
            .doc("Milliseconds since 1970-01-01 UTC.");
        TimeMonotonicMs time_monotonic_ms => f("monotonic_ms", &[], Int).effects(&[Clock])
            .doc("Milliseconds of a clock that never goes back, for durations.");
        TimeSleep time_sleep => f("sleep", &[p("ms", Int)], Unit)
            .effects(&[Sleep]).faults(&[InvalidArguments, Timeout]).not_in_spawn()
            .doc("Waits that many milliseconds, or until the deadline.");
        TimeFormat time_format => f("format", &[p("ms", Int), p("format", Text).role(ParamRole::TimeFormat)], Text)
            .effects(&[Alloc]).faults(&[InvalidArguments])
            .doc("Writes a point in time, in UTC, by a strftime format.");
        TimeParse time_parse => f("parse", &[p("text", Text), p("format", Text).role(ParamRole::TimeFormat)], Res(&Int, &STD_ERROR))
            .effects(&[Alloc])
            .doc("Reads a point in time by a strftime format; without an offset it is UTC.");
        TimeIso time_iso => f("iso", &[p("ms", Int)], Text)
            .effects(&[Alloc]).faults(&[InvalidArguments])
            .doc("Writes a point in time as RFC 3339 with milliseconds and Z.");
        TimeParseIso time_parse_iso => f("parse_iso", &[p("text", Text)], Res(&Int, &STD_ERROR))
            .effects(&[Alloc])
            .doc("Reads an RFC 3339 point in time.");
    }
    Crypto {
        CryptoHash crypto_hash => f("hash", &[p("algorithm", Text), p("data", Bytes)], Bytes)
            .effects(&[Alloc]).faults(&[InvalidArguments])
            .doc("Digest by sha256, sha384, sha512 or blake3.");
        CryptoHmac crypto_hmac => f("hmac", &[p("algorithm", Text), p("key", Bytes).role(ParamRole::Secret), p("data", Bytes)], Bytes)
            .effects(&[Alloc]).faults(&[InvalidArguments])
            .doc("Keyed digest by sha256 or sha512.");
        CryptoRandomBytes crypto_random_bytes => f("random_bytes", &[p("n", Int)], Bytes)
            .effects(&[Random, Alloc]).faults(&[InvalidArguments])
            .doc("Random bytes of the operating system, at most 1048576.");
        CryptoConstantTimeEq crypto_constant_time_eq => f("constant_time_eq", &[p("a", Bytes), p("b", Bytes)], Bool)
            .doc("Whether two byte strings are equal, in time that does not tell where they differ.");
        CryptoPasswordHash crypto_password_hash => f("password_hash", &[p("password", Text).role(ParamRole::Secret)], Text)
            .effects(&[Random, SlowCrypto, Alloc]).faults(&[InvalidArguments])
            .doc("Hashes a password by argon2id with a fresh salt.");
        CryptoPasswordVerify crypto_password_verify => f("password_verify", &[p("password", Text).role(ParamRole::Secret), p("hash", Text)], Bool)
            .effects(&[SlowCrypto, Log]).faults(&[InvalidArguments])
            .doc("Whether a password is the one that was hashed.");
        CryptoToken crypto_token => f("token", &[p("n", Int).or(Or::Int(32))], Text)
            .effects(&[Random, Alloc]).faults(&[InvalidArguments])
            .doc("URL-safe text made of that many random bytes.");
    }
    Html {
        HtmlText html_text => f("text", &[p("text", Text)], Html).effects(&[Alloc])
            .doc("A text node; it is escaped when rendered.");
        HtmlRaw html_raw => f("raw", &[p("markup", Text)], Html).effects(&[Alloc])
            .doc("Markup that is written as it is.");
        HtmlNode html_node => f("node", &[p("tag", Text), p("attrs", TEXT_MAP), p("children", List(&Html))], Html)
            .effects(&[Alloc]).faults(&[HtmlInvalid])
            .doc("An element with any tag.");
        HtmlRender html_render => f("render", &[p("node", Html)], Text)
            .effects(&[Alloc, Log]).faults(&[HtmlInvalid])
            .doc("The markup of a node.");
    }
    Svg {
        SvgInline svg_inline => f("inline", &[p("path", Text).role(ParamRole::SvgPath)], Html)
            .effects(&[FileIo, Alloc]).faults(&[InvalidArguments, Error]).not_in_spawn()
            .doc("The markup of an SVG file, without scripts.");
    }
    Request {
        RequestHeader request_header => f("header", &[p("name", Text)], Opt(&Text))
            .effects(&[Alloc]).faults(&[HttpContext])
            .doc("A header of the request; several values are joined by a comma and a space.");
        RequestCookie request_cookie => f("cookie", &[p("name", Text)], Opt(&Text))
            .effects(&[Alloc]).faults(&[HttpContext])
            .doc("The first cookie of that name.");
        RequestQuery request_query => f("query", &[p("name", Text)], Opt(&Text))
            .effects(&[Alloc]).faults(&[HttpContext])
            .doc("The first query parameter of that name, decoded.");
        RequestQueryAll request_query_all => f("query_all", &[p("name", Text)], List(&Text))
            .effects(&[Alloc]).faults(&[HttpContext])
            .doc("Every query parameter of that name, decoded.");
        RequestQueryAs request_query_as => f("query_as", &[], Res(&Var("T"), &VALIDATION))
            .typed(DECODABLE).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The query string as a record; keys the record lacks are ignored.");
        RequestMethod request_method => f("method", &[], Text).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The method of the request, in capitals.");
        RequestPath request_path => f("path", &[], Text).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The path of the request as sent, without the query.");
        RequestRemoteAddr request_remote_addr => f("remote_addr", &[], Text).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The address of the client, behind trusted proxies.");
        RequestId request_id => f("id", &[], Text).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The id of the request, as logs and the response carry it.");
        RequestBearer request_bearer => f("bearer", &[], Opt(&Text)).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The bearer token of the request.");
        RequestBodyBytes request_body_bytes => f("body_bytes", &[], Bytes).effects(&[Alloc]).faults(&[HttpContext])
            .doc("The body as received, decompressed.");
    }
    Response {
        ResponseHeader response_header => f("header", &[p("name", Text), p("value", Text)], Unit)
            .faults(&[HttpContext, InvalidArguments])
            .doc("Adds a header to the response, or replaces one that may occur once.");
        ResponseStatus response_status => f("status", &[p("code", Int)], Unit)
            .faults(&[HttpContext, InvalidArguments])
            .doc("Sets the status that a success answers with.");
        ResponseRedirect response_redirect => f("redirect", &[p("url", Text), p("code", Int).or(Or::Int(303))], Unit)
            .faults(&[HttpContext, InvalidArguments])
            .doc("Sets status and location of a redirect.");
        ResponseCookie response_cookie => f("cookie", &[
                p("name", Text), p("value", Text), p("max_age", Opt(&Int)).or(Or::Null),
                p("path", Text).or(Or::Text("/")), p("domain", Opt(&Text)).or(Or::Null),
                p("same_site", Text).or(Or::Text("Lax")), p("secure", Opt(&Bool)).or(Or::Null),
                p("http_only", Bool).or(Or::Bool(true)),
            ], Unit)
            .faults(&[HttpContext, InvalidArguments])
            .doc("Sets a cookie.");
        ResponseDeleteCookie response_delete_cookie => f("delete_cookie", &[p("name", Text), p("path", Text).or(Or::Text("/"))], Unit)
            .faults(&[HttpContext, InvalidArguments])
            .doc("Tells the client to forget a cookie.");
    }
    Http {
        HttpRequest http_request => f("request", &[p("method", Text), p("url", Text), p("body", Opt(&Text)).or(Or::Null), HEADERS, TIMEOUT], FETCHED)
            .effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a request and waits for the answer; only a 2xx status is a success.");
        HttpGet http_get => f("get", FETCH, FETCHED).effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a GET request.");
        HttpDelete http_delete => f("delete", FETCH, FETCHED).effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a DELETE request.");
        HttpPost http_post => f("post", SEND, FETCHED).effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a POST request.");
        HttpPut http_put => f("put", SEND, FETCHED).effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a PUT request.");
        HttpPatch http_patch => f("patch", SEND, FETCHED).effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a PATCH request.");
        HttpRequestBytes http_request_bytes => f("request_bytes", &[p("method", Text), p("url", Text), p("body", Opt(&Bytes)).or(Or::Null), HEADERS, TIMEOUT], FETCHED)
            .effects(&[Net, Alloc]).faults(&[Timeout])
            .doc("Sends a request whose body is bytes.");
    }
    Db {
        DbExec db_exec => f("exec", SQL, Unit).effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout])
            .doc("Runs SQL; without parameters it may be several statements, all or none of which take effect.");
        DbQuery db_query => f("query", SQL, ROWS).effects(&[Database, Alloc]).faults(&[DbFault, InvalidArguments, Timeout])
            .doc("Runs SQL and reads every row.");
        DbOne db_one => f("one", SQL, Opt(&ROW)).effects(&[Database, Alloc]).faults(&[DbFault, InvalidArguments, Timeout])
            .doc("Runs SQL and reads the first row.");
        DbTryExec db_try_exec => f("try_exec", SQL, Res(&Unit, &DB_ERROR)).effects(&[Database, Alloc]).faults(&[InvalidArguments, Timeout])
            .doc("Like exec; a refusal by the database is an error value.");
        DbTryQuery db_try_query => f("try_query", SQL, Res(&ROWS, &DB_ERROR)).effects(&[Database, Alloc]).faults(&[InvalidArguments, Timeout])
            .doc("Like query; a refusal by the database is an error value.");
        DbTryOne db_try_one => f("try_one", SQL, Res(&Opt(&ROW), &DB_ERROR)).effects(&[Database, Alloc]).faults(&[InvalidArguments, Timeout])
            .doc("Like one; a refusal by the database is an error value.");
        DbChanges db_changes => f("changes", &[], Int).effects(&[Database])
            .doc("How many rows the latest write of this unit of work changed.");
        DbLastId db_last_id => f("last_id", &[], Int).effects(&[Database])
            .doc("The row id that the latest insert of this unit of work made.");
        DbFrom db_from => f("from", &[p("table", Text)], Query).effects(&[Alloc]).faults(&[InvalidArguments])
            .doc("Starts a query on a table.");
    }
    Testing {
        TestingRequest testing_request => f("request", &[p("method", Text), p("path", Text), p("body", Opt(&Value)).or(Or::Null), p("headers", TEXT_MAP).or(Or::EmptyMap)], Record(RecordId::TestingResponse))
            .effects(&[Net, Database, Spawn, Await, FileIo, Log, Stdout, Env, Clock, Random, Alloc]).faults(&[InvalidArguments])
            .doc("Calls a route of the program through every layer, without a socket.");
        TestingEqual testing_equal => f("equal", &[p("actual", Any), p("expected", Any)], Unit)
            .faults(&[AssertionFailed])
            .doc("Fails the test unless two values of one type are equal, showing both.");
    }
    Math {
        MathSqrt math_sqrt => f("sqrt", X, Float).doc("Square root.");
        MathSin math_sin => f("sin", X, Float).doc("Sine of an angle in radians.");
        MathCos math_cos => f("cos", X, Float).doc("Cosine of an angle in radians.");
        MathTan math_tan => f("tan", X, Float).doc("Tangent of an angle in radians.");
        MathLn math_ln => f("ln", X, Float).doc("Natural logarithm.");
        MathLog10 math_log10 => f("log10", X, Float).doc("Logarithm to base 10.");
        MathExp math_exp => f("exp", X, Float).doc("The constant e to this power.");
        MathAtan2 math_atan2 => f("atan2", &[p("y", Float), p("x", Float)], Float)
            .doc("Angle of a point, in radians, in its quadrant.");
        MathHypot math_hypot => f("hypot", &[p("x", Float), p("y", Float)], Float)
            .doc("Distance of a point from the origin.");
    }
    Int {
        IntParse int_parse => f("parse", &[p("s", Text)], Opt(&Int))
            .doc("The whole text as Int: decimal digits with an optional sign.");
    }
    Float {
        FloatParse float_parse => f("parse", &[p("s", Text)], Opt(&Float))
            .doc("The whole text as Float.");
    }
    Bytes {
        BytesFromBase64 bytes_from_base64 => f("from_base64", &[p("s", Text)], Opt(&Bytes)).effects(&[Alloc])
            .doc("The bytes that padded base64 of the standard alphabet stands for.");
        BytesFromHex bytes_from_hex => f("from_hex", &[p("s", Text)], Opt(&Bytes)).effects(&[Alloc])
            .doc("The bytes that hexadecimal digits stand for.");
    }
    Id {
        IdParse id_parse => f("parse", &[p("s", Text)], Res(&Id, &VALIDATION)).effects(&[Alloc])
            .doc("The text as Id, if it is one.");
    }
    Email {
        EmailParse email_parse => f("parse", &[p("s", Text)], Res(&Email, &VALIDATION)).effects(&[Alloc])
            .doc("The text as Email, if it is one.");
    }
}

impl BuiltinId {
    /// The row of this number.
    #[must_use]
    pub const fn row(self) -> &'static Builtin {
        &BUILTINS[self as usize]
    }

    /// The number, for who stores it.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What [`BuiltinId::number`] gave.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        if (number as usize) < Self::ALL.len() {
            Some(Self::ALL[number as usize])
        } else {
            None
        }
    }
}
