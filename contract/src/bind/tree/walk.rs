//! What is known about one binding: where it stands, what was found wrong, and
//! what replaces it in the next round.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Rules;
use super::failure::{Failure, Hint, Reason};
use super::filler::TEXTS;
use super::node::Node;
use crate::error::code::field as codes;
use crate::error::path::cut_echo;
use crate::{FieldError, FieldPath};

/// Problems kept; the rest is only counted, as the envelope does.
pub(super) const PROBLEMS_MAX: usize = 100;

/// One step from a value to a part of it, with its place among its siblings:
/// declaration order for members, then index order.
#[derive(Clone, Copy)]
pub(super) enum Step<'n> {
    Member { key: &'n str, rank: usize },
    Index(usize),
}

/// What stands in for a node that was found wrong.
#[derive(Clone, Copy)]
pub(super) enum Patch {
    /// Made-up values the type may accept; `left` more kinds can be tried.
    Fill {
        attempt: usize,
        left: usize,
    },
    /// Nothing made up is accepted; visited last, since nothing comes after it.
    Hopeless {
        attempt: usize,
    },
    /// Skipped.
    Drop,
    None,
}

/// A required member that is absent, and what stands in for it.
#[derive(Clone, Copy)]
pub(super) struct Absent {
    pub(super) name: &'static str,
    pub(super) patch: Patch,
}

pub(super) struct Walk<'n> {
    rules: Rules,
    trail: RefCell<Vec<Step<'n>>>,
    problems: RefCell<Vec<(Vec<usize>, FieldError)>>,
    surplus: Cell<u64>,
    patches: RefCell<HashMap<usize, Patch>>,
    absents: RefCell<HashMap<usize, Vec<Absent>>>,
    /// The kind of made-up value that was accepted last.
    favourite: Cell<usize>,
    hint: Cell<Hint>,
    /// Value of the member whose key was read last.
    last_member: Cell<usize>,
    visits: Cell<usize>,
    fills: Cell<usize>,
    changed: Cell<bool>,
}

impl<'n> Walk<'n> {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            trail: RefCell::default(),
            problems: RefCell::default(),
            surplus: Cell::new(0),
            patches: RefCell::default(),
            absents: RefCell::default(),
            favourite: Cell::new(0),
            hint: Cell::new(Hint::Any),
            last_member: Cell::new(0),
            visits: Cell::new(0),
            fills: Cell::new(0),
            changed: Cell::new(false),
        }
    }

    pub(super) fn start_round(&self) {
        self.trail.borrow_mut().clear();
        self.fills.set(0);
        self.changed.set(false);
    }

    /// True when the round left something that the next round will do
    /// differently.
    pub(super) fn changed(&self) -> bool {
        self.changed.get()
    }

    pub(super) fn visits(&self) -> usize {
        self.visits.get()
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.problems.borrow().len() >= PROBLEMS_MAX
    }

    /// The problems in declaration order, then index order, and how many more
    /// there were.
    pub(super) fn into_problems(self) -> (Vec<FieldError>, u64) {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|(a, _), (b, _)| a.cmp(b));
        let problems = problems.into_iter().map(|(_, problem)| problem);
        (problems.collect(), self.surplus.get())
    }

    pub(super) fn visit(&self, hint: Hint) {
        self.hint.set(hint);
        self.visits.set(self.visits.get() + 1);
    }

    /// Counts a made-up value; a type that needs very many is given up.
    pub(super) fn fill(&self) -> Result<(), Failure> {
        self.fills.set(self.fills.get() + 1);
        if self.fills.get() > 20_000 {
            return Err(Failure::new(Reason::Custom));
        }
        Ok(())
    }

    pub(super) fn denies_unknown(&self) -> bool {
        self.rules.deny_unknown
    }

    pub(super) fn patch_of(&self, node: &Node<'_>) -> Option<Patch> {
        self.patches.borrow().get(&node.id()).copied()
    }

    pub(super) fn absents_of(&self, object: &Node<'_>) -> Vec<Absent> {
        let absents = self.absents.borrow();
        absents.get(&object.id()).cloned().unwrap_or_default()
    }

    pub(super) fn set_last_member(&self, value: &Node<'_>) {
        self.last_member.set(value.id());
    }

    /// Runs `read` one step further in.
    pub(super) fn within<R>(&self, step: Step<'n>, read: impl FnOnce() -> R) -> R {
        self.trail.borrow_mut().push(step);
        let result = read();
        self.trail.borrow_mut().pop();
        result
    }

    /// Records a problem here and has the node filled from the next round on.
    /// Returns the kind of value to fill it with now.
    pub(super) fn replace(&self, node: &Node<'_>, code: &'static str) -> usize {
        let message = message(code, self.hint.get());
        self.record(FieldAt::here(code, message));
        let attempt = self.favourite.get();
        self.set_patch(node.id(), fill_from(attempt));
        attempt
    }

    /// Records a problem here and has the node skipped from the next round on.
    pub(super) fn skip(&self, node: &Node<'_>, code: &'static str) {
        self.record(FieldAt::here(code, message(code, Hint::Any)));
        self.set_patch(node.id(), Patch::Drop);
    }

    /// Turns what a type said about a node into a problem and a patch.
    pub(super) fn settle(&self, node: &Node<'_>, mut failure: Failure) -> Failure {
        if failure.settled {
            return failure;
        }
        failure.settled = true;
        let id = node.id();
        let patch = self.patch_of(node);
        match (failure.reason, patch) {
            (Reason::EmptyIsNone, None) => self.set_patch(id, Patch::None),
            (Reason::Missing(name), None) => self.add_absent(id, name, failure.declared),
            (Reason::Duplicate(name), None) => self.add_duplicate(name, failure.declared),
            // What stands in for an absent member may be what is refused here,
            // when the type looked at it only later.
            (_, None) if self.absents.borrow().contains_key(&id) => self.refill_absents(id),
            (reason, None | Some(Patch::None)) => {
                self.record(self.problem_of(reason, node));
                self.set_patch(id, fill_from(self.favourite.get()));
            }
            (_, Some(patch)) => {
                if let Some(next) = self.next_patch(patch) {
                    self.set_patch(id, next);
                }
            }
        }
        failure
    }

    /// The same for a key: its member is skipped from the next round on.
    pub(super) fn settle_key(&self, value: &Node<'_>, mut failure: Failure) -> Failure {
        if failure.settled {
            return failure;
        }
        failure.settled = true;
        let problem = match failure.reason {
            Reason::Unknown => FieldAt::here(
                codes::UNKNOWN_FIELD,
                message(codes::UNKNOWN_FIELD, Hint::Any),
            ),
            reason => self.problem_of(reason, &Node::Word(Cow::Borrowed(""))),
        };
        self.record(problem);
        self.set_patch(value.id(), Patch::Drop);
        failure
    }

    /// The same for what stands in for an absent member.
    pub(super) fn settle_absent(
        &self,
        object: usize,
        name: &'static str,
        mut failure: Failure,
    ) -> Failure {
        if failure.settled {
            return failure;
        }
        failure.settled = true;
        let mut absents = self.absents.borrow_mut();
        let absent = absents
            .get_mut(&object)
            .and_then(|list| list.iter_mut().find(|absent| absent.name == name));
        if let Some(absent) = absent
            && let Some(next) = self.next_patch(absent.patch)
        {
            absent.patch = next;
            self.changed.set(true);
        }
        failure
    }

    fn add_absent(
        &self,
        object: usize,
        name: &'static str,
        declared: Option<&'static [&'static str]>,
    ) {
        let mut absents = self.absents.borrow_mut();
        let list = absents.entry(object).or_default();
        if list.iter().any(|absent| absent.name == name) {
            // It was supplied and is still said to be absent: nothing more can
            // be learned from this type.
            return;
        }
        list.push(Absent {
            name,
            patch: fill_from(self.favourite.get()),
        });
        self.changed.set(true);
        self.record(FieldAt::member(name, declared, codes::MISSING_FIELD));
    }

    fn refill_absents(&self, object: usize) {
        let mut absents = self.absents.borrow_mut();
        for absent in absents.entry(object).or_default() {
            if let Some(next) = self.next_patch(absent.patch) {
                absent.patch = next;
                self.changed.set(true);
            }
        }
    }

    fn add_duplicate(&self, name: &'static str, declared: Option<&'static [&'static str]>) {
        self.record(FieldAt::member(name, declared, codes::DUPLICATE_FIELD));
        self.set_patch(self.last_member.get(), Patch::Drop);
    }

    fn set_patch(&self, id: usize, patch: Patch) {
        self.patches.borrow_mut().insert(id, patch);
        self.changed.set(true);
    }

    /// What to try after `patch` was refused; `None` when nothing is left.
    fn next_patch(&self, patch: Patch) -> Option<Patch> {
        match patch {
            Patch::Fill { attempt, left } if left > 0 => {
                let attempt = (attempt + 1) % TEXTS.len();
                self.favourite.set(attempt);
                Some(Patch::Fill {
                    attempt,
                    left: left - 1,
                })
            }
            Patch::Fill { attempt, .. } => Some(Patch::Hopeless { attempt }),
            Patch::Hopeless { .. } | Patch::Drop | Patch::None => None,
        }
    }

    fn problem_of(&self, reason: Reason, node: &Node<'_>) -> FieldAt {
        let is_text = matches!(node, Node::Text(_) | Node::Word(_));
        let hint = self.hint.get();
        let of = |code| FieldAt::here(code, message(code, hint));
        match reason {
            Reason::Range => of(codes::OUT_OF_RANGE),
            Reason::Length => of(codes::INVALID_LENGTH),
            Reason::Variant(known) => {
                let mut problem = of(codes::INVALID_VARIANT);
                problem.one_of = known;
                problem
            }
            Reason::Custom | Reason::Text if is_text => FieldAt::here(
                codes::TYPE_MISMATCH,
                "the text is not of the form this value requires",
            ),
            Reason::Type => of(codes::TYPE_MISMATCH),
            _ => of(codes::INVALID_VALUE),
        }
    }

    fn record(&self, problem: FieldAt) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() >= PROBLEMS_MAX {
            self.surplus.set(self.surplus.get() + 1);
            return;
        }
        let mut steps = self.trail.borrow().clone();
        steps.extend(problem.member.map(|(key, rank)| Step::Member { key, rank }));
        let mut entry = FieldError::new(self.path(&steps), problem.code, problem.message);
        if self.rules.pointers && !steps.is_empty() {
            entry = entry.pointer(pointer(&steps));
        }
        if !problem.one_of.is_empty() {
            entry = entry.param("one_of", problem.one_of.to_vec());
        }
        let rank = steps.iter().map(|step| match step {
            Step::Member { rank, .. } => *rank,
            Step::Index(index) => *index,
        });
        problems.push((rank.collect(), entry));
    }

    fn path(&self, steps: &[Step<'_>]) -> FieldPath {
        let root = FieldPath::root(self.rules.root);
        steps.iter().fold(root, |path, step| match step {
            Step::Member { key, .. } => path.name(key),
            Step::Index(index) => path.index(*index),
        })
    }
}

/// A problem before it has a path.
struct FieldAt {
    member: Option<(&'static str, usize)>,
    code: &'static str,
    message: Cow<'static, str>,
    one_of: &'static [&'static str],
}

impl FieldAt {
    fn here(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            member: None,
            code,
            message: message.into(),
            one_of: &[],
        }
    }

    fn member(
        name: &'static str,
        declared: Option<&'static [&'static str]>,
        code: &'static str,
    ) -> Self {
        let place = declared.and_then(|names| names.iter().position(|own| *own == name));
        Self {
            member: Some((name, place.unwrap_or(usize::MAX))),
            ..Self::here(code, message(code, Hint::Any))
        }
    }
}

fn fill_from(attempt: usize) -> Patch {
    Patch::Fill {
        attempt,
        left: TEXTS.len() - 1,
    }
}

/// RFC 6901; keys are cut like all echoed input.
fn pointer(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        out.push('/');
        match step {
            Step::Member { key, .. } => {
                out.push_str(&cut_echo(key).replace('~', "~0").replace('/', "~1"));
            }
            Step::Index(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

fn message(code: &'static str, hint: Hint) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        codes::MISSING_FIELD => "required",
        codes::UNKNOWN_FIELD => "unknown field",
        codes::DUPLICATE_FIELD => "given more than once",
        codes::TYPE_MISMATCH => hint.expected(),
        codes::OUT_OF_RANGE => return format!("does not fit {}", hint.type_name()).into(),
        codes::INVALID_LENGTH => "wrong number of items",
        codes::INVALID_VARIANT => "none of the known variants",
        codes::INVALID_ENCODING => "not valid encoded text",
        _ => "invalid value",
    })
}
