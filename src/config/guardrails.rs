//! The guardrails that enact.yaml names, from their text to checked values.
//!
//! They are read from the trusted checkout only: whoever opens a pull request must not take them away. Not here: whether
//! a plan keeps them, in `plan::guardrail`.

use std::collections::BTreeSet;

use super::target::Target;
use crate::diagnostic::{Code, Diagnostic, Place, nearest, sound};
use crate::manifest::yaml::{self, Document};
use crate::model::guardrail::{Guardrail, GuardrailsFile, schema};
use crate::model::unmanaged::ObjectPattern;
use crate::schema::check::Checker;
use crate::text::short;

/// Reads the text of a file of guardrails for these targets.
pub(super) fn read(
    file: &str,
    text: &str,
    targets: &[Target],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Guardrail>> {
    let document = sound(diagnostics, |diagnostics| yaml::only(text, file, diagnostics, no_single))?;
    let written = sound(diagnostics, |diagnostics| {
        Checker::checked(schema(), &document.whole(), diagnostics);
        Some(())
    })
    .and_then(|()| decode(&document, diagnostics))?;
    sound(diagnostics, |diagnostics| {
        diagnostics.extend(wrong_names(&written, &document, targets));
        let GuardrailsFile { api_version: _, kind: _, guardrails, waivers } = written;
        let rows = guardrails.into_iter().enumerate();
        let guardrail = |(index, row): (usize, crate::model::guardrail::GuardrailRow)| Guardrail {
            waivers: waivers.iter().filter(|waiver| waiver.guardrail == row.name).cloned().collect(),
            place: document.place(&format!("/guardrails/{index}/name")),
            row,
        };
        Some(rows.map(guardrail).collect())
    })
}

fn no_single(file: &str) -> Diagnostic {
    Diagnostic::new(Code::GuardrailDocuments, format!("`{file}` must hold exactly one document"))
        .at(Place::start(file))
        .help("begin with `apiVersion: enact/v1`, `kind: Guardrails` and a list `guardrails`; docs/guardrails.md shows one")
}

fn decode(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<GuardrailsFile> {
    serde_json::from_value(document.to_json())
        .map_err(|error| {
            let diagnostic = Diagnostic::new(Code::GuardrailDocuments, error.to_string());
            diagnostics.push(diagnostic.at(document.place("")).help("docs/guardrails.md shows every form"));
        })
        .ok()
}

/// Reports names of nothing, and two guardrails with one name.
fn wrong_names(written: &GuardrailsFile, document: &Document, targets: &[Target]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let mut report = |message: String, help: String, at: String| {
        wrong.push(Diagnostic::new(Code::GuardrailName, message).at(document.place(&at)).help(help));
    };
    let names: Vec<_> = targets.iter().map(|target| target.config.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    for (index, row) in written.guardrails.iter().enumerate() {
        let at = format!("/guardrails/{index}");
        if !seen.insert(row.name.as_str()) {
            let help = "give each guardrail its own name".to_owned();
            report(format!("there are two guardrails `{}`", short(&row.name)), help, format!("{at}/name"));
        }
        for (target, name) in
            row.targets.iter().enumerate().filter(|(_, name)| !names.contains(&name.as_str()))
        {
            let message = format!("there is no target `{}`", short(name));
            report(message, meant(name, &names), format!("{at}/targets/{target}"));
        }
        let Some(objects) = row.rule.objects() else { continue };
        let at = format!("{at}/rule");
        let kinds = targets
            .iter()
            .filter(|target| row.targets.is_empty() || row.targets.contains(&target.config.name));
        let kinds: BTreeSet<_> =
            kinds.flat_map(|target| target.system.kinds()).map(|kind| kind.name.as_str()).collect();
        match ObjectPattern::new(objects) {
            Err(why) => {
                let help = "write it as `Kind/name`, such as `Policy/*`".to_owned();
                report(format!("`{}` is not a glob over objects: {why}", short(objects)), help, at);
            }
            Ok(pattern) if !kinds.iter().any(|kind| pattern.names_kind(kind)) => {
                let kinds: Vec<_> = kinds.into_iter().collect();
                let help = format!("the kinds of these targets are {}", kinds.join(", "));
                report(format!("`{}` names no kind of its targets", short(objects)), help, at);
            }
            Ok(_) => {}
        }
    }
    for (index, waiver) in
        written.waivers.iter().enumerate().filter(|(_, waiver)| !seen.contains(waiver.guardrail.as_str()))
    {
        let names: Vec<_> = seen.iter().copied().collect();
        let message = format!("there is no guardrail `{}`", short(&waiver.guardrail));
        report(message, meant(&waiver.guardrail, &names), format!("/waivers/{index}/guardrail"));
    }
    wrong
}

fn meant(name: &str, names: &[&str]) -> String {
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    }
}
