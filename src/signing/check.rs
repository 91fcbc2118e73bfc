//! Looking at all files that a list names.

use super::files::{Bad, Expected, FileFault, FileFaultCode, FilesReport, Places, RelativeTo};
use super::walked::Walked;
use crate::base::error::Result;
use crate::base::pool::in_parallel;
use crate::cid::tree::{Found, Tree};

/// Looks at all files of a list.
pub(crate) fn check(expected: &[Expected], places: &Places) -> Result<FilesReport> {
    let mut faults = Vec::new();
    let walked = Walked::of(places, &mut faults);
    let looked = in_parallel(expected, |expected| walked.look(expected));
    let mut report = FilesReport {
        folder: places.shown.clone(),
        relative_to: places.relative_to,
        good: 0,
        bytes: 0,
        faults: Vec::new(),
        extra: walked.extra(expected, places),
    };
    for (expected, looked) in expected.iter().zip(looked) {
        match looked {
            Ok(bytes) => {
                report.good += 1;
                report.bytes += bytes;
            }
            // One fault is told once, with the folder that all such files are in.
            Err(Bad { is_told: true, .. }) => {}
            Err(Bad { code, what, digests, .. }) => {
                report.faults.push(FileFault { code, path: expected.path.clone(), what, digests });
            }
        }
    }
    // Those of listed files were told with the files.
    faults.retain(|fault| !report.faults.iter().any(|told| told.path.key() == fault.path.key()));
    report.faults.extend(faults);
    two_places(expected, places, &mut report);
    Ok(report)
}

/// The files of a component's manifest that stand in the place that its paths are not relative to, too.
fn two_places(expected: &[Expected], places: &Places, report: &mut FilesReport) {
    let Some((root, component)) = &places.component else { return };
    let other = (places.relative_to == RelativeTo::Root).then_some(component);
    let tree = Tree::new(root.clone());
    let paths = in_parallel(expected, |expected| {
        let path = expected.path.under(other);
        (!matches!(tree.find(&path), Ok(Found::Absent))).then_some(path)
    });
    for (expected, path) in expected.iter().zip(paths) {
        let Some(path) = path else { continue };
        let what = text!(
            "it stands in two places: {path} in the CID has the same name, and which of them an updater uses is not known",
            path
        );
        let code = FileFaultCode::TwoPlaces;
        report.faults.push(FileFault { code, path: expected.path.clone(), what, digests: Vec::new() });
    }
}
