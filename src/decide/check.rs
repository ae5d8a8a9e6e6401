//! Whether the names and words of policy tests mean anything, each at its place. Not here: the form of the file, in `file`.

use std::collections::BTreeMap;

use super::file::{By, ForAll, PolicyTests, TestCase};
use super::suite::boxes;
use super::{Asked, Context, text_of};
use crate::access::rule::Dimension;
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::model::resource::ResourceId;
use crate::model::state::Desired;
use crate::pointer::child;
use crate::text::{inline, short};

/// The target that a file of tests is about, or what is wrong with its name.
pub fn target<'n>(
    tests: &PolicyTests,
    targets: impl Iterator<Item = &'n str> + Clone,
) -> Result<&'n str, Diagnostic> {
    let name = &tests.tests.target;
    targets.clone().find(|target| target == name).ok_or_else(|| {
        let help = match nearest(name, targets.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("enact.yaml has {}", targets.collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no target `{}`", short(name));
        Diagnostic::new(Code::TestTarget, message).at(tests.place("/target")).help(help)
    })
}

/// Reports a target of which nobody can ask what it allows.
pub fn unanswerable(tests: &PolicyTests, system: &str) -> Diagnostic {
    let message = format!("nothing says what the objects of `{system}` allow, so they cannot be tested");
    Diagnostic::new(Code::TestSystem, message)
        .at(tests.place("/target"))
        .help("remove these tests, or test another target")
}

/// What is wrong with the tests of a target. `asked` is what git declares.
#[must_use]
pub fn check(tests: &PolicyTests, asked: &Asked<'_>, desired: &Desired) -> Vec<Diagnostic> {
    let mut check = Check { tests, asked, desired, diagnostics: Vec::new() };
    check.file();
    check.diagnostics
}

struct Check<'a> {
    tests: &'a PolicyTests,
    asked: &'a Asked<'a>,
    desired: &'a Desired,
    diagnostics: Vec<Diagnostic>,
}

impl Check<'_> {
    fn file(&mut self) {
        let file = &self.tests.tests;
        if file.tests.is_empty() && file.for_all.is_empty() {
            let help = "add `tests` or `for_all`";
            self.report(Code::TestEmpty, self.tests.place("/target"), "this file tests nothing", help);
        }
        for (name, subjects) in &file.principals {
            let at = child("/principals", name);
            self.words(Dimension::Principal, &at, Some(subjects));
        }
        for (index, case) in file.tests.iter().enumerate() {
            self.case(&format!("/tests/{index}"), case);
        }
        for (index, all) in file.for_all.iter().enumerate() {
            self.for_all(&format!("/for_all/{index}"), all);
        }
    }

    fn case(&mut self, at: &str, case: &TestCase) {
        let TestCase { name: _, principals, actions, resources, tenant, context, expect: _, by } = case;
        for (index, principal) in principals.iter().enumerate() {
            self.principal(principal, &format!("{at}/principals/{index}"));
        }
        self.words(Dimension::Action, &format!("{at}/actions"), Some(actions));
        self.words(Dimension::Resource, &format!("{at}/resources"), Some(resources));
        if let Some(tenant) = tenant {
            self.word(Dimension::Tenant, tenant, &format!("{at}/tenant"));
        }
        self.context(context, &format!("{at}/context"));
        self.by(by.as_ref(), &format!("{at}/by/object"));
    }

    fn for_all(&mut self, at: &str, all: &ForAll) {
        let ForAll { principal, subjects, context, .. } = all;
        let before = self.diagnostics.len();
        if let Some(principal) = principal {
            self.principal(principal, &format!("{at}/principal"));
            if subjects.is_some() {
                let place = self.tests.key_place(&format!("{at}/subjects"));
                let help = "keep one of them";
                self.report(Code::TestForm, place, "`principal` says who asks already", help);
            }
        }
        for (at, rows) in [(at.to_owned(), all.rows()), (format!("{at}/except"), all.except.rows())] {
            for (dimension, field, patterns) in rows {
                for (index, pattern) in patterns.iter().flatten().enumerate() {
                    self.pattern(&dimension, pattern, &format!("{at}/{field}/{index}"));
                }
            }
        }
        self.context(context, &format!("{at}/context"));
        let is_sound = self.diagnostics.len() == before;
        let within = boxes(self.tests, all, self.asked);
        if is_sound && within.first().is_some_and(|within| self.asked.is_empty(within)) {
            let place = self.tests.place(&format!("{at}/name"));
            let help = "correct its patterns, or `except`";
            self.report(Code::TestEmpty, place, "no request is meant by this, so it can never fail", help);
        }
    }

    fn principal(&mut self, name: &str, at: &str) {
        let known = &self.tests.tests.principals;
        if known.contains_key(name) {
            return;
        }
        let help = match nearest(name, known.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "say in `principals` of this file what that is: a name, and a list of subjects".to_owned()
            }
        };
        let message = format!("there is no principal `{}` in this file", short(name));
        self.report(Code::TestPrincipal, self.tests.place(at), message, help);
    }

    fn words(&mut self, dimension: Dimension, at: &str, words: Option<&Vec<String>>) {
        for (index, word) in words.into_iter().flatten().enumerate() {
            self.word(dimension.clone(), word, &format!("{at}/{index}"));
        }
    }

    /// A word of a request, which names one thing.
    fn word(&mut self, dimension: Dimension, word: &str, at: &str) {
        let place = self.tests.place(at);
        if let Err((message, help)) = super::word(self.asked, &dimension, word) {
            self.report(Code::TestForm, place, message, help);
        } else if self.asked.is_nobody(&dimension, word) {
            let message = format!("git declares no policy `{}` that says anything", short(word));
            let help = match self.asked.near(word) {
                Some(near) => format!("did you mean `{}`?", inline(near)),
                None => "correct the name; if it is only live, test with `--against live`".to_owned(),
            };
            self.report(Code::TestNobody, place, message, help);
        }
    }

    fn pattern(&mut self, dimension: &Dimension, pattern: &str, at: &str) {
        if let Err((message, help)) = super::pattern(self.asked, dimension, pattern) {
            self.report(Code::TestForm, self.tests.place(at), message, help);
        }
    }

    fn context(&mut self, context: &Context, at: &str) {
        for (key, value) in context {
            let place = self.tests.key_place(&child(at, key));
            if text_of(value).is_none() {
                let message = format!("the value of `{}` is no text", short(key));
                self.report(Code::TestForm, place, message, "write a text, a number or `true`");
            } else if !self.asked.looks_at(key) {
                let message = format!("no policy looks at `{}`", short(key));
                self.report(Code::TestContext, place, message, "correct the key, or remove it");
            }
        }
    }

    fn by(&mut self, by: Option<&By>, at: &str) {
        let Some(By { object, rule: _ }) = by else { return };
        let place = self.tests.place(at);
        let Some((kind, name)) = object.split_once('/') else {
            let message = format!("`{}` names no object", short(object));
            return self.report(Code::TestForm, place, message, "write KIND/NAME, such as `Policy/readers`");
        };
        let id = ResourceId::new(self.tests.tests.target.as_str(), kind, name);
        if self.desired.get(&id).is_some_and(|declared| !declared.absent()) {
            return;
        }
        let names: BTreeMap<_, _> =
            self.desired.keys().map(|id| (format!("{}/{}", id.kind, id.name), ())).collect();
        let help = match nearest(object, names.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name an object that git declares for this target".to_owned(),
        };
        let message = format!("git declares no {} `{}`, so it decides nothing", short(kind), short(name));
        self.report(Code::TestRule, place, message, help);
    }

    fn report(&mut self, code: Code, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(code, message).at(place).help(help));
    }
}
