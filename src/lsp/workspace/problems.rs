//! Diagnostics as an editor shows them: in the file that they are about, each with what to do and where to read more.

use std::collections::BTreeMap;

use lsp_types::{DiagnosticSeverity, Range};

use super::lines::Lines;
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::Files;
use crate::manifest::yaml::Span;

/// More in one file are not sent.
const MOST: usize = 500;

/// The diagnostics of each file that has some. One without a place is shown where `elsewhere` begins.
#[must_use]
pub fn problems(
    diagnostics: &[Diagnostic],
    texts: &Files,
    elsewhere: &str,
) -> BTreeMap<String, Vec<lsp_types::Diagnostic>> {
    let mut by_file: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let file = diagnostic.place.as_ref().map_or(elsewhere, |place| &place.file);
        by_file.entry(file).or_default().push(diagnostic);
    }
    let shown = |(file, found): (&str, Vec<&Diagnostic>)| {
        let lines = texts.get(file).map(|text| Lines::of(text.clone()));
        let found = found.into_iter().take(MOST).map(|diagnostic| problem(diagnostic, lines.as_ref()));
        (file.to_owned(), found.collect())
    };
    by_file.into_iter().map(shown).collect()
}

fn problem(diagnostic: &Diagnostic, lines: Option<&Lines>) -> lsp_types::Diagnostic {
    let Diagnostic { severity, code, message, place, subject, help, private: _, cause: _ } = diagnostic;
    let range = place.as_ref().zip(lines).map_or_else(Range::default, |(place, lines)| {
        lines.range(Span { line: place.line, column: place.column, width: place.width })
    });
    let about = subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
    let help = help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let severity = match severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
    };
    lsp_types::Diagnostic {
        range,
        severity: Some(severity),
        code: Some(code.text().to_owned().into()),
        source: Some("enact".to_owned()),
        message: format!("{about}{message}{help}\nmore: enact explain {code}").into(),
        ..lsp_types::Diagnostic::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Code, Place};

    proptest! {
        /// The characters that a diagnostic is about are the ones that an editor underlines, whatever stands before them.
        #[test]
        fn a_range_in_utf_16_holds_the_characters_of_the_place(
            before in "[a-zé😀𝄞\u{301}\u{10ffff}]{0,8}",
            about in "[a-zé😀𝄞]{1,8}",
            after in "[a-z😀]{0,4}",
            lines in 0..4_usize,
        ) {
            let text = "😀: x\r\n".repeat(lines) + &before + &about + &after + "\n";
            let (column, width) = (before.chars().count() + 1, about.chars().count());
            let place = Place { line: lines + 1, column, width, ..Place::start("a.yaml") };
            let diagnostic = Diagnostic::new(Code::SchemaType, "x").at(place);
            let texts = Files::from([("a.yaml".to_owned(), text.as_str().into())]);
            let Range { start, end } = problems(&[diagnostic], &texts, "enact.yaml")["a.yaml"][0].range;
            prop_assert_eq!((start.line as usize, end.line as usize), (lines, lines));
            let line: Vec<u16> = text.lines().nth(lines).unwrap().encode_utf16().collect();
            let marked = &line[start.character as usize..end.character as usize];
            prop_assert_eq!(String::from_utf16(marked).unwrap(), about);
        }
    }
}
