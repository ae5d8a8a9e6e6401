//! What users and servers wrote, in every format.
//!
//! The law, inert-output: no text drives the terminal. No text leaves the code that Markdown shows it in, so that a hostile comment
//! has the same structure as a harmless one. JSON stays JSON, with every text as it was.
#![no_main]

use enact::report::{json, markdown};
use enact_fuzz::hostile::{Words, report};
use enact_fuzz::markdown::structure;
use enact_fuzz::{check_report, check_shown};
use libfuzzer_sys::fuzz_target;

/// A longer text is cut, which would change the structure.
const LONGEST: usize = 60;

fuzz_target!(|words: [String; 5]| {
    let short = |text: &String| text.chars().take(LONGEST).collect::<String>();
    let words = Words::of(words.each_ref().map(short));
    let hostile = report(&words);
    check_report(&hostile, "\u{1b}");
    check_shown(&hostile.diagnostics, &words.value);
    let harmless = report(&Words::of(["a", "b", "c", "d", "e"].map(str::to_owned)));
    let (shown, expected) = (markdown::render(&hostile), markdown::render(&harmless));
    assert_eq!(structure(&shown), structure(&expected), "{shown}");
    let document = json::document(&hostile);
    assert_eq!(document.changes[0].id.name, words.name);
});
