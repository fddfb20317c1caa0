//! Codes of results and refinements.

use super::codes;

codes! {
    RESULT_DOMAIN_MISSING: Error, "T! without a domain";
    RESULT_DOMAIN_INVALID: Error, "domain is not a declared type or enum";
    RESULT_DOMAIN_CATCH_ALL: Error, "Error as a domain";
    BANG_OPERAND: Error, "operand neither option nor result";
    BANG_ERROR_REQUIRED: Error, "T? ?! without an error";
    BANG_ERROR_TYPE: Error, "error operand not a domain type";
    BANG_CONTEXT: Error, "enclosing body cannot fail";
    REFINE_CONSTRAINT: Error, "missing or unknown constraint";
    REFINE_BASE: Error, "constraint unsupported by the base";
    REFINE_RANGE: Error, "bad bounds";
    REFINE_REGEX: Error, "pattern invalid";
    REFINE_PREDICATE: Error, "unknown or ill-typed predicate";
    REGEX_INVALID: Error, "literal pattern of matches, find_all, replace_regex does not compile";
    EFFECT_FORBIDDEN: Error, "predicate with effects; config default that needs a capability or prints, reads input, logs or serves";
    REFINE_LITERAL: Error, "literal violates the type";
}
