//! The path of an object in a record: `objects/<2 hex>/<kind>/<name>`.

use crate::digest::digest;

/// The folder of all objects.
pub const OBJECTS: &str = "objects";
/// The file of the run.
pub const RUN: &str = "run.json";
/// The file of the live objects that git did not declare.
pub const UNMANAGED: &str = "unmanaged.json";
/// What git declared for an object, in its folder.
pub const DECLARED: &str = "declared.json";
/// What enact knows of an object, in its folder.
pub const META: &str = "meta.json";

/// A longer part of a path is cut, and gets a digest.
const MAX_PART: usize = 120;
/// How many hex digits of the digest a cut part has: enough for no two names to meet.
const DIGEST: usize = 32;

/// The folder of an object. Two objects never share one, whatever their names; the exact name is in its `meta.json`. The
/// first part only spreads the objects over folders that are small enough for git to write quickly.
pub fn folder(kind: &str, name: &str) -> String {
    let spread = hex(&format!("{kind}\n{name}"), 2);
    format!("{OBJECTS}/{spread}/{}/{}", part(kind), part(name))
}

/// Splits the path of a file into the folder of its object and its own name.
pub fn split(path: &str) -> Option<(&str, &str)> {
    path.rsplit_once('/')
}

/// A part of a path: percent-encoded except for `[a-z0-9_-]`, so that it is the same on every file system.
fn part(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    if encoded.len() <= MAX_PART {
        return encoded;
    }
    // No encoded text holds a dot, so no name that is not cut can be the same.
    let kept = MAX_PART - DIGEST - 1;
    let end = (kept.saturating_sub(2)..=kept).rev().find(|end| is_whole(&encoded, *end)).unwrap_or_default();
    format!("{}.{}", encoded.get(..end).unwrap_or_default(), hex(text, DIGEST))
}

/// Whether no percent-encoded byte is cut there.
fn is_whole(encoded: &str, end: usize) -> bool {
    let before = encoded.get(..end).unwrap_or_default();
    !before.ends_with('%') && before.rsplit_once('%').is_none_or(|(_, after)| after.len() >= 2)
}

fn hex(text: &str, digits: usize) -> String {
    let digest = digest(text);
    digest.trim_start_matches("sha256:").chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_readable_and_the_same_everywhere() {
        let folder = folder("Policy", "Warehouse syncs");
        assert!(folder.ends_with("/%50olicy/%57arehouse%20syncs"), "{folder}");
        assert_eq!(folder.len(), "objects/00/%50olicy/%57arehouse%20syncs".len());
    }

    #[test]
    fn names_that_differ_only_in_case_or_are_hostile_have_their_own_folders() {
        let names = ["a", "A", "..", ".", "a/b", "a%2Fb", "a\\b", "con", "ä", "a\u{308}", " a", "a "];
        let folders: BTreeMap<_, _> =
            names.iter().map(|name| (folder("Role", name).to_lowercase(), name)).collect();
        assert_eq!(folders.len(), names.len());
        for folder in folders.keys() {
            assert_eq!(folder.split('/').count(), 4, "{folder}");
            assert!(!folder.split('/').any(|part| part.is_empty() || part.starts_with('.')), "{folder}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_short_and_no_byte_of_it_is_cut(name in "\\PC{1,255}") {
            let part = part(&name);
            prop_assert!(part.len() <= MAX_PART);
            let plain = part.split_once('.').map_or(part.as_str(), |(plain, _)| plain);
            for after in plain.split('%').skip(1) {
                prop_assert!(after.len() >= 2, "{part}");
            }
        }

        #[test]
        fn two_long_names_that_begin_the_same_have_their_own_folders(end in "[a-z]{1,8}", other in "[a-z]{1,8}") {
            prop_assume!(end != other);
            let long = "x".repeat(200);
            prop_assert_ne!(folder("Role", &format!("{long}{end}")), folder("Role", &format!("{long}{other}")));
        }
    }
}
