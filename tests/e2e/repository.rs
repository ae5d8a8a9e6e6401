//! What the repository promises about itself: current schemas, complete editor support for examples.

use std::path::Path;

use serde_json::Value;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_schemas_in_the_repository_are_current() {
    let expected = enact::catalog::all(&enact::system::registry::Registry::built_in());
    for (file, text) in &expected {
        assert_eq!(&read(&format!("schema/{file}")), text, "run `cargo run -- schema --write schema`");
    }
    let there = std::fs::read_dir(root("schema")).unwrap().count();
    assert_eq!(there, expected.len(), "a schema that nothing generates");
}

#[test]
fn every_schema_is_valid_and_explains_every_field() {
    for (file, text) in enact::catalog::all(&enact::system::registry::Registry::built_in()) {
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{file}");
        every_property(&schema, &mut |name, property| {
            let has = |key| property.get(key).is_some();
            let explained = has("description") || has("$ref") || has("const");
            assert!(explained, "{file}: `{name}` has no description for an editor to show");
        });
    }
}

fn every_property(schema: &Value, check: &mut dyn FnMut(&str, &Value)) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        // The only field of an enum's variant is explained by the variant.
        let variant = properties.len() == 1 && schema.get("description").is_some();
        properties.iter().filter(|_| !variant).for_each(|(name, property)| check(name, property));
    }
    match schema {
        // The branches of `if` repeat fields only to compare them.
        Value::Object(map) => {
            map.iter().filter(|(key, _)| *key != "if").for_each(|(_, value)| every_property(value, check))
        }
        Value::Array(items) => items.iter().for_each(|value| every_property(value, check)),
        _ => {}
    }
}

#[test]
fn every_example_names_its_schema_for_the_editor() {
    let mut files = Vec::new();
    walk(&root("policies"), &mut files);
    assert!(files.len() >= 8);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().next().unwrap();
        let schema = line
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{}", file.display()));
        assert!(file.parent().unwrap().join(schema).exists(), "{}: {schema}", file.display());
    }
}

fn walk(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

#[test]
fn every_registered_system_has_an_example() {
    let mut files = Vec::new();
    walk(&root("policies"), &mut files);
    let texts: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for (api_version, kind) in enact::system::registry::Registry::built_in().kinds().into_keys() {
        assert!(
            texts.contains(&format!("apiVersion: {api_version}\nkind: {kind}\n")),
            "{api_version} {kind}"
        );
    }
}

#[test]
fn ci_ends_with_the_test_command_of_the_readme() {
    let ci = read(".ci/run");
    let last = ci.lines().rfind(|line| !line.is_empty()).unwrap();
    assert_eq!(last, "cargo test --locked --all-features");
    assert!(read("README.md").contains(&format!("\n{last}\n")));
}
