//! Patterns over the words of a request, as the authors of policies write them.

use std::cmp::Reverse;

/// Which words a part of a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    text: String,
    tokens: Vec<Token>,
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Token {
    /// This character.
    Is(char),
    /// Any one character but this.
    One(Option<char>),
    /// Any characters but this, maybe none.
    Run(Option<char>),
}

impl Token {
    /// Whether whatever the other step stands for is what this one does; a run, as often as it likes.
    fn takes(&self, step: &Self) -> bool {
        match (self, step) {
            (Self::Is(c), step) => *step == Self::Is(*c),
            (Self::One(None), step) => !matches!(step, Self::Run(_)),
            (Self::Run(None), _) => true,
            (Self::One(Some(but)) | Self::Run(Some(but)), Self::Is(c)) => c != but,
            (Self::One(but), step) => *step == Self::One(*but),
            (Self::Run(but), step) => matches!(step, Self::One(of) | Self::Run(of) if of == but),
        }
    }
}

impl Pattern {
    /// Only this word.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), tokens: text.chars().map(Token::Is).collect() }
    }

    /// A pattern in which `*` is any run of characters, maybe none.
    #[must_use]
    pub fn glob(text: &str) -> Self {
        let token = |c| if c == '*' { Token::Run(None) } else { Token::Is(c) };
        Self { text: text.to_owned(), tokens: runs_joined(text.chars().map(token)) }
    }

    /// Like [`glob`](Self::glob), and `?` is any one character.
    #[must_use]
    pub fn glob_with_one(text: &str) -> Self {
        let token = |c| match c {
            '*' => Token::Run(None),
            '?' => Token::One(None),
            c => Token::Is(c),
        };
        Self { text: text.to_owned(), tokens: runs_joined(text.chars().map(token)) }
    }

    /// So many sections, none of them empty, with this character between them and nowhere else.
    #[must_use]
    pub fn sections(number: usize, between: char) -> Self {
        let section = [Token::One(Some(between)), Token::Run(Some(between))];
        let mut tokens = Vec::new();
        for index in 0..number {
            tokens.extend((index > 0).then_some(Token::Is(between)));
            tokens.extend(section);
        }
        Self { text: vec!["*"; number].join(&between.to_string()), tokens }
    }

    /// What its author wrote, and what that means.
    pub(super) fn of(text: &str, tokens: Vec<Token>) -> Self {
        Self { text: text.to_owned(), tokens: runs_joined(tokens.into_iter()) }
    }

    /// What its author wrote, and then anything.
    #[must_use]
    pub fn prefix(text: &str) -> Self {
        Self::of(text, text.chars().map(Token::Is).chain([Token::Run(None)]).collect())
    }

    /// A path of sections between `/`, of which `+` is any one that is not empty. `*` at the end is any run of characters,
    /// and a `/` at the beginning does not count. `None` where a section depends on who asks (`{{`), and for `+*`, which
    /// means nothing.
    #[must_use]
    pub fn path(text: &str) -> Option<Self> {
        if text.contains("{{") || text.contains("+*") {
            return None;
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let (path, is_open) = path.strip_suffix('*').map_or((path, false), |path| (path, true));
        let mut tokens = Vec::new();
        for (index, section) in path.split('/').enumerate() {
            tokens.extend((index > 0).then_some(Token::Is('/')));
            match section {
                "+" => tokens.extend([Token::One(Some('/')), Token::Run(Some('/'))]),
                section => tokens.extend(section.chars().map(Token::Is)),
            }
        }
        tokens.extend(is_open.then_some(Token::Run(None)));
        Some(Self { text: text.to_owned(), tokens })
    }

    /// How specific a path is: the one whose first wildcard comes later is more specific, then the one without `*` at its
    /// end, with fewer sections that are `+`, the longer one, and the one that sorts later. Vault orders them so.
    pub fn specificity(&self) -> impl Ord + use<> {
        let wild = self.tokens.iter().position(|token| !matches!(token, Token::Is(_)));
        let sections = self.tokens.iter().filter(|token| matches!(token, Token::One(_))).count();
        let is_closed = self.tokens.last() != Some(&Token::Run(None));
        let path = self.text.trim_start_matches('/').to_owned();
        (wild.unwrap_or(usize::MAX), is_closed, Reverse(sections), path.chars().count(), path)
    }

    /// Every word.
    #[must_use]
    pub fn any() -> Self {
        Self::glob("*")
    }

    /// The same for words in which upper case has become lower case.
    #[must_use]
    pub fn folded(mut self) -> Self {
        for token in &mut self.tokens {
            if let Token::Is(c) | Token::One(Some(c)) | Token::Run(Some(c)) = token {
                c.make_ascii_lowercase();
            }
        }
        self
    }

    /// As its author wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// What every word that it matches begins with.
    pub(super) fn beginning(&self) -> String {
        let letter = |token: &Token| if let Token::Is(c) = token { Some(*c) } else { None };
        self.tokens.iter().map_while(letter).collect()
    }

    /// Whether it matches every word.
    pub(super) fn is_any(&self) -> bool {
        self.tokens == [Token::Run(None)]
    }

    /// Whether its steps take those of the other one, wildcards for wildcards. Then it matches all that the other does;
    /// if not, it may still do so.
    pub(super) fn plainly_covers(&self, other: &Self) -> bool {
        if self.is_any() || self.tokens == other.tokens {
            return true;
        }
        // Most are, and that takes little to see.
        if self.is_plainly_apart(other) {
            return false;
        }
        let mut ends = vec![false; other.tokens.len() + 1];
        ends.iter_mut().take(1).for_each(|start| *start = true);
        for token in &self.tokens {
            let mut running = false;
            let mut before = false;
            for (end, step) in ends.iter_mut().zip([None].into_iter().chain(other.tokens.iter().map(Some))) {
                let reached = std::mem::replace(&mut before, *end);
                let takes = step.is_some_and(|step| token.takes(step));
                *end = match token {
                    Token::Run(_) => *end || running && takes,
                    Token::Is(_) | Token::One(_) => reached && takes,
                };
                running = *end;
            }
        }
        ends.last().copied().unwrap_or_default()
    }

    /// Whether they differ in a character before any wildcard, or after all of them. Then no word matches both; if not,
    /// there may still be none.
    #[must_use]
    pub fn is_plainly_apart(&self, other: &Self) -> bool {
        let differ = |(one, other): (&Token, &Token)| match (one, other) {
            (Token::Run(_), _) | (_, Token::Run(_)) => Some(false),
            (Token::Is(c), Token::Is(d)) => (c != d).then_some(true),
            (Token::Is(_) | Token::One(_), Token::Is(_) | Token::One(_)) => None,
        };
        let differs = |decided: Option<bool>| decided == Some(true);
        differs(self.tokens.iter().zip(&other.tokens).find_map(differ))
            || differs(self.tokens.iter().rev().zip(other.tokens.iter().rev()).find_map(differ))
    }

    /// A word for people that it matches, unless that must not be such a word.
    #[must_use]
    pub fn example(&self) -> String {
        // The author's spelling, where a letter has two.
        if self.is_literal() { self.text.clone() } else { spelled(&self.text, &self.tokens) }
    }

    /// Whether it matches one word only.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::Is(_)))
    }
}

/// The text with `x` in the place of its wildcards, if there is one step for each character; else the steps themselves, with
/// one `x` for a section.
fn spelled(text: &str, tokens: &[Token]) -> String {
    let shown = |(c, token): (char, &Token)| if matches!(token, Token::Is(_)) { c } else { 'x' };
    let letter = |token: &Token| match token {
        Token::Is(c) => Some(*c),
        Token::One(_) | Token::Run(None) => Some('x'),
        Token::Run(Some(_)) => None,
    };
    if text.chars().count() == tokens.len() {
        text.chars().zip(tokens).map(shown).collect()
    } else {
        tokens.iter().filter_map(letter).collect()
    }
}

/// Two runs side by side are one.
fn runs_joined(tokens: impl Iterator<Item = Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::new();
    for token in tokens {
        if !(token == Token::Run(None) && joined.last() == Some(&token)) {
            joined.push(token);
        }
    }
    joined
}
