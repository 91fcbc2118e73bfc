//! The proofs of docs/reliability.md, one module a danger. Each prints what it tried and found in one line that begins
//! with `reliability:`; `scripts/reliability` runs them with bigger numbers and shows these lines alone.
#![cfg(target_os = "linux")]

mod disk;
mod faults;
mod hostile;
mod kills;
mod power;
mod readers;
mod support;
mod sync;
mod writers;
