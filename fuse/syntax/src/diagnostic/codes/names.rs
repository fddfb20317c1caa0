//! Codes of names and types.

use super::codes;

codes! {
    NAME_UNKNOWN: Error, "unresolved identifier";
    NAME_NOT_VALUE: Error, "type, module, config, service or namespace as a value";
    TYPE_UNKNOWN: Error, "unresolved type";
    MODULE_UNKNOWN: Error, "unknown alias in a path";
    MODULE_MEMBER_UNKNOWN: Error, "alias has no such export";
    BINDING_DUPLICATE: Error, "second binding in one scope";
    SHADOW_BUILTIN: Warn, "declaration hides a built-in or tag";
    MEMBER_UNKNOWN: Error, "no such field or method";
    VARIANT_UNKNOWN: Error, "no such variant";
    FIELD_UNKNOWN: Error, "T has no field f";
    FIELD_DUPLICATE: Error, "field f given twice";
    FIELD_MISSING: Error, "missing fields a, b for T";
    SELF_CONTEXT: Error, "Self outside members";
    TYPE_MISMATCH: Error, "not assignable";
    TYPE_ARITY: Error, "List takes 1 type argument, found 2";
    TYPE_GENERIC_UNKNOWN: Error, "unknown generic type X";
    NESTED_OPTION: Error, "optional of optional";
    MAP_KEY_TYPE: Error, "map key cannot be T";
    TYPE_RECURSIVE: Error, "T contains itself";
    OPERATOR_TYPE: Error, "operand types";
    CONST_FAULT: Error, "constant overflow or zero division";
    CONDITION_TYPE: Error, "not Bool";
    NOT_ITERABLE: Error, "cannot iterate over T  etc.";
    NOT_INDEXABLE: Error, "cannot iterate over T  etc.";
    INDEX_TYPE: Error, "cannot iterate over T  etc.";
    NOT_CALLABLE: Error, "cannot iterate over T  etc.";
    OPTIONAL_UNHANDLED: Error, "T? may be null; use ?.";
    OPTIONAL_REQUIRED: Error, "?. on non-optional T";
    COALESCE_NON_OPTIONAL: Warn, "left side of ?? is never null";
    LITERAL_MIXED: Error, "no join";
    WRONG_ARITY: Error, "expected N arguments, got M";
    ARG_UNKNOWN: Error, "no parameter x";
    ARG_DUPLICATE: Error, "parameter x given twice";
    ARG_ORDER: Error, "positional argument after named argument";
    LAMBDA_PARAM: Error, "lambda parameter type unknown";
    FUNCTION_TYPE: Error, "a function cannot be stored here";
    ASSIGN_IMMUTABLE: Error, "cannot assign to immutable x";
    ASSIGN_TARGET: Error, "not assignable";
    RETURN_CONTEXT: Error, "return in test or migration";
    SECRET_COMPARE: Warn, "==/!= between values whose names end in token, secret, signature or hash";
    UNUSED_BINDING: Warn, "unused binding x";
    UNUSED_FUNCTION: Warn, "unused binding x";
    CONFIG_CYCLE: Error, "config default cycle: A.x → A.y → A.x";
    CONFIG_ENV_CLASH: Error, "A.b and A.c share the key X";
    MAIN_PARAM: Error, "parameter x cannot be bound from the command line";
    TYPE_DERIVE_BASE: Error, "unknown base type T";
    TYPE_DERIVE_FIELD: Error, "unknown field f in T";
    TYPE_DERIVE_CYCLE: Error, "cyclic type derivation for T";
    TYPE_DERIVE_EMPTY: Error, "no fields left";
}
