//! How a long list goes on, as a definition says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::Pointer;

/// How a long list goes on.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// By the number of a page. The list ends with an empty page, or once it holds `total`.
    Page {
        /// The query parameter for the number.
        parameter: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: usize,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
        /// Where a reply says how many objects there are in all.
        total: Option<Pointer>,
    },
    /// By the number of objects before. The list ends with an empty page, or once it holds `total`.
    Offset {
        /// The query parameter for the number.
        parameter: String,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
        /// Where a reply says how many objects there are in all.
        total: Option<Pointer>,
    },
    /// By a token that a reply holds. The list ends where it is absent, null, false or empty.
    Cursor {
        /// The query parameter for the token.
        parameter: String,
        /// Where a reply has it.
        next: Pointer,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
    /// By the id, or else the key, of the last object of a page. The list ends with an empty page.
    Marker {
        /// The query parameter for it.
        parameter: String,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
    /// By the `Link` header with `rel="next"` (RFC 8288). It has to lead to the same path; only its query is used.
    Link {
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
}

impl Paging {
    /// How large a page is asked to be.
    pub fn size(&self) -> Option<&PageSize> {
        match self {
            Self::Page { size, .. }
            | Self::Offset { size, .. }
            | Self::Cursor { size, .. }
            | Self::Marker { size, .. }
            | Self::Link { size } => size.as_ref(),
        }
    }
}

/// How large a page is asked to be. A server that gives smaller ones is fine.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSize {
    /// The query parameter.
    pub parameter: String,
    /// How many objects.
    #[schemars(range(min = 1))]
    pub value: usize,
}

fn one() -> usize {
    1
}
