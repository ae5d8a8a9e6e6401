//! Finds places in code by their content: the name of a function, and a piece of its body. The file of the function and
//! the wrapping of its lines make no difference, so code can be moved and every place is still found.
//!
//! Only production code counts: the modules that `lib.rs` leads to, without what is only built for tests.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use proc_macro2::{LexError, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Ident, ItemImpl, Token, Type};

/// Texts by their names below `src`, with `/` between folders.
type Files = BTreeMap<String, String>;

/// How many other places are suggested for a piece that is not where it should be.
const SHOWN: usize = 5;

/// The production code of a crate.
pub(super) struct Code {
    files: Files,
    items: Vec<Item>,
}

/// Something with a name and a body: a function, a constant or a static.
struct Item {
    /// Its name, after the names of everything that it is in: modules, a type, a trait, functions.
    path: Vec<String>,
    file: String,
    /// What is between its braces, or after its `=`.
    body: Range<usize>,
}

/// A piece of the body of an item.
pub(super) struct Place<'a> {
    /// Below `src`.
    pub(super) file: &'a str,
    /// The whole file.
    pub(super) text: &'a str,
    at: Range<usize>,
}

impl Place<'_> {
    /// The file with something else at this place, and every other byte unchanged.
    pub(super) fn with(&self, new: &str) -> String {
        [&self.text[..self.at.start], new, &self.text[self.at.end..]].concat()
    }
}

impl Code {
    /// Reads a folder that holds a `lib.rs`.
    pub(super) fn read(src: &Path) -> Self {
        let mut files = Files::new();
        read(src, "", &mut files);
        Self::of(files)
    }

    fn of(files: Files) -> Self {
        let mut walk = Walk { files: &files, file: String::new(), path: Vec::new(), items: Vec::new() };
        walk.file("lib.rs".to_owned());
        let items = walk.items;
        Self { files, items }
    }

    /// The one place of a piece of code in an item of this name, or in words why there is not exactly one.
    ///
    /// The name may be short: `send`, or with any of what it is in, as in `HttpWriter::send`, `Writer::send` or
    /// `http::send`. If several items have it, the one that holds the piece is meant.
    pub(super) fn place(&self, name: &str, piece: &str) -> Result<Place<'_>, String> {
        let tokens = tokens(piece).map_err(|_| format!("`{piece}` is no code: do its brackets match?"))?;
        if tokens.is_empty() {
            return Err(format!("it does not say which code of `{name}` it changes"));
        }
        let named: Vec<_> = self.items.iter().filter(|item| item.is_called(name)).collect();
        let mut places: Vec<_> = named.iter().flat_map(|item| self.places(item, &tokens)).collect();
        match places.pop() {
            Some(place) if places.is_empty() => Ok(place),
            _ => Err(self.why_not_one(name, &named, piece, &tokens)),
        }
    }

    fn places(&self, item: &Item, piece: &[Token<'_>]) -> Vec<Place<'_>> {
        let (file, text) = self.files.get_key_value(&item.file).unwrap();
        let body = tokens(&text[item.body.clone()]).unwrap();
        let is_it = |here: &&[Token<'_>]| here.iter().zip(piece).all(|(a, b)| a.text == b.text);
        let place = |here: &[Token<'_>]| {
            let (first, last) = (&here[0].at, &here[here.len() - 1].at);
            Place { file, text, at: item.body.start + first.start..item.body.start + last.end }
        };
        body.windows(piece.len()).filter(is_it).map(place).collect()
    }

    fn why_not_one(&self, name: &str, named: &[&Item], piece: &str, tokens: &[Token<'_>]) -> String {
        let times = |item: &Item| self.places(item, tokens).len();
        let holders: Vec<_> = named.iter().filter(|item| times(item) > 0).collect();
        let elsewhere: Vec<_> = self.items.iter().filter(|item| times(item) > 0).collect();
        let help = match (holders.as_slice(), elsewhere.as_slice(), named) {
            ([_], ..) => "take more of the code around it into `old`".to_owned(),
            ([_, ..], ..) => "put the type, the trait or the module before the name".to_owned(),
            ([], [_, ..], _) => {
                let places: Vec<_> = elsewhere.iter().take(SHOWN).map(|item| self.shown(item)).collect();
                format!("name the function that it is in by now, if that is one of {}", places.join(", "))
            }
            ([], [], []) => "name the function that does this by now, and the code there".to_owned(),
            ([], [], _) => "take `old` anew from the function, whose code is another one by now".to_owned(),
        };
        let all: usize = named.iter().map(|item| times(item)).sum();
        let mut words = format!(
            "has to stand once in what is called `{name}`, and stands there {all} times:\n    {piece}\n  \
             {} of this name",
            named.len()
        );
        for item in named {
            words += &format!("\n    {} in {}", times(item), self.shown(item));
        }
        format!("{words}\n  {help}")
    }

    /// Its name and where it is, for people.
    fn shown(&self, item: &Item) -> String {
        let line = self.files[&item.file][..item.body.start].matches('\n').count() + 1;
        format!("`{}` (src/{}:{line})", item.path.join("::"), item.file)
    }
}

impl Item {
    fn is_called(&self, name: &str) -> bool {
        let mut path = self.path.iter().rev();
        let mut words = name.rsplit("::");
        path.next().map(String::as_str) == words.next() && words.all(|word| path.any(|outer| outer == word))
    }
}

fn read(folder: &Path, below: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), format!("{below}{}", entry.file_name().to_str().unwrap()));
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The smallest part of code. White space and comments are in none.
struct Token<'a> {
    text: &'a str,
    at: Range<usize>,
}

fn tokens(code: &str) -> Result<Vec<Token<'_>>, LexError> {
    let mut flat = Vec::new();
    flatten(code, code.parse()?, &mut flat);
    Ok(flat)
}

fn flatten<'a>(code: &'a str, stream: TokenStream, flat: &mut Vec<Token<'a>>) {
    let token = |span: Span| Token { text: &code[span.byte_range()], at: span.byte_range() };
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                flat.push(token(group.span_open()));
                flatten(code, group.stream(), flat);
                // It comes and goes with the line breaks.
                flat.pop_if(|last| last.text == ",");
                flat.push(token(group.span_close()));
            }
            leaf => flat.push(token(leaf.span())),
        }
    }
}

/// Collects the items of a module, and of those that it leads to.
struct Walk<'a> {
    files: &'a Files,
    /// Where it is.
    file: String,
    /// What it is in.
    path: Vec<String>,
    items: Vec<Item>,
}

impl Walk<'_> {
    fn file(&mut self, name: String) {
        let text = self.files.get(&name).unwrap_or_else(|| panic!("there is no src/{name}"));
        let tree = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{name}: {error}"));
        let outer = std::mem::replace(&mut self.file, name);
        self.visit_file(&tree);
        self.file = outer;
    }

    /// The file of the module that it is in.
    fn file_of_module(&self) -> String {
        let own = format!("{}/mod.rs", self.path.join("/"));
        if self.files.contains_key(&own) { own } else { format!("{}.rs", self.path.join("/")) }
    }

    /// Goes into what has a name, unless it is for tests.
    fn enter(
        &mut self,
        attributes: &[Attribute],
        names: impl IntoIterator<Item = String>,
        body: Option<Range<usize>>,
        go: impl FnOnce(&mut Self),
    ) {
        if attributes.iter().any(is_for_tests) {
            return;
        }
        let depth = self.path.len();
        self.path.extend(names);
        let item = |body| Item { path: self.path.clone(), file: self.file.clone(), body };
        self.items.extend(body.map(item));
        go(self);
        self.path.truncate(depth);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<Ident>().is_ok_and(|flag| flag == "test")
}

fn inside(block: &Block) -> Range<usize> {
    let braces = block.brace_token.span;
    braces.open().byte_range().end..braces.close().byte_range().start
}

fn between(equals: &Token![=], end: &Token![;]) -> Range<usize> {
    equals.spans[0].byte_range().end..end.spans[0].byte_range().start
}

/// The type, and the trait if there is one.
fn names_of(item: &ItemImpl) -> impl Iterator<Item = String> {
    let of = match &*item.self_ty {
        Type::Path(of) => Some(&of.path),
        _ => None,
    };
    let by = item.trait_.as_ref().map(|(by, _)| by);
    of.into_iter().chain(by).filter_map(|path| Some(path.segments.last()?.ident.to_string()))
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.enter(&item.attrs, [item.ident.to_string()], None, |walk| match &item.content {
            Some(_) => visit::visit_item_mod(walk, item),
            None => walk.file(walk.file_of_module()),
        });
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.enter(&item.attrs, names_of(item), None, |walk| visit::visit_item_impl(walk, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let name = item.ident.to_string();
        self.enter(&item.attrs, [name], None, |walk| visit::visit_item_trait(walk, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let (name, body) = (item.sig.ident.to_string(), inside(&item.block));
        self.enter(&item.attrs, [name], Some(body), |walk| visit::visit_item_fn(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let (name, body) = (item.sig.ident.to_string(), inside(&item.block));
        self.enter(&item.attrs, [name], Some(body), |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let (name, body) = (item.sig.ident.to_string(), item.default.as_ref().map(inside));
        self.enter(&item.attrs, [name], body, |walk| visit::visit_trait_item_fn(walk, item));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let (name, body) = (item.ident.to_string(), between(&item.eq_token, &item.semi_token));
        self.enter(&item.attrs, [name], Some(body), |walk| visit::visit_item_const(walk, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        let (name, body) = (item.ident.to_string(), between(&item.eq_token, &item.semi_token));
        self.enter(&item.attrs, [name], Some(body), |walk| visit::visit_impl_item_const(walk, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let (name, body) = (item.ident.to_string(), between(&item.eq_token, &item.semi_token));
        self.enter(&item.attrs, [name], Some(body), |walk| visit::visit_item_static(walk, item));
    }
}

#[cfg(test)]
mod tests;
