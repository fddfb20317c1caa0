//! Reading records from names and values: queries and forms.

use std::borrow::Cow;

use super::decoder::Decoder;
use super::json::Invalid;
use super::source::{Node, Source, Step, Stop};
use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::heap::list_of;
use crate::meta::{Kind, TypeDesc, well_known};
use crate::validate::{Path, Problems};
use crate::value::Value;

/// Reads pairs as a record of type `desc`, with defaults and constraints: one pair
/// for every field, several for a list. Names that are not declared are passed
/// over; a value is read by the rules of flags.
///
/// # Errors
///
/// A default or predicate faulted.
pub fn decode_pairs(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    pairs: &[(String, String)],
    root: &str,
) -> Outcome<Result<Value, Invalid>> {
    if desc.kind != Kind::Record {
        return Err(Fault::internal("pairs are read as a record only"));
    }
    let entries = gather(desc, pairs);
    let mut decoder = Decoder {
        ctx,
        source: PairSource {
            entries: &entries,
            place: Place::Start,
        },
        problems: Problems::new(),
        depth: 0,
    };
    match decoder.value(desc, &Path::root(root)) {
        Ok(Some(value)) if decoder.problems.is_empty() => Ok(Ok(value)),
        Ok(_) => Ok(Err(Invalid::Problems(decoder.problems))),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Syntax(error)) => Ok(Err(Invalid::Syntax(error))),
    }
}

/// What was given for a field.
#[derive(Debug)]
struct Entry<'a> {
    field: &'static str,
    values: Vec<&'a str>,
    is_list: bool,
}

/// The pairs that have a field. All of a list are one entry; others are one each,
/// so that a second one is found.
fn gather<'a>(desc: &'static TypeDesc, pairs: &'a [(String, String)]) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut lists = vec![None; desc.fields.len()];
    for (name, value) in pairs {
        let Some(index) = desc.field_index(name) else {
            continue;
        };
        let field = &desc.fields[index];
        let is_list = match field.desc().kind {
            Kind::Option => field.desc().elem().kind == Kind::List,
            kind => kind == Kind::List,
        };
        match lists[index] {
            Some(at) => {
                let entry: &mut Entry<'a> = &mut entries[at];
                entry.values.push(value);
            }
            None => {
                if is_list {
                    lists[index] = Some(entries.len());
                }
                entries.push(Entry {
                    field: field.name,
                    values: vec![value],
                    is_list,
                });
            }
        }
    }
    entries
}

/// Where a source of pairs stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before everything.
    Start,
    /// Before the entry.
    Before(usize),
    /// At the value of the entry.
    At(usize),
    /// Inside the list of the entry, before so many of its values.
    Inside(usize, usize),
}

#[derive(Clone)]
struct PairSource<'a> {
    entries: &'a [Entry<'a>],
    place: Place,
}

impl<'a> Source<'a> for PairSource<'a> {
    const EXACT: bool = false;

    fn value(&mut self) -> Step<Node<'a>> {
        match self.place {
            Place::Start => {
                self.place = Place::Before(0);
                Ok(Node::Map)
            }
            Place::At(index) if self.entries[index].is_list => {
                self.place = Place::Inside(index, 0);
                Ok(Node::List)
            }
            Place::At(index) => {
                self.place = Place::Before(index + 1);
                Ok(Node::Text(Cow::Borrowed(self.entries[index].values[0])))
            }
            Place::Inside(index, next) => {
                // `next_item` has counted the value already.
                let value = self.entries[index].values[next.saturating_sub(1)];
                Ok(Node::Text(Cow::Borrowed(value)))
            }
            Place::Before(_) => Ok(Node::Null),
        }
    }

    fn next_item(&mut self) -> Step<bool> {
        let Place::Inside(index, next) = self.place else {
            return Ok(false);
        };
        let more = next < self.entries[index].values.len();
        self.place = match more {
            true => Place::Inside(index, next + 1),
            false => Place::Before(index + 1),
        };
        Ok(more)
    }

    fn next_key(&mut self) -> Step<Option<Cow<'a, str>>> {
        let Place::Before(index) = self.place else {
            return Ok(None);
        };
        let entry = self.entries.get(index);
        if entry.is_some() {
            self.place = Place::At(index);
        }
        Ok(entry.map(|entry| Cow::Borrowed(entry.field)))
    }

    fn skip(&mut self, begun: &Node<'a>) -> Step<()> {
        match (begun, self.place) {
            (Node::List, Place::Inside(index, _)) => self.place = Place::Before(index + 1),
            (Node::Map, _) => self.place = Place::Before(self.entries.len()),
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, begun: Node<'a>, _: &Path<'_>, _: &mut Problems) -> Step<Value> {
        if let (Node::List, Place::Inside(index, _)) = (&begun, self.place) {
            let values = self.entries[index].values.iter();
            let values = values.map(|value| Value::text(value));
            self.place = Place::Before(index + 1);
            return Ok(Value::Ref(list_of(&well_known::LIST_VALUE, values)));
        }
        Ok(match begun {
            Node::Text(text) => Value::text(&text),
            _ => Value::Null,
        })
    }

    fn tells_kind(&self) -> bool {
        false
    }

    fn has_text_rules(&self) -> bool {
        true
    }

    fn is_text_only(&self) -> bool {
        true
    }
}
