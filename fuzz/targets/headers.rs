//! The headers of an answer: waits, rate limits, links, versions.
//!
//! The law: with any headers and any status, a plan ends without a request to another origin and without an endless
//! wait; and headers alone change nothing in the plan for a system whose lists do not page by them.
#![no_main]

use enact_fuzz::reply;
use libfuzzer_sys::fuzz_target;

const LINKED: &str =
    r#"{"items": [{"id": "1", "name": "a", "text": "x"}, {"id": "2", "name": "b"}], "total": 2}"#;
const COMPIUTA: &str = include_str!("../corpus/reply_compiuta/whole");

fuzz_target!(|input: (u16, &str)| {
    let (status, headers) = input;
    // A line that is not a header could be taken for the input's own syntax.
    let lines = headers.lines().filter(|line| line.contains(':'));
    let headers: String = lines.map(|line| format!("{line}\n")).collect();
    let said = format!("{status} \n{headers}\n{{}}\n===\n200 \n{headers}\n{LINKED}");
    reply::check("paged", said.as_bytes());
    let with = COMPIUTA.replace("\n\n", &format!("\n{headers}\n"));
    let plan = |text: &str| format!("{:?}", reply::report("compiuta", text.as_bytes()).plan);
    assert_eq!(plan(COMPIUTA), plan(&with), "headers changed a plan");
});
