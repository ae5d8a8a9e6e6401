//! Finding the repository, and the files that are not committed.

use std::fs;

use crate::support::{FILE, FOLDER, LINK, World, git, messages, names, open, strings};
use enact::diagnostic::Diagnostic;
use enact::git::{Commit, Repository};
use enact::manifest::Files;
use enact::source::{Texts, uncommitted, working_tree};
use tempfile::TempDir;

const CONFIG: &str = "apiVersion: enact/v1\n";

#[test]
fn a_folder_outside_of_any_repository_has_none() {
    let folder = TempDir::new().unwrap();
    assert!(Repository::discover(folder.path()).unwrap().is_none());
    assert!(Repository::discover(&folder.path().join("missing")).unwrap().is_none());
}

#[test]
fn it_is_found_from_below_and_knows_the_folder() {
    let world = World::new();
    let below = world.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    let repository = open(&below);
    assert_eq!(repository.prefix_of(&below).as_deref(), Some("a/b"));
    assert_eq!(repository.prefix_of(world.path()).as_deref(), Some(""));
    assert_eq!(repository.prefix_of(&world.path().join("a/../a")).as_deref(), Some("a"));
    assert_eq!(repository.prefix_of(TempDir::new().unwrap().path()), None);
    assert_eq!(repository.prefix_of(&world.path().join("missing")), None);
}

/// What is read of `policies` in a commit.
fn policies(repository: &Repository, commit: &Commit) -> (Files, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let (folders, texts) = (strings(&["policies"]), &mut Texts::within(512));
    let files = enact::source::revision(repository, commit, "", &folders, texts, &mut diagnostics);
    (files, diagnostics)
}

#[test]
fn a_bare_clone_and_a_git_folder_are_read_like_any_other() {
    let world = World::new();
    let commit = world.version("x", &[]);
    world.check_out(commit);
    let folder = TempDir::new().unwrap();
    let source = world.path().to_str().unwrap();
    let bare = git2::build::RepoBuilder::new().bare(true).clone(source, &folder.path().join("bare")).unwrap();
    for path in [bare.path(), world.git.path()] {
        let repository = open(path);
        let head = repository.commit("HEAD").unwrap();
        let (files, diagnostics) = policies(&repository, &head);
        assert_eq!((names(&files), diagnostics), (vec!["policies/a.yaml"], vec![]));
    }
    assert_eq!(open(bare.path()).prefix_of(bare.path()), None);
}

#[test]
fn a_packed_clone_made_by_git_reads_the_same() {
    let world = World::new();
    let commit = world.version("x", &[]);
    world.check_out(commit);
    let before = world.read(commit, "", &["policies"]);
    if git(world.path(), &["gc", "-q", "--prune=now"]).is_none() {
        return;
    }
    assert!(!world.loose(commit).exists());
    assert_eq!(world.read(commit, "", &["policies"]), before);
}

#[test]
fn a_truncated_pack_is_an_error() {
    let world = World::new();
    let commit = world.version("x", &[]);
    world.check_out(commit);
    if git(world.path(), &["gc", "-q", "--prune=now"]).is_none() {
        return;
    }
    let packs =
        fs::read_dir(world.git.path().join("objects/pack")).unwrap().map(|entry| entry.unwrap().path());
    let pack = packs.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "pack")).unwrap();
    let bytes = fs::read(&pack).unwrap();
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &bytes[..bytes.len() / 2]).unwrap();
    let repository = world.open();
    let read = repository.commit(&commit.to_string()).map(|commit| {
        let (_, diagnostics) = policies(&repository, &commit);
        assert!(diagnostics.iter().any(Diagnostic::is_error));
    });
    assert!(read.is_ok() || read.is_err_and(|diagnostic| diagnostic.is_error()));
}

#[test]
fn a_partial_clone_says_how_to_get_the_rest() {
    let world = World::new();
    world.check_out(world.version("x", &[]));
    world.git.config().unwrap().set_bool("uploadpack.allowFilter", true).unwrap();
    let folder = TempDir::new().unwrap();
    let url = format!("file://{}", world.path().display());
    let clone = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "partial"];
    if git(folder.path(), &clone).is_none() {
        return;
    }
    let diagnostic = match Repository::discover(&folder.path().join("partial")) {
        Err(diagnostic) => diagnostic,
        Ok(repository) => {
            let repository = repository.unwrap();
            let head = repository.commit("HEAD").unwrap();
            let (files, mut diagnostics) = policies(&repository, &head);
            assert!(files.is_empty());
            diagnostics.remove(0)
        }
    };
    assert!(diagnostic.help.unwrap().contains("without `--filter`"), "{}", diagnostic.message);
}

#[test]
fn a_repository_that_cannot_be_understood_is_an_error() {
    let world = World::new();
    let mut config = world.git.config().unwrap();
    config.set_i32("core.repositoryformatversion", 1).unwrap();
    config.set_str("extensions.newfangled", "true").unwrap();
    let diagnostic = Repository::discover(world.path()).map(|_| ()).unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/repository");
}

#[test]
fn a_repository_that_needs_a_newer_library_says_what_it_has_and_what_to_do() {
    for (extension, value, what, help) in [
        ("objectformat", "sha256", "SHA-256", "--object-format=sha1"),
        ("refstorage", "reftable", "reftable", "git refs migrate --ref-format=files"),
    ] {
        let world = World::new();
        let mut config = world.git.config().unwrap();
        config.set_i32("core.repositoryformatversion", 1).unwrap();
        config.set_str(&format!("extensions.{extension}"), value).unwrap();
        let diagnostic = Repository::discover(world.path()).map(|_| ()).unwrap_err();
        assert_eq!(diagnostic.code.text(), "git/repository");
        assert!(diagnostic.message.contains(what), "{}", diagnostic.message);
        assert!(diagnostic.help.unwrap().contains(help));
    }
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_is_refused() {
    let world = World::new();
    let paths = [world.path().to_owned(), world.git.path().to_owned(), world.git.path().join("config")];
    if paths.iter().any(|path| std::os::unix::fs::chown(path, Some(54321), None).is_err()) {
        println!("skipped: only root can give files away");
        return;
    }
    let diagnostic = Repository::discover(world.path()).map(|_| ()).unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/owner");
    assert!(diagnostic.help.unwrap().contains("safe.directory"));
}

/// A repository with enact.yaml and a manifest, checked out below a folder.
fn committed() -> World {
    let world = World::new();
    let policies = world.tree(&[(FILE, "a.yaml", world.blob("a: 1\nb: 2\n"))]);
    let inner = world.tree(&[(FILE, "enact.yaml", world.blob(CONFIG)), (FOLDER, "policies", policies)]);
    world.check_out(world.commit(world.tree(&[(FOLDER, "in", inner)]), &[]));
    world
}

fn changed(world: &World) -> Result<Vec<String>, Vec<Diagnostic>> {
    let repository = world.open();
    let (folder, manifests) = (world.path().join("in"), strings(&["policies"]));
    let text = fs::read_to_string(folder.join("enact.yaml")).unwrap();
    let head = repository.commit("HEAD").unwrap();
    let working = working_tree(&folder, &manifests, &mut Texts::within(512), &mut Vec::new());
    let prefix = repository.prefix_of(&folder).unwrap();
    let trusted = Files::from([("enact.yaml".to_owned(), text.into())]);
    uncommitted(&repository, &head, &prefix, &manifests, &trusted, &working, &mut Texts::within(64))
}

#[test]
fn a_clean_working_tree_is_clean() {
    let world = committed();
    assert_eq!(changed(&world), Ok(vec![]));
    world.write("in/README.md", "not a manifest");
    world.write("in/policies/notes.txt", "not a manifest");
    world.write("elsewhere/b.yaml", "not ours");
    assert_eq!(changed(&world), Ok(vec![]));
    world.write("in/policies/a.yaml", "a: 1\r\nb: 2\r\n");
    assert_eq!(changed(&world), Ok(vec![]), "a checkout may write other line ends");
}

#[test]
fn an_edited_a_new_and_a_removed_file_are_named() {
    let world = committed();
    world.write("in/policies/a.yaml", "a: 2\n");
    world.write("in/policies/sub/b.yaml", "new");
    assert_eq!(changed(&world), Ok(strings(&["policies/a.yaml", "policies/sub/b.yaml"])));
    fs::remove_file(world.path().join("in/policies/a.yaml")).unwrap();
    assert_eq!(changed(&world), Ok(strings(&["policies/a.yaml", "policies/sub/b.yaml"])));
    fs::remove_dir_all(world.path().join("in/policies")).unwrap();
    assert_eq!(changed(&world), Ok(strings(&["policies/a.yaml"])));
}

#[test]
fn an_edited_enact_yaml_is_named() {
    let world = committed();
    world.write("in/enact.yaml", "apiVersion: enact/v1\n# mine\n");
    assert_eq!(changed(&world), Ok(strings(&["enact.yaml"])));
}

#[test]
fn what_git_status_hides_is_named_all_the_same() {
    let world = committed();
    world.write(".gitignore", "*\n");
    world.write("in/policies/ignored.yaml", "x");
    world.write("in/policies/a.yaml", "a: 2\n");
    if git(world.path(), &["update-index", "--assume-unchanged", "in/policies/a.yaml"]).is_some() {
        assert_eq!(git(world.path(), &["status", "--porcelain"]).as_deref(), Some(""));
    }
    assert_eq!(changed(&world), Ok(strings(&["policies/a.yaml", "policies/ignored.yaml"])));
}

#[test]
fn a_folder_that_was_never_committed_is_named() {
    let world = World::new();
    let tree = world.tree(&[(FILE, "enact.yaml", world.blob(CONFIG))]);
    world.check_out(world.commit(world.tree(&[(FOLDER, "in", tree)]), &[]));
    world.write("in/policies/a.yaml", "x");
    assert_eq!(changed(&world), Ok(strings(&["policies/a.yaml"])));
}

#[test]
fn a_commit_that_cannot_be_read_is_never_clean() {
    let world = World::new();
    let blob = world.blob("a.yaml");
    let policies = world.tree(&[(FILE, "a.yaml", blob), (LINK, "b.yaml", blob)]);
    let tree = world.tree(&[(FILE, "enact.yaml", world.blob(CONFIG)), (FOLDER, "policies", policies)]);
    world.check_out(world.commit(world.tree(&[(FOLDER, "in", tree)]), &[]));
    fs::remove_file(world.path().join("in/policies/b.yaml")).unwrap();
    let diagnostics = changed(&world).unwrap_err();
    assert_eq!(diagnostics[0].code.text(), "source/link");
    assert!(diagnostics[0].subject.as_ref().unwrap().starts_with("commit "));
}

/// Runs other tests again in a process whose variables point to another repository.
#[test]
fn the_environment_does_not_choose_the_repository() {
    let other = World::new();
    other.check_out(other.version("other", &[]));
    for test in ["repository::a_clean_working_tree_is_clean", "applied::it_moves_forward_and_keeps_a_log"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env("GIT_DIR", other.git.path())
            .env("GIT_WORK_TREE", other.path())
            .env("GIT_OBJECT_DIRECTORY", other.git.path().join("objects"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("1 passed"), "{text}");
    }
}

#[test]
fn the_working_tree_refuses_what_a_revision_refuses() {
    let folder = TempDir::new().unwrap();
    let policies = folder.path().join("policies");
    fs::create_dir_all(policies.join("sub")).unwrap();
    fs::write(policies.join("con.yaml"), "x").unwrap();
    fs::write(policies.join("large.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::write(policies.join("a.yaml"), "x").unwrap();
    let mut diagnostics = Vec::new();
    let files =
        working_tree(folder.path(), &strings(&["policies"]), &mut Texts::within(512), &mut diagnostics);
    assert_eq!(names(&files), ["policies/a.yaml"]);
    let expected = [
        ("source/name", "`policies/con.yaml` is a device on Windows"),
        ("source/too-large", "`policies/large.yaml` is larger than 1 MiB"),
    ];
    assert_eq!(messages(&diagnostics), expected);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_working_tree_is_not_followed_on_the_way_either() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(elsewhere.path().join("a.yaml"), "secret").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("policies")).unwrap();
    for entry in ["policies", "policies/a.yaml"] {
        let mut diagnostics = Vec::new();
        let files =
            working_tree(folder.path(), &strings(&[entry]), &mut Texts::within(512), &mut diagnostics);
        assert!(files.is_empty());
        assert_eq!(messages(&diagnostics), [("source/link", "`policies` is a symbolic link")]);
    }
}
