//! Codes of modules, imports and assets.

use super::codes;

codes! {
    IMPORT_MODULE_READ: Error, "module missing or unreadable";
    IMPORT_CYCLE: Error, "self import or cross-package cycle";
    IMPORT_ASSET_FORM: Error, "asset with named/alias form";
    IMPORT_UNSUPPORTED_EXTENSION: Error, "other extension";
    IMPORT_DUPLICATE: Error, "same local name twice";
    IMPORT_UNKNOWN: Error, "name not exported";
    IMPORT_DEP_PATH: Error, "malformed dep:";
    IMPORT_UNKNOWN_DEPENDENCY: Error, "undeclared dependency";
    IMPORT_ROOT_PATH: Error, "empty root:";
    IMPORT_ROOT_ESCAPE: Error, "leaves the package";
    ASSET_MISSING: Error, "asset p not found";
    ASSET_READ: Error, "cannot read asset: reason";
    ASSET_UTF8: Error, "asset is not valid UTF-8";
    ASSET_JSON_INVALID: Error, "invalid JSON: reason";
    DEP_CYCLE: Error, "package cycle";
    UNUSED_IMPORT: Warn, "never used";
    SYMBOL_DUPLICATE: Error, "duplicate symbol X";
    MIGRATION_DUPLICATE: Error, "duplicate migration X";
    TEST_DUPLICATE: Error, "duplicate test name X";
}
