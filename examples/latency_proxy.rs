//! Stands before a server on this computer, as if that were far away: `latency_proxy SERVER_PORT MILLISECONDS`. What is sent arrives half a round
//! trip later, whatever it is and in either direction; how much at a time is not bounded. It prints the port that it listens on.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, round_trip] = &arguments[..] else {
        return Err("usage: latency_proxy SERVER_PORT MILLISECONDS".into());
    };
    let (server, round_trip): (u16, f64) = (server.parse()?, round_trip.parse()?);
    let half = Duration::from_secs_f64(round_trip / 2000.0);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for client in listener.incoming() {
        let (client, server) = (client?, TcpStream::connect(("127.0.0.1", server))?);
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        hand_on(client.try_clone()?, server.try_clone()?, half);
        hand_on(server, client, half);
    }
    Ok(())
}

/// Hands on what comes, each piece so much later than it came.
fn hand_on(mut from: TcpStream, mut to: TcpStream, later: Duration) {
    let (sender, receiver) = mpsc::sync_channel::<(Instant, Vec<u8>)>(1024);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + later, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
