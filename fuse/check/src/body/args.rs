//! Which argument fills which parameter.

use fuse_syntax::ast::{Arg, ExprId, List};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};
use smallvec::SmallVec;

use super::Checker;
use crate::ids::Sym;
use crate::package::nearest;

/// A parameter, as far as binding looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Formal {
    pub(super) name: Sym,
    pub(super) required: bool,
}

/// Arguments of a call bound to parameters.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// For each parameter, the number of its argument in the call.
    pub(super) params: SmallVec<[Option<u32>; 8]>,
    /// For each argument, the number of its parameter.
    pub(super) args: SmallVec<[Option<u32>; 8]>,
    /// Whether nothing was reported.
    pub(super) ok: bool,
}

impl Checker<'_> {
    /// Binds arguments to parameters: positional ones left to right, named
    /// ones by name. `children` tells that a block fills the last parameter.
    pub(super) fn bind(
        &mut self,
        call: ExprId,
        args: List<Arg>,
        formals: &[Formal],
        children: bool,
    ) -> Bound {
        let ast = self.ast;
        let mut bound = Bound {
            params: SmallVec::from_elem(None, formals.len()),
            args: SmallVec::new(),
            ok: true,
        };
        let mut next = 0usize;
        let mut named = false;
        let mut surplus: Option<u32> = None;
        for (arg, number) in ast[args].iter().zip(0u32..) {
            let param = match arg.name {
                Some(name) => {
                    named = true;
                    self.named_param(arg, name, formals, &bound)
                }
                None if named => {
                    self.error_at_arg(
                        arg,
                        Code::ARG_ORDER,
                        "positional argument after named argument",
                        Some("name this argument as well, or move it before the named ones"),
                    );
                    bound.args.push(None);
                    bound.ok = false;
                    continue;
                }
                None if next < formals.len() => {
                    next += 1;
                    Some(next - 1)
                }
                None => {
                    surplus = surplus.or(Some(number));
                    bound.args.push(None);
                    continue;
                }
            };
            match param {
                Some(param) => {
                    bound.params[param] = Some(number);
                    bound.args.push(u32::try_from(param).ok());
                }
                None => {
                    bound.args.push(None);
                    bound.ok = false;
                }
            }
        }
        self.arity(call, args, formals, surplus, children, &mut bound);
        bound
    }

    /// The free parameter of a name.
    fn named_param(
        &mut self,
        arg: &Arg,
        name: fuse_syntax::ast::Name,
        formals: &[Formal],
        bound: &Bound,
    ) -> Option<usize> {
        let sym = self.sym(name.symbol);
        let text = self.ast.text(name).to_owned();
        let Some(at) = formals.iter().position(|formal| formal.name == sym) else {
            let names = formals.iter().map(|formal| self.text(formal.name));
            let hint = match nearest(&text, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if formals.is_empty() => "it takes no parameters".to_owned(),
                None => format!("its parameters are {}", crate::words::listed(names)),
            };
            self.error_at_arg(
                arg,
                Code::ARG_UNKNOWN,
                &format!("no parameter `{text}`"),
                Some(&hint),
            );
            return None;
        };
        if bound.params[at].is_some() {
            let message = format!("parameter `{text}` given twice");
            self.error_at_arg(
                arg,
                Code::ARG_DUPLICATE,
                &message,
                Some("remove one of the two arguments"),
            );
            return None;
        }
        Some(at)
    }

    fn error_at_arg(&mut self, arg: &Arg, code: Code, message: &str, hint: Option<&str>) {
        let mut diagnostic = Diagnostic::new(code, self.at(arg.range), message);
        diagnostic.hint = hint.map(str::to_owned);
        self.report(diagnostic);
    }

    fn arity(
        &mut self,
        call: ExprId,
        args: List<Arg>,
        formals: &[Formal],
        surplus: Option<u32>,
        children: bool,
        bound: &mut Bound,
    ) {
        if let Some(first) = surplus {
            bound.ok = false;
            let most = formals.len();
            let message = format!(
                "expected {} argument{}, got {}",
                most,
                if most == 1 { "" } else { "s" },
                args.len()
            );
            let fix = self.without_surplus(args, first as usize);
            let span = self.span(call);
            self.report(Diagnostic::new(Code::WRONG_ARITY, span, message).fix(fix));
            return;
        }
        // An argument that could not be bound may have been the missing one.
        if !bound.ok {
            return;
        }
        let last = formals.len().saturating_sub(1);
        let missing: Vec<&str> = formals
            .iter()
            .zip(&bound.params)
            .enumerate()
            .filter(|(at, (formal, arg))| {
                formal.required && arg.is_none() && !(children && *at == last)
            })
            .map(|(_, (formal, _))| self.text(formal.name))
            .collect();
        if missing.is_empty() {
            return;
        }
        bound.ok = false;
        let message = if missing.len() == 1 {
            format!("missing argument `{}`", missing[0])
        } else {
            format!(
                "missing arguments {}",
                crate::words::listed(missing.iter().copied())
            )
        };
        let span = self.span(call);
        self.report(Diagnostic::new(Code::WRONG_ARITY, span, message));
    }

    /// Removes the arguments from `first` on, named ones excepted.
    fn without_surplus(&self, args: List<Arg>, first: usize) -> Fix {
        let args = &self.ast[args];
        let mut edits = Vec::new();
        for (at, arg) in args.iter().enumerate().skip(first) {
            if arg.name.is_some() {
                continue;
            }
            let start = match at.checked_sub(1) {
                Some(before) => args[before].range.end,
                None => arg.range.start,
            };
            edits.push((self.at(TextRange::new(start, arg.range.end)), String::new()));
        }
        Fix {
            title: "remove the surplus".to_owned(),
            edits,
            safe: false,
        }
    }
}
