//! What is known of objects.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Metadata, ObjectPath};

/// What was stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileRecord {
    /// What tells it from every other record.
    pub id: String,
    /// What the file was called where it came from.
    pub name: String,
    /// Where it is.
    pub path: ObjectPath,
    /// Bytes of its content.
    pub size: u64,
    /// Its media type.
    pub mime_type: String,
    /// Its extension, without the dot; empty if it has none.
    pub extension: String,
    /// SHA-256 of its content, in lower-case hexadecimal.
    pub hash: String,
    /// The backend that has it.
    pub storage_type: String,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// When it was stored.
    #[serde(with = "rfc3339")]
    pub created_at: SystemTime,
    /// When it last changed.
    #[serde(with = "rfc3339")]
    pub updated_at: SystemTime,
    /// When it was last read, where that is recorded.
    #[serde(
        default,
        with = "rfc3339_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_access_at: Option<SystemTime>,
    /// When it was deleted, where records outlive their objects.
    #[serde(
        default,
        with = "rfc3339_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_at: Option<SystemTime>,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileStat {
    /// Where it is.
    pub path: ObjectPath,
    /// Bytes of its content.
    pub size: u64,
    /// When it last changed.
    #[serde(with = "rfc3339")]
    pub modified_at: SystemTime,
    /// Whether it is a directory, which no object is.
    pub is_dir: bool,
    /// Its media type.
    pub content_type: String,
    /// What tells this version from every other, as an entity tag with its
    /// quotes; `None` where a backend has none.
    pub etag: Option<String>,
}

impl FileStat {
    /// What a backend knows of an object.
    #[must_use]
    pub const fn new(
        path: ObjectPath,
        size: u64,
        modified_at: SystemTime,
        content_type: String,
        etag: Option<String>,
    ) -> Self {
        Self {
            path,
            size,
            modified_at,
            is_dir: false,
            content_type,
            etag,
        }
    }
}

/// Which records somebody looks for, where records are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileQuery {
    /// Of this media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Stored at this moment or later.
    #[serde(with = "rfc3339_option", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<SystemTime>,
    /// Stored before this moment.
    #[serde(with = "rfc3339_option", skip_serializing_if = "Option::is_none")]
    pub end_time: Option<SystemTime>,
    /// Which page, from 1; 0 is the first, too.
    pub page: u32,
    /// Records of a page; 0 leaves it to whoever answers.
    pub page_size: u32,
    /// The order, by names of whoever answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
}

/// Moments as RFC 3339 texts in UTC.
mod rfc3339 {
    use super::{Deserialize, Deserializer, Serialize, Serializer, SystemTime, de};
    use serde::ser;

    pub(super) fn serialize<S: Serializer>(
        at: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let timestamp = jiff::Timestamp::try_from(*at).map_err(ser::Error::custom)?;
        timestamp.to_string().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let timestamp: jiff::Timestamp = text.parse().map_err(de::Error::custom)?;
        Ok(timestamp.into())
    }
}

/// The same for moments that may be missing.
mod rfc3339_option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, SystemTime, rfc3339};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Moment(#[serde(with = "rfc3339")] SystemTime);

    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        at: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(Moment).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| moment.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_record_has_these_names_in_json() {
        let record = FileRecord {
            id: "17".into(),
            name: "a.txt".into(),
            path: ObjectPath::parse("d/a.txt").unwrap(),
            size: 1,
            mime_type: "text/plain".into(),
            extension: "txt".into(),
            hash: "00".into(),
            storage_type: "memory".into(),
            metadata: Metadata::new(),
            created_at: SystemTime::UNIX_EPOCH,
            updated_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500),
            last_access_at: None,
            deleted_at: None,
        };
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(
            json,
            "{\"id\":\"17\",\"name\":\"a.txt\",\"path\":\"d/a.txt\",\"size\":1,\
             \"mime_type\":\"text/plain\",\"extension\":\"txt\",\"hash\":\"00\",\
             \"storage_type\":\"memory\",\"created_at\":\"1970-01-01T00:00:00Z\",\
             \"updated_at\":\"1970-01-01T00:00:01.5Z\"}"
        );
        assert_eq!(serde_json::from_str::<FileRecord>(&json).unwrap(), record);
        let deleted = FileRecord {
            deleted_at: Some(record.updated_at),
            ..record
        };
        let json = serde_json::to_string(&deleted).unwrap();
        assert_eq!(serde_json::from_str::<FileRecord>(&json).unwrap(), deleted);
        let outside = json.replace("d/a.txt", "../a.txt");
        assert!(serde_json::from_str::<FileRecord>(&outside).is_err());
    }
}
