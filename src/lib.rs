//! Configures and packages **CIDs**: central installation directories, the shared folders from which Sophos endpoint
//! software on a company network installs and updates itself.
//!
//! Every capability that changes a CID goes the same way: [open](Cid::open) it, decide on a [`Plan`], show the plan,
//! [carry it out](Plan::apply), look again with [`verify`](verify()). The main job makes endpoints report to a message
//! relay:
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("MRESXP");
//! # configcid::DemoCid::default().write(&path)?;
//! use configcid::{Cid, RelayAddress, RelaySetup, RefreshOptions, Scope, relay, verify};
//!
//! let cid = Cid::open(&path)?;
//! let address = RelayAddress::new(Some("10.1.200.65"), Some("MRComputer.Sales.Acme"), Some("MRComputer"))?;
//! let plan = relay::set(&cid, &RelaySetup::new(address))?;
//! for change in plan.changes() {
//!     println!("{}: {}", change.path, change.why);
//! }
//! plan.apply()?;
//! assert!(verify(&Cid::open(&path)?, &RefreshOptions::default(), Scope::Everything)?.faults.is_empty());
//! # Ok::<(), configcid::Error>(())
//! ```
//!
//! The formats know bytes and no disk ([`mrinit`], [`catalog`], [`registry`], [`manifest`], [`ior`]); [`cid`] knows the
//! disk and no command line; the capabilities ([`relay`], [`router`], [`probe`],
//! [`refresh`](refresh()), [`create`], [`verify`](verify()), [`audit`], and [`fleet`] for a whole network) put them together;
//! the command line only translates.
//!
//! Rules cite their source: a number in brackets is an article of the vendor's, \[K\], \[F\] and \[A\] mean known, read off
//! real files, and assumed, as in `docs/formats.md`.

#![warn(missing_docs)]
#![deny(unsafe_code)]
#![cfg_attr(not(any(feature = "capi", feature = "cli", windows)), forbid(unsafe_code))]

// First, since it has the macro of all texts.
#[macro_use]
mod base;

pub mod audit;
pub mod catalog;
pub mod catalogs;
pub mod cid;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "cli")]
mod client;
mod demo;
mod endpoints;
#[cfg(feature = "cli")]
mod envelopes;
#[cfg(feature = "cli")]
mod explain;
#[cfg(feature = "capi")]
pub mod ffi;
#[cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "much of it only the command line asks for")
)]
pub mod firewall;
pub mod fleet;
#[cfg(feature = "faults")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "much of it only the command line asks for")
)]
mod host;
pub mod ior;
pub mod logs;
pub mod manifest;
pub mod messenger;
pub mod mrinit;
pub mod plan;
pub mod probe;
#[cfg(feature = "cli")]
mod readiness;
pub mod registry;
pub mod relay;
pub mod report;
pub mod router;
mod run;
pub mod signing;
mod sync;
#[cfg(feature = "cli")]
mod web;
mod x509;

pub use base::error::{Error, ErrorKind, Position, Result};
pub use base::exit::Exit;
pub use base::pool::read_at_a_time;
pub use base::text::{Encoding, LineEnding};
pub use base::time;
pub use catalogs::{CatalogReport, CreateOptions, Fault, RefreshOptions, Scope, VerifyReport, create, refresh, verify};
pub use cid::Cid;
pub use demo::DemoCid;
pub use mrinit::RelayAddress;
pub use plan::Plan;
pub use relay::RelaySetup;
pub use run::{Followed, Ran, Run, Status};

/// The README's example is a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
