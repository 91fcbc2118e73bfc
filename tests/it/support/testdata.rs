//! The CIDs in `testdata/cids/`, one for each shape that administrators have.

use std::path::Path;

use configcid::{DemoCid, LineEnding};

/// Each folder, and what is in it.
pub(crate) fn shapes() -> [(&'static str, DemoCid); 5] {
    let crlf = DemoCid::default();
    [
        ("lf", DemoCid { line_ending: LineEnding::Lf, ..crlf.clone() }),
        ("upper", DemoCid { upper_case: true, ..crlf.clone() }),
        ("rms9x", DemoCid { rms9x: true, ..crlf.clone() }),
        ("one-catalog", DemoCid { component_catalogs: false, ..crlf.clone() }),
        ("crlf", crlf),
    ]
}

/// Makes all of them in `folder`.
pub(crate) fn write(folder: &Path) -> configcid::Result<()> {
    shapes().iter().try_for_each(|(name, demo)| demo.write(&folder.join(name)))
}
