//! The rules of the house. Each returns what breaks it: who, whom it uses, and what to do. The floors are in `main`.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{self, Circle, Graph};
use crate::tree::{Module, Tree, Use};

/// A module with a floor, and everything below it.
#[derive(PartialEq)]
pub(crate) struct Part {
    pub(crate) path: &'static str,
    pub(crate) pure: bool,
    /// What it is for, or what it may use.
    about: &'static str,
}

pub(crate) const fn pure(path: &'static str, about: &'static str) -> Part {
    Part { path, pure: true, about }
}

pub(crate) const fn edge(path: &'static str, about: &'static str) -> Part {
    Part { path, pure: false, about }
}

/// Something outside the program, and the names that lead there.
pub(crate) struct World {
    pub(crate) what: &'static str,
    pub(crate) paths: &'static [&'static str],
    /// The one pure module that may name them all the same.
    pub(crate) but: Option<&'static str>,
    pub(crate) instead: &'static str,
}

pub(crate) struct House<'t> {
    /// From the roof to the ground.
    pub(crate) floors: &'t [&'t [Part]],
    pub(crate) world: &'t [World],
    pub(crate) tree: &'t Tree,
}

/// A part and the number of its floor, counted from the roof.
type Spot<'t> = (usize, &'t Part);

impl House<'_> {
    /// Where the plan and the source differ, and what of the source could not be read.
    pub(crate) fn unplanned(&self) -> Vec<String> {
        let mut findings = self.tree.unread.clone();
        let mut homeless = BTreeSet::new();
        for module in self.tree.modules.iter().filter(|module| self.spot(module).is_none()) {
            let below = module.path.split_last().is_some_and(|(_, above)| homeless.contains(above));
            homeless.insert(&*module.path);
            if !below {
                let (file, name) = (&module.file, module.name());
                findings.push(format!("{file}: no floor names `{name}`. Give it a line in FLOORS"));
            }
        }
        let mut seen = BTreeSet::new();
        for part in self.floors.iter().copied().flatten() {
            let path = part.path;
            if !self.tree.modules.iter().any(|module| module.name() == path) {
                findings
                    .push(format!("a floor names `{path}`, which is no module. Remove its line from FLOORS"));
            }
            if !seen.insert(path) {
                findings.push(format!("two floors name `{path}`. Remove one of its lines from FLOORS"));
            }
        }
        findings
    }

    /// Uses of a higher floor, and of another part of the same floor.
    pub(crate) fn climbing(&self) -> Vec<String> {
        self.uses(|(from, user), (to, used)| {
            let why = if to < from {
                "it climbs. Move what it needs down, or hand it in as a value"
            } else if to == from && !related(user, used) {
                "they share a floor. Move what it needs down, or give one of them a floor of its own"
            } else {
                return None;
            };
            Some(why.to_owned())
        })
    }

    /// Uses of an edge module by a pure one, where the floors alone would allow it.
    pub(crate) fn pure_on_edge(&self) -> Vec<String> {
        self.uses(|(from, user), (to, used)| {
            let allowed = to > from || to == from && related(user, used);
            (allowed && user.pure && !used.pure).then(|| {
                let (user, used) = (user.path, used.path);
                format!("`{user}` is pure and `{used}` is not. Move the value it needs into a pure module below both")
            })
        })
    }

    /// Pure modules that name what only an edge module may name.
    pub(crate) fn touching_the_world(&self) -> Vec<String> {
        let mut findings = BTreeSet::new();
        for outside in self.tree.outside() {
            let Some((_, part)) = self.spot(outside.from).filter(|(_, part)| part.pure) else { continue };
            let about = if part.about.is_empty() { String::new() } else { format!(": {}", part.about) };
            let (file, line, name) = (&outside.from.file, outside.line, part.path);
            for World { what, paths, but, instead } in self.world {
                for path in paths
                    .iter()
                    .filter(|_| *but != Some(part.path))
                    .filter(|path| reaches(&outside.path, path))
                {
                    let text = format!("{file}:{line} ({name}, pure{about}) {what} by `{path}`. {instead}");
                    findings.insert((file, line, text));
                }
            }
        }
        findings.into_iter().map(|(_, _, text)| text).collect()
    }

    /// Modules that print, except the one that prints for all.
    pub(crate) fn printing(&self, printer: &str, paths: &[&str]) -> Vec<String> {
        let mut findings = BTreeSet::new();
        for outside in self.tree.outside().iter().filter(|outside| !reaches(&outside.from.name(), printer)) {
            for path in paths.iter().filter(|path| reaches(&outside.path, path)) {
                let (file, line) = (&outside.from.file, outside.line);
                let text = format!(
                    "{file}:{line} prints by `{path}`. Return what is to be shown, or ask `{printer}`"
                );
                findings.insert((file, line, text));
            }
        }
        findings.into_iter().map(|(_, _, text)| text).collect()
    }

    /// Files that use each other in a loop.
    pub(crate) fn circles(&self) -> Vec<String> {
        let uses = self.tree.uses();
        let ties = ties(&uses);
        let mut graph = Graph::new();
        for (from, to) in ties.keys() {
            graph.entry(from).or_default().insert(to);
            graph.entry(to).or_default();
        }
        let text = |Circle { nodes, shortest }: Circle| {
            let files: Vec<_> = nodes.iter().copied().collect();
            let ends = shortest.iter().skip(1).chain(shortest.first());
            let tie = |(from, to): (&&str, &&str)| {
                let (line, names) = names(&ties[&(*from, *to)]);
                format!("\n    {from}:{line} uses {to} by {names}")
            };
            let ties: Vec<_> = shortest.iter().zip(ends).map(tie).collect();
            let (count, files, ties) = (files.len(), files.join(", "), ties.concat());
            format!(
                "{count} files use each other in a circle: {files}\n  The shortest loop in it:{ties}\n  \
                 Move what ties them into a file that both may use, or hand it in as a value"
            )
        };
        graph::circles(&graph).into_iter().map(text).collect()
    }

    /// The pairs of files that break a rule.
    fn uses(&self, wrong: impl Fn(Spot, Spot) -> Option<String>) -> Vec<String> {
        let mut bad: BTreeMap<_, Use> = BTreeMap::new();
        for used in self.tree.uses() {
            let (Some(from), Some(to)) = (self.spot(used.from), self.spot(used.to)) else { continue };
            if wrong(from, to).is_some() {
                // A path through a re-export of the same part is one mistake. The defining module is below the facade.
                let key = (&used.from.file, used.line, used.written.clone(), to.1.path);
                if bad.get(&key).is_none_or(|known| known.to.path.len() < used.to.path.len()) {
                    bad.insert(key, used);
                }
            }
        }
        let bad: Vec<_> = bad.into_values().collect();
        let text = |((user, used), uses): (_, Vec<&Use>)| {
            let (line, names) = names(&uses);
            let first = uses.first()?;
            let (from, to) = (self.spot(first.from)?, self.spot(first.to)?);
            let (user_name, user_floor, used_name, used_floor) = (from.1.path, from.0, to.1.path, to.0);
            let why = wrong(from, to)?;
            Some(format!(
                "{user}:{line} ({user_name}, floor {user_floor}) uses {used} ({used_name}, floor {used_floor}) \
                 by {names}: {why}"
            ))
        };
        ties(&bad).into_iter().filter_map(text).collect()
    }

    /// The floor of a module: that of the longest path that leads to it.
    fn spot(&self, module: &Module) -> Option<Spot<'_>> {
        let name = module.name();
        let floors = self.floors.iter().enumerate();
        let spots = floors.flat_map(|(floor, parts)| parts.iter().map(move |part| (floor, part)));
        spots.filter(|(_, part)| reaches(&name, part.path)).max_by_key(|(_, part)| part.path.len())
    }
}

/// The uses, by the file that uses and the file that is used.
fn ties<'u>(uses: &'u [Use]) -> BTreeMap<(&'u str, &'u str), Vec<&'u Use<'u>>> {
    let mut ties: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for used in uses {
        ties.entry((&*used.from.file, &*used.to.file)).or_default().push(used);
    }
    ties
}

/// The first line of some uses, and all names in them, except those that a `use` among them has imported.
fn names(uses: &[&Use]) -> (usize, String) {
    let imports: Vec<_> = uses.iter().filter(|used| !used.again).collect();
    let uses = if imports.is_empty() { uses.iter().collect() } else { imports };
    let names: BTreeSet<_> = uses.iter().map(|used| format!("`{}`", used.written)).collect();
    let line = uses.iter().map(|used| used.line).min().unwrap_or_default();
    (line, names.into_iter().collect::<Vec<_>>().join(", "))
}

/// Whether one is part of the other.
fn related(one: &Part, other: &Part) -> bool {
    reaches(one.path, other.path) || reaches(other.path, one.path)
}

/// Whether a path is another one or below it. `std` may be written as `core` or `alloc`, or be left out before a macro.
fn reaches(path: &str, top: &str) -> bool {
    let path = ["core::", "alloc::"]
        .iter()
        .find_map(|start| path.strip_prefix(start))
        .map_or(path.to_owned(), |rest| format!("std::{rest}"));
    let path = if path.ends_with('!') { path.strip_prefix("std::").unwrap_or(&path) } else { &path };
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOORS: &[&[Part]] = &[
        &[edge("lib", "")],
        &[edge("top", "")],
        &[pure("plan", "takes values")],
        &[edge("http", ""), pure("text", ""), pure("http::value", "")],
        &[pure("model", "")],
    ];
    const WORLD: &[World] = &[World {
        what: "touches files",
        paths: &["std::fs", "print!", ".exists"],
        but: None,
        instead: "Do not",
    }];

    /// Files of a house without mistakes, with some of them replaced.
    fn house(changed: &[(&str, &str)]) -> Tree {
        let files = [
            ("src/lib.rs", "mod top; mod plan; mod http; mod text; mod model;"),
            ("src/top.rs", "use crate::{plan, http, model, text}; use std::fs;"),
            ("src/plan.rs", "use crate::{text, model}; use crate::http::value;"),
            ("src/http.rs", "pub mod value; use crate::model::Value; fn f() { print!() }"),
            ("src/http/value.rs", "use crate::model::Value;"),
            ("src/text.rs", ""),
            ("src/model.rs", "pub struct Value;"),
        ];
        let files = files.iter().chain(changed).map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        Tree::new(&files.collect())
    }

    fn on<'t, T>(tree: &'t Tree, rule: impl Fn(&House<'t>) -> T) -> T {
        rule(&House { floors: FLOORS, world: WORLD, tree })
    }

    #[test]
    fn a_house_without_fault_has_no_findings() {
        let rules = [
            House::unplanned,
            House::climbing,
            House::pure_on_edge,
            House::touching_the_world,
            House::circles,
        ];
        let tree = house(&[]);
        let findings: Vec<_> = rules.iter().flat_map(|rule| on(&tree, rule)).collect();
        assert_eq!(findings, Vec::<String>::new());
    }

    #[test]
    fn a_path_that_climbs_is_found_with_both_files() {
        let tree = house(&[("src/model.rs", "\npub struct Value;\nfn f() { crate::plan::order() }")]);
        let text = "src/model.rs:3 (model, floor 4) uses src/plan.rs (plan, floor 2) by `crate::plan::order`: \
                    it climbs. Move what it needs down, or hand it in as a value";
        assert_eq!(on(&tree, House::climbing), [text]);
    }

    #[test]
    fn several_paths_to_one_file_are_one_finding() {
        let model = "use crate::plan::{Order, Turn};\nfn f() { Order::new(Turn::Left) }\nuse crate::top::X;";
        let tree = house(&[("src/model.rs", model)]);
        let findings = on(&tree, House::climbing);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].contains(" by `crate::plan::Order`, `crate::plan::Turn`: "), "{findings:?}");
        assert!(findings[1].starts_with("src/model.rs:3 (model, floor 4) uses src/top.rs "), "{findings:?}");
    }

    #[test]
    fn a_climb_through_a_re_export_names_the_definer() {
        let changed = [
            ("src/top.rs", "pub mod word; pub use word::Word;"),
            ("src/top/word.rs", "pub struct Word;"),
            ("src/text.rs", "use crate::top::Word;"),
        ];
        let findings = on(&house(&changed), House::climbing);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(
            findings[0].contains(" uses src/top/word.rs (top, floor 1) by `crate::top::Word`"),
            "{findings:?}"
        );
    }

    #[test]
    fn modules_on_one_floor_do_not_use_each_other() {
        let tree = house(&[("src/http.rs", "pub mod value; use crate::text::inline;")]);
        let findings = on(&tree, House::climbing);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("(http, floor 3) uses src/text.rs (text, floor 3)"), "{findings:?}");
        assert!(findings[0].contains("they share a floor"), "{findings:?}");
    }

    #[test]
    fn a_pure_module_that_uses_an_edge_module_is_found() {
        let changed = [("src/plan.rs", "use crate::http::get;"), ("src/http/value.rs", "use super::Client;")];
        let tree = house(&changed);
        let findings = on(&tree, House::pure_on_edge);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].starts_with("src/http/value.rs:1 (http::value, floor 3) uses src/http.rs"));
        assert!(findings[1].starts_with("src/plan.rs:1 (plan, floor 2) uses src/http.rs (http, floor 3)"));
        assert_eq!(on(&tree, House::climbing), Vec::<String>::new());
    }

    #[test]
    fn a_pure_module_that_touches_the_world_is_found() {
        let plan =
            "use std::fs;\nfn f() {\n fs::read(x);\n std::print!();\n vec![x.exists()]; std::fmt::x(); }";
        let findings = on(&house(&[("src/plan.rs", plan)]), House::touching_the_world);
        let text = |line, name| {
            format!("src/plan.rs:{line} (plan, pure: takes values) touches files by `{name}`. Do not")
        };
        assert_eq!(findings, [text(1, "std::fs"), text(3, "std::fs"), text(4, "print!"), text(5, ".exists")]);
    }

    #[test]
    fn a_circle_is_found_with_the_names_that_tie_it() {
        let changed = [
            (
                "src/model.rs",
                "pub struct Value; mod kind; pub use kind::Kind; fn f() { kind::make(Kind::A) }",
            ),
            ("src/model/kind.rs", "pub struct Kind;\nuse super::Value;"),
        ];
        let text = "2 files use each other in a circle: src/model.rs, src/model/kind.rs\n  \
                    The shortest loop in it:\n    \
                    src/model.rs:1 uses src/model/kind.rs by `kind::Kind`, `kind::make`\n    \
                    src/model/kind.rs:2 uses src/model.rs by `super::Value`\n  \
                    Move what ties them into a file that both may use, or hand it in as a value";
        assert_eq!(on(&house(&changed), House::circles), [text]);
    }

    #[test]
    fn a_circle_through_a_re_export_is_found() {
        let changed = [
            ("src/model.rs", "pub struct Value; mod kind; mod name; pub use kind::Kind;"),
            ("src/model/kind.rs", "pub struct Kind; use super::name::Name;"),
            ("src/model/name.rs", "pub struct Name; use super::Kind;"),
        ];
        let findings = on(&house(&changed), House::circles);
        assert!(findings[0].starts_with("3 files use each other in a circle: "), "{findings:?}");
    }

    #[test]
    fn a_module_without_a_floor_and_a_floor_without_a_module_are_found() {
        let changed = [
            ("src/lib.rs", "mod top; mod plan; mod http; mod model; mod new; #[cfg(test)] mod fixture;"),
            ("src/new.rs", "mod inner {}"),
            ("src/fixture.rs", ""),
        ];
        let findings = on(&house(&changed), House::unplanned);
        let texts = [
            "src/text.rs belongs to no module. Name it by a `mod`, or remove it",
            "src/new.rs: no floor names `new`. Give it a line in FLOORS",
            "a floor names `text`, which is no module. Remove its line from FLOORS",
        ];
        assert_eq!(findings, texts);
    }
}
