//! Computers that are asked over the network, many at a time and each no longer than a bound.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::export::why;
use super::model::{Evidence, Parent, Trouble};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::host;
use crate::base::pool::side_by_side;
use crate::base::text::same_name;
use crate::host::remote::{self, Told};
use crate::registry::Value;
use crate::router::{PARENT_ADDRESS, RegistryView};

/// The ports at which a Windows takes questions for its registry: SMB by itself, and over NetBIOS.
const PORTS: [u16; 2] = [445, 139];

/// How to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// So many computers at a time.
    pub at_a_time: usize,
    /// How long one may take.
    pub bound: Duration,
}

/// What one computer says, as a question to it may be.
pub(super) type Question = dyn Fn(&str, Duration) -> Result<Evidence> + Send + Sync;

/// Asks each of these computers, and gives what it says, in their order. One that does not answer in time is unreachable: the
/// call to Windows that waits for it is left alone, and ends when Windows ends it.
pub(super) fn ask_all(names: &[String], how: &Ask, question: Arc<Question>) -> Vec<Evidence> {
    let mut answers = vec![Evidence::default(); names.len()];
    let ask = |index: usize| ask_one(&names[index], how.bound, &question);
    side_by_side(how.at_a_time, names.len(), ask, |index, answer| answers[index] = answer);
    answers
}

fn ask_one(name: &str, bound: Duration, question: &Arc<Question>) -> Evidence {
    let unreachable =
        |why: String| Evidence { trouble: Some(Box::new(Trouble::Unreachable(why.into()))), ..Evidence::default() };
    if !is_name(name) {
        return Evidence::broken(text!("this is no name of a computer"));
    }
    let (sender, receiver) = mpsc::channel();
    let (question, owned) = (question.clone(), name.to_owned());
    let started = thread::Builder::new().stack_size(256 << 10).spawn(move || {
        // Nobody waits for an answer that comes late.
        let _ = sender.send(question(&owned, bound));
    });
    if let Err(error) = started {
        return unreachable(text!("it could not be asked: {error}", error));
    }
    match receiver.recv_timeout(bound) {
        Ok(Ok(evidence)) => evidence,
        Ok(Err(error)) if error.kind() == ErrorKind::RegistryFormat => Evidence::broken(why(&error)),
        Ok(Err(error)) => unreachable(why(&error)),
        Err(_) => unreachable(text!("it did not answer within {} s", bound.as_secs_f64())),
    }
}

/// Whether a text may be a computer's name or address: what it is not, nobody is asked for.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || ['-', '_', '.', ':'].contains(&c);
    !text.is_empty() && text.len() <= 253 && !text.starts_with('-') && text.chars().all(is_part)
}

/// Asks a computer for the parents of its router. A computer that takes no connection is not asked, since Windows waits for it
/// much longer than this.
pub(super) fn parents(computer: &str, bound: Duration) -> Result<Evidence> {
    if !same_name(computer.split('.').next().unwrap_or(computer), &host::name()) {
        takes_connections(computer, bound)?;
    }
    let views = [RegistryView::Bits32, RegistryView::Bits64];
    let told = remote::values(computer, &views.map(RegistryView::key), PARENT_ADDRESS)?;
    let mut parents = told.into_iter().map(|told| match told {
        Told::NoKey => Ok(Parent::NoKey),
        Told::NoValue => Ok(Parent::NoValue),
        Told::Value(Value::String(list) | Value::ExpandString(list)) => Ok(Parent::List(list.into())),
        Told::Value(_) => {
            Err(Error::new(ErrorKind::RegistryFormat, text!("{PARENT_ADDRESS} is no string", PARENT_ADDRESS)))
        }
    });
    let mut next = || parents.next().unwrap_or(Ok(Parent::NotTold));
    Ok(Evidence { view32: next()?, view64: next()?, ..Evidence::default() })
}

fn takes_connections(computer: &str, bound: Duration) -> Result<()> {
    let until = Instant::now() + bound;
    let io = |what: String| Error::new(ErrorKind::Io, what);
    let found = (computer, 0).to_socket_addrs().map_err(|error| io(text!("its name is not known: {error}", error)))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let mut last = text!("its name has no address").to_owned();
    for port in PORTS {
        for address in &addresses {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match TcpStream::connect_timeout(&SocketAddr::new(address.ip(), port), left / 2) {
                Ok(_) => return Ok(()),
                Err(error) => last = text!("it takes no connection at port {port}: {error}", port, error),
            }
        }
    }
    Err(io(last))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_that_hangs_holds_nobody_up_and_no_more_are_asked_than_is_said() {
        let (asked, most) = (Arc::new((AtomicUsize::new(0), AtomicUsize::new(0))), 4);
        let at_work = asked.clone();
        // Nobody ever sends anything here.
        let (never, hangs) = mpsc::channel::<()>();
        let hangs = Mutex::new(hangs);
        let question = move |name: &str, _: Duration| match name {
            "HANGS" => {
                let _ = hangs.lock().unwrap().recv();
                Ok(Evidence::default())
            }
            "DENIES" => Err(Error::new(ErrorKind::Io, "it does not let this user read its registry")),
            "STRANGE" => Err(Error::new(ErrorKind::RegistryFormat, "ParentAddress is no string")),
            name => {
                let now = at_work.0.fetch_add(1, Ordering::SeqCst) + 1;
                at_work.1.fetch_max(now, Ordering::SeqCst);
                let evidence = Evidence { view32: Parent::List(name.into()), ..Evidence::default() };
                at_work.0.fetch_sub(1, Ordering::SeqCst);
                Ok(evidence)
            }
        };
        let mut list: Vec<String> = (0..200).map(|number| format!("PC{number}")).collect();
        list.extend(["HANGS", "DENIES", "STRANGE", "no name", "-x"].map(str::to_owned));
        let how = Ask { at_a_time: most, bound: Duration::from_millis(300) };
        let answers = ask_all(&list, &how, Arc::new(question));
        for (name, answer) in list.iter().zip(&answers).take(200) {
            assert_eq!(answer.view32, Parent::List((**name).into()));
        }
        let trouble: Vec<String> =
            answers[200..].iter().map(|answer| format!("{:?}", answer.trouble.as_deref().unwrap())).collect();
        for (told, part) in trouble.iter().zip([
            "Unreachable(\"it did not answer within 0.3 s",
            "Unreachable(\"it does not let",
            "Broken(\"ParentAddress is no string",
            "Broken(\"this is no name",
            "Broken(\"this is no name",
        ]) {
            assert!(told.starts_with(part), "{told}");
        }
        assert!((1..=most).contains(&asked.1.load(Ordering::SeqCst)));
        drop(never);
    }

    #[test]
    fn a_computer_that_takes_no_connection_is_not_asked_further() {
        let error = parents("127.0.0.1.invalid", Duration::from_millis(200)).unwrap_err();
        assert!(error.what().contains("its name is not known") || error.what().contains("no address"), "{error}");
    }
}
