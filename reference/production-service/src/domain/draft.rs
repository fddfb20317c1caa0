//! Input that obeys the rules of an item. The only way to get one is through
//! the rules, so that a service never has to ask again.

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// A field of an item that a client may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Description,
}

impl Field {
    /// The name clients know.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
        }
    }

    const fn chars_max(self) -> usize {
        match self {
            Self::Name => NAME_CHARS_MAX,
            Self::Description => DESCRIPTION_CHARS_MAX,
        }
    }
}

/// What is wrong with input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Absent, or blank after trimming.
    Missing(Field),
    /// Longer than `max` characters after trimming.
    TooLong { field: Field, max: usize },
    /// A change that changes nothing.
    NothingToChange,
}

/// Every flaw of the input, in the order of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected(pub(crate) Vec<Flaw>);

impl Rejected {
    fn all<const N: usize>(flaws: [Option<Flaw>; N]) -> Self {
        Self(flaws.into_iter().flatten().collect())
    }
}

/// A whole item as a client wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemDraft {
    pub(super) name: String,
    pub(super) description: String,
}

impl ItemDraft {
    /// Trims and checks; both fields are required.
    pub(crate) fn new(name: Option<&str>, description: Option<&str>) -> Result<Self, Rejected> {
        let name = required(Field::Name, name);
        let description = required(Field::Description, description);
        match (name, description) {
            (Ok(name), Ok(description)) => Ok(Self { name, description }),
            (name, description) => Err(Rejected::all([name.err(), description.err()])),
        }
    }
}

/// New values for some fields of an item; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemChange {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
}

impl ItemChange {
    /// Trims and checks; an absent or blank field keeps its value.
    pub(crate) fn new(name: Option<&str>, description: Option<&str>) -> Result<Self, Rejected> {
        let name = optional(Field::Name, name);
        let description = optional(Field::Description, description);
        match (name, description) {
            (Ok(None), Ok(None)) => Err(Rejected(vec![Flaw::NothingToChange])),
            (Ok(name), Ok(description)) => Ok(Self { name, description }),
            (name, description) => Err(Rejected::all([name.err(), description.err()])),
        }
    }
}

fn required(field: Field, text: Option<&str>) -> Result<String, Flaw> {
    optional(field, text)?.ok_or(Flaw::Missing(field))
}

/// The trimmed text, when there is some.
fn optional(field: Field, text: Option<&str>) -> Result<Option<String>, Flaw> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let max = field.chars_max();
    match text {
        Some(text) if text.chars().count() > max => Err(Flaw::TooLong { field, max }),
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws<T: std::fmt::Debug>(result: Result<T, Rejected>) -> Vec<Flaw> {
        result.unwrap_err().0
    }

    #[test]
    fn drafts_are_trimmed() {
        let draft = ItemDraft::new(Some("  pen \n"), Some("\tblue ")).unwrap();
        assert_eq!(
            (draft.name.as_str(), draft.description.as_str()),
            ("pen", "blue")
        );
    }

    #[test]
    fn every_flaw_of_a_draft_is_found_in_order() {
        let missing = vec![
            Flaw::Missing(Field::Name),
            Flaw::Missing(Field::Description),
        ];
        assert_eq!(flaws(ItemDraft::new(None, None)), missing);
        assert_eq!(flaws(ItemDraft::new(Some(" "), Some("\u{2003}"))), missing);

        let long = "é".repeat(NAME_CHARS_MAX + 1);
        let too_long = Flaw::TooLong {
            field: Field::Name,
            max: NAME_CHARS_MAX,
        };
        assert_eq!(
            flaws(ItemDraft::new(Some(&long), Some(""))),
            [too_long, Flaw::Missing(Field::Description)]
        );
    }

    #[test]
    fn lengths_are_counted_in_characters_after_trimming() {
        let name = format!(" {} ", "é".repeat(NAME_CHARS_MAX));
        let description = "é".repeat(DESCRIPTION_CHARS_MAX);
        assert!(ItemDraft::new(Some(&name), Some(&description)).is_ok());
        let description = description + "é";
        let too_long = Flaw::TooLong {
            field: Field::Description,
            max: DESCRIPTION_CHARS_MAX,
        };
        assert_eq!(
            flaws(ItemDraft::new(Some(&name), Some(&description))),
            [too_long]
        );
    }

    #[test]
    fn a_change_keeps_what_is_absent_or_blank() {
        let change = ItemChange::new(Some(" "), Some(" red ")).unwrap();
        assert_eq!(change.name, None);
        assert_eq!(change.description.as_deref(), Some("red"));
    }

    #[test]
    fn a_change_must_change_something_and_obeys_the_lengths() {
        assert_eq!(flaws(ItemChange::new(None, None)), [Flaw::NothingToChange]);
        assert_eq!(
            flaws(ItemChange::new(Some(""), None)),
            [Flaw::NothingToChange]
        );
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        let too_long = Flaw::TooLong {
            field: Field::Name,
            max: NAME_CHARS_MAX,
        };
        assert_eq!(flaws(ItemChange::new(Some(&long), None)), [too_long]);
    }
}
