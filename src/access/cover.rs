//! Whether a rule applies to a request to which none of some other rules applies. Everything else is asked in this form.

use std::collections::{BTreeMap, BTreeSet};

use super::automaton::groups;
use super::budget::{Budget, Spent};
use super::pattern::Pattern;
use super::rule::{Dimension, Rule};

/// The words of a request, by their dimensions.
pub(super) type Words = BTreeMap<Dimension, String>;

/// What every word of a dimension is like, where that is known.
pub(super) type Forms = BTreeMap<Dimension, Pattern>;

/// Words to which every rule of `seeds` applies and no rule of `covers` does, whatever their conditions say; `None` if
/// there are none.
pub(super) fn uncovered(
    seeds: &[&Rule],
    covers: &[&Rule],
    forms: &Forms,
    budget: &mut Budget,
) -> Result<Option<Words>, Spent> {
    // Of many rules few are about the same words, and it takes little to see that.
    budget.spend(covers.len() / 4 + 1)?;
    let exceptions: Vec<_> = seeds.iter().flat_map(|seed| seed.exceptions()).collect();
    let exceptions: Vec<_> = exceptions.iter().collect();
    let is_apart = |cover: &&Rule| seeds.iter().any(|seed| is_plainly_apart(seed, cover));
    let covers = covers.iter().chain(&exceptions).copied().filter(|cover| !is_apart(cover));
    let covers: Vec<_> = covers.collect();
    let dimensions = covers.iter().chain(seeds).flat_map(|rule| rule.scopes.keys().chain(rule.except.keys()));
    let dimensions: BTreeSet<_> = dimensions.chain(forms.keys()).collect();
    let dimensions = dimensions.into_iter().collect();
    let (failed, words) = (BTreeSet::new(), Words::new());
    let mut search = Search { seeds, covers: &covers, forms, dimensions, failed, words, budget };
    let all = (0..covers.len()).collect();
    let found = search.search(0, all)?;
    Ok(found.then_some(search.words))
}

/// Whether two rules can apply to one request, as far as their scopes say, whatever is excepted from these.
pub(super) fn meet(a: &Rule, b: &Rule, forms: &Forms, budget: &mut Budget) -> Result<bool, Spent> {
    budget.spend(1)?;
    if is_plainly_apart(a, b) {
        return Ok(false);
    }
    for (dimension, patterns) in &a.scopes {
        if let Some(others) = b.scope(dimension)
            && !lists_meet(patterns, others, forms.get(dimension), budget)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a word is in both lists.
pub(super) fn lists_meet(
    a: &[Pattern],
    b: &[Pattern],
    form: Option<&Pattern>,
    budget: &mut Budget,
) -> Result<bool, Spent> {
    let form = form.map(std::slice::from_ref);
    let required: Vec<_> = [a, b].into_iter().chain(form).collect();
    Ok(!groups(&required, &[], &[], budget)?.is_empty())
}

/// Whether two rules plainly cannot apply to one request.
fn is_plainly_apart(a: &Rule, b: &Rule) -> bool {
    let are_apart = |(dimension, patterns): (&Dimension, &Vec<Pattern>)| {
        b.scope(dimension).is_some_and(|others| {
            patterns.iter().all(|one| others.iter().all(|other| one.is_plainly_apart(other)))
        })
    };
    a.scopes.iter().any(are_apart)
}

/// Whether a rule plainly applies, in a dimension, to all that the seed does.
pub(super) fn plainly_covers(cover: &Rule, seed: &Rule, dimension: &Dimension) -> bool {
    if cover.except.contains_key(dimension) {
        return false;
    }
    let Some(cover) = cover.scope(dimension) else { return true };
    match seed.scope(dimension) {
        None => cover.iter().any(Pattern::is_any),
        Some(seed) => seed.iter().all(|seed| cover.iter().any(|cover| cover.plainly_covers(seed))),
    }
}

struct Search<'a> {
    seeds: &'a [&'a Rule],
    covers: &'a [&'a Rule],
    forms: &'a Forms,
    dimensions: Vec<&'a Dimension>,
    /// Where nothing was found: how many dimensions were behind, and which covers were left.
    failed: BTreeSet<(usize, Vec<usize>)>,
    words: Words,
    budget: &'a mut Budget,
}

impl Search<'_> {
    /// Looks for words in the dimensions from `depth` on that none of these covers matches in all of them.
    fn search(&mut self, depth: usize, left: Vec<usize>) -> Result<bool, Spent> {
        self.budget.spend(left.len() + 1)?;
        let all = self.covers;
        let rest = self.dimensions.get(depth..).unwrap_or_default();
        let covers = |place: &usize| {
            all.get(*place).is_some_and(|cover| {
                let covers = |dimension: &&Dimension| {
                    self.seeds.iter().any(|seed| plainly_covers(cover, seed, dimension))
                };
                rest.iter().all(covers)
            })
        };
        if left.iter().any(covers) {
            return Ok(false);
        }
        let Some(dimension) = rest.first().copied() else { return Ok(true) };
        if self.failed.contains(&(depth, left.clone())) {
            return Ok(false);
        }
        let any = [Pattern::any()];
        let form = self.forms.get(dimension).map(std::slice::from_ref);
        let scopes = self.seeds.iter().filter_map(|seed| seed.scope(dimension));
        let required: Vec<_> = scopes.chain(form).collect();
        let required = if required.is_empty() { vec![&any[..]] } else { required };
        // Rules often have the same patterns; each list is looked at once.
        let scope = |place: &usize| all.get(*place).and_then(|cover| cover.scope(dimension));
        let except = |place: &usize| all.get(*place)?.except.get(dimension).map(Vec::as_slice);
        let lists: Vec<_> = left.iter().filter_map(scope).collect::<BTreeSet<_>>().into_iter().collect();
        let excepted: Vec<_> = left.iter().filter_map(except).collect::<BTreeSet<_>>().into_iter().collect();
        for group in groups(&required, &lists, &excepted, self.budget)? {
            let has = |at: usize| group.matched.contains(&at);
            let matched = |place: &usize| {
                scope(place).is_none_or(|list| lists.binary_search(&list).is_ok_and(has))
                    && except(place).is_none_or(|list| {
                        excepted.binary_search(&list).is_ok_and(|at| has(lists.len() + at))
                    })
            };
            let still = left.iter().filter(|place| matched(place)).copied().collect();
            if self.search(depth + 1, still)? {
                self.words.insert(dimension.clone(), group.word);
                return Ok(true);
            }
        }
        self.failed.insert((depth, left));
        Ok(false)
    }
}
