//! Reads the files of a tree, within bounds. Which files they are is in `walk`.

use super::tree::{MAX_FILE, Tree};
use super::walk;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Files;
use crate::text::inline;

/// More text is not read: in git a thousand names of one blob take no space, in memory they do.
const MAX_TEXT: u64 = 256 << 20;

/// Reads all manifests of a tree. `prefix` is the configuration's folder in it.
pub(super) fn read<T: Tree>(
    tree: &T,
    prefix: &str,
    manifests: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) -> Files {
    let (mut files, mut left) = (Files::new(), MAX_TEXT);
    for (path, id) in walk::list(tree, prefix, manifests, diagnostics) {
        match read_file(tree, &id, &path, &mut left) {
            Ok(text) => drop(files.insert(path, text)),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
        if left == 0 {
            break;
        }
    }
    files
}

/// Reads a file. `left` is how much text may still be read; 0 means that the limit was reached.
fn read_file<T: Tree>(tree: &T, id: &T::Id, path: &str, left: &mut u64) -> Result<String, Diagnostic> {
    let size = tree.size(id, path)?;
    if size > MAX_FILE {
        return Err(too_large(path));
    }
    *left = left.saturating_sub(size);
    if *left == 0 {
        let message = format!("the manifests hold more than {} MiB", MAX_TEXT >> 20);
        return Err(Diagnostic::new(Code::SourceTooLarge, message).help("correct `manifests` in enact.yaml"));
    }
    let bytes = tree.read(id, path)?;
    // A file can grow after its size was read.
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(path));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{}` is not UTF-8 at byte {at}", inline(path));
        Diagnostic::new(Code::SourceEncoding, message).help("save it as UTF-8")
    })
}

fn too_large(path: &str) -> Diagnostic {
    let message = format!("`{}` is larger than 1 MiB", inline(path));
    Diagnostic::new(Code::SourceTooLarge, message).help("split it into several files")
}
