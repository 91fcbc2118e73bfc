//! What must be true of any input at all. Each function takes a fuzzer's bytes and panics where a promise is broken;
//! the fuzz targets and `tests/it/corpus.rs`, which replays the corpora with the ordinary toolchain, share them.

use std::collections::HashSet;
use std::path::{Component, Path};

use configcid::audit::Baseline;
use configcid::catalog::{Catalog, CidPath, checksum};
use configcid::firewall::{Firewall, PortState};
use configcid::fleet::{self, Fleet, Target};
use configcid::fuzzing;
use configcid::ior::{self, Ior};
use configcid::manifest::{self, Manifest, ManifestEntry, ManifestPath, Spec};
use configcid::messenger::{Code, Config, MessageFile, PackageSpec, Profile, Setting, State, evaluate, lint};
use configcid::mrinit::{KEY_PARENT_ROUTER, Mrinit, Value, is_secret_key};
use configcid::registry::RegFile;
use configcid::signing::{self, Certificate, VerifyOptions};
use configcid::{Encoding, ErrorKind, Position, RelayAddress};

/// A property, by the name of its target and corpus.
pub(super) type Property = fn(&[u8]);

/// All of them.
pub(super) const ALL: &[(&str, Property)] = &[
    ("address", address),
    ("baseline", baseline),
    ("catalog", catalog),
    ("certificate", certificate),
    ("command", command),
    ("endpoint", endpoint),
    ("firewall", firewall),
    ("fleet", fleet),
    ("ior", ior),
    ("journal", journal),
    ("log", log),
    ("manifest", manifest),
    ("messages", messages),
    ("messenger", messenger),
    ("mrinit", mrinit),
    ("path", path),
    ("reg", reg),
    ("spec", spec),
];

/// `mrinit.conf`: any bytes come back, a change changes what was asked for alone, no secret is shown.
pub(super) fn mrinit(data: &[u8]) {
    let conf = Mrinit::parse(data.to_vec());
    assert_eq!(conf.bytes(), data, "parse and print is the identity");
    let settings = owned_settings(&conf);
    // One of everything, chosen by the input: all of it each time would leave little time for other inputs.
    let choice = checksum::known("crc32").expect("it is known").of_bytes(data).expect("it reads no file").0 as usize;
    let pick = |from: usize, of: usize| choice.rotate_right(from as u32) % of.max(1);
    let mut values: Vec<String> =
        ["", "10.1.200.65,MR", "a\"b", "\u{e4}", "\u{c3}\u{a4}", "\u{4e2d}", "0x2001", "dword:0000ffff"]
            .map(str::to_owned)
            .into();
    values.extend(settings.iter().map(|(_, value)| value.to_string()));
    let value = &values[pick(0, values.len())];
    let name = settings.get(pick(7, settings.len() + 1)).map_or("NewName", |(name, _)| name.as_str());
    let _ = conf.get(name).map_err(|error| error.to_string());
    set(&conf, &settings, name, value);
    add(&conf, &settings, name, value);
    no_secret_is_shown(data, pick(13, SECRETS.len() * 3));
}

fn owned_settings(conf: &Mrinit) -> Vec<(String, Value)> {
    conf.settings().map(|setting| (setting.name.to_owned(), setting.value.clone())).collect()
}

/// Whether the two lists are alike but for the value of `name`.
fn same_but(name: &str, before: &[(String, Value)], after: &[(String, Value)]) -> bool {
    before.len() == after.len()
        && before.iter().zip(after).all(|(a, b)| a.0 == b.0 && (a.1 == b.1 || a.0.eq_ignore_ascii_case(name)))
}

fn set(before: &Mrinit, settings: &[(String, Value)], name: &str, value: &str) {
    let mut after = before.clone();
    let Ok(edit) = after.set(name, value) else {
        assert_eq!(&after, before, "a refused change changes nothing");
        return;
    };
    let old = before.get(name).expect("it could be set").expect("it could be set").value;
    let new = after.get(name).expect("it was set").expect("it was set").value;
    match new {
        Value::Text(text) => assert_eq!(text, value),
        Value::Dword(_) => assert!(matches!(old, Value::Dword(_))),
    }
    assert_eq!(edit.changed, old != new);
    if before.encoding() == after.encoding() && !is_half_ended(before) {
        assert!(same_but(name, settings, &owned_settings(&after)), "{name} alone changes");
    }
    // What stands before and after the value is as it was, but for an added line ending.
    let added = edit.line_ending_added.map_or(0, |ending| ending.as_str().len() * unit(before.encoding()));
    let ours = &after.bytes()[..after.bytes().len() - added];
    let theirs = before.bytes();
    let start = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let end = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_size = old.to_string().chars().count() * 4;
    assert!(start + end + old_size + 4 >= theirs.len(), "more than the value changed");
    let again = after.clone().set(name, value).expect("what was set can be set again");
    assert!(!again.changed && again.line_ending_added.is_none(), "a second change changes nothing");
}

fn add(before: &Mrinit, settings: &[(String, Value)], name: &str, value: &str) {
    let mut after = before.clone();
    let value = Value::Text(value.to_owned());
    if fuzzing::set_or_add(&mut after, name, &value).is_err() {
        assert_eq!(&after, before, "a refused change changes nothing");
        return;
    }
    let setting = after.get(name).expect("it was set").expect("it was set");
    if let Value::Text(_) = setting.value {
        assert_eq!(setting.value, &value);
    }
    let is_new = settings.iter().all(|(this, _)| !this.eq_ignore_ascii_case(name));
    if is_new && before.encoding() == after.encoding() && !is_half_ended(before) {
        let mut rest = owned_settings(&after);
        rest.retain(|(this, _)| this != name);
        assert_eq!(rest, settings, "what was there stays");
    }
}

/// Whether the last line ends in CR alone: the LF that is added makes a line ending of it, and may make a value of a
/// malformed line.
fn is_half_ended(conf: &Mrinit) -> bool {
    matches!(conf.bytes(), [.., b'\r'] | [.., b'\r', 0])
}

fn unit(encoding: Encoding) -> usize {
    if matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) { 2 } else { 1 }
}

/// A secret, in several spellings of its line.
const SECRET: &str = "q8ZkT3vYw1LpXn6RjB0sHd5GmUc=";
const SECRETS: &[&str] = &[
    "\"RouterCertIdentityKey\"=\"q8ZkT3vYw1LpXn6RjB0sHd5GmUc=\"",
    "  \"managedappcertidentitykey\" =\t\"q8ZkT3vYw1LpXn6RjB0sHd5GmUc=\"  ",
    "\"RouterCertIdentityKey \"=\"q8ZkT3vYw1LpXn6RjB0sHd5GmUc=\"",
    "\"RouterCertIdentityKey\"=\"q8ZkT3vYw1LpXn6RjB0sHd5GmUc=",
    "RouterCertIdentityKey=q8ZkT3vYw1LpXn6RjB0sHd5GmUc=",
    "; \"RouterCertIdentityKey\"=\"q8ZkT3vYw1LpXn6RjB0sHd5GmUc=\"",
];

/// A secret below any other lines is never shown, whatever encoding they have.
fn no_secret_is_shown(data: &[u8], pick: usize) {
    let seen: Vec<u8> = data.iter().copied().filter(u8::is_ascii_graphic).collect();
    if seen.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        // The fuzzer has found it: elsewhere it is no secret.
        return;
    }
    let lines = format!("\n{}\n", SECRETS[pick / 3]);
    let suffix: Vec<u8> = match pick % 3 {
        0 => lines.into(),
        1 => lines.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => lines.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    };
    let conf = Mrinit::parse([data, &suffix].concat());
    // What a reader would make out.
    let shown: String = conf.masked_text().chars().filter(char::is_ascii_graphic).collect();
    assert!(!shown.contains(SECRET), "{shown}");
    for setting in conf.settings().filter(|setting| setting.value.to_string().contains(SECRET)) {
        assert!(is_secret_key(setting.name), "{:?}", setting.name);
    }
}

/// Catalogs: what is accepted comes back byte for byte, and nothing in it leads out of the CID.
pub(super) fn catalog(data: &[u8]) {
    let catalog = match Catalog::parse(data) {
        Ok(catalog) => catalog,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::CatalogFormat);
            let Some(Position::Offset(at)) = error.position() else { panic!("{error}: where?") };
            assert!(at <= data.len() as u64, "{error}");
            return;
        }
    };
    let printed = catalog.print();
    assert_eq!(printed, data, "parse and print is the identity");
    assert!(catalog.covered(&printed).len() + 4 <= data.len());
    let mut keys = HashSet::new();
    for entry in catalog.entries() {
        assert!(keys.insert(entry.path.key()), "{} is listed twice", entry.path);
        check_path(&entry.path);
    }
    let crc32 = checksum::known("crc32").expect("it is known");
    let new = Catalog::new("", catalog.entries().to_vec(), &*crc32).expect("no two entries are alike");
    assert_eq!(Catalog::parse(&new.print()).expect("what is printed can be read"), new);
}

/// Journals: whoever wrote one, recovery touches nothing but files of the CID and files that configcid makes.
pub(super) fn journal(data: &[u8]) {
    let parts = match fuzzing::read_journal(data) {
        Ok(parts) => parts,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Journal),
    };
    for path in &parts.paths {
        let path = CidPath::parse(path).expect("a journal's paths are checked");
        check_path(&path);
        assert!(!path.file_name().to_ascii_lowercase().starts_with(".configcid-"), "{path}");
    }
    for name in &parts.work_names {
        assert!(name.to_ascii_lowercase().starts_with(".configcid-"), "{name:?}");
        assert!(name.ends_with(".new") || name.ends_with(".old"), "{name:?}");
        let parts: Vec<_> = Path::new(name).components().collect();
        assert!(matches!(parts[..], [Component::Normal(_)]) && !name.contains(['\\', ':', '\0']), "{name:?}");
    }
    assert!(!parts.description.is_empty());
    let again = fuzzing::read_journal(&parts.printed).expect("what is printed can be read");
    assert_eq!(again.printed, parts.printed);
}

/// Paths: what is accepted stays inside, means the same everywhere, and comes back.
pub(super) fn path(data: &[u8]) {
    if let Ok(path) = fuzzing::path_from_catalog(data) {
        assert_eq!(fuzzing::path_to_catalog(&path), data);
        check_path(&path);
    }
    let text = String::from_utf8_lossy(data);
    match CidPath::parse(&text) {
        Ok(path) => {
            assert_eq!(path.as_str(), text);
            check_path(&path);
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Path);
            assert!(!error.to_string().contains(char::is_control));
        }
    }
}

fn check_path(path: &CidPath) {
    let text = path.as_str();
    assert!(text.starts_with('\\') && !text.contains(['/', ':', '"', '<', '>', '|', '*', '?']), "{text:?}");
    assert!(!text.contains(char::is_control), "{text:?}");
    let root = Path::new("/cid");
    let below = fuzzing::path_below(path, root);
    let inside: Vec<Component> = below.strip_prefix(root).expect("it stays inside").components().collect();
    assert!(inside.iter().all(|part| matches!(part, Component::Normal(_))), "{text:?}");
    assert_eq!(inside.len(), path.parts().count(), "{text:?}");
    for part in path.parts() {
        assert!(!part.is_empty() && part != "." && part != ".." && !part.ends_with(['.', ' ']), "{text:?}");
        let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
        assert!(!["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()), "{text:?}");
        let (device, number) = stem.split_at_checked(3).unwrap_or_default();
        let is_digit = number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit());
        assert!(!(["COM", "LPT"].contains(&device) && is_digit), "{text:?}");
    }
    assert_eq!(&CidPath::parse(text).expect("it was accepted"), path);
    let bytes = fuzzing::path_to_catalog(path);
    assert_eq!(&fuzzing::path_from_catalog(&bytes).expect("it was accepted"), path);
    let key = CidPath::parse(&path.key()).expect("the key is a path too");
    assert_eq!(key.key(), path.key());
    match path.folder() {
        None => assert_eq!(text, format!("\\{}", path.file_name())),
        Some(folder) => {
            assert_eq!(text, format!("{folder}\\{}", path.file_name()));
            let seen = fuzzing::path_seen_from(path, &folder).expect("it lies in its folder");
            assert_eq!(seen.as_str(), format!("\\{}", path.file_name()));
            assert_eq!(&fuzzing::path_under(&seen, &folder), path);
        }
    }
    assert_eq!(fuzzing::path_seen_from(path, path), None);
}

/// Relay addresses: what is accepted fits into an `mrinit.conf` and comes back.
pub(super) fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match text.parse::<RelayAddress>() {
        Ok(relay) => {
            check_address(&relay);
            let printed = relay.to_string();
            assert_eq!(printed.parse::<RelayAddress>().expect("what is printed can be read"), relay);
            if !matches!(relay.ip(), Some(ip) if ip.is_ipv6()) {
                assert_eq!(printed, text, "nothing but an IPv6 address has two spellings");
            }
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Address),
    }
    let mut parts = text.split('\n').map(|part| Some(part).filter(|part| !part.is_empty()));
    let mut part = || parts.next().flatten();
    let (ip, fqdn, netbios) = (part(), part(), part());
    if let Ok(relay) = RelayAddress::new(ip, fqdn, netbios) {
        assert_eq!((relay.ip().is_some(), relay.fqdn(), relay.netbios()), (ip.is_some(), fqdn, netbios));
        check_address(&relay);
    }
}

fn check_address(relay: &RelayAddress) {
    let printed = relay.to_string();
    assert!(printed.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'), "{printed:?}");
    assert!(fuzzing::names_relay(&printed, relay), "{printed:?}");
    assert!(relay.warnings().iter().all(|warning| !warning.contains(char::is_control)));
    let mut conf = Mrinit::parse(b"[Config]\r\n\"ParentRouterAddress\"=\"\"\r\n".to_vec());
    let _ = conf.set(KEY_PARENT_ROUTER, &printed).expect("it fits into an mrinit.conf");
    assert_eq!(conf.text(KEY_PARENT_ROUTER).expect("it was set"), printed);
}

/// Checksum commands: the words, quoted, are the same words.
pub(super) fn command(data: &[u8]) {
    let line = String::from_utf8_lossy(data);
    let words = match fuzzing::split_command(&line) {
        Ok(words) => words,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Usage),
    };
    assert!(words.first().is_some_and(|program| !program.is_empty()));
    let size = |words: &[String]| words.iter().map(String::len).sum::<usize>();
    assert!(size(&words) <= line.len());
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"'\"'\""))).collect();
    assert_eq!(fuzzing::split_command(&quoted.join(" ")).expect("every quote is closed"), words);
}

/// Sources of `endpoints survey`, in each of their forms: whatever is told of is a line of the source, and no line is told of twice as
/// the same thing.
pub(super) fn endpoint(data: &[u8]) {
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    for (line, said) in fuzzing::endpoint_source(data) {
        assert!(line <= lines && !said.is_empty(), "{line}: {said}");
    }
}

/// A `.reg` file that is understood comes back with the same keys and values; one that is not is refused with a line of it, or whole.
pub(super) fn reg(data: &[u8]) {
    match RegFile::parse(data) {
        Ok(file) => {
            // An ANSI file may have been UTF-8 with characters that Windows-1252 lacks.
            let Ok(printed) = file.print() else { return };
            assert_eq!(RegFile::parse(&printed).expect("what is printed is understood"), file);
            for section in &file.keys {
                assert!(section.delete || file.has_key(&section.key) || file.keys.iter().any(|other| other.delete));
                section.items.iter().for_each(|item| drop(file.value(&section.key, &item.name).cloned()));
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::RegistryFormat);
            // What is wrong with the encoding or the size is wrong with the whole file.
            if let Some(place) = error.position() {
                assert!(matches!(place, Position::Line(line) if (1..=data.len() + 1).contains(&line)), "{error}");
            }
        }
    }
}

/// What an audit kept: another one reads what it prints, and finds every CID in it that the first one named.
pub(super) fn baseline(data: &[u8]) {
    match Baseline::parse(data) {
        Ok(baseline) => {
            let again = Baseline::parse(&baseline.print()).expect("what was printed can be read");
            assert!(baseline.names().eq(again.names()));
            for name in baseline.names() {
                let (found, seen) = baseline.seen(name).expect("it is named");
                assert_eq!((found, again.seen(name)), (name, Some((name, seen))));
            }
            assert_eq!(again.sha256(), Baseline::parse(&again.print()).expect("as before").sha256());
        }
        Err(error) => assert!(!error.what().is_empty() && error.next_step().is_some()),
    }
}

/// Exports of a firewall, in any of the forms that are read: every port has a state in every profile, a rule is named where
/// one decided, and one more rule that keeps all out closes what is not off.
pub(super) fn firewall(data: &[u8]) {
    match Firewall::parse(data) {
        Ok(firewall) => {
            for answer in firewall.answers() {
                for port in &answer.ports {
                    let named =
                        port.rule.as_ref().is_none_or(|name| firewall.rules.iter().any(|rule| rule.name == *name));
                    assert!(named && !port.why.is_empty(), "{port:?}");
                    assert!(answer.on != Some(false) || port.state == PortState::Open, "{port:?}");
                    let is_partly = port.state == PortState::Partly;
                    assert!(!is_partly || port.rule.is_some(), "{port:?} by no rule");
                }
            }
            assert!(firewall.reservations().iter().all(|sentence| !sentence.is_empty()));
            let block =
                b"Rule Name: x\nEnabled: Yes\nDirection: In\nProtocol: TCP\nLocalPort: Any\nProgram: Any\nAction: Block\n";
            let mut blocked = firewall.clone();
            blocked.add(block).expect("it is a rule");
            for (before, after) in firewall.answers().iter().zip(blocked.answers()) {
                // Where the new rule tells another Windows than was thought, other settings may count.
                if firewall.generation() == blocked.generation() && before.on != Some(false) {
                    assert!(
                        after.ports.iter().all(|port| matches!(port.state, PortState::Blocked))
                            || is_without_local_rules(data),
                        "{after:?}"
                    );
                }
            }
        }
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Usage | ErrorKind::RegistryFormat), "{error}"),
    }
}

/// Whether a policy may say that rules of the computer do not count.
fn is_without_local_rules(data: &[u8]) -> bool {
    let plain: String = data.iter().filter(|byte| **byte != 0).map(|byte| byte.to_ascii_lowercase() as char).collect();
    plain.contains("localpolicymerge") || plain.contains("localfirewallrules")
}

/// A router's log: lines are bounded and do not depend on how the file is read, and what is counted is there.
pub(super) fn log(data: &[u8]) {
    let (lines, longest) = fuzzing::log_lines(data, data.len().max(1));
    assert!(lines.iter().all(|(line, _)| line.len() <= 3 * longest && !line.contains('\n')));
    assert_eq!(fuzzing::log_lines(data, 7).0, lines, "the buffer makes no difference");
    let prefixed = lines.iter().filter(|(_, prefixed)| *prefixed).count() as u64;
    let report = fuzzing::log_report(data);
    assert_eq!(report.lines, prefixed);
    assert!(report.lines + report.continuations <= lines.len() as u64);
    let levels = report.levels;
    assert_eq!(levels.information + levels.notice + levels.warning + levels.error, report.lines);
    assert!(report.lost_sessions.count <= prefixed && report.failed_handshakes.count <= prefixed);
    assert_eq!(report.lost_sessions_per_hour.iter().map(|hour| hour.count).sum::<u64>(), report.lost_sessions.count);
    assert_eq!(report.last_error.is_some(), levels.error > 0);
    assert_eq!(report.start_count, report.starts.len() as u64);
    for start in &report.starts {
        assert!(!(start.healthy && start.stopped_before.is_some()) && start.line <= lines.len() as u64, "{start:?}");
    }
}

/// Fleet files: one that is refused has its line; one that is understood is checked, whatever it says, and every
/// finding has a line of the file and an article.
pub(super) fn fleet(data: &[u8]) {
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    let fleet = match Fleet::parse(data, Path::new("/fleet")) {
        Ok(fleet) => fleet,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::FleetFormat);
            assert!(matches!(error.position(), Some(Position::Line(line)) if (1..=lines).contains(&line)), "{error}");
            return;
        }
    };
    for finding in fleet::check(&fleet) {
        assert!((1..=lines).contains(&finding.line) && !finding.article.is_empty(), "{finding:?}");
    }
    let cycles = fleet.cycles();
    let levels = fleet.levels();
    for (relay, level) in levels.iter().copied().enumerate() {
        let parent = fleet.relays[relay].reports_to;
        match (level, parent) {
            (Some(level), Target::Server) => assert_eq!(level, 2),
            (Some(level), Target::Relay(parent)) => assert_eq!(levels[parent], Some(level - 1)),
            (_, Target::Unknown | Target::Server) => assert_eq!((level, parent), (None, Target::Unknown)),
            (None, Target::Relay(_)) => {}
        }
        assert!(level.is_none() || cycles.iter().all(|cycle| !cycle.contains(&relay)));
    }
    for cid in &fleet.cids {
        let target = cid.reports_to;
        assert!(!matches!(target, Target::Relay(index) if index >= fleet.relays.len()));
        assert!(cid.relay.is_some() || target == Target::Server);
    }
}
/// A manifest that is accepted comes back byte for byte, and says the same when only what is understood of it is printed;
/// none of its paths leads out; its signatures can be looked at. A refusal names a line.
pub(super) fn manifest(data: &[u8]) {
    let manifest = match Manifest::parse(data.to_vec()) {
        Ok(manifest) => manifest,
        Err(error) => return refused_line(data, &error),
    };
    assert_eq!(manifest.bytes(), data);
    let entries: Vec<ManifestEntry<'_>> = manifest.entries().collect();
    assert_eq!(entries.len(), manifest.len());
    let mut names = HashSet::new();
    for entry in &entries {
        stays_inside(&entry.path.to_cid_path());
        assert!(names.insert(entry.path.to_cid_path().key()), "a file has one entry");
        assert_eq!(ManifestPath::parse(entry.path.as_str()).expect("it was read"), entry.path);
    }
    if !entries.is_empty() {
        let printed = Manifest::parse(Manifest::body(&entries)).expect("what is printed is understood");
        assert_eq!(printed.entries().collect::<Vec<_>>(), entries);
        assert!(manifest::diff(&manifest, &printed).is_empty());
    }
    for signature in manifest.signatures() {
        assert!(data.starts_with(manifest.covered(signature)));
    }
    let report = signing::verify(&manifest, &VerifyOptions::new(std::time::UNIX_EPOCH));
    assert!(report.reason.is_some(), "nobody is trusted");
    assert_eq!(report.signatures.len(), manifest.signatures().len());
}

/// An MD5 list that is accepted comes back byte for byte, and a change changes what was asked for alone.
pub(super) fn spec(data: &[u8]) {
    let before = match Spec::parse(data.to_vec()) {
        Ok(spec) => spec,
        Err(error) => return refused_line(data, &error),
    };
    assert_eq!(before.bytes(), data);
    let mut after = before.clone();
    let path = before.entries().last().map_or("new/file.x", |entry| &entry.path).to_owned();
    after.set(&path, [0x5A; 16]).expect("the path was read");
    assert_eq!(Spec::parse(after.bytes().to_vec()).expect("what is printed is understood"), after);
    let others = |spec: &Spec| -> Vec<_> {
        spec.entries().iter().filter(|entry| entry.path != path).map(|entry| (entry.path.clone(), entry.md5)).collect()
    };
    assert_eq!(others(&before), others(&after));
}

/// Certificates, revocation lists and keys of any bytes are read or refused.
pub(super) fn certificate(data: &[u8]) {
    if let Ok(certificate) = Certificate::parse(data.to_vec()) {
        assert_eq!(certificate.der(), data);
        let said = [certificate.subject(), certificate.issuer(), certificate.serial(), certificate.key_name()];
        assert!(!said[3].is_empty());
        configcid::time::print(certificate.not_before());
        configcid::time::print(certificate.not_after());
    }
    fuzzing::read_certificates(data);
}

fn refused_line(data: &[u8], error: &configcid::Error) {
    assert!(matches!(error.kind(), ErrorKind::ManifestFormat | ErrorKind::Path), "{error}");
    match error.position() {
        Some(Position::Line(line)) => assert!((1..=data.len() + 1).contains(&line), "{error}"),
        None => assert!(data.is_empty(), "{error}"),
        Some(Position::Offset(_) | Position::Character { .. }) => panic!("lines are what people see: {error}"),
    }
}

fn stays_inside(path: &CidPath) {
    let real = fuzzing::path_below(path, Path::new("root"));
    assert!(real.starts_with("root"));
    assert!(real.components().all(|part| matches!(part, Component::Normal(_))), "{}", real.display());
}

/// Message files: each gives messages or a fault with its place; what is read is evaluated, described and linted.
pub(super) fn messages(data: &[u8]) {
    let epoch = std::time::UNIX_EPOCH;
    let findings = lint(data, epoch);
    assert!(findings.iter().all(|finding| finding.line > 0 && finding.column > 0));
    let file = match MessageFile::parse(data) {
        Ok(file) => file,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::MessengerFormat);
            let Some(Position::Character { line, column }) = error.position() else { panic!("{error}: where?") };
            assert!((1..=data.len() + 1).contains(&line) && (1..=data.len() + 1).contains(&column), "{error}");
            assert!(matches!(findings[..], [ref one] if one.code == Code::Format));
            return;
        }
    };
    assert!(findings.iter().all(|finding| finding.code != Code::Format));
    let (profile, language) = (Profile::default(), "en".parse().expect("it is a tag"));
    let setting = Setting { profile: &profile, time: epoch, language: &language };
    for message in &file.messages {
        let text = file.text(message, &language);
        assert!(!text.title.is_empty() && !text.title.contains('\n') && !text.body.is_empty());
        assert!(text.good_link().is_none_or(|link| link.bytes().all(|byte| byte.is_ascii_graphic())));
        if let Some(refusal) = evaluate(message, setting) {
            let what = refusal.what(setting, &configcid::messenger::GERMAN);
            assert!(what.chars().count() < 2000, "{what}");
        }
    }
}

/// The other files of the messenger: states come back, and TOML of any sort gives an answer.
pub(super) fn messenger(data: &[u8]) {
    if let Ok(state) = State::parse(data) {
        assert_eq!(State::parse(&state.print()).expect("what is printed is understood"), state);
    }
    let text = String::from_utf8_lossy(data);
    let known = |error: configcid::Error| assert_eq!(error.kind(), ErrorKind::MessengerFormat);
    let _ = Profile::parse(&text).map_err(known);
    let _ = PackageSpec::parse(&text, Path::new("")).map_err(known);
    match Config::parse(&text, Path::new("")) {
        Ok(config) => assert_eq!(Config::parse(&config.print(), Path::new("")).expect("it was printed"), config),
        Err(error) => known(error),
    }
}

/// An object reference that is understood, printed, is the same reference; one that is not is refused at an offset of it, or
/// whole where it is too long. The input is the text, or the bytes that the text's digits spell.
pub(super) fn ior(data: &[u8]) {
    let spelled = data.iter().fold(String::from("IOR:"), |text, byte| format!("{text}{byte:02x}"));
    for text in [data, spelled.as_bytes()] {
        match Ior::parse(text) {
            Ok(ior) => {
                // A text without its NUL grows by one, and by the gap behind it.
                let Ok(printed) = ior.print() else {
                    assert!(text.len() > ior::MAX_SIZE / 2, "what is understood can be printed");
                    continue;
                };
                assert_eq!(Ior::parse(printed.as_bytes()).expect("what is printed is understood"), ior);
                assert!(ior.endpoints().len() <= text.len() / 16);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::IorFormat);
                match error.position() {
                    Some(Position::Offset(at)) => assert!(at <= text.len().max(4) as u64, "{error}"),
                    place => assert!(place.is_none() && text.len() > ior::MAX_SIZE, "{error}"),
                }
            }
        }
        let _ = configcid::probe::read(text).map_err(|error| error.to_string());
    }
}
