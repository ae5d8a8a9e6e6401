//! From the parser's events to nodes, without recursion and within a budget. Not here: what is refused, in `refuse`.

mod refuse;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as EventSpan};

use super::document::Document;
use super::node::{Key, MAX_DEPTH, MAX_DIAGNOSTICS, MAX_WEIGHT, Node, NodeStyle, Span, Value};
use super::source::Source;
use super::syntax::{self, too_deep};
use crate::diagnostic::{Code, Diagnostic};

/// Reads all documents, piece by piece, and says how much they weigh: what was read and then refused counts, too.
pub(super) fn documents(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> (Vec<Document>, usize) {
    let mut builder = Builder::new(source);
    for piece in source.pieces() {
        builder.read(piece);
        if builder.diagnostics.len() >= MAX_DIAGNOSTICS || builder.weight_left == 0 {
            break;
        }
    }
    builder.judge_empty_documents();
    diagnostics.extend(builder.diagnostics);
    let document = |root| Document { file: source.file.to_owned(), root, patch: None };
    (builder.documents.into_iter().map(document).collect(), MAX_WEIGHT - builder.weight_left)
}

/// The rest of the piece cannot be read; the diagnostic is already reported.
struct GiveUp;

/// A node with the cost of repeating it by an alias.
#[derive(Clone)]
struct Built {
    node: Node,
    weight: usize,
    height: usize,
}

/// A list or mapping that is not closed yet.
struct Frame {
    content: OpenContent,
    start: Span,
    anchor: usize,
    weight: usize,
    height: usize,
}

enum OpenContent {
    Seq(Vec<Node>),
    Map(Vec<(Key, Node)>, Expected),
}

/// What a mapping expects next. A value whose key was refused is read and dropped.
enum Expected {
    Key,
    Value(Option<Key>),
}

struct Builder<'a> {
    source: &'a Source<'a>,
    diagnostics: Vec<Diagnostic>,
    documents: Vec<Node>,
    empty: Vec<Span>,
    weight_left: usize,
    /// The lines that the parser reads.
    piece: Range<usize>,
    document_line: usize,
    /// Whether the document has an error and will be left out.
    broken: bool,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Built>,
    root: Option<Node>,
    comments: BTreeMap<(usize, usize), usize>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        Self {
            source,
            diagnostics: Vec::new(),
            documents: Vec::new(),
            empty: Vec::new(),
            weight_left: MAX_WEIGHT,
            piece: 1..2,
            document_line: 1,
            broken: false,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            comments: source.glued_comments(),
        }
    }

    /// Reads a piece to its end, or until it cannot go on.
    fn read(&mut self, piece: Range<usize>) {
        let parser = Parser::new_from_str(self.source.text(&piece));
        self.begin_document(piece.start);
        self.piece = piece;
        for event in parser {
            let read = match event {
                Ok((event, span)) => self.take(event, span),
                Err(error) => {
                    let place = self.span(*error.marker(), *error.marker());
                    self.give_up(syntax::diagnostic(error.info(), place, self.source))
                }
            };
            if read.is_err() {
                return;
            }
        }
    }

    fn take(&mut self, event: Event<'_>, span: EventSpan) -> Result<(), GiveUp> {
        let place = self.span(span.start, span.end);
        match event {
            Event::DocumentStart(_) => self.begin_document(place.line),
            Event::DocumentEnd => self.end_document(),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), true, place);
                let weight = 1 + text.len() / 64;
                let node = self.scalar(text, style, tag.is_some(), place);
                self.warn_of_comment(&node, span);
                self.spend(weight, place)?;
                return self.add(Built { node, weight, height: 0 }, anchor);
            }
            Event::Alias(anchor) => return self.repeat(anchor, place),
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), false, place);
                return self.open(OpenContent::Seq(Vec::new()), place, anchor);
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), false, place);
                return self.open(OpenContent::Map(Vec::new(), Expected::Key), place, anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
        }
        Ok(())
    }

    /// Forgets the anchors of the document before: the parser keeps them after a document that ended with `...`.
    fn begin_document(&mut self, line: usize) {
        self.document_line = line;
        self.broken = false;
        self.stack.clear();
        self.anchors.clear();
        self.root = None;
    }

    fn end_document(&mut self) {
        let Some(node) = self.root.take() else { return };
        if self.broken {
            return;
        }
        match node.value {
            Value::Null if node.raw() == Some("") => {
                self.empty.push(self.source.span(self.document_line, 1, 3))
            }
            Value::Null => self.empty.push(node.span),
            _ => self.documents.push(node),
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, tagged: bool, span: Span) -> Node {
        let style = match style {
            ScalarStyle::Plain if !tagged => return self.plain(text, span),
            ScalarStyle::Literal => NodeStyle::Literal,
            ScalarStyle::Folded => NodeStyle::Folded,
            _ => NodeStyle::Quoted,
        };
        Node { value: Value::String(text.into_owned()), span, style }
    }

    fn open(&mut self, content: OpenContent, start: Span, anchor: usize) -> Result<(), GiveUp> {
        if self.stack.len() >= MAX_DEPTH {
            return self.give_up(too_deep(self.source, start));
        }
        self.spend(1, start)?;
        self.stack.push(Frame { content, start, anchor, weight: 1, height: 0 });
        Ok(())
    }

    fn close(&mut self, end: EventSpan) -> Result<(), GiveUp> {
        let Some(Frame { content, start, anchor, weight, height }) = self.stack.pop() else { return Ok(()) };
        let span = self.collection_span(start, &content, end);
        let value = match content {
            OpenContent::Seq(items) => Value::Seq(items),
            OpenContent::Map(entries, _) => {
                self.refuse_duplicates(&entries);
                Value::Map(entries)
            }
        };
        let node = Node { value, span, style: NodeStyle::Collection };
        self.add(Built { node, weight, height: height + 1 }, anchor)
    }

    /// In flow style everything on the first line; in block style the first key or item, because the rest of the line
    /// may be a comment.
    fn collection_span(&self, start: Span, content: &OpenContent, end: EventSpan) -> Span {
        let first = match content {
            OpenContent::Seq(items) => items.first().map(|item| (item.span, item.raw() == Some(""))),
            OpenContent::Map(entries, _) => entries.first().map(|(key, _)| (key.span, false)),
        };
        let end_line = self.line(end.end);
        match first {
            _ if !end.is_empty() && end_line == start.line => {
                Span { width: (end.end.col() + 1).saturating_sub(start.column).max(1), ..start }
            }
            _ if !end.is_empty() => self.source.rest_of_line(start.line, start.column),
            Some((first, false)) if first.line == start.line && first.column >= start.column => {
                Span { width: first.column + first.width - start.column, ..start }
            }
            _ => start,
        }
    }

    fn repeat(&mut self, anchor: usize, span: Span) -> Result<(), GiveUp> {
        if let Some(built) = self.anchors.get(&anchor) {
            let (weight, height) = (built.weight, built.height);
            if self.stack.len() + height > MAX_DEPTH {
                return self.give_up(too_deep(self.source, span));
            }
            self.spend(weight, span)?;
            let copy = self.anchors.get(&anchor).cloned();
            return copy.map_or(Ok(()), |copy| self.add(copy, 0));
        }
        let cycle = self.stack.iter().any(|frame| frame.anchor == anchor);
        let diagnostic = if cycle {
            self.source.error(Code::YamlAliasCycle, span, "the alias is inside the value that it repeats")
        } else {
            self.source.error(
                Code::YamlUnknownAlias,
                span,
                "the alias refers to an anchor of another document",
            )
        };
        self.report(diagnostic.help("write the value out"));
        let node = Node { value: Value::Null, span, style: NodeStyle::Quoted };
        self.add(Built { node, weight: 1, height: 0 }, 0)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, built: Built, anchor: usize) -> Result<(), GiveUp> {
        if anchor != 0 {
            self.spend(built.weight, built.node.span)?; // what an anchor keeps is a copy
            self.anchors.insert(anchor, built.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built.node);
            return Ok(());
        };
        frame.weight += built.weight;
        frame.height = frame.height.max(built.height);
        self.place_in_frame(built.node);
        Ok(())
    }

    fn place_in_frame(&mut self, node: Node) {
        let wants_key =
            matches!(self.stack.last(), Some(Frame { content: OpenContent::Map(_, Expected::Key), .. }));
        if wants_key {
            let key = self.key(node);
            if let Some(Frame { content: OpenContent::Map(_, slot), .. }) = self.stack.last_mut() {
                *slot = Expected::Value(key);
            }
            return;
        }
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            Some(OpenContent::Seq(items)) => items.push(node),
            Some(OpenContent::Map(entries, slot)) => {
                if let Expected::Value(Some(key)) = std::mem::replace(slot, Expected::Key) {
                    entries.push((key, node));
                }
            }
            None => {}
        }
    }

    fn spend(&mut self, weight: usize, span: Span) -> Result<(), GiveUp> {
        if let Some(left) = self.weight_left.checked_sub(weight) {
            self.weight_left = left;
            return Ok(());
        }
        self.weight_left = 0;
        let message = format!("the file holds more than {MAX_WEIGHT} values once its aliases are expanded");
        let diagnostic = self.source.error(Code::YamlBudget, span, message);
        self.give_up(diagnostic.help("split the file, and use fewer aliases"))
    }

    fn give_up(&mut self, diagnostic: Diagnostic) -> Result<(), GiveUp> {
        self.report(diagnostic);
        Err(GiveUp)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.broken |= diagnostic.is_error();
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        let (line, column) = (self.line(start), start.col() + 1);
        if line >= self.piece.end {
            self.source.span(self.piece.end - 1, usize::MAX, 1) // the parser counts the end as a line
        } else if start.line() == end.line() {
            Span { line, column, width: end.col().saturating_sub(start.col()).max(1) }
        } else {
            self.source.rest_of_line(line, column)
        }
    }

    fn line(&self, marker: Marker) -> usize {
        self.piece.start + marker.line() - 1
    }
}
