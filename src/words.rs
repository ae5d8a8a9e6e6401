//! Counts and lists in words: the one place that knows that one object *is* and two objects *are*.

/// A number with its noun: `1 object`, `2 policies`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {}", plural(noun)),
    }
}

/// A large number that can be read: `1,000`.
pub fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

/// The verb that goes with a number: `one` for one, else `more`.
pub fn verb<'a>(number: usize, one: &'a str, more: &'a str) -> &'a str {
    if number == 1 { one } else { more }
}

/// The first `most` items, and how many others there are: `a, b and 3 more`.
pub fn list<T: AsRef<str>>(items: &[T], most: usize) -> String {
    let shown: Vec<_> = items.iter().take(most).map(AsRef::as_ref).collect();
    match items.len() - shown.len() {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// Numbers with what they are of, `1 to create, 3 unchanged`; what there is none of is left out.
pub fn numbers<T: AsRef<str>>(all: impl IntoIterator<Item = (usize, T)>) -> String {
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, of)| format!("{number} {}", of.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The plural of an English noun that needs no dictionary.
fn plural(noun: &str) -> String {
    match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with('s') => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_left_out() {
        assert_eq!(
            numbers([(1, "to create"), (0, "to delete"), (3, "unchanged")]),
            "1 to create, 3 unchanged"
        );
        assert_eq!(numbers([(0, "to create")]), "");
    }

    #[test]
    fn one_is_one_and_none_is_many() {
        let counts = [0, 1, 2].map(|number| count(number, "manifest") + verb(number, " is", " are"));
        assert_eq!(counts, ["0 manifests are", "1 manifest is", "2 manifests are"]);
        assert_eq!(count(2, "policy") + ", " + &count(3, "key"), "2 policies, 3 keys");
    }

    #[test]
    fn a_large_number_is_grouped() {
        let shown = [0, 999, 1000, 1_002_003].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,002,003"]);
    }

    #[test]
    fn a_list_says_how_much_it_leaves_out() {
        assert_eq!(list(&["a", "b"], 2), "a, b");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(&[""; 0], 2), "");
    }
}
