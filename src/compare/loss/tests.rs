use serde_json::json;

use super::*;

fn shape() -> Shape {
    Shape::from_schema(&json!({"properties": {
        "note": {"type": "string", "default": ""},
        "limits": {"properties": {"cpu": {}, "memory": {}}},
        "plain": {"x-list-type": "multiset", "items": {"properties": {
            "verb": {}, "on": {"x-list-type": "set", "items": {}, "default": []},
        }}},
        "keyed": {"x-list-type": "map", "x-list-map-keys": ["key"], "items": {"properties": {"key": {}, "n": {"default": 0}}}},
        "total": {"x-list-type": "map", "x-list-map-keys": ["key"], "x-list-map-total": true,
            "items": {"properties": {"key": {}, "n": {"default": 0}}}},
        "password": {"writeOnly": true, "x-replaces": ["hash"]},
    }}))
}

/// The losses of an object, as pointers and reasons.
fn losses(live: Value, declared: Value, sent: Value) -> Vec<(String, Why)> {
    let losses = of_object(&shape(), &live, &declared, &sent);
    losses.into_iter().map(|Loss { at, why }| (at, why)).collect()
}

fn left_out(at: &str) -> Vec<(String, Why)> {
    vec![(at.to_owned(), Why::LeftOut)]
}

#[test]
fn what_git_does_not_declare_has_to_be_sent_as_it_is() {
    let live =
        json!({"note": "by hand", "limits": {"cpu": 1, "memory": 2, "new": {"a": [1, 2]}}, "other": null});
    let declared = json!({"limits": {"cpu": 5}});
    let sent =
        json!({"note": "by hand", "limits": {"cpu": 5, "memory": 2, "new": {"a": [1, 2]}}, "other": null});
    assert_eq!(losses(live.clone(), declared.clone(), sent.clone()), []);
    for (at, lost) in [
        ("/note", json!({"note": ""})),
        ("/limits/memory", json!({"limits": {"cpu": 5, "new": {"a": [1, 2]}}})),
        ("/limits/new/a", json!({"limits": {"cpu": 5, "memory": 2, "new": {"a": [1]}}})),
        ("/limits/new/a/1", json!({"limits": {"cpu": 5, "memory": 2, "new": {"a": [1, 3]}}})),
        ("/other", json!({"other": 1})),
    ] {
        let mut sent = sent.clone();
        sent.as_object_mut().unwrap().extend(lost.as_object().unwrap().clone());
        assert_eq!(losses(live.clone(), declared.clone(), sent), left_out(at));
    }
    assert_eq!(
        losses(json!({"note": "", "limits": null}), json!({}), json!({"limits": null})),
        [],
        "left out is the default"
    );
    assert_eq!(
        losses(live, json!({"limits": null}), json!({"note": "by hand", "limits": null, "other": null})),
        [],
        "git empties it"
    );
}

#[test]
fn an_item_without_a_key_is_found_by_what_git_declares_of_it() {
    let lists = |live: Value, sent: Value| {
        losses(json!({"plain": live}), json!({"plain": sent}), json!({"plain": sent}))
    };
    let live = json!([{"verb": "get", "on": ["b", "a"], "new": 1}, {"verb": "put"}]);
    assert_eq!(
        lists(live.clone(), json!([{"verb": "put"}, {"verb": "get", "on": ["a", "b"], "new": 1}])),
        []
    );
    assert_eq!(
        lists(live.clone(), json!([{"verb": "get", "on": ["a", "b"]}, {"verb": "put"}])),
        left_out("/plain/0/new")
    );
    // Was it changed, or taken out while another one was added?
    let unpaired = vec![("/plain/0/new".to_owned(), Why::Unpaired)];
    assert_eq!(
        lists(live.clone(), json!([{"verb": "get", "on": ["a", "b", "c"]}, {"verb": "put"}])),
        unpaired
    );
    assert_eq!(lists(live.clone(), json!([{"verb": "put"}])), [], "git takes it out, and adds nothing");
    assert_eq!(lists(live, json!([])), []);
    // Of twins that differ in what git cannot say, nothing says which one goes.
    let twins = json!([{"verb": "get", "new": 1}, {"verb": "get", "new": 2}]);
    let swapped = json!([{"verb": "get", "new": 2}, {"verb": "get", "new": 1}]);
    assert_eq!(lists(twins.clone(), swapped), []);
    let unpaired = vec![("/plain/1/new".to_owned(), Why::Unpaired)];
    assert_eq!(lists(twins, json!([{"verb": "get", "new": 1}])), unpaired);
}

#[test]
fn an_item_with_a_key_is_found_by_it() {
    let lists =
        |of: &str, live: Value, sent: Value| losses(json!({of: live}), json!({of: sent}), json!({of: sent}));
    let live = json!([{"key": "a", "n": 1, "new": 1}, {"key": "b", "n": 1}]);
    assert_eq!(lists("keyed", live.clone(), json!([{"key": "a", "n": 2, "new": 1}])), []);
    assert_eq!(lists("keyed", live.clone(), json!([{"key": "a", "n": 2}])), left_out("/keyed/a/new"));
    assert_eq!(lists("keyed", live.clone(), json!([{"key": "c"}])), [], "another key is another item");
    assert_eq!(lists("total", live, json!([{"key": "c"}])), left_out("/total/a/new"), "no item ever goes");
    let twins = json!([{"key": "a", "n": 1}, {"key": "a", "n": 1, "new": 1}]);
    assert_eq!(lists("keyed", twins, json!([{"key": "a", "n": 1}])).len(), 1);
}

#[test]
fn what_is_deep_in_an_item_that_may_have_changed_counts_too() {
    let shape = Shape::from_schema(
        &json!({"properties": {"statements": {"x-list-type": "map", "x-list-map-keys": ["sid"],
        "items": {"properties": {"sid": {}, "effect": {}, "conditions": {"x-list-type": "multiset", "default": [],
            "items": {"properties": {"key": {}}}}}}}}}),
    );
    let live = json!({"statements": [{"effect": "allow", "conditions": [{"key": "k", "if_exists": true}]}]});
    for changed in [
        json!([{"effect": "deny", "conditions": [{"key": "k"}]}]),
        json!([{"effect": "deny"}]),
        json!([{"sid": "S", "effect": "allow", "conditions": [{"key": "k"}]}]),
    ] {
        let sent = json!({"statements": changed});
        let lost = of_object(&shape, &live, &sent, &sent);
        assert_eq!(
            lost,
            [Loss { at: "/statements/0/conditions/0/if_exists".to_owned(), why: Why::Unpaired }]
        );
    }
}

#[test]
fn a_list_that_git_does_not_declare_keeps_every_item() {
    let live = json!({"plain": [{"verb": "get"}, {"verb": "put"}]});
    assert_eq!(losses(live.clone(), json!({}), json!({"plain": [{"verb": "put"}, {"verb": "get"}]})), []);
    assert_eq!(losses(live, json!({}), json!({"plain": [{"verb": "get"}]})), left_out("/plain/1"));
}

#[test]
fn what_stands_for_another_value_is_not_carried() {
    let lost = |live: Value| losses(live.clone(), json!({}), live);
    assert_eq!(lost(json!({"token": "**********"})), [("/token".to_owned(), Why::Mask)]);
    assert_eq!(
        lost(json!({"hooks": [{"auth": {"key": "<redacted>"}}]})),
        [("/hooks/0/auth/key".to_owned(), Why::Mask)]
    );
    assert_eq!(lost(json!({"patterns": ["***", "xxx"], "plain": []})), [], "items of a list are patterns");
    assert_eq!(lost(json!({"serial": 12345678901234567890123_f64})), [("/serial".to_owned(), Why::Number)]);
    assert_eq!(lost(json!({"serial": u64::MAX, "ratio": 0.1})), []);
    let declared = json!({"note": "***"});
    assert_eq!(losses(declared.clone(), declared.clone(), declared), [], "git says so");
}

#[test]
fn what_cannot_be_read_is_declared_or_kept_by_what_it_became() {
    let shape = |field: Value| Shape::from_schema(&json!({"properties": {"password": field}}));
    let (live, none, some) = (json!({"hash": "5f4d"}), json!({}), json!({"password": "p"}));
    let wiped = of_object(&shape(json!({"writeOnly": true})), &live, &none, &live);
    assert_eq!(wiped, [Loss { at: "/password".to_owned(), why: Why::WriteOnly }]);
    let replaced = shape(json!({"writeOnly": true, "x-replaces": ["hash"]}));
    assert_eq!(of_object(&replaced, &live, &none, &live), []);
    assert_eq!(of_object(&replaced, &live, &some, &some), [], "the new one takes its place");
    assert_eq!(of_object(&replaced, &live, &none, &none).len(), 1);
    assert_eq!(
        of_object(&shape(json!({"writeOnly": true, "x-replaces": []})), &none, &none, &none),
        [],
        "it keeps itself"
    );
}

#[test]
fn of_a_merge_only_the_fields_that_are_sent_can_lose() {
    let live = json!({"note": "x", "limits": {"cpu": 1, "new": 2}, "hash": "5f4d"});
    let lost = |sent: Value| of_fields(&shape(), &live, &json!({"limits": {"cpu": 2}}), &sent).len();
    assert_eq!(lost(json!({"limits": {"cpu": 2, "new": 2}})), 0);
    assert_eq!(lost(json!({"limits": {"cpu": 2}})), 1);
}

/// The losses of what is ignored at these pointers.
fn taken_from_others(pointers: &[&str], live: Value, sent: Value) -> Vec<(String, Why)> {
    let pointers: Vec<_> = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
    let losses = of_ignored(&shape(), &Ignored::new(&pointers), &live, &sent);
    losses.into_iter().map(|Loss { at, why }| (at, why)).collect()
}

#[test]
fn what_is_left_to_others_inside_of_declared_items_has_to_be_sent_as_it_is() {
    let live = json!({"keyed": [{"key": "a", "n": 1}, {"key": "b", "n": 2}]});
    let sent = json!({"keyed": [{"key": "b", "n": 2}, {"key": "a", "n": 3}]});
    let lost = |pointers: &[&str], sent: &Value| taken_from_others(pointers, live.clone(), sent.clone());
    assert_eq!(lost(&["/keyed/*/n"], &live), []);
    assert_eq!(lost(&["/keyed/b/n", "/note"], &sent), []);
    assert_eq!(lost(&["/keyed/*/n"], &sent), left_out("/keyed/a/n"));
    assert_eq!(lost(&["/keyed/a"], &sent), left_out("/keyed/a/n"));
    let without = json!({"keyed": [{"key": "b", "n": 2}]});
    assert_eq!(lost(&["/keyed/a/n"], &without), [], "git takes the item out");
    assert_ne!(lost(&["/keyed/a"], &without), [], "the item is not git's");
}

#[test]
fn a_total_list_holds_an_item_that_says_nothing_also_if_it_is_not_sent() {
    let live = json!({"total": [{"key": "a", "n": 0}]});
    assert_eq!(taken_from_others(&["/total/a"], live, json!({"total": []})), []);
    let live = json!({"total": [{"key": "a", "n": 1}]});
    assert_eq!(taken_from_others(&["/total/a"], live, json!({"total": []})), left_out("/total/a/n"));
}

#[test]
fn a_mask_in_a_part_that_is_left_to_others_is_not_sent_back() {
    let live = json!({"keyed": [{"key": "a", "n": "********"}]});
    let lost = taken_from_others(&["/keyed/a/n"], live.clone(), live);
    assert_eq!(lost, [("/keyed/a/n".to_owned(), Why::Mask)]);
}
