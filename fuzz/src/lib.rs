//! What the fuzz targets share: a configuration, and the laws that hold for every diagnostic. Each target's own law is
//! in `targets`.

pub mod hostile;
pub mod markdown;
pub mod reply;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use enact::config::target::{Config, Target};
use enact::config::{self, Systems};
use enact::diagnostic::Diagnostic;
use enact::manifest::{Files, Manifest};
use enact::report::format::FORMATS;
use enact::report::style::Style;
use enact::report::{Report, diagnostics, json};
use enact::resolve::{Reading, Taken};
use enact::system::registry::Registry;
use enact::text::is_deceptive;
use enact::{defined, resolve};
use serde_json::Value;

/// The file name of every input.
pub const FILE: &str = "policies/input.yaml";

/// A target of every built-in system, and one of a defined system.
const CONFIG: &str = "\
apiVersion: enact/v1
kind: Config
manifests: [policies]
targets:
- {name: polytomic, system: polytomic, url: https://example.com, auth: {bearer: {env: X}}}
- name: jitsudo
  system: jitsudo
  url: https://example.com
  auth: {header: {name: X-API-Key, value: {env: X}}}
  settings: {tenant: 2489E9AD-2EE2-8E00-8EC9-32D5F69181C0}
- {name: compiuta, system: compiuta, url: https://example.com, auth: {bearer: {env: X}}}
- {name: mycloud, system: mycloud, url: https://example.com, auth: {header: {name: X-Api-Key, value: {env: X}}}}
- {name: paged, system: paged, url: https://example.com/api, auth: {bearer: {env: X}}}
";

/// The configuration, loaded once.
pub fn loaded() -> &'static Config {
    static LOADED: OnceLock<Config> = OnceLock::new();
    LOADED.get_or_init(|| {
        let mut diagnostics = Vec::new();
        let paged = defined::define("paged.yaml", include_str!("paged.yaml"), &mut diagnostics);
        let mut registry = Registry::built_in();
        let added = paged.map(|(row, _)| registry.add(row).is_ok());
        let systems = Systems::Known(Arc::new(registry));
        let loaded = config::load("enact.yaml", Path::new("."), CONFIG, systems, &mut diagnostics);
        assert_eq!(added, Some(true), "{diagnostics:#?}");
        loaded.unwrap_or_else(|| panic!("{diagnostics:#?}"))
    })
}

/// Takes manifests along the road as far as it goes without a network.
pub fn manifests(text: &str) -> (Vec<Arc<Manifest>>, Vec<Diagnostic>) {
    let loaded = loaded();
    let files = Files::from([(FILE.to_owned(), text.into())]);
    let mut diagnostics = Vec::new();
    let manifests =
        resolve::manifests(&loaded.registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let claims: Vec<_> = loaded.targets.iter().map(Target::claim).collect();
    let _ = resolve::desired(&claims, &Taken::of(&claims, &manifests), Default::default(), &mut diagnostics);
    (manifests, diagnostics)
}

/// JSON as YAML of the same meaning: every character that YAML does not take as it is becomes an escape.
pub fn yaml(value: &Value) -> String {
    let escaped = |c: char| if c < '\u{7f}' { c.to_string() } else { format!("\\U{:08X}", u32::from(c)) };
    value.to_string().chars().map(escaped).collect()
}

/// Every diagnostic lies in the text, is one line, and can be shown without driving the terminal.
pub fn check_diagnostics(text: &str, diagnostics: &[Diagnostic]) {
    let lines = lines(text);
    for diagnostic in diagnostics {
        let texts = [Some(&diagnostic.message), diagnostic.help.as_ref(), diagnostic.subject.as_ref()];
        assert!(!texts.into_iter().flatten().any(|text| text.contains(is_deceptive)), "{diagnostic:#?}");
        let Some(place) = &diagnostic.place else { continue };
        let length = place.line.checked_sub(1).and_then(|index| lines.get(index));
        let length = *length.unwrap_or_else(|| panic!("no such line: {diagnostic:#?}"));
        assert!((1..=length + 1).contains(&place.column), "no such column: {diagnostic:#?}");
        assert!((1..=(length + 1 - place.column).max(1)).contains(&place.width), "too wide: {diagnostic:#?}");
    }
    check_shown(diagnostics, text);
}

/// Diagnostics with any text can be shown, and each begins only its own lines.
pub fn check_shown(diagnostics: &[Diagnostic], text: &str) {
    let shown = diagnostics::render(diagnostics, &|_| Some(text.to_owned()), Some(80), false);
    assert!(!shown.contains(|c: char| !matches!(c, '\n' | '\t') && is_deceptive(c)), "{shown:?}");
    let titles = shown.lines().filter(|line| line.starts_with(['e', 'w'])).count();
    assert_eq!(titles, diagnostics.len().min(100), "{shown}");
}

/// Every format shows a report without driving the terminal, and shows no secret.
pub fn check_report(report: &Report, secret: &str) {
    let json = json::render(report);
    assert_eq!(
        serde_json::from_str::<Value>(&json).ok(),
        serde_json::to_value(json::document(report)).ok(),
        "{}",
        &*json
    );
    let style = Style { color: false, width: 80, wraps: true, verbose: true, summary: false, quiet: false };
    for shown in FORMATS.iter().map(|format| format.render(report, &style).to_string()) {
        assert!(!shown.contains(|c: char| !matches!(c, '\n' | '\t') && is_deceptive(c)), "{shown:?}");
        assert!(!shown.contains("##[") && !shown.contains("##vso["), "a CI runner reads it: {shown}");
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// How many characters each line has; an empty text has a line too.
fn lines(text: &str) -> Vec<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    text.split(['\n', '\r']).map(|line| line.chars().count()).collect()
}
