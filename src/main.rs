//! The `enact` program. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    enact::cli::main()
}
