//! One function per parser of outside bytes. Each takes any input, panics when
//! something that must hold does not, and returns quietly otherwise. The fuzz
//! targets in `fuzz/` call them with coverage guidance; the tests of this crate
//! call them with random input, so that a machine without a fuzzing engine
//! still runs a bounded pass.
//!
//! ```
//! for (name, target) in plumego_fuzzing::TARGETS {
//!     target(name.as_bytes());
//! }
//! ```

mod binding;
mod core;
mod log;
mod router;
mod text;

/// A fuzz target: any bytes in, a panic when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("accept", text::accept),
    ("cookie", text::cookie),
    ("field_path", text::field_path),
    ("form", binding::form),
    ("forwarded", core::forwarded),
    ("framing", core::framing),
    ("json", binding::json),
    ("log_encoders", log::encoders),
    ("log_redactor", log::redactor),
    ("multipart", binding::multipart),
    ("query", binding::query),
    ("request_id", text::request_id),
    ("router_find", router::find),
    ("router_registration", router::registration),
    ("router_url", router::url),
    ("traceparent", text::traceparent),
];

/// The target with this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    let entry = TARGETS.iter().find(|(own, _)| *own == name)?;
    Some(entry.1)
}
