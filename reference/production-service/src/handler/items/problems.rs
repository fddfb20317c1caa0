//! What the domain refuses, in the words of the contract.

use plumego_contract::code::field::{MISSING_FIELD, OUT_OF_RANGE, TOO_LONG};
use plumego_contract::{Error, ErrorKind, FieldError, FieldPath};

use super::ListQuery;
use crate::domain::{Flaw, Page, Rejected, StoreError};

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Self::new(ErrorKind::Validation).fields(rejected.0.into_iter().map(field_error))
    }
}

/// The cause goes to the log, where the request id finds it.
impl From<StoreError> for Error {
    fn from(failed: StoreError) -> Self {
        Self::internal(failed)
    }
}

fn field_error(flaw: Flaw) -> FieldError {
    let body = FieldPath::root("body");
    match flaw {
        Flaw::NothingToChange => FieldError::new(body, MISSING_FIELD, "name or description"),
        Flaw::Missing(field) => {
            let path = body.name(field.name());
            FieldError::new(path, MISSING_FIELD, "required").pointer(format!("/{}", field.name()))
        }
        Flaw::TooLong { field, max } => {
            let path = body.name(field.name());
            FieldError::new(path, TOO_LONG, format!("at most {max} characters"))
                .pointer(format!("/{}", field.name()))
                .param("max", max)
        }
    }
}

/// The page a query asks for. A value out of range is refused, not moved into
/// it: the client would not notice that it got another page.
pub(super) fn page(query: &ListQuery) -> Result<Page, Error> {
    let limit = match query.limit {
        None => Ok(LIMIT_DEFAULT),
        Some(given) => usize::try_from(given)
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                let message = format!("from 1 to {LIMIT_MAX}");
                FieldError::new("query.limit", OUT_OF_RANGE, message)
                    .param("min", 1)
                    .param("max", LIMIT_MAX)
            }),
    };
    let offset = usize::try_from(query.offset.unwrap_or(0))
        .map_err(|_| FieldError::new("query.offset", OUT_OF_RANGE, "0 or more").param("min", 0));
    match (limit, offset) {
        (Ok(limit), Ok(offset)) => Ok(Page { limit, offset }),
        (limit, offset) => {
            let problems = [limit.err(), offset.err()];
            Err(Error::new(ErrorKind::Validation).fields(problems.into_iter().flatten()))
        }
    }
}
