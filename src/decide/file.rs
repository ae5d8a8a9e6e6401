//! A file of policy tests, `*_test.yaml`: decoding, JSON Schema and documentation in one. Not here: whether its names mean
//! anything (`check`), and running it (`suite`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::rule::Dimension;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::manifest::yaml::{self, Document, Node};
use crate::schema::check::Checker;
use crate::text::short;

/// The version of this format.
const API_VERSION: &str = "enact/v1";

/// Whether a file holds policy tests, by its name. Such a file is never read as a manifest.
#[must_use]
pub fn is_test(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with("_test.yaml") || path.ends_with("_test.yml")
}

/// The JSON Schema of a file of policy tests.
#[must_use]
pub fn schema() -> Value {
    crate::schema::of::<TestFile>()
}

/// Tests of what the policies of one target allow: who may do what, and by which rule.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    /// The version of this format.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = "enact/v1"))]
    pub api_version: String,
    /// Always `Test`.
    #[schemars(extend("const" = "Test"))]
    pub kind: String,
    /// The target whose policies are tested, as enact.yaml names it.
    pub target: String,
    /// Who asks, by a name of your choice: everything that the person is at once, such as a user and her teams on compiuta, the
    /// roles that she has on Polytomic, or the policies that are attached to her on mycloud.
    #[serde(default)]
    pub principals: BTreeMap<String, Vec<String>>,
    /// Tests of single requests.
    #[serde(default)]
    pub tests: Vec<TestCase>,
    /// Tests of every request of a sort. The engine decides them, and shows a request if one is not as expected.
    #[serde(default)]
    pub for_all: Vec<ForAll>,
}

/// Every principal with every action on every resource.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// What should be so, in a sentence.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Who asks, by the names in `principals`.
    #[schemars(length(min = 1))]
    pub principals: Vec<String>,
    /// What they want to do, such as `s3:GetObject`. No patterns.
    #[schemars(length(min = 1))]
    pub actions: Vec<String>,
    /// To what. No patterns. On Polytomic the names of the policies of the objects.
    #[schemars(length(min = 1))]
    pub resources: Vec<String>,
    /// In which tenant, on compiuta. Without one, the answer has to be the same in all of them.
    pub tenant: Option<String>,
    /// What else the requests carry, by key.
    #[serde(default)]
    pub context: BTreeMap<String, Value>,
    /// What the target should say.
    pub expect: Expectation,
    /// The rule that should decide it: with `expect: deny`, a deny, and not only that nothing allows it.
    pub by: Option<By>,
}

/// The rule that decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// The object that says it, as `KIND/NAME`, such as `Policy/readers`.
    pub object: String,
    /// The name of its rule, if it has one: on mycloud the `sid`.
    pub rule: Option<String>,
}

/// Every request of a sort. A dimension that is left out may be anything.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForAll {
    /// What should be so, in a sentence.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Who asks, by a name in `principals`: everything that the person is, at once.
    pub principal: Option<String>,
    /// Instead of `principal`: whoever is one of these, and nothing else. Patterns, as the policies write them. Without both,
    /// everybody.
    #[schemars(length(min = 1))]
    pub subjects: Option<Vec<String>>,
    /// The actions. Patterns, as the policies write them.
    #[schemars(length(min = 1))]
    pub actions: Option<Vec<String>>,
    /// The resources. Patterns.
    #[schemars(length(min = 1))]
    pub resources: Option<Vec<String>>,
    /// The tenants. Patterns.
    #[schemars(length(min = 1))]
    pub tenants: Option<Vec<String>>,
    /// What else the requests carry, by key. Of other keys they may carry anything.
    #[serde(default)]
    pub context: BTreeMap<String, Value>,
    /// Requests that are not meant, by any one of these.
    #[serde(default)]
    pub except: Except,
    /// What the target should say of every one of them.
    pub expect: Expectation,
}

/// What takes a request out.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Except {
    /// Who asks. Patterns.
    #[schemars(length(min = 1))]
    pub subjects: Option<Vec<String>>,
    /// The action. Patterns.
    #[schemars(length(min = 1))]
    pub actions: Option<Vec<String>>,
    /// The resource. Patterns.
    #[schemars(length(min = 1))]
    pub resources: Option<Vec<String>>,
    /// The tenant. Patterns.
    #[schemars(length(min = 1))]
    pub tenants: Option<Vec<String>>,
}

/// What is meant in a dimension, and the field that says it.
pub(super) type Row<'a> = (Dimension, &'static str, &'a Option<Vec<String>>);

impl ForAll {
    /// The patterns of the requests that are meant.
    pub(super) fn rows(&self) -> [Row<'_>; 4] {
        rows([&self.subjects, &self.actions, &self.resources, &self.tenants])
    }
}

impl Except {
    /// The patterns of the requests that are not.
    pub(super) fn rows(&self) -> [Row<'_>; 4] {
        rows([&self.subjects, &self.actions, &self.resources, &self.tenants])
    }
}

fn rows([subjects, actions, resources, tenants]: [&Option<Vec<String>>; 4]) -> [Row<'_>; 4] {
    [
        (Dimension::Principal, "subjects", subjects),
        (Dimension::Action, "actions", actions),
        (Dimension::Resource, "resources", resources),
        (Dimension::Tenant, "tenants", tenants),
    ]
}

/// What a target should say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// It is allowed.
    Allow,
    /// It is denied, or nothing allows it.
    Deny,
}

/// A document of a file of policy tests, with the places of its values.
#[derive(Clone, Debug)]
pub struct PolicyTests {
    /// What it says.
    pub tests: TestFile,
    document: Document,
}

impl PolicyTests {
    /// Reads the documents of a file. Whatever is wrong is reported; a manifest most of all, because nobody would apply it.
    pub fn read(file: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Self> {
        let documents = yaml::parse(text, file, diagnostics);
        documents.into_iter().filter_map(|document| Self::of(document, diagnostics)).collect()
    }

    fn of(document: Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        if let Some(manifest) = manifest(&document) {
            diagnostics.push(manifest);
            return None;
        }
        let before = diagnostics.len();
        Checker::checked(schema(), &document.whole(), diagnostics);
        if diagnostics.iter().skip(before).any(Diagnostic::is_error) {
            return None;
        }
        match serde_json::from_value(document.to_json()) {
            Ok(tests) => Some(Self { tests, document }),
            Err(error) => {
                let message = format!("these tests cannot be used: {error}");
                let help = "write it as `enact schema tests` describes it";
                diagnostics
                    .push(Diagnostic::new(Code::TestDocument, message).at(document.place("")).help(help));
                None
            }
        }
    }

    /// Its file, as the user would type it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.document.file
    }

    /// The place of a JSON pointer in it.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        self.document.place(pointer)
    }

    /// The place of a key.
    #[must_use]
    pub fn key_place(&self, pointer: &str) -> Place {
        self.document.key_place(pointer)
    }
}

/// A manifest in the place of tests.
fn manifest(document: &Document) -> Option<Diagnostic> {
    let text = |field: &str| document.get(field).and_then(Node::as_str);
    let (version, kind) = (text("apiVersion")?, text("kind")?);
    (version != API_VERSION).then(|| {
        let message = format!(
            "this {} {} is in a file of policy tests, by its name, and would not be read",
            short(version),
            short(kind)
        );
        let help = "give the file a name that does not end in `_test.yaml`";
        Diagnostic::new(Code::TestManifest, message).at(document.place("/apiVersion")).help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, Vec<&'static str>> {
        let mut diagnostics = Vec::new();
        let read = PolicyTests::read("a_test.yaml", text, &mut diagnostics);
        match diagnostics.as_slice() {
            [] => Ok(read.len()),
            some => Err(some.iter().map(|diagnostic| diagnostic.code.text()).collect()),
        }
    }

    #[test]
    fn only_the_end_of_a_name_makes_a_file_one_of_tests() {
        for (name, expected) in [
            ("policies/a_test.yaml", true),
            ("A_TEST.YML", true),
            ("a-test.yaml", false),
            ("test.yaml", false),
            ("a_test.yaml.bak", false),
            ("a_test/b.yaml", false),
        ] {
            assert_eq!(is_test(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_tests_is_reported() {
        let head = "apiVersion: enact/v1\nkind: Test\ntarget: t\n";
        assert_eq!(read(head), Ok(1));
        assert_eq!(read(&format!("{head}---\n{head}")), Ok(2));
        assert_eq!(read("").unwrap_err(), ["yaml/empty"]);
        assert_eq!(read(&format!("{head}nobody: x\n")).unwrap_err(), ["schema/unknown-field"]);
        let manifest = "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {name: p}\nspec: {}\n";
        assert_eq!(read(manifest).unwrap_err(), ["test/manifest"]);
        assert_eq!(read(&format!("{head}---\n{manifest}")).unwrap_err(), ["test/manifest"]);
    }
}
