//! The structure that Markdown sees in a comment. The laws about it are in `targets/render.rs`.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The structure of a text, without the content of code.
pub fn structure(markdown: &str) -> Vec<String> {
    let mut in_fence = false;
    let shown = |event: Event<'_>| {
        match &event {
            Event::Start(Tag::CodeBlock(_)) => in_fence = true,
            Event::End(TagEnd::CodeBlock) => in_fence = false,
            _ => {}
        }
        match event {
            Event::Text(_) if in_fence => None,
            Event::Code(_) => Some("code".to_owned()),
            Event::Html(html) => Some(without_code(&html)),
            other => Some(format!("{other:?}")),
        }
    };
    Parser::new_ext(markdown, Options::all()).filter_map(shown).collect()
}

fn without_code(html: &str) -> String {
    let mut parts = html.split("<code>");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |text, part| {
        let (code, after) = part.split_once("</code>").unwrap_or_else(|| panic!("code is left open: {html}"));
        assert!(code.chars().all(|c| c.is_ascii_alphanumeric() || " -.&#;".contains(c)), "{code}");
        text + after
    })
}
