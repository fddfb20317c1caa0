//! Reverse routing: from a name and values to a path.

use std::fmt::Write as _;

use http::Method;

use crate::config::RouterConfig;
use crate::method::RouteMethod;
use crate::path::{self, Segments};
use crate::pattern::{Pattern, Segment};
use crate::registry::{Registered, Registry};

/// Why no path could be made. Names are those of routes and parameters; values
/// are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// No route has this name.
    #[error("no route is named `{0}`")]
    UnknownRoute(String),
    /// The pattern has this parameter, the values do not.
    #[error("the parameter `{0}` is missing")]
    MissingParam(String),
    /// The value of this parameter is empty.
    #[error("the parameter `{0}` is empty")]
    EmptyParam(String),
    /// This parameter is given twice.
    #[error("the parameter `{0}` is given twice")]
    DuplicateParam(String),
    /// The pattern has no such parameter.
    #[error("the route has no parameter `{0}`")]
    UnknownParam(String),
    /// No request can carry the value of this parameter: it is or contains a
    /// segment `.` or `..`, an empty segment, a NUL, or is too long.
    #[error("the value of the parameter `{0}` cannot be part of a path")]
    InvalidParam(String),
    /// With these values the path belongs to a more specific route.
    #[error("the path belongs to the more specific route `{0}`")]
    Shadowed(String),
}

/// As [`build`], and refused when another registered route would take it.
pub(crate) fn build_checked(
    registry: &Registry,
    config: &RouterConfig,
    name: &str,
    params: &[(&str, &str)],
) -> Result<String, UrlError> {
    let index = registry.by_name.get(name);
    let route = index.map(|index| &registry.routes[*index]);
    let route = route.ok_or_else(|| UrlError::UnknownRoute(name.to_owned()))?;
    let url = build(&route.pattern, params)?;
    let taken_by = Segments::of(&url, config.is_strict()).and_then(|path| {
        let serving = registry.routes.iter().filter(|other| {
            other.pattern.matches(&path) && serves(registry, other, &route.method, config)
        });
        serving.min_by(|a, b| {
            let exact = |route: &Registered| route.method.is_any();
            (a.pattern.precedence(&b.pattern)).then(exact(a).cmp(&exact(b)))
        })
    });
    match taken_by {
        Some(other) if !std::ptr::eq(other, route) => {
            Err(UrlError::Shadowed(other.pattern.text.clone()))
        }
        _ => Ok(url),
    }
}

/// Whether `route` answers requests with this method.
fn serves(
    registry: &Registry,
    route: &Registered,
    method: &RouteMethod,
    config: &RouterConfig,
) -> bool {
    let head_from_get = config.head_from_get
        && method.exact() == Some(&Method::HEAD)
        && route.method.exact() == Some(&Method::GET)
        && !registry
            .routes
            .iter()
            .any(|other| other.method == *method && other.pattern.key() == route.pattern.key());
    route.method == *method || route.method.is_any() || head_from_get
}

/// The path of `pattern` with these values.
pub(crate) fn build(pattern: &Pattern, params: &[(&str, &str)]) -> Result<String, UrlError> {
    for (index, (name, _)) in params.iter().enumerate() {
        if !pattern.param_names().any(|own| own == *name) {
            return Err(UrlError::UnknownParam((*name).to_owned()));
        }
        if params[..index].iter().any(|(other, _)| other == name) {
            return Err(UrlError::DuplicateParam((*name).to_owned()));
        }
    }
    let mut url = String::with_capacity(pattern.text.len());
    for segment in &pattern.segments {
        match segment {
            Segment::Static(text) => push_segment(&mut url, text),
            Segment::Param(name) => push_param(&mut url, name, value(params, name)?)?,
            Segment::Wildcard(name) => push_tail(&mut url, name, value(params, name)?)?,
        }
    }
    if url.is_empty() || pattern.trailing_slash {
        url.push('/');
    }
    Ok(url)
}

/// Appends an encoded query.
pub(crate) fn push_query(url: &mut String, query: &[(&str, &str)]) {
    for (index, (key, value)) in query.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        let (key, value) = (path::escape_query(key), path::escape_query(value));
        push(url, &format_args!("{key}={value}"));
    }
}

fn value<'v>(params: &[(&str, &'v str)], name: &str) -> Result<&'v str, UrlError> {
    let given = params.iter().find(|(given, _)| *given == name);
    match given {
        None => Err(UrlError::MissingParam(name.to_owned())),
        Some((_, "")) => Err(UrlError::EmptyParam(name.to_owned())),
        Some((_, value)) => Ok(value),
    }
}

fn push_param(url: &mut String, name: &str, value: &str) -> Result<(), UrlError> {
    let invalid = || UrlError::InvalidParam(name.to_owned());
    if value.is_empty() || path::is_dot_segment(value.as_bytes()) || value.contains('\0') {
        return Err(invalid());
    }
    push_segment(url, value);
    if url.len() > path::BYTES_MAX {
        return Err(invalid());
    }
    Ok(())
}

fn push_tail(url: &mut String, name: &str, value: &str) -> Result<(), UrlError> {
    value
        .split('/')
        .try_for_each(|segment| push_param(url, name, segment))
}

fn push_segment(url: &mut String, text: &str) {
    push(url, &format_args!("/{}", path::escape(text)));
}

fn push(url: &mut String, text: &std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = url.write_fmt(*text);
}
