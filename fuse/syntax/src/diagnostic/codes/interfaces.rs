//! Codes of interfaces and generics.

use super::codes;

codes! {
    INTERFACE_UNKNOWN: Error, "impl of an unknown interface";
    INTERFACE_NOT_A_TYPE: Error, "interface in a type position or as impl target";
    INTERFACE_DYNAMIC_USE: Error, "interface as a value";
    IMPL_TARGET: Error, "target not a nominal data type";
    IMPL_DUPLICATE: Error, "second impl of a pair";
    IMPL_INCOMPLETE: Error, "members missing";
    IMPL_SIGNATURE_MISMATCH: Error, "signature differs";
    IMPL_ORPHAN: Error, "neither side owned by the package";
    IMPL_EXTRA_MEMBER: Warn, "method not in the interface";
    IMPL_RECEIVER: Error, "instance/associated misuse";
    METHOD_AMBIGUOUS: Error, "two interfaces supply it";
    GENERIC_DUPLICATE_TYPE_PARAM: Error, "repeated parameter";
    GENERIC_CALL_TYPE_ARG: Error, "wrong count, or callable not generic";
    GENERIC_INFERENCE: Error, "unsolved parameters";
    GENERIC_BOUND: Error, "bound not satisfied";
    GENERIC_RECURSION: Error, "instantiation depth over 64";
    WHERE_UNKNOWN_INTERFACE: Error, "unknown bound";
    WHERE_UNKNOWN_TYPE_PARAM: Error, "bound on an undeclared parameter";
    WHERE_MULTI_CONSTRAINT: Error, "second bound";
}
