//! Content Security Policy (W3C CSP Level 3), checked before it is sent.

mod builder;
mod source;

use std::fmt;

pub use builder::CspBuilder;
pub use source::{HashAlgorithm, InvalidSource, Src};

/// A policy that was checked; made by [`Csp::builder`].
///
/// Directives are sent in a fixed order. A policy without directives sends no
/// header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csp {
    directives: Vec<(&'static str, Vec<Piece>)>,
}

/// A part of the value of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// The nonce of the response.
    Nonce,
}

impl Csp {
    /// An empty policy to add directives to.
    #[must_use]
    pub fn builder() -> CspBuilder {
        CspBuilder::default()
    }

    /// Everything from the own origin alone, images from anywhere over HTTPS,
    /// no frames, no plugins, forms to the own origin.
    #[must_use]
    pub fn strict() -> Self {
        use Src::{None, SelfOrigin};
        let text = |text: &str| Piece::Text(text.to_owned());
        let sources = |sources: &[Src]| sources.iter().map(|own| text(&own.to_string())).collect();
        let images = vec![text("'self'"), text("data:"), text("https:")];
        Self {
            directives: vec![
                ("default-src", sources(&[SelfOrigin])),
                ("script-src", sources(&[SelfOrigin])),
                ("style-src", sources(&[SelfOrigin])),
                ("img-src", images),
                ("font-src", sources(&[SelfOrigin])),
                ("connect-src", sources(&[SelfOrigin])),
                ("frame-src", sources(&[None])),
                ("object-src", sources(&[None])),
                ("form-action", sources(&[SelfOrigin])),
                ("frame-ancestors", sources(&[None])),
                ("base-uri", sources(&[SelfOrigin])),
                ("upgrade-insecure-requests", Vec::new()),
            ],
        }
    }

    /// Nothing at all, for answers that are no pages.
    #[must_use]
    pub(super) fn nothing() -> Self {
        let none = || vec![Piece::Text(Src::None.to_string())];
        Self {
            directives: vec![("default-src", none()), ("frame-ancestors", none())],
        }
    }

    /// True when no header is sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directives.is_empty()
    }

    /// True when a nonce is drawn for each response.
    #[must_use]
    pub fn has_nonce(&self) -> bool {
        let mut pieces = self.directives.iter().flat_map(|(_, pieces)| pieces);
        pieces.any(|piece| *piece == Piece::Nonce)
    }

    /// The text around the nonces, one more than there are nonces.
    pub(super) fn template(&self) -> Vec<String> {
        let mut parts = vec![String::new()];
        for (at, (name, pieces)) in self.directives.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            push(&mut parts, separator);
            push(&mut parts, name);
            for piece in pieces {
                push(&mut parts, " ");
                match piece {
                    Piece::Text(text) => push(&mut parts, text),
                    Piece::Nonce => {
                        push(&mut parts, "'nonce-");
                        parts.push("'".to_owned());
                    }
                }
            }
        }
        parts
    }

    /// The same policy with no nonce, for when none could be drawn: a script
    /// that relies on one does not run.
    pub(super) fn without_nonce(&self) -> Self {
        let mut stricter = self.clone();
        for (_, pieces) in &mut stricter.directives {
            let before = pieces.len();
            pieces.retain(|piece| *piece != Piece::Nonce);
            if pieces.is_empty() && before > 0 {
                pieces.push(Piece::Text(Src::None.to_string()));
            }
        }
        stricter
    }
}

fn push(parts: &mut [String], text: &str) {
    if let Some(last) = parts.last_mut() {
        last.push_str(text);
    }
}

impl fmt::Display for Csp {
    /// The value of the header, with `{nonce}` where the nonce goes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template().join("{nonce}"))
    }
}

/// One directive that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CspProblem {
    /// The directive.
    pub directive: &'static str,
    /// The source or token at fault.
    pub source: String,
    /// What is wrong, and what to do.
    pub problem: &'static str,
}

impl fmt::Display for CspProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: `{}` {}",
            self.directive,
            super::visible(&self.source),
            self.problem
        )
    }
}

/// Everything that is wrong with a policy; nothing of it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CspErrors(pub(super) Vec<CspProblem>);

impl CspErrors {
    /// The problems, in the order of the directives.
    #[must_use]
    pub fn problems(&self) -> &[CspProblem] {
        &self.0
    }
}

impl fmt::Display for CspErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("content security policy: ")?;
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CspErrors {}
