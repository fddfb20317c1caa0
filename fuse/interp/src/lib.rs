//! The reference semantics: walks the canonical program.
