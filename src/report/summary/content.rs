//! The result of a command without targets. It holds no untrusted text.

use crate::report::content::{CheckSystemContent, Content, ImportContent, SandboxContent, Schemas};
use crate::report::labels;
use crate::words::count;

/// In a few words, if nothing is wrong.
pub(super) fn headline(content: &Content) -> String {
    match content {
        Content::Import(ImportContent { manifests, .. }) => count(manifests.len(), "manifest"),
        Content::Schemas(Schemas { schemas, .. }) => count(schemas.len(), "schema"),
        Content::Sandbox(_) => "ready".to_owned(),
        Content::CheckSystem(CheckSystemContent { checks: None, .. }) => "sound".to_owned(),
        Content::CheckSystem(CheckSystemContent { checks: Some(_), .. }) => "the target agrees".to_owned(),
        Content::Run | Content::Schema(_) | Content::Nothing => "done".to_owned(),
    }
}

/// In a sentence, whether or not something is wrong.
pub(super) fn sentence(content: &Content) -> String {
    match content {
        Content::Import(import) => self::import(import),
        Content::Schemas(Schemas { folder: None, schemas }) if schemas.is_empty() => {
            "Nothing is listed.".to_owned()
        }
        Content::Schemas(Schemas { folder: None, .. }) => {
            "`enact schema NAME` prints one of them.".to_owned()
        }
        Content::Schemas(schemas) => labels::written(schemas.written(), "schema") + ".",
        Content::Sandbox(SandboxContent { targets }) if targets.is_empty() => "Nothing is served.".to_owned(),
        Content::Sandbox(_) => "Any credential is accepted.".to_owned(),
        Content::CheckSystem(check) => definition(check),
        Content::Run | Content::Schema(_) | Content::Nothing => "Nothing was done.".to_owned(),
    }
}

fn import(import: &ImportContent) -> String {
    let ImportContent { folder, dry_run, manifests } = import;
    match (folder, dry_run) {
        (None, _) => "Nothing was imported.".to_owned(),
        (Some(_), true) => {
            format!("An import would write {}; nothing was written.", count(manifests.len(), "manifest"))
        }
        (Some(_), false) => labels::written(import.written(), "manifest") + ".",
    }
}

fn definition(check: &CheckSystemContent) -> String {
    match check {
        CheckSystemContent { checks: Some(checks), .. } => {
            let agree = checks.iter().filter(|check| check.agrees).count();
            format!("The target agrees in {agree} of {}.", count(checks.len(), "check"))
        }
        CheckSystemContent { sound: true, .. } => "The definition is sound.".to_owned(),
        CheckSystemContent { sound: false, .. } => {
            "The definition is not sound, or could not be checked.".to_owned()
        }
    }
}
