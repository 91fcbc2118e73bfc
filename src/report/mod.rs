//! Views of plans and reports: the lines that people read, diffs, and JSON.

mod diff;
mod json;
mod lines;

pub use diff::diff;
pub use json::{Answer, CidResult, ErrorReport, FileReport, SCHEMA, Status, answer};
pub use lines::{catalog_name, fault_line, plan_lines, recovered_line};

pub use crate::text::{count, safe};
