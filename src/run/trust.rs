//! Whom a run believes about the past: the keys that may sign a record, and the one that signs what it writes itself.

use crate::config::target::Config;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::signature::{AllowedSigners, Signer};
use crate::git::{Commit, Repository};
use crate::run::clock;

/// Whom a run believes. By default everybody who can write the reference.
#[derive(Debug, Default)]
pub struct Trust {
    signer: Option<Signer>,
    allowed: Option<AllowedSigners>,
}

impl Trust {
    /// Reads the keys that a run needs: the one that signs only where it writes, or where its own is the only one allowed.
    pub(super) fn read(config: &Config, writes: bool) -> Result<Self, Diagnostic> {
        let allowed = config.allowed_signers()?;
        let signer = if writes || allowed.is_none() { config.signer()? } else { None };
        if let Some(allowed) = allowed.as_ref().filter(|_| writes) {
            let may = signer.as_ref().map(|signer| signer.may_sign(allowed, clock::seconds()));
            let may = may.unwrap_or_else(|| Err("enact.yaml names no key that signs it".to_owned()));
            may.map_err(|why| config.unbelieved(&why))?;
        }
        let allowed = allowed.or_else(|| signer.as_ref().map(Signer::alone));
        Ok(Self { signer: signer.filter(|_| writes), allowed })
    }

    /// The key for what the run writes.
    pub(super) fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// Whether a record is believed.
    pub(super) fn check(&self, repository: &Repository, tip: &Commit) -> Result<(), Diagnostic> {
        let Some(allowed) = &self.allowed else { return Ok(()) };
        repository.signer(tip, allowed)?.map(drop).map_err(|why| untrusted(tip, &why))
    }

    /// Whether what an older enact left is believed: it never signed.
    pub(super) fn check_applied(&self, applied: &Commit) -> Result<(), Diagnostic> {
        match self.allowed {
            Some(_) => Err(unsigned(applied)),
            None => Ok(()),
        }
    }
}

fn untrusted(tip: &Commit, why: &str) -> Diagnostic {
    Diagnostic::new(Code::RecordUntrusted, format!("the record {tip} is not believed: {why}")).help(
        "nothing is deleted because of it; find out who wrote it, and sign it only if its content is right, as docs/record.md says",
    )
}

fn unsigned(applied: &Commit) -> Diagnostic {
    let message = format!(
        "{applied} is not believed to be what was applied last: there is no record, only the reference of an older enact, which nobody signs"
    );
    Diagnostic::new(Code::RecordUntrusted, message).help(
        "fetch the record; if there never was one, apply once without `record.sign` and `record.allowed_signers`, then sign it as docs/record.md says",
    )
}
