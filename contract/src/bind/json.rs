use std::cell::Cell;

use http::header::{ACCEPT, HeaderMap, HeaderValue};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::body;
use super::media::Declared;
use super::options::{EmptyBody, JsonContentType, JsonOptions, UnknownFields};
use super::strict::Strict;
use super::tree::{self, Problems, Rules};
use crate::error::code::field as codes;
use crate::{Body, Error, ErrorKind, FieldPath, Request};

/// Binds a JSON body: at most 1 MiB, 64 levels, no undeclared keys.
///
/// # Errors
/// 415 for another media type, 413 above the limit, and `400 validation_error`
/// with every problem that can be found: malformed text at `body`, otherwise
/// missing, undeclared, repeated and wrong members with their exact paths.
///
/// ```
/// use plumego_contract::{Body, Error, Reply, Request, RequestExt};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct NewUser { name: String, age: u8 }
///
/// async fn create(mut request: Request) -> Result<Reply<String>, Error> {
///     let user = request.json::<NewUser>().await?;
///     Ok(Reply::created(format!("{} is {}", user.name, user.age)))
/// }
/// ```
pub fn json<T: DeserializeOwned>(
    request: &mut Request,
) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
    json_with(request, &JsonOptions::DEFAULT)
}

/// Binds a JSON body under these options.
///
/// # Errors
/// As [`json`].
pub fn json_with<T: DeserializeOwned>(
    request: &mut Request,
    options: &JsonOptions,
) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
    let options = *options;
    let body = take(request, &options);
    async move {
        let document = body::read(body, options.max_bytes).await?;
        decode(&document, &options)
    }
}

fn take(request: &mut Request, options: &JsonOptions) -> Result<Body, Error> {
    let body = body::take(request, options.max_bytes)?;
    let headers = request.headers();
    // Nothing has no media type; it is reported as missing.
    let nothing = body.exact_len() == Some(0) && matches!(Declared::of(headers), Declared::Missing);
    if !nothing {
        require_json(headers, options.content_type)?;
    }
    body::require_identity(headers)?;
    Ok(body)
}

fn require_json(headers: &HeaderMap, wanted: JsonContentType) -> Result<(), Error> {
    let accepted = match wanted {
        JsonContentType::Any => true,
        JsonContentType::RequireJson => Declared::of(headers).is_json(),
        JsonContentType::AllowMissing => {
            let declared = Declared::of(headers);
            matches!(declared, Declared::Missing) || declared.is_json()
        }
    };
    if accepted {
        return Ok(());
    }
    let json = HeaderValue::from_static("application/json");
    Err(Error::new(ErrorKind::UnsupportedMediaType).header(ACCEPT, json))
}

/// Binds a document that is in memory, under the rules of a JSON body; for
/// JSON that arrives by another way, such as a field of a multipart form.
///
/// # Errors
/// As [`json`], without what concerns headers and size.
pub fn json_slice<T: DeserializeOwned>(document: &[u8], options: &JsonOptions) -> Result<T, Error> {
    decode(document, options)
}

fn decode<T: DeserializeOwned>(document: &[u8], options: &JsonOptions) -> Result<T, Error> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let Ok(mut text) = std::str::from_utf8(document) else {
        return Err(body::not_utf8());
    };
    if text
        .bytes()
        .all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
    {
        if options.empty == EmptyBody::Reject {
            return Err(empty());
        }
        text = "null";
    }
    if is_too_deep(text, options.max_depth) {
        return Err(too_deep(text, options.max_depth));
    }
    let deny = options.unknown_fields == UnknownFields::Deny;
    let unused = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = T::deserialize(Strict::new(&mut reader, &unused));
    match read.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) if !(deny && unused.get()) => Ok(value),
        refused => Err(diagnose::<T>(text, deny, refused.err())),
    }
}

/// Finds everything that is wrong with a document that was refused.
#[cold]
#[inline(never)]
fn diagnose<T: DeserializeOwned>(
    text: &str,
    deny_unknown: bool,
    first: Option<serde_json::Error>,
) -> Error {
    if let Some(malformed) = malformed(text) {
        return malformed;
    }
    let rules = Rules {
        root: "body",
        pointers: true,
        deny_unknown,
    };
    let problems = match tree::parse(text).map(|node| tree::bind::<T>(&node, rules)) {
        Some(Err(problems)) => problems,
        // The type accepts the tree but not the text: all that is known is
        // that it was refused.
        Some(Ok(_)) | None => {
            let refused = first.map_or(codes::UNKNOWN_FIELD, |_| codes::INVALID_VALUE);
            let root = FieldPath::root("body");
            return Error::new(ErrorKind::Validation).field(root, refused, "invalid value");
        }
    };
    into_error(problems)
}

pub(super) fn into_error(problems: Problems) -> Error {
    let error = Error::new(ErrorKind::Validation).fields(problems.fields);
    if problems.surplus > 0 {
        return error.detail("truncated_fields", problems.surplus);
    }
    error
}

fn malformed(text: &str) -> Option<Error> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    let root = FieldPath::root("body");
    Some(
        Error::new(ErrorKind::Validation)
            .field(root, codes::INVALID_JSON, "not valid JSON")
            .detail("line", error.line())
            .detail("column", error.column()),
    )
}

fn empty() -> Error {
    let root = FieldPath::root("body");
    Error::new(ErrorKind::Required).field(root, codes::MISSING_FIELD, "required")
}

fn too_deep(text: &str, max_depth: usize) -> Error {
    // A text that is not JSON is malformed, however many brackets it has.
    malformed(text).unwrap_or_else(|| {
        let message = format!("nested deeper than {max_depth} levels");
        let root = FieldPath::root("body");
        Error::new(ErrorKind::Validation)
            .field(root, codes::TOO_DEEP, message)
            .detail("max_depth", max_depth)
    })
}

fn is_too_deep(text: &str, max_depth: usize) -> bool {
    // Counting brackets wherever they stand is fast, and nearly every document
    // has fewer than the limit. `[` and `{` differ in one bit.
    let brackets = text.bytes().filter(|b| b | 0x20 == b'{').count();
    brackets > max_depth && depth(text) > max_depth
}

/// Deepest nesting outside strings.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
