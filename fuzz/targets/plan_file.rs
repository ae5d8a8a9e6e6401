//! A plan file, which is an approval and not a program.
//!
//! The law: any text is refused, or differs from a fresh plan, or is the very plan that it was written from. An
//! accepted file is written back the same.
#![no_main]

use std::sync::OnceLock;

use enact::report::Report;
use enact::report::plan_file::PlanFile;
use enact_fuzz::{check_diagnostics, reply};
use libfuzzer_sys::fuzz_target;

const ANSWERS: &[u8] = include_bytes!("../corpus/reply_compiuta/whole");
const CONFIG: &str = "apiVersion: enact/v1\n";

fuzz_target!(|text: &str| {
    static FRESH: OnceLock<PlanFile> = OnceLock::new();
    let fresh = FRESH.get_or_init(|| {
        let report = Report {
            command: "plan",
            commit: Some("c0ffee".to_owned()),
            targets: vec![reply::report("compiuta", ANSWERS)],
            ..Report::default()
        };
        PlanFile::new(&report, CONFIG, "sha256:schemas".to_owned())
    });
    match PlanFile::parse("plan.json", text) {
        Err(diagnostic) => check_diagnostics(text, &[diagnostic]),
        Ok(reviewed) => {
            let moved = reviewed.moved(fresh);
            assert_eq!(moved.is_empty(), reviewed == *fresh, "{moved:#?}");
            assert!(moved.iter().all(|diagnostic| diagnostic.is_error()), "{moved:#?}");
            check_diagnostics(text, &moved);
            assert_eq!(PlanFile::parse("plan.json", &reviewed.text()).ok().as_ref(), Some(&reviewed));
        }
    }
});
