//! What this system knows of its mounts.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Clients of SMB in user space, by the types of their mounts: they have no extended attributes, and the first dies of being asked for
/// a list of them.
const WITHOUT_ATTRIBUTES: [&str; 3] = ["fuse.smbnetfs", "fuse.fusesmb", "fuse.gvfsd-fuse"];

/// Whether files on this device can have extended attributes. The system's own list of mounts is asked, not the file system, and
/// once for each device.
pub(crate) fn can_have_attributes(device: u64) -> bool {
    static KNOWN: LazyLock<Mutex<HashMap<u64, bool>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(device).or_insert_with(|| {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
        kind(&mounts, &number).is_none_or(|kind| !WITHOUT_ATTRIBUTES.contains(&kind))
    })
}

/// The type of the mount of this device, as `proc_pid_mountinfo(5)` has it: the first field behind the dash.
fn kind<'m>(mounts: &'m str, number: &str) -> Option<&'m str> {
    let mut lines = mounts.lines().filter_map(|line| line.split_once(" - "));
    let found = lines.find(|(before, _)| before.split(' ').nth(2) == Some(number));
    found.and_then(|(_, behind)| behind.split(' ').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_mount_is_found_by_its_device() {
        let mounts = "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
                      29 28 0:40 / /mnt/a\\040b rw - fuse.smbnetfs smbnetfs rw,user_id=0\n\
                      30 28 0:4 / /x rw shared:1 master:2 - ext4 /dev/sda rw\n";
        assert_eq!(kind(mounts, "0:40"), Some("fuse.smbnetfs"));
        assert_eq!(kind(mounts, "0:4"), Some("ext4"));
        assert_eq!(kind(mounts, "0:400"), None);
        assert_eq!(kind("", "0:4"), None);
    }

    #[test]
    fn an_ordinary_folder_can_have_attributes() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        assert!(can_have_attributes(dir.path().metadata().unwrap().dev()));
    }
}
