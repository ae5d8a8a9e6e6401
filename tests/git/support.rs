//! Repositories made object by object, so that they can hold what git itself never writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use enact::diagnostic::Diagnostic;
use enact::git::{Commit, Repository};
use enact::manifest::Files;
use enact::source::{self, Texts};
use git2::{ObjectType, Oid};
use tempfile::TempDir;

pub(crate) const FILE: &str = "100644";
pub(crate) const FOLDER: &str = "40000";
pub(crate) const LINK: &str = "120000";
pub(crate) const SUBMODULE: &str = "160000";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) git: git2::Repository,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let git = git2::Repository::init_opts(folder.path(), &options).unwrap();
        Self { folder, git }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn raw(&self, kind: ObjectType, bytes: &[u8]) -> Oid {
        self.git.odb().unwrap().write(kind, bytes).unwrap()
    }

    pub(crate) fn blob(&self, text: impl AsRef<[u8]>) -> Oid {
        self.raw(ObjectType::Blob, text.as_ref())
    }

    /// A tree exactly as given, in any order, with any name.
    pub(crate) fn tree(&self, entries: &[(&str, &str, Oid)]) -> Oid {
        let entries: Vec<_> = entries.iter().map(|(mode, name, id)| (*mode, name.as_bytes(), *id)).collect();
        self.tree_of_bytes(&entries)
    }

    pub(crate) fn tree_of_bytes(&self, entries: &[(&str, &[u8], Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        self.raw(ObjectType::Tree, &bytes)
    }

    pub(crate) fn commit(&self, tree: Oid, parents: &[Oid]) -> Oid {
        self.commit_at(tree, parents, 1_700_000_000)
    }

    pub(crate) fn commit_at(&self, tree: Oid, parents: &[Oid], time: i64) -> Oid {
        let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let who = format!("A <a@example.com> {time} +0000");
        let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nwords\n");
        self.raw(ObjectType::Commit, text.as_bytes())
    }

    /// A commit with one file, so that commits differ.
    pub(crate) fn version(&self, text: &str, parents: &[Oid]) -> Oid {
        let folder = self.tree(&[(FILE, "a.yaml", self.blob(text))]);
        self.commit(self.tree(&[(FOLDER, "policies", folder)]), parents)
    }

    pub(crate) fn reference(&self, name: &str, id: Oid) {
        self.git.reference(name, id, true, "test").unwrap();
    }

    /// Sets `main` and the working tree to a commit.
    pub(crate) fn check_out(&self, id: Oid) {
        self.reference("refs/heads/main", id);
        self.git.set_head("refs/heads/main").unwrap();
        self.git.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn loose(&self, id: Oid) -> PathBuf {
        let hex = id.to_string();
        self.git.path().join("objects").join(&hex[..2]).join(&hex[2..])
    }

    /// As in a partial clone.
    pub(crate) fn lose(&self, id: Oid) {
        fs::remove_file(self.loose(id)).unwrap();
    }

    /// As on a bad disk: the object of `id` now holds what `other` holds.
    pub(crate) fn damage(&self, id: Oid, other: Oid) {
        self.lose(id);
        fs::create_dir_all(self.loose(id).parent().unwrap()).unwrap();
        fs::copy(self.loose(other), self.loose(id)).unwrap();
    }

    pub(crate) fn open(&self) -> Repository {
        open(self.path())
    }

    /// Reads `policies` at a commit of this tree.
    pub(crate) fn read_tree(&self, tree: Oid) -> (Files, Vec<Diagnostic>) {
        self.read(self.commit(tree, &[]), "", &["policies"])
    }

    /// Reads the folder `policies` with these entries.
    pub(crate) fn read_policies(&self, entries: &[(&str, &str, Oid)]) -> (Files, Vec<Diagnostic>) {
        self.read_tree(self.tree(&[(FOLDER, "policies", self.tree(entries))]))
    }

    pub(crate) fn read(&self, commit: Oid, prefix: &str, manifests: &[&str]) -> (Files, Vec<Diagnostic>) {
        let repository = self.open();
        let mut diagnostics = Vec::new();
        let commit = at(&repository, commit);
        let files = source::revision(
            &repository,
            &commit,
            prefix,
            &strings(manifests),
            &mut Texts::within(512),
            &mut diagnostics,
        );
        (files, diagnostics)
    }
}

pub(crate) fn open(path: &Path) -> Repository {
    Repository::discover(path).unwrap().unwrap()
}

pub(crate) fn at(repository: &Repository, id: Oid) -> Commit {
    repository.commit(&id.to_string()).unwrap()
}

pub(crate) fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn names(files: &Files) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

/// Codes and messages, for comparison.
pub(crate) fn messages(diagnostics: &[Diagnostic]) -> Vec<(&str, &str)> {
    diagnostics.iter().map(|diagnostic| (diagnostic.code.text(), diagnostic.message.as_str())).collect()
}

/// Runs git without the configuration of this machine. `None`, after a printed line, if there is no git.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env_remove("GIT_DIR")
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no git on this machine");
        return None;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
