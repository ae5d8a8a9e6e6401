//! The pages of the service, through the real binary: fetched, followed by their links, and their buttons pressed.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use crate::history::Repo;
use crate::record::roles;
use crate::serve::{Service, applied};
use crate::world::codes;

const ADA: &str = "1f0a-a-token-of-an-operator";
const BOB: &str = "77aa-a-token-of-a-viewer";

/// Ada is an operator, and Bob may look.
fn people() -> String {
    let hash =
        |token: &str| Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "serve:\n  people:\n  - {{name: ada, role: operator, token_sha256: {}}}\n  - {{name: bob, role: viewer, token_sha256: {}}}\n",
        hash(ADA),
        hash(BOB)
    )
}

/// Somebody who looks at pages.
struct Browser {
    address: String,
    host: &'static str,
    cookie: String,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// What a header says.
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(of, _)| *of == name)
            .map(|(_, value)| value)
    }

    /// The values of an attribute.
    fn all(&self, attribute: &str) -> Vec<String> {
        let start = format!(" {attribute}=\"");
        let values = self.body.split(&start).skip(1).filter_map(|rest| rest.split('"').next());
        values.map(|value| value.replace("&amp;", "&")).collect()
    }

    /// The link that holds this.
    #[track_caller]
    fn link(&self, part: &str) -> String {
        let links = self.all("href");
        links.iter().find(|link| link.contains(part)).unwrap_or_else(|| panic!("{part}: {links:#?}")).clone()
    }

    /// What a hidden field of a form holds.
    #[track_caller]
    fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&start).unwrap_or_else(|| panic!("no {name}: {}", self.body)).1;
        rest.split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    fn assert_shows(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.body.contains(part), "{part}: {}", self.body);
        }
    }
}

impl Browser {
    /// One that looks at a service as soon as that answers.
    fn at(service: &mut Service) -> Self {
        let address =
            service.until(|line| line["event"] == "listening")["address"].as_str().unwrap().to_owned();
        Self { address, host: "localhost", cookie: String::new() }
    }

    fn send(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let (host, cookie, length) = (self.host, &self.cookie, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }

    /// A page. What it may load and run is bounded.
    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        let answer = self.send("GET", path, &[]);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "the policy forbids it");
        answer
    }

    #[track_caller]
    fn log_in(&mut self, token: &str) {
        let answer = self.send("POST", "/login", &[("token", token)]);
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{}", answer.head));
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Presses a button of the page of the only target.
    fn press(&self, button: &str, more: &[(&str, &str)]) -> Answer {
        let seal = self.get("/targets/live").field("seal");
        self.send("POST", &format!("/targets/live/{button}"), &[&[("seal", seal.as_str())], more].concat())
    }
}

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// A target with a role that somebody has removed by hand.
fn drifted(more: &str) -> Repo {
    let repo = applied(more);
    repo.live.remove("roles", repo.object("roles", "B")["id"].as_str().unwrap());
    repo
}

#[test]
fn pages_lead_from_all_targets_to_what_differs_to_its_history_and_to_the_run_that_saw_it() {
    let repo = drifted("");
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let browser = Browser::at(&mut service);
    service.until_state("pending");
    let all = browser.get("/");
    all.assert_shows(&["<b>1</b><span>drifted</span>", "role=\"img\"", "1 day with changes left"]);
    let target = browser.get(&all.link("/targets/"));
    target.assert_shows(&[
        "1 object not as declared",
        "<td>create</td><td>drift</td>",
        "class=\"change create\"",
    ]);
    assert!(!target.body.contains("<form method=\"post\""), "nobody may do anything without a name");
    let object = browser.get(&target.link("/object?kind=Role&name=B"));
    object.assert_shows(&["Role B", "<td>create</td><td>drift</td>"]);
    let run = browser.get(&object.link("/run?id="));
    run.assert_shows(&["<dt>Requests</dt>", "class=\"change create\""]);
    assert_eq!(run.body, browser.get(&target.link("/run?id=")).body);
    assert!(browser.get("/?state=as+declared").body.contains("No target is like that."));
    for lost in ["/targets/nobody", "/targets/live/run?id=none"] {
        assert_eq!(browser.get(lost).status, 404, "{lost}");
    }
    for asset in all.all("href").iter().chain(&all.all("src")).filter(|path| path.starts_with("/assets/")) {
        assert_eq!(browser.get(asset).status, 200, "{asset}");
    }
}

#[test]
fn without_people_a_page_is_for_this_machine_only_and_with_them_for_those_with_a_token() {
    let repo = applied("");
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let browser = Browser { host: "rebound.example", ..Browser::at(&mut service) };
    service.until_state("converged");
    assert_eq!((browser.get("/").status, browser.get("/targets/live").status), (403, 403));

    let repo = drifted(&people());
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let mut browser = Browser::at(&mut service);
    service.until_state("pending");
    for path in ["/", "/targets/live", "/targets/live/run", "/targets/live/object", "/events"] {
        let answer = browser.get(path);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/login")), "{path}");
    }
    assert_eq!(browser.send("POST", "/login", &[("token", "wrong")]).status, 401);
    browser.log_in(BOB);
    let page = browser.get("/targets/live");
    assert!(!page.body.contains("/targets/live/plan"), "a viewer has no buttons");
    assert_eq!(browser.press("hold", &[]).status, 403);
    browser.log_in(ADA);
    for seal in ["", "0"] {
        assert_eq!(browser.send("POST", "/targets/live/apply", &[("seal", seal)]).status, 403, "{seal}");
    }
    assert_eq!(browser.press("nonsense", &[]).status, 404);
    let seal = browser.get("/").field("seal");
    assert_eq!(browser.send("POST", "/logout", &[("seal", &seal)]).status, 303);
    assert_eq!(browser.get("/").status, 303);
    assert_eq!(repo.writes(), Vec::<Value>::new());
}

#[test]
fn a_proxy_whose_address_is_none_is_named_with_its_place() {
    let repo = Repo::new("polytomic", "serve: {proxy: {peers: [10.0.0.1, proxy.example], header: X-User}}\n");
    repo.declare("Role", "A", "{}");
    let document = repo.run(&["validate", "--format", "json"]).json();
    assert_eq!(codes(&document), ["config/proxy"], "{document:#}");
    assert_eq!(document["diagnostics"][0]["line"], 10);
}

#[test]
fn an_operator_writes_the_plan_on_the_page_and_no_other_one_and_the_record_names_who_it_was() {
    let repo = drifted(&people());
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let mut browser = Browser::at(&mut service);
    service.until_state("pending");
    browser.log_in(ADA);
    let plan = browser.get("/targets/live").field("plan");
    repo.declare("Role", "C", "{}");
    repo.commit();
    assert_eq!(browser.press("apply", &[("plan", &plan)]).status, 303);
    let pass = service.until_state("pending");
    let problem = &pass["problems"][0]["code"];
    assert_eq!(
        (&pass["asked_by"], problem, &pass["left"]["changes"]),
        (&json!("ada"), &json!("review/moved"), &json!(2))
    );
    assert_eq!(roles(&repo), ["A"]);
    let plan = browser.get("/targets/live").field("plan");
    assert_eq!(browser.press("apply", &[("plan", &plan)]).header("location"), Some("/targets/live"));
    let pass = service.until_state("converged");
    assert_eq!((&pass["asked_by"], &pass["written"]), (&json!("ada"), &json!(2)), "{pass:#}");
    assert_eq!(roles(&repo), ["A", "B", "C"]);
    let run: Value = serde_json::from_str(&repo.git(&["show", "refs/enact/record/live:run.json"])).unwrap();
    assert_eq!(run["who"], "ada", "{run:#}");
    browser.get("/targets/live").assert_shows(&["as declared", "<td>ada</td>"]);
    assert_eq!(browser.press("plan", &[]).status, 303);
    assert_eq!(service.until_state("converged")["mode"], "report");
}

#[test]
fn a_hold_keeps_every_writer_away_until_it_is_released() {
    let repo = drifted(&people());
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let mut browser = Browser::at(&mut service);
    service.until_state("pending");
    browser.log_in(ADA);
    assert_eq!(browser.press("hold", &[]).status, 303);
    let page = browser.get("/targets/live");
    page.assert_shows(&["Held by <b>ada</b>", "/targets/live/release"]);
    assert!(!page.body.contains("/targets/live/apply"));
    let apply = || repo.run(&["apply", "--yes", "--format", "json"]);
    let refused = apply();
    assert_eq!(codes(&refused.json()), ["lock/hold"], "{}", refused.out);
    assert_eq!((refused.code, roles(&repo)), (7, ["A".to_owned()].into()));
    assert_eq!(browser.press("release", &[]).status, 303);
    assert!(!browser.get("/targets/live").body.contains("Held by"));
    assert_eq!(apply().code, 0);
}

#[test]
fn nothing_hostile_in_a_name_becomes_markup_or_acts_on_who_reads_it() {
    let hostile = "<script>alert(1)</script> \"'&";
    let repo = Repo::new("polytomic", "");
    repo.declare("Role", hostile, "{}");
    repo.commit();
    let mut service = Service::begin(repo.dir.path(), &LISTEN);
    let browser = Browser::at(&mut service);
    service.until(|line| line["event"] == "pass_ended");
    let target = browser.get("/targets/live");
    let object = browser.get(&target.link("/object?"));
    object.assert_shows(&["&lt;script&gt;", "<td>create</td>"]);
    let unknown = browser.get("/targets/live/object?kind=%E2%80%AEK&name=%07%3Cb%20onclick");
    unknown.assert_shows(&["\\u{202e}K", "\\u{7}&lt;b onclick"]);
    let search = browser.get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cb%3E");
    for page in [&target, &object, &unknown, &search, &browser.get(&target.link("/run?"))] {
        assert_eq!(page.status, 200);
        let acts = ["<script>", "\u{202e}", "\u{7}", "<b onclick"].map(|what| page.body.contains(what));
        assert_eq!(acts, [false; 4], "{}", page.body);
    }
}
