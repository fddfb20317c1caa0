use std::fmt;

use http::StatusCode;

/// A status from 200 to 299: what a reply may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuccessStatus(StatusCode);

impl SuccessStatus {
    /// 200.
    pub const OK: Self = Self(StatusCode::OK);
    /// 201.
    pub const CREATED: Self = Self(StatusCode::CREATED);
    /// 202.
    pub const ACCEPTED: Self = Self(StatusCode::ACCEPTED);
    /// 204; without body.
    pub const NO_CONTENT: Self = Self(StatusCode::NO_CONTENT);
    /// 205; without body.
    pub const RESET_CONTENT: Self = Self(StatusCode::RESET_CONTENT);

    /// The status.
    #[must_use]
    pub const fn get(self) -> StatusCode {
        self.0
    }

    /// False for 204 and 205, which carry no body (RFC 9110).
    #[must_use]
    pub fn has_body(self) -> bool {
        self != Self::NO_CONTENT && self != Self::RESET_CONTENT
    }
}

/// The status is no success and cannot be that of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidResponseStatus(u16);

impl fmt::Display for InvalidResponseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not a success status; answer with an error instead",
            self.0
        )
    }
}

impl std::error::Error for InvalidResponseStatus {}

impl TryFrom<StatusCode> for SuccessStatus {
    type Error = InvalidResponseStatus;

    fn try_from(status: StatusCode) -> Result<Self, Self::Error> {
        if status.is_success() {
            Ok(Self(status))
        } else {
            Err(InvalidResponseStatus(status.as_u16()))
        }
    }
}

impl TryFrom<u16> for SuccessStatus {
    type Error = InvalidResponseStatus;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        StatusCode::from_u16(status)
            .map_err(|_| InvalidResponseStatus(status))
            .and_then(Self::try_from)
    }
}
