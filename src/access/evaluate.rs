//! What rules say of one request, the plain way. It shares nothing with the automata, so that it can check them.

use std::borrow::Cow;

use super::cover::{Forms, Words};
use super::pattern::{Pattern, Token};
use super::rule::{AccessRequest, Dimension, Effect, Rule, RuleSet};

/// What an object says of a request, and the rule that decides it, by its place.
pub(super) fn evaluate(set: &RuleSet, request: &AccessRequest) -> (Effect, Option<usize>) {
    let mut applying = set.rules.iter().enumerate().filter(|(_, rule)| applies(set, rule, request));
    let mut allowing = None;
    match applying.find(|(at, rule)| {
        allowing = allowing.or((!rule.denies).then_some(*at));
        rule.denies
    }) {
        Some((deny, _)) => (Effect::Denied, Some(deny)),
        None if allowing.is_some() => (Effect::Allowed, allowing),
        None => (Effect::NotGranted, None),
    }
}

/// Whether a rule applies to a request.
pub(super) fn applies(set: &RuleSet, rule: &Rule, request: &AccessRequest) -> bool {
    let Rule { denies: _, name: _, at: _, scopes, except, conditions } = rule;
    let is_said = |(dimension, patterns): (&Dimension, &Vec<Pattern>)| {
        said(request, dimension).any(|word| is_in(set, dimension, patterns, word))
    };
    conditions.is_subset(&request.holds) && scopes.iter().all(is_said) && !except.iter().any(is_said)
}

/// Whether any of the patterns of a dimension matches a word, as these rules are read.
pub(super) fn is_in(set: &RuleSet, dimension: &Dimension, patterns: &[Pattern], word: &str) -> bool {
    let word = match set.folds.contains(dimension) {
        true => Cow::from(word.to_ascii_lowercase()),
        false => Cow::from(word),
    };
    patterns.iter().any(|pattern| matches(pattern, &word))
}

/// The words of a request in a dimension. It may come from two principals at once.
fn said<'r>(request: &'r AccessRequest, dimension: &Dimension) -> impl Iterator<Item = &'r str> {
    let word = |dimension| request.words.get(dimension).map(String::as_str);
    let also = word(&Dimension::AlsoPrincipal).filter(|_| *dimension == Dimension::Principal);
    [word(dimension).unwrap_or_default()].into_iter().chain(also)
}

/// Whether each word of a request has the form that all words of its dimension have.
pub(super) fn is_formed(forms: &Forms, words: &Words) -> bool {
    forms.iter().all(|(dimension, form)| words.get(dimension).is_none_or(|word| matches(form, word)))
}

/// Whether a pattern matches a word, by the ends of its first steps.
pub(super) fn matches(pattern: &Pattern, word: &str) -> bool {
    // Most patterns differ from a word in its first letters.
    let mut letters = word.chars();
    let mut fixed = pattern.tokens().iter().take_while(|token| !matches!(token, Token::Run(_)));
    let is_next = |token: &Token| match (token, letters.next()) {
        (Token::Is(c), Some(letter)) => *c == letter,
        (Token::One(but), Some(letter)) => *but != Some(letter),
        (Token::Run(_), _) | (_, None) => false,
    };
    if !fixed.all(is_next) {
        return false;
    }
    let word: Vec<char> = word.chars().collect();
    let mut ends = vec![false; word.len() + 1];
    ends.iter_mut().take(1).for_each(|start| *start = true);
    for token in pattern.tokens() {
        let mut next = vec![false; word.len() + 1];
        let mut running = false;
        for (at, end) in next.iter_mut().enumerate() {
            let before = at.checked_sub(1).and_then(|before| word.get(before)).copied();
            let reached = |at: Option<usize>| at.and_then(|at| ends.get(at)).copied().unwrap_or_default();
            *end = match (token, before) {
                (Token::Is(c), Some(before)) => *c == before && reached(at.checked_sub(1)),
                (Token::One(but), Some(before)) => *but != Some(before) && reached(at.checked_sub(1)),
                (Token::Is(_) | Token::One(_), None) => false,
                (Token::Run(but), before) => {
                    running =
                        running && before.is_none_or(|before| *but != Some(before)) || reached(Some(at));
                    running
                }
            };
        }
        ends = next;
    }
    ends.last().copied().unwrap_or_default()
}
