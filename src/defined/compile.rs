//! Compiles a definition: parses its templates, and puts the parts of each key in the order of the name.
//!
//! Compiling is checking: everything that cannot be compiled is reported at its place. Not here: other mistakes, in
//! `check`.

use std::collections::{BTreeMap, BTreeSet};

use crate::defined::api::Api;
use crate::defined::compiled::CompiledKind;
use crate::defined::definition::{Definition, KindForm};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::spec::Spec;

mod context;
mod headers;
mod keys;
mod kind;
mod login;
mod operations;
mod references;
mod routes;

use context::Context;
use routes::Compiler;

/// Compiles a definition that passed its JSON Schema.
pub(super) fn compile(
    definition: Definition,
    settings: Settings,
    problems: &mut Problems<'_>,
) -> Option<Api> {
    let headers = headers::compile(&definition, &settings, problems);
    let login = login::compile(&definition, &settings, problems);
    let compiled = compiled_kinds(&definition, &settings, problems)?;
    let pairs = definition.kinds.iter().zip(&compiled);
    let kinds = pairs.map(|(given, compiled)| kind::kind(given, compiled)).collect();
    Some(Api { definition, kinds, compiled, headers, login, settings: settings.schema })
}

/// Every kind, unless one cannot be compiled.
fn compiled_kinds(
    definition: &Definition,
    settings: &Settings,
    problems: &mut Problems<'_>,
) -> Option<Vec<CompiledKind>> {
    let all: BTreeSet<_> = definition.kinds.iter().map(|kind| kind.name.as_str()).collect();
    let mut earlier = BTreeMap::new();
    let mut compiled = Vec::new();
    for (index, kind) in definition.kinds.iter().enumerate() {
        let at = format!("/kinds/{index}");
        let context = Context { kind, at: &at, earlier: &earlier, all: &all, settings };
        compiled.push(compiled_kind(kind, &context, problems));
        earlier.insert(kind.name.as_str(), kind.id.is_some());
    }
    compiled.into_iter().collect()
}

fn compiled_kind(
    kind: &KindForm,
    context: &Context<'_>,
    problems: &mut Problems<'_>,
) -> Option<CompiledKind> {
    let before = problems.count();
    let (key, name_form) = keys::compile(context, problems)?;
    let (references, by_id) = references::compile(context, problems);
    let mut operations = Compiler { context, key: &key, problems };
    let list = kind.list.as_ref().and_then(|list| operations.list(list));
    let get = kind.get.as_ref().and_then(|get| operations.get(get));
    let create = kind.create.as_ref().and_then(|create| operations.create(create));
    let update = kind.update.as_ref().and_then(|update| operations.update(update));
    let delete = kind.delete.as_ref().and_then(|delete| operations.delete(delete));
    if problems.count() > before {
        return None;
    }
    Some(CompiledKind {
        name: kind.name.clone(),
        id: kind.id.as_ref().map(|id| id.0.clone()),
        only: kind.only.clone(),
        fields: kind.fields.0.clone(),
        key,
        name_form,
        spec: Spec::new(&kind.spec),
        references,
        by_id,
        list,
        get,
        create,
        update,
        delete,
        marks: kind.system.clone(),
        returns_every_field: kind.returns_every_field,
    })
}
