//! What the service reports: how each pass over a target ended, and what else it has to say. One definition gives the
//! line of its log, its JSON, and the schema of that.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exit::Exit;
use crate::diagnostic::Diagnostic;
use crate::schedule::Mode;
use crate::text::inline;
use crate::words::count;

/// How a target is, as far as the last pass over it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassState {
    /// It is as git declares it.
    Converged,
    /// Nothing is written to it: its mode is `hold`, or a person holds it.
    Held,
    /// It is not, and the pass was not to write that.
    Pending,
    /// Another run holds its lock.
    Locked,
    /// A guard refused its plan, or the changes of it that allow more.
    Refused,
    /// Something of it could not be read, so nothing was written.
    Incomplete,
    /// Manifests or configuration are invalid, so nothing was written.
    Invalid,
    /// Something failed.
    Failed,
}

impl PassState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Converged,
        Self::Held,
        Self::Pending,
        Self::Locked,
        Self::Refused,
        Self::Incomplete,
        Self::Invalid,
        Self::Failed,
    ];

    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Incomplete => "incomplete",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    /// Whether it may be otherwise soon without anybody doing anything.
    #[must_use]
    pub fn is_worth_repeating(self) -> bool {
        matches!(self, Self::Locked | Self::Incomplete | Self::Failed)
    }

    /// Whether somebody has to do something about it.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Refused | Self::Incomplete | Self::Invalid | Self::Failed)
    }

    /// How a run ends in which a target is so.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Converged | Self::Held => Exit::Done,
            Self::Pending => Exit::Pending,
            Self::Locked => Exit::Locked,
            Self::Refused => Exit::Guarded,
            Self::Incomplete => Exit::Incomplete,
            Self::Invalid => Exit::Invalid,
            Self::Failed => Exit::Failure,
        }
    }
}

/// How many changes are left to write, and what they do to what is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LeftChanges {
    /// All of them.
    pub changes: usize,
    /// Those that somebody made by hand.
    pub drifted: usize,
    /// Those that would allow something that is not allowed now.
    pub more_permissive: usize,
    /// Those that would only allow less.
    pub less_permissive: usize,
    /// Those of which nobody knows.
    pub unknown: usize,
}

/// What is wrong, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct PassProblem {
    /// Its code, such as `schema/type`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The file, if it is about one.
    pub file: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<usize>,
}

impl From<&Diagnostic> for PassProblem {
    fn from(diagnostic: &Diagnostic) -> Self {
        let place = diagnostic.place.as_ref();
        Self {
            code: diagnostic.code.to_string(),
            message: inline(&diagnostic.message).into_owned(),
            file: place.map(|place| place.file.clone()),
            line: place.map(|place| place.line),
        }
    }
}

/// How one pass over a target ended.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Pass")]
pub struct PassRow {
    /// The target.
    pub target: String,
    /// The random id of the run, as in the record.
    pub run: String,
    /// When it ended.
    pub ended: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The commit that it was about; null if the files are not a commit.
    pub commit: Option<String>,
    /// What it was to do.
    pub mode: Mode,
    /// How the target is now.
    pub state: PassState,
    /// How many objects were written.
    pub written: usize,
    /// What is left to write.
    pub left: LeftChanges,
    /// How many requests were sent.
    pub requests: usize,
    /// Who asked for it on a page; null if it was due.
    #[serde(default)]
    pub asked_by: Option<String>,
    /// What keeps the target from being as declared.
    pub problems: Vec<PassProblem>,
}

impl PassRow {
    /// A pass that found nothing to do.
    #[cfg(all(test, feature = "serve"))]
    pub(crate) fn example(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            run: "r".to_owned(),
            ended: Timestamp::UNIX_EPOCH,
            seconds: 0.5,
            commit: None,
            mode: Mode::Report,
            state: PassState::Converged,
            written: 0,
            left: LeftChanges::default(),
            requests: 3,
            asked_by: None,
            problems: Vec::new(),
        }
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { target, run: _, ended: _, seconds, commit: _, mode: _, state, written, left, .. } = self;
        let mut text = format!("{}: {}", inline(target), state.name().replace('_', " "));
        let counts = [
            (*written, "written"),
            (left.changes, "left"),
            (left.drifted, "drifted"),
            (left.more_permissive, "more permissive"),
        ];
        for (number, word) in counts.iter().filter(|(number, _)| *number > 0) {
            text.push_str(&format!(", {number} {word}"));
        }
        text.push_str(&format!(" ({seconds:.1} s)"));
        if let Some(problem) = self.problems.first() {
            let place = problem.file.as_ref().zip(problem.line);
            let place = place.map(|(file, line)| format!("{}:{line}: ", inline(file))).unwrap_or_default();
            text.push_str(&format!("; {place}{} [{}]", inline(&problem.message), problem.code));
        }
        text
    }
}

/// Something that the service says while it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "ServeEvent")]
pub enum ServeEvent {
    /// A pass has ended.
    PassEnded(PassRow),
    /// A target is in another state than after the pass before. It is said to receivers, and is no line of the log.
    StateChanged {
        /// The state before; null if none was known.
        before: Option<PassState>,
        /// The pass that found it so.
        pass: PassRow,
    },
    /// The store cannot be used, and the service goes on without it.
    StoreDown {
        /// Why.
        why: String,
    },
    /// The store is used again. It has the last 1,000 passes that ended meanwhile, without what they saw.
    StoreBack,
    /// A receiver of a change was not reached.
    NotNotified {
        /// Why.
        why: String,
    },
    /// It answers over HTTP.
    Listening {
        /// Where.
        address: String,
    },
    /// It goes on with this configuration.
    Followed {
        /// The commit; null for a working tree.
        commit: Option<String>,
        /// How many targets there are.
        targets: usize,
    },
    /// It stays with the configuration that it has.
    NotFollowed {
        /// The commit that it does not go on with; null if it is not known.
        commit: Option<String>,
        /// Why.
        problems: Vec<PassProblem>,
    },
}

/// One line of the service's log.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ServeLine")]
pub struct ServeLine {
    /// The version of this format: 1. It changes when a field changes its meaning or goes away.
    pub format_version: u32,
    /// When.
    pub time: Timestamp,
    /// The machine.
    pub host: String,
    /// What.
    #[serde(flatten)]
    pub event: ServeEvent,
}

impl ServeLine {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let says = match &self.event {
            ServeEvent::PassEnded(row) => row.line(),
            ServeEvent::StateChanged { before, pass } => {
                let was = before.map(|before| format!(" (was {})", before.name())).unwrap_or_default();
                format!("{}{was}", pass.line())
            }
            ServeEvent::StoreDown { why } => format!("the store cannot be used: {}", inline(why)),
            ServeEvent::StoreBack => "the store is used again".to_owned(),
            ServeEvent::NotNotified { why } => format!("a change could not be told: {}", inline(why)),
            ServeEvent::Listening { address } => format!("listens on http://{address}"),
            ServeEvent::Followed { commit: Some(commit), targets } => {
                format!("follows {commit:.10}: {}", count(*targets, "target"))
            }
            ServeEvent::Followed { commit: None, targets } => {
                format!("serves the working tree: {}", count(*targets, "target"))
            }
            ServeEvent::NotFollowed { commit, problems } => {
                let what = match commit {
                    Some(commit) => format!("{commit:.10} is not followed"),
                    None => "nothing newer can be read".to_owned(),
                };
                let why = problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
                format!("{what}, and the last good configuration stays: {}", inline(why))
            }
        };
        format!("{} {says}\n", self.time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        // This could fail only for keys that are not strings, and there are none.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
