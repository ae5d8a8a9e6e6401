//! Definitions that cannot be right: each mistake is reported with its place, all of them at once, and nothing is sent.

use serde_json::{Value, json};

use crate::world::World;

/// A definition with most things that can be wrong.
const GOOD: &str = "\
apiVersion: enact/v1
kind: System
name: plain
about: A plain API.
auth: [bearer]
settings:
  type: object
  required: [tenant]
  properties:
    tenant: {type: string}
    region: {type: string}
headers: {X-Tenant: '{settings.tenant}'}
errors: {code: /code}
kinds:
- name: Group
  id: /id
  key: {name: /name}
  unique: true
  list: {path: /groups}
  get: {path: '/groups/{id}'}
  create: {path: /groups}
  update: {method: PATCH, path: '/groups/{id}'}
  delete: {path: '/groups/{id}'}
  spec:
    type: object
    properties:
      note: {type: string, default: ''}
- name: Thing
  id: /id
  key:
    group: {at: /group, kind: Group}
    title: /title
  named: '{group}:{title}'
  list:
    path: '/t/{settings.tenant}/things'
    items: /items
    query: {expand: all}
    paging: {page: {parameter: page, size: {parameter: size, value: 10}}}
    find: {title: '{title}'}
  get:
    path: '/t/{settings.tenant}/things/{id}'
    query: {full: 'yes'}
  create: {path: '/t/{settings.tenant}/things'}
  update:
    method: PUT
    path: '/t/{settings.tenant}/things/{id}'
    if_match: true
  delete: {path: '/t/{settings.tenant}/things/{id}'}
  references:
    /owner: Group
    /rules/*/group: {kind: Group, by: name}
  system:
  - name: g:root
  - {at: /builtin, is: true}
  spec:
    type: object
    required: [owner]
    properties:
      owner: {type: string}
      color: {type: string, enum: [red, blue]}
      secret: {type: string, writeOnly: true}
      rules:
        type: array
        x-list-type: map
        x-list-map-keys: [group]
        items:
          type: object
          properties:
            group: {type: string}
            level: {type: integer, default: 1}
  access:
    grants:
    - principal: {key: title}
      action: {at: /color, if_absent: none}
      effect: {at: /owner, allow: [ana]}
    - {each: /rules, resource: {at: /group}, tenant: {at: /owner, of_object: true}}
    ignored: [secret]
";

/// What to replace, with what (a `^` marks the place of the diagnostic), and how the code of the diagnostic begins.
type Mistake = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // One mistake per row.
const MISTAKES: &[Mistake] = &[
    // What the JSON Schema of the format says.
    ("apiVersion: enact/v1", "apiVersion: ^enact/v2", "schema/const"),
    ("kind: System", "kind: ^Config", "schema/const"),
    ("name: plain", "name: ^Plain_1", "schema/pattern"),
    ("about: A", "^abuot: A", "schema/unknown-field"),
    ("auth: [bearer]", "auth: [^bearr]", "schema/"),
    ("code: /code", "code: ^code", "schema/pattern"),
    ("- name: Group", "- name: ^group", "schema/pattern"),
    ("  unique: true", "  ^uniqe: true", "schema/unknown-field"),
    ("  unique: true", "  unique: ^maybe", "schema/type"),
    ("key: {name: /name}", "key: ^{}", "schema/"),
    ("key: {name: /name}", "key: {name: ^name}", "schema/"),
    ("list: {path: /groups}", "^list: {}", "schema/missing-field"),
    ("list: {path: /groups}", "list: {path: ^groups}", "schema/pattern"),
    ("list: {path: /groups}", "list: {path: ^'/groups?all=1'}", "schema/pattern"),
    ("list: {path: /groups}", "list: {path: ^'/groups#x'}", "schema/pattern"),
    ("list: {path: /groups}", "list: {path: /groups, method: ^POST}", "system/"),
    ("get: {path: '/groups/{id}'}", "get: {path: '/groups/{id}', method: ^DELETE}", "schema/"),
    ("create: {path: /groups}", "create: {path: /groups, method: ^GET}", "schema/enum"),
    ("method: PATCH", "method: ^DELETE", "schema/enum"),
    ("method: PATCH,", "method: PATCH, mode: ^mergers,", "schema/"),
    ("items: /items", "items: ^items", "schema/pattern"),
    ("value: 10", "value: ^0", "schema/"),
    ("paging: {page: {parameter: page,", "paging: {^pages: {parameter: page,", "schema/"),
    ("{at: /builtin, is: true}", "^{at: /builtin}", "schema/"),
    ("by: name", "by: ^title", "schema/"),
    ("  unique: true", "  key_pattern: {pattern: ^'[', hint: h}", "schema/"),
    ("  unique: true", "  unique: true\n  ^unique: false", "yaml/duplicate-key"),
    // Templates.
    ("    title: /title", "    title: ^{kind: Group}", "system/key"),
    ("  key: {name: /name}", "  only: x\n  key: ^{name: /name}", "system/key"),
    ("path: '/t/{settings.tenant}/things'\n    items", "path: ^'/t/{title}/things'\n    items", "system/template"),
    ("list: {path: /groups}", "list: {path: ^'/groups/{name}'}", "system/"),
    ("list: {path: /groups}", "list: {path: ^'/groups/{id}'}", "system/"),
    ("get: {path: '/groups/{id}'}", "get: {path: ^'/groups/{ident}'}", "system/"),
    ("get: {path: '/groups/{id}'}", "get: {path: ^'/groups/{id'}", "system/"),
    ("get: {path: '/groups/{id}'}", "get: {path: ^'/groups/id}'}", "system/"),
    ("get: {path: '/groups/{id}'}", "get: {path: ^/groups}", "system/"),
    ("create: {path: /groups}", "create: {path: ^'/groups/{id}'}", "system/"),
    ("delete: {path: '/groups/{id}'}", "delete: {path: ^/groups}", "system/"),
    ("query: {full: 'yes'}", "query: {full: ^'{tittle}'}", "system/"),
    ("query: {expand: all}", "query: {expand: ^'{title}'}", "system/"),
    ("find: {title: '{title}'}", "find: {title: ^'{titel}'}", "system/"),
    ("find: {title: '{title}'}", "find: {group: ^'{id}'}", "system/"),
    ("X-Tenant: '{settings.tenant}'", "X-Tenant: ^'{settings.tennant}'", "system/"),
    ("X-Tenant: '{settings.tenant}'", "X-Tenant: ^'{settings.region}'", "system/"),
    ("X-Tenant: '{settings.tenant}'", "X-Tenant: ^'{title}'", "system/"),
    ("list: {path: /groups}", "list: {path: ^'/{settings.region}/groups'}", "system/"),
    // Paths and headers that enact does not take.
    ("list: {path: /groups}", "list: {path: ^/x/../groups}", "system/"),
    ("list: {path: /groups}", "list: {path: ^/./groups}", "system/"),
    ("list: {path: /groups}", "list: {path: ^//groups}", "system/"),
    ("{X-Tenant:", "{Authorization: ^Bearer x, X-Tenant:", "system/"),
    ("{X-Tenant:", "{cookie: ^x, X-Tenant:", "system/"),
    ("{X-Tenant:", "{Host: ^example.com, X-Tenant:", "system/"),
    ("{X-Tenant:", "{Content-Length: ^'0', X-Tenant:", "system/"),
    ("{X-Tenant:", "{X Tenant: ^x, X-Tenant:", "system/"),
    ("{X-Tenant: '{settings.tenant}'}", "{x-tenant: ^x, X-Tenant: '{settings.tenant}'}", "system/"),
    ("create: {path: /groups}", "create: {path: /groups, idempotency_header: ^Authorization}", "system/"),
    // Pointers.
    ("items: /items", "items: ^/items/*/b", "system/pointer"),
    ("create: {path: /groups}", "create: {path: /groups, within: ^/a/1}", "system/pointer"),
    // Keys and names.
    ("named: '{group}:{title}'", "named: ^'{group}:{titel}'", "system/"),
    ("named: '{group}:{title}'", "named: ^'{title}'", "system/"),
    ("named: '{group}:{title}'", "named: ^'{group}{title}'", "system/"),
    ("named: '{group}:{title}'", "named: ^'{group}:{title}:{title}'", "system/"),
    ("  named: '{group}", "  key_pattern: ^{pattern: a, hint: h}\n  named: '{group}", "system/"),
    ("{at: /group, kind: Group}", "^{at: /group, kind: Grup}", "system/"),
    ("{at: /group, kind: Group}", "^{at: /group, kind: Thing}", "system/"),
    // Kinds and references.
    ("- name: Thing", "- name: ^Group", "system/"),
    ("/owner: Group", "/owner: ^Grup", "system/"),
    ("group: {at: /group, kind: Group}", "group: ^{at: /group, kind: Thing}", "system/reference"),
    ("/owner: Group", "/ownr: ^Group", "system/"),
    ("  unique: true", "  references: {/note: ^Thing}", "system/"),
    ("path: '/groups/{id}'}\n  delete", "path: '/groups/{id}', renames: ^true}\n  delete", "system/"),
    // What a kind must have.
    ("    find: {title: '{title}'}", "    find: {title: '{title}'}\n    whole: false\n  scratch: {spec: {^ownr: x}, change: {}}", "schema/unknown-field"),
    // What objects let whom do.
    ("principal: {key: title}", "principal: {key: ^titel}", "system/access"),
    ("action: {at: /color,", "action: {at: ^/colour,", "system/access"),
    ("action: {at: /color,", "action: {at: ^'',", "system/access"),
    ("effect: {at: /owner,", "effect: {at: ^/ownr,", "system/access"),
    ("each: /rules,", "each: ^/rule,", "system/access"),
    ("tenant: {at: /owner,", "tenant: {at: ^/ownr,", "system/access"),
    ("resource: {at: /group}", "counts: ^most_specific, resource: {at: /group}", "system/access"),
    ("principal: {key: title}", "principal: {name_of: ^each}", "system/access"),
    ("color: {type: string, enum: [red, blue]}", "color: {type: string, x-text: ^json}", "system/field"),
    ("ignored: [secret]", "ignored: [^secrets]", "system/access"),
    ("if_absent: none", "if_absent: ^some", "schema/"),
    // Schemas.
    ("    type: object\n    required: [owner]", "    ^type: array\n    required: [owner]", "system/"),
    ("required: [owner]", "required: [^ownr]", "system/"),
    ("owner: {type: string}", "owner: {type: ^strin}", "system/"),
    ("owner: {type: string}", "owner: {type: string, pattern: ^'['}", "system/"),
    ("owner: {type: string}", "owner: {$ref: ^'#/properties/color'}", "system/schema"),
    ("owner: {type: string}", "owner: {type: string, items: {$ref: ^'#'}}", "system/schema"),
    ("note: {type: string, default: ''}", "note: {type: string, default: ''}\n    $defs: {Ensure: ^{type: string}}", "system/schema"),
    ("default: ''}", "default: ^5}", "system/"),
    ("default: ''}", "default: '', x-null: ^omit}", "system/field"),
    ("    tenant: {type: string}", "    tenant: {type: ^strin}", "system/"),
    ("map\n        x-list-map-keys: [group]\n", "^map\n", "system/"),
    ("x-list-map-keys: [group]", "x-list-map-keys: [^grp]", "system/"),
    ("x-list-type: map", "x-list-type: ^mapp", "system/"),
    ("x-list-map-keys: [group]", "x-list-map-keys: [group]\n        x-list-map-total: ^7", "system/list-type"),
    ("x-list-map-keys: [group]\n        items:\n          type: object\n          properties:", "x-list-map-keys: [group]\n        x-list-map-total: ^true\n        items:\n          type: object\n          properties:\n            note: {type: string}", "system/list-type"),
    ("level: {type: integer, default: 1}", "level: {type: string, writeOnly: ^true}", "system/"),
    ("secret: {type: string, writeOnly: true}", "secret: {type: string, writeOnly: ^true, readOnly: true}", "system/"),
];

/// Mistakes that are reported at another place.
#[rustfmt::skip] // One mistake per row.
const ELSEWHERE: &[(&[(&str, &str)], &str)] = &[
    (&[("title: /title", "title: {at: /title, kind: Group}"), ("path: '/t/{settings.tenant}/things'\n    items", "path: ^'/t/{title}/{group}'\n    items")], "system/template"),
    (&[("- name: Group", "- ^name: Group"), ("  key: {name: /name}\n", "")], "system/key"),
    (&[("- name: Group", "- ^name: Group"), ("  list: {path: /groups}\n", "")], "system/"),
    (&[("- name: Thing", "- ^name: Thing"), ("  named: '{group}:{title}'\n", "")], "system/"),
    (&[("Group\n  id: /id\n", "Group\n"), ("get: {path: '/groups", "get: {path: ^'/groups")], "system/"),
    (&[("if_match: ", "if_match: ^"), ("  get:\n    path: '/t/{settings.tenant}/things/{id}'\n    query: {full: 'yes'}\n", "")], "system/"),
    (&[("title: /title", "title: ^/title"), ("      color:", "      title: {type: string}\n      color:")], "system/"),
    (&[("    type: object\n    required: [owner]", "    ^type: object\n    required: [owner]"), ("owner: {type: string}", "owner: {$ref: 'https://example.com/x'}")], "system/"),
];

/// The definition with some mistakes, and the line and the column of the `^` in them.
fn broken(edits: &[(&str, &str)]) -> (String, usize, usize) {
    let marked = edits.iter().fold(GOOD.to_owned(), |text, (right, wrong)| {
        assert_eq!(GOOD.matches(right).count(), 1, "{right}");
        text.replace(right, wrong)
    });
    let (before, after) = marked.split_once('^').unwrap();
    let line = before.rsplit('\n').next().unwrap();
    (format!("{before}{after}"), before.matches('\n').count() + 1, line.len() + 1)
}

fn world() -> World {
    let more = "  settings: {tenant: t}\n";
    let world = World::with(&json!({}), &[], more);
    world.declare("Group", "g", "{}");
    world.write("plain.yaml", GOOD);
    world
}

fn diagnostics(world: &World, text: &str) -> Vec<Value> {
    world.write("plain.yaml", text);
    let run = world.run(&["validate", "--format", "json"]);
    let document = run.json();
    let diagnostics = document["diagnostics"].as_array().unwrap().clone();
    let expected = if diagnostics.is_empty() { 0 } else { 3 };
    assert_eq!(run.code, expected, "{document:#}");
    diagnostics
}

fn shown(diagnostic: &Value) -> String {
    let text = |name: &str| diagnostic[name].as_str().unwrap_or_default();
    let (code, file) = (text("code"), text("file"));
    format!("{file}:{}:{} {code}: {}", diagnostic["line"], diagnostic["column"], text("message"))
}

#[test]
fn a_good_definition_has_no_diagnostics() {
    assert_eq!(diagnostics(&world(), GOOD), Vec::<Value>::new());
}

#[test]
fn every_mistake_is_reported_with_its_place_and_help() {
    let world = world();
    let near = MISTAKES.iter().map(|(right, wrong, code)| (vec![(*right, *wrong)], *code));
    let far = ELSEWHERE.iter().map(|(edits, code)| (edits.to_vec(), *code));
    let all: Vec<_> = near.chain(far).collect();
    let wrong: Vec<_> = all.iter().filter_map(|(edits, code)| missed(&world, edits, code)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// What was reported instead, if the mistake was not.
fn missed(world: &World, edits: &[(&str, &str)], code: &str) -> Option<String> {
    let (text, line, column) = broken(edits);
    let found = diagnostics(world, &text);
    let is_it = |diagnostic: &Value| {
        let place = json!([diagnostic["file"], diagnostic["line"], diagnostic["column"]]);
        let has_code = diagnostic["code"].as_str().is_some_and(|found| found.starts_with(code));
        has_code && place == json!(["plain.yaml", line, column]) && diagnostic["help"].is_string()
    };
    let lines: Vec<_> = found.iter().map(shown).collect();
    (!found.iter().any(is_it))
        .then(|| format!("{edits:?}: expected {code} at {line}:{column}, found {lines:#?}"))
}

#[test]
fn all_mistakes_of_all_files_are_reported_at_once() {
    let world = world();
    let config = std::fs::read_to_string(world.path("enact.yaml")).unwrap();
    world.write("enact.yaml", &config.replace("[plain.yaml]", "[plain.yaml, other.yaml]"));
    world.write(
        "other.yaml",
        &GOOD.replace("name: plain", "name: other").replace("/owner: Group", "/owner: Grup"),
    );
    let text = GOOD
        .replace("{settings.tenant}", "{settings.tennant}")
        .replace("x-list-type: map", "x-list-type: mapp");
    let found = diagnostics(&world, &text);
    let lines: Vec<_> = found.iter().map(shown).collect();
    let on = |file: &str| lines.iter().filter(|line| line.starts_with(file)).count();
    // The tenant is in the header and in five paths.
    assert_eq!((on("plain.yaml"), on("other.yaml")), (6 + 1, 1), "{lines:#?}");
}

#[test]
fn validated_first_one_unsound_definition_and_nothing_is_sent_anywhere() {
    let world = World::things(|kind| kind["list"]["path"] = json!("/things/{nonsense}"));
    world.declare("Thing", "a", "{}");
    for command in [&["plan"][..], &["apply", "--yes"], &["import", "live"], &["validate"]] {
        let run = world.run(command);
        assert_eq!((run.code, world.api.seen().len()), (3, 0), "{command:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_diagnostic_shows_the_line_with_the_place_marked() {
    let world = world();
    world.write("plain.yaml", &GOOD.replace("  unique: true", "  uniqe: true"));
    let run = world.run(&["validate"]);
    assert_eq!(
        run.err,
        "\
error[schema/unknown-field]: unknown field `uniqe`
  --> plain.yaml:18:3
   |
18 |   uniqe: true
   |   ^^^^^
   |
   = in: kinds[0].uniqe
   = help: did you mean `unique`?

"
    );
}
