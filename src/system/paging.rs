//! Lists that come in pages: the checks that none is endless or ends too early.
//!
//! Here too: lists whose pages name the next page by a token. Other kinds of paging are in `defined`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::request::Path;
use crate::model::spent::Spent;
use crate::model::wire::{ReadError, Reader, Reply};
use crate::words::count;

/// The walk through the pages of one list.
#[derive(Default)]
pub(crate) struct PageWalk {
    spent: Spent,
    /// The tokens that led to the pages so far.
    seen: BTreeSet<String>,
}

impl PageWalk {
    /// What the pages so far took.
    pub(crate) fn spent(&self) -> Spent {
        self.spent
    }

    /// Records one more page.
    pub(crate) fn step(&mut self, page: &Reply) {
        self.spent = page.spent;
    }

    /// Records the token that leads from the page at `path` to the next. It is an error if the token is empty or was
    /// used before: the list would be endless.
    pub(crate) fn lead_on(&mut self, path: &Path, token: &str) -> Result<(), ReadError> {
        if token.is_empty() || !self.seen.insert(token.to_owned()) {
            let what =
                "says that there is more but does not lead to a new page, so the list would be endless";
            return Err(ReadError::unexpected(path, what));
        }
        Ok(())
    }
}

/// An error if a list ends with fewer objects than the server itself counts.
pub(crate) fn check_total(path: &Path, held: usize, total: u64) -> Result<(), ReadError> {
    if (held as u64) < total {
        return Err(ReadError::unexpected(
            path,
            &format!("ends the list with {held} of {}", count(total as usize, "object")),
        ));
    }
    Ok(())
}

/// Hands over each page of a list as it comes, so that no more than one is held. `next` takes the token out of a page:
/// `None` ends the list, an empty one is an error. The token is sent as the query parameter `parameter`.
pub(super) async fn pages(
    first: &Path,
    (parameter, next): (&str, impl Fn(&Value) -> Option<&str>),
    reader: &dyn Reader,
    mut take: impl FnMut(&Value) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut walk = PageWalk::default();
    let mut path = first.clone();
    loop {
        let page = reader.page(&path, walk.spent()).await?;
        walk.step(&page);
        take(&page.body)?;
        let Some(token) = next(&page.body).map(str::to_owned) else { return Ok(()) };
        walk.lead_on(&path, &token)?;
        path = first.clone().query(parameter, token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_refuses_what_would_never_end() {
        let first = Path::fixed("things");
        let mut walk = PageWalk::default();
        assert!(walk.lead_on(&first, "a").is_ok() && walk.lead_on(&first, "b").is_ok());
        assert!(walk.lead_on(&first, "a").is_err(), "it came before");
        assert!(walk.lead_on(&first, "").is_err(), "it leads nowhere");
    }

    #[test]
    fn a_list_holds_at_least_what_the_server_counts() {
        let path = Path::fixed("things");
        assert!(check_total(&path, 2, 2).is_ok() && check_total(&path, 3, 2).is_ok());
        let message = "the answer from /things ends the list with 1 of 2 objects";
        assert_eq!(check_total(&path, 1, 2).unwrap_err().message, message);
    }
}
