//! What it costs to record a run: 10,000 objects of which 10 change, as a ratio to the plan of the same run. Ratios of one
//! run, because machines are noisy. The repository is a real one in a temporary folder; nothing is sent.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it is wrong"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use enact::model::outcome::{EndedChange, Outcome};
use enact::model::resource::RemoteId;
use enact::model::state::{LiveObject, Observed};
use enact::plan;
use enact::plan::input::PlanInput;
use enact::report::{ApplyReport, Report, TargetReport};
use enact::run::checkout::ConfigText;
use enact::run::history::{BaseSource, History};
use enact::run::ledger::Ledger;
use enact::run::load::{Load, load};
use enact::run::lock::Lock;
use enact::run::options::RunOptions;
use enact::run::place::Place;
use enact::run::project::Project;
use enact::run::recorder::RunFacts;
use enact::run::tips::{self, Tips};
use enact::run::whose::RunId;
use serde_json::{Value, json};

const OBJECTS: usize = 10_000;
const CHANGED: usize = 10;
/// Runs whose records come before the measured one.
const RUNS: usize = 200;
const CONFIG: &str = "{apiVersion: enact/v1, kind: Config, manifests: [p], targets: [{name: t, system: mycloud, \
                      url: 'https://example.com', auth: {bearer: {env: X}}, prune: tracked}]}";

fn manifest(index: usize, version: usize) -> String {
    format!(
        "apiVersion: mycloud/v1\nkind: Policy\nmetadata: {{name: p{index}}}\nspec:\n  description: version {version}\n  \
         document:\n    statements:\n      - {{sid: A, effect: allow, actions: ['s3:Get'], resources: ['b{index}/*']}}\n"
    )
}

fn live(index: usize, version: usize) -> LiveObject {
    let statement =
        json!({"sid": "A", "effect": "allow", "actions": ["s3:Get"], "resources": [format!("b{index}/*")]});
    let document = json!({"version": "2024-01-01", "statements": [statement]});
    let (name, id) = (format!("p{index}"), format!("id-{index}"));
    let body: Value =
        json!({"id": &id, "name": name, "description": format!("version {version}"), "document": document});
    LiveObject { remote: RemoteId::new(&id).unwrap(), name, system: false, body: body.into(), etag: None }
}

/// What is live: this version of the first objects, and the first version of the others.
fn observed(version: usize) -> Observed {
    let all = (0..OBJECTS).map(|index| live(index, if index < CHANGED { version } else { 0 }));
    Observed { kinds: BTreeMap::from([("Policy".to_owned(), Ok(all.collect()))]), ..Observed::default() }
}

fn git(folder: &Path, args: &[&str]) {
    let who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"];
    let done = Command::new("git").args(who).args(args).current_dir(folder).status().unwrap();
    assert!(done.success(), "{args:?}");
}

fn commit(folder: &Path, version: usize, objects: usize) {
    for index in 0..objects {
        std::fs::write(folder.join(format!("p/{index}.yaml")), manifest(index, version)).unwrap();
    }
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "version"]);
}

fn project(folder: &Path, base: BaseSource) -> Project {
    let origin = ConfigText {
        file: "enact.yaml".to_owned(),
        folder: folder.to_owned(),
        text: CONFIG.to_owned(),
        unsaved: Default::default(),
    };
    let remembers = base == BaseSource::Applied;
    let Load { project, diagnostics, .. } =
        load(&origin, &RunOptions { base, remembers, ..RunOptions::default() });
    project.unwrap_or_else(|| unreachable!("{diagnostics:#?}"))
}

fn planned(project: &Project, observed: &Observed) -> TargetReport {
    let intent = project.intents().next().unwrap();
    let plan = plan::plan(&PlanInput {
        target: "t",
        system: intent.target.system.as_ref(),
        desired: intent.desired,
        base: intent.base,
        attempted: intent.attempted,
        given_up: intent.given_up,
        observed,
        counts: intent.counts,
        max_deletes: usize::MAX,
        refuses_new_access: false,
        guardrails: &[],
        unmanaged: &intent.target.unmanaged,
        last_seen: None,
        options: intent.options,
    });
    let (system, url) = ("mycloud".to_owned(), "https://example.com".to_owned());
    TargetReport { system, url, plan, apply: None, requests: 0 }
}

fn place(history: &History) -> Place {
    history.place(None, Vec::new(), None).unwrap()
}

/// Records a run whose writes all succeed, and returns how long that took.
async fn recorded(project: &Project, report: TargetReport, after: &Observed) -> Duration {
    let history = project.history.as_ref().unwrap();
    let run = RunId::begin(Some(history.repository()));
    let targets: Vec<_> = project.targets().collect();
    let verified = planned(project, after).plan;
    let ended = report.plan.changes.iter().cloned();
    let changes = ended.map(|change| EndedChange { change, outcome: Outcome::applied() }).collect();
    let facts = RunFacts::of(&run, history.commit.unwrap(), Report::default().digest(), None, Vec::new());
    let began = Instant::now();
    let mut held = Lock::take(place(history), vec![tips::lock("t")], run, Duration::ZERO).await.unwrap();
    let tips = Tips::find(&targets, history, held.place()).unwrap();
    let mut ledger = Ledger::open(project, history, facts, false, tips);
    let mut reports = vec![report];
    ledger.begin(&reports, &held).unwrap();
    reports[0].apply = Some(ApplyReport { changes, verified });
    ledger.end(&reports, &mut held).unwrap();
    began.elapsed()
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = run();
    (done, began.elapsed())
}

fn show(what: &str, time: Duration, base: Duration) {
    let ratio = time.as_secs_f64() / base.as_secs_f64();
    println!("{what}: {ratio:.2} times a plan without a record ({time:.0?})");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::TempDir::new().unwrap();
    let at = folder.path();
    std::fs::create_dir(at.join("p")).unwrap();
    std::fs::write(at.join("enact.yaml"), CONFIG).unwrap();
    git(at, &["init", "-q", "-b", "main"]);
    commit(at, 0, OBJECTS);
    let first = observed(0);
    let (bare, without) = timed(|| {
        let project = project(at, BaseSource::Nowhere);
        planned(&project, &first).plan.changes.len()
    });
    assert_eq!(bare, 0);

    // The first run takes everything over.
    let new = project(at, BaseSource::Applied);
    let report = planned(
        &new,
        &Observed { kinds: BTreeMap::from([("Policy".to_owned(), Ok(Vec::new()))]), ..Observed::default() },
    );
    show("the first record, of 10,000 creates", recorded(&new, report, &first).await, without);

    for runs in [1, RUNS] {
        for version in 1..=runs {
            commit(at, version + runs, CHANGED);
            let now = project(at, BaseSource::Applied);
            let report = planned(&now, &observed(version + runs - 1));
            let took = recorded(&now, report, &observed(version + runs)).await;
            if version == runs {
                show(&format!("a record of {CHANGED} changes after {runs} runs"), took, without);
            }
        }
        let last = observed(2 * runs);
        let (changes, with) = timed(|| planned(&project(at, BaseSource::Applied), &last).plan.changes.len());
        assert_eq!(changes, 0);
        show(&format!("a plan on the record after {runs} runs"), with, without);
    }
}
