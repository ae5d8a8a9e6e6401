//! Commands to the runner of a GitHub workflow that show a message on a line of a file. They are the only commands that
//! enact ever prints, and nothing inside of one can be another.

use super::inert::Inert;
use super::inline;

/// How much an annotation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something should be looked at.
    Warning,
    /// For information.
    Notice,
}

/// Where an annotation is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, relative to the repository.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The first column and the one after the last, from 1, where they are known.
    pub columns: Option<(usize, usize)>,
}

/// One message on the page of a workflow run, and in the files of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How much it matters.
    pub level: Level,
    /// Where it is shown; on the page of the run without a place.
    pub spot: Option<Spot>,
    /// Its title, which is ours: it stands before the colons.
    pub title: String,
    /// What it says, as lines. They may be hostile.
    pub lines: Vec<String>,
}

/// Annotations, one a line.
pub fn annotations(annotations: &[Annotation]) -> Inert {
    Inert::vouched(annotations.iter().map(Annotation::command).collect())
}

impl Annotation {
    /// The command, with a line feed.
    fn command(&self) -> String {
        let Self { level, spot, title, lines } = self;
        let level = match level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let spot = spot.as_ref().map(properties).unwrap_or_default();
        let lines: Vec<_> = lines.iter().map(|line| data(line)).collect();
        format!("::{level} {spot}title={}::{}\n", property(title), lines.join("%0A"))
    }
}

fn properties(Spot { file, line, columns }: &Spot) -> String {
    let columns = columns.map(|(from, to)| format!("col={from},endColumn={to},")).unwrap_or_default();
    format!("file={},line={line},{columns}", property(file))
}

/// A message as the runner reads it. What the runner makes of it is inert, too.
fn data(text: &str) -> String {
    Inert::text(&inline(text)).replace('%', "%25")
}

/// The value of a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(file: &str, lines: &[&str]) -> Annotation {
        let spot = Spot { file: file.into(), line: 7, columns: Some((3, 9)) };
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Annotation { level: Level::Error, spot: Some(spot), title: "schema/type".into(), lines }
    }

    #[test]
    fn a_message_is_shown_on_its_line() {
        let shown = annotation("policies/a.yaml", &["it is 5 % too high", "help: write less"]).command();
        let expected = "::error file=policies/a.yaml,line=7,col=3,endColumn=9,title=schema/type::it is 5 %25 too high%0Ahelp: write less\n";
        assert_eq!(shown, expected);
        let plain = Annotation { spot: None, ..annotation("", &["x"]) };
        assert_eq!(plain.command(), "::error title=schema/type::x\n");
    }

    #[test]
    fn what_it_says_cannot_end_it_or_begin_another() {
        let shown =
            annotation("a,line=1::b\n::error::c", &["::stop::\n::error::d", "%0A##[group]x"]).command();
        assert_eq!(
            shown,
            "::error file=a%2Cline=1%3A%3Ab\\u{a}%3A%3Aerror%3A%3Ac,line=7,col=3,endColumn=9,title=schema/type\
             :::\\u{3a}stop::\\u{a}::error::d%0A%250A##\\u{5b}group]x\n"
        );
    }
}
