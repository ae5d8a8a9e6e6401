//! Valid YAML that manifests may not use, and the diagnostics for it. Not here: invalid YAML, in `syntax`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Span as EventSpan, Tag};

use super::super::scalar;
use super::{Builder, Key, Node, NodeStyle, Span, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::short;

impl Builder<'_> {
    /// Reports empty documents: an error if the file declares nothing, a warning if there are other documents.
    pub(super) fn judge_empty_documents(&mut self) {
        let mut empty = std::mem::take(&mut self.empty).into_iter();
        if self.documents.is_empty() && self.diagnostics.is_empty() {
            let place = empty.next().unwrap_or_else(|| self.source.span(1, 1, 1));
            let diagnostic = self.source.error(Code::YamlEmpty, place, "the file declares nothing");
            return self.report(diagnostic.help("write a manifest, or delete the file"));
        }
        for place in empty {
            let diagnostic = Diagnostic::new(Code::YamlEmptyDocument, "this document is empty");
            self.report(diagnostic.at(place.place(self.source.file, "")).help("remove its `---`"));
        }
    }

    pub(super) fn plain(&mut self, text: Cow<'_, str>, span: Span) -> Node {
        let value = scalar::resolve(&text).unwrap_or_else(|problem| {
            let diagnostic =
                self.source.error(Code::YamlNumber, span, format!("`{}` {problem}", short(&text)));
            self.report(diagnostic.help("quote it if text is meant"));
            Some(Value::Null)
        });
        let (value, raw) = match value {
            Some(value) => (value, Some(text.into_owned())),
            None => (Value::String(text.into_owned()), None),
        };
        Node { value, span, style: NodeStyle::Plain(raw) }
    }

    /// Warns of `channel: #ops`, which is null, and of `ops #1`, which is `ops`: a `#` after a blank begins a comment.
    /// One that is meant as such has a blank after it too.
    pub(super) fn warn_of_comment(&mut self, node: &Node, span: EventSpan) {
        if self.comments.is_empty() {
            return;
        }
        let (line, end) = (self.line(span.end), span.end.col());
        let (value, column) = match (&node.value, node.raw()) {
            (Value::String(_), Some(_)) => ("ends here", self.comments.get(&(line, end)).copied()),
            (Value::Null, Some("")) => ("is null", self.comment_of_null(line, end)),
            _ => return,
        };
        let Some(column) = column else { return };
        let place = self.source.rest_of_line(line, column).place(self.source.file, "");
        let message = format!("this `#` begins a comment, so the value before it {value}");
        self.report(
            Diagnostic::new(Code::YamlComment, message)
                .at(place)
                .help("quote the value if the `#` belongs to it; a comment has a blank after its `#`"),
        );
    }

    /// The comment after a missing value. In a mapping the parser puts that at the colon, in a list after the comment.
    fn comment_of_null(&self, line: usize, end: usize) -> Option<usize> {
        let item = || {
            let (&(_, start), &column) = self.comments.range((line, 1)..(line, end.max(1))).next()?;
            let mut before = self.source.line(line).chars().take(start);
            before.all(|c| matches!(c, ' ' | '-')).then_some(column)
        };
        self.comments.get(&(line, end + 1)).copied().or_else(item)
    }

    pub(super) fn refuse_tag(&mut self, tag: Option<&Tag>, on_scalar: bool, span: Span) {
        let Some(tag) = tag else { return };
        let core = tag.is_yaml_core_schema();
        if on_scalar && core && tag.suffix == "str" {
            return;
        }
        let name = if core { format!("!!{}", tag.suffix) } else { format!("{}{}", tag.handle, tag.suffix) };
        let message = format!("the tag `{}` is not allowed", short(&name));
        let diagnostic = self.source.error(Code::YamlTag, span, message);
        self.report(diagnostic.help("remove the tag; quote a value that is meant as text"));
    }

    pub(super) fn key(&mut self, node: Node) -> Option<Key> {
        if node.as_str() == Some("<<") && node.raw().is_some() {
            let diagnostic =
                self.source.error(Code::YamlMergeKey, node.span, "the merge key `<<` is not allowed");
            self.report(diagnostic.help("write the fields out, or repeat a whole value with an alias"));
            return None;
        }
        if let Value::String(name) = node.value {
            return Some(Key { name, span: node.span });
        }
        let diagnostic = self.source.error(Code::YamlKeyType, node.span, "a key must be text");
        self.report(diagnostic.help(match node.raw() {
            None | Some("") => "write the name of a field".to_owned(),
            Some(raw) => format!("quote it: `\"{}\"`", short(raw)),
        }));
        None
    }

    pub(super) fn refuse_duplicates(&mut self, entries: &[(Key, Node)]) {
        let mut seen = BTreeMap::new();
        for (key, _) in entries {
            let Some(first) = seen.insert(key.name.as_str(), key.span.line) else { continue };
            let message = format!(
                "the key `{}` is on line {first} and again on line {}",
                short(&key.name),
                key.span.line
            );
            let diagnostic = self.source.error(Code::YamlDuplicateKey, key.span, message);
            self.report(diagnostic.help("keep one of them"));
        }
    }
}
