//! What is in `testdata/cids/` is what its generator makes.

use std::path::Path;

use crate::support::layout::crc32;
use crate::support::{Content, Node, Tree, check_cid, snapshot_tree, testdata};

/// A tree without the permissions, which depend on who checked it out.
fn contents(tree: Tree) -> Vec<(std::path::PathBuf, Option<Content>)> {
    tree.into_iter()
        .map(|(path, node)| match node {
            Node::File(_, content) => (path, Some(content)),
            _ => (path, None),
        })
        .collect()
}

#[test]
fn the_committed_files_are_what_the_generator_makes() {
    let dir = tempfile::tempdir().unwrap();
    testdata::write(dir.path()).unwrap();
    let committed = snapshot_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cids"));
    assert!(contents(committed) == contents(snapshot_tree(dir.path())), "run scripts/make-testdata");
}

#[test]
fn they_are_cids_as_they_should_be() {
    for (name, _) in testdata::shapes() {
        check_cid(&crate::support::committed(name), crc32);
    }
}
