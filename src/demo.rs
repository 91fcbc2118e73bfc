//! CIDs made from nothing, for demonstrations and tests. Nothing in them is the vendor's: names, contents and keys are
//! made up.

use std::fs;
use std::path::Path;

use base64ct::{Base64, Encoding};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::LineEnding;
use crate::catalog::checksum::{self, Function};
use crate::catalogs::{CreateOptions, create};
use crate::cid::Cid;

/// A made-up CID, laid out as administrators have them (formats.md, section 1), without a relay.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use configcid::{Cid, DemoCid};
///
/// let path = dir.path().join("ESXP");
/// DemoCid { rms9x: true, ..DemoCid::default() }.write(&path)?;
/// assert!(Cid::open(&path)?.components().iter().any(|component| component.as_str() == r"\rms9x"));
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DemoCid {
    /// How the lines of `mrinit.conf` end.
    pub line_ending: LineEnding,
    /// All names in upper case.
    pub upper_case: bool,
    /// With a component for Windows 9x.
    pub rms9x: bool,
    /// Components have catalogs of their own.
    pub component_catalogs: bool,
    /// The catalogs' checksum function.
    pub function: Function,
}

impl Default for DemoCid {
    fn default() -> Self {
        Self {
            line_ending: LineEnding::CrLf,
            upper_case: false,
            rms9x: false,
            component_catalogs: true,
            function: checksum::known(checksum::FOR_NEW).expect("the table holds the function of new catalogs"),
        }
    }
}

/// The files beside `mrinit.conf`: a path, and its size in bytes.
const FILES: &[(&str, usize)] = &[
    ("setup.dat", 700),
    ("rms/agent.dll", 420),
    ("rms/router.dll", 640),
    ("rms/rms.cfg", 90),
    ("sau/update.dll", 350),
    ("savxp/engine.dll", 900),
    ("savxp/data/threats-1.ide", 120),
    ("savxp/data/threats-2.ide", 130),
];

const FILES_9X: &[(&str, usize)] = &[("rms9x/agent9x.dll", 310), ("rms9x/router9x.dll", 330)];

impl DemoCid {
    /// Makes the CID in the new folder `folder`.
    ///
    /// # Errors
    /// The folder is there already and not empty, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::new(ErrorKind::Exists, "the folder is not empty")
                .in_file(folder)
                .next("name a folder that is not there yet"));
        }
        let files = FILES.iter().chain(FILES_9X.iter().filter(|_| self.rms9x));
        let mut contents: Vec<(&str, Vec<u8>)> = files.map(|&(path, size)| (path, noise(path, size))).collect();
        contents.push(("mrinit.conf", self.mrinit().into()));
        contents.push(("cac.pem", CAC.replace("\r\n", "\n").into()));
        // Empty ones, so that the catalogs take the case of these names.
        let mut catalogs = vec!["cidsync.upd"];
        if self.component_catalogs {
            catalogs.extend(["rms/cidsync.upd", "sau/cidsync.upd", "savxp/cidsync.upd"]);
            catalogs.extend(self.rms9x.then_some("rms9x/cidsync.upd"));
        }
        contents.extend(catalogs.into_iter().map(|path| (path, Vec::new())));
        for (path, content) in contents {
            let path = if self.upper_case { path.to_ascii_uppercase() } else { path.to_owned() };
            let place = folder.join(path);
            let write = || {
                fs::create_dir_all(place.parent().unwrap_or(folder))?;
                fs::write(&place, content)
            };
            write().map_err(|error| Error::io("write the demo CID", &place, error))?;
        }
        let mut options = CreateOptions::new(self.function.clone());
        options.components = self.component_catalogs;
        options.replace = true;
        let plan = create(&Cid::open_uncataloged(folder)?, &options)?;
        for change in plan.changes() {
            // Not as a change to a CID: a new one has no history.
            let place = change.path.below(folder);
            fs::write(&place, change.bytes_after()).map_err(|error| Error::io("write the demo CID", &place, error))?;
        }
        Ok(())
    }

    /// The `mrinit.conf` of a CID without a relay.
    pub fn mrinit(&self) -> String {
        let mut lines = vec!["[Config]".to_owned(), "\"NotifyRouterUpdate\"=\"EM\"".to_owned()];
        for (name, port) in [
            ("ClientIIOPPort", 0x2001),
            ("ClientSSLPort", 0x2002),
            ("ClientIORPort", 0x2000),
            ("IORSenderPort", 0x2000),
        ] {
            lines.push(format!("\"{name}\"=dword:{port:08x}"));
        }
        for name in ["DelegatedManagerCertIdentityKey", "ManagedAppCertIdentityKey", "RouterCertIdentityKey"] {
            lines.push(format!("\"{name}\"=\"{}\"", Base64::encode_string(&noise(name, 20))));
        }
        lines.push("\"ServiceArgs\"=\"\"".to_owned());
        for name in ["MRParentAddress", "ParentRouterAddress"] {
            lines.push(format!("\"{name}\"=\"Server.Sales.Acme,SERVER\""));
        }
        lines.push(String::new());
        lines.iter().flat_map(|line| [line, self.line_ending.as_str()]).collect()
    }
}

/// Bytes that look like nothing in particular, always the same for the same name.
fn noise(name: &str, size: usize) -> Vec<u8> {
    let mut state = crc32fast::hash(name.as_bytes()) | 1;
    let mut next = || {
        // Marsaglia's xorshift32.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    std::iter::repeat_with(&mut next).take(size).collect()
}

/// The estate's certificate: made for demonstrations, self-signed, valid until 2120. Its key was thrown away.
const CAC: &str = include_str!("../templates/demo-cac.pem");
