//! Lists that come in pages, each naming the next by an opaque token.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::request::Path;
use crate::model::wire::{ReadError, Reader};

/// More pages than this are a server that never ends.
const MAX_PAGES: usize = 1_000;

/// All pages from the first on. `next` takes the token out of a page: `None` ends the list, an empty one is an
/// error; it is sent as the query parameter `parameter`. A token that comes again would never end, so it is refused.
pub(super) async fn pages(
    first: &Path,
    parameter: &str,
    next: impl Fn(&Value) -> Option<&str>,
    reader: &dyn Reader,
) -> Result<Vec<Value>, ReadError> {
    let mut path = first.clone();
    let mut pages = Vec::new();
    let mut seen = BTreeSet::new();
    while pages.len() < MAX_PAGES {
        let page = reader.get(&path).await?.ok_or_else(|| ReadError::unexpected(&path, "is 404"))?;
        let token = next(&page).map(str::to_owned);
        pages.push(page);
        let Some(token) = token else { return Ok(pages) };
        if token.is_empty() || !seen.insert(token.clone()) {
            return Err(ReadError::unexpected(
                &path,
                "says there is more but does not lead on, so the list would never end",
            ));
        }
        path = first.clone().query(parameter, token);
    }
    Err(ReadError::unexpected(first, "has too many pages"))
}
