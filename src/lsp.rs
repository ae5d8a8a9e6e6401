//! The language server: what an editor asks about a project, and what is wrong with it while somebody types. It is `validate`
//! over what the editor holds instead of the files; nothing is written, and nobody is asked but the editor, unless live values
//! are wanted.
//!
//! Here: the loop. One message is answered after the other; the project is read beside it, at most once at a time, a moment
//! after the last change. What an answer says is in `workspace`.

use std::io::{self, Stdin, Stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lsp_server::Message;
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use crate::run::options::RunOptions;
use live::Live;
use project::ProjectRead;
use session::{Session, Turn};

pub use session::LiveValues;

mod answer;
mod editor;
mod live;
mod project;
mod session;
mod wire;
pub mod workspace;

/// How long after a change the project is read: somebody who types goes on before.
const PAUSE: Duration = Duration::from_millis(150);

/// How a session ended.
#[derive(Debug)]
#[must_use]
pub enum Ended {
    /// The editor said so.
    Asked,
    /// It went away, or wrote what is no message.
    Lost(String),
}

/// Serves an editor that writes to the one and reads from the other. `config` names the configuration file, if it is not to be
/// looked for. `options` says of which day a reading is.
pub async fn serve(
    (input, output): (Stdin, Stdout),
    config: Option<PathBuf>,
    live: LiveValues,
    options: impl Fn() -> RunOptions,
) -> Ended {
    let mut inbox = inbox(input);
    // If nobody reads, it waits here, and what the editor writes is read all the same.
    let mut session =
        Session::new(config, live, Box::new(move |message| message.write(&mut &output).is_ok()));
    let (live, (hovers, mut hovered)) = (Arc::<Live>::default(), mpsc::unbounded_channel());
    let mut reading = None;
    let mut due = None;
    loop {
        let pause = due.filter(|_| reading.is_none());
        tokio::select! {
            message = inbox.recv() => match message {
                Some(Ok(message)) => match session.take(message) {
                    Turn::Answered => {}
                    Turn::Changed => due = Some(Instant::now() + PAUSE),
                    Turn::Asks(hover) => {
                        let (live, hovers) = (live.clone(), hovers.clone());
                        tokio::spawn(async move { hovers.send(live.answer(*hover).await) });
                    }
                    Turn::Ended { asked: true } => return Ended::Asked,
                    Turn::Ended { asked: false } => return Ended::Lost("it wrote `exit` before `shutdown`".to_owned()),
                },
                Some(Err(error)) => return Ended::Lost(error.to_string()),
                None => return Ended::Lost("it closed its end without `exit`".to_owned()),
            },
            Some(hover) = hovered.recv() => session.show_hover(hover),
            read = finished(&mut reading) => {
                reading = None;
                // A reading that failed is one that the next change begins anew.
                if let Ok(read) = read {
                    session.show(read);
                }
            }
            () = sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => {
                due = None;
                let job = session.job(options());
                reading = job.map(|job| spawn_blocking(move || job.read()));
            }
        }
    }
}

/// What the editor writes, until its end or a mistake. A thread of its own reads it: the process may end meanwhile.
fn inbox(input: Stdin) -> mpsc::UnboundedReceiver<io::Result<Message>> {
    let (events, inbox) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut input = input.lock();
        while let Some(message) = wire::read(&mut input).transpose() {
            let is_last = message.is_err();
            if events.send(message).is_err() || is_last {
                break;
            }
        }
    });
    inbox
}

/// The result of a reading that goes on; never, if there is none.
async fn finished(
    reading: &mut Option<tokio::task::JoinHandle<ProjectRead>>,
) -> Result<ProjectRead, JoinError> {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}
