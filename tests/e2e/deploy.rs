//! What `deploy` and `docs/operate.md` have: every command line there is one that the program takes.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap()
}

/// The documents of a YAML file.
fn documents(path: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    let text = read(path);
    serde_yaml::Deserializer::from_str(&text).map(|one| Value::deserialize(one).unwrap()).collect()
}

#[track_caller]
fn assert_taken<'a>(args: impl IntoIterator<Item = &'a str>) {
    let args: Vec<_> = std::iter::once("enact").chain(args).collect();
    let taken = enact::cli::command().try_get_matches_from(&args);
    assert!(taken.is_ok(), "{args:?}: {}", taken.unwrap_err());
}

/// All values below one with this key.
fn below<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key));
            map.values().for_each(|value| below(value, key, found));
        }
        Value::Array(list) => list.iter().for_each(|value| below(value, key, found)),
        _ => {}
    }
}

#[test]
fn every_pod_may_do_nothing_and_runs_what_the_program_takes() {
    for file in ["deploy/kubernetes/service.yaml", "deploy/kubernetes/job/job.yaml"] {
        let (mut pods, mut containers) = (0, 0);
        let documents = documents(file);
        let mut templates = Vec::new();
        documents.iter().for_each(|document| below(document, "template", &mut templates));
        for pod in templates.iter().map(|template| &template["spec"]) {
            pods += 1;
            assert_eq!(pod["automountServiceAccountToken"], false);
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
            let lists = ["containers", "initContainers"].map(|list| pod[list].as_array());
            for container in lists.into_iter().flatten().flatten() {
                containers += 1;
                let context = &container["securityContext"];
                assert_eq!(
                    (&context["readOnlyRootFilesystem"], &context["allowPrivilegeEscalation"]),
                    (&true.into(), &false.into())
                );
                if let Some(args) = container["args"].as_array() {
                    let args = args.iter().map(|arg| arg.as_str().unwrap());
                    // A share is told by the variables of the job.
                    assert_taken(args.filter(|arg| *arg != "--shard=auto"));
                }
            }
        }
        assert!(pods == 1 && containers >= 1, "{file}");
    }
}

#[test]
fn kustomize_builds_what_is_deployed() {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("skipped: kubectl is not installed");
        return;
    }
    for folder in ["deploy/kubernetes", "deploy/kubernetes/job"] {
        let built = Command::new("kubectl").arg("kustomize").arg(root(folder)).output().unwrap();
        let text = String::from_utf8_lossy(&built.stdout).into_owned();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        assert!(
            text.contains("image: registry.example.com/enact:v0.1.0") && !text.contains("image: enact\n"),
            "{text}"
        );
    }
}

#[test]
fn the_unit_and_the_page_run_what_the_program_takes() {
    let unit = read("deploy/systemd/enact.service").replace("\\\n", "");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/enact ")).unwrap();
    assert_taken(start.split_whitespace());
    let page = read("docs/operate.md");
    let lines = page
        .lines()
        .filter_map(|line| line.strip_prefix("enact "))
        .map(|line| line.split(" | ").next().unwrap());
    let mut commands = 0;
    for line in lines {
        commands += 1;
        // The folder of a report has to exist.
        assert_taken(line.replace("/var/lib/node_exporter/", "").split_whitespace());
    }
    assert!(commands >= 5, "{commands}");
}

#[test]
fn the_service_in_a_container_may_do_nothing_and_runs_what_the_program_takes() {
    let compose = &documents("deploy/compose.yaml")[0]["services"]["enact"];
    let args: Vec<_> =
        compose["command"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    assert_taken(args);
    assert_eq!((&compose["read_only"], &compose["cap_drop"]), (&true.into(), &serde_json::json!(["ALL"])));
    assert_eq!(compose["ports"], serde_json::json!(["127.0.0.1:8080:8080"]), "no other machine reaches it");
}

#[test]
fn every_metric_of_an_alert_is_one_of_the_page() {
    let page = read("docs/operate.md");
    let mut rules = Vec::new();
    let documents = documents("deploy/alerts.yaml");
    documents.iter().for_each(|document| below(document, "expr", &mut rules));
    assert!(rules.len() >= 5);
    for rule in rules {
        let words = rule.as_str().unwrap().split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for metric in words.filter(|word| word.starts_with("enact_")) {
            assert!(page.contains(&format!("`{metric}")), "{metric}");
        }
    }
}
