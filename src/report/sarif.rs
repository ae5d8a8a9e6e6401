//! What is wrong as SARIF 2.1.0, for code scanning: a rule for each code that was raised, a result for each diagnostic
//! with a place in a file. The others are notifications of the run, because a result is shown in a file.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Exit, Report, summary};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::text::inert::Inert;

/// The schema that the document follows.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as a document.
pub fn render(report: &Report) -> Inert {
    let found = summary::diagnostics(report);
    let rules: Vec<_> =
        found.iter().map(|diagnostic| diagnostic.code).collect::<BTreeSet<_>>().into_iter().collect();
    let (placed, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|diagnostic| diagnostic.place.is_some());
    let exit = report.exit();
    let completed = matches!(exit, Exit::Done | Exit::Pending | Exit::Invalid | Exit::Guarded);
    let driver = json!({
        "name": "enact",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.iter().map(rule).collect::<Vec<_>>(),
    });
    let notifications = others.into_iter().map(|diagnostic| notification(diagnostic, &rules));
    let invocation = json!({
        "executionSuccessful": completed,
        "exitCode": exit as u8,
        "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
    });
    let run = json!({
        "tool": {"driver": driver},
        "automationDetails": {"id": format!("enact/{}/", report.command)},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": placed.into_iter().map(|diagnostic| result(diagnostic, &rules)).collect::<Vec<_>>(),
    });
    Inert::json(&format!("{:#}\n", json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})))
}

fn rule(code: &Code) -> Value {
    let about = code.explanation();
    let short = about.split_once(". ").map_or(about, |(first, _)| first).trim_end_matches('.');
    json!({
        "id": code.text(),
        "shortDescription": {"text": message(&format!("{short}."))},
        "fullDescription": {"text": message(about)},
        "help": {"text": message(about)},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(diagnostic: &Diagnostic, rules: &[Code]) -> Value {
    json!({
        "ruleId": diagnostic.code.text(),
        "ruleIndex": index(diagnostic.code, rules),
        "level": level(diagnostic.severity),
        "message": {"text": text(diagnostic)},
        "locations": diagnostic.place.iter().map(location).collect::<Vec<_>>(),
    })
}

fn notification(diagnostic: &Diagnostic, rules: &[Code]) -> Value {
    json!({
        "associatedRule": {"id": diagnostic.code.text(), "index": index(diagnostic.code, rules)},
        "level": level(diagnostic.severity),
        "message": {"text": text(diagnostic)},
    })
}

fn index(code: Code, rules: &[Code]) -> Option<usize> {
    rules.binary_search(&code).ok()
}

fn location(place: &Place) -> Value {
    let Place { file, line, column, width, path } = place;
    let region = json!({"startLine": line, "startColumn": column, "endColumn": column + width});
    let mut location =
        json!({"physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": region}});
    if let Some(members) = location.as_object_mut().filter(|_| !path.is_empty()) {
        members
            .insert("logicalLocations".to_owned(), json!([{"fullyQualifiedName": path, "kind": "member"}]));
    }
    location
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn text(diagnostic: &Diagnostic) -> String {
    let Diagnostic { message: what, subject, help, .. } = diagnostic;
    let note = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("\n{name}: {text}"));
    let notes: String = [note("about", subject), note("help", help)].into_iter().flatten().collect();
    message(&format!("{what}{notes}"))
}

/// A message, in which brackets would be a link.
fn message(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// A path as a relative URI.
fn uri(file: &str) -> String {
    let encoded = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    file.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    /// By the schema that OASIS publishes.
    fn errors(document: &Value) -> Vec<String> {
        let schema = include_str!("../../tests/support/sarif-2.1.0.schema.json");
        let schema = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::draft7::new(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{error} at {}", error.instance_path())).collect()
    }

    fn document(report: &Report) -> Value {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn every_document_is_as_the_schema_of_the_standard_says() {
        let hostile = "[x](http://y) {0}\u{1b}\n%\\ü";
        let reports = [fixture::three_changes("plan"), fixture::incomplete(), fixture::hostile(hostile)];
        for report in
            reports.into_iter().chain(fixture::hostile_contents(hostile)).chain([fixture::invalid()])
        {
            let document = document(&report);
            assert_eq!(errors(&document), Vec::<String>::new(), "{document:#}");
        }
        assert_ne!(errors(&json!({"version": "2.1.0", "runs": [{}]})), Vec::<String>::new());
    }

    #[test]
    fn a_diagnostic_is_a_result_with_its_place() {
        let document = document(&fixture::invalid());
        let run = &document["runs"][0];
        let result = &run["results"][0];
        let index = result["ruleIndex"].as_u64().unwrap();
        let rule = &run["tool"]["driver"]["rules"][usize::try_from(index).unwrap()];
        assert_eq!((&rule["id"], &result["ruleId"]), (&json!("schema/type"), &json!("schema/type")));
        assert_eq!(result["message"]["text"], "`high` is not a number\nhelp: write a number");
        let place = json!({"artifactLocation": {"uri": "policies/a.yaml"},
                           "region": {"startLine": 7, "startColumn": 11, "endColumn": 15}});
        assert_eq!(result["locations"][0]["physicalLocation"], place);
        assert_eq!(run["invocations"][0]["exitCode"], 3);
    }

    #[test]
    fn what_has_no_place_is_a_notification() {
        let document = document(&fixture::incomplete());
        let run = &document["runs"][0];
        assert_eq!(
            (&run["results"], &run["invocations"][0]["executionSuccessful"]),
            (&json!([]), &json!(false))
        );
        let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
        assert_eq!(notification["associatedRule"]["id"], "live/unreadable");
    }

    #[test]
    fn neither_a_link_nor_another_place_comes_out_of_a_text() {
        assert_eq!(message("[a](http://b) \\"), "\\[a\\](http://b) \\\\");
        assert_eq!(uri("https://x/ä b#c"), "https%3A//x/%C3%A4%20b%23c");
    }
}
