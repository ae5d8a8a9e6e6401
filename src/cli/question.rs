//! `enact can` and `enact who-can`: which target is asked, and on which side. What its policies say is in `decide`.

use clap::Args;
use serde_json::Value;

use super::args::{Global, SandboxArgs};
use super::output::Output;
use crate::access::question::Question;
use crate::access::rule::{Dimension, Effect};
use crate::decide::suite::question;
use crate::decide::{self, Asked, AskedSide, Context};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::content::{AnswerContent, Content, WhoContent};
use crate::report::{Ending, Report};
use crate::run::asked;
use crate::run::counts::Work;
use crate::run::load::Load;
use crate::run::project::Project;
use crate::text::{inline, short};

#[derive(Args)]
pub(super) struct Can {
    /// Who asks, as the policies write it: user:local:ana on compiuta, a role on Polytomic, an attached policy on mycloud
    principal: String,
    /// What else the same person is, such as a team (repeatable)
    #[arg(long, value_name = "SUBJECT")]
    with: Vec<String>,
    #[command(flatten)]
    request: RequestArgs,
}

#[derive(Args)]
pub(super) struct WhoCan {
    #[command(flatten)]
    request: RequestArgs,
}

/// What a request says, but for who asks.
#[derive(Args)]
struct RequestArgs {
    /// What is to be done, such as s3:GetObject
    action: String,
    /// To what; on Polytomic the name of a policy, for the objects that it governs
    resource: String,
    /// In which tenant; without it, the answer has to be the same in all of them
    #[arg(long)]
    tenant: Option<String>,
    /// What else the request carries (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// Asks what is live, and not what git declares
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("it has to be KEY=VALUE, such as s3:prefix=home/")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Can {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let subjects = [self.principal].into_iter().chain(self.with).collect();
        let question = self.request.question(subjects);
        let of = |asked: &Asked<'_>| asked.answer(&question);
        let (mut report, found) = self.request.ask("can", &question, of, global, output).await;
        let against = self.request.side();
        let request = question.said();
        let (target, answer) = found.unzip();
        if let Some(answer) = &answer {
            match answer.effect {
                Some(Effect::Allowed) => {}
                Some(Effect::Denied | Effect::NotGranted) => report.ending = Ending::No,
                None => report.diagnostics.push(unknown(answer.reason.as_deref(), self.request.live)),
            }
        }
        report.content = Content::Answer(AnswerContent { target, against, request, answer });
        report
    }
}

impl WhoCan {
    pub(super) async fn run(self, global: &Global, output: &Output) -> Report {
        let question = self.request.question(Vec::new());
        let of = |asked: &Asked<'_>| asked.who(&question);
        let (mut report, found) = self.request.ask("who-can", &question, of, global, output).await;
        let (target, who) = found.unzip();
        let (against, request) = (self.request.side(), question.said());
        let who = who.unwrap_or_default();
        report.content = Content::Who(WhoContent { target, against, request, who });
        report
    }
}

impl RequestArgs {
    fn question(&self, subjects: Vec<String>) -> Question {
        let context: Context =
            self.context.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        question(&subjects, &self.action, &self.resource, self.tenant.as_deref(), &context)
    }

    fn side(&self) -> AskedSide {
        if self.live { AskedSide::Live } else { AskedSide::Declared }
    }

    /// Asks the one target that knows such requests, and returns its name with the answer.
    async fn ask<R>(
        &self,
        command: &'static str,
        question: &Question,
        of: impl Fn(&Asked<'_>) -> R,
        global: &Global,
        output: &Output,
    ) -> (Report, Option<(String, R)>) {
        let Load { project, diagnostics, files, .. } = self.sandbox.load(global, &global.options());
        let Some(mut project) = project else {
            return (Report { diagnostics, files, ..Report::of(command) }, None);
        };
        let mut report = Report { files, ..project.report(command, diagnostics) };
        let name = match the_target(&project, question, self.live) {
            Ok(name) => name,
            Err(diagnostic) => {
                report.diagnostics.push(diagnostic);
                return (report, None);
            }
        };
        project.narrow(|_, target| target == name);
        let found = match self.live {
            false => declared(&project, &of),
            true => self.live(&project, &of, output).await.unwrap_or_else(|diagnostics| {
                report.diagnostics.extend(diagnostics);
                None
            }),
        };
        (report, found.map(|found| (name, found)))
    }

    async fn live<R>(
        &self,
        project: &Project,
        of: impl Fn(&Asked<'_>) -> R,
        output: &Output,
    ) -> Result<Option<R>, Vec<Diagnostic>> {
        let (_sandbox, connected) = self.sandbox.connect(project).await?;
        let _progress = output.progress(Work::Reading, &connected);
        let Some(at) = connected.first() else { return Ok(None) };
        let asked = asked::live(at, "nobody knows what it allows; run again").await?;
        Ok(asked.map(|asked| of(&asked)))
    }
}

fn declared<R>(project: &Project, of: impl Fn(&Asked<'_>) -> R) -> Option<R> {
    asked::declared(&project.intents().next()?).map(|asked| of(&asked))
}

/// The one target of the run that knows such requests.
fn the_target(project: &Project, question: &Question, live: bool) -> Result<String, Diagnostic> {
    let mut fitting = Vec::new();
    let mut wrong = Vec::new();
    for intent in project.intents() {
        let target = intent.target;
        let name = &target.config.name;
        match asked::declared(&intent) {
            None => wrong.push((
                format!("nothing says what the objects of `{}` allow", target.config.system),
                "name another target with `--target`".to_owned(),
            )),
            Some(asked) => match misfit(&asked, question, live) {
                Some(misfit) => wrong.push(misfit),
                None => fitting.push(name.clone()),
            },
        }
    }
    match (fitting.as_slice(), wrong.as_slice()) {
        ([name], _) => Ok(name.clone()),
        ([], [(message, help)]) => Err(Diagnostic::new(Code::QuestionForm, message.clone()).help(help)),
        ([], wrong) => {
            let message = "no target knows such a request";
            // As none fits, something is wrong for each.
            let names = project.targets().map(|target| &target.config.name);
            let each = names.zip(wrong).map(|(name, (wrong, help))| format!("{name}: {wrong} ({help})"));
            let help = each.collect::<Vec<_>>().join("; ");
            Err(Diagnostic::new(Code::QuestionForm, message).help(help))
        }
        (several, _) => {
            let message = format!("several targets could be asked: {}", several.join(", "));
            let help = "name one of them with `--target`";
            Err(Diagnostic::new(Code::QuestionTarget, message).help(help))
        }
    }
}

/// What of a request a target does not know, and what to do about it.
fn misfit(
    asked: &Asked<'_>,
    Question { subjects, words }: &Question,
    live: bool,
) -> Option<(String, String)> {
    let subjects = subjects.iter().map(|subject| (&Dimension::Principal, subject));
    let mut all = subjects.chain(words);
    all.find_map(|(dimension, word)| match dimension {
        Dimension::Key(key) if !asked.looks_at(key) => Some((
            format!("no policy looks at `{}`", short(key)),
            "correct the key, or leave it out".to_owned(),
        )),
        Dimension::Key(_) => None,
        dimension if asked.is_nobody(dimension, word) && !live => {
            let message = format!("git declares no policy `{}` that says anything", short(word));
            let help = match asked.near(word) {
                Some(near) => format!("did you mean `{}`? `--live` asks what is live", inline(near)),
                None => "correct the name, or ask what is live with `--live`".to_owned(),
            };
            Some((message, help))
        }
        dimension => decide::word(asked, dimension, word).err(),
    })
}

fn unknown(reason: Option<&str>, live: bool) -> Diagnostic {
    let help = match live {
        true => "ask about a request on which it does not depend",
        false => "ask what is live with `--live`, or declare what is missing",
    };
    let reason = reason.unwrap_or("nothing is known of the target");
    Diagnostic::new(Code::QuestionUnknown, format!("nobody knows: {reason}")).help(help)
}
