//! Elements and their attributes.

use fuse_check::canon::{AttributeKind, Attributes, ExprId, StrId};
use fuse_runtime::html;

use crate::frame::Eval;
use crate::machine::Machine;

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    pub(crate) fn element(
        &mut self,
        tag: StrId,
        _void: bool,
        attributes: Attributes,
        children: ExprId,
    ) -> Eval {
        let attributes = self.attributes(attributes)?;
        let children = self.eval(children)?;
        Ok(html::element(
            &self.parts.program[tag],
            attributes,
            children,
        )?)
    }

    pub(crate) fn attributes(&mut self, attributes: Attributes) -> Eval<html::Attributes> {
        let function = self.frame.function;
        let base = attributes.base.map(|base| self.eval(base)).transpose()?;
        let mut made = html::Attributes::new(base.as_ref().map(fuse_runtime::Value::peek))?;
        for attribute in &function[attributes.named] {
            let value = self.eval(attribute.value)?;
            let name = &self.parts.program[attribute.name];
            match attribute.kind {
                AttributeKind::Text => made.text(name, value.peek()),
                AttributeKind::Flag => made.flag(name, value.peek()),
            }
        }
        Ok(made)
    }
}
