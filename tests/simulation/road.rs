//! The real road through a simulated world: plan and apply under faults, then without faults until nothing is left to
//! do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::journal::{Diary, Line};
use crate::profile::TODAY;
use crate::server::{Asked, By, Objects, PATIENCE, Said, Server};
use crate::world::{Chance, Crash, World};
use async_trait::async_trait;
use enact::config::target::Target;
use enact::http::transport::{Call, Failure, FailureKind, Response, Transport};
use enact::http::{Http, HttpSettings};
use enact::model::guard::Guard;
use enact::model::plan::TargetPlan;
use enact::model::state::{Attempted, Desired};
use enact::model::wire::Alone;
use enact::plan::input::{DeclaredCounts, PlanOptions};
use enact::plan::lifecycle;
use enact::report::{Exit, Report, TargetReport};
use enact::resolve::base;
use enact::run;
use enact::run::apply::Means;
use enact::run::project::{Connected, Intent};
use enact::run::recorder::Keys;
use futures::future::{Either, join, select};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Stands in for the API: everything that a run sends reaches it, or is lost on the way.
pub(crate) trait Peer: Send {
    /// What decides how long things take.
    fn chance(&mut self) -> &mut Chance;

    /// The length of its log.
    fn length(&self) -> usize;

    /// Somebody else may write.
    fn disturb(&mut self, at: u64);

    /// Whether a run cannot write one more line into its journal.
    fn is_full(&self, _run: usize, _lines: usize) -> bool {
        false
    }

    /// Answers a request that arrived at this virtual millisecond, or loses it. `unheard` is for a caller that dies
    /// before the answer: whether the server still does what it asked.
    fn exchange(
        &mut self,
        call: &Call<'_>,
        at: u64,
        by: By,
        unheard: Option<bool>,
    ) -> Result<Response, Failure>;
}

impl Peer for Server {
    fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    fn length(&self) -> usize {
        self.log.len()
    }

    fn disturb(&mut self, at: u64) {
        self.disturb(at);
    }

    fn is_full(&self, run: usize, lines: usize) -> bool {
        run == 0 && self.weather.full.is_some_and(|full| lines >= full)
    }

    fn exchange(
        &mut self,
        call: &Call<'_>,
        at: u64,
        by: By,
        unheard: Option<bool>,
    ) -> Result<Response, Failure> {
        self.exchange(&asked(call, at), by, unheard).map(response)
    }
}

/// How many runs without faults may pass before nothing is left to do.
const HEALS: usize = 3;
/// Longer than any list lags.
const BETWEEN_RUNS: Duration = Duration::from_secs(600);
/// No schedule takes longer; a run that does would never end.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// One run of enact, as far as it got.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) plan: Option<TargetPlan>,
    pub(crate) report: Option<TargetReport>,
    pub(crate) exit: Option<Exit>,
    pub(crate) journal: Vec<Line>,
    /// Where its journal accepted no more.
    pub(crate) full: Option<usize>,
    /// Where its log begins, where its writes may begin, where it ends.
    pub(crate) began: usize,
    pub(crate) planned: usize,
    pub(crate) ended: usize,
    /// Where the operator interrupted it.
    pub(crate) stopped: Option<usize>,
    /// Whether there were no faults, so that it had to succeed.
    pub(crate) healed: bool,
    pub(crate) hangs: bool,
}

impl Run {
    /// Whether there was nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.changes.is_empty() && plan.is_sound())
    }
}

/// A world at its end.
pub(crate) struct Ended<'a> {
    pub(crate) world: &'a World,
    pub(crate) desired: Desired,
    pub(crate) base: Option<Desired>,
    pub(crate) runs: Vec<Run>,
    pub(crate) server: Server,
    /// How many requests the first run sent.
    pub(crate) first: usize,
    pub(crate) live: Objects,
}

/// Runs a world to its end.
pub(crate) fn drive(world: &World) -> Ended<'_> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(world))
}

async fn live(world: &World) -> Ended<'_> {
    let mut desired = world.profile.desired(&world.wishes);
    lifecycle::expire(&mut desired, TODAY);
    let base = world.base.as_ref().map(|base| world.profile.desired(base));
    if let Some(base) = &base {
        let orphans = base::orphans(&desired, base.values());
        desired.extend(orphans.into_iter().map(|orphan| (orphan.id.clone(), orphan)));
    }
    let (api, weather) = (world.profile.api, world.weather.clone());
    let server = Server::new(api, world.live.clone(), weather, Chance::of(!world.seed));
    let site = Site {
        target: &world.profile.config.targets[0],
        desired: &desired,
        base: base.as_ref(),
        seed: world.seed,
        per_minute: world.weather.per_minute,
        crash: world.crash,
        stop: world.stop,
        server: Arc::new(Mutex::new(server)),
        start: Instant::now(),
        runs: Mutex::default(),
    };
    let first = match world.two {
        true => join(site.run(0, false), site.run(1, false)).await.0,
        false => site.run(0, false).await,
    };
    {
        let weather = &mut lock(&site.server).weather;
        (weather.faults, weather.foreign) = (Vec::new(), 0);
    }
    site.heal().await;
    let (server, runs) = site.end();
    let live = server.objects.clone();
    Ended { world, desired, base, runs, server, first, live }
}

/// What all runs of a world share.
pub(crate) struct Site<'a, P> {
    pub(crate) target: &'a Target,
    pub(crate) desired: &'a Desired,
    pub(crate) base: Option<&'a Desired>,
    pub(crate) seed: u64,
    pub(crate) per_minute: Option<usize>,
    /// Where the first run is killed.
    pub(crate) crash: Option<Crash>,
    /// At which of its requests the first run is interrupted.
    pub(crate) stop: Option<usize>,
    pub(crate) server: Arc<Mutex<P>>,
    pub(crate) start: Instant,
    pub(crate) runs: Mutex<Vec<Run>>,
}

pub(crate) const ALLOWED: &[Guard] =
    &[Guard::MaxDeletes, Guard::DeletedShare, Guard::Emptied, Guard::Vanished];

impl<P: Peer + 'static> Site<'_, P> {
    /// Runs again without faults until nothing is left to do.
    pub(crate) async fn heal(&self) {
        let ill = self.runs().len();
        for heal in 0..=HEALS {
            tokio::time::sleep(BETWEEN_RUNS).await;
            self.run(ill + heal, true).await;
            if self.runs()[ill + heal].is_idle() {
                break;
            }
        }
    }

    /// The peer and the runs, at the end.
    pub(crate) fn end(self) -> (P, Vec<Run>) {
        let server = Arc::into_inner(self.server).unwrap().into_inner().unwrap();
        (server, self.runs.into_inner().unwrap())
    }

    pub(crate) fn runs(&self) -> MutexGuard<'_, Vec<Run>> {
        self.runs.lock().unwrap()
    }

    fn length(&self) -> usize {
        lock(&self.server).length()
    }

    /// One run, until its end or its crash. Returns how many requests it sent.
    pub(crate) async fn run(&self, run: usize, healed: bool) -> usize {
        let began = self.length();
        self.runs().push(Run { began, healed, ..Run::default() });
        let crash = self.crash.filter(|_| run == 0);
        let mut wire = Wire::new(self.server.clone(), self.start, run, crash);
        Arc::get_mut(&mut wire).unwrap().stop = self.stop.filter(|_| run == 0);
        let walk = Box::pin(tokio::time::timeout(FOREVER, self.walk(run, &wire)));
        let hangs = match select(walk, Box::pin(wire.dead.notified())).await {
            Either::Left((ended, _)) => ended.is_err(),
            Either::Right(_) => false,
        };
        let ended = self.length();
        let stopped = wire.stopped_at.lock().unwrap().take();
        let mut runs = self.runs();
        let record = &mut runs[run];
        (record.ended, record.hangs, record.stopped) = (ended, hangs, stopped);
        if record.planned == 0 {
            record.planned = ended;
        }
        wire.sent()
    }

    async fn walk(&self, run: usize, wire: &Arc<Wire<P>>) {
        let target = self.target;
        let connected = Connected {
            intent: Intent {
                target,
                desired: self.desired,
                base: self.base,
                attempted: &Attempted::new(),
                given_up: &[],
                record: None,
                counts: &DeclaredCounts::of(self.desired),
                guardrails: &[],
                writes: true,
                options: &PlanOptions { allowed: ALLOWED.to_vec(), day: TODAY, ..PlanOptions::default() },
            },
            http: connection(target, wire, self.seed, self.per_minute),
            url: &target.config.url,
        };
        let planned = run::plan::plan(vec![connected]).await;
        {
            let mut runs = self.runs();
            (runs[run].planned, runs[run].plan) = (self.length(), Some(planned[0].plan.clone()));
        }
        wire.begin_to_write();
        let diary = Diary { site: self, run };
        let means = Means { journal: &diary, permit: &Alone, keys: &Keys::new(), stop: &wire.stopped };
        let targets = run::apply::apply(planned, &means).await;
        let mut report = Report { targets, ..Report::default() };
        let record = &mut self.runs()[run];
        (record.exit, record.report) = (Some(report.exit()), report.targets.pop());
    }
}

/// The connection of a target, through the simulated one of a run.
pub(crate) fn connection<P: Peer + 'static>(
    target: &Target,
    wire: &Arc<Wire<P>>,
    seed: u64,
    per_minute: Option<usize>,
) -> Http {
    let chance = Mutex::new(Chance::of(seed ^ (wire.run as u64 + 1) << 32));
    let settings = HttpSettings {
        url: reqwest::Url::parse(&target.config.url).unwrap(),
        headers: target.system.headers(),
        credential: Some((AUTHORIZATION, SecretString::from("Bearer simulated".to_owned()))),
        tokens: None,
        secrets: Vec::new(),
        stored: std::collections::BTreeMap::new(),
        post_reads: target.system.post_reads(),
        errors: target.system.errors(),
        credential_source: "the simulation".to_owned(),
        lists: enact::model::spent::ListLimits::default(),
        concurrency: target.config.limits.concurrency,
        per_minute,
        origin: Arc::default(),
    };
    let random = Arc::new(move || chance.lock().unwrap().number());
    Http::over(settings, Box::new(End(wire.clone())), random).unwrap()
}

/// The connection of one run to the server.
pub(crate) struct Wire<P> {
    pub(crate) server: Arc<Mutex<P>>,
    start: Instant,
    run: usize,
    writing: AtomicBool,
    sent: AtomicUsize,
    crash: Option<Crash>,
    /// Told when the run is killed.
    pub(crate) dead: Notify,
    stop: Option<usize>,
    /// Whether the operator interrupted it.
    pub(crate) stopped: AtomicBool,
    stopped_at: Mutex<Option<usize>>,
}

/// The run's end of the connection.
struct End<P>(Arc<Wire<P>>);

#[async_trait]
impl<P: Peer> Transport for End<P> {
    async fn call(&self, call: Call<'_>) -> Result<Response, Failure> {
        self.0.carry(&call).await
    }
}

impl<P: Peer> Wire<P> {
    /// The connection of a run that may be killed.
    pub(crate) fn new(server: Arc<Mutex<P>>, start: Instant, run: usize, crash: Option<Crash>) -> Arc<Self> {
        Arc::new(Self {
            server,
            start,
            run,
            writing: AtomicBool::default(),
            sent: AtomicUsize::default(),
            crash,
            dead: Notify::new(),
            stop: None,
            stopped: AtomicBool::default(),
            stopped_at: Mutex::default(),
        })
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// From here on the run may write.
    pub(crate) fn begin_to_write(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    async fn carry(&self, call: &Call<'_>) -> Result<Response, Failure> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let there = lock(&self.server).chance().below(20) as u64;
        // Parallel requests arrive in any order.
        tokio::time::sleep(Duration::from_millis(there)).await;
        let at = self.start.elapsed().as_millis() as u64;
        let by = By { run: self.run, writing: self.writing.load(Ordering::Relaxed) };
        if self.stop == Some(number) {
            self.stopped.store(true, Ordering::Relaxed);
            *self.stopped_at.lock().unwrap() = Some(lock(&self.server).length());
        }
        let (ended, back) = {
            let mut server = lock(&self.server);
            server.disturb(at);
            let unheard = self.crash.filter(|crash| crash.at == number).map(|crash| crash.done);
            let ended = server.exchange(call, at, by, unheard);
            if unheard.is_some() {
                self.dead.notify_one();
            }
            (ended, server.chance().below(20) as u64)
        };
        if self.crash.is_some_and(|crash| crash.at <= number) {
            return std::future::pending().await;
        }
        let timed_out = matches!(&ended, Err(failure) if failure.kind == FailureKind::Timeout);
        let back = if timed_out { PATIENCE } else { back };
        tokio::time::sleep(Duration::from_millis(back)).await;
        ended
    }
}

fn asked(call: &Call<'_>, at: u64) -> Asked {
    let mut segments = call.url.path_segments().unwrap();
    let kind = match segments.next().unwrap() {
        "role" => "Role",
        _ => "Policy",
    };
    let header = |name: &str| Some(call.headers.get(name)?.to_str().unwrap().to_owned());
    let query = call.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Asked {
        method: call.method.to_owned(),
        path: format!("{}{query}", call.url.path()),
        kind: kind.to_owned(),
        id: segments.next().map(str::to_owned),
        query: call.url.query_pairs().into_owned().collect(),
        body: call.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()),
        key: header("idempotency-key"),
        if_match: header("if-match"),
        at,
    }
}

fn response(said: Said) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in said.headers {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    Response { status: said.status, headers: headers.into(), body: said.body.into() }
}

pub(crate) fn lock<P>(server: &Mutex<P>) -> MutexGuard<'_, P> {
    server.lock().unwrap()
}
