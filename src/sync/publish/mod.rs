//! Publishing a CID to where a server keeps files: nothing there is a file of this system, and nothing can be taken back.
//!
//! Whatever is sent waits under a name of configcid's own until it has been read back, and gets its own name then: payload first,
//! the catalogs of components, and those of the root; what goes is removed last. So a reader finds at every moment what the
//! catalogs list. A record beside the waiting files tells the next run what one that broke off was about to do.

mod deep;
mod lock;
mod look;
mod names;
mod place;
mod read;
mod record;
mod upload;
mod work;
