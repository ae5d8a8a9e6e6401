//! The three sides of one object: what git declared when it was last applied, what git declares now, what is live.

use serde_json::Value;

use crate::access::AccessShift;
use crate::compare::cause::Cause;
use crate::compare::diff::{Field, diff, overlaid};
use crate::diagnostic::SpecDiagnostic;
use crate::model::change::{Action, Change};
use crate::model::kind::{At, Kind, Named};
use crate::model::names::Names;
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, Desired, LiveObject};
use crate::plan::input::WriteOnly;
use crate::pointer;
use crate::system::{Draft, Judge};

/// What is needed to compare the sides of any object of a target.
pub struct Comparison<'a> {
    /// The target's API.
    pub system: &'a dyn Judge,
    /// What git declared at the base, if there is one.
    pub base: Option<&'a Desired>,
    /// Names and ids.
    pub names: Names,
    /// When fields are sent that cannot be read back.
    pub write_only: WriteOnly,
}

/// The canonical forms of an object on the side of git.
struct Declaration {
    /// At the base; `None` if the base did not declare it.
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
        let declaration = self.declaration(kind, declared, live);
        let observed = live.map_or(Value::Null, |live| self.observed(kind, live));
        let action = match live {
            _ if declared.absent() => Action::Delete,
            Some(_) => Action::Update,
            None => Action::Create,
        };
        let mut fields = Vec::new();
        if action != Action::Delete {
            fields.extend(live.and_then(|live| renamed(declared, live)));
            fields.extend(diff(&kind.shape, &observed, &declaration.now));
        }
        if action == Action::Update && fields.is_empty() {
            return Ok(None);
        }
        self.set_causes(kind, &declaration, &observed, &mut fields);
        let cause = self.cause(action, &declaration, &fields);
        let after =
            if action == Action::Delete { Value::Null } else { overlaid(&observed, &declaration.now) };
        let draft = Draft {
            id: &declared.id,
            kind,
            action,
            written: declared.spec(),
            declared: &declaration.now,
            live,
            observed: &observed,
            fields: &fields,
            names: &self.names,
        };
        let mut requests = self.system.requests(&draft)?;
        // The order in which a manifest or a server wrote its fields must not reach a plan.
        requests.iter_mut().filter_map(|request| request.body.as_mut()).for_each(Value::sort_all_objects);
        let shift = match (self.system.grants(kind, &observed), self.system.grants(kind, &after)) {
            (Some(before), Some(after)) => AccessShift::of(&before, &after, requests.len()),
            _ => AccessShift::None,
        };
        self.spell(kind, declared, live, &mut fields);
        Ok(Some(Change {
            id: declared.id.clone(),
            action,
            cause,
            shift,
            fields,
            requests,
            seen: live.cloned(),
            observed,
        }))
    }

    /// A live object in canonical form.
    pub fn observed(&self, kind: &Kind, live: &LiveObject) -> Value {
        kind.shape.observed(&self.system.observed(kind, &live.body, &self.names))
    }

    /// The fields as people spell them: as git does, else as the API has it.
    fn spell(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>, fields: &mut [Field]) {
        let mut spellings = vec![declared.spec()];
        spellings.extend(live.map(|live| &live.body));
        for Field { before, after, .. } in fields {
            for value in [before, after] {
                *value = self.system.spelled(kind, value, &spellings);
            }
        }
    }

    fn canonical(&self, kind: &Kind, declared: &Declared) -> Value {
        kind.shape.declared(&self.system.declared(kind, declared.spec(), &self.names))
    }

    /// What the base declared, in today's names: an object that git renamed is not another one.
    fn canonical_base(&self, kind: &Kind, base: &Declared) -> Value {
        let mut spec = base.spec().clone();
        for Named { at, kind, name } in base.named(kind) {
            // A name that is made of other names goes with the object that it is the name of.
            let At::Spec(at) = at else { continue };
            if let (Some(place), Some(now)) = (spec.pointer_mut(&at), self.names.renamed(kind, &name)) {
                *place = Value::from(now);
            }
        }
        kind.shape.declared(&self.system.declared(kind, &spec, &self.names))
    }

    fn declaration(&self, kind: &Kind, declared: &Declared, live: Option<&LiveObject>) -> Declaration {
        let mut now = self.canonical(kind, declared);
        let base = self.at_base(declared, live).map(|base| self.canonical_base(kind, base));
        if let Some(base) = base.as_ref().filter(|_| !declared.absent()) {
            kind.shape.return_to_default(base, &mut now);
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

    /// What the base declared for an object, under the name that it still has live if it is to be renamed.
    fn at_base(&self, declared: &Declared, live: Option<&LiveObject>) -> Option<&Declared> {
        let name = live.map_or(&declared.id.name, |live| &live.name);
        let id = ResourceId { name: name.clone(), ..declared.id.clone() };
        self.base?.get(&id).filter(|base| !base.absent())
    }

    /// Whether the live object is no longer what the base declared.
    pub(super) fn moved(&self, kind: &Kind, orphan: &Declared, live: &LiveObject) -> bool {
        let base = kind.shape.readable(self.canonical_base(kind, orphan));
        !diff(&kind.shape, &self.observed(kind, live), &base).is_empty()
    }

    /// Fields that the base declared, that git no longer does, and that have no default to go back to.
    pub(super) fn without_default(&self, kind: &Kind, declared: &Declared) -> Vec<String> {
        // Every object of every plan comes by here, so nothing is compared that cannot differ.
        let base = self.at_base(declared, None).filter(|base| base.spec() != declared.spec());
        let Some(base) = base.filter(|_| !declared.absent()) else { return Vec::new() };
        let Declaration { now, .. } = self.declaration(kind, declared, None);
        kind.shape.left_out(&self.canonical_base(kind, base), &now)
    }

    /// Why each field differs: git moved if base and declaration differ there, the live side if base and live do.
    fn set_causes(&self, kind: &Kind, declaration: &Declaration, observed: &Value, fields: &mut [Field]) {
        if self.base.is_none() {
            return;
        }
        // What the base did not declare, git does now.
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
            // Git had it and somebody took it away, or git is new to it.
            Action::Create => Cause::of(declaration.base.is_none(), declaration.base.is_some()),
            // Git had it and takes it away, or somebody made it again.
            Action::Delete => Cause::of(declaration.base.is_some(), declaration.base.is_none()),
            Action::Update => {
                fields.iter().map(|field| field.cause).reduce(Cause::and).unwrap_or(Cause::Unknown)
            }
        }
    }
}

/// The change of a name, which is no field of the spec.
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
