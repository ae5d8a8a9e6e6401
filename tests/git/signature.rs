//! Signed commits: what git signs is believed here, what is signed here git believes, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{World, at, git};
use enact::git::signature::{AllowedSigners, Signer};
use enact::git::write::NewCommit;
use git2::{ObjectType, Oid};

/// The time of every commit: 2023-11-14 22:13:20 UTC.
const TIME: i64 = 1_700_000_000;

/// A repository, and a folder with keys beside it.
struct Keys(World);

impl Keys {
    /// `None` if there is no ssh-keygen on this machine.
    fn new() -> Option<Self> {
        let keys = Self(World::new());
        Command::new("ssh-keygen").arg("-?").output().ok()?;
        git(keys.0.path(), &["--version"])?;
        Some(keys)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn keygen(&self, arguments: &[&str]) {
        let output = Command::new("ssh-keygen").current_dir(self.0.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes a key, and returns its public half.
    fn make(&self, name: &str, kind: &[&str]) -> String {
        self.keygen(&[kind, &["-q", "-C", "words of a comment", "-N", "", "-f", name]].concat());
        fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap().trim().to_owned()
    }

    fn signer(&self, name: &str) -> Signer {
        Signer::parse(fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// A commit that enact signs.
    fn ours(&self, name: &str) -> Oid {
        let files = BTreeMap::from([("a/b".to_owned(), Some(b"text".to_vec()))]);
        let signer = self.signer(name);
        let new = NewCommit {
            parents: &[],
            author: "A",
            time: TIME,
            message: "words\n\ngpgsig is no header here\n",
            signer: Some(&signer),
        };
        let commit = self.0.open().write_commit(None, &files, &new).unwrap();
        commit.hex().parse().unwrap()
    }

    /// A commit that git signs.
    fn theirs(&self, name: &str) -> Oid {
        let tree = self.0.tree(&[]).to_string();
        let key = format!("user.signingkey={}", self.path(name).display());
        let commit = ["-c", "gpg.format=ssh", "-c", &key, "commit-tree", "-S", "-m", "words", &tree];
        git(self.0.path(), &commit).unwrap().parse().unwrap()
    }

    /// The same commit with other text.
    fn altered(&self, commit: Oid, edit: impl Fn(String) -> String) -> Oid {
        let text = self.0.git.odb().unwrap().read(commit).unwrap().data().to_vec();
        self.0.raw(ObjectType::Commit, edit(String::from_utf8(text).unwrap()).as_bytes())
    }

    /// What enact says: who signed it, or why it is refused.
    fn check(&self, commit: Oid, signers: &str) -> Result<String, String> {
        let signers = AllowedSigners::parse(signers).unwrap();
        let repository = self.0.open();
        let commit = at(&repository, commit);
        repository.signer(&commit, &signers).unwrap().map(str::to_owned)
    }

    /// Whether git believes it.
    fn git_agrees(&self, commit: Oid, signers: &str) -> bool {
        fs::write(self.path("signers"), signers).unwrap();
        let file = format!("gpg.ssh.allowedSignersFile={}", self.path("signers").display());
        let output = Command::new("git")
            .current_dir(self.0.path())
            .args(["-c", "gpg.format=ssh", "-c", &file, "verify-commit", &commit.to_string()])
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output();
        output.unwrap().status.success()
    }

    /// Both believe it, or both refuse it; what enact says.
    fn agreed(&self, commit: Oid, signers: &str) -> Result<String, String> {
        let found = self.check(commit, signers);
        assert_eq!(found.is_ok(), self.git_agrees(commit, signers), "{signers}\n{found:?}");
        found
    }
}

#[test]
fn enact_and_git_believe_what_the_other_has_signed() {
    let Some(keys) = Keys::new() else { return };
    for (name, kind) in [("ed", ["-t", "ed25519", "-q"].as_slice()), ("ec", &["-t", "ecdsa", "-b", "256"])] {
        let public = keys.make(name, kind);
        let signers = format!("# who may\n\n{name}@example.com,*@ci {public}\n");
        for commit in [keys.ours(name), keys.theirs(name)] {
            assert_eq!(keys.agreed(commit, &signers), Ok(format!("{name}@example.com,*@ci")));
        }
        let alone = keys.signer(name).alone();
        let repository = keys.0.open();
        let ours = at(&repository, keys.ours(name));
        assert!(repository.signer(&ours, &alone).unwrap().is_ok(), "the key's own signature");
    }
    git(keys.0.path(), &["fsck", "--strict"]).unwrap();
}

#[test]
fn what_is_altered_unsigned_or_of_another_key_is_refused() {
    let Some(keys) = Keys::new() else { return };
    let (public, other) = (keys.make("one", &["-t", "ed25519"]), keys.make("two", &["-t", "ed25519"]));
    let signers = format!("one {public}");
    let refusal = |commit| keys.agreed(commit, &signers).unwrap_err();
    let signed = keys.ours("one");
    assert_eq!(keys.agreed(signed, &signers), Ok("one".to_owned()));
    for edit in [("words", "other words"), ("author A", "author B"), ("committer A", "committer B")] {
        let altered = keys.altered(signed, |text| text.replace(edit.0, edit.1));
        assert_eq!(refusal(altered), "its signature is not of what it says now: somebody has altered it");
    }
    let unsigned = keys.0.commit(keys.0.tree(&[]), &[]);
    assert_eq!(refusal(unsigned), "nobody has signed it");
    let moved = keys.altered(signed, |text| {
        let (head, message) = text.split_once("\n\n").unwrap();
        let (head, signature) = head.split_once("\ngpgsig ").unwrap();
        format!("{head}\n\n{message}\ngpgsig {signature}\n")
    });
    assert_eq!(refusal(moved), "nobody has signed it", "a message holds no header");
    assert!(refusal(keys.ours("two")).ends_with("that signed it is of no allowed signer"));
    assert!(keys.agreed(keys.ours("two"), &format!("one {public}\ntwo {other}")).is_ok());
    let doubled = keys.altered(signed, |text| {
        let (head, message) = text.split_once("\n\n").unwrap();
        let signature = head.split_once("\ngpgsig ").unwrap().1;
        format!("{head}\ngpgsig {signature}\n\n{message}")
    });
    let found = keys.check(doubled, &signers).unwrap_err();
    assert_eq!(found, "it holds more than one signature, or one of another kind");
    assert!(keys.git_agrees(doubled, &signers), "git takes the first, and signs none of the others");
    let garbled = keys.altered(signed, |text| text.replace("SSH SIGNATURE", "PGP SIGNATURE"));
    assert_eq!(refusal(garbled), "its signature is not one of an SSH key that can be read");
}

#[test]
fn a_signature_for_something_else_is_refused() {
    let Some(keys) = Keys::new() else { return };
    let signers = format!("one {}", keys.make("one", &["-t", "ed25519"]));
    let unsigned = keys.0.commit(keys.0.tree(&[]), &[]);
    let text = keys.0.git.odb().unwrap().read(unsigned).unwrap().data().to_vec();
    for (namespace, is_refused) in [("git", false), ("file", true)] {
        fs::write(keys.path("text"), &text).unwrap();
        let _ = fs::remove_file(keys.path("text.sig"));
        keys.keygen(&["-q", "-Y", "sign", "-f", "one", "-n", namespace, "text"]);
        let armor = fs::read_to_string(keys.path("text.sig")).unwrap().trim().replace('\n', "\n ");
        let commit =
            keys.altered(unsigned, |text| text.replacen("\n\n", &format!("\ngpgsig {armor}\n\n"), 1));
        let found = keys.agreed(commit, &signers);
        assert_eq!(found.is_err(), is_refused, "{found:?}");
        if let Err(why) = found {
            assert_eq!(why, "its signature is for `file`, not for a commit of git");
        }
    }
}

#[test]
fn an_allowed_signer_is_limited_as_its_line_says() {
    let Some(keys) = Keys::new() else { return };
    let public = keys.make("one", &["-t", "ed25519"]);
    let signed = keys.ours("one");
    for (options, is_allowed) in [
        (r#"namespaces="git""#, true),
        (r#"namespaces="file,g?t""#, true),
        (r#"namespaces="*,!git""#, false),
        (r#"namespaces="file""#, false),
        (r#"valid-after="20231114221320Z""#, true),
        (r#"valid-after="20231114221321Z""#, false),
        (r#"valid-before="20231114221320Z""#, true),
        (r#"valid-before="20231114221319Z""#, false),
        (r#"valid-before="20231114Z""#, false),
        (r#"valid-after="202311142213Z",valid-before="20991231Z",namespaces="git""#, true),
    ] {
        let found = keys.agreed(signed, &format!("one {options} {public}"));
        assert_eq!(found.is_ok(), is_allowed, "{options}: {found:?}");
    }
    let twice = format!("old valid-before=\"20200101Z\" {public}\nnew {public}");
    assert_eq!(keys.agreed(signed, &twice), Ok("new".to_owned()), "one line that allows it is enough");
}

#[test]
fn a_list_of_signers_that_cannot_be_understood_is_an_error_with_its_line() {
    let Some(keys) = Keys::new() else { return };
    let public = keys.make("one", &["-t", "ed25519"]);
    let wrong = |text: &str| AllowedSigners::parse(text).unwrap_err();
    for (line, words) in [
        (format!("one cert-authority {public}"), "enact reads no certificates"),
        (format!("one valid-before=\"20261231\" {public}"), "without the `Z`"),
        (format!("one valid-before=\"20261399Z\" {public}"), "is no time"),
        (format!("one no-such-option {public}"), "`no-such-option` is no option"),
        (format!("!one {public}"), "nobody's name"),
        ("one".to_owned(), "no public key"),
        (public.clone(), "no option"),
    ] {
        let why = wrong(&format!("# first\nok {public}\n{line}\n"));
        assert!(why.starts_with("line 3: ") && why.contains(words), "{line}: {why}");
    }
    assert_eq!(wrong("# nobody\n"), "it names nobody");
}

#[test]
fn a_key_that_cannot_sign_is_refused_without_a_word_of_it() {
    let Some(keys) = Keys::new() else { return };
    keys.make("one", &["-t", "ed25519"]);
    keys.make("rsa", &["-t", "rsa", "-b", "2048"]);
    keys.keygen(&["-q", "-t", "ed25519", "-N", "hunter22", "-f", "locked"]);
    let refusal = |name: &str| Signer::parse(fs::read(keys.path(name)).unwrap()).unwrap_err();
    assert!(refusal("locked").starts_with("it has a passphrase"));
    assert!(refusal("rsa").starts_with("it is a key of the type `ssh-rsa`"));
    assert!(refusal("one.pub").starts_with("it is not a private key"));
    let text = fs::read_to_string(keys.path("one")).unwrap();
    let secret = text.lines().nth(3).unwrap();
    let shown = format!(
        "{:?} {}",
        keys.signer("one"),
        Signer::parse(text.replace("KEY-----", "").into()).unwrap_err()
    );
    assert!(!shown.contains(secret) && shown.contains("SHA256:"), "{shown}");
}
