//! Programs made from bytes: every byte decides one thing, so that shrinking
//! the bytes shrinks the program.

use std::fmt::Write as _;

/// Writes a valid program, carelessly laid out.
pub(crate) fn program(bytes: &[u8]) -> String {
    let mut writer = Writer {
        bytes,
        at: 0,
        out: String::new(),
        depth: 0,
        open: 0,
    };
    writer.module();
    writer.out
}

struct Writer<'a> {
    bytes: &'a [u8],
    at: usize,
    out: String,
    depth: usize,
    /// Open brackets, in which lines may break anywhere.
    open: usize,
}

const NAMES: &[&str] = &[
    "a",
    "bc",
    "total",
    "Order",
    "div",
    "Card",
    "app",
    "test",
    "from",
    "body",
    "x1",
    "_y",
    "self",
    "a_rather_long_name_for_a_value",
    "get",
];
const WORDS: &[&str] = &["type", "for", "name", "match", "in", "id", "service"];
const BINARY: &[&str] = &[
    "+", "-", "*", "/", "%", "==", "!=", "and", "or", "??", "..", "..<",
];

impl Writer<'_> {
    fn byte(&mut self) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte)
    }

    /// One of `count` choices; the first when nothing is left to decide.
    fn choose(&mut self, count: usize) -> usize {
        self.byte() % count
    }

    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.choose(texts.len())]
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Space that means nothing here.
    fn space(&mut self) {
        match self.choose(12) {
            1 => self.text("  "),
            2 if self.open > 0 => self.text("\n      "),
            3 if self.open > 0 => self.text(" # note\n"),
            4 if self.open > 0 => self.text("\n# own line\n "),
            5 => {}
            _ => self.text(" "),
        }
    }

    /// At least one space.
    fn gap(&mut self) {
        self.text(" ");
        self.space();
    }

    fn name(&mut self) {
        let name = self.one_of(NAMES);
        self.text(name);
    }

    fn word(&mut self) {
        if self.choose(2) == 0 {
            return self.name();
        }
        let word = self.one_of(WORDS);
        self.text(word);
    }

    fn line(&mut self, indent: usize) {
        match self.choose(10) {
            1 => self.text("\n\n"),
            2 => self.text("  # trailing\n"),
            3 => {
                let _ = write!(self.out, "\n{}#own\n", " ".repeat(indent));
            }
            4 => self.text("\n\n\n# margin\n\n"),
            _ => self.text("\n"),
        }
        let _ = write!(self.out, "{}", " ".repeat(indent));
    }

    fn bracket(&mut self, open: &str, close: &str, element: fn(&mut Self)) {
        self.text(open);
        self.open += 1;
        let count = self.choose(4);
        for at in 0..count {
            self.space();
            element(self);
            self.space();
            if at + 1 < count || self.choose(3) == 1 {
                self.text(",");
            }
        }
        self.space();
        self.open -= 1;
        self.text(close);
    }

    fn module(&mut self) {
        if self.choose(4) == 1 {
            self.text("requires db , time\n");
        }
        for _ in 0..self.choose(3) {
            self.import();
        }
        for _ in 0..=self.choose(5) {
            self.item();
            self.line(0);
        }
    }

    fn import(&mut self) {
        match self.choose(4) {
            0 => self.text("import Foo"),
            1 => self.text("import Bar from \"./bar\""),
            2 => self.text("import { z,a , M } from \"./z\""),
            _ => self.text("import A as B from std.Error"),
        }
        self.line(0);
    }

    fn item(&mut self) {
        if self.choose(4) == 1 {
            self.text("##doc of it\n");
        }
        match self.choose(8) {
            0 => {
                self.text("fn ");
                self.name();
                self.signature();
                self.suite(0);
            }
            1 => {
                self.text("type T:");
                self.lines(2, |writer| {
                    writer.word();
                    writer.text(":");
                    writer.space();
                    writer.ty();
                    if writer.choose(3) == 1 {
                        writer.text("=");
                        writer.expr();
                    }
                });
            }
            2 => {
                self.text("enum E:");
                self.lines(2, |writer| {
                    writer.name();
                    if writer.choose(2) == 1 {
                        writer.text("(Int , x1)");
                    }
                });
            }
            3 => {
                self.text("app \"t\":");
                self.block(4);
            }
            4 => {
                self.text("service S at \"/\":");
                self.lines(3, |writer| {
                    writer.text("get \"/{id: Int}\"  ->");
                    writer.ty();
                    writer.suite(3);
                });
            }
            5 => {
                self.text("component C:");
                self.block(2);
            }
            6 => self.text("type D=E without a,b"),
            _ => {
                self.text("config K:");
                self.lines(2, |writer| writer.text("x1 :Int=1"));
            }
        }
    }

    fn signature(&mut self) {
        self.bracket("(", ")", |writer| {
            writer.name();
            writer.space();
            writer.text(":");
            writer.ty();
        });
        self.text("->");
        self.ty();
    }

    fn lines(&mut self, indent: usize, element: fn(&mut Self)) {
        for _ in 0..=self.choose(3) {
            self.line(indent);
            element(self);
        }
    }

    fn suite(&mut self, indent: usize) {
        self.text(":");
        if self.choose(3) == 1 {
            self.space();
            self.simple();
        } else {
            self.block_of(indent + 2);
        }
    }

    fn block(&mut self, indent: usize) {
        self.block_of(indent);
    }

    fn block_of(&mut self, indent: usize) {
        self.depth += 1;
        for _ in 0..=self.choose(4) {
            self.line(indent);
            self.stmt(indent);
        }
        self.depth -= 1;
    }

    fn simple(&mut self) {
        match self.choose(6) {
            0 => self.expr(),
            1 => {
                self.text("let ");
                self.name();
                self.space();
                self.text("=");
                self.expr();
            }
            2 => {
                self.text("return ");
                self.expr();
            }
            3 => {
                self.name();
                self.text(" += ");
                self.expr();
            }
            4 => self.text("break"),
            _ => self.call(),
        }
    }

    fn stmt(&mut self, indent: usize) {
        if self.depth > 4 {
            return self.simple();
        }
        match self.choose(9) {
            0 => {
                self.text("if ");
                self.expr();
                self.suite(indent);
                if self.choose(2) == 1 {
                    let _ = write!(self.out, "\n{}else", " ".repeat(indent));
                    self.suite(indent);
                }
            }
            1 => {
                self.text("for ");
                self.pattern();
                self.text(" in ");
                self.expr();
                self.suite(indent);
            }
            2 => {
                self.text("match ");
                self.expr();
                self.text(":");
                for _ in 0..=self.choose(3) {
                    self.line(indent + 1);
                    self.pattern();
                    if self.choose(2) == 0 {
                        self.text("->");
                        self.expr();
                    } else {
                        self.suite(indent + 1);
                    }
                }
            }
            3 => {
                self.text("let t = spawn");
                self.suite(indent);
            }
            4 => {
                self.call();
                self.text(":");
                self.children(indent + 2);
            }
            _ => self.simple(),
        }
    }

    fn children(&mut self, indent: usize) {
        self.depth += 1;
        for _ in 0..=self.choose(3) {
            self.line(indent);
            match self.choose(4) {
                0 if self.depth < 4 => {
                    self.text("if ");
                    self.expr();
                    self.text(":");
                    self.children(indent + 2);
                }
                1 if self.depth < 4 => {
                    self.text("for x1 in ");
                    self.expr();
                    self.text(":");
                    self.children(indent + 2);
                }
                2 => {
                    self.call();
                    self.text(": ");
                    self.expr();
                }
                _ => self.expr(),
            }
        }
        self.depth -= 1;
    }

    fn pattern(&mut self) {
        match self.choose(5) {
            0 => self.name(),
            1 => self.text("_"),
            2 => self.text("- 1"),
            3 => self.text("Some( v )"),
            _ => self.text("Held(reason = r,type=t)"),
        }
    }

    fn ty(&mut self) {
        match self.choose(8) {
            1 => self.text("List < Int > ?"),
            2 => self.text("Int?!Gone ! Mod.Denied"),
            3 => self.text("fn ( Int,String ) -> Bool"),
            4 => self.text("String(1, 80)"),
            5 => self.text("Map<String,List<Int>>"),
            6 => self.text("(Int!Gone)?"),
            _ => self.text(" Int "),
        }
    }

    fn call(&mut self) {
        self.name();
        self.args();
    }

    fn args(&mut self) {
        self.text("(");
        self.open += 1;
        let count = self.choose(4);
        for at in 0..count {
            self.space();
            if at > 0 && self.choose(2) == 1 {
                self.word();
                self.text("=");
            }
            self.expr();
            if at + 1 < count {
                self.text(",");
            }
        }
        self.space();
        self.open -= 1;
        self.text(")");
    }

    fn expr(&mut self) {
        self.depth += 1;
        let simple = self.depth > 7;
        match if simple {
            self.choose(5)
        } else {
            self.choose(17)
        } {
            0 => self.text("1"),
            1 => self.name(),
            2 => self.text("\"text ${ a+b } ${\"x\"} end\""),
            3 => self.text("2.50e3"),
            4 => self.text("null"),
            5 | 6 => {
                let op = self.one_of(BINARY);
                self.operand();
                self.gap();
                self.text(op);
                self.gap();
                self.operand();
            }
            7 => self.call(),
            8 => self.chain(),
            9 => self.bracket("[", "]", Self::expr),
            10 => self.bracket("{", "}", |writer| {
                writer.text("\"key\" :");
                writer.expr();
            }),
            11 => {
                self.text("fn(a,bc:Int)=>");
                self.expr();
            }
            12 => {
                self.text("- ");
                self.operand();
            }
            13 => {
                self.operand();
                self.text(" ?! ");
                self.call();
            }
            14 => {
                self.operand();
                self.text("?[");
                self.expr();
                self.text("]");
            }
            15 => self.text("\"\"\"two\n  lines\"\"\""),
            _ => {
                self.text("f<List<Int>,String>");
                self.args();
            }
        }
        self.depth -= 1;
    }

    /// An operand of any operator.
    fn operand(&mut self) {
        match self.choose(5) {
            0 => self.name(),
            1 => self.call(),
            2 => self.text("42"),
            3 => self.chain(),
            _ => {
                self.text("(");
                self.open += 1;
                self.space();
                self.expr();
                self.space();
                self.open -= 1;
                self.text(")");
            }
        }
    }

    fn chain(&mut self) {
        self.name();
        for _ in 0..=self.choose(4) {
            if self.choose(4) == 1 {
                self.text("\n          ");
            }
            let dot = self.one_of(&[".", "?."]);
            self.text(dot);
            self.word();
            if self.choose(3) > 0 {
                self.args();
            }
        }
    }
}
