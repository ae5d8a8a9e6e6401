//! How an API gives a token for a credential, as data. Not here: the credential, in `config`, and asking, in `http`.

use serde_json::Value;

use crate::model::answer::AnswerPlace;
use crate::model::request::{Method, Path};

/// The request that gives a token, complete but for the secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// The HTTP method.
    pub method: Method,
    /// Where to, below the target's URL.
    pub path: Path,
    /// The body, if it has one.
    pub body: Option<Value>,
    /// Places of the secret in the body (JSON pointers). If there are none, the credential is sent in its header.
    pub secret: Vec<String>,
    /// Whether the body is a form, and not JSON.
    pub form: bool,
    /// What the answer means.
    pub answer: TokenAnswer,
}

/// The token in an answer, and how it is sent from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenAnswer {
    /// Where it is.
    pub token: AnswerPlace,
    /// How long it is one.
    pub life: Option<TokenLife>,
    /// The header that it is sent in.
    pub header: String,
    /// What is before it there, such as `Bearer ` with its blank.
    pub prefix: String,
}

/// How long a token is one.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenLife {
    /// So many seconds.
    Seconds(u32),
    /// What is at this JSON pointer in the answer: seconds, or the time of its end (RFC 3339).
    At(String),
}
