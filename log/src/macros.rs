//! Macros that capture target and call site and evaluate fields only when needed.

/// Makes a [`Fields`](crate::Fields) set.
///
/// `key = value` takes anything that converts into a
/// [`FieldValue`](crate::FieldValue); `key = %value` formats with `Display`,
/// `key = ?value` with `Debug`; `name`, `%name` and `?name` use the variable's
/// name as the key. Keys are identifiers, dotted identifiers or string literals.
///
/// ```
/// use plumego_log::{Fields, fields};
///
/// let route = "/items/{id}";
/// let peer = std::net::Ipv4Addr::LOCALHOST;
/// let set = fields! { route, status = 200, db.rows = 3, "cache-hit" = true, %peer };
/// assert_eq!(set.len(), 5);
/// assert_eq!(set.get("peer").and_then(|peer| peer.as_str()), Some("127.0.0.1"));
/// assert_eq!(fields! {}, Fields::new());
/// ```
#[macro_export]
macro_rules! fields {
    ($($fields:tt)*) => {{
        #[allow(unused_mut)]
        let mut set = $crate::Fields::new();
        $crate::__set_fields!(set; $($fields)*);
        set
    }};
}

/// Adds fields to a set, one at a time.
#[doc(hidden)]
#[macro_export]
macro_rules! __set_fields {
    ($set:ident;) => {};
    ($set:ident; $key:literal = ? $value:expr $(, $($rest:tt)*)?) => {
        $set.set($key, $crate::FieldValue::debug(&$value));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $key:literal = % $value:expr $(, $($rest:tt)*)?) => {
        $set.set($key, $crate::FieldValue::display(&$value));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $key:literal = $value:expr $(, $($rest:tt)*)?) => {
        $set.set($key, $value);
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $first:ident $(. $next:ident)* = ? $value:expr $(, $($rest:tt)*)?) => {
        $set.set($crate::__key!($first $(. $next)*), $crate::FieldValue::debug(&$value));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $first:ident $(. $next:ident)* = % $value:expr $(, $($rest:tt)*)?) => {
        $set.set($crate::__key!($first $(. $next)*), $crate::FieldValue::display(&$value));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $first:ident $(. $next:ident)* = $value:expr $(, $($rest:tt)*)?) => {
        $set.set($crate::__key!($first $(. $next)*), $value);
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; ? $name:ident $(, $($rest:tt)*)?) => {
        $set.set(stringify!($name), $crate::FieldValue::debug(&$name));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; % $name:ident $(, $($rest:tt)*)?) => {
        $set.set(stringify!($name), $crate::FieldValue::display(&$name));
        $crate::__set_fields!($set; $($($rest)*)?)
    };
    ($set:ident; $name:ident $(, $($rest:tt)*)?) => {
        $set.set(stringify!($name), $name);
        $crate::__set_fields!($set; $($($rest)*)?)
    };
}

/// Spells a dotted key as a string.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($first:ident $(. $next:ident)*) => {
        concat!(stringify!($first) $(, ".", stringify!($next))*)
    };
}

/// Logs at a level given as an expression: `event!(level, logger, "msg", key = value)`.
///
/// An explicit target stands before the message: `target: "name"`. Without one
/// the target is the module path. Fields follow the grammar of
/// [`fields!`](crate::fields) and are evaluated only when the level is enabled.
///
/// ```
/// use plumego_log::{Level, discard, event};
///
/// let logger = discard();
/// event!(Level::Warn, logger, target: "billing", "invoice is late", days = 3);
/// ```
#[macro_export]
macro_rules! event {
    ($level:expr, $logger:expr, target: $target:expr, $message:expr $(, $($fields:tt)*)?) => {
        match (&$logger, $level, $target) {
            (logger, level, target) => {
                #[allow(unused_imports)]
                use $crate::{Logger as _, LoggerExt as _};
                if logger.enabled(level, target) {
                    logger.log_from(
                        level,
                        target,
                        $message,
                        &$crate::fields! { $($($fields)*)? },
                        $crate::CallSite::caller(),
                    );
                }
            }
        }
    };
    ($level:expr, $logger:expr, $message:expr $(, $($fields:tt)*)?) => {
        $crate::event!(
            $level, $logger, target: ::core::module_path!(), $message $(, $($fields)*)?
        )
    };
}

/// Logs at [`Level::Trace`](crate::Level::Trace); see [`event!`](crate::event) for the grammar.
#[macro_export]
macro_rules! trace {
    ($logger:expr, $($rest:tt)+) => { $crate::event!($crate::Level::Trace, $logger, $($rest)+) };
}

/// Logs at [`Level::Debug`](crate::Level::Debug); see [`event!`](crate::event) for the grammar.
#[macro_export]
macro_rules! debug {
    ($logger:expr, $($rest:tt)+) => { $crate::event!($crate::Level::Debug, $logger, $($rest)+) };
}

/// Logs at [`Level::Info`](crate::Level::Info); see [`event!`](crate::event) for the grammar.
///
/// ```
/// let logger = plumego_log::discard();
/// plumego_log::info!(logger, "item stored", id = 17, took = ?std::time::Duration::ZERO);
/// ```
#[macro_export]
macro_rules! info {
    ($logger:expr, $($rest:tt)+) => { $crate::event!($crate::Level::Info, $logger, $($rest)+) };
}

/// Logs at [`Level::Warn`](crate::Level::Warn); see [`event!`](crate::event) for the grammar.
#[macro_export]
macro_rules! warn {
    ($logger:expr, $($rest:tt)+) => { $crate::event!($crate::Level::Warn, $logger, $($rest)+) };
}

/// Logs at [`Level::Error`](crate::Level::Error); see [`event!`](crate::event) for the grammar.
#[macro_export]
macro_rules! error {
    ($logger:expr, $($rest:tt)+) => { $crate::event!($crate::Level::Error, $logger, $($rest)+) };
}

/// Logs at [`Level::Fatal`](crate::Level::Fatal), flushes and ends the process.
///
/// For binaries only. See [`event!`](crate::event) for the grammar.
#[macro_export]
macro_rules! fatal {
    ($logger:expr, $($rest:tt)+) => {
        match &$logger {
            logger => {
                #[allow(unused_imports)]
                use $crate::LoggerExt as _;
                $crate::event!($crate::Level::Fatal, *logger, $($rest)+);
                logger.end_process()
            }
        }
    };
}
