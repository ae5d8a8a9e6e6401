//! An index of rules by how their patterns begin.

use std::collections::{BTreeMap, HashMap};

use super::pattern::Pattern;
use super::rule::{Dimension, Rule};

/// How many characters of a beginning count.
const LONGEST: usize = 64;

/// Rules by the beginnings of their patterns, to find those that may [plainly cover](super::question::plainly_covers)
/// another one without a look at all of them.
#[derive(Debug, Default)]
pub struct Covers<'r> {
    /// Numbers of rules, by the dimension in which their patterns begin with the most characters.
    by_beginning: BTreeMap<&'r Dimension, HashMap<String, Vec<usize>>>,
    /// Those with a pattern that begins with a wildcard in each dimension, or without any.
    others: Vec<usize>,
}

impl<'r> Covers<'r> {
    /// The index of these rules, which are numbered in their order.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = &'r Rule>) -> Self {
        let mut index = Self::default();
        for (number, rule) in rules.into_iter().enumerate() {
            let beginnings = rule
                .scopes
                .iter()
                .map(|(dimension, patterns)| (dimension, patterns.iter().map(beginning).collect::<Vec<_>>()));
            let shortest = |(_, of): &(_, Vec<String>)| of.iter().map(String::len).min().unwrap_or(0);
            match beginnings.max_by_key(shortest).filter(|of| shortest(of) > 0) {
                None => index.others.push(number),
                Some((dimension, beginnings)) => {
                    let of_dimension = index.by_beginning.entry(dimension).or_default();
                    for beginning in beginnings {
                        of_dimension.entry(beginning).or_default().push(number);
                    }
                }
            }
        }
        index
    }

    /// The numbers of all rules that may plainly cover one, in order. None covers one that applies to nothing.
    #[must_use]
    pub fn candidates(&self, rule: &Rule) -> Vec<usize> {
        let mut found = self.others.clone();
        for (dimension, patterns) in &rule.scopes {
            let Some(first) = patterns.first() else { return Vec::new() };
            let Some(of_dimension) = self.by_beginning.get(dimension) else { continue };
            let beginning = beginning(first);
            let ends = beginning.char_indices().map(|(at, letter)| at + letter.len_utf8());
            found.extend(ends.filter_map(|end| of_dimension.get(beginning.get(..end)?)).flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn beginning(pattern: &Pattern) -> String {
    pattern.beginning().chars().take(LONGEST).collect()
}
