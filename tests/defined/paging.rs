//! Long lists: every style of paging sees every object once, and an inconsistent list is unreadable.

use serde_json::{Value, json};

use crate::api::{Reply, Seen};
use crate::store::{Habits, PAGE, Paging, Store};
use crate::world::{World, actions, codes, grant, system, thing, without};

/// A style, as the API does it and as the definition describes it.
struct Style {
    name: &'static str,
    paging: Paging,
    total: bool,
    form: Value,
    /// How many reads it takes to see 25 objects, 10 at a time.
    reads: usize,
}

const COUNT: usize = 25;

fn style(name: &'static str, paging: Paging, total: bool, reads: usize, mut form: Value) -> Style {
    form["size"] = json!({"parameter": "limit", "value": PAGE});
    if total && !matches!(paging, Paging::Cursor) {
        form["total"] = json!("/total");
    }
    // `pages-to-total` is written as `page`.
    let form = json!({(name.split('-').next().unwrap()): form});
    Style { name, paging, total, form, reads }
}

fn styles() -> Vec<Style> {
    let page = || json!({"parameter": "page"});
    let offset = || json!({"parameter": "offset"});
    vec![
        style("page", Paging::Page { first: 1 }, false, 4, page()),
        style(
            "page-from-zero",
            Paging::Page { first: 0 },
            false,
            4,
            json!({"parameter": "page", "first": 0}),
        ),
        style("page-to-total", Paging::Page { first: 1 }, true, 3, page()),
        style("offset", Paging::Offset, false, 4, offset()),
        style("offset-to-total", Paging::Offset, true, 3, offset()),
        style("cursor", Paging::Cursor, true, 3, json!({"parameter": "cursor", "next": "/next"})),
        style("marker", Paging::Marker, false, 4, json!({"parameter": "after"})),
        style("link", Paging::Link, false, 3, json!({})),
    ]
}

fn style_named(name: &str) -> Style {
    styles().into_iter().find(|style| style.name == name).unwrap()
}

impl Style {
    fn world(&self) -> World {
        self.world_asking(PAGE)
    }

    /// A world with 25 things that asks for pages of this size; 0 asks for none.
    fn world_asking(&self, size: usize) -> World {
        let mut paging = self.form.clone();
        let form = paging.as_object_mut().unwrap().values_mut().next().unwrap();
        match size {
            0 => drop(form.as_object_mut().unwrap().remove("size")),
            size => form["size"]["value"] = json!(size),
        }
        let kind = thing(|kind| {
            kind["list"] = json!({"path": "/things", "query": {"expand": "all"}, "paging": paging});
            if self.total {
                kind["list"]["items"] = json!("/data/items");
            }
        });
        let habits = Habits { paging: self.paging, total: self.total, unique: &[], ..Habits::default() };
        let world = World::with(&system(&[kind]), &[("things", habits)], "");
        (0..COUNT)
            .for_each(|n| world.api.insert("things", json!({"name": format!("thing-{n:02}"), "size": n})));
        world
    }
}

/// Declares an object that is not live, and expects that it is not created.
fn assert_unreadable(world: &World, why: &str) {
    world.declare("Thing", "new", "{}");
    let (code, document) = world.apply();
    assert_eq!((code, world.calls()), (6, Vec::new()), "{why}: unreadable-is-not-absent: {document:#}");
    assert_eq!((actions(&document), codes(&document)), (Vec::new(), vec!["live/unreadable"]), "{why}");
    let reads = world.api.seen().len();
    assert!(reads < 20, "{why}: {reads} reads to find out");
}

#[test]
fn every_style_sees_every_object_and_reads_no_page_twice() {
    for style in styles() {
        let world = style.world();
        let import = world.run(&["import", "live"]);
        assert_eq!(import.code, 0, "{}: {}", style.name, import.err);
        let manifests = std::fs::read_dir(world.path("policies/live")).unwrap().count();
        assert_eq!(manifests, COUNT, "{}", style.name);

        let plan = world.plan();
        assert_eq!(
            (&plan["summary"]["unchanged"], &plan["changes"]),
            (&json!(COUNT), &json!([])),
            "{plan:#}"
        );
        let seen = world.api.seen();
        assert_eq!(seen.len(), style.reads, "{}: {seen:#?}", style.name);
        for seen in seen {
            let asked = |name: &str| seen.query(name).unwrap_or_default();
            assert_eq!((asked("limit"), seen.place()), ("10".to_owned(), "/base/things"), "{}", style.name);
            // The server decides where a link leads.
            assert!(asked("expand") == "all" || style.name == "link", "{}: {}", style.name, seen.path);
        }
    }
}

#[test]
fn a_server_may_give_smaller_pages_than_it_is_asked_for_and_need_not_be_asked() {
    for style in styles() {
        for size in [0, 100] {
            let world = style.world_asking(size);
            world.declare("Thing", "thing-24", "{size: 24}");
            let plan = world.plan();
            assert_eq!(plan["summary"]["unchanged"], 1, "{} of {size}: {plan:#}", style.name);
            let asked = world.api.seen()[0].query("limit");
            assert_eq!(asked, (size > 0).then(|| size.to_string()), "{}", style.name);
        }
    }
}

#[test]
fn the_first_page_has_its_number_where_that_is_not_one() {
    let world = style_named("page-from-zero").world();
    world.declare("Thing", "thing-00", "{}");
    world.plan();
    let pages: Vec<_> = world.api.seen().iter().map(|seen| seen.query("page")).collect();
    assert_eq!(pages, ["0", "1", "2", "3"].map(|page| Some(page.to_owned())));
}

#[test]
fn deterministic_with_every_paging() {
    let plans = styles().into_iter().map(|style| {
        let world = style.world();
        world.declare("Thing", "thing-07", "{size: 70}");
        world.declare("Thing", "thing-23", "{size: 230}");
        let plan = world.plan();
        (plan["changes"].clone(), plan["summary"].clone())
    });
    let plans: Vec<_> = plans.collect();
    assert!(plans.iter().all(|plan| *plan == plans[0]), "{plans:#?}");
    assert_eq!(plans[0].1["update"], 2);
}

/// Lets the API answer, and changes the answer.
fn altered(world: &World, mut alter: impl FnMut(&Seen, &mut Reply) + Send + 'static) {
    world.api.on(move |seen, store| {
        let mut reply = store.answer(seen);
        alter(seen, &mut reply);
        Some(reply)
    });
}

#[test]
fn a_list_with_fewer_objects_than_it_says_is_unreadable() {
    for name in ["page-to-total", "offset-to-total"] {
        for total in [json!(26), json!(1000), json!(null), json!(-1)] {
            let world = style_named(name).world();
            let why = format!("{name} with {total}");
            altered(&world, move |_, reply| reply.body["total"] = total.clone());
            assert_unreadable(&world, &why);
        }
    }
}

#[test]
fn a_list_that_moves_while_it_is_read_has_fewer_objects_than_it_says() {
    let world = style_named("offset-to-total").world();
    world.api.on(|seen, store: &mut Store| {
        if seen.query("offset").as_deref() == Some("10") {
            // Everything moves by one: the last object of the first page is now the first of the second.
            store.objects("things").insert(0, json!({"id": "early", "name": "new"}));
        }
        None
    });
    assert_unreadable(&world, "an object that came in before the page");
}

#[test]
fn an_object_on_two_pages_is_one_object() {
    let world = style_named("page").world();
    world.declare("Thing", "thing-09", "{size: 9}");
    world.api.on(|seen, store: &mut Store| {
        if seen.query("page").as_deref() == Some("2") {
            store.objects("things").insert(0, json!({"id": "early", "name": "early"}));
        }
        None
    });
    let plan = world.plan();
    assert!(!codes(&plan).contains(&"live/ambiguous"), "{plan:#}");
}

/// The API always gives its first page, like one that does not know the parameter.
fn stuck(style: &Style) -> World {
    let world = style.world();
    let mut first = None;
    altered(&world, move |seen, reply| {
        if seen.method == "GET" {
            *reply = first.get_or_insert_with(|| reply.clone()).clone();
        }
    });
    world
}

#[test]
fn a_server_that_repeats_its_page_is_unreadable_and_not_asked_without_end() {
    for style in styles().iter().filter(|style| !style.name.ends_with("to-total")) {
        assert_unreadable(&stuck(style), style.name);
    }
}

#[test]
fn no_duplicates_where_pages_repeat_until_the_total_is_reached() {
    for style in styles().iter().filter(|style| style.name.ends_with("to-total")) {
        let world = stuck(style);
        world.declare("Thing", "thing-24", "{size: 24}");
        let (code, document) = world.apply();
        assert_eq!((code, world.calls()), (6, Vec::new()), "{}: {document:#}", style.name);
    }
}

#[test]
fn a_cursor_ends_where_there_is_none() {
    for end in [json!(null), json!(false), json!("")] {
        let world = style_named("cursor").world();
        world.declare("Thing", "thing-24", "{size: 24}");
        altered(&world, move |_, reply| {
            if reply.body.get("next").is_none() {
                reply.body["next"] = end.clone();
            }
        });
        assert_eq!(world.plan()["summary"]["unchanged"], 1);
    }
}

#[test]
fn a_cursor_that_is_not_a_token_is_unreadable() {
    for next in [json!([1]), json!(true), json!({"page": 2})] {
        let world = style_named("cursor").world();
        let why = next.to_string();
        altered(&world, move |_, reply| reply.body["next"] = next.clone());
        assert_unreadable(&world, &why);
    }
}

/// A world whose API has this as its `Link` header on every page but the last.
fn linked(header: impl Fn(&str) -> String + Send + 'static) -> World {
    let world = style_named("link").world();
    altered(&world, move |_, reply| {
        for (_, value) in reply.headers.iter_mut().filter(|(name, _)| *name == "link") {
            let query = value.split_once('?').unwrap().1.split_once('>').unwrap().0.to_owned();
            *value = header(&query);
        }
    });
    world
}

#[test]
fn a_link_may_be_written_in_every_way_of_its_standard() {
    for form in [
        "<ORIGIN/base/things?QUERY>; rel=\"next\"",
        "</base/things?QUERY>; rel=next",
        "<things?QUERY>; rel=\"next\"",
        "<?QUERY>;rel=\"next\"",
        "<?QUERY>; title=\"more\"; rel=\"last next\"",
        "<?QUERY>; REL=Next",
        "</base/things?page=9>; rel=\"prev\", <?QUERY>; rel=\"next\"",
        "</base/things?page=9>; title=\"a, b; rel=next\"; rel=\"last\", <?QUERY>; rel=\"next\"",
    ] {
        let origin = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let known = std::sync::Arc::clone(&origin);
        let world =
            linked(move |query| form.replace("ORIGIN", &known.lock().unwrap()).replace("QUERY", query));
        origin.lock().unwrap().clone_from(&world.api.origin);
        world.declare("Thing", "thing-24", "{size: 24}");
        let plan = world.plan();
        assert_eq!(plan["summary"]["unchanged"], 1, "{form}: {plan:#}");
    }
}

#[test]
fn a_link_to_another_place_is_unreadable_and_not_followed() {
    let elsewhere = World::things(|_| {});
    let port = elsewhere.api.origin.rsplit(':').next().unwrap().to_owned();
    for form in [
        "http://127.0.0.1:PORT/base/things?QUERY",
        "//127.0.0.1:PORT/base/things?QUERY",
        "https://example.com/base/things?QUERY",
        "/base/groups?QUERY",
        "/base/things/../groups?QUERY",
        "/base/things/%2e%2e/groups?QUERY",
        "/base/things/1?QUERY",
        "/things?QUERY",
        "http://",
    ] {
        let port = port.clone();
        let link = move |query: &str| {
            format!("<{}>; rel=\"next\"", form.replace("PORT", &port).replace("QUERY", query))
        };
        let world = linked(link);
        assert_unreadable(&world, form);
        assert!(world.api.seen().iter().all(|seen| seen.place() == "/base/things"), "{form}");
    }
    assert_eq!(elsewhere.api.seen().len(), 0, "no-secret-out: no other origin is asked");
}

#[test]
fn a_cursor_may_be_a_number() {
    let world = style_named("cursor").world();
    world.declare("Thing", "thing-24", "{size: 24}");
    let mut pages = 0;
    altered(&world, move |_, reply| {
        pages += PAGE;
        if reply.body.get("next").is_some() {
            reply.body["next"] = json!(pages);
        }
    });
    assert_eq!(world.plan()["summary"]["unchanged"], 1);
}

#[test]
fn a_marker_is_the_key_where_objects_have_no_id() {
    let kind = grant(|kind| {
        kind["key"] = json!({"user": "/user"});
        without(kind, &["named"]);
        for form in ["get", "create", "update", "delete"] {
            kind[form]["path"] = json!("/grants/{user}");
        }
        kind["list"]["paging"] = json!({"marker": {"parameter": "after"}});
    });
    let habits = Habits { paging: Paging::Marker, ..Habits::key(&["user"]) };
    let world = World::new(&[kind], &[("grants", habits)]);
    (0..COUNT).for_each(|n| world.api.insert("grants", json!({"user": format!("a&b=+ {n:02}")})));
    world.declare("Grant", "a&b=+ 24", "{read: ''}");
    assert_eq!(world.plan()["summary"]["unchanged"], 1);
    assert_eq!(world.api.seen().len(), 4);
}

#[test]
fn a_total_that_is_only_an_estimate_never_ends_a_list_and_is_named() {
    for name in ["page-to-total", "offset-to-total"] {
        for total in [0, 7, 10, 20, 24] {
            let world = style_named(name).world();
            altered(&world, move |_, reply| reply.body["total"] = json!(total));
            assert_unreadable(&world, &format!("{name} with {total} of {COUNT}"));
            let help = world.plan()["diagnostics"][0]["help"].to_string();
            assert!(help.contains("remove `total`"), "{help}");
        }
    }
}

#[test]
fn a_full_page_is_never_the_last_one_and_a_server_may_have_none_after_it() {
    for status in [200, 404] {
        for name in ["page-to-total", "offset-to-total"] {
            let world = style_named(name).world();
            world.api.change("things", |things| things.truncate(2 * PAGE));
            world.api.on(move |seen, _| {
                let is = |name: &str, value: &str| seen.query(name).is_some_and(|given| given == value);
                let is_after = is("page", "3") || is("offset", "20");
                (is_after && status == 404).then(|| Reply::new(404, json!({"detail": "Invalid page."})))
            });
            world.declare("Thing", "thing-19", "{size: 19}");
            let plan = world.plan();
            assert_eq!((&plan["summary"]["unchanged"], world.api.seen().len()), (&json!(1), 3), "{plan:#}");
        }
    }
}

#[test]
fn a_list_that_contradicts_its_count_for_once_is_read_again() {
    let world = style_named("offset-to-total").world();
    let mut is_first = true;
    world.api.on(move |seen, store: &mut Store| {
        if seen.query("offset").as_deref() == Some("10") && std::mem::take(&mut is_first) {
            store.objects("things").remove(0);
        }
        None
    });
    world.declare("Thing", "thing-24", "{size: 24}");
    let plan = world.plan();
    assert_eq!((&plan["summary"]["unchanged"], &plan["diagnostics"]), (&json!(1), &json!([])), "{plan:#}");
}

#[test]
fn a_short_page_that_comes_twice_because_of_a_create_is_no_loop() {
    let world = style_named("offset").world();
    world.api.change("things", |things| things.truncate(2 * PAGE + 1));
    let mut is_first = true;
    world.api.on(move |seen, store: &mut Store| {
        if seen.query("offset").as_deref() == Some("21") && std::mem::take(&mut is_first) {
            store.objects("things").insert(0, json!({"id": "early", "name": "early"}));
        }
        None
    });
    world.declare("Thing", "thing-20", "{size: 20}");
    let plan = world.plan();
    assert_eq!((&plan["summary"]["unchanged"], &plan["diagnostics"]), (&json!(1), &json!([])), "{plan:#}");
}

#[test]
fn a_server_that_gives_its_last_page_for_every_later_one_is_not_asked_without_end() {
    let world = style_named("page").world();
    world.api.on(|seen, store: &mut Store| {
        let number: usize = seen.query("page")?.parse().ok()?;
        let path = seen.path.replace(&format!("page={number}"), "page=3");
        (number > 3).then(|| store.answer(&Seen { path, ..seen.clone() }))
    });
    assert_unreadable(&world, "the last page again and again");
}
