//! What a revision means, and what to do if it means nothing.

use git2::ObjectType;

use crate::support::{FILE, World, at, git, open};

fn refusal(world: &World, revision: &str) -> (&'static str, String, String) {
    let diagnostic = world.open().commit(revision).unwrap_err();
    assert!(!diagnostic.message.chars().any(char::is_control));
    (diagnostic.code.text(), diagnostic.message, diagnostic.help.unwrap_or_default())
}

/// Three commits in a row and a merge, on `main`.
fn history() -> (World, [git2::Oid; 4]) {
    let world = World::new();
    let one = world.version("1", &[]);
    let two = world.version("2", &[one]);
    let side = world.version("side", &[one]);
    let merge = world.version("merge", &[two, side]);
    world.reference("refs/heads/main", merge);
    (world, [one, two, side, merge])
}

#[test]
fn branches_tags_ids_and_steps_are_found() {
    let (world, [one, two, side, merge]) = history();
    world.reference("refs/remotes/origin/main", two);
    world.reference("refs/pull/7/head", side);
    let who = git2::Signature::now("A", "a@example.com").unwrap();
    let object = world.git.find_object(one, None).unwrap();
    let tag = world.git.tag("v1", &object, &who, "words", false).unwrap();
    let object = world.git.find_object(tag, None).unwrap();
    world.git.tag("v1-again", &object, &who, "words", false).unwrap();
    let repository = world.open();
    let whole = two.to_string();
    let rows = [
        ("HEAD", merge),
        ("@", merge),
        ("main", merge),
        ("refs/heads/main", merge),
        ("heads/main", merge),
        ("origin/main", two),
        ("refs/pull/7/head", side),
        ("v1", one),
        ("v1-again", one),
        ("v1^{commit}", one),
        ("v1^{}", one),
        ("HEAD~1", two),
        ("HEAD~", two),
        ("HEAD^", two),
        ("HEAD^2", side),
        ("HEAD^0", merge),
        ("HEAD~2", one),
        ("HEAD^2~1", one),
        ("@~~", one),
        ("HEAD^^", one),
        (&whole, two),
        (&whole[..12], two),
    ];
    for (revision, expected) in rows {
        assert_eq!(
            repository.commit(revision).map(|commit| commit.hex()),
            Ok(expected.to_string()),
            "{revision}"
        );
    }
    assert_eq!(at(&repository, two).to_string(), whole[..10]);
}

#[test]
fn an_unknown_revision_says_so_and_suggests_the_nearest() {
    let (world, _) = history();
    let (code, message, help) = refusal(&world, "mian");
    assert_eq!(
        (code, message.as_str()),
        ("git/unknown-revision", "there is no revision `mian` in the repository")
    );
    assert_eq!(help, "did you mean `main`?");
    let (code, _, help) = refusal(&world, "0123456789012345678901234567890123456789");
    assert_eq!((code, help.starts_with("fetch it first")), ("git/unknown-revision", true));
    for beyond in ["HEAD~9", "HEAD~99999999", "HEAD^3"] {
        assert_eq!(refusal(&world, beyond).0, "git/unknown-revision", "{beyond}");
    }
}

#[test]
fn what_is_not_the_name_of_one_commit_is_refused() {
    let (world, _) = history();
    let refused = [
        "",
        " ",
        "-n",
        "--upload-pack=x",
        "HEAD@{1}",
        "@{-1}",
        "main@{yesterday}",
        "main@{upstream}",
        ":/words",
        "HEAD^{/words}",
        "HEAD:policies",
        ":0:a",
        "main..HEAD",
        "main...HEAD",
        "^main",
        "~1",
        "HEAD~x",
        "HEAD^{tree}",
        "HEAD^-",
        "HEAD^@",
        "HEAD^!",
        "ma in",
        "main\n",
        "ma\0in",
        "HEAD~99999999999999999999999999",
        "HEAD~é",
    ];
    for revision in refused {
        let (code, ..) = refusal(&world, revision);
        assert_eq!(code, "git/revision", "{revision:?}");
    }
    for revision in ["ma*n", "main.lock", "refs/heads/../../config", "ma\\in", "\u{202e}niam"] {
        let (code, ..) = refusal(&world, revision);
        assert!(["git/unknown-revision", "git/revision"].contains(&code), "{revision:?} {code}");
    }
}

#[test]
fn a_name_that_means_several_commits_is_refused() {
    let (world, [one, two, ..]) = history();
    world.reference("refs/heads/release", one);
    world.reference("refs/tags/release", two);
    let (code, message, help) = refusal(&world, "release");
    assert_eq!((code, message.as_str()), ("git/ambiguous", "`release` means several commits"));
    assert!(help.contains("`refs/tags/release`") && help.contains("`refs/heads/release`"), "{help}");
    world.reference("refs/tags/release", one);
    assert_eq!(world.open().commit("release").map(|commit| commit.hex()), Ok(one.to_string()));
}

#[test]
fn a_branch_cannot_take_the_id_of_a_commit() {
    let (world, [one, two, ..]) = history();
    world.reference(&format!("refs/heads/{one}"), two);
    assert_eq!(at(&world.open(), one).hex(), one.to_string());
    let short = &one.to_string()[..8];
    world.reference(&format!("refs/heads/{short}"), two);
    assert_eq!(refusal(&world, short).0, "git/ambiguous");
}

#[test]
fn too_few_digits_are_refused() {
    let world = World::new();
    let tree = world.tree(&[]);
    let mut first = std::collections::BTreeMap::new();
    let twins = (0..).find_map(|time| {
        let hex = world.commit_at(tree, &[], time).to_string()[..4].to_owned();
        first.insert(hex.clone(), time).map(|_| hex)
    });
    let (code, _, help) = refusal(&world, &twins.unwrap());
    assert_eq!((code, help.as_str()), ("git/ambiguous", "write more digits of the commit id"));
}

#[test]
fn a_tree_or_a_blob_is_not_a_commit() {
    let world = World::new();
    let blob = world.blob("x");
    let tree = world.tree(&[(FILE, "a.yaml", blob)]);
    world.reference("refs/tags/blob", blob);
    for revision in [blob.to_string(), tree.to_string(), tree.to_string()[..10].to_owned(), "blob".to_owned()]
    {
        assert_eq!(refusal(&world, &revision).0, "git/not-a-commit");
    }
    let broken = world.raw(ObjectType::Commit, b"tree nothing\n");
    assert_eq!(refusal(&world, &broken.to_string()).0, "git/object");
}

#[test]
fn an_empty_repository_has_no_commits_yet() {
    let world = World::new();
    for revision in ["HEAD", "main"] {
        let (code, message, help) = refusal(&world, revision);
        assert_eq!((code, message.as_str()), ("git/no-commits", "the repository has no commits yet"));
        assert_eq!(help, "commit the manifests first");
    }
}

#[test]
fn grafts_do_not_change_what_a_step_means() {
    let (world, [one, two, _, merge]) = history();
    let info = world.git.path().join("info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("grafts"), format!("{merge} {one}\n")).unwrap();
    let commit = world.open().commit("HEAD~1").unwrap();
    assert_eq!(commit.hex(), two.to_string());
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let (world, [one, ..]) = history();
    world.check_out(world.git.refname_to_id("HEAD").unwrap());
    let clone = tempfile::TempDir::new().unwrap();
    let url = format!("file://{}", world.path().display());
    if git(clone.path(), &["clone", "-q", "--depth", "1", &url, "shallow"]).is_none() {
        return;
    }
    let repository = open(&clone.path().join("shallow"));
    assert!(repository.is_shallow() && !world.open().is_shallow());
    assert!(repository.commit("HEAD").is_ok());
    for revision in ["HEAD~1", "v1", &one.to_string()] {
        let diagnostic = repository.commit(revision).unwrap_err();
        assert_eq!(diagnostic.code.text(), "git/unknown-revision");
        let help = diagnostic.help.unwrap();
        assert!(help.contains("fetch-depth: 0") && help.contains("git fetch --unshallow"), "{help}");
    }
}
