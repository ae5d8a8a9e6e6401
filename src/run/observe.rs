//! Reads what a target holds: the lists of the kinds that matter, then each declared object in full. Comparing is in
//! `plan`.

use std::collections::BTreeSet;

use futures::StreamExt as _;

use crate::model::kind::Kind;
use crate::model::state::{Desired, Listing, LiveObject, Observed};
use crate::model::wire::{ReadError, Reader};
use crate::system::Observe;

/// How much is read beside what planning needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Nothing.
    Needed,
    /// The other objects of the kinds that are listed, in full.
    Whole,
}

/// Reads all that planning needs, and records what could not be read. `concurrency` requests run at once.
pub async fn observe(
    system: &dyn Observe,
    desired: &Desired,
    reader: &dyn Reader,
    concurrency: usize,
    depth: Depth,
) -> Observed {
    let mut observed = Observed::default();
    let kinds = wanted_kinds(system, desired);
    let lists = futures::stream::iter(kinds)
        .map(|kind| async move {
            let listing = match kind.listed {
                true => system.list(kind, reader).await,
                false => named(system, kind, desired, reader).await,
            };
            (kind, listing)
        })
        .buffer_unordered(concurrency.max(1));
    for (kind, listing) in lists.collect::<Vec<_>>().await {
        observed.record(kind, listing);
    }
    for listing in observed.kinds.values_mut().flatten() {
        listing.sort_by(|a, b| (&a.name, &a.remote).cmp(&(&b.name, &b.remote)));
    }
    read_in_full(system, desired, reader, (concurrency, depth), &mut observed).await;
    observed
}

/// Reads the declared objects of a kind that the API cannot list, in full.
async fn named(
    system: &dyn Observe,
    kind: &Kind,
    desired: &Desired,
    reader: &dyn Reader,
) -> Result<Listing, ReadError> {
    let mut names = BTreeSet::new();
    for declared in desired.values() {
        if declared.id.kind == kind.name {
            names.insert(declared.id.name.clone());
            names.extend(declared.manifest.previously.iter().cloned());
        }
        let of = system.kind(&declared.id.kind);
        let references = of.map(|of| declared.named(of)).unwrap_or_default();
        names.extend(references.into_iter().filter(|to| to.kind == kind.name).map(|to| to.name.into_owned()));
    }
    let mut all = Listing::default();
    for name in names {
        all.extend(system.find(kind, &name, reader).await?.into_iter().map(Ok));
    }
    Ok(all)
}

/// Reads every object of every kind in full, for import.
pub async fn observe_all(system: &dyn Observe, reader: &dyn Reader, concurrency: usize) -> Observed {
    let mut observed = Observed::default();
    for kind in system.kinds().iter().filter(|kind| kind.listed) {
        observed.record(kind, system.list(kind, reader).await);
    }
    let partial = system.kinds().iter().filter(|kind| kind.listed && !kind.list_is_whole);
    let all: Vec<_> = partial
        .flat_map(|kind| observed.found(&kind.name).iter().map(move |found| (kind, found.clone())))
        .collect();
    read(system, all, reader, concurrency, &mut observed).await;
    observed
}

/// The kinds that git declares, and those that must be known completely to judge a change: a kind that is referred to,
/// and a kind that refers to one from which something is deleted.
fn wanted_kinds<'a>(system: &'a dyn Observe, desired: &Desired) -> Vec<&'a Kind> {
    let declared: BTreeSet<_> = desired.keys().map(|id| id.kind.as_str()).collect();
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
    desired: &Desired,
    reader: &dyn Reader,
    (concurrency, depth): (usize, Depth),
    observed: &mut Observed,
) {
    let index = observed.index(system.kinds());
    let mut declared = Vec::new();
    for kind in system.kinds().iter().filter(|kind| !kind.list_is_whole) {
        // A kind that refers to a deleted object must be known completely.
        let whole = depth == Depth::Whole
            || desired.values().any(|gone| gone.absent() && kind.refers_to(&gone.id.kind));
        if whole {
            declared.extend(observed.found(&kind.name).iter().map(|found| (kind, found.clone())));
        }
        for wanted in desired.values().filter(|wanted| wanted.id.kind == kind.name) {
            if !whole
                && let [one] = index.meant(kind, wanted).as_slice()
                && system.writable(kind, one)
            {
                declared.push((kind, (*one).clone()));
            }
        }
    }
    read(system, declared, reader, concurrency, observed).await;
}

async fn read(
    system: &dyn Observe,
    objects: Vec<(&Kind, LiveObject)>,
    reader: &dyn Reader,
    concurrency: usize,
    observed: &mut Observed,
) {
    let reads = futures::stream::iter(objects)
        .map(|(kind, listed)| async move {
            let read = system.get(kind, &listed, reader).await;
            (kind, listed, read)
        })
        .buffer_unordered(concurrency.max(1));
    let reads: Vec<_> = reads.collect().await;
    for (kind, listed, read) in reads {
        match read {
            Ok(Some(whole)) if whole.remote == listed.remote => replace(observed, kind, whole),
            Ok(Some(_)) => unread(observed, kind, &listed, "was answered with another object"),
            Ok(None) => unread(observed, kind, &listed, "was listed and then not found"),
            Err(error) => drop(observed.unread.insert((kind.name.clone(), listed.remote), error)),
        }
    }
}

fn replace(observed: &mut Observed, kind: &Kind, whole: LiveObject) {
    let Some(Ok(listing)) = observed.kinds.get_mut(&kind.name) else { return };
    if let Some(place) = listing.iter_mut().find(|found| found.remote == whole.remote) {
        *place = whole;
    }
}

fn unread(observed: &mut Observed, kind: &Kind, listed: &LiveObject, what: &str) {
    let message = format!("the {} `{}` ({}) {what}", kind.name, listed.name, listed.remote);
    let error =
        ReadError { message, help: Some("somebody may be changing objects right now; run again".to_owned()) };
    observed.unread.insert((kind.name.clone(), listed.remote.clone()), error);
}
