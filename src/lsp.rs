//! The language server: what an editor asks about a project, and what is wrong with it while somebody types. It is `validate`
//! over what the editor holds instead of the files; nothing is written and nobody is asked but the editor.
//!
//! Here: the loop. One message is answered after the other; the project is read beside it, at most once at a time, a moment
//! after the last change. What an answer says is in `workspace`.

use std::path::PathBuf;
use std::time::Duration;

use lsp_server::{Connection, Message};
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use crate::run::options::RunOptions;
use project::ProjectRead;
use session::{Session, Turn};

mod answer;
mod editor;
mod project;
mod session;
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

/// Serves an editor on standard input and output. `config` names the configuration file, if it is not to be looked for.
/// `options` says of which day a reading is.
pub async fn serve(config: Option<PathBuf>, options: impl Fn() -> RunOptions) -> Ended {
    let (Connection { sender, receiver }, threads) = Connection::stdio();
    let (events, mut inbox) = mpsc::unbounded_channel();
    spawn_blocking(move || receiver.into_iter().try_for_each(|message| events.send(message)));
    let mut session = Session::new(config, Box::new(move |message: Message| sender.send(message).is_ok()));
    let mut reading = None;
    let mut due = None;
    let is_asked = loop {
        let pause = due.filter(|_| reading.is_none());
        tokio::select! {
            message = inbox.recv() => match message.map(|message| session.take(message)) {
                Some(Turn::Answered) => {}
                Some(Turn::Changed) => due = Some(Instant::now() + PAUSE),
                Some(Turn::Ended { asked }) => break asked,
                None => break false,
            },
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
    };
    // Its channel is closed with it, so the writer writes what is left and ends.
    drop(session);
    let joined = spawn_blocking(|| threads.join()).await;
    match is_asked {
        true => Ended::Asked,
        false => Ended::Lost(joined.map_or_else(|error| error.to_string(), why)),
    }
}

fn why(joined: std::io::Result<()>) -> String {
    joined.err().map_or_else(|| "it closed its end without `exit`".to_owned(), |error| error.to_string())
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
