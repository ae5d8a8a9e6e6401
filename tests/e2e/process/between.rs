//! A server between enact and the sandbox, over TCP or TLS: it can ask the sandbox, and answer with any bytes.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::live::{Embedded, Live};
use enact::sandbox::{Fault, Seen};
use serde_json::Value;

/// How long a request of an ended process may still arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request as it came in.
pub(super) struct Asked {
    method: String,
    bytes: Vec<u8>,
    sandbox: SocketAddr,
}

impl Asked {
    /// Asks the sandbox, and returns its answer as on the wire.
    pub(super) fn honest(&self) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut tcp = TcpStream::connect(self.sandbox).unwrap();
        tcp.write_all(&self.bytes).and_then(|()| tcp.read_to_end(&mut answer)).unwrap();
        answer
    }

    pub(super) fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// An accepted connection: plain, or after a handshake.
pub(super) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

type Accept = dyn Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync;
type Say = dyn Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync;

/// A sandbox and the server before it. Each connection carries one request.
pub(super) struct Between {
    sandbox: Embedded,
    scheme: &'static str,
    address: SocketAddr,
    doors: Arc<Doors>,
}

/// How many connections came in, and how many have not ended.
#[derive(Default)]
struct Doors {
    seen: Mutex<(Option<SocketAddr>, usize)>,
    moved: Condvar,
    closed: AtomicBool,
}

impl Between {
    /// Answers each request with what `say` writes, then closes the connection.
    pub(super) fn new(
        system: &str,
        say: impl Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::behind("http", Box::new(|tcp| Ok(Box::new(tcp))), system, Box::new(say))
    }

    /// The same with another way to accept a connection.
    pub(super) fn behind(scheme: &'static str, accept: Box<Accept>, system: &str, say: Box<Say>) -> Self {
        let sandbox = Embedded::new(system);
        let upstream = authority(&sandbox.url()).parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let doors = Arc::<Doors>::default();
        let (at, how) = (Arc::clone(&doors), Arc::new((accept, say)));
        std::thread::spawn(move || {
            while let Ok((tcp, peer)) = listener.accept() {
                if at.closed.load(Ordering::Relaxed) {
                    return;
                }
                at.note(|(last, open)| (*last, *open) = (Some(peer), *open + 1));
                let (at, how) = (Arc::clone(&at), Arc::clone(&how));
                std::thread::spawn(move || {
                    // An error is a client that is gone, or that does not trust this server.
                    let _gone = how.0(tcp).and_then(|mut stream| exchange(&mut stream, upstream, &how.1));
                    at.note(|(_, open)| *open -= 1);
                });
            }
        });
        Self { sandbox, scheme, address, doors }
    }

    /// Waits until no request of an ended process is under way: a request that it has sent may arrive at any time.
    fn settle(&self) {
        let probe = TcpStream::connect(self.address).unwrap();
        let me = probe.local_addr().unwrap();
        self.doors.wait(|(last, _)| *last != Some(me));
        drop(probe);
        self.doors.wait(|(_, open)| *open > 0);
    }
}

impl Doors {
    fn note(&self, what: impl FnOnce(&mut (Option<SocketAddr>, usize))) {
        what(&mut self.seen.lock().unwrap());
        self.moved.notify_all();
    }

    fn wait(&self, busy: impl Fn(&mut (Option<SocketAddr>, usize)) -> bool) {
        let (_seen, wait) = self.moved.wait_timeout_while(self.seen.lock().unwrap(), PATIENCE, busy).unwrap();
        assert!(!wait.timed_out(), "a connection is still open");
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.doors.closed.store(true, Ordering::Relaxed);
        // The listener only looks at the flag when a connection comes in.
        let _ = TcpStream::connect(self.address);
    }
}

fn authority(url: &str) -> &str {
    url.split('/').nth(2).unwrap()
}

/// Reads a request and answers it.
fn exchange(stream: &mut dyn Stream, sandbox: SocketAddr, say: &Say) -> io::Result<()> {
    let mut reader = BufReader::new(&mut *stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.to_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            Some(("connection", _)) => continue,
            _ => {}
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let method = head.split(' ').next().unwrap().to_owned();
    let bytes = [head.as_bytes(), b"connection: close\r\n\r\n", &body].concat();
    say(&Asked { method, bytes, sandbox }, stream)?;
    stream.flush()
}

impl Live for Between {
    fn url(&self) -> String {
        let path = self.sandbox.url().split('/').skip(3).collect::<Vec<_>>().join("/");
        let host = if self.scheme == "http" { "127.0.0.1" } else { "localhost" };
        format!("{}://{host}:{}/{path}", self.scheme, self.address.port())
    }

    fn requests(&self) -> Vec<Seen> {
        self.settle();
        self.sandbox.requests()
    }

    fn clear_requests(&self) {
        self.settle();
        self.sandbox.clear_requests();
    }

    fn inject(&self, fault: Fault) {
        self.sandbox.inject(fault);
    }

    fn objects(&self, collection: &str) -> Vec<Value> {
        self.sandbox.objects(collection)
    }

    fn insert(&self, collection: &str, object: Value) -> bool {
        self.sandbox.insert(collection, object)
    }

    fn set_field(&self, collection: &str, id: &str, field: &str, value: Value) -> bool {
        self.sandbox.set_field(collection, id, field, value)
    }

    fn remove(&self, collection: &str, id: &str) -> bool {
        self.sandbox.remove(collection, id)
    }
}
