//! Mistakes in what is read, and what is read again.

use super::Bug;

#[rustfmt::skip]
pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "list-failure-is-an-empty-list",
        file: "observe.rs",
        old: "            (kind.name.clone(), listing)\n",
        new: "            (kind.name.clone(), Ok(listing.unwrap_or_default()))\n",
    },
    Bug {
        name: "answer-without-a-list-is-an-empty-list",
        file: "system/defined/read.rs",
        old: "            Some(Value::Null) if !self.list.items.is_empty() => Vec::new(),\n",
        new: "            None | Some(Value::Null) => Vec::new(),\n",
    },
    Bug {
        name: "unread-object-is-as-it-was-listed",
        file: "observe.rs",
        old: "Err(error) => drop(observed.unread.insert((kind.name.clone(), listed.remote), error)),",
        new: "Err(_) => {}",
    },
    Bug {
        name: "only-the-first-page-by-number",
        file: "system/defined/read.rs",
        old: "        Ok(held >= total)\n",
        new: "        Ok(held <= total)\n",
    },
    Bug {
        name: "only-the-first-page-by-link",
        file: "system/defined/read.rs",
        old: "Some(link) => return self.linked(path, link).map(Some),",
        new: "Some(_) => return Ok(None),",
    },
    Bug {
        name: "looping-cursor-ends-the-list",
        file: "system/defined/read.rs",
        old: "        self.once(path, &token)?;\n",
        new: "        if self.once(path, &token).is_err() {
            return Ok(None);
        }\n",
    },
    Bug {
        name: "empty-page-ends-the-list-before-its-total",
        file: "system/defined/read.rs",
        old: "let Some(at) = total else { return Ok(empty) };",
        new: "let Some(at) = total.filter(|_| !empty) else { return Ok(empty) };",
    },
    Bug {
        name: "repeated-items-count-twice",
        file: "system/defined/read.rs",
        old: "let held = self.known.len() as u64;",
        new: "let held = self.items.len() as u64;",
    },
    Bug {
        name: "repeated-items-are-two-objects",
        file: "system/defined/read.rs",
        old: "            *same = vec![found];\n",
        new: "            same.push(found);\n",
    },
    Bug {
        name: "what-is-read-again-is-not-compared",
        file: "apply.rs",
        old: "            Some(reason) => Err(Outcome::Conflict { reason }),\n",
        new: "            Some(_) => Ok(found.into_iter().next().and_then(|found| found.etag)),\n",
    },
    Bug {
        name: "updates-not-read-again",
        file: "apply.rs",
        old: "        let target = self.target;
        let unplanned =
            || Outcome",
        new: "        if change.action == Action::Update && change.requests.iter().all(|request| !request.if_match) {
            return Ok(None);
        }
        let target = self.target;
        let unplanned =
            || Outcome",
    },
    Bug {
        name: "deletes-whatever-it-is-by-now",
        file: "apply.rs",
        old: "(planned.action == Action::Delete).then(|| moved_fields(run, kind, planned, live)).flatten()",
        new: "None",
    },
    Bug {
        name: "if-match-not-sent",
        file: "http.rs",
        old: r#"(matches, etag) => etag.filter(|_| matches).map(|etag| ("if-match", etag)),"#,
        new: "_ => None,",
    },
    Bug {
        name: "if-match-of-the-plan",
        file: "apply.rs",
        old: "            None => Ok(found.into_iter().next().and_then(|found| found.etag)),\n",
        new: "            None => Ok(change.seen.as_ref().and_then(|seen| seen.etag.clone())),\n",
    },
    Bug {
        name: "if-match-of-before-the-look",
        file: "apply.rs",
        old: "                    (etag, attempt) = (now, attempt + 1);\n",
        new: "                    (etag, attempt) = (etag.or(now), attempt + 1);\n",
    },
];
