//! The service manager of Windows. On other systems there is none, which is an error that says so.

use std::time::Duration;

use serde::Serialize;

use crate::base::error::Result;

/// What a service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(not(windows), allow(dead_code, reason = "only Windows has services in these states"))]
pub(crate) enum ServiceState {
    /// It does not run.
    Stopped,
    /// It runs.
    Running,
    /// It is about to start.
    Starting,
    /// It is about to stop.
    Stopping,
    /// It pauses, or is about to, or to go on.
    Paused,
}

impl ServiceState {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Paused => "paused",
        }
    }
}

/// Those who manage services: on Windows the service manager, in tests something else.
pub(crate) trait Services {
    /// What a service is doing; `None` where there is no such service.
    ///
    /// # Errors
    /// The manager does not tell.
    fn state(&self, service: &str) -> Result<Option<ServiceState>>;

    /// Asks a service to stop.
    ///
    /// # Errors
    /// The manager refuses.
    fn stop(&self, service: &str) -> Result<()>;

    /// Asks a service to start.
    ///
    /// # Errors
    /// The manager refuses.
    fn start(&self, service: &str) -> Result<()>;

    /// Waits a moment, before a state is asked for again.
    fn pause(&self) {
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(windows)]
mod windows {
    use std::ffi::OsStr;
    use std::path::Path;

    use windows_service::service::{Service, ServiceAccess, ServiceState as State};
    use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

    use super::{ServiceState, Services};
    use crate::base::error::{Error, ErrorKind, Result};

    const ERROR_SERVICE_DOES_NOT_EXIST: i32 = 1060;
    const ERROR_SERVICE_ALREADY_RUNNING: i32 = 1056;
    const ERROR_SERVICE_NOT_ACTIVE: i32 = 1062;
    const ERROR_DEPENDENT_SERVICES_RUNNING: i32 = 1051;

    /// The service manager of this computer.
    pub(super) struct Live(ServiceManager);

    pub(super) fn live() -> Result<Live> {
        ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT)
            .map(Live)
            .map_err(|error| failed(text!("ask the service manager"), "", error))
    }

    impl Live {
        fn open(&self, service: &str, access: ServiceAccess) -> Result<Option<Service>> {
            match self.0.open_service(service, access | ServiceAccess::QUERY_STATUS) {
                Ok(service) => Ok(Some(service)),
                Err(error) if code(&error) == Some(ERROR_SERVICE_DOES_NOT_EXIST) => Ok(None),
                Err(error) => Err(failed(text!("open the service"), service, error)),
            }
        }

        fn opened(&self, service: &str, access: ServiceAccess) -> Result<Service> {
            self.open(service, access)?.ok_or_else(|| {
                Error::new(ErrorKind::Service, text!("there is no service {service}", service = format!("{service:?}")))
            })
        }
    }

    impl Services for Live {
        fn state(&self, service: &str) -> Result<Option<ServiceState>> {
            let Some(opened) = self.open(service, ServiceAccess::QUERY_STATUS)? else { return Ok(None) };
            let status =
                opened.query_status().map_err(|error| failed(text!("ask for the state of"), service, error))?;
            Ok(Some(match status.current_state {
                State::Stopped => ServiceState::Stopped,
                State::StartPending => ServiceState::Starting,
                State::StopPending => ServiceState::Stopping,
                State::Running => ServiceState::Running,
                State::ContinuePending | State::PausePending | State::Paused => ServiceState::Paused,
            }))
        }

        fn stop(&self, service: &str) -> Result<()> {
            match self.opened(service, ServiceAccess::STOP)?.stop() {
                Err(error) if code(&error) != Some(ERROR_SERVICE_NOT_ACTIVE) => Err(failed("stop", service, error)),
                _ => Ok(()),
            }
        }

        fn start(&self, service: &str) -> Result<()> {
            match self.opened(service, ServiceAccess::START)?.start::<&OsStr>(&[]) {
                Err(error) if code(&error) != Some(ERROR_SERVICE_ALREADY_RUNNING) => {
                    Err(failed("start", service, error))
                }
                _ => Ok(()),
            }
        }
    }

    fn code(error: &windows_service::Error) -> Option<i32> {
        match error {
            windows_service::Error::Winapi(error) => error.raw_os_error(),
            _ => None,
        }
    }

    fn failed(doing: &str, service: &str, error: windows_service::Error) -> Error {
        let next = match code(&error) {
            Some(ERROR_DEPENDENT_SERVICES_RUNNING) => text!("stop the services that depend on it first"),
            _ => text!("run this as an administrator of the computer"),
        };
        let error = match error {
            windows_service::Error::Winapi(error) => Error::io(doing, Path::new(service), error),
            error => Error::new(ErrorKind::Service, format!("cannot {doing}: {error}")).in_file(Path::new(service)),
        };
        error.next(next)
    }
}

/// The services of this computer.
///
/// # Errors
/// This is no Windows, or the service manager does not answer.
pub(crate) fn services() -> Result<Box<dyn Services>> {
    #[cfg(windows)]
    return Ok(Box::new(windows::live()?));
    #[cfg(not(windows))]
    Err(crate::base::error::Error::new(
        crate::base::error::ErrorKind::Usage,
        "this system has no service manager: only Windows does",
    )
    .next("run this on the server; --script cmd or --script powershell prints a script to be taken there"))
}
