//! The parser's errors in our words: what is wrong, and what people usually meant. Not here: valid YAML that manifests
//! may not use, in `tree::refuse`.

use super::node::{MAX_DEPTH, Span};
use super::source::Source;
use crate::diagnostic::{Code, Diagnostic};
use crate::text::short;

/// A part of the parser's text, our message, and the help.
type Phrase = (&'static str, &'static str, &'static str);

/// The first match is used.
const PHRASES: &[Phrase] = &[
    (
        "mapping values are not allowed",
        "a `key: value` pair is not allowed here",
        "check the indentation, and quote a value that contains `: `",
    ),
    (
        "did not find expected '-'",
        "expected an item of the list, starting with `- `",
        "check the indentation",
    ),
    (
        "did not find expected key",
        "expected a key of the mapping",
        "check the indentation of this line and of those above",
    ),
    (
        "expected ',' or '}'",
        "a mapping in braces is not closed, or lacks a comma",
        "close it with `}` before this place",
    ),
    (
        "expected ',' or ']'",
        "a list in brackets is not closed, or lacks a comma",
        "close it with `]` before this place",
    ),
    ("illegal placement of ':'", "a `:` is not allowed here", "is a `]` or `}` missing above?"),
    ("misplaced bracket", "this bracket closes nothing", "remove it, or quote the value that it belongs to"),
    (
        "invalid indentation in quoted",
        "a quoted text is not closed",
        "add the closing quote, or indent its next lines",
    ),
    ("quoted scalar, found unexpected", "a quoted text is not closed", "add the closing quote"),
    (
        "trailing content after double-quoted",
        "text follows the closing quote",
        "quote the whole value; inside single quotes a quote is written twice: `''`",
    ),
    (
        "unknown escape",
        "a double-quoted text has an unknown escape",
        "write a backslash as `\\\\`, or use single quotes",
    ),
    (
        "hexadecimal",
        "a double-quoted text has an incomplete escape",
        "write a backslash as `\\\\`, or use single quotes",
    ),
    ("unexpected character", "a plain value cannot start with this character", "quote the value"),
    ("simple key expect", "a key before this place lacks its `: `", "write `key: value`"),
    (
        "block sequence entries",
        "a list item is not allowed here",
        "put each `- ` item on its own line, below the key",
    ),
    (
        "block scalar, did not find",
        "a block of text cannot start on the line of its `|` or `>`",
        "start the text on the next line",
    ),
    (
        "wrongly indented line in block",
        "a line of a block of text is indented too little",
        "indent it like the others",
    ),
    (
        "document start",
        "unexpected content after the end of the document",
        "check the indentation, or start a document with `---`",
    ),
    (
        "comments must be separated",
        "a comment needs a blank before it",
        "put a blank before `#`, or quote the value",
    ),
    (
        "indentation",
        "the indentation does not match any line above",
        "indent it like the lines it belongs to",
    ),
    ("expected node content", "a value is missing here", "is a `]` or `}` missing above?"),
    ("tab", "a tab is not allowed here", "use spaces"),
    ("alphabetic or numeric", "a `*` or `&` without a name", "quote a value that starts with `*` or `&`"),
];

/// The diagnostic for too many levels.
pub(super) fn too_deep(source: &Source<'_>, span: Span) -> Diagnostic {
    let message = format!("lists and mappings are nested more than {MAX_DEPTH} levels deep");
    source.error(Code::YamlBudget, span, message).help("flatten the structure")
}

/// Turns the text of a parser's error into a diagnostic.
pub(super) fn diagnostic(info: &str, span: Span, source: &Source<'_>) -> Diagnostic {
    if info.contains("recursion limit") {
        too_deep(source, span)
    } else if info.contains("unknown anchor") {
        unknown_alias(source, span)
    } else if info.contains("handle wasn't declared") {
        source
            .error(Code::YamlTag, span, "a tag with an undeclared prefix is not allowed")
            .help("remove the tag")
    } else if let Some(diagnostic) = tab(info, source, span.line) {
        diagnostic
    } else if let Some((_, message, help)) = PHRASES.iter().find(|(part, ..)| info.contains(part)) {
        source.error(Code::YamlSyntax, span, *message).help(*help)
    } else {
        source
            .error(Code::YamlSyntax, span, format!("this is not valid YAML: {info}"))
            .help("check the indentation and the quotes")
    }
}

fn unknown_alias(source: &Source<'_>, span: Span) -> Diagnostic {
    let ends = |c: &char| c.is_whitespace() || ",[]{}".contains(*c);
    let rest = source.line(span.line).chars().skip(span.column - 1);
    let name: String = rest.take_while(|c| !ends(c)).collect();
    let span = Span { width: name.chars().count().max(1), ..span };
    source
        .error(
            Code::YamlUnknownAlias,
            span,
            format!("the alias `{}` has no anchor above it in this document", short(&name)),
        )
        .help("quote a value that starts with `*`")
}

/// Reports a tab itself: the parser has many messages for one, sometimes a line too early.
fn tab(info: &str, source: &Source<'_>, line: usize) -> Option<Diagnostic> {
    let last = if info.contains("tab") { line + 1 } else { line };
    let indent = |line| source.line(line).len() - source.line(line).trim_start_matches(' ').len();
    let line = (line..=last).find(|line| source.line(*line).trim_start_matches(' ').starts_with('\t'))?;
    let span = source.span(line, indent(line) + 1, 1);
    Some(source.error(Code::YamlTab, span, "a tab is used as indentation").help("indent with spaces"))
}
