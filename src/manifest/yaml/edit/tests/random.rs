//! Random documents with comments and styles, and random changes to them: whatever a person wrote, the result means what
//! was wanted, and the lines of what stays are the same bytes.

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::manifest::yaml::write;

/// A value with how it is written.
#[derive(Clone, Debug)]
enum Tree {
    Scalar(Value, Look),
    /// In brackets or on lines.
    Seq(bool, Vec<(Tree, Trivia)>),
    Map(bool, Vec<(Tree, Trivia)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Plain,
    Single,
    Double,
    Block,
}

/// What a person wrote around an entry.
#[derive(Clone, Copy, Debug)]
struct Trivia {
    blank: bool,
    above: Option<u16>,
    beside: Option<u16>,
}

impl Tree {
    fn value(&self) -> Value {
        match self {
            Self::Scalar(value, _) => value.clone(),
            Self::Seq(_, items) => items.iter().map(|(item, _)| item.value()).collect(),
            Self::Map(_, entries) => {
                let entry = |(at, (value, _)): (usize, &(Self, Trivia))| (key(at), value.value());
                Value::Object(entries.iter().enumerate().map(entry).collect::<Map<_, _>>())
            }
        }
    }

    fn is_lines(&self) -> bool {
        matches!(self, Self::Seq(false, items) | Self::Map(false, items) if !items.is_empty())
    }

    fn inline(&self) -> String {
        let all = |entries: &[(Self, Trivia)], text: &dyn Fn(usize, &Self) -> String| {
            let texts = entries.iter().enumerate().map(|(at, (entry, _))| text(at, entry));
            texts.collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Scalar(Value::String(text), Look::Single) if !text.contains('\n') => {
                format!("'{}'", text.replace('\'', "''"))
            }
            Self::Scalar(Value::String(text), _) => Value::from(text.as_str()).to_string(),
            Self::Scalar(other, _) => other.to_string(),
            Self::Seq(_, items) => format!("[{}]", all(items, &|_, item| item.inline())),
            Self::Map(_, entries) => {
                format!("{{{}}}", all(entries, &|at, entry| format!("{}: {}", key(at), entry.inline())))
            }
        }
    }

    /// What comes after `:` or `-`, with the comment beside it.
    fn after(&self, indent: usize, comment: &str) -> String {
        let text = if let Self::Scalar(Value::String(text), look) = self { Some((text, look)) } else { None };
        match text {
            Some((text, Look::Block)) if write::lines(text, 0).is_some() => {
                let block = write::lines(text, indent + 3).unwrap();
                format!(" |{}{comment}\n{}", block.chomp, block.lines)
            }
            Some((text, Look::Plain)) if !text.contains('\n') => {
                format!(" {}{comment}\n", write::scalar(&Value::from(text.as_str())))
            }
            _ if self.is_lines() => format!("{comment}\n{}", self.lines(indent + 2)),
            _ => format!(" {}{comment}\n", self.inline()),
        }
    }

    fn lines(&self, indent: usize) -> String {
        let (Self::Seq(_, entries) | Self::Map(_, entries)) = self else { return String::new() };
        let pad = " ".repeat(indent);
        let line = |(at, (entry, trivia)): (usize, &(Self, Trivia))| {
            let blank = if trivia.blank { "\n" } else { "" };
            let above = trivia.above.map(|id| format!("{pad}# above {id}\n")).unwrap_or_default();
            format!("{blank}{above}{pad}{}", self.body(at, entry, *trivia, indent))
        };
        entries.iter().enumerate().map(line).collect()
    }

    /// An entry from its `-` or key on.
    fn body(&self, at: usize, entry: &Self, trivia: Trivia, indent: usize) -> String {
        let comment = trivia.beside.map(|id| format!(" # beside {id}")).unwrap_or_default();
        match (self, entry) {
            (Self::Seq(..), Self::Map(false, _)) if entry.is_lines() && trivia.beside.is_none() => {
                let lines = entry.lines(indent + 2);
                // A comment or a blank line cannot stand between the dash and its first key.
                match lines.trim_start_matches('\n').trim_start() {
                    text if text.starts_with('#') => format!("-{comment}\n{lines}"),
                    text => format!("- {text}"),
                }
            }
            (Self::Seq(..), _) => format!("-{}", entry.after(indent, &comment)),
            _ => format!("{}:{}", key(at), entry.after(indent, &comment)),
        }
    }
}

fn key(at: usize) -> String {
    ["a", "b c", "no", "k-1", "é"].get(at).map_or_else(|| format!("k{at}"), |key| (*key).to_owned())
}

fn scalar() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{1,6}",
        Just("no".to_owned()),
        Just("12".to_owned()),
        Just(String::new()),
        Just("a: b # c".to_owned()),
        Just("it's, [so] \"it\" is".to_owned()),
        Just("one\n  two\n\nthree\n".to_owned()),
        Just("one\ntwo".to_owned()),
        Just(" x\n\n".to_owned()),
        Just("::set-output \u{202e}".to_owned()),
        "\\PC{0,8}",
    ];
    prop_oneof![
        4 => text.prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn trivia() -> impl Strategy<Value = Trivia> {
    let comment = || proptest::option::weighted(0.3, any::<u16>());
    (proptest::bool::weighted(0.2), comment(), comment()).prop_map(|(blank, above, beside)| Trivia {
        blank,
        above,
        beside,
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let look = prop_oneof![Just(Look::Plain), Just(Look::Single), Just(Look::Double), Just(Look::Block)];
    let leaf = (scalar(), look).prop_map(|(value, look)| Tree::Scalar(value, look));
    leaf.prop_recursive(4, 32, 5, |inner| {
        let entries = || proptest::collection::vec((inner.clone(), trivia()), 0..5);
        prop_oneof![
            (any::<bool>(), entries()).prop_map(|(flow, items)| Tree::Seq(flow, items)),
            (any::<bool>(), entries()).prop_map(|(flow, items)| Tree::Map(flow, items)),
        ]
    })
}

fn document() -> impl Strategy<Value = Tree> {
    let top = proptest::collection::vec((tree(), trivia()), 1..5);
    top.prop_map(|entries| Tree::Map(false, entries))
}

/// A change of a value, and for each part of it that stays, its lines. Inside of brackets there is no indentation.
fn patch(
    tree: &Tree,
    indent: Option<usize>,
    choices: &mut std::vec::IntoIter<(u8, Value)>,
    kept: &mut Vec<String>,
) -> Patch {
    let Some((choice, value)) = choices.next() else { return Patch::Keep };
    let indent = indent.filter(|_| tree.is_lines());
    let inner = indent.map(|indent| indent + 2);
    match (tree, choice % 8) {
        (_, 0) => Patch::Set(value),
        (Tree::Seq(_, entries), 1..) => {
            let mut items = Vec::new();
            for (at, (entry, trivia)) in entries.iter().enumerate() {
                let (choice, value) = choices.next().unwrap_or((7, Value::Null));
                match choice % 8 {
                    0 => {}
                    1 => items.push(Item::New(value)),
                    2 => items.push(Item::Old(at, patch(entry, inner, choices, kept))),
                    3 => items.insert(0, Item::Old(at, Patch::Keep)),
                    _ => {
                        kept.extend(indent.map(|indent| tree.body(at, entry, *trivia, indent)));
                        items.push(Item::Old(at, Patch::Keep));
                    }
                }
            }
            if choice % 8 == 1 {
                items.push(Item::New(value));
            }
            Patch::Items(items)
        }
        (Tree::Map(_, entries), 1..) => {
            let mut fields = Vec::new();
            for (at, (entry, trivia)) in entries.iter().enumerate() {
                let (choice, _) = choices.next().unwrap_or((7, Value::Null));
                match choice % 8 {
                    0 => fields.push((key(at), None)),
                    1..4 => {
                        let patch = patch(entry, inner, choices, kept);
                        let comment = trivia.beside.filter(|_| indent.is_some() && patch != Patch::Keep);
                        kept.extend(comment.map(|id| format!(" # beside {id}\n")));
                        fields.push((key(at), Some(patch)));
                    }
                    _ => kept.extend(indent.map(|indent| tree.body(at, entry, *trivia, indent))),
                }
            }
            if choice % 8 == 1 {
                fields.push(("new one".to_owned(), Some(Patch::Set(value))));
            }
            Patch::Fields(fields)
        }
        (Tree::Scalar(..), _) => Patch::Set(value),
    }
}

fn value() -> impl Strategy<Value = Value> {
    tree().prop_map(|tree| tree.value())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_means_what_was_wanted_and_leaves_the_other_lines_alone(
        tree in document(),
        choices in proptest::collection::vec((any::<u8>(), value()), 1..24),
        crlf in any::<bool>(),
    ) {
        let own = tree.lines(0);
        prop_assume!(read(&own, "").first().is_some_and(|document| document.to_json() == tree.value()));
        let mut kept = Vec::new();
        let patch = patch(&tree, Some(0), &mut choices.into_iter(), &mut kept);
        let wanted = patch.apply(&tree.value()).unwrap();
        prop_assume!(wanted.as_object().is_some_and(|map| !map.is_empty()));
        let text = format!("{own}---\n# another\nother: [1] # untouched\n");
        let native = |text: &str| if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let new = edit(&native(&text), "p.yaml", 0, "", &patch);
        let new = match new {
            Ok(new) => new,
            Err(refusal) => return Err(TestCaseError::fail(format!("{refusal:?}\n{patch:?}\n{text}"))),
        };
        let documents = read(&new, "");
        prop_assert_eq!(documents[0].to_json(), wanted);
        prop_assert!(new.ends_with(&native("---\n# another\nother: [1] # untouched\n")));
        for lines in kept {
            prop_assert!(new.contains(&native(&lines)), "lost:\n{}\nin:\n{}\nof:\n{}", lines, new, text);
        }
        // A second time there is nothing to do.
        let nothing = edit(&new, "p.yaml", 0, "", &Patch::Fields(Vec::new())).unwrap();
        prop_assert_eq!(nothing, new);
    }
}
