//! Broken answers: cut, endless, packed, or not HTTP at all. A read makes the plan incomplete, never an absence; a
//! write is looked up, and never counts as a success because of some answer.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use flate2::{Compress, Compression, FlushCompress};
use serde_json::Value;

use super::between::Between;
use crate::conformance::subject::subject;
use crate::world::{World, actions, codes, outcomes};

/// What happens to an answer on its way.
type Spoil = fn(&[u8], &mut dyn Write) -> io::Result<()>;

/// Each says whether it leaves a whole HTTP answer with a status: with a success status it is a success, whatever its
/// body.
const SPOILT: [(&str, bool, Spoil); 12] = [
    ("nothing", false, |_, _| Ok(())),
    ("no HTTP", false, |_, out| out.write_all(b"SSH-2.0-OpenSSH_9.6\r\n")),
    ("no status", false, |_, out| out.write_all(b"HTTP/1.1 OK fine\r\n\r\n")),
    ("half a head", false, |_, out| out.write_all(b"HTTP/1.1 200 OK\r\ncontent-le")),
    ("headers without end", false, |_, out| {
        out.write_all(b"HTTP/1.1 200 OK\r\n")?;
        for number in 0..100_000 {
            write!(out, "x-{number}: {}\r\n", "y".repeat(100))?;
        }
        Ok(())
    }),
    ("a body that is cut before its length", false, |answer, out| out.write_all(&answer[..answer.len() - 1])),
    ("a chunk that is cut", false, |answer, out| {
        let body = body(answer);
        out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        write!(out, "{:x}\r\n{}", body.len() + 1, String::from_utf8_lossy(body))
    }),
    ("two lengths", false, |answer, out| {
        out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n")?;
        out.write_all(body(answer))
    }),
    ("a body that ends with the connection, in the middle", true, |answer, out| {
        let body = body(answer);
        out.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
        out.write_all(&body[..body.len() / 2])
    }),
    ("no gzip", false, |answer, out| {
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body(answer).len()
        )?;
        out.write_all(body(answer))
    }),
    ("JSON without a bottom", true, |_, out| {
        let text = "[".repeat(1 << 20);
        write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len())
    }),
    ("no JSON", true, |_, out| out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")),
];

fn body(answer: &[u8]) -> &[u8] {
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    &answer[head + 4..]
}

/// More than enact accepts, in pieces, until the client hangs up.
fn endless(out: &mut dyn Write, status: &str, coding: &str, begin: &[u8], piece: &[u8]) -> io::Result<()> {
    write!(out, "HTTP/1.1 {status}\r\ncontent-encoding: {coding}\r\n\r\n")?;
    out.write_all(begin)?;
    loop {
        out.write_all(piece)?;
    }
}

/// A megabyte of blanks in a thousandth of the space; such blocks can follow each other without end.
fn packed_megabyte() -> Vec<u8> {
    let mut packed = Vec::with_capacity(1 << 16);
    let mut compress = Compress::new(Compression::fast(), false);
    compress.compress_vec(&vec![b' '; 1 << 20], &mut packed, FlushCompress::Full).unwrap();
    assert_eq!(compress.total_in(), 1 << 20);
    packed
}

/// Which requests are spoilt, and whether the server does what they ask for.
const HONEST: u8 = 0;
const READS: u8 = 1;
const DONE: u8 = 2;
const NOT_DONE: u8 = 3;

/// A world of one role and three policies, of which one is created, one changed and one deleted; and how it is
/// answered.
fn world(
    spoil: impl Fn(&[u8], &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
) -> (World, Arc<AtomicU8>) {
    let how = Arc::new(AtomicU8::new(HONEST));
    let at = Arc::clone(&how);
    let between =
        Between::new("polytomic", move |asked, out| match (at.load(Ordering::SeqCst), asked.is_write()) {
            (READS, false) | (DONE, true) => spoil(&asked.honest(), out),
            (NOT_DONE, true) => spoil(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", out),
            _ => out.write_all(&asked.honest()),
        });
    let subject = subject("polytomic");
    let world = World::on(Box::new(between), "polytomic", subject.settings, "");
    for (kind, name, spec) in subject.others {
        world.declare(kind, name, spec);
    }
    for name in ["changed", "deleted"] {
        world.declare("Policy", name, subject.spec);
    }
    assert_eq!(world.apply().0, 0);
    world.declare("Policy", "changed", subject.changed);
    world.declare_absent("Policy", "deleted");
    world.declare("Policy", "created", subject.spec);
    (world, how)
}

/// Runs a story for each broken answer at the same time: most of it is waiting.
fn each(story: impl Fn(&str, bool, Spoil) + Sync) {
    let story = &story;
    std::thread::scope(|scope| {
        for (what, whole, spoil) in SPOILT {
            scope.spawn(move || story(what, whole, spoil));
        }
    });
}

#[test]
fn unreadable_is_not_absent_for_any_broken_answer() {
    each(|what, _, spoil| {
        let (world, how) = world(spoil);
        how.store(READS, Ordering::SeqCst);
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (6, Vec::new()), "{what}: {document:#}");
        assert_eq!(actions(&document), Vec::<String>::new(), "{what}");
        assert!(codes(&document).iter().all(|code| *code == "live/unreadable"), "{what}: {document:#}");
    });
}

#[test]
fn no_duplicates_a_write_that_was_done_is_found_after_any_broken_answer() {
    each(|what, _, spoil| {
        let (world, how) = world(spoil);
        how.store(DONE, Ordering::SeqCst);
        let (code, document) = world.apply();
        assert_eq!(code, 0, "{what}: {document:#}");
        assert!(
            outcomes(&document).iter().all(|outcome| outcome.ends_with(" applied")),
            "{what}: {document:#}"
        );
        assert_eq!(names(&world), [("changed".to_owned(), 1), ("created".to_owned(), 1)].into(), "{what}");
    });
}

#[test]
fn one_outcome_a_write_that_was_not_done_is_never_a_success_after_a_broken_answer() {
    each(|what, whole, spoil| {
        let (world, how) = world(spoil);
        how.store(NOT_DONE, Ordering::SeqCst);
        let (code, document) = world.apply();
        assert_eq!(code, 1, "{what}: {document:#}");
        let applied = outcomes(&document).iter().filter(|outcome| outcome.ends_with(" applied")).count();
        assert!(applied == 0 || whole, "{what}: {document:#}");
        how.store(HONEST, Ordering::SeqCst);
        world.converge();
        assert_eq!(names(&world), [("changed".to_owned(), 1), ("created".to_owned(), 1)].into(), "{what}");
    });
}

/// How often each name is there, of the policies that the story is about.
fn names(world: &World) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for policy in world.objects("policies") {
        let name = policy["name"].as_str().unwrap().to_owned();
        if ["changed", "deleted", "created"].contains(&name.as_str()) {
            *names.entry(name).or_default() += 1;
        }
    }
    names
}

#[test]
fn an_answer_without_end_is_given_up_at_once_packed_or_not() {
    let packed = packed_megabyte();
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let cases = [("identity", &b""[..], vec![b' '; 1 << 16]), ("gzip", &gzip[..], packed)];
    for (coding, begin, piece) in cases {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let begin = begin.to_vec();
        let between = Between::new("polytomic", move |_, out| {
            count.fetch_add(1, Ordering::SeqCst);
            endless(out, "200 OK", coding, &begin, &piece)
        });
        let world = World::on(Box::new(between), "polytomic", "{}", "");
        world.declare("Role", "R", "{}");
        let document = world.plan();
        assert_eq!(codes(&document), ["live/unreadable"], "{coding}: {document:#}");
        let message = document["diagnostics"][0]["message"].as_str().unwrap();
        assert!(message.contains("larger than 64 MiB"), "{coding}: {message}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{coding}: the next one would be as large");
    }
}

#[test]
fn one_outcome_a_refusal_that_is_too_large_to_read_is_not_a_success() {
    let (world, how) = world(|_, out| endless(out, "403 Forbidden", "identity", b"", &[b' '; 1 << 16]));
    how.store(NOT_DONE, Ordering::SeqCst);
    for name in ["created", "deleted"] {
        std::fs::remove_file(world.dir.path().join(crate::world::file("Policy", name))).unwrap();
    }
    let (code, document) = world.apply();
    let outcome: &Value = &document["changes"][0]["outcome"];
    assert_eq!((code, &outcome["result"]), (1, &Value::from("unknown")), "{document:#}");
}
