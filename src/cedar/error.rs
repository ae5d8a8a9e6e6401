//! Why something is not Cedar, and where. Not here: what is refused before it is parsed, in `cedar`.

use miette::Diagnostic as _;

/// Why a text is not Cedar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CedarError {
    /// One sentence.
    pub message: String,
    /// The byte of the user's text where the parser found it.
    pub offset: Option<usize>,
}

impl CedarError {
    pub(super) fn new(error: impl ToString) -> Self {
        Self { message: error.to_string(), offset: None }
    }

    /// The first error in words, placed in the user's text: the text before it is ours, and so is what follows.
    pub(super) fn explained(before: &str, text: &str, errors: &cedar_policy::ParseErrors) -> Self {
        let first = errors.iter().next();
        let message = first.map_or_else(|| errors.to_string(), ToString::to_string);
        let label = first.and_then(|error| error.labels()).and_then(|mut labels| labels.next());
        let offset = label.and_then(|label| label.offset().checked_sub(before.len()));
        Self { message, offset: offset.map(|offset| offset.min(text.trim_end().len())) }
    }

    /// An error with the place that it names and what it advises.
    pub(super) fn placed(error: &dyn miette::Diagnostic) -> Self {
        let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
        let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
        Self { message: format!("{error}{help}"), offset }
    }
}
