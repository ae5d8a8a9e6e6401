//! Whether a webhook comes from the forge that it names: who sends it knows the secret.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::file::Forge;

/// The secrets of hooks, by forge.
pub(super) type Secrets = BTreeMap<Forge, SecretString>;

/// The forge of this name.
pub(super) fn forge(name: &str) -> Option<Forge> {
    match name {
        "github" => Some(Forge::Github),
        "gitea" => Some(Forge::Gitea),
        "gitlab" => Some(Forge::Gitlab),
        _ => None,
    }
}

/// Whether this is what the forge sent, as far as its secret proves it. It takes the same time for every wrong proof.
pub(super) fn is_genuine(secrets: &Secrets, forge: Forge, headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(secret) = secrets.get(&forge).map(ExposeSecret::expose_secret) else { return false };
    match forge {
        Forge::Github => text("x-hub-signature-256")
            .strip_prefix("sha256=")
            .is_some_and(|signature| is_signed(secret, body, signature)),
        Forge::Gitea => is_signed(secret, body, text("x-gitea-signature")),
        Forge::Gitlab => is_same(secret, text("x-gitlab-token")),
    }
}

/// Whether this is the HMAC-SHA256 of a body, in hex.
fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(signature) = from_hex(signature) else { return false };
    // A key of any length will do.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
}

/// Whether a token is the secret. Digests are compared, so that its length stays unknown, too.
fn is_same(secret: &str, token: &str) -> bool {
    Sha256::digest(secret).as_slice().ct_eq(Sha256::digest(token).as_slice()).into()
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"Hello, World!";
    /// From GitHub's page about validating deliveries.
    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn sent(forge: Forge, header: &'static str, value: &str) -> bool {
        let secrets = [Forge::Github, Forge::Gitea, Forge::Gitlab]
            .map(|forge| (forge, SecretString::from("It's a Secret to Everybody".to_owned())));
        let headers = HeaderMap::from_iter([(header.parse().unwrap(), value.parse().unwrap())]);
        is_genuine(&secrets.into(), forge, &headers, BODY)
    }

    #[test]
    fn each_forge_proves_itself_in_its_own_way() {
        assert!(sent(Forge::Github, "x-hub-signature-256", &format!("sha256={SIGNATURE}")));
        assert!(sent(Forge::Gitea, "x-gitea-signature", SIGNATURE));
        assert!(sent(Forge::Gitlab, "x-gitlab-token", "It's a Secret to Everybody"));
    }

    #[test]
    fn what_is_wrong_cut_longer_or_sent_elsewhere_proves_nothing() {
        let other = SIGNATURE.replace('7', "8");
        for wrong in
            ["", "zz", SIGNATURE, &format!("sha256={other}"), &format!("sha256={SIGNATURE}00"), "sha256="]
        {
            assert!(!sent(Forge::Github, "x-hub-signature-256", wrong), "{wrong}");
        }
        assert!(!sent(Forge::Gitea, "x-hub-signature-256", SIGNATURE));
        assert!(!sent(Forge::Gitea, "x-gitea-signature", SIGNATURE.get(..62).unwrap()));
        for wrong in ["", "It's a Secret", "It's a Secret to Everybody "] {
            assert!(!sent(Forge::Gitlab, "x-gitlab-token", wrong), "{wrong}");
        }
        let nobody = is_genuine(&Secrets::new(), Forge::Gitlab, &HeaderMap::new(), BODY);
        assert!(!nobody, "without a secret nobody can prove anything");
    }
}
