//! The printed signatures, written down a second time by hand.
//!
//! These lines are what programs rely on: names, parameter names, defaults and
//! types. A change here is a change of the language.

use fuse_builtins::{BUILTINS, MEMBERS};

const FUNCTIONS: &str = "\
print(value: any) -> Unit
input(prompt: String = \"\") -> String
assert(condition: Bool, message: any = \"assertion failed\") -> Unit
log(message: any) -> Unit
log(level: String, message: any, data: any...) -> Unit
log(message: any, data: any...) -> Unit
env(name: String) -> String?
env_int(name: String) -> Int?
env_float(name: String) -> Float?
env_bool(name: String) -> Bool?
asset(path: String) -> String
serve(port: Int | String) -> Unit
json.encode(value: any) -> String
json.encode_pretty(value: any) -> String
json.decode(text: String) -> Value
json.decode<T>(text: String) -> T!std.Error.Validation
time.now() -> Int
time.monotonic_ms() -> Int
time.sleep(ms: Int) -> Unit
time.format(ms: Int, format: String) -> String
time.parse(text: String, format: String) -> Int!std.Error
time.iso(ms: Int) -> String
time.parse_iso(text: String) -> Int!std.Error
crypto.hash(algorithm: String, data: Bytes) -> Bytes
crypto.hmac(algorithm: String, key: Bytes, data: Bytes) -> Bytes
crypto.random_bytes(n: Int) -> Bytes
crypto.constant_time_eq(a: Bytes, b: Bytes) -> Bool
crypto.password_hash(password: String) -> String
crypto.password_verify(password: String, hash: String) -> Bool
crypto.token(n: Int = 32) -> String
html.text(text: String) -> Html
html.raw(markup: String) -> Html
html.node(tag: String, attrs: Map<String, String>, children: List<Html>) -> Html
html.render(node: Html) -> String
svg.inline(path: String) -> Html
request.header(name: String) -> String?
request.cookie(name: String) -> String?
request.query(name: String) -> String?
request.query_all(name: String) -> List<String>
request.query_as<T>() -> T!std.Error.Validation
request.method() -> String
request.path() -> String
request.remote_addr() -> String
request.id() -> String
request.bearer() -> String?
request.body_bytes() -> Bytes
response.header(name: String, value: String) -> Unit
response.status(code: Int) -> Unit
response.redirect(url: String, code: Int = 303) -> Unit
response.cookie(name: String, value: String, max_age: Int? = null, path: String = \"/\", domain: String? = null, same_site: String = \"Lax\", secure: Bool? = null, http_only: Bool = true) -> Unit
response.delete_cookie(name: String, path: String = \"/\") -> Unit
http.request(method: String, url: String, body: String? = null, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.get(url: String, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.delete(url: String, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.post(url: String, body: String, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.put(url: String, body: String, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.patch(url: String, body: String, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
http.request_bytes(method: String, url: String, body: Bytes? = null, headers: Map<String, String>? = null, timeout_ms: Int = 30000) -> http.Response!http.Error
db.exec(sql: String, params: List<Value> = []) -> Unit
db.query(sql: String, params: List<Value> = []) -> List<Map<String, Value>>
db.one(sql: String, params: List<Value> = []) -> Map<String, Value>?
db.try_exec(sql: String, params: List<Value> = []) -> Unit!db.Error
db.try_query(sql: String, params: List<Value> = []) -> List<Map<String, Value>>!db.Error
db.try_one(sql: String, params: List<Value> = []) -> Map<String, Value>?!db.Error
db.changes() -> Int
db.last_id() -> Int
db.from(table: String) -> Query
testing.request(method: String, path: String, body: Value? = null, headers: Map<String, String> = {}) -> testing.Response
testing.equal(actual: any, expected: any) -> Unit
math.sqrt(x: Float) -> Float
math.sin(x: Float) -> Float
math.cos(x: Float) -> Float
math.tan(x: Float) -> Float
math.ln(x: Float) -> Float
math.log10(x: Float) -> Float
math.exp(x: Float) -> Float
math.atan2(y: Float, x: Float) -> Float
math.hypot(x: Float, y: Float) -> Float
Int.parse(s: String) -> Int?
Float.parse(s: String) -> Float?
Bytes.from_base64(s: String) -> Bytes?
Bytes.from_hex(s: String) -> Bytes?
Id.parse(s: String) -> Id!std.Error.Validation
Email.parse(s: String) -> Email!std.Error.Validation
";

const METHODS: &str = "\
String: len is_empty contains starts_with ends_with index_of last_index_of char_at slice chars \
lines split split_once trim trim_start trim_end strip_prefix strip_suffix upper lower replace \
repeat pad_start pad_end reverse dedent matches find_all replace_regex to_int to_float to_bool \
to_bytes graphemes
List: len is_empty first last get slice take skip contains index_of append concat reverse unique \
push! insert! set! clear! pop! remove! map filter flat_map reduce any all count find sort sort_by \
min max sum group_by chunk join parallel_map
Map: len is_empty has get get_or keys values merge map_values filter set! remove! clear!
Option: is_some is_none map
Result: is_ok is_err ok err map map_err
Int: abs min max clamp pow to_float to_string checked_add checked_sub checked_mul wrapping_add \
wrapping_sub wrapping_mul bit_and bit_or bit_xor bit_not shl shr
Float: abs floor ceil round trunc sqrt pow min max clamp is_nan is_finite to_int to_string fixed
Bool: to_string
Bytes: len is_empty slice to_base64 to_hex to_text
Value: is_null kind keys len as_int as_float as_bool as_text as_list as_map decode<T>
Query: select where or_where order_by limit offset insert insert_all upsert update update_from \
delete all_rows one one<T> all all<T> count exec sql params
testing.Response: json
";

const METHOD_SIGNATURES: &[&str] = &[
    "String.slice(start: Int, end: Int = len) -> String",
    "String.split_once(sep: String) -> List<String>?",
    "String.pad_start(width: Int, fill: String = \" \") -> String",
    "String.replace_regex(pattern: String, to: String) -> String",
    "List.first() -> T?",
    "List.insert(i: Int, x: T) -> Unit",
    "List.pop() -> T?",
    "List.remove(i: Int) -> T",
    "List.map(f: fn(T) -> U) -> List<U>",
    "List.flat_map(f: fn(T) -> List<U>) -> List<U>",
    "List.reduce(init: A, f: fn(A, T) -> A) -> A",
    "List.sum() -> T",
    "List.group_by(f: fn(T) -> String) -> Map<String, List<T>>",
    "List.chunk(n: Int) -> List<List<T>>",
    "List.join(sep: String = \"\") -> String",
    "List.parallel_map(f: fn(T) -> U, limit: Int = 16) -> List<U>",
    "Map.get_or(k: K, d: V) -> V",
    "Map.filter(f: fn(K, V) -> Bool) -> Map<K, V>",
    "Map.map_values(f: fn(V) -> U) -> Map<K, U>",
    "Map.remove(k: K) -> V?",
    "Option.map(f: fn(T) -> U) -> U?",
    "Result.err() -> E?",
    "Result.map_err(f: fn(E) -> F) -> T!F",
    "Int.checked_mul(b: Int) -> Int?",
    "Float.fixed(digits: Int) -> String",
    "Bytes.slice(s: Int, e: Int) -> Bytes",
    "Value.as_map() -> Map<String, Value>?",
    "Value.decode<T>() -> T!std.Error.Validation",
    "Query.where(column: String, op: String, value: Value) -> Query",
    "Query.upsert(record: R, conflict: List<String> = [\"id\"]) -> Query",
    "Query.one() -> Map<String, Value>?",
    "Query.one<T>() -> T?",
    "Query.all<T>() -> List<T>",
    "testing.Response.json() -> Value",
];

#[test]
fn functions_have_these_signatures() {
    let printed: String = BUILTINS.iter().map(|row| format!("{row}\n")).collect();
    assert_eq!(printed, FUNCTIONS);
}

#[test]
fn types_have_these_methods() {
    let mut printed = String::new();
    let mut last = None;
    for row in &MEMBERS {
        if last != Some(row.receiver) {
            if last.is_some() {
                printed.push('\n');
            }
            printed.push_str(&format!("{}:", row.receiver.name()));
            last = Some(row.receiver);
        }
        printed.push(' ');
        printed.push_str(row.name);
        if row.place {
            printed.push('!');
        }
        if row.form == fuse_builtins::MemberForm::Typed {
            printed.push_str("<T>");
        }
    }
    printed.push('\n');
    assert_eq!(printed, METHODS);
}

#[test]
fn methods_have_these_signatures() {
    let printed: Vec<_> = MEMBERS.iter().map(ToString::to_string).collect();
    for expected in METHOD_SIGNATURES {
        assert!(printed.iter().any(|line| line == expected), "{expected}");
    }
}
