//! What the files of Polytomic share. It uses none of them.

use serde_json::{Value, json};

use crate::sandbox::ids::seeded_id;
use crate::sandbox::response::Response;

/// The two kinds of objects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Role,
    Policy,
}

impl Kind {
    pub(super) fn collection(self) -> &'static str {
        match self {
            Self::Role => "roles",
            Self::Policy => "policies",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Policy => "policy",
        }
    }
}

/// The one organization of every credential.
pub(super) fn organization() -> String {
    seeded_id("polytomic", "organization", "sandbox")
}

/// A response body: the value under `data`.
pub(super) fn data(data: Value) -> Response {
    Response::json(200, json!({"data": data}))
}
