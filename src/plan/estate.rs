//! The rules of a whole target: of everything that it holds now, will hold after a plan, or would hold if git declared
//! all there is.
//!
//! What is live and not in git is there on the first two sides, as it is. Not here: what rules say of a request
//! (`access`), and what an object of a system says (`system::semantics`).

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::access::cedar::question;
use crate::access::cedar::rule::CedarRule;
use crate::access::impact::Reading;
use crate::access::rule::{Rule, RuleSet};
use crate::diagnostic::Place;
use crate::model::change::{Action, Change};
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Attempted, Declared, Index, LiveObject, Observed};
use crate::parallel;
use crate::plan::compare::Comparison;
use crate::plan::input::PlanInput;
use crate::pointer::child;
use crate::system::semantics::{Meaning, Other, Semantics, Side, cedar_at};

/// All rules of a target on one side.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// The rules, in each way to read them; empty if no object says anything.
    pub readings: Vec<EstateReading>,
    /// What may say more than that. As long as there is some, nobody knows what the target as a whole says.
    pub gaps: Vec<Gap>,
}

/// All rules of a target, read in one way.
#[derive(Clone, Debug)]
pub struct EstateReading {
    /// What is assumed, as in [`Reading::assumes`].
    pub assumes: &'static str,
    /// The rules. Each is named after its object, and by its own name if it has one.
    pub rules: RuleSet,
    /// Where each rule comes from, in their order.
    pub origins: Vec<Origin>,
}

impl EstateReading {
    /// Without a rule, read as these rules are.
    pub(super) fn without_rules(assumes: &'static str, like: &RuleSet) -> Self {
        Self { assumes, rules: like.without_rules(), origins: Vec::new() }
    }
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The object that says it.
    pub id: ResourceId,
    /// The rule's own name, such as the id of a statement.
    pub rule: Option<String>,
    /// Where the object says it, as a JSON pointer; empty if that is no single place.
    pub at: String,
    /// Where git declares the rule, or else the object, if it does.
    pub place: Option<Place>,
}

/// A part of a target of which nobody knows what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The object, unless it is more than one.
    pub id: Option<ResourceId>,
    /// Why.
    pub reason: String,
    /// To which requests that applies at most.
    pub bounds: Rule,
    /// What it says of a single request nevertheless, if that says all that whoever asks is in.
    pub single: Option<Vec<(Rule, Origin)>>,
    /// The same in Cedar.
    pub cedar: Vec<(CedarRule, Origin)>,
}

impl Gap {
    fn of(id: ResourceId, reason: String) -> Self {
        Self { id: Some(id), reason, bounds: Rule::new(false), single: None, cedar: Vec::new() }
    }

    /// Why nobody knows, with the object.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.id {
            Some(id) => format!("of {} `{}`: {}", id.kind, id.name, self.reason),
            None => self.reason.clone(),
        }
    }
}

/// What the target holds now. `None` if nobody has said how the objects of its system are read.
#[must_use]
pub fn live(input: &PlanInput<'_>) -> Option<Estate> {
    let index = input.observed.index(input.system.kinds());
    let comparison = Comparison::of(input, &index);
    Sides::new(input, &index, &comparison, &[]).live()
}

/// What the target would hold if it held what git declares and nothing else. `None` as for [`live`].
#[must_use]
pub fn declared(input: &PlanInput<'_>) -> Option<Estate> {
    let (observed, attempted) = (Observed::default(), Attempted::default());
    let input = PlanInput { observed: &observed, base: None, attempted: &attempted, ..*input };
    let index = observed.index(input.system.kinds());
    let comparison = Comparison::of(&input, &index);
    Sides::new(&input, &index, &comparison, &[]).declared()
}

/// The readings of two sides, side by side. One without rules is read as the other one.
#[must_use]
pub fn paired<'e>(before: &'e Estate, after: &'e Estate) -> Vec<[Cow<'e, EstateReading>; 2]> {
    let empty = |EstateReading { assumes, rules, origins: _ }: &EstateReading| {
        Cow::Owned(EstateReading::without_rules(assumes, rules))
    };
    match (before.readings.as_slice(), after.readings.as_slice()) {
        ([], after) => after.iter().map(|after| [empty(after), Cow::Borrowed(after)]).collect(),
        (before, []) => before.iter().map(|before| [Cow::Borrowed(before), empty(before)]).collect(),
        (before, after) => before.iter().zip(after).map(|pair| [pair.0, pair.1].map(Cow::Borrowed)).collect(),
    }
}

/// What a declared object says, and what was found in that.
pub struct DeclaredMeaning<'a, R> {
    /// The object.
    pub declared: &'a Declared,
    /// What it says in outline, if git declares all there is.
    pub outline: Meaning,
    /// What was found.
    pub found: R,
}

/// Looks into what each declared object says, on all cores: in outline and, where that is asked for, in every way to read
/// it. Nothing, as for [`live`].
pub fn meanings<'a, R: Send>(
    input: &PlanInput<'a>,
    look: impl Fn(&Declared, &Meaning, &dyn Fn() -> Meaning) -> R + Sync,
) -> Vec<DeclaredMeaning<'a, R>> {
    let Some(semantics) = input.system.semantics() else { return Vec::new() };
    let all: Vec<_> = input.desired.values().filter(|declared| !declared.absent()).collect();
    let (observed, attempted) = (Observed::default(), Attempted::default());
    let input = PlanInput { observed: &observed, base: None, attempted: &attempted, ..*input };
    let index = observed.index(input.system.kinds());
    let comparison = Comparison::of(&input, &index);
    let sides = Sides::new(&input, &index, &comparison, &[]);
    let meant = |declared: &&'a Declared| {
        let kind = input.system.kind(&declared.id.kind)?;
        let spec = declared.spec();
        let object = input.system.declared(kind, &spec, &comparison.names);
        let others = |kind: &str, name: &str| sides.alone(kind, name);
        let name = &declared.id.name;
        let side = Side { kind, name, object: &object, body: &Value::Null, others: &others };
        let outline = semantics.outline(&side);
        let found = look(declared, &outline, &|| semantics.meaning(&side));
        Some(DeclaredMeaning { declared, outline, found })
    };
    parallel::in_order(&all, meant, |_| false).into_iter().flatten().collect()
}

impl<'a> Comparison<'a> {
    /// What compares the objects of a plan, with the index of what is live.
    pub(super) fn of(input: &PlanInput<'a>, index: &Index<'_>) -> Self {
        Self {
            system: input.system,
            base: input.base,
            attempted: input.attempted,
            names: Names::new(input.system.kinds(), input.desired, input.observed, index),
            write_only: input.options.write_only,
            undoes: input.options.undoes,
        }
    }
}

/// The two sides of a plan: what is live, and what will be.
pub(super) struct Sides<'a> {
    pub(super) input: &'a PlanInput<'a>,
    pub(super) index: &'a Index<'a>,
    pub(super) comparison: &'a Comparison<'a>,
    /// What the objects that change will be. Made when it is needed.
    after: OnceLock<BTreeMap<ResourceId, Value>>,
    /// What each change makes of what its object says, in their order. Made when it is needed.
    meanings: OnceLock<Vec<ChangeMeaning>>,
    /// All rules now and after the plan. Made when they are needed.
    estates: OnceLock<Option<(Estate, Estate)>>,
    /// The changes of live objects.
    changed: BTreeMap<(&'a str, &'a RemoteId), &'a Change>,
    pub(super) changes: &'a [Change],
    /// The live objects by the kinds and names of those that they name. Made when it is needed.
    naming: OnceLock<Naming<'a>>,
}

/// What the object of a change says before and after the plan; `None` if there is no object.
#[derive(Default)]
pub(super) struct ChangeMeaning {
    pub(super) sides: [Option<Meaning>; 2],
    /// Whether a side names an object that is another one while the plan is written.
    pub(super) is_other_between: [bool; 2],
}

type Naming<'a> = BTreeMap<(String, String), Vec<(&'a Kind, &'a LiveObject)>>;

impl<'a> Sides<'a> {
    pub(super) fn new(
        input: &'a PlanInput<'a>,
        index: &'a Index<'a>,
        comparison: &'a Comparison<'a>,
        changes: &'a [Change],
    ) -> Self {
        let changed =
            |change: &'a Change| Some(((change.id.kind.as_str(), &change.seen.as_ref()?.remote), change));
        Self {
            input,
            index,
            comparison,
            after: OnceLock::new(),
            meanings: OnceLock::new(),
            estates: OnceLock::new(),
            changed: changes.iter().filter_map(changed).collect(),
            changes,
            naming: OnceLock::new(),
        }
    }

    /// The live objects that name an object.
    pub(super) fn naming(&self, id: &ResourceId) -> &[(&'a Kind, &'a LiveObject)] {
        let naming = self.naming.get_or_init(|| self.named());
        naming.get(&(id.kind.clone(), id.name.clone())).map_or(&[], Vec::as_slice)
    }

    fn named(&self) -> Naming<'a> {
        let mut naming = Naming::new();
        for kind in self.input.system.kinds() {
            for live in self.input.observed.found(&kind.name) {
                for named in kind.named_in(&live.name, &live.body()) {
                    let users = naming.entry((named.kind.to_owned(), named.name)).or_default();
                    if users.last().is_none_or(|(_, last)| !std::ptr::eq(*last, live)) {
                        users.push((kind, live));
                    }
                }
            }
        }
        naming
    }

    /// What the objects that change will be; null if they are deleted.
    pub(super) fn after(&self) -> &BTreeMap<ResourceId, Value> {
        let after = |change: &Change| {
            if change.action == Action::Delete {
                return Some((change.id.clone(), Value::Null));
            }
            let kind = self.input.system.kind(&change.id.kind)?;
            let declared = self.input.desired.get(&change.id)?;
            Some((change.id.clone(), self.comparison.after(kind, declared, change)))
        };
        self.after.get_or_init(|| self.changes.iter().filter_map(after).collect())
    }

    fn changes(&self, kind: &str, name: &str) -> bool {
        self.after().contains_key(&ResourceId::new(self.input.target, kind, name))
    }

    /// What the object of each change says, each side with the others that it names as they are on that side.
    pub(super) fn meanings(&self, semantics: &dyn Semantics) -> &[ChangeMeaning] {
        let meant = |change: &Change| self.meant(semantics, change).unwrap_or_default();
        self.meanings.get_or_init(|| self.changes.iter().map(meant).collect())
    }

    fn meant(&self, semantics: &dyn Semantics, change: &Change) -> Option<ChangeMeaning> {
        let kind = self.input.system.kind(&change.id.kind)?;
        let name = change.id.name.as_str();
        let seen = change.seen.as_ref();
        let (then, body) = seen.map_or((name, Value::Null), |live| (live.name.as_str(), live.body()));
        let (sees_change, sees_gone) = (Cell::new(false), Cell::new(false));
        let now = |kind: &str, name: &str| {
            sees_change.set(sees_change.get() || self.changes(kind, name));
            self.other(kind, name)
        };
        let later = |kind: &str, name: &str| {
            let later = self.later(kind, name);
            sees_gone.set(sees_gone.get() || later == Other::Gone);
            later
        };
        let meaning = |name, object: &Value, others: &dyn Fn(&str, &str) -> Other| {
            let side = Side { kind, name, object, body: &body, others };
            (!object.is_null()).then(|| semantics.meaning(&side))
        };
        let after = self.after().get(&change.id).unwrap_or(&Value::Null);
        let sides = [meaning(then, &change.observed, &now), meaning(name, after, &later)];
        Some(ChangeMeaning { sides, is_other_between: [sees_change.get(), sees_gone.get()] })
    }

    /// The same of a live object that does not change itself.
    pub(super) fn meanings_of_same(
        &self,
        semantics: &dyn Semantics,
        kind: &Kind,
        live: &LiveObject,
    ) -> [Option<Meaning>; 2] {
        let (object, body) = (self.comparison.observed(kind, live), live.body());
        let meaning = |others: &dyn Fn(&str, &str) -> Other| {
            let side = Side { kind, name: &live.name, object: &object, body: &body, others };
            Some(semantics.meaning(&side))
        };
        [meaning(&|kind, name| self.other(kind, name)), meaning(&|kind, name| self.later(kind, name))]
    }

    /// All rules of the target now and after the plan. `None` as for [`live`].
    pub(super) fn estates(&self) -> Option<&(Estate, Estate)> {
        self.estates.get_or_init(|| self.live_and_planned()).as_ref()
    }

    /// The change of a live object itself.
    pub(super) fn change_of(&self, kind: &Kind, live: &LiveObject) -> Option<&'a Change> {
        self.changed.get(&(kind.name.as_str(), &live.remote)).copied()
    }

    /// A live object by its name.
    pub(super) fn other(&self, kind: &str, name: &str) -> Other {
        let unread = || Other::Unknown(format!("the {kind} `{name}` was not read"));
        let Some(kind) = self.input.system.kind(kind) else { return unread() };
        match self.index.named(kind, name) {
            [live] if self.input.observed.is_read(kind, live) => match strange(kind, &live.body()) {
                None => Other::Is(self.comparison.observed(kind, live)),
                Some(field) => Other::Unknown(format!(
                    "the {} `{name}` has a field that enact does not know: `{field}`",
                    kind.name
                )),
            },
            _ => unread(),
        }
    }

    /// The same after the plan.
    pub(super) fn later(&self, kind: &str, name: &str) -> Other {
        match self.after().get(&ResourceId::new(self.input.target, kind, name)) {
            Some(Value::Null) => Other::Gone,
            Some(after) => Other::Is(after.clone()),
            None => self.other(kind, name),
        }
    }

    /// The same while what is deleted is still there.
    pub(super) fn meanwhile(&self, kind: &str, name: &str) -> Other {
        match self.later(kind, name) {
            Other::Gone => self.other(kind, name),
            there => there,
        }
    }

    /// The same if there were nothing but what git declares.
    fn alone(&self, kind: &str, name: &str) -> Other {
        let declared = self.input.desired.get(&ResourceId::new(self.input.target, kind, name));
        match self.input.system.kind(kind).zip(declared) {
            Some((_, declared)) if declared.absent() => Other::Gone,
            Some((of, declared)) => match self.left_out(of, declared) {
                Some(field) => Other::Elsewhere(format!(
                    "the {kind} `{name}` has it, whose `{field}` git does not declare"
                )),
                None => Other::Is(self.comparison.declared(of, declared)),
            },
            None => Other::Elsewhere(format!("the {kind} `{name}` has it, which git does not declare")),
        }
    }

    /// A field that git leaves out of a declaration, and that says what the object allows.
    fn left_out(&self, kind: &Kind, declared: &Declared) -> Option<String> {
        let mut fields = self.input.system.semantics()?.fields(kind).into_iter();
        let spec = declared.spec();
        fields.find(|field| spec.get(field).is_none())
    }

    /// What git declares, as it will be after the plan; `None` if that is not one object.
    pub(super) fn proposed(&self, declared: &Declared) -> Option<Value> {
        let kind = self.input.system.kind(&declared.id.kind)?;
        match (self.after().get(&declared.id), self.index.meant(kind, declared).as_slice()) {
            (Some(after), _) => Some(after.clone()),
            (None, [live]) => Some(self.comparison.observed(kind, live)),
            (None, _) => None,
        }
    }

    /// The place where git declares what an object says, by the place in its canonical form before or after the plan;
    /// `None` if git declares something else.
    pub(super) fn place(&self, id: &ResourceId, is_after: bool, at: &str) -> Option<Place> {
        let declared = self.input.desired.get(id).filter(|declared| !declared.absent())?;
        let kind = self.input.system.kind(&id.kind).filter(|_| declared.source().is_some())?;
        let object = match (is_after, self.index.meant(kind, declared).as_slice()) {
            (true, _) => self.proposed(declared)?,
            (false, [live]) => self.comparison.observed(kind, live),
            (false, _) => return None,
        };
        let spec = declared.spec();
        let written = self.input.system.declared(kind, &spec, &self.comparison.names);
        Some(declared.place(&kind.shape.written_at(&written, &object, at)?))
    }

    fn live(&self) -> Option<Estate> {
        let mut gathered = self.gathered()?;
        let all = self.all_live(gathered.semantics);
        let said = |(kind, live, id): &(&Kind, &LiveObject, ResourceId)| {
            let object = self.comparison.observed(kind, live);
            gathered.reading().live(id, kind, &object, live, &|kind, name| self.other(kind, name))
        };
        let said = parallel::in_order(&all, said, |_| false);
        all.into_iter().zip(said).for_each(|((_, _, id), said)| gathered.put(id, said));
        Some(gathered.estate)
    }

    /// The rules now and after the plan. What does not change is read once.
    fn live_and_planned(&self) -> Option<(Estate, Estate)> {
        let (mut now, mut planned) = (self.gathered()?, self.gathered()?);
        let later = |kind: &str, name: &str| self.later(kind, name);
        let all = self.all_live(now.semantics);
        let reading = now.reading();
        let said = |(kind, live, id): &(&Kind, &LiveObject, ResourceId)| {
            let object = self.comparison.observed(kind, live);
            let sees_change = Cell::new(false);
            let other = |kind: &str, name: &str| {
                sees_change.set(sees_change.get() || self.changes(kind, name));
                self.other(kind, name)
            };
            let before = reading.live(id, kind, &object, live, &other);
            let after = match self.change_of(kind, live) {
                Some(change) => self.after().get(&change.id).unwrap_or(&Value::Null),
                None if sees_change.get() => &object,
                None => return (before.clone(), before),
            };
            (before, reading.live(id, kind, after, live, &later))
        };
        let said = parallel::in_order(&all, said, |_| false);
        for ((_, _, id), (before, after)) in all.into_iter().zip(said) {
            now.put(id.clone(), before);
            planned.put(id, after);
        }
        for change in self.changes.iter().filter(|change| change.seen.is_none()) {
            if let (Some(kind), Some(after)) =
                (self.input.system.kind(&change.id.kind), self.after().get(&change.id))
            {
                planned.put(change.id.clone(), reading.said(&change.id, kind, after, &Value::Null, &later));
            }
        }
        Some((now.estate, planned.estate))
    }

    fn declared(&self) -> Option<Estate> {
        let semantics = self.input.system.semantics()?;
        let mut gathered = Gathered { sides: self, semantics, estate: Estate::default() };
        for declared in self.input.desired.values().filter(|declared| !declared.absent()) {
            let Some(kind) = self.input.system.kind(&declared.id.kind) else { continue };
            let alone = |kind: &str, name: &str| self.alone(kind, name);
            // As it is written, so that each rule is at its place.
            let spec = declared.spec();
            let object = self.input.system.declared(kind, &spec, &self.comparison.names);
            let (id, null) = (declared.id.clone(), Value::Null);
            match self.left_out(kind, declared).filter(|_| semantics.speaks(kind)) {
                None => {
                    let said = gathered.reading().said(&id, kind, &object, &null, &alone);
                    gathered.put(id, said);
                }
                Some(field) => {
                    let name = &declared.id.name;
                    let side = Side { kind, name, object: &object, body: &null, others: &alone };
                    let reason = format!("git does not declare its `{field}`");
                    gathered.estate.gaps.push(Gap { bounds: semantics.bounds(&side), ..Gap::of(id, reason) });
                }
            }
        }
        Some(gathered.estate)
    }

    /// An estate without rules, and with what was not read.
    fn gathered(&self) -> Option<Gathered<'_, 'a>> {
        let semantics = self.input.system.semantics()?;
        let mut gaps = Vec::new();
        let unread = |reason: String| Gap {
            id: None,
            reason,
            bounds: Rule::new(false),
            single: None,
            cedar: Vec::new(),
        };
        if self.input.options.only_declared {
            gaps.push(unread("with `--only-declared` not every object is read".to_owned()));
        }
        let observed = self.input.observed;
        for kind in self.input.system.kinds().iter().filter(|kind| semantics.speaks(kind)) {
            match observed.kinds.get(&kind.name) {
                None => gaps.push(unread(format!("no {} was read", kind.name))),
                Some(Err(error)) => gaps.push(unread(error.message.clone())),
                Some(Ok(_)) if !kind.listed => {
                    gaps.push(unread(format!("the API does not list every {}", kind.name)));
                }
                Some(Ok(_)) => {}
            }
            gaps.extend(observed.unreachable(&kind.name).iter().map(|found| {
                let id = ResourceId::new(self.input.target, &kind.name, &found.name);
                Gap::of(id, "no request can reach it".to_owned())
            }));
        }
        let estate = Estate { readings: Vec::new(), gaps };
        Some(Gathered { sides: self, semantics, estate })
    }

    /// The live objects that say something, each with the name that git has for it, if any.
    pub(super) fn all_live(&self, semantics: &dyn Semantics) -> Vec<(&'a Kind, &'a LiveObject, ResourceId)> {
        let mut all = Vec::new();
        let renamed = self.renamed();
        for kind in self.input.system.kinds().iter().filter(|kind| semantics.speaks(kind)) {
            for live in self.input.observed.found(&kind.name) {
                let name = renamed.get(&(kind.name.as_str(), &live.remote)).copied();
                let id = ResourceId::new(self.input.target, &kind.name, name.unwrap_or(&live.name));
                all.push((kind, live, id));
            }
        }
        all
    }

    /// The names that git has for live objects with other names.
    fn renamed(&self) -> BTreeMap<(&'a str, &'a RemoteId), &'a str> {
        let renamed = self
            .changed
            .iter()
            .filter(|(_, change)| change.seen.as_ref().is_some_and(|seen| seen.name != change.id.name));
        renamed.map(|(key, change)| (*key, change.id.name.as_str())).collect()
    }
}

/// An estate that is being gathered.
struct Gathered<'s, 'a> {
    sides: &'s Sides<'a>,
    semantics: &'s dyn Semantics,
    estate: Estate,
}

/// How objects are read.
#[derive(Clone, Copy)]
struct HowRead<'s> {
    observed: &'s Observed,
    semantics: &'s dyn Semantics,
}

impl HowRead<'_> {
    /// What a live object says, or will say; or the gap that it is.
    fn live(
        self,
        id: &ResourceId,
        kind: &Kind,
        object: &Value,
        live: &LiveObject,
        others: &dyn Fn(&str, &str) -> Other,
    ) -> Result<Meaning, Box<Gap>> {
        if object.is_null() {
            return Ok(Meaning::Nothing);
        }
        let body = live.body();
        let reason = match (self.observed.is_read(kind, live), strange(kind, &body)) {
            (false, _) => "it was not read in full".to_owned(),
            (true, Some(field)) => format!("it has a field that enact does not know: `{field}`"),
            (true, None) => return self.said(id, kind, object, &body, others),
        };
        Err(Box::new(Gap::of(id.clone(), reason)))
    }

    /// The same of one that is declared.
    fn said(
        self,
        id: &ResourceId,
        kind: &Kind,
        object: &Value,
        body: &Value,
        others: &dyn Fn(&str, &str) -> Other,
    ) -> Result<Meaning, Box<Gap>> {
        let side = Side { kind, name: &id.name, object, body, others };
        match self.semantics.meaning(&side) {
            Meaning::Unknown(reason) => {
                let bounds = self.semantics.bounds(&side);
                Err(Box::new(Gap { bounds, ..Gap::of(id.clone(), reason) }))
            }
            known => Ok(known),
        }
    }
}

impl<'s> Gathered<'s, '_> {
    fn reading(&self) -> HowRead<'s> {
        HowRead { observed: self.sides.input.observed, semantics: self.semantics }
    }

    /// Adds what an object says.
    fn put(&mut self, id: ResourceId, said: Result<Meaning, Box<Gap>>) {
        match said {
            Err(gap) => self.estate.gaps.push(*gap),
            Ok(Meaning::Nothing | Meaning::Unknown(_)) => {}
            Ok(Meaning::Rules { readings, beside: _ }) => self.rules(&id, readings),
            Ok(Meaning::Cedar(policy)) => {
                let reason = "its rules are Cedar, of which each object is compared with itself".to_owned();
                let (mut single, mut all) = (Vec::new(), Vec::new());
                for (index, cedar) in policy.rules.into_iter().enumerate() {
                    let at = cedar_at(index);
                    let name = Some(cedar.name().to_owned());
                    let whole = Rule { name, at: at.clone(), ..Rule::new(false) };
                    let parts = question::rules(&cedar).into_iter();
                    let parts = parts.map(|rule| Rule { at: at.clone(), ..rule });
                    single.extend(parts.map(|rule| named(self.sides.input, &id, rule)));
                    all.push((cedar, named(self.sides.input, &id, whole).1));
                }
                self.estate.gaps.push(Gap { single: Some(single), cedar: all, ..Gap::of(id, reason) });
            }
        }
    }

    fn rules(&mut self, id: &ResourceId, readings: Vec<Reading>) {
        if self.estate.readings.is_empty() {
            let empty = |Reading { assumes, rules }: &Reading| EstateReading::without_rules(assumes, rules);
            self.estate.readings = readings.iter().map(empty).collect();
        }
        for (all, own) in self.estate.readings.iter_mut().zip(readings) {
            for rule in own.rules.rules {
                let (rule, origin) = named(self.sides.input, id, rule);
                all.rules.rules.push(rule);
                all.origins.push(origin);
            }
        }
    }
}

/// A rule of an object that is named after it, and where it comes from.
fn named(input: &PlanInput<'_>, id: &ResourceId, mut rule: Rule) -> (Rule, Origin) {
    let declared = input.desired.get(id).filter(|declared| !declared.absent());
    let place = match (declared, input.observed.kinds.is_empty()) {
        (Some(declared), true) if !rule.at.is_empty() => Some(declared.place(&rule.at)),
        (Some(declared), _) => declared.source(),
        (None, _) => None,
    };
    let origin = Origin { id: id.clone(), rule: rule.name.take(), at: rule.at.clone(), place };
    rule.name = Some(origin.label());
    (rule, origin)
}

impl Origin {
    /// The object and the rule, for people.
    #[must_use]
    pub fn label(&self) -> String {
        let Self { id: ResourceId { target: _, kind, name }, rule, at: _, place: _ } = self;
        let rule = rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
        format!("{kind} {name}{rule}")
    }
}

/// A field of a live object that neither its schema knows nor the server alone sets.
fn strange<'a>(kind: &Kind, body: &'a Value) -> Option<&'a str> {
    let known = kind.schema.get("properties").and_then(Value::as_object);
    let is_known = |field: &&String| {
        known.is_some_and(|known| known.contains_key(*field)) || kind.read_only.contains(&child("", field))
    };
    body.as_object().into_iter().flat_map(Map::keys).find(|field| !is_known(field)).map(String::as_str)
}

#[cfg(test)]
mod tests;
