//! Whether something listens on a port: it is connected to, and let go at once.

use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use super::surroundings::Listening;
use crate::base::error::{Error, ErrorKind, Result};

/// Asks a host on which of `ports` something listens; each may take its time to answer.
///
/// # Errors
/// There is no such host.
pub(crate) fn probe(host: &str, ports: &[u16], wait: Duration) -> Result<Listening> {
    let addresses = (host, 0).to_socket_addrs().map_err(|error| {
        Error::new(ErrorKind::Usage, text!("there is no host {host}: {error}", host = format!("{host:?}"), error))
            .next("name it by its IP address")
    })?;
    let addresses: Vec<_> = addresses.map(|address| address.ip()).collect();
    let answers = |port: u16| addresses.iter().any(|ip| TcpStream::connect_timeout(&(*ip, port).into(), wait).is_ok());
    let ports = thread::scope(|scope| {
        let answers = &answers;
        let asked: Vec<_> = ports.iter().map(|port| (*port, scope.spawn(move || answers(*port)))).collect();
        asked.into_iter().filter_map(|(port, answer)| answer.join().is_ok_and(|is| is).then_some(port)).collect()
    });
    Ok(Listening { host: host.to_owned(), ports })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_listens_is_told_from_what_does_not() {
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let ports = [port(&open), port(&closed)];
        drop(closed);
        assert_eq!(probe("127.0.0.1", &ports, Duration::from_secs(5)).unwrap().ports, ports[..1]);
        assert!(probe("no such host", &ports, Duration::from_secs(1)).is_err());
    }
}
