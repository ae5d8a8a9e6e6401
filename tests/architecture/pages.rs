//! Checks the pages for maintainers against the repository: what they name exists.
//!
//! A text in backticks is checked if it is a path, such as `docs/systems.md`, or a name in the code, such as
//! `run::load::load`, `Http::reader` or `Desired`. A word in lower case may mean anything, so it is not checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::floors::Part;
use crate::{FLOORS, TREE, none, sources};

const ARCHITECTURE: &str = "docs/architecture.md";
const PROMISES: &str = "docs/promises.md";
const PAGES: [&str; 3] = [ARCHITECTURE, PROMISES, ".github/CONTRIBUTING.md"];
const OWNERS: &str = ".github/CODEOWNERS";

/// The ends of file names.
const ENDINGS: [&str; 7] = [".rs", ".md", ".yaml", ".yml", ".toml", ".json", ".sh"];

/// Every Rust file except this one by its path, with the words in it.
static WORDS: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
    let files = ["src", "tests", "fuzz/src", "fuzz/targets"].map(|folder| sources(&root(""), folder));
    let others = files.into_iter().flatten().filter(|(file, _)| !file!().ends_with(file));
    others.map(|(file, text)| (file, words(&text))).collect()
});

/// The checkable content of a page.
#[derive(Default)]
struct Page {
    /// Texts in backticks.
    codes: Vec<String>,
    links: Vec<String>,
    /// The rows of all tables, without their heads.
    rows: Vec<Vec<Cell>>,
}

#[derive(Default)]
struct Cell {
    codes: Vec<String>,
    links: Vec<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let (mut page, mut in_cell) = (Self::default(), false);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::TableRow) => page.rows.push(Vec::new()),
                Event::Start(Tag::TableHead) => page.rows.push(Vec::new()),
                Event::End(TagEnd::TableHead) => drop(page.rows.pop()),
                Event::Start(Tag::TableCell) => {
                    in_cell = true;
                    page.rows.last_mut().expect("a row around the cell").push(Cell::default());
                }
                Event::End(TagEnd::TableCell) => in_cell = false,
                Event::Code(code) => {
                    page.codes.push(code.to_string());
                    page.cell()
                        .filter(|_| in_cell)
                        .into_iter()
                        .for_each(|cell| cell.codes.push(code.to_string()));
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                    page.cell()
                        .filter(|_| in_cell)
                        .into_iter()
                        .for_each(|cell| cell.links.push(dest_url.to_string()));
                }
                _ => {}
            }
        }
        page
    }

    /// The last cell that was begun.
    fn cell(&mut self) -> Option<&mut Cell> {
        self.rows.last_mut()?.last_mut()
    }
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(page: &str) -> String {
    std::fs::read_to_string(root(page)).expect(page)
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

/// What is wrong with a text in backticks, if anything.
fn wrong(code: &str) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || "_-./:<>".contains(c);
    if !code.chars().all(is_name) {
        return None;
    }
    if is_path(code) { wrong_path(code) } else { wrong_name(code) }
}

/// Whether it begins with a name at the top of the repository, or ends like a file.
fn is_path(code: &str) -> bool {
    let top = code.split('/').next().filter(|top| code.len() > top.len() && !top.is_empty());
    top.is_some_and(|top| root(top).exists()) || ENDINGS.iter().any(|end| code.ends_with(end))
}

/// A part in angle brackets is any name, so only the folder before it must exist.
fn wrong_path(code: &str) -> Option<String> {
    let known = code
        .split_once('<')
        .map_or(code, |(before, _)| before.rsplit_once('/').map_or("", |(folder, _)| folder));
    (!root(known).exists()).then(|| format!("there is no `{known}`"))
}

fn wrong_name(code: &str) -> Option<String> {
    let segments: Vec<_> = code.split("::").collect();
    if segments[0].starts_with(|c: char| c.is_ascii_uppercase()) {
        return (!in_one_file("", &segments)).then(|| format!("no file names `{code}`"));
    }
    if segments.len() == 1 {
        return None;
    }
    let is_module = |path: &str| TREE.modules.iter().any(|module| module.name() == path);
    let known = (1..=segments.len()).rev().find(|length| is_module(&segments[..*length].join("::")));
    let Some(known) = known else { return Some(format!("there is no module `{}`", segments[0])) };
    let folder = format!("src/{}", segments[..known].join("/"));
    let (module, item) = segments.split_at(known);
    (!in_one_file(&folder, item)).then(|| format!("`{}` has no `{}`", module.join("::"), item.join("::")))
}

/// Whether one file in this folder has all these words.
fn in_one_file(folder: &str, names: &[&str]) -> bool {
    let files = WORDS.iter().filter(|(file, _)| file.starts_with(folder));
    files.map(|(_, words)| words).any(|words| names.iter().all(|name| words.contains(*name)))
}

/// What is wrong with a link of a page, if anything.
fn wrong_link(page: &str, link: &str) -> Option<String> {
    let file = link.split('#').next().unwrap_or_default();
    let is_outside = link.contains("://") || file.is_empty();
    let folder = root(page).parent().expect("a folder around the page").to_owned();
    (!is_outside && !folder.join(file).exists()).then(|| format!("the link `{link}` leads nowhere"))
}

#[test]
fn what_the_pages_name_is_there() {
    let mut findings = Vec::new();
    for path in PAGES {
        let page = Page::read(&text(path));
        assert!(page.codes.len() > 10, "{path}: nothing is seen of it");
        let of_links = page.links.iter().filter_map(|link| wrong_link(path, link));
        let all = page.codes.iter().filter_map(|code| wrong(code)).chain(of_links);
        findings.extend(all.map(|what| format!("{path}: {what}")));
    }
    none(findings);
}

#[test]
fn the_page_names_every_module_on_its_floor() {
    let named = |row: &[Cell]| {
        let codes = |at: usize| row.get(at).map(|cell| cell.codes.clone()).unwrap_or_default();
        (codes(0), codes(1))
    };
    let planned = |floor: &&[Part]| {
        let of = |pure| {
            let parts = floor.iter().filter(move |part| part.pure == pure);
            parts.map(|part| part.path.to_owned()).collect::<Vec<_>>()
        };
        (of(false), of(true))
    };
    let page = Page::read(&text(ARCHITECTURE));
    let rows: Vec<_> = page.rows.iter().map(|row| named(row)).collect();
    let floors: Vec<_> = FLOORS.iter().map(planned).collect();
    for (row, floor) in rows.iter().zip(&floors) {
        assert_eq!(
            row, floor,
            "{ARCHITECTURE} has the left row, edge and pure, where FLOORS has the right one"
        );
    }
    assert_eq!(rows.len(), floors.len(), "{ARCHITECTURE} has another number of floors than FLOORS");
}

#[test]
fn every_promise_is_in_the_tests_that_the_page_names() {
    let page = Page::read(&text(PROMISES));
    assert!(page.rows.len() >= 12, "{} promises", page.rows.len());
    let mut findings = Vec::new();
    for row in &page.rows {
        let [_, Cell { codes, .. }, Cell { links, .. }] = row.as_slice() else { panic!("three cells") };
        let id = &codes[0];
        assert!(!links.is_empty(), "`{id}` has no test");
        for link in links {
            let tests = text(&format!("docs/{link}"));
            if ![id.clone(), id.replace('-', "_")].iter().any(|id| tests.contains(id)) {
                findings.push(format!("{link} does not carry `{id}`"));
            }
        }
    }
    none(findings);
}

#[test]
fn what_has_an_owner_is_there() {
    let owners = text(OWNERS);
    let rows: Vec<_> = owners.lines().filter_map(|line| line.strip_prefix('/')).collect();
    assert!(rows.len() > 5, "{rows:?}");
    let path = |row: &&str| row.split_whitespace().next().unwrap_or_default().to_owned();
    none(rows.iter().map(path).filter_map(|path| wrong_path(&path)).collect());
}

/// A reader that sees no pages would find no mistake.
#[test]
fn what_is_wrong_on_a_page_is_seen() {
    let problem = |code| wrong(code).unwrap_or_else(|| panic!("nothing is wrong with `{code}`"));
    assert_eq!(problem("src/plan/nowhere.rs"), "there is no `src/plan/nowhere.rs`");
    assert_eq!(problem("src/nowhere/<name>.rs"), "there is no `src/nowhere`");
    assert_eq!(problem("nowhere.md"), "there is no `nowhere.md`");
    assert_eq!(problem("planet::plan"), "there is no module `planet`");
    assert_eq!(problem("plan::guard::wave"), "`plan::guard` has no `wave`");
    assert_eq!(problem("Http::conjure"), "no file names `Http::conjure`");
    for code in [
        "src/cli/<name>.rs",
        "plan::guard",
        "Http::reader",
        "plan",
        "enact plan --rev REV",
        "refs/enact/applied/x",
    ] {
        assert_eq!(wrong(code), None, "{code}");
    }
    assert!(wrong_link(ARCHITECTURE, "promises.md#what").is_none());
    assert!(wrong_link(ARCHITECTURE, "README.md").is_some());
    let page = Page::read("`a`\n\n| `b` | c |\n|---|---|\n| `d` | [e](f) |\n\n`g`\n");
    assert_eq!((page.codes.join(" "), page.links.join(" ")), ("a b d g".to_owned(), "f".to_owned()));
    let [row] = page.rows.as_slice() else { panic!("{} rows", page.rows.len()) };
    assert_eq!((&row[0].codes, &row[1].links), (&vec!["d".to_owned()], &vec!["f".to_owned()]));
}
