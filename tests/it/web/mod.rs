//! `configcid web`: configurations for web servers, tried with the servers themselves.

mod config;
#[cfg(unix)]
mod servers;
