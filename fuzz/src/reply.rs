//! A server that answers with the input, and what enact makes of it.
//!
//! An input is a list of answers, as text that can be read and mutated:
//!
//! ```text
//! 200 /permissions/roles
//! link: </api?page=2>; rel="next"
//!
//! {"data": []}
//! ===
//! lost
//! ```
//!
//! A request takes the next answer whose path is part of its own; the last such answer repeats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::{check_diagnostics, check_report, loaded};
use async_trait::async_trait;
use enact::config::target::Target;
use enact::http::retry::{ATTEMPTS, MAX_WAIT};
use enact::http::transport::{Call, Failure, FailureKind, Response, Transport};
use enact::http::{Http, HttpSettings};
use enact::import::{self, To};
use enact::manifest::Files;
use enact::model::change::Action;
use enact::model::guard::Guard;
use enact::model::kind::Kind;
use enact::model::plan::TargetPlan;
use enact::model::spent::ListLimits;
use enact::model::state::{Attempted, Desired, Observed};
use enact::model::unmanaged::UnmanagedRule;
use enact::plan::input::{DeclaredCounts, PlanInput, PlanOptions};
use enact::report::{Report, TargetReport};
use enact::resolve::{self, Reading, Taken, base};
use enact::run::observe::observe_all;
use enact::run::project::{Connected, Intent};
use enact::{plan, run};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use tokio::time::Instant;

/// The credential. A server may echo it.
pub const SECRET: &str = "canary-6f1d0c9e";

/// Even a server that waits as long as it may, at every request of every page, is done by then.
const FOREVER: Duration = Duration::from_secs(1_000 * 24 * 3600);
const ALLOWED: &[Guard] = &[Guard::MaxDeletes, Guard::DeletedShare, Guard::Emptied, Guard::Vanished];

/// One system with what git declares for it.
pub struct Subject {
    target: &'static Target,
    desired: Desired,
    base: Desired,
    counts: DeclaredCounts,
}

impl Subject {
    /// What is declared for a target: now, and when it was last applied.
    pub fn new(target: &str, now: &str, then: &str) -> Self {
        let loaded = loaded();
        let of_name = loaded.targets.iter().find(|of| of.config.name == target);
        let target = of_name.unwrap_or_else(|| panic!("no target {target}"));
        let (mut desired, base) = (declared(target, now), declared(target, then));
        assert!(!desired.is_empty() && !base.is_empty());
        base::settle_names(&mut desired, &base);
        let orphans = base::orphans(&desired, base.values());
        desired.extend(orphans.into_iter().map(|orphan| (orphan.id.clone(), orphan)));
        Self { target, counts: DeclaredCounts::of(&desired), desired, base }
    }

    /// Lets enact plan and import against a server with these answers, and checks the laws.
    pub fn check(&self, input: &[u8]) {
        let answers = answers(input);
        let (observed, report) = self.report(&answers);
        let plan = report.plan.clone();
        self.check_plan(&observed, &plan);
        check_report(&Report { command: "plan", targets: vec![report], ..Report::default() }, SECRET);
        let (_, again) = self.plan(&answers);
        assert_eq!(format!("{plan:?}"), format!("{again:?}"), "the same answers, another plan");
        self.check_import(&answers);
    }

    fn plan(&self, answers: &[Reply]) -> (Observed, TargetPlan) {
        let (observed, report) = self.report(answers);
        (observed, report.plan)
    }

    fn report(&self, answers: &[Reply]) -> (Observed, TargetReport) {
        run(async {
            let connected = Connected {
                intent: Intent {
                    target: self.target,
                    desired: &self.desired,
                    base: Some(&self.base),
                    attempted: &Attempted::new(),
                    given_up: &[],
                    record: None,
                    counts: &self.counts,
                    guardrails: &[],
                    writes: true,
                    options: &PlanOptions { allowed: ALLOWED.to_vec(), ..PlanOptions::default() },
                },
                http: http(self.target, answers),
                url: &self.target.config.url,
            };
            let mut planned = run::plan::plan(vec![connected]).await;
            let planned = planned.pop().unwrap_or_else(|| panic!("no plan"));
            let report = planned.report();
            (planned.observed, report)
        })
    }

    /// What could not be read is not absent; what git does not name is not touched; only what was read is written.
    fn check_plan(&self, observed: &Observed, plan: &TargetPlan) {
        let kinds = self.target.system.kinds();
        let wanted = |kind: &&Kind| self.desired.keys().any(|id| id.kind == kind.name);
        let read = |kind: &Kind| matches!(observed.kinds.get(&kind.name), Some(Ok(_)));
        let whole = kinds.iter().filter(wanted).all(read) && observed.unread.is_empty();
        assert!(whole || plan.incomplete, "{plan:#?}");
        for change in &plan.changes {
            let declared = &self.desired[&change.id];
            assert_eq!(change.action == Action::Delete, declared.absent(), "{change:#?}");
            let kind = kinds.iter().find(|kind| kind.name == change.id.kind);
            let kind = kind.unwrap_or_else(|| panic!("{change:#?}"));
            assert!(read(kind), "{change:#?}");
            assert_eq!(change.action == Action::Create, change.seen.is_none(), "{change:#?}");
            for reference in kinds.iter().filter(|to| kind.refers_to(&to.name)) {
                assert!(read(reference), "{change:#?}\nrefers to an unread {}", reference.name);
            }
            if let Some(seen) = &change.seen {
                let key = (change.id.kind.clone(), seen.remote.clone());
                assert!(!observed.unread.contains_key(&key), "{change:#?}");
                assert!(observed.found(&kind.name).contains(seen), "{change:#?}");
            }
        }
        let named: Vec<_> = plan.changes.iter().map(|change| &change.id).collect();
        let named =
            named.into_iter().chain(&plan.unchanged).chain(plan.skipped.iter().map(|skipped| &skipped.id));
        let mut once = BTreeSet::new();
        assert!(named.into_iter().all(|id| once.insert(id)), "{plan:#?}");
    }

    /// What import writes is valid, and a plan right after it is empty.
    fn check_import(&self, answers: &[Reply]) {
        let Target { config, system, .. } = self.target;
        let http = http(self.target, answers);
        let observed = run(observe_all(system.as_ref(), &http.reader(), config.limits.concurrency));
        let mut diagnostics = Vec::new();
        let to = To { system: &config.system, schemas: None, all_fields: false, taken: &[] };
        let imported =
            import::manifests(&to, system.as_ref(), &Desired::new(), &observed, None, &mut diagnostics);
        check_diagnostics("", &diagnostics);
        let files: Files =
            imported.into_iter().map(|new| (format!("policies/{}", new.file), new.text.into())).collect();
        let mut diagnostics = Vec::new();
        let manifests = resolve::manifests(
            &loaded().registry,
            &files,
            &mut Reading::within(usize::MAX),
            &mut diagnostics,
        );
        let claims = [self.target.claim()];
        let taken = Taken::of(&claims, &manifests);
        let desired = resolve::desired(&claims, &taken, Default::default(), &mut diagnostics);
        let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{files:#?}");
        let desired = &desired[&config.name];
        let plan = plan::plan(&PlanInput {
            target: &config.name,
            system: system.as_ref(),
            desired,
            base: None,
            attempted: &Attempted::new(),
            given_up: &[],
            observed: &observed,
            counts: &DeclaredCounts::of(desired),
            max_deletes: 0,
            refuses_new_access: false,
            guardrails: &[],
            unmanaged: &UnmanagedRule::default(),
            last_seen: None,
            options: &PlanOptions::default(),
        });
        let unread: BTreeSet<_> = observed.unread.keys().map(|(kind, _)| kind.clone()).collect();
        let mut changed = plan.changes.iter().filter(|change| !unread.contains(&change.id.kind));
        assert!(changed.next().is_none(), "{:#?}\n{files:#?}", plan.changes);
    }
}

fn declared(target: &Target, text: &str) -> Desired {
    let files = Files::from([(crate::FILE.to_owned(), text.into())]);
    let mut diagnostics = Vec::new();
    let manifests =
        resolve::manifests(&loaded().registry, &files, &mut Reading::within(usize::MAX), &mut diagnostics);
    let desired = resolve::for_target(&target.claim(), &manifests, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    desired
}

/// Runs in virtual time, which passes only while everything waits.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(async {
        let ended = tokio::time::timeout(FOREVER, work).await;
        ended.unwrap_or_else(|_| panic!("it never ends"))
    })
}

fn http(target: &Target, answers: &[Reply]) -> Http {
    let secret = || SecretString::from(SECRET.to_owned());
    let settings = HttpSettings {
        url: Url::parse(&target.config.url).unwrap_or_else(|error| panic!("{error}")),
        headers: target.system.headers(),
        credential: Some((AUTHORIZATION, secret())),
        tokens: None,
        secrets: vec![secret()],
        stored: BTreeMap::new(),
        post_reads: target.system.post_reads(),
        errors: target.system.errors(),
        credential_source: "the fuzzer".to_owned(),
        lists: ListLimits::default(),
        concurrency: target.config.limits.concurrency,
        per_minute: None,
        origin: Arc::default(),
    };
    let number = AtomicU64::new(1);
    let random = move || number.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    let server = Server {
        base: settings.url.clone(),
        left: Mutex::new(answers.to_vec()),
        quiet_since: Mutex::new(None),
    };
    Http::over(settings, Box::new(server), Arc::new(random)).unwrap_or_else(|error| panic!("{error}"))
}

/// One answer of the input.
#[derive(Clone, Debug)]
struct Reply {
    /// A part of the path that the request must have.
    path: String,
    /// The answer, or none.
    said: Result<Response, FailureKind>,
}

fn answers(input: &[u8]) -> Vec<Reply> {
    let mut answers = Vec::new();
    let mut rest = Some(input);
    while let Some(text) = rest {
        let (one, after) = cut(text, b"\n===\n");
        answers.push(answer(one));
        rest = after;
    }
    answers
}

fn answer(text: &[u8]) -> Reply {
    let (head, body) = cut(text, b"\n\n");
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (word, path) = lines.next().unwrap_or_default().split_once(' ').unwrap_or((&head, ""));
    let status = |word: &str| word.trim().parse().unwrap_or(200);
    let said = match word.trim() {
        "lost" => Err(FailureKind::Lost),
        "timeout" => Err(FailureKind::Timeout),
        "refused" => Err(FailureKind::NotSent),
        "large" => Err(FailureKind::TooLarge),
        word => Ok(Response {
            status: status(word),
            headers: headers(lines).into(),
            body: body.unwrap_or_default().to_vec().into(),
        }),
    };
    Reply { path: path.trim().to_owned(), said }
}

/// The headers that HTTP can carry. The server has a clock, so that this machine's clock does not matter.
fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.trim().as_bytes())) {
            headers.append(name, value);
        }
    }
    headers.entry("date").or_insert(HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
    headers
}

fn cut<'a>(text: &'a [u8], at: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match text.windows(at.len()).position(|window| window == at) {
        Some(start) => (&text[..start], Some(&text[start + at.len()..])),
        None => (text, None),
    }
}

struct Server {
    base: Url,
    left: Mutex<Vec<Reply>>,
    /// When it was last asked.
    quiet_since: Mutex<Option<Instant>>,
}

#[async_trait]
impl Transport for Server {
    /// Checks that only reads arrive, only below the target's own URL, and that no wait is endless.
    async fn call(&self, call: Call<'_>) -> Result<Response, Failure> {
        assert_eq!((call.method, call.body), ("GET", None));
        let (here, base) = (call.url.as_str(), self.base.as_str().trim_end_matches('/'));
        assert!(here.strip_prefix(base).is_some_and(|rest| rest.starts_with('/')), "{here}");
        assert!(!call.url.path().contains("/../"), "{here}");
        let before = lock(&self.quiet_since).replace(Instant::now());
        let waited = before.map(|before| before.elapsed()).unwrap_or_default();
        assert!(waited <= MAX_WAIT * ATTEMPTS, "it waited for {waited:?}");
        // Parallel requests are in flight at the same time.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut left = lock(&self.left);
        let mut mine = (0..left.len()).filter(|index| here.contains(&left[*index].path));
        let reply = match (mine.next(), mine.next()) {
            (Some(first), Some(_)) => left.remove(first),
            (Some(only), None) => left[only].clone(),
            (None, _) => {
                Reply { path: String::new(), said: Ok(Response { status: 404, ..Response::default() }) }
            }
        };
        reply.said.map_err(|kind| Failure { kind, words: format!("why: {SECRET}").into(), help: None })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is declared for a target, by its system's name.
macro_rules! declared {
    ($system:literal) => {
        (
            include_str!(concat!("declared/", $system, ".yaml")),
            include_str!(concat!("declared/", $system, ".then.yaml")),
        )
    };
}

/// Checks one system.
pub fn check(system: &str, input: &[u8]) {
    subject(system).check(input);
}

/// What is reported of one system.
pub fn report(system: &str, input: &[u8]) -> TargetReport {
    subject(system).report(&answers(input)).1
}

/// The subject of a system, made once.
fn subject(system: &str) -> &'static Subject {
    static SUBJECTS: OnceLock<BTreeMap<&str, Subject>> = OnceLock::new();
    let subjects = SUBJECTS.get_or_init(|| {
        let all = [
            ("polytomic", declared!("polytomic")),
            ("jitsudo", declared!("jitsudo")),
            ("compiuta", declared!("compiuta")),
            ("mycloud", declared!("mycloud")),
            ("paged", declared!("paged")),
        ];
        all.map(|(system, (now, then))| (system, Subject::new(system, now, then))).into()
    });
    &subjects[system]
}
