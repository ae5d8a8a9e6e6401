//! Small invented crates: every kind of path is found, and nothing else.

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::new(&files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
}

/// What `a` uses, in a crate of a few files around it.
fn used(a: &str) -> Vec<(usize, String)> {
    let tree = tree(&[
        ("src/lib.rs", "mod a; mod b; mod facade; mod all;"),
        ("src/a.rs", a),
        ("src/a/child.rs", "pub struct Own; pub mod deep;"),
        ("src/a/child/deep.rs", "pub struct Deepest;"),
        ("src/b.rs", "pub struct Item; pub const ALL: u8 = 0; pub fn make() {} pub mod inner;"),
        ("src/b/inner.rs", "pub fn f() {}"),
        (
            "src/facade.rs",
            "pub use crate::b::Item as Thing; pub use crate::b::inner; pub use jiff::Timestamp;",
        ),
        ("src/all.rs", "pub use crate::b::*;"),
    ]);
    assert!(tree.unread.iter().all(|text| text.starts_with("src/a/")), "{:?}", tree.unread);
    let uses =
        tree.uses().into_iter().filter(|used| used.from.file == "src/a.rs" && used.to.file != "src/a.rs");
    uses.map(|used| (used.line, used.to.file.clone())).collect()
}

fn outside(a: &str) -> Vec<String> {
    let tree = tree(&[
        ("src/lib.rs", "mod a; mod facade;"),
        ("src/a.rs", a),
        ("src/facade.rs", "pub use jiff::Timestamp;"),
    ]);
    let outside = tree.outside().into_iter().filter(|outside| outside.from.file == "src/a.rs");
    outside.map(|outside| outside.path).collect()
}

#[track_caller]
fn reaches(source: &str, files: &[&str]) {
    let used = used(source);
    let found: BTreeSet<_> = used.iter().map(|(_, file)| &**file).collect();
    assert_eq!(found, files.iter().copied().collect(), "{source}");
}

#[test]
fn every_kind_of_path_is_seen() {
    for source in [
        "use crate::b;",
        "use crate::b::Item;",
        "use crate::b::Item as Other;",
        "use crate::b::{self};",
        "use crate::b::*;",
        "use crate::{b::{Item, make}};",
        "use super::b::Item;",
        "use self::super::b::Item;",
        "use enact::b::Item;",
        "pub use crate::b::Item;",
        "pub(crate) use crate::b as c;",
        "fn f() { use crate::b::Item; }",
        "fn f() { crate::b::make(); }",
        "fn f() { let make = crate::b::make; }",
        "fn f() { super::b::make() }",
        "fn f() { || async { crate::b::make() }; }",
        "fn f(item: crate::b::Item) {}",
        "fn f() -> Option<Vec<crate::b::Item>> { None }",
        "fn f<T: Into<crate::b::Item>>() {}",
        "fn f<T>() where T: From<crate::b::Item> {}",
        "fn f() { <crate::b::Item as Clone>::clone; }",
        "fn f() { let x = 1 as crate::b::Item; }",
        "fn f() { Vec::<crate::b::Item>::new(); }",
        "fn f() { x.collect::<crate::b::Item>(); }",
        "fn f() { if let crate::b::Item = x {} }",
        "fn f() { match x { crate::b::Item { .. } => {} } }",
        "fn f() { match x { crate::b::ALL => {} } }",
        "fn f() { crate::b::Item {} }",
        "fn f() -> [u8; crate::b::ALL] {}",
        "struct S { item: crate::b::Item }",
        "struct S(crate::b::Item);",
        "enum E { A(crate::b::Item), B = crate::b::ALL }",
        "type T = dyn Fn(crate::b::Item);",
        "const C: u8 = crate::b::ALL;",
        "impl Clone for crate::b::Item {}",
        "impl crate::b::Item {}",
        "trait T: crate::b::Item { fn f() { crate::b::make() } }",
        "impl S { fn f() { crate::b::make() } }",
        "#[derive(crate::b::Item)] struct S;",
        "#[crate::b::make] fn f() {}",
        "#[cfg_attr(unix, derive(crate::b::Item))] struct S;",
        "struct S { #[serde(default = \"crate::b::make\")] a: u8 }",
        "#[serde(from = \"super::b::Item\")] struct S;",
        "crate::b::make! {}",
        "fn f() { vec![crate::b::make()] }",
        "fn f() { vec![1, (x, [super::b::make()])] }",
        "fn f() { format!(\"{}\", crate::b::ALL) }",
        "fn f() { assert!(matches!(x, crate::b::Item)) }",
        "fn f() { select! { _ = 0..crate::b::ALL => {} } }",
        "macro_rules! m { ($a:expr) => { $crate::b::make($a) } }",
        "macro_rules! m { () => { use crate::{b::{Item}}; } }",
        "macro_rules! m { () => { use crate::b::*; } }",
        "macro_rules! m { () => { fn f() -> ::enact::b::Item {} } }",
        "macro_rules! m { () => { <T as crate::b::Item>::x } }",
        "mod inner { use super::super::b::Item; }",
        "mod inner { mod deeper { fn f() { crate::b::make() } } }",
        "#[cfg(unix)] use crate::b::Item;",
        "#[cfg(not(test))] use crate::b::Item;",
        "#[cfg(any(test, unix))] use crate::b::Item;",
        "fn f() { unsafe { crate::b::make() } }",
    ] {
        reaches(source, &["src/b.rs"]);
    }
}

#[test]
fn the_file_is_that_of_the_module_that_holds_the_item() {
    reaches("use crate::b::inner::f;", &["src/b/inner.rs"]);
    reaches("use crate::b::inner;", &["src/b/inner.rs"]);
    reaches("use crate::b::{self, inner};", &["src/b.rs", "src/b/inner.rs"]);
    reaches("use crate::b::{inner::*, make};", &["src/b.rs", "src/b/inner.rs"]);
    reaches("use crate::b; fn f() { b::inner::f() }", &["src/b.rs", "src/b/inner.rs"]);
    reaches("use crate::b as c; fn f() { c::inner::f() }", &["src/b.rs", "src/b/inner.rs"]);
    reaches("use crate::b::made_by_a_macro;", &["src/b.rs"]);
}

#[test]
fn a_child_is_used_by_what_is_in_it_and_not_by_its_declaration() {
    reaches("mod child;", &[]);
    reaches("pub mod child; fn f(child: u8) -> u8 { child }", &[]);
    reaches("mod child; fn f() { child::Own }", &["src/a/child.rs"]);
    reaches("mod child; fn f() { self::child::Own }", &["src/a/child.rs"]);
    reaches("mod child; pub use child::Own;", &["src/a/child.rs"]);
    reaches("mod child; fn f() { child::deep::Deepest }", &["src/a/child/deep.rs"]);
    reaches("mod child; fn f() { vec![child::made_by_a_macro] }", &["src/a/child.rs"]);
    reaches("mod child; #[serde(with = \"child\")] struct S;", &["src/a/child.rs"]);
}

#[test]
fn a_re_export_leads_to_its_own_file_and_to_the_definer() {
    reaches("use crate::facade::Thing;", &["src/facade.rs", "src/b.rs"]);
    reaches("fn f() { crate::facade::inner::f() }", &["src/facade.rs", "src/b/inner.rs"]);
    reaches("use crate::all::Item;", &["src/all.rs", "src/b.rs"]);
    reaches("use crate::all::*; fn f() { make() }", &["src/all.rs", "src/b.rs"]);
    reaches("use crate::facade::Timestamp;", &["src/facade.rs"]);
}

#[test]
fn a_macro_without_a_path_leads_to_where_it_is_written() {
    let tree = tree(&[
        ("src/lib.rs", "#[macro_use] mod a; mod b;"),
        ("src/a.rs", "macro_rules! m { () => {} }\n#[macro_export] macro_rules! n { () => {} }"),
        ("src/b.rs", "m! {}\nfn f() { crate::n!() }"),
    ]);
    let uses: Vec<_> = tree.uses().into_iter().map(|used| (used.line, &*used.to.file)).collect();
    assert_eq!(uses, [(1, "src/a.rs"), (2, "src/a.rs")]);
}

#[test]
fn test_code_is_exempt() {
    for source in [
        "#[cfg(test)] use crate::b::Item;",
        "#[cfg(all(test, unix))] use crate::b::Item;",
        "#[cfg(test)] mod tests { use crate::b::Item; mod more { use crate::b::Item; } }",
        "#[cfg(test)] mod child;",
        "mod tests { #![cfg(test)] use crate::b::Item; }",
        "#[test] fn f() { crate::b::make() }",
        "#[tokio::test] async fn f() { crate::b::make() }",
        "#[cfg(test)] impl crate::b::Item {}",
        "impl S { #[cfg(test)] fn f() { crate::b::make() } }",
        "fn f() { #[cfg(test)] crate::b::make(); }",
        "fn f() { #[cfg(test)] { crate::b::make(); } }",
        "fn f() { #[cfg(test)] let x = crate::b::ALL; }",
        "struct S { #[cfg(test)] item: crate::b::Item }",
        "fn f() { match x { #[cfg(test)] crate::b::Item => {} _ => {} } }",
        "#[cfg_attr(test, derive(crate::b::Item))] struct S;",
    ] {
        reaches(source, &[]);
    }
}

#[test]
fn what_only_looks_like_a_use_is_none() {
    for source in [
        "//! [`crate::b::Item`]\n/// and crate::b::make()\nfn f() { \"crate::b::ALL\" }",
        "pub(in crate::b) fn f() {}",
        "use serde_json::b::Item; fn f() { serde_json::b::make() }",
        "fn f(b: u8) { b.make(); x.b.inner.f(); vec![x.b, self.make()]; }",
        "fn f<'b>(x: &'b str) { vec![&'b x] }",
        "struct Item; fn f() { Item::make() }",
        "#[expect(unused, reason = \"crate::b::Item\")] fn f() {}",
        "#[serde(rename = \"crate::b::Item\")] struct S;",
        "macro_rules! m { ($b:path) => { $b::make() } }",
    ] {
        reaches(source, &[]);
    }
}

#[test]
fn a_use_has_its_line() {
    let lines: Vec<_> =
        used("\nuse crate::{\n    b::inner,\n    b::Item,\n};\nfn f() {\n    vec![\n crate::b::ALL]\n}");
    assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 8]);
}

#[test]
fn names_of_other_crates_are_seen_through_imports() {
    let seen = |source: &str, path: &str| {
        assert!(outside(source).iter().any(|found| found == path), "{source}: {:?}", outside(source));
    };
    seen("use std::fs;", "std::fs");
    seen("fn f() { ::std::fs::read(x) }", "std::fs::read");
    seen("use std as s; fn f() { s::fs::read(x) }", "std::fs::read");
    seen("use std::{time::{self as t}}; fn f() { t::Instant::now() }", "std::time::Instant::now");
    seen("use std::time::*; fn f() { Instant::now() }", "std::time::Instant::now");
    seen("use jiff::Timestamp as T; fn f() { T::now() }", "jiff::Timestamp::now");
    seen("use jiff::Timestamp; fn f() { x.map_or_else(Timestamp::now, y) }", "jiff::Timestamp::now");
    seen("use jiff::Timestamp; fn f() { vec![Timestamp::now()] }", "jiff::Timestamp::now");
    seen("use crate::facade::Timestamp; fn f() { Timestamp::now() }", "jiff::Timestamp::now");
    seen("fn f() { println!() }", "println!");
    seen("fn println() { vec![{ println!() }] }", "println!");
    seen("fn f() { std::println!() }", "std::println!");
    seen("fn f() { x.exists() }", ".exists");
    seen("fn f() { assert!(x.exists()) }", ".exists");
    assert_eq!(outside("#[cfg(test)] mod tests { use std::fs; }"), Vec::<String>::new());
}

#[test]
fn the_program_is_a_crate_of_its_own() {
    let tree = tree(&[
        ("src/main.rs", "mod a; fn main() { enact::a::run(crate::a::X) }"),
        ("src/lib.rs", "pub mod a;"),
        ("src/a.rs", "pub fn run() {} pub struct X;"),
    ]);
    let uses: Vec<_> = tree.uses().iter().map(|used| (used.from.name(), used.to.name())).collect();
    assert_eq!(uses, [("main".into(), "a".into()), ("main".into(), "main::a".into())]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let tree = tree(&[
        ("src/lib.rs", "mod a;\nmod b;\n#[path = \"x.rs\"] mod c;\n#[cfg(test)] mod tests;"),
        ("src/a.rs", "fn"),
        ("src/lost.rs", ""),
        ("src/tests.rs", "mod fixture;"),
        ("src/tests/fixture.rs", "use crate::b::Item;"),
    ]);
    let starts = ["src/a.rs:1 cannot be read", "src/lib.rs:2 has", "src/lib.rs:3 has", "src/lost.rs belongs"];
    let fits = tree.unread.iter().zip(starts).filter(|(text, start)| text.starts_with(start)).count();
    assert_eq!((fits, tree.unread.len()), (4, 4), "{:?}", tree.unread);
    assert!(tree.uses().is_empty());
}
