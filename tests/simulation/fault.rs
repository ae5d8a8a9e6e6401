//! What goes wrong between a run and the server, and what a server silently does to a write.

use std::time::{Duration, SystemTime};

use crate::profile::{Api, Paging};
use crate::server::{Asked, Said};
use enact::http::transport::{Failure, FailureKind};
use serde_json::{Map, Value, json};

/// What goes wrong with a request. `done` is whether the server did it anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotSent,
    Lost {
        done: bool,
    },
    Timeout {
        done: bool,
    },
    /// No answer comes in time, and the server does it this many milliseconds later.
    Late {
        after: u64,
    },
    /// A gateway gives up and answers 504, and the server does it this many milliseconds later.
    Overdue {
        after: u64,
    },
    TooLarge,
    Status {
        status: u16,
        done: bool,
        retry_after: Option<u64>,
    },
    /// A success that says that nothing more is allowed for this many seconds.
    Spent {
        wait: u64,
    },
    /// A success whose body is cut off.
    Cut,
    /// A success with a page for people.
    Html,
    /// A success with an error in its body.
    ErrorInside,
    /// A success about something else.
    Stranger,
    /// A success that the definition does not name.
    Odd,
    /// A list that ends too early.
    Short,
    /// A list that leads back to itself.
    Loops,
    /// A page that begins with the end of the one before, as if the list had moved in between.
    Shifted,
}

impl Fault {
    /// Every row of the retry table, before and after the server committed.
    pub(crate) fn all(api: &Api) -> Vec<Self> {
        let status = |status, done, retry_after| Self::Status { status, done, retry_after };
        let mut all = vec![Self::TooLarge, Self::Cut, Self::Html, Self::ErrorInside, Self::Odd];
        all.extend([400, 401, 403, 409, 425].map(|code| status(code, false, None)));
        all.extend([None, Some(2), Some(40), Some(4000)].map(|wait| status(429, false, wait)));
        // Some APIs say with 403 that it was too much.
        all.push(status(403, false, Some(3)));
        all.extend([Self::NotSent, Self::Spent { wait: 7 }]);
        all.extend(Self::of_lists(api));
        all.extend(Self::open());
        all
    }

    /// The faults of lists.
    pub(crate) fn of_lists(api: &Api) -> Vec<Self> {
        let mut all = vec![Self::Stranger, Self::Shifted];
        match api.paging {
            Paging::Page | Paging::Offset => all.push(Self::Short),
            Paging::Cursor | Paging::Link => all.push(Self::Loops),
            Paging::Marker => {}
        }
        all
    }

    /// Faults after which nobody knows whether the server did it, or will.
    pub(crate) fn open() -> Vec<Self> {
        let mut all: Vec<_> = [500, 5_000, 25_000].map(|after| Self::Late { after }).into();
        all.extend([10, 2_000, 40_000].map(|after| Self::Overdue { after }));
        for done in [false, true] {
            let status = |status, retry_after| Self::Status { status, done, retry_after };
            all.extend([Self::Lost { done }, Self::Timeout { done }, status(503, Some(3))]);
            all.extend([408, 500, 502, 503, 504, 507, 522].map(|code| status(code, None)));
        }
        all
    }

    /// Whether it can happen to such a request.
    pub(crate) fn fits(self, asked: &Asked) -> bool {
        let read = asked.method == "GET";
        let is_list = read && asked.id.is_none();
        match self {
            Self::ErrorInside => read,
            Self::Odd | Self::Late { .. } | Self::Overdue { .. } => !read,
            Self::Stranger | Self::Short | Self::Loops | Self::Shifted => {
                is_list && !asked.query.contains_key("name")
            }
            _ => true,
        }
    }

    /// Whether the server did what was asked, by the time of the answer.
    pub(crate) fn done(self) -> bool {
        match self {
            Self::Lost { done } | Self::Timeout { done } | Self::Status { done, .. } => done,
            Self::NotSent | Self::Late { .. } | Self::Overdue { .. } => false,
            Self::TooLarge | Self::Cut | Self::Html | Self::Odd | Self::Spent { .. } => true,
            Self::ErrorInside | Self::Stranger | Self::Short | Self::Loops | Self::Shifted => true,
        }
    }
}

/// Everything that a run may meet. By default nothing goes wrong, and nobody else writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    /// Faults with their rates in percent.
    pub(crate) faults: Vec<(Fault, usize)>,
    /// Whether faults only hit writes.
    pub(crate) calm_reads: bool,
    /// How often somebody else writes before a request, in percent.
    pub(crate) foreign: usize,
    /// How long, in milliseconds, a list does not show what was created.
    pub(crate) lag: u64,
    pub(crate) clock: Clock,
    pub(crate) quirk: Option<Quirk>,
    /// How many requests a minute the user allows.
    pub(crate) per_minute: Option<usize>,
    /// After how many lines of the first run's journal the disk is full.
    pub(crate) full: Option<usize>,
}

/// How a server says how long to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Clock {
    /// In seconds from now.
    #[default]
    Seconds,
    /// As a point in time, by its own clock.
    Dates,
}

/// When the server's clock began, in seconds since 1970.
const BEGAN: u64 = 1_700_000_000;

impl Clock {
    /// The headers that ask for a wait, at a virtual millisecond.
    fn asks(self, at: u64, fault: Fault) -> Vec<(&'static str, String)> {
        let now = BEGAN + at / 1000;
        let date = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let mut headers = vec![("date", date(now))];
        match (fault, self) {
            (Fault::Status { retry_after: Some(wait), .. }, Self::Seconds) => {
                headers.push(("retry-after", wait.to_string()));
            }
            (Fault::Status { retry_after: Some(wait), .. }, Self::Dates) => {
                headers.push(("retry-after", date(now + wait)));
            }
            (Fault::Spent { wait }, _) => {
                let reset = if self == Self::Dates { now + wait } else { wait };
                headers.extend([("ratelimit-remaining", "0".into()), ("ratelimit-reset", reset.to_string())]);
            }
            _ => {}
        }
        headers
    }
}

/// What a server silently does to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// It drops this field.
    Drops(&'static str),
    /// It stores this text in capitals.
    Shouts,
    /// It stores no limit above this.
    Caps(u64),
}

impl Quirk {
    pub(crate) const ALL: [Self; 6] = [
        Self::Drops("text"),
        Self::Drops("limit"),
        Self::Drops("tags"),
        Self::Drops("roles"),
        Self::Shouts,
        Self::Caps(4),
    ];

    /// The field that it is about.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Drops(field) => field,
            Self::Shouts => "text",
            Self::Caps(_) => "limit",
        }
    }

    /// What is stored of what was sent.
    pub(crate) fn apply(self, sent: &mut Map<String, Value>) {
        let field = self.field();
        let bent = match (self, sent.get(field)) {
            (Self::Drops(_), _) => return drop(sent.remove(field)),
            (Self::Shouts, Some(Value::String(text))) => json!(text.to_uppercase()),
            (Self::Caps(most), Some(Value::Number(limit))) => json!(limit.as_u64().unwrap_or(0).min(most)),
            _ => return,
        };
        sent.insert(field.to_owned(), bent);
    }
}

/// What happens to an answer on its way.
pub(crate) fn spoil(said: &Said, fault: Option<Fault>, at: u64, clock: Clock) -> Result<Said, Failure> {
    let failed = |kind| Err(Failure { kind, words: "simulated".to_owned().into(), help: None });
    let good = said.status < 300;
    let Some(fault) = fault else { return Ok(said.clone()) };
    let garbled = |body: &[u8]| Said { status: said.status, body: body.to_vec(), ..Said::default() };
    match fault {
        Fault::NotSent => failed(FailureKind::NotSent),
        Fault::Lost { .. } => failed(FailureKind::Lost),
        Fault::Timeout { .. } | Fault::Late { .. } => failed(FailureKind::Timeout),
        Fault::Overdue { .. } => Ok(Said::no(504, "simulated")),
        Fault::TooLarge if good => failed(FailureKind::TooLarge),
        Fault::Status { status, retry_after, .. } => {
            let headers = clock.asks(at, fault);
            Ok(Said { headers, asks: retry_after, ..Said::no(status, "simulated") })
        }
        Fault::Spent { wait } if good => {
            let headers = said.headers.iter().cloned().chain(clock.asks(at, fault)).collect();
            Ok(Said { headers, asks: Some(wait), ..said.clone() })
        }
        Fault::Cut if good => Ok(garbled(b"{\"items\": [")),
        Fault::Html if good => Ok(garbled(b"<html>")),
        Fault::ErrorInside if good => Ok(Said::json(200, &json!({"error": "simulated"}))),
        Fault::Stranger if good => Ok(Said::json(200, &json!({"status": "maintenance"}))),
        Fault::Odd if good => Ok(Said { status: 206, ..said.clone() }),
        _ => Ok(said.clone()),
    }
}
