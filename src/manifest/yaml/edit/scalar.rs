//! One value becomes another, in the place and as far as possible in the style of the old one.

use serde_json::Value;

use super::super::write;
use super::block::detached;
use super::written::{Content, Written};
use super::{Editor, LAYOUT, Slot, Step, Stuck};
use saphyr_parser::ScalarStyle;

impl Editor<'_> {
    pub(super) fn set(&mut self, node: &Written, slot: Slot, value: &Value) -> Step {
        let is_inline = !node.is_block() && !node.is_block_scalar();
        if slot.flow {
            return self.inline(node, slot, &write::flow(value, Some(node)));
        }
        if let (Content::Scalar(ScalarStyle::Literal), Some(text)) = (&node.content, value.as_str())
            && self.literal(node, slot, text)?
        {
            return Ok(());
        }
        let new = write::after(value, slot.indent, Some(node));
        match new.strip_suffix('\n') {
            Some(line) if is_inline && !line.contains('\n') => self.inline(node, slot, line.trim_start()),
            _ => self.whole(node, slot, &new),
        }
    }

    /// Replaces a value inside of its line.
    fn inline(&mut self, node: &Written, slot: Slot, new: &str) -> Step {
        if node.range.is_empty() {
            self.splice(slot.after..slot.after, format!(" {new}"));
        } else {
            self.splice(node.range.clone(), new.to_owned());
        }
        Ok(())
    }

    /// Replaces the lines of a literal block. Its indentation stays, and its `|`, unless the text ends in another way.
    fn literal(&mut self, node: &Written, slot: Slot, text: &str) -> Step<bool> {
        let (start, end) = self.header(slot)?;
        let header = self.part(start..end);
        let Some(chomp) = header.strip_prefix('|').filter(|chomp| matches!(*chomp, "" | "-")) else {
            return Ok(false);
        };
        let lines = self.line_end(end)..self.line_end(node.range.end.max(end));
        let first = self.part(lines.clone()).split('\n').find(|line| !line.trim().is_empty());
        let indent = first.map_or(slot.indent + 2, |line| line.len() - line.trim_start_matches(' ').len());
        let Some(new) = write::lines(text, indent) else { return Ok(false) };
        if new.chomp != chomp {
            self.splice(start..end, format!("|{}", new.chomp));
        }
        self.splice(lines, self.native(&new.lines));
        Ok(true)
    }

    /// Where the `|` or `>` of a block scalar begins, and where what belongs to it ends.
    fn header(&self, slot: Slot) -> Step<(usize, usize)> {
        let start = self.skip(slot.after);
        let rest = self.rest(start);
        let length =
            rest.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).unwrap_or(rest.len());
        if rest.starts_with(['|', '>']) {
            Ok((start, start + length))
        } else {
            Err(Stuck { at: start, reason: LAYOUT })
        }
    }

    /// Replaces everything after the `:` or `-`, to the end of the value's last line. Comments stay that are beside the
    /// `:`, or above a block and for themselves.
    pub(super) fn whole(&mut self, node: &Written, slot: Slot, new: &str) -> Step {
        let line = self.line_end(slot.after);
        let start = self.skip(slot.after);
        let (beside, mut end) = match () {
            () if node.is_block_scalar() => {
                let (_, header) = self.header(slot)?;
                (header..self.line_end(header), self.line_end(node.range.end.max(header)))
            }
            () if node.is_block() && start < line => (line..line, self.line_end(node.range.end)),
            () if node.is_block() || node.range.is_empty() => {
                (slot.after..line, self.line_end(node.range.end).max(line))
            }
            () => (node.range.end..self.line_end(node.range.end), self.line_end(node.range.end)),
        };
        if node.is_block_scalar() && self.keeps_blank_lines(slot)? {
            while end < self.text.len() && self.part(end..self.line_end(end)).trim().is_empty() {
                end = self.line_end(end);
            }
        }
        let comment = self.part(beside).trim_end().to_owned();
        if !comment.is_empty() && !comment.trim_start().starts_with('#') {
            return Err(Stuck { at: slot.after, reason: LAYOUT });
        }
        let above = if node.is_block() { self.line_start(start).max(line) } else { line };
        let above = detached(self.part(line..above));
        let (first, rest) = new.split_once('\n').unwrap_or((new, ""));
        let newline = self.newline;
        let text = format!("{first}{comment}{newline}{above}{}", self.native(rest));
        self.splice(slot.after..end, text);
        Ok(())
    }

    /// Whether the blank lines below a block scalar belong to it.
    fn keeps_blank_lines(&self, slot: Slot) -> Step<bool> {
        let (start, end) = self.header(slot)?;
        Ok(self.part(start..end).contains('+'))
    }
}
