//! Whom the record is believed from: where keys are named in enact.yaml, only what an allowed signer has signed.

use std::process::Command;

use crate::history::Repo;
use crate::world::codes;
use serde_json::{Value, json};

const RECORD: &str = "refs/enact/record/live";
const SIGNED: &str = "record: {sign: keys/one, allowed_signers: keys/signers}\n";

impl Repo {
    /// A repository whose record is signed with the key `keys/one`.
    fn signed(record: &str) -> Self {
        let repo = Self::new("polytomic", "  prune: tracked\n");
        repo.write(".gitignore", "keys/\n");
        repo.write("keys/signers", "");
        for name in ["one", "two"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name])
                .current_dir(repo.dir.path().join("keys"))
                .status();
            assert!(made.unwrap().success());
        }
        repo.allow(&["one"]);
        repo.configure(record);
        repo.declare("Role", "A", "{}");
        repo.declare("Role", "B", "{}");
        repo.commit();
        repo
    }

    /// Which keys may sign.
    fn allow(&self, names: &[&str]) {
        let public = |name: &&str| {
            let key = std::fs::read_to_string(self.dir.path().join(format!("keys/{name}.pub"))).unwrap();
            format!("{name}@example.com namespaces=\"git\" {key}")
        };
        self.write("keys/signers", &names.iter().map(public).collect::<String>());
    }

    fn configure(&self, record: &str) {
        let config = std::fs::read_to_string(self.dir.path().join("enact.yaml")).unwrap();
        let lines: String = config
            .lines()
            .filter(|line| !line.starts_with("record:"))
            .map(|line| format!("{line}\n"))
            .collect();
        self.write("enact.yaml", &lines.replacen("manifests:", &format!("{record}manifests:"), 1));
    }

    /// git as somebody uses it who wants to see the signatures.
    fn signed_git(&self, arguments: &[&str]) -> String {
        let signers =
            format!("gpg.ssh.allowedSignersFile={}", self.dir.path().join("keys/signers").display());
        self.git(&[&["-c", "gpg.format=ssh", "-c", &signers], arguments].concat())
    }

    /// Puts a commit with the tree and the parents of the record's tip in its place.
    fn forge(&self, sign: &[&str]) {
        let (first, second) = (format!("{RECORD}^1"), format!("{RECORD}^2"));
        let tree = format!("{RECORD}^{{tree}}");
        let commit = [sign, &["-p", &first, "-p", &second, "-m", "forged", &tree]].concat();
        let forged = self.git(&commit);
        self.git(&["update-ref", RECORD, &forged]);
    }

    /// The next commit gives `B` up.
    fn give_up(&self) {
        self.remove("Role", "B");
        self.commit();
    }

    /// Plan warns and deletes nothing; apply refuses and writes nothing.
    fn assert_untrusted(&self, why: &str) {
        let plan = self.plan();
        let found: Vec<_> = warnings(&plan, "record/untrusted");
        assert!(found.len() == 1 && found[0].contains(why), "{plan:#}");
        assert_eq!(plan["changes"], json!([]), "no delete without evidence: {plan:#}");
        let tip = self.git(&["rev-parse", RECORD]);
        let run = self.apply_with(&[]);
        assert_eq!(run.code, 4, "{}", run.out);
        assert!(codes(&run.json()).contains(&"record/untrusted"), "{}", run.out);
        assert_eq!((self.writes(), self.git(&["rev-parse", RECORD])), (Vec::new(), tip));
    }
}

fn warnings(document: &Value, code: &str) -> Vec<String> {
    let diagnostics = document["diagnostics"].as_array().unwrap().iter();
    let of_code = diagnostics.filter(|diagnostic| diagnostic["code"] == code);
    of_code.map(|diagnostic| diagnostic["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_record_is_signed_and_git_names_who_signed_it() {
    let repo = Repo::signed(SIGNED);
    repo.converge();
    repo.signed_git(&["verify-commit", RECORD]);
    let log = repo.signed_git(&["log", "--first-parent", "--show-signature", RECORD]);
    assert_eq!(log.matches("Good \"git\" signature for one@example.com").count(), 2, "{log}");
    repo.give_up();
    let plan = repo.plan();
    assert_eq!(plan["changes"][0]["action"], "delete", "{plan:#}");
    repo.converge();
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn a_forged_record_is_no_evidence_and_stops_apply() {
    let repo = Repo::signed(SIGNED);
    repo.converge();
    let sound = repo.git(&["rev-parse", RECORD]);
    repo.give_up();
    repo.forge(&["commit-tree"]);
    repo.assert_untrusted("nobody has signed it");
    let key = format!("user.signingkey={}", repo.dir.path().join("keys/two").display());
    repo.forge(&["-c", "gpg.format=ssh", "-c", &key, "commit-tree", "-S"]);
    repo.assert_untrusted("is of no allowed signer");
    repo.git(&["update-ref", "-d", RECORD]);
    assert_eq!(warnings(&repo.plan(), "record/untrusted").len(), 1, "what an older enact left is not signed");
    assert_eq!((repo.apply_with(&[]).code, repo.writes()), (4, Vec::new()));
    repo.git(&["update-ref", RECORD, &sound]);
    repo.converge();
}

#[test]
fn a_forged_record_of_the_remote_does_not_get_into_this_clone() {
    let repo = Repo::signed("record: {remote: origin, sign: keys/one, allowed_signers: keys/signers}\n");
    let remote = tempfile::TempDir::new().unwrap();
    let path = remote.path().display().to_string();
    repo.git(&["init", "-q", "--bare", &path]);
    repo.git(&["remote", "add", "origin", &path]);
    let push = || repo.git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
    push();
    repo.converge();
    let sound = repo.git(&["rev-parse", RECORD]);
    repo.give_up();
    push();
    let (tree, second) = (format!("{RECORD}^{{tree}}"), format!("{RECORD}^2"));
    let forged = repo.git(&["commit-tree", "-p", &sound, "-p", &second, "-m", "forged", &tree]);
    repo.git(&["push", "-q", "origin", &format!("{forged}:{RECORD}")]);
    let run = repo.apply_with(&[]);
    assert_eq!((run.code, repo.writes()), (4, Vec::new()), "{}", run.out);
    assert!(codes(&run.json()).contains(&"record/untrusted"), "{}", run.out);
    for name in ["record", "seen"] {
        assert_eq!(repo.git(&["rev-parse", &format!("refs/enact/{name}/live")]), sound, "{name}");
    }
}

#[test]
fn a_record_from_before_the_keys_is_vouched_for_with_a_signed_commit() {
    let repo = Repo::signed("");
    repo.converge();
    repo.configure(SIGNED);
    repo.give_up();
    repo.assert_untrusted("nobody has signed it");
    let key = format!("user.signingkey={}", repo.dir.path().join("keys/one").display());
    let (second, tree) = (format!("{RECORD}^2"), format!("{RECORD}^{{tree}}"));
    let vouched = repo.git(&[
        "-c",
        "gpg.format=ssh",
        "-c",
        &key,
        "commit-tree",
        "-S",
        "-m",
        "signed from here on",
        "-p",
        RECORD,
        "-p",
        &second,
        &tree,
    ]);
    repo.git(&["update-ref", RECORD, &vouched]);
    let runs = || repo.run(&["log", "--format", "json"]).json()["runs"].as_array().map(Vec::len);
    assert_eq!(runs(), Some(1), "it is the same run");
    let plan = repo.plan();
    assert_eq!(plan["changes"][0]["action"], "delete", "{plan:#}");
    repo.converge();
    assert_eq!(runs(), Some(2));
}

#[test]
fn a_plan_needs_no_private_key_and_apply_none_that_nobody_believes() {
    let repo = Repo::signed(SIGNED);
    repo.converge();
    std::fs::rename(repo.dir.path().join("keys/one"), repo.dir.path().join("keys/away")).unwrap();
    let plan = repo.plan();
    assert_eq!(plan["diagnostics"], json!([]), "{plan:#}");
    let refused = |words: &str| {
        let run = repo.apply_with(&[]);
        let document = run.json();
        assert_eq!((run.code, repo.writes()), (3, Vec::new()), "{document:#}");
        let found = warnings(&document, "record/keys");
        assert!(found.len() == 1 && found[0].contains(words), "{document:#}");
    };
    refused("`keys/one`, cannot be used");
    repo.configure("record: {sign: keys/two, allowed_signers: keys/signers}\n");
    repo.commit();
    refused("is of no allowed signer");
    repo.configure("record: {allowed_signers: keys/signers}\n");
    repo.commit();
    refused("names no key that signs it");
    assert_eq!(repo.plan()["diagnostics"], json!([]), "it can still be checked");
    repo.configure("record: {sign: keys/away}\n");
    repo.commit();
    repo.converge();
    repo.configure("record: {sign: keys/two}\n");
    repo.commit();
    repo.assert_untrusted("is of no allowed signer");
}
