//! Tokens that the API itself gives for a credential: what is sent for one, where it is, and how long it is used.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::Habits;
use crate::support::canary::CANARY;
use crate::world::{World, codes, system, thing};

const TOKENS: [&str; 3] = ["gAAAA-first-token", "gAAAA-second-token", "gAAAA-third-token"];
const BASIC: &str = "{basic: {username: ann, password: {env: ENACT_TEST_KEY}}}";
const BEARER: &str = "{bearer: {env: ENACT_TEST_KEY}}";

/// A target whose API gives tokens, and takes nothing else.
struct Gate {
    world: World,
    /// How many tokens the API refuses by now.
    over: Arc<Mutex<usize>>,
}

/// A definition with this login and these ways to authenticate.
fn definition(login: Value, auth: Value) -> Value {
    let mut definition = system(&[thing(|_| {})]);
    definition["login"] = login;
    definition["auth"] = auth;
    definition
}

fn is_login(seen: &Seen) -> bool {
    seen.place().starts_with("/base/login")
}

impl Gate {
    /// `sent` is the header and what is before the token in it, `reply` the answer with a token.
    fn new(
        (login, scheme, auth): (Value, &str, &str),
        sent: (&'static str, &'static str),
        reply: impl Fn(&str) -> Reply + Send + 'static,
    ) -> Self {
        let definition = definition(login, json!([scheme]));
        let mut world = World::with(&definition, &[("things", Habits::default())], "");
        world.configure(&world.target("live", "").replace(BEARER, auth));
        world.secrets = TOKENS.iter().map(|token| ("NOBODY_READS_THIS", (*token).to_owned())).collect();
        let this = Self { world, over: Arc::default() };
        let (over, mut given) = (this.over.clone(), 0);
        this.world.api.on(move |seen, _| {
            if is_login(seen) {
                given += 1;
                return Some(reply(TOKENS[(given - 1) % TOKENS.len()]));
            }
            let value = seen.headers.get(sent.0).cloned().unwrap_or_default();
            let place = TOKENS.iter().position(|token| value == format!("{}{token}", sent.1));
            let is_good = place.is_some_and(|place| place >= *over.lock().unwrap());
            (!is_good).then(|| Reply::new(401, json!({"message": format!("`{value}` is over")})))
        });
        this
    }

    /// An API as Keystone is: the password deep in the body, the token in a header.
    fn keystone(life: &Value) -> Self {
        let login = json!({
            "path": "/login/v3",
            "body": {"auth": {"methods": ["password"], "user": {"name": "{username}@x", "password": "{secret}"}}},
            "token": {"header": "X-Subject-Token"},
            "life": "/token/expires_at",
            "header": "X-Auth-Token",
        });
        let life = life.clone();
        Self::new((login, "basic", BASIC), ("x-auth-token", ""), move |token| Reply {
            headers: vec![("x-subject-token", token.to_owned())],
            ..Reply::new(201, json!({"token": {"expires_at": life}}))
        })
    }

    fn logins(&self) -> Vec<Seen> {
        self.world.api.seen().into_iter().filter(is_login).collect()
    }
}

#[test]
fn one_login_gives_the_credential_of_a_whole_run() {
    let gate = Gate::keystone(&json!("2999-01-01T00:00:00.000000Z"));
    for name in ["a", "b", "c"] {
        gate.world.declare("Thing", name, "{size: 2}");
    }
    let (code, document) = gate.world.apply();
    assert_eq!(code, 0, "{document:#}");
    let logins = gate.logins();
    assert_eq!(logins.len(), 1, "{logins:?}");
    assert_eq!((logins[0].method.as_str(), logins[0].path.as_str()), ("POST", "/base/login/v3"));
    let body = json!({"auth": {"methods": ["password"], "user": {"name": "ann@x", "password": CANARY}}});
    assert_eq!(logins[0].body, body);
    assert!(!logins[0].headers.contains_key("authorization"), "the password is sent once");
    let others = gate.world.api.seen().into_iter().filter(|seen| !is_login(seen));
    assert!(others.into_iter().all(|seen| {
        seen.headers["x-auth-token"] == TOKENS[0] && !seen.headers.contains_key("authorization")
    }));
    assert_eq!(gate.world.api.objects("things").len(), 3);
    gate.world.api.forget();
    let run = gate.world.run(&["plan", "--format", "json"]);
    assert_eq!((run.code, gate.logins().len()), (0, 1), "{}", run.err);
}

#[test]
fn a_form_gives_a_token_in_the_answer() {
    let login = json!({
        "path": "/login/{username}",
        "form": true,
        "body": {"grant_type": "password", "username": "{username}", "password": "{secret}"},
        "token": "/data/access",
        "life": 3600,
        "prefix": "Token ",
    });
    let gate = Gate::new((login, "basic", BASIC), ("authorization", "Token "), |token| {
        Reply::new(200, json!({"data": {"access": token}}))
    });
    gate.world.declare("Thing", "a", "{size: 2}");
    let (code, document) = gate.world.apply();
    assert_eq!((code, gate.logins().len()), (0, 1), "{document:#}");
    let login = &gate.logins()[0];
    assert_eq!(login.path, "/base/login/ann");
    assert_eq!(login.headers["content-type"], "application/x-www-form-urlencoded");
    let sent: Vec<_> = url::form_urlencoded::parse(login.text.as_bytes()).into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(sent, [pair("grant_type", "password"), pair("username", "ann"), pair("password", CANARY)]);
}

#[test]
fn a_login_without_the_secret_in_its_body_has_it_in_its_header() {
    for (scheme, auth, expected) in [
        (
            "basic",
            BASIC,
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("ann:{CANARY}"))),
        ),
        ("bearer", BEARER, format!("Bearer {CANARY}")),
    ] {
        let login = json!({"path": "/login", "token": "/token"});
        let gate = Gate::new((login, scheme, auth), ("authorization", "Bearer "), |token| {
            Reply::new(200, json!({"token": token}))
        });
        gate.world.declare("Thing", "a", "{size: 2}");
        let (code, document) = gate.world.apply();
        assert_eq!(code, 0, "{document:#}");
        assert_eq!((gate.logins().len(), &gate.logins()[0].headers["authorization"]), (1, &expected));
    }
}

#[test]
fn a_token_that_the_api_no_longer_takes_is_asked_for_again_once() {
    let gate = Gate::keystone(&Value::Null);
    gate.world.declare("Thing", "a", "{size: 2}");
    let (over, mut reads) = (gate.over.clone(), 0);
    gate.world.api.on(move |seen, _| {
        if is_login(seen) {
            let token = TOKENS[usize::from(*over.lock().unwrap() > 0)];
            return Some(Reply {
                headers: vec![("x-subject-token", token.to_owned())],
                ..Reply::new(201, Value::Null)
            });
        }
        reads += 1;
        if reads == 2 {
            *over.lock().unwrap() = 1;
        }
        let place = TOKENS.iter().position(|token| seen.headers["x-auth-token"] == *token);
        (place < Some(*over.lock().unwrap())).then(|| Reply::new(401, json!({"message": "over"})))
    });
    let (code, document) = gate.world.apply();
    assert_eq!((code, gate.logins().len()), (0, 2), "{document:#}");
    assert_eq!(gate.world.api.objects("things").len(), 1);
}

#[test]
fn a_token_that_the_api_never_took_is_not_asked_for_again() {
    let gate = Gate::keystone(&Value::Null);
    *gate.over.lock().unwrap() = TOKENS.len();
    gate.world.declare("Thing", "a", "{size: 2}");
    let run = gate.world.run(&["plan", "--format", "json"]);
    assert_eq!(gate.logins().len(), 1, "{}", run.out);
    assert!(run.out.contains("[redacted by enact]` is over"), "{}", run.out);
}

#[test]
fn a_token_is_used_until_its_end() {
    for (life, is_over) in [
        (json!("2999-01-01T00:00:00Z"), false),
        (json!(3600), false),
        (Value::Null, false),
        (json!(0.001), true),
        // It would be asked for before every request: such a token is used until a 401.
        (json!("2001-01-01T00:00:00Z"), false),
        (json!(0), false),
    ] {
        let gate = Gate::keystone(&life);
        gate.world.declare("Thing", "a", "{size: 2}");
        let (_, document) = gate.world.apply();
        assert_eq!(gate.logins().len() > 1, is_over, "{life}: {document:#}");
    }
}

#[test]
fn an_answer_of_401_to_new_tokens_as_well_does_not_ask_for_more_and_more_of_them() {
    let gate = Gate::keystone(&Value::Null);
    for name in ["a", "b", "c", "d"] {
        gate.world.declare("Thing", name, "{size: 2}");
    }
    // Reads are allowed, so every token is taken somewhere.
    gate.world.api.on(|seen, _| match (is_login(seen), seen.method.as_str()) {
        (true, _) => Some(Reply {
            headers: vec![("x-subject-token", TOKENS[0].to_owned())],
            ..Reply::new(201, Value::Null)
        }),
        (false, "POST") => Some(Reply::new(401, json!({"message": "not with this role"}))),
        (false, _) => None,
    });
    let (code, document) = gate.world.apply();
    assert_eq!((code, gate.logins().len()), (1, 2), "{document:#}");
}

#[test]
fn a_refused_login_says_why_sends_nothing_else_and_shows_no_secret() {
    let gate = Gate::keystone(&Value::Null);
    gate.world.declare("Thing", "a", "{size: 2}");
    for (reply, words) in [
        (
            Reply::new(401, json!({"error": {"message": format!("wrong: {CANARY}")}})),
            "wrong: [redacted by enact]",
        ),
        (Reply::new(201, json!({"token": "elsewhere"})), "the answer has no header `X-Subject-Token`"),
        (
            Reply { headers: vec![("x-subject-token", "short".to_owned())], ..Reply::new(201, Value::Null) },
            "what is in `X-Subject-Token` cannot be sent as a token",
        ),
        (
            Reply {
                headers: vec![("x-subject-token", TOKENS[0].to_owned())],
                ..Reply::new(201, json!({"token": {"expires_at": "soon"}}))
            },
            "what is at `/token/expires_at` is no number of seconds, and no time: correct `life`",
        ),
        (
            Reply {
                headers: vec![("location", "http://127.0.0.1:9/".to_owned())],
                ..Reply::new(307, Value::Null)
            },
            "307",
        ),
    ] {
        gate.world.api.forget();
        gate.world.api.on(move |_, _| Some(reply.clone()));
        let run = gate.world.run(&["plan", "--format", "json"]);
        let found = run.json()["diagnostics"].to_string();
        assert!(found.contains("there is no token from http") && found.contains(words), "{words}: {found}");
        assert!(found.contains("the variable ENACT_TEST_KEY"), "{found}");
        assert_eq!(gate.world.api.seen().len(), 1, "{words}");
    }
}

#[test]
fn a_login_that_cannot_work_is_found_before_it_is_sent() {
    let login = |change: fn(&mut Value)| {
        let mut login = json!({"path": "/login", "body": {"password": "{secret}"}, "token": "/token"});
        change(&mut login);
        login
    };
    let bearer = || json!(["bearer"]);
    for (login, auth, expected) in [
        (login(|_| {}), json!([]), "system/login"),
        (login(|_| {}), json!(["basic", "bearer"]), "system/login"),
        (login(|login| login["path"] = json!("/Things")), bearer(), "system/login"),
        (login(|login| login["path"] = json!("/login/{secret}")), bearer(), "system/template"),
        (login(|login| login["path"] = json!("/login/{username}")), bearer(), "system/template"),
        (login(|login| login["body"]["password"] = json!("x{secret}")), bearer(), "system/template"),
        (login(|login| login["body"]["name"] = json!("{settings.none}")), bearer(), "system/template"),
        (login(|login| login["body"]["name"] = json!("{id}")), bearer(), "system/template"),
        (login(|login| login["path"] = json!("/login/../x")), bearer(), "system/template"),
        (
            login(|login| {
                login["form"] = json!(true);
                login["body"]["deep"] = json!({"a": "b"});
            }),
            bearer(),
            "system/login",
        ),
        (login(|login| login["header"] = json!("Host")), bearer(), "system/header"),
        (login(|login| login["prefix"] = json!("a\r\nb: ")), bearer(), "system/login"),
        (login(|login| login["token"] = json!({"header": "a b"})), bearer(), "system/login"),
    ] {
        let world = World::with(&definition(login.clone(), auth), &[], "");
        let run = world.run(&["check-system", "plain.yaml", "--format", "json"]);
        assert_eq!(codes(&run.json()), [expected], "{login}: {}", run.out);
    }
}

#[test]
fn a_token_of_another_server_is_no_credential_for_a_login() {
    let login = json!({"path": "/login", "body": {"key": "{secret}"}, "token": "/token"});
    let world = World::with(&definition(login, json!(["bearer"])), &[], "");
    world.declare("Thing", "a", "{size: 2}");
    let oauth2 =
        "{oauth2: {token_url: 'https://sso.example', client_id: a, client_secret: {env: ENACT_TEST_KEY}}}";
    world.configure(&world.target("live", "").replace(BEARER, oauth2));
    assert_eq!(codes(&world.run(&["validate", "--format", "json"]).json()), ["config/auth"]);
}
