//! A line on the terminal for work that takes longer than a second. All other output is in `output`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::http::Http;
use crate::run::project::Connected;
use crate::words::count;

/// Shows how many requests were sent, until it is dropped. Only on a terminal.
pub(in crate::cli) struct Progress {
    task: tokio::task::JoinHandle<()>,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start<'a>(
        quiet: bool,
        what: &'static str,
        connected: impl IntoIterator<Item = &'a Connected<'a>>,
    ) -> Self {
        let https: Vec<Http> = connected.into_iter().map(|connected| connected.http.clone()).collect();
        // indicatif draws only where standard error is a terminal.
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(ProgressStyle::default_spinner());
        let shown = bar.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            loop {
                let requests: usize = https.iter().map(Http::requests).sum();
                shown.set_message(format!("{what}, {} so far", count(requests, "request")));
                shown.tick();
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
        });
        Self { task, bar }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}
