//! What the API of a defined system answers, with every way to page: see `enact_fuzz::reply` for the input and the
//! laws.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| enact_fuzz::reply::check("paged", input));
