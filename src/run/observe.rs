//! Reads what a target holds: the lists of the kinds that matter, then each declared object in full. Comparing is in
//! `plan`.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::kind::Kind;
use crate::model::resource::{RemoteId, ResourceId};
use crate::model::state::{Declared, Desired, GivenUp, Listing, LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::packed::Packed;
use crate::run::record::Record;
use crate::system::Observe;

/// How many objects fill a page of a list, if nobody knows.
const PAGE: usize = 100;

/// How much is read beside what planning needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Nothing, and no list either where the objects can be asked for by name in fewer requests.
    ByName,
    /// Nothing.
    Needed,
    /// The other objects of the kinds that are listed, in full.
    Whole,
    /// Every object of every kind, in full.
    Everything,
}

/// What planning wants to know about.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// What git declares, and what is to be deleted.
    pub desired: &'a Desired,
    /// What git declared at the base.
    pub base: Option<&'a Desired>,
    /// What git gave up.
    pub given_up: &'a [GivenUp],
    /// The ids of what git declared before.
    pub record: Option<&'a Record>,
}

impl<'a> Wanted<'a> {
    fn all(self) -> impl Iterator<Item = &'a Declared> {
        self.desired.values().chain(self.given_up.iter().map(|given_up| &given_up.declared))
    }

    /// The names of the objects of a kind that planning looks at.
    fn names(self, system: &dyn Observe, kind: &Kind) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for declared in self.all() {
            if declared.id.kind == kind.name {
                names.extend(declared.names().map(str::to_owned));
            }
            let of = system.kind(&declared.id.kind);
            let references = of.map(|of| declared.named(of)).unwrap_or_default();
            let references = references.into_iter().filter(|to| to.kind == kind.name);
            names.extend(references.map(|to| to.name));
        }
        names
    }

    /// The names of the objects of a kind that git had: at the base, or by an id in the record.
    fn known(self, kind: &Kind) -> BTreeSet<&'a str> {
        let is_of_kind = |declared: &&Declared| declared.id.kind == kind.name;
        let at_base = self.base.into_iter().flat_map(|base| base.values()).filter(is_of_kind);
        let recorded = self.all().filter(is_of_kind).filter(|declared| self.remote(declared).is_some());
        let known = at_base.filter(|base| !base.absent()).chain(recorded);
        known.map(|declared| declared.id.name.as_str()).collect()
    }

    /// The id that was recorded for an object.
    fn remote(self, declared: &Declared) -> Option<RemoteId> {
        let recorded = declared.recorded.as_ref().and_then(|recorded| recorded.remote.clone());
        recorded.or_else(|| self.record?.remote(&declared.id))
    }

    /// Whether something is deleted that an object of this kind may refer to, so that every one has to be known.
    fn deletes_below(self, kind: &Kind) -> bool {
        self.desired.values().any(|gone| gone.absent() && kind.refers_to(&gone.id.kind))
    }
}

/// Reads all that planning needs, and records what could not be read. `concurrency` requests run at once.
pub async fn observe(
    system: &dyn Observe,
    wanted: Wanted<'_>,
    reader: &dyn Reader,
    concurrency: usize,
    depth: Depth,
) -> Observed {
    let mut observed = Observed::default();
    let kinds = match depth {
        Depth::Everything => system.kinds().iter().collect(),
        Depth::ByName | Depth::Needed | Depth::Whole => wanted_kinds(system, wanted),
    };
    let lists = futures::stream::iter(kinds)
        .map(|kind| async move {
            if !kind.listed {
                let names = wanted.names(system, kind);
                return (kind, named(system, &names, kind, reader, concurrency).await, false);
            }
            if depth == Depth::ByName
                && let Some(found) = by_name(system, kind, wanted, reader, concurrency).await
            {
                return (kind, Ok(found), true);
            }
            let needs_all = matches!(depth, Depth::Whole | Depth::Everything)
                || kind.judged_together
                || wanted.deletes_below(kind);
            let listing = match needs_all {
                true => system.list(kind, reader).await,
                false => system.list_among(kind, &wanted.names(system, kind), reader).await,
            };
            (kind, listing, false)
        })
        .buffer_unordered(concurrency.max(1));
    for (kind, listing, is_by_name) in lists.collect::<Vec<_>>().await {
        observed.record(kind, listing);
        if is_by_name {
            observed.by_name.insert(kind.name.clone());
        }
    }
    for listing in observed.kinds.values_mut().flatten() {
        listing.sort_by(|a, b| (&a.name, &a.remote).cmp(&(&b.name, &b.remote)));
    }
    look_for_missing(system, wanted, reader, concurrency, &mut observed).await;
    read_in_full(system, wanted, reader, (concurrency, depth), &mut observed).await;
    observed
}

/// Asks for what the lists do not show although the record has its id. One that still answers was left out of its list,
/// so that the list is no proof that anything is absent. One that has another name now is still the same object.
async fn look_for_missing(
    system: &dyn Observe,
    wanted: Wanted<'_>,
    reader: &dyn Reader,
    concurrency: usize,
    observed: &mut Observed,
) {
    let missing = missing(system, wanted, observed);
    let reads = futures::stream::iter(missing)
        .map(|(kind, known)| async move {
            let read = system.get(kind, &known, reader).await;
            (kind, known, read)
        })
        .buffer_unordered(concurrency.max(1));
    for (kind, known, read) in reads.collect::<Vec<_>>().await {
        match read {
            Ok(None) => {}
            Ok(Some(_)) => drop(observed.kinds.insert(kind.name.clone(), Err(left_out(kind, &known)))),
            Err(error) => drop(observed.kinds.insert(kind.name.clone(), Err(error))),
        }
    }
}

/// The objects with recorded ids that are not in their lists. Notes those that are there under another name.
fn missing<'a>(
    system: &'a dyn Observe,
    wanted: Wanted<'_>,
    observed: &mut Observed,
) -> Vec<(&'a Kind, LiveObject)> {
    let index = observed.index(system.kinds());
    let declared = wanted.desired.keys();
    let declared: BTreeSet<_> =
        declared.filter_map(|id| Some((id.kind.as_str(), system.kind(&id.kind)?.folded(&id.name)))).collect();
    let is_declared = |kind: &Kind, name: &str| declared.contains(&(kind.name.as_str(), kind.folded(name)));
    let (mut missing, mut renamed) = (Vec::new(), BTreeMap::new());
    for declared in wanted.all() {
        let ResourceId { kind, name, .. } = &declared.id;
        let Some(kind) = system.kind(kind).filter(|kind| kind.listed) else { continue };
        let listed = declared.names().any(|name| !index.named(kind, name).is_empty());
        if listed || !matches!(observed.kinds.get(&kind.name), Some(Ok(_))) {
            continue;
        }
        let Some(remote) = wanted.remote(declared) else { continue };
        match index.with_id(kind, &remote) {
            Some(found) if kind.renames && !declared.absent() && !is_declared(kind, &found.name) => {
                renamed.insert((kind.name.clone(), name.clone()), remote);
            }
            Some(_) => {}
            None => {
                let (name, body) = (name.clone(), Packed::default());
                missing.push((kind, LiveObject { remote, name, system: false, body, etag: None }));
            }
        }
    }
    observed.renamed = renamed;
    missing
}

fn left_out(kind: &Kind, known: &LiveObject) -> ReadError {
    let message = format!(
        "the list of every {} does not show `{}`, and its id {} still answers: the list is not whole",
        kind.name, known.name, known.remote
    );
    let help =
        "check what the credential may list; nothing is written to this target until the list is whole";
    ReadError::new(message, Some(help.to_owned()))
}

/// The objects of a kind by name, if that takes fewer requests than a list and tells as much: each one that git knew is
/// there. `None` leaves it to the list to say which it does not show, and why.
async fn by_name(
    system: &dyn Observe,
    kind: &Kind,
    wanted: Wanted<'_>,
    reader: &dyn Reader,
    concurrency: usize,
) -> Option<Listing> {
    if kind.judged_together || wanted.deletes_below(kind) || system.lists_to_find(kind) {
        return None;
    }
    let (names, known) = (wanted.names(system, kind), wanted.known(kind));
    if names.len() > known.len() / PAGE {
        return None;
    }
    let found = named(system, &names, kind, reader, concurrency).await.ok()?;
    let there: BTreeSet<_> = found.objects.iter().map(|found| kind.folded(&found.name)).collect();
    let is_there = |name: &String| !known.contains(name.as_str()) || there.contains(&kind.folded(name));
    names.iter().all(is_there).then_some(found)
}

/// Reads objects by their names, in full. Of several that cannot be read, the first one by name says why.
async fn named(
    system: &dyn Observe,
    names: &BTreeSet<String>,
    kind: &Kind,
    reader: &dyn Reader,
    concurrency: usize,
) -> Result<Listing, ReadError> {
    let finds = futures::stream::iter(names).map(|name| system.find(kind, name, reader));
    let found: Vec<_> = finds.buffered(concurrency.max(1)).try_collect().await?;
    let mut all = Listing::default();
    all.extend(found.into_iter().flatten().map(Ok));
    Ok(all)
}

/// Reads every object of every kind in full, for import.
pub async fn observe_all(system: &dyn Observe, reader: &dyn Reader, concurrency: usize) -> Observed {
    let mut observed = Observed::default();
    let listed = system.kinds().iter().filter(|kind| kind.listed);
    let lists = futures::stream::iter(listed)
        .map(|kind| async move { (kind, system.list(kind, reader).await) })
        .buffer_unordered(concurrency.max(1));
    for (kind, listing) in lists.collect::<Vec<_>>().await {
        observed.record(kind, listing);
    }
    let partial = system.kinds().iter().filter(|kind| kind.listed && !kind.list_is_whole);
    let all: Vec<_> = partial
        .flat_map(|kind| observed.found(&kind.name).iter().map(move |found| (kind, found.clone())))
        .collect();
    read(system, all, reader, concurrency, &mut observed).await;
    observed
}

/// What of a target could not be read, and what to do if nothing better is known.
#[must_use]
pub fn unread(observed: &Observed, target: &str, otherwise: &str) -> Vec<Diagnostic> {
    let lists = observed.kinds.iter().filter_map(|(kind, listing)| Some((kind, listing.as_ref().err()?)));
    let objects = observed.unread.iter().map(|((kind, _), error)| (kind, error));
    let diagnostic = |(kind, error): (&String, &ReadError)| {
        let help = error.help.as_deref().unwrap_or(otherwise);
        let diagnostic = Diagnostic::new(Code::LiveUnreadable, error.message.clone());
        diagnostic.because(error.cause.clone()).about(format!("{target}: {kind}")).help(help)
    };
    lists.chain(objects).map(diagnostic).collect()
}

/// The kinds that git declares, and those that must be known completely to judge a change: a kind that is referred to,
/// and a kind that refers to one from which something is deleted.
fn wanted_kinds<'a>(system: &'a dyn Observe, wanted: Wanted<'_>) -> Vec<&'a Kind> {
    let desired = wanted.desired;
    let declared: BTreeSet<_> = wanted.all().map(|declared| declared.id.kind.as_str()).collect();
    let deleted: BTreeSet<_> = desired.values().filter(|d| d.absent()).map(|d| d.id.kind.as_str()).collect();
    let wanted = |kind: &&Kind| {
        let referred = system
            .kinds()
            .iter()
            .any(|from| declared.contains(from.name.as_str()) && from.refers_to(&kind.name));
        declared.contains(kind.name.as_str())
            || referred
            || deleted.iter().any(|deleted| kind.refers_to(deleted))
    };
    system.kinds().iter().filter(wanted).collect()
}

async fn read_in_full(
    system: &dyn Observe,
    wanted: Wanted<'_>,
    reader: &dyn Reader,
    (concurrency, depth): (usize, Depth),
    observed: &mut Observed,
) {
    let index = observed.index(system.kinds());
    let (mut all, mut only_listed) = (Vec::new(), BTreeSet::new());
    // What was found by its name was read in full.
    let in_part = |kind: &&Kind| !kind.list_is_whole && !observed.by_name.contains(&kind.name);
    for kind in system.kinds().iter().filter(in_part) {
        let found = observed.found(&kind.name);
        let meant = |wanted: &Declared| match index.meant(kind, wanted).as_slice() {
            [one] if system.writable(kind, one) => Some(*one),
            _ => None,
        };
        let whole = matches!(depth, Depth::Whole | Depth::Everything) || wanted.deletes_below(kind);
        let chosen: Vec<_> = match whole {
            true => found.iter().collect(),
            false => {
                let declared = wanted.desired.values().filter(|wanted| wanted.id.kind == kind.name);
                declared.filter_map(meant).collect()
            }
        };
        if kind.listed {
            let in_full: BTreeSet<_> = chosen.iter().map(|live| &live.remote).collect();
            let others = found.iter().filter(|live| !in_full.contains(&live.remote));
            only_listed.extend(others.map(|live| (kind.name.clone(), live.remote.clone())));
        }
        all.extend(chosen.into_iter().map(|live| (kind, live.clone())));
    }
    observed.only_listed = only_listed;
    read(system, all, reader, concurrency, observed).await;
}

/// Reads declared objects alone: a list that is called whole may still show a field emptied or masked, and
/// a write would make that its value. Whether anything was read.
pub async fn read_alone(
    system: &dyn Observe,
    declared: impl Iterator<Item = &Declared>,
    reader: &dyn Reader,
    concurrency: usize,
    observed: &mut Observed,
) -> bool {
    let index = observed.index(system.kinds());
    let meant = |declared: &Declared| {
        let is_listed = |kind: &&Kind| {
            kind.listed && kind.list_is_whole && kind.read_alone && !observed.by_name.contains(&kind.name)
        };
        let kind = system.kind(&declared.id.kind).filter(is_listed)?;
        match index.meant(kind, declared).as_slice() {
            [one] if system.writable(kind, one) => Some((kind, (*one).clone())),
            _ => None,
        }
    };
    let listed: Vec<_> = declared.filter_map(meant).collect();
    let mut reads = answers(system, listed, reader, concurrency).await;
    // What went since it was listed is noticed right before its write.
    reads.retain(|(_, _, read)| !matches!(read, Ok(None)));
    let is_any = !reads.is_empty();
    put(reads, observed);
    is_any
}

type Answer<'a> = (&'a Kind, LiveObject, Result<Option<LiveObject>, ReadError>);

async fn read(
    system: &dyn Observe,
    objects: Vec<(&Kind, LiveObject)>,
    reader: &dyn Reader,
    concurrency: usize,
    observed: &mut Observed,
) {
    put(answers(system, objects, reader, concurrency).await, observed);
}

async fn answers<'a>(
    system: &dyn Observe,
    objects: Vec<(&'a Kind, LiveObject)>,
    reader: &dyn Reader,
    concurrency: usize,
) -> Vec<Answer<'a>> {
    let reads = futures::stream::iter(objects)
        .map(|(kind, listed)| async move {
            let read = system.get(kind, &listed, reader).await;
            (kind, listed, read)
        })
        .buffer_unordered(concurrency.max(1));
    reads.collect().await
}

/// Puts objects that were read in the place of the listed ones.
fn put(reads: Vec<Answer<'_>>, observed: &mut Observed) {
    let places = Places::of(observed);
    for (kind, listed, read) in reads {
        match read {
            Ok(Some(whole)) if whole.remote == listed.remote => places.replace(observed, kind, whole),
            Ok(Some(_)) => unread_object(observed, kind, &listed, "was answered with another object"),
            Ok(None) => unread_object(observed, kind, &listed, "was listed and then not found"),
            Err(error) => drop(observed.unread.insert((kind.name.clone(), listed.remote), error)),
        }
    }
}

/// Where each object is in its list.
struct Places(BTreeMap<String, BTreeMap<RemoteId, usize>>);

impl Places {
    fn of(observed: &Observed) -> Self {
        let of_list = |listing: &Vec<LiveObject>| {
            // Of two with one id the first one counts.
            listing.iter().enumerate().rev().map(|(at, found)| (found.remote.clone(), at)).collect()
        };
        let lists =
            observed.kinds.iter().filter_map(|(kind, list)| Some((kind.clone(), list.as_ref().ok()?)));
        Self(lists.map(|(kind, list)| (kind, of_list(list))).collect())
    }

    /// Puts an object that was read in full in the place of the listed one.
    fn replace(&self, observed: &mut Observed, kind: &Kind, whole: LiveObject) {
        let at = self.0.get(&kind.name).and_then(|places| places.get(&whole.remote));
        let listing = observed.kinds.get_mut(&kind.name).and_then(|listing| listing.as_mut().ok());
        if let Some(place) = listing.zip(at).and_then(|(listing, at)| listing.get_mut(*at)) {
            *place = whole;
        }
    }
}

fn unread_object(observed: &mut Observed, kind: &Kind, listed: &LiveObject, what: &str) {
    let message = format!("the {} `{}` ({}) {what}", kind.name, listed.name, listed.remote);
    let help = "somebody may be changing objects right now; run again";
    let error = ReadError::new(message, Some(help.to_owned()));
    observed.unread.insert((kind.name.clone(), listed.remote.clone()), error);
}

#[cfg(test)]
mod tests;
