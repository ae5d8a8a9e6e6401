//! Planted mistakes in what is read, and what is read again.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "list-failure-is-an-empty-list",
        item: "Observed::record",
        old: "self.kinds.insert(kind.name.clone(), listing)",
        new: "self.kinds.insert(kind.name.clone(), Ok(listing.unwrap_or_default()))",
    },
    Bug {
        name: "answer-without-a-list-is-an-empty-list",
        item: "items_of",
        old: "Some(Value::Null) if !at.is_empty()",
        new: "None | Some(Value::Null)",
    },
    Bug {
        name: "unread-object-is-as-it-was-listed",
        item: "observe::put",
        old: "observed.unread.insert((kind.name.clone(), listed.remote), error)",
        new: "error",
    },
    Bug {
        name: "only-the-first-page-by-number",
        item: "is_last",
        old: "self.is_counted && !page.is_full",
        new: "self.is_counted || !empty",
    },
    Bug {
        name: "only-the-first-page-by-link",
        item: "Pages::next",
        old: "self.linked(page)",
        new: "Ok(None)",
    },
    Bug {
        name: "looping-cursor-ends-the-list",
        item: "Pages::next",
        old: "self.walk.lead_on(page.path, &token)?;",
        new: "if self.walk.lead_on(page.path, &token).is_err() { return Ok(None); }",
    },
    Bug {
        name: "empty-page-ends-the-list-before-its-total",
        item: "is_last",
        old: "Some(Pointer(at)) = total",
        new: "Some(Pointer(at)) = total.filter(|_| page.last.is_some())",
    },
    Bug {
        name: "repeated-items-count-twice",
        item: "is_last",
        old: "self.known",
        new: "self.items",
    },
    Bug {
        name: "repeated-items-are-two-objects",
        item: "read::join",
        old: "*same = vec![found]",
        new: "same.push(found)",
    },
    Bug {
        name: "list-that-lags-counts-more-than-the-id",
        item: "correct",
        old: "listed.push(live.clone()); true",
        new: "false",
    },
    Bug {
        name: "what-is-read-again-is-not-compared",
        item: "still_as_planned",
        old: "Some(reason) => Err(Outcome::conflict(reason))",
        new: "Some(_) => Ok(found.into_iter().next().and_then(|found| found.etag))",
    },
    Bug {
        name: "updates-not-read-again",
        item: "still_as_planned",
        old: "let name = &planned.change.id.name;",
        new: "let (name, change) = (&planned.change.id.name, planned.change);
        if change.action == crate::model::change::Action::Update
            && change.requests.iter().all(|request| !request.if_match)
        {
            return Ok(None);
        }",
    },
    Bug {
        name: "deletes-whatever-it-is-by-now",
        item: "PlannedChange::moved",
        old: "self.change.action == Action::Delete",
        new: "false",
    },
    Bug {
        name: "if-match-not-sent",
        item: "HttpTurn::send",
        old: "etag.filter(|_| matches)",
        new: "etag.filter(|_| matches && false)",
    },
    Bug {
        name: "if-match-of-the-plan",
        item: "still_as_planned",
        old: "found.into_iter().next().and_then(|found| found.etag)",
        new: "planned.change.seen.as_ref().and_then(|seen| seen.etag.clone())",
    },
    Bug {
        name: "if-match-of-before-the-look",
        item: "Progress::repeated",
        old: "etag: seen.etag",
        new: "etag: self.etag.or(seen.etag)",
    },
];
