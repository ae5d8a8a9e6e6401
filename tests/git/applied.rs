//! What was applied: a reference that moves forward, by one run at a time, and is never guessed.

use std::fs;

use crate::support::{World, at, git};
use enact::git::Commit;
use enact::git::remote::{GitRemote, PATIENCE};
use enact::git::update::Update;
use git2::Oid;

const REFERENCE: &str = "refs/enact/applied/prod";

/// Three commits in a row.
fn row() -> (World, [Oid; 3]) {
    let world = World::new();
    let one = world.version("1", &[]);
    let two = world.version("2", &[one]);
    let three = world.version("3", &[two]);
    (world, [one, two, three])
}

/// Moves the reference, and returns the code of the refusal, if there is one.
fn set(world: &World, from: Option<Oid>, to: Oid, rollback: bool) -> Result<(), &'static str> {
    let repository = world.open();
    let from = from.map(|id| at(&repository, id));
    let to = at(&repository, to);
    repository.set_applied("prod", from.as_ref(), &to, rollback).map_err(|diagnostic| diagnostic.code.text())
}

fn applied(world: &World) -> Option<String> {
    world.open().applied("prod").unwrap().as_ref().map(Commit::hex)
}

fn unusable(world: &World) -> String {
    let diagnostic = world.open().applied("prod").unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/applied");
    diagnostic.message
}

#[test]
fn nothing_is_applied_at_first() {
    let (world, _) = row();
    assert_eq!(applied(&world), None);
}

#[test]
fn it_moves_forward_and_keeps_a_log() {
    let (world, [one, two, three]) = row();
    assert_eq!(set(&world, None, one, false), Ok(()));
    assert_eq!(set(&world, Some(one), three, false), Ok(()));
    assert_eq!(applied(&world), Some(three.to_string()));
    let log = world.git.reflog(REFERENCE).unwrap();
    let lines: Vec<_> = log
        .iter()
        .map(|line| (line.id_old(), line.id_new(), line.message().unwrap().unwrap().to_owned()))
        .collect();
    let message = || "enact".to_owned();
    assert_eq!(lines, [(one, three, message()), (Oid::ZERO_SHA1, one, message())]);
    assert_ne!(two, three);
}

#[test]
fn it_does_not_move_backwards_or_sideways_unless_that_is_a_rollback() {
    let (world, [one, two, three]) = row();
    let side = world.version("side", &[one]);
    set(&world, None, two, false).unwrap();
    assert_eq!(set(&world, Some(two), one, false), Err("git/applied-backwards"));
    assert_eq!(set(&world, Some(two), side, false), Err("git/applied-backwards"));
    assert_eq!(applied(&world), Some(two.to_string()));
    assert_eq!(set(&world, Some(two), one, true), Ok(()));
    assert_eq!(applied(&world), Some(one.to_string()));
    assert_eq!(set(&world, Some(one), three, false), Ok(()));
}

#[test]
fn a_run_that_was_overtaken_moves_nothing() {
    let (world, [one, two, three]) = row();
    set(&world, None, one, false).unwrap();
    set(&world, Some(one), two, false).unwrap();
    assert_eq!(set(&world, Some(one), three, false), Err("git/applied-moved"));
    assert_eq!(set(&world, Some(one), three, true), Err("git/applied-moved"));
    assert_eq!(set(&world, None, three, false), Err("git/applied-moved"));
    assert_eq!(applied(&world), Some(two.to_string()));
    world.git.find_reference(REFERENCE).unwrap().delete().unwrap();
    assert_eq!(set(&world, Some(two), three, false), Err("git/applied-moved"));
    assert_eq!(applied(&world), None);
}

#[test]
fn two_runs_that_applied_the_same_agree() {
    let (world, [one, two, _]) = row();
    set(&world, None, one, false).unwrap();
    assert_eq!(set(&world, None, one, false), Ok(()));
    set(&world, Some(one), two, false).unwrap();
    assert_eq!(set(&world, Some(one), two, false), Ok(()));
    assert_eq!(set(&world, Some(two), two, false), Ok(()));
}

#[test]
fn of_many_runs_at_once_one_wins() {
    let (world, [one, ..]) = row();
    let rivals: Vec<_> = (0..8).map(|n| world.version(&format!("rival {n}"), &[one])).collect();
    for from in [None, Some(one)] {
        if let Some(from) = from {
            world.reference(REFERENCE, from);
        }
        let path = world.path();
        let wins: usize = std::thread::scope(|scope| {
            let runs: Vec<_> = rivals
                .iter()
                .map(|rival| {
                    scope.spawn(move || {
                        let repository = crate::support::open(path);
                        let from = from.map(|id| at(&repository, id));
                        let to = at(&repository, *rival);
                        repository.set_applied("prod", from.as_ref(), &to, false).is_ok()
                    })
                })
                .collect();
            runs.into_iter().map(|run| usize::from(run.join().unwrap())).sum()
        });
        assert_eq!(wins, 1);
        assert!(rivals.iter().any(|rival| applied(&world) == Some(rival.to_string())));
    }
}

#[test]
fn a_locked_reference_is_not_moved() {
    let (world, [one, ..]) = row();
    let lock = world.git.path().join(format!("{REFERENCE}.lock"));
    fs::create_dir_all(lock.parent().unwrap()).unwrap();
    fs::write(lock, "").unwrap();
    assert_eq!(set(&world, None, one, false), Err("git/applied"));
    assert_eq!(applied(&world), None);
}

#[test]
fn shallow_history_moves_nothing_forward() {
    let (world, [one, two, three]) = row();
    let other = world.version("other", &[]);
    set(&world, None, other, false).unwrap();
    fs::write(world.git.path().join("shallow"), format!("{two}\n")).unwrap();
    world.lose(one);
    assert_eq!(set(&world, Some(other), three, false), Err("git/shallow"));
    assert_eq!(set(&world, Some(other), three, true), Ok(()));
}

#[test]
fn a_reference_to_anything_but_a_commit_is_an_error_and_not_a_first_time() {
    let (world, [one, two, _]) = row();
    world.reference(REFERENCE, world.blob("x"));
    assert!(unusable(&world).contains("is a blob where a commit is expected"));
    world.reference("refs/heads/main", one);
    world.git.reference_symbolic(REFERENCE, "refs/heads/main", true, "test").unwrap();
    assert!(unusable(&world).contains("points to another reference"));
    world.git.find_reference(REFERENCE).unwrap().delete().unwrap();
    world.reference(REFERENCE, two);
    world.lose(two);
    assert!(unusable(&world).contains("is missing"));
    fs::write(world.git.path().join("shallow"), format!("{one}\n")).unwrap();
    assert!(unusable(&world).contains("shallow clone left out"));
    fs::write(world.git.path().join(REFERENCE), "nonsense\n").unwrap();
    assert!(unusable(&world).contains("cannot be read"));
}

#[test]
fn a_target_cannot_name_another_reference() {
    let (world, [one, ..]) = row();
    let repository = world.open();
    for target in ["", "../../heads/main", "a/b", "a..b", "a.lock", "a b", "@{", "a\n", "-é"] {
        assert_eq!(
            repository.applied(target).map_err(|diagnostic| diagnostic.code.text()),
            Err("git/applied"),
            "{target:?}"
        );
        assert!(repository.set_applied(target, None, &at(&repository, one), false).is_err());
    }
}

#[test]
fn what_was_applied_is_remembered_in_a_bare_repository() {
    let (world, [one, two, _]) = row();
    let folder = tempfile::TempDir::new().unwrap();
    world.reference("refs/heads/main", two);
    let bare = git2::build::RepoBuilder::new()
        .bare(true)
        .clone(world.path().to_str().unwrap(), &folder.path().join("bare"))
        .unwrap();
    let repository = crate::support::open(bare.path());
    let (one, two) = (at(&repository, one), at(&repository, two));
    repository.set_applied("prod", None, &one, false).unwrap();
    repository.set_applied("prod", Some(&one), &two, false).unwrap();
    assert_eq!(repository.applied("prod"), Ok(Some(two)));
}

fn with_remote() -> Option<(World, World, [Oid; 3])> {
    let (world, commits) = row();
    git(world.path(), &["--version"])?;
    let remote = World::new();
    world.git.remote("origin", remote.path().to_str().unwrap()).unwrap();
    Some((world, remote, commits))
}

fn remote(name: &str) -> GitRemote {
    GitRemote { name: name.to_owned(), secrets: Vec::new(), patience: PATIENCE, stop: None }
}

/// Pushes, if the remote still has `from`.
fn push(world: &World, from: Option<Oid>) -> Result<(), enact::diagnostic::Diagnostic> {
    let repository = world.open();
    let from = from.map(|from| at(&repository, from));
    let (name, to) = (REFERENCE.to_owned(), repository.applied("prod").unwrap());
    repository.push(&remote("origin"), &[Update { name, from, to }])
}

#[test]
fn what_was_applied_is_pushed_only_over_what_this_run_knows() {
    let Some((world, remote, [one, two, _])) = with_remote() else { return };
    set(&world, None, two, false).unwrap();
    assert_eq!(push(&world, None), Ok(()));
    assert_eq!(remote.git.refname_to_id(REFERENCE), Ok(two));
    set(&world, Some(two), one, true).unwrap();
    // A clone that fetched no record, or another one, does not move it.
    assert_eq!(push(&world, Some(one)).unwrap_err().code.text(), "git/applied-moved");
    let diagnostic = push(&world, None).unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/applied-moved");
    assert!(diagnostic.help.unwrap().contains("another run has pushed"));
    assert_eq!(remote.git.refname_to_id(REFERENCE), Ok(two));
    assert_eq!(push(&world, Some(two)), Ok(()));
    assert_eq!(remote.git.refname_to_id(REFERENCE), Ok(one));
}

#[test]
fn the_advice_after_another_run_has_pushed_works() {
    let Some((world, remote, [one, two, three])) = with_remote() else { return };
    set(&world, None, three, false).unwrap();
    assert_eq!(push(&world, None), Ok(()));
    set(&world, Some(three), one, true).unwrap();
    set(&world, Some(one), two, false).unwrap();
    let help = push(&world, Some(one)).unwrap_err().help.unwrap();
    let command = help.split('`').nth(1).unwrap().replace('\'', "");
    let words: Vec<_> = command.split(' ').skip(1).collect();
    git(world.path(), &words).unwrap();
    assert_eq!(applied(&world), Some(three.to_string()), "{command}");
    assert_eq!(remote.git.refname_to_id(REFERENCE), Ok(three));
}

#[test]
fn a_push_goes_to_a_configured_remote_only() {
    let Some((world, there, [one, ..])) = with_remote() else { return };
    set(&world, None, one, false).unwrap();
    let url = there.path().to_str().unwrap();
    for name in [url, "--receive-pack=touch", "-f", "", "ext::sh -c true", "upstream", "origin "] {
        let diagnostic = world.open().push(&remote(name), &[]).unwrap_err();
        assert_eq!(diagnostic.code.text(), "git/remote", "{name}");
        assert_eq!(diagnostic.help.as_deref(), Some("remotes are origin"));
    }
}

#[test]
fn a_push_that_fails_says_why_without_a_credential() {
    let Some((world, _remote, [one, ..])) = with_remote() else { return };
    set(&world, None, one, false).unwrap();
    world.git.remote_set_url("origin", "https://user:hunter2@127.0.0.1:9/x.git").unwrap();
    let diagnostic = push(&world, None).unwrap_err();
    assert_eq!(diagnostic.code.text(), "git/push");
    assert!(!format!("{diagnostic:?}").contains("hunter2"), "{diagnostic:?}");
    assert!(diagnostic.message.contains("127.0.0.1"), "{diagnostic:?}");
}

#[cfg(unix)]
#[test]
fn a_remote_that_never_answers_ends_git() {
    let Some((world, _remote, _)) = with_remote() else { return };
    // What git starts for ssh: it is silent, and goes on when git is gone.
    let ssh = world.path().join("ssh");
    fs::write(&ssh, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&ssh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.git.config().unwrap().set_str("core.sshCommand", ssh.to_str().unwrap()).unwrap();
    world.git.remote_set_url("origin", "ssh://example.com/x.git").unwrap();
    let impatient = GitRemote { patience: std::time::Duration::from_millis(300), ..remote("origin") };
    let began = std::time::Instant::now();
    let diagnostic = world.open().fetch(&impatient, &[REFERENCE.to_owned()]).unwrap_err();
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(diagnostic.code.text(), "git/push");
    assert!(diagnostic.message.contains("did not answer"), "{diagnostic:?}");
    assert!(diagnostic.help.unwrap().contains("git ls-remote origin"));
}

#[cfg(unix)]
#[test]
fn a_push_runs_no_hook_and_no_command_of_a_remote() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some((world, _remote, [one, ..])) = with_remote() else { return };
    set(&world, None, one, false).unwrap();
    let ran = world.path().join("ran");
    let hook = world.git.path().join("hooks/pre-push");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    push(&world, None).unwrap();
    world.git.config().unwrap().set_str("protocol.ext.allow", "always").unwrap();
    world.git.remote_set_url("origin", &format!("ext::touch {}", ran.display())).unwrap();
    assert!(push(&world, None).is_err());
    assert!(!ran.exists());
}
