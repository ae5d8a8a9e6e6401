//! The text of manifests, along the road from YAML to what each target is to hold.
//!
//! The law: it ends in diagnostics or in manifests. Each diagnostic lies in the text and can be shown. An accepted
//! manifest stays the same when its document is written in another form.
#![no_main]

use enact::manifest::yaml::{MAX_BYTES, parse};
use enact_fuzz::{check_diagnostics, manifests, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (taken, diagnostics) = manifests(text);
    check_diagnostics(text, &diagnostics);
    if diagnostics.iter().any(|diagnostic| diagnostic.is_error()) {
        return;
    }
    let documents = parse(text, "fuzz.yaml", &mut Vec::new());
    for one in taken {
        let again = yaml(&documents[one.source.index()].to_json());
        if again.len() > MAX_BYTES {
            continue;
        }
        let (same, diagnostics) = manifests(&again);
        assert!(!diagnostics.iter().any(|diagnostic| diagnostic.is_error()), "{again}\n{diagnostics:#?}");
        let [same] = same.as_slice() else { panic!("{} manifests: {again}", same.len()) };
        assert!(same.said() == one.said(), "{again}");
    }
});
