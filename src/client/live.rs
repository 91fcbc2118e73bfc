//! This computer, as far as it is an endpoint. On other systems than Windows there is none, which is an error that says so.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Endpoint;
use super::image::Identity;
use crate::base::error::Result;
use crate::base::program::run;
use crate::host::live::{self, Wow};
use crate::host::services::{Services, services};
use crate::registry::{KeyPath, Value};
use crate::router::{RegistryView, Router, RouterView};

/// This computer.
pub(crate) struct Live {
    services: Box<dyn Services>,
}

impl Live {
    /// This computer.
    ///
    /// # Errors
    /// This is no Windows, or its service manager does not answer.
    pub(crate) fn open() -> Result<Self> {
        let services = services().map_err(|error| match cfg!(windows) {
            true => error,
            false => error.next(
                "run this on the endpoint; --script cmd or --script powershell prints a script to be taken there, and --dry-run \
                 with --reg and --installed shows what would be done",
            ),
        })?;
        Ok(Self { services })
    }
}

/// The views that this Windows has.
fn views() -> &'static [RegistryView] {
    if live::has_views() { &RegistryView::BOTH } else { &[RegistryView::Bits64] }
}

impl Endpoint for Live {
    fn router(&self) -> Result<Router> {
        let of_view = |view: &RegistryView| {
            let (key, wow) = view.live();
            let values = live::values(&key, wow)?;
            Ok(RouterView { view: *view, present: values.is_some(), values: values.unwrap_or_default() })
        };
        Ok(Router { views: views().iter().map(of_view).collect::<Result<_>>()? })
    }

    fn set(&self, view: RegistryView, name: &str, value: Option<&Value>) -> Result<()> {
        let (key, wow) = view.live();
        match value {
            Some(value) => live::set(&key, wow, &[(name, value.clone())]),
            None => live::remove(&key, wow, name).map(drop),
        }
    }

    fn run(&self, program: &Path, bound: Duration) -> Result<()> {
        let mut command = Command::new(program);
        // It looks for mrinit.conf where it lies itself [O].
        if let Some(folder) = program.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            command.current_dir(folder);
        }
        run(command, program, Stdio::null(), bound).map(drop)
    }

    fn services(&self) -> &dyn Services {
        &*self.services
    }
}

/// The identity of this computer in its registry.
pub(crate) struct LiveIdentity {
    services: Box<dyn Services>,
}

impl LiveIdentity {
    /// That of this computer.
    ///
    /// # Errors
    /// This is no Windows, or its service manager does not answer.
    pub(crate) fn open() -> Result<Self> {
        let services = services().map_err(|error| match cfg!(windows) {
            true => error,
            false => error.next("run this on the computer of which an image is to be made"),
        })?;
        Ok(Self { services })
    }
}

impl Identity for LiveIdentity {
    fn views(&self) -> Vec<RegistryView> {
        views().to_vec()
    }

    fn names(&self, view: RegistryView, key: &KeyPath, names: &[&str]) -> Result<Vec<String>> {
        let found = live::read(key, wow(view), names)?.unwrap_or_default();
        Ok(found.into_iter().map(|(name, _)| name).collect())
    }

    fn remove(&self, view: RegistryView, key: &KeyPath, name: &str) -> Result<()> {
        live::remove(key, wow(view), name).map(drop)
    }

    fn services(&self) -> &dyn Services {
        &*self.services
    }
}

fn wow(view: RegistryView) -> Wow {
    view.live().1
}
