//! The names of the files that import writes: they say what is in a file, in the letters of its language, and every
//! file system takes them for the same name.

use std::collections::BTreeSet;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use crate::text::spelling;

/// The longest name without its ending, in bytes. File systems take 255, and some of them count a letter and its mark
/// as two.
const MAX_LENGTH: usize = 120;

/// The names that are taken, as a file system without case sees them.
#[derive(Debug, Default)]
pub(super) struct FileNames(BTreeSet<String>);

impl FileNames {
    /// Beside these files. A new file may have the very name of one of them, and is then not written; but it must not
    /// differ only in case.
    pub(super) fn beside(taken: &[String]) -> Self {
        let stems = taken.iter().map(|name| name.strip_suffix(".yaml").unwrap_or(name));
        Self(stems.filter(|stem| **stem != folded(stem)).map(folded).collect())
    }

    /// A new name for the file of an object.
    pub(super) fn add(&mut self, kind: &str, name: &str) -> String {
        let words = words(name);
        let stem = format!("{}-{}", words_of(kind), if words.is_empty() { "unnamed" } else { &words });
        let stem = shortened(&stem);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = std::iter::once(stem.to_owned()).chain(numbered);
        let free = names.find(|name| self.0.insert(folded(name))).unwrap_or_else(|| stem.to_owned());
        format!("{free}.yaml")
    }
}

fn words_of(kind: &str) -> String {
    words(kind).replace('-', "")
}

/// Letters, their marks and digits in lower case; what is between them becomes a hyphen.
fn words(name: &str) -> String {
    let lower = spelling::look(&spelling::look(name).to_lowercase());
    let words = lower.split(|c| !belongs(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn belongs(character: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    character.is_alphanumeric() || GeneralCategoryGroup::Mark.contains(category)
}

fn shortened(stem: &str) -> &str {
    let ends = stem.char_indices().map(|(at, _)| at).chain([stem.len()]);
    let end = ends.take_while(|end| *end <= MAX_LENGTH).last().unwrap_or_default();
    stem.get(..end).unwrap_or(stem).trim_end_matches('-')
}

/// Upper case first: `ß` and `ss` are one name on some file systems.
fn folded(name: &str) -> String {
    spelling::look(&name.to_uppercase().to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_name_keeps_the_letters_of_its_language() {
        for (name, file) in [
            ("Warehouse syncs", "role-warehouse-syncs.yaml"),
            ("Käse & Brot", "role-käse-brot.yaml"),
            ("データ/閲覧", "role-データ-閲覧.yaml"),
            ("Администраторы", "role-администраторы.yaml"),
            ("हिन्दी", "role-हिन्दी.yaml"),
            ("../../etc/passwd", "role-etc-passwd.yaml"),
            ("nul", "role-nul.yaml"),
            ("🧀", "role-unnamed.yaml"),
        ] {
            assert_eq!(FileNames::default().add("Role", name), file);
        }
    }

    #[test]
    fn two_names_that_some_file_system_takes_for_one_get_numbers() {
        let mut names = FileNames::default();
        for (name, file) in [
            ("Straße", "role-straße.yaml"),
            ("STRASSE", "role-strasse-2.yaml"),
            ("strasse 2", "role-strasse-2-2.yaml"),
            ("Ops", "role-ops.yaml"),
            ("oPS!", "role-ops-2.yaml"),
        ] {
            assert_eq!(names.add("Role", name), file);
        }
    }

    #[test]
    fn a_file_that_is_there_is_no_twin_of_a_new_one() {
        let mut names = FileNames::beside(&["Role-Ops.yaml".to_owned(), "role-dev.yaml".to_owned()]);
        assert_eq!(names.add("Role", "ops"), "role-ops-2.yaml");
        assert_eq!(names.add("Role", "dev"), "role-dev.yaml", "import refuses to overwrite it");
    }

    proptest! {
        #[test]
        fn every_name_gets_a_safe_file_name_of_its_own(all in proptest::collection::vec("\\PC{0,20}|[aAsSßẞKſıIİ ._-]{0,4}|[\\pL\\pM]{200}", 1..8)) {
            let mut names = FileNames::default();
            let files: Vec<_> = all.iter().map(|name| names.add("Role", name)).collect();
            for file in &files {
                prop_assert!(file.len() <= 255 && file.starts_with("role-"), "{}", file);
                prop_assert_eq!(spelling::problem(file), None, "{}", file);
                let stem = file.strip_suffix(".yaml").unwrap();
                prop_assert!(stem.chars().all(|c| c == '-' || belongs(c)), "{}", file);
            }
            let folded: BTreeSet<_> = files.iter().map(|file| file.to_uppercase().to_lowercase()).collect();
            prop_assert_eq!(folded.len(), files.len());
        }
    }
}
