//! What is around every page.

use maud::{DOCTYPE, Markup, html};

use crate::config::file::Role;
use crate::serve::door::Visitor;
use crate::text::inert::Inert;

/// How the pages look, after the style of a report, whose parts they hold.
pub(in crate::serve) const STYLE: &str = include_str!("pages.css");
/// What keeps an open page up to date.
pub(in crate::serve) const SCRIPT: &str = include_str!("live.js");
/// The sign in the browser's tab.
pub(in crate::serve) const ICON: &str = include_str!("icon.svg");

/// Whom a page is for.
#[derive(Clone, Copy)]
pub(in crate::serve) struct Frame<'a> {
    /// `None` if somebody still has to log in, or may not.
    pub(in crate::serve) visitor: Option<&'a Visitor>,
    /// Whether the page is to follow what happens.
    pub(in crate::serve) is_live: bool,
}

/// A whole page.
pub(in crate::serve) fn page(title: &str, frame: Frame<'_>, main: &Markup) -> Inert {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · enact" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/pages.css";
                @if frame.is_live { script src="/assets/live.js" defer {} }
            }
            body {
                a.skip href="#main" { "Skip to content" }
                header.bar {
                    a.brand href="/" { "enact" }
                    @if let Some(visitor) = frame.visitor { (who(visitor)) }
                }
                main #main tabindex="-1" { (main) }
            }
        }
    };
    Inert::text(&page.into_string())
}

fn who(visitor: &Visitor) -> Markup {
    let role = match visitor.role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
    };
    html! {
        @if let Some(name) = &visitor.name { span.who { (name) " · " (role) } }
        @if visitor.has_session {
            form method="post" action="/logout" {
                input type="hidden" name="seal" value=(visitor.seal);
                button.quiet { "Log out" }
            }
        }
    }
}
