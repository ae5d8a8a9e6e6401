//! Where somebody proves who they are, and what is said to those who may not look.

use maud::{Markup, html};

/// The form. `wrong` is why the last try failed.
pub(in crate::serve) fn form(wrong: Option<&str>) -> Markup {
    html! {
        div.narrow {
            h1 { "Log in" }
            @if let Some(wrong) = wrong { p.note.error role="alert" { (wrong) } }
            form.stack method="post" action="/login" {
                label for="token" { "Token" }
                input #token type="password" name="token" autocomplete="current-password" required autofocus;
                button.main { "Log in" }
            }
        }
    }
}

/// A page with one thing to say.
pub(in crate::serve) fn notice(title: &str, text: &str, back: Option<&str>) -> Markup {
    html! {
        div.narrow {
            h1 { (title) }
            p { (text) }
            @if let Some(back) = back { p { a href=(back) { "Back" } } }
        }
    }
}
