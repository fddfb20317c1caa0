//! What a service answered, and what can be asked of an answer.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::Success;
use crate::client::shorten;
use crate::document::{ErrorDocument, ErrorMember, ReplyDocument};

/// Longest request id, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The contract and the service disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch(String);

impl Mismatch {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An answer, with the request it belongs to.
pub(crate) struct Answer {
    request: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    success: Success,
}

impl Answer {
    pub(crate) fn new(
        request: String,
        status: StatusCode,
        headers: HeaderMap,
        body: Vec<u8>,
        success: Success,
    ) -> Self {
        Self {
            request,
            status,
            headers,
            body,
            success,
        }
    }

    /// Reads an answer that ends with its connection.
    pub(crate) fn parse(request: String, bytes: &[u8], success: Success) -> Result<Self, Mismatch> {
        let (status, headers, body) = split(bytes).ok_or_else(|| {
            let shown = shorten(&String::from_utf8_lossy(bytes));
            Mismatch::new(format!("{request}: not an HTTP answer: {shown:?}"))
        })?;
        Ok(Self::new(request, status, headers, body, success))
    }

    /// A disagreement about this answer.
    pub(crate) fn mismatch(&self, what: impl fmt::Display) -> Mismatch {
        let body = shorten(&String::from_utf8_lossy(&self.body));
        Mismatch::new(format!(
            "{}: {what}\n    answer: {} {body}",
            self.request,
            self.status.as_u16()
        ))
    }

    pub(crate) fn require(&self, holds: bool, what: impl fmt::Display) -> Result<&Self, Mismatch> {
        if holds {
            Ok(self)
        } else {
            Err(self.mismatch(what))
        }
    }

    pub(crate) fn status(&self, expected: u16) -> Result<&Self, Mismatch> {
        let what = format_args!("status {expected} expected");
        self.require(self.status == expected, what)
    }

    pub(crate) fn status_code(&self) -> u16 {
        self.status.as_u16()
    }

    /// The value of a header that is sent once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok(),
            _ => None,
        }
    }

    pub(crate) fn has_header(&self, name: &str, expected: &str) -> Result<&Self, Mismatch> {
        match self.header(name) {
            Some(value) if value == expected => Ok(self),
            other => Err(self.mismatch(format_args!(
                "header `{name}: {expected}` expected, not {other:?}"
            ))),
        }
    }

    pub(crate) fn has_no_body(&self) -> Result<&Self, Mismatch> {
        self.require(self.body.is_empty(), "no body expected")
    }

    /// The request id, which every answer carries.
    pub(crate) fn request_id(&self) -> Result<&str, Mismatch> {
        let id = self.header("x-request-id").unwrap_or_default();
        let legal = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic());
        self.require(legal, "a legal X-Request-ID expected")?;
        Ok(id)
    }

    /// The headers of every JSON document.
    fn is_document(&self) -> Result<&Self, Mismatch> {
        self.has_header("content-type", "application/json")?
            .has_header("content-length", &self.body.len().to_string())?
            .has_header("x-content-type-options", "nosniff")?;
        self.request_id()?;
        Ok(self)
    }

    /// The data of a success.
    pub(crate) fn data<T>(&self, status: u16) -> Result<T, Mismatch>
    where
        T: Serialize + DeserializeOwned,
    {
        Ok(self.data_and_meta(status)?.0)
    }

    /// The data of a success, and what is said about it.
    pub(crate) fn data_and_meta<T>(
        &self,
        status: u16,
    ) -> Result<(T, Option<Box<RawValue>>), Mismatch>
    where
        T: Serialize + DeserializeOwned,
    {
        self.status(status)?.is_document()?;
        match self.success {
            Success::Bare => Ok((self.exactly::<T>()?, None)),
            Success::Reply => {
                let document = self.exactly::<ReplyDocument<T>>()?;
                self.names_request(Some(&document.request_id))?;
                Ok((document.data, document.meta))
            }
        }
    }

    /// The members of a success, whatever they are and in whatever order.
    pub(crate) fn members(&self, status: u16) -> Result<Map<String, Value>, Mismatch> {
        self.status(status)?.is_document()?;
        let document: Option<Value> = serde_json::from_slice(&self.body).ok();
        let members = match (self.success, document) {
            (Success::Bare, Some(Value::Object(members))) => Some(members),
            (Success::Reply, Some(Value::Object(mut reply))) => match reply.remove("data") {
                Some(Value::Object(members)) => Some(members),
                _ => None,
            },
            _ => None,
        };
        members.ok_or_else(|| self.mismatch("an object expected"))
    }

    /// The error of a failure, in the one envelope.
    pub(crate) fn error(&self, status: u16, code: &str) -> Result<ErrorMember, Mismatch> {
        self.status(status)?.is_document()?;
        self.has_header("cache-control", "no-store")?;
        let document = self.exactly::<ErrorDocument>()?;
        self.names_request(document.request_id.as_deref())?;
        let error = document.error;
        let what = format_args!("code `{code}` expected");
        self.require(error.code == code, what)?;
        error.check().map_err(|what| self.mismatch(what))?;
        Ok(error)
    }

    /// `400 validation_error` with exactly these problems, in this order.
    pub(crate) fn invalid(&self, expected: &[(&str, &str)]) -> Result<&Self, Mismatch> {
        let error = self.error(400, "validation_error")?;
        let fields = error.fields.iter().flatten();
        let found: Vec<_> = fields
            .map(|field| (field.path.as_str(), field.code.as_str()))
            .collect();
        let what = format_args!("fields {expected:?} expected");
        self.require(found == expected, what)
    }

    fn names_request(&self, id: Option<&str>) -> Result<&Self, Mismatch> {
        let same = id.is_some() && id == self.header("x-request-id");
        self.require(same, "the request id of the header expected in the body")
    }

    /// The body as a document of this form: its members, in its order, encoded
    /// without spaces, and nothing else.
    fn exactly<T: Serialize + DeserializeOwned>(&self) -> Result<T, Mismatch> {
        let document: T = serde_json::from_slice(&self.body)
            .map_err(|error| self.mismatch(format_args!("another document expected: {error}")))?;
        let canonical = serde_json::to_vec(&document)
            .map_err(|error| self.mismatch(format_args!("not writable: {error}")))?;
        let expected = String::from_utf8_lossy(&canonical);
        let what = format_args!("exactly {} expected", shorten(&expected));
        self.require(canonical == self.body, what)?;
        Ok(document)
    }
}

fn split(bytes: &[u8]) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some((status.parse().ok()?, headers, bytes[end + 4..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, success: Success) -> Answer {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-content-type-options: nosniff\r\ncache-control: no-store\r\nx-request-id: r-1\r\n\r\n",
            body.len()
        );
        let bytes = head + body;
        Answer::parse("GET /".to_owned(), bytes.as_bytes(), success).unwrap()
    }

    fn is_not_found(body: &str) -> bool {
        answer(404, body, Success::Reply)
            .error(404, "not_found")
            .is_ok()
    }

    #[test]
    fn the_error_envelope_is_taken_byte_by_byte() {
        let good = r#"{"error":{"code":"not_found","message":"no","category":"client_error","details":{"a":1,"b":2}},"request_id":"r-1"}"#;
        assert!(is_not_found(good));
        for bad in [
            good.replace(
                r#""code":"not_found","message":"no""#,
                r#""message":"no","code":"not_found""#,
            ),
            good.replace(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
            good.replace(r#","details""#, r#","type":"x","details""#),
            good.replace(r#","details""#, r#","fields":[],"details""#),
            good.replace(r#""no""#, r#""""#),
            good.replace(r#"{"a":1,"b":2}"#, "{}"),
            good.replace("client_error", "server_error"),
            good.replace("not_found", "gone"),
            good.replace("r-1", "r-2"),
            good.replace(r#","request_id":"r-1""#, ""),
            good.replace(':', ": "),
            format!("{good}\n"),
        ] {
            assert!(!is_not_found(&bad), "{bad}");
        }
    }

    #[test]
    fn field_problems_are_taken_byte_by_byte_and_in_order() {
        let good = r#"{"error":{"code":"validation_error","message":"no","category":"validation_error","fields":[{"path":"body.a","code":"too_long","message":"m","pointer":"/a","params":{"max":1}},{"path":"body.b","code":"missing_field","message":"m"}]},"request_id":"r-1"}"#;
        let expected = [("body.a", "too_long"), ("body.b", "missing_field")];
        assert!(answer(400, good, Success::Reply).invalid(&expected).is_ok());
        let reversed = [expected[1], expected[0]];
        assert!(
            answer(400, good, Success::Reply)
                .invalid(&reversed)
                .is_err()
        );
        assert!(
            answer(400, good, Success::Reply)
                .invalid(&expected[..1])
                .is_err()
        );
        assert!(
            answer(422, good, Success::Reply)
                .invalid(&expected)
                .is_err()
        );
        let without = r#"{"error":{"code":"validation_error","message":"no","category":"validation_error"},"request_id":"r-1"}"#;
        assert!(answer(400, without, Success::Reply).invalid(&[]).is_err());
    }

    #[test]
    fn success_is_wrapped_or_bare_as_the_service_says() {
        let wrapped = r#"{"data":[1],"meta":{"total":1},"request_id":"r-1"}"#;
        let data = |body: &str, success| answer(200, body, success).data::<Vec<u8>>(200).ok();
        assert_eq!(data(wrapped, Success::Reply), Some(vec![1]));
        assert_eq!(data(wrapped, Success::Bare), None);
        assert_eq!(data("[1]", Success::Bare), Some(vec![1]));
        assert_eq!(data("[1]", Success::Reply), None);
        assert_eq!(data("[1, 2]", Success::Bare), None);
        assert_eq!(
            data(r#"{"request_id":"r-1","data":[1]}"#, Success::Reply),
            None
        );
    }
}
