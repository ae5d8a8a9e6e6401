//! The login of a definition, as it is written. Not here: what it means, in `compile::login`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::{AnswerPlaceForm, PathTemplate, Pointer};
use crate::model::request::Method;

/// How an API gives a token for the credential of a target, whose `auth` is then `basic` or `bearer`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct LoginForm {
    /// The method. Default: POST.
    #[serde(default)]
    pub method: LoginMethod,
    /// Where. It can contain `{username}` and `{settings.NAME}`.
    pub path: PathTemplate,
    /// The body. Its texts are templates over `{username}` and the settings, and `{secret}` alone is the password of `basic`, or
    /// the secret of `bearer`. If it has no `{secret}`, the credential is sent in `Authorization`.
    pub body: Option<Value>,
    /// Whether the body is sent as a form, and not as JSON.
    #[serde(default)]
    pub form: bool,
    /// Where the answer has the token.
    pub token: AnswerPlaceForm,
    /// How long it is one: seconds, or where the answer has them, or the time of its end. Default: until the API answers 401.
    pub life: Option<TokenLifeForm>,
    /// The header that the token is sent in. Default: `Authorization`.
    pub header: Option<String>,
    /// What is before the token in that header. Default: `Bearer `, with its blank, in `Authorization`, and nothing in others.
    pub prefix: Option<String>,
}

/// The method of a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum LoginMethod {
    /// The usual one.
    #[default]
    Post,
    /// The other one.
    Put,
}

impl From<LoginMethod> for Method {
    fn from(method: LoginMethod) -> Self {
        match method {
            LoginMethod::Post => Self::Post,
            LoginMethod::Put => Self::Put,
        }
    }
}

/// How long a token is one.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TokenLifeForm {
    /// So many seconds.
    Seconds(u32),
    /// Where the answer has the seconds, or the time of its end.
    At(Pointer),
}
