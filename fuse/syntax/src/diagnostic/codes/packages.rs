//! Codes of dependencies, the lock file, manifests and workspaces.

use super::codes;

codes! {
    DEP_MANIFEST_DIR_REQUIRED: Error, "dependencies are resolved without a package directory";
    DEP_CACHE_DIR_CREATE_FAILED: Error, "cache directory cannot be created";
    DEP_CONFLICTING_SPECS: Error, "one name, two sources in the graph";
    DEP_MANIFEST_LOAD_FAILED: Error, "manifest of a dependency missing or invalid";
    DEP_PATH_NOT_FOUND: Error, "path dependency absent";
    DEP_SUBDIR_NOT_FOUND: Error, "subdir absent in the checkout";
    DEP_INVALID_SOURCE: Error, "value is neither a path text nor a table of known keys";
    DEP_PATH_EMPTY: Error, "path is blank";
    DEP_PATH_FIELDS_INVALID: Error, "git fields beside path";
    DEP_GIT_REQUIRED_FOR_REFS: Error, "rev, tag, branch, version or subdir without git";
    DEP_SOURCE_REQUIRED: Error, "neither path nor git";
    DEP_GIT_EMPTY: Error, "git is blank";
    DEP_GIT_PATH_CONFLICT: Error, "both git and path";
    DEP_SUBDIR_EMPTY: Error, "subdir is blank";
    DEP_GIT_REF_CONFLICT: Error, "more than one of rev, tag, branch, version";
    DEP_GIT_REF_RESOLVE_FAILED: Error, "ref does not exist";
    DEP_CHECKOUT_NOT_GIT: Error, "checkout directory is not a git checkout";
    DEP_CHECKOUT_DIR_CREATE_FAILED: Error, "checkout directory cannot be created";
    DEP_GIT_COMMAND_START_FAILED: Error, "git cannot be started";
    DEP_GIT_COMMAND_FAILED: Error, "git operation failed or timed out";
    LOCK_OUT_OF_DATE: Error, "lock differs from the manifests (deps lock --check)";
    LOCK_FROZEN: Error, "lock would change under --frozen";
    LOCK_READ_FAILED: Error, "lock unreadable";
    LOCK_PARSE_FAILED: Error, "bad TOML or merge markers";
    LOCK_UNSUPPORTED_VERSION: Error, "unknown lock version";
    LOCK_ENCODE_FAILED: Error, "cannot write fuse.lock: reason";
    LOCK_WRITE_FAILED: Error, "cannot write fuse.lock: reason";
    LOCK_ENTRY_MISSING_PATH: Error, "lock entry X lacks rev";
    LOCK_ENTRY_MISSING_REV: Error, "lock entry X lacks rev";
    LOCK_ENTRY_MISSING_GIT: Error, "lock entry X lacks rev";
    LOCK_ENTRY_PATH_NOT_FOUND: Error, "lock entry X: p not found";
    LOCK_ENTRY_SUBDIR_NOT_FOUND: Error, "lock entry X: p not found";
    LOCK_ENTRY_UNKNOWN_SOURCE: Error, "entry has another source kind";
    LOCK_INTEGRITY: Error, "checkout differs from the lock";
    MANIFEST_READ_FAILED: Error, "manifest unreadable";
    MANIFEST_PARSE_FAILED: Error, "bad TOML or wrong type of a value";
    MANIFEST_ENTRY_MISSING: Error, "no entry where one is needed";
    MANIFEST_ENTRY_NOT_FOUND: Error, "entry file absent";
    MANIFEST_INVALID: Error, "well-formed value that is refused: path outside the package, static_dir = '.', unmet fuse requirement";
    MANIFEST_UNKNOWN_KEY: Warn, "unknown key k";
    WORKSPACE_NO_MANIFESTS: Error, "check --workspace found no package";
    WORKSPACE_PUBLISH_NOT_READY: Error, "deps publish-check found unready packages";
}
