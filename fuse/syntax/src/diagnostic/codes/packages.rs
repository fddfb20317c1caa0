//! Codes of dependencies, the lock file, manifests and workspaces.

use super::codes;

codes! {
    DEP_MANIFEST_DIR_REQUIRED: Error, "dependencies are resolved without a package directory",
        "Paths of dependencies are relative to the directory of the manifest, so a manifest that is not in a directory, such as an unsaved file, cannot have any. Save fuse.toml in the directory of its package.",
        bad "$ fuse check --manifest-path - < fuse.toml
",
        good "$ fuse check --manifest-path ./shop
";
    DEP_CACHE_DIR_CREATE_FAILED: Error, "the cache directory cannot be created",
        "Fetched repositories are kept in a cache directory of the user, which could not be created or written. Set FUSE_CACHE_DIR to a directory that can be written, or correct the permissions of the one that is named.",
        bad "$ FUSE_CACHE_DIR=/proc/cache fuse check
",
        good "$ FUSE_CACHE_DIR=\"$HOME/.cache/fuse\" fuse check
";
    DEP_CONFLICTING_SPECS: Error, "one name has two sources",
        "The lock file has one table of names for the whole graph of packages, so that no source silently takes the place of another. Two packages that use one name for different sources cannot be built together: let both use the same source, or give one of the two another name.",
        bad "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
Audit = \"./audit\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
@file audit/fuse.toml
[dependencies]
Money = \"./money\"
@file audit/money/fuse.toml
[package]
name = \"other-money\"
",
        good "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
Audit = \"./audit\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
@file audit/fuse.toml
[dependencies]
Money = \"../money\"
";
    DEP_MANIFEST_LOAD_FAILED: Error, "the manifest of a dependency is missing or invalid",
        "A dependency is a package, and a package has a fuse.toml that can be read. Look at the file that the message names; if the dependency is in a subdirectory of its repository, name that with `subdir`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/main.fuse
fn one() -> Int:
  return 1
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
@file money/main.fuse
fn one() -> Int:
  return 1
";
    DEP_PATH_NOT_FOUND: Error, "the directory of a path dependency does not exist",
        "The path of a dependency is relative to the directory of the fuse.toml that declares it. A path in a package that was fetched from git stays inside its repository.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./monee\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
";
    DEP_SUBDIR_NOT_FOUND: Error, "a subdirectory does not exist in the repository",
        "`subdir` names the directory of the package inside its repository, at the commit that was resolved. It may have another name at that commit, or exist only on another branch.",
        bad "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.0.0\", subdir = \"wrong\" }
",
        good "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.0.0\", subdir = \"fuse\" }
";
    DEP_INVALID_SOURCE: Error, "the source of a dependency is malformed",
        "A dependency is either a path, written as text, or a table with `path` or `git`. With `git` go at most one of `rev`, `tag`, `branch` and `version`, and `subdir`. Repositories are fetched over https, ssh and file only.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = 1
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
";
    DEP_PATH_EMPTY: Error, "the path of a dependency is blank",
        "Write the directory of the dependency, relative to the directory of this fuse.toml.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"\"
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
";
    DEP_PATH_FIELDS_INVALID: Error, "a path dependency has keys of a git dependency",
        "A directory has no tags or branches. Remove the keys, or name the repository with `git` instead of `path`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = { path = \"./money\", tag = \"v1.2.0\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = { path = \"./money\" }
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
";
    DEP_GIT_REQUIRED_FOR_REFS: Error, "a commit is named without a repository",
        "`rev`, `tag`, `branch`, `version` and `subdir` choose something in a git repository, so they need `git`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { tag = \"v1.2.0\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.2.0\" }
@file main.fuse
app \"shop\":
  print(1)
";
    DEP_SOURCE_REQUIRED: Error, "a dependency has no source",
        "Say where the dependency comes from: a directory with `path`, or a repository with `git`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = {}
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\" }
@file main.fuse
app \"shop\":
  print(1)
";
    DEP_GIT_EMPTY: Error, "the URL of a repository is blank",
        "Write the URL of the repository, as https://example.org/clock.git.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\" }
@file main.fuse
app \"shop\":
  print(1)
";
    DEP_GIT_PATH_CONFLICT: Error, "a dependency has both a repository and a path",
        "A dependency comes from one place. Keep `path` while working on it, and `git` otherwise.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\", path = \"./clock\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\" }
@file main.fuse
app \"shop\":
  print(1)
";
    DEP_SUBDIR_EMPTY: Error, "the subdirectory of a dependency is blank",
        "Remove `subdir` when the package is at the root of its repository, or name its directory.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\", subdir = \"\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", subdir = \"fuse\" }
";
    DEP_GIT_REF_CONFLICT: Error, "a dependency names more than one commit",
        "Keep one of `rev`, `tag`, `branch` and `version`; two could name different commits.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.2.0\", branch = \"main\" }
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.2.0\" }
";
    DEP_GIT_REF_RESOLVE_FAILED: Error, "a tag, branch or commit does not exist",
        "The repository has no such tag, branch, version or commit. `version = \"1.2.0\"` looks for the tag `v1.2.0`, then for `1.2.0`. `git ls-remote URL` lists what there is.",
        bad "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v9.9.9\" }
",
        good "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\", tag = \"v1.0.0\" }
";
    DEP_CHECKOUT_NOT_GIT: Error, "what should be a repository is none",
        "The URL, or the directory in the cache where a repository is kept, is not a git repository. Delete `.fuse/deps` and the cache directory if they were damaged; they are made anew.",
        bad "$ cp -r ~/clock .fuse/deps/Clock
$ fuse check
",
        good "$ rm -r .fuse/deps/Clock
$ fuse check
";
    DEP_CHECKOUT_DIR_CREATE_FAILED: Error, "the directory of a checkout cannot be written",
        "The files of git dependencies are put into `.fuse/deps` of the package. Make the package directory writable, or free the name if a file stands in the way.",
        bad "$ chmod 555 .fuse/deps
$ fuse check
",
        good "$ chmod 755 .fuse/deps
$ fuse check
";
    DEP_GIT_COMMAND_START_FAILED: Error, "git cannot be started",
        "Dependencies from git are fetched with the `git` program. Install it, or put it on the PATH. Packages whose checkouts are already there need it only when they change.",
        bad "$ PATH=/nowhere fuse deps lock
",
        good "$ fuse deps lock
";
    DEP_GIT_COMMAND_FAILED: Error, "git failed or took too long",
        "The message says what git said. Without the network (`--offline`, `--frozen`) only what is in the cache can be used; run `fuse deps lock` once with it.",
        bad "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clokc.git\" }
",
        good "$ cat fuse.toml
[dependencies]
Clock = { git = \"https://example.org/clock.git\" }
";
    LOCK_OUT_OF_DATE: Error, "the lock file differs from the manifests",
        "`fuse deps lock --check` found that fuse.lock does not say what the manifests ask for. Run `fuse deps lock` and commit the file.",
        bad "$ fuse deps add Money --path ./money
$ git checkout fuse.lock
$ fuse deps lock --check
",
        good "$ fuse deps lock
$ git add fuse.lock
$ fuse deps lock --check
";
    LOCK_FROZEN: Error, "the lock file would change under --frozen",
        "With `--frozen` a program is built from exactly what fuse.lock names, which is what continuous integration wants. Run `fuse deps lock` and commit the file.",
        bad "$ fuse deps add Money --path ./money
$ git checkout fuse.lock
$ fuse check --frozen
",
        good "$ fuse deps lock
$ fuse check --frozen
";
    LOCK_READ_FAILED: Error, "the lock file cannot be read",
        "Make fuse.lock readable. It can be deleted too: `fuse deps lock` writes it anew, with the commits that the references name today.",
        bad "$ chmod 000 fuse.lock
$ fuse check
",
        good "$ chmod 644 fuse.lock
$ fuse check
";
    LOCK_PARSE_FAILED: Error, "the lock file is malformed",
        "fuse.lock is written by `fuse`, so a malformed one was edited, or a merge left its marks in it. Keep either side of a conflict and run `fuse deps lock`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2
<<<<<<< ours
=======
>>>>>>> theirs
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2
";
    LOCK_UNSUPPORTED_VERSION: Error, "the lock file has an unknown version",
        "A newer `fuse` wrote the file. Update this one, or delete the file and run `fuse deps lock` with it.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 9
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2
";
    LOCK_ENCODE_FAILED: Error, "the lock file cannot be encoded",
        "A name or path cannot be written in TOML. Rename what the message names.",
        bad "$ fuse deps lock
",
        good "$ fuse --version
# Report it with the manifests, and try a newer version.
";
    LOCK_WRITE_FAILED: Error, "the lock file cannot be written",
        "Make the package directory writable. With `--frozen` the file is only read.",
        bad "$ chmod 555 .
$ fuse deps lock
",
        good "$ chmod 755 .
$ fuse deps lock
";
    LOCK_ENTRY_MISSING_PATH: Error, "a path entry of the lock file has no path",
        "The file was edited. Delete it and run `fuse deps lock`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2

[dependencies.Money]
source = \"path\"
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
app \"shop\":
  print(1)
@file money/fuse.toml
[package]
name = \"money\"
@file fuse.lock
version = 2

[dependencies.Money]
source = \"path\"
path = \"./money\"
requested = \"path\"
";
    LOCK_ENTRY_MISSING_REV: Error, "a git entry of the lock file has no commit",
        "The file was edited, or holds the name of a branch where a full commit id belongs. Delete it and run `fuse deps lock`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
git = \"https://example.org/clock.git\"
",
        good "$ cat fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
git = \"https://example.org/clock.git\"
requested = \"tag:v1.0.0\"
rev = \"9f3c2a7b1d4e5f60718293a4b5c6d7e8f9012345\"
";
    LOCK_ENTRY_MISSING_GIT: Error, "a git entry of the lock file has no URL",
        "The file was edited. Delete it and run `fuse deps lock`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
rev = \"9f3c00000000000000000000000000000000000a\"
",
        good "$ cat fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
git = \"https://example.org/clock.git\"
requested = \"tag:v1.0.0\"
rev = \"9f3c2a7b1d4e5f60718293a4b5c6d7e8f9012345\"
";
    LOCK_ENTRY_PATH_NOT_FOUND: Error, "an entry of the lock file names a directory that does not exist",
        "`fuse deps verify` looked for the directory of an entry. Put it back, or correct fuse.toml and run `fuse deps lock`.",
        bad "$ mv money libs/money
$ fuse check --frozen
",
        good "$ mv money libs/money
$ fuse deps add Money --path ./libs/money
$ fuse deps lock
";
    LOCK_ENTRY_SUBDIR_NOT_FOUND: Error, "an entry of the lock file names a subdirectory that does not exist",
        "`fuse deps verify` looked for the subdirectory in the checkout of an entry. Correct `subdir` in fuse.toml and run `fuse deps lock`.",
        bad "$ cat fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
git = \"https://example.org/clock.git\"
requested = \"tag:v1.0.0\"
rev = \"9f3c2a7b1d4e5f60718293a4b5c6d7e8f9012345\"
subdir = \"moved\"
",
        good "$ cat fuse.lock
version = 2

[dependencies.Clock]
source = \"git\"
git = \"https://example.org/clock.git\"
requested = \"tag:v1.0.0\"
rev = \"9f3c2a7b1d4e5f60718293a4b5c6d7e8f9012345\"
subdir = \"fuse\"
";
    LOCK_ENTRY_UNKNOWN_SOURCE: Error, "an entry of the lock file has an unknown source",
        "Sources are `path` and `git`. The file was edited, or written by a newer `fuse`. Delete it and run `fuse deps lock`.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
@file fuse.lock
version = 2

[dependencies.Clock]
source = \"http\"
",
        good "$ fuse deps lock
$ cat fuse.lock
version = 2

[dependencies.Clock]
source = \"path\"
path = \"./clock\"
requested = \"path\"
";
    LOCK_INTEGRITY: Error, "a checkout is not what the lock file names",
        "The files below `.fuse/deps` are hashed and held against fuse.lock, so that everybody builds the same. They were edited, or the lock file was. Delete the directory that the message names to fetch it again; to work on a dependency, declare it by `path` for the while.",
        bad "$ echo \"# patched\" >> .fuse/deps/Clock/9f3c2a7/clock.fuse
$ fuse check
",
        good "$ rm -r .fuse/deps/Clock
$ fuse check
";
    MANIFEST_READ_FAILED: Error, "the manifest cannot be read",
        "Make fuse.toml readable, and save it as UTF-8.",
        bad "$ fuse check --manifest-path ./nowhere
",
        good "$ fuse check --manifest-path ./shop
";
    MANIFEST_PARSE_FAILED: Error, "the manifest is malformed",
        "fuse.toml is TOML 1.0: tables in brackets, and in them lines of a key, `=` and a value. Texts stand in quotes; `true`, `false` and numbers do not.",
        bad "@file fuse.toml
[package]
name = shop
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
";
    MANIFEST_ENTRY_MISSING: Error, "the manifest names no root module",
        "A program starts with the module that `entry` names, relative to fuse.toml. Add it, or pass a file on the command line.",
        bad "$ cat fuse.toml
[package]
name = \"shop\"
$ fuse run
",
        good "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
";
    MANIFEST_ENTRY_NOT_FOUND: Error, "the root module does not exist",
        "`entry` is relative to the directory of fuse.toml. The case of file names counts.",
        bad "@file fuse.toml
[package]
entry = \"src/main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
";
    MANIFEST_INVALID: Error, "a value of the manifest is refused",
        "The value has the right form, but may not be used: a path that leaves the package, a directory that would publish the sources, a name with other characters, or a requirement that this `fuse` does not meet. The message names the rule.",
        bad "@file fuse.toml
[package]
entry = \"main.fuse\"

[serve]
static_dir = \".\"
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[serve]
static_dir = \"public\"
@file main.fuse
app \"shop\":
  print(1)
";
    MANIFEST_UNKNOWN_KEY: Warn, "the manifest has an unknown key",
        "Nothing reads the key, so it has no effect. It is misspelled, or stands in another table than it belongs to.",
        bad "@file fuse.toml
[package]
nmae = \"shop\"
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
",
        good "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"
@file main.fuse
app \"shop\":
  print(1)
";
    WORKSPACE_NO_MANIFESTS: Error, "no package was found",
        "`--workspace` looks for fuse.toml files with an `entry` below the directory. Hidden directories, `target` and `node_modules` are passed over, and with `[workspace] members` all directories that no pattern names.",
        bad "$ fuse check --workspace docs
",
        good "$ fuse check --workspace services
";
    WORKSPACE_PUBLISH_NOT_READY: Error, "a package is not ready to be published",
        "A published package has a name, a version, an entry that exists, and a lock file that is up to date, and depends on no directory outside its workspace. A package that is not meant to be published says so with `publish = false`.",
        bad "$ cat fuse.toml
[package]
name = \"shop\"
$ fuse deps publish-check
",
        good "$ cat fuse.toml
[package]
name = \"shop\"
version = \"1.0.0\"
entry = \"src/main.fuse\"
$ fuse deps publish-check
";
}
