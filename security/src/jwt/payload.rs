//! What a token of ours says, as it stands between the dots.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::TokenType;
use super::json::{Name, Seen, Strict};
use super::wire::Seconds;

/// Most members of `ext`.
pub(super) const EXT_MEMBERS_MAX: usize = 32;
/// Longest `ext`, in bytes of JSON.
pub(super) const EXT_BYTES_MAX: usize = 4 * 1024;

/// The names of members, which `ext` may not use.
pub(super) const MEMBERS: [&str; 14] = [
    "iss",
    "aud",
    "sub",
    "ver",
    "iat",
    "nbf",
    "exp",
    "jti",
    "kid",
    "token_type",
    "roles",
    "permissions",
    "tenant_id",
    "ext",
];

/// What is written.
pub(super) struct Outgoing<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: &'a [String],
    pub(super) subject: &'a str,
    pub(super) version: i64,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
    pub(super) token_id: &'a str,
    pub(super) key_id: &'a str,
    pub(super) token_type: TokenType,
    pub(super) roles: &'a [String],
    pub(super) permissions: &'a [String],
    pub(super) tenant_id: Option<&'a str>,
    pub(super) ext: &'a Map<String, Value>,
}

impl Serialize for Outgoing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if let Some(issuer) = self.issuer {
            object.serialize_entry("iss", issuer)?;
        }
        match self.audience {
            [] => {}
            [only] => object.serialize_entry("aud", only)?,
            several => object.serialize_entry("aud", several)?,
        }
        object.serialize_entry("sub", self.subject)?;
        object.serialize_entry("ver", &self.version)?;
        object.serialize_entry("iat", &self.issued_at)?;
        object.serialize_entry("nbf", &self.issued_at)?;
        object.serialize_entry("exp", &self.expires_at)?;
        object.serialize_entry("jti", self.token_id)?;
        object.serialize_entry("kid", self.key_id)?;
        object.serialize_entry("token_type", self.token_type.as_str())?;
        for (name, list) in [("roles", self.roles), ("permissions", self.permissions)] {
            if !list.is_empty() {
                object.serialize_entry(name, list)?;
            }
        }
        if let Some(tenant) = self.tenant_id {
            object.serialize_entry("tenant_id", tenant)?;
        }
        if !self.ext.is_empty() {
            object.serialize_entry("ext", self.ext)?;
        }
        object.end()
    }
}

/// What is read, after the signature was checked. What the steps of
/// verification ask for one by one may be missing here.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<Vec<String>>,
    pub(super) subject: Option<String>,
    pub(super) version: i64,
    pub(super) issued_at: Option<i64>,
    pub(super) not_before: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) token_id: String,
    pub(super) key_id: Option<String>,
    pub(super) token_type: Option<TokenType>,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) ext: Map<String, Value>,
}

impl Incoming {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        members: &mut A,
    ) -> Result<(), A::Error> {
        match name {
            "iss" => self.issuer = Some(members.next_value()?),
            "aud" => self.audience = Some(members.next_value::<Audience>()?.0),
            "sub" => self.subject = Some(members.next_value()?),
            "ver" => self.version = members.next_value::<Seconds>()?.0,
            "iat" => self.issued_at = Some(members.next_value::<Seconds>()?.0),
            "nbf" => self.not_before = Some(members.next_value::<Seconds>()?.0),
            "exp" => self.expires_at = Some(members.next_value::<Seconds>()?.0),
            "jti" => self.token_id = members.next_value()?,
            "kid" => self.key_id = Some(members.next_value()?),
            "token_type" => {
                self.token_type = Some(match &*members.next_value::<Name<'de>>()?.0 {
                    "access" => TokenType::Access,
                    "refresh" => TokenType::Refresh,
                    _ => return Err(de::Error::custom("an unknown type of token")),
                });
            }
            "roles" => self.roles = members.next_value()?,
            "permissions" => self.permissions = members.next_value()?,
            "tenant_id" => self.tenant_id = Some(members.next_value()?),
            "ext" => match members.next_value::<Strict>()?.0 {
                Value::Object(ext) if ext.len() <= EXT_MEMBERS_MAX => self.ext = ext,
                _ => return Err(de::Error::custom("`ext` is no small object")),
            },
            // Of an instance that is newer.
            _ => drop(members.next_value::<Strict>()?),
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Incoming {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PayloadVisitor;

        impl<'de> Visitor<'de> for PayloadVisitor {
            type Value = Incoming;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a payload")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Incoming, A::Error> {
                let (mut payload, mut seen) = (Incoming::default(), Seen::default());
                let (mut has_version, mut has_id) = (false, false);
                while let Some(name) = members.next_key::<Name<'de>>()? {
                    seen.note::<A::Error>(&name)?;
                    has_version |= name.0 == "ver";
                    has_id |= name.0 == "jti";
                    payload.read(&name.0, &mut members)?;
                }
                if !has_version || !has_id || payload.token_type.is_none() {
                    return Err(de::Error::custom("a member is missing"));
                }
                Ok(payload)
            }
        }

        deserializer.deserialize_map(PayloadVisitor)
    }
}

/// One audience or several.
struct Audience(Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AudienceVisitor;

        impl<'de> Visitor<'de> for AudienceVisitor {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E>(self, only: &str) -> Result<Audience, E> {
                Ok(Audience(vec![only.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Audience, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Audience(list))
            }
        }

        deserializer.deserialize_any(AudienceVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Incoming> {
        serde_json::from_str(text).ok()
    }

    const LEAST: &str = r#""ver":0,"jti":"j","token_type":"access""#;

    #[test]
    fn a_payload_has_its_shape() {
        assert!(read(&format!("{{{LEAST}}}")).is_some());
        let with = |member: &str| read(&format!("{{{LEAST},{member}}}"));
        assert_eq!(with(r#""aud":"a""#).unwrap().audience.unwrap(), ["a"]);
        assert_eq!(
            with(r#""aud":["a","b"]"#).unwrap().audience.unwrap(),
            ["a", "b"]
        );
        assert_eq!(with(r#""new":{"x":1}"#).unwrap().token_id, "j");
        for member in [
            r#""iss":1"#,
            r#""iss":null"#,
            r#""aud":[1]"#,
            r#""aud":{}"#,
            r#""sub":["x"]"#,
            r#""iat":"1""#,
            r#""iat":1.5"#,
            r#""exp":1e20"#,
            r#""nbf":null"#,
            r#""kid":1"#,
            r#""roles":"admin""#,
            r#""permissions":[1]"#,
            r#""tenant_id":1"#,
            r#""ext":[]"#,
            r#""ext":{"a":1,"a":2}"#,
            r#""ver":1"#,
            r#""new":{"x":1,"x":2}"#,
        ] {
            assert!(with(member).is_none(), "{member}");
        }
        for text in [
            "{}",
            "[]",
            r#"{"jti":"j","token_type":"access"}"#,
            r#"{"ver":0,"token_type":"access"}"#,
            r#"{"ver":0,"jti":"j"}"#,
            r#"{"ver":0,"jti":"j","token_type":"id"}"#,
            r#"{"ver":0.5,"jti":"j","token_type":"access"}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        let ext: Vec<_> = (0..33).map(|i| format!("\"m{i}\":0")).collect();
        assert!(with(&format!("\"ext\":{{{}}}", ext[..32].join(","))).is_some());
        assert!(with(&format!("\"ext\":{{{}}}", ext.join(","))).is_none());
    }
}
