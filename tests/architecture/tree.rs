//! The modules of the crate, and where a path leads. How paths are found in a file is in `paths`.
//!
//! A name may be a module, an item and an import at once; all of them are followed, so the answer can only be too long.
//! Names that a function imports count for its whole module.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{self, Child, How, Named, Source};

/// The two roots. Paths of the program that start with the name of the crate lead into the library.
const ROOTS: [(&str, &str); 2] = [(LIBRARY, "src/lib.rs"), ("main", "src/main.rs")];
const LIBRARY: &str = "lib";
const CRATE: &str = "enact";

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) modules: Vec<Module>,
    /// Why a part of the source could not be read.
    pub(crate) unread: Vec<String>,
    /// `macro_rules!` by name. Their scope follows the order of the text, so a name may mean any of them.
    macros: BTreeMap<String, BTreeSet<usize>>,
    /// The paths of all imports. A module refers to its own by their index here.
    imports: Vec<Vec<String>>,
}

pub(crate) struct Module {
    /// The path from the root of its crate, which for the program starts with `main`.
    pub(crate) path: Vec<String>,
    pub(crate) file: String,
    pub(crate) named: Vec<Named>,
    root: usize,
    parent: usize,
    names: BTreeMap<String, Vec<Def>>,
    /// Imports of everything below a path.
    globs: Vec<usize>,
}

#[derive(Clone, Copy)]
enum Def {
    Module(usize),
    Item(usize),
    Import(usize),
}

/// Where a path leads. Through a re-export it leads to two modules: the named one, and the one that defines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Item(usize),
    Module(usize),
    /// Another crate, or an unknown name: a variable, a type parameter, the prelude.
    Outside(Vec<String>),
}

/// A path in production code that leads to another module of the crate.
pub(crate) struct Use<'t> {
    pub(crate) from: &'t Module,
    pub(crate) line: usize,
    pub(crate) written: String,
    /// It starts with a name that a `use` of the module has imported, so that `use` says more.
    pub(crate) again: bool,
    pub(crate) to: &'t Module,
}

/// A path in production code that leads out of the crate. A macro ends with `!`, a method is one name after a dot.
pub(crate) struct Outside<'t> {
    pub(crate) from: &'t Module,
    pub(crate) line: usize,
    pub(crate) path: String,
}

impl Tree {
    /// Reads the files, by path from the folder of the package.
    pub(crate) fn new(files: &BTreeMap<String, String>) -> Self {
        let mut growing = Growing { files, reached: BTreeSet::new(), tree: Self::default() };
        for (name, file) in ROOTS.iter().filter(|(_, file)| files.contains_key(*file)) {
            let path = if *name == LIBRARY { vec![] } else { vec![(*name).to_owned()] };
            let (root, folder) = (growing.tree.modules.len(), vec!["src".to_owned()]);
            growing.read(Place { path, file: (*file).to_owned(), folder, root, parent: root, test: false });
        }
        let Growing { reached, mut tree, .. } = growing;
        for file in files.keys().filter(|file| !reached.contains(*file)) {
            tree.unread.push(format!("{file} belongs to no module. Name it by a `mod`, or remove it"));
        }
        tree
    }

    pub(crate) fn uses(&self) -> Vec<Use<'_>> {
        let mut uses = Vec::new();
        for (id, from, named) in self.all_named() {
            for target in self.targets(id, named) {
                let (Target::Item(to) | Target::Module(to)) = target else { continue };
                if to != id {
                    let (written, again) = (named.path.join("::"), from.imports(named));
                    uses.push(Use { from, line: named.line, written, again, to: &self.modules[to] });
                }
            }
        }
        uses
    }

    pub(crate) fn outside(&self) -> Vec<Outside<'_>> {
        let mut found = Vec::new();
        for (id, from, named) in self.all_named() {
            let mark = if named.how == How::Macro { "!" } else { "" };
            for target in self.targets(id, named) {
                if let Target::Outside(path) = target {
                    found.push(Outside { from, line: named.line, path: path.join("::") + mark });
                }
            }
            if named.how == How::Method {
                found.push(Outside { from, line: named.line, path: format!(".{}", named.path.join("::")) });
            }
        }
        found
    }

    fn all_named(&self) -> impl Iterator<Item = (usize, &Module, &Named)> {
        let modules = self.modules.iter().enumerate();
        modules.flat_map(|(id, module)| module.named.iter().map(move |named| (id, module, named)))
    }

    fn targets(&self, from: usize, named: &Named) -> BTreeSet<Target> {
        let mut search = Search { tree: self, found: BTreeSet::new(), last: None, open: Vec::new() };
        match (&*named.path, named.how) {
            (_, How::Method) => {}
            ([name], How::Path | How::Macro) => search.lone(from, name, named.how),
            (path, _) => search.path(from, path),
        }
        search.found
    }
}

struct Growing<'f> {
    files: &'f BTreeMap<String, String>,
    reached: BTreeSet<String>,
    tree: Tree,
}

/// The place of a module.
#[derive(Clone)]
struct Place {
    path: Vec<String>,
    file: String,
    /// Where the files of its children are.
    folder: Vec<String>,
    root: usize,
    parent: usize,
    /// Only tests compile it: its files are known, but their names are not read.
    test: bool,
}

impl Growing<'_> {
    fn read(&mut self, place: Place) {
        let Some(text) = self.files.get(&place.file) else { return };
        self.reached.insert(place.file.clone());
        match paths::read(text) {
            Ok(source) => self.add(place, source),
            Err(error) => {
                let line = error.span().start().line;
                self.tree.unread.push(format!("{}:{line} cannot be read: {error}", place.file));
            }
        }
    }

    fn add(&mut self, mut place: Place, mut source: Source) {
        place.test |= source.test;
        let (id, children) = (self.tree.modules.len(), std::mem::take(&mut source.children));
        if !place.test {
            self.enter(&place, source);
        }
        for child in children {
            self.child(&place, id, child);
        }
    }

    fn enter(&mut self, place: &Place, source: Source) {
        let tree = &mut self.tree;
        let id = tree.modules.len();
        tree.modules.push(Module {
            path: place.path.clone(),
            file: place.file.clone(),
            named: source.named,
            root: place.root,
            parent: place.parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
        });
        if let (Some(name), false) = (place.path.last(), id == place.root) {
            tree.modules[place.parent].bind(name, Def::Module(id));
        }
        for name in source.items.iter().chain(&source.macros) {
            tree.modules[id].bind(name, Def::Item(id));
        }
        for name in &source.exported {
            tree.modules[place.root].bind(name, Def::Item(id));
        }
        for name in source.macros.into_iter().chain(source.exported) {
            tree.macros.entry(name).or_default().insert(id);
        }
        for import in source.imports {
            match &import.name {
                Some(name) => tree.modules[id].bind(name, Def::Import(tree.imports.len())),
                None => tree.modules[id].globs.push(tree.imports.len()),
            }
            tree.imports.push(import.path);
        }
    }

    fn child(&mut self, parent: &Place, id: usize, child: Child) {
        let mut place = parent.clone();
        place.path.push(child.name.clone());
        place.folder.push(child.name.clone());
        (place.parent, place.test) = (id, parent.test || child.test);
        if let Some(source) = child.body {
            return self.add(place, source);
        }
        let folder = place.folder.join("/");
        let file = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
        match file.into_iter().find(|file| self.files.contains_key(file)) {
            Some(file) if !child.elsewhere => self.read(Place { file, ..place }),
            _ => {
                let (file, line, name) = (&parent.file, child.line, &child.name);
                let problem = format!("{file}:{line} has a module `{name}` whose file is not {folder}.rs");
                self.tree.unread.push(problem);
            }
        }
    }
}

impl Module {
    /// As people write it, `plan::order`; the roots are `lib` and `main`.
    pub(crate) fn name(&self) -> String {
        if self.path.is_empty() { LIBRARY.to_owned() } else { self.path.join("::") }
    }

    fn imports(&self, named: &Named) -> bool {
        let defs = named.path.first().and_then(|first| self.names.get(first));
        named.how != How::Use && defs.is_some_and(|defs| defs.iter().all(|def| matches!(def, Def::Import(_))))
    }

    fn bind(&mut self, name: &str, def: Def) {
        self.names.entry(name.to_owned()).or_default().push(def);
    }
}

/// One search for the end of a path.
struct Search<'t> {
    tree: &'t Tree,
    found: BTreeSet<Target>,
    /// The last module on the path itself, for names that nothing here defines.
    last: Option<usize>,
    /// The imports that are being followed. `use plan::plan;` must not follow itself.
    open: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Inside,
    Outside,
    Nowhere,
}

impl Search<'_> {
    fn path(&mut self, from: usize, path: &[String]) {
        if self.follow(from, path) == End::Nowhere {
            self.found.extend(self.last.map(Target::Item));
        }
    }

    /// A single name is defined here, imported by a `use` that already counts, or a variable, unless a glob imports it.
    fn lone(&mut self, from: usize, name: &String, how: How) {
        let (module, path) = (&self.tree.modules[from], std::slice::from_ref(name));
        if ["self", "Self", "super", "crate"].contains(&name.as_str()) {
            return;
        }
        if how == How::Macro
            && let Some(found) = self.tree.macros.get(name)
        {
            self.found.extend(found.iter().copied().map(Target::Item));
        } else if how == How::Macro || !module.names.contains_key(name) {
            self.found.insert(Target::Outside(path.to_vec()));
            self.globs(from, path);
        }
        self.found.retain(|target| !matches!(target, Target::Module(_)));
    }

    fn follow(&mut self, from: usize, path: &[String]) -> End {
        let Some((first, rest)) = path.split_first() else { return End::Nowhere };
        match first.as_str() {
            "crate" => return self.within(self.tree.modules[from].root, rest),
            "self" | "super" => return self.within(from, path),
            "" => {}
            _ if self.within(from, path) == End::Inside => return End::Inside,
            _ => {}
        }
        let path = if first.is_empty() { rest } else { path };
        let library = self.tree.modules.iter().position(|module| module.path.is_empty());
        match (path.split_first(), library) {
            (Some((name, rest)), Some(library)) if name == CRATE => self.within(library, rest),
            _ => {
                self.found.insert(Target::Outside(path.to_vec()));
                End::Outside
            }
        }
    }

    fn within(&mut self, id: usize, path: &[String]) -> End {
        let tree = self.tree;
        let module = &tree.modules[id];
        if self.open.is_empty() {
            self.last = Some(id);
        }
        let Some((name, rest)) = path.split_first() else {
            self.found.insert(Target::Module(id));
            return End::Inside;
        };
        match name.as_str() {
            "self" => return self.within(id, rest),
            "super" => return self.within(module.parent, rest),
            _ => {}
        }
        let mut end = End::Nowhere;
        for def in module.names.get(name).into_iter().flatten() {
            let inside = match *def {
                Def::Module(child) => {
                    // Nothing else can have this name and something below it, so a macro must make what is missing.
                    if self.within(child, rest) == End::Nowhere {
                        self.found.insert(Target::Item(child));
                    }
                    true
                }
                Def::Item(definer) => {
                    self.found.insert(Target::Item(definer));
                    true
                }
                Def::Import(import) => self.import(id, import, rest) != End::Nowhere,
            };
            if inside {
                end = End::Inside;
            }
        }
        if end == End::Nowhere { self.globs(id, path) } else { end }
    }

    /// Where an import of the module leads, and the module itself, through which it is reached.
    fn import(&mut self, id: usize, import: usize, rest: &[String]) -> End {
        if self.open.contains(&import) {
            return End::Nowhere;
        }
        self.open.push(import);
        let path: Vec<_> = self.tree.imports[import].iter().chain(rest).cloned().collect();
        let end = self.follow(id, &path);
        self.open.pop();
        if end != End::Nowhere {
            self.found.insert(Target::Item(id));
        }
        end
    }

    fn globs(&mut self, id: usize, path: &[String]) -> End {
        let tree = self.tree;
        let mut end = End::Nowhere;
        for glob in &tree.modules[id].globs {
            // Whether another crate has the name is not known.
            if self.import(id, *glob, path) == End::Inside {
                end = End::Inside;
            }
        }
        end
    }
}

#[cfg(test)]
mod tests;
