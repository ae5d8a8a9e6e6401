//! Flow collections: what is between brackets, with commas. Items that stay keep their text, their line and the comment
//! beside them.

use std::ops::Range;

use super::super::patch::{Item, Patch};
use super::super::write;
use super::written::{Entry, Written};
use super::{Editor, LAYOUT, Slot, Step, Stuck};

/// An item or a field.
struct Part {
    /// The blanks, line ends and comments before it, after the comma.
    lead: Range<usize>,
    /// The value, and blanks between it and its comma.
    body: Range<usize>,
    /// Whether it has a comma.
    comma: bool,
    /// The comment beside it, after its comma.
    beside: Range<usize>,
}

/// The text of a part that is put together again.
struct Text {
    /// Its index, if it was there.
    at: Option<usize>,
    body: String,
}

impl Editor<'_> {
    pub(super) fn flow_items(&mut self, node: &Written, items: &[Written], changed: &[Item]) -> Step {
        let stuck = Stuck { at: node.range.start, reason: LAYOUT };
        let parts = self.parts(node, items.iter().map(|item| item.range.clone()))?;
        let mut texts = Vec::new();
        for item in changed {
            texts.push(match item {
                Item::Old(at, patch) => {
                    let (item, part) = items.get(*at).zip(parts.get(*at)).ok_or(stuck)?;
                    let slot = Slot { indent: 0, after: part.body.start, flow: true };
                    let splices = self.inside(|editor| editor.change(item, slot, patch))?;
                    Text { at: Some(*at), body: self.applied(part.body.clone(), splices)? }
                }
                Item::New(value) => Text { at: None, body: write::flow(value, items.last()) },
            });
        }
        self.join(node, &parts, &texts)
    }

    pub(super) fn flow_fields(
        &mut self,
        node: &Written,
        entries: &[Entry],
        changed: &[(String, Option<Patch>)],
    ) -> Step {
        let range = |entry: &Entry| entry.key.range.start..entry.value.range.end.max(entry.key.range.end);
        let parts = self.parts(node, entries.iter().map(range))?;
        let mut texts = Vec::new();
        for (at, (entry, part)) in entries.iter().zip(&parts).enumerate() {
            let splices = match changed.iter().find(|(name, _)| *name == entry.name) {
                Some((_, None)) => continue,
                Some((_, Some(patch))) => {
                    let slot = self.slot(node, entry)?;
                    self.inside(|editor| editor.change(&entry.value, slot, patch))?
                }
                None => Vec::new(),
            };
            texts.push(Text { at: Some(at), body: self.applied(part.body.clone(), splices)? });
        }
        for (name, patch) in changed.iter().filter(|(name, _)| node.get(name).is_none()) {
            if let Some(Patch::Set(value)) = patch {
                let [key, value] =
                    [&name.as_str().into(), value].map(|part| write::flow::<&Written>(part, None));
                texts.push(Text { at: None, body: format!("{key}: {value}") });
            }
        }
        self.join(node, &parts, &texts)
    }

    /// The parts between the brackets.
    fn parts(&self, node: &Written, bodies: impl Iterator<Item = Range<usize>>) -> Step<Vec<Part>> {
        let end = node.range.end - 1;
        let mut parts = Vec::new();
        let mut from = node.range.start + 1;
        for body in bodies {
            let gap = self.part(body.end..end);
            let blanks = gap.len() - gap.trim_start().len();
            let next = gap.trim_start().chars().next();
            // An item without text, or with a comment before its comma, is too rare to be worth a guess.
            if from > body.start || body.is_empty() || !matches!(next, None | Some(',' | '#')) {
                return Err(Stuck { at: body.start, reason: LAYOUT });
            }
            let comma = next == Some(',');
            let (value, after) =
                if comma { (body.end + blanks, body.end + blanks + 1) } else { (body.end, body.end) };
            let line = self.part(after..self.line_end(after).min(end));
            let is_comment = line.trim_start().starts_with('#');
            let beside = after..after + if is_comment { line.trim_end().len() } else { 0 };
            parts.push(Part {
                lead: from..body.start,
                body: body.start..value,
                comma,
                beside: beside.clone(),
            });
            from = beside.end;
        }
        Ok(parts)
    }

    /// Puts the parts between the brackets.
    fn join(&mut self, node: &Written, parts: &[Part], texts: &[Text]) -> Step {
        let inner = node.range.start + 1..node.range.end - 1;
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            if !self.part(inner.clone()).trim().is_empty() {
                return Err(Stuck { at: node.range.start, reason: LAYOUT });
            }
            let bodies: Vec<_> = texts.iter().map(|text| text.body.as_str()).collect();
            self.splice(inner, bodies.join(", "));
            return Ok(());
        };
        let mut new = String::new();
        for (index, text) in texts.iter().enumerate() {
            let part = text.at.and_then(|at| parts.get(at));
            new.push_str(&self.lead(parts, index, text.at));
            new.push_str(&text.body);
            if index + 1 < texts.len() || last.comma {
                new.push(',');
            }
            new.push_str(part.map_or("", |part| self.part(part.beside.clone())));
        }
        let is_empty = texts.is_empty() && !self.part(first.lead.clone()).contains('#');
        if !is_empty {
            new.push_str(self.part(last.beside.end..inner.end));
        }
        self.splice(inner, new);
        Ok(())
    }

    /// What stands before a part that is now at this index.
    fn lead(&self, parts: &[Part], index: usize, at: Option<usize>) -> String {
        let of = |part: Option<&Part>| part.map(|part| self.part(part.lead.clone()));
        let own = of(at.and_then(|at| parts.get(at)));
        let between = of(parts.get(1)).filter(|lead| !lead.contains('#')).unwrap_or(" ");
        let first = of(parts.first()).unwrap_or_default();
        let line = |lead: &str| {
            let indent = lead.rsplit('\n').next().unwrap_or_default().to_owned();
            format!("{}{indent}", self.newline)
        };
        match (own, index) {
            (Some(own), _) if own.contains('\n') => own.to_owned(),
            (_, 0) => first.to_owned(),
            (Some(own), _) if at != Some(0) => own.to_owned(),
            // Beside parts that have lines of their own, a new one has one too.
            _ if of(parts.last()).is_some_and(|lead| lead.contains('\n')) => {
                line(of(parts.last()).unwrap_or_default())
            }
            _ => between.to_owned(),
        }
    }
}
