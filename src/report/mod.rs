//! Views of plans and reports: the lines and tables that people read, diffs, JSON, pages, and metrics.

mod audit;
mod audit_page;
mod diff;
mod file;
pub mod html;
mod json;
mod lines;
mod metrics;
mod page_file;
mod table;
pub(crate) mod template;

pub use audit::{Tone, audit_lines};
pub use audit_page::{Audited, audit_page};
pub use diff::diff;
pub use file::{check_place, write_file, write_stdout, write_unless_same};
pub use json::{Answer, Candidates, CidResult, ErrorReport, FileReport, SCHEMA, Status, answer, answer_line};
pub use lines::{candidates_line, catalog_name, fault_line, plan_lines, recovered_line};
pub use metrics::{Gauge, Metrics};
pub use page_file::PageFile;
pub use table::table;
pub use template::Markup;

pub use crate::text::{count, safe};
