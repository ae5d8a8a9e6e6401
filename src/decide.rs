//! What the policies of a target decide: answers about single requests and about all of a sort, for policy tests and for people
//! who ask.
//!
//! The rules are those of `plan::estate`; what rules say is in `access::question`. Here they are asked in every way to read
//! them, and what nobody knows counts as a rule that may apply. Not here: reading the live side.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::access::budget::{Budget, Spent};
use crate::access::cedar::all::{self, Counterexample, Requests};
use crate::access::cedar::rule::{CedarRule, Entity};
use crate::access::impact::{Scope, Word};
use crate::access::pattern::Pattern;
use crate::access::question::{self, Found, Judgement, Question, Within};
use crate::access::rule::{Dimension, Effect, Rule, RuleSet};
use crate::diagnostic::nearest;
use crate::model::resource::ResourceId;
use crate::model::state::{Attempted, Desired, Observed};
use crate::model::unmanaged::UnmanagedRule;
use crate::plan::estate::{self, Estate, EstateReading, Gap, Origin};
use crate::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use crate::system::Judge;
use crate::system::semantics::Semantics;
use crate::text::short;
use crate::words::list;

pub mod check;
pub mod file;
pub mod lint;
pub mod suite;
pub mod witness;

/// The rules of a target on one side, to be asked.
pub struct Asked<'a> {
    semantics: &'a dyn Semantics,
    /// The names of the objects that say something.
    objects: BTreeSet<String>,
    readings: Vec<Read>,
    /// The rules that are Cedar.
    cedar: (Vec<CedarRule>, Vec<Origin>),
    /// Why nobody knows all rules; `None` if somebody does.
    gap: Option<String>,
}

/// The rules, read in one way.
struct Read {
    assumes: &'static str,
    set: RuleSet,
    /// Where each rule comes from; `None` for what is not known.
    origins: Vec<Option<Origin>>,
}

/// Which side is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedSide {
    /// What git declares, as if there were nothing else.
    #[default]
    Declared,
    /// What the target holds.
    Live,
}

/// What a target says of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answer {
    /// What it says; null if nobody knows.
    pub effect: Option<Effect>,
    /// The rule that decides; null if none applies, and if nobody knows.
    pub by: Option<RuleName>,
    /// Why nobody knows; else null.
    pub reason: Option<String>,
    /// The rules that would have decided otherwise, if one thing were another.
    pub near: Vec<NearRule>,
}

impl Answer {
    /// That nobody knows, for this reason.
    #[must_use]
    pub fn unknown(reason: String) -> Self {
        Self { effect: None, by: None, reason: Some(reason), near: Vec::new() }
    }
}

/// A rule, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct RuleName {
    /// The target's name in enact.yaml.
    pub target: String,
    /// The kind of the object that says it.
    pub kind: String,
    /// The name of that object.
    pub name: String,
    /// The rule's own name, such as the id of a statement; null if it has none.
    pub rule: Option<String>,
    /// Where the object says it, as a JSON pointer; empty if that is no single place.
    pub at: String,
    /// The file that declares it; null if git does not.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
}

impl From<&Origin> for RuleName {
    fn from(Origin { id, rule, at, place }: &Origin) -> Self {
        let ResourceId { target, kind, name } = id.clone();
        let (file, line) = place.as_ref().map(|place| (place.file.clone(), place.line)).unzip();
        Self { target, kind, name, rule: rule.clone(), at: at.clone(), file, line }
    }
}

/// A rule that almost decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearRule {
    /// The rule.
    pub rule: RuleName,
    /// Whether it denies.
    pub denies: bool,
    /// What a request would have to say for it to apply; null if it applies, and a deny wins.
    pub needs: Option<Scope>,
}

/// What a target says of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Who {
    /// Who, as the policies write it; null is everybody.
    pub subject: Option<String>,
    /// What it says of whoever is that alone.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What is found out about all requests of a sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All are decided as expected.
    Holds,
    /// This request is not, as this answer says.
    Fails(Vec<Word>, Answer),
    /// Nobody knows, for this reason, of this request; of some if it says nothing.
    Unknown(Vec<Word>, String),
}

impl Verdict {
    fn too_much() -> Self {
        Self::Unknown(Vec::new(), "it takes more work than enact does for one test".to_owned())
    }
}

/// The rules that git declares for a target. `None` if nobody has said how the objects of its system are read.
#[must_use]
pub fn declared<'a>(target: &str, system: &'a dyn Judge, desired: &Desired) -> Option<Asked<'a>> {
    let input = Empty::default();
    Asked::new(system.semantics()?, estate::declared(&input.with(target, system, desired))?)
}

/// The rules that a target holds. `None` as for [`declared`].
#[must_use]
pub fn live<'a>(
    target: &str,
    system: &'a dyn Judge,
    desired: &Desired,
    observed: &Observed,
) -> Option<Asked<'a>> {
    let input = Empty::default();
    Asked::new(
        system.semantics()?,
        estate::live(&PlanInput { observed, ..input.with(target, system, desired) })?,
    )
}

/// All that a plan is made from and a question has no use for.
#[derive(Default)]
struct Empty {
    attempted: Attempted,
    observed: Observed,
    counts: DeclaredCounts,
    unmanaged: UnmanagedRule,
    options: PlanOptions,
}

impl Empty {
    fn with<'a>(&'a self, target: &'a str, system: &'a dyn Judge, desired: &'a Desired) -> PlanInput<'a> {
        PlanInput {
            target,
            system,
            desired,
            base: None,
            attempted: &self.attempted,
            given_up: &[],
            observed: &self.observed,
            counts: &self.counts,
            max_deletes: 0,
            unmanaged: &self.unmanaged,
            last_seen: None,
            guardrails: &[],
            refuses_new_access: false,
            options: &self.options,
        }
    }
}

impl<'a> Asked<'a> {
    fn new(semantics: &'a dyn Semantics, estate: Estate) -> Option<Self> {
        if semantics.asks().is_empty() {
            return None;
        }
        let Estate { mut readings, gaps } = estate;
        if readings.is_empty() {
            readings.push(EstateReading { assumes: "", rules: RuleSet::default(), origins: Vec::new() });
        }
        let named = |rule: Rule, name: &str| match semantics.named_in() {
            Some(dimension) => rule.on(dimension, vec![Pattern::literal(name)]),
            None => rule,
        };
        let known = readings.iter().flat_map(|read| &read.origins).map(|origin| &origin.id);
        let objects = known.chain(gaps.iter().filter_map(|gap| gap.id.as_ref())).map(|id| id.name.clone());
        let objects = objects.collect();
        let read = |EstateReading { assumes, rules: mut set, origins }: EstateReading| {
            set.rules =
                set.rules.into_iter().zip(&origins).map(|(rule, of)| named(rule, &of.id.name)).collect();
            let mut origins: Vec<_> = origins.into_iter().map(Some).collect();
            for gap in &gaps {
                if let Some(single) = &gap.single {
                    let (rules, of): (Vec<_>, Vec<_>) = single.iter().cloned().unzip();
                    set.rules.extend(rules);
                    origins.extend(of.into_iter().map(Some));
                    continue;
                }
                let bounds = gap.id.iter().fold(gap.bounds.clone(), |rule, id| named(rule, &id.name));
                // It may do either, and neither says anything about the other.
                set.rules.extend([(false, "allow"), (true, "deny")].map(|(denies, what)| {
                    let conditions = [format!("{}, so it may {what} this", gap.reason())].into();
                    Rule { denies, conditions, ..bounds.clone() }
                }));
                origins.extend([None, None]);
            }
            Read { assumes, set, origins }
        };
        let readings = readings.into_iter().map(read).collect();
        let gap = gaps.iter().find(|gap| gap.single.is_none()).map(Gap::reason);
        let cedar = gaps.into_iter().flat_map(|gap| gap.cedar).unzip();
        Some(Self { semantics, objects, readings, cedar, gap })
    }

    /// How its requests are put.
    #[must_use]
    pub fn semantics(&self) -> &'a dyn Semantics {
        self.semantics
    }

    /// Every rule that is known, in order of places.
    #[must_use]
    pub fn rules(&self) -> BTreeSet<RuleName> {
        let origins = self.readings.iter().flat_map(|read| &read.origins);
        origins.flatten().map(RuleName::from).collect()
    }

    /// Whether a word of a request names an object that says nothing here, as there is none of that name.
    #[must_use]
    pub fn is_nobody(&self, dimension: &Dimension, word: &str) -> bool {
        self.semantics.named_in().as_ref() == Some(dimension) && !self.objects.contains(word)
    }

    /// The object whose name is near to a word that is nobody.
    #[must_use]
    pub fn near(&self, word: &str) -> Option<&str> {
        nearest(word, self.objects.iter().map(String::as_str))
    }

    /// Whether any rule looks at a key of the context.
    #[must_use]
    pub fn looks_at(&self, key: &str) -> bool {
        let key = Dimension::Key(key.to_owned());
        let mut rules = self.readings.iter().flat_map(|read| &read.set.rules);
        // What is not known may look at any.
        rules.any(|rule| rule.scopes.contains_key(&key) || !rule.conditions.is_empty())
    }

    /// What it says of a request. Of one without a tenant, only what it says in all of them.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Answer {
        let tenants = self.tenants(question);
        let mut answers = tenants.iter().map(|tenant| {
            let mut question = question.clone();
            question.words.extend(self.semantics.itself().zip(question.subjects.first().cloned()));
            question.words.extend(tenant.iter().map(|tenant| (Dimension::Tenant, tenant.clone())));
            (tenant, self.answer_within(&question))
        });
        let Some((tenant, first)) = answers.next() else {
            return Answer::unknown("nothing was asked".to_owned());
        };
        let other = answers.find(|(_, other)| other.effect != first.effect);
        let in_words = |answer: &Answer| answer.effect.map_or("unknown", words);
        match (first.effect, tenant, other) {
            (Some(_), Some(tenant), Some((Some(other), answer))) => Answer::unknown(format!(
                "it depends on the tenant: in `{tenant}` it is {}, in `{other}` {}",
                in_words(&first),
                in_words(&answer)
            )),
            _ => first,
        }
    }

    /// The tenants that make a difference, and one that nothing names.
    fn tenants(&self, question: &Question) -> Vec<Option<String>> {
        if question.words.contains_key(&Dimension::Tenant) {
            return vec![None];
        }
        let rules = self.readings.iter().flat_map(|read| &read.set.rules);
        let named = rules.filter_map(|rule| rule.scopes.get(&Dimension::Tenant)).flatten();
        let named: BTreeSet<_> = named.map(Pattern::example).collect();
        if named.is_empty() {
            return vec![None];
        }
        let other = (1..).map(|number| "x".repeat(number)).find(|other| !named.contains(other));
        named.into_iter().chain(other).map(Some).collect()
    }

    /// What it says in every way to read it, if that is the same.
    fn answer_within(&self, question: &Question) -> Answer {
        let mut first: Option<Answer> = None;
        for read in &self.readings {
            let answer = read.answer(question);
            match &first {
                Some(first) if first.effect != answer.effect && first.effect.is_some() => {
                    return answer.reason.map_or_else(
                        || Answer::unknown(format!("it depends on whether {}", read.assumes)),
                        Answer::unknown,
                    );
                }
                Some(_) => {}
                None => first = Some(answer),
            }
        }
        first.unwrap_or_else(|| Answer::unknown("nothing is known of the target".to_owned()))
    }

    /// Who is allowed something, and who is not: everybody whom a rule about it names.
    #[must_use]
    pub fn who(&self, question: &Question) -> Vec<Who> {
        let mut subjects = BTreeSet::new();
        let itself = self.semantics.itself();
        for read in &self.readings {
            for rule in question::about(&read.set, question, itself.as_ref()) {
                match rule.scopes.get(&Dimension::Principal) {
                    Some(patterns) => {
                        subjects.extend(patterns.iter().map(|of| Some((of.text().to_owned(), of.example()))));
                    }
                    None => drop(subjects.insert(None)),
                }
            }
        }
        let who = |subject: Option<(String, String)>| {
            let (text, example) = subject.unzip();
            let question = Question { subjects: example.into_iter().collect(), ..question.clone() };
            Who { subject: text, answer: self.answer(&question) }
        };
        subjects.into_iter().map(who).collect()
    }

    /// Whether every request of a box, as it is in each way to read the rules, is decided like this.
    #[must_use]
    pub fn all(&self, boxes: &[Within], allows: bool) -> Verdict {
        if self.semantics.itself().is_some() {
            return boxes.first().map_or(Verdict::Holds, |within| self.all_of_cedar(within, allows));
        }
        let mut budget = Budget::default();
        let mut first = None;
        for (read, within) in self.readings.iter().zip(boxes) {
            let found = match question::counterexample(&read.set, within, allows, &mut budget) {
                Found::Nothing => Verdict::Holds,
                Found::Counterexample(question, false) => {
                    Verdict::Fails(question.said(), self.answer(&question))
                }
                Found::Counterexample(question, true) => {
                    let reason = read.answer(&question).reason.unwrap_or_default();
                    return Verdict::Unknown(question.said(), reason);
                }
                Found::TooMuch => return Verdict::too_much(),
            };
            match (&first, found) {
                (Some(Verdict::Holds), Verdict::Fails(request, _)) => {
                    let reason = format!("it depends on whether {}", read.assumes);
                    return Verdict::Unknown(request, reason);
                }
                (Some(Verdict::Fails(request, _)), Verdict::Holds) => {
                    let reason = format!("it depends on whether {}", read.assumes);
                    return Verdict::Unknown(request.clone(), reason);
                }
                (Some(_), _) => {}
                (None, found) => first = Some(found),
            }
        }
        first.unwrap_or(Verdict::Holds)
    }

    /// The same of rules in Cedar.
    fn all_of_cedar(&self, within: &Within, allows: bool) -> Verdict {
        let (rules, origins) = &self.cedar;
        let mut budget = Budget::default();
        let mut possible = None;
        for requests in cedar_requests(within) {
            let found = match all::counterexample(rules, &requests, allows, &mut budget) {
                Ok(found) => found,
                Err(Spent) => return Verdict::too_much(),
            };
            let Some(Counterexample { request, by, depends }) = found else { continue };
            let origin = by.and_then(|by| origins.get(by));
            match (&self.gap, depends.as_slice()) {
                (None, []) => {
                    let effect = match (allows, by) {
                        (false, _) => Effect::Allowed,
                        (true, Some(_)) => Effect::Denied,
                        (true, None) => Effect::NotGranted,
                    };
                    let by = origin.map(RuleName::from);
                    return Verdict::Fails(
                        request,
                        Answer { effect: Some(effect), by, reason: None, near: Vec::new() },
                    );
                }
                (_, depends) => possible = possible.or(Some((request, depends.to_vec()))),
            }
        }
        match (possible, &self.gap) {
            (Some((request, depends)), None) => {
                Verdict::Unknown(request, format!("it depends on whether {}", list(&depends, 3)))
            }
            (_, Some(gap)) => Verdict::Unknown(Vec::new(), gap.clone()),
            (None, None) => Verdict::Holds,
        }
    }

    /// How many ways there are to read the rules.
    #[must_use]
    pub fn readings(&self) -> usize {
        self.readings.len()
    }

    /// Whether no request is in a box.
    #[must_use]
    pub fn is_empty(&self, within: &Within) -> bool {
        let read = self.readings.first();
        read.is_some_and(|read| question::is_empty(&read.set, within, &mut Budget::default()))
    }
}

impl Read {
    fn answer(&self, question: &Question) -> Answer {
        let (effect, rule) = match question::judge(&self.set, question) {
            Judgement::Known(effect, rule) => (effect, rule),
            Judgement::Depends(rule) => return Answer::unknown(self.depends(rule)),
        };
        let name = |at: usize| self.origins.get(at)?.as_ref().map(RuleName::from);
        let near = question::near(&self.set, question, effect).into_iter().filter_map(|near| {
            let rule = self.set.rules.get(near.rule)?;
            let scope = |dimension: Dimension| {
                let patterns = rule.scopes.get(&dimension)?.iter().map(|of| of.text().to_owned()).collect();
                Some(Scope { dimension, patterns })
            };
            let needs = near.but.and_then(scope);
            Some(NearRule { rule: name(near.rule)?, denies: rule.denies, needs })
        });
        Answer { effect: Some(effect), by: rule.and_then(name), reason: None, near: near.collect() }
    }

    /// On what a decision depends.
    fn depends(&self, at: usize) -> String {
        let conditions =
            self.set.rules.get(at).map(|rule| rule.conditions.iter().cloned().collect::<Vec<_>>());
        let conditions = list(&conditions.unwrap_or_default(), 3);
        match self.origins.get(at) {
            Some(Some(origin)) => format!("it depends on a condition of {}: {conditions}", origin.label()),
            _ => conditions,
        }
    }
}

/// The requests of a box, one of each that is named.
fn cedar_requests(within: &Within) -> Vec<Requests> {
    let Within { subjects, scopes, except } = within;
    let entities = |patterns: Option<&Vec<Pattern>>| -> Option<Vec<Entity>> {
        Some(patterns?.iter().filter_map(|pattern| Entity::of(pattern.text())).collect())
    };
    let one_of = |dimension: &Dimension| match entities(scopes.get(dimension)) {
        Some(all) => all.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let excepted = |dimension: &Dimension| entities(except.get(dimension)).unwrap_or_default();
    let named: Option<Vec<_>> =
        subjects.as_ref().map(|all| all.iter().filter_map(|subject| Entity::of(subject)).collect());
    // Whoever is one of these and nothing else, unless it is said who she is.
    let subjects = match named {
        Some(all) => vec![Some(all)],
        None => one_of(&Dimension::Principal).into_iter().map(|one| one.map(|one| vec![one])).collect(),
    };
    let mut all = Vec::new();
    for subjects in &subjects {
        for action in one_of(&Dimension::Action) {
            for resource in one_of(&Dimension::Resource) {
                all.push(Requests {
                    subjects: subjects.clone(),
                    action: action.clone(),
                    resource,
                    except_subjects: excepted(&Dimension::Principal),
                    except_actions: excepted(&Dimension::Action),
                    except_resources: excepted(&Dimension::Resource),
                });
            }
        }
    }
    all
}

/// What is said of a request, in a word or two.
fn words(effect: Effect) -> &'static str {
    match effect {
        Effect::Allowed => "allowed",
        Effect::Denied => "denied",
        Effect::NotGranted => "not granted",
    }
}

/// A word that names one thing in a request to a target; or what is wrong with it, and what to do.
pub fn word(asked: &Asked<'_>, dimension: &Dimension, word: &str) -> Result<(), (String, String)> {
    if pattern(asked, dimension, word)?.is_literal() {
        return Ok(());
    }
    let help = "name one thing; `for_all` in a file of tests asks about all of a sort";
    Err((format!("`{}` is a pattern, and a request names one thing", short(word)), help.to_owned()))
}

/// A pattern over requests to a target; or what is wrong with it, and what to do.
pub fn pattern(asked: &Asked<'_>, dimension: &Dimension, text: &str) -> Result<Pattern, (String, String)> {
    if !asked.semantics.asks().contains(dimension) {
        let what = match dimension {
            Dimension::Tenant => "a tenant",
            _ => "this",
        };
        return Err((format!("requests to this target do not name {what}"), "remove it".to_owned()));
    }
    let help = "write it as the policies do; docs/access.md lists the forms";
    asked
        .semantics
        .pattern(0, dimension, text)
        .map_err(|why| (format!("`{}` {why}", short(text)), help.to_owned()))
}

/// The text of a value of a context, if it is one.
#[must_use]
pub fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What requests say beside who asks and what they want.
pub type Context = BTreeMap<String, serde_json::Value>;
