//! Regular expressions as patterns, as far as they are unions of texts with wildcards. Most that name things are.

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::hir::translate::Translator;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::pattern::{Pattern, Token};

/// How many patterns one expression may become, and how long each may be.
const MOST: usize = 64;
const LONGEST: usize = 1_000;
/// How deep groups may be nested.
const DEEPEST: u32 = 50;

/// The patterns that together match the words in which an expression is found somewhere, as `^` and `$` allow; `None` if
/// no such patterns do, or too many.
#[must_use]
pub fn patterns(text: &str) -> Option<Vec<Pattern>> {
    let ast = ParserBuilder::new().nest_limit(DEEPEST).build().parse(text).ok()?;
    let hir = Translator::new().translate(text, &ast).ok()?;
    let words = parts(&hir)?.into_iter().map(anywhere).collect::<Option<Vec<_>>>()?;
    let is_one = words.len() == 1;
    let pattern = |tokens: Vec<Token>| {
        let is_literal = tokens.iter().all(|token| matches!(token, Token::Is(_)));
        // The whole expression says more than one of its ways.
        let text = if is_one && !is_literal { text.to_owned() } else { shown(&tokens) };
        Pattern::of(&text, tokens)
    };
    Some(words.into_iter().map(pattern).collect())
}

/// The steps as a glob.
fn shown(tokens: &[Token]) -> String {
    let shown = |token: &Token| match token {
        Token::Is(c) => *c,
        Token::One(_) => '?',
        Token::Run(_) => '*',
    };
    tokens.iter().map(shown).collect()
}

/// One step of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    End,
    Token(Token),
}

/// The steps as those of a whole word: what is not at its start or end may stand anywhere.
fn anywhere(steps: Vec<Step>) -> Option<Vec<Token>> {
    let any = Step::Token(Token::Run(None));
    let starts = steps.iter().take_while(|step| **step == Step::Start).count();
    let ends = steps.iter().rev().take_while(|step| **step == Step::End).count();
    let inner = steps.get(starts..steps.len().checked_sub(ends)?)?;
    let before = (starts == 0).then_some(any);
    let after = (ends == 0).then_some(any);
    let all = before.into_iter().chain(inner.iter().copied()).chain(after);
    all.map(|step| if let Step::Token(token) = step { Some(token) } else { None }).collect()
}

/// The ways to match an expression.
fn parts(hir: &Hir) -> Option<Vec<Vec<Step>>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![text.chars().map(|c| Step::Token(Token::Is(c))).collect()])
        }
        HirKind::Look(Look::Start) => Some(vec![vec![Step::Start]]),
        HirKind::Look(Look::End) => Some(vec![vec![Step::End]]),
        HirKind::Look(_) => None,
        HirKind::Class(class) => class_parts(class),
        HirKind::Capture(capture) => parts(&capture.sub),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Concat(all) => {
            all.iter().try_fold(vec![Vec::new()], |ways, next| joined(&ways, &parts(next)?))
        }
        HirKind::Alternation(all) => {
            let ways: Vec<_> = all.iter().map(parts).collect::<Option<Vec<_>>>()?.concat();
            (ways.len() <= MOST).then_some(ways)
        }
    }
}

/// Each way with each of those that come next.
fn joined(ways: &[Vec<Step>], next: &[Vec<Step>]) -> Option<Vec<Vec<Step>>> {
    if ways.len() * next.len() > MOST {
        return None;
    }
    let all = ways.iter().flat_map(|way| next.iter().map(move |next| [way.as_slice(), next].concat()));
    let all: Vec<_> = all.collect();
    all.iter().all(|way| way.len() <= LONGEST).then_some(all)
}

/// A class of few characters, or of all but one.
fn class_parts(class: &Class) -> Option<Vec<Vec<Step>>> {
    if let Some(but) = all_but(class) {
        return Some(vec![vec![Step::Token(Token::One(but))]]);
    }
    let Class::Unicode(class) = class else { return None };
    let chars = class.iter().flat_map(|range| range.start()..=range.end());
    let chars: Vec<_> = chars.take(MOST + 1).map(|c| vec![Step::Token(Token::Is(c))]).collect();
    (chars.len() <= MOST).then_some(chars)
}

/// The one character that is not in a class, if it is at most one.
fn all_but(class: &Class) -> Option<Option<char>> {
    let Class::Unicode(class) = class else { return None };
    let mut others = class.clone();
    others.negate();
    match others.ranges() {
        [] => Some(None),
        [one] if one.start() == one.end() => Some(Some(one.start())),
        _ => None,
    }
}

fn repeated(Repetition { min, max, greedy: _, sub }: &Repetition) -> Option<Vec<Vec<Step>>> {
    let least = usize::try_from(*min).ok().filter(|least| *least <= LONGEST)?;
    let once = parts(sub)?;
    let mut ways = vec![Vec::new()];
    for _ in 0..least {
        ways = joined(&ways, &once)?;
    }
    let Some(max) = max else {
        let HirKind::Class(class) = sub.kind() else { return None };
        return joined(&ways, &[vec![Step::Token(Token::Run(all_but(class)?))]]);
    };
    let mut all = ways.clone();
    for _ in least..usize::try_from(*max).ok()? {
        ways = joined(&ways, &once)?;
        all.extend(ways.iter().cloned());
        if all.len() > MOST {
            return None;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    use super::*;
    use crate::access::evaluate::matches;

    /// Whether it becomes patterns, and which words of these they match.
    fn matched<'w>(text: &str, words: &[&'w str]) -> Option<Vec<&'w str>> {
        let patterns = patterns(text)?;
        let is_matched = |word: &&&str| patterns.iter().any(|pattern| matches(pattern, word));
        Some(words.iter().filter(is_matched).copied().collect())
    }

    #[test]
    fn an_expression_is_found_anywhere_unless_it_says_otherwise() {
        let words = ["", "a", "ab", "xaby", "ab.c", "abzc"];
        assert_eq!(matched("", &words), Some(words.to_vec()));
        assert_eq!(matched("^$", &words), Some(vec![""]));
        assert_eq!(matched("ab", &words), Some(vec!["ab", "xaby", "ab.c", "abzc"]));
        assert_eq!(matched(r"^ab\.", &words), Some(vec!["ab.c"]));
        assert_eq!(matched("^(a|x.*y)$", &words), Some(vec!["a", "xaby"]));
        assert_eq!(matched("^ab[.z]?", &words), Some(vec!["ab", "ab.c", "abzc"]));
        assert_eq!(matched("^[^z]+$", &words), Some(vec!["a", "ab", "xaby", "ab.c"]));
    }

    #[test]
    fn what_needs_memory_or_too_much_room_is_no_pattern() {
        for text in
            ["(ab)*", "[a-z]+", r"\bword\b", "a^b", "(a|b|c){9}", "a{2000}", "(", "a{1,100000}", r"(?=a)b"]
        {
            assert_eq!(patterns(text), None, "{text}");
        }
        assert_eq!(patterns(&format!("{}{}", "(".repeat(10_000), ")".repeat(10_000))), None);
    }

    proptest! {
        #[test]
        fn patterns_match_what_the_expression_does(
            text in r"\^?([ab.]|\[ab\]|\[\^a\]|\.\*|\.\+|a\?|\(a\|b\)|\(ab\|\)|a\{1,2\}){0,4}\$?",
            word in r"[abc\n]{0,5}",
        ) {
            let regex = Regex::new(&text).unwrap_or_else(|error| panic!("{error}"));
            let Some(patterns) = patterns(&text) else { return Ok(()) };
            let is_matched = patterns.iter().any(|pattern| matches(pattern, &word));
            prop_assert_eq!(is_matched, regex.is_match(&word), "{} {:?}", text, word);
        }
    }
}
