//! Which API a target leads to, in one spelling: by system, URL, and the settings that select a tenant. Not here: what
//! follows if two targets lead to the same one, in `resolve`.

use reqwest::Url;
use serde_json::{Map, Value};

use super::file::TargetConfig;
use crate::model::resource::ApiId;

/// The keyword of a setting's schema that says `false` if the setting only chooses how the API is spoken to, such as
/// its version. Any other setting may select a tenant.
const SELECTS_TENANT: &str = "x-selects-tenant";

/// The API of a target, whose settings have this schema.
pub(super) fn of(config: &TargetConfig, schema: Option<&Value>) -> ApiId {
    let given = config.settings.as_ref().and_then(Value::as_object);
    ApiId {
        system: config.system.clone(),
        url: url(&config.url),
        settings: selecting(given, schema.unwrap_or(&Value::Null)).to_string(),
        tenant: config.tenant.clone(),
    }
}

/// A URL in the spelling that all spellings of it share: lower case and no full stop after the host, no default port,
/// no slash at its end.
fn url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    let host = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned);
    if let Some(host) = host {
        // A host without its last full stop is still a host.
        let _ = url.set_host(Some(&host));
    }
    url.as_str().trim_end_matches('/').to_owned()
}

/// The settings that select a tenant, with the defaults of those that are left out.
fn selecting(given: Option<&Map<String, Value>>, schema: &Value) -> Value {
    let mut settings = given.cloned().unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if property.get(SELECTS_TENANT) == Some(&Value::Bool(false)) {
            settings.remove(name);
        } else if let Some(default) = property.get("default") {
            settings.entry(name.clone()).or_insert_with(|| default.clone());
        }
    }
    settings.values_mut().for_each(fold_uuid);
    let mut settings = Value::Object(settings);
    settings.sort_all_objects();
    settings
}

/// UUIDs ignore case.
fn fold_uuid(value: &mut Value) {
    if let Value::String(text) = value {
        let is_uuid = text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
            && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
        if is_uuid {
            text.make_ascii_lowercase();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_identity_a_url_is_the_same_in_every_spelling() {
        for spelling in [
            "https://api.example.com/v1",
            "https://API.Example.com:443/v1/",
            "HTTPS://api.example.com./v1//",
            "https://api.example.com/x/../v1",
        ] {
            assert_eq!(url(spelling), "https://api.example.com/v1", "{spelling}");
        }
        for other in
            ["https://api.example.com", "https://api.example.com:8443/v1", "https://api.example.com/V1"]
        {
            assert_ne!(url(other), "https://api.example.com/v1", "{other}");
        }
    }

    #[test]
    fn one_identity_only_settings_that_may_select_a_tenant_tell_apis_apart() {
        let schema = json!({"properties": {
            "version": {"x-selects-tenant": false, "default": "1"},
            "region": {"default": "eu"},
            "tenant": {},
        }});
        let of = |settings: Value| selecting(settings.as_object(), &schema);
        let one = of(json!({"tenant": "2489E9AD-2EE2-8E00-8EC9-32D5F69181C0", "version": "2"}));
        assert_eq!(one, of(json!({"region": "eu", "tenant": "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0"})));
        assert_ne!(one, of(json!({"region": "us", "tenant": "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0"})));
        assert_ne!(of(json!({"tenant": "A"})), of(json!({"tenant": "a"})), "a name may know case");
    }
}
