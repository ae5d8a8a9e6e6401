//! What of a comment is shown where not all of it fits. Everything is named before anything is shown in full, and what
//! matters most comes first.

/// The longest comment, in bytes, which are never fewer than characters. GitHub takes 65,536 characters, and the workflow
/// adds a line that says which run planned it.
const MOST: usize = 65_000;
/// What the sentence about left out items may take.
const NOTE: usize = 120;

/// How many items of a list nobody may miss.
const FIRST: usize = 30;

/// Which items are shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Whoever reads the comment has to see it.
    First,
    /// What takes something away, or lets somebody do more.
    Risky,
    /// Any other change.
    Change,
    /// The rest.
    Later,
}

/// Something to show.
pub(super) struct Item {
    rank: Rank,
    /// How many things a reader misses without it.
    count: usize,
    /// From the shortest way to say it to the longest.
    ways: Vec<String>,
}

impl Item {
    pub(super) fn new(rank: Rank, text: impl Into<String>) -> Self {
        Self { rank, count: 1, ways: vec![text.into()] }
    }

    /// The same, for so many things.
    pub(super) fn counts(self, count: usize) -> Self {
        Self { count, ..self }
    }

    /// The same, said in another way.
    pub(super) fn map(self, of: impl Fn(&str) -> String) -> Self {
        Self { ways: self.ways.iter().map(|way| of(way)).collect(), ..self }
    }

    /// The same, and with room a longer text takes the place of this one.
    pub(super) fn or(mut self, longer: String) -> Self {
        self.ways.push(longer);
        self
    }
}

/// Items that belong together.
#[derive(Default)]
pub(super) struct Section {
    pub(super) open: String,
    pub(super) items: Vec<Item>,
    pub(super) close: String,
    /// What each line of its own begins with.
    pub(super) prefix: &'static str,
}

impl Section {
    fn frame(&self) -> usize {
        self.open.len() + self.close.len() + if self.items.is_empty() { 0 } else { NOTE }
    }

    /// Its text with these ways to say its items.
    fn text(&self, chosen: &[Option<usize>]) -> String {
        let shown = |(item, way): (&'_ Item, &Option<usize>)| Some(item.ways.get((*way)?)?.clone());
        let items: String = self.items.iter().zip(chosen).filter_map(shown).collect();
        let missed = self.items.iter().zip(chosen).filter(|(_, way)| way.is_none());
        let missed = missed.map(|(item, _)| item.count).sum();
        format!("{}{items}{}{}", self.open, left_out(self.prefix, missed), self.close)
    }
}

/// The rank of an item of a list whose first ones are shown before anything else.
pub(super) fn rank(index: usize) -> Rank {
    if index < FIRST { Rank::First } else { Rank::Later }
}

/// Items of which the first are shown before anything else.
pub(super) fn list(texts: impl Iterator<Item = String>) -> Vec<Item> {
    texts.enumerate().map(|(index, text)| Item::new(rank(index), text)).collect()
}

/// Items below a heading; nothing without any.
pub(super) fn section(open: String, items: Vec<Item>) -> Section {
    match items.is_empty() {
        true => Section::default(),
        false => Section { open, items, close: "\n".to_owned(), prefix: "" },
    }
}

/// How many lines items have that are shown in full.
pub(super) fn lines(items: &[Item]) -> usize {
    items.iter().filter_map(|item| item.ways.last()).map(|text| text.lines().count()).sum()
}

fn left_out(prefix: &str, number: usize) -> String {
    match number {
        0 => String::new(),
        number => format!(
            "{0}\n{prefix}**{number} more** left out, because a comment cannot be longer.\n{0}\n",
            prefix.trim_end()
        ),
    }
}

/// The sections between a head and a foot, as much of them as a comment can hold.
pub(super) fn fit(head: String, sections: &[Section], foot: &str) -> String {
    // Half of the room is for what is in the sections.
    let frame = head.len() + foot.len() + NOTE;
    let mut used = frame;
    let most = (MOST + used) / 2;
    let opened = sections.iter().take_while(|section| {
        used += section.frame();
        used <= most
    });
    let opened = opened.count();
    let sections_shown = sections.get(..opened).unwrap_or_default();
    let mut used = frame + sections_shown.iter().map(Section::frame).sum::<usize>();
    let mut chosen: Vec<Vec<Option<usize>>> =
        sections_shown.iter().map(|section| vec![None; section.items.len()]).collect();
    let mut order: Vec<(Rank, usize, usize)> = Vec::new();
    for (at, section) in sections_shown.iter().enumerate() {
        order.extend(section.items.iter().enumerate().map(|(index, item)| (item.rank, at, index)));
    }
    order.sort_unstable();
    let longest = sections_shown.iter().flat_map(|section| &section.items).map(|item| item.ways.len()).max();
    for way in 0..longest.unwrap_or_default() {
        for (_, at, index) in &order {
            let item = sections_shown.get(*at).and_then(|section| section.items.get(*index));
            let choice = chosen.get_mut(*at).and_then(|chosen| chosen.get_mut(*index));
            let (Some(item), Some(choice)) = (item, choice) else { continue };
            let length = |way: usize| item.ways.get(way).map(String::len);
            let Some(longer) = length(way) else { continue };
            let now = choice.and_then(length).unwrap_or_default();
            if used - now + longer <= MOST {
                used = used - now + longer;
                *choice = Some(way);
            }
        }
    }
    let texts = sections_shown.iter().zip(&chosen).map(|(section, chosen)| section.text(chosen));
    let mut text = head + &texts.collect::<String>() + &left_out("", sections.len() - opened);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text + foot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(items: Vec<Item>) -> Section {
        Section { items, ..Section::default() }
    }

    #[test]
    fn everything_is_named_before_anything_is_shown_in_full() {
        let item = |index: usize| {
            Item::new(Rank::Change, format!("name {index}\n")).or(format!("{index}{}\n", "x".repeat(30_000)))
        };
        let risky = Item::new(Rank::Risky, "risky\n").or(format!("risky{}\n", "y".repeat(30_000)));
        let text = fit(String::new(), &[plain((0..50).map(item).chain([risky]).collect())], "");
        assert!(
            text.contains("yyy") && text.contains("0xxx") && !text.contains("1xxx"),
            "the risky one is first"
        );
        assert!((1..50).all(|index| text.contains(&format!("name {index}\n"))) && !text.contains("left out"));
        assert!(text.len() <= MOST);
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let item = |index: usize| Item::new(Rank::Change, format!("{index}{}\n", "x".repeat(100))).counts(2);
        let text = fit("head\n".to_owned(), &[plain((0..1000).map(item).collect())], "");
        let shown = text.matches('x').count() / 100;
        assert!(text.starts_with("head\n0x") && text.len() <= MOST && text.len() > MOST - 400);
        assert!(text.contains(&format!("**{} more** left out", 2 * (1000 - shown))), "{shown}");
    }

    #[test]
    fn a_shorter_way_stays_where_the_longer_one_has_no_room() {
        let item = Item::new(Rank::First, "short\n").or("x".repeat(MOST));
        assert_eq!(fit(String::new(), &[plain(vec![item])], ""), "short\n");
    }
}
