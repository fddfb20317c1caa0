//! Configs: defaults that need each other, and fields with one environment
//! key.

use fuse_syntax::{Code, Diagnostic, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Calls, Edge, Node, Whole};
use crate::body::Owner;
use crate::ids::ConfigId;

/// A field of a config.
type Field = (ConfigId, u32);

impl Whole<'_> {
    /// Reports each group of defaults that need each other once.
    pub(super) fn config_cycles(&mut self, calls: &Calls) {
        let mut fields: Vec<Field> = Vec::new();
        for module in &self.graph.modules {
            for (config, index) in self.decls.module(module.id).configs.iter().zip(0..) {
                let id = ConfigId::new(module.id, index);
                fields.extend((0..).take(config.fields.len()).map(|place| (id, place)));
            }
        }
        let reads: FxHashMap<Field, Vec<Field>> = fields
            .iter()
            .map(|&field| (field, read_by(calls, field)))
            .collect();
        let mut reported: FxHashSet<Field> = FxHashSet::default();
        // Fields are in source order, so the first of a cycle comes first.
        for &start in &fields {
            if reported.contains(&start) {
                continue;
            }
            let Some(cycle) = way_back(&reads, start) else {
                continue;
            };
            reported.extend(cycle.iter().copied());
            let mut names: Vec<String> = cycle
                .iter()
                .map(|&(id, place)| format!("`{}`", self.config_field(id, place)))
                .collect();
            names.push(names[0].clone());
            let message = format!("config default cycle: {}", names.join(" → "));
            let span = self.field_span(start);
            self.report(Diagnostic::new(Code::CONFIG_CYCLE, span, message));
        }
    }

    fn field_span(&self, (id, place): Field) -> Span {
        let range = self.decls.config(id).fields[place as usize].range;
        self.at(id.module, range)
    }

    /// Reports fields that are set by one environment variable.
    pub(super) fn config_keys(&mut self) {
        let mut keys: FxHashMap<String, Field> = FxHashMap::default();
        for module in &self.graph.modules {
            for (config, index) in self.decls.module(module.id).configs.iter().zip(0..) {
                for (field, place) in config.fields.iter().zip(0..) {
                    let id = ConfigId::new(module.id, index);
                    let key = env_key(self.text(config.name), self.text(field.name));
                    let first = *keys.entry(key.clone()).or_insert((id, place));
                    // Two configs of one name were reported as such.
                    let same_name = self.decls.config(first.0).name == config.name && first.0 != id;
                    if first == (id, place) || same_name {
                        continue;
                    }
                    let a = self.config_field(first.0, first.1);
                    let b = self.config_field(id, place);
                    let message = format!("`{a}` and `{b}` share the key `{key}`");
                    let related = self.field_span(first);
                    let span = self.field_span((id, place));
                    self.report(
                        Diagnostic::new(Code::CONFIG_ENV_CLASH, span, message)
                            .related(related, format!("`{a}` has the key as well")),
                    );
                }
            }
        }
    }
}

/// The fields that the default of a field reads, itself or in what it calls.
fn read_by(calls: &Calls, (id, place): Field) -> Vec<Field> {
    let node = Node {
        module: id.module,
        owner: Owner::ConfigField(id, place),
    };
    let mut found = Vec::new();
    for (node, _) in calls.reached(node) {
        for edge in calls.edges.get(&node).map_or(&[][..], Vec::as_slice) {
            if let Edge::Reads(id, place) = *edge {
                found.push((id, place));
            }
        }
    }
    found
}

/// The shortest way from a field back to itself.
fn way_back(reads: &FxHashMap<Field, Vec<Field>>, start: Field) -> Option<Vec<Field>> {
    let mut from: FxHashMap<Field, Field> = FxHashMap::default();
    let mut queue = vec![start];
    let mut next = 0;
    while let Some(&field) = queue.get(next) {
        next += 1;
        for &read in reads.get(&field).map_or(&[][..], Vec::as_slice) {
            if read == start {
                let mut way = vec![field];
                let mut at = field;
                while at != start {
                    at = *from.get(&at)?;
                    way.push(at);
                }
                way.reverse();
                return Some(way);
            }
            if read != start && !from.contains_key(&read) {
                from.insert(read, field);
                queue.push(read);
            }
        }
    }
    None
}

/// The environment variable of a config field: words split where capitals
/// start, in upper case, joined by `_`.
pub(crate) fn env_key(config: &str, field: &str) -> String {
    format!("{}_{}", words(config), words(field))
}

fn words(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase()
                        && after.is_some_and(|after| after.is_ascii_lowercase()))
            });
        if starts {
            out.push('_');
        }
        out.push(if c == '-' {
            '_'
        } else {
            c.to_ascii_uppercase()
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::env_key;

    #[test]
    fn keys_split_words_where_capitals_start() {
        assert_eq!(env_key("App", "port"), "APP_PORT");
        assert_eq!(env_key("App", "dbUrl"), "APP_DB_URL");
        assert_eq!(env_key("HttpClient", "maxIdle"), "HTTP_CLIENT_MAX_IDLE");
        assert_eq!(env_key("HTTPServer", "idleTTL"), "HTTP_SERVER_IDLE_TTL");
    }
}
