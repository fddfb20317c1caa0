use std::str::FromStr;

use http::HeaderName;

use crate::error::code::field as codes;
use crate::{Error, ErrorKind, FieldPath, Request};

/// Reads one header; `None` when it is absent.
///
/// # Errors
/// `400 validation_error` at `header.<name>`: `duplicate_field` when it was
/// given several times, `invalid_encoding` when it is not visible ASCII,
/// `type_mismatch` when it does not parse.
///
/// ```
/// use plumego_contract::{Body, Request, bind};
/// use http::header::MAX_FORWARDS;
///
/// let mut request = Request::new(Body::empty());
/// assert_eq!(bind::header::<u8>(&request, &MAX_FORWARDS).unwrap(), None);
/// request.headers_mut().insert(MAX_FORWARDS, "7".parse().unwrap());
/// assert_eq!(bind::header::<u8>(&request, &MAX_FORWARDS).unwrap(), Some(7));
/// ```
pub fn header<T: FromStr>(request: &Request, name: &HeaderName) -> Result<Option<T>, Error> {
    let mut values = request.headers().get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let refused = |code, message| {
        let path = FieldPath::root("header").name(name.as_str());
        Error::new(ErrorKind::Validation).field(path, code, message)
    };
    if values.next().is_some() {
        return Err(refused(codes::DUPLICATE_FIELD, "given more than once"));
    }
    let text = value
        .to_str()
        .map_err(|_| refused(codes::INVALID_ENCODING, "not visible ASCII"))?;
    let parsed = text.trim().parse().map_err(|_| {
        let message = "the text is not of the form this value requires";
        refused(codes::TYPE_MISMATCH, message)
    });
    parsed.map(Some)
}
