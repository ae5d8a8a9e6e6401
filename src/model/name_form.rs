//! Names that are made of parts, such as `{user}@{vhost}` for the permissions of a user in a virtual host.
//!
//! Every list of parts has exactly one name, and every name one list of parts: the first character of a separator, or `%`, is
//! percent-encoded inside a part, so that no separator begins in one. Not here: where an API's objects hold the parts, in `defined`.

use std::fmt::Write as _;

/// How the names of a kind are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameForm {
    /// In the order of the name; never empty.
    parts: Vec<NamePart>,
    /// The texts between the parts: one fewer than parts, none of them empty.
    separators: Vec<String>,
}

/// One part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart {
    /// What it is called, such as `vhost`.
    pub label: String,
    /// The kind whose objects it names, if any.
    pub kind: Option<String>,
}

impl Default for NameForm {
    /// A name of a single part.
    fn default() -> Self {
        Self { parts: vec![NamePart { label: "name".to_owned(), kind: None }], separators: Vec::new() }
    }
}

impl NameForm {
    /// Reads a template such as `{user}@{vhost}`; `kind` says what a part names.
    pub fn new(template: &str, kind: impl Fn(&str) -> Option<String>) -> Result<Self, &'static str> {
        let mut form = Self { parts: Vec::new(), separators: Vec::new() };
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (label, after) = after.split_once('}').ok_or("has a `{` without a `}`")?;
            match (form.parts.is_empty(), before.is_empty()) {
                (true, false) => return Err("has text before its first part"),
                (false, true) => return Err("has nothing between two parts"),
                (true, true) => {}
                (false, false) => form.separators.push(before.to_owned()),
            }
            // They are in what is percent-encoded, too.
            if before.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                return Err("has a letter or a digit right after a part");
            }
            if before.contains(['%', '}']) {
                return Err("has a `%` or a lone `}` between its parts");
            }
            form.parts.push(NamePart { label: label.to_owned(), kind: kind(label) });
            rest = after;
        }
        match (form.parts.is_empty(), rest.is_empty()) {
            (true, _) => Err("has no part"),
            (_, false) => Err("has text after its last part"),
            _ => Ok(form),
        }
    }

    /// Its parts, in order.
    pub fn parts(&self) -> &[NamePart] {
        &self.parts
    }

    /// The name with these parts, in order.
    pub fn join<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> String {
        let separators = [""].into_iter().chain(self.separators.iter().map(String::as_str));
        separators.zip(values).fold(String::new(), |mut name, (separator, value)| {
            name.push_str(separator);
            name.push_str(&self.escaped(value));
            name
        })
    }

    /// The parts of a name, in order; `None` if it does not have this form.
    pub fn split(&self, name: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        let mut rest = name;
        for separator in &self.separators {
            let (value, after) = rest.split_once(separator.as_str())?;
            values.push(self.unescaped(value)?);
            rest = after;
        }
        values.push(self.unescaped(rest)?);
        let one_spelling = self.join(values.iter().map(String::as_str)) == name;
        let plain = |value: &String| !value.is_empty() && value != "." && value != "..";
        (one_spelling && values.iter().all(plain)).then_some(values)
    }

    /// The names of other objects inside a name, each with its kind.
    pub fn named(&self, name: &str) -> Vec<(&str, String)> {
        let values = self.split(name).unwrap_or_default();
        let parts = self.parts.iter().zip(values);
        parts.filter_map(|(part, value)| Some((part.kind.as_deref()?, value))).collect()
    }

    /// What such a name looks like, as a regular expression; `None` if every name is valid.
    pub fn pattern(&self) -> Option<String> {
        if self.separators.is_empty() {
            return None;
        }
        let special = self.special();
        let escapes: Vec<_> = special.chars().map(|c| escape(c, String::new())).collect();
        let plain: String = special.chars().map(quoted).collect();
        // A part may be a whole path segment, where one or two dots would lead elsewhere.
        let ends = plain.replace('%', "");
        let part = format!("(?!\\.{{1,2}}(?:[{ends}]|$))(?:[^{plain}]|{})+", escapes.join("|"));
        let rest: String = self
            .separators
            .iter()
            .map(|separator| format!("{}{part}", separator.chars().map(quoted).collect::<String>()))
            .collect();
        Some(format!("^{part}{rest}$"))
    }

    /// The characters that are percent-encoded in a part.
    fn special(&self) -> String {
        let mut special: Vec<_> = self.separators.iter().filter_map(|text| text.chars().next()).collect();
        special.push('%');
        special.sort_unstable();
        special.dedup();
        special.into_iter().collect()
    }

    fn escaped(&self, value: &str) -> String {
        if self.separators.is_empty() {
            return value.to_owned();
        }
        let special = self.special();
        value.chars().fold(String::new(), |mut out, c| {
            if special.contains(c) {
                return escape(c, out);
            }
            out.push(c);
            out
        })
    }

    fn unescaped(&self, value: &str) -> Option<String> {
        if self.separators.is_empty() {
            return Some(value.to_owned());
        }
        let mut bytes = Vec::new();
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('%') {
            bytes.extend_from_slice(before.as_bytes());
            bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
            rest = after.get(2..)?;
        }
        bytes.extend_from_slice(rest.as_bytes());
        String::from_utf8(bytes).ok()
    }
}

/// A character escaped for a regular expression, inside a set or outside, in the dialect of every editor.
fn quoted(c: char) -> String {
    if "\\.+*?()|[]{}^$/-".contains(c) { format!("\\{c}") } else { c.to_string() }
}

/// Percent-encodes one character at the end of a text.
fn escape(c: char, out: String) -> String {
    let mut buffer = [0; 4];
    c.encode_utf8(&mut buffer).bytes().fold(out, |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(template: &str) -> NameForm {
        NameForm::new(template, |label| (label == "vhost").then(|| "VirtualHost".to_owned())).unwrap()
    }

    #[test]
    fn a_name_of_parts_names_other_objects() {
        let form = form("{user}@{vhost}");
        assert_eq!(form.join(["a@b", "/"]), "a%40b@/");
        assert_eq!(form.split("a%40b@/"), Some(vec!["a@b".to_owned(), "/".to_owned()]));
        assert_eq!(form.named("app@prod"), [("VirtualHost", "prod".to_owned())]);
    }

    #[test]
    fn a_name_in_another_form_has_no_parts() {
        let form = form("{user}@{vhost}");
        for name in ["app", "@prod", "app@", "a@b@c", "a%@b", "a%zz@b", "a%62@b", "a%c3@b", "..@b", "a@."] {
            assert_eq!(form.split(name), None, "{name}");
        }
        assert_eq!(NameForm::default().split("a%40@b"), Some(vec!["a%40@b".to_owned()]), "only a name");
    }

    #[test]
    fn the_letters_of_a_separator_stay_letters_in_a_part() {
        let form = form("{user} has {role} in {vhost}");
        let parts = ["hannah in has", "admin", "web"];
        assert_eq!(form.join(parts), "hannah%20in%20has has admin in web");
        assert_eq!(form.split(&form.join(parts)), Some(parts.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_template_without_order_is_refused() {
        for template in ["", "x", "{a}{b}", "x{a}", "{a}x", "{a", "{a}%{b}", "{a}4{b}", "{a}of {b}"] {
            assert!(NameForm::new(template, |_| None).is_err(), "{template}");
        }
    }

    proptest! {
        #[test]
        fn parts_come_back_and_the_pattern_agrees(a in "[^\\p{C}]{1,8}", b in "[^\\p{C}]{1,8}", c in "[a-z/:%@ ]{1,6}") {
            let dots = |part: &str| part == "." || part == "..";
            prop_assume!(![a.as_str(), &b, &c].into_iter().any(dots));
            let form = form("{user}@{vhost} of: {c}");
            let name = form.join([a.as_str(), &b, &c]);
            prop_assert_eq!(form.split(&name), Some(vec![a, b, c]));
            let schema = serde_json::json!({"pattern": form.pattern()});
            prop_assert!(jsonschema::is_valid(&schema, &serde_json::json!(name)));
        }

        #[test]
        fn what_the_pattern_takes_has_parts(name in "[ab.@%40:]{1,10}") {
            let form = form("{user}@{vhost}");
            let taken = jsonschema::is_valid(&serde_json::json!({"pattern": form.pattern()}), &serde_json::json!(name));
            prop_assert_eq!(form.split(&name).is_some(), taken);
        }
    }
}
