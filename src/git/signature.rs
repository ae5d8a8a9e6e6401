//! Signatures of commits in git's SSH format: made with an OpenSSH key, and checked against the keys that may sign.
//! `git verify-commit` agrees with both, but for what is refused here: a second signature in one commit, keys of other types
//! than ed25519 and ecdsa-sha2-nistp256, and a list of signers that means another thing on another machine.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use super::{Commit, Repository};
use crate::diagnostic::Diagnostic;
use crate::text::inline;

pub use signers::AllowedSigners;

mod signers;

/// What git signs a commit for.
const NAMESPACE: &str = "git";
const HEADER: &str = "gpgsig";

/// A key that signs commits.
pub struct Signer {
    key: PrivateKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key.fingerprint(HashAlg::Sha256))
    }
}

impl Signer {
    /// Reads an OpenSSH private key. What is wrong with it never repeats a part of it.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let bytes = Zeroizing::new(bytes);
        let key = PrivateKey::from_openssh(bytes.as_slice()).map_err(|_| {
            "it is not a private key in the format of OpenSSH; make one with `ssh-keygen -t ed25519 -N '' -f FILE`"
        })?;
        if key.is_encrypted() {
            return Err(
                "it has a passphrase, and nobody is there to type it; take it away from a copy with `ssh-keygen -p -N '' -f COPY`"
                    .to_owned(),
            );
        }
        known(&key.algorithm()).map_err(|why| format!("it is a key of {why}"))?;
        Ok(Self { key })
    }

    /// The list in which only this key is.
    pub fn alone(&self) -> AllowedSigners {
        AllowedSigners::only(self.key.public_key().clone())
    }

    /// Whether these allow its signature of a commit of this time, or why not.
    pub fn may_sign(&self, allowed: &AllowedSigners, time: i64) -> Result<(), String> {
        allowed.find(self.key.public_key(), NAMESPACE, time).map(drop)
    }

    /// Puts the signature of a commit into its header.
    pub(super) fn sign(&self, commit: &str) -> Result<String, String> {
        let (head, message) = commit.split_once("\n\n").ok_or("a commit without a message")?;
        let armor = self.armor(commit.as_bytes()).map_err(|error| error.to_string())?;
        let lines: Vec<_> = armor.trim_end().lines().collect();
        Ok(format!("{head}\n{HEADER} {}\n\n{message}", lines.join("\n ")))
    }

    fn armor(&self, bytes: &[u8]) -> ssh_key::Result<String> {
        self.key.sign(NAMESPACE, HashAlg::Sha512, bytes)?.to_pem(LineEnding::LF)
    }
}

impl Repository {
    /// Who signed a commit, if that is somebody who may; otherwise why it is not believed.
    pub fn signer<'a>(
        &self,
        commit: &Commit,
        allowed: &'a AllowedSigners,
    ) -> Result<Result<&'a str, String>, Diagnostic> {
        let bytes = self.object(commit.0, git2::ObjectType::Commit)?;
        let time = self.content(commit.0)?.time;
        Ok(signer(&bytes, time, allowed))
    }
}

fn signer<'a>(commit: &[u8], time: i64, allowed: &'a AllowedSigners) -> Result<&'a str, String> {
    let (payload, armor) = taken_apart(commit)?;
    let signature = SshSig::from_pem(armor)
        .map_err(|_| "its signature is not one of an SSH key that can be read".to_owned())?;
    let key = PublicKey::from(signature.public_key().clone());
    let principal = allowed.find(&key, NAMESPACE, time)?;
    known(&key.algorithm()).map_err(|why| format!("it is signed with a key of {why}"))?;
    match key.verify(NAMESPACE, &payload, &signature) {
        Ok(()) => Ok(principal),
        Err(ssh_key::Error::Namespace) => {
            Err(format!("its signature is for `{}`, not for a commit of git", inline(signature.namespace())))
        }
        Err(_) => Err("its signature is not of what it says now: somebody has altered it".to_owned()),
    }
}

/// Refuses what enact can neither sign with nor check.
fn known(algorithm: &Algorithm) -> Result<(), String> {
    match algorithm {
        Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => Ok(()),
        other => {
            let other = inline(other.as_str()).into_owned();
            Err(format!("the type `{other}`, and enact knows ssh-ed25519 and ecdsa-sha2-nistp256"))
        }
    }
}

/// What was signed, and the signature: a commit without and with its header of that name, whose further lines begin with
/// a space.
fn taken_apart(commit: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (mut payload, mut armor) = (Vec::with_capacity(commit.len()), Vec::new());
    let mut rest = commit;
    let mut is_signature = false;
    while !rest.is_empty() && !rest.starts_with(b"\n") {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let further = line.strip_prefix(b" ").filter(|_| is_signature);
        let first = line.strip_prefix(HEADER.as_bytes());
        if let Some(further) = further {
            armor.extend_from_slice(further);
        } else if let Some(first) = first {
            let first = first.strip_prefix(b" ").filter(|_| armor.is_empty());
            armor.extend_from_slice(first.ok_or("it holds more than one signature, or one of another kind")?);
            is_signature = true;
        } else {
            payload.extend_from_slice(line);
            is_signature = false;
        }
    }
    payload.extend_from_slice(rest);
    if armor.is_empty() { Err("nobody has signed it".to_owned()) } else { Ok((payload, armor)) }
}
