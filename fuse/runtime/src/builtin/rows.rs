//! The function of every row, by the symbol of the row.

pub(super) use super::console::{assert, input, print};
pub(super) use super::crypto::{
    constant_time_eq as crypto_constant_time_eq, hash as crypto_hash, hmac as crypto_hmac,
    password_hash as crypto_password_hash, password_verify as crypto_password_verify,
    random_bytes as crypto_random_bytes, token as crypto_token,
};
pub(super) use super::env::{env, env_bool, env_float, env_int};
pub(super) use super::json::{
    decode as json_decode, decode_typed as json_decode_typed, encode as json_encode,
    encode_pretty as json_encode_pretty, parse as email_parse, parse as id_parse, value_decode,
};
pub(super) use super::log::{
    level as log_level, message as log_message, message_with_data as log_data,
};
pub(super) use super::markup::{
    asset, node as html_node, raw as html_raw, render as html_render, svg_inline, text as html_text,
};
pub(super) use super::member::bytes::{
    from_base64 as bytes_from_base64, from_hex as bytes_from_hex, is_empty as bytes_is_empty,
    len as bytes_len, slice as bytes_slice, to_base64 as bytes_to_base64, to_hex as bytes_to_hex,
    to_text as bytes_to_text,
};
pub(super) use super::member::choice::{
    err as result_err, is_err as result_is_err, is_none as option_is_none, is_ok as result_is_ok,
    is_some as option_is_some, ok as result_ok, option_map, result_map, result_map_err,
};
pub(super) use super::member::data::{
    as_bool as value_as_bool, as_float as value_as_float, as_int as value_as_int,
    as_list as value_as_list, as_map as value_as_map, as_text as value_as_text,
    is_null as value_is_null, keys as value_keys, kind as value_kind, len as value_len,
};
pub(super) use super::member::list::{
    append as list_append, chunk as list_chunk, clear as list_clear, concat as list_concat,
    contains as list_contains, first as list_first, get as list_get, index_of as list_index_of,
    insert as list_insert, is_empty as list_is_empty, join as list_join, last as list_last,
    len as list_len, max as list_max, min as list_min, pop as list_pop, push as list_push,
    remove as list_remove, reverse as list_reverse, set as list_set, skip as list_skip,
    slice as list_slice, sort as list_sort, sum as list_sum, take_first as list_take,
    unique as list_unique,
};
pub(super) use super::member::list_functional::{
    all as list_all, any as list_any, count as list_count, filter as list_filter,
    find as list_find, flat_map as list_flat_map, group_by as list_group_by, map as list_map,
    reduce as list_reduce, sort_by as list_sort_by,
};
pub(super) use super::member::map::{
    clear as map_clear, filter as map_filter, get as map_get, get_or as map_get_or, has as map_has,
    is_empty as map_is_empty, keys as map_keys, len as map_len, map_values as map_map_values,
    merge as map_merge, remove as map_remove, set as map_set, values as map_values,
};
pub(super) use super::member::number::{
    float_abs, float_ceil, float_clamp, float_fixed, float_floor, float_is_finite, float_is_nan,
    float_max, float_min, float_pow, float_round, float_sqrt, float_sqrt as math_sqrt,
    float_to_int, float_trunc, int_abs, int_bit_and, int_bit_not, int_bit_or, int_bit_xor,
    int_checked_add, int_checked_mul, int_checked_sub, int_clamp, int_max, int_min, int_pow,
    int_shl, int_shr, int_to_float, int_wrapping_add, int_wrapping_mul, int_wrapping_sub,
    math_atan2, math_cos, math_exp, math_hypot, math_ln, math_log10, math_sin, math_tan,
    parse_bool as string_to_bool, parse_float as float_parse, parse_float as string_to_float,
    parse_int as int_parse, parse_int as string_to_int, to_string as bool_to_string,
    to_string as float_to_string, to_string as int_to_string,
};
pub(super) use super::member::pattern::{
    find_all as string_find_all, matches as string_matches, replace_regex as string_replace_regex,
};
pub(super) use super::member::text::{
    char_at as string_char_at, chars as string_chars, contains as string_contains,
    dedent as string_dedent, ends_with as string_ends_with, graphemes as string_graphemes,
    index_of as string_index_of, is_empty as string_is_empty,
    last_index_of as string_last_index_of, len as string_len, lines as string_lines,
    lower as string_lower, pad_end as string_pad_end, pad_start as string_pad_start,
    repeat as string_repeat, replace as string_replace, reverse as string_reverse,
    slice as string_slice, split as string_split, split_once as string_split_once,
    starts_with as string_starts_with, strip_prefix as string_strip_prefix,
    strip_suffix as string_strip_suffix, to_bytes as string_to_bytes, trim as string_trim,
    trim_end as string_trim_end, trim_start as string_trim_start, upper as string_upper,
};
pub(super) use super::time::{
    format as time_format, iso as time_iso, monotonic_ms as time_monotonic_ms, now as time_now,
    parse as time_parse, parse_iso as time_parse_iso, sleep as time_sleep,
};
pub(super) use crate::client::http_builtins::{
    delete as http_delete, get as http_get, patch as http_patch, post as http_post,
    put as http_put, request as http_request, request_bytes as http_request_bytes,
};
pub(super) use crate::db::query_builtins::{
    all as query_all, all_rows as query_all_rows, all_typed as query_all_typed,
    and_where as query_where, count_rows as query_count, delete as query_delete,
    exec as query_exec, from as db_from, insert as query_insert, insert_all as query_insert_all,
    limit as query_limit, offset as query_offset, one as query_one, one_typed as query_one_typed,
    or_where as query_or_where, order_by as query_order_by, params as query_params,
    select as query_select, sql as query_sql, update as query_update,
    update_from as query_update_from, upsert as query_upsert,
};
pub(super) use crate::db::raw::{
    changes as db_changes, exec as db_exec, last_id as db_last_id, one as db_one,
    query as db_query, try_exec as db_try_exec, try_one as db_try_one, try_query as db_try_query,
};
pub(super) use crate::http::request_builtins::{
    bearer as request_bearer, body_bytes as request_body_bytes, cookie as request_cookie,
    header as request_header, id as request_id, method as request_method, path as request_path,
    query as request_query, query_all as request_query_all, query_as as request_query_as,
    remote_addr as request_remote_addr,
};
pub(super) use crate::http::response_builtins::{
    cookie as response_cookie, delete_cookie as response_delete_cookie, header as response_header,
    redirect as response_redirect, status as response_status,
};
pub(super) use crate::http::serve;
pub(super) use crate::http::testing_builtins::{
    equal as testing_equal, request as testing_request, response_json as testing_response_json,
};
pub(super) use crate::task::parallel_map as list_parallel_map;
