//! Promise 13, inert-output, as a CI runner sees it. `Run` looks for live commands in every output of every test; here
//! are the texts that would be some.

use serde_json::{Value, json};

use crate::support::runner::live;
use crate::world::World;

fn document() -> Value {
    let statement = json!({"effect": "allow", "actions": ["s3:Get"], "resources": ["r"]});
    json!({"version": "2024-01-01", "statements": [statement]})
}

#[test]
fn inert_output_for_ci_runners_in_every_command_and_format() {
    let world = World::new("mycloud");
    let action = "##[set-output name=code;]0$(id) #";
    let lines = "if\n  ::set-output name=code::1\n##vso[task.setvariable variable=a]b\nsection_start:1:a";
    let spec =
        |text: &str| json!({"description": format!("{text}\n{action}"), "document": document()}).to_string();
    world.declare("Policy", "p", &spec(lines));
    // `Run` looks for live commands in every output.
    for format in ["text", "json", "markdown", "html", "sarif", "junit", "metrics", "github"] {
        for command in
            [&["validate"][..], &["plan", "-v"], &["import", "live", "--dry-run"], &["apply", "--yes"]]
        {
            assert_eq!(world.run(&[command, &["--format", format]].concat()).code, 0, "{command:?}");
        }
        let hostile = "x\n::set-output name=a::b ##[a]\u{1b}[2J";
        let usages = [
            &["plan", "--target", hostile][..],
            &[hostile],
            &["schema", hostile],
            &["plan", "--rev", hostile],
        ];
        for usage in usages {
            assert_ne!(world.run(&[usage, &["--format", format]].concat()).code, 0);
        }
        // The next plan shows a difference.
        world.declare("Policy", "p", &spec(&format!("{lines}\nfor {format}")));
    }
    let document = world.plan();
    let described = &document["changes"][0]["fields"][0]["after"];
    assert_eq!(described, &json!(format!("{lines}\nfor github\n{action}")), "{document:#}");
    // A finding shows the line.
    world.write("policies/wrong.yaml", &format!("apiVersion: mycloud/v1\nkind: '{action}' # {action}\n"));
    for format in ["text", "json", "markdown", "html", "sarif", "junit", "metrics", "github"] {
        let run = world.run(&["validate", "--format", format]);
        assert_eq!(run.code, 3);
        assert!((run.out + &run.err).contains("set-output"), "what was written can be read");
    }
}

#[test]
fn inert_output_of_import_is_a_manifest_with_the_very_text() {
    let world = World::new("mycloud");
    let texts =
        ["a\n  ::set-output name=code::1\nb", "##[set-output name=code;]0$(id) #", "one\nsection_end:1:x\n"];
    for (index, text) in texts.into_iter().enumerate() {
        world.live.insert(
            "policies",
            json!({"id": format!("00000000-0000-4000-8000-00000000000{index}"), "name": format!("p{index}"),
                   "description": text, "document": document()}),
        );
    }
    assert_eq!(world.run(&["import", "live"]).code, 0);
    assert_eq!(world.plan()["changes"], json!([]), "the manifests say what is live");
    for entry in std::fs::read_dir(world.dir.path().join("policies/live")).unwrap() {
        let manifest = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert_eq!(live(&manifest, false), None, "a job may print it");
    }
}
