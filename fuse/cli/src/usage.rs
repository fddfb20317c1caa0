//! Command lines that are wrong, and those that only ask.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};
use fuse_check::package::nearest;

use crate::arguments::{Cli, Color, Format, Global};
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::terminal::Environment;

/// Prints help to standard output, or why the command line is wrong to
/// standard error.
pub(crate) fn explain(
    problem: &clap::Error,
    arguments: &[OsString],
    environment: &Environment,
) -> ExitCode {
    let output = Output::new(&global_of(arguments), environment);
    if problem.kind() == ErrorKind::DisplayHelp {
        output.result(&problem.render().to_string());
        return ExitCode::SUCCESS;
    }
    let command = command_of(arguments);
    let separated = arguments.iter().any(|argument| argument == "--");
    output.failure(&match &command {
        Some(command) if separated && !PROGRAM_COMMANDS.contains(&command.get_name()) => {
            program_arguments()
        }
        _ => failure(problem, command.as_ref()),
    })
}

/// The help of the whole command.
pub(crate) fn help() -> String {
    Cli::command().render_long_help().to_string()
}

/// Commands that start a program, whose arguments stand behind `--`.
const PROGRAM_COMMANDS: &[&str] = &["run"];

/// Refuses arguments behind `--` for a command that starts no program.
pub(crate) fn refuse_program_arguments(cli: &Cli, arguments: &[OsString]) -> Result<(), Failure> {
    let separated = arguments.iter().any(|argument| argument == "--");
    match &cli.command {
        Some(command) if separated && !PROGRAM_COMMANDS.contains(&command.name()) => {
            Err(program_arguments())
        }
        _ => Ok(()),
    }
}

fn program_arguments() -> Failure {
    Failure::new(
        code::INVALID_FLAG,
        "arguments after `--` are only supported for fuse run",
    )
}

/// The output flags of a command line that could not be parsed as a whole.
fn global_of(arguments: &[OsString]) -> Global {
    let command = clap::Command::new("fuse").ignore_errors(true);
    let command = <Global as clap::Args>::augment_args(command);
    let matches = command.try_get_matches_from(arguments);
    let parsed = matches
        .ok()
        .and_then(|matches| Global::from_arg_matches(&matches).ok());
    // Flags behind a word that is no flag are not found this way.
    let value = |flag: &str| {
        let words: Vec<&str> = arguments
            .iter()
            .filter_map(|argument| argument.to_str())
            .collect();
        let joined = words.iter().find_map(|word| {
            word.strip_prefix(flag)?
                .strip_prefix('=')
                .map(str::to_owned)
        });
        let next = || {
            words
                .iter()
                .position(|word| *word == flag)
                .and_then(|at| words.get(at + 1))
        };
        joined.or_else(|| next().map(|word| (*word).to_owned()))
    };
    let mut global = parsed.unwrap_or(Global {
        diagnostics: None,
        color: None,
        quiet: false,
        verbose: false,
    });
    match value("--diagnostics").as_deref() {
        Some("json") => global.diagnostics = Some(Format::Json),
        Some("text") => global.diagnostics = Some(Format::Text),
        _ => {}
    }
    match value("--color").as_deref() {
        Some("always") => global.color = Some(Color::Always),
        Some("never") => global.color = Some(Color::Never),
        _ => {}
    }
    global
}

fn text(problem: &clap::Error, kind: ContextKind) -> Option<String> {
    match problem.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

fn list(problem: &clap::Error, kind: ContextKind) -> Vec<String> {
    match problem.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// How messages call an argument: `--max-errors` for `--max-errors <N>`, `CODE`
/// for `<CODE>`, `--path or --git` for `<--path <DIR>|--git <URL>>`.
fn called(argument: &str) -> String {
    let inner = argument
        .strip_prefix('<')
        .and_then(|argument| argument.strip_suffix('>'))
        .unwrap_or(argument);
    let names: Vec<&str> = inner
        .split('|')
        .map(|name| name.split(" <").next().unwrap_or(name).trim())
        .collect();
    if argument.starts_with('[') {
        "a path".to_owned()
    } else {
        names.join(" or ")
    }
}

fn failure(problem: &clap::Error, command: Option<&clap::Command>) -> Failure {
    let argument = text(problem, ContextKind::InvalidArg).unwrap_or_default();
    let argument = if argument.starts_with(['<', '[']) || argument.contains(" <") {
        called(&argument)
    } else {
        argument
    };
    match problem.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(problem, command),
        ErrorKind::UnknownArgument => unknown_argument(&argument, command),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let (name, known) = command.map_or_else(
                || ("fuse".to_owned(), visible_commands(&Cli::command())),
                |command| {
                    (
                        format!("fuse {}", command.get_name()),
                        visible_commands(command),
                    )
                },
            );
            let message = format!("{name} needs a command: {}", known.join(", "));
            Failure::new(code::MISSING_SUBCOMMAND, message)
        }
        ErrorKind::InvalidValue => {
            let value = text(problem, ContextKind::InvalidValue).unwrap_or_default();
            let known = list(problem, ContextKind::ValidValue);
            if value.is_empty() {
                return Failure::new(code::INVALID_FLAG, format!("{argument} needs a value"));
            }
            let failure = Failure::new(
                code::INVALID_FLAG,
                format!(
                    "invalid value `{value}` for {argument}; expected {}",
                    or_list(&known)
                ),
            );
            match nearest(&value, known.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure,
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> = list(problem, ContextKind::InvalidArg)
                .iter()
                .map(|name| called(name))
                .collect();
            Failure::new(
                code::INVALID_FLAG,
                format!("missing {}", missing.join(", ")),
            )
        }
        ErrorKind::ArgumentConflict => {
            let other = text(problem, ContextKind::PriorArg)
                .map(|other| called(&other))
                .unwrap_or_default();
            let message = if argument == other || other.is_empty() {
                format!("{argument} is given more than once")
            } else {
                format!("{argument} cannot be used with {other}")
            };
            Failure::new(code::INVALID_FLAG, message)
        }
        ErrorKind::ValueValidation => {
            let value = text(problem, ContextKind::InvalidValue).unwrap_or_default();
            let number = std::error::Error::source(problem)
                .is_some_and(<dyn std::error::Error>::is::<std::num::ParseIntError>);
            let expected = if number {
                "; expected a whole number"
            } else {
                ""
            };
            Failure::new(
                code::INVALID_FLAG,
                format!("invalid value `{value}` for {argument}{expected}"),
            )
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            Failure::new(
                code::INVALID_FLAG,
                format!("wrong number of values for {argument}"),
            )
        }
        ErrorKind::NoEquals => Failure::new(
            code::INVALID_FLAG,
            format!("{argument} needs `=` before its value"),
        ),
        _ => {
            let said = problem.to_string();
            let line = said.lines().next().unwrap_or_default();
            Failure::new(
                code::INVALID_FLAG,
                line.trim_start_matches("error: ").to_owned(),
            )
        }
    }
}

/// The command that the words of a command line name.
fn command_of(arguments: &[OsString]) -> Option<clap::Command> {
    let root = Cli::command();
    let words = arguments
        .iter()
        .skip(1)
        .filter_map(|argument| argument.to_str());
    words
        .take_while(|word| *word != "--")
        .find_map(|word| root.find_subcommand(word).cloned())
}

fn visible_commands(command: &clap::Command) -> Vec<String> {
    let visible = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    visible
        .map(|command| command.get_name().to_owned())
        .collect()
}

fn unknown_command(problem: &clap::Error, command: Option<&clap::Command>) -> Failure {
    let name = text(problem, ContextKind::InvalidSubcommand).unwrap_or_default();
    let (failure, known) = match command {
        Some(command) => {
            let message = format!("unknown command `fuse {} {name}`", command.get_name());
            (
                Failure::new(code::UNKNOWN_SUBCOMMAND, message),
                visible_commands(command),
            )
        }
        None => {
            let message = format!("unknown command `{name}`");
            (
                Failure::new(code::UNKNOWN_COMMAND, message),
                visible_commands(&Cli::command()),
            )
        }
    };
    let near = nearest(&name, known.iter().map(String::as_str));
    failure.hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if name.ends_with(".fuse") => format!("to run a program, write `fuse run {name}`"),
        None => format!("commands are {}", known.join(", ")),
    })
}

fn unknown_argument(argument: &str, command: Option<&clap::Command>) -> Failure {
    let Some(flag) = argument.strip_prefix('-') else {
        let message = format!("unexpected argument `{argument}`");
        let takes_path = command.is_some_and(|command| command.get_positionals().next().is_some());
        let failure = Failure::new(code::INVALID_FLAG, message);
        return if takes_path {
            failure.hint("the command takes one path")
        } else {
            failure
        };
    };
    let root = Cli::command();
    let name = flag
        .trim_start_matches('-')
        .split('=')
        .next()
        .unwrap_or_default();
    let owners: Vec<&str> = root
        .get_subcommands()
        .filter(|command| flags(command).iter().any(|known| known == name))
        .map(clap::Command::get_name)
        .collect();
    if !owners.is_empty() {
        let message = format!(
            "--{name} is only supported for fuse {}",
            owners.join(", fuse ")
        );
        let failure = Failure::new(code::INVALID_FLAG, message);
        return match command {
            Some(command) => failure.hint(format!("see `fuse {} --help`", command.get_name())),
            None => failure.hint("write it behind the command"),
        };
    }
    let known = flags(command.unwrap_or(&root));
    let failure = Failure::new(code::UNKNOWN_COMMAND, format!("unknown flag `{argument}`"));
    let near = nearest(name, known.iter().map(String::as_str));
    failure.hint(match (near, command) {
        (Some(near), _) => format!("did you mean `--{near}`?"),
        (None, Some(command)) => format!("see `fuse {} --help`", command.get_name()),
        (None, None) => "see `fuse --help`".to_owned(),
    })
}

/// The long flags of a command, those of its own commands included.
fn flags(command: &clap::Command) -> Vec<String> {
    let own = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .map(str::to_owned);
    let root = Cli::command();
    let global = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .filter_map(clap::Arg::get_long);
    let mut all: Vec<String> = own
        .chain(command.get_subcommands().flat_map(flags))
        .collect();
    if command.get_name() == root.get_name() {
        all = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .map(str::to_owned)
            .collect();
    } else {
        all.extend(global.map(str::to_owned));
        all.push("help".to_owned());
    }
    all
}

fn or_list(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
