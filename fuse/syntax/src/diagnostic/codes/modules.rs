//! Codes of modules, imports and assets.

use super::codes;

codes! {
    IMPORT_MODULE_READ: Error, "a module is missing or unreadable",
        "The path of an import is relative to the file it stands in; `root:` starts at the directory of fuse.toml, `dep:Name/` at that of a dependency. `.fuse` is added. The case of file names counts on every system.",
        bad "@file main.fuse
import Util from \"./utils\"

app \"t\":
  print(Util.one())
@file util.fuse
fn one() -> Int:
  return 1
",
        good "@file main.fuse
import Util from \"./util\"

app \"t\":
  print(Util.one())
@file util.fuse
fn one() -> Int:
  return 1
";
    IMPORT_CYCLE: Error, "a module imports itself",
        "A module knows its own names and need not import itself. Modules of one package may import each other in a circle; modules of different packages may not.",
        bad "@file main.fuse
import Main from \"./main\"

fn one() -> Int:
  return 1

app \"t\":
  print(Main.one())
",
        good "@file main.fuse
fn one() -> Int:
  return 1

app \"t\":
  print(one())
";
    IMPORT_ASSET_FORM: Error, "an asset is imported in a form for modules",
        "A Markdown or JSON file is one value, so it is imported as one name. Reach into a JSON value with `.` and `[ ]`.",
        bad "@file main.fuse
import { title } from \"./page.json\"

app \"t\":
  print(title)
@file page.json
{\"title\": \"Home\"}
",
        good "@file main.fuse
import Page from \"./page.json\"

app \"t\":
  print(json.encode(Page))
@file page.json
{\"title\": \"Home\"}
";
    IMPORT_UNSUPPORTED_EXTENSION: Error, "a file of this kind cannot be imported",
        "Modules (`.fuse`), Markdown (`.md`) and JSON (`.json`) can be imported. Other files are read at run time, or served from the static directory.",
        bad "@file main.fuse
import Notes from \"./notes.txt\"

app \"t\":
  print(Notes)
@file notes.txt
Hi
",
        good "@file main.fuse
import Notes from \"./notes.md\"

app \"t\":
  print(Notes)
@file notes.md
Hi
";
    IMPORT_DUPLICATE: Error, "a name is imported twice",
        "Each import binds names in its module, and a name has one meaning. Remove one of the two, or import one module under another name.",
        bad "@file main.fuse
import { go } from \"./a\"
import { go } from \"./b\"

app \"t\":
  print(go())
@file a.fuse
fn go() -> Int:
  return 1
@file b.fuse
fn go() -> Int:
  return 2
",
        good "@file main.fuse
import { go } from \"./a\"
import B from \"./b\"

app \"t\":
  print(go() + B.go())
@file a.fuse
fn go() -> Int:
  return 1
@file b.fuse
fn go() -> Int:
  return 2
";
    IMPORT_UNKNOWN: Error, "a module does not declare an imported name",
        "Types, enums, interfaces, functions, components, configs and services can be imported by name, from the module that declares them. What a module imports itself is not handed on.",
        bad "@file main.fuse
import { stop } from \"./util\"

app \"t\":
  print(stop())
@file util.fuse
fn go() -> Int:
  return 1
",
        good "@file main.fuse
import { go } from \"./util\"

app \"t\":
  print(go())
@file util.fuse
fn go() -> Int:
  return 1
";
    IMPORT_DEP_PATH: Error, "a `dep:` path is incomplete",
        "A module of a dependency is named by the name of the dependency in fuse.toml and the path of the module in it.",
        bad "@file main.fuse
import Money from \"dep:Money\"

app \"t\":
  print(1)
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
import Money from \"dep:Money/main\"

app \"t\":
  print(Money.one())
@file money/fuse.toml
[package]
name = \"money\"
@file money/main.fuse
fn one() -> Int:
  return 1
";
    IMPORT_UNKNOWN_DEPENDENCY: Error, "a dependency is not declared",
        "`dep:Name/path` reaches only what the `[dependencies]` of the importing module's own package declare. A dependency of a dependency has to be declared too.",
        bad "@file main.fuse
import Money from \"dep:Money/main\"

app \"t\":
  print(Money.one())
",
        good "@file fuse.toml
[package]
entry = \"main.fuse\"

[dependencies]
Money = \"./money\"
@file main.fuse
import Money from \"dep:Money/main\"

app \"t\":
  print(Money.one())
@file money/fuse.toml
[package]
name = \"money\"
@file money/main.fuse
fn one() -> Int:
  return 1
";
    IMPORT_ROOT_PATH: Error, "a `root:` path is empty",
        "`root:` is followed by a path from the directory of fuse.toml.",
        bad "@file main.fuse
import Util from \"root:\"

app \"t\":
  print(1)
",
        good "@file main.fuse
import Util from \"root:util\"

app \"t\":
  print(Util.one())
@file util.fuse
fn one() -> Int:
  return 1
";
    IMPORT_ROOT_ESCAPE: Error, "an import leaves the package",
        "A package consists of the files in its directory, so that it can be moved, fetched and built anywhere. Files elsewhere belong to another package: declare it as a dependency.",
        bad "@file main.fuse
import Out from \"root:../outside\"

app \"t\":
  print(1)
",
        good "@file main.fuse
import In from \"root:inside\"

app \"t\":
  print(In.one())
@file inside.fuse
fn one() -> Int:
  return 1
";
    ASSET_MISSING: Error, "an asset does not exist",
        "Imported Markdown and JSON files are read when the program is checked, relative to the file that imports them. The case of file names counts.",
        bad "@file main.fuse
import Note from \"./note.md\"

app \"t\":
  print(Note)
",
        good "@file main.fuse
import Note from \"./note.md\"

app \"t\":
  print(Note)
@file note.md
# Hi
";
    ASSET_READ: Error, "an asset cannot be read",
        "Make the file readable. It may hold at most 16 MiB.",
        bad "$ chmod 000 note.md
$ fuse check
",
        good "$ chmod 644 note.md
$ fuse check
";
    ASSET_UTF8: Error, "an asset is not UTF-8",
        "Save the file as UTF-8. The message points at the first byte that is not.",
        bad "$ file note.md
note.md: ISO-8859 text
$ fuse check
",
        good "$ iconv -f LATIN1 -t UTF-8 note.md -o note.md
$ fuse check
";
    ASSET_JSON_INVALID: Error, "a JSON asset is malformed",
        "JSON has quoted keys, no comments, no comma behind the last element, and each key once in an object.",
        bad "@file main.fuse
import Data from \"./data.json\"

app \"t\":
  print(json.encode(Data))
@file data.json
{\"n\": 1,}
",
        good "@file main.fuse
import Data from \"./data.json\"

app \"t\":
  print(json.encode(Data))
@file data.json
{\"n\": 1}
";
    DEP_CYCLE: Error, "packages depend on each other in a circle",
        "Packages are built one after the other, so they cannot need each other. Move what both need into a third package.",
        bad "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"

[dependencies]
A = \"./a\"
@file main.fuse
app \"t\":
  print(1)
@file a/fuse.toml
[dependencies]
B = \"../b\"
@file b/fuse.toml
[dependencies]
A = \"../a\"
",
        good "@file fuse.toml
[package]
name = \"shop\"
entry = \"main.fuse\"

[dependencies]
A = \"./a\"
@file main.fuse
app \"t\":
  print(1)
@file a/fuse.toml
[dependencies]
B = \"../b\"
@file b/fuse.toml
[package]
name = \"b\"
";
    UNUSED_IMPORT: Warn, "import that is never used",
        "An import that nothing uses makes a reader look for the use, and loads a module for nothing. Remove it.",
        bad "@file util.fuse
fn go() -> Int:
  return 1
@file main.fuse
import { go } from \"./util\"

app \"t\":
  print(1)
",
        good "@file util.fuse
fn go() -> Int:
  return 1
@file main.fuse
import { go } from \"./util\"

app \"t\":
  print(go())
";
    SYMBOL_DUPLICATE: Error, "name declared twice",
        "Within one module every declaration has its own name. Types, enums, configs, services and apps also have their own name within the package, because schemas, routes and settings are called by it.",
        bad "type Row:
  id: Int

fn Row() -> Int:
  return 1
",
        good "type Row:
  id: Int

fn first_row() -> Int:
  return 1
";
    MIGRATION_DUPLICATE: Error, "migration declared twice",
        "The database remembers by its identifier that a migration ran. Two with one identifier would make one of them never run.",
        bad "requires db

migration one:
  db.exec(\"create table a (id integer)\")

migration one:
  db.exec(\"create table b (id integer)\")
",
        good "requires db

migration one:
  db.exec(\"create table a (id integer)\")

migration two:
  db.exec(\"create table b (id integer)\")
";
    TEST_DUPLICATE: Error, "test declared twice",
        "Reports and `--filter` call a test by its name, so that each has its own within the package.",
        bad "test \"adds\":
  assert(1 + 1 == 2)

test \"adds\":
  assert(2 + 2 == 4)
",
        good "test \"adds one\":
  assert(1 + 1 == 2)

test \"adds two\":
  assert(2 + 2 == 4)
";
}
