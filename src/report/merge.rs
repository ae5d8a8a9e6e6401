//! Joins the JSON documents of jobs that shared the targets of one run into the document that one job would have
//! written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::json::diagnostic::DiagnosticJson;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::digest::digest;
use crate::model::shard::Shard;
use crate::text::short;
use crate::words::{self, verb};

/// How many missing shares are named.
const SHOWN: usize = 20;

/// The documents of these files as one. Each piece is the name of a file and what it holds. Shares of the run that are in none
/// of them are an error of the document.
pub fn merge(pieces: &[(String, Value)]) -> Result<Value, Vec<Diagnostic>> {
    let wrong: Vec<_> =
        pieces.iter().filter(|(_, piece)| !is_run(piece)).map(|(file, _)| no_run(file)).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let apart = apart(pieces);
    if !apart.is_empty() {
        return Err(apart);
    }
    let twice = twice(pieces);
    if !twice.is_empty() {
        return Err(twice);
    }
    let mut joined = Map::new();
    for piece in pieces.iter().filter_map(|(_, piece)| piece.as_object()) {
        for (key, value) in piece {
            let joined = joined.entry(key.clone()).or_insert(Value::Null);
            *joined = join(key, joined.take(), value);
        }
    }
    joined.insert("command".to_owned(), "report".into());
    joined.insert("shard".to_owned(), Value::Null);
    if let Some(missing) = missing(pieces) {
        let exit = join("exit_code", json!(joined.get("exit_code")), &json!(Exit::Failure as u8));
        joined.insert("exit_code".to_owned(), exit);
        let diagnostics = joined.entry("diagnostics").or_insert(Value::Null);
        *diagnostics = add(diagnostics.take(), &json!([DiagnosticJson::from(&missing)]));
    }
    Ok(Value::Object(joined))
}

/// Reports the shares of the run that are in none of its pieces, as if they said so themselves.
pub fn missing(pieces: &[(String, Value)]) -> Option<Diagnostic> {
    let there: BTreeSet<_> = pieces.iter().filter_map(|(_, piece)| shard(piece)).collect();
    let missing = there.first()?.all().filter(|shard| !there.contains(shard));
    let missing: Vec<_> = missing.map(|shard| format!("`{shard}`")).collect();
    if missing.is_empty() {
        return None;
    }
    let (what, shares) = (verb(missing.len(), "share", "shares"), words::list(&missing, SHOWN));
    let is = verb(missing.len(), "is", "are");
    let message = format!("the {what} {shares} of the targets {is} in none of the pieces");
    let help = "see how the jobs with these shares ended, and join what they wrote, too";
    Some(Diagnostic::new(Code::ReportPiece, message).help(help))
}

/// The exit code of a document: that of the piece that says most about what to do first.
pub(super) fn exit(document: &Value) -> Exit {
    document.get("exit_code").and_then(Value::as_u64).and_then(Exit::of_code).unwrap_or(Exit::Failure)
}

/// Each target with how it stands, for people.
pub(super) fn lines(document: &Value) -> Vec<String> {
    let text =
        |target: &Value, key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |target: &Value| format!("{}: {}", text(target, "target"), text(target, "state"));
    list(document, "targets").iter().map(line).collect()
}

fn join(key: &str, joined: Value, value: &Value) -> Value {
    match (key, joined, value) {
        (_, Value::Null, value) => value.clone(),
        ("exit_code", joined, value) => {
            let code = |value: &Value| value.as_u64().and_then(Exit::of_code).unwrap_or(Exit::Failure);
            (code(&joined).or(code(value)) as u8).into()
        }
        ("digest", joined, value) => digest(&format!("{joined}{value}")).into(),
        // Every job reads all of them.
        ("manifests", Value::Number(joined), Value::Number(value)) => {
            joined.as_u64().max(value.as_u64()).into()
        }
        ("format_version", joined, _) => joined,
        (_, joined, value) => add(joined, value),
    }
}

/// Lists one after the other, what both say once; numbers added; of anything else what both say.
fn add(joined: Value, value: &Value) -> Value {
    match (joined, value) {
        (joined, Value::Null) => joined,
        (Value::Null, value) => value.clone(),
        (Value::Array(mut joined), Value::Array(value)) => {
            let new: Vec<_> = value.iter().filter(|item| !joined.contains(item)).cloned().collect();
            joined.extend(new);
            Value::Array(joined)
        }
        (Value::Number(joined), Value::Number(value)) => {
            joined.as_u64().unwrap_or_default().saturating_add(value.as_u64().unwrap_or_default()).into()
        }
        (Value::Object(mut joined), Value::Object(value)) => {
            for (key, value) in value {
                let sum = joined.entry(key.clone()).or_insert(Value::Null);
                *sum = add(sum.take(), value);
            }
            Value::Object(joined)
        }
        (joined, value) if joined == *value => joined,
        _ => Value::Null,
    }
}

fn is_run(piece: &Value) -> bool {
    let has = |key: &str| piece.get(key).is_some_and(Value::is_array);
    piece.get("format_version") == Some(&1.into()) && has("targets") && has("changes")
}

/// Reports pieces that are not of the same run: of another commit, or a share of another number of shares.
fn apart(pieces: &[(String, Value)]) -> Vec<Diagnostic> {
    let commit = |piece: &Value| piece.get("commit")?.as_str().map(str::to_owned);
    let shares = |piece: &Value| Some(shard(piece)?.of().to_string());
    let commits = differing(pieces, "commit", commit);
    commits.into_iter().chain(differing(pieces, "number of shares", shares)).collect()
}

/// Reports pieces that say something else than the first one. A run that ended before it knew says nothing.
fn differing(
    pieces: &[(String, Value)],
    what: &str,
    of: impl Fn(&Value) -> Option<String>,
) -> Vec<Diagnostic> {
    let mut said = pieces.iter().filter_map(|(file, piece)| Some((file, of(piece)?)));
    let Some((first, expected)) = said.next() else { return Vec::new() };
    let wrong = said.filter(|(_, found)| *found != expected).map(|(file, found)| {
        let [found, first, expected] = [&found, first, &expected].map(|text| short(text));
        let message = format!("its {what} is `{found}`, and that of `{first}` is `{expected}`");
        Diagnostic::new(Code::ReportPiece, message).at(Place::start(file)).help("join the pieces of one run")
    });
    wrong.collect()
}

/// Which share a piece is.
fn shard(piece: &Value) -> Option<Shard> {
    piece.get("shard")?.as_str()?.parse().ok()
}

/// Reports targets that are in two pieces: their changes would count twice.
fn twice(pieces: &[(String, Value)]) -> Vec<Diagnostic> {
    let mut seen = BTreeMap::new();
    let mut wrong = Vec::new();
    for (file, piece) in pieces {
        for name in list(piece, "targets").iter().filter_map(|target| target.get("target")?.as_str()) {
            if let Some(first) = seen.insert(name, file) {
                let message = format!("the target `{}` is in `{}`, too", short(name), short(first));
                let diagnostic = Diagnostic::new(Code::ReportPiece, message).at(Place::start(file));
                wrong.push(diagnostic.help("join the pieces of one run, each once"));
            }
        }
    }
    wrong
}

fn no_run(file: &str) -> Diagnostic {
    let message = format!("`{}` is not what a run over targets has written", short(file));
    Diagnostic::new(Code::ReportPiece, message)
        .at(Place::start(file))
        .help("write the pieces with `--report json=FILE` of `enact plan` or `enact apply`")
}

fn list<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Report, fixture, json::document};
    use super::*;

    fn piece(report: &Report) -> Value {
        serde_json::to_value(document(report)).unwrap()
    }

    /// Two targets, each as one job would report it, and both in one report.
    fn halves() -> (Value, Value, Value) {
        let whole = fixture::three_changes("plan");
        let (mut first, mut second) = (fixture::three_changes("plan"), fixture::three_changes("plan"));
        first.targets.truncate(1);
        second.targets.remove(0);
        (piece(&whole), piece(&first), piece(&second))
    }

    #[test]
    fn the_pieces_of_a_run_are_the_whole_but_for_its_digest() {
        let (mut whole, first, second) = halves();
        let mut merged = merge(&[("a".to_owned(), first), ("b".to_owned(), second)]).unwrap();
        for document in [&mut whole, &mut merged] {
            document["digest"] = Value::Null;
            document["command"] = Value::Null;
        }
        assert_eq!(merged, whole);
    }

    #[test]
    fn numbers_that_are_too_large_to_add_are_as_large_as_can_be() {
        assert_eq!(add(json!(u64::MAX), &json!(1)), json!(u64::MAX));
    }

    #[test]
    fn the_exit_code_that_says_most_counts() {
        let (_, mut first, mut second) = halves();
        for (a, b, code) in [(0, 1, 1), (1, 6, 6), (2, 0, 2), (3, 4, 3), (7, 1, 7)] {
            (first["exit_code"], second["exit_code"]) = (json!(a), json!(b));
            let merged = merge(&[("a".to_owned(), first.clone()), ("b".to_owned(), second.clone())]).unwrap();
            assert_eq!(merged["exit_code"], json!(code));
        }
    }

    #[test]
    fn a_share_that_is_missing_is_an_error_of_the_whole() {
        let (_, mut first, mut second) = halves();
        let pieces = |first: &Value, second: &Value| {
            [("a".to_owned(), first.clone()), ("b".to_owned(), second.clone())]
        };
        (first["shard"], second["shard"]) = (json!("1/2"), json!("2/2"));
        let whole = merge(&pieces(&first, &second)).unwrap();
        assert_eq!((&whole["exit_code"], &whole["shard"]), (&json!(0), &Value::Null));
        (first["shard"], second["shard"]) = (json!("1/4"), json!("3/4"));
        let merged = merge(&pieces(&first, &second)).unwrap();
        assert_eq!((&merged["exit_code"], &merged["targets"]), (&json!(1), &whole["targets"]));
        let last = merged["diagnostics"].as_array().unwrap().last().unwrap();
        assert_eq!(
            last["message"],
            json!("the shares `2/4`, `4/4` of the targets are in none of the pieces")
        );
        second["exit_code"] = json!(3);
        assert_eq!(merge(&pieces(&first, &second)).unwrap()["exit_code"], json!(3));
    }

    #[test]
    fn pieces_of_another_commit_or_number_of_shares_are_refused() {
        let (_, first, second) = halves();
        for (key, of_first, of_second, what) in [
            ("commit", "aaa", "bbb", "its commit is `bbb`, and that of `a` is `aaa`"),
            ("shard", "1/2", "2/3", "its number of shares is `3`, and that of `a` is `2`"),
        ] {
            let (mut first, mut second) = (first.clone(), second.clone());
            (first[key], second[key]) = (json!(of_first), json!(of_second));
            let wrong = merge(&[("a".to_owned(), first.clone()), ("b".to_owned(), second.clone())]);
            let wrong = wrong.unwrap_err();
            assert_eq!((wrong.len(), wrong[0].code, &*wrong[0].message), (1, Code::ReportPiece, what));
            // It ended before it knew.
            second[key] = Value::Null;
            assert!(merge(&[("a".to_owned(), first), ("b".to_owned(), second)]).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_piece_that_is_given_twice_or_is_none_is_refused() {
        let (_, first, _) = halves();
        let both = merge(&[("a".to_owned(), first.clone()), ("b".to_owned(), first)]).unwrap_err();
        assert_eq!((both.len(), both[0].code), (1, Code::ReportPiece), "{both:?}");
        assert!(both[0].message.contains("is in `a`, too"), "{both:?}");
        for none in [json!(null), json!({}), json!({"format_version": 2, "targets": [], "changes": []})] {
            assert_eq!(merge(&[("a".to_owned(), none)]).unwrap_err().len(), 1);
        }
    }
}
