//! Codes of capabilities, tasks, transactions and architecture.

use super::codes;

codes! {
    CAPABILITY_UNKNOWN: Error, "name outside the set";
    CAPABILITY_DUPLICATE: Error, "declared twice";
    CAPABILITY_REQUIRED: Error, "gated built-in used";
    CAPABILITY_LEAK: Error, "callee module needs more";
    SPAWN_BUILTIN: Error, "print cannot be called in a spawn block";
    SPAWN_MUTATION: Error, "spawn block cannot change outer x";
    SPAWN_BOX: Error, "boxes cannot be used in a spawn block";
    SPAWN_RETURN: Error, "return in a spawn block";
    DETACHED_TASK: Error, "task dropped";
    TASK_UNAWAITED: Error, "binding never awaited";
    TASK_REASSIGNED: Error, "replaced before await";
    TASK_ESCAPE: Error, "used as a value";
    AWAIT_TYPE: Error, "not a task";
    TRANSACTION_CAPABILITY: Error, "module lacks db";
    TRANSACTION_MODULE_CAPS: Error, "module has other capabilities";
    TRANSACTION_USE: Error, "non-db capability used";
    TRANSACTION_SPAWN: Error, "spawn is not allowed in a transaction";
    TRANSACTION_AWAIT: Error, "spawn is not allowed in a transaction";
    TRANSACTION_RETURN: Error, "spawn is not allowed in a transaction";
    TRANSACTION_LOOP: Error, "spawn is not allowed in a transaction";
    TRANSACTION_NESTED: Error, "spawn is not allowed in a transaction";
    ARCH_CAPABILITY_UNUSED: Error, "unused capabilities: crypto";
    ARCH_LAYER_CYCLE: Error, "layer import cycle: api -> ui -> api";
    ARCH_ERROR_DOMAIN: Error, "signatures mix error domains of a, b";
}
