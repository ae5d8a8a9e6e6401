//! Takes encodings off a text, to find what it spells. Not here: which texts are secret, in `redact`.

/// How often a text may be encoded: a server that quotes a URL of an error of another server encodes it again.
const LAYERS: usize = 3;
/// The longest name of an escape of HTML, with its semicolon: `#x0010ffff;`.
const LONGEST: usize = 11;

/// What a text spells below its encodings, one layer after the other: percent-encoding, the escapes of JSON, and those
/// of HTML.
pub(super) fn layers(text: &str) -> impl Iterator<Item = String> {
    std::iter::successors(without_one(text), |text| without_one(text)).take(LAYERS)
}

/// The text without one layer; `None` if it has none.
fn without_one(text: &str) -> Option<String> {
    if !text.contains(['%', '\\', '&']) {
        return None;
    }
    let (mut plain, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let length = match escape(rest) {
            Some((bytes, length)) => {
                plain.extend(bytes);
                length
            }
            None => {
                plain.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    let plain = String::from_utf8_lossy(&plain).into_owned();
    (plain != text).then_some(plain)
}

/// The bytes that the escape at the start of a text means, and its length.
fn escape(text: &str) -> Option<(Vec<u8>, usize)> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
    let character = |code: Option<u32>| Some(char::from_u32(code?)?.to_string().into_bytes());
    if let Some(digits) = text.strip_prefix('%') {
        return Some((vec![u8::from_str_radix(digits.get(..2)?, 16).ok()?], 3));
    }
    if let Some(digits) = text.strip_prefix("\\u") {
        return Some((character(number(digits.get(..4)?, 16))?, 6));
    }
    if let Some(after) = text.strip_prefix('\\') {
        let escaped = after.chars().next().filter(|c| matches!(c, '"' | '\\' | '/'))?;
        return Some((escaped.to_string().into_bytes(), 2));
    }
    let name = text.strip_prefix('&')?;
    let name = name.get(..name.bytes().take(LONGEST).position(|byte| byte == b';')?)?;
    let bytes = match (name.strip_prefix(['#']), name) {
        (Some(code), _) => character(match code.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(code, 10),
        })?,
        (None, "amp") => b"&".to_vec(),
        (None, "lt") => b"<".to_vec(),
        (None, "gt") => b">".to_vec(),
        (None, "quot") => b"\"".to_vec(),
        (None, "apos") => b"'".to_vec(),
        (None, _) => return None,
    };
    Some((bytes, name.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_comes_off_in_turn() {
        let all = |text| layers(text).collect::<Vec<_>>();
        assert_eq!(all("a%253Db"), ["a%3Db", "a=b"]);
        assert_eq!(all(r"a\u003db\/c"), ["a=b/c"]);
        assert_eq!(all("&#61;&#x3D;&amp;lt;"), ["==&lt;", "==<"]);
        assert_eq!(all("%C3%A9"), ["é"]);
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        for text in ["100%", "%zz", "%é", r"\", r"\n", "&", "&unknown;", "&#xffffffff;", "AT&T; x", ""] {
            assert_eq!(layers(text).next(), None, "{text}");
        }
    }
}
