//! The text form of a stamp: tab-separated rows between a head and the hash of
//! everything above it.

use fuse_syntax::{Code, Diagnostic, FileId, Fix, Related, Severity, Span};

use super::stamp::{CheckStamp, FileMark, Input, StampedModule};
use crate::load::ContentHash;

/// The first row; another version of the format has another.
const HEAD: &str = "fuse check stamp 1";

pub(super) fn encode(stamp: &CheckStamp) -> String {
    let mut text = Rows(format!("{HEAD}\n"));
    text.row(&["key", &stamp.key]);
    text.row(&["made", &stamp.made_ns.to_string()]);
    for input in &stamp.inputs {
        let FileMark {
            size,
            modified_ns,
            inode,
        } = input.mark;
        let numbers = [size.to_string(), modified_ns.to_string(), inode.to_string()];
        text.row(&[
            "input",
            &hex(&input.hash),
            &numbers[0],
            &numbers[1],
            &numbers[2],
            &input.path,
        ]);
    }
    for path in &stamp.absent {
        text.row(&["absent", path]);
    }
    for module in &stamp.modules {
        let imports: Vec<String> = module.imports.iter().map(usize::to_string).collect();
        text.row(&[
            "module",
            &module.input.to_string(),
            &hex(&module.signature),
            &imports.join(","),
        ]);
    }
    for diagnostic in &stamp.diagnostics {
        text.diagnostic(diagnostic);
    }
    let hash = blake3::hash(text.0.as_bytes());
    text.row(&["end", hash.to_hex().as_str()]);
    text.0
}

struct Rows(String);

impl Rows {
    fn row(&mut self, cells: &[&str]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.0.push('\t');
            }
            escape(cell, &mut self.0);
        }
        self.0.push('\n');
    }

    fn diagnostic(&mut self, one: &Diagnostic) {
        self.row(&[
            "diagnostic",
            one.severity.as_str(),
            one.code.as_str(),
            &span(one.span),
            &one.message,
        ]);
        if let Some(label) = &one.label {
            self.row(&["label", label]);
        }
        if let Some(hint) = &one.hint {
            self.row(&["hint", hint]);
        }
        for related in &one.related {
            self.row(&["related", &span(related.span), &related.message]);
        }
        for fix in &one.fixes {
            self.row(&["fix", if fix.safe { "safe" } else { "unsafe" }, &fix.title]);
            for (at, text) in &fix.edits {
                self.row(&["edit", &span(*at), text]);
            }
        }
    }
}

fn span(span: Span) -> String {
    format!("{} {} {}", span.file.0, span.start, span.end)
}

fn hex(hash: &ContentHash) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

/// Tabs, line ends and backslashes are escaped, so that a cell is what lies
/// between tabs.
fn escape(cell: &str, out: &mut String) {
    for c in cell.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}

fn unescape(cell: &str) -> Option<String> {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

pub(super) fn decode(bytes: &[u8]) -> Option<CheckStamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    let body_end = text.trim_end_matches('\n').rfind('\n')? + 1;
    let (body, end) = text.split_at(body_end);
    let hash = end.strip_prefix("end\t")?.strip_suffix('\n')?;
    if blake3::hash(body.as_bytes()).to_hex().as_str() != hash {
        return None;
    }
    let mut lines = body.lines();
    if lines.next()? != HEAD {
        return None;
    }
    let mut stamp = CheckStamp::default();
    for line in lines {
        let cells: Option<Vec<String>> = line.split('\t').map(unescape).collect();
        let cells = cells?;
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        row(&mut stamp, &cells)?;
    }
    Some(stamp)
}

fn row(stamp: &mut CheckStamp, cells: &[&str]) -> Option<()> {
    match *cells {
        ["key", key] => stamp.key = key.to_owned(),
        ["made", made] => stamp.made_ns = made.parse().ok()?,
        ["input", hash, size, modified, inode, path] => {
            let mark = FileMark {
                size: size.parse().ok()?,
                modified_ns: modified.parse().ok()?,
                inode: inode.parse().ok()?,
            };
            stamp.inputs.push(Input {
                path: path.to_owned(),
                hash: read_hash(hash)?,
                mark,
            });
        }
        ["absent", path] => stamp.absent.push(path.to_owned()),
        ["module", input, signature, imports] => {
            let imports = imports
                .split(',')
                .filter(|import| !import.is_empty())
                .map(|import| import.parse().ok());
            stamp.modules.push(StampedModule {
                input: input.parse().ok()?,
                signature: read_hash(signature)?,
                imports: imports.collect::<Option<_>>()?,
            });
        }
        ["diagnostic", severity, code, at, message] => {
            let severity = match severity {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                _ => return None,
            };
            let diagnostic = Diagnostic::new(Code::from_name(code)?, read_span(at)?, message);
            stamp.diagnostics.push(diagnostic.severity(severity));
        }
        ["label", label] => stamp.diagnostics.last_mut()?.label = Some(label.to_owned()),
        ["hint", hint] => stamp.diagnostics.last_mut()?.hint = Some(hint.to_owned()),
        ["related", at, message] => {
            let related = Related {
                span: read_span(at)?,
                message: message.to_owned(),
            };
            stamp.diagnostics.last_mut()?.related.push(related);
        }
        ["fix", safe, title] => {
            let fix = Fix {
                title: title.to_owned(),
                edits: Vec::new(),
                safe: safe == "safe",
            };
            stamp.diagnostics.last_mut()?.fixes.push(fix);
        }
        ["edit", at, text] => {
            let fix = stamp.diagnostics.last_mut()?.fixes.last_mut()?;
            fix.edits.push((read_span(at)?, text.to_owned()));
        }
        _ => return None,
    }
    Some(())
}

fn read_hash(text: &str) -> Option<ContentHash> {
    blake3::Hash::from_hex(text).ok().map(ContentHash::from)
}

fn read_span(text: &str) -> Option<Span> {
    let mut parts = text.split(' ').map(|part| part.parse::<u32>().ok());
    let (file, start, end) = (parts.next()??, parts.next()??, parts.next()??);
    parts
        .next()
        .is_none()
        .then(|| Span::new(FileId(file), start, end))
}
