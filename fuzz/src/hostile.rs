//! A report in which every text is untrusted.

use enact::access::impact::{
    AccessChange, AttributeChange, Decision, Difference, Impact, Language, Scope, Verdict, Witness, Word,
};
use enact::access::order::turn::Turn;
use enact::access::rule::{Dimension, Effect};
use enact::compare::cause::Cause;
use enact::compare::diff::Field;
use enact::diagnostic::{Code, Diagnostic, Place};
use enact::model::change::{Action, Change};
use enact::model::outcome::{EndedChange, Outcome};
use enact::model::plan::{AccessVerdicts, Expiring, Held, OnlyObserved, SkipReason, Skipped, TargetPlan};
use enact::model::request::{Method, Path, Request};
use enact::model::resource::{RemoteId, ResourceId};
use enact::model::unmanaged::{Counted, Coverage, Unmanaged};
use enact::pointer;
use enact::report::{ApplyReport, Report, TargetReport};
use serde_json::{Value, json};

/// The texts, by their use.
pub struct Words {
    /// Names that users choose.
    pub name: String,
    /// A field.
    pub field: String,
    /// A value.
    pub value: String,
    /// What a server says.
    pub said: String,
    /// A file or a URL.
    pub place: String,
}

impl Words {
    /// One text after the other.
    pub fn of([name, field, value, said, place]: [String; 5]) -> Self {
        Self { name, field, value, said, place }
    }

    fn id(&self) -> ResourceId {
        ResourceId::new(&self.place, &self.field, &self.name)
    }

    fn change(&self, action: Action, fields: Vec<Field>) -> Change {
        let body = json!({ &self.field: self.value, "said": [self.said] });
        let path = Path::fixed("api").text(&self.name).query(&self.field, &self.value);
        Change {
            id: self.id(),
            action,
            cause: Cause::Both,
            turn: Turn::default(),
            before: json!({ &self.field: self.value, "said": [self.said] }),
            fields,
            requests: vec![Request::new(Method::Put, path).body(body)],
            seen: None,
            observed: Value::Null,
        }
    }

    fn field(&self, before: Value, after: Value) -> Field {
        Field { path: pointer::child("", &self.field), before, after, cause: Cause::Drift }
    }

    fn impact(&self) -> Impact {
        let scope = |dimension, text: &String| Scope { dimension, patterns: vec![text.clone()] };
        let scopes = vec![
            scope(Dimension::Action, &self.name),
            scope(Dimension::Resource, &self.value),
            scope(Dimension::Key(self.field.clone()), &self.said),
        ];
        let word = |scope: &Scope| Word { dimension: scope.dimension.clone(), word: self.place.clone() };
        let decision = |effect| Decision {
            effect,
            rule: Some(self.said.clone()),
            file: Some(self.place.clone()),
            line: Some(1),
            at: None,
        };
        let change = AccessChange {
            access: scopes.clone(),
            except: vec![scopes.clone()],
            more_exceptions: 1,
            conditions: vec![self.value.clone()],
            possible: true,
            through: Some(self.place.clone()),
            witness: Witness {
                language: Language::Own,
                request: scopes.iter().map(word).collect(),
                before: decision(Effect::Denied),
                after: decision(Effect::Allowed),
            },
        };
        let attribute = AttributeChange {
            attribute: self.field.clone(),
            before: json!(self.value),
            after: Value::Null,
            verdict: Verdict::Incomparable,
            possible: true,
            access: scopes.clone(),
        };
        Impact::Known(Difference {
            gained: vec![change],
            lost: Vec::new(),
            more: true,
            attributes: vec![attribute],
        })
    }

    fn coverage(&self) -> Coverage {
        let unmanaged = Unmanaged {
            id: self.id(),
            remote: RemoteId::new(&self.place),
            new: Some(true),
            content: Some(json!({ &self.field: self.value, "said": [self.said] })),
        };
        Coverage::Counted(Counted {
            kinds: vec![self.field.clone()],
            not_counted: vec![self.place.clone()],
            unmanaged: vec![unmanaged],
            ..Counted::default()
        })
    }

    fn target(&self, changes: Vec<Change>) -> TargetReport {
        let plan = TargetPlan {
            target: self.name.clone(),
            changes,
            unchanged: vec![self.id()],
            coverage: self.coverage(),
            access: AccessVerdicts::Known([(self.id(), self.impact())].into()),
            ..TargetPlan::default()
        };
        TargetReport { system: self.field.clone(), url: self.place.clone(), plan, apply: None, requests: 1 }
    }
}

/// The texts in every place where text can be.
pub fn report(words: &Words) -> Report {
    let Words { name, field, value, said, place } = words;
    let fields = vec![
        words.field(json!(value), json!(format!("{value}!"))),
        words.field(json!([value]), json!([value, format!("{value}!")])),
        words.field(json!({ field: value }), json!([{ field: said, "list": [value] }])),
        words.field(json!(format!("{value}\n{said}")), json!(format!("{value}\n{name}!"))),
    ];
    let fresh = vec![words.field(Value::Null, json!(format!("{value}\n{value}")))];
    let changes = vec![
        words.change(Action::Create, fresh),
        words.change(Action::Update, fields),
        words.change(Action::Delete, Vec::new()),
    ];
    let at = Place { file: place.clone(), line: 1, column: 1, width: 1, path: field.clone() };
    let diagnostic = Diagnostic::new(Code::SchemaSpelling, said).at(at).about(name).help(value);
    let about = Diagnostic::new(Code::PlanMixed, said).about(name).help(said);
    let mut only = words.target(changes);
    only.plan.skipped.push(Skipped { id: words.id(), reason: SkipReason::System, file: None });
    let kept = words.change(Action::Update, vec![words.field(json!(value), json!(said))]);
    let (until, reason) = (Default::default(), said.clone());
    only.plan.observed.push(OnlyObserved { lifecycle: Default::default(), change: kept.clone() });
    only.plan.held.push(Held { id: words.id(), until, reason, change: Some(kept) });
    let (file, expires) = (place.clone(), Default::default());
    only.plan.expiring.push(Expiring { id: words.id(), expires, file, line: 1 });
    only.plan.diagnostics.extend([diagnostic.clone(), about]);
    let outcomes = [Outcome::failed(said), Outcome::unknown(value), Outcome::conflict(name)];
    let changes = only.plan.changes.iter().cloned().zip(outcomes);
    only.apply = Some(ApplyReport {
        changes: changes.map(|(change, outcome)| EndedChange { change, outcome }).collect(),
        verified: words.target(vec![words.change(Action::Delete, Vec::new())]).plan,
    });
    let targets = vec![only, words.target(Vec::new())];
    Report { command: "apply", targets, diagnostics: vec![diagnostic], ..Report::default() }
}
