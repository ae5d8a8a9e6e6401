use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// All files below a folder of the repository that end like this.
fn files(folder: &str, end: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files
}

/// `schema/unknown-field` as `SchemaUnknownField`.
fn name_of(text: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    text.split(['/', '-']).map(capital).collect()
}

fn area(text: &str) -> &str {
    text.split('/').next().unwrap()
}

#[test]
fn every_text_is_an_area_and_what_is_wrong_there() {
    for code in Code::ALL {
        let words: Vec<_> = code.text().split('/').collect();
        let plain = |word: &&str| {
            word.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
        };
        assert!(words.len() == 2 && words.iter().all(plain), "{code}");
        assert_eq!(format!("{code:?}"), name_of(code.text()));
    }
}

#[test]
fn codes_are_unique_and_in_the_order_of_their_texts() {
    for pair in Code::ALL.windows(2) {
        assert!(pair[0].text() < pair[1].text() && pair[0] < pair[1], "{} comes before {}", pair[0], pair[1]);
    }
}

#[test]
fn every_explanation_is_a_paragraph() {
    for code in Code::ALL {
        let explanation = code.explanation();
        assert!(explanation.len() > 60 && explanation.ends_with('.'), "{code}: {explanation}");
        assert!(!explanation.contains(['\n', '\r']) && !explanation.contains("  "), "{code}: {explanation}");
        assert!(
            explanation.starts_with(|c: char| c.is_uppercase() || c == '`' || c == 'e'),
            "{code}: {explanation}"
        );
        assert_eq!(explanation.matches('`').count() % 2, 0, "{code}: {explanation}");
    }
    let explanations: BTreeSet<_> = Code::ALL.iter().map(|code| code.explanation()).collect();
    assert_eq!(explanations.len(), Code::ALL.len(), "two codes say the same");
}

#[test]
fn every_code_is_raised_somewhere() {
    let mut production = String::new();
    for (path, text) in files("src", ".rs") {
        let is_test = path.ends_with("tests.rs") || path.ends_with("fixture.rs");
        if !is_test && !path.ends_with("diagnostic/code.rs") {
            production.push_str(text.split("#[cfg(test)]\nmod tests").next().unwrap());
        }
    }
    let words: BTreeSet<_> = production.split(|c: char| !c.is_alphanumeric() && c != ':').collect();
    let forgotten: Vec<_> =
        Code::ALL.iter().filter(|code| !words.contains(&*format!("Code::{code:?}"))).collect();
    assert!(forgotten.is_empty(), "nothing raises {forgotten:?}: remove their rows");
}

#[test]
fn every_code_that_the_documents_mention_exists() {
    let areas: BTreeSet<_> = Code::ALL.iter().map(|code| area(code.text())).collect();
    let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.text()).collect();
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let documents = files("docs", ".md").into_iter().map(|(_, text)| text).chain([readme]);
    for document in documents {
        // Between backticks, as every code is written.
        for word in document.split('`').skip(1).step_by(2).filter(|word| word.matches('/').count() == 1) {
            let is_code = areas.contains(area(word))
                && !word.ends_with('/')
                && word.chars().all(|c| c.is_ascii_lowercase() || "/-".contains(c));
            assert!(!is_code || texts.contains(word), "there is no code `{word}`");
        }
    }
}

#[test]
fn only_what_plan_warns_of_is_left_to_apply() {
    for code in Code::ALL.iter().filter(|code| code.is_refused_by_apply()) {
        assert_eq!(code.severity(), Severity::Warning, "{code}");
        assert!(matches!(code.class(), Class::Guarded | Class::Unread), "{code}");
    }
}
