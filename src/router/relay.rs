//! What a relay's own router should have in the registry.

use super::{PARENT_ADDRESS, PROCESSOR_AFFINITY, RegistryView, Router, RouterView, SERVICE_ARGS, live_view};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::severity::Severity;
use crate::host::live;
use crate::mrinit::{Finding, judge, service_args};
use crate::registry::{RegFormat, Value, encode, value_line};

/// A value that a relay's router should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayValue {
    /// Its name.
    pub name: &'static str,
    /// Its value, a dword.
    pub value: u32,
    /// The vendor's articles that give it (formats.md, section 6).
    pub articles: &'static str,
}

const fn relay_value(name: &'static str, value: u32) -> RelayValue {
    RelayValue { name, value, articles: ARTICLES }
}

/// The article that lists them.
const ARTICLES: &str = "14635";

/// The values of a relay's router, in one place (formats.md, section 6).
pub const RELAY_VALUES: &[RelayValue] = &[
    relay_value("ConnectionCache", 0x5020),
    relay_value("NumSenderThreads", 8),
    relay_value("ConnectRetriesPause", 0x64),
    relay_value("TotalConnectRetryTimeSecs", 0x0a),
    relay_value("GetterInterval", 0x78),
    relay_value("GetterShortInterval", 0x78),
    relay_value("NumNotificationThresholdThreads", 4),
];

/// The values of a computer's router beside those of a relay's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RelayCheck {
    /// The views that were looked at.
    pub views: Vec<RelayView>,
    /// What is wrong with the whole, each as a sentence.
    pub faults: Vec<String>,
}

/// One view of the registry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RelayView {
    /// Which.
    pub view: RegistryView,
    /// The router's key.
    pub key: String,
    /// Whether there is such a key.
    pub present: bool,
    /// Each value, in the order of [`RELAY_VALUES`].
    pub values: Vec<ValueState>,
    /// What else of the router's key matters at a relay: its parent, and what its service is started with.
    pub others: Vec<OtherState>,
}

/// A value that has no fixed content at a relay.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct OtherState {
    /// Its name.
    pub name: &'static str,
    /// What it is, as a `.reg` file spells it.
    pub actual: Option<String>,
    /// What is wrong with it, each as a sentence.
    pub wrong: Vec<String>,
}

/// A value as it is and as it should be, both as a `.reg` file spells them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ValueState {
    /// Its name.
    pub name: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub actual: Option<String>,
    /// Whether it is as it should be.
    pub same: bool,
    /// What went wrong as it was set, where that can be told: its type, or a number in the wrong base.
    pub wrong: Option<String>,
}

impl RelayCheck {
    /// How many values are not as they should be.
    pub fn differences(&self) -> usize {
        self.views.iter().flat_map(|view| &view.values).filter(|value| !value.same).count()
    }

    /// Whether anything is wrong.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty() || self.differences() > 0 || self.others().any(|other| !other.wrong.is_empty())
    }

    /// The other values of all views.
    pub fn others(&self) -> impl Iterator<Item = &OtherState> {
        self.views.iter().flat_map(|view| &view.others)
    }
}

/// Compares a router's values with those of a relay's: in `views`, or where these are not given in each view that has a
/// router's key. That there is none at all is a fault.
pub fn check_relay(router: &Router, views: Option<&[RegistryView]>) -> RelayCheck {
    let present = router.present();
    let mut check = RelayCheck { views: Vec::new(), faults: Vec::new() };
    if present.is_empty() && views.is_none() {
        check.faults.push(
            text!(
                "there is no key of a router: Remote Management System is not installed, or another key was exported"
            )
            .to_owned(),
        );
    }
    check.views.extend(views.unwrap_or(&present).iter().map(|view| compare(&router.view(*view))));
    check
}

fn compare(view: &RouterView) -> RelayView {
    let values = RELAY_VALUES.iter().map(|wanted| {
        let expected = Value::Dword(wanted.value);
        let actual = view.value(wanted.name);
        ValueState {
            name: wanted.name,
            expected: expected.to_string(),
            actual: actual.map(Value::to_string),
            same: actual == Some(&expected),
            wrong: actual.and_then(|actual| slip(actual, wanted.value)),
        }
    });
    RelayView {
        view: view.view,
        key: view.view.key().to_string(),
        present: view.present,
        values: values.collect(),
        others: others(view),
    }
}

/// How a value that should be this dword was set wrongly, where it can be told.
fn slip(actual: &Value, wanted: u32) -> Option<String> {
    let Value::Dword(number) = actual else {
        let number = match actual {
            Value::String(text) | Value::ExpandString(text) => text.trim().parse().ok(),
            Value::Qword(number) => Some(*number),
            Value::Binary(bytes) => bytes.as_slice().try_into().ok().map(|bytes| u64::from(u32::from_le_bytes(bytes))),
            _ => None,
        };
        let also = if number == Some(u64::from(wanted)) { text!("; the number is right") } else { "" };
        return Some(text!("it is {actual}, and should be a dword{also}", actual = type_name(actual), also));
    };
    // What stands in the articles as hexadecimal was typed as decimal.
    let typed = format!("{wanted:x}").parse::<u32>().ok().filter(|typed| *typed == *number && *number != wanted);
    typed.map(|typed| {
        text!(
            "decimal {typed} was typed where hexadecimal {hex} is meant, which is decimal {wanted}",
            typed,
            hex = format!("{wanted:x}"),
            wanted
        )
    })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => text!("a string"),
        Value::ExpandString(_) => text!("an expandable string (hex(2))"),
        Value::MultiString(_) => text!("a list of strings (hex(7))"),
        Value::Dword(_) => text!("a dword"),
        Value::Qword(_) => text!("a qword (hex(b))"),
        Value::Binary(_) => text!("binary (hex)"),
        Value::Other { .. } => text!("of another type"),
    }
}

/// The values whose content is the estate's own.
fn others(view: &RouterView) -> Vec<OtherState> {
    let text = |value: &Value| match value {
        Value::String(_) => None,
        other => Some(text!("it is {}, and should be a string", type_name(other))),
    };
    let state = |name: &'static str, check: &dyn Fn(&Value) -> Vec<String>| {
        let actual = view.value(name);
        OtherState { name, actual: actual.map(Value::to_string), wrong: actual.map(check).unwrap_or_default() }
    };
    let mut others = vec![
        state(PARENT_ADDRESS, &|value| {
            let findings = value.text().map(judge).unwrap_or_default();
            let findings = findings.iter().filter(|finding| finding.severity > Severity::Note).map(Finding::to_string);
            text(value).into_iter().chain(findings).collect()
        }),
        state(SERVICE_ARGS, &|value| {
            let finding = value.text().and_then(service_args).map(|finding| finding.to_string());
            text(value).into_iter().chain(finding).collect()
        }),
        state(PROCESSOR_AFFINITY, &|value| match value {
            Value::Dword(_) => Vec::new(),
            other => vec![text!("it is {}, and should be a dword [113093]", type_name(other))],
        }),
    ];
    // Without a key there is nothing to say.
    others.retain(|_| view.present);
    others
}

/// Sets the values of a relay's router in the registry of this computer, in `views` or in each view that has a router's
/// key. Gives what was there before and, unless `dry_run` says that nothing is to be set, after.
///
/// # Errors
/// This is no Windows; no view has a router's key and none was asked for; the registry cannot be read or written.
pub fn apply(views: Option<&[RegistryView]>, dry_run: bool) -> Result<(RelayCheck, Option<RelayCheck>)> {
    let router = Router::live()?;
    let before = check_relay(&router, views);
    if let Some(fault) = before.faults.first() {
        return Err(Error::new(ErrorKind::Usage, fault.clone())
            .next("run this on the relay; --view 32 or --view 64 sets the values all the same"));
    }
    if dry_run {
        return Ok((before, None));
    }
    for view in &before.views {
        let differs = |wanted: &&RelayValue| view.values.iter().any(|value| value.name == wanted.name && !value.same);
        let wanted = RELAY_VALUES.iter().filter(differs);
        let values: Vec<_> = wanted.map(|wanted| (wanted.name, Value::Dword(wanted.value))).collect();
        if !values.is_empty() {
            let (key, wow) = view.view.live();
            live::set(&key, wow, &values)?;
        }
    }
    let views: Vec<RegistryView> = before.views.iter().map(|view| view.view).collect();
    let now = Router { views: views.iter().map(|view| live_view(*view)).collect::<Result<_>>()? };
    let after = check_relay(&now, Some(&views));
    Ok((before, Some(after)))
}

/// The `.reg` file that sets the values of a relay's router in `views`, made from `templates/relay.reg`: UTF-16LE with a
/// byte order mark, lines that end in CR LF.
///
/// ```
/// use configcid::registry::{RegFile, Value};
/// use configcid::router::{RegistryView, relay_reg_file};
///
/// let file = RegFile::parse(&relay_reg_file(&RegistryView::BOTH)?)?;
/// assert_eq!(file.value(&RegistryView::Bits32.key(), "ConnectionCache"), Some(&Value::Dword(0x5020)));
/// assert_eq!(file.value(&RegistryView::Bits64.key(), "ConnectionCache"), Some(&Value::Dword(0x5020)));
/// # Ok::<(), configcid::Error>(())
/// ```
///
/// # Errors
/// None, as long as the template and the table hold what a `.reg` file can hold.
pub fn relay_reg_file(views: &[RegistryView]) -> Result<Vec<u8>> {
    relay_reg_file_with(views, &[])
}

/// As [`relay_reg_file`], with notes among the comments at its top, each a line.
pub(crate) fn relay_reg_file_with(views: &[RegistryView], notes: &[String]) -> Result<Vec<u8>> {
    const TEMPLATE: &str = include_str!("../../templates/relay.reg");
    /// Where the part begins that is repeated for each view.
    const EACH: &str = "[{KEY}]";
    let (head, _) = TEMPLATE.split_once(EACH).unwrap_or((TEMPLATE, ""));
    let each = &TEMPLATE[head.len()..];
    let lines = RELAY_VALUES
        .iter()
        .map(|wanted| value_line(wanted.name, Some(&Value::Dword(wanted.value)), RegFormat::Version5));
    let values = lines.collect::<Result<Vec<_>>>()?.join("\n");
    let notes: String = notes.iter().map(|note| format!("\n; {note}")).collect();
    let mut text = head.replace("{ARTICLES}", ARTICLES).replace("{VERSION}", env!("CARGO_PKG_VERSION"));
    text = text.replace("{NOTES}", &notes);
    let parts = views.iter().map(|view| each.replace("{KEY}", &view.key().to_string()).replace("{VALUES}", &values));
    text.push_str(&parts.collect::<Vec<_>>().join("\n"));
    encode(&text.replace("\r\n", "\n").replace('\n', "\r\n"), RegFormat::Version5)
}
