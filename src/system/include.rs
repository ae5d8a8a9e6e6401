//! Which manifests a target takes, by their paths: the patterns of `include` in `enact.yaml`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::diagnostic::{Code, Diagnostic, Place};

/// Patterns over paths, in any order: what a pattern matches, without what a pattern after `!` matches. If there are
/// only patterns after `!`, everything else.
#[derive(Debug, Default)]
pub struct Include(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    text: String,
    place: Place,
    takes_away: bool,
    /// The path itself, and everything below it: a folder means what is in it.
    globs: GlobSet,
}

impl Include {
    /// Adds a pattern as it is written.
    pub fn add(&mut self, text: &str, place: Place) -> Result<(), Diagnostic> {
        let (pattern, takes_away) = text.strip_prefix('!').map_or((text, false), |pattern| (pattern, true));
        let path = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        let globs = globs(path).map_err(|error| {
            Diagnostic::new(Code::ConfigGlob, format!("`{text}` is not a glob: {}", error.kind()))
                .at(place.clone())
        })?;
        self.0.push(Pattern { text: text.to_owned(), place, takes_away, globs });
        Ok(())
    }

    /// Whether a manifest at this path is taken.
    pub fn takes(&self, path: &str) -> bool {
        let matches = |pattern: &&Pattern| pattern.globs.is_match(path);
        let (away, named): (Vec<_>, Vec<_>) = self.0.iter().partition(|pattern| pattern.takes_away);
        (named.is_empty() || named.iter().any(matches)) && !away.iter().any(matches)
    }

    /// Warns about patterns that match none of these paths: most likely they are misspelt.
    pub fn unused<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> Vec<Diagnostic> {
        let unused = |pattern: &&Pattern| !paths.clone().any(|path| pattern.globs.is_match(path));
        let warn = |pattern: &Pattern| {
            let message = format!("`{}` in `include` matches no manifest", pattern.text);
            Diagnostic::new(Code::ConfigIncludeUnused, message)
                .at(pattern.place.clone())
                .help("paths are relative to the folder of enact.yaml; `**` stands for any number of folders")
        };
        self.0.iter().filter(unused).map(warn).collect()
    }
}

fn globs(path: &str) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in [path, &format!("{path}/**")] {
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    set.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn include(patterns: &[&str]) -> Include {
        let mut include = Include::default();
        for pattern in patterns {
            let place =
                Place { file: "enact.yaml".to_owned(), line: 1, column: 1, width: 1, path: String::new() };
            include.add(pattern, place).unwrap();
        }
        include
    }

    fn taken(patterns: &[&str]) -> String {
        let include = include(patterns);
        let paths = ["p/a/x.yaml", "p/a/b/x.yaml", "p/prod/x.yaml", "q/x.yaml", "p/a.yaml"];
        paths.into_iter().filter(|path| include.takes(path)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_folder_means_everything_in_it() {
        let all = "p/a/x.yaml p/a/b/x.yaml";
        for pattern in ["p/a", "p/a/", "./p/a", "p/a/**"] {
            assert_eq!(taken(&[pattern]), all, "{pattern}");
        }
        assert_eq!(taken(&["p/a/*.yaml"]), "p/a/x.yaml", "one star does not cross a folder");
        assert_eq!(taken(&["p/*"]), "p/a/x.yaml p/a/b/x.yaml p/prod/x.yaml p/a.yaml");
    }

    #[test]
    fn a_pattern_after_an_exclamation_mark_takes_away_wherever_it_stands() {
        assert_eq!(taken(&["p", "!p/prod/**"]), "p/a/x.yaml p/a/b/x.yaml p/a.yaml");
        assert_eq!(taken(&["!p/prod/**", "p"]), "p/a/x.yaml p/a/b/x.yaml p/a.yaml");
        assert_eq!(taken(&["!p/prod"]), "p/a/x.yaml p/a/b/x.yaml q/x.yaml p/a.yaml", "all but those");
        assert_eq!(taken(&["!p/prod", "!q"]), "p/a/x.yaml p/a/b/x.yaml p/a.yaml");
        assert_eq!(taken(&[]), "p/a/x.yaml p/a/b/x.yaml p/prod/x.yaml q/x.yaml p/a.yaml");
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_named() {
        let unused = include(&["p", "polices/**", "!p/prd"]).unused(["p/x.yaml"].into_iter());
        let messages: Vec<_> = unused.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        let none = "in `include` matches no manifest";
        assert_eq!(messages, [format!("`polices/**` {none}"), format!("`!p/prd` {none}")]);
    }
}
