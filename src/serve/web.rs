//! The pages over HTTP: who may see them, what they show, and what their buttons do.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use futures::stream::{Stream, unfold};
use jiff::Timestamp;
use maud::{Markup, html};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::spawn_blocking;
use url::form_urlencoded;

use super::board::Board;
use super::door::{COOKIE, Closed, Denied, Visitor};
use super::page::frame::{self, Frame, ICON, SCRIPT, STYLE};
use super::page::target::TargetPage;
use super::page::{login, object, overview, parts, run, target};
use super::pass::Asked;
use super::store::Store;
use super::store::read::{StoredPass, StoredPicture};
use crate::config::file::Role;
use crate::diagnostic::Diagnostic;
use crate::report::html;
use crate::run::hold;
use crate::sync::lock;

/// No form is larger.
const MAX_FORM: usize = 16 << 10;
/// How many passes are on the page of a target.
const PASSES: usize = 25;
/// Nothing is loaded but from here, nothing in a page runs, and no other page may hold one of these.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Shared = State<Arc<Board>>;
type Query = BTreeMap<String, String>;

/// The pages, and what they need.
pub(super) fn routes() -> Router<Arc<Board>> {
    Router::new()
        .route("/", get(overview_page))
        .route("/targets/{target}", get(target_page))
        .route("/targets/{target}/run", get(run_page))
        .route("/targets/{target}/object", get(object_page))
        .route("/targets/{target}/{action}", post(act))
        .route("/events", get(events))
        .route("/login", get(login_page).post(log_in))
        .route("/logout", post(log_out))
        .route("/assets/pages.css", get(async || asset("text/css", &[html::STYLE, STYLE])))
        .route("/assets/live.js", get(async || asset("text/javascript", &[SCRIPT])))
        .route("/assets/icon.svg", get(async || asset("image/svg+xml", &[ICON])))
        .layer(middleware::map_response(guarded))
}

/// What all answers say to the browser.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let says = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in says {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn asset(kind: &'static str, parts: &[&str]) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], parts.concat()).into_response()
}

fn page(status: StatusCode, title: &str, frame: Frame<'_>, main: &Markup) -> Response {
    let page = frame::page(title, frame, main).to_string();
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn shown(board: &Board, title: &str, visitor: &Visitor, main: &Markup) -> Response {
    let main = html! {
        @if let Some(why) = board.store_down() { (parts::store_down(&why)) }
        (main)
    };
    page(StatusCode::OK, title, Frame { visitor: Some(visitor), is_live: true }, &main)
}

/// A page that says why there is no other one.
fn notice(
    status: StatusCode,
    visitor: Option<&Visitor>,
    title: &str,
    text: &str,
    back: Option<&str>,
) -> Response {
    page(status, title, Frame { visitor, is_live: false }, &login::notice(title, text, back))
}

fn missing(visitor: &Visitor, what: &str) -> Response {
    notice(StatusCode::NOT_FOUND, Some(visitor), "Not found", what, Some("/"))
}

/// The store did not say what a page is about.
fn unread(visitor: &Visitor, why: &str) -> Response {
    let text = format!("The store cannot be read: {why}.");
    notice(StatusCode::SERVICE_UNAVAILABLE, Some(visitor), "Not known", &text, Some("/"))
}

fn see(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}

fn query(uri: &Uri) -> Query {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

async fn form(request: Request) -> Result<Query, StatusCode> {
    let body = to_bytes(request.into_body(), MAX_FORM).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}

/// Who sent a request. Without an address nobody is on this machine.
fn peer(parts: &Parts) -> SocketAddr {
    let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(nobody, |ConnectInfo(address)| *address)
}

impl FromRequestParts<Arc<Board>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, board: &Arc<Board>) -> Result<Self, Response> {
        let visitor = board.door().visitor(peer(parts).ip(), &parts.headers, Timestamp::now());
        visitor.map_err(|closed| match closed {
            Closed::NoSession => see("/login"),
            Closed::Nobody => {
                let text = "Only this machine may look, at localhost, unless enact.yaml names people or a proxy below `serve`.";
                notice(StatusCode::FORBIDDEN, None, "Closed", text, None)
            }
        })
    }
}

/// Asks the store, where nobody waits for it but this page.
async fn ask<T: Send + 'static>(
    board: &Arc<Board>,
    question: impl FnOnce(&mut Store) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let board = board.clone();
    let asked = spawn_blocking(move || match &mut *lock(board.store()) {
        Some(store) => question(store),
        None => Err("there is none".to_owned()),
    });
    asked.await.unwrap_or_else(|error| Err(error.to_string()))
}

async fn overview_page(State(board): Shared, visitor: Visitor, uri: Uri) -> Response {
    let (targets, now) = (board.targets(), Timestamp::now());
    let view = overview::View::of(&query(&uri));
    let listed = overview::listed(&view, &targets);
    let names: Vec<_> = listed.rows.iter().map(|(name, _)| (*name).to_owned()).collect();
    // Without the store, what is known now is there all the same.
    let days = ask(&board, move |store| store.days(&names, now, parts::DAYS)).await.unwrap_or_default();
    shown(&board, "Targets", &visitor, &overview::page(&view, &targets, &listed, &days, now))
}

async fn target_page(State(board): Shared, visitor: Visitor, Path(name): Path<String>, uri: Uri) -> Response {
    let Some(target) = board.target(&name) else { return missing(&visitor, "There is no such target.") };
    let (of, now) = (name.clone(), Timestamp::now());
    let before = query(&uri).get("before").and_then(|before| before.parse().ok()).unwrap_or(i64::MAX);
    let found = ask(&board, move |store| {
        let newest = store.passes(&of, i64::MAX, 1)?;
        let picture = newest.first().map(|newest| store.picture(newest)).transpose()?;
        let days = store.days(std::slice::from_ref(&of), now, parts::DAYS)?;
        Ok((store.passes(&of, before, PASSES + 1)?, picture.unwrap_or_default(), days))
    });
    let (mut passes, picture, days) = found.await.unwrap_or_default();
    let has_older = passes.len() > PASSES;
    passes.truncate(PASSES);
    let days = days.get(&name).map(Vec::as_slice).unwrap_or_default();
    let of = TargetPage {
        name: &name,
        shown: &target,
        visitor: &visitor,
        days,
        picture: &picture,
        passes: &passes,
        has_older,
        now,
    };
    shown(&board, &name, &visitor, &target::page(&of))
}

async fn run_page(State(board): Shared, visitor: Visitor, Path(name): Path<String>, uri: Uri) -> Response {
    let id = query(&uri).remove("id").unwrap_or_default();
    let found: Result<Option<(StoredPass, StoredPicture)>, String> = ask(&board, move |store| {
        let pass = store.pass(&name, &id)?;
        pass.map(|pass| store.picture(&pass).map(|picture| (pass, picture))).transpose()
    })
    .await;
    match found {
        Ok(Some((pass, picture))) => {
            shown(&board, "Run", &visitor, &run::page(&pass.row, &picture, Timestamp::now()))
        }
        Ok(None) => missing(&visitor, "Nothing is known of this run."),
        Err(why) => unread(&visitor, &why),
    }
}

async fn object_page(State(board): Shared, visitor: Visitor, Path(name): Path<String>, uri: Uri) -> Response {
    let mut query = query(&uri);
    let [kind, object] = ["kind", "name"].map(|part| query.remove(part).unwrap_or_default());
    let of = (name.clone(), kind.clone(), object.clone());
    match ask(&board, move |store| store.history(&of.0, &of.1, &of.2)).await {
        Ok(periods) => {
            let main = object::page(&name, &kind, &object, &periods, Timestamp::now());
            shown(&board, &object, &visitor, &main)
        }
        Err(why) => unread(&visitor, &why),
    }
}

/// A button: only from a page that was made for this operator.
async fn act(
    State(board): Shared,
    visitor: Visitor,
    Path((name, action)): Path<(String, String)>,
    request: Request,
) -> Response {
    let back = parts::target(&name);
    let refused = |status, text: &str| notice(status, Some(&visitor), "Not done", text, Some(&back));
    let form = match form(request).await {
        Ok(form) => form,
        Err(status) => return status.into_response(),
    };
    let said = |field: &str| form.get(field).cloned().unwrap_or_default();
    let Some(who) = visitor.name.clone().filter(|_| visitor.role == Role::Operator) else {
        return refused(StatusCode::FORBIDDEN, "Only an operator may do this.");
    };
    if !visitor.sealed(&said("seal")) {
        return refused(StatusCode::FORBIDDEN, "The page was too old. Try again.");
    }
    if board.target(&name).is_none() {
        return missing(&visitor, "There is no such target.");
    }
    let done = match action.as_str() {
        "plan" => {
            board.ask(&name, Asked { by: who, plan: None });
            Ok(())
        }
        "apply" => {
            board.ask(&name, Asked { by: who, plan: Some(said("plan")) });
            Ok(())
        }
        "hold" | "release" => hold_or_release(&board, name.clone(), who, action == "hold").await,
        _ => return missing(&visitor, "There is no such button."),
    };
    match done {
        Ok(()) => see(&back),
        Err(why) => refused(StatusCode::CONFLICT, &why),
    }
}

/// When it returns, the record has it.
async fn hold_or_release(
    board: &Arc<Board>,
    name: String,
    who: String,
    is_to_hold: bool,
) -> Result<(), String> {
    let board = board.clone();
    let done = spawn_blocking(move || {
        let config = board.place().and_then(|place| place.config());
        let config = config.ok_or("the configuration cannot be read")?;
        let says = |why: Diagnostic| why.message;
        let holder = match is_to_hold {
            true => Some(hold::hold(&config, &name, &who).map_err(says)?),
            false => hold::release(&config, &name).map(|()| None).map_err(says)?,
        };
        board.held(&name, holder);
        Ok(())
    });
    done.await.unwrap_or_else(|error| Err(error.to_string()))
}

async fn events(
    State(board): Shared,
    _visitor: Visitor,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = unfold(board.news(), async |mut news| {
        let target = match news.recv().await {
            Ok(target) => target,
            // Whatever it was, there was something.
            Err(RecvError::Lagged(_)) => String::new(),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(Event::default().data(target)), news))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn login_page() -> Response {
    login_form(StatusCode::OK, None)
}

fn login_form(status: StatusCode, wrong: Option<&str>) -> Response {
    page(status, "Log in", Frame { visitor: None, is_live: false }, &login::form(wrong))
}

async fn log_in(State(board): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_own(&parts.headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let (from, is_encrypted) = (peer(&parts).ip(), is_encrypted(&parts.headers));
    let token = match form(Request::from_parts(parts, body)).await {
        Ok(mut form) => form.remove("token").unwrap_or_default(),
        Err(status) => return status.into_response(),
    };
    match board.door().log_in(from, &token, Timestamp::now()) {
        Ok(session) => (cookie(&session, is_encrypted), see("/")).into_response(),
        Err(Denied::Token) => login_form(StatusCode::UNAUTHORIZED, Some("Nobody has this token.")),
        Err(Denied::Tries) => {
            let text = "There were too many tries. Wait for a minute.";
            login_form(StatusCode::TOO_MANY_REQUESTS, Some(text))
        }
    }
}

async fn log_out(State(board): Shared, visitor: Visitor, headers: HeaderMap, request: Request) -> Response {
    let form = form(request).await.unwrap_or_default();
    if !visitor.sealed(form.get("seal").map(String::as_str).unwrap_or_default()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    board.door().log_out(&headers);
    (cookie("", is_encrypted(&headers)), see("/login")).into_response()
}

/// Whether the form is of a page of this service, as far as the browser says.
fn is_own(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
}

/// Whether the browser speaks TLS with the proxy in front. Who lies about it gets a cookie that is never sent.
fn is_encrypted(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}

fn cookie(session: &str, is_encrypted: bool) -> [(HeaderName, String); 1] {
    let ends = if session.is_empty() { "; Max-Age=0" } else { "" };
    let secure = if is_encrypted { "; Secure" } else { "" };
    [(header::SET_COOKIE, format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{ends}{secure}"))]
}
