//! How a list is split into pages, by the names of the parameters that an OpenAPI document has for it.

use serde_json::{Map, Value, json};

use super::document::{Document, Schema, pointer};

/// Parameters that say how many objects a page holds.
const SIZES: [&str; 7] = ["limit", "per_page", "perPage", "page_size", "pageSize", "size", "max_results"];
/// Parameters with a token that an answer gave.
const CURSORS: [&str; 7] =
    ["cursor", "page_token", "pageToken", "next_token", "nextToken", "starting_after", "after"];
/// Fields of an answer with such a token.
const NEXT: [&str; 7] =
    ["next_cursor", "nextCursor", "next_page_token", "nextPageToken", "next_token", "nextToken", "next"];
/// Fields of an answer that count all objects, and not those of a page.
const TOTALS: [&str; 6] =
    ["total", "total_count", "totalCount", "total_entries", "totalEntries", "total_results"];
/// How many objects a page is asked for, if the API allows it.
const SIZE: u64 = 100;

/// The paging of a list, if one is recognised.
pub(super) fn paging<'a>(
    document: &Document<'a>,
    get: &'a Value,
    path: &'a Map<String, Value>,
    answer: &Schema<'a>,
) -> Option<Value> {
    let lists = [path.get("parameters"), get.get("parameters")].into_iter().flatten();
    let all: Vec<_> = lists.filter_map(Value::as_array).flatten().map(|one| document.resolved(one)).collect();
    let find = |names: &[&'static str]| {
        names.iter().find_map(|name| {
            let is_it = |one: &&&Value| {
                one.get("name") == Some(&json!(name)) && one.get("in") == Some(&json!("query"))
            };
            all.iter().find(is_it).map(|one| (*name, *one))
        })
    };
    let number = |(_, parameter): (&str, &'a Value), keyword: &str| {
        document.schema(parameter.get("schema")?).get(keyword)?.as_u64()
    };
    let size = find(&SIZES).map(|size| {
        let most = number(size, "maximum").filter(|most| *most > 0).unwrap_or(SIZE);
        json!({"parameter": size.0, "value": most.min(SIZE)})
    });
    let field = |names: &'static [&str]| names.iter().find(|name| answer.property(name).is_some());
    let with = |mut paging: Map<String, Value>, total: bool| {
        paging.extend(size.clone().map(|size| ("size".to_owned(), size)));
        let total = field(&TOTALS).filter(|_| total);
        paging.extend(total.map(|total| ("total".to_owned(), json!(pointer(&[total])))));
        Value::Object(paging)
    };
    let named = |parameter: &str| Map::from_iter([("parameter".to_owned(), json!(parameter))]);
    if let (Some((parameter, _)), Some(next)) = (find(&CURSORS), field(&NEXT)) {
        let mut cursor = named(parameter);
        cursor.insert("next".to_owned(), json!(pointer(&[next])));
        return Some(json!({"cursor": with(cursor, false)}));
    }
    if let Some((parameter, _)) = find(&["offset", "skip", "start"]) {
        return Some(json!({"offset": with(named(parameter), true)}));
    }
    let page = find(&["page", "page_number", "pageNumber"])?;
    let mut paging = named(page.0);
    if number(page, "minimum").or(number(page, "default")) == Some(0) {
        paging.insert("first".to_owned(), json!(0));
    }
    Some(json!({"page": with(paging, true)}))
}
