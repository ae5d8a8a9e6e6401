//! The file that keeps the state of a sandbox between runs. When it is written is up to `hub`.
//!
//! Its first line says which format it is. Each line after it says what one request changed, so that a request costs the
//! same however much there is.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::collections::{Collections, Object, id_of};
use crate::file::{folder_of, to_append};

/// Grows when the file's meaning changes.
const FORMAT_VERSION: u64 = 2;
/// Nobody's sandbox holds more, in bytes.
const MAX_STATE: u64 = 256 << 20;
/// A file with fewer entries than this is not worth rewriting.
const FEW: usize = 1000;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format_version: u64,
}

/// One thing that happened to a target.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// It begins, with nothing in it.
    Begin {
        /// The target.
        target: String,
        /// Its API.
        system: String,
    },
    /// An object is there now, or is another one now.
    Put {
        /// The target.
        target: String,
        /// Where the object is.
        collection: String,
        /// The object.
        object: Object,
    },
    /// An object is gone.
    Gone {
        /// The target.
        target: String,
        /// Where the object was.
        collection: String,
        /// Its id.
        id: String,
    },
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// The API and the state of each target, by name.
    pub(crate) targets: BTreeMap<String, (String, Collections)>,
    /// How far it is known.
    pub(crate) known: Known,
    /// How many entries made it.
    entries: usize,
}

/// How far a file is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// How long it was.
    length: u64,
    /// How much of that are whole lines. What a killed process left of one more does not count.
    whole: u64,
}

impl Stored {
    fn replay(&mut self, entry: Entry) -> Option<()> {
        self.entries += 1;
        match entry {
            Entry::Begin { target, system } => {
                self.targets.insert(target, (system, Collections::default()));
            }
            Entry::Put { target, collection, object } => {
                let (_, state) = self.targets.get_mut(&target).filter(|_| !id_of(&object).is_empty())?;
                state.put(&collection, object);
            }
            Entry::Gone { target, collection, id } => {
                // What came and went between two lines is in neither.
                self.targets.get_mut(&target)?.1.remove(&collection, &id);
            }
        }
        Some(())
    }

    /// Whether most of its entries say what no longer is.
    fn is_mostly_over(&self) -> bool {
        let objects: usize = self.targets.values().map(|(_, state)| state.len()).sum();
        self.entries > FEW + 4 * objects
    }
}

/// Reads the stored state of all targets; nothing if there is none yet. What is mostly over is written anew.
pub(crate) fn read(path: &Path) -> io::Result<Stored> {
    let bytes = match crate::file::read(path, MAX_STATE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::default()),
        other => other?,
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let known = Known { length: bytes.len() as u64, whole: whole as u64 };
    let mut stored = Stored { known, ..Stored::default() };
    let mut lines = bytes.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().map(serde_json::from_slice::<Header>);
    match header {
        Some(Ok(Header { format_version: FORMAT_VERSION })) => {}
        Some(Ok(_)) => return Err(broken(path, "it has another format version")),
        Some(Err(_)) | None => return Err(broken(path, "it does not begin like one")),
    }
    for (number, line) in (2..).zip(lines) {
        let damaged = || broken(path, &format!("line {number} is damaged"));
        let entries: Vec<Entry> = serde_json::from_slice(line).map_err(|_| damaged())?;
        entries.into_iter().try_for_each(|entry| stored.replay(entry)).ok_or_else(damaged)?;
    }
    if stored.is_mostly_over() {
        stored.known = rewrite(path, &stored.targets)?;
    }
    Ok(stored)
}

/// An error that says which file is not a sandbox state, and why.
fn broken(path: &Path, why: &str) -> io::Error {
    let message = format!("`{}` is not the state of a sandbox: {why}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// A target as it is, entry by entry.
pub(crate) fn whole(target: &str, system: &str, state: &Collections) -> Vec<Entry> {
    let begin = Entry::Begin { target: target.to_owned(), system: system.to_owned() };
    let put = |(collection, object): (&str, &Object)| Entry::Put {
        target: target.to_owned(),
        collection: collection.to_owned(),
        object: object.clone(),
    };
    [begin].into_iter().chain(state.objects().map(put)).collect()
}

/// Adds what one request changed. The file has to be as it is known.
pub(crate) fn add(path: &Path, known: Known, entries: &[Entry]) -> io::Result<Known> {
    fs::create_dir_all(folder_of(path))?;
    let mut file = to_append(path)?;
    if file.metadata()?.len() != known.length {
        return Err(io::Error::other("another process has written the same file meanwhile"));
    }
    let mut text = if known.whole == 0 { header()? } else { Vec::new() };
    text.extend(line(entries)?);
    file.set_len(known.whole)?;
    let written = file.write_all(&text).and_then(|()| file.flush());
    // Half a line would be the beginning of the next one.
    written.inspect_err(|_| drop(file.set_len(known.whole)))?;
    let length = known.whole + text.len() as u64;
    Ok(Known { length, whole: length })
}

fn header() -> io::Result<Vec<u8>> {
    line(&Header { format_version: FORMAT_VERSION })
}

fn line<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Replaces the stored state as a whole: if a process dies meanwhile, a reader finds the old or the new one.
fn rewrite(path: &Path, targets: &BTreeMap<String, (String, Collections)>) -> io::Result<Known> {
    // A name of its own, so that what a killed process left is in nobody's way. Only its owner may read it.
    let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(folder_of(path))?;
    let mut text = header()?;
    for (name, (system, state)) in targets {
        text.extend(line(&whole(name, system, state))?);
    }
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    let length = text.len() as u64;
    Ok(Known { length, whole: length })
}
