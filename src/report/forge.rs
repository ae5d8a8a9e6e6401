//! Where on a forge the files of a commit, and the job that runs, can be looked at.

use url::Url;

/// A repository on a forge, by what the runner of a CI job says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forge {
    /// The page of the repository.
    repository: Url,
    /// What stands between it and a commit.
    files: &'static [&'static str],
    /// The page of the job.
    job: Option<Url>,
}

impl Forge {
    /// By the variables of GitHub, or of what sets the same; or of GitLab. What is not the URL of a page makes no link.
    #[must_use]
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let page = |name: &str| page(&variable(name)?);
        if let (Some(server), Some(name)) = (page("GITHUB_SERVER_URL"), variable("GITHUB_REPOSITORY")) {
            let repository = below(&server, &name.split('/').collect::<Vec<_>>())?;
            let job = variable("GITHUB_RUN_ID").and_then(|id| below(&repository, &["actions", "runs", &id]));
            return Some(Self { repository, files: &["blob"], job });
        }
        let repository = page("CI_PROJECT_URL")?;
        Some(Self { repository, files: &["-", "blob"], job: page("CI_JOB_URL") })
    }

    /// The page of a line of a file at a commit; `None` if the file is in no folder of the repository.
    pub(super) fn line(&self, commit: &str, file: &str, line: usize) -> Option<String> {
        let parts: Vec<_> = file.split('/').collect();
        let is_inside = !file.contains('\\') && parts.iter().all(|part| !matches!(*part, "" | "." | ".."));
        let mut page = below(&self.repository, self.files)
            .filter(|_| is_inside)
            .and_then(|files| below(&files, &[commit]))
            .and_then(|commit| below(&commit, &parts))?;
        page.set_fragment(Some(&format!("L{line}")));
        Some(shown(&page))
    }

    /// The page of a commit.
    pub(super) fn commit(&self, commit: &str) -> Option<String> {
        let (_, before) = self.files.split_last()?;
        let commits = below(&self.repository, before)?;
        below(&commits, &["commit", commit]).as_ref().map(shown)
    }

    /// The page of the job.
    pub(super) fn job(&self) -> Option<String> {
        self.job.as_ref().map(shown)
    }
}

/// A page that a browser may be sent to.
fn page(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_page =
        matches!(url.scheme(), "https" | "http") && url.query().is_none() && url.fragment().is_none();
    (is_page && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// A page below another one; each part is encoded, so that it stays one.
fn below(page: &Url, parts: &[&str]) -> Option<Url> {
    let mut page = page.clone();
    page.path_segments_mut().ok()?.pop_if_empty().extend(parts);
    Some(page)
}

/// A URL as Markdown and HTML take it anywhere: what `url` leaves as it is and they do not is encoded.
fn shown(url: &Url) -> String {
    let act = ['(', ')', '\'', '`', '*', '_', '[', ']', '|', '<', '>', '"', '\\', '&', '@', '~', '!', '$'];
    let encoded = |c: char| match act.contains(&c) {
        true => format!("%{:02X}", u32::from(c)),
        false => c.to_string(),
    };
    url.as_str().chars().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forge(variables: &[(&str, &str)]) -> Option<Forge> {
        let get = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Forge::of(&get)
    }

    #[test]
    fn github_and_gitlab_have_a_page_for_each_line() {
        let variables = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/policy"),
            ("GITHUB_RUN_ID", "7"),
        ];
        let github = forge(&variables).unwrap();
        let line = github.line("abc", "policies/a b.yaml", 3).unwrap();
        assert_eq!(line, "https://github.com/acme/policy/blob/abc/policies/a%20b.yaml#L3");
        assert_eq!(github.commit("abc").unwrap(), "https://github.com/acme/policy/commit/abc");
        assert_eq!(github.job().unwrap(), "https://github.com/acme/policy/actions/runs/7");
        let gitlab = forge(&[("CI_PROJECT_URL", "https://git.example.com/a/b/policy")]).unwrap();
        let line = gitlab.line("abc", "a.yaml", 3).unwrap();
        assert_eq!(line, "https://git.example.com/a/b/policy/-/blob/abc/a.yaml#L3");
        assert_eq!(gitlab.commit("abc").unwrap(), "https://git.example.com/a/b/policy/-/commit/abc");
        assert_eq!(gitlab.job(), None);
    }

    #[test]
    fn a_hostile_name_stays_one_part_of_a_link() {
        let forge = forge(&[("CI_PROJECT_URL", "https://git.example.com/p")]).unwrap();
        let line = forge.line("c", "a)](javascript:x)/`<img>`?q#f%2f|_@x.yaml", 1).unwrap();
        let path = line.strip_prefix("https://git.example.com/p/-/blob/c/").unwrap();
        assert!(!line.contains(['(', ')', '`', '<', '>', '|', '@', '?', ' ']), "{line}");
        assert_eq!((path.matches('/').count(), path.matches('#').count()), (1, 1), "{line}");
        for file in ["../x.yaml", "/etc/passwd", "a//b", "a\\..\\b", "./x", ""] {
            assert_eq!(forge.line("c", file, 1), None, "{file}");
        }
    }

    #[test]
    fn what_is_no_page_makes_no_link() {
        for url in
            ["javascript:alert(1)", "data:text/html,x", "https://u:p@git.example.com/p", "https://x/?q", "x"]
        {
            assert_eq!(forge(&[("CI_PROJECT_URL", url)]), None, "{url}");
        }
        assert_eq!(forge(&[]), None);
    }
}
