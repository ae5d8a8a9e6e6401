//! From files to manifests: each is parsed and checked against the schema of its kind, on all cores, with the result of
//! one. A file that was read already, for another revision, is not read again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::decide::file::is_test;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::manifest::environment::has_references;
use crate::manifest::yaml::{self, Document};
use crate::manifest::{self, Files, Manifest, Source};
use crate::model::kind::Kind;
use crate::parallel;
use crate::schema::check::Checker;
use crate::system::registry::Registry;
use crate::text::short;

/// After this many errors no further file is read.
const MAX_ERRORS: usize = 10_000;

/// How much the files of a run may still hold, and what was read of them already. All of a run are read with one
/// registry.
#[derive(Debug)]
pub struct Reading {
    budget: yaml::Budget,
    /// By path: the text, and its manifests. Only files in which nothing is wrong.
    known: BTreeMap<String, (Arc<str>, Vec<Arc<Manifest>>)>,
}

impl Reading {
    /// Nothing is read yet, and at most this many values, weighed as for [`yaml::MAX_WEIGHT`].
    #[must_use]
    pub const fn within(values: usize) -> Self {
        Self { budget: yaml::Budget::of(values), known: BTreeMap::new() }
    }

    fn known(&self, file: &str, text: &str) -> Option<&[Arc<Manifest>]> {
        let (known, manifests) = self.known.get(file)?;
        (known.as_ref() == text).then_some(manifests)
    }
}

/// A file as it was read.
struct FileRead {
    manifests: Vec<Arc<Manifest>>,
    weight: usize,
    diagnostics: Vec<Diagnostic>,
}

impl FileRead {
    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }
}

/// Reads every manifest and checks it against the schema of its kind. All problems of all files are reported, as far as
/// anybody reads them. A manifest with problems is still returned, so that further checks can report theirs in the same
/// run.
pub fn manifests(
    registry: &Registry,
    files: &Files,
    reading: &mut Reading,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Arc<Manifest>> {
    let checkers = Checkers::new(registry);
    // Policy tests are no manifests, wherever they are.
    let files: Vec<_> = files.iter().filter(|(file, _)| !is_test(file)).collect();
    let unread: Vec<_> =
        files.iter().filter(|(file, text)| reading.known(file, text).is_none()).copied().collect();
    let (weight, errors) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_enough = |read: &FileRead| {
        let weight = weight.fetch_add(read.weight, Ordering::Relaxed) + read.weight;
        let errors = errors.fetch_add(read.errors(), Ordering::Relaxed) + read.errors();
        weight > reading.budget.left() || errors > MAX_ERRORS
    };
    let read = parallel::in_order(&unread, |(file, text)| checkers.read(file, text), is_enough);
    let mut read = read.into_iter();
    let (mut manifests, mut errors) = (Vec::new(), 0);
    for (file, text) in files {
        if errors > MAX_ERRORS {
            diagnostics.push(too_many_errors(file));
            break;
        }
        if let Some(known) = reading.known(file, text) {
            manifests.extend(known.iter().cloned());
            continue;
        }
        let Some(read) = read.next() else { break };
        errors += read.errors();
        let is_sound = read.diagnostics.is_empty();
        diagnostics.extend(read.diagnostics);
        if let Err(spent) = reading.budget.spend(read.weight) {
            diagnostics.push(spent);
            break;
        }
        if is_sound {
            reading.known.insert(file.clone(), (text.clone(), read.manifests.clone()));
        }
        manifests.extend(read.manifests);
    }
    manifests
}

fn too_many_errors(file: &str) -> Diagnostic {
    let message = format!("`{file}` and the files after it were not checked: too much is wrong before them");
    Diagnostic::new(Code::LimitDiagnostics, message).help("correct what is reported, and run again")
}

/// Every kind, by apiVersion and name.
struct Checkers<'a>(BTreeMap<(String, String), KindChecker<'a>>);

/// The check of a kind's documents.
pub(super) struct KindChecker<'a> {
    kind: &'a Kind,
    /// Compiled for the first document: that takes longer than checking many.
    checker: OnceLock<Result<Checker, Diagnostic>>,
}

impl<'a> KindChecker<'a> {
    pub(super) fn of(kind: &'a Kind) -> Self {
        Self { kind, checker: OnceLock::new() }
    }

    /// The manifest of a document without references.
    pub(super) fn manifest(
        &self,
        api_version: &str,
        document: &Document,
        source: Source,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Manifest> {
        match self.checker.get_or_init(|| compiled(api_version, self.kind)) {
            Ok(checker) => check(checker, document, source, diagnostics),
            Err(diagnostic) => {
                diagnostics.push(diagnostic.clone());
                None
            }
        }
    }
}

impl<'a> Checkers<'a> {
    fn new(registry: &'a Registry) -> Self {
        let kinds = registry.kinds().into_iter();
        Self(kinds.map(|(key, kind)| (key, KindChecker::of(kind))).collect())
    }

    fn read(&self, file: &str, text: &Arc<str>) -> FileRead {
        let mut diagnostics = Vec::new();
        let (documents, weight) = yaml::weighed(text, file, &mut diagnostics);
        let sources = Source::all(file, text);
        let manifests = documents.iter().zip(sources);
        let manifests = manifests
            .filter_map(|(document, source)| self.manifest(document, (text, source), &mut diagnostics));
        let manifests = manifests.map(Arc::new).collect();
        FileRead { manifests, weight, diagnostics }
    }

    fn manifest(
        &self,
        document: &Document,
        (text, source): (&str, Source),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Manifest> {
        let header = manifest::header(document, diagnostics)?;
        let key = (header.api_version.clone(), header.kind.clone());
        let Some(checker) = self.0.get(&key) else {
            diagnostics.push(self.unknown_kind(document, &key));
            return None;
        };
        if has_references(document, text) {
            // What it says is checked for each target that takes it.
            return Some(Manifest::open(document, header, source));
        }
        checker.manifest(&key.0, document, source, diagnostics)
    }

    fn unknown_kind(&self, document: &Document, (api_version, kind): &(String, String)) -> Diagnostic {
        let kinds = || self.0.keys();
        let of_version: Vec<_> =
            kinds().filter(|(version, _)| version == api_version).map(|(_, kind)| kind.as_str()).collect();
        let (code, field, word, known) = if of_version.is_empty() {
            let mut versions: Vec<_> = kinds().map(|(version, _)| version.as_str()).collect();
            versions.dedup();
            (Code::ManifestApiVersion, "apiVersion", api_version, versions)
        } else {
            (Code::ManifestKind, "kind", kind, of_version)
        };
        let help = nearest(word, known.iter().copied()).map_or_else(
            || format!("known values are {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Diagnostic::new(code, format!("`{}` is not a known {field}", short(word)))
            .at(document.place(&format!("/{field}")))
            .help(help)
    }
}

fn compiled(api_version: &str, kind: &Kind) -> Result<Checker, Diagnostic> {
    Checker::new(crate::model::kind::document_schema(api_version, kind)).map_err(|error| {
        Diagnostic::new(Code::SchemaInvalid, format!("the schema of {api_version} {}: {error}", kind.name))
    })
}

fn check(
    checker: &Checker,
    document: &Document,
    source: Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Manifest> {
    let before = diagnostics.len();
    let data = document.to_json();
    checker.check_document(document, &data, diagnostics);
    let refused = diagnostics.iter().skip(before).filter_map(|diagnostic| diagnostic.place.as_ref());
    let refused: Vec<_> = refused.map(|place| place.path.clone()).collect();
    // What the schema refused in the envelope is not reported again in other words.
    let mut ignored = Vec::new();
    let envelope = refused.iter().any(|path| path.starts_with("metadata"));
    let manifest =
        Manifest::of_data(document, data, source, if envelope { &mut ignored } else { diagnostics });
    manifest.map(|manifest| Manifest { refused, ..manifest })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(number: usize, values: usize, is_wrong: bool) -> String {
        let actions = vec!["edit"; values].join(", ");
        let kind = if is_wrong { "Polisy" } else { "Policy" };
        format!(
            "apiVersion: mycloud/v1\nkind: {kind}\nmetadata: {{name: p{number}}}\nspec: {{a: [{actions}]}}\n"
        )
    }

    /// What came out, as far as anybody sees it.
    fn shown(manifests: &[Arc<Manifest>], diagnostics: &[Diagnostic]) -> String {
        let manifests =
            manifests.iter().map(|one| format!("{} {:?} {:?}\n", one.name, one.spec, one.place("/spec/a")));
        manifests.collect::<String>() + &format!("{diagnostics:#?}")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]

        /// Files together, on all cores, are the files one by one: also where a budget ends, and the second time.
        #[test]
        fn files_together_are_the_files_one_by_one(
            sizes in prop::collection::vec((0_usize..30, prop::bool::weighted(0.1)), 1..100),
            values in 0_usize..3000,
        ) {
            let registry = Registry::built_in();
            let texts = sizes.iter().enumerate();
            let files: Files = texts
                .map(|(at, (size, is_wrong))| (format!("{at:03}.yaml"), file(at, *size, *is_wrong).into()))
                .collect();
            let (mut reading, mut diagnostics) = (Reading::within(values), Vec::new());
            let together = manifests(&registry, &files, &mut reading, &mut diagnostics);
            let (mut alone, mut one_by_one, mut own) = (Reading::within(values), Vec::new(), Vec::new());
            for (file, text) in &files {
                let only = Files::from([(file.clone(), text.clone())]);
                one_by_one.extend(manifests(&registry, &only, &mut alone, &mut own));
                if own.iter().any(|diagnostic| diagnostic.code == Code::LimitValues) {
                    break;
                }
            }
            prop_assert_eq!(shown(&together, &diagnostics), shown(&one_by_one, &own));
            if !diagnostics.iter().any(|diagnostic| diagnostic.code == Code::LimitValues) {
                let left = reading.budget.left();
                let mut again = Vec::new();
                let known = manifests(&registry, &files, &mut reading, &mut again);
                let is_same = |(a, b): (&Arc<Manifest>, &Arc<Manifest>)| !a.refused.is_empty() || Arc::ptr_eq(a, b);
                prop_assert!(together.iter().zip(&known).all(is_same));
                prop_assert!(reading.budget.left() <= left);
            }
        }
    }

    #[test]
    fn nothing_after_too_many_errors_is_read() {
        let registry = Registry::built_in();
        let wrong = "apiVersion: mycloud/v1\nkind: Polisy\nmetadata: {name: a}\nspec: {}\n---\n".repeat(90);
        let files: Files = (0..300).map(|at| (format!("{at:03}.yaml"), wrong.as_str().into())).collect();
        let mut diagnostics = Vec::new();
        manifests(&registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
        let last = diagnostics.pop().unwrap();
        assert_eq!(last.code, Code::LimitDiagnostics);
        let is_of_first =
            |one: &&Diagnostic| one.is_error() && one.place.as_ref().unwrap().file == "000.yaml";
        let first = diagnostics.iter().filter(is_of_first).count();
        assert!(last.message.starts_with(&format!("`{:03}.yaml`", MAX_ERRORS / first + 1)), "{last:?}");
        let errors = diagnostics.iter().filter(|one| one.is_error()).count();
        assert_eq!(errors, first * (MAX_ERRORS / first + 1));
    }
}
