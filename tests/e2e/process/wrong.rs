//! A `url` that is wrong, and a network that is: the message says what is wrong with the whole URL, and what to do.

use std::net::TcpListener;

use crate::world::{Run, World, enact};

/// A world whose `url` has this instead of the scheme, host and port of its API.
fn world(origin: &str) -> (World, String) {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let url = world.live.url();
    let (start, path) = url.split_at(url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at));
    let wrong = format!("{origin}{path}");
    world.write("enact.yaml", &config.replace(&format!("{start}{path}"), &wrong));
    (world, wrong)
}

fn run(world: &World, variables: &[(&str, &str)]) -> Run {
    let mut command = enact(world.dir.path());
    let command = command.args(["plan"]).envs(variables.iter().copied());
    Run::from(&command.output().unwrap())
}

fn assert_says(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!(run.code, code, "{}", run.err);
    for part in parts {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

/// A port of this machine that nothing listens on.
fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_port_that_nothing_listens_on_is_named_with_the_whole_url() {
    let origin = format!("http://127.0.0.1:{}", closed());
    let (world, url) = world(&origin);
    let run = run(&world, &[]);
    assert_says(
        &run,
        6,
        &[&format!("GET {url}/api/permissions/roles failed"), "nothing listens on port", "`url`"],
    );
}

#[test]
fn tls_to_a_plain_port_is_told_from_a_certificate_and_not_repeated() {
    let plain = World::new("polytomic");
    let (world, url) = world(&plain.live.url().replace("http://127.0.0.1", "https://localhost"));
    let run = run(&world, &[]);
    assert_says(&run, 6, &[&url, "does not speak TLS", "correct the port"]);
    assert!(!run.err.contains("SSL_CERT_FILE"), "{}", run.err);
    assert_eq!(plain.live.requests(), []);
}

#[test]
fn a_host_without_an_address_is_named() {
    let (world, url) = world("https://enact-test.invalid");
    let run = run(&world, &[]);
    assert_says(&run, 6, &[&url, "no address is known for `enact-test.invalid`", "correct the host"]);
}

#[test]
fn a_proxy_that_is_not_there_is_named_by_its_variable_and_never_with_its_password() {
    let (world, url) = world("https://enact-test.invalid");
    let proxy = format!("http://user:proxy-password@127.0.0.1:{}", closed());
    let run = run(&world, &[("HTTPS_PROXY", &proxy)]);
    assert_says(&run, 6, &[&url, "a proxy is set in HTTPS_PROXY", "NO_PROXY"]);
    assert!(!run.err.contains("proxy-password"), "no-secret-out: {}", run.err);
}

#[test]
fn a_wrong_base_path_is_named_with_the_whole_url() {
    let world = World::new("polytomic");
    world.declare("Role", "R", "{}");
    let config = std::fs::read_to_string(world.dir.path().join("enact.yaml")).unwrap();
    let url = format!("{}/wrong", world.live.url());
    world.write("enact.yaml", &config.replace(&world.live.url(), &url));
    let run = run(&world, &[]);
    assert_says(
        &run,
        6,
        &[&format!("GET {url}/api/permissions/roles was answered with 404"), "`url` in enact.yaml", "path"],
    );
}

#[test]
fn a_file_of_certificates_that_is_missing_or_empty_is_named_by_its_variable() {
    let (world, url) = world("https://localhost:1");
    world.write("empty.pem", "");
    let path = |name: &str| world.dir.path().join(name).display().to_string();
    for (name, what) in [
        ("missing.pem", "cannot be read"),
        ("empty.pem", "holds no certificate"),
        ("policies", "is a folder"),
    ] {
        let run = run(&world, &[("SSL_CERT_FILE", &path(name)), ("SSL_CERT_DIR", "/nonexistent")]);
        assert_says(&run, 1, &[&url, "SSL_CERT_FILE names", name, what]);
    }
    // It has no end.
    let run = run(&world, &[("SSL_CERT_FILE", "/dev/zero")]);
    assert_says(&run, 1, &[&url, "SSL_CERT_FILE names `/dev/zero`, which is a device"]);
}
