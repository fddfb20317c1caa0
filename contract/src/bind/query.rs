use bytes::Bytes;
use http::header::{ACCEPT, HeaderValue};
use serde::de::DeserializeOwned;

use super::json::into_error;
use super::media::Declared;
use super::options::{FormOptions, QueryOptions, UnknownFields};
use super::tree::{self, Rules};
use super::{body, pairs};
use crate::error::code::field as codes;
use crate::{Body, Error, ErrorKind, FieldPath, Request};

const FORM: &str = "application/x-www-form-urlencoded";

/// Binds the query: flat pairs, at most 16 KiB and 256 of them, undeclared ones
/// ignored.
///
/// A repeated key binds to a list; booleans are `true`, `false`, `1` or `0`; an
/// empty value is empty text, and none for an optional number.
///
/// # Errors
/// `414 uri_too_long` above the byte limit, otherwise `400 validation_error`
/// with every problem at `query.<key>`.
///
/// ```
/// use plumego_contract::{Body, Request, bind};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct List { limit: Option<u32>, #[serde(default)] tag: Vec<String> }
///
/// let mut request = Request::new(Body::empty());
/// *request.uri_mut() = "/items?limit=20&tag=a&tag=b%20c".parse().unwrap();
/// let list: List = bind::query(&request).unwrap();
/// assert_eq!((list.limit, list.tag.len()), (Some(20), 2));
/// ```
pub fn query<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    query_with(request, &QueryOptions::default())
}

/// Binds the query under these options.
///
/// # Errors
/// As [`query`].
pub fn query_with<T: DeserializeOwned>(
    request: &Request,
    options: &QueryOptions,
) -> Result<T, Error> {
    let text = request.uri().query().unwrap_or_default();
    if text.len() > options.max_bytes {
        return Err(Error::new(ErrorKind::UriTooLong).detail("max_bytes", options.max_bytes));
    }
    bind(text, "query", options.max_pairs, options.unknown_fields)
}

/// Binds an `application/x-www-form-urlencoded` body: at most 256 KiB and 1 000
/// pairs, under the rules of [`query`].
///
/// # Errors
/// 415 for another media type, 413 above the byte limit, otherwise `400
/// validation_error` with every problem at `form.<key>`.
pub fn form<T: DeserializeOwned>(
    request: &mut Request,
) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
    form_with(request, &FormOptions::default())
}

/// Binds a form under these options.
///
/// # Errors
/// As [`form`].
pub fn form_with<T: DeserializeOwned>(
    request: &mut Request,
    options: &FormOptions,
) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
    let options = *options;
    let body = take_form(request, &options);
    async move {
        let document: Bytes = body::read(body, options.max_bytes).await?;
        let text = std::str::from_utf8(&document).map_err(|_| not_utf8())?;
        bind(text, "form", options.max_pairs, options.unknown_fields)
    }
}

fn take_form(request: &mut Request, options: &FormOptions) -> Result<Body, Error> {
    let body = body::take(request, options.max_bytes)?;
    let headers = request.headers();
    if !Declared::of(headers).is(FORM) {
        let accepted = HeaderValue::from_static(FORM);
        return Err(Error::new(ErrorKind::UnsupportedMediaType).header(ACCEPT, accepted));
    }
    body::require_identity(headers)?;
    Ok(body)
}

fn not_utf8() -> Error {
    let root = FieldPath::root("form");
    Error::new(ErrorKind::Validation).field(root, codes::INVALID_ENCODING, "not valid UTF-8")
}

fn bind<T: DeserializeOwned>(
    text: &str,
    root: &'static str,
    max_pairs: usize,
    unknown: UnknownFields,
) -> Result<T, Error> {
    let Some(node) = pairs::parse(text, max_pairs) else {
        let message = format!("at most {max_pairs} pairs");
        let error = Error::new(ErrorKind::Validation);
        return Err(error.field(FieldPath::root(root), codes::TOO_MANY, message));
    };
    let rules = Rules {
        root,
        pointers: false,
        deny_unknown: unknown == UnknownFields::Deny,
    };
    tree::bind(&node, rules).map_err(into_error)
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
