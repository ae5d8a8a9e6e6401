//! Where the service reads its configuration: in a working tree, or in a clone that follows a branch.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::follow::{Clone, Tree};
use super::hook::Secrets;
use crate::config::credential::Receiver;
use crate::config::passes::Serve;
use crate::config::target::Config;
use crate::diagnostic::Diagnostic;
use crate::manifest::Files;
use crate::plan::input::PlanOptions;
use crate::run::checkout::{ConfigText, unreadable};
use crate::run::history::BaseSource;
use crate::run::hold::{Holder, holders};
use crate::run::load::{Load, Shared, load};
use crate::run::options::RunOptions;
use crate::schedule::{Mode, Passes};
use crate::sync::lock;

/// Where the configuration is read.
pub(super) struct Source {
    config: PathBuf,
    clone: Option<Clone>,
    only: Vec<String>,
    /// Set when the service is to end.
    stop: Arc<AtomicBool>,
    /// What was looked at last: a commit, or the text of a configuration file.
    seen: Option<String>,
}

/// What passes read.
pub(super) struct Place {
    /// The configuration file.
    pub(super) config: PathBuf,
    /// The commit; `None` for a working tree.
    pub(super) commit: Option<String>,
    /// What the commit declares, for all passes. A working tree is read by each of them.
    shared: Option<Mutex<Arc<Shared>>>,
    /// Kept as long as a pass reads there.
    _tree: Option<Tree>,
}

impl Place {
    /// Loads what a pass is about.
    pub(super) fn load(&self, options: &RunOptions) -> Load {
        let Some(shared) = &self.shared else {
            return match ConfigText::read(&self.config) {
                Ok(origin) => load(&origin, options),
                Err(error) => Load { diagnostics: vec![unreadable(&self.config, &error)], ..Load::default() },
            };
        };
        let shared = {
            let mut shared = lock(shared);
            *shared = shared.on_day(options);
            shared.clone()
        };
        shared.load(options)
    }

    /// The configuration without its manifests.
    pub(super) fn config(&self) -> Option<Config> {
        ConfigText::read(&self.config).ok()?.config(&mut Files::new(), &mut Vec::new())
    }
}

/// What a run in this mode over all targets is, now.
pub(super) fn options(mode: Mode) -> RunOptions {
    let plan = PlanOptions {
        day: Timestamp::now().to_zoned(TimeZone::UTC).date(),
        refuses_new_access: mode == Mode::Narrow,
        ..PlanOptions::default()
    };
    RunOptions {
        base: BaseSource::Applied,
        remembers: true,
        writes: mode.writes(),
        plan,
        ..RunOptions::default()
    }
}

/// A configuration to go on with.
pub(super) struct Followed {
    pub(super) commit: Option<String>,
    pub(super) place: Arc<Place>,
    pub(super) targets: BTreeMap<String, Passes>,
    /// The secrets of webhooks.
    pub(super) hooks: Secrets,
    /// Who is told of a change.
    pub(super) receivers: Arc<Vec<Receiver>>,
    /// Why nothing newer could be fetched, if it could not.
    pub(super) unfetched: Option<Diagnostic>,
    /// Who holds which target.
    pub(super) holders: BTreeMap<String, Holder>,
    /// The variables that hold secrets.
    secrets: Vec<String>,
    pub(super) serve: Serve,
}

impl Source {
    pub(super) fn new(
        config: PathBuf,
        clone: Option<Clone>,
        only: Vec<String>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self { config, clone, only, stop, seen: None }
    }

    /// The commit that was looked at last.
    pub(super) fn commit(&self) -> Option<&str> {
        self.clone.as_ref().and(self.seen.as_deref())
    }

    /// Looks for something newer. `None` if there is nothing to go on with but what is followed now.
    pub(super) fn refresh(&mut self) -> Result<Option<Followed>, Vec<Diagnostic>> {
        match self.clone.take() {
            None => self.working_tree(),
            Some(mut clone) => {
                let followed = self.branch(&clone);
                if let Ok(Some(followed)) = &followed {
                    clone.hide(followed.secrets.clone());
                }
                self.clone = Some(clone);
                followed
            }
        }
    }

    /// Its manifests are read by each pass; here only the configuration counts.
    fn working_tree(&mut self) -> Result<Option<Followed>, Vec<Diagnostic>> {
        let origin =
            ConfigText::read(&self.config).map_err(|error| vec![unreadable(&self.config, &error)])?;
        let text = Some(origin.text.clone());
        if std::mem::replace(&mut self.seen, text.clone()) == text {
            return Ok(None);
        }
        let mut diagnostics = Vec::new();
        let config = origin.config(&mut Files::new(), &mut diagnostics);
        let place = Place { config: self.config.clone(), commit: None, shared: None, _tree: None };
        self.followed(place, config.as_ref(), diagnostics).map(Some)
    }

    /// A commit is followed only if all that it declares is sound.
    fn branch(&mut self, clone: &Clone) -> Result<Option<Followed>, Vec<Diagnostic>> {
        let one = |diagnostic| vec![diagnostic];
        let (tip, unfetched) = match (clone.fetch(), self.seen.is_none().then(|| clone.fetched()).flatten()) {
            (Ok(tip), _) => (tip, None),
            // What was fetched before the service began is better than nothing.
            (Err(why), Some(tip)) => (tip, Some(why)),
            (Err(why), None) => return Err(one(why)),
        };
        let commit = Some(tip.hex());
        if self.seen == commit {
            return Ok(None);
        }
        let tree = clone.check_out(&tip).map_err(one)?;
        // From here on, one that is refused is not looked at again.
        self.seen.clone_from(&commit);
        let config = tree.path().join(&self.config);
        let origin = ConfigText::read(&config).map_err(|error| vec![unreadable(&self.config, &error)])?;
        let shared = Arc::new(Shared::read(origin, &options(Mode::Report)));
        let diagnostics = shared.diagnostics().to_vec();
        let place = Place { config, commit, shared: Some(Mutex::new(shared.clone())), _tree: Some(tree) };
        let followed = self.followed(place, shared.configuration(), diagnostics)?;
        Ok(Some(Followed { unfetched, ..followed }))
    }

    fn followed(
        &self,
        place: Place,
        config: Option<&Config>,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<Followed, Vec<Diagnostic>> {
        let Some(config) = config else { return Err(diagnostics) };
        let selected = config.select(&self.only, &mut diagnostics);
        let targets: BTreeMap<_, _> = config
            .targets
            .iter()
            .filter(|target| selected.contains(&target.config.name))
            .map(|target| (target.config.name.clone(), target.passes.clone()))
            .collect();
        if targets.is_empty() {
            return Err(diagnostics);
        }
        Ok(Followed {
            commit: place.commit.clone(),
            place: Arc::new(place),
            targets,
            hooks: config.hooks()?,
            receivers: Arc::new(config.receivers()?),
            holders: holders(config, self.stop.clone()),
            unfetched: None,
            secrets: config.secret_variables(),
            serve: config.serve.clone(),
        })
    }
}
