//! Names of tables and columns.

use std::fmt;
use std::str::FromStr;

use super::{DbError, DbErrorKind, DbResult, Dialect};

/// Longest segment of a name, in bytes: what PostgreSQL keeps of one.
const SEGMENT_BYTES_MAX: usize = 63;

/// Most segments of a name: catalogue, schema, table.
const SEGMENTS_MAX: usize = 3;

/// A name that may be written into SQL text.
///
/// 1 to 3 segments of `[A-Za-z_][A-Za-z0-9_]*`, each at most 63 bytes. A name
/// is configuration, never request data.
///
/// ```
/// use plumego_store::db::{Dialect, Identifier};
///
/// let table = Identifier::parse("app.users")?;
/// assert_eq!(table.quoted(Dialect::Postgres), r#""app"."users""#);
/// assert_eq!(table.quoted(Dialect::MySql), "`app`.`users`");
/// assert!(Identifier::parse("users; drop table users").is_err());
/// # Ok::<(), plumego_store::db::DbError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(String);

impl Identifier {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` if it is not a name.
    pub fn parse(name: &str) -> DbResult<Self> {
        let good = |segment: &str| {
            let mut bytes = segment.bytes();
            let begins = bytes
                .next()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            begins
                && segment.len() <= SEGMENT_BYTES_MAX
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let segments = name.split('.').count();
        if segments <= SEGMENTS_MAX && name.split('.').all(good) {
            return Ok(Self(name.to_owned()));
        }
        let detail = format!(
            "`{}` is not a name: use 1 to 3 segments of letters, digits and `_`, separated by `.`",
            crate::KeyExcerpt::of(name)
        );
        Err(DbError::new(
            DbErrorKind::InvalidConfig { detail },
            "identifier",
        ))
    }

    /// The name as it was parsed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, in order.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The name as it is written into SQL text of a dialect.
    #[must_use]
    pub fn quoted(&self, dialect: Dialect) -> String {
        let quote = dialect.quote();
        let mut text = String::with_capacity(self.0.len() + 6);
        for (index, segment) in self.segments().enumerate() {
            if index > 0 {
                text.push('.');
            }
            // No segment can hold a quote.
            text.extend([quote]);
            text.push_str(segment);
            text.extend([quote]);
        }
        text
    }
}

impl FromStr for Identifier {
    type Err = DbError;

    fn from_str(name: &str) -> DbResult<Self> {
        Self::parse(name)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.0)
    }
}
