//! What an editor is told about a project, out of its texts: what they say, what they name, what could be written. Each
//! answer is a pure function of the texts and of the last configuration that was in order. Reading them is in the module
//! above; what is wrong with them is found where `validate` finds it.

mod completion;
mod file;
mod hover;
mod known;
mod lines;
mod live;
mod names;
mod placeholder;
mod problems;
mod symbols;

pub use completion::Snippets;
pub use file::File;
pub use hover::HoverText;
pub use known::{TargetFiles, Workspace};
pub use lines::{Draft, Lines};
pub use live::{LiveQuestion, live_value};
pub use names::Location;
pub use problems::problems;
pub use symbols::Symbol;
