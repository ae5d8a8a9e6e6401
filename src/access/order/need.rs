//! Which writes have to come before others, and what is wrong in between if they do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::allowed::NoAnswer;
use crate::access::budget::Spent;
use crate::access::near::Near;
use crate::access::order::search::{Example, Search};
use crate::access::order::stay::{Part, State, Stay, stays};

/// That one write has to come before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// What has to come first.
    pub first: usize,
    /// What has to come after it.
    pub then: usize,
    /// What is wrong in between if it does not.
    pub otherwise: Wrong,
    /// Because of which rules, by their places among the stays.
    rules: [usize; 2],
}

/// What can be wrong at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// Something is allowed that is allowed neither before nor after.
    Opens,
    /// Something is refused that is allowed before and after.
    Refuses,
}

/// A moment at which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What is wrong.
    pub wrong: Wrong,
    /// How many writes are done.
    pub written: usize,
    /// The write that ends it, at the latest.
    pub until: usize,
    /// A request of which it is so.
    pub example: Example,
}

/// The rules of a target from before the first write until after the last one, in one way to read them.
pub struct Writes<S: Search> {
    search: S,
    stays: Vec<Stay<S::Rule>>,
    /// Whether all objects decide on a request together. If not, any few of them may.
    together: bool,
    /// The allows that each deny may be about, as far as somebody looked.
    about: BTreeMap<usize, BTreeSet<usize>>,
    near: Near,
}

fn near<S: Search>(search: &S, stays: &[Stay<S::Rule>]) -> Near {
    Near::new(&stays.iter().map(|stay| search.beginnings(&stay.rule)).collect::<Vec<_>>())
}

/// A write that begins or ends a stay.
type Event<R> = fn(&Stay<R>) -> Option<usize>;

impl<S: Search> Writes<S> {
    /// By what the writes change, for each object in the order of the writes.
    pub fn new(mut search: S, parts: Vec<Part<S::Rule>>, together: bool) -> Result<Self, NoAnswer> {
        let mut all = Vec::new();
        let mut objects: BTreeMap<usize, Vec<Part<S::Rule>>> = BTreeMap::new();
        for part in parts {
            objects.entry(part.object).or_default().push(part);
        }
        for parts in objects.values() {
            all.append(&mut stays(&mut search, parts)?);
        }
        let near = near(&search, &all);
        Ok(Self { search, stays: all, together, about: BTreeMap::new(), near })
    }

    /// Adds the rules of objects that no write changes, each with a number that no object has that one does.
    pub fn add(&mut self, others: Vec<(usize, S::Rule)>) {
        self.search.learn(others.iter().map(|(_, rule)| rule));
        let other =
            |(object, rule)| Stay { object, denies: S::denies(&rule), rule, since: None, until: None };
        self.stays.extend(others.into_iter().map(other));
        self.near = near(&self.search, &self.stays);
    }

    /// What writes may need of others, by their own rules alone: those of two of them meet. If that is nothing, all other
    /// objects do not matter.
    pub fn possible(&mut self) -> Result<Vec<Need>, NoAnswer> {
        let (comes, goes): (Event<S::Rule>, Event<S::Rule>) = (|stay| stay.since, |stay| stay.until);
        let (deny, allow) = (true, false);
        let rows = [
            ((deny, comes), (allow, comes), Wrong::Opens),
            ((allow, goes), (deny, goes), Wrong::Opens),
            ((deny, comes), (deny, goes), Wrong::Opens),
            ((allow, comes), (allow, goes), Wrong::Refuses),
        ];
        let mut needs = Vec::new();
        for (first, then, otherwise) in rows {
            let [firsts, thens] = [first, then].map(|(denies, event)| self.events(denies, event));
            let thens: BTreeMap<_, _> = thens.into_iter().collect();
            // Thousands of writes may all say what is alike.
            let near = self.near.only(|stay| thens.contains_key(&stay));
            for (one, first) in firsts {
                for other in self.near_in(&near, one) {
                    let Some(then) = thens.get(&other).copied().filter(|then| *then != first) else {
                        continue;
                    };
                    if self.may_meet(one, other)? {
                        needs.push(Need { first, then, otherwise, rules: [one, other] });
                    }
                }
            }
        }
        // What only comes to go again should not have come.
        for (denies, otherwise) in [(allow, Wrong::Opens), (deny, Wrong::Refuses)] {
            for (one, then) in self.events(denies, comes) {
                if let Some(first) = self.stays.get(one).and_then(|stay| stay.until) {
                    needs.push(Need { first, then, otherwise, rules: [one, one] });
                }
            }
        }
        Ok(needs)
    }

    /// Which of these writes have to come before others. In an order that keeps to all of them, nothing is ever wrong.
    pub fn needs(&mut self, possible: Vec<Need>) -> Result<Vec<Need>, NoAnswer> {
        let mut needs = Vec::new();
        for need in possible {
            needs.extend(self.example(&need, None)?.map(|_| need));
        }
        Ok(needs)
    }

    /// The first moment at which something is wrong because these places of the writes do not keep to a need.
    pub fn moment(&mut self, need: &Need, places: &[usize]) -> Result<Option<Moment>, NoAnswer> {
        let place = |write: usize| places.get(write).copied().unwrap_or_default();
        for written in place(need.then) + 1..=place(need.first) {
            if let Some(example) = self.example(need, Some(State { written, places }))? {
                return Ok(Some(Moment { wrong: need.otherwise, written, until: need.first, example }));
            }
        }
        Ok(None)
    }

    /// The stays of which a write is the start or the end, with that write.
    fn events(&self, denies: bool, event: Event<S::Rule>) -> Vec<(usize, usize)> {
        let stays = self.stays.iter().enumerate().filter(|(_, stay)| stay.denies == denies);
        stays.filter_map(|(at, stay)| Some((at, event(stay)?))).collect()
    }

    /// The stays of which the rules may meet that of this one.
    fn near(&self, stay: usize) -> BTreeSet<usize> {
        self.near_in(&self.near, stay)
    }

    fn near_in(&self, near: &Near, stay: usize) -> BTreeSet<usize> {
        let rule = self.stays.get(stay).map(|stay| self.search.beginnings(&stay.rule));
        rule.map(|rule| near.of(&rule)).unwrap_or_default()
    }

    fn may_meet(&mut self, one: usize, other: usize) -> Result<bool, Spent> {
        match (self.stays.get(one), self.stays.get(other)) {
            (Some(one), Some(other)) => self.search.may_meet(&one.rule, &other.rule),
            _ => Ok(false),
        }
    }

    /// A request that shows what is wrong in a state if a need is not kept to; without a state, one that may show it in some.
    fn example(&mut self, need: &Need, state: Option<State<'_>>) -> Result<Option<Example>, Spent> {
        let rules: Vec<_> = BTreeSet::from(need.rules).into_iter().collect();
        if self.stays(&rules).any(|stay| !stay.denies) {
            return self.wrong(need.otherwise, &rules, state);
        }
        // Denies are about what something else allows.
        for allow in self.about_all(&rules)? {
            let seeds = [rules.as_slice(), &[allow]].concat();
            if let Some(example) = self.wrong(need.otherwise, &seeds, state)? {
                return Ok(Some(example));
            }
        }
        Ok(None)
    }

    /// The allows that all of these denies may be about.
    fn about_all(&mut self, denies: &[usize]) -> Result<BTreeSet<usize>, Spent> {
        let mut all: Option<BTreeSet<usize>> = None;
        for deny in denies {
            if !self.about.contains_key(deny) {
                let mut about = BTreeSet::new();
                for allow in self.near(*deny) {
                    let is_allow = self.stays.get(allow).is_some_and(|stay| !stay.denies);
                    if is_allow && self.may_meet(allow, *deny)? {
                        about.insert(allow);
                    }
                }
                self.about.insert(*deny, about);
            }
            let about = self.about.get(deny).into_iter().flatten().copied();
            all = Some(match all {
                None => about.collect(),
                Some(all) => about.filter(|allow| all.contains(allow)).collect(),
            });
        }
        Ok(all.unwrap_or_default())
    }

    fn wrong(
        &mut self,
        wrong: Wrong,
        seeds: &[usize],
        state: Option<State<'_>>,
    ) -> Result<Option<Example>, Spent> {
        match wrong {
            Wrong::Opens => self.opens(seeds, state),
            Wrong::Refuses => self.refuses(seeds, state),
        }
    }

    /// A request that something allows in the state, and that is allowed neither before nor after.
    fn opens(&mut self, seeds: &[usize], state: Option<State<'_>>) -> Result<Option<Example>, Spent> {
        let is_open = |stay: &&Stay<S::Rule>| !stay.denies && state.is_none_or(|state| stay.is_at(state));
        if !self.stays(seeds).any(|stay| is_open(&stay)) {
            return Ok(None);
        }
        for (before, unless_before) in self.denials(seeds, state, Stay::is_only_before) {
            for (after, unless_after) in self.denials(seeds, state, Stay::is_only_after) {
                let seeds: Vec<_> = seeds.iter().copied().chain(before).chain(after).collect();
                let covers = |stay: &Stay<S::Rule>| match stay.denies {
                    true => stay.is_sure(state),
                    false => unless_before && stay.is_before() || unless_after && stay.is_after(),
                };
                if let Some(example) = self.find(&seeds, covers)? {
                    return Ok(Some(example));
                }
            }
        }
        Ok(None)
    }

    /// The ways in which a side allows nothing of what the seeds are about: by a deny of its own, or else unless it has an
    /// allow. `is` is whether a stay is one of that side alone.
    fn denials(
        &self,
        seeds: &[usize],
        state: Option<State<'_>>,
        is: fn(&Stay<S::Rule>) -> bool,
    ) -> Vec<(Option<usize>, bool)> {
        if self.stays(seeds).any(|stay| stay.denies && is(stay)) {
            return vec![(None, false)];
        }
        let own = |at: &usize| self.stays.get(*at).is_some_and(|stay| stay.denies && is(stay));
        match state {
            Some(_) => {
                let near = seeds.first().map(|seed| self.near(*seed)).unwrap_or_default();
                let own = near.into_iter().filter(own).map(|at| (Some(at), false));
                std::iter::once((None, true)).chain(own).collect()
            }
            None => vec![(None, !(0..self.stays.len()).any(|at| own(&at)))],
        }
    }

    /// A request that is allowed before and after, and that in the state nothing allows, or something denies.
    fn refuses(&mut self, seeds: &[usize], state: Option<State<'_>>) -> Result<Option<Example>, Spent> {
        let allows = || self.stays(seeds).filter(|stay| !stay.denies);
        if !allows().any(Stay::is_before) || !allows().any(Stay::is_after) {
            return Ok(None);
        }
        let is_denied = self.stays(seeds).any(|stay| stay.denies && stay.is_sure(state));
        let covers = |stay: &Stay<S::Rule>| match stay.denies {
            true => stay.is_before() || stay.is_after(),
            false => !is_denied && stay.is_sure(state),
        };
        self.find(seeds, covers)
    }

    /// A request to which all seeds apply, and of the others none that covers. Objects that do not decide together decide
    /// on it in any company, so also alone.
    fn find(
        &mut self,
        seeds: &[usize],
        covers: impl Fn(&Stay<S::Rule>) -> bool,
    ) -> Result<Option<Example>, Spent> {
        let objects: BTreeSet<_> = self.stays(seeds).map(|stay| stay.object).collect();
        let near: Vec<_> = seeds.first().into_iter().flat_map(|seed| self.near(*seed)).collect();
        let near = near.iter().filter_map(|stay| self.stays.get(*stay));
        let of_these = near.filter(|stay| self.together || objects.contains(&stay.object));
        let covers: Vec<_> = of_these.filter(|stay| covers(stay)).map(|stay| &stay.rule).collect();
        let seeds: Vec<_> = seeds.iter().filter_map(|seed| Some(&self.stays.get(*seed)?.rule)).collect();
        self.search.find(&seeds, &covers)
    }

    fn stays(&self, places: &[usize]) -> impl Iterator<Item = &Stay<S::Rule>> {
        places.iter().filter_map(|place| self.stays.get(*place))
    }
}
