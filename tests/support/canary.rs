//! The canary, and the search for it in every spelling. It decodes what it searches and shares no code with enact's own
//! search for secrets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The credential of every test. No output may ever hold it. Some of its characters are encoded in a URL.
pub(crate) const CANARY: &str = "canary-9f8e7d6c/5b+4a=";

/// The search for secrets.
pub(crate) struct Scan(Vec<String>);

impl Scan {
    /// Searches for the canary and for these.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        // A text of several lines may be shown line by line.
        let lines = secrets.into_iter().flat_map(str::lines).chain([CANARY]);
        Self(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// The files below a folder that hold a secret.
    pub(crate) fn files(&self, folder: &Path) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Objects of git are compressed; the files that they were made from are searched.
            if path.ends_with(".git/objects") {
                continue;
            }
            if path.is_dir() {
                found.extend(self.files(&path));
            } else if std::fs::read(&path).is_ok_and(|bytes| self.finds(&bytes)) {
                found.insert(path);
            }
        }
        found
    }

    /// Whether bytes hold a secret: as they are, JSON-escaped, URL-encoded, in base64 or in hexadecimal.
    pub(crate) fn finds(&self, bytes: &[u8]) -> bool {
        // Nothing shorter than the shortest secret is worth decoding.
        let shortest = self.0.iter().map(String::len).min().unwrap_or_default();
        let plain = [bytes.to_vec(), unescaped(bytes), unquoted(bytes)];
        let decoded =
            plain.iter().flat_map(|view| [base64_in(view, shortest), hex_in(view, shortest)].concat());
        plain.iter().cloned().chain(decoded).any(|view| self.holds(&view))
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        self.0.iter().any(|secret| text.contains(secret))
    }
}

/// Without JSON's escapes.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let (mut out, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        let escape = if c == '\\' { rest.next() } else { None };
        let hex: String = if escape == Some('u') { rest.by_ref().take(4).collect() } else { String::new() };
        out.extend(match escape {
            Some('u') => u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32),
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some(other) => Some(other),
            None => Some(c),
        });
    }
    out.into_bytes()
}

/// Without percent-encoding.
fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// What base64 text of at least this many bytes decodes to, from each of the four places where a group may begin.
fn base64_in(bytes: &[u8], shortest: usize) -> Vec<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&STANDARD, config);
    let is = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let mut decoded = Vec::new();
    for run in bytes.split(|byte| !is(byte)).filter(|run| run.len() > shortest * 4 / 3) {
        let usual = |byte: &u8| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        };
        let run: Vec<_> = run.iter().map(usual).collect();
        for start in 0..4 {
            let group = &run[start..];
            let whole = if group.len() % 4 == 1 { &group[..group.len() - 1] } else { group };
            decoded.extend(engine.decode(whole));
        }
    }
    decoded
}

/// What hexadecimal text of at least this many bytes decodes to.
fn hex_in(bytes: &[u8], shortest: usize) -> Vec<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    let runs = bytes.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= shortest * 2);
    runs.flat_map(|run| [run, &run[1..]])
        .map(|run| run.chunks_exact(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect())
        .collect()
}

#[test]
fn the_scan_finds_the_canary_in_every_spelling() {
    let scan = Scan::new([]);
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let base64 = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    for text in [
        CANARY.to_owned(),
        CANARY.replace('/', "\\/"),
        CANARY.replace('/', "%2F").replace('+', "%2b").replace('=', "%3D"),
        escaped,
        hex,
        base64(CANARY.to_owned()),
        base64(format!("u:{CANARY}")),
        base64(format!("Bearer {CANARY}!")),
    ] {
        assert!(scan.finds(format!("before \"{text}\" after").as_bytes()), "{text}");
    }
    assert!(!scan.finds(b"nothing of the kind, in no spelling: Y2FuYXJ5, 63616e617279"));
}
