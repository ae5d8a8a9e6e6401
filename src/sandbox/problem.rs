//! Problems: why a request is refused. How an API words one is up to the API.

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// A code for programs.
    pub(crate) key: &'static str,
    pub(crate) message: String,
    /// Diagnostics of the Cedar parser.
    pub(crate) notices: Vec<String>,
}

impl Problem {
    pub(crate) fn new(status: u16, key: &'static str, message: impl Into<String>) -> Self {
        Self { status, key, message: message.into(), notices: Vec::new() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_input", message)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, "unauthenticated", "no valid credential")
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "forbidden", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("{what} not found"))
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "method_not_allowed", "this path does not serve this method")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "conflict", message)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "too_large", "the body is larger than 1 MiB")
    }

    /// An injected or internal failure that has only a status.
    pub(crate) fn of_status(status: u16) -> Self {
        Self::new(status, "failure", format!("answered with status {status}"))
    }
}
