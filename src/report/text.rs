//! What a person reads in a terminal: the plan before it is applied, and how it ended afterwards.
//!
//! What other commands print is in `content`. Diagnostics are in neither; `diagnostics` shows them with their source.

use std::fmt::Display;

use anstyle::AnsiColor;

use super::access::{self, AccessLine, AccessTotals};
use super::configuration::{HEADING, sentence};
use super::content::{Content, RunsContent};
use super::line::{self, Layout, Line, LineMark};
use super::pass::PassRow;
use super::status;
use super::style::Style;
use super::summary::Totals;
use super::value::quoted;
use super::{
    Ending, Exit, Report, TargetReport, alike, decide, labels, log, merge, summary, undo, unmanaged,
};
use crate::model::change::{Action, Change};
use crate::model::outcome::{Outcome, WriteResult};
use crate::model::plan::{AccessVerdicts, Expiring, Held, OnlyObserved, Skipped, TargetPlan};
use crate::model::request::Request;
use crate::model::survivor::Survivor;
use crate::model::unmanaged::Coverage;
use crate::text::inert::Inert;
use crate::text::{inline, safe, wrap};
use crate::words::count;

mod content;

/// The indent of fields.
const INDENT: usize = 6;
/// How many changes that ended for the same cause are shown one by one.
const ALIKE: usize = 3;
/// How many lines of a field of a new object are shown.
const CREATE_LINES: usize = 16;

/// The report as text that can be printed.
pub fn inert(report: &Report, style: &Style) -> Inert {
    Inert::styled(&render(report, style), style.color)
}

/// The report as text; empty if the diagnostics say everything.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let content = match is_ready(&report.content) {
        true => content(report, style),
        false => wrap::lines(&content(report, style), style.columns()),
    };
    configuration(report, style) + &content
}

/// Whether other programs may take the text as it is, or it is broken into lines already.
fn is_ready(content: &Content) -> bool {
    match content {
        Content::Run | Content::Log(_) | Content::Show(_) | Content::Nothing => true,
        Content::Page(_)
        | Content::Why(_)
        | Content::Schema(_)
        | Content::Import(_)
        | Content::Sandbox(_) => true,
        Content::Init(_) | Content::Doctor(_) | Content::Targets(_) | Content::Formatted(_) => false,
        Content::Schemas(_) | Content::Status(_) | Content::Prune(_) | Content::Unlock(_) => false,
        Content::Merged(_) | Content::Serve(_) | Content::CheckSystem(_) => false,
        Content::Test(_) | Content::Answer(_) | Content::Who(_) => false,
    }
}

/// What the revision changes in the configuration, before anything else.
fn configuration(report: &Report, style: &Style) -> String {
    if report.configuration.is_empty() {
        return String::new();
    }
    let mut page = TextPage { style, ended: false, text: String::new() };
    let heading = page.paint(AnsiColor::Yellow.on_default().bold(), format!("{HEADING}:"));
    page.line(0, heading);
    report.configuration.iter().for_each(|change| page.line(2, sentence(change)));
    page.text.push('\n');
    page.text
}

fn content(report: &Report, style: &Style) -> String {
    match &report.content {
        Content::Run if report.ending == Ending::Declined => "Nothing was written.\n".to_owned(),
        Content::Run if !report.targets.is_empty() && style.summary => in_short(report, style),
        Content::Run if !report.targets.is_empty() => run(report, style),
        Content::Run if report.exit() == Exit::Done && !style.quiet => summary::sentence(report) + "\n",
        Content::Run | Content::Nothing => String::new(),
        Content::Init(init) => content::init(init, style),
        Content::Doctor(doctor) => content::doctor(doctor, style),
        Content::Targets(targets) => content::targets(targets),
        Content::Formatted(formatted) => content::formatted(formatted, style),
        Content::Page(page) => safe(&page.text).into_owned(),
        Content::Why(why) => safe(&why.page).into_owned(),
        Content::Import(import) => content::import(import, style),
        Content::Schemas(schemas) => content::schemas(schemas, style),
        Content::Schema(schema) => schema.clone(),
        Content::Sandbox(sandbox) => content::sandbox(sandbox),
        Content::Status(status) => content::status(status),
        Content::Log(_) | Content::Show(_) if report.exit() != Exit::Done => String::new(),
        Content::Log(runs) | Content::Show(runs) => logged(runs, style),
        Content::Prune(prune) => {
            log::pruned(prune).iter().map(|line| format!("{}\n", inline(line))).collect()
        }
        Content::Unlock(_) if report.exit() != Exit::Done => String::new(),
        Content::Unlock(unlock) => inline(&status::unlocked(unlock)).into_owned() + "\n",
        Content::Merged(merged) => content::shown(merge::lines(&merged.document)),
        Content::Serve(serve) => content::shown(serve.passes.iter().map(PassRow::line).collect()),
        Content::CheckSystem(check) => content::check_system(check, style),
        Content::Test(tests) => content::tests(tests, style),
        Content::Answer(answer) => content::shown(decide::answer_lines(answer)),
        Content::Who(who) => content::shown(decide::who_lines(who)),
    }
}

/// The targets, and a last line that sums them up.
fn run(report: &Report, style: &Style) -> String {
    let mut page = TextPage { style, ended: summary::was_attempted(report), text: String::new() };
    if let Some(undo) = &report.undo {
        page.line(0, inline(&undo::head(undo)));
        page.text.push('\n');
    }
    for target in &report.targets {
        page.target(target);
    }
    page.end(report);
    page.text
}

/// A line for each target, and the last line.
fn in_short(report: &Report, style: &Style) -> String {
    let mut page = TextPage { style, ended: summary::was_attempted(report), text: String::new() };
    for target in &report.targets {
        page.line(0, page.in_short(target));
    }
    page.end(report);
    page.text
}

/// Each run with what it did.
fn logged(content: &RunsContent, style: &Style) -> String {
    let mut page = TextPage { style, ended: false, text: String::new() };
    for run in &content.runs {
        page.line(0, inline(&log::head(run)));
        log::notes(run).iter().for_each(|note| page.line(2, inline(note)));
        for effect in run.objects.iter().flatten() {
            page.line(4, inline(&log::object(effect)));
            page.lines(log::lines(effect, &page.layout()));
        }
    }
    let end = if style.quiet { Vec::new() } else { log::end(content) };
    end.iter().for_each(|line| page.line(0, inline(line)));
    page.text
}

struct TextPage<'a> {
    style: &'a Style,
    /// Whether apply has written, so that changes have outcomes.
    ended: bool,
    text: String,
}

impl TextPage<'_> {
    fn target(&mut self, target: &TargetReport) {
        let title = self.title(target);
        if labels::is_quiet(target) {
            self.line(0, format!("{title}: no changes, {} unchanged", target.plan.unchanged.len()));
            self.unmanaged(target);
            self.text.push('\n');
            return;
        }
        self.line(0, title);
        self.blocked(&target.plan);
        for (heading, changes) in summary::groups(target) {
            heading.into_iter().for_each(|heading| self.line(2, heading.to_owned()));
            if self.ended {
                self.ended(target, changes);
            } else {
                changes.into_iter().for_each(|(change, _)| self.change(target, change, None));
            }
        }
        if target.plan.access == AccessVerdicts::NoSemantics && !self.ended {
            self.line(2, access::NO_SEMANTICS);
        }
        if !self.ended {
            self.target_access(&target.plan);
        }
        self.survivors(target.survivors());
        self.skipped(&target.plan.skipped);
        target.plan.held.iter().for_each(|held| self.held(held));
        target.plan.observed.iter().for_each(|observed| self.observed(observed));
        self.expiring(&target.plan.expiring);
        self.unmanaged(target);
        self.verified(target);
        self.text.push('\n');
    }

    /// How a target stands, in a line.
    fn in_short(&self, target: &TargetReport) -> String {
        let of_target = std::slice::from_ref(target);
        let counts = match (labels::is_quiet(target), self.ended && !target.plan.changes.is_empty()) {
            (true, false) => format!("no changes, {} unchanged", target.plan.unchanged.len()),
            (_, true) => format!("applied {}", summary::outcomes(of_target)),
            (false, false) => Totals::of_target(target).words(),
        };
        let access = AccessTotals::of(of_target).filter(|_| !self.ended).and_then(AccessTotals::words);
        let access = access.map(|access| format!("; {access}")).unwrap_or_default();
        let blocked = labels::blocked(&target.plan)
            .map(|why| self.paint(AnsiColor::Red.on_default(), format!("; nothing is written to it: {why}")));
        format!("{}: {counts}{access}{}", self.title(target), blocked.unwrap_or_default())
    }

    /// The run as a whole.
    fn end(&mut self, report: &Report) {
        let sentence = self.paint(anstyle::Style::new().bold(), summary::sentence(report));
        self.line(0, sentence);
        if let Some(totals) =
            AccessTotals::of(&report.targets).filter(|_| !self.ended).and_then(AccessTotals::words)
        {
            self.line(0, totals);
        }
        for line in report.undo.iter().flat_map(undo::end) {
            self.line(0, inline(&line));
        }
    }

    fn title(&self, target: &TargetReport) -> String {
        let name = self.paint(anstyle::Style::new().bold(), inline(&target.plan.target));
        format!("{name} ({}, {})", inline(&target.system), inline(&target.url))
    }

    fn blocked(&mut self, plan: &TargetPlan) {
        if let Some(why) = labels::blocked(plan) {
            let warning =
                self.paint(AnsiColor::Red.on_default(), format!("nothing is written to this target: {why}"));
            self.line(2, warning);
        }
    }

    /// How changes ended. Of many that ended for one cause the names say enough.
    fn ended(&mut self, target: &TargetReport, changes: Vec<(&Change, Option<&Outcome>)>) {
        let ended = changes.into_iter().map(|(change, outcome)| (change, labels::ended(target, outcome)));
        for group in alike::outcomes(ended.collect()) {
            match group.as_slice() {
                [(_, outcome), ..] if group.len() > ALIKE && !self.style.verbose => {
                    let outcome = self.outcome(outcome);
                    self.line(2, format!("{}{outcome}", count(group.len(), "change")));
                    for (what, names) in alike::names(&group, |change| self.what(change)) {
                        self.line(INDENT, format!("{what} {}", names.join(", ")));
                    }
                }
                _ => group.iter().for_each(|(change, outcome)| self.change(target, change, Some(outcome))),
            }
        }
    }

    fn change(&mut self, target: &TargetReport, change: &Change, outcome: Option<&Outcome>) {
        let at = outcome.and_then(Outcome::at);
        let outcome = outcome.map(|outcome| self.outcome(outcome)).unwrap_or_default();
        self.line(2, format!("{}{outcome}", self.head(change)));
        if let Some(at) = at {
            self.line(INDENT, format!("--> {}", inline(at)));
        }
        self.differing(Some(change));
        if !self.ended || self.style.verbose {
            self.access(&access::lines(target, change, self.style.verbose));
        }
        if self.style.verbose {
            change.requests.iter().for_each(|request| self.request(request));
        }
    }

    fn head(&self, change: &Change) -> String {
        let cause = labels::cause(change.cause).map(|cause| format!(" ({cause})")).unwrap_or_default();
        format!("{} {}{cause}", self.what(change), quoted(&change.id.name))
    }

    /// What happens to an object of which kind.
    fn what(&self, change: &Change) -> String {
        let sign = match change.action {
            Action::Create => "+",
            Action::Update => "~",
            Action::Delete => "-",
        };
        let what = self.paint(color(change.action), format!("{sign} {}", labels::action(change.action)));
        format!("{what} {}", inline(&change.id.kind))
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        let color = match outcome.result() {
            WriteResult::Applied => AnsiColor::Green,
            WriteResult::Conflict | WriteResult::Failed | WriteResult::Unknown => AnsiColor::Red,
            WriteResult::NotAttempted => AnsiColor::Yellow,
        };
        let reason = outcome.reason().map(|reason| format!(": {}", inline(reason))).unwrap_or_default();
        format!(": {}{reason}", self.paint(color.on_default(), outcome.result().as_str()))
    }

    fn layout(&self) -> Layout {
        let width = self.style.width.saturating_sub(INDENT + 2);
        // A file and a pipe have room for any line.
        let longest = if self.style.wraps { width.max(40) } else { usize::MAX };
        let most = (!self.style.verbose).then_some((CREATE_LINES, longest));
        Layout { width, longest: usize::MAX, create: most, held: most }
    }

    fn fields(&mut self, change: &Change) {
        self.lines(line::lines(change, &self.layout()));
    }

    fn lines(&mut self, lines: Vec<Line>) {
        for Line { mark, text } in lines {
            let line = match mark {
                LineMark::Added => self.paint(AnsiColor::Green.on_default(), format!("+ {text}")),
                LineMark::Removed => self.paint(AnsiColor::Red.on_default(), format!("- {text}")),
                LineMark::Changed => format!("{} {text}", self.paint(AnsiColor::Yellow.on_default(), "~")),
                LineMark::Same => format!("  {text}"),
            };
            self.line(INDENT, line);
        }
    }

    /// What a change does to what is allowed, each with a request that shows it.
    fn access(&mut self, lines: &[AccessLine]) {
        for AccessLine { label, gains, what, witness } in lines {
            let label = self.verdict(label, *gains);
            self.line(INDENT, format!("{label}  {}", inline(what)));
            if let Some(witness) = witness {
                self.line(INDENT + 4, format!("for example {}", inline(witness)));
            }
        }
    }

    /// What all changes do to what the whole target allows.
    fn target_access(&mut self, plan: &TargetPlan) {
        for AccessLine { label, gains, what, witness: _ } in access::of_target(plan) {
            let label = self.verdict(label, gains);
            self.line(2, format!("access of {}: {label}  {}", inline(&plan.target), inline(&what)));
        }
    }

    fn verdict(&self, label: &str, gains: Option<bool>) -> String {
        let color = match gains {
            Some(true) => AnsiColor::Magenta,
            Some(false) => AnsiColor::Cyan,
            None => AnsiColor::White,
        };
        self.paint(color.on_default().bold(), label)
    }

    fn request(&mut self, request: &Request) {
        let path = request.path.to_string();
        self.line(INDENT, format!("{} {}", request.method.as_str(), inline(&path)));
        let body = request.body.as_ref().map(|body| format!("{body:#}")).unwrap_or_default();
        for line in body.lines() {
            // Somebody may copy it.
            self.text.push_str(&format!("{:1$}{2}\n", "", INDENT + 2, inline(line)));
        }
    }

    fn survivors(&mut self, survivors: &[Survivor]) {
        if !survivors.is_empty() {
            self.line(2, labels::SURVIVORS);
        }
        for survivor in survivors {
            let (kind, name) = (inline(&survivor.id.kind), quoted(&survivor.id.name));
            let what = self.paint(AnsiColor::Yellow.on_default(), "! alive");
            self.line(2, format!("{what} {kind} {name} ({})", inline(survivor.remote.as_str())));
            self.line(INDENT, labels::survivor(survivor));
        }
    }

    fn skipped(&mut self, skipped: &[Skipped]) {
        for skipped in skipped {
            let (kind, name) = (inline(&skipped.id.kind), quoted(&skipped.id.name));
            self.line(4, format!("skipped {kind} {name}: {}", labels::reason(skipped)));
        }
    }

    fn held(&mut self, held: &Held) {
        let Held { id, until, reason, change } = held;
        let what = match change {
            Some(change) => self.head(change),
            None => format!("{} {}, as declared", inline(&id.kind), quoted(&id.name)),
        };
        self.line(4, format!("held until {until}: {what}: {}", inline(reason)));
        self.differing(change.as_ref());
    }

    fn observed(&mut self, observed: &OnlyObserved) {
        let OnlyObserved { lifecycle, change } = observed;
        let lifecycle = labels::lifecycle(*lifecycle);
        self.line(4, format!("observed (lifecycle: {lifecycle}): {}", self.head(change)));
        self.differing(Some(change));
    }

    /// The fields of a change, where they were not shown before.
    fn differing(&mut self, change: Option<&Change>) {
        // Apply showed them before it asked.
        if !self.ended || self.style.verbose {
            change.into_iter().for_each(|change| self.fields(change));
        }
    }

    fn expiring(&mut self, expiring: &[Expiring]) {
        for expiring in expiring {
            let (kind, name) = (inline(&expiring.id.kind), quoted(&expiring.id.name));
            self.line(4, format!("expires {kind} {name}: {}", labels::expiry(expiring)));
        }
    }

    /// What is live and not in git: a line, and on demand the objects.
    fn unmanaged(&mut self, target: &TargetReport) {
        let coverage = unmanaged::coverage(target);
        let (found, show) =
            (coverage.unmanaged(), |kind: &str, name: &str| format!("{} {}", inline(kind), quoted(name)));
        let full = unmanaged::in_full(found);
        match coverage {
            Coverage::OnlyDeclared => self.line(2, unmanaged::ONLY_DECLARED),
            Coverage::Counted(counted) if self.style.verbose || !full.is_empty() => {
                self.line(2, unmanaged::counts(counted));
            }
            Coverage::Counted(_) | Coverage::Ignored => {}
        }
        if full.is_empty() && !found.is_empty() {
            self.line(2, format!("{}: {}", unmanaged::head(found), unmanaged::names(found, show)));
        } else if !full.is_empty() {
            self.line(2, format!("{}:", unmanaged::head(found)));
        }
        for found in full {
            self.line(4, unmanaged::name(found, show));
            self.lines(unmanaged::content(found, &self.layout()));
        }
    }

    fn verified(&mut self, target: &TargetReport) {
        let remaining = target.verified().map_or(&[][..], |plan| &plan.changes);
        if !remaining.is_empty() {
            self.line(2, "still not as declared after apply:");
        }
        for change in remaining {
            self.line(2, self.head(change));
            self.fields(change);
        }
        if let Some(why) = labels::unverified(target) {
            let warning = self.paint(AnsiColor::Red.on_default(), why);
            self.line(2, warning);
        }
    }

    fn line(&mut self, indent: usize, line: impl Display) {
        self.text.push_str(&wrap::line(&format!("{:indent$}{line}\n", ""), self.style.columns()));
    }

    fn paint(&self, style: impl Into<anstyle::Style>, text: impl Display) -> String {
        let style = if self.style.color { style.into() } else { anstyle::Style::new() };
        format!("{style}{text}{style:#}")
    }
}

fn color(action: Action) -> anstyle::Style {
    match action {
        Action::Create => AnsiColor::Green.on_default(),
        Action::Update => AnsiColor::Yellow.on_default(),
        Action::Delete => AnsiColor::Red.on_default(),
    }
}

#[cfg(test)]
mod tests;
