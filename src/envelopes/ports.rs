//! Whether the router's ports are open: what its firewall says, and what answers.

use super::rules::PORTS;
use super::surroundings::{Cause, Seen, Surroundings, cause};
use crate::firewall::{Firewall, Generation, PortAnswer, PortState, Profile, ProfileAnswer};

/// What to think of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Unclear,
    Shut,
}

impl Standing {
    fn of(profile: &ProfileAnswer) -> Self {
        let any = |states: &[PortState]| profile.ports.iter().any(|port| states.contains(&port.state));
        if any(&[PortState::Closed, PortState::Blocked]) {
            Self::Shut
        } else if any(&[PortState::Partly, PortState::Unclear]) {
            Self::Unclear
        } else {
            Self::Open
        }
    }
}

/// The cause `ports` \[63588, 12340\].
pub(super) fn ports(around: &Surroundings) -> Cause {
    const NAME: &str = "ports";
    const OPEN: &str = "open ports 8192, 8193 and 8194 for the router [12340], and see that its service \"Sophos Message Router\" runs";
    let firewall = around.firewall.as_ref().map(|firewall| judged(firewall, &around.profiles));
    let (mut answering, mut silent) = (Vec::new(), Vec::new());
    if let Some(listening) = &around.listening {
        for port in PORTS {
            match listening.ports.contains(&port) {
                true => answering.push(text!("{port} answers on {host}", port, host = listening.host)),
                false => silent.push(text!("nothing listens on {port} of {host}", port, host = listening.host)),
            }
        }
    }
    let says: Vec<String> =
        firewall.iter().map(|(_, what)| what.clone()).chain((!silent.is_empty()).then(|| silent.join(", "))).collect();
    let standing = firewall.as_ref().map(|(standing, _)| *standing);
    let mut found = if standing == Some(Standing::Shut) || !silent.is_empty() {
        cause(NAME, Seen::Yes, says.join("; "), Some(OPEN))
    } else if standing == Some(Standing::Unclear) {
        cause(NAME, Seen::Unknown, says.join("; "), Some(&next_of_unclear(around)))
    } else if standing.is_none() && answering.is_empty() {
        let what = text!("whether ports 8192 to 8194 are open could not be seen").to_owned();
        let next = text!("name the exported firewall with --firewall FILE [12340], or the server with --probe HOST");
        cause(NAME, Seen::Unknown, what, Some(next))
    } else {
        let all: Vec<String> = says.into_iter().chain((!answering.is_empty()).then(|| answering.join(", "))).collect();
        cause(NAME, Seen::No, all.join("; "), None)
    };
    if let Some(firewall) = &around.firewall {
        found.evidence = evidence(firewall);
    }
    found
}

/// The profiles to judge by, and whether that is known.
fn profiles(firewall: &Firewall, given: &[Profile]) -> (Vec<Profile>, bool) {
    let named = if given.is_empty() { &firewall.current } else { given };
    // Before Vista all networks but the domain's are Standard.
    let fit = |profile: Profile| match (profile, firewall.generation()) {
        (Profile::Public, Generation::BeforeVista) => Profile::Private,
        (profile, _) => profile,
    };
    let mut profiles: Vec<Profile> = named.iter().map(|profile| fit(*profile)).collect();
    profiles.dedup();
    if profiles.is_empty() { (firewall.profiles().to_vec(), false) } else { (profiles, true) }
}

/// What the firewall says, for the profiles that the computer is in.
fn judged(firewall: &Firewall, given: &[Profile]) -> (Standing, String) {
    let (wanted, is_known) = profiles(firewall, given);
    let answers: Vec<ProfileAnswer> =
        firewall.answers().into_iter().filter(|answer| wanted.contains(&answer.profile)).collect();
    let standings: Vec<Standing> = answers.iter().map(Standing::of).collect();
    let each: Vec<String> = answers.iter().map(|answer| text!("in {} {}", answer.name, of_profile(answer))).collect();
    let what = text!("the firewall has {}", same_or_each(&answers, each));
    let all = |standing: Standing| standings.iter().all(|this| *this == standing);
    if all(Standing::Open) {
        (Standing::Open, what)
    } else if all(Standing::Shut) || (is_known && standings.contains(&Standing::Shut)) {
        (Standing::Shut, what)
    } else if is_known || answers.len() == 1 || all(Standing::Unclear) {
        (Standing::Unclear, what)
    } else {
        (
            Standing::Unclear,
            text!("{what}; which of them the server is in is not known (in a domain it is Domain)", what),
        )
    }
}

/// One phrase where all profiles are alike.
fn same_or_each(answers: &[ProfileAnswer], each: Vec<String>) -> String {
    let states = |answer: &ProfileAnswer| answer.ports.iter().map(|port| port.state).collect::<Vec<_>>();
    match answers {
        [first, .., _] if answers.iter().all(|answer| states(answer) == states(first)) => {
            text!("{} in every profile", of_profile(first))
        }
        _ => each.join(", "),
    }
}

/// `8192 and 8193 open, 8194 closed`, or why none is needed.
fn of_profile(answer: &ProfileAnswer) -> String {
    let mut parts: Vec<(PortState, Vec<String>)> = Vec::new();
    for port in &answer.ports {
        match parts.iter_mut().find(|(state, _)| *state == port.state) {
            Some((_, ports)) => ports.push(port.port.to_string()),
            None => parts.push((port.state, vec![port.port.to_string()])),
        }
    }
    let said: Vec<String> = parts.iter().map(|(state, ports)| format!("{} {}", series(ports), state.name())).collect();
    let off = if answer.on == Some(false) { text!(" (it is off)") } else { "" };
    said.join(", ") + off
}

/// `8192, 8193 and 8194`.
fn series(ports: &[String]) -> String {
    match ports {
        [all @ .., last] if !all.is_empty() => text!("{join} and {last}", join = all.join(", "), last),
        _ => ports.concat(),
    }
}

fn next_of_unclear(around: &Surroundings) -> String {
    let Some(firewall) = &around.firewall else { return String::new() };
    let (wanted, is_known) = profiles(firewall, &around.profiles);
    let states: Vec<PortState> =
        wanted.iter().flat_map(|profile| PORTS.map(|port| firewall.answer(*profile, port).state)).collect();
    if !is_known && states.contains(&PortState::Open) {
        return text!(
            "say which profile the server is in with --profile; there, netsh advfirewall show currentprofile tells"
        )
        .to_owned();
    }
    if states.contains(&PortState::Unclear) {
        return text!("export all of it: netsh advfirewall show allprofiles > firewall.txt, and: netsh advfirewall firewall show rule \
                name=all verbose >> firewall.txt")
            .to_owned();
    }
    text!("see that all endpoints and relays are among those for whom the ports are open").to_owned()
}

/// Each profile and port with the rule that decided; ports for which it is the same stand together.
fn evidence(firewall: &Firewall) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in firewall.answers() {
        let mut groups: Vec<(&PortAnswer, Vec<String>)> = Vec::new();
        for port in &answer.ports {
            match groups.iter_mut().find(|(first, _)| first.state == port.state && first.why == port.why) {
                Some((_, ports)) => ports.push(port.port.to_string()),
                None => groups.push((port, vec![port.port.to_string()])),
            }
        }
        lines.extend(groups.iter().map(|(first, ports)| {
            format!("{}: {} {}: {}", answer.name, ports.join(", "), first.state.name(), first.why)
        }));
    }
    if let Some(answer) = firewall.answers().first() {
        let needs: Vec<String> =
            answer.ports.iter().map(|port| format!("{}: {}", port.port, port.needed_for)).collect();
        lines.push(text!("needed are {}", needs.join("; ")));
    }
    lines.extend(firewall.reservations());
    lines
}
