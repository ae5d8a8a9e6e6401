//! The three sides of one object: what git declared when it was last applied, what git declares now, what is live.
//!
//! Not here: which objects are compared, in `plan`, and how two values differ, in `compare`.

use serde_json::Value;

use crate::access::order::turn::Turn;
use crate::compare::cause::Cause;
use crate::compare::diff::{Field, diff, overlaid};
use crate::compare::ignore::Ignored;
use crate::compare::same::same;
use crate::diagnostic::SpecDiagnostic;
use crate::model::change::{Action, Change};
use crate::model::kind::{At, Kind, Named};
use crate::model::names::Names;
use crate::model::request::Request;
use crate::model::resource::ResourceId;
use crate::model::state::{Attempted, Declared, Desired, LiveObject};
use crate::plan::input::WriteOnly;
use crate::plan::{lifecycle, loss};
use crate::pointer;
use crate::system::{Draft, Judge};

/// What is needed to compare the sides of any object of a target.
pub struct Comparison<'a> {
    /// The target's API.
    pub system: &'a dyn Judge,
    /// What git declared at the base, if there is a base.
    pub base: Option<&'a Desired>,
    /// What git set since the base in attempts that were never verified.
    pub attempted: &'a Attempted,
    /// Names and ids.
    pub names: Names,
    /// When to send fields that cannot be read back.
    pub write_only: WriteOnly,
    /// Whether what is compared with is not what git declares now, but what it did before a run that is undone.
    pub undoes: bool,
}

/// The canonical forms of what git declares for an object.
struct Declaration {
    /// At the base; `None` if the base does not declare it.
    base: Option<Value>,
    /// Now, with the defaults of fields that the base declared and git no longer does.
    now: Value,
}

impl Comparison<'_> {
    /// The change of one object, given its live state: what plan shows, and what apply compares with right before it
    /// writes. `None` if there is nothing to change.
    pub fn change(
        &self,
        kind: &Kind,
        declared: &Declared,
        live: Option<&LiveObject>,
    ) -> Result<Option<Change>, SpecDiagnostic> {
        let Some((mut change, declaration)) = self.compared(kind, declared, live) else { return Ok(None) };
        let draft = Draft {
            id: &declared.id,
            kind,
            action: change.action,
            written: &declared.spec(),
            declared: &declaration.now,
            live,
            observed: &change.observed,
            fields: &change.fields,
            names: &self.names,
        };
        let requests = self.requests(&draft, &Ignored::new(&declared.manifest.ignore))?;
        self.spell(kind, declared, live, &mut change.fields);
        Ok(Some(Change { requests, ..change }))
    }

    /// The same without its writes, for what is only shown: it does not matter whether they are possible.
    pub(super) fn difference(
        &self,
        kind: &Kind,
        declared: &Declared,
        live: Option<&LiveObject>,
    ) -> Option<Change> {
        let (mut change, _) = self.compared(kind, declared, live)?;
        self.spell(kind, declared, live, &mut change.fields);
        Some(change)
    }

    /// Whether an object is sure to be as declared, without a look at the canonical forms.
    fn is_same(&self, kind: &Kind, declared: &Declared, live: &LiveObject) -> bool {
        // What git set before may have to go back to its default.
        let is_first = || {
            self.at_base(declared, Some(live)).is_none_or(|base| base.manifest.spec == declared.manifest.spec)
                && self.attempted.get(&declared.id).is_none_or(Vec::is_empty)
        };
        let is_plain =
            !declared.absent() && declared.manifest.ignore.is_empty() && live.name == declared.id.name;
        is_plain
            && is_first()
            && same(
                &kind.shape,
                &self.system.declared(kind, &declared.spec(), &self.names),
                &self.system.observed(kind, &live.body(), &self.names),
            )
    }

    /// How the sides of an object differ, in canonical form; `None` if there is nothing to do.
    fn compared(
        &self,
        kind: &Kind,
        declared: &Declared,
        live: Option<&LiveObject>,
    ) -> Option<(Change, Declaration)> {
        if live.is_some_and(|live| self.is_same(kind, declared, live)) {
            return None;
        }
        let declaration = self.declaration(kind, declared, live);
        let observed = live.map_or(Value::Null, |live| self.observed(kind, live));
        let action = Action::of(declared.absent(), live.is_some());
        let mut fields = Vec::new();
        if action != Action::Delete {
            fields.extend(live.and_then(|live| renamed(declared, live)));
            fields.extend(diff(&kind.shape, &observed, &declaration.now));
        }
        if action == Action::Update && fields.is_empty() {
            return None;
        }
        self.set_causes(kind, &declaration, &observed, &mut fields);
        let mut cause = self.cause(action, &declaration, &fields);
        if self.undoes {
            let causes = fields.iter_mut().map(|field| &mut field.cause).chain([&mut cause]);
            causes.for_each(|cause| *cause = cause.without_git());
        }
        let change = Change {
            id: declared.id.clone(),
            action,
            cause,
            turn: Turn::default(),
            before: live
                .filter(|_| action == Action::Delete)
                .map_or(Value::Null, |live| self.content(kind, live)),
            fields,
            requests: Vec::new(),
            seen: live.cloned(),
            observed,
        };
        Some((change, declaration))
    }

    /// What an object is after a change, in canonical form; null if it is deleted.
    pub(super) fn after(&self, kind: &Kind, declared: &Declared, change: &Change) -> Value {
        match change.action {
            Action::Delete => Value::Null,
            Action::Create | Action::Update => {
                overlaid(&change.observed, &self.declaration(kind, declared, change.seen.as_ref()).now)
            }
        }
    }

    /// The fields in which a live object is not as git declares it, as plan shows them.
    pub fn fields(&self, kind: &Kind, declared: &Declared, live: &LiveObject) -> Vec<Field> {
        self.difference(kind, declared, Some(live)).map(|change| change.fields).unwrap_or_default()
    }

    fn requests(&self, draft: &Draft<'_>, ignored: &Ignored) -> Result<Vec<Request>, SpecDiagnostic> {
        let mut requests = self.system.requests(draft)?;
        loss::check(draft, ignored, &requests)?;
        // The order in which a manifest or a server wrote its fields must not reach a plan.
        requests.iter_mut().filter_map(|request| request.body.as_mut()).for_each(Value::sort_all_objects);
        Ok(requests)
    }

    /// A live object in canonical form.
    pub fn observed(&self, kind: &Kind, live: &LiveObject) -> Value {
        kind.shape.observed(&self.system.observed(kind, &live.body(), &self.names))
    }

    /// What a manifest would say of a live object.
    pub(super) fn content(&self, kind: &Kind, live: &LiveObject) -> Value {
        self.system.spec(kind, &live.body(), &self.names)
    }

    /// Spells the fields for people: as git writes them, or else as the API does.
    fn spell(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>, fields: &mut [Field]) {
        let spellings: Vec<_> = [declared.spec()].into_iter().chain(live.map(LiveObject::body)).collect();
        let spellings: Vec<_> = spellings.iter().collect();
        let mut values: Vec<_> =
            fields.iter_mut().flat_map(|Field { before, after, .. }| [before, after]).collect();
        self.system.spell(kind, &mut values, &spellings);
    }

    /// What git declares, in canonical form.
    pub(super) fn declared(&self, kind: &Kind, declared: &Declared) -> Value {
        kind.shape.declared(&self.system.declared(kind, &declared.spec(), &self.names))
    }

    fn canonical_base(&self, kind: &Kind, base: &Declared) -> Value {
        self.canonical_then(kind, &base.id, &base.spec())
    }

    /// What git declared before, with current names: an object that git renamed is still the same.
    fn canonical_then(&self, kind: &Kind, id: &ResourceId, then: &Value) -> Value {
        let mut spec = then.clone();
        for Named { at, kind, name } in kind.named_in(&id.name, then) {
            // The names inside the object's own name move with the object.
            let At::Spec(at) = at else { continue };
            if let (Some(place), Some(now)) = (spec.pointer_mut(&at), self.names.renamed(kind, &name)) {
                *place = Value::from(now);
            }
        }
        kind.shape.declared(&self.system.declared(kind, &spec, &self.names))
    }

    fn declaration(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>) -> Declaration {
        let mut now = self.declared(kind, declared);
        let ignored = Ignored::new(&declared.manifest.ignore);
        // What enact only observed it has not set, so nothing of that goes back to a default.
        let base =
            self.at_base(declared, live).filter(|base| !lifecycle::only_observes(base, Action::Create));
        let counted = |mut past: Value| {
            ignored.forget(&kind.shape, &mut past);
            past
        };
        // What git has not touched since is the same in canonical form, too, unless a name in it is another one now.
        let is_same = |base: &Declared| base.manifest.spec == declared.manifest.spec && !self.names.renames();
        let base = base.map(|base| match is_same(base) {
            true => counted(now.clone()),
            false => counted(self.canonical_base(kind, base)),
        });
        if !declared.absent() {
            let attempted = self.attempted.get(&declared.id).into_iter().flatten();
            let attempted: Vec<_> =
                attempted.map(|spec| counted(self.canonical_then(kind, &declared.id, spec))).collect();
            base.iter().chain(&attempted).for_each(|past| kind.shape.return_to_default(past, &mut now));
        }
        if let Some(live) = live.filter(|_| !ignored.is_empty()) {
            ignored.keep(&kind.shape, &self.observed(kind, live), &mut now);
        }
        if live.is_some() {
            match self.write_only {
                WriteOnly::Changed => kind.shape.drop_write_only(&mut now, base.as_ref()),
                WriteOnly::All => {}
                WriteOnly::Nothing => kind.shape.drop_write_only(&mut now, None),
            }
        }
        Declaration { base, now }
    }

    /// What the base declared for an object: under its live name, if it is to be renamed.
    pub(super) fn at_base(&self, declared: &Declared, live: Option<&LiveObject>) -> Option<&Declared> {
        let name = live.map_or(&declared.id.name, |live| &live.name);
        let id = ResourceId { name: name.clone(), ..declared.id.clone() };
        self.base?.get(&id).filter(|base| !base.absent())
    }

    /// Whether the live object is no longer what the base declared, nor what was attempted since: git set that, too.
    pub(super) fn moved(&self, kind: &Kind, orphan: &Declared, live: &LiveObject) -> bool {
        let observed = self.observed(kind, live);
        let ignored = Ignored::new(&orphan.manifest.ignore);
        let is_as = |mut then: Value| {
            ignored.keep(&kind.shape, &observed, &mut then);
            diff(&kind.shape, &observed, &kind.shape.readable(then)).is_empty()
        };
        let attempted = self.attempted.get(&orphan.id).into_iter().flatten();
        let mut attempted = attempted.map(|spec| self.canonical_then(kind, &orphan.id, spec));
        !is_as(self.canonical_base(kind, orphan)) && !attempted.any(is_as)
    }

    /// Fields that the base declared, that git no longer does, and that have no default.
    pub(super) fn without_default(&self, kind: &Kind, declared: &Declared) -> Vec<String> {
        // This runs for every object of every plan, so equal specs are not compared field by field.
        let base = self.at_base(declared, None).filter(|base| base.manifest.spec != declared.manifest.spec);
        if base.is_none_or(|_| declared.absent()) {
            return Vec::new();
        }
        let Declaration { base, now } = self.declaration(kind, declared, None);
        base.map(|base| kind.shape.left_out(&base, &now)).unwrap_or_default()
    }

    /// Why each field differs: git moved if base and declaration differ there, the live side if base and live do.
    fn set_causes(&self, kind: &Kind, declaration: &Declaration, observed: &Value, fields: &mut [Field]) {
        if self.base.is_none() {
            return;
        }
        // Git declares what the base did not.
        let Some(base) = &declaration.base else {
            return fields.iter_mut().for_each(|field| field.cause = Cause::Declared);
        };
        let by_git = diff(&kind.shape, base, &declaration.now);
        let by_hand = diff(&kind.shape, observed, &kind.shape.readable(base.clone()));
        for field in fields {
            let moved = |side: &[Field]| side.iter().any(|other| pointer::overlap(&other.path, &field.path));
            field.cause = match Cause::of(moved(&by_git), moved(&by_hand)) {
                Cause::Unknown => field.cause,
                known => known,
            };
        }
    }

    fn cause(&self, action: Action, declaration: &Declaration, fields: &[Field]) -> Cause {
        match action {
            _ if self.base.is_none() => Cause::Unknown,
            // Somebody deleted what git had, or git newly declares it.
            Action::Create => Cause::of(declaration.base.is_none(), declaration.base.is_some()),
            // Git removes what it had, or somebody created it again.
            Action::Delete => Cause::of(declaration.base.is_some(), declaration.base.is_none()),
            Action::Update => {
                fields.iter().map(|field| field.cause).reduce(Cause::and).unwrap_or(Cause::Unknown)
            }
        }
    }
}

/// The change of a name, which is not a field of the spec.
fn renamed(declared: &Declared, live: &LiveObject) -> Option<Field> {
    let names = |name: &str| Value::from(name);
    let field = || Field {
        path: "/name".to_owned(),
        before: names(&live.name),
        after: names(&declared.id.name),
        cause: Cause::Declared,
    };
    (live.name != declared.id.name).then(field)
}
