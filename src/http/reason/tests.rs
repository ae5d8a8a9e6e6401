use serde_json::json;

use super::*;

/// What a body says, as people read it.
fn said(body: &Value) -> String {
    let problem = |Problem { field, text }: Problem| match dotted(&field).as_str() {
        "" => text,
        field => format!("`{field}`: {text}"),
    };
    problems(body).into_iter().map(problem).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_reason_is_found_in_the_shapes_that_apis_use() {
    let shapes = [
        (
            "RFC 9457",
            json!({"type": "https://e/out", "title": "Out of credit", "status": 403, "detail": "It costs 50.",
                "errors": [{"detail": "must be positive", "pointer": "#/age"}]}),
            "Out of credit: It costs 50.; `age`: must be positive",
        ),
        (
            "RFC 9457 without a detail",
            json!({"type": "about:blank", "title": "Forbidden", "status": 403}),
            "Forbidden",
        ),
        (
            "RFC 7807",
            json!({"title": "Invalid", "invalid-params": [{"name": "color", "reason": "must be green"}]}),
            "Invalid; `color`: must be green",
        ),
        (
            "GitHub",
            json!({"message": "Validation Failed", "documentation_url": "https://d", "status": "422",
                "errors": [{"resource": "Label", "field": "name", "code": "already_exists"}]}),
            "Validation Failed; `name`: already_exists",
        ),
        (
            "FastAPI",
            json!({"detail": [{"type": "missing", "loc": ["body", "rules", 0, "name"], "msg": "Field required",
                "input": {"password": "p"}}]}),
            "`body.rules.0.name`: Field required",
        ),
        ("FastAPI, in a text", json!({"detail": "Not enough permissions"}), "Not enough permissions"),
        (
            "Django REST",
            json!({"name": ["This field is required."], "owner": {"email": ["Enter an email."]}, "non_field_errors": ["No."]}),
            "`name`: This field is required.; `owner.email`: Enter an email.; No.",
        ),
        (
            "JSON:API",
            json!({"errors": [{"status": "422", "code": "too_long", "title": "Invalid Attribute",
                "detail": "is over 10", "source": {"pointer": "/data/attributes/title"}}]}),
            "`data.attributes.title`: Invalid Attribute: is over 10 (too_long)",
        ),
        (
            "OAuth",
            json!({"error": "invalid_grant", "error_description": "The token has expired"}),
            "The token has expired (invalid_grant)",
        ),
        (
            "AWS",
            json!({"__type": "com.amazonaws#AccessDeniedException", "Message": "not authorized to do this"}),
            "not authorized to do this (AccessDeniedException)",
        ),
        ("AWS, without words", json!({"__type": "ThrottlingException"}), "ThrottlingException"),
        (
            "Vault",
            json!({"errors": ["1 error occurred:\n\t* permission denied\n\n"]}),
            "1 error occurred: * permission denied",
        ),
        (
            "Cloudflare",
            json!({"success": false, "messages": [], "result": null, "errors": [{"code": 1003, "message": "Invalid zone",
                "error_chain": [{"code": 6111, "message": "Invalid format for header"}]}]}),
            "Invalid zone (1003); Invalid format for header (6111)",
        ),
        (
            "Okta",
            json!({"errorCode": "E0000001", "errorSummary": "Api validation failed: login", "errorLink": "E0000001",
                "errorId": "oae", "errorCauses": [{"errorSummary": "login: must be an email"}]}),
            "Api validation failed: login (E0000001); login: must be an email",
        ),
        (
            "Google",
            json!({"error": {"code": 400, "message": "Invalid policy", "status": "INVALID_ARGUMENT", "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest",
                 "fieldViolations": [{"field": "policy.bindings[0].role", "description": "unknown role"}]}]}}),
            "Invalid policy (INVALID_ARGUMENT); `policy.bindings.0.role`: unknown role",
        ),
        (
            "GraphQL",
            json!({"data": null, "errors": [{"message": "Not allowed", "path": ["roles"], "locations": [],
                "extensions": {"code": "FORBIDDEN"}}]}),
            "Not allowed",
        ),
        (
            "Kubernetes",
            json!({"kind": "Status", "status": "Failure", "message": "Role \"x\" is invalid", "reason": "Invalid",
                "code": 422, "details": {"name": "x", "kind": "Role", "causes": [
                    {"reason": "FieldValueRequired", "message": "Required value", "field": "rules[0].verbs"}]}}),
            "Role \"x\" is invalid; `rules.0.verbs`: Required value (FieldValueRequired)",
        ),
        (
            "Kubernetes, of what is not there",
            json!({"kind": "Status", "message": "roles \"x\" not found", "reason": "NotFound", "code": 404,
                "details": {"name": "x", "kind": "roles"}}),
            "roles \"x\" not found",
        ),
        (
            "Azure",
            json!({"error": {"code": "AuthorizationFailed", "message": "The client may not.", "details": [],
                "innererror": {"code": "RoleMissing", "innererror": {"code": "Deep"}}}}),
            "The client may not. (AuthorizationFailed); RoleMissing; Deep",
        ),
        (
            "Stripe",
            json!({"error": {"type": "invalid_request_error", "code": "parameter_missing", "param": "amount",
                "message": "Missing required param", "doc_url": "https://d"}}),
            "`amount`: Missing required param (parameter_missing)",
        ),
        ("Slack", json!({"ok": false, "error": "invalid_auth"}), "invalid_auth"),
        (
            "SCIM",
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409",
                "scimType": "uniqueness", "detail": "userName is taken"}),
            "userName is taken (uniqueness)",
        ),
        (
            "Rails and Laravel",
            json!({"message": "The given data was invalid.", "errors": {"name": ["is too long"], "title": "is empty"}}),
            "The given data was invalid.; `name`: is too long; `title`: is empty",
        ),
        (
            "Discord",
            json!({"code": 50035, "message": "Invalid Form Body",
                "errors": {"name": {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "This is required"}]}}}),
            "Invalid Form Body (50035); `name`: This is required (BASE_TYPE_REQUIRED)",
        ),
        (
            "NestJS",
            json!({"statusCode": 400, "message": ["name must be a string"], "error": "Bad Request"}),
            "Bad Request; name must be a string",
        ),
        (
            "Spring",
            json!({"timestamp": 1, "status": 400, "error": "Bad Request", "message": "no such role", "path": "/x"}),
            "no such role",
        ),
        (
            "Elasticsearch",
            json!({"error": {"root_cause": [], "type": "security_exception", "reason": "no permission for x"},
            "status": 403}),
            "no permission for x",
        ),
        (
            "Salesforce",
            json!([{"message": "duplicate", "errorCode": "DUPLICATE_VALUE", "fields": ["Name"]}]),
            "`Name`: duplicate (DUPLICATE_VALUE)",
        ),
        (
            "OData",
            json!({"error": {"code": "", "message": {"lang": "en", "value": "No such role"}}}),
            "No such role",
        ),
        (
            "Zod",
            json!({"issues": [{"code": "too_small", "path": ["rules", 0], "message": "Too short"}]}),
            "`rules.0`: Too short (too_small)",
        ),
        ("Jira", json!({"errorMessages": ["You may not."], "errors": {}}), "You may not."),
        ("a text in JSON", json!("not allowed"), "not allowed"),
        ("a list of texts", json!(["one", "two"]), "one; two"),
    ];
    for (api, body, expected) in shapes {
        assert_eq!(said(&body), expected, "{api}");
    }
}

#[test]
fn a_body_that_says_nothing_has_no_reason() {
    let bodies = [
        json!(null),
        json!({}),
        json!([]),
        json!({"errors": [], "error": "", "message": " "}),
        json!({"ok": false}),
        json!({"id": "a", "name": "b"}),
        json!({"status": 404}),
    ];
    for body in bodies {
        assert_eq!(problems(&body), [], "{body}");
    }
}

#[test]
fn a_body_without_end_says_little() {
    let many = json!({"errors": (0..100_000).map(|number| number.to_string()).collect::<Vec<_>>()});
    assert_eq!(problems(&many).len(), MOST);
    let deep = (0..90).fold(json!("bottom"), |inner, _| json!({"error": inner}));
    assert_eq!(problems(&deep), []);
}

#[test]
fn what_is_no_json_is_quoted_from_its_start() {
    let pages = [
        ("no healthy upstream", "no healthy upstream"),
        ("  line one\r\n\tline two ", "line one line two"),
        ("<!DOCTYPE html>\n<html><head><TITLE>\n Sign in </TITLE>", "a web page, `Sign in`"),
        ("<html><body><h1>502 Bad Gateway</h1>", "a web page, `502 Bad Gateway`"),
        ("<html>", "a web page"),
        (
            "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Not you</Message></Error>",
            "Not you (AccessDenied)",
        ),
        ("<title>", "<title>"),
        ("", ""),
    ];
    for (text, expected) in pages {
        assert_eq!(of_text(text), expected, "{text}");
    }
    assert!(is_html(" <html>") && !is_html("{\"html\": 1}"));
}
