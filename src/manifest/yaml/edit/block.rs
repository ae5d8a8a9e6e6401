//! Block collections: items and fields that begin on lines of their own. A list is put together again from the lines of
//! its items, so that an item that stays, or only moves, keeps its comments and its layout.

use std::ops::Range;

use super::super::patch::{Item, Patch};
use super::super::write;
use super::written::{Content, Entry, Written};
use super::{Editor, LAYOUT, Slot, Splice, Step, Stuck};

/// The lines of an item or a field.
struct Chunk {
    /// The blank lines and comments above.
    lead: Range<usize>,
    /// From its `-` or its key to the end of its last line.
    body: Range<usize>,
    /// The changes inside.
    splices: Vec<Splice>,
}

/// A part of a collection that is put together again.
enum Piece {
    /// The entry that had this index.
    Old(usize),
    /// A new one, without the blanks before its first line.
    New(String),
}

impl Editor<'_> {
    pub(super) fn block_items(
        &mut self,
        node: &Written,
        slot: Slot,
        items: &[Written],
        changed: &[Item],
    ) -> Step {
        let mut chunks = self.item_chunks(slot, items)?;
        for item in changed {
            let Item::Old(at, patch) = item else { continue };
            let stuck = Stuck { at: node.range.start, reason: LAYOUT };
            let (item, chunk) = items.get(*at).zip(chunks.get_mut(*at)).ok_or(stuck)?;
            let dash = chunk.body.start;
            let slot = Slot { indent: self.column(dash), after: dash + 1, flow: false };
            chunk.splices = self.inside(|editor| editor.change(item, slot, patch))?;
        }
        let stays = |(at, item): (usize, &Item)| matches!(item, Item::Old(old, _) if *old == at);
        if changed.len() == items.len() && changed.iter().enumerate().all(stays) {
            self.splices.extend(chunks.into_iter().flat_map(|chunk| chunk.splices));
            return Ok(());
        }
        if changed.is_empty() {
            return self.whole(node, slot, " []\n");
        }
        let indent = chunks.first().map_or(0, |chunk| self.column(chunk.body.start));
        let pieces = changed.iter().map(|item| match item {
            Item::Old(at, _) => Piece::Old(*at),
            Item::New(value) => {
                let alike = |item: &&Written| is_alike(item, value);
                Piece::New(write::item(value, indent, items.iter().rfind(alike)))
            }
        });
        self.assemble(&chunks, &pieces.collect::<Vec<_>>(), indent)
    }

    pub(super) fn block_fields(
        &mut self,
        node: &Written,
        slot: Slot,
        entries: &[Entry],
        changed: &[(String, Option<Patch>)],
    ) -> Step {
        let find = |name: &str| changed.iter().find(|(of, _)| of == name).map(|(_, patch)| patch);
        let mut splices = Vec::new();
        for entry in entries {
            let mut inside = Vec::new();
            if let Some(Some(patch)) = find(&entry.name) {
                let slot = self.slot(node, entry)?;
                inside = self.inside(|editor| editor.change(&entry.value, slot, patch))?;
            }
            splices.push(inside);
        }
        let is_removed = |entry: &Entry| matches!(find(&entry.name), Some(None));
        let is_new = |name: &str| !entries.iter().any(|entry| entry.name == name);
        let new: Vec<_> = changed
            .iter()
            .filter_map(|(name, patch)| match patch {
                Some(Patch::Set(value)) if is_new(name) => Some((name, value)),
                _ => None,
            })
            .collect();
        if new.is_empty() && !entries.iter().any(is_removed) {
            self.splices.extend(splices.into_iter().flatten());
            return Ok(());
        }
        if new.is_empty() && entries.iter().all(is_removed) {
            return self.whole(node, slot, " {}\n");
        }
        let bounds = entries.iter().map(|entry| (entry.key.range.start, entry.value.range.end));
        let mut chunks = self.chunks(slot, &bounds.collect::<Vec<_>>())?;
        for (chunk, splices) in chunks.iter_mut().zip(splices) {
            chunk.splices = splices;
        }
        let indent = chunks.first().map_or(0, |chunk| self.column(chunk.body.start));
        let kept = (0..).zip(entries).filter(|(_, entry)| !is_removed(entry)).map(|(at, _)| Piece::Old(at));
        let added = new.into_iter().map(|(name, value)| {
            Piece::New(format!("{}:{}", write::key(name), write::after(value, indent, None::<&Written>)))
        });
        self.assemble(&chunks, &kept.chain(added).collect::<Vec<_>>(), indent)
    }

    /// The changes that a step makes, kept apart.
    pub(super) fn inside(&mut self, step: impl FnOnce(&mut Self) -> Step) -> Step<Vec<Splice>> {
        let before = self.splices.len();
        step(self)?;
        Ok(self.splices.split_off(before))
    }

    fn item_chunks(&self, slot: Slot, items: &[Written]) -> Step<Vec<Chunk>> {
        let mut from = slot.after;
        let mut bounds = Vec::new();
        for item in items {
            let dash = self.skip(from);
            if !self.rest(dash).starts_with('-') || (!item.range.is_empty() && dash >= item.range.start) {
                return Err(Stuck { at: item.range.start, reason: LAYOUT });
            }
            from = item.range.end.max(dash + 1);
            bounds.push((dash, from));
        }
        self.chunks(slot, &bounds)
    }

    /// The lines of entries that begin and end at these bytes. Only the first may begin inside of a line.
    fn chunks(&self, slot: Slot, bounds: &[(usize, usize)]) -> Step<Vec<Chunk>> {
        let mut chunks: Vec<Chunk> = Vec::new();
        for (start, end) in bounds {
            let line = self.line_start(*start);
            let is_whole = self.part(line..*start).chars().all(|c| c == ' ');
            let above = chunks.last().map(|chunk| chunk.body.end);
            let lead = match above {
                Some(above) if is_whole && above <= line => above..line,
                None if is_whole && slot.after <= line => self.line_end(slot.after).min(line)..line,
                None if is_whole => line..line,
                None => *start..*start,
                Some(_) => return Err(Stuck { at: *start, reason: LAYOUT }),
            };
            chunks.push(Chunk { lead, body: *start..self.line_end(*end), splices: Vec::new() });
        }
        Ok(chunks)
    }

    /// Replaces all lines of a collection by these pieces.
    fn assemble(&mut self, chunks: &[Chunk], pieces: &[Piece], indent: usize) -> Step {
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else { return Ok(()) };
        let stuck = Stuck { at: first.body.start, reason: LAYOUT };
        let is_whole = self.part(self.line_start(first.body.start)..first.body.start).trim().is_empty();
        let range = if is_whole { first.lead.start } else { first.body.start }..last.body.end;
        let mut left = self.left_behind(chunks, pieces);
        let mut text = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            let (lead, body) = match piece {
                Piece::Old(at) => {
                    let Chunk { lead, body, splices } = chunks.get(*at).ok_or(stuck)?;
                    let left = left.get_mut(*at).map(std::mem::take).unwrap_or_default();
                    let lead = self.part(lead.clone());
                    // The blank lines that were between two items do not begin the list.
                    let is_first = index == 0 && *at != 0 && left.is_empty();
                    let lead = if is_first { without_blank_lines(lead) } else { lead };
                    (left + lead, self.applied(body.clone(), splices.clone())?)
                }
                Piece::New(body) => (String::new(), self.native(body)),
            };
            if index > 0 || is_whole {
                text.push_str(&lead);
                text.push_str(&" ".repeat(indent));
            } else if !lead.is_empty() {
                return Err(stuck);
            }
            text.push_str(&body);
            if !text.ends_with('\n') {
                text.push_str(self.newline);
            }
        }
        text.push_str(left.last().map_or("", String::as_str));
        self.splice(range, text);
        Ok(())
    }

    /// For each entry, and for the end, the comments above it that outlive the removed entries before it: those with a
    /// blank line below them stand for themselves. A comment right above an entry goes with it.
    fn left_behind(&self, chunks: &[Chunk], pieces: &[Piece]) -> Vec<String> {
        let mut left = Vec::new();
        let mut waiting = String::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let is_kept = pieces.iter().any(|piece| matches!(piece, Piece::Old(old) if *old == at));
            if is_kept {
                left.push(std::mem::take(&mut waiting));
            } else {
                waiting.push_str(detached(self.part(chunk.lead.clone())));
                left.push(String::new());
            }
        }
        left.push(waiting);
        left
    }
}

/// The lines to the last blank one, if there is a comment in them.
pub(super) fn detached(lead: &str) -> &str {
    let mut end = lead.len();
    for line in lead.split_inclusive('\n').rev() {
        if line.trim().is_empty() {
            break;
        }
        end -= line.len();
    }
    lead.get(..end).filter(|lines| lines.contains('#')).unwrap_or_default()
}

fn without_blank_lines(lead: &str) -> &str {
    let blank: usize =
        lead.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    lead.get(blank..).unwrap_or_default()
}

/// Whether an item that is there can show how to write a new one.
fn is_alike(item: &Written, value: &serde_json::Value) -> bool {
    match &item.content {
        Content::Map { .. } => value.is_object(),
        Content::Seq { .. } => value.is_array(),
        Content::Scalar(_) => !value.is_object() && !value.is_array(),
        Content::Alias => false,
    }
}
