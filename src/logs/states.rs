//! How a router stands, from line to line: a time line of states, and what became of the connection to its parent.

use std::collections::{BTreeMap, VecDeque};

use super::words::{ASKING, STEPS, Topic, WAITING};

/// More periods are not kept; the last ones are of interest.
pub(super) const MAX_PERIODS: usize = 10_000;

/// How a router stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// No line has said so far.
    #[default]
    Unknown,
    /// It starts.
    Starting,
    /// It takes messages and has, as far as it says, no parent: right for the router of a management server.
    Accepting,
    /// It has asked its parent where to connect to (the parent's IOR), and has no answer yet.
    WaitingForParent,
    /// The parent has answered.
    Connected,
    /// The parent has answered, and a certificate was asked for that is not there yet.
    WaitingForCertificate,
    /// It is logged on to its parent.
    LoggedOn,
    /// The session with the parent is lost.
    Lost,
    /// It tries to reach its parent again.
    Retrying,
    /// It was stopped.
    Off,
}

impl State {
    /// All of them, in the order in which a healthy start goes through them.
    pub const ALL: [Self; 10] = [
        Self::Unknown,
        Self::Off,
        Self::Starting,
        Self::Accepting,
        Self::WaitingForParent,
        Self::Connected,
        Self::WaitingForCertificate,
        Self::LoggedOn,
        Self::Lost,
        Self::Retrying,
    ];

    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Starting => "starting",
            Self::Accepting => "accepting",
            Self::WaitingForParent => "waiting for the parent",
            Self::Connected => "connected",
            Self::WaitingForCertificate => "waiting for a certificate",
            Self::LoggedOn => "logged on",
            Self::Lost => "lost",
            Self::Retrying => "retrying",
            Self::Off => "off",
        }
    }

    /// Whether messages pass.
    pub fn is_well(self) -> bool {
        matches!(self, Self::LoggedOn | Self::Accepting)
    }
}

/// Where a line stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct At {
    /// In seconds.
    pub time: i64,
    /// The log's index.
    pub log: usize,
    pub line: u64,
}

/// A period in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub state: State,
    pub from: At,
    /// In seconds; where the next one begins, or the last line.
    pub until: i64,
}

/// A time without connection to the parent.
#[derive(Debug, Clone, Default)]
pub(super) struct Outage {
    pub since: At,
    /// It began as a session was lost, and not as the router started.
    pub is_loss: bool,
    /// How often the parent was asked in vain.
    pub tries: u64,
    /// The exceptions that these ended with, and how often.
    pub exceptions: BTreeMap<String, u64>,
    /// The last try that failed.
    pub last_try: Option<At>,
    /// Handshakes that failed meanwhile.
    pub handshakes: u64,
}

/// A certificate that was asked for and is not there.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub tries: u64,
}

#[derive(Debug, Default)]
pub(super) struct Machine {
    pub state: State,
    pub periods: VecDeque<Period>,
    pub seconds: BTreeMap<State, i64>,
    pub has_parent: bool,
    /// Whether an earlier start had one.
    had_parent: bool,
    pub outage: Option<Outage>,
    pub wanted: Option<Wanted>,
    /// Sessions with the parent that were lost, and for how many seconds in all, those that came back.
    pub lost: u64,
    pub lost_seconds: i64,
    /// Starts before which no line says that the router was stopped.
    pub unannounced: u64,
    started: At,
    /// Lines that the parent is known by.
    hosts: Vec<String>,
    last: i64,
}

impl Machine {
    /// What a line says, with the exception that it names. `is_parent`: of a loss, whether it is the parent's session.
    pub(super) fn hear(&mut self, topics: &[Topic], at: &At, exception: Option<&str>, is_parent: bool) {
        self.last = self.last.max(at.time);
        let has = |topic: Topic| topics.contains(&topic);
        let step = topics.iter().find_map(|topic| match topic {
            Topic::Step(step) => Some(*step),
            _ => None,
        });
        let last_step = STEPS.len() - 1;
        // What fails is not what it names: "failed to get parent router IOR" neither asks nor answers.
        if has(Topic::AskingFailed) {
            self.asking_failed(at, exception);
        } else if has(Topic::LoggedOff) {
            if self.state == State::LoggedOn {
                self.begin_outage(at, true);
            }
            if self.state != State::Retrying {
                self.go(State::Lost, at);
            }
        } else if has(Topic::LostSession) && is_parent {
            if matches!(self.state, State::LoggedOn | State::Unknown) || self.outage.is_none() {
                self.lost += 1;
            }
            self.begin_outage(at, true);
            self.go(State::Lost, at);
        } else if let Some(step) = step {
            match step {
                0 => self.start(at),
                step if step == last_step => self.logged_on(at),
                ASKING => self.ask(at),
                // One that had a parent before asks it next.
                WAITING if !self.had_parent && matches!(self.state, State::Starting | State::Unknown) => {
                    self.outage = None;
                    self.go(State::Accepting, at);
                }
                step if step > ASKING => self.parent_found(at),
                _ => {}
            }
        }
        if has(Topic::Handshake) && self.has_parent && self.state != State::LoggedOn {
            self.parent_found(at);
        }
        if has(Topic::FailedHandshake)
            && let Some(outage) = &mut self.outage
        {
            outage.handshakes += 1;
        }
        self.certificate(topics, at, exception);
        if has(Topic::Off) && !has(Topic::LostSession) && step.is_none() {
            self.begin_outage(at, false);
            self.go(State::Off, at);
        }
    }

    fn start(&mut self, at: &At) {
        if !matches!(self.state, State::Off | State::Unknown) {
            self.unannounced += 1;
        }
        self.begin_outage(at, false);
        self.had_parent |= self.has_parent;
        self.has_parent = false;
        self.wanted = None;
        self.started = at.clone();
        self.go(State::Starting, at);
    }

    fn ask(&mut self, at: &At) {
        self.has_parent = true;
        if self.outage.is_none() {
            // What took messages until now turns out to have a parent, or asks for it anew.
            let since = if self.state == State::Accepting { self.started.clone() } else { at.clone() };
            self.outage = Some(Outage { since, ..Outage::default() });
        }
        let again = self.outage.as_ref().is_some_and(|outage| outage.is_loss || outage.tries > 0);
        self.go(if again { State::Retrying } else { State::WaitingForParent }, at);
    }

    fn asking_failed(&mut self, at: &At, exception: Option<&str>) {
        self.has_parent = true;
        if self.outage.is_none() {
            self.begin_outage(at, self.state == State::LoggedOn);
        }
        if let Some(outage) = &mut self.outage {
            outage.tries += 1;
            outage.last_try = Some(at.clone());
            if let Some(name) = exception {
                *outage.exceptions.entry(name.to_owned()).or_default() += 1;
            }
        }
        self.go(State::Retrying, at);
    }

    fn parent_found(&mut self, at: &At) {
        self.has_parent = true;
        if self.state == State::LoggedOn {
            return;
        }
        let state = if self.wanted.is_some() { State::WaitingForCertificate } else { State::Connected };
        self.go(state, at);
    }

    fn logged_on(&mut self, at: &At) {
        self.has_parent = true;
        self.wanted = None;
        if let Some(outage) = self.outage.take().filter(|outage| outage.is_loss) {
            self.lost_seconds += (at.time - outage.since.time).max(0);
        }
        self.go(State::LoggedOn, at);
    }

    fn certificate(&mut self, topics: &[Topic], at: &At, exception: Option<&str>) {
        let has = |topic: Topic| topics.contains(&topic);
        if has(Topic::CertificateFailed) && !has(Topic::FailedHandshake) {
            let wanted = self.wanted.get_or_insert(Wanted { tries: 0 });
            wanted.tries += 1;
            if let (Some(outage), Some(name)) = (&mut self.outage, exception) {
                *outage.exceptions.entry(name.to_owned()).or_default() += 1;
            }
        } else if has(Topic::CertificateWanted) {
            self.wanted.get_or_insert(Wanted { tries: 0 });
        } else if has(Topic::CertificateHere) {
            self.wanted = None;
            if self.state == State::WaitingForCertificate {
                self.go(State::Connected, at);
            }
        } else {
            return;
        }
        if self.state == State::Connected && self.wanted.is_some() {
            self.go(State::WaitingForCertificate, at);
        }
    }

    fn begin_outage(&mut self, at: &At, is_loss: bool) {
        if self.outage.is_none() {
            self.outage = Some(Outage { since: at.clone(), is_loss, ..Outage::default() });
        }
    }

    fn go(&mut self, state: State, at: &At) {
        if self.state == state && !self.periods.is_empty() {
            return;
        }
        self.close(at.time);
        self.state = state;
        if self.periods.len() == MAX_PERIODS {
            self.periods.pop_front();
        }
        self.periods.push_back(Period { state, from: at.clone(), until: at.time });
    }

    /// The period that goes on ends here.
    fn close(&mut self, time: i64) {
        if let Some(period) = self.periods.back_mut() {
            period.until = time.max(period.from.time);
            *self.seconds.entry(period.state).or_default() += period.until - period.from.time;
        }
    }

    /// The last line of all.
    pub(super) fn end(&mut self, time: i64) {
        self.last = self.last.max(time);
        self.close(self.last);
    }

    /// The parent's addresses and names, by which a line about a session is told to be about the parent's.
    pub(super) fn know_parent(&mut self, name: &str) {
        for part in name.split(',') {
            let host = host_of(part).to_ascii_lowercase();
            if !host.is_empty() && self.hosts.len() < 100 && !self.hosts.contains(&host) {
                self.hosts.push(host);
            }
        }
    }

    /// Whether a line about a session is about the one with the parent. An agent and a certification manager have one
    /// session alone, that with their router. A router has others with those below it, which lines name.
    pub(super) fn is_about_parent(&self, text: &str, is_router: bool) -> bool {
        let text = text.to_ascii_lowercase();
        if text.contains("parent") || !is_router {
            return true;
        }
        let known = self.hosts.iter().any(|host| {
            text.match_indices(host.as_str()).any(|(at, _)| {
                let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                !text[..at].ends_with(part) && !text[at + host.len()..].starts_with(part)
            })
        });
        let names_somebody = text.contains("router$") || text.split_whitespace().any(is_address);
        known || (self.has_parent && !names_somebody)
    }
}

/// The host of `host:port`; of `Router$NAME:TOKEN` the name.
fn host_of(part: &str) -> &str {
    let part = part.trim().trim_matches(['[', ']']);
    match part.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => part,
    }
}

fn is_address(word: &str) -> bool {
    let word = host_of(word.trim_matches(['\'', '"', '(', ')', ',', ';', '.']));
    word.parse::<std::net::IpAddr>().is_ok()
}
