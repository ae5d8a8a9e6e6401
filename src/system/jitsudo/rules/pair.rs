//! Which live rule becomes which declared one. Not here: the writes that follow, in `write`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::cedar::Effect;
use crate::model::resource::RemoteId;
use crate::system::Draft;
use crate::system::body::{list, text};

/// A live rule.
pub(super) struct Live<'a> {
    pub(super) id: RemoteId,
    pub(super) body: &'a Value,
    pub(super) canonical: &'a Value,
    pub(super) effect: Effect,
}

impl<'a> Live<'a> {
    /// `None` for a rule without an id: it cannot be written.
    pub(super) fn new(body: &'a Value, canonical: &'a Value) -> Option<Self> {
        // The field next to it only counts if the text is no statement.
        let by_field = || Effect::named(text(body, "effect"));
        let effect = Effect::of(text(canonical, "policy_text")).or_else(by_field).unwrap_or(Effect::Permit);
        Some(Self { id: RemoteId::new(text(body, "id"))?, body, canonical, effect })
    }
}

/// One declared rule, with the live one that becomes it; none if it is to be created.
pub(super) struct Wanted<'a> {
    pub(super) index: usize,
    pub(super) written: &'a Value,
    pub(super) canonical: &'a Value,
    pub(super) effect: Effect,
    pub(super) live: Option<&'a Live<'a>>,
}

/// Equal rules stay as they are, at any position. Of the others, those of one text are paired, and then permits with
/// permits in order.
///
/// An edited forbid gets no partner, because a write that changed it would lift what it forbade. Nor does a rule that
/// is declared more than once: which of its twins is still to be written would depend on how many are there already,
/// and after every write the rest has to be what it was before.
pub(super) fn pair<'a>(draft: &'a Draft<'_>, live: &'a [Live<'a>]) -> Vec<Wanted<'a>> {
    let mut wanted = wanted(draft);
    let twins = twins(&wanted);
    let mut free: Vec<_> = live.iter().collect();
    take(&mut wanted, &mut free, |rule, _| Some(rule.to_string()));
    let alone = |rule: &Value| !twins.contains(&rule.to_string());
    take(&mut wanted, &mut free, |rule, _| {
        Some(text(rule, "policy_text").to_owned()).filter(|_| alone(rule))
    });
    take(&mut wanted, &mut free, |rule, effect| (effect == Effect::Permit && alone(rule)).then(String::new));
    wanted
}

fn wanted<'a>(draft: &'a Draft<'_>) -> Vec<Wanted<'a>> {
    let rules = list(draft.written, "rules").iter().zip(list(draft.declared, "rules")).enumerate();
    let wanted = |(index, (written, canonical)): (usize, (&'a Value, &'a Value))| {
        let effect = Effect::of(text(canonical, "policy_text")).unwrap_or(Effect::Permit);
        Wanted { index, written, canonical, effect, live: None }
    };
    rules.map(wanted).collect()
}

/// The rules that are declared more than once.
fn twins(wanted: &[Wanted<'_>]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let all = wanted.iter().map(|wanted| wanted.canonical.to_string());
    all.filter(|rule| !seen.insert(rule.clone())).collect()
}

/// Pairs rules of one key, in order. A rule without a key is left alone.
fn take<'a>(
    wanted: &mut [Wanted<'a>],
    free: &mut Vec<&'a Live<'a>>,
    key: impl Fn(&Value, Effect) -> Option<String>,
) {
    let mut by_key = BTreeMap::<_, VecDeque<_>>::new();
    for live in free.iter() {
        if let Some(key) = key(live.canonical, live.effect) {
            by_key.entry(key).or_default().push_back(*live);
        }
    }
    let mut taken = BTreeSet::new();
    for wanted in wanted.iter_mut().filter(|wanted| wanted.live.is_none()) {
        let of_key = key(wanted.canonical, wanted.effect).and_then(|key| by_key.get_mut(&key));
        wanted.live = of_key.and_then(VecDeque::pop_front);
        taken.extend(wanted.live.map(|live| live.id.clone()));
    }
    free.retain(|live| !taken.contains(&live.id));
}
