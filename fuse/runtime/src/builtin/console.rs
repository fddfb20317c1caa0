//! `print`, `input`, `assert`.

use std::io;

use super::Call;
use crate::display;
use crate::fault::{Fault, Outcome};
use crate::system::Stdio;
use crate::value::Value;

/// Bytes of a line of input at most.
const LINE_MAX: usize = 1024 * 1024;

/// `print(value)`
pub(super) fn print(call: &mut Call<'_>) -> Outcome<Value> {
    let value = call.args[0].peek();
    let stdio = call.ctx.runtime().stdio();
    display::with_buffer(|out| {
        display::write(value, out);
        out.push(b'\n');
        stdio
            .print(out)
            .map_err(|error| output_failed(stdio, &error))
    })?;
    Ok(Value::Unit)
}

/// What ends a program whose output has nowhere to go. When the reader has gone
/// away, whoever reports the end sees that and says nothing.
fn output_failed(stdio: &Stdio, error: &io::Error) -> Fault {
    if stdio.output_is_closed() {
        return Fault::cancelled();
    }
    Fault::error(format!("cannot write to standard output: {error}"))
}

/// `input(prompt)`
pub(super) fn input(call: &mut Call<'_>) -> Outcome<Value> {
    let stdio = call.ctx.runtime().stdio();
    let prompt = call.text(0)?;
    let written = stdio.print(prompt.as_bytes()).and_then(|()| stdio.flush());
    written.map_err(|error| output_failed(stdio, &error))?;
    match stdio.read_line(LINE_MAX) {
        Ok(Some(line)) => Ok(Value::text(&line)),
        Ok(None) if stdio.input_is_terminal() => Err(Fault::error("input aborted: reached EOF")),
        Ok(None) => Err(Fault::error(
            "input requires stdin data in non-interactive mode",
        )),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::InvalidData => Fault::error("input is not valid UTF-8"),
            io::ErrorKind::FileTooLarge => Fault::error("input line is too long"),
            _ => Fault::error(format!("cannot read standard input: {error}")),
        }),
    }
}

/// `assert(condition, message)`
pub(super) fn assert(call: &mut Call<'_>) -> Outcome<Value> {
    if call.bool(0)? {
        return Ok(Value::Unit);
    }
    Err(Fault::assertion(&display::to_string(call.args[1].peek())))
}
