//! Untrusted text in HTML and XML: a document is built from tags that we name, and everything else is escaped.

use super::{inline, inline_with_tabs};

/// The text of an element or an attribute. Every character that is not plain is written as a number, so that neither
/// HTML nor Markdown around it sees it.
pub fn escaped(text: &str) -> String {
    numbered(&inline(text))
}

fn numbered(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || " -.".contains(character) {
            html.push(character);
        } else if matches!(character, '\u{fffe}' | '\u{ffff}') {
            // No XML document may hold these, not even as a number.
            html.push_str("&#65533;");
        } else {
            html.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    html
}

/// The start of an element. Its names are ours; what its attributes say is escaped.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tag {
    name: &'static str,
    start: String,
}

impl Tag {
    /// An element without attributes.
    pub fn new(name: &'static str) -> Self {
        Self { name, start: format!("<{name}") }
    }

    /// The same with one more attribute.
    pub fn with(mut self, attribute: &'static str, value: &str) -> Self {
        self.start.push_str(&format!(" {attribute}=\"{}\"", escaped(value)));
        self
    }

    /// The same with a class.
    pub fn class(self, class: &str) -> Self {
        self.with("class", class)
    }
}

/// A document in the making. Nothing gets into it as markup but tags that we name.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// The document.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Adds an element and what is in it.
    pub fn element(&mut self, tag: Tag, content: impl FnOnce(&mut Self)) {
        self.0.push_str(&format!("{}>", tag.start));
        content(self);
        self.0.push_str(&format!("</{}>", tag.name));
    }

    /// The same on lines of its own, for those who read the source.
    pub fn block(&mut self, tag: Tag, content: impl FnOnce(&mut Self)) {
        self.element(tag, |page| {
            page.0.push('\n');
            content(page);
        });
        self.0.push('\n');
    }

    /// Adds an element with a text, and a line feed.
    pub fn line(&mut self, tag: Tag, text: &str) {
        self.element(tag, |page| page.say(text));
        self.0.push('\n');
    }

    /// Adds an element with a text.
    pub fn span(&mut self, tag: Tag, text: &str) {
        self.element(tag, |page| page.say(text));
    }

    /// Adds an element without an end, as HTML has some.
    pub fn void(&mut self, tag: Tag) {
        self.0.push_str(&format!("{}/>\n", tag.start));
    }

    /// Adds text. Tabs stay.
    pub fn say(&mut self, text: &str) {
        self.0.push_str(&numbered(&inline_with_tabs(text)));
    }

    /// Adds lines of text, each with a line feed, for an element that keeps them.
    pub fn lines<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        for line in lines {
            self.say(line);
            self.0.push('\n');
        }
    }

    /// Adds what is markup itself, and part of the program.
    pub fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_sees_only_numbers() {
        assert_eq!(escaped("a</code>@b\u{1b}"), "a&#60;&#47;code&#62;&#64;b&#92;u&#123;1b&#125;");
    }

    #[test]
    fn nothing_leaves_its_element() {
        let mut page = Markup::default();
        page.block(Tag::new("p").class("\" onclick=\"x"), |page| {
            page.say("</p>\t");
            page.lines(["<b>", "&"]);
        });
        assert_eq!(
            page.text(),
            "<p class=\"&#34; onclick&#61;&#34;x\">\n&#60;&#47;p&#62;&#9;&#60;b&#62;\n&#38;\n</p>\n"
        );
    }
}
