//! Checks that the JSON Schema of `enact.yaml` cannot express, and the rules that keep secrets out of its messages.
//!
//! Not here: reading the secrets, in `credential`.

use reqwest::Url;
use serde_json::Value;

use super::file::{Auth, ConfigFile, TargetConfig, UnmanagedRows};
use crate::diagnostic::{Code, Diagnostic};
use crate::http::transport::is_loopback;
use crate::manifest::yaml::{Document, Part};
use crate::model::kind::Kind;
use crate::model::unmanaged::{Except, ObjectPattern, UnmanagedRule};
use crate::system::body::list;
use crate::system::include::Include;
use crate::system::{Registered, Scheme};

/// Removes quotes from a message about invalid YAML: a password that begins with `*` is an alias, one that begins with
/// `!` is a tag.
pub(super) fn hide_quotes(diagnostic: &mut Diagnostic) {
    diagnostic.message = unquoted(&diagnostic.message);
}

/// Removes the value from a message about a credential.
pub(super) fn hide_credential(diagnostic: &mut Diagnostic) {
    let place = diagnostic.place.as_mut();
    let end = place.as_ref().and_then(|place| private(&place.path));
    if let (Some(place), Some(end)) = (place, end) {
        place.path.truncate(end);
    }
    match diagnostic.code {
        // Text in the place of a whole part: without the blank after a colon, `auth:SECRET` is that.
        Code::SchemaType if end.is_none() && is_collection(&diagnostic.message) => {
            diagnostic.message = unquoted(&diagnostic.message);
            diagnostic.help = diagnostic.help.as_deref().map(unquoted);
        }
        Code::SchemaMissingField => {}
        Code::SchemaUnknownField if end.is_some() => diagnostic.message = "unknown field".to_owned(),
        _ if end.is_some() => {
            diagnostic.message = "this is not a valid way to give a credential or a URL".to_owned();
            let help = "write `auth: {bearer: {env: NAME}}`; never put the secret itself in enact.yaml";
            diagnostic.help = Some(help.to_owned());
        }
        _ => {}
    }
}

/// Reports targets with the same name.
pub(super) fn check_twice(config: &ConfigFile, document: &Document) -> Vec<Diagnostic> {
    let rows = config.targets.iter().enumerate();
    let twice =
        rows.filter(|(index, row)| config.targets.iter().take(*index).any(|other| other.name == row.name));
    twice
        .map(|(index, row)| {
            Diagnostic::new(Code::ConfigTargetTwice, format!("the target `{}` is defined twice", row.name))
                .at(document.place(&format!("/targets/{index}/name")))
                .help("give each target its own name")
        })
        .collect()
}

/// The patterns of a target that are globs.
pub(super) fn includes(
    config: &TargetConfig,
    row: &Part<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Include> {
    let mut include = Include::default();
    for (index, pattern) in config.include.as_ref()?.iter().enumerate() {
        diagnostics.extend(include.add(pattern, row.place(&format!("/include/{index}"))).err());
    }
    Some(include)
}

/// What a target says about live objects that git does not declare. Without the kinds of its system, as of a revision,
/// only the form of a pattern is checked.
pub(super) fn unmanaged(
    config: &TargetConfig,
    row: &Part<'_>,
    kinds: Option<&[Kind]>,
    diagnostics: &mut Vec<Diagnostic>,
) -> UnmanagedRule {
    let UnmanagedRows { mode, except } = &config.unmanaged.0;
    let mut patterns = Vec::new();
    for (index, text) in except.iter().enumerate() {
        match pattern(text, kinds) {
            Ok(pattern) => patterns.push(pattern),
            Err(wrong) => diagnostics.push(wrong.at(row.place(&format!("/unmanaged/except/{index}")))),
        }
    }
    UnmanagedRule { mode: *mode, except: Except::list(patterns) }
}

fn pattern(text: &str, kinds: Option<&[Kind]>) -> Result<ObjectPattern, Diagnostic> {
    let wrong = |why: String, help: String| Diagnostic::new(Code::ConfigGlob, why).help(help);
    let pattern = ObjectPattern::new(text).map_err(|why| {
        let help = "write it as `Kind/name`, such as `Policy/legacy-*`";
        wrong(format!("`{text}` is not a glob over objects: {why}"), help.to_owned())
    })?;
    let names: Vec<_> = kinds.into_iter().flatten().map(|kind| kind.name.as_str()).collect();
    if kinds.is_none() || names.iter().any(|name| pattern.names_kind(name)) {
        return Ok(pattern);
    }
    let help = format!("the kinds of this target are {}", names.join(", "));
    Err(wrong(format!("`{text}` names no kind of this target"), help))
}

/// Takes a glob for everything in a folder as that folder. Any other glob is refused: a file that is read as a manifest
/// is never chosen by its name.
pub(super) fn folders(field: &str, entries: &mut [String], document: &Document) -> Vec<Diagnostic> {
    let mut refused = Vec::new();
    for (index, entry) in entries.iter_mut().enumerate() {
        let folder = ["/**/*", "/**", "/"].iter().find_map(|end| entry.strip_suffix(end));
        let folder = if entry == "**" { Some(".") } else { folder };
        if let Some(folder) = folder {
            *entry = folder.to_owned();
        }
        if entry.contains(['*', '?']) {
            let message =
                format!("`{entry}` in `{field}` is a glob, and only files and folders can be named there");
            let diagnostic = Diagnostic::new(Code::ConfigGlob, message);
            let place = document.place(&format!("/{field}/{index}"));
            refused.push(diagnostic.at(place).help(
                "name the folder: everything in it is read; which manifests a target takes is up to its `include`",
            ));
        }
    }
    refused
}

/// Checks that a credential is not sent unencrypted and is not part of the URL.
pub(super) fn check_url(field: &str, text: &str) -> Option<Diagnostic> {
    let wrong = |what: &str, help: &str| {
        Some(Diagnostic::new(Code::ConfigUrl, format!("`{field}` {what}")).help(help))
    };
    let Ok(url) = Url::parse(text) else {
        return wrong("is not a URL", "write it as `https://host`");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong(
            "contains a credential",
            "move it to `auth`, where it is read from a variable or a file",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment", "write only the scheme, the host and, if needed, a path");
    }
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => wrong("is not encrypted", "use https; http is only allowed for this machine"),
        _ => wrong("is not https", "write it as `https://host`"),
    }
}

/// Reports required settings if a target has no settings at all.
pub(super) fn missing_settings(system: &Registered, row: &Part<'_>) -> Option<Diagnostic> {
    let needed: Vec<_> = list(&system.settings, "required").iter().filter_map(Value::as_str).collect();
    let message = || format!("a {} target needs `settings` with `{}`", system.name, needed.join("`, `"));
    (!needed.is_empty()).then(|| {
        Diagnostic::new(Code::ConfigSettings, message())
            .at(row.place("/system"))
            .help("add them below `settings:`")
    })
}

/// How much of a path may be shown, if it leads to a place where somebody may have written a secret by mistake. Without
/// the blank after a colon, as in `bearer:SECRET`, the secret is part of a key, so the rest of the path is not shown.
fn private(path: &str) -> Option<usize> {
    let below = [".auth", ".secrets", "serve.hooks", "serve.notify", "serve.people"]
        .iter()
        .filter_map(|part| Some(path.find(part)? + part.len()));
    let odd_key = path.find("[\"");
    below.chain(odd_key).min().or_else(|| path.ends_with(".url").then_some(path.len()))
}

/// Whether a message is about something else in the place of a mapping or a list.
fn is_collection(message: &str) -> bool {
    message.starts_with("expected a mapping") || message.starts_with("expected a list")
}

/// A message without the values that it quotes.
fn unquoted(message: &str) -> String {
    match (message.find('`'), message.rfind('`')) {
        (Some(start), Some(end)) if start < end => {
            let around = [message.get(..=start), message.get(end..)];
            around.map(Option::unwrap_or_default).join("…")
        }
        _ => message.to_owned(),
    }
}

impl Auth {
    /// Checks that a secret is only sent where it is safe.
    pub(super) fn check(&self) -> Option<Diagnostic> {
        match self {
            Self::Oauth2 { token_url, .. } => check_url("token_url", token_url),
            Self::Bearer(_) | Self::Basic { .. } | Self::Header { .. } | Self::None => None,
        }
    }

    fn scheme(&self) -> Scheme {
        match self {
            Self::Bearer(_) | Self::Oauth2 { .. } => Scheme::Bearer,
            Self::Basic { .. } => Scheme::Basic,
            Self::Header { name, .. } => Scheme::Header(name.to_lowercase()),
            Self::None => Scheme::None,
        }
    }

    /// A diagnostic if a system does not accept this kind of credential.
    pub(super) fn refused_by(&self, system: &Registered) -> Option<Diagnostic> {
        let ways: Vec<_> = system.auth.iter().map(Scheme::lower).collect();
        let is_double = system.logs_in && matches!(self, Self::Oauth2 { .. });
        if !is_double && (ways.is_empty() || ways.contains(&self.scheme())) {
            return None;
        }
        let way = |scheme: &Scheme| match scheme {
            Scheme::Bearer if system.logs_in => "`bearer: {env: NAME}`".to_owned(),
            Scheme::Bearer => "`bearer: {env: NAME}` or `oauth2`".to_owned(),
            Scheme::Basic => "`basic: {username: NAME, password: {env: NAME}}`".to_owned(),
            Scheme::Header(name) => format!("`header: {{name: {name}, value: {{env: NAME}}}}`"),
            Scheme::None => "`none`".to_owned(),
        };
        let ways: Vec<_> = system.auth.iter().map(way).collect();
        let message = format!("`{}` does not accept this kind of credential", system.name);
        let diagnostic = Diagnostic::new(Code::ConfigAuth, message);
        Some(diagnostic.help(format!("write {} below `auth:`", ways.join(" or "))))
    }
}

impl Scheme {
    /// The same with header names in lower case, because they ignore case.
    fn lower(&self) -> Self {
        match self {
            Self::Header(name) => Self::Header(name.to_lowercase()),
            other => other.clone(),
        }
    }
}
