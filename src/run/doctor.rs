//! Whether each target can be worked with: what a new set-up lacks, found with reads only.

use crate::config::target::{Config, Target};
use crate::model::wire::ReadError;
use crate::report::content::{HealthCheck, StatusContent, TargetHealth, TargetStatus};
use crate::report::status;
use crate::words::count;

/// Looks at the targets of a status, one after the other.
pub async fn doctor(config: &Config, status: &StatusContent) -> Vec<TargetHealth> {
    let mut found = Vec::new();
    for of in &status.targets {
        let Some(target) = config.targets.iter().find(|target| target.config.name == of.target) else {
            continue;
        };
        found.push(health(config, target, of, status).await);
    }
    found
}

async fn health(config: &Config, target: &Target, of: &TargetStatus, status: &StatusContent) -> TargetHealth {
    let mut checks = vec![settings(target)];
    checks.extend(live(config, target).await);
    checks.push(record(of, status));
    checks.push(lock(of));
    TargetHealth {
        target: of.target.clone(),
        system: target.config.system.clone(),
        url: target.config.url.clone(),
        checks,
    }
}

/// What its requests say of the version and the tenant.
fn settings(target: &Target) -> HealthCheck {
    let headers = target.system.headers();
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    match headers.as_slice() {
        [] => ok("settings", "they send no header".to_owned()),
        headers => ok("settings", format!("each request says {}", headers.join(", "))),
    }
}

/// The credential, and what it may read.
async fn live(config: &Config, target: &Target) -> Vec<HealthCheck> {
    let http = match config.connect(target, false) {
        Ok(http) => http,
        Err(wrong) => return vec![failed("credential", wrong.message, wrong.help)],
    };
    let mut checks = vec![ok("credential", format!("it comes from {}", target.credential_source()))];
    let system = target.system.as_ref();
    for kind in system.kinds() {
        let what = format!("read {}", kind.name);
        checks.push(match kind.listed {
            false => ok(what, "the API has no list of them; each is asked for by its name".to_owned()),
            true => match system.list(kind, &http.reader()).await {
                Ok(listing) => ok(what, format!("{} live", count(listing.objects.len(), "object"))),
                Err(ReadError { message, help, cause: _ }) => failed(what, message, help),
            },
        });
    }
    // It says how late it is there only if it answered.
    checks.extend(http.ahead().into_iter().flat_map(|ahead| [tls(&target.config.url), clock(ahead)]));
    checks
}

/// What an answer proves of the way to it: `http` is allowed on this machine only, and no other certificate is accepted.
fn tls(url: &str) -> HealthCheck {
    let found = match url.starts_with("http://") {
        true => "none, as the target is on this machine",
        false => "this machine trusts the target's certificate",
    };
    ok("TLS", found.to_owned())
}

/// A difference that the time on the way explains, in seconds.
const SMALL: u64 = 60;

/// What is held or expires, and how long tokens live, depend on the clock of this machine.
fn clock(ahead: i64) -> HealthCheck {
    let off = usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX);
    match ahead.unsigned_abs() <= SMALL {
        true => ok("clock", "it agrees with the target's".to_owned()),
        false => {
            let side = if ahead > 0 { "behind" } else { "ahead of" };
            let found = format!("it is {} {side} the target's", count(off, "second"));
            failed("clock", found, Some("set the clock of this machine, or that of the target".to_owned()))
        }
    }
}

fn record(of: &TargetStatus, status: &StatusContent) -> HealthCheck {
    let what = "record";
    match (&of.last, &status.remote) {
        (Some(last), _) => ok(what, format!("last run {}", status::run(last))),
        (None, _) if status.in_git == Some(false) => {
            failed(what, "enact.yaml is in no git repository".to_owned(), Some("run `git init`".to_owned()))
        }
        (None, None) => ok(what, "none yet: the first apply makes it".to_owned()),
        (None, Some(remote)) => {
            ok(what, format!("none in this clone; `{}` brings one that exists", status::fetch(remote)))
        }
    }
}

fn lock(of: &TargetStatus) -> HealthCheck {
    match &of.lock {
        None => ok("lock", "nobody holds it".to_owned()),
        Some(lock) => {
            let next = format!("wait for that run; if it is gone, run `enact unlock {}`", of.target);
            failed("lock", status::lock(lock), Some(next))
        }
    }
}

fn ok(what: impl Into<String>, found: String) -> HealthCheck {
    HealthCheck { what: what.into(), ok: true, found, next: None }
}

fn failed(what: impl Into<String>, found: String, next: Option<String>) -> HealthCheck {
    let next = next.or_else(|| Some("run the doctor again with `-vv`, which shows each request".to_owned()));
    HealthCheck { what: what.into(), ok: false, found, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_over_https_is_trusted() {
        assert_eq!(tls("https://api.example.com").found, "this machine trusts the target's certificate");
        assert_eq!(tls("http://127.0.0.1:8080").found, "none, as the target is on this machine");
    }

    #[test]
    fn a_clock_that_is_off_is_named_with_its_side() {
        assert!(clock(60).ok && clock(-60).ok);
        assert_eq!(clock(61).found, "it is 61 seconds behind the target's");
        assert_eq!(clock(-3600).found, "it is 3600 seconds ahead of the target's");
    }
}
