//! Merges, redacts, sorts and bounds the fields of a record.

use std::borrow::Cow;

use serde_json::Value;
use smallvec::SmallVec;

use crate::{ErrorChain, FieldValue, Fields, Key, Redactor, Text, encode::EncodeField, limits};

/// Names the logger itself may add to a record in any format.
const OWN_NAMES: [&str; 2] = ["truncated", SUPPRESSED];
/// Carries how many records sampling left out before this one.
pub(crate) const SUPPRESSED: &str = "suppressed";

/// What happened to the values of one record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) redacted: u64,
    pub(crate) truncated: bool,
}

/// Fields inherited by every record of a derived logger, redacted and bounded once.
#[derive(Clone, Debug, Default)]
pub(crate) struct BaseFields {
    fields: Fields,
    truncated: bool,
}

impl BaseFields {
    /// Adds fields on top of these; later ones win.
    pub(crate) fn extended(&self, fields: &Fields, redactor: &Redactor) -> (Self, Changes) {
        let mut changes = Changes {
            truncated: self.truncated,
            ..Changes::default()
        };
        let mut merged = self.fields.clone();
        for (key, value) in fields.iter() {
            let shown = show(redactor, key, value, &mut changes);
            merged.set(cut_key(key, &mut changes).into_owned(), shown.into_owned());
        }
        (
            Self {
                fields: merged,
                truncated: changes.truncated,
            },
            changes,
        )
    }
}

pub(crate) type Prepared<'a> = SmallVec<[EncodeField<'a>; 16]>;

/// How an encoder wants fields to arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'a> {
    pub(crate) reserved: &'a [&'static str],
    pub(crate) error_chains: bool,
}

/// The fields of a record, sorted, each name once.
pub(crate) fn prepare<'a>(
    base: &'a BaseFields,
    calls: &'a [&'a Fields],
    redactor: &Redactor,
    layout: Layout<'_>,
    changes: &mut Changes,
) -> Prepared<'a> {
    changes.truncated |= base.truncated;
    let mut prepared = Prepared::new();
    prepared.extend(base.fields.iter().map(|(key, value)| EncodeField {
        key: Cow::Borrowed(key),
        value: Cow::Borrowed(value),
    }));
    for (key, value) in calls.iter().flat_map(|fields| fields.iter()) {
        prepared.push(EncodeField {
            key: cut_key(key, changes),
            value: show(redactor, key, value, changes),
        });
    }
    merge(&mut prepared);
    rename_reserved(&mut prepared, layout.reserved);
    if layout.error_chains {
        list_error_chains(&mut prepared);
    }
    if prepared.len() > limits::ENTRIES_MAX {
        prepared.truncate(limits::ENTRIES_MAX);
        changes.truncated = true;
    }
    prepared
}

/// Sorts by name; of equal names the last one stays.
fn merge(fields: &mut Prepared<'_>) {
    fields.sort_by(|left, right| left.key.cmp(&right.key));
    fields.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
}

/// Gives caller fields with a reserved name the prefix `field.`, repeated while
/// the new name is taken.
fn rename_reserved(fields: &mut Prepared<'_>, reserved: &[&str]) {
    let is_reserved = |key: &str| OWN_NAMES.contains(&key) || reserved.contains(&key);
    if !fields.iter().any(|field| is_reserved(&field.key)) {
        return;
    }
    for index in 0..fields.len() {
        if is_reserved(&fields[index].key) {
            let mut name = format!("field.{}", fields[index].key);
            while fields.iter().any(|field| field.key == name) {
                name.insert_str(0, "field.");
            }
            fields[index].key = Cow::Owned(name);
        }
    }
    fields.sort_by(|left, right| left.key.cmp(&right.key));
}

/// Adds `<name>.chain` beside errors that have causes; a caller's field of that
/// name stays.
fn list_error_chains(fields: &mut Prepared<'_>) {
    let mut lists = Prepared::new();
    for field in fields.iter() {
        let FieldValue::Error(chain) = &*field.value else {
            continue;
        };
        let key = format!("{}.chain", field.key);
        if chain.links().len() > 1 && !fields.iter().any(|other| other.key == key) {
            let links = chain.links().iter().cloned().map(FieldValue::Str).collect();
            lists.push(EncodeField {
                key: Cow::Owned(key),
                value: Cow::Owned(FieldValue::List(links)),
            });
        }
    }
    if !lists.is_empty() {
        fields.extend(lists);
        fields.sort_by(|left, right| left.key.cmp(&right.key));
    }
}

/// Adds the count of suppressed records in its place.
pub(crate) fn add_suppressed(fields: &mut Prepared<'_>, count: u64) {
    let at = fields.partition_point(|field| &*field.key < SUPPRESSED);
    let value = Cow::Owned(FieldValue::U64(count));
    fields.insert(
        at,
        EncodeField {
            key: Cow::Borrowed(SUPPRESSED),
            value,
        },
    );
}

fn cut_key<'a>(key: &'a str, changes: &mut Changes) -> Cow<'a, str> {
    match cut(key, limits::KEY_BYTES_MAX, changes) {
        Some(cut) => Cow::Owned(cut),
        None => Cow::Borrowed(key),
    }
}

fn show<'a>(
    redactor: &Redactor,
    key: &str,
    value: &'a FieldValue,
    changes: &mut Changes,
) -> Cow<'a, FieldValue> {
    let redacted = redactor.entry(key, value, &mut changes.redacted);
    let bounded = bound(redacted.as_ref().unwrap_or(value), 0, changes);
    bounded
        .or(redacted)
        .map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The message, redacted and bounded.
pub(crate) fn show_message<'a>(
    redactor: &Redactor,
    message: &'a str,
    changes: &mut Changes,
) -> Cow<'a, str> {
    changes.truncated |= message.len() > limits::SCAN_BYTES_MAX;
    let shown = redactor.counted_text(message, &mut changes.redacted);
    match cut(&shown, limits::STRING_BYTES_MAX, changes) {
        Some(cut) => Cow::Owned(cut),
        None => shown,
    }
}

/// The value within the bounds; `None` when it is within them already.
fn bound(value: &FieldValue, depth: usize, changes: &mut Changes) -> Option<FieldValue> {
    match value {
        FieldValue::Str(text) => {
            cut(text, limits::STRING_BYTES_MAX, changes).map(|text| FieldValue::Str(text.into()))
        }
        FieldValue::Error(chain) => bound_error(chain, changes),
        FieldValue::Bytes(bytes) => {
            changes.truncated |= bytes.len() > limits::BINARY_BYTES_MAX;
            None
        }
        FieldValue::List(_) | FieldValue::Map(_) | FieldValue::Json(_)
            if depth >= limits::DEPTH_MAX && is_container(value) =>
        {
            changes.truncated = true;
            Some(FieldValue::Str(Text::from_static(limits::ELLIPSIS)))
        }
        FieldValue::List(items) => bound_items(items, changes, |item, changes| {
            bound(item, depth + 1, changes)
        })
        .map(FieldValue::List),
        FieldValue::Map(entries) => bound_items(entries, changes, |(key, value), changes| {
            bound_entry(key, value, depth, changes)
        })
        .map(FieldValue::Map),
        FieldValue::Json(json) => bound_json(json, depth, changes).map(FieldValue::Json),
        _ => None,
    }
}

fn is_container(value: &FieldValue) -> bool {
    match value {
        FieldValue::Json(json) => json.is_array() || json.is_object(),
        _ => true,
    }
}

fn bound_entry(
    key: &Key,
    value: &FieldValue,
    depth: usize,
    changes: &mut Changes,
) -> Option<(Key, FieldValue)> {
    let name = cut(key.as_str(), limits::KEY_BYTES_MAX, changes).map(Key::from);
    let shown = bound(value, depth + 1, changes);
    (name.is_some() || shown.is_some()).then(|| {
        (
            name.unwrap_or_else(|| key.clone()),
            shown.unwrap_or_else(|| value.clone()),
        )
    })
}

fn bound_error(chain: &ErrorChain, changes: &mut Changes) -> Option<FieldValue> {
    let total: usize = chain.links().iter().map(|link| link.len() + 2).sum();
    if total <= limits::STRING_BYTES_MAX {
        return None;
    }
    let mut room = limits::STRING_BYTES_MAX;
    let mut links = Vec::new();
    for link in chain.links() {
        if room <= limits::ELLIPSIS.len() {
            break;
        }
        links.push(cut(link, room, changes).unwrap_or_else(|| link.to_string()));
        room = room.saturating_sub(link.len() + 2);
    }
    changes.truncated = true;
    Some(FieldValue::Error(ErrorChain::from_links(links)))
}

fn bound_items<T: Clone>(
    items: &[T],
    changes: &mut Changes,
    mut change: impl FnMut(&T, &mut Changes) -> Option<T>,
) -> Option<Vec<T>> {
    let kept = &items[..items.len().min(limits::ENTRIES_MAX)];
    let mut bounded = (kept.len() < items.len()).then(|| kept.to_vec());
    changes.truncated |= bounded.is_some();
    for (index, item) in kept.iter().enumerate() {
        if let Some(item) = change(item, changes) {
            bounded.get_or_insert_with(|| kept.to_vec())[index] = item;
        }
    }
    bounded
}

fn bound_json(json: &Value, depth: usize, changes: &mut Changes) -> Option<Value> {
    match json {
        Value::String(text) => cut(text, limits::STRING_BYTES_MAX, changes).map(Value::String),
        Value::Array(_) | Value::Object(_) if depth >= limits::DEPTH_MAX => {
            changes.truncated = true;
            Some(limits::ELLIPSIS.into())
        }
        Value::Array(items) => bound_items(items, changes, |item, changes| {
            bound_json(item, depth + 1, changes)
        })
        .map(Value::Array),
        Value::Object(members) => bound_members(members, depth, changes),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn bound_members(
    members: &serde_json::Map<String, Value>,
    depth: usize,
    changes: &mut Changes,
) -> Option<Value> {
    let mut differs = members.len() > limits::ENTRIES_MAX;
    changes.truncated |= differs;
    let mut bounded = serde_json::Map::new();
    for (key, value) in members.iter().take(limits::ENTRIES_MAX) {
        let name = cut(key, limits::KEY_BYTES_MAX, changes);
        let shown = bound_json(value, depth + 1, changes);
        differs |= name.is_some() || shown.is_some();
        bounded.insert(
            name.unwrap_or_else(|| key.clone()),
            shown.unwrap_or_else(|| value.clone()),
        );
    }
    differs.then_some(Value::Object(bounded))
}

/// A prefix of at most `max` bytes that says it is one; `None` when all fits.
fn cut(text: &str, max: usize, changes: &mut Changes) -> Option<String> {
    if text.len() <= max {
        return None;
    }
    changes.truncated = true;
    let kept = limits::prefix(text, max - limits::ELLIPSIS.len());
    Some([kept, limits::ELLIPSIS].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Layout<'_> = Layout {
        reserved: &["time", "level", "msg"],
        error_chains: true,
    };

    fn prepared(base: &Fields, calls: &[&Fields]) -> (Vec<(String, FieldValue)>, Changes) {
        let redactor = Redactor::standard();
        let (base, mut changes) = BaseFields::default().extended(base, &redactor);
        let fields = prepare(&base, calls, &redactor, JSON, &mut changes)
            .into_iter()
            .map(|field| (field.key.into_owned(), field.value.into_owned()))
            .collect();
        (fields, changes)
    }

    fn named(fields: &[(&str, FieldValue)]) -> Vec<(String, FieldValue)> {
        fields
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn later_sets_win_and_names_are_sorted() {
        let (fields, _) = prepared(
            &Fields::new().with("z", 1).with("a", 1),
            &[
                &Fields::new().with("m", 2).with("a", 2),
                &Fields::new().with("a", 3),
            ],
        );
        assert_eq!(
            fields,
            named(&[("a", 3.into()), ("m", 2.into()), ("z", 1.into())])
        );
    }

    #[test]
    fn reserved_names_are_kept_beside_their_namesakes() {
        let (fields, _) = prepared(
            &Fields::new().with("level", "a").with("field.level", "b"),
            &[&Fields::new().with("level", "c").with("truncated", false)],
        );
        assert_eq!(
            fields,
            named(&[
                ("field.field.level", "c".into()),
                ("field.level", "b".into()),
                ("field.truncated", false.into()),
            ])
        );
    }

    #[test]
    fn bounds_hold_and_are_reported() {
        let deep = (0..40).fold(FieldValue::from(1), |inner, _| {
            FieldValue::List(vec![inner])
        });
        let wide = FieldValue::List(vec![FieldValue::from(1); 1000]);
        let long = "é".repeat(10_000);
        for value in [
            deep,
            wide,
            long.into(),
            serde_json::json!([vec![0; 1000]]).into(),
        ] {
            let (_, changes) = prepared(&Fields::new(), &[&Fields::new().with("k", value)]);
            assert!(changes.truncated);
        }
        let many: Fields = (0..300).map(|n| (format!("k{n:03}"), n)).collect();
        let (fields, changes) = prepared(&Fields::new(), &[&many]);
        assert_eq!((fields.len(), changes.truncated), (256, true));
        assert_eq!(fields[255].0, "k255");
    }

    #[test]
    fn what_fits_exactly_is_not_cut() {
        let exact = "x".repeat(limits::STRING_BYTES_MAX);
        let (fields, changes) =
            prepared(&Fields::new(), &[&Fields::new().with("k", exact.as_str())]);
        assert!(!changes.truncated);
        assert_eq!(fields[0].1.as_str(), Some(exact.as_str()));
    }

    #[test]
    fn error_chains_become_lists_beside_their_error() {
        let chain = ErrorChain::from_links(["save", "disk full"]);
        let fields = Fields::new()
            .with("error", chain.clone())
            .with("error-x", 1);
        let (fields, _) = prepared(&Fields::new(), &[&fields]);
        assert_eq!(
            fields,
            named(&[
                ("error", chain.into()),
                ("error-x", 1.into()),
                ("error.chain", vec!["save", "disk full"].into()),
            ])
        );
    }
}
