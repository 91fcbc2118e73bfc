//! The flags that several of these commands share.

use std::path::PathBuf;

use crate::Result;
use crate::endpoints::{Columns, Failed, Survey};
use crate::fleet::{self, Fleet, FleetEndpoints, FleetFinding, processors};
use crate::report::ErrorReport;
use clap::Args;
use serde::Serialize;

use crate::cli::flags::path;

/// Which fleet file.
#[derive(Debug, Args)]
pub(crate) struct FileArg {
    /// The fleet file
    #[arg(value_name = "FILE", default_value = "fleet.toml", value_parser = path())]
    pub file: PathBuf,
}

/// Most of the time is waiting for answers of a share. Our choice.
const USUAL: usize = 8;

/// How many at a time.
#[derive(Debug, Args)]
pub(super) struct JobsFlag {
    /// How many CIDs to work on at a time; by default 8, or as many as there are processors if those are more
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl JobsFlag {
    pub(super) fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| processors().max(USUAL), usize::from)
    }
}

/// What to look at beyond the file.
#[derive(Debug, Args)]
pub(super) struct LookFlags {
    /// Also ask for the addresses of all names; this alone uses the network
    #[arg(long)]
    dns: bool,
    /// Check the file by itself, without a look at the CIDs
    #[arg(long)]
    no_cids: bool,
    #[command(flatten)]
    jobs: JobsFlag,
}

impl LookFlags {
    pub(super) fn jobs(&self) -> usize {
        self.jobs.jobs()
    }

    pub(super) fn looks_at_cids(&self) -> bool {
        !self.no_cids
    }

    /// Everything that is found, in the order of the lines.
    pub(super) fn findings(&self, fleet: &Fleet) -> Vec<FleetFinding> {
        let mut findings = fleet::check(fleet);
        if !self.no_cids {
            findings.extend(fleet::check_cids(fleet, self.jobs.jobs()));
        }
        if self.dns {
            findings.extend(fleet::check_names(fleet, self.jobs.jobs()));
        }
        findings.sort_by_key(|finding| finding.line);
        findings
    }
}

/// What tells of the endpoints.
#[derive(Debug, Args)]
pub(super) struct SurveyFlags {
    /// What endpoints survey wrote (--csv or --json), or its sources: folders of exports, lists; more than once for several.
    /// Without it, survey of [defaults] in the fleet file
    #[arg(long, value_name = "SOURCE", value_parser = path())]
    survey: Vec<PathBuf>,
    /// A heading of the lists that stands for one of the columns, such as name=Asset (docs/endpoints.md)
    #[arg(long, value_name = "COLUMN=HEADING")]
    column: Vec<String>,
}

/// A survey that was read, and how it stands to the fleet.
pub(super) struct Surveyed {
    pub endpoints: FleetEndpoints,
    pub failed: Vec<FailedSource>,
    /// How many files were left out by their names.
    pub left: usize,
}

#[derive(Serialize)]
pub(super) struct FailedSource {
    source: String,
    error: ErrorReport,
}

impl SurveyFlags {
    /// Reads the survey, where there is one, and joins it with the fleet. What cannot be read is a finding.
    pub(super) fn read(&self, fleet: &Fleet) -> Result<Option<Surveyed>> {
        let sources: Vec<PathBuf> = match self.survey.is_empty() {
            true => fleet.survey.iter().map(|given| given.value.clone()).collect(),
            false => self.survey.clone(),
        };
        if sources.is_empty() {
            return Ok(None);
        }
        let mut columns = Columns::default();
        self.column.iter().try_for_each(|column| columns.add(column))?;
        let survey = Survey::of(&sources, &columns);
        let mut endpoints = fleet::join(fleet, &survey)?;
        endpoints.not_read(fleet, survey.len(), survey.failed().iter().map(|Failed { error, .. }| error));
        let failed = survey.failed().iter().map(|Failed { path, error }| FailedSource {
            source: path.to_string_lossy().into_owned(),
            error: ErrorReport::new(error),
        });
        Ok(Some(Surveyed { endpoints, failed: failed.collect(), left: survey.left() }))
    }
}
