//! Places in source text, for machine fixes.

use fuse_syntax::TextRange;

use crate::load::LoadedModule;

/// The white space that the line of `offset` starts with.
pub(crate) fn indent_of(module: &LoadedModule, offset: u32) -> String {
    let text = &module.text;
    let start = line_start(text, offset as usize);
    text[start..].chars().take_while(|c| *c == ' ').collect()
}

/// The offset at which the line of `offset` starts.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())]
        .rfind('\n')
        .map_or(0, |at| at + 1)
}

/// The end of the last code in a range: without line ends and blanks after it.
pub(crate) fn end_of_code(module: &LoadedModule, range: TextRange) -> u32 {
    let text = module.text.get(range.as_usize()).unwrap_or("");
    range.start + u32::try_from(text.trim_end().len()).unwrap_or(0)
}

/// Whole lines from the one of `range.start` to the one of `range.end`, with
/// the line end.
pub(crate) fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = line_start(text, range.start as usize);
    let end = text[range.end as usize..]
        .find('\n')
        .map_or(text.len(), |at| range.end as usize + at + 1);
    TextRange::new(offset(start), offset(end))
}

/// What removes the name at `index` of the module's `requires` lines: the name
/// with a comma, or its line when it is the only one there.
pub(crate) fn requires_removal(module: &LoadedModule, index: usize) -> TextRange {
    let ast = &module.parsed.module;
    let range = ast.name_range(ast.requires[index].name);
    list_item_removal(&module.text, range)
}

/// What removes the item at `range` from a list on one line:
/// with a comma, or the whole line when nothing else is on it.
fn list_item_removal(text: &str, range: TextRange) -> TextRange {
    let after = &text[range.end as usize..];
    let blanks = after.len() - after.trim_start_matches(' ').len();
    if let Some(rest) = after[blanks..].strip_prefix(',') {
        let more = rest.len() - rest.trim_start_matches(' ').len();
        return TextRange::new(range.start, range.end + offset(blanks + 1 + more));
    }
    let before = text[..range.start as usize].trim_end_matches(' ');
    if let Some(rest) = before.strip_suffix(',') {
        return TextRange::new(offset(rest.trim_end_matches(' ').len()), range.end);
    }
    whole_lines(text, range)
}

/// What removes the names of `requires` lines that `gone` says: lines that lose
/// all their names go, others are written again.
pub(crate) fn requires_without(
    module: &LoadedModule,
    gone: impl Fn(usize) -> bool,
) -> Vec<(TextRange, String)> {
    let ast = &module.parsed.module;
    let mut edits: Vec<(TextRange, String)> = Vec::new();
    let mut at = 0;
    while at < ast.requires.len() {
        let line = whole_lines(&module.text, ast.name_range(ast.requires[at].name));
        let mut kept: Vec<&str> = Vec::new();
        let mut changed = false;
        while at < ast.requires.len() && ast.requires[at].name.start < line.end {
            if gone(at) {
                changed = true;
            } else {
                kept.push(ast.text(ast.requires[at].name));
            }
            at += 1;
        }
        if changed && kept.is_empty() {
            // The blank line that sets the last one off goes with it.
            let rest = module.text.get(line.end as usize..).unwrap_or("");
            let last = at == ast.requires.len() && edits.is_empty() && line.start == 0;
            let extra = u32::from(last && rest.starts_with('\n'));
            edits.push((TextRange::new(line.start, line.end + extra), String::new()));
        } else if changed {
            edits.push((line, format!("requires {}\n", kept.join(", "))));
        }
    }
    edits
}

/// An offset in a file, which holds at most 16 MiB.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
