//! The text of a file that defines a system.
//!
//! The law: it ends in diagnostics or in a system. Each diagnostic lies in the text and can be shown. An accepted
//! system can be opened, has a schema for each of its kinds that compiles, and is the same when defined again.
#![no_main]

use enact::defined;
use enact::model::kind::{api_version, document_schema};
use enact::schema::check::Checker;
use enact_fuzz::check_diagnostics;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let mut diagnostics = Vec::new();
    let row = defined::define("system.yaml", text, &mut diagnostics);
    check_diagnostics(text, &diagnostics);
    let Some((row, _)) = row else {
        assert!(diagnostics.iter().any(|diagnostic| diagnostic.is_error()), "neither a system nor an error");
        return;
    };
    assert!(!diagnostics.iter().any(|diagnostic| diagnostic.is_error()), "{diagnostics:#?}");
    for kind in &row.kinds {
        let schema = document_schema(&api_version(&row.name), kind);
        assert!(Checker::new(schema).is_ok(), "{}", kind.name);
    }
    let checker = Checker::new(row.settings.clone());
    assert!(checker.is_ok(), "{:#}", row.settings);
    let system = (row.open)(&json!({}), None).unwrap_or_else(|error| panic!("{error}"));
    let _ = (system.headers(), system.errors());
    assert_eq!(system.kinds().len(), row.kinds.len());
});
