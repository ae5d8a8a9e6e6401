//! What targets hold, for hovers. Only reads are sent, by the configuration on disk: a URL that is half typed must not get a
//! credential. What was read is kept for a while; each list and each object is read once, in the background, and an answer
//! that takes too long does without.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use super::project::Home;
use super::session::LiveHover;
use super::workspace::{LiveQuestion, live_value};
use crate::config::target::{Config, Target};
use crate::http::Http;
use crate::manifest::Files;
use crate::model::kind::Kind;
use crate::model::names::Names;
use crate::model::state::{Desired, Listing, LiveObject, Observed};
use crate::model::wire::ReadError;
use crate::run::checkout::ConfigText;
use crate::sync::lock;
use crate::text::inline;

/// How long what was read counts, also that a target could not be read.
const KEPT: Duration = Duration::from_secs(60);

/// How long an answer waits for a target. It is read on, for the next one.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of targets.
#[derive(Default)]
pub(super) struct Live(Mutex<BTreeMap<String, (Instant, Arc<Known>)>>);

/// What is known of one target, since the same moment.
#[derive(Default)]
struct Known {
    connection: OnceCell<Result<Connection, String>>,
    /// By kind.
    lists: Once<Result<Listing, ReadError>>,
    /// By kind and name, in full.
    objects: Once<Result<Vec<LiveObject>, ReadError>>,
}

struct Connection {
    config: Config,
    /// The place of the target in it.
    target: usize,
    http: Http,
}

/// Values that are made once each, also while several wait for one.
struct Once<V>(Mutex<BTreeMap<String, Arc<OnceCell<V>>>>);

impl<V> Default for Once<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Once<V> {
    async fn get(&self, key: &str, make: impl Future<Output = V>) -> V {
        let cell = lock(&self.0).entry(key.to_owned()).or_default().clone();
        cell.get_or_init(|| make).await.clone()
    }
}

impl Live {
    /// The hover with what its targets hold before everything else.
    pub(super) async fn answer(&self, mut hover: LiveHover) -> LiveHover {
        let says = hover.question.targets.iter().map(|target| {
            let known = self.known(target);
            let (home, target, question) = (hover.home.clone(), target.clone(), hover.question.clone());
            // It goes on if nobody waits for it any more.
            let asked = tokio::spawn(async move { known.says(&home, &target, &question).await });
            timeout(PATIENCE, asked)
        });
        let says = join_all(says).await;
        let texts = says.into_iter().zip(&hover.question.targets).map(|(says, target)| match says {
            Ok(Ok(text)) => text,
            _ => format!("live on {}: it has not answered yet; look again in a moment\n", inline(target)),
        });
        hover.text.texts.splice(0..0, texts.collect::<Vec<_>>());
        hover
    }

    fn known(&self, target: &str) -> Arc<Known> {
        let mut all = lock(&self.0);
        all.retain(|_, (since, _)| since.elapsed() < KEPT);
        let new = || (Instant::now(), Arc::default());
        all.entry(target.to_owned()).or_insert_with(new).1.clone()
    }
}

impl Known {
    async fn says(&self, home: &Home, target: &str, question: &LiveQuestion) -> String {
        let connection = self.connection.get_or_init(|| async { Connection::open(home, target) }).await;
        let says = match connection {
            Ok(connection) => self.value(connection, question).await,
            Err(wrong) => Err(wrong.clone()),
        };
        match says {
            Ok(text) => text,
            Err(says) => format!("live on {}: {}\n", inline(target), inline(&says)),
        }
    }

    /// The value, or why there is none to show.
    async fn value(&self, at: &Connection, question: &LiveQuestion) -> Result<String, String> {
        let target = at.target().ok_or("it is not in enact.yaml")?;
        let system = target.system.as_ref();
        let kind = system.kind(&question.kind).ok_or("there is no such kind")?;
        let found = self.objects(at, target, kind, &question.name).await.map_err(|error| error.message)?;
        let live = match found.as_slice() {
            [] => return Err(format!("there is no {} of this name", kind.name)),
            [one] => one,
            several => return Err(format!("{} objects could be meant", several.len())),
        };
        let names = self.names(at, target, kind).await.map_err(|error| error.message)?;
        match live_value(system, (kind, live), &question.fields, &names) {
            Some(value) => Ok(question.shown(&target.config.name, value)),
            None => Err("nothing, or nothing that can be read back".to_owned()),
        }
    }

    async fn objects(
        &self,
        at: &Connection,
        target: &Target,
        kind: &Kind,
        name: &str,
    ) -> Result<Vec<LiveObject>, ReadError> {
        let system = target.system.as_ref();
        if kind.listed && kind.list_is_whole {
            return self.list(at, target, kind).await?.named(kind, name);
        }
        let key = format!("{}/{name}", kind.name);
        let read = async {
            if !kind.listed {
                return system.find(kind, name, &at.http.reader()).await;
            }
            match self.list(at, target, kind).await?.named(kind, name)?.as_slice() {
                [one] => Ok(system.get(kind, one, &at.http.reader()).await?.into_iter().collect()),
                found => Ok(found.to_vec()),
            }
        };
        self.objects.get(&key, read).await
    }

    async fn list(&self, at: &Connection, target: &Target, kind: &Kind) -> Result<Listing, ReadError> {
        self.lists.get(&kind.name, async { target.system.list(kind, &at.http.reader()).await }).await
    }

    /// The names of the objects that one of this kind may refer to.
    async fn names(&self, at: &Connection, target: &Target, kind: &Kind) -> Result<Names, ReadError> {
        let kinds = target.system.kinds();
        let mut observed = Observed::default();
        for referred in kinds.iter().filter(|of| of.listed && kind.refers_to(&of.name)) {
            observed.record(referred, Ok(self.list(at, target, referred).await?));
        }
        Ok(Names::new(kinds, &Desired::new(), &observed, &observed.index(kinds)))
    }
}

impl Connection {
    fn open(home: &Home, target: &str) -> Result<Self, String> {
        let text = ConfigText::read(&home.folder.join(&home.name)).map_err(|error| error.to_string())?;
        let mut diagnostics = Vec::new();
        let config = text.config(&mut Files::new(), &mut diagnostics);
        let config = config.ok_or("enact.yaml, as it is on disk, has a mistake")?;
        let place = config.targets.iter().position(|of| of.config.name == target);
        let place = place.ok_or("enact.yaml, as it is on disk, does not have it")?;
        let at = config.targets.get(place).ok_or("enact.yaml does not have it")?;
        let http = config.connect(at, false).map_err(|diagnostic| diagnostic.message)?;
        Ok(Self { config, target: place, http })
    }

    fn target(&self) -> Option<&Target> {
        self.config.targets.get(self.target)
    }
}
