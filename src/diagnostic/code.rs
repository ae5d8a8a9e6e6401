//! The table of all diagnostics: one row a code. To add one, add its row, in the order of the texts, and raise it.
//!
//! Not here: the sentences about single cases, which are written where a case is found.

use std::fmt;

use super::class::{Class, Severity, Weight};

/// Makes the enum and its table. The doc comment of a row is its explanation: what it means, why enact cares, and what
/// to do.
macro_rules! codes {
    ($($(#[doc = $line:literal])+ $name:ident = $text:literal ($class:ident, $weight:ident),)+) => {
        /// Which diagnostic it is. Its order is that of the texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $line])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the texts.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        text: $text,
                        class: Class::$class,
                        weight: Weight::$weight,
                        explanation: concat!($($line),+),
                    },)+
                }
            }
        }
    };
}

struct Row {
    text: &'static str,
    class: Class,
    weight: Weight,
    explanation: &'static str,
}

impl Code {
    /// Stable and for machines: `area/what`, such as `schema/type`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.row().text
    }

    /// What it means for the run as an error.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// What it weighs where nobody decided otherwise.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self.row().weight {
            Weight::Error => Severity::Error,
            Weight::ErrorInApply | Weight::Warning => Severity::Warning,
        }
    }

    /// Whether apply does not go on with it, where plan only warns.
    #[must_use]
    pub fn is_refused_by_apply(self) -> bool {
        self.row().weight == Weight::ErrorInApply
    }

    /// What it means, why enact cares, and what to do: one paragraph.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        self.row().explanation.trim_start()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

codes! {
    /// `enact apply` shows its plan and asks before it writes, but there is no terminal on which somebody could answer,
    /// as in a CI job. Silence is never taken for a yes, so nothing was written. Look at `enact plan` first, then run
    /// `enact apply --yes`, or hand a reviewed plan file to `enact apply FILE --yes`.
    CliNobodyToAsk = "cli/nobody-to-ask" (Usage, Error),

    /// The program could not set up what runs its requests at once, usually because the system grants it too few file
    /// descriptors or threads. Nothing was read and nothing was written. Raise the limits of the process, then run again.
    CliRuntime = "cli/runtime" (Failed, Error),

    /// `enact schema` knows no schema of the name that was given. Nothing was printed, because another schema in its place
    /// could mislead an editor or a check. `enact schema` without a name lists them all.
    CliSchema = "cli/schema" (Usage, Error),

    /// A schema could not be written into the folder of `--write`, for example because it may not be written to, or the
    /// disk is full. The result lists which of the others were written. Name another folder, or change its permissions.
    CliSchemaWrite = "cli/schema-write" (Failed, Error),

    /// The name given with `--scratch` cannot be the name of an object: it is empty, too long, starts or ends with a
    /// blank, or holds a character that cannot be seen. The scratch objects of a live check are created under it, so
    /// nothing was sent. Give another name.
    CliScratch = "cli/scratch" (Usage, Error),

    /// The arguments are not ones that enact understands: an unknown command or flag, a value that is missing, or two
    /// flags that contradict each other. Nothing was read and nothing was sent. See `enact --help`, or `--help` of the
    /// command.
    CliUsage = "cli/usage" (Usage, Error),

    /// Compiuta takes a deleted role out of every statement that names it, deletes statements that this leaves empty,
    /// and then policies that are left empty. Policies that the plan does not rewrite would lose rights that nobody
    /// reviewed. Take the role out of the policies that the message names first, then delete it.
    CompiutaCascade = "compiuta/cascade" (Guarded, Error),

    /// A statement of a Compiuta policy names neither a role nor an action, so it would allow or deny nothing. It is
    /// most likely unfinished. Add `role` or `actions`, or remove the statement.
    CompiutaEmptyStatement = "compiuta/empty-statement" (Invalid, Error),

    /// The policy belongs to Compiuta itself: its API takes changes of its members, and nothing else. A plan that would
    /// change another part of it, or delete it, could never be carried out. Declare only `members` for it, and put other
    /// statements in a policy of your own.
    CompiutaManaged = "compiuta/managed" (Failed, Error),

    /// A member is not written in a form that is known, such as `user:local:NAME`, `team:local:NAME` or `token:ID`. A
    /// member that matches nobody gives no access, and nobody notices. The forms are not fully documented, so this is
    /// only a warning: correct the member, or leave it if your server knows it.
    CompiutaMember = "compiuta/member" (Invalid, Warning),

    /// `tenants` of a policy or role holds `*` or `(unassigned)`. Both mean something in a statement, but no object can
    /// belong to them. Name real tenants, or leave `tenants` empty for none.
    CompiutaTenant = "compiuta/tenant" (Invalid, Error),

    /// The target's system does not take a credential in the way that `auth` gives it. Requests would be refused, or the
    /// credential would go where it is not expected. Write `auth` in the way that the help shows; the definition of the
    /// system says which ways there are.
    ConfigAuth = "config/auth" (Invalid, Error),

    /// A credential that enact.yaml points to cannot be used: the variable is not set, the file cannot be read, it is
    /// empty, or it is not one line of text. Without it nothing can be sent to the target. Set the variable or write the
    /// file, and see that it holds the secret alone; `--sandbox` lets you try enact without any.
    ConfigCredential = "config/credential" (Invalid, Error),

    /// The configuration file holds no YAML document, or several. enact could not know which one decides where
    /// credentials go. Keep exactly one document in the file, without a further `---`.
    ConfigDocuments = "config/documents" (Invalid, Error),

    /// A pattern in `include` is not a glob. It decides which manifests are for the target, so it is not guessed at.
    /// Correct it: `*` stands for any part of a name, `**` for any folders, and `[` and `{` have to be closed.
    ConfigGlob = "config/glob" (Invalid, Error),

    /// The `settings` of a target are missing, or not what its system can be opened with. Settings decide what exactly
    /// is asked of the API, such as its version or a tenant. Add or correct them below `settings:`; `enact schema` prints
    /// what each system takes.
    ConfigSettings = "config/settings" (Invalid, Error),

    /// The system named here is not known, or not the one that is meant. It is neither built in nor defined by a file
    /// that `systems` in enact.yaml names, or the target that a check runs against is of another one. Correct the name,
    /// or name the file of the definition in `systems`.
    ConfigSystem = "config/system" (Invalid, Error),

    /// Two systems have one name: two definitions, or a definition and a system that is built in. Manifests name their
    /// system in `apiVersion`, so it has to be clear which one is meant. Give the one in the file that the help names
    /// another name.
    ConfigSystemTwice = "config/system-twice" (Invalid, Error),

    /// The target named on the command line is not in enact.yaml. enact does not guess which one was meant, because it
    /// may be written to. Use one of the names in `targets`, or add the target there.
    ConfigTarget = "config/target" (Invalid, Error),

    /// Two targets in enact.yaml have one name. The name is how output and `--target` speak of a target and how git
    /// remembers what was applied to it, so it must mean one. Give each target its own name.
    ConfigTargetTwice = "config/target-twice" (Invalid, Error),

    /// The configuration passed its JSON Schema, but a value in it still cannot be used. Nothing is sent with a
    /// configuration that is only half understood. Correct the value that the message names.
    ConfigType = "config/type" (Invalid, Error),

    /// No target takes this manifest, so it would never be applied: none is of its system, or the `include` of each
    /// leaves it out. The object that it declares may be missing without anybody noticing. Add a target of that system,
    /// widen its `include`, or remove the manifest.
    ConfigUnclaimed = "config/unclaimed" (Invalid, Warning),

    /// The configuration file cannot be read; most often it is not there. Without it enact knows neither manifests nor
    /// targets. Run enact in the folder of enact.yaml, name the file with `--config`, or use `--sandbox` to try enact
    /// without one.
    ConfigUnreadable = "config/unreadable" (Invalid, Error),

    /// The `url` of a target is not one that a credential may be sent to: it has to be https (http only on this
    /// machine), without a user, password, query or fragment. Otherwise a credential could be read on its way, or stand
    /// in the clear in git. Write the scheme, the host and, if needed, a path, and move a credential to `auth`.
    ConfigUrl = "config/url" (Invalid, Error),

    /// enact met a kind that the definition of its system does not have. Earlier checks should have refused it, so this
    /// is a defect of enact. Please report it with the definition; nothing was written for the object.
    DefinedKind = "defined/kind" (Failed, Error),

    /// The object does not exist on the target, and the definition of its system has no `create` for this kind. A plan
    /// that cannot be carried out is not shown as one. Create the object in another way, take the manifest out, or add
    /// `create` to the definition if the API has it.
    DefinedNoCreate = "defined/no-create" (Failed, Error),

    /// The object is to be deleted, and the definition of its system has no `delete` for this kind. It would stay on the
    /// target while git says that it is gone. Delete it in another way, take `ensure: absent` out, or add `delete` to the
    /// definition if the API has it.
    DefinedNoDelete = "defined/no-delete" (Failed, Error),

    /// The live object differs from its manifest, and the definition of its system has no `update` for this kind. The
    /// difference would stay. Declare what is live, or delete the object with `ensure: absent` and declare it anew after
    /// that, or add `update` to the definition if the API has it.
    DefinedNoUpdate = "defined/no-update" (Failed, Error),

    /// The manifest declares a field that no reply of the API holds, although the definition says that replies hold
    /// every field. The API drops it, and every plan would send it again without end. It may be misspelt or belong to
    /// another version of the API: take it out of the manifest and of the definition's `spec`.
    DefinedNotKept = "defined/not-kept" (Failed, Error),

    /// The name or id of the object cannot stand in the path of a request, such as `.` or `..`, which lead to another
    /// path. A request that could reach another object is never built. Give the object another name.
    DefinedPath = "defined/path" (Failed, Error),

    /// The file given with `--events` cannot be opened or written. It records each write as it ends, for whoever has to
    /// know what happened if the run is cut off; once it fails, no further write begins. See the message for what was
    /// written, and name a file that can be written to.
    EventsFile = "events/file" (Failed, Error),

    /// The name fits several commits, such as a branch and a tag of one name, or too few digits of an id. Whoever may
    /// push a tag must not be able to choose what is applied, so none of them is taken. Write the whole name, such as
    /// `refs/heads/main`, or more digits.
    GitAmbiguous = "git/ambiguous" (Invalid, Error),

    /// The commit that was applied last has no such target in its enact.yaml, or one with another system, URL or
    /// settings. What was applied then was not applied to this target, so it is not used as its base: nothing is pruned.
    /// The next apply makes a new record.
    GitAnotherSystem = "git/another-system" (Invalid, Warning),

    /// The record of what was applied to a target, `refs/enact/applied/TARGET`, cannot be read, locked or moved. It is
    /// the only memory of enact: without it an apply could take a target back or prune too much. Follow the help: fetch
    /// the record again, remove a stale `.lock` file, or see that the repository can be written to.
    GitApplied = "git/applied" (Failed, Error),

    /// The record of a target would move to a commit that does not contain the one it names now. Recording it would make
    /// an older state look like progress. Apply a commit that contains the recorded one, or say `--rollback` if going
    /// back is meant.
    GitAppliedBackwards = "git/applied-backwards" (Guarded, Error),

    /// Another run recorded another commit for this target while this one was at work. Two runs did not see each
    /// other's writes, so the record of the other one is not overwritten. Plan again, and look at what the other run
    /// applied.
    GitAppliedMoved = "git/applied-moved" (Moved, Error),

    /// The target was brought to a commit that the one of this run does not contain. Applying this one would undo what
    /// was applied since, often by mistake from an old branch. Plan shows it as a warning; apply refuses it. Apply a
    /// commit that contains the applied one, or take the target back on purpose with `--rollback`.
    GitBackwards = "git/backwards" (Guarded, ErrorInApply),

    /// The base that was named is not part of the history of this run's commit. What is missing here was then not
    /// removed by anybody, so the base is not used and nothing is pruned; apply refuses to go on. For a pull request
    /// name what `git merge-base` prints.
    GitBase = "git/base" (Guarded, ErrorInApply),

    /// The history of the commit is longer than enact walks, so it is not known whether it contains another commit. Plan
    /// goes on without a base, and removes less; apply refuses, because it might take the target back. Name a base with
    /// `--base`.
    GitHistory = "git/history" (Unread, ErrorInApply),

    /// `--only-declared` shows only what git changes, and for this target nothing says from what: there is no base. All
    /// differences would look the same. Name a base with `--base REV`, or fetch the record of what was applied.
    GitNoBase = "git/no-base" (Usage, Error),

    /// A revision was asked for, and the repository has no commit yet. There is nothing that could be read. Commit the
    /// manifests first, or leave `--rev` out to use the files as they are.
    GitNoCommits = "git/no-commits" (Invalid, Error),

    /// The target prunes what git no longer declares, and there is no record here of what was applied to it. Without one
    /// nothing proves that git ever declared an object, so nothing is pruned. Fetch the record as the help shows, because
    /// a clone does not do so by itself; the first apply makes it.
    GitNoRecord = "git/no-record" (Invalid, Warning),

    /// A revision was asked for, and neither the folder of enact.yaml nor the current one is in a git repository. Run
    /// enact inside of the repository, or leave `--rev` out to read the files as they are.
    GitNoRepository = "git/no-repository" (Invalid, Error),

    /// The name leads to something that is not a commit, such as a file, a folder, or a tag of a tag without end. Only a
    /// commit says what was declared at one time. Write a branch, a tag or the id of a commit.
    GitNotACommit = "git/not-a-commit" (Invalid, Error),

    /// An object of the repository is missing, damaged, too large, or not what it should be. What cannot be read must
    /// not look as if it had been removed, so the run ends here. Fetch all objects with `git fetch --refetch`, or clone
    /// again; `git fsck` tells more.
    GitObject = "git/object" (Unread, Error),

    /// The repository belongs to another user of this machine. That user could choose what is declared and remembered,
    /// so git and enact do not open it. If you trust it, add its folder to `safe.directory` with `git config --global`.
    GitOwner = "git/owner" (Failed, Error),

    /// What was applied is recorded here, but git could not send the record to the remote. Other clones do not know of
    /// this run until it is there. If another run was faster, fetch its record and plan again; otherwise push the
    /// reference by hand and read what git says.
    GitPush = "git/push" (Failed, Error),

    /// The repository has no remote of this name. Only a configured name is taken, never a URL, which could make git run
    /// a command or send a credential to a stranger. Use one of the names that `git remote` prints, or add the remote.
    GitRemote = "git/remote" (Failed, Error),

    /// The repository is there and cannot be opened, for example because it is damaged or needs something that enact
    /// does not have, such as a partial clone. Without it nothing is known of what was applied. `git status` in that
    /// folder tells more; a clone without `--filter` has every object.
    GitRepository = "git/repository" (Failed, Error),

    /// This is not the name of one commit: it is a range, a path, a search, part of a local log, or not a name at all. A
    /// name must mean the same commit in every clone. Write a branch, a tag or a commit id, or one of them with `~1` or
    /// `^2`.
    GitRevision = "git/revision" (Invalid, Error),

    /// This clone left history out, and the part that is missing would tell whether one commit contains another. Plan
    /// goes on without a base, and removes less; apply refuses, because it might take the target back. Get the whole
    /// history with `git fetch --unshallow`, or `fetch-depth: 0` where the checkout is configured.
    GitShallow = "git/shallow" (Unread, ErrorInApply),

    /// Files differ from the commit that they are based on. What was never committed was not reviewed and cannot be
    /// remembered as applied. Plan shows it as a warning; apply refuses it. Commit first, or apply the files as they are
    /// with `--allow-dirty`.
    GitUncommitted = "git/uncommitted" (Guarded, ErrorInApply),

    /// There is no commit of this name in the repository. It may be misspelt, not fetched yet, or left out of a shallow
    /// clone. Fetch it, or write a branch, a tag or a commit id that is here.
    GitUnknownRevision = "git/unknown-revision" (Invalid, Error),

    /// The plan would delete more than a fifth of the objects of one kind. That is more often a lost folder or a wrong
    /// revision than a wish. Delete them in several steps, or let the plan through once with `--allow deleted-share`.
    GuardDeletedShare = "guard/deleted-share" (Guarded, Error),

    /// Git wants nothing to exist on this target any more, and live objects would be deleted. Most likely the manifests
    /// were moved, or `manifests` or `include` in enact.yaml is wrong. Look whether manifests were lost; if all objects
    /// are really to go, `--allow emptied` lets the plan through once.
    GuardEmptied = "guard/emptied" (Guarded, Error),

    /// The plan would take away the last administrators, so that nobody could give access back. Keep the member or
    /// policy that the help names. If others are known to be administrators, `--allow last-administrator` lets the plan
    /// through once.
    GuardLastAdministrator = "guard/last-administrator" (Guarded, Error),

    /// The plan holds more deletes than `limits.max_deletes` of the target. The limit catches a mistake that removes
    /// many objects at once. Raise it in enact.yaml if that many are usual, or let the plan through once with
    /// `--allow max-deletes`.
    GuardMaxDeletes = "guard/max-deletes" (Guarded, Error),

    /// The manifest says `protect: true` and also that the object is to be gone. Protection is there so that one line
    /// cannot delete an object. Take `protect: true` out in a change of its own, or let the plan through once with
    /// `--allow protected`.
    GuardProtected = "guard/protected" (Guarded, Error),

    /// Git declared several objects of a kind when the target was last applied, and now none is live. A credential that
    /// lost its rights looks the same as a system that lost its objects, and creating all of them again would make
    /// duplicates. Look whether the credential may still read them; if they are really gone, `--allow vanished` lets the
    /// plan through once.
    GuardVanished = "guard/vanished" (Guarded, Error),

    /// The client for the target's API could not be set up, most often because no certificates are installed. Without
    /// them nobody can tell whether the server is the right one, so nothing is sent. Install the certificates of the
    /// system, or name a file of them in `SSL_CERT_FILE`.
    HttpClient = "http/client" (Failed, Error),

    /// Several live objects have this name, so a manifest could mean any of them. It was not imported, because the next
    /// plan could not tell them apart. Rename all but one on the target, then import again.
    ImportAmbiguous = "import/ambiguous" (Failed, Warning),

    /// The folder given with `--to` is not inside of the folder of enact.yaml. Manifests there would not belong to this
    /// configuration. Name a folder inside of one that `manifests` names.
    ImportOutside = "import/outside" (Usage, Error),

    /// The manifests would be written where the target's own `include` does not take them, so no plan would see them.
    /// Nothing was written. Name another folder with `--to`, or widen `include` in enact.yaml.
    ImportUnclaimed = "import/unclaimed" (Failed, Error),

    /// A live object cannot be said in a manifest: its name is not plain to see, it refers to an object without a name
    /// of its own, or it holds what the checks would refuse. It was left out, because such a manifest would stop every
    /// run. Change the object on the target first, then import again.
    ImportUndeclarable = "import/undeclarable" (Failed, Warning),

    /// The API cannot list objects of this kind, so none of them was imported. There may be some. Write their manifests
    /// by hand; plan looks for those that are named.
    ImportUnlisted = "import/unlisted" (Failed, Warning),

    /// A manifest could not be written, because the file is there already or the folder cannot be written to. Import
    /// never overwrites a file. Move the file away, or name another folder with `--to`.
    ImportWrite = "import/write" (Failed, Error),

    /// The text of a rule, or its conditions, is not Cedar. JITSudo would refuse it or, worse, mean something else by
    /// it. The place is where the parser stopped: write one `permit` or `forbid` statement as `policy_text`, or `when` and
    /// `unless` clauses as `conditions`.
    JitsudoCedar = "jitsudo/cedar" (Invalid, Error),

    /// The default duration of a policy is longer than its maximum. No request could ever get the default. Lower
    /// `default_duration_seconds`, or raise `max_duration_seconds`.
    JitsudoDuration = "jitsudo/duration" (Invalid, Error),

    /// A rule names an entity type that Cedar cannot have. Types are identifiers with `::` between them, such as `User`
    /// or `Company::User`. Correct the type; the entity itself stands in the `_entity_id` field.
    JitsudoEntityType = "jitsudo/entity-type" (Invalid, Error),

    /// A rule without `policy_text` is made of its fields, and one that it needs is missing. The server would fill the
    /// gap with something that nobody reviewed. Add the field, or write the whole rule as `policy_text`.
    JitsudoMissingField = "jitsudo/missing-field" (Invalid, Error),

    /// The fields of a rule do not fit its scope types: `any` has no entity or actions, `eq` needs exactly one, and so
    /// on. The rule would apply to more or fewer than its fields suggest. Change the scope type, or add or remove the
    /// field that the message names.
    JitsudoScope = "jitsudo/scope" (Invalid, Error),

    /// A rule has both `policy_text` and fields that would make up a rule. JITSudo takes the text, so the fields have no
    /// effect, and a reader may believe them. Say it in one of the two ways only.
    JitsudoTextAndFields = "jitsudo/text-and-fields" (Invalid, Error),

    /// Several live objects could be the one that is declared, by its name or by a former name. enact does not guess,
    /// because a wrong guess would change somebody else's object. Rename or remove the others on the target, or correct
    /// the name in the manifest.
    LiveAmbiguous = "live/ambiguous" (Failed, Error),

    /// Something on the target could not be read: the request failed, was refused, or was answered in a way that is not
    /// understood. What cannot be read is never taken for absent, so nothing is written to this target. See the message
    /// for the cause, such as a credential without the right to read, and run again.
    LiveUnreadable = "live/unreadable" (Unread, Error),

    /// The project could not be loaded, and no other diagnostic says why. Having nothing to do and having loaded nothing
    /// must never look the same, so this is an error. It is a defect of enact: please report it.
    LoadNothing = "load/nothing" (Failed, Error),

    /// The `apiVersion` of a manifest names no system that is known here. It decides by which schema the manifest is
    /// checked and which targets take it. Correct it, or name the file of the system's definition in `systems` of
    /// enact.yaml.
    ManifestApiVersion = "manifest/api-version" (Invalid, Error),

    /// Two manifests declare one object for one target. It could only be as one of them says, and the other would be
    /// ignored. Keep one of them; where the system ignores case, two spellings of a name are one name.
    ManifestDeclaredTwice = "manifest/declared-twice" (Invalid, Error),

    /// `apiVersion` or `kind` of a manifest is not text. Both say what the rest of the document is. Write them as in
    /// `apiVersion: polytomic/v1` and `kind: Policy`.
    ManifestHeaderType = "manifest/header-type" (Invalid, Error),

    /// The system has no such kind of object. It decides by which schema the manifest is checked, so nothing else in it
    /// can be looked at. Correct `kind`; the help names the ones that are known.
    ManifestKind = "manifest/kind" (Invalid, Error),

    /// The `metadata` of a manifest cannot be used. It says which object is meant and whether it should exist. Give it at
    /// least a `name`, and only the fields that the schema knows.
    ManifestMetadata = "manifest/metadata" (Invalid, Error),

    /// A manifest has no `apiVersion` or no `kind`, so nothing says what it is. It may be a file of another kind in a
    /// folder of manifests. Add the field, or move the file out of `manifests`.
    ManifestMissingHeader = "manifest/missing-header" (Invalid, Error),

    /// The name of an object is empty, too long, starts or ends with a blank, or holds a character that cannot be seen.
    /// Names are compared exactly and are all that ties a manifest to a live object, so two that look the same must be
    /// the same. Write a name that is plain to see.
    ManifestName = "manifest/name" (Invalid, Error),

    /// The document is a list or a single value, and a manifest is a mapping with `apiVersion`, `kind`, `metadata` and
    /// `spec`. Start it with `apiVersion:` and `kind:`, or move the file out of `manifests`.
    ManifestNotAMapping = "manifest/not-a-mapping" (Invalid, Error),

    /// A former name in `previously` cannot be right: an object of that name is still declared, or two manifests claim
    /// to be what it became. One live object cannot be renamed to two, or stay and be renamed. Keep the former name in
    /// one manifest only, and remove the other declaration.
    ManifestPreviously = "manifest/previously" (Invalid, Error),

    /// Two statements of a document have one `sid`. It tells statements apart, so a change could not be shown for the
    /// right one. Give each statement its own `sid`, or leave it out.
    MycloudSidTwice = "mycloud/sid-twice" (Invalid, Error),

    /// Several changes each take something away and give something, so no order of the writes is safe: until all is
    /// written, somebody may have access that neither the old nor the new state gives, or lack what both give. Where that
    /// matters, apply in two steps: first what denies and grants more, then the rest.
    PlanMixed = "plan/mixed" (Guarded, Warning),

    /// The object does not exist on the target yet, and its manifest leaves out a field without which it cannot be
    /// created. A field may be left out of a manifest to leave it unmanaged, which only works for an object that is
    /// there. Add the field to its spec.
    PlanNeededToCreate = "plan/needed-to-create" (Invalid, Error),

    /// Git declared a field when the target was last applied and no longer does, and the API has no default that the
    /// field could go back to. The live value stays, and nobody manages it. Declare the value that you want.
    PlanNoDefault = "plan/no-default" (Invalid, Warning),

    /// `previously` asks for a rename, and the API cannot rename objects of this kind. Creating the new one and deleting
    /// the old one is another thing, which may lose what refers to it, so enact does not do it by itself. Take
    /// `previously` out to create a new object, and declare the old one `ensure: absent`.
    PlanNoRename = "plan/no-rename" (Failed, Error),

    /// A Polytomic policy lists one action twice. The API has one set of roles for each action, so one of the entries
    /// would be lost. Put all roles in one entry.
    PolytomicActionTwice = "polytomic/action-twice" (Invalid, Error),

    /// Polytomic does not take a deleted role out of policies: those that the message names keep its id after it is
    /// gone. An id that leads nowhere is hard to understand later. Declare the bindings of these policies without the
    /// role, before or together with the delete.
    PolytomicLeftBehind = "polytomic/left-behind" (Guarded, Warning),

    /// `organization_id` differs from the live object, and Polytomic only takes it at creation. The change could never be
    /// carried out. Take the field out, or delete the object and create it in the other organization.
    PolytomicOrganization = "polytomic/organization" (Failed, Error),

    /// The action is not one that is known. Polytomic does not document its actions, so this is only a warning, but a
    /// misspelt one gives no access and nobody notices. Correct it, or leave it if your version of the API has it.
    PolytomicUnknownAction = "polytomic/unknown-action" (Invalid, Warning),

    /// The live check found that the API does something else than the definition says. A plan acts on the definition, so
    /// a wrong one shows differences that are not there, or misses some that are. Say in the definition what the API
    /// does, and check again.
    ProbeDisagrees = "probe/disagrees" (Failed, Error),

    /// A scratch object of the live check could not be deleted and is still on the target. It may give access that
    /// nobody wanted. Delete it there by hand.
    ProbeLeftBehind = "probe/left-behind" (Failed, Error),

    /// An object of the scratch name exists already. The check would change and delete it, so nothing was written. Give a
    /// name that is free with `--scratch`.
    ProbeTaken = "probe/taken" (Guarded, Error),

    /// The live check could not find out whether the scratch name is free, because a kind could not be read. What might
    /// be somebody's object is not touched, so nothing was written. Correct how the definition reads the kind, or the
    /// rights of the credential.
    ProbeUnreadable = "probe/unreadable" (Unread, Error),

    /// A reference fits several live objects. Binding the wrong one would give access to the wrong people, so none is
    /// taken. Rename all but one on the target, or refer to it by its id where the field takes one.
    ReferenceAmbiguous = "reference/ambiguous" (Invalid, Error),

    /// A manifest refers to an object that is neither live nor declared in git. The reference could not be sent. Correct
    /// its name, declare the object in git, or create it on the target.
    ReferenceDangling = "reference/dangling" (Invalid, Error),

    /// A manifest refers to an object that git deletes: it is declared `ensure: absent`, or no longer declared and would
    /// be pruned. The reference would lead nowhere afterwards. Take the reference out, or keep the object.
    ReferenceDeleted = "reference/deleted" (Invalid, Error),

    /// A manifest names a secret that its target does not have in enact.yaml. Git holds only the name, so nothing says
    /// what to send. Say where the secret comes from in `secrets` of the target, or correct the name.
    ReferenceSecret = "reference/secret" (Invalid, Error),

    /// A manifest refers to a name that git does not declare and that is nearly one that it does. It may be live, which
    /// only the target can tell, so this is a warning. Correct the name if the other one was meant; plan finds out
    /// whether it exists.
    ReferenceUndeclared = "reference/undeclared" (Invalid, Warning),

    /// The file given to apply is not a plan, or cannot be read. It is the approval of what may be written, so without
    /// it nothing is. Write one with `enact plan --out FILE`, and give that file.
    ReviewFile = "review/file" (Invalid, Error),

    /// A fresh plan is not the one in the file: what it was made from, or what it would do, is different now. Only what
    /// somebody has reviewed is written, so nothing was. Plan again with `--out`, and have the new plan reviewed.
    ReviewMoved = "review/moved" (Moved, Error),

    /// The plan was not written to the file of `--out`: something is wrong with the plan, so apply would refuse it, or
    /// the file cannot be written, or is there and is not a plan. Mend what is wrong first, or name another file.
    ReviewOut = "review/out" (Failed, Error),

    /// The connection to the embedded sandbox could not be set up. No real target is involved. See the message for the
    /// cause, and run again.
    SandboxConnect = "sandbox/connect" (Failed, Error),

    /// `enact sandbox` was to listen on an address that other machines may reach. It takes any credential, so it only
    /// listens on this machine. Use 127.0.0.1 or [::1].
    SandboxLoopback = "sandbox/loopback" (Usage, Error),

    /// The sandbox could not start, for example because its state file is damaged or its address is taken. No real target
    /// is involved. Do as the help says; without its state file the sandbox starts anew.
    SandboxStart = "sandbox/start" (Failed, Error),

    /// The sandbox plays only the systems that are built in, and another one is asked of it: the system of a target is
    /// defined in YAML, or `--target` of `enact sandbox` names no system. Nothing was sent to a real target in its place.
    /// Name others with `--target`.
    SandboxSystem = "sandbox/system" (Usage, Error),

    /// A field has to have one certain value here. It most often says what the rest of the document is, such as its
    /// version. Write the value that the help shows.
    SchemaConst = "schema/const" (Invalid, Error),

    /// The value is not one of those that are allowed here. Anything else the API would refuse, or take for something
    /// that nobody meant. Use one of the values that the help lists.
    SchemaEnum = "schema/enum" (Invalid, Error),

    /// The text does not have the format that is needed here, such as a date, a URL or a UUID. The API would refuse it.
    /// Write it in that format.
    SchemaFormat = "schema/format" (Invalid, Error),

    /// A JSON Schema that documents are to be checked with cannot be used. Nothing can be said about the documents then,
    /// so none is taken. If the schema is that of a definition of yours, correct it there; if it belongs to a built-in
    /// system, please report it.
    SchemaInvalid = "schema/invalid" (Invalid, Error),

    /// A list has too few or too many items, or the same item twice. The API would refuse it, or drop one in silence.
    /// Change the list as the help says.
    SchemaItems = "schema/items" (Invalid, Error),

    /// A number is written with zeros in front, which a number does not keep: `007` is sent as `7`. For an account id or
    /// a code that is another value. Quote it if text is meant, or remove the zeros.
    SchemaLeadingZeros = "schema/leading-zeros" (Invalid, Warning),

    /// A text is too short or too long. The API would refuse it, or cut it so that it never is as declared. Write one of
    /// the length that the help names.
    SchemaLength = "schema/length" (Invalid, Error),

    /// A field that is needed here is missing. Without it the document does not say enough. Add the field; the help says
    /// what it is for.
    SchemaMissingField = "schema/missing-field" (Invalid, Error),

    /// A text does not have the form that is needed here, such as the letters and digits that a name may have. Write it
    /// as the help says.
    SchemaPattern = "schema/pattern" (Invalid, Error),

    /// A number is below or above what is allowed. The API would refuse it, or the limit that it sets would not hold.
    /// Use a number in the range that the help names.
    SchemaRange = "schema/range" (Invalid, Error),

    /// The field is set by the server, so a manifest cannot declare it. Whatever were written there would differ from
    /// what is live. Remove the field.
    SchemaReadOnly = "schema/read-only" (Invalid, Error),

    /// The value breaks a rule of its JSON Schema that has no diagnostic of its own, such as a number of fields or a
    /// combination that is not allowed. See the message and the schema of the field; `enact schema` prints it.
    SchemaRule = "schema/rule" (Invalid, Error),

    /// This field takes the name of a secret, and something else stands there, maybe the secret itself. A secret in git
    /// is a secret lost, so the line is not shown. Write `{secret: NAME}`, say where it comes from in `secrets` of
    /// enact.yaml, and replace the secret if it was ever committed.
    SchemaSecret = "schema/secret" (Invalid, Error),

    /// The value is of another type than the field, such as a number where text is needed. YAML guesses the type of what
    /// is not quoted, so quotes often are all that is missing. Write it as the help says.
    SchemaType = "schema/type" (Invalid, Error),

    /// The field is not one that is known here. It would be ignored or refused, and a misspelt one leaves something
    /// unmanaged without anybody noticing. Correct its name as the help suggests, or remove it.
    SchemaUnknownField = "schema/unknown-field" (Invalid, Error),

    /// A folder with manifests lies too deep. No person nests folders like that, and walking them must end. Nest fewer
    /// folders, or correct `manifests` in enact.yaml.
    SourceDepth = "source/depth" (Invalid, Error),

    /// A file is not UTF-8. Read in another encoding, names would not be what they look like. Save the file as UTF-8.
    SourceEncoding = "source/encoding" (Invalid, Error),

    /// What is named is neither a file nor a folder, but a pipe or a device. Reading it could wait without end. Remove
    /// it from the folder, or correct `manifests` in enact.yaml.
    SourceKind = "source/kind" (Invalid, Error),

    /// A symbolic link stands among the manifests. It can lead out of the repository and to another file in each
    /// checkout, so it is not followed. Put the file itself there.
    SourceLink = "source/link" (Invalid, Error),

    /// A file or folder that `manifests` or `systems` in enact.yaml names does not exist. To go on without it would look
    /// as if its objects had been removed. Correct the name, or add the file.
    SourceMissing = "source/missing" (Invalid, Error),

    /// The name of a file or folder is one that some file system takes for another: it differs from a neighbour only in
    /// case, is a device on Windows, or holds characters that cannot be seen. A reviewer could see one file and a
    /// checkout use another. Rename it.
    SourceName = "source/name" (Invalid, Error),

    /// No manifest was found. An empty repository must not look as if everything had been removed. Add a `.yaml` file,
    /// correct `manifests` in enact.yaml, or begin with `enact import`.
    SourceNone = "source/none" (Invalid, Error),

    /// An entry of `manifests` or `systems` leads out of the folder of enact.yaml, or is an odd name. Only files inside
    /// of that folder belong to the configuration and are reviewed with it. Name files and folders inside of it.
    SourceOutside = "source/outside" (Invalid, Error),

    /// A submodule stands among the manifests. Its content is not part of the commit that is reviewed here, so it is not
    /// read. Keep its manifests in this repository.
    SourceSubmodule = "source/submodule" (Invalid, Error),

    /// A file, or all files together, are larger than manifests are. Most likely `manifests` in enact.yaml names
    /// something else, and enact must not run out of memory. Correct `manifests`, or split the file.
    SourceTooLarge = "source/too-large" (Invalid, Error),

    /// There are more files or names than enact reads, or too many that it has to refuse. A part of them would look as
    /// if the others had been removed, so none is taken. Correct `manifests` in enact.yaml.
    SourceTooMany = "source/too-many" (Invalid, Error),

    /// A file or folder is there and cannot be read. To go on without it would look as if its objects had been removed.
    /// Correct the rights of the file, or `manifests` in enact.yaml.
    SourceUnreadable = "source/unreadable" (Invalid, Error),

    /// The `default` of a field is not a value that the field takes. A field that git gives up goes back to its default,
    /// so it has to be one that the API would take. Write the API's own default.
    SystemDefault = "system/default" (Invalid, Error),

    /// The file of a definition holds no YAML document, or several. One file defines one system. Keep one document, and
    /// put other systems in files of their own.
    SystemDocuments = "system/documents" (Invalid, Error),

    /// `readOnly`, `writeOnly` or `x-replaces` stands where it cannot work: on one field together, inside of a list, on
    /// a whole object, or too deep. A field that cannot be read back has to be known to differ only when git changes it,
    /// and its secret must not be seen. Change the field as the help says.
    SystemField = "system/field" (Invalid, Error),

    /// The definition does not say how one whole object is read: the list does not show all of it and there is no `get`,
    /// or `get` and the writes have different paths and nothing lists the objects. An object that is there could be
    /// overwritten unseen. Add `get` or `list`, or use one path, as the help says.
    SystemGet = "system/get" (Invalid, Error),

    /// A header of a definition has no valid name, is given twice, or is one that enact sets itself, such as
    /// `Authorization`. A definition must not decide who enact is or where a request goes. Take the header out; a
    /// credential is given in enact.yaml, with `auth`.
    SystemHeader = "system/header" (Invalid, Error),

    /// `create` says where a reply has the id of the new object, and the kind has no id of the server. One of the two is
    /// wrong. Take it out of `create`, or add `id` to the kind.
    SystemId = "system/id" (Invalid, Error),

    /// `if_match` sends back the `ETag` that `get` returned, and the kind has no `get`. Without it an update could not
    /// tell whether somebody else was faster. Add `get`, or take `if_match` out.
    SystemIfMatch = "system/if-match" (Invalid, Error),

    /// The key of a kind cannot work: a part has a name that is not allowed, two parts are at one place, a part is also
    /// a field of `spec`, or a pattern is given for several parts. The key is all that ties a manifest to a live object.
    /// Change the part as the help says.
    SystemKey = "system/key" (Invalid, Error),

    /// A keyword in a schema means nothing in JSON Schema, and is nearly one that does. JSON Schema ignores what it does
    /// not know, so the rule that was meant would not be checked. Write the keyword that the help names.
    SystemKeyword = "system/keyword" (Invalid, Error),

    /// A definition has two kinds of one name; case makes no difference. A manifest names its kind, so it has to be clear
    /// which one is meant. Give each kind its own name.
    SystemKindTwice = "system/kind-twice" (Invalid, Error),

    /// The definition does not say how objects of a kind are found: there is neither `list` nor `get`, or objects have
    /// ids and nothing lists them. What cannot be found cannot be compared. Add `list`, or `get` with the key in its
    /// path.
    SystemList = "system/list" (Invalid, Error),

    /// `x-list-type` or `x-list-map-keys` is wrong: the type is not known, the field is no list with `items`, or a list
    /// of type `map` lacks keys that its items have as texts. The type decides what counts as a difference. Correct it
    /// as the help says: `set`, `map` with keys, `multiset` or `atomic`.
    SystemListType = "system/list-type" (Invalid, Error),

    /// A name in `system`, which marks objects that the API keeps for itself, could not be the name of an object. It
    /// would never match, and enact might change an object that is not yours. Write the name as the API does.
    SystemMark = "system/mark" (Invalid, Error),

    /// `named` says how the name in a manifest is made of the parts of the key. It is missing for a key of several parts,
    /// cannot be taken apart again, or does not hold every part once. Write all parts with something between them, such
    /// as `{name}@{vhost}`.
    SystemNamed = "system/named" (Invalid, Error),

    /// A kind refers to another one in a way that cannot be followed: the other kind is unknown, comes later in the
    /// file, is the same kind, has no id of the server, or the place is no text in `spec`. Objects are created in the
    /// order of the kinds, so that what is referred to is there first. Correct the reference as the help says.
    SystemReference = "system/reference" (Invalid, Error),

    /// The definition says that an update can rename objects of a kind, and it cannot: the name is part of the path, or
    /// part of the key of another kind. A rename would then reach another object or take others along. Take `renames`
    /// out.
    SystemRenames = "system/renames" (Invalid, Error),

    /// `required` of a spec names a field that `properties` does not have, or that only the server sets. Nobody could
    /// ever declare such an object. Take the field out of `required`, or describe it in `properties`.
    SystemRequired = "system/required" (Invalid, Error),

    /// A schema in the definition is not a JSON Schema of draft 2020-12, refers to something outside of `$defs`, or uses
    /// a name that every manifest has. Manifests could not be checked with it. Correct it at the place that is shown.
    SystemSchema = "system/schema" (Invalid, Error),

    /// The scratch object of a kind has a `change` that changes nothing. The live check tries an update with it, and
    /// would learn nothing. Write fields of `spec` with other values.
    SystemScratch = "system/scratch" (Invalid, Error),

    /// `settings` of a definition do not describe an object. A target gives its settings by name. Write `type: object`
    /// with `properties`.
    SystemSettings = "system/settings" (Invalid, Error),

    /// The `spec` of a kind is not an object with `properties`. enact has to know every field to tell what is managed
    /// and what is misspelt. Write `type: object` with `properties`, or `properties: {}` where an object is only its key.
    SystemSpec = "system/spec" (Invalid, Error),

    /// A status code is given for something that it cannot mean: a success is 200 to 299, what is gone is 400 to 499. A
    /// failure taken for a success would be reported as written. Correct the status.
    SystemStatus = "system/status" (Invalid, Error),

    /// A path, query or header of a definition cannot be filled in: a placeholder is not known there, may be left out,
    /// or the path does not say which object is meant. A request must never reach another object than the one that was
    /// planned. Use the parts of the key, `{id}` or `{settings.NAME}` as the help says.
    SystemTemplate = "system/template" (Invalid, Error),

    /// The definition passed its JSON Schema, but a value in it still cannot be used. A definition that is only half
    /// understood is not used at all. Correct the value that the message names.
    SystemType = "system/type" (Invalid, Error),

    /// The file given to `check-system` cannot be read. Name the file of a definition.
    SystemUnreadable = "system/unreadable" (Invalid, Error),

    /// An alias stands inside the value that it repeats, so the value would have no end. Write the value out.
    YamlAliasCycle = "yaml/alias-cycle" (Invalid, Error),

    /// The text holds an invisible character that changes the order in which text is shown. A reviewer then sees another
    /// text than enact reads, which is a known way to hide a change. Remove the character, or write it as an escape
    /// inside double quotes.
    YamlBidi = "yaml/bidi" (Invalid, Warning),

    /// The file is too large, nested too deep, or its aliases expand to too many values. Any input has to end in bounded
    /// time and memory, and no manifest needs this much. Split the file, flatten it, or use fewer aliases.
    YamlBudget = "yaml/budget" (Invalid, Error),

    /// The markers of a merge conflict are still in the file. Nobody has decided which side is meant. Settle the
    /// conflict, and remove its markers.
    YamlConflictMarkers = "yaml/conflict-markers" (Invalid, Error),

    /// The file holds a YAML directive, a line that starts with `%`. Directives change how the rest is read, and
    /// manifests are plain YAML 1.2. Remove the line.
    YamlDirective = "yaml/directive" (Invalid, Error),

    /// A mapping has one key twice. Only one of the values could be meant, and readers of YAML do not agree which. Keep
    /// one of them.
    YamlDuplicateKey = "yaml/duplicate-key" (Invalid, Error),

    /// The file declares nothing: it is empty, or holds only comments. It looks like a manifest that was lost. Write a
    /// manifest, or delete the file.
    YamlEmpty = "yaml/empty" (Invalid, Error),

    /// One document of the file is empty, while others are not. Most often a `---` is left over, but a document may be
    /// missing. Remove its `---`.
    YamlEmptyDocument = "yaml/empty-document" (Invalid, Warning),

    /// The file holds a character that YAML does not allow, such as a control character, or a byte order mark that is
    /// not at its start. Save the file as UTF-8 without it, or write the character as an escape inside double quotes.
    YamlEncoding = "yaml/encoding" (Invalid, Error),

    /// A key is not text but a number, a boolean, a list or nothing. Fields have names, and readers do not agree on what
    /// a key such as `1` or `true` is. Quote the key, or write the name of a field.
    YamlKeyType = "yaml/key-type" (Invalid, Error),

    /// The file is a pointer of git LFS, not the manifest itself. What it points to is not in the commit. Fetch it with
    /// `git lfs pull`, or keep manifests out of git LFS.
    YamlLfsPointer = "yaml/lfs-pointer" (Invalid, Error),

    /// The merge key `<<` is not part of YAML 1.2, and readers do not agree on what it does. Write the fields out, or
    /// repeat a whole value with an alias.
    YamlMergeKey = "yaml/merge-key" (Invalid, Error),

    /// A number is too large, not finite, or has more digits than a number keeps. Sent to the API, it would be another
    /// value than the one that was reviewed. Quote it if text is meant, or write fewer digits.
    YamlNumber = "yaml/number" (Invalid, Error),

    /// The file is not YAML. The place is where the parser gave up; the mistake may be a little above it. Check the
    /// indentation and the quotes there.
    YamlSyntax = "yaml/syntax" (Invalid, Error),

    /// A tab is used as indentation, which YAML does not allow, because its width is not known. Indent with spaces.
    YamlTab = "yaml/tab" (Invalid, Error),

    /// A value carries a tag, such as `!!binary` or `!name`. Tags make a reader take a value for something else than it
    /// looks like. Remove the tag, and quote a value that is meant as text.
    YamlTag = "yaml/tag" (Invalid, Error),

    /// An alias has no anchor above it in its document. A value that starts with `*` is an alias in YAML. Quote it if
    /// text is meant, or write the value out.
    YamlUnknownAlias = "yaml/unknown-alias" (Invalid, Error),
}

#[cfg(test)]
mod tests;
