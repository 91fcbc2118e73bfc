//! `configcid fleet`: one file for the relays and CIDs of a network.

mod apply;
mod check;
mod checksum;
mod endpoints;
mod follow;
mod pictures;
mod reparent;
mod report;
mod runbook;
mod schema;
mod session;
mod status;
mod trees;
