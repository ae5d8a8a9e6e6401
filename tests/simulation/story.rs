//! A failing seed in words: the schedule, each request and its result, and the broken promises.

use std::fmt::Write as _;

use serde_json::Value;

use crate::road::{Ended, Run};
use crate::server::{Commit, Entry};

/// The log in words, one line for each entry; the same for the same seed.
pub(crate) fn log(ended: &Ended<'_>) -> String {
    let mut out = String::new();
    for (index, entry) in ended.server.log.iter().enumerate() {
        for (number, run) in ended.runs.iter().enumerate().filter(|(_, run)| run.began == index) {
            let kind = if run.healed { "healed" } else { "as scheduled" };
            writeln!(out, "-- run {number}, {kind}").unwrap();
        }
        writeln!(out, "{}", line(index, entry)).unwrap();
    }
    out
}

fn line(index: usize, entry: &Entry) -> String {
    let who = match entry.by {
        Some(by) if entry.late => format!("run {}, late", by.run),
        Some(by) => format!("run {} {}", by.run, if by.writing { "apply" } else { "plan" }),
        None => "somebody".to_owned(),
    };
    let mut line = format!("{index:4} {:>9} ms  {who:11}", entry.at);
    if entry.by.is_some() {
        write!(line, " {} {}", entry.asked.method, entry.asked.path).unwrap();
    }
    if let Some(body) = &entry.asked.body {
        write!(line, " {body}").unwrap();
    }
    if let Some(key) = &entry.asked.key {
        write!(line, " key {key}").unwrap();
    }
    if let Some(tag) = &entry.asked.if_match {
        write!(line, " if {tag}").unwrap();
    }
    if let Some(fault) = entry.fault {
        write!(line, "  !! {fault:?}").unwrap();
    }
    if entry.by.is_some() {
        write!(line, " -> {}", entry.status).unwrap();
    }
    if !entry.saw.is_empty() {
        let saw: Vec<_> = entry.saw.iter().map(|(_, id, _)| id.as_str()).collect();
        write!(line, " [{}]", saw.join(" ")).unwrap();
    }
    if let Some(commit) = &entry.commit {
        write!(line, "  ** {}", written(commit)).unwrap();
    }
    line
}

fn written(commit: &Commit) -> String {
    let (kind, name, id) = (&commit.kind, commit.name(), &commit.id);
    let word = match (&commit.before, &commit.after) {
        (None, _) => "made",
        (_, None) => "deleted",
        _ => "changed",
    };
    let field = |(field, value): (&String, &Value)| {
        let before = commit.before.as_ref().and_then(|before| before.get(field)).unwrap_or(&Value::Null);
        (before != value && field != "stamp").then(|| format!("{field} {before} to {value}"))
    };
    let fields: Vec<_> = commit.after.iter().flatten().filter_map(field).collect();
    format!("{word} {kind} {name} ({id}): {}", fields.join(", "))
}

pub(crate) fn outcomes(run: &Run) -> String {
    let mut out = String::new();
    let Some(plan) = &run.plan else { return "   no plan: it was killed\n".to_owned() };
    for diagnostic in &plan.diagnostics {
        writeln!(out, "   {} {}", diagnostic.code, diagnostic.message).unwrap();
    }
    let ended = run.report.as_ref().and_then(|report| report.apply.as_ref());
    let ended = ended.map_or(&[][..], |apply| &apply.changes);
    for (index, change) in plan.changes.iter().enumerate() {
        let words = ended.get(index).map_or("-".to_owned(), |ended| ended.outcome.to_string());
        writeln!(out, "   {:?} {}: {words}", change.action, change.id).unwrap();
    }
    out
}

/// The whole story.
pub(crate) fn of(ended: &Ended<'_>, broken: &[String]) -> String {
    let world = ended.world;
    let mut out = format!("seed {} on the API `{}`\n", world.seed, world.profile.api.name);
    writeln!(out, "{:?}, {:?}, two runs: {}, stop: {:?}", world.weather, world.crash, world.two, world.stop)
        .unwrap();
    for ((kind, id), body) in &world.live {
        writeln!(out, "live     {kind} {id} {}", Value::Object(body.clone())).unwrap();
    }
    for (id, declared) in &ended.desired {
        let absent = if declared.absent() { "absent" } else { "" };
        writeln!(out, "declared {id} {absent} {}", declared.spec()).unwrap();
    }
    for (id, declared) in ended.base.iter().flatten() {
        writeln!(out, "base     {id} {}", declared.spec()).unwrap();
    }
    out.push_str(&log(ended));
    for (number, run) in ended.runs.iter().enumerate() {
        let marks = [(run.hangs, "hangs"), (run.stopped.is_some(), "interrupted")];
        let marks: Vec<_> = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        write!(out, "run {number} {}\n{}", marks.join(", "), outcomes(run)).unwrap();
    }
    for promise in broken {
        writeln!(out, "BROKEN {promise}").unwrap();
    }
    out
}
