//! The headers of a definition: which ones it may set, and their values as templates. Not here: credentials, which are
//! never in a definition.

use crate::defined::definition::{AnswerPlaceForm, Definition};
use crate::defined::problems::Problems;
use crate::defined::settings::Settings;
use crate::defined::template::{Placeholder, Template};
use crate::diagnostic::Code;
use crate::model::answer::AnswerPlace;

/// Headers that authenticate a request, say where it goes, or how it is sent.
const RESERVED: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "if-none-match",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// The headers of every request, by their names in lower case.
pub(super) fn compile(
    definition: &Definition,
    settings: &Settings,
    problems: &mut Problems<'_>,
) -> Vec<(String, Template)> {
    let mut headers: Vec<(String, Template)> = Vec::new();
    for (name, text) in &definition.headers {
        let at = format!("/headers/{name}");
        check_name(name, &at, problems);
        if headers.iter().any(|(known, _)| *known == name.to_lowercase()) {
            let message = format!("the header `{name}` is given twice, because headers ignore case");
            problems.report(&at, Code::SystemHeader, message, "keep one of them");
        }
        if let Some(template) = value(text, &at, settings, problems) {
            headers.push((name.to_lowercase(), template));
        }
    }
    headers
}

fn value(text: &str, at: &str, settings: &Settings, problems: &mut Problems<'_>) -> Option<Template> {
    let template = match Template::new(text) {
        Ok(template) => template,
        Err(problem) => {
            let help = "write a setting as `{settings.NAME}`";
            problems.report(at, Code::SystemTemplate, format!("`{text}` {problem}"), help);
            return None;
        }
    };
    for placeholder in template.placeholders() {
        let problem = match placeholder {
            Placeholder::Setting(name) => settings.problem(name),
            Placeholder::Id | Placeholder::NamePart(_) => {
                Some(("a header can only contain settings".to_owned(), "write `{settings.NAME}`".to_owned()))
            }
        };
        if let Some((message, help)) = problem {
            problems.report(at, Code::SystemTemplate, message, help);
        }
    }
    Some(template)
}

/// Refuses a header that a definition may not set.
pub(super) fn check_name(name: &str, at: &str, problems: &mut Problems<'_>) {
    let wrong = if !is_token(name) {
        "is not the name of a header"
    } else if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        "is set by enact"
    } else {
        return;
    };
    let help = "remove this header; a credential is given with `auth` in enact.yaml";
    problems.report(at, Code::SystemHeader, format!("`{name}` {wrong}"), help);
}

/// Where an answer has something. The name of a header in it is one, or the diagnostic has this code.
pub(super) fn answer_place(
    form: &AnswerPlaceForm,
    at: &str,
    code: Code,
    problems: &mut Problems<'_>,
) -> AnswerPlace {
    match form {
        AnswerPlaceForm::At(place) => AnswerPlace::At(place.0.clone()),
        AnswerPlaceForm::Header { header } => {
            if !is_token(header) {
                let message = format!("`{header}` is not the name of a header");
                problems.report(&format!("{at}/header"), code, message, "name a header of the answer");
            }
            AnswerPlace::Header(header.clone())
        }
    }
}

/// Whether a text is a token, as the name of a header must be (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let is_token_character = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_header_is_a_token() {
        for name in ["X-Tenant", "x_1", "!#$%&'*+-.^_`|~"] {
            assert!(is_token(name), "{name}");
        }
        for name in ["", "X Tenant", "X:", "X\r\nY", "é", "a/b", "(a)", "a\u{7f}"] {
            assert!(!is_token(name), "{name}");
        }
    }

    #[test]
    fn what_is_a_token_is_what_http_takes() {
        for byte in 0..=u8::MAX {
            let text = char::from(byte).to_string();
            let taken = reqwest::header::HeaderName::from_bytes(text.as_bytes()).is_ok();
            assert_eq!(is_token(&text), taken, "{text:?}");
        }
    }
}
