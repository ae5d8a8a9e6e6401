//! Words of a request that people know or can read, in the place of the shortest ones.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::Pattern;
use super::rule::{AccessRequest, Dimension, Rule};

/// How many words of the author's own are tried in each dimension.
const CANDIDATES: usize = 24;

/// Words that authors wrote themselves.
pub(super) struct Known(BTreeMap<Dimension, BTreeSet<String>>);

impl Known {
    pub(super) fn of<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut known = Self(BTreeMap::new());
        known.learn(rules);
        known
    }

    pub(super) fn learn<'r>(&mut self, rules: impl Iterator<Item = &'r Rule>) {
        for (dimension, patterns) in rules.flat_map(|rule| &rule.scopes) {
            let literal = patterns.iter().filter(|pattern| pattern.is_literal());
            let words = literal.map(|pattern| pattern.text().to_owned());
            self.0.entry(dimension.clone()).or_default().extend(words);
        }
    }

    /// Words for a dimension, the best first.
    fn candidates(&self, seeds: &[&Rule], dimension: &Dimension) -> Vec<String> {
        let own: Vec<_> = seeds.iter().filter_map(|seed| seed.scope(dimension)).flatten().collect();
        let literal =
            own.iter().filter(|pattern| pattern.is_literal()).map(|pattern| pattern.text().to_owned());
        let known = self.0.get(dimension).into_iter().flatten().cloned();
        let like = own.iter().map(|pattern| Pattern::example(pattern));
        let like: Vec<_> =
            if own.is_empty() { vec!["x".to_owned()] } else { like.take(CANDIDATES).collect() };
        literal.take(CANDIDATES).chain(known.take(CANDIDATES)).chain(like).collect()
    }
}

/// The request with better words, as far as it still shows what it does. `seeds` are the rules that it is about.
pub(super) fn readable(
    mut request: AccessRequest,
    seeds: &[&Rule],
    known: &Known,
    shows: impl Fn(&AccessRequest) -> bool,
) -> AccessRequest {
    let dimensions: Vec<_> = request.words.keys().cloned().collect();
    for dimension in &dimensions {
        for word in known.candidates(seeds, dimension) {
            let mut other = request.clone();
            other.words.insert(dimension.clone(), word);
            if shows(&other) {
                request = other;
                break;
            }
        }
    }
    request
}
