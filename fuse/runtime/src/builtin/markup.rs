//! `html`, `svg` and `asset`.

use super::Call;
use crate::context::Ctx;
use crate::display;
use crate::fault::Outcome;
use crate::html;
use crate::ops::check_len;
use crate::value::Value;

/// Logs one warning for every address that was rendered as `#` because following it
/// would run it.
pub(super) fn warn_of_addresses(ctx: &Ctx) {
    for _ in 0..html::take_warnings() {
        ctx.warn("blocked a URL scheme in an HTML attribute");
    }
}

pub(super) fn text(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(html::text(call.take(0)))
}

pub(super) fn raw(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(html::raw(call.take(0)))
}

pub(super) fn node(call: &mut Call<'_>) -> Outcome<Value> {
    html::node(call.take(0), call.take(1), call.take(2))
}

pub(super) fn render(call: &mut Call<'_>) -> Outcome<Value> {
    display::with_buffer(|out| {
        display::write(call.args[0].peek(), out);
        check_len(out.len())?;
        Ok(Value::text(
            std::str::from_utf8(out).expect("markup is text"),
        ))
    })
}

pub(super) fn svg_inline(call: &mut Call<'_>) -> Outcome<Value> {
    let markup = call
        .ctx
        .runtime()
        .svg()
        .inline(call.ctx.runtime(), call.text(0)?)?;
    Ok(html::raw(Value::text(&markup)))
}

pub(super) fn asset(call: &mut Call<'_>) -> Outcome<Value> {
    let path = call
        .ctx
        .runtime()
        .assets()
        .path(call.ctx.runtime(), call.text(0)?)?;
    Ok(Value::text(&path))
}
