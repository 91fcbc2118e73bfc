//! From XML to messages, by the rules of `templates/messenger.xsd`.

use std::str::FromStr;

use super::Place;
use super::file::{Condition, ConsoleKind, MAX_MESSAGES, Message, MessageFile, MessageSeverity, Os, Test, Text};
use super::version::VersionRange;
use super::xml::{Element, fault};
use crate::base::error::{Error, Result};
use crate::base::time;

/// The longest title, body or link, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
/// The most texts of a message.
pub const MAX_TEXTS: usize = 200;
/// The most conditions of a message, groups included.
pub const MAX_CONDITIONS: usize = 1000;
/// The longest name of a component.
const MAX_NAME: usize = 128;

/// Attributes that say where a schema is to be found, and nothing else.
const SCHEMA_HINTS: [&str; 2] = ["xmlns:xsi", "xsi:noNamespaceSchemaLocation"];

pub(super) fn file(root: &Element) -> Result<MessageFile> {
    if root.name != "messages" {
        return Err(fault(root.place, text!("the root element is <{}>, not <messages>", root.name)));
    }
    let [version, default] = attributes(root, ["version", "default-language"], &SCHEMA_HINTS)?;
    let version = required(root, "version", version)?;
    if version != "1" {
        return Err(fault(
            root.place,
            text!("the file has version {version}; this program knows version 1", version = format!("{version:?}")),
        ));
    }
    root.no_text()?;
    let default_language = typed(root, "default-language", required(root, "default-language", default)?)?;
    let messages = root.children.iter().map(message).collect::<Result<Vec<_>>>()?;
    if messages.is_empty() {
        return Err(fault(root.place, text!("there is no <message> in it")));
    }
    if let Some(beyond) = messages.get(MAX_MESSAGES) {
        return Err(fault(beyond.place, text!("there are more than {MAX_MESSAGES} messages", MAX_MESSAGES)));
    }
    Ok(MessageFile { default_language, messages })
}

fn message(element: &Element) -> Result<Message> {
    only(element, &["message"])?;
    let [id, severity] = attributes(element, ["id", "severity"], &[])?;
    let (id, severity) = (required(element, "id", id)?, required(element, "severity", severity)?);
    if !is_id(id) {
        return Err(fault(element.place, text!("{id} is no id", id = format!("{id:?}")))
            .next("write up to 64 letters, digits, dots, hyphens and underscores, and a letter or digit first"));
    }
    let severity = choice(element, "severity", severity, &MessageSeverity::ALL.map(|this| (this.name(), this)))?;
    element.no_text()?;
    let (mut texts, mut conditions) = (Vec::<Text>::new(), None);
    for (at, child) in element.children.iter().enumerate() {
        only(child, &["text", "conditions"])?;
        if child.name == "text" {
            let text = text(child)?;
            if texts.iter().any(|other| other.language == text.language) {
                return Err(fault(child.place, text!("there is a text in {} already", text.language)));
            }
            if texts.len() == MAX_TEXTS {
                return Err(fault(child.place, text!("there are more than {MAX_TEXTS} texts", MAX_TEXTS)));
            }
            texts.push(text);
        } else if conditions.is_some() {
            return Err(fault(child.place, text!("there are <conditions> already")).next("put all of them into one"));
        } else if !texts.is_empty() && element.children[at..].iter().any(|next| next.name == "text") {
            return Err(fault(child.place, text!("<conditions> stands between two <text>"))
                .next("put it before or behind them"));
        } else {
            attributes(child, [], &[])?;
            conditions = Some(group(child, &mut 0)?);
        }
    }
    if texts.is_empty() {
        return Err(fault(element.place, text!("the message {id} has no <text>", id)));
    }
    let conditions = conditions.unwrap_or_default();
    Ok(Message { id: id.to_owned(), severity, texts, conditions, place: element.place })
}

/// Whether a message may have this id.
pub(super) fn is_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn text(element: &Element) -> Result<Text> {
    let [language] = attributes(element, ["lang"], &[])?;
    let language = typed(element, "lang", required(element, "lang", language)?)?;
    element.no_text()?;
    let (mut title, mut body, mut link) = (None, None, None);
    for child in &element.children {
        only(child, &["title", "body", "link"])?;
        attributes(child, [], &[])?;
        child.no_children()?;
        if child.text.len() > MAX_TEXT {
            return Err(fault(child.place, text!("the text is longer than {} MiB", MAX_TEXT >> 20)));
        }
        let slot = match child.name.as_str() {
            "title" => &mut title,
            "body" => &mut body,
            _ => &mut link,
        };
        let words = if child.name == "body" { paragraphs(&child.text) } else { squeezed(&child.text) };
        if words.is_empty() {
            return Err(fault(child.place, text!("<{}> is empty", child.name)));
        }
        if slot.replace((words, child.place)).is_some() {
            return Err(fault(child.place, text!("there is a <{}> already", child.name)));
        }
    }
    let missing = |name| fault(element.place, text!("the text in {language} has no <{name}>", language, name));
    let (title, title_place) = title.ok_or_else(|| missing("title"))?;
    let (body, _) = body.ok_or_else(|| missing("body"))?;
    let (link, link_place) = link.map_or((None, element.place), |(link, place)| (Some(link), place));
    Ok(Text { language, title, body, link, place: element.place, title_place, link_place })
}

/// Words with one blank between two.
fn squeezed(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines that follow each other are a paragraph, whose words have one blank between two; an empty line ends it.
fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut between = "";
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace().peekable();
        if words.peek().is_none() {
            between = if out.is_empty() { "" } else { "\n\n" };
        }
        for word in words {
            out.push_str(between);
            out.push_str(word);
            between = " ";
        }
    }
    out
}

/// What stands in `conditions` or a group.
fn group(element: &Element, count: &mut usize) -> Result<Vec<Condition>> {
    element.no_text()?;
    if element.children.is_empty() {
        return Err(fault(element.place, text!("<{}> holds no condition", element.name)));
    }
    element.children.iter().map(|child| condition(child, count)).collect()
}

fn condition(element: &Element, count: &mut usize) -> Result<Condition> {
    const NAMES: [&str; 9] = ["all", "any", "none", "console", "language", "os", "component", "not-before", "expires"];
    only(element, &NAMES)?;
    *count += 1;
    if *count > MAX_CONDITIONS {
        return Err(fault(
            element.place,
            text!("the message has more than {MAX_CONDITIONS} conditions", MAX_CONDITIONS),
        ));
    }
    let is_group = matches!(element.name.as_str(), "all" | "any" | "none");
    if !is_group {
        element.no_text()?;
        element.no_children()?;
    }
    let test = match element.name.as_str() {
        "console" => {
            let (kind, range) = versioned(element, "kind")?;
            Test::Console(choice(element, "kind", kind, &ConsoleKind::ALL.map(|this| (this.name(), this)))?, range)
        }
        "os" => {
            let (name, range) = versioned(element, "name")?;
            Test::Os(choice(element, "name", name, &Os::ALL.map(|this| (this.name(), this)))?, range)
        }
        "component" => {
            let (name, range) = versioned(element, "name")?;
            let name = name.trim();
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(fault(
                    element.place,
                    text!("the name of a component has 1 to {MAX_NAME} characters", MAX_NAME),
                ));
            }
            Test::Component(name.to_owned(), range)
        }
        "language" => {
            let [tag] = attributes(element, ["tag"], &[])?;
            Test::Language(typed(element, "tag", required(element, "tag", tag)?)?)
        }
        "not-before" | "expires" => {
            let [moment] = attributes(element, ["time"], &[])?;
            let moment = time::parse(required(element, "time", moment)?)
                .map_err(|error| refused(element.place, "time", &error))?;
            if element.name == "expires" { Test::Expires(moment) } else { Test::NotBefore(moment) }
        }
        name => {
            attributes(element, [], &[])?;
            let inner = group(element, count)?;
            match name {
                "all" => Test::All(inner),
                "any" => Test::Any(inner),
                _ => Test::None(inner),
            }
        }
    };
    Ok(Condition { test, place: element.place })
}

/// What is named, and the range of its versions.
fn versioned<'a>(element: &'a Element, name: &str) -> Result<(&'a str, VersionRange)> {
    let [what, min, max] = attributes(element, [name, "min", "max"], &[])?;
    let bound = |name, text: Option<&str>| text.map(|text| typed(element, name, text)).transpose();
    Ok((required(element, name, what)?, VersionRange { min: bound("min", min)?, max: bound("max", max)? }))
}

/// The values of these attributes. Any other is refused, but for those of `ignored`.
fn attributes<'a, const N: usize>(
    element: &'a Element,
    names: [&str; N],
    ignored: &[&str],
) -> Result<[Option<&'a str>; N]> {
    for (name, _) in &element.attributes {
        if !names.contains(&name.as_str()) && !ignored.contains(&name.as_str()) {
            let may = if N == 0 { text!("it has none").to_owned() } else { text!("it has {}", names.join(", ")) };
            return Err(fault(
                element.place,
                text!("<{element}> has no attribute {name}: {may}", element = element.name, name, may),
            ));
        }
    }
    let value = |name| element.attributes.iter().find(|(this, _)| this == name).map(|(_, value)| value.as_str());
    Ok(names.map(value))
}

fn required<'a>(element: &Element, name: &str, value: Option<&'a str>) -> Result<&'a str> {
    value.ok_or_else(|| {
        fault(element.place, text!("<{element}> lacks the attribute {name}", element = element.name, name))
    })
}

fn typed<T: FromStr<Err = Error>>(element: &Element, name: &str, value: &str) -> Result<T> {
    value.parse().map_err(|error| refused(element.place, name, &error))
}

fn refused(place: Place, name: &str, error: &Error) -> Error {
    fault(place, format!("{name}: {}", error.what())).next(error.next_step().unwrap_or_default())
}

fn choice<T: Copy>(element: &Element, name: &str, value: &str, choices: &[(&str, T)]) -> Result<T> {
    choices.iter().find(|(this, _)| *this == value).map(|(_, found)| *found).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        fault(element.place, text!("{name} is {value}", name, value = format!("{value:?}")))
            .next(text!("write one of {}", names.join(", ")))
    })
}

fn only(element: &Element, names: &[&str]) -> Result<()> {
    match names.contains(&element.name.as_str()) {
        true => Ok(()),
        false => {
            let may: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
            Err(fault(element.place, text!("<{}> may not stand here: what may is {}", element.name, may.join(", "))))
        }
    }
}
