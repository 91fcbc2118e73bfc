//! Views of plans and reports: the lines and tables that people read, diffs, JSON, pages, and metrics.

mod diff;
mod file;
pub mod html;
mod json;
mod lines;
mod metrics;
mod table;

pub use diff::diff;
pub(crate) use file::exists;
pub use file::{check_place, write_file};
pub use json::{Answer, CidResult, ErrorReport, FileReport, SCHEMA, Status, answer};
pub use lines::{catalog_name, fault_line, plan_lines, recovered_line};
pub use metrics::{Gauge, Metrics};
pub use table::table;

pub use crate::text::{count, safe};
