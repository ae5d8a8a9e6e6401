//! The commands that CI runners look for in what a job prints. Whoever can have one printed can set outputs and
//! variables of later steps, hide lines of the log, or fail the job.
//!
//! | runner | command |
//! |---|---|
//! | GitHub, Gitea | `::name::` where a line begins, after blanks; `##[name]` anywhere |
//! | Azure Pipelines, TeamCity, Octopus | `##vso[`, `##teamcity[`, `##octopus[`, anywhere |
//! | GitLab, Travis | `section_start:`, `section_end:`, `travis_fold:`, `travis_time:`, anywhere |
//!
//! All of them are found by their last character, so that one escape breaks each.

/// What is a command once a colon follows it.
const NAMES: [&str; 4] = ["section_start", "section_end", "travis_fold", "travis_time"];

/// The line up to some character, as a runner may see it.
///
/// Only ASCII counts: GitHub's runner compares by the rules of a language, which skip over many other characters, so
/// that `#\u{fe0f}#[` is `##[` there.
#[derive(Debug, Default)]
pub struct RunnerLine(String);

impl RunnerLine {
    /// Goes on by a character. True if it completes a command, and must be printed as an escape.
    pub fn push(&mut self, next: char) -> bool {
        let completes = match next {
            '[' => self.ends_with_hashes(),
            ':' => self.0 == ":" || NAMES.iter().any(|name| self.ends_with(name)),
            _ => false,
        };
        match next {
            '\n' | '\r' => self.0.clear(),
            // Kept out, so that a line of blanks and colons costs no more than any other.
            next if next.is_whitespace() && self.0.is_empty() => {}
            next if next.is_ascii() => self.0.push(next),
            _ => {}
        }
        completes
    }

    /// `##`, or with a word behind it.
    fn ends_with_hashes(&self) -> bool {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        self.0.trim_end_matches(is_word).ends_with("##")
    }

    fn ends_with(&self, name: &str) -> bool {
        let from = self.0.len().checked_sub(name.len());
        from.and_then(|from| self.0.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(name))
    }
}
