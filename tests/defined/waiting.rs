//! Writes that the API answers with 202 and does later.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::Store;
use crate::world::{World, codes, outcomes, system, thing};

/// What the jobs of an API do.
#[derive(Clone, Copy, PartialEq)]
enum Jobs {
    /// They are done when they are asked for the second time.
    End,
    /// They fail then, and do nothing.
    Fail,
    /// They are never done.
    Run,
}

/// A world whose writes are jobs; `link` is where the answer says which.
fn world(link: Value, jobs: Jobs) -> (World, Arc<Mutex<Vec<Seen>>>) {
    let wait = json!({"at": link, "until": {"at": "/state", "is": "done"}, "failed": [{"at": "/state", "is": "failed"}], "seconds": 2});
    let world = World::things(|kind| {
        for operation in ["create", "update", "delete"] {
            kind[operation]["wait"] = wait.clone();
        }
    });
    let waiting: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let (of_api, mut asked) = (waiting.clone(), 0);
    world.api.on(move |seen, store| {
        let mut waiting = of_api.lock().unwrap();
        if seen.method != "GET" {
            waiting.push(seen.clone());
            let at = format!("/base/jobs/a%2Fb{}?full=yes", waiting.len());
            let headers = vec![("operation-location", at.clone())];
            return Some(Reply { headers, ..Reply::new(202, json!({"job": {"at": at}})) });
        }
        seen.path.starts_with("/base/jobs/").then(|| {
            asked += 1;
            let state = if asked % 2 == 1 { "running" } else { end(jobs, &mut waiting, store) };
            Reply::new(200, json!({"state": state}))
        })
    });
    (world, waiting)
}

fn end(jobs: Jobs, waiting: &mut Vec<Seen>, store: &mut Store) -> &'static str {
    match jobs {
        Jobs::Run => "running",
        Jobs::Fail => {
            waiting.clear();
            "failed"
        }
        Jobs::End => {
            for write in waiting.drain(..) {
                store.answer(&write);
            }
            "done"
        }
    }
}

#[test]
fn what_is_done_later_is_waited_for_in_the_whole_story() {
    for link in [json!({"header": "Operation-Location"}), json!("/job/at")] {
        let (world, _) = world(link, Jobs::End);
        world.declare("Thing", "a", "{size: 2}");
        assert_eq!(world.converge().len(), 1);
        world.declare("Thing", "a", "{size: 3}");
        assert_eq!(world.converge().len(), 1);
        world.drift("things", "size", json!(9));
        assert_eq!(world.converge().len(), 1);
        assert_eq!(world.object("things", "name", "a")["size"], 3);
        world.declare_absent("Thing", "a");
        assert_eq!(world.converge().len(), 1);
        assert!(world.api.objects("things").is_empty());
    }
}

#[test]
fn what_fails_later_is_told_and_nothing_after_it_is_taken_for_done() {
    let (world, _) = world(json!("/job/at"), Jobs::Fail);
    world.declare("Thing", "a", "{size: 2}");
    let (code, document) = world.apply();
    assert_eq!((code, outcomes(&document)), (1, vec!["a failed".to_owned()]), "{document:#}");
    let reason = &document["changes"][0]["outcome"]["reason"].to_string();
    assert!(reason.contains("/state") && reason.contains("/jobs/a%2Fb1?full=yes"), "{reason}");
}

#[test]
fn nobody_waits_longer_than_the_definition_says_and_the_next_run_goes_on_from_what_is_live() {
    let (world, waiting) = world(json!("/job/at"), Jobs::Run);
    world.declare("Thing", "a", "{size: 2}");
    let (code, document) = world.apply();
    let reason = document["changes"][0]["outcome"]["reason"].to_string();
    assert!(code == 1 && reason.contains("was not done with it after 2 seconds"), "{document:#}");
    assert_eq!(world.writes().len(), 1, "it is not sent again");
    // The run is over, and the job ends.
    let late = waiting.lock().unwrap().drain(..).collect::<Vec<_>>();
    world.api.on(move |_, store| {
        late.iter().for_each(|write| drop(store.answer(write)));
        None
    });
    world.plan();
    world.api.on(|_, _| None);
    world.assert_converged();
}

#[test]
fn a_link_to_another_origin_or_none_is_not_followed() {
    let elsewhere = World::things(|_| {});
    let origin = elsewhere.api.origin.clone();
    for at in [
        json!(format!("{origin}/base/jobs/1")),
        json!("/jobs/1"),
        json!("//evil.example/x"),
        json!(7),
        json!(null),
    ] {
        let (world, _) = world(json!("/at"), Jobs::End);
        let answer = json!({"at": at});
        world.api.on(move |seen, _| (seen.method == "POST").then(|| Reply::new(202, answer.clone())));
        world.declare("Thing", "a", "{size: 2}");
        let (code, document) = world.apply();
        let reason = document["changes"][0]["outcome"]["reason"].to_string();
        assert!(code == 1 && reason.contains("does not say where below `url`"), "{at}: {document:#}");
        assert!(elsewhere.api.seen().is_empty(), "{at}");
        assert!(world.api.seen().iter().all(|seen| !seen.path.contains("jobs")), "{at}");
    }
}

#[test]
fn a_wait_that_cannot_be_is_found_before_anything_is_sent() {
    for (wait, code) in [
        (json!({"at": {"header": "a b"}, "until": "/done"}), "system/header"),
        (json!({"at": "/job", "until": "/done", "seconds": 0}), "schema/range"),
        (json!({"at": "/job", "until": "/done", "seconds": 601}), "schema/range"),
        (json!({"at": "/job"}), "schema/missing-field"),
    ] {
        let world = World::with(&system(&[thing(|kind| kind["create"]["wait"] = wait.clone())]), &[], "");
        let run = world.run(&["check-system", "plain.yaml", "--format", "json"]);
        assert_eq!(codes(&run.json()), [code], "{wait}: {}", run.out);
    }
}
