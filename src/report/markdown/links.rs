//! Links of a comment to what its reviewer wants to see: the line of a file at the commit, the commit, the job.

use crate::diagnostic::Place;
use crate::report::Report;
use crate::report::forge::Forge;
use crate::text::markdown::code;

/// Where the things of one report can be looked at.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    forge: Option<&'a Forge>,
    /// The commit of the manifests.
    commit: Option<&'a str>,
}

impl<'a> Links<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        Self { forge: report.forge.as_ref(), commit: report.commit.as_deref() }
    }

    /// A text as code, which leads to this place where there is a page of it.
    pub(super) fn to(self, text: &str, place: Option<&Place>) -> String {
        let page = place.and_then(|place| self.forge?.line(self.commit?, &place.file, place.line));
        link(code(text), page)
    }

    /// A commit, which leads to its page.
    pub(super) fn to_commit(self, commit: &str) -> String {
        link(code(commit), self.forge.and_then(|forge| forge.commit(commit)))
    }

    /// The job that made the comment.
    pub(super) fn to_job(self) -> Option<String> {
        Some(link("this run".to_owned(), Some(self.forge?.job()?)))
    }
}

fn link(text: String, page: Option<String>) -> String {
    match page {
        Some(page) => format!("[{text}]({page})"),
        None => text,
    }
}
