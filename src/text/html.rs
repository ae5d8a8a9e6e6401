//! Untrusted text in HTML.

/// The text of an element or an attribute. Every character that is not plain is written as a number, so that neither
/// HTML nor Markdown around it sees it.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in super::inline(text).chars() {
        if character.is_ascii_alphanumeric() || " -.".contains(character) {
            html.push(character);
        } else {
            html.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_sees_only_numbers() {
        assert_eq!(escaped("a</code>@b\u{1b}"), "a&#60;&#47;code&#62;&#64;b&#92;u&#123;1b&#125;");
    }
}
