//! Codes of the lexer and the parser.

use super::codes;

codes! {
    LEX_ENCODING: Error, "file is not UTF-8";
    LEX_CHAR: Error, "character outside the alphabet";
    LEX_TAB: Error, "tab in indentation";
    LEX_INDENT: Error, "dedent to an unknown column";
    LEX_DELIM_UNMATCHED: Error, "wrong or extra closer";
    LEX_DELIM_UNCLOSED: Error, "opener never closed";
    LEX_STRING_UNTERMINATED: Error, "no closing quote";
    LEX_INTERP_UNTERMINATED: Error, "no }";
    LEX_INTERP_EMPTY: Error, "blank ${}";
    LEX_INTERP_TRAILING: Error, "tokens after the expression";
    LEX_ESCAPE: Warn, "unknown or malformed escape";
    LEX_NUMBER: Error, "malformed number";
    LEX_INT_RANGE: Error, "does not fit 64 bits";
    DOC_DANGLING: Warn, "doc comment documents nothing";
    RESERVED_KEYWORD: Error, "reserved word used as a name";
    PARSE_EXPECTED: Error, "any other syntax error";
    PARSE_TOP_LEVEL: Error, "not a declaration";
    PARSE_INDENT: Error, "block missing or unexpected";
    PARSE_REQUIRES_ORDER: Error, "requires after a declaration";
    PARSE_REQUIRES_DOC: Error, "doc comment on requires";
    PARSE_CHAINED_COMPARISON: Error, "a < b < c";
    PARSE_PATTERN_MIXED: Error, "positional and named sub-patterns";
    PARSE_NESTING: Error, "depth over 256";
    PRECEDENCE_COALESCE: Warn, "?? binds looser than ==";
    DECL_QUALIFIED_NAME: Error, "dotted declaration name";
}
