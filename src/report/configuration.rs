//! What a revision changes in `enact.yaml`, in words. Names and values are of the revision and may be hostile: they are
//! made safe for a line of text here, and the formats do what else they need.

use serde_json::Value;

use super::value::quoted;
use crate::model::configuration::{ConfigAction, ConfigChange};
use crate::text::{inline, short};

/// What stands above the changes.
pub(super) const HEADING: &str = "This revision changes the configuration";

/// One change as a sentence without a full stop.
pub(super) fn sentence(change: &ConfigChange) -> String {
    let ConfigChange { target, setting, action, previewed, before, after } = change;
    let target = target.as_deref().map(quoted).unwrap_or_default();
    let Some(setting) = setting else {
        return match action {
            ConfigAction::Removed => {
                format!("target {target} is removed: nothing is planned for it, and what it holds stays")
            }
            ConfigAction::Added | ConfigAction::Changed => {
                format!("target {target} is new: what it would write is NOT shown here")
            }
        };
    };
    let of = if target.is_empty() { String::new() } else { format!(" of target {target}") };
    let setting = inline(setting);
    match previewed {
        true => format!("{setting}{of} is {}, was {}", value(after.as_ref()), value(before.as_ref())),
        false => format!("{setting}{of} changes: what that means is NOT shown here, the trusted file counts"),
    }
}

fn value(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".to_owned(),
        Some(value) => short(&value.to_string()).to_string(),
    }
}
