//! What the objects of a defined system say of requests, by what its definition says of them. A definition is believed:
//! what it leaves out, and what it calls ignored, has nothing to do with access.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::regex;
use crate::access::rule::{Dimension, Rule, RuleSet};
use crate::defined::api::Defined;
use crate::defined::definition::{
    AccessForm, Counts, Decides, EffectForm, GrantForm, IfAbsent, KindForm, NameOf, NameTerm, PatternForm,
    TermForm, ValueTerm,
};
use crate::model::kind::Kind;
use crate::pointer::{child, take};
use crate::system::semantics::{Meaning, Semantics, Side};
use crate::text::short;

impl Semantics for Defined {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        let Some(access) = self.access(&side.kind.name) else { return Meaning::Nothing };
        let key = self.key(side);
        if let Some(at) = self.unread_text(side) {
            return Meaning::Unknown(format!("its `{at}` is a text that enact cannot read"));
        }
        let (mut rules, mut ranked) = (Vec::new(), Vec::new());
        for grant in &access.grants {
            match (of_grant(grant, side.object, &key), grant.counts) {
                (Ok(own), Counts::All) => rules.extend(own),
                (Ok(own), Counts::MostSpecific) => ranked.extend(own),
                (Err(reason), _) => return Meaning::Unknown(reason),
            }
        }
        if let Err(reason) = rank(&mut ranked) {
            return Meaning::Unknown(reason);
        }
        let is_ranked = access.grants.iter().any(|grant| grant.counts == Counts::MostSpecific);
        rules.append(&mut ranked);
        let rules = RuleSet { rules, is_ranked, ..RuleSet::default() };
        Meaning::Rules { readings: vec![Reading { assumes: "", rules }], beside: beside(access, side.object) }
    }

    fn speaks(&self, kind: &Kind) -> bool {
        self.access(&kind.name).is_some()
    }

    fn decides_together(&self) -> bool {
        self.api.definition.decides == Decides::Together
    }

    fn is_attached(&self) -> bool {
        self.api.definition.decides == Decides::Attached
    }

    fn fields(&self, kind: &Kind) -> Vec<String> {
        let grants = self.access(&kind.name).into_iter().flat_map(|access| &access.grants);
        grants.flat_map(GrantForm::fields).collect()
    }

    fn asks(&self) -> Vec<Dimension> {
        let all: BTreeSet<_> = self.terms().map(|(name, _)| dimension(name)).collect();
        all.into_iter().collect()
    }

    fn pattern(&self, _reading: usize, of: &Dimension, text: &str) -> Result<Pattern, String> {
        let form = |(name, term): (&str, &TermForm)| match term {
            TermForm::At(ValueTerm { pattern, .. }) | TermForm::Name(NameTerm { pattern, .. }) => {
                (dimension(name) == *of && *pattern != PatternForm::Exact).then_some(*pattern)
            }
            TermForm::Word(_) | TermForm::Key(_) => None,
        };
        match self.terms().filter_map(form).collect::<BTreeSet<_>>().first() {
            None => Ok(Pattern::literal(text)),
            Some(PatternForm::Path) => {
                Pattern::path(text).ok_or_else(|| "has no path with `{{` or `+*`".to_owned())
            }
            Some(_) => Ok(Pattern::glob(text)),
        }
    }
}

impl Defined {
    /// Whether it says of any kind what its objects let whom do.
    pub(super) fn says_access(&self) -> bool {
        self.api.definition.kinds.iter().any(|kind| kind.access.is_some())
    }

    fn access(&self, kind: &str) -> Option<&AccessForm> {
        let of_kind = |given: &&KindForm| given.name == kind;
        self.api.definition.kinds.iter().find(of_kind)?.access.as_ref()
    }

    fn terms(&self) -> impl Iterator<Item = (&'static str, &TermForm)> {
        let access = self.api.definition.kinds.iter().filter_map(|kind| kind.access.as_ref());
        access.flat_map(|access| &access.grants).flat_map(GrantForm::terms)
    }

    /// A text that should hold a document and does not, or not as far as enact knows.
    fn unread_text(&self, side: &Side<'_>) -> Option<&str> {
        let texts = self.api.compiled(&side.kind.name)?.spec.texts.keys();
        texts.map(String::as_str).find(|at| side.object.pointer(at).is_some_and(Value::is_string))
    }

    /// The parts of an object's key.
    fn key(&self, side: &Side<'_>) -> BTreeMap<&str, String> {
        let Some(kind) = self.api.compiled(&side.kind.name) else { return BTreeMap::new() };
        let values = kind.name_form.split(side.name).unwrap_or_default();
        kind.key.iter().map(|field| field.label.as_str()).zip(values).collect()
    }
}

fn dimension(name: &str) -> Dimension {
    match name {
        "principal" => Dimension::Principal,
        "action" => Dimension::Action,
        "resource" => Dimension::Resource,
        _ => Dimension::Tenant,
    }
}

/// What a rule is read from: an object, or an item in it.
struct Item<'a> {
    at: String,
    name: Option<&'a str>,
    value: &'a Value,
}

/// The items of a list or a map.
fn items<'a>(spec: &'a Value, each: &str) -> Result<Vec<Item<'a>>, String> {
    match spec.pointer(each) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let item = |(index, value)| Item { at: format!("{each}/{index}"), name: None, value };
            Ok(items.iter().enumerate().map(item).collect())
        }
        Some(Value::Object(items)) => {
            let item =
                |(name, value): (&'a String, _)| Item { at: child(each, name), name: Some(name), value };
            Ok(items.iter().map(item).collect())
        }
        Some(_) => Err(format!("`{each}` is neither a list nor a map")),
    }
}

/// The rules of a grant, or why nobody knows them.
fn of_grant(grant: &GrantForm, spec: &Value, key: &BTreeMap<&str, String>) -> Result<Vec<Rule>, String> {
    let Some(each) = &grant.each else {
        let whole = Item { at: String::new(), name: None, value: spec };
        return Ok(rule(grant, &whole, spec, key)?.into_iter().collect());
    };
    let mut rules = Vec::new();
    for item in items(spec, &each.0)? {
        match (rule(grant, &item, spec, key)?, grant.counts) {
            (None, Counts::MostSpecific) => {
                return Err(format!("`{}` grants nothing, and may still take something", item.at));
            }
            (rule, _) => rules.extend(rule),
        }
    }
    Ok(rules)
}

/// The rule of an object or of one of its items; `None` if that says nothing.
fn rule(
    grant: &GrantForm,
    item: &Item<'_>,
    spec: &Value,
    key: &BTreeMap<&str, String>,
) -> Result<Option<Rule>, String> {
    let Some(denies) = denies(grant.effect.as_ref(), item.value)? else { return Ok(None) };
    let mut rule = Rule { at: item.at.clone(), ..Rule::new(denies) };
    for (name, term) in grant.terms() {
        let (form, texts) = match term {
            TermForm::Word(word) => (PatternForm::Exact, vec![word.clone()]),
            TermForm::Key(of) => {
                (PatternForm::Exact, key.get(of.key.as_str()).cloned().into_iter().collect())
            }
            TermForm::Name(NameTerm { name_of: NameOf::Each, pattern }) => match item.name {
                Some(name) => (*pattern, vec![name.to_owned()]),
                None => return Err(format!("`{}` has no name", item.at)),
            },
            // What says that it denies is no more than that.
            TermForm::At(term)
                if denies && grant.effect.as_ref().is_some_and(|effect| effect.at == term.at) =>
            {
                continue;
            }
            TermForm::At(term) => match values(term, if term.of_object { spec } else { item.value })? {
                Values::All => continue,
                Values::None => return Ok(None),
                Values::Texts(texts) => (term.pattern, texts),
            },
        };
        match patterns(form, &texts) {
            Some(patterns) => drop(rule.scopes.insert(dimension(name), patterns)),
            None => drop(rule.conditions.insert(format!("the {name} is `{}`", texts.join("` or `")))),
        }
    }
    for condition in &grant.conditions {
        if let Some(value) = item.value.pointer(&condition.0).filter(|value| !is_empty(value)) {
            rule.conditions.insert(format!("{}: {value}", condition.0));
        }
    }
    Ok(Some(rule))
}

/// Takes from each rule what a more specific one is about, and puts what it lists in order.
fn rank(rules: &mut [Rule]) -> Result<(), String> {
    let mut ranks = Vec::new();
    for rule in rules.iter_mut() {
        for patterns in rule.scopes.values_mut() {
            patterns.sort();
            patterns.dedup();
        }
        match rule.scopes.get(&Dimension::Resource).map(Vec::as_slice) {
            Some([path]) => ranks.push((path.specificity(), path.clone())),
            _ => return Err(format!("nobody knows how specific `{}` is", rule.at)),
        }
    }
    for (rule, (own, path)) in rules.iter_mut().zip(&ranks) {
        let takes = |(rank, other): &&(_, Pattern)| rank > own && !other.is_plainly_apart(path);
        let except: Vec<_> = ranks.iter().filter(takes).map(|(_, other)| other.clone()).collect();
        if !except.is_empty() {
            rule.except.insert(Dimension::Resource, except);
        }
    }
    Ok(())
}

/// The fields that hold anything that no grant reads.
fn beside(access: &AccessForm, spec: &Value) -> BTreeMap<String, Value> {
    let mut rest = spec.clone();
    for name in &access.ignored {
        take(&mut rest, &child("", name));
    }
    for grant in &access.grants {
        let of = |whole: bool| grant.reads().filter(move |(of_object, _)| *of_object == whole);
        of(true).for_each(|(_, at)| clear(&mut rest, &at.0));
        let items = grant.each.as_ref().and_then(|each| rest.pointer_mut(&each.0));
        for item in items.into_iter().flat_map(parts_of) {
            of(false).for_each(|(_, at)| clear(item, &at.0));
        }
    }
    for each in access.grants.iter().filter_map(|grant| grant.each.as_ref()) {
        let Some(items) = rest.pointer_mut(&each.0) else { continue };
        if let Value::Object(items) = items {
            items.retain(|_, item| !is_nothing(item));
        }
        if parts_of(items).all(|item| is_nothing(item)) {
            clear(&mut rest, &each.0);
        }
    }
    rest.as_object().cloned().unwrap_or_default().into_iter().collect()
}

/// The items of a list or a map.
fn parts_of(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(items) => Box::new(items.values_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Takes out what is at a place, and what then holds nothing on the way there.
fn clear(value: &mut Value, at: &str) {
    match at.rsplit_once('/') {
        None => *value = Value::Null,
        Some((around, _)) => {
            take(value, at);
            if !around.is_empty() && value.pointer(around).is_some_and(is_nothing) {
                clear(value, around);
            }
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Whether it denies; `None` if it does neither.
fn denies(effect: Option<&EffectForm>, item: &Value) -> Result<Option<bool>, String> {
    let Some(EffectForm { at, allow, deny, none }) = effect else { return Ok(Some(false)) };
    let value = item.pointer(&at.0).unwrap_or(&Value::Null);
    let all = match value {
        Value::Array(items) if !items.is_empty() => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    let unknown = |value: &&Value| ![allow, deny, none].iter().any(|known| known.contains(value));
    if let Some(unknown) = all.iter().find(unknown) {
        return Err(format!("nothing says whether `{}` allows or denies", short(&unknown.to_string())));
    }
    let any = |of: &[Value]| all.iter().any(|value| of.contains(value));
    // An effect that is named twice allows, as long as nothing else in a list denies.
    Ok(match (any(allow), all.iter().any(|value| deny.contains(value) && !allow.contains(value))) {
        (_, true) => Some(true),
        (true, false) => Some(false),
        (false, false) => None,
    })
}

/// What a value says.
enum Values {
    All,
    None,
    Texts(Vec<String>),
}

fn values(ValueTerm { at, if_absent, .. }: &ValueTerm, within: &Value) -> Result<Values, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let texts = match within.pointer(&at.0).filter(|value| !is_empty(value)) {
        None => {
            return match if_absent {
                Some(IfAbsent::All) => Ok(Values::All),
                Some(IfAbsent::None) => Ok(Values::None),
                None => Err(format!("nothing says what it means that there is no `{}`", at.0)),
            };
        }
        Some(Value::Array(items)) => items.iter().map(text).collect(),
        Some(value) => text(value).map(|text| vec![text]),
    };
    let texts: Option<Vec<_>> = texts;
    texts.map(Values::Texts).ok_or_else(|| format!("`{}` holds something else than texts", at.0))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The patterns that texts are; `None` if no patterns say the same.
fn patterns(form: PatternForm, texts: &[String]) -> Option<Vec<Pattern>> {
    let texts = texts.iter().map(String::as_str);
    match form {
        PatternForm::Exact => Some(texts.map(Pattern::literal).collect()),
        PatternForm::Glob => Some(texts.map(Pattern::glob).collect()),
        PatternForm::Prefix => Some(texts.map(Pattern::prefix).collect()),
        PatternForm::Path => texts.map(Pattern::path).collect(),
        PatternForm::Regex => Some(texts.map(regex::patterns).collect::<Option<Vec<_>>>()?.concat()),
    }
}
