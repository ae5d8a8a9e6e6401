//! The keys of the record: the one that signs it, and those that may have signed it.

use std::path::Path;

use super::target::Config;
use crate::diagnostic::{Code, Diagnostic};
use crate::file;
use crate::git::signature::{AllowedSigners, Signer};

/// A private key has some hundred bytes, with RSA some thousand.
const MAX_KEY: u64 = 64 << 10;
const MAX_SIGNERS: u64 = 1 << 20;

impl Config {
    /// The key of `record.sign`, if there is one.
    pub fn signer(&self) -> Result<Option<Signer>, Diagnostic> {
        let Some(path) = &self.record.sign else { return Ok(None) };
        let bytes = file::read(&self.folder.join(path), MAX_KEY).map_err(|error| error.to_string());
        let signer = bytes.and_then(Signer::parse);
        signer.map(Some).map_err(|why| self.unusable("sign", "the key", path, &why))
    }

    /// The keys of `record.allowed_signers`, if there are any.
    pub fn allowed_signers(&self) -> Result<Option<AllowedSigners>, Diagnostic> {
        let Some(path) = &self.record.allowed_signers else { return Ok(None) };
        let text = file::read_text(&self.folder.join(path), MAX_SIGNERS).map_err(|error| error.to_string());
        let signers = text.and_then(|text| AllowedSigners::parse(&text));
        signers
            .map(Some)
            .map_err(|why| self.unusable("allowed_signers", "the list of allowed signers", path, &why))
    }

    /// Reports that what a run writes would be believed by nobody.
    pub fn unbelieved(&self, why: &str) -> Diagnostic {
        Diagnostic::new(Code::RecordKeys, format!("the next record would not be believed: {why}"))
            .at(self.document.place("/record/allowed_signers"))
            .help("nothing was sent; set `record.sign` to a key that `record.allowed_signers` names")
    }

    fn unusable(&self, field: &str, what: &str, path: &Path, why: &str) -> Diagnostic {
        let message = format!("{what} of the record, `{}`, cannot be used: {why}", path.display());
        Diagnostic::new(Code::RecordKeys, message)
            .at(self.document.place(&format!("/record/{field}")))
            .help("nothing was sent; docs/record.md says how to make the keys and the list")
    }
}
