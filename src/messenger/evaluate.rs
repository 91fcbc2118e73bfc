//! Which messages are shown: a pure function of a message, a profile, a moment and a language.

use std::time::SystemTime;

use super::file::{Condition, Message, Test};
use super::language::Language;
use super::link::shortened;
use super::profile::Profile;
use super::version::{Version, VersionRange};
use super::words::{Words, fill};
use crate::base::text::fold_case;
use crate::base::time;

/// The longest description of a condition, in characters.
const MAX_DESCRIPTION: usize = 300;

/// What the conditions of a message are asked of.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The computer and its user.
    pub profile: &'a Profile,
    /// The moment.
    pub time: SystemTime,
    /// The user's language.
    pub language: &'a Language,
}

/// Why a message is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The user is not in *Sophos Console Administrators* \[119053\].
    Audience,
    /// This is not the management server \[119053\].
    NotServer,
    /// A condition does not hold, or, in a `none`, holds.
    Condition {
        /// Which.
        condition: &'a Condition,
        /// Whether it holds.
        holds: bool,
    },
}

/// The rule of the audience and that of the place, which go before every message's own conditions. Computers that run a remote
/// console are left out \[119053\]: they are not the management server. Who is logged on to the server over Remote Desktop is in
/// a session of the server.
pub fn refused_here(profile: &Profile) -> Option<Refusal<'static>> {
    if !profile.administrator {
        Some(Refusal::Audience)
    } else if !profile.management_server {
        Some(Refusal::NotServer)
    } else {
        None
    }
}

/// Why a message is not shown; `None` where it is.
///
/// ```
/// use configcid::messenger::{MessageFile, Profile, Setting, evaluate};
///
/// let file = MessageFile::parse(
///     br#"<messages version="1" default-language="en"><message id="a" severity="warning">
///       <conditions><expires time="2026-12-01"/></conditions>
///       <text lang="en"><title>A</title><body>B</body></text></message></messages>"#,
/// )?;
/// let (profile, language) = (Profile::default(), "en".parse()?);
/// let at = |time| Ok::<_, configcid::Error>(Setting { profile: &profile, time: configcid::time::parse(time)?, language: &language });
/// assert_eq!(evaluate(&file.messages[0], at("2026-11-30")?), None);
/// assert!(evaluate(&file.messages[0], at("2026-12-01")?).is_some());
/// # Ok::<(), configcid::Error>(())
/// ```
pub fn evaluate<'a>(message: &'a Message, setting: Setting<'_>) -> Option<Refusal<'a>> {
    refused_here(setting.profile).or_else(|| all(&message.conditions, setting))
}

fn all<'a>(conditions: &'a [Condition], setting: Setting<'_>) -> Option<Refusal<'a>> {
    conditions.iter().find_map(|condition| refusal(condition, setting))
}

/// What in a condition says no.
fn refusal<'a>(condition: &'a Condition, setting: Setting<'_>) -> Option<Refusal<'a>> {
    let here = |holds: bool| (!holds).then_some(Refusal::Condition { condition, holds: false });
    match &condition.test {
        Test::All(inner) => all(inner, setting),
        Test::Any(inner) => here(inner.iter().any(|one| refusal(one, setting).is_none())),
        Test::None(inner) => inner
            .iter()
            .find(|one| refusal(one, setting).is_none())
            .map(|condition| Refusal::Condition { condition, holds: true }),
        Test::NotBefore(moment) => here(setting.time >= *moment),
        Test::Expires(moment) => here(setting.time < *moment),
        Test::Language(language) => here(language.covers(setting.language)),
        Test::Console(kind, range) => {
            let console = setting.profile.console.as_ref();
            here(console.is_some_and(|(this, version)| this == kind && range.holds(version)))
        }
        Test::Os(os, range) => {
            here(setting.profile.os.as_ref().is_some_and(|(this, version)| this == os && range.holds(version)))
        }
        Test::Component(name, range) => {
            here(setting.profile.components.get(&fold_case(name)).is_some_and(|version| range.holds(version)))
        }
    }
}

impl Refusal<'_> {
    /// The rule that says no: `audience`, `place` or `condition`.
    pub fn rule(&self) -> &'static str {
        match self {
            Refusal::Audience => "audience",
            Refusal::NotServer => "place",
            Refusal::Condition { .. } => "condition",
        }
    }

    /// A sentence for people.
    pub fn what(&self, setting: Setting<'_>, words: &Words) -> String {
        match self {
            Refusal::Audience => words.not_administrator.to_owned(),
            Refusal::NotServer => words.not_server.to_owned(),
            Refusal::Condition { condition, holds } => {
                let (mut what, here) = (condition.describe(words), condition.actual(*holds, setting, words));
                if *holds {
                    what = format!("{} {what}", words.none_of);
                }
                fill(words.why_not, &[&condition.place.line.to_string(), &what, &here])
            }
        }
    }
}

impl Condition {
    /// The condition in a few words.
    pub fn describe(&self, words: &Words) -> String {
        let mut out = String::new();
        self.describe_into(&mut out, words);
        shortened(&out, MAX_DESCRIPTION)
    }

    fn describe_into(&self, out: &mut String, words: &Words) {
        if out.len() > MAX_DESCRIPTION * 4 {
            return;
        }
        let text = match &self.test {
            Test::All(inner) => return group(words.all_of, inner, out, words),
            Test::Any(inner) => return group(words.any_of, inner, out, words),
            Test::None(inner) => return group(words.none_of, inner, out, words),
            Test::Console(kind, range) => fill(words.console, &[&ranged(kind.name(), range, words)]),
            Test::Os(os, range) => fill(words.os, &[&ranged(os.name(), range, words)]),
            Test::Component(name, range) => fill(words.component, &[&ranged(name, range, words)]),
            Test::Language(language) => fill(words.language, &[language.as_str()]),
            Test::NotBefore(moment) => fill(words.not_before, &[&time::print(*moment)]),
            Test::Expires(moment) => fill(words.expires, &[&time::print(*moment)]),
        };
        out.push_str(&text);
    }

    /// What is so instead.
    fn actual(&self, holds: bool, setting: Setting<'_>, words: &Words) -> String {
        let profile = setting.profile;
        let versioned = |name: &str, version: &Version| format!("{name} {version}");
        let found = match &self.test {
            Test::All(_) | Test::None(_) | Test::Any(_) if holds => Some(words.holds.to_owned()),
            Test::All(_) | Test::None(_) | Test::Any(_) => Some(words.no_one_holds.to_owned()),
            Test::Console(..) => profile.console.as_ref().map(|(kind, version)| versioned(kind.name(), version)),
            Test::Os(..) => profile.os.as_ref().map(|(os, version)| versioned(os.name(), version)),
            Test::Component(name, _) => {
                profile.components.get(&fold_case(name)).map(|version| versioned(name, version))
            }
            Test::Language(_) => Some(setting.language.to_string()),
            Test::NotBefore(_) | Test::Expires(_) => Some(time::print(setting.time)),
        };
        found.unwrap_or_else(|| words.nothing.to_owned())
    }
}

fn group(name: &str, inner: &[Condition], out: &mut String, words: &Words) {
    out.push_str(name);
    out.push_str(" (");
    for (at, condition) in inner.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "; " });
        condition.describe_into(out, words);
    }
    out.push(')');
}

fn ranged(name: &str, range: &VersionRange, words: &Words) -> String {
    let bounds = match (&range.min, &range.max) {
        (None, None) => return name.to_owned(),
        (Some(min), None) => fill(words.from, &[&min.to_string()]),
        (None, Some(max)) => fill(words.up_to, &[&max.to_string()]),
        (Some(min), Some(max)) => fill(words.from_to, &[&min.to_string(), &max.to_string()]),
    };
    format!("{name} {bounds}")
}
