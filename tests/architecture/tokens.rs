//! Reads tokens that are not parsed: the content of a macro or an attribute. A path is whatever looks like one. Parsed
//! code is read in `paths`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Lit;

use crate::paths::{How, Named, segments, text};

/// What looks like a path or a method.
pub(crate) fn paths(tokens: TokenStream) -> Vec<Named> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) => found.extend(paths(group.stream())),
            TokenTree::Ident(name) if follows_dot(&tokens, at) && is_call(&tokens, at + 1) => {
                found.push(Named { path: vec![text(name)], line: line(token), how: How::Method });
            }
            _ if starts_path(&tokens, at) => {
                at = path(&tokens, at, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// `#[serde(with = "a::b")]`: the path in the text of an attribute.
pub(crate) fn quoted(tokens: TokenStream) -> Vec<Named> {
    const KEYS: &str = "with serialize_with deserialize_with schema_with default remote from into try_from";
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(quoted(group.stream())),
            TokenTree::Ident(key)
                if is_punct(&tokens, at + 1, '=') && KEYS.split(' ').any(|one| key == one) =>
            {
                let Some(TokenTree::Literal(value)) = tokens.get(at + 2) else { continue };
                let Lit::Str(value) = Lit::new(value.clone()) else { continue };
                let Ok(path) = value.parse::<syn::Path>() else { continue };
                // Not `How::Path`: a single name may be a child module here.
                found.push(Named { path: segments(&path), line: line(token), how: How::Use });
            }
            _ => {}
        }
    }
    found
}

/// Reads the path that starts here and returns where it ends.
fn path(tokens: &[TokenTree], start: usize, found: &mut Vec<Named>) -> usize {
    let (mut path, mut at) = (Vec::new(), start);
    if is_colons(tokens, at) {
        path.push(String::new());
        at += 2;
    }
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        path.push(text(ident));
        at += 1;
        if !is_colons(tokens, at) {
            break;
        }
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(_)) => at += 2,
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                found.extend(below(&path, group));
                return at + 3;
            }
            _ => break,
        }
    }
    let how = match tokens.get(at + 1) {
        Some(TokenTree::Group(_)) if is_punct(tokens, at, '!') => How::Macro,
        _ if is_colons(tokens, at) && is_punct(tokens, at + 2, '*') => How::Use,
        _ => How::Path,
    };
    found.push(Named { path, line: line(&tokens[start]), how });
    at
}

/// `path::{a, b::c, self, *}`, which in tokens can only be from a `use`.
fn below(path: &[String], group: &Group) -> Vec<Named> {
    let all = group.stream().into_iter().find(|token| token.to_string() == "*");
    let all = all.map(|all| Named { path: path.to_vec(), line: line(&all), how: How::Use });
    let mut found = paths(group.stream());
    for named in &mut found {
        named.path.splice(0..0, path.iter().cloned());
        named.path.pop_if(|last| last == "self");
    }
    found.extend(all);
    found
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

/// `.name`, but not the end of a range, `..name`.
fn follows_dot(tokens: &[TokenTree], at: usize) -> bool {
    at > 0 && is_punct(tokens, at - 1, '.') && !(at > 1 && is_punct(tokens, at - 2, '.'))
}

fn is_call(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

/// Whether a path can start here: no earlier path, field, method or lifetime goes on.
fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize, wanted| at >= back && is_punct(tokens, at - back, wanted);
    // `<T as Trait>::name` goes on with a path; `=> ::std` and `-> ::std` start one.
    let after_type = before(1, '>') && !before(2, '=') && !before(2, '-');
    match &tokens[at] {
        TokenTree::Ident(ident) => {
            let member = before(2, ':') && before(1, ':');
            let metavariable = before(1, '$') && ident != "crate";
            !member && !metavariable && !follows_dot(tokens, at) && !before(1, '\'')
        }
        TokenTree::Punct(_) => {
            is_colons(tokens, at)
                && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))
                && !after_type
                && !(at > 0 && matches!(tokens[at - 1], TokenTree::Ident(_)))
        }
        _ => false,
    }
}
