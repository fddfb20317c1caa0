//! Reading values from text: flags, environment variables, strings in files,
//! path parameters, form fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::nested;
use crate::context::Ctx;
use crate::fault::Outcome;
use crate::meta::{Kind, TypeDesc};
use crate::validate::{Path, Problems, code, constraints, echo};
use crate::value::Value;

/// Why text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// Not in groups of four.
    Length,
    /// A character that is no digit.
    Character,
    /// Padding in the wrong place, or bits after the end.
    Padding,
}

/// Reads padded base64 of the standard alphabet.
///
/// # Errors
///
/// What is wrong first: the length, then the characters, then the padding.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    if !text.len().is_multiple_of(4) {
        return Err(Base64Error::Length);
    }
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if !text.bytes().all(is_digit) {
        return Err(Base64Error::Character);
    }
    STANDARD.decode(text).map_err(|_| Base64Error::Padding)
}

/// The message for text that is not base64.
pub(super) fn base64_message(error: Base64Error) -> String {
    let reason = match error {
        Base64Error::Length => "length",
        Base64Error::Character => "character",
        Base64Error::Padding => "padding",
    };
    format!("invalid Bytes (base64): invalid base64 {reason}")
}

/// How text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextOptions {
    /// Whether the text is never to be shown in a message.
    pub redact: bool,
}

/// Whether text stands for null where a value may be absent.
pub(super) fn is_null(text: &str) -> bool {
    text.is_empty() || text == "null"
}

/// Reads text as a value of type `desc` and checks its constraints; nothing if
/// there is a problem, which is reported at `path`.
///
/// # Errors
///
/// A default or predicate faulted.
pub fn decode_text(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    text: &str,
    options: TextOptions,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Outcome<Option<Value>> {
    let path = &path.secret(options.redact);
    if desc.kind == Kind::Option {
        if is_null(text) {
            return Ok(Some(Value::Null));
        }
        return decode_text(ctx, desc.elem(), text, options, path, problems);
    }
    let shown = |text: &str| match path.is_secret() {
        true => "<redacted>".to_owned(),
        false => echo(text).into_owned(),
    };
    let value = match desc.kind {
        Kind::Int => {
            int(text).map_err(|code| (code, format!("invalid Int: {}", shown(text.trim_ascii()))))
        }
        Kind::Float => float(text)
            .map_err(|code| (code, format!("invalid Float: {}", shown(text.trim_ascii())))),
        Kind::Bool => match text {
            _ if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            _ if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            _ => Err((
                code::TYPE_MISMATCH,
                format!("invalid Bool: {}", shown(text)),
            )),
        },
        Kind::String | Kind::Id | Kind::Email => Ok(Value::text(text)),
        Kind::Bytes => match decode_base64(text) {
            Ok(bytes) => Ok(Value::bytes(&bytes)),
            Err(error) => Err((code::INVALID_ENCODING, base64_message(error))),
        },
        // The bare name of a variant, or the object that JSON has for it.
        Kind::Enum if desc.is_payload_free() && !text.trim_start().starts_with('{') => {
            match desc
                .variant_index(text)
                .and_then(|tag| u16::try_from(tag).ok())
            {
                Some(tag) => Ok(Value::variant(desc, tag, [])),
                None => Err((
                    code::INVALID_VARIANT,
                    format!("unknown variant {}", shown(text)),
                )),
            }
        }
        // Checks the constraints, too.
        _ => return nested(ctx, desc, text, path, problems),
    };
    match value {
        Ok(value) => {
            let before = problems.len();
            constraints(ctx, desc, value.peek(), path, problems)?;
            Ok((problems.len() == before).then_some(value))
        }
        Err((code, message)) => {
            problems.add(path, code, message);
            Ok(None)
        }
    }
}

/// An optional minus and digits, with white space around; otherwise the code of
/// what is wrong.
pub(crate) fn int(text: &str) -> Result<Value, &'static str> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(code::TYPE_MISMATCH);
    }
    text.parse().map(Value::Int).map_err(|_| code::OUT_OF_RANGE)
}

/// A decimal number, with or without exponent, with white space around; otherwise
/// the code of what is wrong.
pub(crate) fn float(text: &str) -> Result<Value, &'static str> {
    let text = text.trim_ascii();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if ![whole, fraction, exponent].into_iter().all(is_digits) {
        return Err(code::TYPE_MISMATCH);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Value::Float(value)),
        Ok(_) => Err(code::OUT_OF_RANGE),
        Err(_) => Err(code::TYPE_MISMATCH),
    }
}
