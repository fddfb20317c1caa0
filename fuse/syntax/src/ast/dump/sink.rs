//! What a walk over the tree makes of it: text, or bytes.

use std::fmt::Write as _;

/// What is made of the tree on the way.
pub(super) trait Sink {
    fn open(&mut self, tag: &'static str);
    fn close(&mut self);
    /// A name or a number.
    fn atom(&mut self, text: &str);
    fn text(&mut self, text: &str);
    fn int(&mut self, value: i64);
    fn float(&mut self, value: f64);
}

#[derive(Default)]
pub(super) struct Text {
    pub(super) out: String,
    depth: usize,
}

impl Text {
    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(['(', '\n']) {
            self.out.push(' ');
        }
    }
}

impl Sink for Text {
    fn open(&mut self, tag: &'static str) {
        self.space();
        self.depth += 1;
        self.out.push('(');
        self.out.push_str(tag);
    }

    fn close(&mut self) {
        self.out.push(')');
        self.depth -= 1;
        if self.depth == 0 {
            self.out.push('\n');
        }
    }

    fn atom(&mut self, text: &str) {
        self.space();
        self.out.push_str(text);
    }

    fn text(&mut self, text: &str) {
        self.space();
        let _ = write!(self.out, "{text:?}");
    }

    fn int(&mut self, value: i64) {
        self.space();
        let _ = write!(self.out, "{value}");
    }

    fn float(&mut self, value: f64) {
        self.space();
        let _ = write!(self.out, "{value:?}");
    }
}

#[derive(Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Sink for Bytes {
    fn open(&mut self, tag: &'static str) {
        self.0.push(b'(');
        self.0.extend_from_slice(tag.as_bytes());
        self.0.push(0);
    }

    fn close(&mut self) {
        self.0.push(b')');
    }

    fn atom(&mut self, text: &str) {
        self.0.push(b'a');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    fn text(&mut self, text: &str) {
        self.0.push(b't');
        self.0.extend_from_slice(&text.len().to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn int(&mut self, value: i64) {
        self.0.push(b'i');
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn float(&mut self, value: f64) {
        self.0.push(b'f');
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}
