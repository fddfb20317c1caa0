//! The command line.

use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::layers::Layer;
use super::problem::{Origin, Problems};
use super::variables::{Kind, VARIABLES, Variable};

const PRINT_CONFIG: &str = "print-config";

/// What the arguments ask for.
pub(super) enum Parsed {
    Flags(Flags),
    /// Help or version.
    Text(String),
}

pub(super) struct Flags {
    pub(super) layer: Layer,
    pub(super) print_config: bool,
}

/// Reads the arguments. What is wrong with one does not hide what is wrong
/// with the others, or with the environment.
pub(super) fn parse(args: &[OsString], problems: &mut Problems) -> Parsed {
    match command().try_get_matches_from(args) {
        Ok(matches) => Parsed::Flags(flags(&matches)),
        Err(error) if is_answer(error.kind()) => Parsed::Text(error.to_string()),
        Err(error) => {
            problems.add(first_line(&error));
            let lenient = command().ignore_errors(true).try_get_matches_from(args);
            Parsed::Flags(lenient.map_or_else(|_| none(), |matches| flags(&matches)))
        }
    }
}

fn command() -> Command {
    let flags = VARIABLES.iter().filter_map(argument);
    Command::new("production-service")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The Plumego service with what a deployment needs")
        .after_help("Flags win over the environment, which wins over the env file.")
        .args(flags)
        .arg(
            Arg::new(PRINT_CONFIG)
                .long(PRINT_CONFIG)
                .action(ArgAction::SetTrue)
                .help("Print the effective configuration with its sources and end"),
        )
        // What stands behind `--` is for others, such as a wrapper.
        .arg(Arg::new("rest").last(true).num_args(0..).hide(true))
}

fn argument(variable: &'static Variable) -> Option<Arg> {
    let flag = variable.flag?;
    let argument = Arg::new(variable.key)
        .long(flag)
        .value_name("VALUE")
        .help(help(variable))
        .overrides_with(variable.key);
    Some(match variable.kind {
        Kind::Switch => argument.num_args(0..=1).default_missing_value("true"),
        Kind::Ordinary => argument.value_parser(NonEmptyStringValueParser::new()),
        Kind::Clearable | Kind::Secret => argument,
    })
}

fn help(variable: &Variable) -> String {
    let mut help = variable.summary.to_owned();
    if let Some(env) = variable.env {
        help += &format!(" [{env}]");
    }
    if !variable.default.is_empty() {
        help += &format!(" [default: {}]", variable.default);
    }
    help
}

fn flags(matches: &ArgMatches) -> Flags {
    let given = VARIABLES.iter().filter(|variable| variable.flag.is_some());
    let values = given.filter_map(|variable| {
        let value = matches.try_get_one::<String>(variable.key).ok().flatten()?;
        Some((variable.key, value.clone()))
    });
    Flags {
        layer: Layer::new(Origin::Flag, values),
        // Arguments that could not be parsed leave it without a value.
        print_config: matches!(matches.try_get_one(PRINT_CONFIG), Ok(Some(true))),
    }
}

fn none() -> Flags {
    Flags {
        layer: Layer::new(Origin::Flag, []),
        print_config: false,
    }
}

fn is_answer(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
}

/// What is wrong, without the hints for terminals.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
