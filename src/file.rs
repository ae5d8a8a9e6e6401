//! Files that a user names. What is behind a name may never end, or be larger than memory: `/dev/zero`, a pipe that nobody
//! writes to, a disk image. So only regular files are read, and no more of them than makes sense.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a regular file of at most this many bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Before it is opened: opening a pipe waits for somebody to write to it.
    let meta = std::fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if !meta.is_file() {
        return Err(io::Error::other("it is a device or a pipe, not a file"));
    }
    let mut bytes = Vec::new();
    // Its size says little: a file of `/proc` has none, and any file can grow.
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {}", size(most))));
    }
    Ok(bytes)
}

/// [`read`] for text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let wrong = |error: std::string::FromUtf8Error| {
        io::Error::other(format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    };
    String::from_utf8(read(path, most)?).map_err(wrong)
}

/// Opens a file to add to it, and creates it if needed. Only its owner may read a new one.
pub fn to_append(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The folder of a file; the current one if only a name is given.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn size(bytes: u64) -> String {
    match bytes {
        mib if mib >= 1 << 20 => format!("{} MiB", mib >> 20),
        kib => format!("{} KiB", kib >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path, most: u64) -> String {
        read(path, most).unwrap_err().to_string()
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [Path::new("/dev/zero"), Path::new("/dev/stdin"), &pipe] {
            // Standard input may be a file where tests run.
            if !std::fs::metadata(path).is_ok_and(|meta| meta.is_file()) {
                assert_eq!(refusal(path, 1 << 10), "it is a device or a pipe, not a file", "{path:?}");
            }
        }
        assert_eq!(refusal(folder.path(), 1 << 10), "it is a folder");
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_not_a_byte_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x".repeat(1 << 10)).unwrap();
        assert_eq!(read_text(&file, 1 << 10).unwrap().len(), 1 << 10);
        std::fs::write(&file, "x".repeat((1 << 10) + 1)).unwrap();
        assert_eq!(refusal(&file, 1 << 10), "it is larger than 1 KiB");
        File::options().write(true).open(&file).unwrap().set_len(3 << 20).unwrap();
        assert_eq!(refusal(&file, 2 << 20), "it is larger than 2 MiB");
        std::fs::write(&file, b"ab\xff").unwrap();
        assert_eq!(read_text(&file, 1 << 10).unwrap_err().to_string(), "it is not UTF-8 at byte 2");
    }
}
