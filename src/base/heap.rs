//! What becomes of memory that is no longer needed: the one call of the C library that the program makes on Linux.

#![allow(unsafe_code)]

/// Blocks of this size and more are the system's again as soon as they are given back, in bytes: more than the pieces in which
/// files are read, which each thread keeps. Our choice.
const LARGE: libc::c_int = 256 << 10;

/// Lets large blocks be the system's again as soon as they are given back; to be called first of all. The GNU C library would
/// take them from a heap once one of their size has been given back, and there is a heap for every thread, which does not shrink
/// around what is still in use: a `sync` of 100,000 files had half as much again in memory as it had asked for.
pub(crate) fn give_large_blocks_back() {
    // SAFETY: it sets one number of the allocator, which may be done at any time and by any thread.
    // Where it is refused, more memory is taken.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a block of this size has memory of its own, which begins with a page and the two words of its header.
    fn is_by_itself(size: usize) -> bool {
        let block: Vec<u8> = Vec::with_capacity(size);
        block.as_ptr().addr() % 4096 == 2 * size_of::<usize>()
    }

    #[test]
    fn a_large_block_is_by_itself_after_a_larger_one_was_given_back() {
        give_large_blocks_back();
        drop(Vec::<u8>::with_capacity(16 << 20));
        assert!((1..16).all(|mebibytes| is_by_itself(mebibytes << 20)));
        assert!(!(1..16).all(|kibibytes| is_by_itself(kibibytes << 10)));
    }
}
