//! Finds loops: nodes that reach each other. What the nodes are is up to the caller.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What each node uses.
pub(crate) type Graph<'n> = BTreeMap<&'n str, BTreeSet<&'n str>>;

/// Nodes that all reach each other, and the shortest loop among them, without its return to the start.
#[derive(Debug, PartialEq)]
pub(crate) struct Circle<'n> {
    pub(crate) nodes: BTreeSet<&'n str>,
    pub(crate) shortest: Vec<&'n str>,
}

/// All circles, the largest first. A node that only uses itself makes none.
pub(crate) fn circles<'n>(graph: &Graph<'n>) -> Vec<Circle<'n>> {
    let reached: Graph = graph.keys().map(|node| (*node, reached(graph, node))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|reached| reached.contains(to));
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for start in graph.keys() {
        let nodes: BTreeSet<_> =
            graph.keys().copied().filter(|node| reaches(start, node) && reaches(node, start)).collect();
        if nodes.len() > 1 && seen.insert(nodes.clone()) {
            // No loop leaves its circle, so the whole graph can be searched.
            let loops = nodes.iter().filter_map(|node| way(graph, node, node));
            let shortest = loops.min_by_key(Vec::len).unwrap_or_default();
            circles.push(Circle { nodes, shortest });
        }
    }
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.nodes.len()));
    circles
}

fn used<'g, 'n>(graph: &'g Graph<'n>, node: &str) -> impl Iterator<Item = &'n str> + use<'g, 'n> {
    let used = graph.get(node).into_iter().flatten().copied();
    let node = graph.get_key_value(node).map(|(node, _)| *node);
    used.filter(move |used| Some(*used) != node)
}

fn reached<'n>(graph: &Graph<'n>, start: &str) -> BTreeSet<&'n str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = used(graph, start).collect();
    while let Some(node) = open.pop() {
        if reached.insert(node) {
            open.extend(used(graph, node));
        }
    }
    reached
}

/// The shortest way from a node to another, which may be itself, without the last node.
fn way<'n>(graph: &Graph<'n>, start: &'n str, end: &str) -> Option<Vec<&'n str>> {
    let mut before = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        if before.contains_key(end) {
            break;
        }
        for next in used(graph, node) {
            before.entry(next).or_insert_with(|| {
                open.push_back(next);
                node
            });
        }
    }
    let mut way = vec![*before.get(end)?];
    while let Some(node) = way.last().filter(|node| **node != start) {
        way.push(before.get(node)?);
    }
    way.reverse();
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&'static str, &'static str)]) -> Graph<'static> {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry(from).or_default().insert(to);
            graph.entry(to).or_default();
        }
        graph
    }

    #[test]
    fn what_only_goes_down_makes_no_circle() {
        assert_eq!(circles(&graph(&[("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "d")])), []);
    }

    #[test]
    fn the_shortest_of_several_loops_is_shown() {
        let graph =
            graph(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("c", "b"), ("a", "x"), ("y", "a")]);
        let nodes = BTreeSet::from(["a", "b", "c", "d"]);
        assert_eq!(circles(&graph), [Circle { nodes, shortest: vec!["b", "c"] }]);
    }

    #[test]
    fn circles_that_do_not_reach_each_other_are_two_and_the_larger_comes_first() {
        let edges = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c")];
        let shortest: Vec<_> = circles(&graph(&edges)).into_iter().map(|circle| circle.shortest).collect();
        assert_eq!(shortest, [vec!["c", "d", "e"], vec!["a", "b"]]);
    }
}
