//! `enact explain`: what a kind of object, a field or a diagnostic means. The pages of fields are made in
//! `schema::explain`.

use clap::Args;
use serde_json::Value;

use super::args::Global;
use crate::catalog;
use crate::diagnostic::{Code, Diagnostic, Severity, nearest};
use crate::model::kind::api_version;
use crate::report::content::{Content, PageContent};
use crate::report::{Exit, Report};
use crate::schema::explain::{UnknownField, page, wrapped};
use crate::system::registry::Registry;
use crate::text::short;

#[derive(Args)]
pub(super) struct Explain {
    /// A kind, such as `Policy` or `jitsudo/Policy`, with a field after it, such as `Policy.metadata.expires`; a file of
    /// enact, such as `Config.targets`; or the code of a diagnostic, such as `schema/type`
    #[arg(value_name = "KIND[.FIELD]|CODE", required_unless_present = "all")]
    what: Option<String>,
    /// Every kind and file with every field, as a page in Markdown
    #[arg(long, conflicts_with = "what")]
    all: bool,
}

/// What can be explained: its name, with its system if it has one, and its schema.
struct Topic {
    name: String,
    /// Before the name, if more than one kind has it.
    system: Option<String>,
    schema: Value,
}

impl Explain {
    pub(super) fn run(self, global: &Global) -> Report {
        let mut report = Report::of("explain");
        let what = self.what.unwrap_or_default();
        let text = match Code::ALL.iter().find(|code| code.text() == what) {
            // Where nothing else works, this one has to.
            Some(code) => Ok(of_code(*code)),
            None => {
                let registry = global.registry(&mut report.files, &mut report.diagnostics);
                let Some(registry) = registry else { return report };
                match self.all {
                    true => Ok(catalog::reference(&registry)),
                    false => of_kind(&what, &topics(&registry)),
                }
            }
        };
        match text {
            Ok(text) => report.content = Content::Page(PageContent { name: what, text }),
            Err(diagnostic) => report.diagnostics.push(diagnostic),
        }
        report
    }
}

fn of_code(code: Code) -> String {
    let exit = Exit::of(code.class()) as u8;
    let weight = match (code.severity(), code.is_refused_by_apply()) {
        (Severity::Error, _) => format!("an error: the run ends with exit code {exit}"),
        (Severity::Warning, true) => format!("a warning, for which apply ends with exit code {exit}"),
        (Severity::Warning, false) => "a warning: the run goes on".to_owned(),
    };
    format!("{code}\n{weight}\n\n{}", wrapped(code.explanation(), "  "))
}

/// The pages of all kinds of that name.
fn of_kind(what: &str, topics: &[Topic]) -> Result<String, Diagnostic> {
    let mut parts = what.split('.');
    let first = parts.next().unwrap_or_default();
    let path: Vec<_> = parts.collect();
    let (system, name) = first.split_once('/').map_or((None, first), |(system, name)| (Some(system), name));
    let is_meant = |topic: &&Topic| {
        topic.name == name && system.is_none_or(|system| topic.system.as_deref() == Some(system))
    };
    let meant: Vec<_> = topics.iter().filter(is_meant).collect();
    let pages: Vec<_> = meant.iter().map(|topic| topic.page(&path)).collect();
    let (pages, wrong): (Vec<_>, Vec<_>) = pages.into_iter().partition(Result::is_ok);
    let pages: Vec<_> = pages.into_iter().flatten().collect();
    // A field of one of several kinds is enough; if there is none, the one of which most was found is meant.
    let nearest = wrong.into_iter().filter_map(Result::err).max_by_key(|(_, wrong)| wrong.depth);
    match (pages.is_empty(), nearest) {
        (false, _) => Ok(pages.join("\n")),
        (true, None) => Err(unknown(first, topics)),
        (true, Some((title, UnknownField { field, help, .. }))) => {
            let message = format!("{title} has no field `{}`", short(&field));
            Err(Diagnostic::new(Code::CliTopic, message).help(help))
        }
    }
}

impl Topic {
    fn full_name(&self) -> String {
        self.system.as_ref().map_or_else(|| self.name.clone(), |system| format!("{system}/{}", self.name))
    }

    /// The page of a field, or its kind with what that does not have.
    fn page(&self, path: &[&str]) -> Result<String, (String, UnknownField)> {
        let title = match &self.system {
            Some(system) => format!("{} ({})", self.name, api_version(system)),
            None => self.name.clone(),
        };
        let whole = page(&title, &self.schema, path);
        // The fields of a spec can be named without it.
        let spec = [&["spec"], path].concat();
        let found = whole.or_else(|wrong| match (&self.system, path) {
            (Some(_), [_, ..]) => page(&title, &self.schema, &spec).map_err(|in_spec| {
                let in_spec = UnknownField { depth: in_spec.depth.saturating_sub(1), ..in_spec };
                if wrong.depth > in_spec.depth { wrong } else { in_spec }
            }),
            _ => Err(wrong),
        });
        found.map_err(|wrong| (title, wrong))
    }
}

fn unknown(what: &str, topics: &[Topic]) -> Diagnostic {
    let names: Vec<_> = topics.iter().map(Topic::full_name).collect();
    let short_names = topics.iter().map(|topic| topic.name.as_str());
    let codes = Code::ALL.iter().map(|code| code.text());
    let all = names.iter().map(String::as_str).chain(short_names).chain(codes);
    let help = nearest(what, all).map_or_else(
        || format!("name one of {}, or the code of a diagnostic", names.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::new(Code::CliTopic, format!("`{}` is neither a kind nor a code", short(what))).help(help)
}

fn topics(registry: &Registry) -> Vec<Topic> {
    let kinds = catalog::kinds(registry).map(|(system, kind, schema)| Topic {
        name: kind.to_owned(),
        system: Some(system.to_owned()),
        schema,
    });
    let files = catalog::files(registry).into_iter().map(|(name, schema)| Topic {
        name: catalog::file_kind(name, &schema).to_owned(),
        system: None,
        schema,
    });
    kinds.chain(files).collect()
}
