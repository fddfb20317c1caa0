//! Typed models of the spec files.
//!
//! Each model is read from text that the caller has already loaded, together
//! with every problem found on the way. Nothing in here touches a disk.

mod manifest;
mod owners;
mod repo;
mod rules;

pub use manifest::{Manifest, UnsafeAllowed, UnsafeCode};
pub use owners::{Member, Owner, Owners};
pub use repo::{Layer, Mode, Repo};
pub use rules::{
    Ban, Banned, DependencyRules, EdgeMode, ModuleRules, Policy, PublicAllow, ShownType, TagRule,
    Wrapper,
};

use crate::decode::Decoder;
use crate::violation::Violation;
use crate::yaml::{self, Node};

/// A spec file as it was found.
#[derive(Debug, Clone, Default)]
pub enum Spec<T> {
    /// There is no such file; what it would switch on is off.
    #[default]
    Absent,
    /// The file is there and has problems. A check that needs it must fail:
    /// what could not be read may be what it would have forbidden.
    Broken,
    /// The file is there and in order.
    Present(T),
}

impl<T> Spec<T> {
    /// The model, when the file is in order.
    #[must_use]
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Broken => None,
        }
    }
}

/// A model that is read from one file.
pub(crate) trait Model: Sized {
    fn decode(decoder: &mut Decoder<'_>, node: &Node) -> Option<Self>;
}

/// Reads `text`, the content of `file`. The model is what could be read; the
/// violations are everything that could not.
pub(crate) fn read<T: Model>(file: &str, text: &str) -> (Option<T>, Vec<Violation>) {
    let node = match yaml::parse(file, text) {
        Ok(node) => node,
        Err(problem) => return (None, vec![*problem]),
    };
    let mut decoder = Decoder::new(file);
    let model = T::decode(&mut decoder, &node);
    (model, decoder.problems)
}

/// As [`read`], for files that are useless unless they are in order.
pub(crate) fn read_whole<T: Model>(file: &str, text: &str) -> (Spec<T>, Vec<Violation>) {
    let (model, problems) = read(file, text);
    match model {
        Some(model) if problems.is_empty() => (Spec::Present(model), problems),
        _ => (Spec::Broken, problems),
    }
}
