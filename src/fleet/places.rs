//! Where CIDs are: when two paths are the same, and which CID follows which.

use std::collections::HashMap;
use std::path::Path;

use super::{Fleet, FleetCid};
use crate::base::text::fold_case;

/// Circles of CIDs that follow each other, each from its first one on.
pub(super) struct Circles(pub Vec<Vec<usize>>);

/// For each CID how many others of the file come before it, since it follows them; 0 for one in a circle.
pub(super) fn sources(fleet: &Fleet) -> (Vec<usize>, Circles) {
    let key = |folder: &Path| path_key(&folder.to_string_lossy());
    let by_folder: HashMap<String, usize> =
        fleet.cids.iter().enumerate().map(|(index, cid)| (key(&cid.folder), index)).collect();
    let above: Vec<Option<usize>> =
        fleet.cids.iter().map(|cid| by_folder.get(&key(cid.source_folder.as_ref()?)).copied()).collect();
    let mut levels: Vec<Option<usize>> = vec![None; above.len()];
    let mut circles = Vec::new();
    for start in 0..above.len() {
        // Upwards to what is known, and back.
        let mut way = Vec::new();
        let mut place = HashMap::new();
        let mut next = Some(start);
        let mut level = 0;
        while let Some(this) = next {
            if let Some(known) = levels[this] {
                level = known + 1;
                break;
            }
            if let Some(first) = place.get(&this) {
                let circle: Vec<usize> = way.split_off(*first);
                circle.iter().for_each(|one| levels[*one] = Some(0));
                circles.push(circle);
                level = 1;
                break;
            }
            place.insert(this, way.len());
            way.push(this);
            next = above[this];
        }
        for this in way.into_iter().rev() {
            levels[this] = Some(level);
            level += 1;
        }
    }
    circles.iter_mut().for_each(|circle| {
        let least = circle.iter().enumerate().min_by_key(|(_, one)| **one).map_or(0, |(at, _)| at);
        circle.rotate_left(least);
    });
    (levels.into_iter().map(|level| level.unwrap_or(0)).collect(), Circles(circles))
}

/// The CID of the file that this one follows, if it is one.
pub(super) fn source_in_file(fleet: &Fleet, cid: &FleetCid) -> Option<usize> {
    let key = path_key(&cid.source_folder.as_ref()?.to_string_lossy());
    fleet.cids.iter().position(|other| path_key(&other.folder.to_string_lossy()) == key)
}

/// Whether the CID is one that is to be made from the CID that it follows.
pub(super) fn is_to_be_made(cid: &FleetCid) -> bool {
    let is_absent = || {
        let looked = cid.folder.symlink_metadata();
        looked.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    cid.source.is_some() && is_absent()
}

/// How Windows compares paths: without regard to case, either slash for the other, none at the end, nothing for `.`.
pub(super) fn path_key(path: &str) -> String {
    let path = fold_case(path).replace('/', "\\");
    let (start, rest) = match path.strip_prefix(r"\\") {
        Some(rest) => (r"\\", rest),
        None if path.starts_with('\\') => (r"\", path.as_str()),
        None => ("", path.as_str()),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('\\') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            // Windows drops dots and blanks at the end of a name.
            ".." => parts.push(part),
            part => parts.push(part.trim_end_matches(['.', ' '])),
        }
    }
    start.to_owned() + &parts.join("\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(cids: &[(&str, Option<&str>)]) -> Fleet {
        let mut text = "[server]\nname='S'\nip='10.1.1.1'\n".to_owned();
        for (path, source) in cids {
            text += &format!("[[cid]]\npath='{path}'\n");
            text.extend(source.map(|source| format!("source='{source}'\n")));
        }
        Fleet::parse(text.as_bytes(), "F".as_ref()).unwrap()
    }

    #[test]
    fn what_is_followed_comes_first_and_circles_are_found() {
        let chain = fleet(&[("C", Some("b/")), ("B", Some("A")), ("A", Some("elsewhere")), ("D", None)]);
        let (levels, Circles(circles)) = sources(&chain);
        assert_eq!((levels, circles.len()), (vec![2, 1, 0, 0], 0));
        assert_eq!(source_in_file(&chain, &chain.cids[0]), Some(1));
        assert_eq!(source_in_file(&chain, &chain.cids[2]), None);

        let round = fleet(&[("X", Some("A")), ("A", Some("B")), ("B", Some("C")), ("C", Some("A")), ("Z", Some("z"))]);
        let (levels, Circles(circles)) = sources(&round);
        assert_eq!(circles, [vec![1, 2, 3], vec![4]]);
        assert_eq!(levels, [1, 0, 0, 0, 0]);
    }
}
