//! The tree of a document: values, keys, and where they were written. Not here: building it, in `tree`.

use serde_json::Number;

use crate::diagnostic::Place;
use crate::pointer;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// How deep lists and mappings may be nested, with aliases expanded.
pub const MAX_DEPTH: usize = 64;
/// How much one file may hold, with aliases expanded. A value counts as one, plus one for every 64 bytes of its text.
pub const MAX_WEIGHT: usize = 250_000;
/// After this many diagnostics the rest of a file is not checked.
pub const MAX_DIAGNOSTICS: usize = 100;

/// A value and where it was written; for an alias, where its anchor is.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its value.
    pub value: Value,
    /// Where it is.
    pub span: Span,
    /// How it was written.
    pub style: NodeStyle,
}

/// The value of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that JSON can carry without loss; [`Node::raw`] has its spelling.
    Number(Number),
    /// Text, quoted or not.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping in the order of the file; its keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key's text.
    pub name: String,
    /// Where it is.
    pub span: Span,
}

/// How a node was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeStyle {
    /// A scalar without quotes, with its text where that is not its value: `007` for the number 7.
    Plain(Option<String>),
    /// A scalar in single or double quotes, or one tagged `!!str`.
    Quoted,
    /// A block after `|`: its lines are the value's lines.
    Literal,
    /// A block after `>`.
    Folded,
    /// A list or a mapping.
    Collection,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First line is 1.
    pub line: usize,
    /// First column is 1, counted in characters; a byte order mark does not count.
    pub column: usize,
    /// How many characters of that line, at least 1.
    pub width: usize,
}

impl Span {
    /// Names the span's place: `path` is where in the document, such as `spec.rules[0].effect`.
    pub fn place(self, file: &str, path: &str) -> Place {
        let Self { line, column, width } = self;
        Place { file: file.to_owned(), line, column, width, path: path.to_owned() }
    }
}

impl Node {
    /// The same data without positions.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => (*truth).into(),
            Value::Number(number) => number.clone().into(),
            Value::String(text) => text.as_str().into(),
            Value::Seq(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| (key.name.clone(), value.to_json())).collect()
            }
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        if let Value::Seq(items) = &self.value { Some(items) } else { None }
    }

    /// The entries, if it is a mapping.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        if let Value::Map(entries) = &self.value { Some(entries) } else { None }
    }

    /// The text as it was written, if it is a scalar without quotes.
    pub fn raw(&self) -> Option<&str> {
        match &self.style {
            NodeStyle::Plain(raw) => raw.as_deref().or_else(|| self.as_str()),
            _ => None,
        }
    }

    /// The pointers of all texts in it that hold this one.
    pub fn texts_with(&self, part: &str) -> Vec<String> {
        match &self.value {
            Value::String(text) if text.contains(part) => vec![String::new()],
            Value::Seq(items) => {
                let below = |(index, item): (usize, &Self)| item.texts_below(part, &index.to_string());
                items.iter().enumerate().flat_map(below).collect()
            }
            Value::Map(entries) => {
                entries.iter().flat_map(|(key, value)| value.texts_below(part, &key.name)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn texts_below(&self, part: &str, field: &str) -> Vec<String> {
        let found = self.texts_with(part).into_iter();
        found.map(|at| pointer::child("", field) + &at).collect()
    }

    /// Whether a text or a key in it holds this.
    pub fn mentions(&self, part: &str) -> bool {
        match &self.value {
            Value::String(text) => text.contains(part),
            Value::Seq(items) => items.iter().any(|item| item.mentions(part)),
            Value::Map(entries) => {
                entries.iter().any(|(key, value)| key.name.contains(part) || value.mentions(part))
            }
            _ => false,
        }
    }

    /// The value of a mapping's key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The node at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        pointer::fields(pointer).try_fold(self, |node, token| node.child(&token))
    }

    /// The key at a JSON pointer, if the pointer leads to a mapping's field.
    pub fn key_at(&self, pointer: &str) -> Option<&Key> {
        let (parent, field) = pointer.rsplit_once('/')?;
        self.at(parent)?.entry(&pointer::unescaped(field)).map(|(key, _)| key)
    }

    /// The span of a byte of the text, for errors of a language inside YAML such as Cedar.
    ///
    /// Exact in literal blocks and in plain text on one line. Elsewhere escapes and folding hide it, and the span is
    /// that of the whole value.
    pub fn span_within(&self, offset: usize) -> Span {
        let Some(before) = self.as_str().and_then(|text| text.get(..offset)) else { return self.span };
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        let column = self.span.column + last_line.chars().count();
        match (&self.style, self.raw()) {
            (NodeStyle::Literal, _) => Span { line: self.literal_line(before), column, width: 1 },
            (_, Some(raw)) if self.span.width == raw.chars().count() => {
                Span { column, width: 1, ..self.span }
            }
            _ => self.span,
        }
    }

    /// The line inside a literal block. The parser puts the block at its first line with text, so blank lines before
    /// that do not count.
    fn literal_line(&self, before: &str) -> usize {
        let newlines = |text: &str| text.matches('\n').count();
        let blank = self.as_str().map_or(0, |text| newlines(text) - newlines(text.trim_start_matches('\n')));
        (self.span.line + newlines(before)).saturating_sub(blank)
    }

    fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.as_map()?.iter().find(|(candidate, _)| candidate.name == key)
    }

    fn child(&self, token: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(_) => self.get(token),
            Value::Seq(items) => items.get(token.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Follows a pointer as far as it exists; returns the node there and its path.
    pub(super) fn walk(&self, pointer: &str) -> (&Node, String) {
        let mut node = self;
        let mut path = String::new();
        for token in pointer::fields(pointer) {
            let Some(child) = node.child(&token) else { break };
            extend_path(&mut path, node, &token);
            node = child;
        }
        (node, path)
    }
}

/// Adds a step to a path such as `spec.rules[0].effect`.
fn extend_path(path: &mut String, parent: &Node, token: &str) {
    let simple = !token.is_empty() && token.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if parent.as_seq().is_some() {
        path.push_str(&format!("[{token}]"));
    } else if !simple {
        path.push_str(&format!("[{token:?}]"));
    } else if path.is_empty() {
        path.push_str(token);
    } else {
        path.push_str(&format!(".{token}"));
    }
}
