//! The text of `enact.yaml`.
//!
//! The law: it ends in diagnostics or in a configuration with usable targets. Each diagnostic lies in the text, can be
//! shown, and shows nothing from a place that may hold a credential by mistake.
#![no_main]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use enact::config::{self, Systems};
use enact::manifest::yaml::{self, Node, Value};
use enact::system::registry::Registry;
use enact_fuzz::check_diagnostics;
use libfuzzer_sys::fuzz_target;

/// A shorter text may be a word of ours.
const SECRET: usize = 12;

fuzz_target!(|text: &str| {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    let registry = REGISTRY.get_or_init(|| Arc::new(Registry::built_in())).clone();
    let mut diagnostics = Vec::new();
    let loaded = config::load("enact.yaml", Path::new("."), text, Systems::Known(registry), &mut diagnostics);
    assert_ne!(
        loaded.is_some(),
        diagnostics.iter().any(|diagnostic| diagnostic.is_error()),
        "{diagnostics:#?}"
    );
    check_diagnostics(text, &diagnostics);
    let mut secrets = Vec::new();
    for document in yaml::parse(text, "enact.yaml", &mut Vec::new()) {
        let rows = document.get("targets").and_then(Node::as_seq).unwrap_or_default();
        for place in rows.iter().flat_map(|row| [row.get("auth"), row.get("secrets")]).flatten() {
            texts(place, &mut secrets);
        }
    }
    // A text that is also elsewhere may be shown from there.
    secrets.retain(|secret| text.matches(secret.as_str()).count() == 1);
    for diagnostic in &diagnostics {
        let words = format!("{} {}", diagnostic.message, diagnostic.help.as_deref().unwrap_or_default());
        let shown = secrets.iter().find(|secret| words.contains(secret.as_str()));
        assert!(shown.is_none(), "{shown:?} is shown by {diagnostic:#?}");
    }
    for target in loaded.iter().flat_map(|loaded| &loaded.targets) {
        assert!(target.is_same_system(target));
        let _ = (target.claim().includes(text), target.system.headers());
    }
});

/// The texts below a node that are long enough to be secrets.
fn texts(node: &Node, into: &mut Vec<String>) {
    match &node.value {
        Value::String(text) if text.chars().count() >= SECRET => into.push(text.clone()),
        Value::Seq(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| texts(value, into)),
        _ => {}
    }
}
