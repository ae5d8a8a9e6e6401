//! The table of all diagnostics: one row per code. To add one, add its row, in the order of the texts, and raise it.
//!
//! Not here: the messages about single cases, which are written where a case is found.

use std::fmt;

use super::class::{Class, Severity, Weight};

/// Makes the enum and its table. The doc comment of a row is its explanation: what it means, why it matters, and what
/// to do.
macro_rules! codes {
    ($($(#[doc = $line:literal])+ $name:ident = $text:literal ($class:ident, $weight:ident),)+) => {
        /// Which diagnostic it is, in the order of the texts.
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
    /// Its stable text for machines: `area/what`, such as `schema/type`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.row().text
    }

    /// What it means for the run as an error.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// Its severity, unless something changed it.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self.row().weight {
            Weight::Error => Severity::Error,
            Weight::ErrorInApply | Weight::Warning => Severity::Warning,
        }
    }

    /// Whether apply refuses to go on with it, while plan only warns.
    #[must_use]
    pub fn is_refused_by_apply(self) -> bool {
        self.row().weight == Weight::ErrorInApply
    }

    /// What it means, why it matters, and what to do: one paragraph.
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
    /// Another rule of the same object says all that this one says, and more or the same. It does nothing, and whoever corrects
    /// one of the two may miss the other. Remove one of them; or say in a comment at this place why it stays:
    /// `# enact: allow access/covered because REASON`.
    AccessCovered = "access/covered" (Invalid, Warning),

    /// A deny of another policy covers all that this rule allows, so it allows nothing although it reads as if it did. Remove it,
    /// or narrow the deny; or say in a comment at this place why it stays: `# enact: allow access/denied because REASON`.
    AccessDenied = "access/denied" (Invalid, Warning),

    /// A statement of a Compiuta policy has no resources, which its server takes for all of them. Who forgets the field allows
    /// most. Name the resources, or write `resources: ["*"]` if all are meant.
    AccessEveryResource = "access/every-resource" (Invalid, Warning),

    /// A rule allows every action on every resource. Whoever it applies to can do anything, also what exists only later. Name
    /// what is needed; or say in a comment at this place why it is so: `# enact: allow access/everything because REASON`.
    AccessEverything = "access/everything" (Invalid, Warning),

    /// A rule can never have an effect: nobody is named in it, or a deny of the same object covers all that it allows. It reads
    /// as if somebody were allowed something. Correct it or remove it; or say in a comment at this place why it stays:
    /// `# enact: allow access/never because REASON`.
    AccessNever = "access/never" (Invalid, Warning),

    /// `enact apply` shows its plan and asks before it writes, but there is no terminal where somebody could answer, as
    /// in a CI job. Nothing was written, because a missing answer never counts as a yes. Look at `enact plan` first,
    /// then run `enact apply --yes`, or apply a reviewed plan file with `enact apply FILE --yes`.
    CliNobodyToAsk = "cli/nobody-to-ask" (Usage, Error),

    /// `enact man` has no page for a command of this name. Nothing was printed. `enact --help` lists the commands.
    CliPage = "cli/page" (Usage, Error),

    /// The program could not set up what runs its requests in parallel, usually because the system allows it too few
    /// file descriptors or threads. Nothing was read and nothing was written. Raise the limits of the process, then run
    /// again.
    CliRuntime = "cli/runtime" (Failed, Error),

    /// `enact schema` knows no schema with this name. Nothing was printed, because another schema could mislead an
    /// editor or a check. `enact schema` without a name lists all schemas.
    CliSchema = "cli/schema" (Usage, Error),

    /// A schema could not be written into the folder of `--write`, for example because the folder is read-only or the
    /// disk is full. The result lists which of the others were written. Name another folder, or change its permissions.
    CliSchemaWrite = "cli/schema-write" (Failed, Error),

    /// The name given with `--scratch` cannot be the name of an object: it is empty, too long, starts or ends with a
    /// blank, or holds a character that cannot be seen. The scratch objects of a live check are created under it, so
    /// nothing was sent. Give another name.
    CliScratch = "cli/scratch" (Usage, Error),

    /// `enact explain` knows no kind, no file and no code of this name, or the kind has no such field; or `enact why` knows no such
    /// object: neither git nor the record has it. Nothing was printed. The help names what is near, or all that there is.
    CliTopic = "cli/topic" (Usage, Error),

    /// enact does not understand the arguments: an unknown command or flag, a value that is missing, or two flags that
    /// contradict each other. Nothing was read and nothing was sent. See `enact --help`, or `--help` of the command.
    CliUsage = "cli/usage" (Usage, Error),

    /// Compiuta removes a deleted role from every statement that names it, then deletes statements that are left empty,
    /// and then policies that are left empty. Policies that the plan does not rewrite would lose rights without a
    /// review. First remove the role from the policies that the message names, then delete it.
    CompiutaCascade = "compiuta/cascade" (Guarded, Error),

    /// A statement of a Compiuta policy names neither a role nor an action, so it would allow or deny nothing. It is
    /// most likely unfinished. Add `role` or `actions`, or remove the statement.
    CompiutaEmptyStatement = "compiuta/empty-statement" (Invalid, Error),

    /// The policy belongs to Compiuta itself, and its API only accepts changes of its members. A plan that changes
    /// another part of it, or deletes it, could never be carried out. Declare only `members` for it, and put other
    /// statements in another policy.
    CompiutaManaged = "compiuta/managed" (Failed, Error),

    /// A member does not have a known form, such as `user:local:NAME`, `team:local:NAME` or `token:ID`. A member that
    /// matches nobody gives no access, and nobody notices. The forms are not fully documented, so this is only a
    /// warning: correct the member, or leave it if your server knows it.
    CompiutaMember = "compiuta/member" (Invalid, Warning),

    /// `tenants` of a policy or role holds `*` or `(unassigned)`. Both mean something in a statement, but no object can
    /// belong to them. Name real tenants, or leave `tenants` empty for none.
    CompiutaTenant = "compiuta/tenant" (Invalid, Error),

    /// The target's system does not accept the kind of credential in `auth`. Requests would be refused, or the
    /// credential would be sent where it is not expected. Write `auth` as the help shows; the definition of the system
    /// lists the kinds that it accepts.
    ConfigAuth = "config/auth" (Invalid, Error),

    /// The file that `cedar_schema` of a target names cannot be read or is not a Cedar schema, or the objects of the
    /// system hold no Cedar. Without it rules would be written that nobody has checked. Name a file in Cedar's schema
    /// format, relative to enact.yaml, and correct it at the place that the message names.
    ConfigCedarSchema = "config/cedar-schema" (Invalid, Error),

    /// A credential that enact.yaml points to cannot be used: the variable is not set, the file cannot be read, it is
    /// empty, or it is not one line of text. Without it nothing can be sent to the target. Set the variable or write
    /// the file, and make sure that it holds only the secret; `--sandbox` lets you try enact without any.
    ConfigCredential = "config/credential" (Invalid, Error),

    /// The configuration file holds no YAML document, or several. enact could not know which one decides where
    /// credentials go. Keep exactly one document in the file, without another `---`.
    ConfigDocuments = "config/documents" (Invalid, Error),

    /// A pattern in `include` is not a glob, or an entry of `manifests` or `systems` is one. They decide what is read and
    /// for which target, so nothing is guessed at. Correct the pattern: `*` stands for any part of a name, `**` for any
    /// folders, and `[` and `{` have to be closed. In `manifests` and `systems` name files and folders.
    ConfigGlob = "config/glob" (Invalid, Error),

    /// A pattern in `include` matches no manifest. Most likely it is misspelt, and the target takes less, or more, than it
    /// seems. Correct the pattern, or remove it.
    ConfigIncludeUnused = "config/include-unused" (Invalid, Warning),

    /// A patch of a target in enact.yaml cannot be made: no manifest that the target takes declares its object, there are two
    /// for one object, it changes nothing, or it would change the name by which it is found. A patch that is silently left
    /// out would leave the target with what is meant for another one. Do what the help says.
    ConfigPatch = "config/patch" (Invalid, Error),

    /// A target is read with POST at some paths, as the definition of its system says. A plan sends these requests, and whether they
    /// change anything only the definition says. Review the paths in `post_reads` of the definition.
    ConfigPostReads = "config/post-reads" (Invalid, Warning),

    /// What `peers` of the proxy in front of `enact serve` names is no address. The service believes whom a request names only if it
    /// comes from one of them. Write addresses, such as `10.0.0.5` or `fd00::5`.
    ConfigProxy = "config/proxy" (Invalid, Error),

    /// A schedule or a window of `enact serve` says nothing that can be read, or a time that never comes. A target whose passes
    /// never begin would look as if it were as declared. Write `every 15m`, or the five fields of cron with a time zone.
    ConfigSchedule = "config/schedule" (Invalid, Error),

    /// The `settings` of a target are missing or not valid for its system. Settings decide what exactly is requested
    /// from the API, such as its version or a tenant. Add or correct them below `settings:`; `enact schema` prints the
    /// settings of each system.
    ConfigSettings = "config/settings" (Invalid, Error),

    /// The system named here is not known, or not the expected one. It is neither built in nor defined by a file in
    /// `systems` of enact.yaml, or the target of a check has another system. Correct the name, or add the file of the
    /// definition to `systems`.
    ConfigSystem = "config/system" (Invalid, Error),

    /// Two systems have the same name: two definitions, or a definition and a built-in system. Manifests name their
    /// system in `apiVersion`, so the name must be unique. Rename the system in the file that the help names.
    ConfigSystemTwice = "config/system-twice" (Invalid, Error),

    /// The target named on the command line is not in enact.yaml. enact does not guess which one was meant, because it
    /// may be written to. Use one of the names in `targets`, or add the target there.
    ConfigTarget = "config/target" (Invalid, Error),

    /// Two targets in enact.yaml have the same name. Output and `--target` use the name, and git remembers under it
    /// what was applied, so it must be unique. Give each target its own name.
    ConfigTargetTwice = "config/target-twice" (Invalid, Error),

    /// The configuration passed its JSON Schema, but a value in it still cannot be used. Nothing is sent with a
    /// configuration that is only partly understood. Correct the value that the message names.
    ConfigType = "config/type" (Invalid, Error),

    /// No target takes this manifest, so it would never be applied: no target has its system, or the `include` of each
    /// leaves it out. The object may then be missing without anybody noticing. Add a target of that system, widen its
    /// `include`, or remove the manifest.
    ConfigUnclaimed = "config/unclaimed" (Invalid, Warning),

    /// The configuration file cannot be read; most often it is not there. Without it enact knows neither manifests nor
    /// targets. Run enact in the folder of enact.yaml, name the file with `--config`, or use `--sandbox` to try enact
    /// without one.
    ConfigUnreadable = "config/unreadable" (Invalid, Error),

    /// The `url` of a target is not one that a credential may be sent to: it must be https (http only on this
    /// machine), without a user, password, query or fragment. Otherwise a credential could be read on its way, or be
    /// readable in git. Write the scheme, the host and, if needed, a path, and move a credential to `auth`.
    ConfigUrl = "config/url" (Invalid, Error),

    /// A field differs that the API takes only when it creates the object (`x-create-only` in the definition), so that no
    /// update can change it. Declare what is live. Or have the object replaced: declare it with `ensure: absent`, apply,
    /// and declare it again. enact does not do that by itself, because whatever refers to the object would lose it.
    DefinedCreateOnly = "defined/create-only" (Failed, Error),

    /// enact met a kind that the definition of its system does not have. Earlier checks should have refused it, so this
    /// is a defect of enact. Please report it with the definition; nothing was written for the object.
    DefinedKind = "defined/kind" (Failed, Error),

    /// The object does not exist on the target, and the definition of its system has no `create` for this kind. A plan
    /// that cannot be carried out is not shown. Create the object in another way, remove the manifest, or add `create`
    /// to the definition if the API has it.
    DefinedNoCreate = "defined/no-create" (Failed, Error),

    /// The object should be deleted, but the definition of its system has no `delete` for this kind. It would stay on
    /// the target while git says that it is gone. Delete it in another way, remove `ensure: absent`, or add `delete` to
    /// the definition if the API has it.
    DefinedNoDelete = "defined/no-delete" (Failed, Error),

    /// A field should go back to null, which the API does not take (`x-null: omit` in the definition), and its updates keep
    /// every field that they leave out. Nothing that enact could send would empty it. Declare the live value, or delete the
    /// object and create it again.
    DefinedNoNull = "defined/no-null" (Failed, Error),

    /// The live object differs from its manifest, and the definition of its system has no `update` for this kind. The
    /// difference would stay. Declare what is live, or delete the object with `ensure: absent` and declare it again
    /// afterwards, or add `update` to the definition if the API has it.
    DefinedNoUpdate = "defined/no-update" (Failed, Error),

    /// The manifest declares a field that no reply of the API holds, although the definition says that replies hold
    /// every field. The API drops it, and every plan would send it again. It may be misspelt or belong to another
    /// version of the API: remove it from the manifest and from the definition's `spec`.
    DefinedNotKept = "defined/not-kept" (Failed, Error),

    /// The name or id of the object cannot be part of a request's path, such as `.` or `..`, which lead to another
    /// path. A request that could reach another object is never built. Give the object another name.
    DefinedPath = "defined/path" (Failed, Error),

    /// A field of the live object is a text that should hold a document (`x-text` in the definition), and enact cannot read
    /// it, or could read it in two ways. A write would replace it, and nobody could say what it takes away. Rewrite it on
    /// the target so that enact can read it, or delete the object there.
    DefinedText = "defined/text" (Failed, Error),

    /// The file given with `--events` cannot be opened or written. It records each write as it ends, so that it is
    /// known what happened if the run is interrupted; once it fails, no further write begins. See the message for what
    /// was written, and name a file that can be written.
    EventsFile = "events/file" (Failed, Error),

    /// The name fits several commits, such as a branch and a tag with the same name, or too few digits of an id.
    /// Somebody who may push a tag must not be able to choose what is applied, so none of them is used. Write the whole
    /// name, such as `refs/heads/main`, or more digits.
    GitAmbiguous = "git/ambiguous" (Invalid, Error),

    /// The commit that was applied last has no such target in its enact.yaml, or one with another system, URL or
    /// settings. What was applied then was not applied to this target, so it is not used as its base: nothing is
    /// pruned. The next apply makes a new record.
    GitAnotherSystem = "git/another-system" (Invalid, Warning),

    /// The record of what was applied to a target, `refs/enact/applied/TARGET`, cannot be read, locked or moved. It is
    /// the only memory of enact: without it an apply could take a target back or prune too much. Follow the help: fetch
    /// the record again, remove a stale `.lock` file, or see that the repository can be written to.
    GitApplied = "git/applied" (Failed, Error),

    /// The record of a target would move to a commit that does not contain the one it names now. Recording it would
    /// make an older state look like progress. Apply a commit that contains the recorded one, or use `--rollback` to go
    /// back on purpose.
    GitAppliedBackwards = "git/applied-backwards" (Guarded, Error),

    /// Another run recorded another commit for this target while this one was working. Two runs did not see each
    /// other's writes, so the record of the other one is not overwritten. Plan again, and look at what the other run
    /// applied.
    GitAppliedMoved = "git/applied-moved" (Moved, Error),

    /// The target was brought to a commit that the one of this run does not contain. Applying this one would undo what
    /// was applied since, often by mistake from an old branch. Plan shows it as a warning; apply refuses it. Apply a
    /// commit that contains the applied one, or take the target back on purpose with `--rollback`.
    GitBackwards = "git/backwards" (Guarded, ErrorInApply),

    /// The base that was named is not part of the history of this run's commit. Then nobody removed what is missing
    /// here, so the base is not used and nothing is pruned; apply refuses to go on. For a pull request use the commit
    /// that `git merge-base` prints.
    GitBase = "git/base" (Guarded, ErrorInApply),

    /// The history of the commit is longer than enact walks, so it is not known whether it contains another commit.
    /// Plan goes on without a base, and removes less; apply refuses, because it might take the target back. Name a base
    /// with `--base`.
    GitHistory = "git/history" (Unread, ErrorInApply),

    /// `--only-declared` shows only what git changed since the base, and this target has no base. All differences would
    /// look the same. Name a base with `--base REV`, or fetch the record of what was applied.
    GitNoBase = "git/no-base" (Usage, Error),

    /// A revision was asked for, and the repository has no commit yet. There is nothing that could be read. Commit the
    /// manifests first, or leave `--rev` out to use the files as they are.
    GitNoCommits = "git/no-commits" (Invalid, Error),

    /// The target prunes what git no longer declares, and there is no record here of what was applied to it. Without
    /// one nothing proves that git ever declared an object, so nothing is pruned. Fetch the record as the help shows,
    /// because a clone does not do so by itself; the first apply makes it.
    GitNoRecord = "git/no-record" (Invalid, Warning),

    /// A revision was asked for, and neither the folder of enact.yaml nor the current one is in a git repository. Run
    /// enact inside the repository, or leave `--rev` out to read the files as they are.
    GitNoRepository = "git/no-repository" (Invalid, Error),

    /// The name leads to something that is not a commit, such as a file, a folder, or a tag of a tag without end. Only
    /// a commit says what was declared at one time. Write a branch, a tag or the id of a commit.
    GitNotACommit = "git/not-a-commit" (Invalid, Error),

    /// An object of the repository is missing, damaged, too large, or not what it should be. What cannot be read must
    /// not look as if it had been removed, so the run ends here. Fetch all objects with `git fetch --refetch`, or clone
    /// again; `git fsck` shows details.
    GitObject = "git/object" (Unread, Error),

    /// The repository belongs to another user of this machine. That user could choose what is declared and remembered,
    /// so git and enact do not open it. A plan of the working tree goes on without what was applied before; apply, `--rev`
    /// and `--base` refuse. If you trust it, add its folder to `safe.directory` with `git config --global`.
    GitOwner = "git/owner" (Unread, ErrorInApply),

    /// What was applied is recorded here, but git could not send the record to the remote. Other clones do not know of
    /// this run until it is there. If another run was faster, fetch its record and plan again; otherwise push the
    /// reference by hand and read what git says.
    GitPush = "git/push" (Failed, Error),

    /// The repository has no remote of this name. Only a configured name is taken, never a URL, which could make git
    /// run a command or send a credential elsewhere. Use one of the names that `git remote` prints, or add the remote.
    GitRemote = "git/remote" (Failed, Error),

    /// The repository is there and cannot be opened, because it is damaged or needs something that enact does not have:
    /// SHA-256 objects, a reftable, a partial clone. A plan of the working tree goes on without what was applied before,
    /// and removes less. Apply, `--rev` and `--base` refuse; `--allow-dirty` applies without a record. The help says how
    /// to get a repository that enact can read; `git status` in that folder shows details.
    GitRepository = "git/repository" (Unread, ErrorInApply),

    /// This is not the name of one commit: it is a range, a path, a search, part of a local log, or not a name at all.
    /// A name must mean the same commit in every clone. Write a branch, a tag or a commit id, or one of them with `~1`
    /// or `^2`.
    GitRevision = "git/revision" (Invalid, Error),

    /// This clone is shallow, and the history that is missing would show whether one commit contains another. Plan goes
    /// on without a base, and removes less; apply refuses, because it might take the target back. Get the whole history
    /// with `git fetch --unshallow`, or `fetch-depth: 0` where the checkout is configured.
    GitShallow = "git/shallow" (Unread, ErrorInApply),

    /// Files differ from the commit that they are based on, or enact.yaml from the one that `--rev` names. What was never
    /// committed was not reviewed and cannot be remembered as applied. Plan shows it as a warning; apply refuses it. Commit first, or apply the files as they
    /// are with `--allow-dirty`.
    GitUncommitted = "git/uncommitted" (Guarded, ErrorInApply),

    /// There is no commit of this name in the repository. It may be misspelt, not fetched yet, or left out of a shallow
    /// clone. Fetch it, or write a branch, a tag or a commit id that is here.
    GitUnknownRevision = "git/unknown-revision" (Invalid, Error),

    /// Something could not be written to the git repository, such as a commit of the record. Nothing was sent because of
    /// it, or the report says what was. Make sure that there is room on the disk and that the repository may be written.
    GitWrite = "git/write" (Failed, Error),

    /// The plan would delete more than a fifth of the live objects of one kind that git knows; what is created in the same
    /// run does not count. That is more often a lost folder or a wrong revision than intended. Delete them in several
    /// steps, or let the plan through once with `--allow deleted-share`.
    GuardDeletedShare = "guard/deleted-share" (Guarded, Error),

    /// Git no longer declares anything for this target, and live objects would be deleted. Most likely the manifests
    /// were moved, or `manifests` or `include` in enact.yaml is wrong. Check whether manifests were lost; if all
    /// objects should be deleted, `--allow emptied` lets the plan through once.
    GuardEmptied = "guard/emptied" (Guarded, Error),

    /// The plan would take its power from the last administrators, so that nobody could restore access: by removing
    /// members or a policy, by a new deny, or by a role that allows less. Keep what the help names. If there are other
    /// administrators, `--allow last-administrator` lets the plan through once.
    GuardLastAdministrator = "guard/last-administrator" (Guarded, Error),

    /// The plan holds more deletes than `limits.max_deletes` of the target. The limit catches a mistake that removes
    /// many objects at once. Raise it in enact.yaml if this many are usual, or let the plan through once with
    /// `--allow max-deletes`.
    GuardMaxDeletes = "guard/max-deletes" (Guarded, Error),

    /// Changes allow more than before, or nobody knows whether they do, and `limits.new_access` of the target is `refuse`:
    /// a run without a person must not widen what is allowed. They are held back, and the others are written. Look at
    /// them, and let them through once with `--allow new-access`.
    GuardNewAccess = "guard/new-access" (Guarded, Error),

    /// The manifest has `ensure: absent`, and `protect: true`, or had it when it was last applied. Protection is there so
    /// that one change cannot delete an object. Remove `protect: true` in a separate change and apply that first, or let
    /// the plan through once with `--allow protected`.
    GuardProtected = "guard/protected" (Guarded, Error),

    /// The target holds objects that git does not declare, and its `unmanaged` in enact.yaml is `refuse`. Nobody reviewed
    /// what they allow. Declare those that should stay, delete the others on the target, or leave them out with `except`;
    /// `--allow unmanaged` lets the plan through once. `enact plan --unmanaged` shows what they hold.
    GuardUnmanaged = "guard/unmanaged" (Guarded, Error),

    /// Git declared several objects of a kind when the target was last applied, and now none of them is live, or more than
    /// a fifth of ten or more is gone, or more than half of fewer. A credential that lost its rights looks the same as a
    /// system that lost its objects, and creating them again would make duplicates. Check whether the credential may still read them; if they are really gone, `--allow vanished` lets
    /// the plan through once.
    GuardVanished = "guard/vanished" (Guarded, Error),

    /// The file of guardrails that enact.yaml names does not hold one document of guardrails. A file that is only partly
    /// understood would let through what it is to stop. Correct it; docs/guardrails.md shows every form.
    GuardrailDocuments = "guardrail/documents" (Invalid, Error),

    /// The state that the plan leads to does not keep a guardrail. The message shows what is so and should not be: for one
    /// about access, a request. Change the manifests, or the guardrail if it is wrong; a `waivable` one can be let through
    /// for a time, as docs/guardrails.md says.
    GuardrailFailed = "guardrail/failed" (Guarded, Error),

    /// A guardrail names a target or a kind that there is not, or a waiver names no guardrail, or two guardrails have one
    /// name. A guardrail that looks at nothing would always hold. Correct the name.
    GuardrailName = "guardrail/name" (Invalid, Error),

    /// Nobody knows whether a guardrail holds: something was not read, or nothing says what it allows. What is not known
    /// never passes. Plan without `--only-declared`, or name in `targets` only those of which enact knows what they allow.
    GuardrailUnknown = "guardrail/unknown" (Guarded, Error),

    /// The client for the target's API could not be set up, most often because no certificates are installed. Without
    /// them it is not certain that the server is the right one, so nothing is sent. Install the certificates of the
    /// system, or name a file of them in `SSL_CERT_FILE`.
    HttpClient = "http/client" (Failed, Error),

    /// Several live objects have this name, so a manifest could mean any of them. It was not imported, because the next
    /// plan could not distinguish them, and the import is incomplete. Rename all but one on the target, then import
    /// again.
    ImportAmbiguous = "import/ambiguous" (Unread, Error),

    /// Live objects hold fields that no manifest can declare, because the schema of their kind does not know them. They were
    /// imported without these fields, which stay on the target as they are: enact carries them through every write, or
    /// refuses a write that would lose them. Describe a field in the definition to manage it, with `readOnly` if only the
    /// server sets it.
    ImportLeavesOut = "import/leaves-out" (Failed, Warning),

    /// Git declares an object that is not live: somebody deleted it, or gave it another name, or it was never applied. Its
    /// manifest was left as it is, because to delete a manifest is a decision of a person. Apply creates the object. To
    /// accept that it is gone, delete its manifest; if it has another name now, write that into the manifest.
    ImportMissing = "import/missing" (Failed, Warning),

    /// The live values of an object could not be written into its manifest: an alias or an anchor shares the value with
    /// other places, the text has a layout in which it cannot be changed safely, several targets take the manifest and
    /// hold different values, or the checks would refuse the result. The manifest was left as it is. Change it by hand.
    ImportNotAccepted = "import/not-accepted" (Failed, Error),

    /// The folder given with `--to` is not inside the folder of enact.yaml. Manifests there would not belong to this
    /// configuration. Name a folder inside one that `manifests` names.
    ImportOutside = "import/outside" (Usage, Error),

    /// Two targets are one API, and an object has one manifest, for one of them. The objects were imported for the first.
    /// Move the manifests that are meant for the other one.
    ImportSameApi = "import/same-api" (Failed, Warning),

    /// The updated manifest also declares its object for another target of the same system. That target will be brought to
    /// what is live in the first one. Give each target a manifest of its own if they are to differ.
    ImportShared = "import/shared" (Failed, Warning),

    /// A live object differs from git in a way that no value of its manifest can accept: git wants it deleted, gives it a
    /// new name, or no longer declares a field, which apply sets to its default. Apply makes the change. To keep what is
    /// live, declare it.
    ImportStillDiffers = "import/still-differs" (Failed, Warning),

    /// Git has changed a field since the target was last applied, and accepting the live value takes that change back in
    /// the working tree. The values are in the report. If that was not meant, restore these lines.
    ImportTakesBack = "import/takes-back" (Failed, Warning),

    /// The manifests would be written where the target's own `include` does not take them, so no plan would see them.
    /// Nothing was written. Name another folder with `--to`, or widen `include` in enact.yaml.
    ImportUnclaimed = "import/unclaimed" (Failed, Error),

    /// A file was not in git as it was when live values were written into it: it held changes that are not committed. They
    /// are still there, but for the values that were updated, and git keeps the file as it was under the given id.
    ImportUncommitted = "import/uncommitted" (Failed, Warning),

    /// A live object cannot be written as a manifest: no manifest can have its name, no request can reach it, it refers
    /// to an object without a unique name, or the checks would refuse it. It was left out, because such a manifest would
    /// stop every run; the others were imported. The import is incomplete without it. Change the object on the target,
    /// then import again, or leave it unmanaged.
    ImportUndeclarable = "import/undeclarable" (Unread, Error),

    /// The named object is neither declared for the target nor, with `--only-unmanaged`, live there without a manifest.
    /// Correct its kind and its name, which is that of `metadata.name`.
    ImportUnknown = "import/unknown" (Usage, Error),

    /// The API cannot list objects of this kind, so none of them was imported. There may be some. Write their manifests
    /// by hand; plan looks for the objects that they name.
    ImportUnlisted = "import/unlisted" (Failed, Warning),

    /// A manifest could not be written, because the file already exists or the folder is read-only. Import never
    /// overwrites a file. Move the file away, or name another folder with `--to`.
    ImportWrite = "import/write" (Failed, Error),

    /// `enact init` begins a repository, and there is an enact.yaml already. Nothing was written. Edit that file, or name
    /// another one with `--config`.
    InitExists = "init/exists" (Usage, Error),

    /// `enact init` does not know what to write: no system was named, or one that is not built in. Nothing was written.
    /// Name each system with its URL.
    InitSystem = "init/system" (Usage, Error),

    /// A file of a new repository could not be written, for example because the folder is read-only or the disk is full. Those
    /// before it are there. Change the permissions, remove what was written, and run again.
    InitWrite = "init/write" (Failed, Error),

    /// The text of a rule, or its conditions, is not Cedar. JITSudo would refuse it or, worse, understand something
    /// else. The place is where the parser stopped: write one `permit` or `forbid` statement as `policy_text`, or
    /// `when` and `unless` clauses as `conditions`.
    JitsudoCedar = "jitsudo/cedar" (Invalid, Error),

    /// The default duration of a policy is longer than its maximum. No request could ever get the default. Lower
    /// `default_duration_seconds`, or raise `max_duration_seconds`.
    JitsudoDuration = "jitsudo/duration" (Invalid, Error),

    /// A rule names an entity type that Cedar cannot have. Types are identifiers with `::` between them, such as `User`
    /// or `Company::User`. Correct the type; the id of the entity belongs in the `_entity_id` field.
    JitsudoEntityType = "jitsudo/entity-type" (Invalid, Error),

    /// A rule without `policy_text` is made of its fields, and one that it needs is missing. The server would fill the
    /// gap with something that nobody reviewed. Add the field, or write the whole rule as `policy_text`.
    JitsudoMissingField = "jitsudo/missing-field" (Invalid, Error),

    /// A rule names an entity type, an action or an attribute that the Cedar schema of its target does not have, or uses
    /// one against its type. The rule would never apply, or be an error for every request, and a rule with an error is
    /// skipped. Correct the rule, or the file that `cedar_schema` names.
    JitsudoSchema = "jitsudo/schema" (Invalid, Error),

    /// The fields of a rule do not fit its scope types: `any` has no entity or actions, `eq` needs exactly one, and so
    /// on. The rule would apply to more or fewer than its fields suggest. Change the scope type, or add or remove the
    /// field that the message names.
    JitsudoScope = "jitsudo/scope" (Invalid, Error),

    /// A rule has both `policy_text` and fields that `policy_text` replaces. JITSudo uses the text, so the fields have
    /// no effect, but a reader may believe them. Keep either the text or the fields.
    JitsudoTextAndFields = "jitsudo/text-and-fields" (Invalid, Error),

    /// The rules of a run are more Cedar than enact reads. Reading Cedar takes long, and anybody who may open a pull
    /// request could keep a run busy with it. Each text counts once; a deep one counts for more than its length. Raise
    /// `limits: {cedar_mib: ..}` at the top of enact.yaml if all of it is meant.
    JitsudoTooMuch = "jitsudo/too-much" (Invalid, Error),

    /// More than 10,000 errors are in the files before this one, so the rest was not checked: nobody reads so many, and a
    /// hostile repository must not cost more than a run can afford. Correct what is reported, and run again.
    LimitDiagnostics = "limit/diagnostics" (Invalid, Error),

    /// The manifests hold more text than a run reads. The limit keeps a wrong or hostile repository from filling the
    /// memory of the machine. Correct `manifests`, or raise `limits.text_mib` in enact.yaml if the text is really needed.
    LimitText = "limit/text" (Invalid, Error),

    /// The manifests hold more values than a run takes; those of the base count, too. A value needs far more memory than
    /// its text, so text alone is no bound. Correct `manifests`, or raise `limits.values` in enact.yaml.
    LimitValues = "limit/values" (Invalid, Error),

    /// Several live objects could be the one that is declared, by its name or by a former name. enact does not guess,
    /// because a wrong guess would change somebody else's object. Rename or remove the others on the target, or correct
    /// the name in the manifest.
    LiveAmbiguous = "live/ambiguous" (Failed, Error),

    /// A list of the API does not show a write of this run yet. Such lists are put together some time after the write.
    /// enact reads what it wrote by its id, so the result of the run is right; but a run that begins before the list is
    /// up to date cannot tell a new object from a missing one, and would create it again. Wait, and plan again.
    LiveLagging = "live/lagging" (Moved, Warning),

    /// A live object has another name than the declared one, but one that looks the same: it holds a character that
    /// cannot be seen, an odd blank, or a letter and its mark as two characters. enact does not take the one for the
    /// other, and does not create a second object that nobody could tell from the first. Rename or delete the live one
    /// on the target.
    LiveLookalike = "live/lookalike" (Failed, Error),

    /// The live value differs from the declared one only in case, in white space, or in being a text or a number. If
    /// nobody has changed it, the API keeps a spelling of its own, and each apply writes the field in vain. Declare the
    /// value as the API keeps it.
    LiveOtherSpelling = "live/other-spelling" (Failed, Warning),

    /// The API accepted a write and holds another value than it was sent: it has a spelling of its own, fills something
    /// in, or ignores the field. The target is not as declared, and each apply would write the field again. Declare what
    /// the API keeps; or say in the definition of the system what makes no difference, with `x-list-type: set`, `default`
    /// or `readOnly`.
    LiveOtherValue = "live/other-value" (Failed, Warning),

    /// A list of the API shows a field otherwise than the object does when it is read alone, although the definition says
    /// that the list holds whole objects. enact goes by the object, and reads it alone in each plan for that. Say
    /// `whole: false` in `list` of the definition. A list that is put together some time after a write does the same for
    /// a while.
    LiveSummary = "live/summary" (Invalid, Warning),

    /// A field that grants something is not at its default, and the manifest of its object does not say it, so that no plan
    /// changes it. Somebody may have set it by hand. Declare the field as it should be, or name it in `metadata.ignore` if
    /// it is left to others on purpose. In a system of your own, `x-grants` says which fields grant something.
    LiveUnmanagedField = "live/unmanaged-field" (Failed, Warning),

    /// Something on the target could not be read: the request failed, was refused, or was answered in a way that is not
    /// understood. What cannot be read never counts as absent, so nothing is written to this target. See the message
    /// for the cause, such as a credential without the right to read, and run again.
    LiveUnreadable = "live/unreadable" (Unread, Error),

    /// The project could not be loaded, and no other diagnostic says why. Having nothing to do and having loaded
    /// nothing must never look the same, so this is an error. It is a defect of enact: please report it.
    LoadNothing = "load/nothing" (Failed, Error),

    /// Another run holds the lock of a target, so that two never write it at once. Nothing was written. Wait for it with
    /// `--lock-timeout`; a lock of a run that is gone ends by itself a few minutes later, and `enact unlock` removes it
    /// at once.
    LockHeld = "lock/held" (Locked, Error),

    /// A person holds the target: from then on nothing is written to it by anybody. Plans still show what is not as declared. It is
    /// released on the page of the service, or with `enact unlock`.
    LockHold = "lock/hold" (Locked, Error),

    /// enact.yaml, or a file that it names, cannot be used as the editor has it now. The language server checks the manifests by
    /// the configuration that was in order last, so that they do not all look wrong. Correct what the other diagnostics of
    /// that file name.
    LspConfiguration = "lsp/configuration" (Invalid, Warning),

    /// The `apiVersion` of a manifest names no system that is known here. It decides by which schema the manifest is
    /// checked and which targets take it. Correct it, or name the file of the system's definition in `systems` of
    /// enact.yaml.
    ManifestApiVersion = "manifest/api-version" (Invalid, Error),

    /// The same object is declared twice: by two manifests for one target, or for two targets that lead to the same API.
    /// One of them would be ignored, or each would undo what the other does. Keep one of them; if the system ignores
    /// case, two spellings of a name are one name. If two targets have the same URL and settings, and only their
    /// credentials lead to different tenants, name the tenant in each of them.
    ManifestDeclaredTwice = "manifest/declared-twice" (Invalid, Error),

    /// An object is declared `protect: true` and also `expires` on a day: it may never be deleted, and is to be deleted.
    /// Remove one of the two.
    ManifestExpires = "manifest/expires" (Invalid, Error),

    /// `apiVersion` or `kind` of a manifest is not text. Both say what the rest of the document is. Write them like
    /// `apiVersion: polytomic/v1` and `kind: Policy`.
    ManifestHeaderType = "manifest/header-type" (Invalid, Error),

    /// A pointer in `ignore` is about something that the spec of the same manifest declares, or about something around or
    /// inside of it. A value cannot be declared and left to others. Remove the pointer, or what the spec declares there.
    ManifestIgnore = "manifest/ignore" (Invalid, Error),

    /// A pointer in `ignore` names nothing that enact compares: no field of the kind, or a part of a value that is only
    /// compared as a whole. It hides nothing, and may be misspelt. Correct or remove it.
    ManifestIgnoresNothing = "manifest/ignores-nothing" (Invalid, Warning),

    /// The system has no such kind of object. The kind decides which schema the manifest is checked with, so nothing
    /// else in it can be checked. Correct `kind`; the help names the known kinds.
    ManifestKind = "manifest/kind" (Invalid, Error),

    /// The `metadata` of a manifest cannot be used. It says which object is meant and whether it should exist. Give it
    /// at least a `name`, and only the fields that the schema knows.
    ManifestMetadata = "manifest/metadata" (Invalid, Error),

    /// A manifest has no `apiVersion` or no `kind`, so nothing says what it is. It may be a file of another kind in a
    /// folder of manifests. Add the field, or move the file out of `manifests`.
    ManifestMissingHeader = "manifest/missing-header" (Invalid, Error),

    /// The name of an object, its own or in a reference, is empty, too long, starts or ends with a blank, or holds what
    /// looks like something else: a character that cannot be seen, another blank than the plain space, or a letter and
    /// its mark as two characters where there is one. Names are compared exactly and are all that ties a manifest to a
    /// live object, so two that look the same must be the same. Write the name as the help says.
    ManifestName = "manifest/name" (Invalid, Error),

    /// The document is a list or a single value, and a manifest is a mapping with `apiVersion`, `kind`, `metadata` and
    /// `spec`. Start it with `apiVersion:` and `kind:`, or move the file out of `manifests`.
    ManifestNotAMapping = "manifest/not-a-mapping" (Invalid, Error),

    /// A former name in `previously` cannot be right: an object with that name is still declared, or two manifests have
    /// the same former name. One live object cannot become two, or be renamed and stay. Keep the former name in one
    /// manifest only, and remove the other declaration.
    ManifestPreviously = "manifest/previously" (Invalid, Error),

    /// Several targets take the same manifest, and at least one of them only because it has no `include`. What is meant for
    /// one system would be written to all of them. If it is meant for all, say in `include` of each target which manifests
    /// are its own; otherwise narrow them.
    ManifestTakenTwice = "manifest/taken-twice" (Invalid, Warning),

    /// `enact fmt --check` found a file that is not in its usual form: its fields are in another order, a line ends in blanks, or
    /// the end of the file is another. What it says is not affected. Run `enact fmt`.
    ManifestUnformatted = "manifest/unformatted" (Failed, Error),

    /// `enact fmt` could not write a file: it was changed meanwhile, or the system refused. It is as it was. Run it again.
    ManifestUnwritten = "manifest/unwritten" (Failed, Error),

    /// Something that begins like a reference to a variable, `${{`, cannot be replaced: the target that takes the manifest
    /// has no such variable, a list or a mapping is inside of a text, it is in a key, or it is written in another way than
    /// `${{ vars.NAME }}`. Set the variable in `variables` of the target, or correct the reference; `$${{` writes the text
    /// itself.
    ManifestVariable = "manifest/variable" (Invalid, Error),

    /// Two statements of a document have the same `sid`. It identifies a statement, so a change could be shown for the
    /// wrong one. Give each statement its own `sid`, or leave it out.
    MycloudSidTwice = "mycloud/sid-twice" (Invalid, Error),

    /// A live object was changed by hand so that it allows more than git declares, or denies less, and no other object makes
    /// up for it. The message has a request that shows it, as it is answered now and after apply. Apply takes it back. Find
    /// out who needs it; if it is meant, declare it.
    PlanGivenByHand = "plan/given-by-hand" (Guarded, Warning),

    /// A hold is over: from the start of its day the object is written again. Somebody may still rely on it. Remove the
    /// hold, or move its day.
    PlanHoldOver = "plan/hold-over" (Invalid, Warning),

    /// The write that a change needs would remove something from the live object that git does not declare: the API
    /// replaces what it is sent, and the body cannot hold it. It may be a field of an item that has no key, so that nothing
    /// says whether git changed the item or took it out, or a field that the API never shows. Nothing is written. Do what
    /// the help says: give the item a key, declare the field, or remove it on the target.
    PlanLoses = "plan/loses" (Failed, Error),

    /// The write that a change needs would send a mask such as `********` back to the API, which shows it in place of a
    /// secret: it would become the secret. Nothing is written. Mark the field as `writeOnly` in the definition, with
    /// `x-replaces`.
    PlanMask = "plan/mask" (Failed, Error),

    /// Changes each take something away and give something, so that no order of the writes is safe: between two of them
    /// the request of the message is allowed, which it is neither before nor after the plan, or refused, although it is
    /// allowed before and after. Or there are so many rules that nobody knows. Where that matters, apply in two steps, as
    /// the help says.
    PlanMixed = "plan/mixed" (Guarded, Warning),

    /// The object does not exist on the target yet, and its manifest leaves out a field that is needed to create it. A
    /// field may be left out of a manifest to leave it unmanaged, but only for an object that exists. Add the field to
    /// its spec.
    PlanNeededToCreate = "plan/needed-to-create" (Invalid, Error),

    /// Git declared a field when the target was last applied and no longer does, and the API has no default for it. The
    /// live value stays, and nobody manages it. Declare the value that you want.
    PlanNoDefault = "plan/no-default" (Invalid, Warning),

    /// `previously` asks for a rename, but the API cannot rename objects of this kind. Creating a new object and
    /// deleting the old one is not the same and may lose references to it, so enact does not do it by itself. Remove
    /// `previously` to create a new object, and declare the old one `ensure: absent`.
    PlanNoRename = "plan/no-rename" (Failed, Error),

    /// The write that a change needs would send a live number back to the API that has more digits than a 64-bit number
    /// keeps, so that the object would hold another one. Nothing is written. Change the object on the target, or mark the
    /// field as `readOnly` in the definition if only the server sets it.
    PlanNumber = "plan/number" (Failed, Error),

    /// A Polytomic policy lists one action twice. The API has one set of roles for each action, so one of the entries
    /// would be lost. Put all roles in one entry.
    PolytomicActionTwice = "polytomic/action-twice" (Invalid, Error),

    /// Polytomic does not remove a deleted role from policies: those that the message names keep its id. Such an id is
    /// hard to understand later. Declare these policies without the role, before or together with the delete.
    PolytomicLeftBehind = "polytomic/left-behind" (Guarded, Warning),

    /// `organization_id` differs from the live object, and Polytomic only accepts it when an object is created. The
    /// change could never be carried out. Remove the field, or delete the object and create it in the other
    /// organization.
    PolytomicOrganization = "polytomic/organization" (Failed, Error),

    /// The action is not known. Polytomic does not document its actions, so this is only a warning, but a misspelt one
    /// gives no access and nobody notices. Correct it, or leave it if your version of the API has it.
    PolytomicUnknownAction = "polytomic/unknown-action" (Invalid, Warning),

    /// The live check found that the API does not do what the definition says. Plans follow the definition, so a wrong
    /// one shows differences that do not exist, or misses some that do. Correct the definition, and check again.
    ProbeDisagrees = "probe/disagrees" (Failed, Error),

    /// A scratch object of the live check could not be deleted and is still on the target. It may give access that
    /// nobody wanted. Delete it there by hand.
    ProbeLeftBehind = "probe/left-behind" (Failed, Error),

    /// An object with the scratch name already exists. The check would change and delete it, so nothing was written.
    /// Give an unused name with `--scratch`.
    ProbeTaken = "probe/taken" (Guarded, Error),

    /// The live check could not find out whether the scratch name is unused, because a kind could not be read. An
    /// object that may belong to somebody is not touched, so nothing was written. Correct how the definition reads the
    /// kind, or the rights of the credential.
    ProbeUnreadable = "probe/unreadable" (Unread, Error),

    /// The live check tries only kinds with a `scratch` object, and not every kind of the definition has one. What was not
    /// tried is not known to be right. If no kind has one, nothing was checked at all, and that is an error. Add `scratch`
    /// to each kind: a spec, and a change of it.
    ProbeUntried = "probe/untried" (Failed, Warning),

    /// What was asked is of a form that the target does not know, such as an action with too few sections, or nothing says
    /// what its objects allow. The answer could only be a guess. Write it as the policies do, or name another target.
    QuestionForm = "question/form" (Usage, Error),

    /// More than one target could answer the question, and they may say different things. Name the one that is meant with
    /// `--target`.
    QuestionTarget = "question/target" (Usage, Error),

    /// Nobody knows the answer: it depends on something that git does not declare, on a condition that enact cannot look into,
    /// or on a reading of a pattern that nobody documents. A guess would be worth nothing. Ask what is live with `--live`, or
    /// ask more narrowly.
    QuestionUnknown = "question/unknown" (Unread, Error),

    /// The record of a target is of another API than the one that the target leads to now: another system, URL or
    /// tenant. What enact did there says nothing about what is live here, so nothing is deleted because of it and every
    /// cause is unknown. If the target leads elsewhere on purpose, the next apply begins a new record.
    RecordAnotherApi = "record/another-api" (Invalid, Warning),

    /// The record of a target is damaged, of another target, or in a newer format than this enact knows. It is the evidence
    /// for every delete, so nothing of it is believed and apply refuses to go on. Look at it with `git show`, use the
    /// newer enact, or take the record back to a sound commit as docs/record.md says.
    RecordDamaged = "record/damaged" (Guarded, ErrorInApply),

    /// The key of `record.sign` or the list of `record.allowed_signers` in enact.yaml cannot be used: it is missing, in
    /// another format, has a passphrase, or asks for something that enact does not do. Nothing was sent, because a record
    /// that nobody can check would be believed. docs/record.md says how to make both.
    RecordKeys = "record/keys" (Invalid, Error),

    /// An older enact, which knows no record, has applied a later commit than the record of the target says. The entries
    /// of the record may be behind what is live. Use one version of enact for a target; the next apply brings the record
    /// up to date.
    RecordOvertaken = "record/overtaken" (Failed, Warning),

    /// There is a record of a target that enact.yaml does not have. What enact did there is in no plan any more, so what it
    /// created may live on unseen. If the target was renamed, say so with `previously:`; otherwise delete its objects, and
    /// then its record.
    RecordOwnerless = "record/ownerless" (Failed, Warning),

    /// The remote's record of a target does not continue the last one that this clone saw: somebody moved it back, replaced
    /// it or removed it. It is the evidence for every delete, so nothing is written. Find out who did it, and put it back
    /// as docs/record.md says.
    RecordRewound = "record/rewound" (Guarded, Error),

    /// The id names no run of a record in this clone, or is the beginning of several. `enact log` lists the runs; what others
    /// did is there after the records are fetched, and what `enact record prune` dropped is not.
    RecordRun = "record/run" (Invalid, Error),

    /// The commit that is to be applied is on no branch of the record's remote. The record holds it as a parent, so to send
    /// the record would publish the commit. Push the commit first.
    RecordUnpublished = "record/unpublished" (Guarded, Error),

    /// What a run wrote could not be recorded on the remote after three tries, or not in this clone. The report says what
    /// was written. Send the record with the command in the help, or run apply again.
    RecordUnsent = "record/unsent" (Failed, Error),

    /// The record of a target is not signed by anybody who may, or was altered after it was signed. It is the evidence for
    /// every delete, so nothing of it is believed, nothing is deleted because of it, and apply refuses to go on. Find out
    /// who wrote it; docs/record.md says how to sign one whose content is right.
    RecordUntrusted = "record/untrusted" (Guarded, ErrorInApply),

    /// A reference fits several live objects. Using the wrong one would give access to the wrong people, so none is
    /// used. Rename all but one on the target, or refer to it by its id if the field accepts one.
    ReferenceAmbiguous = "reference/ambiguous" (Invalid, Error),

    /// Objects of one kind name each other in a circle, such as two groups of which each is the parent of the other. None of
    /// them could be created first. Take one of the references out.
    ReferenceCircle = "reference/circle" (Invalid, Error),

    /// A manifest refers to an object that is neither live nor declared in git. The reference could not be sent.
    /// Correct its name, declare the object in git, or create it on the target.
    ReferenceDangling = "reference/dangling" (Invalid, Error),

    /// A manifest refers to an object that git deletes: it is declared `ensure: absent`, has expired, or is no longer
    /// declared and would be pruned. The reference would lead nowhere afterwards. Remove the reference, or keep the object.
    ReferenceDeleted = "reference/deleted" (Invalid, Error),

    /// A manifest refers to an object that expires in the next two weeks, and outlives it. From that day on the reference
    /// leads nowhere, and every plan is refused until it is removed. Remove the reference before, or move the day.
    ReferenceExpiring = "reference/expiring" (Invalid, Warning),

    /// A manifest names a secret that its target does not have in enact.yaml. Git holds only the name, so nothing says
    /// what to send. Say where the secret comes from in `secrets` of the target, or correct the name.
    ReferenceSecret = "reference/secret" (Invalid, Error),

    /// A manifest refers to a name that git does not declare, but git declares a very similar one. The name may be
    /// live, which only the target knows, so this is a warning. Correct the name if the other one was meant; plan finds
    /// out whether it exists.
    ReferenceUndeclared = "reference/undeclared" (Invalid, Warning),

    /// A write needs another object that is held or only observed: it refers to one that does not exist yet and is not
    /// created, or deletes one that the other still names. The reference would lead nowhere. Do for this object what is
    /// done for the other, or let the other be written.
    ReferenceWithheld = "reference/withheld" (Invalid, Error),

    /// A file that is to be joined with others is not the JSON report of a run over targets, or a target is in two of them, so that
    /// its changes would count twice. Nothing was joined. Write each piece with `--report json=FILE`, and name each once.
    ReportPiece = "report/piece" (Invalid, Error),

    /// The file given to apply is not a plan, or cannot be read. It is the approval of what may be written, so nothing
    /// was written. Make a plan with `enact plan --out FILE`, and give that file.
    ReviewFile = "review/file" (Invalid, Error),

    /// A fresh plan is not the one in the file: what it was made from, or what it would do, is different now. Only a
    /// reviewed plan is written, so nothing was. Plan again with `--out`, and have the new plan reviewed.
    ReviewMoved = "review/moved" (Moved, Error),

    /// The plan was not written to the file of `--out`: something is wrong with the plan, so apply would refuse it, or
    /// the file cannot be written, or exists and is not a plan, and would be lost. Correct the plan first, or name another
    /// file.
    ReviewOut = "review/out" (Failed, Error),

    /// A reviewed plan is for certain targets, and `--target` names others. A part of a plan was never reviewed as a whole,
    /// and what goes beyond it was not reviewed at all, so nothing was sent. Leave `--target` out: apply takes the targets
    /// of the plan by itself.
    ReviewTargets = "review/targets" (Usage, Error),

    /// The connection to the embedded sandbox could not be set up. No real target is involved. See the message for the
    /// cause, and run again.
    SandboxConnect = "sandbox/connect" (Failed, Error),

    /// `enact sandbox` should listen on an address that other machines may reach. It accepts any credential, so it only
    /// listens on this machine. Use 127.0.0.1 or [::1].
    SandboxLoopback = "sandbox/loopback" (Usage, Error),

    /// The sandbox could not start, for example because its state file is damaged or its address is taken. No real
    /// target is involved. Do as the help says; without its state file the sandbox starts from its initial state.
    SandboxStart = "sandbox/start" (Failed, Error),

    /// The sandbox only has the built-in systems, but the system of a target is defined in YAML, or `--target` of
    /// `enact sandbox` names an unknown system. Nothing was sent to a real target instead. Name others with `--target`.
    SandboxSystem = "sandbox/system" (Usage, Error),

    /// A field must have one specific value here. Most often it says what the rest of the document is, such as its
    /// version. Write the value that the help shows.
    SchemaConst = "schema/const" (Invalid, Error),

    /// The value is not one of the allowed values. The API would refuse it, or take it for something that nobody meant.
    /// Use one of the values that the help lists.
    SchemaEnum = "schema/enum" (Invalid, Error),

    /// The text does not have the format that is needed here, such as a date, a URL or a UUID. The API would refuse it.
    /// Write it in that format.
    SchemaFormat = "schema/format" (Invalid, Error),

    /// A JSON Schema that documents are checked with cannot be used. The documents cannot be checked, so none is used.
    /// If the schema is in one of your definitions, correct it there; if it belongs to a built-in system, please report
    /// it.
    SchemaInvalid = "schema/invalid" (Invalid, Error),

    /// A list has too few or too many items, or the same item twice. The API would refuse it, or drop one silently.
    /// Change the list as the help says.
    SchemaItems = "schema/items" (Invalid, Error),

    /// A text is too short or too long. The API would refuse it, or cut it, so that it would never be as declared.
    /// Write a text of the length that the help names.
    SchemaLength = "schema/length" (Invalid, Error),

    /// A field that is needed here is missing. Without it the document does not say enough. Add the field; the help
    /// says what it is for.
    SchemaMissingField = "schema/missing-field" (Invalid, Error),

    /// A text does not have the form that is needed here, such as the letters and digits that a name may have. Write it
    /// as the help says.
    SchemaPattern = "schema/pattern" (Invalid, Error),

    /// A number is below or above what is allowed. The API would refuse it, or the limit that it sets would not hold.
    /// Use a number in the range that the help names.
    SchemaRange = "schema/range" (Invalid, Error),

    /// The field is set by the server, so a manifest cannot declare it. A declared value would differ from the live
    /// one. Remove the field.
    SchemaReadOnly = "schema/read-only" (Invalid, Error),

    /// The value breaks a rule of its JSON Schema without a diagnostic of its own, such as a number of fields or a
    /// combination that is not allowed. See the message and the schema of the field; `enact schema` prints it.
    SchemaRule = "schema/rule" (Invalid, Error),

    /// This field must name a secret, but it holds something else, maybe the secret itself. A secret in git is no
    /// longer secret, so the line is not shown. Write `{secret: NAME}`, say where it comes from in `secrets` of
    /// enact.yaml, and replace the secret if it was ever committed.
    SchemaSecret = "schema/secret" (Invalid, Error),

    /// A value without quotes is read as another one than was written, in a place where text would do as well: `1.10`
    /// as the number 1.1, `72225e2` as 7222500, `0x1F` as 31, `True` as true. For a version, a commit, an account id or a
    /// telephone number that is another value. Zeros in front are reported everywhere. Quote the value if text is meant,
    /// or write it as it is read.
    SchemaSpelling = "schema/spelling" (Invalid, Warning),

    /// The value does not have the type of the field, such as a number in place of text. YAML guesses the type of a
    /// value without quotes, so often only the quotes are missing. Write it as the help says.
    SchemaType = "schema/type" (Invalid, Error),

    /// The field is not known here. It would be ignored or refused, and a misspelt field leaves something unmanaged
    /// without anybody noticing. Correct its name as the help suggests, or remove it.
    SchemaUnknownField = "schema/unknown-field" (Invalid, Error),

    /// The service cannot follow a branch: its name cannot be one, the remote has none of that name, or the folder is the clone
    /// of another repository. Nothing was sent to any target. Name another branch with `--branch`, or an empty folder with
    /// `--directory`.
    ServeClone = "serve/clone" (Usage, Error),

    /// The service cannot listen at its address: another process does, or the address is not one of this machine. Nothing was
    /// sent to any target. Name another one with `--listen`.
    ServeListen = "serve/listen" (Failed, Error),

    /// A pass of the service broke off where none may: it is a defect of enact. Other targets go on, and the pass is repeated. Please
    /// report it with what standard error says of it.
    ServePass = "serve/pass" (Failed, Error),

    /// The store of the service cannot be one: it was made by a newer enact, or its URL is not one, or has a password in it. Nothing in
    /// it was changed, and no target was asked. Correct the URL, use the newer enact, name another store with `--store`, or remove
    /// it: it is filled again from the records.
    ServeStore = "serve/store" (Failed, Error),

    /// Folders with manifests are nested too deep. Nobody nests folders like that, and walking them must end. Nest
    /// fewer folders, or correct `manifests` in enact.yaml.
    SourceDepth = "source/depth" (Invalid, Error),

    /// A file is not UTF-8. Read in another encoding, names would not be what they look like. Save the file as UTF-8.
    SourceEncoding = "source/encoding" (Invalid, Error),

    /// This is neither a file nor a folder, but a pipe or a device. Reading it could wait without end. Remove it from
    /// the folder, or correct `manifests` in enact.yaml.
    SourceKind = "source/kind" (Invalid, Error),

    /// There is a symbolic link among the manifests. It can lead out of the repository and to another file in each
    /// checkout, so it is not followed. Put the file itself there.
    SourceLink = "source/link" (Invalid, Error),

    /// A file or folder that `manifests` or `systems` in enact.yaml names does not exist. Without it, its objects would
    /// look as if they had been removed. Correct the name, or add the file.
    SourceMissing = "source/missing" (Invalid, Error),

    /// Some file systems confuse the name of this file or folder with another: it differs from a neighbour only in
    /// case, is a device on Windows, or has invisible characters. A reviewer could see one file and a checkout use
    /// another. Rename it.
    SourceName = "source/name" (Invalid, Error),

    /// No manifest was found. An empty repository must not look as if everything had been removed. Add a `.yaml` file,
    /// correct `manifests` in enact.yaml, or begin with `enact import`.
    SourceNone = "source/none" (Invalid, Error),

    /// An entry of `manifests` or `systems` leads out of the folder of enact.yaml, or is not a plain name. Only files
    /// in that folder belong to the configuration and are reviewed with it. Name files and folders inside it.
    SourceOutside = "source/outside" (Invalid, Error),

    /// There is a submodule among the manifests. Its content is not part of the commit that is reviewed here, so it is
    /// not read. Keep its manifests in this repository.
    SourceSubmodule = "source/submodule" (Invalid, Error),

    /// A file, or all files together, are larger than manifests are. Most likely `manifests` in enact.yaml names
    /// something else, and enact must not run out of memory. Correct `manifests`, or split the file.
    SourceTooLarge = "source/too-large" (Invalid, Error),

    /// There are more files or names than enact reads, or too many that it must refuse. If only some were read, the
    /// others would look as if they had been removed, so none is used. Correct `manifests` in enact.yaml.
    SourceTooMany = "source/too-many" (Invalid, Error),

    /// A file or folder exists but cannot be read. Without it, its objects would look as if they had been removed.
    /// Correct the permissions of the file, or `manifests` in enact.yaml.
    SourceUnreadable = "source/unreadable" (Invalid, Error),

    /// What a definition says of access names a field of the spec or a part of the key that is not there, so it would say
    /// nothing. Correct the name.
    SystemAccess = "system/access" (Invalid, Error),

    /// The `default` of a field is not a valid value for the field. A field that git no longer declares goes back to
    /// its default, so the API must accept that. Write the API's own default.
    SystemDefault = "system/default" (Invalid, Error),

    /// The file of a definition holds no YAML document, or several. One file defines one system. Keep one document, and
    /// put other systems in separate files.
    SystemDocuments = "system/documents" (Invalid, Error),

    /// `enact new-system` can make no definition of an OpenAPI document: it is none of version 3, or none of its paths lists objects
    /// of which each has a path and a name. Name another document, or write the definition by hand, as docs/systems.md shows.
    SystemDraft = "system/draft" (Invalid, Error),

    /// `enact new-system` writes a new file, and there is one of that name. Nothing was written. Give another name with `--name`.
    SystemExists = "system/exists" (Usage, Error),

    /// `readOnly`, `writeOnly` or `x-replaces` is used where it cannot work: together on one field, inside a list, on a
    /// whole object, or too deep. A field that cannot be read back only differs when git changes it, and its secret
    /// must not be shown. Change the field as the help says.
    SystemField = "system/field" (Invalid, Error),

    /// The definition does not say how one whole object is read: the list does not hold whole objects and there is no
    /// `get`, or `get` and the writes have different paths and nothing lists the objects. An existing object could be
    /// overwritten unseen. Add `get` or `list`, or use one path, as the help says.
    SystemGet = "system/get" (Invalid, Error),

    /// A header of a definition has no valid name, is given twice, or is one that enact sets itself, such as
    /// `Authorization`. A definition must not decide how enact authenticates or where a request goes. Remove the
    /// header; a credential is given with `auth` in enact.yaml.
    SystemHeader = "system/header" (Invalid, Error),

    /// `create` says where a reply has the id of the new object, but the kind has no `id`. One of the two is wrong.
    /// Remove `id` from `create`, or add it to the kind.
    SystemId = "system/id" (Invalid, Error),

    /// `if_match` sends back the `ETag` that `get` returned, but the kind has no `get`. Without it an update would not
    /// notice that somebody else changed the object first. Add `get`, or remove `if_match`.
    SystemIfMatch = "system/if-match" (Invalid, Error),

    /// The key of a kind cannot work: a part has a name that is not allowed, two parts are at the same place, a part is
    /// also a field of `spec`, or a pattern is given for several parts. The key is all that ties a manifest to a live
    /// object. Change the part as the help says.
    SystemKey = "system/key" (Invalid, Error),

    /// A schema has a keyword that JSON Schema does not know but that is similar to a known one. JSON Schema ignores
    /// unknown keywords, so the rule would not be checked. Write the keyword that the help names.
    SystemKeyword = "system/keyword" (Invalid, Error),

    /// A definition has two kinds with the same name, ignoring case. A manifest names its kind, so the name must be
    /// unique. Give each kind its own name.
    SystemKindTwice = "system/kind-twice" (Invalid, Error),

    /// The definition does not say how objects of a kind are found: there is neither `list` nor `get`, or objects have
    /// ids and nothing lists them. An object that cannot be found cannot be compared. Add `list`, or `get` with the key
    /// in its path.
    SystemList = "system/list" (Invalid, Error),

    /// `x-list-type`, `x-list-map-keys` or `x-list-map-total` is wrong: the type is not known, the field is not a list
    /// with `items`, a list of type `map` has no keys that are text fields of its items, or one with an item for every
    /// key has fields without a default. The type decides what counts as a difference. Correct it as the help says:
    /// `set`, `map` with keys, `multiset` or `atomic`.
    SystemListType = "system/list-type" (Invalid, Error),

    /// `login` of a definition cannot give a token: `auth` does not say what it is made with, its form is not flat, or a header
    /// cannot be one. Correct it as the help says.
    SystemLogin = "system/login" (Invalid, Error),

    /// A name in `system`, which marks objects that belong to the system, cannot be the name of an object. It would
    /// never match, and enact might change an object that is not yours. Write the name exactly as the API does.
    SystemMark = "system/mark" (Invalid, Error),

    /// `named` says how the name in a manifest is made of the parts of the key. It is missing for a key of several
    /// parts, cannot be split into them again, or does not contain every part once. Write all parts with text between
    /// them, such as `{name}@{vhost}`.
    SystemNamed = "system/named" (Invalid, Error),

    /// A field of a definition's spec is `readOnly` in an object that may hold other fields, too (`additionalProperties`).
    /// Such an object compares as a whole, so that what the server sets in it is a difference in each plan. Take
    /// `additionalProperties` out, or the field.
    SystemNoEffect = "system/no-effect" (Invalid, Warning),

    /// The definition says that an update replaces the whole object, and that no reply holds this field, but not what keeps
    /// it then. An update of anything else would remove it on the target, so enact refuses each one whose manifest does not
    /// declare the field. Say with `x-replaces` what it becomes in a reply, or that the API keeps it: `x-replaces: []`.
    SystemNotKept = "system/not-kept" (Invalid, Warning),

    /// A JSON pointer of a definition has a step that means nothing where it is, such as `*` in `items`, or a number in
    /// `within`: no reply would be understood, or no body be what was meant.
    SystemPointer = "system/pointer" (Invalid, Error),

    /// A definition reads with POST where it does not say that this only reads, or in a way that cannot be. A plan sends reads, so the
    /// paths are listed in `post_reads`, and nothing is written at them. Correct it as the help says.
    SystemPostRead = "system/post-read" (Invalid, Error),

    /// A kind refers to another one in a way that does not work: the other kind is unknown, comes later in the file, is
    /// the same kind, has no id from the server, or the place is not a text in `spec`. Objects are created in the order
    /// of the kinds, so that a reference finds its object. Correct the reference as the help says.
    SystemReference = "system/reference" (Invalid, Error),

    /// The definition says that an update can rename objects of a kind, but that is not possible: the name is part of
    /// the path, or of the key of another kind. A rename would then reach another object or change other keys. Remove
    /// `renames`.
    SystemRenames = "system/renames" (Invalid, Error),

    /// `required` of a spec names a field that `properties` does not have, or that only the server sets. Nobody could
    /// declare such an object. Remove the field from `required`, or describe it in `properties`.
    SystemRequired = "system/required" (Invalid, Error),

    /// A schema in the definition is not a JSON Schema of draft 2020-12, refers to something outside `$defs`, or uses a
    /// name that every manifest's schema has. Manifests could not be checked with it. Correct it at the place that is
    /// shown.
    SystemSchema = "system/schema" (Invalid, Error),

    /// The scratch object of a kind has a `change` that changes nothing. The live check tries an update with it, and
    /// would learn nothing. Write fields of `spec` with other values.
    SystemScratch = "system/scratch" (Invalid, Error),

    /// `settings` of a definition do not describe an object. A target gives its settings by name. Write `type: object`
    /// with `properties`.
    SystemSettings = "system/settings" (Invalid, Error),

    /// The `spec` of a kind is not an object with `properties`. enact must know every field to see what is managed and
    /// what is misspelt. Write `type: object` with `properties`, or `properties: {}` if an object has only its key.
    SystemSpec = "system/spec" (Invalid, Error),

    /// A status is used for something that it cannot mean: success is 200 to 299, gone is 400 to 499. A failure taken
    /// for a success would be reported as written. Correct the status.
    SystemStatus = "system/status" (Invalid, Error),

    /// A path, query or header of a definition cannot be filled in: a placeholder is not known there, may be left out,
    /// or the path does not say which object is meant. A request must never reach an object that was not planned. Use
    /// the parts of the key, `{id}` or `{settings.NAME}` as the help says.
    SystemTemplate = "system/template" (Invalid, Error),

    /// The definition passed its JSON Schema, but a value in it still cannot be used. A definition that is only partly
    /// understood is not used. Correct the value that the message names.
    SystemType = "system/type" (Invalid, Error),

    /// The file given to `check-system` or `new-system` cannot be read. Name the file of a definition, or of an OpenAPI document.
    SystemUnreadable = "system/unreadable" (Invalid, Error),

    /// A policy test gives its requests a key of which no policy says anything, most likely because of a misspelt name. The
    /// test may pass for the wrong reason. Correct the key in `context`, or remove it.
    TestContext = "test/context" (Invalid, Warning),

    /// A document of a file of policy tests, `*_test.yaml`, holds something that cannot be used although its schema accepts it.
    /// What is in it would not be run, and nobody would notice. Write it as `enact schema tests` describes it.
    TestDocument = "test/document" (Invalid, Error),

    /// A policy test means no request at all, so it could never fail: its patterns exclude each other, or there is nothing in
    /// the file. Correct the patterns or what `except` takes out, or remove the test.
    TestEmpty = "test/empty" (Invalid, Error),

    /// What the target allows is not what a policy test expects. The message shows a request with what is said of it and the
    /// rule that decides; a test of all requests shows a counterexample. Correct the policy, or the test if it is the one that
    /// is wrong.
    TestFailed = "test/failed" (Failed, Error),

    /// A word of a policy test is of a form that the system does not know, such as an action with too few sections, or a
    /// pattern where a request names one thing. The test could not be about any real request. Write it as the policies do.
    TestForm = "test/form" (Invalid, Error),

    /// A file whose name ends in `_test.yaml` holds a manifest. Such files are policy tests and are never read as manifests, so
    /// the object would look as if git had given it up. Give the file another name.
    TestManifest = "test/manifest" (Invalid, Error),

    /// A policy test names a policy, as who asks or as what is asked about, that git does not declare. It allows and denies
    /// nothing, so the test may pass because of a misspelt name. Correct it; if the policy is only live, run the test with
    /// `--against live`.
    TestNobody = "test/nobody" (Invalid, Warning),

    /// A policy test names a principal that its file does not describe. Nobody could be asked for. Add the name to
    /// `principals`, with a list of what that person is: a user and teams, roles, or policies.
    TestPrincipal = "test/principal" (Invalid, Error),

    /// A policy test expects that a rule decides which git does not declare, so it can never pass. Name an object that git
    /// declares for the target, as `KIND/NAME`.
    TestRule = "test/rule" (Invalid, Error),

    /// The target of a policy test is of a system of which enact does not know what its objects allow, as nobody has said how
    /// they are read. The test could only be answered by a guess. Remove it, or test another target.
    TestSystem = "test/system" (Invalid, Error),

    /// A policy test is about a target that enact.yaml does not have, so it would never be run. Correct the name of the target.
    TestTarget = "test/target" (Invalid, Error),

    /// Nobody knows whether a policy test passes: the answer depends on something that git does not declare, on a condition
    /// that enact cannot look into, or on a reading of a pattern that nobody documents. It counts as failed, because a guess
    /// would be worth nothing. Declare what is missing, ask the live side with `--against live`, or ask more narrowly.
    TestUnknown = "test/unknown" (Failed, Error),

    /// The witnesses of a plan could not be added to the file of `--save-witness`: it cannot be written, or it holds something
    /// else than policy tests, which would be lost or never run. The plan itself is as shown. Name another file.
    TestWitness = "test/witness" (Failed, Error),

    /// An alias is inside the value that it repeats, so the value would have no end. Write the value out.
    YamlAliasCycle = "yaml/alias-cycle" (Invalid, Error),

    /// The text holds an invisible character that changes the order in which text is shown. A reviewer then sees
    /// another text than enact reads, which is a known way to hide a change. Remove the character, or write it as an
    /// escape inside double quotes.
    YamlBidi = "yaml/bidi" (Invalid, Warning),

    /// The file is too large, nested too deep, or its aliases expand to too many values. Any input has to end in
    /// bounded time and memory, and no manifest needs this much. Split the file, flatten it, or use fewer aliases.
    YamlBudget = "yaml/budget" (Invalid, Error),

    /// A `#` after a blank begins a comment, so `channel: #ops` is null, and `team: ops #1` is `ops`. What is sent is not
    /// what the line seems to say. Quote the value if the `#` belongs to it; a comment that has a blank after its `#` is
    /// taken for what it is.
    YamlComment = "yaml/comment" (Invalid, Warning),

    /// The markers of a merge conflict are still in the file, so it is not known which side is meant. Resolve the
    /// conflict, and remove its markers.
    YamlConflictMarkers = "yaml/conflict-markers" (Invalid, Error),

    /// The file holds a YAML directive, a line that starts with `%`. Directives change how the rest is read, and
    /// manifests are plain YAML 1.2. Remove the line.
    YamlDirective = "yaml/directive" (Invalid, Error),

    /// A mapping has the same key twice. Only one of the values can be meant, and YAML parsers do not agree which. Keep
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

    /// A key is not text but a number, a boolean, a list or nothing. Fields have names, and YAML parsers do not agree
    /// on what a key such as `1` or `true` is. Quote the key, or write the name of a field.
    YamlKeyType = "yaml/key-type" (Invalid, Error),

    /// The file is a pointer of git LFS, not the manifest itself. What it points to is not in the commit. Fetch it with
    /// `git lfs pull`, or keep manifests out of git LFS.
    YamlLfsPointer = "yaml/lfs-pointer" (Invalid, Error),

    /// The merge key `<<` is not part of YAML 1.2, and YAML parsers do not agree on what it does. Write the fields out,
    /// or repeat a whole value with an alias.
    YamlMergeKey = "yaml/merge-key" (Invalid, Error),

    /// A number is too large, not finite, or has more digits than a number can keep. The API would get another value
    /// than the one that was reviewed. Quote it if text is meant, or write fewer digits.
    YamlNumber = "yaml/number" (Invalid, Error),

    /// The file is not YAML. The place is where the parser stopped; the mistake may be a little above it. Check the
    /// indentation and the quotes there.
    YamlSyntax = "yaml/syntax" (Invalid, Error),

    /// A tab is used as indentation, which YAML does not allow, because its width is not known. Indent with spaces.
    YamlTab = "yaml/tab" (Invalid, Error),

    /// A value has a tag, such as `!!binary` or `!name`. A tag makes a parser read another value than a reviewer sees.
    /// Remove the tag, and quote a value that is meant as text.
    YamlTag = "yaml/tag" (Invalid, Error),

    /// An alias has no anchor above it in its document. A value that starts with `*` is an alias in YAML. Quote it if
    /// text is meant, or write the value out.
    YamlUnknownAlias = "yaml/unknown-alias" (Invalid, Error),
}

#[cfg(test)]
mod tests;
