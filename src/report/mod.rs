//! Views of plans and reports: the lines and tables that people read, diffs, JSON, pages, and metrics.

mod audit;
mod audit_page;
mod diff;
mod file;
mod json;
mod lines;
mod log_chart;
mod metrics;
mod page_file;
mod relay;
mod table;

pub use crate::base::html;
pub use crate::base::template::Markup;
pub use audit::{Tone, audit_lines};
pub use audit_page::{Audited, audit_page};
pub use diff::diff;
pub use file::{check_new, check_outside, check_place, write_file, write_or_check, write_unless_same};
pub use json::{Answer, Candidates, CidResult, ErrorReport, FileReport, SCHEMA, Status, answer, answer_line, to_json};
pub use lines::{candidates_line, catalog_name, fault_line, plan_lines, recovered_line};
pub use log_chart::{log_chart, log_svg};
pub use metrics::{Gauge, Metrics};
pub use page_file::PageFile;
pub use relay::{doubt_lines, relay_lines};
pub use table::table;

pub use crate::base::text::{count, safe};
