//! When `enact serve` looks after each target: from `enact.yaml` as it is written to values that were checked.

use std::net::IpAddr;

use super::file::{PassesConfig, Person, ProxyConfig, ServeConfig};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::yaml::{Document, Part};
use crate::schedule::{Mode, Passes, Schedule, Window};
use crate::text::short;

/// A proxy in front of the service that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The addresses that it asks from.
    pub peers: Vec<IpAddr>,
    /// The header in which it names the person.
    pub header: String,
    /// Who may use the buttons.
    pub operators: Vec<String>,
}

/// What the service is told, but for its targets.
#[derive(Clone, Debug)]
pub struct Serve {
    /// When it looks whether its branch has moved.
    pub follow: Schedule,
    /// The most targets that are looked after at the same time.
    pub side_by_side: usize,
    /// For how many days the store keeps how passes ended.
    pub keep_days: u32,
    /// Who may look at its pages.
    pub people: Vec<Person>,
    /// The proxy that is believed.
    pub proxy: Option<Proxy>,
}

impl Serve {
    /// Checks what is written for all targets.
    pub(super) fn read(
        config: &ServeConfig,
        document: &Document,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let part = document.part("/serve");
        read(&config.passes, &part, diagnostics);
        let follow = Schedule::parse(&config.follow);
        let follow =
            follow.map_err(|why| diagnostics.push(wrong(&config.follow, &why).at(part.place("/follow"))));
        let proxy = config.proxy.as_ref().map(|proxy| believed(proxy, &part, diagnostics));
        Some(Self {
            follow: follow.ok()?,
            side_by_side: config.side_by_side,
            keep_days: config.keep_days,
            people: config.people.clone(),
            proxy,
        })
    }
}

fn believed(config: &ProxyConfig, part: &Part<'_>, diagnostics: &mut Vec<Diagnostic>) -> Proxy {
    let ProxyConfig { peers, header, operators } = config;
    let peers = peers.iter().enumerate().filter_map(|(index, peer)| {
        let wrong = |_| {
            let message = format!("`{}` is no address of a proxy", short(peer));
            let place = part.place(&format!("/proxy/peers/{index}"));
            diagnostics.push(
                Diagnostic::new(Code::ConfigProxy, message).at(place).help("write one such as `10.0.0.5`"),
            );
        };
        peer.parse().map_err(wrong).ok()
    });
    Proxy { peers: peers.collect(), header: header.clone(), operators: operators.clone() }
}

/// The passes of a target, whose row this is; what it does not say is said for all targets.
pub(super) fn of_target(
    own: &PassesConfig,
    all: &PassesConfig,
    row: &Part<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Passes {
    // What is wrong there was said once.
    let shared = read(all, row, &mut Vec::new());
    let own = read(own, row, diagnostics);
    Passes {
        schedule: own.schedule.or(shared.schedule).unwrap_or_default(),
        mode: own.mode.or(shared.mode).unwrap_or_default(),
        windows: own.windows.or(shared.windows).unwrap_or_default(),
    }
}

/// What is said of passes, as far as it is.
struct Said {
    schedule: Option<Schedule>,
    mode: Option<Mode>,
    windows: Option<Vec<Window>>,
}

fn read(config: &PassesConfig, part: &Part<'_>, diagnostics: &mut Vec<Diagnostic>) -> Said {
    let PassesConfig { schedule, mode, windows } = config;
    let mut note = |pointer: &str, text: &str, why: String| {
        diagnostics.push(wrong(text, &why).at(part.place(&format!("/passes/{pointer}"))));
    };
    let schedule = schedule
        .as_ref()
        .and_then(|text| Schedule::parse(text).map_err(|why| note("schedule", text, why)).ok());
    let windows = windows.as_ref().map(|windows| {
        let read = windows.iter().enumerate().filter_map(|(index, window)| {
            let read = Window::parse(&window.opens, &window.lasts);
            read.map_err(|why| note(&format!("windows/{index}/opens"), &window.opens, why)).ok()
        });
        read.collect()
    });
    Said { schedule, mode: *mode, windows }
}

fn wrong(text: &str, why: &str) -> Diagnostic {
    let message = format!("`{}` is no time for passes: {why}", short(text));
    Diagnostic::new(Code::ConfigSchedule, message)
        .help("write `every 15m`, or the five fields of cron, such as `30 6 * * MON-FRI Europe/Berlin`")
}
