//! Says that the state of a target has changed, to those whom enact.yaml names. It is said on a change only, and the
//! service waits for nobody.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::hook::hex;
use crate::config::credential::Receiver;
use crate::config::file::Form;
use crate::http::transport::{Call, Network, Transport as _};
use crate::report::pass::{PassRow, PassState, ServeEvent, ServeLine};

/// How long is waited before each further try.
const WAITS: [u64; 3] = [0, 1, 5];
/// How long a service that ends waits for what is still to be said.
const GRACE: Duration = Duration::from_secs(5);

/// Who receives what.
type Letter = (Arc<Vec<Receiver>>, ServeLine);

/// Sends in the background.
pub(super) struct Notifier {
    letters: UnboundedSender<Letter>,
    sending: JoinHandle<()>,
}

impl Notifier {
    /// `failed` is told why a receiver was not reached; never where it is.
    pub(super) fn new(failed: UnboundedSender<String>) -> Self {
        let (letters, mut queue) = unbounded_channel::<Letter>();
        let sending = tokio::spawn(async move {
            while let Some((receivers, line)) = queue.recv().await {
                for receiver in receivers.iter() {
                    if let Err(why) = deliver(receiver, &line).await {
                        drop(failed.send(why));
                    }
                }
            }
        });
        Self { letters, sending }
    }

    pub(super) fn send(&self, receivers: &Arc<Vec<Receiver>>, line: ServeLine) {
        drop(self.letters.send((receivers.clone(), line)));
    }

    /// Waits a little for what is still to be said.
    pub(super) async fn end(self) {
        drop(self.letters);
        drop(tokio::time::timeout(GRACE, self.sending).await);
    }
}

/// What there is to say about a pass, after the last one over the same target.
pub(super) fn change(before: Option<PassState>, pass: &PassRow) -> Option<ServeEvent> {
    // That a target is as it should be is no news when nothing was known of it.
    let is_news = match before {
        None => !matches!(pass.state, PassState::Converged | PassState::Held),
        Some(before) => before != pass.state,
    };
    is_news.then(|| ServeEvent::StateChanged { before, pass: pass.clone() })
}

async fn deliver(receiver: &Receiver, line: &ServeLine) -> Result<(), String> {
    let mut last = Ok(());
    for wait in WAITS {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        last = once(receiver, line).await;
        if last.is_ok() {
            break;
        }
    }
    last
}

async fn once(Receiver { form, url, secret }: &Receiver, line: &ServeLine) -> Result<(), String> {
    let body = match form {
        Form::Webhook => line.json(),
        Form::Slack => json!({ "text": slack(&line.text()) }).to_string(),
    };
    let mut headers = HeaderMap::new();
    if let Some(signature) = secret.as_ref().and_then(|secret| sign(secret, body.as_bytes())) {
        headers.insert("x-enact-signature-256", signature);
    }
    let network = Network::new(url).map_err(|_| "a connection cannot be set up".to_owned())?;
    let call = Call { method: "POST", url: url.clone(), headers: &headers, body: Some(body.into_bytes()) };
    match network.call(call).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("the receiver answered {}", answer.status)),
        // The words may hold the address, which may hold a secret.
        Err(_) => Err("the receiver did not answer".to_owned()),
    }
}

/// As GitHub signs its webhooks.
fn sign(secret: &SecretString, body: &[u8]) -> Option<HeaderValue> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    let code = mac.chain_update(body).finalize().into_bytes();
    HeaderValue::from_str(&format!("sha256={}", hex(&code))).ok()
}

/// Text in which Slack sees no link, nobody who is called, and no tag.
fn slack(text: &str) -> String {
    text.trim_end().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
