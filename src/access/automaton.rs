//! The words of one dimension, sorted by which patterns match them: a subset construction over symbols, made as far as
//! it is needed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use super::budget::{Budget, Spent};
use super::pattern::{Pattern, Token};

/// A group of words that the same lists match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The tested lists that match, by their places, and the lists of exceptions that do not, by theirs after them.
    pub(super) matched: BTreeSet<usize>,
    /// The shortest of these words.
    pub(super) word: String,
}

/// The groups of the words that every list of `required` matches. A group is left out if another one is matched by
/// less: whoever looks for a word that little matches has no use for it.
pub(super) fn groups(
    required: &[&[Pattern]],
    tested: &[&[Pattern]],
    except: &[&[Pattern]],
    budget: &mut Budget,
) -> Result<Vec<Group>, Spent> {
    let automaton = Automaton::new(required, tested, except);
    let mut found: Vec<Group> = Vec::new();
    let start =
        automaton.closed((0..automaton.starts.len()).filter_map(|at| automaton.starts.get(at)).copied());
    let mut seen = BTreeSet::from([start.clone()]);
    let mut open = VecDeque::from([(start, String::new())]);
    while let Some((state, word)) = open.pop_front() {
        budget.spend(state.len() + 1)?;
        if let Some(matched) = automaton.accepted(&state) {
            if matched.is_empty() {
                return Ok(vec![Group { matched, word }]);
            }
            if !found.iter().any(|group| group.matched.is_subset(&matched)) {
                found.retain(|group| !matched.is_subset(&group.matched));
                found.push(Group { matched, word: word.clone() });
            }
        }
        for (symbol, next) in automaton.steps(&state, budget)? {
            if automaton.is_alive(&next) && !seen.contains(&next) {
                seen.insert(next.clone());
                open.push_back((next, format!("{word}{symbol}")));
            }
        }
    }
    Ok(found)
}

/// The places in all patterns at once. A state is a set of them.
struct Automaton {
    cells: Vec<Cell>,
    starts: Vec<usize>,
    required: usize,
    /// The lists of exceptions.
    except: Range<usize>,
}

struct Cell {
    /// The list that it is of: the required ones first, then the tested ones.
    list: usize,
    /// What comes next; `None` at the end of a pattern.
    token: Option<Token>,
}

type State = Vec<usize>;

impl Automaton {
    fn new(required: &[&[Pattern]], tested: &[&[Pattern]], except: &[&[Pattern]]) -> Self {
        let start = required.len() + tested.len();
        let except_at = start..start + except.len();
        let (cells, starts) = (Vec::new(), Vec::new());
        let mut automaton = Self { cells, starts, required: required.len(), except: except_at };
        for (list, patterns) in required.iter().chain(tested).chain(except).enumerate() {
            for pattern in *patterns {
                automaton.starts.push(automaton.cells.len());
                let tokens = pattern.tokens().iter().copied().map(Some).chain([None]);
                automaton.cells.extend(tokens.map(|token| Cell { list, token }));
            }
        }
        automaton
    }

    /// These places, and those that are reached from them by a run of no character.
    fn closed(&self, places: impl Iterator<Item = usize>) -> State {
        let mut state = BTreeSet::new();
        for mut place in places {
            while state.insert(place)
                && self.cells.get(place).is_some_and(|cell| matches!(cell.token, Some(Token::Run(_))))
            {
                place += 1;
            }
        }
        state.into_iter().collect()
    }

    /// What a group of words has that ends here; `None` if a required list does not match.
    fn accepted(&self, state: &State) -> Option<BTreeSet<usize>> {
        let ended = state.iter().filter_map(|place| self.cells.get(*place));
        let ended: BTreeSet<_> = ended.filter(|cell| cell.token.is_none()).map(|cell| cell.list).collect();
        let is_in = (0..self.required).all(|list| ended.contains(&list));
        let tested = ended.iter().copied().filter(|list| !self.except.contains(list));
        let unmatched = self.except.clone().filter(|list| !ended.contains(list));
        is_in.then(|| tested.chain(unmatched).filter_map(|list| list.checked_sub(self.required)).collect())
    }

    /// Whether every required list may still match.
    fn is_alive(&self, state: &State) -> bool {
        let lists: BTreeSet<_> =
            state.iter().filter_map(|place| self.cells.get(*place)).map(|cell| cell.list).collect();
        (0..self.required).all(|list| lists.contains(&list))
    }

    /// The next states, each with a character that leads there. All characters that nothing here names lead to one.
    fn steps(&self, state: &State, budget: &mut Budget) -> Result<BTreeMap<char, State>, Spent> {
        let tokens: Vec<_> =
            state.iter().filter_map(|place| Some((*place, self.cells.get(*place)?.token?))).collect();
        let named = |(_, token): &(usize, Token)| match token {
            Token::Is(c) | Token::One(Some(c)) | Token::Run(Some(c)) => Some(*c),
            Token::One(None) | Token::Run(None) => None,
        };
        let named: BTreeSet<char> = tokens.iter().filter_map(named).collect();
        let symbols: Vec<_> = other(&named).into_iter().chain(named).collect();
        budget.spend(symbols.len() * tokens.len())?;
        let step = |symbol: char| {
            let moved = tokens.iter().filter_map(|(place, token)| match token {
                Token::Is(c) => (*c == symbol).then_some(place + 1),
                Token::One(but) => (*but != Some(symbol)).then_some(place + 1),
                Token::Run(but) => (*but != Some(symbol)).then_some(*place),
            });
            (symbol, self.closed(moved))
        };
        Ok(symbols.into_iter().map(step).collect())
    }
}

/// A character that is none of these, one that people can read if there is one.
fn other(named: &BTreeSet<char>) -> Option<char> {
    let readable = "xyzabcdefghijklmnopqrstuvw0123456789".chars();
    // Upper case would be another character where case does not matter.
    readable.chain('\u{a1}'..).find(|c| !named.contains(c))
}
