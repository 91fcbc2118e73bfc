//! What must go from a computer before an image of its disk is made: its own identity towards the server \[O\]. Computers that
//! were made from an image with it would all be one to the server.

use std::time::Duration;

use serde::Serialize;

use crate::base::error::{Error, ErrorKind, Result};
use crate::envelopes::{ROUTER, ServiceAction, ServiceName, ServiceState, ServiceStep, ask};
use crate::host::services::Services;
use crate::registry::KeyPath;
use crate::router::RegistryView;

/// The keys below `SOFTWARE`, or below `SOFTWARE\Wow6432Node`, that hold an identity \[O\].
const KEYS: [&str; 2] =
    [r"Sophos\Messaging System\Router\Private", r"Sophos\Remote Management System\ManagementAgent\Private"];

/// The values that are it: a certificate, and its private key \[O\].
const VALUES: [&str; 2] = ["pkc", "pkp"];

/// The service of the agent, whose identity is the second one \[A\].
const AGENT: ServiceName = ServiceName { name: "Sophos Agent", display: "Sophos Agent" };

/// What has an identity: on Windows this computer, in tests something else.
pub(crate) trait Identity {
    /// The views of the registry.
    fn views(&self) -> Vec<RegistryView>;

    /// Which of these values a key has. Nobody reads what they are.
    ///
    /// # Errors
    /// The registry cannot be read.
    fn names(&self, view: RegistryView, key: &KeyPath, names: &[&str]) -> Result<Vec<String>>;

    /// Removes a value.
    ///
    /// # Errors
    /// The registry cannot be written.
    fn remove(&self, view: RegistryView, key: &KeyPath, name: &str) -> Result<()>;

    /// The services.
    fn services(&self) -> &dyn Services;
}

/// A value that is a part of the identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Secret {
    /// In which registry.
    pub(crate) view: RegistryView,
    /// The key, as a `.reg` file names it.
    pub(crate) key: String,
    /// The value's name. What it holds is told to nobody.
    pub(crate) name: String,
    #[serde(skip)]
    path: &'static str,
}

/// What was done, or is to be done.
#[derive(Debug, Serialize)]
pub(crate) struct Prepared {
    /// The parts of the identity that are, or were, there.
    pub(crate) identity: Vec<Secret>,
    /// The services that run, or were stopped.
    pub(crate) services: Vec<ServiceStep>,
    /// The services that must be stopped.
    pub(crate) running: Vec<&'static str>,
    /// The parts that are there still.
    pub(crate) left: Vec<Secret>,
    /// Why, each as a sentence.
    pub(crate) faults: Vec<String>,
}

/// The key as programs ask for it.
fn key(path: &str) -> KeyPath {
    format!(r"HKLM\SOFTWARE\{path}").parse().expect("it is the path of a key")
}

/// The key as a `.reg` file names it.
fn shown(view: RegistryView, path: &str) -> String {
    let node = if view == RegistryView::Bits32 { r"Wow6432Node\" } else { "" };
    format!(r"HKEY_LOCAL_MACHINE\SOFTWARE\{node}{path}")
}

fn identity(computer: &dyn Identity) -> Result<Vec<Secret>> {
    let mut found = Vec::new();
    for view in computer.views() {
        for path in KEYS {
            for name in computer.names(view, &key(path), &VALUES)? {
                found.push(Secret { view, key: shown(view, path), name, path });
            }
        }
    }
    Ok(found)
}

/// What is there, and changes nothing.
///
/// # Errors
/// The registry cannot be read, or the service manager does not answer.
pub(crate) fn seen(computer: &dyn Identity) -> Result<Prepared> {
    let mut running = Vec::new();
    for service in [ROUTER, AGENT] {
        let state = computer.services().state(service.name)?;
        running.extend(state.filter(|state| *state != ServiceState::Stopped).map(|_| service.display));
    }
    let identity = identity(computer)?;
    Ok(Prepared { identity, services: Vec::new(), running, left: Vec::new(), faults: Vec::new() })
}

/// Stops the services, which would write it again, and removes the identity. Services that were stopped stay so: they start
/// with Windows, on each computer that the image is put on.
///
/// # Errors
/// A service does not stop: nothing was removed then, and what was stopped runs again.
pub(crate) fn prepare(computer: &dyn Identity, bound: Duration) -> Result<Prepared> {
    let mut done = seen(computer)?;
    for service in [AGENT, ROUTER] {
        let step = ask(computer.services(), ServiceAction::Stop, service, bound)?;
        let (ok, why) = (step.ok, step.why.clone().unwrap_or_default());
        done.services.push(step);
        if !ok {
            let back = start_again(computer, &done.services, bound);
            let next = if back {
                text!("nothing was removed; stop it by hand, and run this again")
            } else {
                text!("nothing was removed, and what was stopped does not run: start it in services.msc")
            };
            return Err(Error::new(
                ErrorKind::Service,
                text!("{service} does not stop: {why}", service = service.display, why),
            )
            .next(next));
        }
    }
    for secret in &done.identity {
        if let Err(error) = computer.remove(secret.view, &key(secret.path), &secret.name) {
            done.faults.push(error.to_string());
        }
    }
    done.left = identity(computer)?;
    done.running = seen(computer)?.running;
    if !done.running.is_empty() {
        done.faults.push(text!("{} was started again by somebody: it makes a new identity", done.running.join(", ")));
    }
    if !done.left.is_empty() && done.faults.is_empty() {
        done.faults.push(text!("a part of the identity was written again by somebody").to_owned());
    }
    Ok(done)
}

/// Starts what was stopped.
fn start_again(computer: &dyn Identity, steps: &[ServiceStep], bound: Duration) -> bool {
    let stopped = steps.iter().filter(|step| step.ok && step.before.is_some_and(|was| was != ServiceState::Stopped));
    let services = [AGENT, ROUTER];
    let named = |name: &str| services.into_iter().find(|service| service.name == name);
    let mut all = true;
    for service in stopped.filter_map(|step| named(step.service)) {
        // One that does not start keeps no other from it.
        all &= ask(computer.services(), ServiceAction::Start, service, bound).is_ok_and(|step| step.ok);
    }
    all
}
