//! What the mycloud API answers: see `enact_fuzz::reply` for the input and the laws.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| enact_fuzz::reply::check("mycloud", input));
