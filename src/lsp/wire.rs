//! Messages from an editor, as they come: a header that says how long each is, and JSON. `lsp-server` would make room for
//! whatever length is named.

use std::io::{BufRead, Error, ErrorKind, Read as _, Result};

use lsp_server::Message;

/// No message has more bytes: an editor may send a few files of 1 MiB at once.
const LONGEST: u64 = 64 << 20;

/// No header has more bytes.
const HEADER: u64 = 4096;

/// The next message; `None` at the end.
pub(super) fn read(input: &mut impl BufRead) -> Result<Option<Message>> {
    let Some(length) = length(input)? else { return Ok(None) };
    let mut text = Vec::new();
    input.take(length).read_to_end(&mut text)?;
    if text.len() as u64 != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| wrong(&format!("a message is no JSON-RPC: {error}")))
}

/// How long the next message is, by its header; `None` at the end.
fn length(input: &mut impl BufRead) -> Result<Option<u64>> {
    let mut header = input.take(HEADER);
    let mut length = None;
    loop {
        let mut line = String::new();
        header.read_line(&mut line)?;
        let line = match line.strip_suffix("\r\n") {
            Some("") => break,
            Some(line) => line,
            None if line.is_empty() && header.limit() == HEADER => return Ok(None),
            None => {
                return Err(wrong("a header has to be lines that end with CR and LF, and then an empty one"));
            }
        };
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("Content-Length") {
            length = value.trim().parse().ok();
        }
    }
    match length {
        Some(length @ ..=LONGEST) => Ok(Some(length)),
        Some(length) => {
            Err(wrong(&format!("a message of {length} bytes is too long: {LONGEST} are the most")))
        }
        None => Err(wrong("a header has to say `Content-Length: ` and a number")),
    }
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut text: &[u8]) -> Vec<std::result::Result<String, String>> {
        let messages = std::iter::from_fn(|| read(&mut text).transpose());
        let said = |message: Result<Message>| match message {
            Ok(Message::Notification(message)) => Ok(message.method),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        };
        let mut all = Vec::new();
        for message in messages.map(said) {
            let is_end = message.is_err();
            all.push(message);
            if is_end {
                break;
            }
        }
        all
    }

    #[test]
    fn one_message_comes_after_the_other() {
        let text = "Content-Length: 14\r\n\r\n{\"method\":\"a\"}content-length:14\r\nContent-Type: x\r\n\r\n{\"method\":\"b\"}";
        assert_eq!(all(text.as_bytes()), [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn whatever_a_header_says_it_takes_no_memory_and_ends_with_a_reason() {
        for (text, why) in [
            ("Content-Length: 18446744073709551615\r\n\r\n{}", "too long"),
            ("Content-Length: 99999999999999999999\r\n\r\n{}", "a number"),
            ("Content-Length: 67108864\r\n\r\n{}", "end of file"),
            ("Content-Length: -1\r\n\r\n{}", "a number"),
            ("\r\n{}", "a number"),
            ("Content-Length: 2\n\n{}", "CR and LF"),
            ("Content-Length: 2", "CR and LF"),
            ("Content-Length: 2\r\n\r\n{}", "no JSON-RPC"),
            (&"x".repeat(1 << 20), "CR and LF"),
            (&"x: y\r\n".repeat(1 << 16), "CR and LF"),
        ] {
            let found = all(text.as_bytes());
            let end = found.last().unwrap().as_ref().unwrap_err();
            assert!(end.contains(why), "{end}");
        }
    }
}
