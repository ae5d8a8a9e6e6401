//! The service: gives every target its passes, by its schedule and after every commit, until it is told to end. A pass
//! is a run like that of `plan` or `apply`, from nothing, with the same record, lock and guards.
//!
//! Here: what happens next. Whose turn it is decides `roster`, where the configuration comes from `source`, and what a
//! pass is `pass`.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

use crate::diagnostic::{Code, Diagnostic};
use crate::report::Report;
use crate::report::content::{Content, ServeContent};
use crate::report::pass::{PassProblem, PassRow, PassState, ServeEvent, ServeLine};
use crate::schedule::Mode;
use crate::sync::lock;
use board::Board;
use notify::Notifier;
use pass::{Asked, Ended, Pass};
use roster::{Roster, Turn};
use source::{Followed, Source};
use store::{Home, Store};

mod board;
mod door;
pub mod follow;
mod hook;
mod http;
mod notify;
mod page;
mod pass;
pub mod roster;
mod source;
mod store;
mod web;

/// How often the service looks whether it is to end.
const LOOKS: Duration = Duration::from_millis(200);

/// What the service is to do.
pub struct Service<'a> {
    /// The configuration file, in the working tree or in the clone.
    pub config: PathBuf,
    /// The repository that it follows; `None` is the working tree.
    pub clone: Option<follow::Clone>,
    /// Only these targets; empty is all.
    pub only: Vec<String>,
    /// Whether it ends when every target had one pass.
    pub once: bool,
    /// Set when it is to end.
    pub stop: Arc<AtomicBool>,
    /// Where it answers over HTTP, if it does.
    pub listen: Option<SocketAddr>,
    /// The file or the URL of its store, if it has one.
    pub store: Option<PathBuf>,
    /// The name of this machine.
    pub host: String,
    /// Where it says what happens.
    pub log: &'a dyn Fn(ServeEvent),
}

impl Service<'_> {
    /// Serves until it is to end. The report says how the last pass over each target ended.
    pub async fn run(self) -> Report {
        let mut running = match Running::of(self).await {
            Ok(running) => running,
            Err(diagnostics) => return Report { diagnostics, ..Report::of("serve") },
        };
        running.follow();
        while running.goes_on() {
            running.begin();
            running.wait().await;
        }
        running.notifier.end().await;
        let passes = running.last.into_values().collect();
        Report { content: Content::Serve(ServeContent { passes }), ..Report::of("serve") }
    }
}

/// The service while it goes on.
struct Running<'a> {
    roster: Roster,
    jobs: JoinSet<Option<Ended>>,
    /// Which target each job is about.
    targets: HashMap<Id, String>,
    /// How the last pass over each target ended.
    last: BTreeMap<String, PassRow>,
    /// The state of each target before, also of what an earlier service found.
    known: BTreeMap<String, PassState>,
    refresh: Option<JoinHandle<Refreshed>>,
    next_refresh: Timestamp,
    followed: Followed,
    source: Arc<Mutex<Source>>,
    board: Arc<Board>,
    /// Who asked for passes that have not begun.
    asked: BTreeMap<String, Asked>,
    notifier: Notifier,
    not_notified: UnboundedReceiver<String>,
    host: String,
    /// Whether each target has one pass only.
    once: bool,
    stop: Arc<AtomicBool>,
    log: &'a dyn Fn(ServeEvent),
}

impl<'a> Running<'a> {
    /// What is wrong before the first pass ends the service.
    async fn of(service: Service<'a>) -> Result<Self, Vec<Diagnostic>> {
        let Service { config, clone, only, once, stop, listen, store, host, log } = service;
        let one = |diagnostic| vec![diagnostic];
        // Pages need one, if only for as long as the process lives.
        let store = store.or_else(|| listen.map(|_| PathBuf::from(":memory:")));
        let mut store = store.map(|store| Home::of(store).and_then(Store::open)).transpose().map_err(one)?;
        let board = Arc::<Board>::default();
        if let Some(address) = listen {
            let address = http::listen(address, board.clone()).await.map_err(one)?;
            log(ServeEvent::Listening { address: address.to_string() });
        }
        let clone = clone.map(|mut clone| {
            clone.stop_with(stop.clone());
            clone
        });
        let source = Arc::new(Mutex::new(Source::new(config, clone, only, stop.clone())));
        let followed = answer(&mut Some(refresh(&source))).await?;
        let followed = followed.ok_or_else(|| {
            let help = "please report this as a defect of enact";
            one(Diagnostic::new(Code::LoadNothing, "the configuration could not be loaded").help(help))
        })?;
        if let Some(store) = &mut store {
            let event = store.fill(&followed.place, followed.serve.keep_days);
            event.into_iter().for_each(|event| log(board.store_says(event)));
        }
        let last = store.as_mut().map(Store::last).unwrap_or_default();
        *lock(board.store()) = store;
        board.follow(&followed, &last);
        let (unreached, not_notified) = unbounded_channel();
        Ok(Self {
            roster: Roster::default(),
            jobs: JoinSet::new(),
            targets: HashMap::new(),
            last: BTreeMap::new(),
            known: last.into_iter().map(|(target, row)| (target, row.state)).collect(),
            refresh: None,
            next_refresh: Timestamp::MAX,
            notifier: Notifier::new(unreached),
            followed,
            source,
            board,
            asked: BTreeMap::new(),
            not_notified,
            host,
            once,
            stop,
            log,
        })
    }

    fn goes_on(&self) -> bool {
        let is_over = self.stop.load(Ordering::Relaxed) || self.once && self.roster.is_once_through();
        !self.jobs.is_empty() || !is_over
    }

    /// Goes on with the configuration that was just read.
    fn follow(&mut self) {
        let now = Timestamp::now();
        let Followed { commit, targets, serve, .. } = &self.followed;
        self.roster.follow(targets, now);
        let gone: Vec<_> =
            self.last.keys().filter(|target| !targets.contains_key(*target)).cloned().collect();
        for target in gone {
            self.last.remove(&target);
            self.known.remove(&target);
            self.board.metrics().forget(&target);
        }
        self.next_refresh = if self.once { Timestamp::MAX } else { serve.follow.after("", now) };
        (self.log)(ServeEvent::Followed { commit: commit.clone(), targets: targets.len() });
        if let Some(why) = self.followed.unfetched.take() {
            (self.log)(ServeEvent::NotFollowed { commit: None, problems: vec![PassProblem::from(&why)] });
        }
    }

    /// Begins the passes that are due, as many as may go on side by side, and looks for a new commit when it is time.
    fn begin(&mut self) {
        let now = Timestamp::now();
        if self.stop.load(Ordering::Relaxed) {
            return;
        }
        for (target, asked) in self.board.take_asked() {
            self.roster.ask(&target, now);
            self.asked.insert(target, asked);
        }
        while self.jobs.len() < self.followed.serve.side_by_side
            && let Some(turn) = self.roster.take(now)
        {
            let target = turn.target.clone();
            let pass = self.pass(turn, now);
            let job = self.jobs.spawn_blocking(move || pass.run());
            self.targets.insert(job.id(), target);
        }
        self.board.metrics().waiting(self.roster.waiting(now));
        if self.board.is_asked_to_look() {
            self.next_refresh = now;
        }
        if self.refresh.is_none() && now >= self.next_refresh {
            self.next_refresh = self.followed.serve.follow.after("", now);
            self.refresh = Some(refresh(&self.source));
        }
    }

    /// A pass as the schedule wants it, or as somebody asked for it.
    fn pass(&mut self, Turn { target, mode }: Turn, now: Timestamp) -> Pass {
        let asked = self.asked.remove(&target);
        let passes = self.followed.targets.get(&target);
        let mode = match asked.as_ref().map(|asked| asked.plan.is_some()) {
            Some(true) => passes.map_or(mode, |passes| passes.mode_asked(now)),
            Some(false) if mode.writes() => Mode::Report,
            Some(false) | None => mode,
        };
        let is_held = self.board.begun(&target);
        let (place, stop) = (self.followed.place.clone(), self.stop.clone());
        Pass { target, mode, asked, is_held, place, stop }
    }

    /// Waits until something happened, or something may be due.
    async fn wait(&mut self) {
        tokio::select! {
            Some(ended) = self.jobs.join_next_with_id() => self.ended(ended),
            refreshed = answer(&mut self.refresh) => {
                self.refresh = None;
                self.refreshed(refreshed);
            }
            Some(why) = self.not_notified.recv() => (self.log)(ServeEvent::NotNotified { why }),
            () = tokio::time::sleep(LOOKS) => {}
        }
    }

    fn ended(&mut self, ended: Result<(Id, Option<Ended>), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(target) = self.targets.remove(&id) else { return };
        let ended = match ended {
            Ok((_, ended)) => ended,
            Err(_) => Some(Ended::broken(&target, self.followed.commit.clone())),
        };
        let now = Timestamp::now();
        let is_worth_repeating = ended.as_ref().is_none_or(|ended| ended.row.state.is_worth_repeating());
        self.roster.ended(&target, is_worth_repeating, now);
        if self.once {
            self.roster.rest(&target);
        }
        let next = self.roster.next(&target);
        let Some(ended) = ended.filter(|_| self.followed.targets.contains_key(&target)) else {
            return self.board.ended(&target, None, next);
        };
        self.board.metrics().note(&ended.row);
        if let Some(store) = &mut *lock(self.board.store()) {
            let event = store.note(std::slice::from_ref(&ended), self.followed.serve.keep_days);
            event.into_iter().for_each(|event| (self.log)(self.board.store_says(event)));
        }
        let row = ended.row;
        self.board.ended(&target, Some(&row), next);
        let before = self.known.insert(target.clone(), row.state);
        self.last.insert(target, row.clone());
        if let Some(event) = notify::change(before, &row) {
            let line = ServeLine { format_version: 1, time: now, host: self.host.clone(), event };
            self.notifier.send(&self.followed.receivers, line);
        }
        // Nothing happens to a target that is held.
        if row.state != PassState::Held || before != Some(PassState::Held) {
            (self.log)(ServeEvent::PassEnded(row));
        }
    }

    fn refreshed(&mut self, refreshed: Refreshed) {
        match refreshed {
            Ok(None) => {}
            Ok(Some(followed)) => {
                self.followed = followed;
                self.board.follow(&self.followed, &self.last);
                self.follow();
                self.roster.trigger(Timestamp::now());
            }
            Err(diagnostics) => {
                // That it is not known is no word against the commit that is followed.
                let commit = lock(&self.source).commit().map(str::to_owned);
                let commit = commit.filter(|commit| self.followed.commit.as_ref() != Some(commit));
                let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
                let problems = errors.map(PassProblem::from).collect();
                (self.log)(ServeEvent::NotFollowed { commit, problems });
            }
        }
    }
}

/// What a look for a newer configuration found.
type Refreshed = Result<Option<Followed>, Vec<Diagnostic>>;

fn refresh(source: &Arc<Mutex<Source>>) -> JoinHandle<Refreshed> {
    let source = source.clone();
    tokio::task::spawn_blocking(move || lock(&source).refresh())
}

/// What it found, once it has ended; never if there is none.
async fn answer(refresh: &mut Option<JoinHandle<Refreshed>>) -> Refreshed {
    match refresh {
        Some(refresh) => refresh.await.unwrap_or(Ok(None)),
        None => std::future::pending().await,
    }
}
