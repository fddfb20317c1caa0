//! Nodes of markup: text, markup as it is, and elements.

use fuse_builtins::{is_attribute_name, is_void_tag};

use crate::display;
use crate::fault::{Fault, FaultCode, Outcome};
use crate::heap::{List, Map, Obj, Ref};
use crate::meta::{Kind, TypeDesc, well_known};
use crate::value::{Peek, Value};

/// A text node; it is escaped when rendered.
#[must_use]
pub fn text(text: Value) -> Value {
    Value::Ref(Ref::new_record(&well_known::HTML_TEXT, [text]))
}

/// Markup that is rendered as it is.
#[must_use]
pub fn raw(markup: Value) -> Value {
    Value::Ref(Ref::new_record(&well_known::HTML_RAW, [markup]))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultCode::HtmlInvalid, message)
}

/// The attributes of an element, as they are put together.
#[derive(Debug)]
pub struct Attributes(Ref);

impl Attributes {
    /// The attributes that a `Map<String, String>` names, or none.
    ///
    /// # Errors
    ///
    /// A name is none that an attribute can have.
    pub fn new(base: Option<Peek<'_>>) -> Outcome<Self> {
        let mut attributes = Ref::new_map(&well_known::MAP_OPTION_STRING, 0);
        let base = base.and_then(|base| base.as_kind(Kind::Map)).map(Obj::map);
        let mut target = attributes.map_mut();
        for (name, value) in base.iter().flat_map(|base| base.iter()) {
            check_name(name)?;
            target.set_value(name.to_value(), value.to_value());
        }
        Ok(Self(attributes))
    }

    /// Sets an attribute to the display form of a value; null leaves it out. Wins
    /// over what was set before.
    pub fn text(&mut self, name: &str, value: Peek<'_>) {
        let mut attributes = self.0.map_mut();
        match value {
            Peek::Null => {
                attributes.remove(name);
            }
            value if value.as_text().is_some() => {
                attributes.set(name, value.to_value());
            }
            value => {
                attributes.set(name, Value::text(&display::to_string(value)));
            }
        }
    }

    /// Sets an attribute without a value if `on`; leaves it out otherwise, and for
    /// null. Wins over what was set before.
    pub fn flag(&mut self, name: &str, on: Peek<'_>) {
        let mut attributes = self.0.map_mut();
        if matches!(on, Peek::Bool(true)) {
            attributes.set(name, Value::Null);
        } else {
            attributes.remove(name);
        }
    }

    /// The attributes as the `Map<String, String>` that a component takes; a flag
    /// that is set has the empty text.
    #[must_use]
    pub fn into_map(self) -> Value {
        let entries = self.0.obj().map();
        let mut map = Ref::new_map(&well_known::MAP_STRING, entries.len());
        {
            let mut map = map.map_mut();
            for (name, value) in entries.iter() {
                let value = match value {
                    Peek::Null => Value::text(""),
                    value => value.to_value(),
                };
                map.set_value(name.to_value(), value);
            }
        }
        Value::Ref(map)
    }
}

fn check_name(name: Peek<'_>) -> Outcome<()> {
    let name = name.as_text().unwrap_or_default();
    if is_attribute_name(name) {
        return Ok(());
    }
    Err(invalid(format!("invalid attribute name {name}")))
}

/// An element; `children` is a `List<Html>`.
///
/// # Errors
///
/// The element is `script` or `style` and its text would end it.
pub fn element(tag: &str, attributes: Attributes, children: Value) -> Outcome<Value> {
    make(Value::text(tag), Value::Ref(attributes.0), children)
}

/// `html.node(tag, attrs, children)`: an element with any tag.
///
/// # Errors
///
/// Tag or attributes have no valid name, an element without content has
/// children, or the element is `script` or `style` and its text would end it.
pub fn node(tag: Value, attributes: Value, children: Value) -> Outcome<Value> {
    let name = tag.as_text().unwrap_or_default();
    let mut letters = name.bytes();
    let valid = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !valid {
        return Err(invalid(format!("invalid tag name {name}")));
    }
    for (name, _) in map(attributes.peek()).iter().flat_map(|map| map.iter()) {
        check_name(name)?;
    }
    if is_void_tag(name) && list(children.peek()).is_some_and(|list| !list.is_empty()) {
        return Err(invalid(format!("{name} cannot have children")));
    }
    make(tag, attributes, children)
}

fn make(tag: Value, attributes: Value, children: Value) -> Outcome<Value> {
    let name = tag.as_text().unwrap_or_default();
    if is_raw_text(name) {
        check_raw_text(name, list(children.peek()))?;
    }
    Ok(Value::Ref(Ref::new_record(
        &well_known::HTML_ELEMENT,
        [tag, attributes, children],
    )))
}

/// Whether the text of an element is rendered as it is.
pub(super) fn is_raw_text(tag: &str) -> bool {
    matches!(tag, "script" | "style")
}

/// Refuses text that would end the element. Markup may, which is why it is not
/// looked at unless text completes it.
fn check_raw_text(tag: &str, children: Option<List<'_>>) -> Outcome<()> {
    let mut content = String::new();
    let mut raw = Vec::new();
    for child in children.iter().flat_map(|children| children.iter()) {
        let Some(child) = child.as_obj() else {
            continue;
        };
        let start = content.len();
        if is(child, &well_known::HTML_ELEMENT) {
            // Its own text is escaped, and its tags are not this one's end.
            content.push('<');
        } else {
            content.push_str(child.field(0).as_text().unwrap_or_default());
            if is(child, &well_known::HTML_RAW) {
                raw.push(start..content.len());
            }
        }
    }
    let end = format!("</{tag}");
    let content = content.to_ascii_lowercase();
    for (start, _) in content.match_indices(&end) {
        let stop = start + end.len();
        if !raw
            .iter()
            .any(|range| range.start <= start && stop <= range.end)
        {
            return Err(invalid(format!("text inside {tag} contains {end}")));
        }
    }
    Ok(())
}

pub(super) fn is(node: Obj<'_>, desc: &'static TypeDesc) -> bool {
    std::ptr::eq(node.desc(), desc)
}

pub(super) fn map(value: Peek<'_>) -> Option<Map<'_>> {
    value.as_kind(Kind::Map).map(Obj::map)
}

pub(super) fn list(value: Peek<'_>) -> Option<List<'_>> {
    value.as_kind(Kind::List).map(Obj::list)
}

/// Whether the markup is a whole document, which a response begins with a doctype.
#[must_use]
pub fn is_document(node: Obj<'_>) -> bool {
    is(node, &well_known::HTML_ELEMENT) && node.field(0).as_text() == Some("html")
}
