//! `configcid web`: configurations for web servers, tried with the servers themselves.

mod check;
mod config;
mod faulty;
#[cfg(unix)]
mod servers;
