//! Views of plans and reports: the lines and tables that people read, diffs, JSON, pages, and metrics.
// Without the command line nobody calls what only its commands print.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod audit;
mod audit_page;
#[cfg(feature = "cli")]
mod change_page;
mod diff;
#[cfg(feature = "cli")]
mod endpoints;
mod json;
mod lines;
mod log_chart;
mod page_file;
mod relay;
#[cfg(feature = "cli")]
mod steps;
mod table;

pub use crate::base::error_report::ErrorReport;
pub use crate::base::html;
pub use crate::base::metrics::{Gauge, Metrics};
pub(crate) use crate::base::replace::{
    check_new, check_outside, check_place, write_file, write_or_check, write_unless_same,
};
pub use crate::base::template::Markup;
pub use audit::{Tone, audit_lines};
pub use audit_page::{Audited, audit_page};
#[cfg(feature = "cli")]
pub(crate) use change_page::{ChangePage, ChangedCid, change_page};
pub use diff::diff;
#[cfg(feature = "cli")]
pub(crate) use endpoints::{
    endpoint_counts, endpoint_headings, endpoint_lines, endpoint_list_head, endpoint_list_line,
};
pub(crate) use json::{Answer, answer, answer_line, answer_part, to_json};
pub use json::{Candidates, CidResult, FileReport, SCHEMA};
pub use lines::plan_lines;
pub(crate) use lines::{
    broken_lock_line, candidates_line, catalog_name, fault_line, lock_lines, looked_line, recovered_line,
};
pub use log_chart::{log_chart, log_svg};
pub(crate) use page_file::PageFile;
pub(crate) use relay::{doubt_lines, relay_lines};
#[cfg(feature = "cli")]
pub(crate) use steps::relay_steps;
pub(crate) use table::table;

pub use crate::base::text::{count, safe};
pub use crate::run::Status;
