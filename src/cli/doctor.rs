//! `enact doctor`: asks whether each target can be worked with, and whether the schemas for the editor are those of this
//! program. The checks of a target are in `run::doctor`.

use std::path::Path;

use clap::Args;

use super::args::Global;
use super::files;
use super::init::SCHEMAS;
use crate::catalog;
use crate::config::target::Config;
use crate::report::content::{Content, DoctorContent};
use crate::report::{Ending, Report};
use crate::run::doctor::doctor;
use crate::run::options::RunOptions;
use crate::run::status::status;

#[derive(Args)]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) async fn run(self, global: &Global) -> Report {
        let mut report = Report::of("doctor");
        let Some(config) = global.config(&mut report.files, &mut report.diagnostics) else { return report };
        let only = config.select(&global.target, &mut report.diagnostics);
        if only.is_empty() {
            return report;
        }
        let options = RunOptions { only, ..global.options() };
        let status = status(&config, None, &options, &mut report.diagnostics);
        let targets = doctor(&config, &status).await;
        let content = DoctorContent { targets, old_schemas: old_schemas(&config) };
        if !content.is_well() {
            report.ending = Ending::No;
        }
        report.content = Content::Doctor(content);
        report
    }
}

/// The schemas beside enact.yaml that are not those of this program.
fn old_schemas(config: &Config) -> Vec<String> {
    let is_old = |(file, text): (String, String)| {
        let path = Path::new(SCHEMAS).join(file);
        let on_disk = config.folder().join(&path);
        let is_old = on_disk.exists() && !files::read(&on_disk, text.len()).is_ok_and(|now| now == text);
        is_old.then(|| path.to_string_lossy().into_owned())
    };
    catalog::all(&config.registry).into_iter().filter_map(is_old).collect()
}
