//! The table of files that customers may change (formats.md, section 1). Everything else belongs to the vendor.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text::{fold_case, is_unsafe, safe, same_name};

use super::path::CidPath;

/// What configcid may do with a file's entries in the catalogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The customer's: its entries are added, brought in line and removed.
    Customer,
    /// A catalog: its entries are brought in line where there are any.
    Catalog,
    /// The vendor's: never touched.
    Vendor,
}

/// Names of the customer's files, looked for in a CID's root and directly in its components.
const CUSTOMER: &[&str] = &[
    "mrinit.conf",
    "mrinit.custom",
    "cac.pem",
    "customer_ID.txt",
    "manifest.dat",
    "root_manifest.dat",
    "stamp",
    // Customer XML [K 13112]; the names are assumed [A].
    "sauconf.xml",
    "savconf.xml",
    "scfconf.xml",
];

/// Those of them that the vendor's tools make: one that is listed is changed by nobody but these tools.
const TOOLS: &[&str] = &["manifest.dat", "root_manifest.dat", "stamp"];

/// Names of catalogs.
const CATALOGS: &[&str] = &["cidsync.upd", "root.upd", "master.upd", "vdlsync.upd"];

/// The files that a customer may change: the table above, and what a caller adds to it.
///
/// ```
/// use configcid::catalog::{CidPath, CustomerFiles, Role};
///
/// let mut files = CustomerFiles::default();
/// files.add("branding.xml")?;
/// assert_eq!(files.role(&CidPath::parse(r"\rms\MRINIT.CONF")?), Role::Customer);
/// assert_eq!(files.role(&CidPath::parse(r"\savxp\Branding.xml")?), Role::Customer);
/// assert_eq!(files.role(&CidPath::parse(r"\cidsync.upd")?), Role::Catalog);
/// assert_eq!(files.role(&CidPath::parse(r"\savxp\program\mrinit.conf")?), Role::Vendor);
/// # Ok::<(), configcid::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFiles(Vec<String>);

impl Default for CustomerFiles {
    fn default() -> Self {
        Self(CUSTOMER.iter().map(|name| fold_case(name)).collect())
    }
}

impl CustomerFiles {
    /// Adds a file name, without a folder.
    ///
    /// # Errors
    /// The name is no file name.
    pub fn add(&mut self, name: &str) -> Result<()> {
        if !CidPath::in_root(name).is_ok_and(|path| path.depth() == 1) {
            return Err(Error::new(ErrorKind::Usage, text!("{name} is no file name", name = format!("{name:?}")))
                .next("give the name alone: it counts in the root and in every component"));
        }
        if let Some(c) = name.chars().find(|&c| is_unsafe(c)) {
            return Err(Error::new(
                ErrorKind::Usage,
                text!("{} has U+{}, which nobody sees", safe(name), format!("{:04X}", u32::from(c))),
            )
            .next("type the name anew"));
        }
        self.0.push(fold_case(name));
        Ok(())
    }

    /// The role of a file, whose path is relative to the CID's root: a customer's file lies in the root or directly
    /// in a component.
    pub fn role(&self, path: &CidPath) -> Role {
        self.role_under(None, path)
    }

    /// Whether the vendor's tools make the file: a manifest, `stamp`. It is listed as a customer's file is, and one that differs
    /// from a catalog that lists it is damage, as a vendor's file would be; unless a caller has [added](CustomerFiles::add) its
    /// name: of own packages it is the customer's.
    ///
    /// ```
    /// use configcid::catalog::{CidPath, CustomerFiles};
    ///
    /// let mut files = CustomerFiles::default();
    /// let manifest = CidPath::parse(r"\rms\manifest.dat")?;
    /// assert!(files.is_tools(&manifest));
    /// files.add("manifest.dat")?;
    /// assert!(!files.is_tools(&manifest));
    /// # Ok::<(), configcid::Error>(())
    /// ```
    pub fn is_tools(&self, path: &CidPath) -> bool {
        self.is_tools_under(None, path)
    }

    /// As [`is_tools`](CustomerFiles::is_tools), of a path that is relative to `folder`. Copies nothing.
    pub(crate) fn is_tools_under(&self, folder: Option<&CidPath>, path: &CidPath) -> bool {
        is_one_of(TOOLS, path.file_name_bytes())
            && is_on_top(folder, path)
            && !self.0[CUSTOMER.len()..].iter().any(|added| same_name(added, path.file_name()))
    }

    /// The role of a file whose path is relative to `folder`. Copies nothing: it is asked of every entry, often.
    pub(crate) fn role_under(&self, folder: Option<&CidPath>, path: &CidPath) -> Role {
        if is_catalog_name(path.file_name_bytes()) {
            Role::Catalog
        } else if is_on_top(folder, path) && self.0.iter().any(|customer| same_name(customer, path.file_name())) {
            Role::Customer
        } else {
            Role::Vendor
        }
    }
}

/// The names of files that change by other hands than the vendor's, and of catalogs: what was read a while ago may be out of date.
#[cfg(feature = "cli")]
pub(crate) fn changing_names() -> impl Iterator<Item = &'static str> {
    CATALOGS.iter().chain(CUSTOMER).copied()
}

/// Whether a catalog has this name.
pub(crate) fn is_catalog_name(name: &(impl AsRef<[u8]> + ?Sized)) -> bool {
    is_one_of(CATALOGS, name.as_ref())
}

/// Whether these names, which are ASCII, have this one among them.
fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

/// Whether a file, whose path is relative to `folder`, lies in the CID's root or directly in a folder there.
fn is_on_top(folder: Option<&CidPath>, path: &CidPath) -> bool {
    folder.map_or(0, CidPath::depth) + path.depth() <= 2
}
