//! The rows. The order of rows is the order of their numbers.

use super::{Member, Receiver};
use crate::{
    effect::Effect::{Await, Db as Database, Spawn},
    fault::FaultCode::{
        Db as DbFault, FieldAccess, IndexBounds, IntegerOverflow, InvalidArguments, InvalidJson,
        NullAccess, Timeout, TypeError,
    },
    param::{DefaultValue as Or, Param, ParamRole},
    record::RecordId,
    type_spec::{
        Bound, TypeParam,
        TypeSpec::{
            self, Bool, Bytes, Float, Fn as Func, Int, List, Map, Option as Opt, Param as Var,
            Query, Record, Result as Res, String as Text, Unit, Value,
        },
    },
};

const fn m(name: &'static str, params: &'static [Param], result: TypeSpec) -> Member {
    Member::new(name, params, result)
}

const fn p(name: &'static str, ty: TypeSpec) -> Param {
    Param::new(name, ty)
}

const fn param(name: &'static str, bound: Bound) -> TypeParam {
    TypeParam { name, bound }
}

const T: TypeSpec = Var("T");
const U: TypeSpec = Var("U");
const K: TypeSpec = Var("K");
const V: TypeSpec = Var("V");
const E: TypeSpec = Var("E");
const A: TypeSpec = Var("A");
const TEXTS: TypeSpec = List(&Text);
const ROW: TypeSpec = Map(&Text, &Value);
const VALIDATION: TypeSpec = Record(RecordId::Validation);

const NEW_U: &[TypeParam] = &[param("U", Bound::Any)];
const EQUATABLE: &[TypeParam] = &[param("T", Bound::Equatable)];
const ORDERED: &[TypeParam] = &[param("T", Bound::Ordered)];
const NUMERIC: &[TypeParam] = &[param("T", Bound::Numeric)];
const A_RECORD: &[TypeParam] = &[param("R", Bound::Record)];

const S: &[Param] = &[p("s", Text)];
const SLICE: &[Param] = &[p("start", Int), p("end", Int).or(Or::ReceiverLen)];
const PAD: &[Param] = &[p("width", Int), p("fill", Text).or(Or::Text(" "))];
const PATTERN: &[Param] = &[p("pattern", Text).role(ParamRole::Regex)];
const B: &[Param] = &[p("b", Int)];
const BF: &[Param] = &[p("b", Float)];
const N: &[Param] = &[p("n", Int)];
const TEST: &[Param] = &[p("f", Func(&[T], &Bool))];
const MAP_TO_U: &[Param] = &[p("f", Func(&[T], &U))];
const CONDITION: &[Param] = &[
    p("column", Text),
    p("op", Text).role(ParamRole::QueryOperator),
    p("value", Value),
];

/// One list makes three things: the numbers, the rows in that order, and a macro
/// through which the runtime supplies exactly one function per row.
macro_rules! members {
    ($dollar:tt $($receiver:ident { $($id:ident $symbol:ident => $row:expr;)* })*) => {
        /// The number of a method: its index in [`MEMBERS`].
        ///
        /// Numbers are dense and may change with any version of this crate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "the row of each number carries its documentation")]
        pub enum MemberId { $($($id,)*)* }

        impl MemberId {
            /// Every number, ascending.
            pub const ALL: &'static [Self] = &[$($(Self::$id,)*)*];
        }

        /// Every method of a built-in type, at the index of its number.
        pub static MEMBERS: [Member; MemberId::ALL.len()] = [
            $($($row.placed(MemberId::$id, Receiver::$receiver, stringify!($symbol)),)*)*
        ];

        /// Calls a macro with every method, as `Id symbol` pairs:
        /// `callback! { StringLen string_len, ... }`.
        ///
        /// Who expands it to one function per symbol cannot leave one out, nor
        /// add one that has no row.
        #[macro_export]
        macro_rules! for_each_member {
            ($dollar callback:ident) => {
                $dollar callback! { $($($id $symbol,)*)* }
            };
        }
    };
}

members! { $
    String {
        StringLen string_len => m("len", &[], Int).doc("Number of Unicode scalar values.");
        StringIsEmpty string_is_empty => m("is_empty", &[], Bool).doc("Whether there is no character.");
        StringContains string_contains => m("contains", S, Bool).doc("Whether the text occurs in it.");
        StringStartsWith string_starts_with => m("starts_with", S, Bool).doc("Whether it begins with the text.");
        StringEndsWith string_ends_with => m("ends_with", S, Bool).doc("Whether it ends with the text.");
        StringIndexOf string_index_of => m("index_of", S, Opt(&Int)).doc("Index of the first occurrence, in scalar values.");
        StringLastIndexOf string_last_index_of => m("last_index_of", S, Opt(&Int)).doc("Index of the last occurrence, in scalar values.");
        StringCharAt string_char_at => m("char_at", &[p("i", Int)], Opt(&Text)).alloc().doc("The character at an index, or null.");
        StringSlice string_slice => m("slice", SLICE, Text).alloc().faults(&[IndexBounds]).doc("The characters from an index up to, not including, another.");
        StringChars string_chars => m("chars", &[], TEXTS).alloc().doc("Its characters, one text each.");
        StringLines string_lines => m("lines", &[], TEXTS).alloc().doc("Its lines, without their ends.");
        StringSplit string_split => m("split", &[p("sep", Text)], TEXTS).alloc().faults(&[InvalidArguments]).doc("The parts between occurrences of a separator.");
        StringSplitOnce string_split_once => m("split_once", &[p("sep", Text)], Opt(&TEXTS)).alloc().doc("The parts before and after the first separator, or null.");
        StringTrim string_trim => m("trim", &[], Text).alloc().doc("Without white space at both ends.");
        StringTrimStart string_trim_start => m("trim_start", &[], Text).alloc().doc("Without white space at the start.");
        StringTrimEnd string_trim_end => m("trim_end", &[], Text).alloc().doc("Without white space at the end.");
        StringStripPrefix string_strip_prefix => m("strip_prefix", S, Opt(&Text)).alloc().doc("What follows the text it begins with, or null.");
        StringStripSuffix string_strip_suffix => m("strip_suffix", S, Opt(&Text)).alloc().doc("What precedes the text it ends with, or null.");
        StringUpper string_upper => m("upper", &[], Text).alloc().doc("In upper case, by the full Unicode mapping.");
        StringLower string_lower => m("lower", &[], Text).alloc().doc("In lower case, by the full Unicode mapping.");
        StringReplace string_replace => m("replace", &[p("from", Text), p("to", Text)], Text).alloc().doc("With every occurrence of a text replaced.");
        StringRepeat string_repeat => m("repeat", N, Text).alloc().faults(&[InvalidArguments]).doc("Itself that many times; at most 256 MiB.");
        StringPadStart string_pad_start => m("pad_start", PAD, Text).alloc().faults(&[InvalidArguments]).doc("Filled up at the start to a width in characters.");
        StringPadEnd string_pad_end => m("pad_end", PAD, Text).alloc().faults(&[InvalidArguments]).doc("Filled up at the end to a width in characters.");
        StringReverse string_reverse => m("reverse", &[], Text).alloc().doc("Its characters in reverse order.");
        StringDedent string_dedent => m("dedent", &[], Text).alloc().doc("Without the indentation that all its lines share.");
        StringMatches string_matches => m("matches", PATTERN, Bool).faults(&[InvalidArguments]).doc("Whether a regular expression matches somewhere.");
        StringFindAll string_find_all => m("find_all", PATTERN, TEXTS).alloc().faults(&[InvalidArguments]).doc("Every match of a regular expression.");
        StringReplaceRegex string_replace_regex => m("replace_regex", &[p("pattern", Text).role(ParamRole::Regex), p("to", Text)], Text).alloc().faults(&[InvalidArguments]).doc("With every match of a regular expression replaced.");
        StringToInt string_to_int => m("to_int", &[], Opt(&Int)).doc("The whole text as Int, or null.");
        StringToFloat string_to_float => m("to_float", &[], Opt(&Float)).doc("The whole text as Float, or null.");
        StringToBool string_to_bool => m("to_bool", &[], Opt(&Bool)).doc("The whole text as Bool, or null.");
        StringToBytes string_to_bytes => m("to_bytes", &[], Bytes).alloc().doc("Its UTF-8 bytes.");
        StringGraphemes string_graphemes => m("graphemes", &[], TEXTS).alloc().doc("Its user-perceived characters, one text each.");
    }
    List {
        ListLen list_len => m("len", &[], Int).doc("Number of elements.");
        ListIsEmpty list_is_empty => m("is_empty", &[], Bool).doc("Whether there is no element.");
        ListFirst list_first => m("first", &[], Opt(&T)).doc("The first element, or null.");
        ListLast list_last => m("last", &[], Opt(&T)).doc("The last element, or null.");
        ListGet list_get => m("get", &[p("i", Int)], Opt(&T)).doc("The element at an index, or null.");
        ListSlice list_slice => m("slice", SLICE, List(&T)).alloc().faults(&[IndexBounds]).doc("The elements from an index up to, not including, another.");
        ListTake list_take => m("take", N, List(&T)).alloc().faults(&[InvalidArguments]).doc("At most that many elements from the start.");
        ListSkip list_skip => m("skip", N, List(&T)).alloc().faults(&[InvalidArguments]).doc("Without that many elements at the start.");
        ListContains list_contains => m("contains", &[p("x", T)], Bool).bounds(EQUATABLE).doc("Whether an element equals the value.");
        ListIndexOf list_index_of => m("index_of", &[p("x", T)], Opt(&Int)).bounds(EQUATABLE).doc("Index of the first element that equals the value, or null.");
        ListAppend list_append => m("append", &[p("x", T)], List(&T)).alloc().doc("With an element more.");
        ListConcat list_concat => m("concat", &[p("xs", List(&T))], List(&T)).alloc().doc("With the elements of another list after its own.");
        ListReverse list_reverse => m("reverse", &[], List(&T)).alloc().doc("In reverse order.");
        ListUnique list_unique => m("unique", &[], List(&T)).bounds(EQUATABLE).alloc().doc("The first of every group of equal elements.");
        ListPush list_push => m("push", &[p("x", T)], Unit).place().alloc().doc("Adds an element at the end.");
        ListInsert list_insert => m("insert", &[p("i", Int), p("x", T)], Unit).place().alloc().faults(&[IndexBounds]).doc("Puts an element before the one at an index.");
        ListSet list_set => m("set", &[p("i", Int), p("x", T)], Unit).place().alloc().faults(&[IndexBounds]).doc("Replaces the element at an index.");
        ListClear list_clear => m("clear", &[], Unit).place().alloc().doc("Removes every element.");
        ListPop list_pop => m("pop", &[], Opt(&T)).place().alloc().doc("Removes the last element and gives it, or null.");
        ListRemove list_remove => m("remove", &[p("i", Int)], T).place().alloc().faults(&[IndexBounds]).doc("Removes the element at an index and gives it.");
        ListMap list_map => m("map", MAP_TO_U, List(&U)).generic(NEW_U).alloc().doc("What a function makes of each element.");
        ListFilter list_filter => m("filter", TEST, List(&T)).alloc().doc("The elements that a function accepts.");
        ListFlatMap list_flat_map => m("flat_map", &[p("f", Func(&[T], &List(&U)))], List(&U)).generic(NEW_U).alloc().doc("The lists a function makes of each element, one after the other.");
        ListReduce list_reduce => m("reduce", &[p("init", A), p("f", Func(&[A, T], &A))], A).generic(&[param("A", Bound::Any)]).doc("Folds the elements from the left.");
        ListAny list_any => m("any", TEST, Bool).doc("Whether a function accepts some element; stops at the first.");
        ListAll list_all => m("all", TEST, Bool).doc("Whether a function accepts every element; stops at the first it refuses.");
        ListCount list_count => m("count", TEST, Int).doc("How many elements a function accepts.");
        ListFind list_find => m("find", TEST, Opt(&T)).doc("The first element that a function accepts, or null.");
        ListSort list_sort => m("sort", &[], List(&T)).bounds(ORDERED).alloc().doc("In ascending order; equal elements keep theirs.");
        ListSortBy list_sort_by => m("sort_by", &[p("f", Func(&[T], &K))], List(&T)).generic(&[param("K", Bound::Ordered)]).alloc().doc("In ascending order of a key; elements of equal keys keep theirs.");
        ListMin list_min => m("min", &[], Opt(&T)).bounds(ORDERED).doc("The smallest element, or null.");
        ListMax list_max => m("max", &[], Opt(&T)).bounds(ORDERED).doc("The largest element, or null.");
        ListSum list_sum => m("sum", &[], T).bounds(NUMERIC).faults(&[IntegerOverflow]).doc("The elements added up; zero when there is none.");
        ListGroupBy list_group_by => m("group_by", &[p("f", Func(&[T], &Text))], Map(&Text, &List(&T))).alloc().doc("The elements by a key, keys in the order they are first seen.");
        ListChunk list_chunk => m("chunk", N, List(&List(&T))).alloc().faults(&[InvalidArguments]).doc("Lists of that many elements, the last possibly shorter.");
        ListJoin list_join => m("join", &[p("sep", Text).or(Or::Text(""))], Text).alloc().doc("The display forms of the elements with a separator between.");
        ListParallelMap list_parallel_map => m("parallel_map", &[p("f", Func(&[T], &U)), p("limit", Int).or(Or::Int(16))], List(&U)).generic(NEW_U).alloc().effects(&[Spawn, Await]).faults(&[InvalidArguments]).doc("Like map, with up to a limit of tasks at once; keeps the order.");
    }
    Map {
        MapLen map_len => m("len", &[], Int).doc("Number of entries.");
        MapIsEmpty map_is_empty => m("is_empty", &[], Bool).doc("Whether there is no entry.");
        MapHas map_has => m("has", &[p("k", K)], Bool).doc("Whether there is an entry of that key.");
        MapGet map_get => m("get", &[p("k", K)], Opt(&V)).doc("The value of a key, or null.");
        MapGetOr map_get_or => m("get_or", &[p("k", K), p("d", V)], V).doc("The value of a key, or another value.");
        MapKeys map_keys => m("keys", &[], List(&K)).alloc().doc("The keys, in insertion order.");
        MapValues map_values => m("values", &[], List(&V)).alloc().doc("The values, in insertion order.");
        MapMerge map_merge => m("merge", &[p("other", Map(&K, &V))], Map(&K, &V)).alloc().doc("With the entries of another map, which win.");
        MapMapValues map_map_values => m("map_values", &[p("f", Func(&[V], &U))], Map(&K, &U)).generic(NEW_U).alloc().doc("What a function makes of each value.");
        MapFilter map_filter => m("filter", &[p("f", Func(&[K, V], &Bool))], Map(&K, &V)).alloc().doc("The entries that a function accepts.");
        MapSet map_set => m("set", &[p("k", K), p("v", V)], Unit).place().alloc().doc("Puts a value under a key, keeping the position of a key that exists.");
        MapRemove map_remove => m("remove", &[p("k", K)], Opt(&V)).place().alloc().doc("Removes a key and gives its value, or null.");
        MapClear map_clear => m("clear", &[], Unit).place().alloc().doc("Removes every entry.");
    }
    Option {
        OptionIsSome option_is_some => m("is_some", &[], Bool).doc("Whether there is a value.");
        OptionIsNone option_is_none => m("is_none", &[], Bool).doc("Whether it is null.");
        OptionMap option_map => m("map", MAP_TO_U, Opt(&U)).generic(NEW_U).doc("What a function makes of the value, or null.");
    }
    Result {
        ResultIsOk result_is_ok => m("is_ok", &[], Bool).doc("Whether it is a success.");
        ResultIsErr result_is_err => m("is_err", &[], Bool).doc("Whether it is a failure.");
        ResultOk result_ok => m("ok", &[], Opt(&T)).doc("The value of a success, or null.");
        ResultErr result_err => m("err", &[], Opt(&E)).doc("The error of a failure, or null.");
        ResultMap result_map => m("map", MAP_TO_U, Res(&U, &E)).generic(NEW_U).alloc().doc("With what a function makes of the value of a success.");
        ResultMapErr result_map_err => m("map_err", &[p("f", Func(&[E], &Var("F")))], Res(&T, &Var("F"))).generic(&[param("F", Bound::Domain)]).alloc().doc("With what a function makes of the error of a failure.");
    }
    Int {
        IntAbs int_abs => m("abs", &[], Int).faults(&[IntegerOverflow]).doc("Distance from zero.");
        IntMin int_min => m("min", B, Int).doc("The smaller of two.");
        IntMax int_max => m("max", B, Int).doc("The larger of two.");
        IntClamp int_clamp => m("clamp", &[p("lo", Int), p("hi", Int)], Int).faults(&[InvalidArguments]).doc("The nearest number between two bounds.");
        IntPow int_pow => m("pow", N, Int).faults(&[IntegerOverflow, InvalidArguments]).doc("Multiplied with itself that many times.");
        IntToFloat int_to_float => m("to_float", &[], Float).doc("The nearest Float, ties to even.");
        IntToString int_to_string => m("to_string", &[], Text).alloc().doc("Its display form.");
        IntCheckedAdd int_checked_add => m("checked_add", B, Opt(&Int)).doc("The sum, or null when it does not fit.");
        IntCheckedSub int_checked_sub => m("checked_sub", B, Opt(&Int)).doc("The difference, or null when it does not fit.");
        IntCheckedMul int_checked_mul => m("checked_mul", B, Opt(&Int)).doc("The product, or null when it does not fit.");
        IntWrappingAdd int_wrapping_add => m("wrapping_add", B, Int).doc("The sum modulo 2 to the 64th.");
        IntWrappingSub int_wrapping_sub => m("wrapping_sub", B, Int).doc("The difference modulo 2 to the 64th.");
        IntWrappingMul int_wrapping_mul => m("wrapping_mul", B, Int).doc("The product modulo 2 to the 64th.");
        IntBitAnd int_bit_and => m("bit_and", B, Int).doc("Bits set in both.");
        IntBitOr int_bit_or => m("bit_or", B, Int).doc("Bits set in either.");
        IntBitXor int_bit_xor => m("bit_xor", B, Int).doc("Bits set in exactly one.");
        IntBitNot int_bit_not => m("bit_not", &[], Int).doc("Every bit flipped.");
        IntShl int_shl => m("shl", N, Int).faults(&[InvalidArguments]).doc("Bits moved left by 0 to 63; those pushed out are lost.");
        IntShr int_shr => m("shr", N, Int).faults(&[InvalidArguments]).doc("Bits moved right by 0 to 63, keeping the sign.");
    }
    Float {
        FloatAbs float_abs => m("abs", &[], Float).doc("Distance from zero.");
        FloatFloor float_floor => m("floor", &[], Float).doc("The nearest whole number not above it.");
        FloatCeil float_ceil => m("ceil", &[], Float).doc("The nearest whole number not below it.");
        FloatRound float_round => m("round", &[], Float).doc("The nearest whole number, halves away from zero.");
        FloatTrunc float_trunc => m("trunc", &[], Float).doc("Without its fraction.");
        FloatSqrt float_sqrt => m("sqrt", &[], Float).doc("Square root.");
        FloatPow float_pow => m("pow", &[p("x", Float)], Float).doc("To this power.");
        FloatMin float_min => m("min", BF, Float).doc("The smaller of two.");
        FloatMax float_max => m("max", BF, Float).doc("The larger of two.");
        FloatClamp float_clamp => m("clamp", &[p("lo", Float), p("hi", Float)], Float).faults(&[InvalidArguments]).doc("The nearest number between two bounds.");
        FloatIsNan float_is_nan => m("is_nan", &[], Bool).doc("Whether it is not a number.");
        FloatIsFinite float_is_finite => m("is_finite", &[], Bool).doc("Whether it is a number and not infinite.");
        FloatToInt float_to_int => m("to_int", &[], Opt(&Int)).doc("Without its fraction as Int, or null when that does not fit.");
        FloatToString float_to_string => m("to_string", &[], Text).alloc().doc("Its display form.");
        FloatFixed float_fixed => m("fixed", &[p("digits", Int)], Text).alloc().faults(&[InvalidArguments]).doc("With 0 to 20 digits after the point, rounded half to even on the exact value.");
    }
    Bool {
        BoolToString bool_to_string => m("to_string", &[], Text).alloc().doc("Its display form.");
    }
    Bytes {
        BytesLen bytes_len => m("len", &[], Int).doc("Number of bytes.");
        BytesIsEmpty bytes_is_empty => m("is_empty", &[], Bool).doc("Whether there is no byte.");
        BytesSlice bytes_slice => m("slice", &[p("s", Int), p("e", Int)], Bytes).alloc().faults(&[IndexBounds]).doc("The bytes from an index up to, not including, another.");
        BytesToBase64 bytes_to_base64 => m("to_base64", &[], Text).alloc().doc("As padded base64 of the standard alphabet.");
        BytesToHex bytes_to_hex => m("to_hex", &[], Text).alloc().doc("As lower-case hexadecimal digits.");
        BytesToText bytes_to_text => m("to_text", &[], Opt(&Text)).alloc().doc("The text it is the UTF-8 of, or null.");
    }
    Value {
        ValueIsNull value_is_null => m("is_null", &[], Bool).doc("Whether it is null.");
        ValueKind value_kind => m("kind", &[], Text).doc("The name of its kind, such as `Int` or `null`.");
        ValueKeys value_keys => m("keys", &[], TEXTS).alloc().faults(&[FieldAccess, NullAccess]).doc("The keys of a map, in insertion order.");
        ValueLen value_len => m("len", &[], Int).faults(&[TypeError, NullAccess]).doc("Number of elements, entries, characters or bytes.");
        ValueAsInt value_as_int => m("as_int", &[], Opt(&Int)).doc("The Int it is, or null.");
        ValueAsFloat value_as_float => m("as_float", &[], Opt(&Float)).doc("The Float it is, an Int widened, or null.");
        ValueAsBool value_as_bool => m("as_bool", &[], Opt(&Bool)).doc("The Bool it is, or null.");
        ValueAsText value_as_text => m("as_text", &[], Opt(&Text)).doc("The String it is, or null.");
        ValueAsList value_as_list => m("as_list", &[], Opt(&List(&Value))).doc("The List it is, or null.");
        ValueAsMap value_as_map => m("as_map", &[], Opt(&ROW)).doc("The Map it is, or null.");
        ValueDecode value_decode => m("decode", &[], Res(&T, &VALIDATION)).typed(&[param("T", Bound::Decodable)]).alloc().doc("As a value of the type, or everything that is wrong with it.");
    }
    Query {
        QuerySelect query_select => m("select", &[p("columns", TEXTS).role(ParamRole::Columns)], Query).alloc().faults(&[InvalidArguments]).doc("Reads these columns instead of all.");
        QueryWhere query_where => m("where", CONDITION, Query).alloc().faults(&[InvalidArguments]).doc("Keeps rows that meet one more condition.");
        QueryOrWhere query_or_where => m("or_where", CONDITION, Query).alloc().faults(&[InvalidArguments]).doc("Keeps also rows that meet this instead of the condition before.");
        QueryOrderBy query_order_by => m("order_by", &[p("column", Text), p("direction", Text).role(ParamRole::SortDirection)], Query).alloc().faults(&[InvalidArguments]).doc("Sorts by one more column, `asc` or `desc`.");
        QueryLimit query_limit => m("limit", N, Query).alloc().faults(&[InvalidArguments]).doc("Gives at most that many rows.");
        QueryOffset query_offset => m("offset", N, Query).alloc().faults(&[InvalidArguments]).doc("Passes over that many rows first.");
        QueryInsert query_insert => m("insert", &[p("record", Var("R"))], Query).generic(A_RECORD).alloc().faults(&[InvalidArguments]).doc("Adds a row with the fields of a record.");
        QueryInsertAll query_insert_all => m("insert_all", &[p("records", List(&Var("R")))], Query).generic(A_RECORD).alloc().faults(&[InvalidArguments]).doc("Adds a row for every record.");
        QueryUpsert query_upsert => m("upsert", &[p("record", Var("R")), p("conflict", TEXTS).or(Or::Texts(&["id"]))], Query).generic(A_RECORD).alloc().faults(&[InvalidArguments]).doc("Adds a row, or updates the one with the same key.");
        QueryUpdate query_update => m("update", &[p("column", Text), p("value", Value)], Query).alloc().faults(&[InvalidArguments]).doc("Sets one more column of the rows.");
        QueryUpdateFrom query_update_from => m("update_from", &[p("record", Var("R"))], Query).generic(A_RECORD).alloc().faults(&[InvalidArguments]).doc("Sets the columns of the rows from a record.");
        QueryDelete query_delete => m("delete", &[], Query).alloc().faults(&[InvalidArguments]).doc("Removes the rows.");
        QueryAllRows query_all_rows => m("all_rows", &[], Query).alloc().doc("Says that every row is meant.");
        QueryOne query_one => m("one", &[], Opt(&ROW)).untyped().alloc().effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout]).doc("Runs it and reads the first row, or null.");
        QueryOneTyped query_one_typed => m("one", &[], Opt(&T)).typed(&[param("T", Bound::Record)]).alloc().effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout, crate::fault::FaultCode::Validation]).doc("Runs it and reads the first row as a record, or null.");
        QueryAll query_all => m("all", &[], List(&ROW)).untyped().alloc().effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout]).doc("Runs it and reads every row.");
        QueryAllTyped query_all_typed => m("all", &[], List(&T)).typed(&[param("T", Bound::Record)]).alloc().effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout, crate::fault::FaultCode::Validation]).doc("Runs it and reads every row as a record.");
        QueryCount query_count => m("count", &[], Int).effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout]).doc("How many rows there are.");
        QueryExec query_exec => m("exec", &[], Unit).effects(&[Database]).faults(&[DbFault, InvalidArguments, Timeout]).doc("Runs it for its effect.");
        QuerySql query_sql => m("sql", &[], Text).alloc().faults(&[InvalidArguments]).doc("Its SQL text.");
        QueryParams query_params => m("params", &[], List(&Value)).alloc().faults(&[InvalidArguments]).doc("The parameters of its SQL text, in order.");
    }
    TestingResponse {
        TestingResponseJson testing_response_json => m("json", &[], Value).alloc().faults(&[InvalidJson]).doc("The body as dynamic data.");
    }
}

impl MemberId {
    /// The row of this number.
    #[must_use]
    pub const fn row(self) -> &'static Member {
        &MEMBERS[self as usize]
    }

    /// The number, for who stores it.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What [`MemberId::number`] gave.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        if (number as usize) < Self::ALL.len() {
            Some(Self::ALL[number as usize])
        } else {
            None
        }
    }
}
