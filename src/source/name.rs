//! File names that are refused, because some file system treats them as another name. A pull request must not hold a
//! file that a reviewer sees in one place and a checkout puts in another. Which files are manifests is in `walk`.

use crate::text::spelling;

/// The longest name that common file systems take, in bytes.
const MAX_LENGTH: usize = 255;

/// Why a name is refused, if it is.
pub(super) fn odd(name: &str) -> Option<String> {
    let rows: [(bool, &str); 7] = [
        (name.is_empty(), "is an empty name"),
        (matches!(name, "." | ".."), "is a relative name"),
        (name.len() > MAX_LENGTH, "is longer than a file name can be"),
        (name.contains(['/', '\\', ':']), "holds a `/`, `\\` or `:`"),
        (name.ends_with(['.', ' ']), "ends with a full stop or a space"),
        (is_git(name), "is git's own folder"),
        (is_device(name), "is a device on Windows"),
    ];
    let odd = rows.iter().find_map(|(odd, why)| odd.then(|| (*why).to_owned()));
    // APFS takes two spellings of a letter for the same, and nobody sees a difference elsewhere.
    odd.or_else(|| spelling::problem(name))
}

/// One form for all names that some file system, or a reader, takes for the same.
pub(super) fn fold(name: &str) -> String {
    spelling::look(name).to_lowercase()
}

/// `.git`, also as HFS+ sees it (without what cannot be seen) and as NTFS abbreviates it.
fn is_git(name: &str) -> bool {
    let name = fold(name);
    name == ".git" || name.strip_prefix("git~").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

/// Windows opens the device whatever follows the dot: `nul.yaml` is `nul`.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
    let numbered = |port: &str| {
        stem.strip_prefix(port).is_some_and(|rest| {
            matches!(rest.chars().collect::<Vec<_>>().as_slice(), ['0'..='9' | '¹' | '²' | '³'])
        })
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || numbered("com")
        || numbered("lpt")
}
