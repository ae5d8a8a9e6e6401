//! The keys that may sign, as ssh-keygen(1) describes the file under ALLOWED SIGNERS.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::{HashAlg, PublicKey};

use crate::text::inline;

/// Keys that may sign.
#[derive(Clone, Debug)]
pub struct AllowedSigners(Vec<Row>);

#[derive(Clone, Debug)]
struct Row {
    principals: String,
    key: PublicKey,
    limits: Limits,
}

/// What a key may sign, and when, in seconds since 1970.
#[derive(Clone, Debug, Default)]
struct Limits {
    namespaces: Option<String>,
    after: Option<i64>,
    before: Option<i64>,
}

impl AllowedSigners {
    /// Reads the file. A line that cannot be understood is an error: it may be the one that forbids.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rows = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rows.push(row(line).map_err(|why| format!("line {}: {why}", number + 1))?);
            }
        }
        if rows.is_empty() { Err("it names nobody".to_owned()) } else { Ok(Self(rows)) }
    }

    pub(super) fn only(key: PublicKey) -> Self {
        let principals = key.fingerprint(HashAlg::Sha256).to_string();
        Self(vec![Row { principals, key, limits: Limits::default() }])
    }

    /// Who may sign for this namespace at this time with this key, or why nobody may.
    pub(super) fn find(&self, key: &PublicKey, namespace: &str, time: i64) -> Result<&str, String> {
        let print = key.fingerprint(HashAlg::Sha256);
        let mut why = format!("the key {print} that signed it is of no allowed signer");
        for row in self.0.iter().filter(|row| row.key.key_data() == key.key_data()) {
            match row.limits.refuse(namespace, time) {
                None => return Ok(&row.principals),
                Some(limit) => why = format!("the key {print} that signed it {limit}"),
            }
        }
        Err(why)
    }
}

impl Limits {
    fn parse(options: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for option in split(options, |c| c == ',') {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            match name.to_ascii_lowercase().as_str() {
                "namespaces" if limits.namespaces.is_none() && !value.is_empty() => {
                    limits.namespaces = Some(value.to_owned());
                }
                "valid-after" if limits.after.is_none() => limits.after = Some(seconds(value)?),
                "valid-before" if limits.before.is_none() => limits.before = Some(seconds(value)?),
                "cert-authority" => {
                    return Err(
                        "enact reads no certificates (`cert-authority`); list the keys themselves".to_owned()
                    );
                }
                _ => return Err(format!("`{}` is no option that can stand here", inline(option))),
            }
        }
        Ok(limits)
    }

    fn refuse(&self, namespace: &str, time: i64) -> Option<&'static str> {
        if self.namespaces.as_ref().is_some_and(|list| !is_in(list, namespace)) {
            Some("is not allowed for the namespace `git`")
        } else if self.after.is_some_and(|after| time < after) {
            Some("was not valid yet at the time of the commit")
        } else if self.before.is_some_and(|before| time > before) {
            Some("was not valid any more at the time of the commit")
        } else {
            None
        }
    }
}

fn row(line: &str) -> Result<Row, String> {
    let (principals, rest) = first(line);
    let principals = principals.trim_matches('"').to_owned();
    if !principals.split(',').any(|one| !one.is_empty() && !one.starts_with('!')) {
        return Err("it begins with nobody's name".to_owned());
    }
    let (limits, key) = match key(rest) {
        Some(key) => (Limits::default(), Some(key)),
        None if rest.is_empty() => (Limits::default(), None),
        None => {
            let (options, rest) = first(rest);
            (Limits::parse(options)?, key(rest))
        }
    };
    let key = key.ok_or("it holds no public key that can be read")?;
    Ok(Row { principals, key, limits })
}

/// The key at the beginning of a text. What follows is a comment.
fn key(text: &str) -> Option<PublicKey> {
    let mut words = text.split_whitespace();
    PublicKey::from_openssh(&format!("{} {}", words.next()?, words.next()?)).ok()
}

/// The first word, and what follows it.
fn first(text: &str) -> (&str, &str) {
    let word = split(text, char::is_whitespace).next().unwrap_or_default();
    (word, text.get(word.len()..).unwrap_or_default().trim_start())
}

/// The parts of a text, where a separator between quotes is none.
fn split(text: &str, is_separator: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        !quoted && is_separator(c)
    })
}

/// A time such as `20261231Z` or `202612312359Z`.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "`{}` is no time such as `20261231Z`; without the `Z` for UTC it would be another one on another machine",
            inline(text)
        )
    };
    let digits =
        text.strip_suffix(['Z', 'z']).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let digits = digits.filter(|digits| matches!(digits.len(), 8 | 12 | 14)).ok_or_else(wrong)?;
    let format = "%Y%m%d%H%M%S";
    let time = DateTime::strptime(format, format!("{digits:0<14}")).map_err(|_| wrong())?;
    let time = time.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(time.timestamp().as_second())
}

/// Whether a list of patterns has this word: one of them fits, and none after a `!` does.
fn is_in(list: &str, word: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern.as_bytes(), word.as_bytes()) => return false,
            Some(_) => {}
            None => found |= fits(pattern.as_bytes(), word.as_bytes()),
        }
    }
    found
}

/// `*` stands for any text, `?` for one character.
fn fits(pattern: &[u8], word: &[u8]) -> bool {
    match (pattern.split_first(), word.split_first()) {
        (None, None) => true,
        (Some((b'*', after)), _) if fits(after, word) => true,
        (Some((b'*', _)), Some((_, rest))) => fits(pattern, rest),
        (Some((b'?', after)), Some((_, rest))) => fits(after, rest),
        (Some((p, after)), Some((w, rest))) => p == w && fits(after, rest),
        _ => false,
    }
}
