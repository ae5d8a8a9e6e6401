//! What the objects of a defined system say of requests, by what its definition says of them. A definition is believed:
//! what it leaves out, and what it calls ignored, has nothing to do with access.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::access::impact::Reading;
use crate::access::pattern::Pattern;
use crate::access::regex;
use crate::access::rule::{Dimension, Rule, RuleSet};
use crate::defined::api::Defined;
use crate::defined::definition::{
    AccessForm, Decides, EffectForm, GrantForm, IfAbsent, KindForm, PatternForm, TermForm, ValueTerm,
};
use crate::model::kind::Kind;
use crate::system::semantics::{Meaning, Semantics, Side};
use crate::text::short;

impl Semantics for Defined {
    fn meaning(&self, side: &Side<'_>) -> Meaning {
        let Some(access) = self.access(&side.kind.name) else { return Meaning::Nothing };
        let key = self.key(side);
        let mut rules = Vec::new();
        for grant in &access.grants {
            match of_grant(grant, side.object, &key) {
                Ok(own) => rules.extend(own),
                Err(reason) => return Meaning::Unknown(reason),
            }
        }
        let read: BTreeSet<_> = access.grants.iter().flat_map(GrantForm::fields).collect();
        let is_beside = |name: &String| !read.contains(name) && !access.ignored.contains(name);
        let fields = side.object.as_object().into_iter().flatten();
        let beside =
            fields.filter(|(name, _)| is_beside(name)).map(|(name, value)| (name.clone(), value.clone()));
        let rules = RuleSet { rules, ..RuleSet::default() };
        Meaning::Rules { readings: vec![Reading { assumes: "", rules }], beside: beside.collect() }
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
        let is_exact = |(name, term): (&str, &TermForm)| {
            dimension(name) != *of
                || !matches!(term, TermForm::At(ValueTerm { pattern, .. }) if *pattern != PatternForm::Exact)
        };
        Ok(if self.terms().all(is_exact) { Pattern::literal(text) } else { Pattern::glob(text) })
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

/// The rules of a grant, or why nobody knows them.
fn of_grant(grant: &GrantForm, spec: &Value, key: &BTreeMap<&str, String>) -> Result<Vec<Rule>, String> {
    let Some(each) = &grant.each else {
        return Ok(rule(grant, spec, spec, "", key)?.into_iter().collect());
    };
    let items = match spec.pointer(&each.0) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("`{}` is no list", each.0)),
    };
    let mut rules = Vec::new();
    for (index, item) in items.iter().enumerate() {
        rules.extend(rule(grant, item, spec, &format!("{}/{index}", each.0), key)?);
    }
    Ok(rules)
}

/// The rule of an object or of one of its items; `None` if that says nothing.
fn rule(
    grant: &GrantForm,
    item: &Value,
    spec: &Value,
    at: &str,
    key: &BTreeMap<&str, String>,
) -> Result<Option<Rule>, String> {
    let Some(denies) = denies(grant.effect.as_ref(), item)? else { return Ok(None) };
    let mut rule = Rule { at: at.to_owned(), ..Rule::new(denies) };
    for (name, term) in grant.terms() {
        let patterns = match term {
            TermForm::Word(word) => vec![Pattern::literal(word)],
            TermForm::Key(of) => {
                key.get(of.key.as_str()).map(|part| Pattern::literal(part)).into_iter().collect()
            }
            TermForm::At(term) => match values(term, if term.of_object { spec } else { item })? {
                Values::All => continue,
                Values::None => return Ok(None),
                Values::Texts(texts) => match patterns(term.pattern, &texts) {
                    Some(patterns) => patterns,
                    None => {
                        rule.conditions.insert(format!("the {name} is `{}`", texts.join("` or `")));
                        continue;
                    }
                },
            },
        };
        rule.scopes.insert(dimension(name), patterns);
    }
    for condition in &grant.conditions {
        if let Some(value) = item.pointer(&condition.0).filter(|value| !is_empty(value)) {
            rule.conditions.insert(format!("{}: {value}", condition.0));
        }
    }
    Ok(Some(rule))
}

/// Whether it denies; `None` if it does neither.
fn denies(effect: Option<&EffectForm>, item: &Value) -> Result<Option<bool>, String> {
    let Some(EffectForm { at, allow, deny, none }) = effect else { return Ok(Some(false)) };
    let value = item.pointer(&at.0).unwrap_or(&Value::Null);
    match (allow.contains(value), deny.contains(value), none.contains(value)) {
        (true, ..) => Ok(Some(false)),
        (false, true, _) => Ok(Some(true)),
        (false, false, true) => Ok(None),
        (false, false, false) => {
            Err(format!("nothing says whether `{}` allows or denies", short(&value.to_string())))
        }
    }
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
        PatternForm::Regex => Some(texts.map(regex::patterns).collect::<Option<Vec<_>>>()?.concat()),
    }
}
