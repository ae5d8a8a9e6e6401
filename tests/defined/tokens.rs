//! Tokens that enact asks for: once, at their own URL, and no output holds one.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::api::{Api, Reply};
use crate::store::Habits;
use crate::support::canary::CANARY;
use crate::world::{World, codes, system, thing};

const TOKENS: [&str; 3] = ["eyJ.first-token/1f", "eyJ.second-token/2f", "eyJ.third-token/3f"];

/// A target whose token has to be asked for, and who gives it.
struct Sso {
    world: World,
    sso: Api,
    /// How many tokens the API refuses by now.
    over: Arc<Mutex<usize>>,
}

impl Sso {
    fn new(more: &str) -> Self {
        let mut world = World::things(|_| {});
        world.secrets = TOKENS.iter().map(|token| ("NOBODY_READS_THIS", (*token).to_owned())).collect();
        let sso = Api::start(&[]);
        let oauth2 = format!(
            "{{oauth2: {{token_url: '{}/token', client_id: 'a:b', client_secret: {{env: ENACT_TEST_KEY}}{more}}}}}",
            sso.origin
        );
        world.configure(&world.target("live", "").replace("{bearer: {env: ENACT_TEST_KEY}}", &oauth2));
        let this = Self { world, sso, over: Arc::default() };
        let mut given = 0;
        this.answer(move |_| {
            given += 1;
            let token = TOKENS[(given - 1) % TOKENS.len()];
            Reply::new(200, json!({"access_token": token, "token_type": "bearer", "expires_in": 3600}))
        });
        let over = this.over.clone();
        this.world.api.on(move |seen, _| {
            let sent = seen.headers.get("authorization").cloned().unwrap_or_default();
            let place = TOKENS.iter().position(|token| sent == format!("Bearer {token}"));
            let is_good = place.is_some_and(|place| place >= *over.lock().unwrap());
            (!is_good).then(|| Reply::new(401, json!({"message": format!("`{sent}` is over")})))
        });
        this
    }

    fn answer(&self, mut reply: impl FnMut(&str) -> Reply + Send + 'static) {
        self.sso.on(move |seen, _| Some(reply(&seen.text)));
    }

    /// A plan that fails, its diagnostics in words, and how often it asked for a token.
    fn failed(&self, reply: Reply) -> (String, usize) {
        self.sso.forget();
        self.answer(move |_| reply.clone());
        let plan = self.world.plan();
        (plan["diagnostics"].to_string(), self.sso.seen().len())
    }
}

#[test]
fn one_request_gives_the_credential_of_a_whole_run() {
    let target = Sso::new(", scope: 'read write', parameters: {audience: 'https://api'}");
    for name in ["a", "b", "c"] {
        target.world.declare("Thing", name, "{size: 2}");
    }
    let (code, document) = target.world.apply();
    assert_eq!(code, 0, "{document:#}");
    let asked = target.sso.seen();
    assert_eq!(asked.len(), 1, "{asked:?}");
    let form = "grant_type=client_credentials&audience=https%3A%2F%2Fapi&scope=read+write";
    assert_eq!((asked[0].method.as_str(), asked[0].text.as_str()), ("POST", form));
    assert_eq!(asked[0].headers["content-type"], "application/x-www-form-urlencoded");
    let secret: String = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("a%3Ab:{secret}"));
    assert_eq!(asked[0].headers["authorization"], format!("Basic {pair}"));
    let bearer = format!("Bearer {}", TOKENS[0]);
    assert!(target.world.api.seen().iter().all(|seen| seen.headers["authorization"] == bearer));
}

#[test]
fn a_client_may_prove_who_it_is_in_the_body() {
    let target = Sso::new(", send_in: body");
    target.world.declare("Thing", "a", "{size: 2}");
    target.world.plan();
    let asked = target.sso.seen();
    let sent: Vec<_> = url::form_urlencoded::parse(asked[0].text.as_bytes()).into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected =
        [pair("grant_type", "client_credentials"), pair("client_id", "a:b"), pair("client_secret", CANARY)];
    assert_eq!(sent, expected);
    assert!(!asked[0].headers.contains_key("authorization"));
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_run_is_renewed_once() {
    let target = Sso::new("");
    for name in ["a", "b", "c"] {
        target.world.declare("Thing", name, "{size: 2}");
    }
    let (over, first) = (target.over.clone(), target.over.clone());
    let mut writes = 0;
    target.world.api.on(move |seen, _| {
        writes += usize::from(seen.method == "POST");
        if writes == 2 {
            *over.lock().unwrap() = 1;
        }
        let sent = seen.headers.get("authorization").cloned().unwrap_or_default();
        let place = TOKENS.iter().position(|token| sent == format!("Bearer {token}"));
        let is_good = place.is_some_and(|place| place >= *first.lock().unwrap());
        (!is_good).then(|| Reply::new(401, json!({"message": format!("`{sent}` is over")})))
    });
    let (code, document) = target.world.apply();
    assert_eq!((code, target.sso.seen().len()), (0, 2), "{document:#}");
    assert_eq!(target.world.api.objects("things").len(), 3);
}

#[test]
fn a_token_that_the_api_never_took_is_not_asked_for_again() {
    let target = Sso::new("");
    *target.over.lock().unwrap() = TOKENS.len();
    target.world.declare("Thing", "a", "{size: 2}");
    let plan = target.world.plan();
    assert_eq!(target.sso.seen().len(), 1, "{plan:#}");
    let words = plan["diagnostics"].to_string();
    assert!(words.contains("401") && words.contains("/token, by the variable ENACT_TEST_KEY"), "{words}");
}

#[test]
fn what_an_api_echoes_of_any_token_of_a_run_is_in_no_output() {
    let target = Sso::new("");
    target.world.api.insert("things", json!({"name": format!("x {}", TOKENS[0]), "note": TOKENS[0]}));
    target.world.declare("Thing", "a", "{size: 2}");
    let words = format!("neither {} nor {}", TOKENS[0], TOKENS[1]);
    target.world.api.on(move |seen, _| {
        let is_first = seen.headers["authorization"].ends_with(TOKENS[0]);
        match (seen.method.as_str(), is_first) {
            ("GET", _) => None,
            (_, true) => Some(Reply::new(401, json!({"message": TOKENS[0]}))),
            (_, false) => Some(Reply::new(400, json!({"message": words}))),
        }
    });
    // Every run is searched for all tokens.
    let run = target.world.run(&["apply", "--yes", "-vv"]);
    let shown = "neither [redacted by enact] nor [redacted by enact]";
    assert!(run.code != 0 && run.out.contains(shown), "{}{}", run.out, run.err);
    assert_eq!(target.sso.seen().len(), 2);
}

#[test]
fn an_answer_without_a_token_says_what_is_wrong_and_shows_nothing_else_of_it() {
    let target = Sso::new("");
    target.world.declare("Thing", "a", "{size: 2}");
    let secret = TOKENS[2];
    let page = Reply::text(200, "text/html", "<!DOCTYPE html><html><title>Log in</title></html>");
    let json = |status, body: Value| Reply::new(status, body);
    let refused = json!({"error": "invalid_client", "error_description": format!("who is {CANARY}?"),
                         "refresh_token": secret});
    for (reply, words) in [
        (json(200, json!({"id_token": secret})), "the answer has no text at `/access_token`"),
        (
            json(200, json!({"access_token": secret, "token_type": "mac"})),
            "the token is not of the kind `Bearer`",
        ),
        (json(200, json!({"access_token": "a\r\nx: y-and-more"})), "cannot be sent as a token"),
        (json(200, json!({"access_token": "short"})), "cannot be sent as a token"),
        (json(200, json!({"access_token": CANARY})), "cannot be sent as a token"),
        (json(400, refused), "400 Bad Request: invalid_client: who is [redacted by enact]?"),
        (json(302, Value::Null), "302 Found"),
        (page, "the answer is a web page, not JSON"),
        (Reply::text(200, "text/plain", secret), "the answer is not JSON"),
    ] {
        let (found, asked) = target.failed(reply);
        assert!(found.contains("there is no token from http") && found.contains(words), "{words}: {found}");
        assert_eq!(asked, 1, "{words}");
        assert!(found.contains("check `oauth2` below `auth` in enact.yaml"), "{found}");
    }
    assert_eq!(target.world.api.seen(), [], "nothing is sent without a token");
}

#[test]
fn a_server_of_tokens_that_fails_for_now_is_asked_again() {
    let target = Sso::new("");
    target.world.declare("Thing", "a", "{size: 2}");
    let mut asked = 0;
    target.answer(move |_| {
        asked += 1;
        match asked {
            1 => Reply::new(503, json!({"error": "temporarily_unavailable"})),
            _ => Reply::new(200, json!({"access_token": TOKENS[0]})),
        }
    });
    let (code, document) = target.world.apply();
    assert_eq!((code, target.sso.seen().len()), (0, 2), "{document:#}");
}

#[test]
fn a_secret_is_sent_to_no_url_that_is_not_safe() {
    let world = World::things(|_| {});
    world.declare("Thing", "a", "{size: 2}");
    let found = |url: &str| {
        let oauth2 = format!(
            "{{oauth2: {{token_url: '{url}', client_id: a, client_secret: {{env: ENACT_TEST_KEY}}}}}}"
        );
        world.configure(&world.target("live", "").replace("{bearer: {env: ENACT_TEST_KEY}}", &oauth2));
        world.run(&["validate", "--format", "json"]).json()
    };
    for url in ["http://sso.example/token", "https://a:b@sso.example", "ftp://sso.example", "token"] {
        assert_eq!(codes(&found(url)), ["config/url"], "{url}");
    }
    assert_eq!(codes(&found("https://sso.example/token")), Vec::<String>::new());
    let mut basic = system(&[thing(|_| {})]);
    basic["auth"] = json!(["basic"]);
    world.write("plain.yaml", &serde_yaml::to_string(&basic).unwrap());
    assert_eq!(codes(&found("https://sso.example/token")), ["config/auth"]);
}

#[test]
fn a_token_goes_to_no_other_origin_than_its_target() {
    let target = Sso::new("");
    let other = Api::start(&[("things", Habits::default())]);
    let to = format!("{}/things", other.origin);
    target.world.declare("Thing", "a", "{size: 2}");
    target.world.api.on(move |_, _| {
        Some(Reply { headers: vec![("location", to.clone())], ..Reply::new(307, Value::Null) })
    });
    target.world.plan();
    assert_eq!(other.seen(), []);
    assert!(target.sso.seen().iter().all(|seen| seen.method == "POST" && seen.path == "/token"));
}

#[test]
fn a_token_is_used_for_as_long_as_its_server_says() {
    let target = Sso::new("");
    target.world.declare("Thing", "a", "{size: 2}");
    // One that is over at once would be asked for before every request: such a token is used until a 401.
    for life in [json!(3600), json!("3600"), json!(0), Value::Null] {
        target.sso.forget();
        target.world.drift("things", "size", json!(9));
        let body = json!({"access_token": TOKENS[0], "expires_in": life});
        target.answer(move |_| Reply::new(200, body.clone()));
        let (code, document) = target.world.apply();
        assert_eq!((code, target.sso.seen().len()), (0, 1), "{life}: {document:#}");
        assert!(target.world.api.seen().len() > 1);
    }
    for life in [json!(1e300), json!(-1), json!("soon")] {
        let body = json!({"access_token": TOKENS[0], "expires_in": life});
        target.answer(move |_| Reply::new(200, body.clone()));
        let said = target.world.plan()["diagnostics"].to_string();
        assert!(said.contains("what is at `/expires_in` is no number of seconds"), "{life}: {said}");
    }
}
