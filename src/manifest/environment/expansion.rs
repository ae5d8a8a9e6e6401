//! A document with the values of its references. What comes out is bounded like a file that somebody wrote.

use super::reference::{OPEN, Piece, pieces};
use super::variables::{Variables, spelled};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::manifest::yaml::{Document, Key, MAX_DEPTH, MAX_WEIGHT, Node, NodeStyle, Span, Value};
use crate::pointer;
use crate::text::short;

/// How many bytes of text count as a value.
const BYTES: usize = 64;

/// The root of a document with the values of its references, and its weight. `None` if something is wrong.
pub(super) fn of(
    variables: &Variables,
    document: &Document,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Node, usize)> {
    let mut expansion = Expansion { variables, document, weight: 0, wrong: Vec::new() };
    let root = expansion.node(&document.root, "", 0);
    let Expansion { weight, wrong, .. } = expansion;
    let is_sound = wrong.is_empty();
    diagnostics.extend(wrong);
    root.filter(|_| is_sound).map(|root| (root, weight))
}

struct Expansion<'a> {
    variables: &'a Variables,
    /// As it is written.
    document: &'a Document,
    weight: usize,
    wrong: Vec<Diagnostic>,
}

impl<'a> Expansion<'a> {
    /// A node with the values of its references. `None` if it is too much; what is wrong otherwise is only reported.
    fn node(&mut self, node: &Node, at: &str, depth: usize) -> Option<Node> {
        let value = match &node.value {
            Value::String(text) if text.contains(OPEN) => return self.text(text, node, at, depth),
            Value::Seq(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(index, item)| self.node(item, &format!("{at}/{index}"), depth + 1));
                Value::Seq(items.collect::<Option<_>>()?)
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let at = pointer::child(at, &key.name);
                    Some((self.key(key, &at), self.node(value, &at, depth + 1)?))
                });
                Value::Map(entries.collect::<Option<_>>()?)
            }
            other => other.clone(),
        };
        self.spend(weight(node), at, depth)?;
        Some(Node { value, span: node.span, style: node.style.clone() })
    }

    fn key(&mut self, key: &Key, at: &str) -> Key {
        let mut name = String::new();
        for (raw, piece) in pieces(&key.name) {
            if let Piece::Text(text) = piece {
                name.push_str(text);
            } else {
                let message = format!("`{}` is in a key, and keys are not expanded", short(raw));
                let help =
                    "use `patches` for a field that only some targets have; `$${{` writes the text itself";
                self.wrong.push(wrong(message).at(self.document.key_place(at)).help(help));
            }
        }
        Key { name, span: key.span }
    }

    fn text(&mut self, text: &str, node: &Node, at: &str, depth: usize) -> Option<Node> {
        let mut all = pieces(text);
        if let (Some((_, Piece::Variable(name))), None) = (all.next(), all.next()) {
            return match self.variable(name, at) {
                Some(value) => self.moved(value, node.span, at, depth),
                None => Some(node.clone()),
            };
        }
        let mut expanded = String::new();
        for (raw, piece) in pieces(text) {
            match piece {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Variable(name) => match self.variable(name, at).map(spelled) {
                    Some(Some(value)) => expanded.push_str(value),
                    Some(None) => self.not_a_text(name, raw, at),
                    None => {}
                },
                Piece::Wrong => self.not_a_reference(text, raw, at),
            }
            if self.weight + expanded.len() / BYTES > MAX_WEIGHT {
                break;
            }
        }
        self.spend(1 + expanded.len() / BYTES, at, depth)?;
        Some(Node { value: Value::String(expanded), span: node.span, style: NodeStyle::Quoted })
    }

    /// A value at the place of the reference that stands for it.
    fn moved(&mut self, node: &Node, span: Span, at: &str, depth: usize) -> Option<Node> {
        self.spend(weight(node), at, depth)?;
        let value = match &node.value {
            Value::Seq(items) => {
                let items = items.iter().map(|item| self.moved(item, span, at, depth + 1));
                Value::Seq(items.collect::<Option<_>>()?)
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = Key { name: key.name.clone(), span };
                    Some((key, self.moved(value, span, at, depth + 1)?))
                });
                Value::Map(entries.collect::<Option<_>>()?)
            }
            other => other.clone(),
        };
        let style = if node.as_str().is_some() { NodeStyle::Quoted } else { node.style.clone() };
        Some(Node { value, span, style })
    }

    fn variable(&mut self, name: &str, at: &str) -> Option<&'a Node> {
        let variables = self.variables;
        let found = variables.get(name);
        if found.is_none() {
            let target = &variables.target;
            let message = format!("the target `{target}` has no variable `{}`", short(name));
            let help = nearest(name, variables.names()).map_or_else(
                || format!("set it in enact.yaml, in `variables` of `{target}`"),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(message, at, help);
        }
        found
    }

    fn not_a_text(&mut self, name: &str, raw: &str, at: &str) {
        let message = format!("`vars.{name}` is a list or a mapping, which cannot be inside of a text");
        let set_at = self.variables.set_at(raw);
        self.report(message, at, format!("let the reference be the whole value, or set a text; {set_at}"));
    }

    fn not_a_reference(&mut self, text: &str, raw: &str, at: &str) {
        let shown = if raw == OPEN { text } else { raw };
        let message = format!("`{}` is not a reference to a variable", short(shown));
        let help =
            "write a reference as `${{ vars.NAME }}`, and the text itself with two dollar signs: `$${{`";
        self.report(message, at, help.to_owned());
    }

    fn report(&mut self, message: String, at: &str, help: String) {
        self.wrong.push(wrong(message).at(self.document.place(at)).help(help));
    }

    fn spend(&mut self, weight: usize, at: &str, depth: usize) -> Option<()> {
        self.weight += weight;
        let message = if self.weight > MAX_WEIGHT {
            format!("the manifest holds more than {MAX_WEIGHT} values with its variables and its patch")
        } else if depth > MAX_DEPTH {
            format!("the manifest is nested deeper than {MAX_DEPTH} levels with its variables and its patch")
        } else {
            return Some(());
        };
        let diagnostic = Diagnostic::new(Code::YamlBudget, message).at(self.document.place(at));
        self.wrong.push(diagnostic.help("shorten the variables, or use fewer of them in one document"));
        None
    }
}

/// What a node weighs without what is in it, its keys included.
fn weight(node: &Node) -> usize {
    let text = |text: &str| 1 + text.len() / BYTES;
    match &node.value {
        Value::String(value) => text(value),
        Value::Map(entries) => 1 + entries.iter().map(|(key, _)| text(&key.name)).sum::<usize>(),
        _ => 1,
    }
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::new(Code::ManifestVariable, message)
}
