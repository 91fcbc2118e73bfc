//! `configcid web`: configurations for web servers, tried with the servers themselves.

mod check;
mod config;
mod faulty;
mod fetch;
#[cfg(unix)]
mod first;
#[cfg(unix)]
mod fleet_places;
#[cfg(unix)]
mod google;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
mod publish;
#[cfg(unix)]
mod publish_guards;
#[cfg(unix)]
mod servers;
#[cfg(unix)]
mod spellings;
#[cfg(unix)]
mod store_faults;
#[cfg(unix)]
mod stores;
mod unescaped;
