//! Text that readers of YAML 1.1, such as PyYAML and many editors, take for something else if it has no quotes: `no` for
//! false, `1:30` for 90. enact reads YAML 1.2 and would not mind.

/// Words with a meaning of their own, in lower case.
const WORDS: [&str; 12] = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "="];

/// Whether YAML 1.1 takes a text without quotes for a truth value, null, a number, a date or a merge key.
pub(super) fn is_other_in_old_yaml(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let special = matches!(lower.trim_start_matches(['+', '-']), ".inf" | ".nan");
    WORDS.contains(&lower.as_str()) || text == "<<" || special || is_like_a_number(&lower)
}

/// Digits, and what may be between them in a number to any base, a number to base 60 and a date. No other text of these
/// characters alone has to be legible.
fn is_like_a_number(lower: &str) -> bool {
    let unsigned = lower.trim_start_matches(['+', '-']);
    let is_hex = unsigned
        .strip_prefix("0x")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit() || c == '_'));
    let parts = |c: char| c.is_ascii_digit() || "_.:+-otzeb \t".contains(c);
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    is_hex || (starts && unsigned.contains(|c: char| c.is_ascii_digit()) && unsigned.chars().all(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_1_1_takes_for_something_else_needs_quotes() {
        for text in [
            "<<",
            "=",
            "~",
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "N",
            "True",
            "NULL",
            "2024-01-01",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10 -5",
            "0x1F",
            "0o17",
            "017",
            "0b1010",
            "1_000",
            "1:30",
            "190:20:30.15",
            "-.INF",
            ".NaN",
            "+49",
            "6.8523015e+5",
            "685.230_15e+03",
            ".5",
            "12e03",
            "-1",
        ] {
            assert!(is_other_in_old_yaml(text), "{text}");
        }
        for text in [
            "nobody",
            "yes please",
            "a",
            "on-call",
            "x1",
            "v1.10",
            "1st team",
            "24/7",
            "1,000",
            "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
            "-",
            "+",
            "é",
            "...",
        ] {
            assert!(!is_other_in_old_yaml(text), "{text}");
        }
    }
}
