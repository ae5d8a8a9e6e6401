//! Commits that enact makes: a tree with some files changed, its parents, and a message. Nothing is checked out.

use std::collections::BTreeMap;
use std::io::Write as _;

use git2::build::TreeUpdateBuilder;
use git2::{Buf, FileMode, ObjectType, Oid, Signature, Time, Tree};

use super::signature::Signer;
use super::{Commit, Repository};
use crate::diagnostic::{Code, Diagnostic};

/// From this many files on, everything is written as one pack: a file for each object takes longer to write and to
/// read.
const PACK_FROM: usize = 200;

/// A commit to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// Its parents, in order.
    pub parents: &'a [Commit],
    /// Who made it.
    pub author: &'a str,
    /// When, in seconds since 1970.
    pub time: i64,
    /// Its message.
    pub message: &'a str,
    /// The key that signs it, if any does.
    pub signer: Option<&'a Signer>,
}

impl Repository {
    /// Makes a commit: the tree of `base`, or an empty one, with these files written, or removed where there are no
    /// bytes. Only trees on the paths of those are read and written. No reference is moved.
    pub fn write_commit(
        &self,
        base: Option<&Commit>,
        edits: &BTreeMap<String, Option<Vec<u8>>>,
        new: &NewCommit<'_>,
    ) -> Result<Commit, Diagnostic> {
        if edits.len() < PACK_FROM {
            return self.commit_of(base, edits, new);
        }
        // A handle of its own, because everything that it writes stays in memory until the pack is made.
        let own = self.reopened()?;
        let odb = own.git.odb().map_err(unwritten)?;
        let memory = odb.add_new_mempack_backend(i32::MAX).map_err(unwritten)?;
        let commit = own.commit_of(base, edits, new)?;
        let mut pack = Buf::new();
        memory.dump(&own.git, &mut pack).map_err(unwritten)?;
        let mut writer = odb.packwriter().map_err(unwritten)?;
        writer.write_all(&pack).map_err(|error| failed(&error.to_string()))?;
        writer.commit().map_err(unwritten)?;
        Ok(commit)
    }

    fn commit_of(
        &self,
        base: Option<&Commit>,
        edits: &BTreeMap<String, Option<Vec<u8>>>,
        new: &NewCommit<'_>,
    ) -> Result<Commit, Diagnostic> {
        let base = match base {
            Some(base) => self.git.find_tree(self.tree(base)?).map_err(unwritten)?,
            None => self.empty_tree()?,
        };
        let tree = self.edited(&base, edits)?;
        let parents: String = new.parents.iter().map(|parent| format!("parent {}\n", parent.hex())).collect();
        let who = signature(new)?;
        let (name, email) = (who.name().unwrap_or("enact"), who.email().unwrap_or("enact"));
        let who = format!("{name} <{email}> {} +0000", new.time);
        let text =
            format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{}", new.message.trim_start());
        let text = match new.signer {
            Some(signer) => {
                signer.sign(&text).map_err(|why| failed(&format!("a commit cannot be signed: {why}")))?
            }
            None => text,
        };
        let odb = self.git.odb().map_err(unwritten)?;
        odb.write(ObjectType::Commit, text.as_bytes()).map(Commit).map_err(unwritten)
    }

    fn empty_tree(&self) -> Result<Tree<'_>, Diagnostic> {
        let id = self.git.treebuilder(None).and_then(|builder| builder.write()).map_err(unwritten)?;
        self.git.find_tree(id).map_err(unwritten)
    }

    fn edited(&self, base: &Tree<'_>, edits: &BTreeMap<String, Option<Vec<u8>>>) -> Result<Oid, Diagnostic> {
        let mut update = TreeUpdateBuilder::new();
        for (path, edit) in edits {
            match edit {
                Some(bytes) => {
                    let id = self.git.blob(bytes).map_err(unwritten)?;
                    update.upsert(path.as_str(), id, FileMode::Blob);
                }
                None if base.get_path(path.as_ref()).is_ok() => drop(update.remove(path.as_str())),
                None => {}
            }
        }
        update.create_updated(&self.git, base).map_err(unwritten)
    }
}

/// The name as git takes it, without what would end it.
fn signature(new: &NewCommit<'_>) -> Result<Signature<'static>, Diagnostic> {
    let plain: String = new.author.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    let plain = plain.trim();
    let name = if plain.is_empty() { "enact" } else { plain };
    Signature::new(name, "enact@localhost", &Time::new(new.time, 0)).map_err(unwritten)
}

fn unwritten(error: git2::Error) -> Diagnostic {
    failed(error.message())
}

fn failed(why: &str) -> Diagnostic {
    Diagnostic::new(Code::GitWrite, format!("the repository cannot be written: {why}"))
        .help("make sure that there is room and that you may write to it")
}
