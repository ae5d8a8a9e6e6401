//! The diagnostics that need a comparison with the live side.
//!
//! Not here: what can be found without reading a target, in `resolve`.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Hold;
use crate::model::kind::{Kind, Named};
use crate::model::names::{Names, Unresolved};
use crate::model::resource::ResourceId;
use crate::model::state::{Declared, LiveObject};
use crate::model::wire::ReadError;
use crate::text::spelling;

/// The help for a failed read, if the error itself has none.
const RUN_AGAIN: &str = "nothing is written to this target; run again";

/// Fields that are missing to create the object.
pub(super) fn missing(kind: &Kind, declared: &Declared) -> Vec<Diagnostic> {
    let spec = declared.spec();
    let left_out = kind.required.iter().filter(|field| spec.get(field.as_str()).is_none());
    left_out
        .map(|field| {
            Diagnostic::new(Code::PlanNeededToCreate, format!("creating this {} needs `{field}`", kind.name))
                .at(declared.name_place())
                .about(&declared.id)
                .help(format!("it does not exist on the target yet; add `{field}` to its spec"))
        })
        .collect()
}

/// Names that mean no object, or several.
pub(super) fn dangling(kind: &Kind, declared: &Declared, names: &Names) -> Vec<Diagnostic> {
    if declared.absent() {
        return Vec::new();
    }
    let named = declared.named(kind).into_iter();
    named
        .filter_map(|Named { at, kind, name }| {
            let problem = names.id(kind, &name).err()?;
            Some(unresolved(problem, kind, &name, names).at(declared.place_at(&at)).about(&declared.id))
        })
        .collect()
}

fn unresolved(problem: Unresolved, kind: &str, name: &str, names: &Names) -> Diagnostic {
    match problem {
        Unresolved::Ambiguous => Diagnostic::new(
            Code::ReferenceAmbiguous,
            format!("several live objects could be the {kind} `{name}`"),
        )
        .help("rename all but one on the target, or refer to it by its id"),
        Unresolved::Missing => {
            let near = names.near(kind, name).map(|near| format!("did you mean `{near}`? otherwise "));
            Diagnostic::new(
                Code::ReferenceDangling,
                format!("there is no {kind} `{name}`, neither live nor in git"),
            )
            .help(format!("{}declare the {kind} in git or create it on the target", near.unwrap_or_default()))
        }
    }
}

/// A name of an object that does not exist yet, and that is not created: for now if it is held, or at all.
pub(super) fn withheld(named: &Declared, hold: Option<&Hold>) -> Diagnostic {
    let ResourceId { kind, name, .. } = &named.id;
    let (why, at, help) = match hold {
        Some(Hold { until, .. }) => (
            format!("its hold keeps it from being created until {until}"),
            "/metadata/hold",
            "hold this object as well, or end the hold",
        ),
        None => (
            "enact only observes it".to_owned(),
            "/metadata/lifecycle",
            "create it on the target, or let enact create it: change its `lifecycle`",
        ),
    };
    let place = named.manifest.place(at);
    let message = format!("the {kind} `{name}` does not exist yet, and {why}");
    Diagnostic::new(Code::ReferenceWithheld, message).help(format!("{help} at {}:{}", place.file, place.line))
}

/// An object that is to be deleted, and that another one names whose change is not written.
pub(super) fn still_named(gone: &Declared, by: &ResourceId) -> Diagnostic {
    let message = format!(
        "the {} `{}` still names it on the target, and its change is not written now",
        by.kind, by.name
    );
    Diagnostic::new(Code::ReferenceWithheld, message)
        .at(gone.name_place())
        .about(&gone.id)
        .help("keep this object for as long as the other is held or only observed")
}

/// A name that several live objects could have.
pub(super) fn ambiguous(kind: &Kind, declared: &Declared, several: &[&LiveObject]) -> Diagnostic {
    let list: Vec<_> = several.iter().map(|found| format!("`{}` ({})", found.name, found.remote)).collect();
    let message = format!("several live objects could be this {}: {}", kind.name, list.join(", "));
    Diagnostic::new(Code::LiveAmbiguous, message)
        .at(declared.name_place())
        .about(&declared.id)
        .help("rename or remove the others on the target, or correct the name here; enact does not guess")
}

/// A live object whose name looks like the declared one and is another.
pub(super) fn lookalike(kind: &Kind, declared: &Declared, found: &LiveObject) -> Diagnostic {
    let problem = spelling::problem(&found.name).unwrap_or_else(|| "is spelled otherwise".to_owned());
    let message = format!(
        "the live {} `{}` ({}) looks the same and is another name: it {problem}",
        kind.name, found.name, found.remote
    );
    Diagnostic::new(Code::LiveLookalike, message)
        .at(declared.name_place())
        .about(&declared.id)
        .help("rename or delete it on the target; enact neither takes it over nor creates another beside it")
}

/// A declared object that was listed but could not be read.
pub(super) fn unread(declared: &Declared, error: &ReadError) -> Diagnostic {
    unreadable(error).at(declared.name_place()).about(&declared.id)
}

/// An object that git does not name and that could not be read.
pub(super) fn unread_other(id: &ResourceId, error: &ReadError) -> Diagnostic {
    unreadable(error).about(id)
}

/// A kind whose list could not be read.
pub(super) fn unlisted(target: &str, kind: &Kind, error: &ReadError) -> Diagnostic {
    unreadable(error).about(format!("{target}: every {}", kind.name))
}

fn unreadable(error: &ReadError) -> Diagnostic {
    let ReadError { message, cause, help } = error.clone();
    let help = help.unwrap_or_else(|| RUN_AGAIN.to_owned());
    Diagnostic::new(Code::LiveUnreadable, message).because(cause).help(help)
}

/// A field that git no longer declares and that has no default.
pub(super) fn no_default(declared: &Declared, pointer: &str) -> Diagnostic {
    let field = pointer.trim_start_matches('/');
    Diagnostic::new(
        Code::PlanNoDefault,
        format!("git no longer declares `{field}`, and the API has no default for it"),
    )
    .at(declared.place(pointer))
    .about(&declared.id)
    .help("the live value stays; declare the value that you want")
}

/// A rename that the API cannot do.
pub(super) fn no_rename(kind: &Kind, declared: &Declared, live: &LiveObject) -> Diagnostic {
    let message = format!("the live {} `{}` cannot be renamed by the API", kind.name, live.name);
    Diagnostic::new(Code::PlanNoRename, message)
        .at(declared.manifest.place("/metadata/previously"))
        .about(&declared.id)
        .help("remove `previously` to create a new object, and declare the old one `ensure: absent`")
}
