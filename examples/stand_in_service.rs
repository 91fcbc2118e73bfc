//! A stand-in for the services that `envelopes restart` stops and starts, for tests on Windows: it does nothing.
//!
//! `stand_in_service NAME LOG MODE`: appends a line to LOG when it starts and when it stops. MODE says how it behaves:
//! `obeys`, `ignores` (it does not stop), or `fails` (it stops as soon as it has started).

#[cfg(windows)]
mod service {
    use std::ffi::OsString;
    use std::fs::File;
    use std::io::Write;
    use std::sync::mpsc;
    use std::time::Duration;

    use windows_service::service::{
        ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
    };
    use windows_service::service_control_handler::{self, ServiceControlHandlerResult};
    use windows_service::{define_windows_service, service_dispatcher};

    define_windows_service!(begin, service);

    pub(crate) fn main() {
        let name = std::env::args().nth(1).expect("usage: stand_in_service NAME LOG MODE");
        service_dispatcher::start(name, begin).expect("the service manager starts it");
    }

    fn service(_: Vec<OsString>) {
        let arguments: Vec<String> = std::env::args().collect();
        let [_, name, log, mode] = &arguments[..] else { return };
        let note = |what: &str| {
            let mut file = File::options().append(true).create(true).open(log).expect("the log can be written");
            file.write_all(format!("{what} {name}\n").as_bytes()).expect("the log can be written");
        };
        let (sender, receiver) = mpsc::channel();
        let ignores = mode == "ignores";
        let handle = service_control_handler::register(name, move |control| match control {
            ServiceControl::Stop => {
                if !ignores {
                    let _ = sender.send(());
                }
                ServiceControlHandlerResult::NoError
            }
            ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
            _ => ServiceControlHandlerResult::NotImplemented,
        })
        .expect("the service manager takes the handler");
        let tell = |state: ServiceState| {
            let accepted = match state {
                ServiceState::Running => ServiceControlAccept::STOP,
                _ => ServiceControlAccept::empty(),
            };
            let status = ServiceStatus {
                service_type: ServiceType::OWN_PROCESS,
                current_state: state,
                controls_accepted: accepted,
                exit_code: ServiceExitCode::Win32(0),
                checkpoint: 0,
                wait_hint: Duration::from_secs(5),
                process_id: None,
            };
            handle.set_service_status(status).expect("the service manager takes the state");
        };
        if mode != "fails" {
            note("start");
            tell(ServiceState::Running);
            // The handler, and its sender with it, is gone after the first stop: without one of our own nothing would wait.
            while receiver.recv().is_err() {
                std::thread::park();
            }
            tell(ServiceState::StopPending);
            note("stop");
        }
        tell(ServiceState::Stopped);
    }
}

#[cfg(windows)]
fn main() {
    service::main();
}

#[cfg(not(windows))]
fn main() {
    eprintln!("services are of Windows alone");
}
