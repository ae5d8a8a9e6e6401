//! no-secret-out: no redirect is followed, with any status and any request.

use crate::conformance::subject::subject;
use crate::world::{World, fault, outcomes};
use enact::sandbox::Fault;
use serde_json::{Value, json};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// A world with a create, an update and a delete to do, and another origin.
fn worlds() -> (World, World) {
    let subject = subject("mycloud");
    let world = subject.world();
    for name in ["changed", "deleted"] {
        world.declare("Policy", name, subject.spec);
    }
    assert_eq!(world.apply().0, 0);
    world.declare("Policy", "changed", subject.changed);
    world.declare_absent("Policy", "deleted");
    world.declare("Policy", "created", subject.spec);
    (world, subject.world())
}

fn redirect(method: &str, status: u16, elsewhere: &World) -> Fault {
    let location = ("location".to_owned(), format!("{}/v1/iam/policies", elsewhere.live.url()));
    Fault { headers: vec![location], body: Some(json!({})), ..fault(method, status) }
}

#[test]
fn no_secret_out_a_read_follows_no_redirect() {
    let (world, elsewhere) = worlds();
    for status in STATUSES {
        world.live.inject(Fault { times: 1, ..redirect("GET", status, &elsewhere) });
        let (code, document) = world.apply();
        assert_eq!((code, world.writes()), (6, Vec::new()), "{status}: {document:#}");
        let help = document["diagnostics"][0]["help"].as_str().unwrap();
        assert!(help.contains("follows no redirects") && help.contains("`url`"), "{status}: {help}");
    }
    assert_eq!(elsewhere.live.requests(), []);
}

#[test]
fn no_secret_out_a_write_follows_no_redirect() {
    for status in STATUSES {
        let (world, elsewhere) = worlds();
        for method in ["POST", "PATCH", "DELETE"] {
            world.live.inject(redirect(method, status, &elsewhere));
        }
        let (code, document) = world.apply();
        assert_eq!((code, elsewhere.live.requests()), (1, Vec::new()), "{status}: {document:#}");
        for change in document["changes"].as_array().unwrap() {
            let outcome = &change["outcome"];
            // What has moved elsewhere may have been done; what should be sent elsewhere was not.
            let expected = match (&change["action"], status) {
                (Value::String(action), _) if action == "delete" => "not_attempted",
                (_, 302 | 303) => "unknown",
                _ => "failed",
            };
            assert_eq!(outcome["result"], expected, "{status}: {document:#}");
        }
    }
}

#[test]
fn one_outcome_a_write_that_was_done_before_its_redirect_is_found() {
    for status in [302, 303] {
        let (world, elsewhere) = worlds();
        for method in ["POST", "PATCH", "DELETE"] {
            world.live.inject(Fault { after_commit: true, ..redirect(method, status, &elsewhere) });
        }
        let (code, document) = world.apply();
        assert_eq!((code, elsewhere.live.requests()), (0, Vec::new()), "{status}: {document:#}");
        assert!(outcomes(&document).iter().all(|outcome| outcome.ends_with(" applied")), "{document:#}");
    }
}
