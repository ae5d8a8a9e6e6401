//! The state of a sandbox in a file.

use std::fs;
use std::path::Path;

use crate::support::{NOBODY, Target, sandbox};
use enact::sandbox::{Seed, Served, Store, start};
use serde_json::{Value, json};

fn role(id: &str) -> Value {
    json!({"id": id, "name": id, "actions": ["core:things:get"]})
}

async fn stored(path: &Path) -> Target {
    Target::of(sandbox(Store::File(path.into()), Seed::Examples).await, "compiuta")
}

#[tokio::test]
async fn writes_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/state.json");
    let target = stored(&path).await;
    assert_eq!(target.post("/iam/roles", role("r")).await.status, 200);
    assert_eq!(target.delete("/iam/policies/night-shift").await.status, 200);
    let before: Vec<_> = ["roles", "policies"].map(|name| target.sandbox.objects("compiuta", name)).into();
    target.sandbox.stop().await;
    let target = stored(&path).await;
    assert_eq!(target.get("/iam/roles/r").await.status, 200);
    let after: Vec<_> = ["roles", "policies"].map(|name| target.sandbox.objects("compiuta", name)).into();
    assert_eq!(before, after);
}

#[tokio::test]
async fn reads_and_refused_writes_leave_the_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    target.get("/iam/roles").await;
    target.post("/iam/roles", json!({})).await;
    assert!(!path.exists());
    target.post("/iam/roles", role("r")).await;
    let bytes = fs::read(&path).unwrap();
    target.get("/iam/roles/r").await;
    target.post("/iam/roles", role("r")).await;
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn what_an_api_notices_by_the_way_is_stored_with_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let sandbox = sandbox(Store::File(path.clone()), Seed::Empty).await;
    let target = Target::of(sandbox, "jitsudo");
    target.get("/v1/policies").await;
    target.post("/v1/policies", json!({})).await;
    assert!(!path.exists());
    target.post("/v1/policies", json!({"name": "p", "max_duration_seconds": 60})).await;
    target.sandbox.stop().await;
    let mut target = Target::of(crate::support::sandbox(Store::File(path), Seed::Empty).await, "jitsudo");
    target.set("x-tenant-id", NOBODY);
    assert_eq!(target.get("/v1/policies").await.status, 403);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file_and_no_other_file_remains() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    for id in ["a", "b"] {
        target.post("/iam/roles", role(id)).await;
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn changes_by_hand_are_stored_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    assert!(target.sandbox.set_field("compiuta", "roles", "thing-reader", "name", json!("By hand")));
    assert!(!target.sandbox.set_field("compiuta", "roles", "nobody", "name", json!("By hand")));
    assert!(target.sandbox.insert("compiuta", "tenants", json!({"id": "t", "name": "T"})));
    assert!(target.sandbox.remove("compiuta", "policies", "night-shift"));
    assert!(!target.sandbox.remove("compiuta", "policies", "night-shift"));
    target.sandbox.stop().await;
    let target = stored(&path).await;
    assert_eq!(target.get("/iam/roles/thing-reader").await.text("/role/name"), "By hand");
    assert_eq!(target.get("/iam/tenants/t").await.status, 200);
    assert_eq!(target.get("/iam/policies/night-shift").await.status, 404);
}

#[tokio::test]
async fn the_state_of_a_target_that_is_not_served_now_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    target.post("/iam/roles", role("r")).await;
    target.sandbox.stop().await;

    let served = vec![Served { name: "mycloud".into(), system: "mycloud".into() }];
    let other =
        start(([127, 0, 0, 1], 0).into(), served, Store::File(path.clone()), Seed::Empty).await.unwrap();
    assert!(other.insert("mycloud", "attached", json!({"id": "x"})));
    other.stop().await;
    assert_eq!(stored(&path).await.get("/iam/roles/r").await.status, 200);
}

#[tokio::test]
async fn a_file_that_is_not_a_state_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let header = r#"{"format_version":2}"#;
    let without_target = format!(
        "{header}\n[{{\"put\":{{\"target\":\"a\",\"collection\":\"roles\",\"object\":{{\"id\":\"r\"}}}}}}]\n"
    );
    for content in [
        "not json",
        "{}\n",
        "{\"format_version\": 99}\n",
        "{\"format_version\": 1, \"targets\": {}}\n",
        header,
        &format!("{header}\n3\n"),
        &without_target,
    ] {
        fs::write(&path, content).unwrap();
        let served = vec![Served { name: "a".into(), system: "mycloud".into() }];
        let error = start(([127, 0, 0, 1], 0).into(), served, Store::File(path.clone()), Seed::Empty).await;
        assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::InvalidData, "{content}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn two_sandboxes_on_one_file_do_not_lose_each_others_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (one, other) = (stored(&path).await, stored(&path).await);
    assert_eq!(one.post("/iam/roles", role("r")).await.status, 200);
    let refused = other.post("/iam/roles", role("s")).await;
    assert_eq!(refused.status, 500, "rather than writing over what the other has written");
    one.sandbox.stop().await;
    let again = stored(&path).await;
    assert_eq!(again.get("/iam/roles/r").await.status, 200);
}

#[tokio::test]
async fn what_a_killed_process_wrote_half_is_not_there_and_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    for id in ["a", "b"] {
        assert_eq!(target.post("/iam/roles", role(id)).await.status, 200);
    }
    target.sandbox.stop().await;
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let target = stored(&path).await;
    assert_eq!(target.get("/iam/roles/a").await.status, 200);
    assert_eq!(target.get("/iam/roles/b").await.status, 404);
    assert_eq!(target.post("/iam/roles", role("c")).await.status, 200);
    target.sandbox.stop().await;
    assert_eq!(stored(&path).await.get("/iam/roles/c").await.status, 200);
}

#[tokio::test]
async fn a_file_grows_by_what_changes_and_what_is_over_goes_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let target = stored(&path).await;
    let size = || fs::metadata(&path).unwrap().len();
    let mut before = 0;
    for number in 0..1500 {
        let name = json!(format!("{number:04}"));
        assert!(target.sandbox.set_field("compiuta", "roles", "thing-reader", "name", name));
        match number {
            0 => before = size(),
            1 => before = size() - before,
            _ => {}
        }
    }
    let grown = size();
    assert!(grown > 1400 * before, "each change of the same length adds the same: {before}, {grown}");
    let objects = target.sandbox.objects("compiuta", "roles");
    target.sandbox.stop().await;
    let target = stored(&path).await;
    assert!(size() < grown / 10, "{} of {grown}", size());
    assert_eq!(target.sandbox.objects("compiuta", "roles"), objects);
}
