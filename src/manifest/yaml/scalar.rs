//! What a plain scalar means: YAML 1.2's core schema, without numbers that JSON cannot carry without loss. Not here:
//! quoted text, which is always text.

use serde_json::Number;

use super::node::Value;

/// How many digits a 64-bit float keeps.
const FLOAT_DIGITS: usize = 17;

/// Reads a plain scalar; `None` is text. The error is the end of a sentence that starts with its text.
pub(super) fn resolve(text: &str) -> Result<Option<Value>, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Some(Value::Null)),
        "true" | "True" | "TRUE" => Ok(Some(Value::Bool(true))),
        "false" | "False" | "FALSE" => Ok(Some(Value::Bool(false))),
        _ if is_not_finite(text) => Err("is not a number that JSON can carry"),
        _ => number(text).map(|number| number.map(Value::Number)),
    }
}

fn number(text: &str) -> Result<Option<Number>, &'static str> {
    let integer = if let Some(digits) = text.strip_prefix("0o").filter(|rest| all(rest, |c| c.is_digit(8))) {
        i128::from_str_radix(digits, 8)
    } else if let Some(digits) = text.strip_prefix("0x").filter(|rest| all(rest, |c| c.is_ascii_hexdigit())) {
        i128::from_str_radix(digits, 16)
    } else if all(unsigned(text), |c| c.is_ascii_digit()) {
        text.parse()
    } else if is_float(unsigned(text)) {
        return float(text).map(Some);
    } else {
        return Ok(None);
    };
    integer.ok().and_then(Number::from_i128).map(Some).ok_or("is outside the range of 64-bit integers")
}

fn float(text: &str) -> Result<Number, &'static str> {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default().replace(['.', '+', '-'], "");
    if mantissa.trim_matches('0').len() > FLOAT_DIGITS {
        return Err("has more digits than a number can keep");
    }
    text.parse().ok().and_then(Number::from_f64).ok_or("is too large for a number")
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, with or without an exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| all(unsigned(exponent), |c| c.is_ascii_digit()))
}

fn is_not_finite(text: &str) -> bool {
    matches!(unsigned(text), ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn all(text: &str, is_digit: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is_digit)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(text: &str) -> Json {
        match resolve(text) {
            Ok(Some(Value::Null)) => Json::Null,
            Ok(Some(Value::Bool(truth))) => truth.into(),
            Ok(Some(Value::Number(number))) => number.into(),
            Ok(None) => text.into(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn words_of_older_yaml_are_text() {
        for text in
            ["yes", "no", "NO", "on", "off", "y", "1_000", "12:30", "2024-01-01", "0b1", ".", "-", "+", "e3"]
        {
            assert_eq!(read(text), json!(text));
        }
        for text in ["1e", "0x", "0o8", "-0x1", "1.2.3", "tRue", "nan", "inf", "Infinity", "١"] {
            assert_eq!(read(text), json!(text));
        }
    }

    #[test]
    fn the_core_schema_has_these_numbers() {
        for (text, number) in [
            ("0", json!(0)),
            ("+1", json!(1)),
            ("-7", json!(-7)),
            ("0123456789012", json!(123_456_789_012_i64)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1e3", json!(1000.0)),
            ("1.", json!(1.0)),
            ("-.5E-1", json!(-0.05)),
        ] {
            assert_eq!(read(text), number, "{text}");
        }
    }

    #[test]
    fn numbers_that_would_change_are_refused() {
        for text in [
            ".inf",
            "-.INF",
            ".NaN",
            "18446744073709551616",
            "-9223372036854775809",
            "1e999",
            "3.14159265358979323846",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
        assert!(resolve(&"9".repeat(1000)).is_err());
    }
}
