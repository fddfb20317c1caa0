//! Codes of control flow and patterns.

use super::codes;

codes! {
    MISSING_RETURN: Error, "end reachable without a value";
    UNREACHABLE: Warn, "code after a diverging statement";
    LOOP_CONTROL: Error, "break/continue outside a loop";
    MATCH_NOT_EXHAUSTIVE: Error, "match does not cover: None, Some(Red)";
    MATCH_UNREACHABLE: Warn, "arm can never match";
    MATCH_ARM_RETURN: Warn, "-> arm leaves a non-final match";
    PATTERN_TYPE: Error, "pattern cannot match the subject type";
    PATTERN_ARITY: Error, "wrong number of sub-patterns";
    PATTERN_REFUTABLE: Error, "for pattern can fail";
    PATTERN_AMBIGUOUS: Error, "variant name in several union members";
    PATTERN_DUPLICATE_BINDING: Error, "one name bound twice";
    PATTERN_VARIANT_LIKE: Warn, "capitalized binding";
    UNUSED_RESULT: Warn, "Result dropped";
}
