//! What a change of rules does to what is allowed: the verdict, and for each difference a request that shows it.
//!
//! An object denies a request, allows it, or says nothing. It is more permissive if it says more than before to some
//! request and less to none. That is true beside any other objects: an object that says the same to all requests cannot
//! change what a system allows, and one that stops to deny may, even if it allows nothing itself.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::budget::{Budget, Spent};
use super::cover::{Forms, Words, lists_meet, meet, plainly_covers, uncovered};
use super::evaluate::{applies, evaluate, is_formed};
use super::pattern::Pattern;
use super::rule::{AccessRequest, Dimension, Effect, Rule, RuleSet};
use super::witness::{Known, readable};
use crate::diagnostic::Place;

/// How many differences are told apart on each side. If there are more, the last ones are told in less detail.
pub(super) const MOST: usize = 40;
/// How many exceptions of one difference are named.
pub(super) const EXCEPTIONS: usize = 3;

/// What a change does to what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impact {
    /// This. If nothing differs, no request is treated in another way than before.
    Known(Difference),
    /// It is not known, for this reason.
    Unknown(String),
}

/// How two sets of rules differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What is allowed that was not, or no longer denied.
    pub gained: Vec<AccessChange>,
    /// What is no longer allowed, or denied now.
    pub lost: Vec<AccessChange>,
    /// Whether there is more than that.
    pub more: bool,
    /// What changes beside the rules.
    pub attributes: Vec<AttributeChange>,
}

/// The verdict in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Some requests are allowed that were not, and none is lost.
    MorePermissive,
    /// The other way round.
    LessPermissive,
    /// Both: some are gained and some are lost.
    Incomparable,
    /// No request is treated in another way.
    Equivalent,
    /// Nobody knows.
    Unknown,
}

impl Verdict {
    /// The verdict on whether something is gained, and whether something is lost.
    #[must_use]
    pub fn of(gains: bool, loses: bool) -> Self {
        match (gains, loses) {
            (false, false) => Self::Equivalent,
            (true, false) => Self::MorePermissive,
            (false, true) => Self::LessPermissive,
            (true, true) => Self::Incomparable,
        }
    }
}

impl Difference {
    /// What is gained and what is lost.
    pub fn changes_mut(&mut self) -> impl Iterator<Item = &mut AccessChange> {
        self.gained.iter_mut().chain(&mut self.lost)
    }

    /// Whether it allows more: some request, or for longer or with less audit.
    #[must_use]
    pub fn gives_more(&self) -> bool {
        !self.gained.is_empty() || self.attributes.iter().any(AttributeChange::gives_more)
    }

    /// Whether it allows less.
    #[must_use]
    pub fn gives_less(&self) -> bool {
        !self.lost.is_empty() || self.attributes.iter().any(AttributeChange::gives_less)
    }
}

impl AttributeChange {
    /// Whether it allows more, or may.
    #[must_use]
    pub fn gives_more(&self) -> bool {
        matches!(self.verdict, Verdict::MorePermissive | Verdict::Incomparable)
    }

    /// Whether it allows less, or may.
    #[must_use]
    pub fn gives_less(&self) -> bool {
        matches!(self.verdict, Verdict::LessPermissive | Verdict::Incomparable)
    }
}

impl Impact {
    /// The verdict in a word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Unknown(_) => Verdict::Unknown,
            Self::Known(difference) => Verdict::of(difference.gives_more(), difference.gives_less()),
        }
    }

    /// Whether all that differs depends on conditions that nobody can look into.
    #[must_use]
    pub fn is_only_possible(&self) -> bool {
        let Self::Known(Difference { gained, lost, more: _, attributes }) = self else { return false };
        let beside = attributes.iter().map(|change| change.possible);
        let mut all = gained.iter().chain(lost).map(|change| change.possible).chain(beside).peekable();
        all.peek().is_some() && all.all(|possible| possible)
    }

    /// There was more to do than the budget allows.
    pub(super) fn too_much() -> Self {
        Self::Unknown("comparing its rules takes more work than enact does for one plan".to_owned())
    }

    /// A witness shows nothing, so neither does the search.
    pub(super) fn refuted() -> Self {
        Self::Unknown("a witness did not stand up to the second look".to_owned())
    }
}

/// What a change of a value beside the rules does, such as one for how long access is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttributeChange {
    /// The name of the field.
    pub attribute: String,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
    /// Whether this allows more or less; incomparable if that depends on something else.
    pub verdict: Verdict,
    /// Whether this depends on what nobody can look into.
    pub possible: bool,
    /// Which requests are meant; none if all.
    pub access: Vec<Scope>,
}

/// How patterns, conditions and words are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// As the system writes them.
    Own,
    /// In Cedar, each as in the scope of a rule; an entity of a request with what it is below.
    Cedar,
}

/// Requests that are gained or lost together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AccessChange {
    /// Which requests: in each dimension any of these patterns, as their author wrote them.
    pub access: Vec<Scope>,
    /// Which of them are not meant. Each is what `access` says, but only with these patterns.
    pub except: Vec<Vec<Scope>>,
    /// How many more exceptions there are.
    pub more_exceptions: usize,
    /// Conditions that must hold.
    pub conditions: Vec<String>,
    /// Whether this depends on conditions that nobody can look into: it may be that no real request is meant.
    pub possible: bool,
    /// The object through which this is so, if it is another than the one that changes.
    pub through: Option<String>,
    /// One of these requests.
    pub witness: Witness,
}

/// The patterns of one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Scope {
    /// The dimension.
    pub dimension: Dimension,
    /// Its patterns.
    pub patterns: Vec<String>,
}

/// One request, and what the object says of it before and after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Witness {
    /// How patterns, conditions and words are written.
    pub language: Language,
    /// What the request says.
    pub request: Vec<Word>,
    /// Before.
    pub before: Decision,
    /// After.
    pub after: Decision,
}

/// What a request says in one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Word {
    /// The dimension.
    pub dimension: Dimension,
    /// The word.
    pub word: String,
}

/// What an object says of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decision {
    /// What it says.
    pub effect: Effect,
    /// The name of the rule that decides it; null if it has none, or if no rule applies.
    pub rule: Option<String>,
    /// The file in which git declares that rule; null if it does not, as of most rules that are changed.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The place of that rule among the rules of its side.
    #[serde(skip)]
    pub at: Option<usize>,
}

impl Decision {
    /// Says where git declares the rule.
    pub fn put(&mut self, place: Option<Place>) {
        (self.file, self.line) = place.map(|place| (place.file, place.line)).unzip();
    }

    /// What a rule decides, by its place among the rules of its side. Where git declares it is not known here.
    pub(super) fn by(effect: Effect, at: Option<usize>, rule: Option<String>) -> Self {
        Self { effect, rule, file: None, line: None, at }
    }
}

/// One way to read rules whose meaning nobody has written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is assumed, as the end of *it depends on whether*; of the first one nobody reads it.
    pub assumes: &'static str,
    /// The rules, read like this.
    pub rules: RuleSet,
}

impl Witness {
    /// A request, and what decides it on each side by plain evaluation.
    pub(super) fn of(request: &AccessRequest, before: &RuleSet, after: &RuleSet) -> Self {
        let decision = |set: &RuleSet| {
            let (effect, at) = evaluate(set, request);
            Decision::by(effect, at, at.and_then(|at| set.rules.get(at)?.name.clone()))
        };
        let words = request.words.iter();
        let words = words.map(|(dimension, word)| Word { dimension: dimension.clone(), word: word.clone() });
        Self {
            language: Language::Own,
            request: words.collect(),
            before: decision(before),
            after: decision(after),
        }
    }
}

/// Compares what one object said with what it will say, in each of its readings. Both have the same ones. If they do not
/// agree, nobody knows.
#[must_use]
pub fn compare(before: &[Reading], after: &[Reading], budget: &mut Budget) -> Impact {
    let mut share = budget.share();
    let impact = agreed(before, after, &mut share);
    budget.settle(&share);
    impact.unwrap_or_else(|Spent| Impact::too_much())
}

fn agreed(before: &[Reading], after: &[Reading], budget: &mut Budget) -> Result<Impact, Spent> {
    let mut looked: Vec<(&RuleSet, &RuleSet)> = Vec::new();
    let mut first: Option<Impact> = None;
    for (before, after) in before.iter().zip(after) {
        let is_same = |seen: &&(&RuleSet, &RuleSet)| {
            seen.0.rules == before.rules.rules && seen.1.rules == after.rules.rules
        };
        // Where no pattern is read in another way, neither are the rules.
        if looked.iter().find(is_same).is_some() {
            continue;
        }
        looked.push((&before.rules, &after.rules));
        let Some(impact) = difference(&before.rules, &after.rules, budget)? else {
            return Ok(Impact::refuted());
        };
        if before.rules.is_ranked
            && impact == Difference::default()
            && is_reworded(&before.rules, &after.rules)
        {
            let reason = "alone it allows the same in other words, but beside other objects the most specific of all decides";
            return Ok(Impact::Unknown(reason.to_owned()));
        }
        let impact = Impact::Known(impact);
        match &first {
            None => first = Some(impact),
            Some(first) if first.verdict() != impact.verdict() => {
                return Ok(Impact::Unknown(format!("it depends on whether {}", after.assumes)));
            }
            Some(_) => {}
        }
    }
    Ok(first.unwrap_or_else(|| Impact::Known(Difference::default())))
}

/// Whether two sets do not have the same rules, in whatever order.
fn is_reworded(before: &RuleSet, after: &RuleSet) -> bool {
    let [there, here] =
        [before, after].map(|set| set.rules.iter().map(Rule::meaning).collect::<HashSet<_>>());
    there != here
}

/// How two sets of rules differ; `None` if what was found is not true.
pub(super) fn difference(
    before: &RuleSet,
    after: &RuleSet,
    budget: &mut Budget,
) -> Result<Option<Difference>, Spent> {
    let mut gained = Side::new(before, after, true, budget);
    let is_true = gained.look()?;
    let (gains, more_gains) = (gained.found, gained.more);
    let mut lost = Side::new(before, after, false, budget);
    let is_true = lost.look()? && is_true;
    let more = more_gains || lost.more;
    let attributes = Vec::new();
    Ok(is_true.then_some(Difference { gained: gains, lost: lost.found, more, attributes }))
}

/// The search for what is gained, or for what is lost.
struct Side<'a, 'b> {
    before: &'a RuleSet,
    after: &'a RuleSet,
    /// Whether to look for what is gained.
    gains: bool,
    forms: Forms,
    /// Every condition of both sides.
    conditions: BTreeSet<String>,
    known: Known,
    budget: &'b mut Budget,
    found: Vec<AccessChange>,
    more: bool,
}

/// A part of what a rule says that the other side does not.
struct Piece {
    rule: Rule,
    exceptions: Vec<BTreeMap<Dimension, Vec<Pattern>>>,
}

impl<'a, 'b> Side<'a, 'b> {
    fn new(before: &'a RuleSet, after: &'a RuleSet, gains: bool, budget: &'b mut Budget) -> Self {
        let rules = || before.rules.iter().chain(&after.rules);
        Self {
            before,
            after,
            gains,
            forms: before
                .forms
                .iter()
                .chain(&after.forms)
                .map(|(of, form)| (of.clone(), form.clone()))
                .collect(),
            conditions: rules().flat_map(|rule| rule.conditions.clone()).collect(),
            known: Known::of(rules()),
            budget,
            found: Vec::new(),
            more: false,
        }
    }

    /// Finds everything. False if a witness is none.
    fn look(&mut self) -> Result<bool, Spent> {
        // Where denies were and are no longer, more is allowed; and where allows are now, unless denies are, or were.
        let (less, more) = if self.gains { (self.before, self.after) } else { (self.after, self.before) };
        let denies: Vec<_> = more.denies().collect();
        let decided: Vec<_> = less.rules.iter().chain(more.denies()).collect();
        let [here, there] =
            [less, more].map(|set| set.rules.iter().map(Rule::meaning).collect::<HashSet<_>>());
        let denied =
            less.denies().filter(|seed| !there.contains(&seed.meaning())).map(|seed| (seed, &denies));
        let allowed =
            more.allows().filter(|seed| !here.contains(&seed.meaning())).map(|seed| (seed, &decided));
        let seeds = denied.chain(allowed);
        for (seed, covers) in seeds {
            if self.found.len() >= MOST {
                // One that differs is enough to know that there is more.
                let covers = self.unless(seed, covers);
                self.more = self.more || uncovered(&[seed], &covers, &self.forms, self.budget)?.is_some();
            } else if !self.seed(seed, covers)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rules that apply if only the conditions of the seed hold.
    fn unless<'r>(&self, seed: &Rule, covers: &[&'r Rule]) -> Vec<&'r Rule> {
        covers.iter().filter(|cover| cover.conditions.is_subset(&seed.conditions)).copied().collect()
    }

    fn seed(&mut self, seed: &Rule, covers: &[&'a Rule]) -> Result<bool, Spent> {
        let applying = self.unless(seed, covers);
        if uncovered(&[seed], &applying, &self.forms, self.budget)?.is_none() {
            return Ok(true);
        }
        let mut room = MOST;
        for piece in self.pieces(seed, &applying, &mut room)? {
            // What holds although every other rule applies, whatever its conditions, is certain.
            let certain = match seed.conditions.is_empty() {
                true => uncovered(&[&piece.rule], covers, &self.forms, self.budget)?,
                false => None,
            };
            let possible = certain.is_none();
            let words = match certain {
                Some(words) => words,
                None => match uncovered(&[&piece.rule], &applying, &self.forms, self.budget)? {
                    Some(words) => words,
                    None => return Ok(false),
                },
            };
            let covers = if possible { applying.as_slice() } else { covers };
            let Some(witness) = self.witness(&piece.rule, covers, words, possible) else { return Ok(false) };
            let change = change(piece, possible, witness);
            if !self.found.contains(&change) {
                self.found.push(change);
            }
        }
        Ok(true)
    }

    /// Takes a rule apart, pattern by pattern, into what the others do not cover.
    fn pieces(&mut self, rule: &Rule, covers: &[&Rule], room: &mut usize) -> Result<Vec<Piece>, Spent> {
        if uncovered(&[rule], covers, &self.forms, self.budget)?.is_none() {
            return Ok(Vec::new());
        }
        let mut touching = Vec::new();
        for cover in covers {
            if meet(rule, cover, &self.forms, self.budget)? {
                touching.push(*cover);
            }
        }
        let splits = |(dimension, patterns): &(&Dimension, &Vec<Pattern>)| {
            patterns.len() > 1 && !touching.iter().all(|cover| plainly_covers(cover, rule, dimension))
        };
        let split = rule.scopes.iter().find(splits).filter(|_| *room > 0);
        let Some((dimension, patterns)) = split else {
            let mut exceptions: Vec<_> = rule.exceptions().map(|exception| exception.scopes).collect();
            for cover in &touching {
                let exception = self.exception(rule, cover)?;
                if !exceptions.contains(&exception) {
                    exceptions.push(exception);
                }
            }
            *room = room.saturating_sub(1);
            return Ok(vec![Piece { rule: rule.clone(), exceptions }]);
        };
        let mut pieces: Vec<Piece> = Vec::new();
        for pattern in patterns {
            let part = rule.clone().on(dimension.clone(), vec![pattern.clone()]);
            for piece in self.pieces(&part, &touching, room)? {
                let alike = pieces.iter_mut().find(|other| {
                    let joined = piece
                        .rule
                        .clone()
                        .on(dimension.clone(), other.rule.scopes.get(dimension).cloned().unwrap_or_default());
                    joined == other.rule && piece.exceptions == other.exceptions
                });
                match alike.and_then(|other| other.rule.scopes.get_mut(dimension)) {
                    Some(patterns) => patterns.push(pattern.clone()),
                    None => pieces.push(piece),
                }
            }
        }
        Ok(pieces)
    }

    /// The patterns by which another rule is narrower than this one.
    fn exception(&mut self, rule: &Rule, cover: &Rule) -> Result<BTreeMap<Dimension, Vec<Pattern>>, Spent> {
        let mut exception = BTreeMap::new();
        for (dimension, patterns) in &cover.scopes {
            if plainly_covers(cover, rule, dimension) {
                continue;
            }
            let mut meeting = Vec::new();
            for pattern in patterns {
                let own = rule.scope(dimension);
                let is_in = match own {
                    Some(own) => lists_meet(
                        own,
                        std::slice::from_ref(pattern),
                        self.forms.get(dimension),
                        self.budget,
                    )?,
                    None => true,
                };
                if is_in {
                    meeting.push(pattern.clone());
                }
            }
            exception.insert(dimension.clone(), meeting);
        }
        Ok(exception)
    }

    /// The request of these words, or of words that people know better, as both sides see it. None of `covers` applies to
    /// it, as these are what is not meant. `None` if it shows nothing.
    fn witness(&self, rule: &Rule, covers: &[&Rule], words: Words, possible: bool) -> Option<Witness> {
        let request = AccessRequest { words, holds: rule.conditions.clone() };
        let is_meant =
            |request: &AccessRequest| !covers.iter().any(|cover| applies(self.before, cover, request));
        let shows = |request: &AccessRequest| is_meant(request) && self.shows(rule, request, possible);
        if !shows(&request) {
            return None;
        }
        let request = readable(request, &[rule], &self.known, shows);
        Some(Witness::of(&request, self.before, self.after))
    }

    /// Whether a request shows the difference, by plain evaluation; if it is not only possible, also if every condition
    /// holds.
    fn shows(&self, rule: &Rule, request: &AccessRequest, possible: bool) -> bool {
        let differs = |request: &AccessRequest| {
            let (before, after) = (evaluate(self.before, request).0, evaluate(self.after, request).0);
            if self.gains { before < after } else { after < before }
        };
        let all = || AccessRequest { holds: self.conditions.clone(), ..request.clone() };
        applies(self.before, rule, request)
            && is_formed(&self.forms, &request.words)
            && differs(request)
            && (possible || differs(&all()))
    }
}

fn change(piece: Piece, possible: bool, witness: Witness) -> AccessChange {
    let Piece { rule, exceptions } = piece;
    let scope = |(dimension, patterns): (&Dimension, &Vec<Pattern>)| Scope {
        dimension: dimension.clone(),
        patterns: patterns.iter().map(|pattern| pattern.text().to_owned()).collect(),
    };
    let scopes = |scopes: &BTreeMap<Dimension, Vec<Pattern>>| scopes.iter().map(scope).collect::<Vec<_>>();
    AccessChange {
        access: scopes(&rule.scopes),
        except: exceptions.iter().take(EXCEPTIONS).map(scopes).collect(),
        more_exceptions: exceptions.len().saturating_sub(EXCEPTIONS),
        conditions: rule.conditions.into_iter().collect(),
        possible,
        through: None,
        witness,
    }
}
