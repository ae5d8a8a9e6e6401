//! A law of import: whatever is live, what it writes is valid, and the next plan is empty.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a wrong assumption should end it"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use enact::config::target::Config;
use enact::config::{self, Systems};
use enact::diagnostic::Code;
use enact::import::{self, To};
use enact::manifest::Files;
use enact::model::resource::RemoteId;
use enact::model::state::{Attempted, Desired, LiveObject, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::resolve;
use enact::resolve::{Reading, Taken};
use enact::system::registry::Registry;
use proptest::prelude::*;
use serde_json::{Value, json};

fn config(system: &str, settings: &str) -> Config {
    let text = format!(
        "apiVersion: enact/v1\nkind: Config\nmanifests: [policies]\ntargets:\n- name: t\n  system: {system}\n  url: https://example.com\n  \
         auth: {{bearer: {{env: X}}}}\n  settings: {settings}\n"
    );
    let systems = Systems::Known(Arc::new(Registry::built_in()));
    config::load("enact.yaml", Path::new("."), &text, systems, &mut Vec::new()).unwrap()
}

/// Texts that some reader of YAML takes for something else, or that look like another text.
fn text() -> impl Strategy<Value = String> {
    let words = [
        "",
        "<<",
        "=",
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "~",
        "null",
        "True",
        "2024-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "0x1F",
        "0o17",
        "0b1",
        "1_000",
        "1:30",
        "190:20:30",
        "-.inf",
        ".NaN",
        "1e3",
        "1.10",
        "+49",
        "007",
        "-",
        "- a",
        "a: b",
        "#ops",
        "ops #1",
        "ops # 1",
        "a:",
        ":",
        "?",
        "? a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "{a",
        "[a",
        "'",
        "\"",
        "'a'",
        "\"a\"",
        "|",
        ">",
        "---",
        "...",
        "a\nb",
        "a\n",
        "\na",
        " a\nb",
        "a\n\n b\n",
        "a\r\nb",
        "a\tb",
        "\ta",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{feff}b",
        "\u{feff}a",
        "Cafe\u{301}",
        "Café",
        "a\u{200b}",
        "a\u{a0}b",
        " a",
        "a ",
        "OPS",
        "ops",
        "ẞ",
        "ss",
        "a\u{0}b",
        "\u{1b}[2J",
        "::set-output::",
        "##[x]",
        "a{{b}}",
        "❤\u{fe0f}",
        "<<<<<<< a",
        "%YAML 1.1",
        "a b  c",
        "0",
        "1",
        "true",
        "a\\b",
        "\u{202e}a",
        "-1",
        "1-2",
        ".5",
        "5.",
        "12e",
        "1,000",
    ];
    prop_oneof![
        4 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "\\PC{0,8}",
        1 => "[a :#\\n'\"-]{0,6}",
    ]
}

fn live(kind: &str, index: usize, name: &str, mut body: Value) -> LiveObject {
    let id = format!("00000000-0000-4000-8000-{kind:0>4.4}{index:08}")
        .replace(|c: char| !c.is_ascii_hexdigit() && c != '-', "0");
    body["id"] = json!(id);
    body["name"] = json!(name);
    LiveObject {
        remote: RemoteId::new(&id).unwrap(),
        name: name.to_owned(),
        system: false,
        body: body.into(),
        etag: None,
    }
}

/// Imports everything into an empty repository, and plans it.
fn there_and_back(config: &Config, observed: &Observed) {
    let (system, to) = (
        config.targets[0].system.as_ref(),
        To { system: &config.targets[0].config.system, schemas: None, all_fields: false, taken: &[] },
    );
    let mut left_out = Vec::new();
    let manifests = import::manifests(&to, system, &Desired::new(), observed, None, &mut left_out);
    let files: Files =
        manifests.iter().map(|new| (format!("policies/{}", new.file), new.text.as_str().into())).collect();
    assert_eq!(files.len(), manifests.len(), "each has a file of its own");

    let mut diagnostics = Vec::new();
    let parsed =
        resolve::manifests(&config.registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let claims = [config.targets[0].claim()];
    let taken = Taken::of(&claims, &parsed);
    let mut desired = resolve::desired(&claims, &taken, PlanOptions::default().day, &mut diagnostics);
    let desired = desired.remove("t").unwrap();
    // What is live may be odd, such as an action that is not known; what is written of it must not be.
    diagnostics.retain(|d| d.is_error() || matches!(d.code, Code::SchemaSpelling | Code::YamlComment));
    assert!(diagnostics.is_empty(), "{diagnostics:?}\n{files:#?}");
    assert_eq!(desired.len(), manifests.len());
    let live: usize = observed.kinds.values().map(|listing| listing.as_ref().unwrap().len()).sum();
    let named = left_out.iter().filter(|diagnostic| diagnostic.is_error()).count();
    assert_eq!(manifests.len() + named, live, "what is left out is named: {left_out:?}");

    let counts = DeclaredCounts::of(&desired);
    let options = PlanOptions::default();
    let (base, max_deletes) = (None, 0);
    let plan = plan::plan(&PlanInput {
        target: "t",
        system,
        desired: &desired,
        base,
        attempted: &Attempted::new(),
        given_up: &[],
        observed,
        counts: &counts,
        max_deletes,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &UnmanagedRule::default(),
        last_seen: None,
        options: &options,
    });
    assert!(
        plan.changes.is_empty() && plan.diagnostics.is_empty(),
        "{:?} {:?}\n{files:#?}",
        plan.changes,
        plan.diagnostics
    );
    assert_eq!(plan.unchanged.len(), manifests.len());
}

proptest! {
    #[test]
    fn what_import_writes_is_valid_and_the_next_plan_is_empty(
        roles in proptest::collection::vec(text(), 0..4),
        policies in proptest::collection::vec((text(), text(), proptest::collection::vec(0..4_usize, 0..3)), 0..4),
    ) {
        let roles: Vec<_> = roles.iter().enumerate().map(|(index, name)| live("a", index, name, json!({"system": false}))).collect();
        let policies = policies.iter().enumerate().map(|(index, (name, action, of))| {
            let ids: Vec<_> = of.iter().filter_map(|role| roles.get(*role)).map(|role| role.remote.to_string()).collect();
            live("b", index, name, json!({"system": false, "policy_actions": [{"action": action, "role_ids": ids}]}))
        });
        let policies: Vec<_> = policies.collect();
        let kinds = BTreeMap::from([("Role".to_owned(), Ok(roles)), ("Policy".to_owned(), Ok(policies))]);
        there_and_back(&config("polytomic", "{}"), &Observed { kinds, ..Observed::default() });
    }

    #[test]
    fn every_text_of_a_live_object_comes_back(policies in proptest::collection::vec((text(), text(), text()), 0..4)) {
        let policies = policies.iter().enumerate().map(|(index, (name, description, resource))| {
            let statement = json!({"effect": "allow", "actions": ["*"], "resources": [resource], "conditions": []});
            let document = json!({"version": "2024-01-01", "statements": [statement]});
            live("c", index, name, json!({"description": description, "document": document}))
        });
        let kinds = BTreeMap::from([("Policy".to_owned(), Ok(policies.collect()))]);
        there_and_back(&config("mycloud", "{}"), &Observed { kinds, ..Observed::default() });
    }
}
