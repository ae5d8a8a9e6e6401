//! Reads one file: the names it binds, the modules in it, and every path it names outside test code.
//!
//! Where a path leads is found in `tree`; what macros hold is read in `tokens`.

use std::collections::BTreeSet;

use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Meta, Stmt, Token, TraitItem, UseTree};

use crate::tokens;

/// A module as it is written.
#[derive(Default)]
pub(crate) struct Source {
    /// `#![cfg(test)]` at its top.
    pub(crate) test: bool,
    /// Items defined here, except modules.
    pub(crate) items: BTreeSet<String>,
    pub(crate) macros: BTreeSet<String>,
    /// Macros that `#[macro_export]` puts at the root of the crate.
    pub(crate) exported: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) children: Vec<Child>,
    pub(crate) named: Vec<Named>,
}

/// What one leaf of a `use` binds.
pub(crate) struct Import {
    /// No name: everything below the path (`::*`).
    pub(crate) name: Option<String>,
    pub(crate) path: Vec<String>,
}

pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) test: bool,
    /// `#[path]` says where it lives.
    pub(crate) elsewhere: bool,
    /// No body: it has a file of its own.
    pub(crate) body: Option<Source>,
}

/// A path that production code names. The first segment is empty if the path starts with `::`.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) how: How,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Use,
    Path,
    Macro,
    /// The name of a method. Its type is unknown here.
    Method,
}

pub(crate) fn read(text: &str) -> syn::Result<Source> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader(Source { test: is_test(&file.attrs), ..Source::default() });
    reader.visit_file(&file);
    Ok(reader.0)
}

struct Reader(Source);

impl Reader {
    fn name(&mut self, path: Vec<String>, line: usize, how: How) {
        if !path.is_empty() {
            self.0.named.push(Named { path, line, how });
        }
    }

    fn tree(&mut self, mut path: Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(to) => {
                path.push(text(&to.ident));
                self.tree(path, &to.tree);
            }
            UseTree::Name(to) => {
                let path = joined(path, &to.ident);
                let name = path.last().cloned();
                self.bind(name, path, to.ident.span().start().line);
            }
            UseTree::Rename(to) => {
                let path = joined(path, &to.ident);
                self.bind(Some(text(&to.rename)), path, to.ident.span().start().line);
            }
            UseTree::Glob(to) => self.bind(None, path, to.span().start().line),
            UseTree::Group(to) => to.items.iter().for_each(|tree| self.tree(path.clone(), tree)),
        }
    }

    fn bind(&mut self, name: Option<String>, path: Vec<String>, line: usize) {
        self.name(path.clone(), line, How::Use);
        self.0.imports.push(Import { name, path });
    }

    fn module(&mut self, module: &syn::ItemMod, test: bool) {
        let body = module.content.as_ref().map(|(_, items)| {
            let mut reader = Reader(Source::default());
            if !test {
                items.iter().for_each(|item| reader.visit_item(item));
            }
            reader.0
        });
        let elsewhere = module.attrs.iter().any(|attribute| attribute.path().is_ident("path"));
        let line = module.ident.span().start().line;
        self.0.children.push(Child { name: text(&module.ident), line, test, elsewhere, body });
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = parts(item);
        let test = is_test(attributes);
        if let Item::Mod(module) = item {
            attributes.iter().for_each(|attribute| self.visit_attribute(attribute));
            self.module(module, test);
        } else if !test {
            if let Item::Macro(_) = item {
                let exported = attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"));
                let names = if exported { &mut self.0.exported } else { &mut self.0.macros };
                names.extend(name.map(text));
            } else {
                self.0.items.extend(name.map(text));
            }
            visit::visit_item(self, item);
        }
        if let Item::Verbatim(tokens) = item {
            self.0.named.extend(tokens::paths(tokens.clone()));
        }
    }

    /// Syntax that syn does not know yet arrives as tokens.
    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Verbatim(tokens) => self.0.named.extend(tokens::paths(tokens.clone())),
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let start = item.leading_colon.as_ref().map(|_| String::new());
        self.tree(start.into_iter().collect(), &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        let path =
            if item.ident == "self" { vec!["crate".into()] } else { vec![String::new(), text(&item.ident)] };
        self.bind(Some(text(name)), path, item.ident.span().start().line);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(segments(path), path.span().start().line, How::Path);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.name(segments(&call.path), call.path.span().start().line, How::Macro);
        self.0.named.extend(tokens::paths(call.tokens.clone()));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.name(vec![text(&call.method)], call.method.span().start().line, How::Method);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let path = attribute.path();
        // What only tests compile, and the text of comments and reasons, uses nothing.
        if ["doc", "cfg", "allow", "expect"].iter().any(|name| path.is_ident(name)) || is_for_tests(attribute)
        {
            return;
        }
        self.visit_path(path);
        match &attribute.meta {
            Meta::List(list) => {
                self.0.named.extend(tokens::paths(list.tokens.clone()));
                self.0.named.extend(tokens::quoted(list.tokens.clone()));
            }
            Meta::NameValue(pair) => self.visit_expr(&pair.value),
            Meta::Path(_) => {}
        }
    }

    /// `pub(in crate::a)` says who may use this; it uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_test(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs,
            Stmt::Macro(call) => &call.attrs,
            Stmt::Expr(Expr::Block(block), _) => &block.attrs,
            Stmt::Expr(Expr::Call(call), _) => &call.attrs,
            Stmt::Expr(Expr::MethodCall(call), _) => &call.attrs,
            _ => &Vec::new(),
        };
        if !is_test(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !is_test(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_test(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_test(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }
}

/// The name that an item binds, if `use` or `mod` do not say it, and its attributes.
fn parts(item: &Item) -> (Option<&syn::Ident>, &[Attribute]) {
    match item {
        Item::Const(item) => (Some(&item.ident), &item.attrs),
        Item::Enum(item) => (Some(&item.ident), &item.attrs),
        Item::ExternCrate(item) => (None, &item.attrs),
        Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
        Item::ForeignMod(item) => (None, &item.attrs),
        Item::Impl(item) => (None, &item.attrs),
        Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
        Item::Mod(item) => (None, &item.attrs),
        Item::Static(item) => (Some(&item.ident), &item.attrs),
        Item::Struct(item) => (Some(&item.ident), &item.attrs),
        Item::Trait(item) => (Some(&item.ident), &item.attrs),
        Item::TraitAlias(item) => (Some(&item.ident), &item.attrs),
        Item::Type(item) => (Some(&item.ident), &item.attrs),
        Item::Union(item) => (Some(&item.ident), &item.attrs),
        Item::Use(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}

/// Whether only tests compile the item with these attributes.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "test" || last.ident == "bench")
            || attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|when| needs_test(&when))
    })
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let list = || attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    attribute.path().is_ident("cfg_attr") && list().is_ok_and(|list| list.first().is_some_and(needs_test))
}

/// Whether a condition holds in tests only. `not(test)` and `any(test, …)` hold elsewhere too.
fn needs_test(when: &Meta) -> bool {
    let Meta::List(list) = when else { return when.path().is_ident("test") };
    let Ok(inner) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return false;
    };
    list.path.is_ident("all") && inner.iter().any(needs_test)
        || list.path.is_ident("any") && !inner.is_empty() && inner.iter().all(needs_test)
}

pub(crate) fn segments(path: &syn::Path) -> Vec<String> {
    let start = path.leading_colon.as_ref().map(|_| String::new());
    start.into_iter().chain(path.segments.iter().map(|segment| text(&segment.ident))).collect()
}

fn joined(mut path: Vec<String>, last: &syn::Ident) -> Vec<String> {
    if path.is_empty() || last != "self" {
        path.push(text(last));
    }
    path
}

/// `r#type` is `type`.
pub(crate) fn text(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}
