//! Which targets take which manifests.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::Manifest;
use crate::parallel;
use crate::system::claim::Claim;

/// Which of some targets take which of some manifests.
pub struct Taken<'m> {
    /// The manifests of each target, in the order of the targets.
    manifests: Vec<Vec<&'m Arc<Manifest>>>,
    /// Each manifest with its targets, by their places.
    takers: Vec<(&'m Arc<Manifest>, Arc<[usize]>)>,
}

impl<'m> Taken<'m> {
    /// Asks each target once about each file: patterns are about files, and there may be many manifests in one.
    #[must_use]
    pub fn of(claims: &[Claim<'_>], manifests: &'m [Arc<Manifest>]) -> Self {
        let key = |manifest: &'m Manifest| (manifest.file(), manifest.header.api_version.as_str());
        let of_file: BTreeMap<_, _> =
            manifests.iter().map(|manifest| (key(manifest), manifest.as_ref())).collect();
        let asked: Vec<_> = of_file.into_iter().collect();
        let takers = |(_, manifest): &(_, &Manifest)| -> Arc<[usize]> {
            (0..).zip(claims).filter(|(_, claim)| claim.takes(manifest)).map(|(place, _)| place).collect()
        };
        let takers = parallel::in_order(&asked, takers, |_| false);
        let takers: BTreeMap<_, _> = asked.iter().map(|(key, _)| *key).zip(takers).collect();
        let takers = manifests
            .iter()
            .map(|manifest| (manifest, takers.get(&key(manifest)).cloned().unwrap_or_default()));
        let mut taken = Self { manifests: vec![Vec::new(); claims.len()], takers: takers.collect() };
        for (manifest, takers) in &taken.takers {
            for place in takers.iter() {
                if let Some(manifests) = taken.manifests.get_mut(*place) {
                    manifests.push(manifest);
                }
            }
        }
        taken
    }

    /// What each target takes, in the order of the targets.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &[&'m Arc<Manifest>]> {
        self.manifests.iter().map(Vec::as_slice)
    }

    /// Each manifest, and the places of the targets that take it.
    pub(super) fn takers(&self) -> impl Iterator<Item = (&'m Arc<Manifest>, &[usize])> {
        self.takers.iter().map(|(manifest, takers)| (*manifest, takers.as_ref()))
    }
}
