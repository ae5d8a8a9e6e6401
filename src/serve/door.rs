//! Who asks for a page, and what they may do: by a token and then a cookie, by a proxy that is believed, or, if enact.yaml
//! names neither, because they are on this machine.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

use axum::http::header::{self, HeaderMap};
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::hook::hex;
use crate::config::file::{Person, Role};
use crate::config::passes::Proxy;
use crate::run::whose::new_id;
use crate::sync::lock;
use crate::text::inline;

/// How long somebody stays logged in.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// More sessions are not kept; the oldest one goes.
const SESSIONS: usize = 1000;
/// How many wrong tokens an address may send in a minute.
const TRIES: u32 = 10;
/// Of more addresses than these no tries are counted one by one.
const ADDRESSES: usize = 10_000;
/// The name of the cookie.
pub(super) const COOKIE: &str = "enact_session";
/// Longer names are cut.
const LONGEST: usize = 100;

/// Somebody who may look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    /// `None` for whoever is on this machine.
    pub(super) name: Option<String>,
    pub(super) role: Role,
    /// What a form has to send back, so that no other site can send it.
    pub(super) seal: String,
    /// Whether there is a session that can end.
    pub(super) has_session: bool,
}

/// Why somebody may not look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// A token would help.
    NoSession,
    /// Nothing says who may.
    Nobody,
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// Nobody has this token.
    Token,
    /// There were too many tries.
    Tries,
}

#[derive(Debug)]
struct Session {
    name: String,
    /// The hash of the token that began it. With another one in enact.yaml the session is over.
    hash: String,
    ends: Timestamp,
}

/// The door.
#[derive(Debug)]
pub(super) struct Door {
    rules: Mutex<(Vec<Person>, Option<Proxy>)>,
    /// By the digest of the cookie.
    sessions: Mutex<BTreeMap<[u8; 32], Session>>,
    /// How many wrong tokens an address sent since when.
    tries: Mutex<BTreeMap<IpAddr, (u32, Timestamp)>>,
    key: String,
}

impl Default for Door {
    fn default() -> Self {
        let (rules, sessions, tries) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { rules, sessions, tries, key: random() }
    }
}

/// 244 random bits.
fn random() -> String {
    format!("{}{}", new_id(), new_id())
}

impl Door {
    /// Goes on with these people and this proxy.
    pub(super) fn follow(&self, people: Vec<Person>, proxy: Option<Proxy>) {
        *lock(&self.rules) = (people, proxy);
    }

    /// Who asks.
    pub(super) fn visitor(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Visitor, Closed> {
        let rules = lock(&self.rules);
        let (people, proxy) = &*rules;
        if let Some((name, role)) = proxy.as_ref().and_then(|proxy| named(proxy, peer, headers)) {
            let seal = self.seal(&name, "");
            return Ok(Visitor { name: Some(name), role, seal, has_session: false });
        }
        if let Some(cookie) = cookie(headers)
            && let Some(person) = self.in_session(people, cookie, now)
        {
            let seal = self.seal(&person.name, cookie);
            return Ok(Visitor { name: Some(person.name), role: person.role, seal, has_session: true });
        }
        match (people.is_empty(), proxy) {
            (true, None) if is_here(peer, headers) => {
                Ok(Visitor { name: None, role: Role::Viewer, seal: String::new(), has_session: false })
            }
            (true, _) => Err(Closed::Nobody),
            (false, _) => Err(Closed::NoSession),
        }
    }

    fn in_session(&self, people: &[Person], cookie: &str, now: Timestamp) -> Option<Person> {
        let sessions = lock(&self.sessions);
        let session = sessions.get(&sha256(cookie)).filter(|session| session.ends > now)?;
        let is_it = |person: &&Person| person.name == session.name && person.token_sha256 == session.hash;
        people.iter().find(is_it).cloned()
    }

    /// Lets the owner of a token in. Returns the value of the cookie.
    pub(super) fn log_in(&self, peer: IpAddr, token: &str, now: Timestamp) -> Result<String, Denied> {
        if self.is_trying_too_often(peer, now) {
            return Err(Denied::Tries);
        }
        let hash = hex(&sha256(token.trim()));
        let people = lock(&self.rules).0.clone();
        // All are compared, so that it takes the same time whoever it is.
        let found = people.iter().fold(None, |found, person| {
            let is_it = person.token_sha256.as_bytes().ct_eq(hash.as_bytes());
            if bool::from(is_it) { Some(person) } else { found }
        });
        let Some(person) = found else {
            self.tried(peer, now);
            return Err(Denied::Token);
        };
        let ends = now.saturating_add(SESSION).unwrap_or(Timestamp::MAX);
        let (cookie, mut sessions) = (random(), lock(&self.sessions));
        sessions.retain(|_, session| session.ends > now);
        let oldest = sessions.iter().min_by_key(|(_, session)| session.ends).map(|(id, _)| *id);
        if let Some(oldest) = oldest.filter(|_| sessions.len() >= SESSIONS) {
            sessions.remove(&oldest);
        }
        sessions.insert(sha256(&cookie), Session { name: person.name.clone(), hash, ends });
        Ok(cookie)
    }

    /// Ends the session of a cookie.
    pub(super) fn log_out(&self, headers: &HeaderMap) {
        if let Some(cookie) = cookie(headers) {
            lock(&self.sessions).remove(&sha256(cookie));
        }
    }

    fn is_trying_too_often(&self, peer: IpAddr, now: Timestamp) -> bool {
        let mut tries = lock(&self.tries);
        tries.retain(|_, (_, since)| now.duration_since(*since) < SignedDuration::from_mins(1));
        tries.len() >= ADDRESSES || tries.get(&peer).is_some_and(|(tries, _)| *tries >= TRIES)
    }

    fn tried(&self, peer: IpAddr, now: Timestamp) {
        lock(&self.tries).entry(peer).or_insert((0, now)).0 += 1;
    }

    /// What only this service can say of somebody, and of a session.
    fn seal(&self, name: &str, cookie: &str) -> String {
        // A key of any length will do.
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).ok();
        let sealed = mac.map(|mac| mac.chain_update(name).chain_update([0]).chain_update(cookie).finalize());
        sealed.map(|sealed| hex(&sealed.into_bytes())).unwrap_or_default()
    }
}

impl Visitor {
    /// Whether a form comes from a page that was made for this visitor.
    pub(super) fn sealed(&self, seal: &str) -> bool {
        !self.seal.is_empty() && bool::from(self.seal.as_bytes().ct_eq(seal.as_bytes()))
    }
}

/// Whom a proxy names, if it is believed.
fn named(proxy: &Proxy, peer: IpAddr, headers: &HeaderMap) -> Option<(String, Role)> {
    if !proxy.peers.contains(&peer.to_canonical()) {
        return None;
    }
    // Two would be one of the proxy and one of somebody else.
    let mut said = headers.get_all(proxy.header.as_str()).iter();
    let (Some(name), None) = (said.next(), said.next()) else { return None };
    let name: String = inline(name.to_str().ok()?.trim()).chars().take(LONGEST).collect();
    let role = if proxy.operators.contains(&name) { Role::Operator } else { Role::Viewer };
    (!name.is_empty()).then_some((name, role))
}

/// Whether somebody on this machine asks this machine: not a site that has taken its name, and no proxy for others.
fn is_here(peer: IpAddr, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_own = matches!(name.map_or(host, |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]");
    let is_for_others =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    peer.to_canonical().is_loopback() && is_own && !is_for_others
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut each = all.flat_map(|cookies| cookies.split(';')).filter_map(|one| one.trim().split_once('='));
    each.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a long and random token";

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn person(name: &str, token: &str) -> Person {
        Person { name: name.to_owned(), role: Role::Operator, token_sha256: hex(&sha256(token)) }
    }

    fn door(people: &[Person], proxy: Option<Proxy>) -> Door {
        let door = Door::default();
        door.follow(people.to_vec(), proxy);
        door
    }

    #[test]
    fn without_people_only_whoever_is_on_this_machine_may_look() {
        let door = door(&[], None);
        let visit = |from: &str, of: &[(&'static str, &str)]| door.visitor(peer(from), &headers(of), now());
        for host in ["localhost", "127.0.0.1:8080", "[::1]:8080"] {
            let visitor = visit("127.0.0.1", &[("host", host)]).unwrap();
            assert_eq!((visitor.role, visitor.name.clone()), (Role::Viewer, None));
            assert!(!visitor.sealed(""), "and changes nothing");
        }
        assert!(visit("::ffff:127.0.0.1", &[("host", "localhost")]).is_ok());
        let local = ("host", "localhost");
        for (from, of) in [
            ("10.0.0.1", vec![local]),
            ("127.0.0.1", vec![("host", "evil.example")]),
            ("127.0.0.1", vec![("host", "localhost.evil.example")]),
            ("127.0.0.1", vec![]),
            ("127.0.0.1", vec![local, ("x-forwarded-for", "10.0.0.1")]),
        ] {
            assert_eq!(visit(from, &of), Err(Closed::Nobody), "{from} {of:?}");
        }
    }

    #[test]
    fn a_session_lasts_until_its_end_the_log_out_or_another_token() {
        let ada = person("ada", TOKEN);
        let door = door(std::slice::from_ref(&ada), None);
        let from = peer("10.0.0.1");
        assert_eq!(door.visitor(from, &headers(&[]), now()), Err(Closed::NoSession));
        let cookie = door.log_in(from, TOKEN, now()).unwrap();
        let sent = headers(&[("cookie", &format!("x=y; {COOKIE}={cookie}"))]);
        let visitor = door.visitor(from, &sent, now()).unwrap();
        assert_eq!((visitor.name.as_deref(), visitor.role), (Some("ada"), Role::Operator));
        assert!(visitor.sealed(&visitor.seal) && !visitor.sealed("") && !visitor.sealed("0"));
        let later = now() + SESSION;
        assert_eq!(door.visitor(from, &sent, later), Err(Closed::NoSession));
        door.follow(vec![person("ada", "another token")], None);
        assert_eq!(door.visitor(from, &sent, now()), Err(Closed::NoSession));
        door.follow(vec![ada], None);
        door.log_out(&sent);
        assert_eq!(door.visitor(from, &sent, now()), Err(Closed::NoSession));
    }

    #[test]
    fn wrong_tokens_are_refused_and_soon_not_even_looked_at() {
        let door = door(&[person("ada", TOKEN)], None);
        for _ in 0..TRIES {
            assert_eq!(door.log_in(peer("10.0.0.1"), "wrong", now()), Err(Denied::Token));
        }
        assert_eq!(door.log_in(peer("10.0.0.1"), TOKEN, now()), Err(Denied::Tries));
        assert!(door.log_in(peer("10.0.0.2"), TOKEN, now()).is_ok(), "others are not locked out");
        let later = now() + SignedDuration::from_mins(1);
        assert!(door.log_in(peer("10.0.0.1"), TOKEN, later).is_ok());
    }

    #[test]
    fn only_a_proxy_that_is_named_is_believed_and_only_one_name() {
        let proxy = Proxy {
            peers: vec![peer("10.0.0.9")],
            header: "X-User".to_owned(),
            operators: vec!["ada".to_owned()],
        };
        let door = door(&[], Some(proxy));
        let visit = |from: &str, of: &[(&'static str, &str)]| door.visitor(peer(from), &headers(of), now());
        assert_eq!(visit("10.0.0.9", &[("x-user", "ada")]).unwrap().role, Role::Operator);
        assert_eq!(visit("10.0.0.9", &[("x-user", "bob")]).unwrap().role, Role::Viewer);
        for (from, of) in [
            ("10.0.0.8", vec![("x-user", "ada")]),
            ("10.0.0.9", vec![]),
            ("10.0.0.9", vec![("x-user", "")]),
            ("10.0.0.9", vec![("x-user", "bob"), ("x-user", "ada")]),
            ("127.0.0.1", vec![("x-user", "ada"), ("host", "localhost")]),
        ] {
            assert_eq!(visit(from, &of), Err(Closed::Nobody), "{from} {of:?}");
        }
    }
}
