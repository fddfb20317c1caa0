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
mod browsers;
mod core;
mod fuse_check;
mod fuse_packages;
mod fuse_runtime;
mod fuse_source;
mod log;
mod negotiation;
mod observability;
mod oracle;
mod reply;
mod router;
mod store;
mod text;
mod tokens;
mod untrusted;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A fuzz target: any bytes in, a panic when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("accept", text::accept),
    ("accept_encoding", negotiation::accept_encoding),
    ("bearer", tokens::bearer),
    ("compact_id", text::compact_id),
    ("conditional", negotiation::conditional),
    ("content_type", binding::content_type),
    ("cookie", text::cookie),
    ("cors", negotiation::cors),
    ("cross_origin", browsers::cross_origin),
    ("csp", browsers::csp),
    ("csrf_token", tokens::csrf_token),
    ("email", untrusted::email),
    ("envelope", binding::envelope),
    ("field_path", text::field_path),
    ("form", binding::form),
    ("forwarded", core::forwarded),
    ("framing", core::framing),
    ("fuse_check", fuse_check::check),
    ("fuse_check_stamp", fuse_packages::check_stamp),
    ("fuse_config", fuse_runtime::config),
    ("fuse_dotenv", fuse_runtime::dotenv),
    ("fuse_flags", fuse_runtime::flags),
    ("fuse_formatter", fuse_source::formatter),
    ("fuse_json", fuse_runtime::json),
    ("fuse_json_asset", fuse_packages::json_asset),
    ("fuse_lexer", fuse_source::lexer),
    ("fuse_lock", fuse_packages::lock),
    ("fuse_manifest", fuse_packages::manifest),
    ("fuse_modules", fuse_packages::modules),
    ("fuse_mutated", fuse_source::mutated),
    ("fuse_parser", fuse_source::parser),
    ("fuse_text", fuse_runtime::text),
    ("header_policy", browsers::header_policy),
    ("html", untrusted::html),
    ("json", binding::json),
    ("jwks", tokens::jwks),
    ("jwt", tokens::jwt),
    ("jwt_signed", tokens::jwt_signed),
    ("log_encoders", log::encoders),
    ("log_filter", log::filter),
    ("log_redactor", log::redactor),
    ("metric_label", observability::label),
    ("multipart", binding::multipart),
    ("password_hash", tokens::password_hash),
    ("path", binding::path),
    ("phone", untrusted::phone),
    ("query", binding::query),
    ("ranges", reply::ranges),
    ("relative_path", untrusted::relative_path),
    ("reply_headers", reply::reply_headers),
    ("request_id", text::request_id),
    ("route_method", router::method),
    ("router_dispatch", router::dispatch),
    ("router_find", router::find),
    ("router_oracle", oracle::matching),
    ("router_registration", router::registration),
    ("router_url", router::url),
    ("safe_url", untrusted::safe_url),
    ("sse_event", reply::sse_event),
    ("ssrf_url", untrusted::ssrf_url),
    ("store_cached", store::cached),
    ("store_column", store::column),
    ("store_key", store::key),
    ("store_kv_file", store::kv_file),
    ("store_kv_journal", store::kv_journal),
    ("store_object_path", store::object_path),
    ("store_record", store::record),
    ("store_sql", store::sql),
    ("traceparent", text::traceparent),
];

/// The target with this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    let entry = TARGETS.iter().find(|(own, _)| *own == name)?;
    Some(entry.1)
}

/// The output of a future that has nothing to wait for.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
