//! What the rules of a whole target say of one request, and of every request of a box.
//!
//! Whoever asks may be several subjects at once, such as a person and her teams: a rule applies to her if it applies to one of
//! them. Not here: whose rules these are, and in how many ways they are read (`decide`).

use std::collections::BTreeMap;

use super::budget::Budget;
use super::cover::{self, Words, uncovered};
use super::evaluate::{is_formed, is_in};
use super::impact::Word;
use super::pattern::Pattern;
use super::rule::{Dimension, Effect, Rule, RuleSet};

/// How many rules that almost decided are named.
const NEAR: usize = 5;
/// How many words of the authors are tried in each dimension of a counterexample.
const CANDIDATES: usize = 24;

/// One request. A dimension without a word is one of which nothing is known; a key that is not here is not in the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// What whoever asks is, first herself.
    pub subjects: Vec<String>,
    /// What it says in the other dimensions.
    pub words: BTreeMap<Dimension, String>,
}

impl Question {
    /// What it says, word by word.
    #[must_use]
    pub fn said(&self) -> Vec<Word> {
        let Self { subjects, words } = self;
        let subject = |subject: &String| Word { dimension: Dimension::Principal, word: subject.clone() };
        let word = |(dimension, word): (&Dimension, &String)| Word {
            dimension: dimension.clone(),
            word: word.clone(),
        };
        subjects.iter().map(subject).chain(words.iter().map(word)).collect()
    }
}

/// What rules say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// This, and the rule that decides it, by its place. Nothing decides that nothing is granted.
    Known(Effect, Option<usize>),
    /// It depends on the conditions of this rule, which nobody can look into.
    Depends(usize),
}

/// A rule that would have decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// The rule, by its place.
    pub rule: usize,
    /// In which dimension alone it does not apply; `None` if it applies and a deny wins.
    pub but: Option<Dimension>,
}

/// What rules say of a request. A condition may hold or not; what does not depend on it is known all the same.
#[must_use]
pub fn judge(set: &RuleSet, question: &Question) -> Judgement {
    let (mut denied, mut maybe_denied, mut allowed, mut maybe_allowed) = (None, None, None, None);
    for (at, rule) in set.rules.iter().enumerate() {
        let is_said =
            |(dimension, patterns): (&Dimension, &Vec<Pattern>)| says(set, dimension, patterns, question);
        if rule.scopes.iter().all(is_said) && !rule.except.iter().any(is_said) {
            let found = match (rule.denies, rule.conditions.is_empty()) {
                (true, true) => &mut denied,
                (true, false) => &mut maybe_denied,
                (false, true) => &mut allowed,
                (false, false) => &mut maybe_allowed,
            };
            found.get_or_insert(at);
        }
    }
    match (denied, maybe_denied, allowed, maybe_allowed) {
        (Some(deny), ..) => Judgement::Known(Effect::Denied, Some(deny)),
        (None, _, None, None) => Judgement::Known(Effect::NotGranted, None),
        (None, Some(deny), Some(_), _) => Judgement::Depends(deny),
        (None, None, Some(allow), _) => Judgement::Known(Effect::Allowed, Some(allow)),
        (None, _, None, Some(allow)) => Judgement::Depends(allow),
    }
}

/// The rules that almost decided otherwise.
#[must_use]
pub fn near(set: &RuleSet, question: &Question, effect: Effect) -> Vec<Near> {
    let wanted = |rule: &Rule| rule.denies == (effect == Effect::Allowed);
    let near = |(at, rule): (usize, &Rule)| {
        let is_out =
            |(dimension, patterns): &(&Dimension, &Vec<Pattern>)| says(set, dimension, patterns, question);
        let excepted = rule.except.iter().filter(is_out);
        let mut failing = rule.scopes.iter().filter(|scope| !is_out(scope)).chain(excepted);
        match (failing.next(), failing.next(), effect) {
            (None, None, Effect::Denied) => Some(Near { rule: at, but: None }),
            (Some((dimension, _)), None, Effect::Allowed | Effect::NotGranted) => {
                Some(Near { rule: at, but: Some(dimension.clone()) })
            }
            _ => None,
        }
    };
    set.rules.iter().enumerate().filter(|(_, rule)| wanted(rule)).filter_map(near).take(NEAR).collect()
}

/// The rules that apply to a request, whoever asks and, if it names none, in whichever tenant; also those whose conditions
/// nobody can look into. Who asks may be said in the dimension `itself`, too.
pub fn about<'a>(
    set: &'a RuleSet,
    question: &'a Question,
    itself: Option<&'a Dimension>,
) -> impl Iterator<Item = &'a Rule> {
    set.rules.iter().filter(move |rule| {
        let is_open = |dimension: &Dimension| {
            *dimension == Dimension::Principal
                || Some(dimension) == itself
                || *dimension == Dimension::Tenant && !question.words.contains_key(dimension)
        };
        let is_said =
            |(dimension, patterns): (&Dimension, &Vec<Pattern>)| says(set, dimension, patterns, question);
        let mut others = rule.scopes.iter().filter(|(dimension, _)| !is_open(dimension));
        others.all(is_said) && !rule.except.iter().any(is_said)
    })
}

/// Whether what a request says in a dimension is in a scope.
fn says(set: &RuleSet, dimension: &Dimension, patterns: &[Pattern], question: &Question) -> bool {
    let is_in = |word: &str| is_in(set, dimension, patterns, word);
    match (dimension, question.words.get(dimension)) {
        (Dimension::Principal, _) => question.subjects.iter().any(|subject| is_in(subject)),
        (_, Some(word)) => is_in(word),
        (Dimension::Key(_), None) => false,
        (_, None) => patterns.iter().any(Pattern::is_any),
    }
}

/// Requests that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Who asks; `None` is anybody who is one subject alone.
    pub subjects: Option<Vec<String>>,
    /// What they say: one of these patterns in each dimension that is here.
    pub scopes: BTreeMap<Dimension, Vec<Pattern>>,
    /// What takes a request out, by any of these patterns in any of these dimensions.
    pub except: BTreeMap<Dimension, Vec<Pattern>>,
}

/// Whether a rule plainly applies to all that another one does; if not, it may still do so.
#[must_use]
pub fn plainly_covers(cover: &Rule, rule: &Rule) -> bool {
    cover.conditions.is_subset(&rule.conditions)
        && cover.except.is_empty()
        && cover.scopes.keys().all(|dimension| cover::plainly_covers(cover, rule, dimension))
}

/// What is found in a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: every request is decided as expected.
    Nothing,
    /// This request is decided otherwise; if it only may be, because of conditions, the second one is true.
    Counterexample(Question, bool),
    /// Nobody knows: it takes too much work.
    TooMuch,
}

/// Looks for a request of the box that is not allowed although all should be, or is allowed although none should be. A
/// person alone is enough: who is several subjects is allowed no more than one of them alone.
#[must_use]
pub fn counterexample(set: &RuleSet, within: &Within, allows: bool, budget: &mut Budget) -> Found {
    let asked;
    let set = match &within.subjects {
        Some(subjects) => {
            asked = set_of(set, subjects);
            &asked
        }
        None => set,
    };
    let mut share = budget.share();
    let found = Search { set, within, allows, budget: &mut share }.run();
    budget.settle(&share);
    found
}

/// Whether there is any request in a box, of words that have the form of their dimension.
#[must_use]
pub fn is_empty(set: &RuleSet, within: &Within, budget: &mut Budget) -> bool {
    let except = exceptions(within);
    let except: Vec<_> = except.iter().collect();
    let seed = Rule { scopes: within.scopes.clone(), ..Rule::new(false) };
    let mut share = budget.share();
    let found = uncovered(&[&seed], &except, &set.forms, &mut share);
    budget.settle(&share);
    matches!(found, Ok(None))
}

/// The rules that apply to somebody, whoever else they apply to.
fn set_of(set: &RuleSet, subjects: &[String]) -> RuleSet {
    let question = Question { subjects: subjects.to_vec(), words: BTreeMap::new() };
    let is_asked = |rule: &&Rule| {
        let scope = rule.scopes.get(&Dimension::Principal);
        scope.is_none_or(|patterns| says(set, &Dimension::Principal, patterns, &question))
    };
    let mut rules: Vec<_> = set.rules.iter().filter(is_asked).cloned().collect();
    rules.iter_mut().for_each(|rule| drop(rule.scopes.remove(&Dimension::Principal)));
    RuleSet { rules, ..set.clone() }
}

fn exceptions(within: &Within) -> Vec<Rule> {
    let of = |(dimension, patterns): (&Dimension, &Vec<Pattern>)| {
        Rule::new(false).on(dimension.clone(), patterns.clone())
    };
    within.except.iter().map(of).collect()
}

struct Search<'a, 'b> {
    set: &'a RuleSet,
    within: &'a Within,
    allows: bool,
    budget: &'b mut Budget,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Found {
        let except = exceptions(self.within);
        let seed = Rule { scopes: self.within.scopes.clone(), ..Rule::new(false) };
        let denies: Vec<_> = self.set.denies().collect();
        let allows: Vec<_> = self.set.allows().collect();
        // Each is a rule that applies beside the box, and those of which none does.
        let mut looks: Vec<(Option<&Rule>, Vec<&Rule>)> = Vec::new();
        if self.allows {
            looks.push((None, allows.clone()));
            looks.extend(denies.iter().map(|deny| (Some(*deny), Vec::new())));
            let certain = allows.iter().filter(|allow| allow.conditions.is_empty()).copied().collect();
            looks.push((None, certain));
        } else {
            looks.extend(allows.iter().map(|allow| (Some(*allow), denies.clone())));
            let unless = |allow: &Rule| {
                denies.iter().filter(|deny| deny.conditions.is_subset(&allow.conditions)).copied().collect()
            };
            looks.extend(allows.iter().map(|allow| (Some(*allow), unless(allow))));
        }
        let mut possible = None;
        for (beside, covers) in looks {
            let seeds: Vec<_> = [&seed].into_iter().chain(beside).collect();
            let covers: Vec<_> = covers.into_iter().chain(&except).collect();
            match uncovered(&seeds, &covers, &self.set.forms, self.budget) {
                Err(_) => return Found::TooMuch,
                Ok(None) => {}
                Ok(Some(words)) => match self.shown(&seeds, words) {
                    Some((question, false)) => return Found::Counterexample(question, false),
                    Some((question, true)) => possible = possible.or(Some(question)),
                    None => return Found::TooMuch,
                },
            }
        }
        possible.map_or(Found::Nothing, |question| Found::Counterexample(question, true))
    }

    /// A request as plain evaluation sees it, in words that people know if there are some; and whether it is only possible.
    fn shown(&self, seeds: &[&Rule], words: Words) -> Option<(Question, bool)> {
        let mut words = words;
        let mut possible = self.shows(&words)?;
        let dimensions: Vec<_> = words.keys().cloned().collect();
        for dimension in dimensions {
            let own = seeds.iter().rev().filter_map(|seed| seed.scope(&dimension));
            let candidates: Vec<_> = own.flatten().take(CANDIDATES).map(Pattern::example).collect();
            for word in candidates.into_iter().chain(["x".to_owned()]) {
                let mut other = words.clone();
                other.insert(dimension.clone(), word);
                if self.shows(&other).is_some_and(|other| !other || possible) {
                    possible = self.shows(&other)?;
                    words = other;
                    break;
                }
            }
        }
        Some((self.question(words), possible))
    }

    /// Whether a request is in the box and not decided as expected; and if so, whether it is only possible.
    fn shows(&self, words: &Words) -> Option<bool> {
        let question = self.question(words.clone());
        // The words themselves, also those of a subject.
        let is_said = |dimension: &Dimension, patterns: &Vec<Pattern>| {
            words.get(dimension).is_some_and(|word| is_in(self.set, dimension, patterns, word))
        };
        let Within { subjects: _, scopes, except } = self.within;
        let is_asked = scopes.iter().all(|(dimension, patterns)| is_said(dimension, patterns))
            && !except.iter().any(|(dimension, patterns)| is_said(dimension, patterns))
            && is_formed(&self.set.forms, words);
        match judge(self.set, &question) {
            Judgement::Known(effect, _) => {
                (is_asked && (effect == Effect::Allowed) != self.allows).then_some(false)
            }
            Judgement::Depends(_) => is_asked.then_some(true),
        }
    }

    fn question(&self, mut words: Words) -> Question {
        let subject = words.remove(&Dimension::Principal);
        let subjects = self.within.subjects.clone().unwrap_or_else(|| subject.into_iter().collect());
        Question { subjects, words }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::evaluate::matches;

    const SUBJECTS: [&str; 3] = ["a", "b", "c"];
    const WORDS: [&str; 4] = ["", "a", "b", "ab"];

    fn pattern() -> impl Strategy<Value = Pattern> {
        "[ab*]{0,2}".prop_map(|text| Pattern::glob(&text))
    }

    fn rules() -> impl Strategy<Value = RuleSet> {
        let rule = (
            prop::bool::weighted(0.35),
            prop::option::of(prop::collection::vec(prop::sample::select(SUBJECTS.to_vec()), 1..3)),
            prop::option::of(prop::collection::vec(pattern(), 1..3)),
            prop::bool::weighted(0.2),
        );
        let rule = rule.prop_map(|(denies, who, what, is_conditional)| {
            let mut rule = Rule::new(denies);
            if let Some(who) = who {
                rule = rule.on(Dimension::Principal, who.into_iter().map(Pattern::literal).collect());
            }
            if let Some(what) = what {
                rule = rule.on(Dimension::Resource, what);
            }
            rule.conditions.extend(is_conditional.then(|| "c".to_owned()));
            rule
        });
        prop::collection::vec(rule, 0..5).prop_map(|rules| RuleSet { rules, ..RuleSet::default() })
    }

    fn questions() -> impl Iterator<Item = Question> {
        let sets = (0..1_usize << SUBJECTS.len()).map(|bits| {
            SUBJECTS
                .iter()
                .enumerate()
                .filter(move |(at, _)| bits >> at & 1 == 1)
                .map(|(_, of)| (*of).to_owned())
        });
        sets.flat_map(|subjects| {
            let subjects: Vec<_> = subjects.collect();
            WORDS.map(|word| Question {
                subjects: subjects.clone(),
                words: BTreeMap::from([(Dimension::Resource, word.to_owned())]),
            })
        })
    }

    /// With the condition as it is: every rule looked at by itself.
    fn brute(set: &RuleSet, question: &Question, holds: bool) -> bool {
        let applies = |rule: &&Rule| {
            let who = rule.scopes.get(&Dimension::Principal);
            let what = rule.scopes.get(&Dimension::Resource);
            let word = question.words.get(&Dimension::Resource).map_or("", String::as_str);
            (rule.conditions.is_empty() || holds)
                && who.is_none_or(|who| {
                    question.subjects.iter().any(|one| who.iter().any(|of| matches(of, one)))
                })
                && what.is_none_or(|what| what.iter().any(|of| matches(of, word)))
        };
        let applying: Vec<_> = set.rules.iter().filter(applies).collect();
        applying.iter().any(|rule| !rule.denies) && !applying.iter().any(|rule| rule.denies)
    }

    proptest! {
        /// What is known is so whether a condition holds or not; somebody who is much is somebody who is one of it alone.
        #[test]
        fn sound_meaning_what_is_known_of_a_request_is_true(set in rules()) {
            for question in questions() {
                let [without, with] = [false, true].map(|holds| brute(&set, &question, holds));
                match judge(&set, &question) {
                    Judgement::Known(effect, _) => {
                        prop_assert_eq!((without, with), (effect == Effect::Allowed, effect == Effect::Allowed));
                    }
                    Judgement::Depends(_) => {}
                }
            }
        }

        /// No counterexample means that no request is one, and one that is found is one.
        #[test]
        fn sound_meaning_a_box_without_a_counterexample_has_none(
            set in rules(),
            scope in prop::option::of(pattern()),
            except in prop::option::of(prop::sample::select(SUBJECTS.to_vec())),
            named in prop::bool::ANY,
            allows in prop::bool::ANY,
        ) {
            let mut within = Within::default();
            within.scopes.extend(scope.map(|scope| (Dimension::Resource, vec![scope])));
            match (named, except) {
                (true, _) => within.subjects = Some(vec!["a".to_owned(), "b".to_owned()]),
                (false, Some(but)) => drop(within.except.insert(Dimension::Principal, vec![Pattern::literal(but)])),
                (false, None) => {}
            }
            let is_asked = |question: &Question| {
                let word = &question.words[&Dimension::Resource];
                within.scopes.values().flatten().all(|pattern| matches(pattern, word))
                    && match &within.subjects {
                        Some(subjects) => question.subjects == *subjects,
                        None => question.subjects.len() == 1
                            && except.is_none_or(|but| !question.subjects.iter().any(|subject| subject == but)),
                    }
            };
            let differs = |question: &Question| [false, true].map(|holds| brute(&set, question, holds) != allows);
            match counterexample(&set, &within, allows, &mut Budget::default()) {
                Found::Nothing => {
                    let mut all = questions().filter(|question| is_asked(question));
                    prop_assert!(all.all(|question| differs(&question) == [false, false]));
                }
                Found::Counterexample(question, false) => {
                    prop_assert_eq!(differs(&question), [true, true], "{:?}", question);
                }
                Found::Counterexample(..) => {}
                Found::TooMuch => prop_assert!(false, "so little takes too much work"),
            }
        }
    }
}
