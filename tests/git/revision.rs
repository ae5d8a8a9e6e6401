//! Manifests of a revision: blobs of that commit, and a diagnostic for everything that is not a plain file.

use std::collections::BTreeSet;
use std::time::Instant;

use enact::manifest::Files;
use enact::source::{self, Texts};
use git2::{ObjectType, Oid};

use crate::support::{FILE, FOLDER, LINK, SUBMODULE, World, at, messages, names, strings};

#[test]
fn blobs_are_read_and_the_working_tree_is_not() {
    let world = World::new();
    let commit = world.version("committed", &[]);
    world.check_out(commit);
    world.write("policies/a.yaml", "edited");
    world.write("policies/b.yaml", "new");
    let (files, diagnostics) = world.read(commit, "", &["policies"]);
    assert_eq!(diagnostics, []);
    assert_eq!(files.into_iter().collect::<Vec<_>>(), [("policies/a.yaml".into(), "committed".into())]);
}

#[test]
fn only_yaml_counts_and_hidden_names_are_passed_over() {
    let world = World::new();
    let blob = world.blob("x");
    let folder = world.tree(&[(FILE, "c.YML", blob), (FILE, ".hidden.yaml", blob)]);
    let (files, diagnostics) = world.read_policies(&[
        (FOLDER, ".github", folder),
        (FILE, "README.md", blob),
        (FILE, "a.yaml", blob),
        ("100755", "b.yml", blob),
        ("100664", "old.yaml", blob),
        (FOLDER, "sub", folder),
    ]);
    assert_eq!(diagnostics, []);
    let expected = ["policies/a.yaml", "policies/b.yml", "policies/old.yaml", "policies/sub/c.YML"];
    assert_eq!(names(&files), expected);
}

#[test]
fn a_file_named_in_manifests_is_read_with_any_name() {
    let world = World::new();
    let blob = world.blob("x");
    let folder = world.tree(&[(FILE, "a.txt", blob), (FILE, "b.yaml", blob)]);
    let commit = world.commit(world.tree(&[(FOLDER, ".policies", folder), (FILE, "c.yaml", blob)]), &[]);
    let read = |manifests: &[&str]| {
        let (files, diagnostics) = world.read(commit, "", manifests);
        assert_eq!(diagnostics, [], "{manifests:?}");
        names(&files).join(" ")
    };
    assert_eq!(read(&[".policies/a.txt"]), ".policies/a.txt");
    assert_eq!(read(&["./.policies//a.txt", ".policies/"]), ".policies/a.txt .policies/b.yaml");
    assert_eq!(read(&["."]), "c.yaml");
    assert_eq!(read(&[".", ".policies/a.txt"]), ".policies/a.txt c.yaml");
}

#[test]
fn paths_are_relative_to_the_folder_of_enact_yaml() {
    let world = World::new();
    let blob = world.blob("x");
    let policies = world.tree(&[(FILE, "a.yaml", blob)]);
    let inner = world.tree(&[(FOLDER, "policies", policies), (LINK, "policies-link", blob)]);
    let outer = world.tree(&[(FOLDER, "in", inner), (LINK, "link", blob)]);
    let commit = world.commit(world.tree(&[(FOLDER, "out", outer)]), &[]);
    let (files, diagnostics) = world.read(commit, "out/in", &["policies"]);
    assert_eq!(diagnostics, []);
    assert_eq!(names(&files), ["policies/a.yaml"]);

    let (_, diagnostics) = world.read(commit, "out/in", &["."]);
    assert_eq!(messages(&diagnostics), [("source/link", "`policies-link` is a symbolic link")]);
    let (_, diagnostics) = world.read(commit, "out/inn", &["policies"]);
    assert_eq!(messages(&diagnostics), [("source/missing", "`out/inn` does not exist")]);
}

#[test]
fn a_name_that_does_not_exist_is_an_error_with_the_nearest_name() {
    let world = World::new();
    let (files, diagnostics) = world.read(world.version("x", &[]), "", &["polices"]);
    assert!(files.is_empty());
    assert_eq!(messages(&diagnostics), [("source/missing", "`polices` does not exist")]);
    assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean `policies`?"));
    let (_, diagnostics) = world.read(world.version("x", &[]), "", &["policies/a.yaml/b"]);
    assert_eq!(messages(&diagnostics), [("source/missing", "`policies/a.yaml/b` does not exist")]);
}

#[test]
fn diagnostics_name_the_commit() {
    let world = World::new();
    let commit = world.version("x", &[]);
    let (_, diagnostics) = world.read(commit, "", &["polices"]);
    assert_eq!(diagnostics[0].subject, Some(format!("commit {}", &commit.to_string()[..10])));
}

#[test]
fn a_folder_without_manifests_is_not_an_error_here() {
    let world = World::new();
    let (files, diagnostics) = world.read_policies(&[(FILE, "README.md", world.blob("x"))]);
    assert!(files.is_empty() && diagnostics.is_empty());
}

#[test]
fn manifests_cannot_lead_out_of_the_folder_or_into_git() {
    let world = World::new();
    let commit = world.version("x", &[]);
    for entry in ["../a", "/etc", "policies/../../a", ".git", ".GIT/x", "a\\b", "c:", "git~1", "nul.yaml"] {
        let (files, diagnostics) = world.read(commit, "", &[entry]);
        assert!(files.is_empty());
        assert_eq!(
            diagnostics.first().map(|diagnostic| diagnostic.code.text()),
            Some("source/outside"),
            "{entry}"
        );
    }
}

#[test]
fn links_and_submodules_are_refused_with_their_path() {
    let world = World::new();
    let blob = world.blob("/etc/passwd");
    let (files, diagnostics) = world.read_policies(&[
        (FILE, "a.yaml", blob),
        (LINK, "b.yaml", blob),
        (SUBMODULE, "c", blob),
        ("0", "d.yaml", blob),
        ("20000", "e", blob),
    ]);
    assert_eq!(names(&files), ["policies/a.yaml"]);
    let expected = [
        ("source/link", "`policies/b.yaml` is a symbolic link"),
        ("source/submodule", "`policies/c` is a submodule"),
        ("source/kind", "`policies/d.yaml` is neither a file nor a folder"),
        ("source/kind", "`policies/e` is neither a file nor a folder"),
    ];
    assert_eq!(messages(&diagnostics), expected);
}

#[test]
fn a_link_on_the_way_to_the_manifests_is_not_followed() {
    let world = World::new();
    let blob = world.blob("elsewhere");
    let commit = world.commit(world.tree(&[(LINK, "policies", blob)]), &[]);
    for manifests in [["policies"], ["policies/a.yaml"]] {
        let (files, diagnostics) = world.read(commit, "", &manifests);
        assert!(files.is_empty());
        assert_eq!(messages(&diagnostics), [("source/link", "`policies` is a symbolic link")]);
    }
    let (_, diagnostics) = world.read(commit, "policies", &["x"]);
    assert_eq!(messages(&diagnostics), [("source/link", "`policies` is a symbolic link")]);
}

#[test]
fn names_that_no_file_system_should_see_are_refused() {
    let world = World::new();
    let blob = world.blob("x");
    let long = format!("{}.yaml", "n".repeat(251));
    let names = [
        ".git",
        ".GIT",
        ".gIt",
        ".git ",
        ".git.",
        ".git. .",
        "git~1",
        "GIT~2",
        ".git:x",
        ".g\u{200c}it",
        "\u{feff}.git",
        ".",
        "..",
        "a/b.yaml",
        "/a.yaml",
        "../a.yaml",
        "a\\b.yaml",
        "a.yaml:stream",
        ".git::$INDEX_ALLOCATION",
        "a\nb.yaml",
        "a\u{1b}[2Jb.yaml",
        "a\u{7f}.yaml",
        "a\u{85}.yaml",
        "a\u{202e}lmay.yaml",
        "a.yaml.",
        "a.yaml ",
        "con",
        "CON.yaml",
        "Nul",
        "aux.x.yaml",
        "PRN.yml",
        "com1.yaml",
        "LPT9",
        "com¹.yaml",
        "CONIN$",
        "nul .yaml",
        &long,
    ];
    for name in names {
        let (files, diagnostics) = world.read_policies(&[(FILE, "z.yaml", blob), (FILE, name, blob)]);
        assert_eq!(diagnostics.len(), 1, "{name:?} {diagnostics:?}");
        assert_eq!(diagnostics[0].code.text(), "source/name", "{name:?}");
        assert!(!diagnostics[0].message.chars().any(char::is_control), "{diagnostics:?}");
        assert_eq!(files.len(), 1, "{name:?}");
        let folder = world.tree(&[(FILE, "z.yaml", blob)]);
        let (_, diagnostics) = world.read_policies(&[(FOLDER, name, folder), (FILE, "a.yaml", blob)]);
        assert_eq!(diagnostics.len(), 1, "the folder {name:?}");
    }
}

#[test]
fn an_empty_name_and_one_that_is_not_utf_8_are_refused() {
    let world = World::new();
    let blob = world.blob("x");
    for (name, why) in
        [(&b""[..], "`policies/` is an empty name"), (b"\xff.yaml", "`policies/\u{fffd}.yaml` is not UTF-8")]
    {
        let folder = world.tree_of_bytes(&[(FILE, b"a.yaml", blob), (FILE, name, blob)]);
        let (_, diagnostics) = world.read_tree(world.tree(&[(FOLDER, "policies", folder)]));
        assert_eq!(messages(&diagnostics), [("source/name", why)]);
    }
}

#[test]
fn ordinary_names_are_taken() {
    let world = World::new();
    let blob = world.blob("x");
    let ordinary = [
        "a b.yaml",
        "Ärzte.yaml",
        "com.yaml",
        "com10.yaml",
        "console.yaml",
        "gitlab.yaml",
        "git~x.yaml",
        "日本.yml",
    ];
    let entries: Vec<_> = ordinary.iter().map(|name| (FILE, *name, blob)).collect();
    let (files, diagnostics) = world.read_policies(&entries);
    assert_eq!(diagnostics, []);
    assert_eq!(files.len(), ordinary.len());
}

#[test]
fn names_that_stand_twice_or_differ_only_in_case_are_refused() {
    let world = World::new();
    let (one, two) = (world.blob("one"), world.blob("two"));
    let (_, diagnostics) =
        world.read_policies(&[(FILE, "a.yaml", one), (FILE, "b.yaml", one), (FILE, "a.yaml", two)]);
    assert_eq!(messages(&diagnostics), [("source/name", "`policies/a.yaml` is in its folder twice")]);
    let (_, diagnostics) = world.read_policies(&[(FILE, "A.yaml", one), (FILE, "a.yaml", two)]);
    let why = "`policies/a.yaml` differs only in case from another name in its folder";
    assert_eq!(messages(&diagnostics), [("source/name", why)]);
}

#[test]
fn a_twin_of_the_folder_of_manifests_is_refused() {
    let world = World::new();
    let blob = world.blob("x");
    let folder = world.tree(&[(FILE, "a.yaml", blob)]);
    let other = world.tree(&[(FILE, "b.yaml", blob)]);
    for twin in ["Policies", "policies"] {
        let (_, diagnostics) =
            world.read_tree(world.tree(&[(FOLDER, twin, other), (FOLDER, "policies", folder)]));
        assert_eq!(
            diagnostics.iter().map(|diagnostic| diagnostic.code.text()).collect::<Vec<_>>(),
            ["source/name"],
            "{twin}"
        );
    }
}

#[test]
fn odd_names_outside_the_folder_of_manifests_do_not_matter() {
    let world = World::new();
    let blob = world.blob("x");
    let folder = world.tree(&[(FILE, "a.yaml", blob)]);
    let (files, diagnostics) = world.read_tree(world.tree(&[
        (LINK, "link", blob),
        (FILE, "con", blob),
        (FOLDER, "policies", folder),
    ]));
    assert_eq!(diagnostics, []);
    assert_eq!(files.len(), 1);
}

#[test]
fn a_large_blob_is_refused_by_its_header() {
    let world = World::new();
    let fits = world.blob(vec![b'#'; 1 << 20]);
    let large = world.blob(vec![b'#'; (1 << 20) + 1]);
    let (files, diagnostics) = world.read_policies(&[(FILE, "fits.yaml", fits), (FILE, "large.yaml", large)]);
    assert_eq!(names(&files), ["policies/fits.yaml"]);
    assert_eq!(messages(&diagnostics), [("source/too-large", "`policies/large.yaml` is larger than 1 MiB")]);
}

#[test]
fn one_blob_under_many_names_is_read_kept_and_counted_once() {
    let world = World::new();
    let blob = world.blob(vec![b'#'; 1 << 20]);
    let entries: Vec<_> = (0..600).map(|n| format!("{n}.yaml")).collect();
    let entries: Vec<_> = entries.iter().map(|name| (FILE, name.as_str(), blob)).collect();
    let (files, diagnostics) = world.read_policies(&entries);
    assert_eq!((files.len(), messages(&diagnostics)), (600, vec![]));
    let mut texts = files.values();
    let first = texts.next().unwrap();
    assert!(texts.all(|text| std::sync::Arc::ptr_eq(first, text)), "600 names share one text");
}

#[test]
fn bounded_is_the_text_of_a_run_over_all_its_revisions() {
    let world = World::new();
    let repository = world.open();
    let [a, b, c] =
        [b'a', b'b', b'c'].map(|byte| (FILE, world.blob([b"#".as_slice(), &[byte; 1 << 19]].concat())));
    let commit = |blobs: [(&str, Oid); 2]| {
        let names =
            ["x.yaml", "y.yaml"].into_iter().zip(blobs).map(|(name, (mode, blob))| (mode, name, blob));
        let policies = world.tree(&names.collect::<Vec<_>>());
        at(&repository, world.commit(world.tree(&[(FOLDER, "policies", policies)]), &[]))
    };
    let mut texts = Texts::within(1);
    let mut read = |blobs| {
        let mut diagnostics = Vec::new();
        let commit = commit(blobs);
        let files =
            source::revision(&repository, &commit, "", &strings(&["policies"]), &mut texts, &mut diagnostics);
        (files.len(), diagnostics)
    };
    assert_eq!(read([a, a]).0, 2);
    assert_eq!(read([a, a]), (2, vec![]), "nothing is counted twice");
    let (number, diagnostics) = read([a, b]);
    let more = [("limit/text", "the manifests hold more than 1 MiB of text")];
    assert_eq!((number, messages(&diagnostics)), (1, more.to_vec()));
    let help = diagnostics[0].help.as_deref().unwrap();
    assert!(help.contains("`limits.text_mib`"), "{help}");
    assert_eq!(messages(&read([c, a]).1), more, "once it is used up it stays so");
}

#[test]
fn more_files_than_anyone_has_are_refused_and_none_is_read() {
    let world = World::new();
    let blob = world.blob("x");
    let entries: Vec<_> = (0..=250_000).map(|n| format!("{n}.yaml")).collect();
    let entries: Vec<_> = entries.iter().map(|name| (FILE, name.as_str(), blob)).collect();
    let (files, diagnostics) = world.read_policies(&entries);
    assert!(files.is_empty());
    assert_eq!(messages(&diagnostics), [("source/too-many", "`manifests` names more than 250000 files")]);
}

#[test]
fn as_many_manifests_as_there_may_be_are_compared_with_their_commit() {
    let world = World::new();
    let (blob, config) = (world.blob("x"), world.blob("config"));
    let names: Vec<_> = (0..100_000).map(|n| format!("{n:06}.yaml")).collect();
    let entries: Vec<_> = names.iter().map(|name| (FILE, name.as_str(), blob)).collect();
    let policies = world.tree(&entries);
    let tree = world.tree(&[(FILE, "enact.yaml", config), (FOLDER, "policies", policies)]);
    let commit = world.commit_at(tree, &[], 1);
    let repository = world.open();
    let working: Files = names.iter().map(|name| (format!("policies/{name}"), "x".into())).collect();
    let trusted = Files::from([("enact.yaml".to_owned(), "config".into())]);
    let manifests = ["policies".to_owned()];
    let differing = source::uncommitted(
        &repository,
        &at(&repository, commit),
        "",
        &manifests,
        &trusted,
        &working,
        &mut Texts::within(64),
    );
    assert_eq!(differing.unwrap(), Vec::<String>::new());
}

#[test]
fn folders_that_multiply_without_taking_space_are_refused() {
    let world = World::new();
    let mut folder = world.tree(&[(FILE, "x.txt", world.blob("x"))]);
    for _ in 0..10 {
        let entries: Vec<_> =
            ["a", "b", "c", "d", "e", "f", "g", "h"].iter().map(|name| (FOLDER, *name, folder)).collect();
        folder = world.tree(&entries);
    }
    let started = Instant::now();
    let (files, diagnostics) = world.read_tree(world.tree(&[(FOLDER, "policies", folder)]));
    assert!(files.is_empty());
    assert_eq!(
        messages(&diagnostics),
        [("source/too-many", "the folders in `manifests` hold more than 1000000 names")]
    );
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn more_odd_names_than_anyone_reads_are_one_diagnostic_more() {
    let world = World::new();
    let blob = world.blob("x");
    let odd: Vec<_> = (0..5000).map(|n| format!("{n}:")).collect();
    let entries: Vec<_> = odd.iter().map(|name| (FILE, name.as_str(), blob)).collect();
    let (files, diagnostics) = world.read_policies(&entries);
    assert!(files.is_empty());
    assert_eq!(diagnostics.len(), 1001);
    assert_eq!(diagnostics.last().map(|diagnostic| diagnostic.code.text()), Some("source/too-many"));
}

#[test]
fn folders_that_lie_too_deep_are_refused() {
    let world = World::new();
    let mut folder = world.tree(&[(FILE, "a.yaml", world.blob("x"))]);
    for _ in 0..5000 {
        folder = world.tree(&[(FOLDER, "d", folder)]);
    }
    let (_, diagnostics) = world.read_tree(world.tree(&[(FOLDER, "policies", folder)]));
    assert_eq!(
        diagnostics.iter().map(|diagnostic| diagnostic.code.text()).collect::<Vec<_>>(),
        ["source/depth"]
    );
}

#[test]
fn a_missing_blob_or_tree_is_an_error_and_not_a_file_less() {
    let world = World::new();
    let (here, gone) = (world.blob("here"), world.blob("gone"));
    let folder = world.tree(&[(FILE, "b.yaml", here)]);
    world.lose(gone);
    world.lose(folder);
    let (files, diagnostics) =
        world.read_policies(&[(FILE, "a.yaml", gone), (FILE, "b.yaml", here), (FOLDER, "sub", folder)]);
    assert_eq!(names(&files), ["policies/b.yaml"]);
    let expected = [
        format!("`policies/sub` cannot be read: object {folder} is missing from the repository"),
        format!("`policies/a.yaml` cannot be read: object {gone} is missing from the repository"),
    ];
    assert_eq!(messages(&diagnostics), expected.each_ref().map(|message| ("git/object", message.as_str())));
}

#[test]
fn a_damaged_blob_is_an_error() {
    let world = World::new();
    let (blob, other) = (world.blob("role: reader"), world.blob("role: admins"));
    world.damage(blob, other);
    let (files, diagnostics) = world.read_policies(&[(FILE, "a.yaml", blob)]);
    assert!(files.is_empty());
    assert_eq!(diagnostics[0].code.text(), "git/object");
    assert!(diagnostics[0].message.contains("is damaged"), "{diagnostics:?}");
}

#[test]
fn an_object_of_another_kind_is_an_error() {
    let world = World::new();
    let blob = world.blob("x");
    let tree = world.tree(&[(FILE, "a.yaml", blob)]);
    let (_, diagnostics) = world.read_policies(&[(FILE, "a.yaml", tree), (FOLDER, "b", blob)]);
    assert_eq!(
        diagnostics.iter().map(|diagnostic| diagnostic.code.text()).collect::<Vec<_>>(),
        ["git/object"; 2]
    );
}

#[test]
fn a_broken_tree_is_an_error() {
    let world = World::new();
    for bytes in [
        &b"100644"[..],
        b"100644 a.yaml",
        b"100644 a.yaml\0short",
        b"9 a\0aaaaaaaaaaaaaaaaaaaa",
        b" a\0aaaaaaaaaaaaaaaaaaaa",
    ] {
        let folder = world.raw(ObjectType::Tree, bytes);
        let (files, diagnostics) = world.read_tree(world.tree(&[(FOLDER, "policies", folder)]));
        assert!(files.is_empty());
        assert_eq!(
            diagnostics.iter().map(|diagnostic| diagnostic.code.text()).collect::<Vec<_>>(),
            ["git/object"],
            "{bytes:?}"
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_with_its_place() {
    let world = World::new();
    let (_, diagnostics) = world.read_policies(&[(FILE, "a.yaml", world.blob(b"abc\xff"))]);
    assert_eq!(messages(&diagnostics), [("source/encoding", "`policies/a.yaml` is not UTF-8 at byte 3")]);
}

#[test]
fn line_ends_and_attributes_change_nothing() {
    let world = World::new();
    let attributes = world.blob("* text=auto eol=crlf ident filter=evil export-subst\n");
    let policies = world.tree(&[(FILE, "a.yaml", world.blob("a: $Id$\r\nb: $Format:%H$\n"))]);
    let tree = world.tree(&[(FILE, ".gitattributes", attributes), (FOLDER, "policies", policies)]);
    world.git.config().unwrap().set_str("filter.evil.smudge", "touch ran").unwrap();
    world.git.config().unwrap().set_bool("core.autocrlf", true).unwrap();
    let (files, _) = world.read_tree(tree);
    assert_eq!(&*files["policies/a.yaml"], "a: $Id$\r\nb: $Format:%H$\n");
}

#[test]
fn replace_references_are_ignored() {
    let world = World::new();
    let (good, evil) = (world.blob("good"), world.blob("evil"));
    let commit =
        world.commit(world.tree(&[(FOLDER, "policies", world.tree(&[(FILE, "a.yaml", good)]))]), &[]);
    let other = world.version("evil", &[]);
    world.reference(&format!("refs/replace/{good}"), evil);
    world.reference(&format!("refs/replace/{commit}"), other);
    let (files, diagnostics) = world.read(commit, "", &["policies"]);
    assert_eq!(diagnostics, []);
    assert_eq!(&*files["policies/a.yaml"], "good");
}

#[test]
fn objects_of_an_alternate_are_read_and_checked() {
    let (world, lender) = (World::new(), World::new());
    let (blob, other) = (lender.blob("lent"), lender.blob("fake"));
    let objects = lender.git.path().join("objects");
    std::fs::create_dir_all(world.git.path().join("objects/info")).unwrap();
    std::fs::write(world.git.path().join("objects/info/alternates"), objects.to_str().unwrap()).unwrap();
    let (files, diagnostics) = world.read_policies(&[(FILE, "a.yaml", blob)]);
    assert_eq!((&*files["policies/a.yaml"], diagnostics.len()), ("lent", 0));
    lender.damage(blob, other);
    let (_, diagnostics) = world.read_policies(&[(FILE, "a.yaml", blob)]);
    assert_eq!(diagnostics[0].code.text(), "git/object");
}

#[test]
fn ten_thousand_manifests_in_one_folder_are_read_by_name_or_as_a_whole() {
    let world = World::new();
    let blob = world.blob("x");
    let all: Vec<_> = (0..10_000).map(|n| format!("{n}.yaml")).collect();
    let entries: Vec<_> = all.iter().map(|name| (FILE, name.as_str(), blob)).collect();
    let commit = world.commit(world.tree(&[(FOLDER, "policies", world.tree(&entries))]), &[]);
    let (whole, diagnostics) = world.read(commit, "", &["policies"]);
    assert_eq!((whole.len(), diagnostics.len()), (10_000, 0));
    let by_name: Vec<_> = all.iter().map(|name| format!("policies/{name}")).collect();
    let by_name: Vec<_> = by_name.iter().map(String::as_str).collect();
    assert_eq!(world.read(commit, "", &by_name).0, whole);
    assert_eq!(strings(&by_name).into_iter().collect::<BTreeSet<_>>(), whole.into_keys().collect());
}
