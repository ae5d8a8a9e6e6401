//! Checks what a definition says of access: that it names what is there. Not here: what it means, in `defined::access`.

use crate::defined::definition::{
    AccessForm, Counts, GrantForm, KindForm, NameTerm, PatternForm, TermForm, ValueTerm,
};
use crate::defined::problems::Problems;
use crate::diagnostic::{Code, nearest};
use crate::pointer;

pub(super) fn check(kind: &KindForm, at: &str, problems: &mut Problems<'_>) {
    let Some(AccessForm { grants, ignored }) = &kind.access else { return };
    for (index, name) in ignored.iter().enumerate() {
        field(kind, name, &format!("{at}/access/ignored/{index}"), problems);
    }
    for (index, grant) in grants.iter().enumerate() {
        check_grant(kind, grant, &format!("{at}/access/grants/{index}"), problems);
    }
}

fn check_grant(kind: &KindForm, grant: &GrantForm, at: &str, problems: &mut Problems<'_>) {
    let is_path = matches!(
        grant.resource,
        Some(
            TermForm::Name(NameTerm { pattern: PatternForm::Path, .. })
                | TermForm::At(ValueTerm { pattern: PatternForm::Path, .. })
        )
    );
    if grant.counts == Counts::MostSpecific && !is_path {
        let help = "write `pattern: path` in `resource`";
        let message = "only of paths it is known which is the most specific one";
        problems.report(&format!("{at}/counts"), Code::SystemAccess, message, help);
    }
    let each = grant.each.iter().map(|each| (each, format!("{at}/each")));
    let own = |is_own: bool| move |_: &_| is_own;
    let effect = grant.effect.iter().map(|effect| (&effect.at, format!("{at}/effect/at")));
    let conditions = grant.conditions.iter().enumerate();
    let conditions = conditions.map(|(index, condition)| (condition, format!("{at}/conditions/{index}")));
    let mut pointers: Vec<_> =
        each.chain(effect.chain(conditions).filter(own(grant.each.is_none()))).collect();
    for (name, term) in grant.terms() {
        match term {
            TermForm::Word(_) => {}
            TermForm::Name(_) if grant.each.is_some() => {}
            TermForm::Name(_) => {
                let help = "add `each`, a pointer to a map";
                let message = "only a rule of a map has a name";
                problems.report(&format!("{at}/{name}/name_of"), Code::SystemAccess, message, help);
            }
            TermForm::Key(of) if kind.key.contains_key(&of.key) => {}
            TermForm::Key(of) => {
                let message = format!("the key of a {} has no part `{}`", kind.name, of.key);
                let parts: Vec<_> = kind.key.keys().map(String::as_str).collect();
                let help = format!("its parts are: {}", parts.join(", "));
                problems.report(&format!("{at}/{name}/key"), Code::SystemAccess, message, help);
            }
            TermForm::At(value) if value.of_object || grant.each.is_none() => {
                pointers.push((&value.at, format!("{at}/{name}/at")));
            }
            TermForm::At(_) => {}
        }
    }
    for (pointer, place) in pointers {
        match pointer::fields(&pointer.0).next() {
            Some(name) => field(kind, &name, &place, problems),
            None => {
                let message = "a spec as a whole is no value".to_owned();
                let help = "write a pointer to a field, such as `/actions`";
                problems.report(&place, Code::SystemAccess, message, help);
            }
        }
    }
}

fn field(kind: &KindForm, name: &str, at: &str, problems: &mut Problems<'_>) {
    if kind.field(name).is_some() {
        return;
    }
    let fields = kind.spec.get("properties").and_then(serde_json::Value::as_object);
    let help = match nearest(name, fields.into_iter().flatten().map(|(name, _)| name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a field of `spec`".to_owned(),
    };
    problems.report(at, Code::SystemAccess, format!("the spec has no field `{name}`"), help);
}
