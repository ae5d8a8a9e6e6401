//! Names of revisions: `main`, `v1`, `origin/main`, `HEAD~2`, `1a2b3c4^{commit}`. Commits themselves are read in `git`.
//!
//! It accepts less than git: a name that depends on the reflog, on words of a message or on a path is refused. So is a
//! name that means several commits, because whoever may push a tag must not choose what is applied.

use std::collections::BTreeMap;

use git2::{ErrorCode, ObjectType, Oid, Reference};

use super::{Commit, DEEPEN, Repository, broken, oid};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::text::short;

/// Where a short name is looked up, as git does it.
const PLACES: [&str; 6] =
    ["{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD"];
/// Tags may name tags; nobody makes a longer chain by hand.
const MAX_TAGS: usize = 16;
const WRITE: &str = "write a branch, a tag, a commit id, or one of them with `~1` or `^2`";

/// A step from a commit to one of its ancestors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// `~n`: n times the first parent.
    Back(usize),
    /// `^n`: the parent of that number.
    Parent(usize),
}

impl Repository {
    /// Finds the commit that a revision means.
    pub fn commit(&self, revision: &str) -> Result<Commit, Diagnostic> {
        let (name, steps) = parse(revision)?;
        let mut id = self.named(name)?;
        for step in steps {
            id = self.step(revision, id, step)?;
        }
        self.content(id)?;
        Ok(Commit(id))
    }

    fn named(&self, name: &str) -> Result<Oid, Diagnostic> {
        // A branch of that name cannot replace a whole id.
        if let Some(id) = oid(name) {
            return if self.holds(id) { self.peel(name, id) } else { Err(self.unknown(name)) };
        }
        let mut found = self.references_named(name)?;
        if let Some(id) = self.abbreviated(name, !found.is_empty())? {
            found.insert(id, id.to_string());
        }
        let mut ids = found.keys();
        match (ids.next(), ids.next()) {
            (Some(id), None) => Ok(*id),
            (None, _) => Err(self.unknown(name)),
            (Some(_), Some(_)) => {
                let names: Vec<_> = found.values().map(|name| format!("`{}`", short(name))).collect();
                Err(ambiguous(name, &format!("write which one: {}", names.join(" or "))))
            }
        }
    }

    /// The commits that references with a name lead to, each with one of the references.
    fn references_named(&self, name: &str) -> Result<BTreeMap<Oid, String>, Diagnostic> {
        let mut found = BTreeMap::new();
        let full = if name == "@" { "HEAD" } else { name };
        let places = PLACES.iter().map(|place| place.replace("{}", full));
        for place in places.filter(|place| Reference::is_valid_name(place)) {
            match self.git.find_reference(&place).and_then(|reference| reference.resolve()) {
                Ok(reference) => {
                    let Some(id) = reference.target() else { continue };
                    found.insert(self.peel(&place, id)?, place);
                }
                Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
                Err(error) => {
                    let message = format!("`{}` cannot be read: {}", short(&place), error.message());
                    return Err(Diagnostic::new(Code::GitRevision, message).help("`git fsck` shows more"));
                }
            }
        }
        Ok(found)
    }

    /// The commit whose id begins with these digits. `named` means that a reference has that name, too.
    fn abbreviated(&self, name: &str, named: bool) -> Result<Option<Oid>, Diagnostic> {
        let is_hex = (4..40).contains(&name.len()) && name.chars().all(|c| c.is_ascii_hexdigit());
        let Some(prefix) = Oid::from_str(name).ok().filter(|_| is_hex) else { return Ok(None) };
        let id = self.git.odb().and_then(|odb| odb.exists_prefix(prefix, name.len()));
        match id {
            Ok(id) => match self.peel(name, id) {
                Err(_) if named => Ok(None),
                commit => commit.map(Some),
            },
            Err(error) if error.code() == ErrorCode::Ambiguous => {
                Err(ambiguous(name, "write more digits of the commit id"))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(broken(prefix, &error)),
        }
    }

    /// The commit that an object is, or that a tag points to.
    fn peel(&self, name: &str, mut id: Oid) -> Result<Oid, Diagnostic> {
        for _ in 0..MAX_TAGS {
            let kind = self.kind(id)?;
            match kind {
                ObjectType::Commit => return Ok(id),
                ObjectType::Tag => id = self.tagged(id)?,
                _ => {
                    let message = format!("`{}` is a {kind}, not a commit", short(name));
                    return Err(Diagnostic::new(Code::GitNotACommit, message).help(WRITE));
                }
            }
        }
        let message = format!("`{}` is a chain of too many tags", short(name));
        Err(Diagnostic::new(Code::GitNotACommit, message).help(WRITE))
    }

    fn kind(&self, id: Oid) -> Result<ObjectType, Diagnostic> {
        let header = self.git.odb().and_then(|odb| odb.read_header(id));
        header.map(|(_, kind)| kind).map_err(|error| broken(id, &error))
    }

    fn tagged(&self, tag: Oid) -> Result<Oid, Diagnostic> {
        let bytes = self.object(tag, ObjectType::Tag)?;
        let line = bytes.split(|byte| *byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
        line.and_then(|line| oid(line.strip_prefix("object ")?)).ok_or_else(|| {
            Diagnostic::new(Code::GitObject, format!("object {tag} is not a tag that can be read"))
                .help("`git fsck` shows more")
        })
    }

    fn step(&self, revision: &str, mut id: Oid, step: Step) -> Result<Oid, Diagnostic> {
        let (times, number) = match step {
            Step::Back(times) => (times, 1),
            Step::Parent(0) => (0, 0),
            Step::Parent(number) => (1, number),
        };
        for _ in 0..times {
            let parents = self.content(id)?.parents;
            let Some(parent) = parents.get(number - 1) else {
                let message = format!("`{}`: commit {} has no such parent", short(revision), Commit(id));
                return Err(Diagnostic::new(Code::GitUnknownRevision, message).help(WRITE));
            };
            if self.is_left_out(*parent) {
                return Err(self.unknown(revision));
            }
            id = *parent;
        }
        Ok(id)
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names = self.reference_names();
        if names.is_empty() && self.git.find_reference("HEAD").is_ok_and(|head| head.resolve().is_err()) {
            return Diagnostic::new(Code::GitNoCommits, "the repository has no commits yet")
                .help("commit the manifests first");
        }
        let near = nearest(name, names.iter().map(String::as_str));
        let help = match near {
            _ if self.is_shallow() => DEEPEN.to_owned(),
            Some(near) => format!("did you mean `{}`?", short(near)),
            None => "fetch it first, or write a branch, a tag or a commit id that is here".to_owned(),
        };
        let why = if self.is_shallow() { "this shallow clone" } else { "the repository" };
        let message = format!("there is no revision `{}` in {why}", short(name));
        Diagnostic::new(Code::GitUnknownRevision, message).help(help)
    }

    fn reference_names(&self) -> Vec<String> {
        let references = self.git.references().into_iter().flatten().filter_map(Result::ok);
        references.filter_map(|reference| reference.shorthand().ok().map(str::to_owned)).collect()
    }
}

fn ambiguous(name: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::GitAmbiguous, format!("`{}` means several commits", short(name))).help(help)
}

/// Splits a revision into a name and steps from there.
fn parse(revision: &str) -> Result<(&str, Vec<Step>), Diagnostic> {
    let refuse = |why: &str| {
        let message = format!("`{}` {why}", short(revision));
        Err(Diagnostic::new(Code::GitRevision, message).help(WRITE))
    };
    let (name, mut rest) = revision.split_at(revision.find(['~', '^']).unwrap_or(revision.len()));
    if revision.contains("@{") {
        return refuse("depends on this clone's reflog, which other clones do not have");
    }
    if revision.contains(':') || revision.contains("^{/") {
        return refuse("is not the name of one commit");
    }
    if revision.contains("..") {
        return refuse("is a range, not one commit");
    }
    if name.starts_with('-') {
        return refuse("looks like an option");
    }
    if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("is not a revision");
    }
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let Some((step, after)) = step(rest) else { return refuse("is not a revision") };
        steps.extend(step);
        rest = after;
    }
    Ok((name, steps))
}

/// Takes one step off the front. `^{commit}` and `^{}` go nowhere.
fn step(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(rest) = text.strip_prefix("^{commit}").or_else(|| text.strip_prefix("^{}")) {
        return Some((None, rest));
    }
    let after = text.get(1..)?;
    let (digits, rest) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
    let number = if digits.is_empty() { 1 } else { digits.parse().ok()? };
    match text.chars().next()? {
        '~' => Some((Some(Step::Back(number)), rest)),
        '^' => Some((Some(Step::Parent(number)), rest)),
        _ => None,
    }
}
