//! How many files the objects of a repository are in. libgit2 goes through all packs for each object that is new, so their
//! number must not grow with what was written. They are joined by the user's own `git`, when it would do that itself, but
//! only the small ones: what was joined once is not copied again before as much has come.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use super::Repository;
use crate::sync::lock;

/// How many objects and packs git leaves as they are, unless its configuration says otherwise. None is as many as wanted.
const LIMITS: [(&str, i64); 2] = [("gc.auto", 6700), ("gc.autoPackLimit", 50)];
/// Objects that are in no pack are spread over folders by their ids. As git does, only this one is counted.
const ONE_FOLDER: (&str, i64) = ("objects/17", 256);

/// Held while a thread of this process looks and joins: the next one then finds nothing to do.
static JOINING: Mutex<()> = Mutex::new(());

impl Repository {
    /// Joins packs, and objects that are in none, if there are many. No object is dropped, so others may read and write
    /// meanwhile. Where it cannot be done, everything is only slower. `secrets` are variables that `git` must not see.
    pub fn join_packs(&self, secrets: &[String]) {
        let _joining = lock(&JOINING);
        if self.is_scattered() {
            let mut command = self.git_command(secrets);
            command.args(["repack", "--geometric=2", "-d", "-l", "-n", "-q"]);
            drop(command.stdout(Stdio::null()).stderr(Stdio::null()).status());
        }
    }

    fn is_scattered(&self) -> bool {
        let config = self.git.config().ok();
        let limits = LIMITS.map(|(name, usual)| {
            config.as_ref().and_then(|config| config.get_i64(name).ok()).unwrap_or(usual)
        });
        let [objects, packs] = limits;
        let (folder, share) = ONE_FOLDER;
        let count = |folder: &str, ending: &str| files(&self.common_folder().join(folder), ending);
        objects > 0
            && (count(folder, "") > objects.div_euclid(share) + 1
                || packs > 0 && count("objects/pack", ".pack") > packs)
    }
}

/// How many files of a folder have names with this ending.
fn files(folder: &Path, ending: &str) -> i64 {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.file_name());
    let found = names.filter(|name| name.as_encoded_bytes().ends_with(ending.as_bytes()));
    i64::try_from(found.count()).unwrap_or(i64::MAX)
}
