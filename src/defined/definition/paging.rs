//! How a long list is split into pages, as a definition writes it. Not here: reading the pages, in `read::pages`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::Pointer;

/// How a long list is split into pages.
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
    /// By the number of objects so far. The list ends with an empty page, or once it holds `total`.
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
    /// By the id of the last object of a page, or by its key if it has no id. The list ends with an empty page.
    Marker {
        /// The query parameter for it.
        parameter: String,
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
    /// By the `Link` header with `rel="next"` (RFC 8288). It must lead to the same path; only its query is used.
    Link {
        /// How many objects a page is asked to hold.
        size: Option<PageSize>,
    },
}

impl Paging {
    /// The requested size of a page.
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

/// The requested size of a page. A server may send smaller pages.
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
