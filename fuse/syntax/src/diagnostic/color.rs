//! Whether output is coloured, and with what.

use std::str::FromStr;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColorChoice {
    /// Colour on a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Colour everywhere.
    Always,
    /// No colour.
    Never,
}

impl FromStr for ColorChoice {
    type Err = UnknownColorChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(UnknownColorChoice),
        }
    }
}

/// The text is none of `auto`, `always` and `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownColorChoice;

impl std::fmt::Display for UnknownColorChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected `auto`, `always` or `never`")
    }
}

impl std::error::Error for UnknownColorChoice {}

/// Everything that decides about colour, as values, so that the decision reads
/// nothing itself.
///
/// ```
/// use fuse_syntax::{ColorChoice, ColorPolicy};
///
/// let policy = ColorPolicy { terminal: true, no_color: Some("1"), ..ColorPolicy::default() };
/// assert!(!policy.colored());
/// assert!(ColorPolicy { flag: Some(ColorChoice::Always), ..policy }.colored());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ColorPolicy<'a> {
    /// `--color`; wins over the environment.
    pub flag: Option<ColorChoice>,
    /// `FUSE_COLOR`; anything but the three choices is `auto`.
    pub fuse_color: Option<&'a str>,
    /// `NO_COLOR`; set to anything but the empty text it turns `auto` off.
    pub no_color: Option<&'a str>,
    /// `FUSE_COLOR_FORCE_TTY`; `1` makes `auto` take the output for a
    /// terminal.
    pub force_terminal: Option<&'a str>,
    /// Whether the output is a terminal.
    pub terminal: bool,
}

impl ColorPolicy<'_> {
    /// Whether to colour.
    #[must_use]
    pub fn colored(&self) -> bool {
        let environment = self.fuse_color.and_then(|text| text.parse().ok());
        match self.flag.or(environment).unwrap_or_default() {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let terminal = self.terminal || self.force_terminal == Some("1");
                terminal && self.no_color.is_none_or(str::is_empty)
            }
        }
    }
}

/// A style of the terminal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    Error,
    Warning,
    Note,
    Hint,
    Strong,
    Faint,
    Added,
    Removed,
}

impl Style {
    pub(super) const RESET: &'static str = "\x1b[0m";

    pub(super) const fn start(self) -> &'static str {
        match self {
            Self::Error => "\x1b[31;1m",
            Self::Warning => "\x1b[33;1m",
            Self::Note => "\x1b[36;1m",
            Self::Hint => "\x1b[32;1m",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[34m",
            Self::Added => "\x1b[32m",
            Self::Removed => "\x1b[31m",
        }
    }
}
