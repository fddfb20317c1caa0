//! Codes of capabilities, tasks, transactions and architecture.

use super::codes;

codes! {
    CAPABILITY_UNKNOWN: Error, "capability that does not exist",
r#"A module may require `db`, `crypto`, `network` and `time`; the set is closed."#,
bad r#"requires disk

app "t":
  print(1)
"#,
good r#"requires db

app "t":
  print(db.from("t").count())
"#;

    CAPABILITY_DUPLICATE: Error, "capability required twice",
r#"Once is enough, and two lines would have to be removed when it is not needed
any more."#,
bad r#"requires time
requires time

app "t":
  print(time.now())
"#,
good r#"requires time

app "t":
  print(time.now())
"#;

    CAPABILITY_REQUIRED: Error, "built-in function without its capability",
r#"What reaches outside of the process is declared at the top of the module, so
that a reader sees what it can do."#,
bad r#"app "t":
  print(time.now())
"#,
good r#"requires time

app "t":
  print(time.now())
"#;

    CAPABILITY_LEAK: Error, "call into a module that may do more",
r#"The called module declares a capability that this one does not, so this one
does more than it says. Declare it here as well."#,
bad r#"@file store.fuse
requires db

fn count() -> Int:
  return db.from("t").count()
@file main.fuse
import Store from "./store"

app "t":
  print(Store.count())
"#,
good r#"@file store.fuse
requires db

fn count() -> Int:
  return db.from("t").count()
@file main.fuse
requires db

import Store from "./store"

app "t":
  print(Store.count())
"#;

    SPAWN_BUILTIN: Error, "built-in function that a task may not call",
r#"A `spawn` block runs beside its request, on another thread. Output, logs, the
environment, the request and direct use of the database belong to the code
around it; a function that the block calls may use them."#,
bad r#"fn f():
  let t = spawn:
    print("x")
  await t
"#,
good r#"fn f():
  let t = spawn:
    "x".upper()
  print(await t)
"#;

    SPAWN_MUTATION: Error, "task that changes an outer binding",
r#"The bindings around a `spawn` block are copied into it, so a change would be
lost. Give the value back as the last expression of the block."#,
bad r#"fn f():
  var n = 0
  let t = spawn:
    n = 1
  await t
  print(n)
"#,
good r#"fn f():
  let t = spawn:
    1
  let n = await t
  print(n)
"#;

    SPAWN_BOX: Error, "box inside of a task",
r#"A box is a cell that several names share, and two threads would share it
without order. Take its content out before."#,
bad r#"fn f():
  let cell = box 1
  let t = spawn:
    cell + 1
  print(await t)
"#,
good r#"fn f():
  let cell = 1
  let t = spawn:
    cell + 1
  print(await t)
"#;

    SPAWN_RETURN: Error, "`return` in a task",
r#"The function may be gone when the task ends. The value of a task is its last
expression."#,
bad r#"fn f() -> Int:
  let t = spawn:
    return 1
  return await t
"#,
good r#"fn f() -> Int:
  let t = spawn:
    1
  return await t
"#;

    DETACHED_TASK: Error, "task that nobody holds",
r#"Tasks end before the block that starts them does. A task that is not bound
cannot be waited for; call the code directly, or bind it and `await` it."#,
bad r#"fn f():
  spawn:
    1
"#,
good r#"fn f():
  let t = spawn:
    1
  print(await t)
"#;

    TASK_UNAWAITED: Error, "task that is never awaited",
r#"Its value and its error would be lost, and its time wasted."#,
bad r#"fn f():
  let t = spawn:
    1
  print("done")
"#,
good r#"fn f():
  let t = spawn:
    1
  print(await t)
"#;

    TASK_REASSIGNED: Error, "task replaced before it was awaited",
r#"The first task would go on without anybody to wait for it."#,
bad r#"fn f():
  var t = spawn:
    1
  t = spawn:
    2
  print(await t)
"#,
good r#"fn f():
  let a = spawn:
    1
  let b = spawn:
    2
  print((await a) + (await b))
"#;

    TASK_ESCAPE: Error, "task used as a value",
r#"A task belongs to the block that starts it, so it is not stored, passed,
returned or captured. Pass what `await` gives."#,
bad r#"fn f() -> List<Int>:
  let t = spawn:
    1
  let all = [t]
  return [await t]
"#,
good r#"fn f() -> List<Int>:
  let t = spawn:
    1
  let n = await t
  return [n]
"#;

    AWAIT_TYPE: Error, "`await` of something that is no task",
r#"`await` takes the value of a task. `await t ?!` reads as `await (t ?!)`; write
`(await t) ?!`."#,
bad r#"fn f() -> Int:
  let n = 1
  return await n
"#,
good r#"fn f() -> Int:
  let t = spawn:
    1
  return await t
"#;

    TRANSACTION_CAPABILITY: Error, "transaction in a module without `db`",
r#"A transaction is a use of the database, which the module declares."#,
bad r#"fn f():
  transaction:
    print("x")
"#,
good r#"requires db

fn f():
  transaction:
    db.exec("delete from t where id = 1")
"#;

    TRANSACTION_MODULE_CAPS: Error, "transaction in a module with other capabilities",
r#"A transaction may be rolled back, and a message that was sent or a file that
was fetched cannot be. Keep transactions in a module that requires `db` alone."#,
bad r#"requires db
requires time

fn f():
  transaction:
    db.exec("delete from t where id = 1")

fn now() -> Int:
  return time.now()
"#,
good r#"requires db

fn f():
  transaction:
    db.exec("delete from t where id = 1")
"#;

    TRANSACTION_USE: Error, "other capability inside of a transaction",
r#"What a rollback cannot undo does not stand in a transaction. Do it before or
after."#,
bad r#"requires db

fn f():
  transaction:
    db.exec("insert into t (at) values (?)", [time.now()])
"#,
good r#"requires db

fn f(now: Int):
  transaction:
    db.exec("insert into t (at) values (?)", [now])
"#;

    TRANSACTION_SPAWN: Error, "task inside of a transaction",
r#"A transaction has one connection, and a task would need another one, outside
of it."#,
bad r#"requires db

fn f():
  transaction:
    let t = spawn:
      1
    print(await t)
"#,
good r#"requires db

fn f(n: Int):
  transaction:
    db.exec("insert into t (n) values (?)", [n])
"#;

    TRANSACTION_AWAIT: Error, "`await` inside of a transaction",
r#"While it waits, the transaction would hold its locks. Wait before it starts."#,
bad r#"requires db

fn f():
  let t = spawn:
    1
  transaction:
    db.exec("insert into t (n) values (?)", [await t])
"#,
good r#"requires db

fn f():
  let t = spawn:
    1
  let n = await t
  transaction:
    db.exec("insert into t (n) values (?)", [n])
"#;

    TRANSACTION_RETURN: Error, "`return` inside of a transaction",
r#"It would not say whether the transaction commits. Reaching the end of the
block commits, `?!` rolls back."#,
bad r#"requires db

fn f() -> Int:
  transaction:
    db.exec("delete from t where id = 1")
    return 1
  return 2
"#,
good r#"requires db

fn f() -> Int:
  transaction:
    db.exec("delete from t where id = 1")
  return 1
"#;

    TRANSACTION_LOOP: Error, "`break` or `continue` that leaves a transaction",
r#"It would not say whether the transaction commits. A loop that is inside of the
transaction as a whole may use both."#,
bad r#"requires db

fn f(ids: List<Int>):
  for id in ids:
    transaction:
      if id < 0:
        continue
      db.exec("delete from t where id = ?", [id])
"#,
good r#"requires db

fn f(ids: List<Int>):
  transaction:
    for id in ids:
      if id < 0:
        continue
      db.exec("delete from t where id = ?", [id])
"#;

    TRANSACTION_NESTED: Error, "transaction inside of a transaction",
r#"The database has one transaction at a time on a connection. A migration is one
already."#,
bad r#"requires db

fn f():
  transaction:
    transaction:
      db.exec("delete from t where id = 1")
"#,
good r#"requires db

fn f():
  transaction:
    db.exec("delete from t where id = 1")
"#;

    ARCH_CAPABILITY_UNUSED: Error, "capability that nothing uses",
r#"Under `--strict-architecture` a module requires exactly what it uses."#,
bad r#"requires crypto

app "t":
  print(1)
"#,
good r#"requires crypto

app "t":
  print(crypto.token(16))
"#;

    ARCH_LAYER_CYCLE: Error, "layers that import each other in a circle",
r#"Under `--strict-architecture` the directories below `src` are layers, and
imports between them go one way. Move what both need into a third one."#,
bad r#"@file src/main.fuse
import Api from "./api/entry"

app "t":
  print(Api.value())
@file src/api/entry.fuse
import Ui from "../ui/view"

fn value() -> Int:
  return Ui.value()
@file src/ui/view.fuse
import Help from "../api/help"

fn value() -> Int:
  return Help.value()
@file src/api/help.fuse
fn value() -> Int:
  return 1
"#,
good r#"@file src/main.fuse
import Api from "./api/entry"

app "t":
  print(Api.value())
@file src/api/entry.fuse
import Ui from "../ui/view"

fn value() -> Int:
  return Ui.value()
@file src/ui/view.fuse
import Help from "../shared/help"

fn value() -> Int:
  return Help.value()
@file src/shared/help.fuse
fn value() -> Int:
  return 1
"#;

    ARCH_ERROR_DOMAIN: Error, "results of one module with domains of several",
r#"Under `--strict-architecture` the errors that a module gives belong to one
owner, so that callers learn one vocabulary. Translate errors where modules
meet."#,
bad r#"@file a.fuse
type AErr:
  message: String
@file b.fuse
type BErr:
  message: String
@file main.fuse
import { AErr } from "./a"
import { BErr } from "./b"

fn f() -> Int!AErr!BErr:
  return 1
"#,
good r#"@file a.fuse
type AErr:
  message: String
@file main.fuse
import { AErr } from "./a"

fn f() -> Int!AErr:
  return 1
"#;
}
