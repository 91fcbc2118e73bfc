//! Each source, and the model against a plain evaluator.

use super::*;

const PORTS: [u16; 3] = [8192, 8193, 8194];

fn in_profile(bytes: &[u8], profile: Profile) -> [PortState; 3] {
    let firewall = Firewall::parse(bytes).unwrap();
    PORTS.map(|port| firewall.answer(profile, port).state)
}

fn states(bytes: &[u8]) -> [PortState; 3] {
    in_profile(bytes, Profile::Domain)
}

fn netsh(rules: &[(&str, &str, &str)]) -> String {
    let rule = |(ports, action, more): &(&str, &str, &str)| {
        format!(
            "\r\nRule Name:                            A rule: of ours\r\n{}\r\nEnabled:                              Yes\r\n\
             Direction:                            In\r\nRemoteIP:                             Any\r\nProtocol:   TCP\r\n\
             LocalPort:   {ports}\r\nAction:   {action}\r\n{more}\r\n",
            "-".repeat(70)
        )
    };
    rules.iter().map(rule).collect()
}

#[test]
fn what_netsh_prints() {
    use PortState::{Blocked, Closed, Open, Partly};
    let of = |rules: &[_]| states(netsh(rules).as_bytes());
    assert_eq!(of(&[("8192-8194", "Allow", "")]), [Open; 3]);
    assert_eq!(of(&[("8192,8194", "Allow", ""), ("8194", "Block", "")]), [Open, Closed, Blocked]);
    assert_eq!(of(&[("Any", "Allow", "Program: Any")]), [Open; 3]);
    // Whose it is, is not said.
    assert_eq!(of(&[("Any", "Allow", "")]), [PortState::Unclear; 3]);
    assert_eq!(of(&[("Any", "Block", ""), ("8192-8194", "Allow", "")]), [Open; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", ""), ("8193", "Block", "RemoteIP: LocalSubnet")]), [Open, Partly, Open]);
    assert_eq!(of(&[("8192-8194", "Allow", "LocalIP: 10.0.0.9/32")]), [Partly; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", "RemotePort: 5000")]), [Partly; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", "Enabled: No")]), [Closed; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", "Direction: Out")]), [Closed; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", "Protocol: UDP")]), [Closed; 3]);
    assert_eq!(of(&[("8192-8194", "Allow", "RemoteIP: 10.0.0.0/8")]), [Partly; 3]);
    assert_eq!(of(&[("Any", "Allow", "Program: C:\\other.exe")]), [Closed; 3]);
    assert_eq!(of(&[("Any", "Allow", "Program: C:\\Sophos\\RouterNT.exe")]), [Open; 3]);
    assert_eq!(of(&[("RPC", "Allow", "")]), [Closed; 3]);
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(netsh(&[("8193", "Allow", "")]).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(states(&utf16), [Closed, Open, Closed]);
    // Some editors save it without its mark.
    assert_eq!(states(&utf16[2..]), [Closed, Open, Closed]);
    assert!(Firewall::parse(b"Regelname: etwas\n").is_err());
    assert!(Firewall::parse(b"").is_err());
}

#[test]
fn what_netsh_prints_of_profiles_and_services() {
    use PortState::{Blocked, Closed, Open, Partly, Unclear};
    let of = |more: &str| {
        let text = netsh(&[("8192-8194", "Allow", more)]);
        Profile::ALL.map(|profile| in_profile(text.as_bytes(), profile)[0])
    };
    assert_eq!(of("Profiles: Domain,Private"), [Open, Open, Closed]);
    assert_eq!(of("Service: Sophos Message Router"), [Open; 3]);
    assert_eq!(of("Service: termservice"), [Closed; 3]);
    assert_eq!(of("InterfaceTypes: LAN"), [Partly; 3]);
    assert_eq!(of("Security: Authenticate"), [Partly; 3]);
    let of = |state: [(&str, &str); 3], rules: &str| {
        let names = ["Domain", "Private", "Public"];
        let heads: String = names
            .iter()
            .zip(state)
            .map(|(name, (state, policy))| {
                format!(
                    "{name} Profile Settings: \r\n{}\r\nState                                 {state}\r\n\
                     Firewall Policy                       {policy},AllowOutbound\r\nLocalFirewallRules   N/A (GPO-store only)\r\n\r\n",
                    "-".repeat(70)
                )
            })
            .collect();
        let text = format!("{heads}Ok.\r\n{rules}");
        Profile::ALL.map(|profile| in_profile(text.as_bytes(), profile)[0])
    };
    let block = "BlockInbound";
    let rule = netsh(&[("8192-8194", "Allow", "")]);
    assert_eq!(of([("OFF", block), ("ON", block), ("ON", "AllowInbound")], &rule), [Open; 3]);
    assert_eq!(
        of([("ON", "BlockInboundAlways"), ("OFF", "BlockInboundAlways"), ("ON", block)], &rule),
        [Blocked, Open, Open]
    );
    // The rules are not there to look at.
    assert_eq!(of([("OFF", block), ("ON", block), ("ON", "AllowInbound")], ""), [Open, Unclear, Open]);
    let other = netsh(&[("80", "Allow", "")]);
    assert_eq!(of([("OFF", block), ("ON", block), ("ON", "AllowInbound")], &other), [Open, Closed, Open]);
}

#[test]
fn what_netsh_printed_before_vista() {
    use PortState::{Blocked, Closed, Open};
    let text = |domain: &str, exceptions: &str| {
        format!(
            "\r\nDomain profile configuration (current):\r\n{line}\r\nOperational mode                  = {domain}\r\n\
             Exception mode                    = Enable\r\n\r\nAllowed programs configuration for Domain profile:\r\n\
             Mode     Name / Program\r\n{line}\r\nEnable   Remote Assistance / C:\\WINDOWS\\system32\\sessmgr.exe\r\n\r\n\
             Port configuration for Domain profile:\r\nPort   Protocol  Mode     Name\r\n{line}\r\n\
             3389   TCP       Enable   Remote Desktop\r\n8192   TCP       Enable   Sophos IOR\r\n8193   UDP       Enable   x\r\n\r\n\
             ICMP configuration for Domain profile:\r\nMode     Type  Description\r\n{line}\r\nEnable   8     Allow inbound echo request\r\n\r\n\
             Standard profile configuration:\r\n{line}\r\nOperational mode                  = Enable\r\n\
             Exception mode                    = {exceptions}\r\n\r\nAllowed programs configuration for Standard profile:\r\n\
             Mode     Name / Program\r\n{line}\r\nEnable   Sophos Message Router / C:\\Sophos\\RouterNT.exe\r\n",
            line = "-".repeat(70)
        )
    };
    let both = |text: &str| [Profile::Domain, Profile::Private].map(|profile| in_profile(text.as_bytes(), profile));
    assert_eq!(both(&text("Enable", "Enable")), [[Open, Closed, Closed], [Open; 3]]);
    assert_eq!(both(&text("Disable", "Disable")), [[Open; 3], [Blocked; 3]]);
    let firewall = Firewall::parse(text("Enable", "Enable").as_bytes()).unwrap();
    assert_eq!((firewall.generation(), &firewall.current[..]), (Generation::BeforeVista, &[Profile::Domain][..]));
}

const LOCAL: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall";

/// A `.reg` file of keys, each with the lines of its values.
fn reg(keys: &[(&str, &str)]) -> Vec<u8> {
    let keys: String = keys.iter().map(|(key, values)| format!("\r\n[{key}]\r\n{values}\r\n")).collect();
    format!("REGEDIT4\r\n{keys}").into_bytes()
}

#[test]
fn what_the_registry_has() {
    use PortState::{Blocked, Closed, Open, Partly};
    let of = |rules: &str| states(format!("REGEDIT4\n\n[{LOCAL}\\{rules}\n").as_bytes());
    let rule = |text: &str| of(&format!("FirewallRules]\n\"{{1}}\"=\"v2.10|{text}|Name=Router|\""));
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8192|LPort=8194"), [Open, Closed, Open]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=8193-8200"), [Closed, Open, Open]);
    assert_eq!(rule("Action=Block|Active=TRUE|Dir=In"), [Blocked; 3]);
    assert_eq!(rule("Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=8192"), [Closed; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=8192"), [Closed; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8192|RA4=LocalSubnet"), [Partly, Closed, Closed]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|App=C:\\\\x\\\\RouterNT.exe"), [Open; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|App=C:\\\\x\\\\other.exe"), [Closed; 3]);
    // A word for ports that are handed out at run time, in either order.
    for ports in ["LPort=8192|LPort=RPC", "LPort=RPC|LPort=8192"] {
        assert_eq!(rule(&format!("Action=Allow|Active=TRUE|Dir=In|Protocol=6|{ports}")), [Open, Closed, Closed]);
    }
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|Svc=termservice"), [Closed; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|AppPkgId=S-1-15-2-1"), [Closed; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|RA4=0.0.0.0-255.255.255.255"), [Open; 3]);
    assert_eq!(rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|Platform=2:6:2"), [PortState::Unclear; 3]);
    let old = |list: &str| in_profile(format!("REGEDIT4\n\n[{LOCAL}\\{list}\n").as_bytes(), Profile::Private);
    let ports = "StandardProfile\\GloballyOpenPorts\\List]\n\"8192:TCP\"=\"8192:TCP:*:Enabled:Router\"\n\
                 \"8193:UDP\"=\"8193:UDP:*:Enabled:x\"\n\"8194:TCP\"=\"8194:TCP:LocalSubNet:Enabled:x\"";
    assert_eq!(old(ports), [Open, Closed, Partly]);
    let program = "StandardProfile\\AuthorizedApplications\\List]\n\"x\"=\"C:\\\\Sophos\\\\RouterNT.exe:*:Enabled:Sophos: Router\"";
    assert_eq!(old(program), [Open; 3]);
    assert!(Firewall::parse(b"REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme]\n\"a\"=\"b\"\n").is_err());
}

#[test]
fn what_stands_beside_the_rules_does_not_count_as_such() {
    use PortState::{Closed, Open};
    let rules = |text: &str| format!("\"{{1}}\"=\"v2.10|Action=Allow|Active=TRUE|Dir=In|{text}|\"");
    let local = |key: &str| LOCAL.replace(r"\Parameters\FirewallPolicy", key);
    let empty = format!(r"{LOCAL}\FirewallRules");
    for other in [
        local(r"\Defaults\FirewallPolicy\FirewallRules"),
        format!(r"{LOCAL}\RestrictedServices\Static\System"),
        format!(r"{LOCAL}\RestrictedServices\AppIso\FirewallRules"),
        LOCAL.replace("CurrentControlSet", "ControlSet002") + r"\FirewallRules",
        format!(r"{LOCAL}\FirewallRules\Backup"),
    ] {
        assert_eq!(states(&reg(&[(&empty, ""), (&other, &rules("Protocol=6"))])), [Closed; 3], "{other}");
    }
    // The defaults say nothing of the state, either.
    let off = local(r"\Defaults\FirewallPolicy\DomainProfile");
    assert_eq!(states(&reg(&[(&empty, ""), (&off, "\"EnableFirewall\"=dword:0")])), [Closed; 3]);
    // An export of a disk that is mounted has but one control set.
    let mounted = LOCAL.replace("CurrentControlSet", "ControlSet001") + r"\FirewallRules";
    assert_eq!(states(&reg(&[(&mounted, &rules("Protocol=6"))])), [Open; 3]);
    // What goes is gone.
    let gone = format!("-{empty}");
    assert_eq!(states(&reg(&[(&empty, &rules("Protocol=6")), (&gone, ""), (&empty, "")])), [Closed; 3]);
}

#[test]
fn a_policy_wins_over_the_computer() {
    use PortState::{Blocked, Closed, Open};
    let (local, policy) = (format!(r"{LOCAL}\FirewallRules"), format!(r"{POLICY}\FirewallRules"));
    let (local_domain, domain) = (format!(r"{LOCAL}\DomainProfile"), format!(r"{POLICY}\DomainProfile"));
    let allow = "\"1\"=\"v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8192-8194|Name=Allow|\"";
    let block = "\"2\"=\"v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=8193|Name=Block|\"";
    let (on, off) = ("\"EnableFirewall\"=dword:1", "\"EnableFirewall\"=dword:0");
    assert_eq!(states(&reg(&[(&local_domain, on), (&local, ""), (&domain, off)])), [Open; 3]);
    assert_eq!(states(&reg(&[(&local_domain, off), (&local, ""), (&domain, on)])), [Closed; 3]);
    assert_eq!(
        states(&reg(&[(&local_domain, on), (&local, allow), (&domain, "\"AllowLocalPolicyMerge\"=dword:0")])),
        [Closed; 3]
    );
    assert_eq!(states(&reg(&[(&local_domain, on), (&local, ""), (&policy, allow)])), [Open; 3]);
    assert_eq!(states(&reg(&[(&local_domain, on), (&local, allow), (&policy, block)])), [Open, Blocked, Open]);
    assert_eq!(states(&reg(&[(&local_domain, "\"DoNotAllowExceptions\"=dword:1"), (&local, allow)])), [Blocked; 3]);
    assert_eq!(states(&reg(&[(&domain, "\"DoNotAllowExceptions\"=dword:1"), (&local, allow)])), [Blocked; 3]);
    assert_eq!(states(&reg(&[(&local_domain, "\"DefaultInboundAction\"=dword:0"), (&local, "")])), [Open; 3]);
    assert_eq!(
        states(&reg(&[(&local_domain, "\"DefaultInboundAction\"=dword:0"), (&local, block)])),
        [Open, Blocked, Open]
    );
    // Two files of one computer are one export.
    let mut both = Firewall::parse(&reg(&[(&local_domain, on), (&local, "")])).unwrap();
    assert!(both.reservations().iter().any(|one| one.contains(POLICY_KEY)), "{:?}", both.reservations());
    both.add(&reg(&[(&policy, allow)])).unwrap();
    assert_eq!(both.answer(Profile::Domain, 8192).state, Open);
    assert!(!both.reservations().iter().any(|one| one.contains("group policy")), "{:?}", both.reservations());
}

#[test]
fn policies_made_for_windows_xp() {
    use PortState::{Blocked, Closed, Open};
    let local = format!(r"{LOCAL}\StandardProfile\GloballyOpenPorts\List");
    let policy = |rest: &str| format!(r"{POLICY}\StandardProfile{rest}");
    let entry = |state: &str| format!("\"8192:TCP\"=\"8192:TCP:*:{state}:Sophos\"");
    let state = |keys: &[(&str, &str)]| in_profile(&reg(keys), Profile::Private)[0];
    let list = policy(r"\GloballyOpenPorts\List");
    assert_eq!(state(&[(&list, &entry("enabled"))]), Open);
    let enabled = policy(r"\GloballyOpenPorts");
    assert_eq!(state(&[(&enabled, "\"Enabled\"=dword:0"), (&list, &entry("enabled"))]), Closed);
    assert_eq!(state(&[(&enabled, "\"AllowUserPrefMerge\"=dword:0"), (&local, &entry("Enabled"))]), Closed);
    assert_eq!(state(&[(&enabled, "\"AllowUserPrefMerge\"=dword:1"), (&local, &entry("Enabled"))]), Open);
    // What the policy has as disabled, the computer cannot enable.
    assert_eq!(state(&[(&list, &entry("disabled")), (&local, &entry("Enabled"))]), Closed);
    assert_eq!(state(&[(&policy(""), "\"DoNotAllowExceptions\"=dword:1"), (&local, &entry("Enabled"))]), Blocked);
    // Without its service there is no firewall before Vista.
    let service = LOCAL.replace(r"\Parameters\FirewallPolicy", "");
    assert_eq!(state(&[(&service, "\"Start\"=dword:4"), (&local, &entry("Disabled"))]), Open);
    let rules = format!(r"{LOCAL}\FirewallRules");
    assert_eq!(state(&[(&service, "\"Start\"=dword:4"), (&rules, "")]), Closed);
    // Whether a later Windows heeds such lists of its own is not known.
    assert_eq!(state(&[(&local, &entry("Enabled")), (&rules, "")]), PortState::Unclear);
}

#[test]
fn each_answer_names_the_rule_that_decided() {
    let allow = "\"1\"=\"v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=8192|RA4=10.0.0.0/8|RA4=LocalSubnet|Name=Sophos IOR|Edge=TRUE|\"";
    let firewall = Firewall::parse(&reg(&[(&format!(r"{LOCAL}\FirewallRules"), allow)])).unwrap();
    let answer = firewall.answer(Profile::Private, 8192);
    assert_eq!(answer.rule.as_deref(), Some("Sophos IOR"));
    assert_eq!(answer.addresses, ["10.0.0.0/8", "LocalSubnet"]);
    assert_eq!(answer.why, "the rule \"Sophos IOR\" (local) opens it to 10.0.0.0/8, LocalSubnet alone");
    assert!(firewall.rules[0].edge && answer.needed_for.contains("IOR"));
    let answer = firewall.answer(Profile::Domain, 8192);
    assert_eq!(answer.why, "no rule opens it here; the rule \"Sophos IOR\" (local) does in Private alone");
    let answers = firewall.answers();
    assert_eq!(answers.iter().map(|answer| answer.name).collect::<Vec<_>>(), ["Domain", "Private", "Public"]);
}

#[test]
fn what_powershell_and_the_console_export() {
    use PortState::{Closed, Open, Partly};
    let csv = |rows: &str| {
        format!(
            "\"DisplayName\",\"Enabled\",\"Profile\",\"Direction\",\"Action\",\"Protocol\",\"LocalPort\",\"RemoteAddress\",\"Program\"\r\n{rows}"
        )
    };
    let of = |rows: &str| states(csv(rows).as_bytes());
    assert_eq!(
        of("\"Router\",\"True\",\"Domain, Private\",\"Inbound\",\"Allow\",\"TCP\",\"8192-8194\",\"Any\",\"Any\"\r\n"),
        [Open; 3]
    );
    assert_eq!(
        of("\"Router\",\"True\",\"Public\",\"Inbound\",\"Allow\",\"TCP\",\"8192,8193\",\"Any\",\"Any\"\r\n"),
        [Closed; 3]
    );
    assert_eq!(
        of("\"A, \"\"B\"\"\",\"True\",\"Any\",\"Inbound\",\"Allow\",\"TCP\",\"8192,8193\",\"10.0.0.0/8\",\"Any\"\r\n"),
        [Partly, Partly, Closed]
    );
    assert_eq!(
        of("\"Router\",\"True\",\"Any\",\"Inbound\",\"Allow\",\"TCP\",\"System.String[]\",\"Any\",\"Any\"\r\n"),
        [PortState::Unclear; 3]
    );
    assert_eq!(
        of("\"Router\",\"False\",\"Any\",\"Inbound\",\"Allow\",\"TCP\",\"8192\",\"Any\",\"Any\"\r\n"),
        [Closed; 3]
    );
    let console = "Name\tGroup\tProfile\tEnabled\tAction\tOverride\tProgram\tLocal Address\tRemote Address\tProtocol\tLocal Port\tRemote Port\r\n\
                   Sophos\t\tDomain\tYes\tAllow\tNo\tAny\tAny\tAny\tTCP\t8192, 8194\tAny\r\n";
    assert_eq!(states(console.as_bytes()), [Open, Closed, Open]);
    let rule = |name: &str, more: &str| {
        format!(
            "Name                  : {name}\r\nDisplayName           : Router {name}\r\nEnabled               : True\r\n\
             Profile               : Domain\r\nDirection             : Inbound\r\nAction                : Allow\r\n{more}\r\n"
        )
    };
    let filter = |ports: &str, more: &str| {
        format!(
            "Protocol      : TCP\r\nLocalPort     : {ports}\r\nRemotePort    : Any\r\nIcmpType      : Any\r\n{more}\r\n"
        )
    };
    let pairs = [rule("1", ""), filter("{8192, 8193}", ""), rule("2", ""), filter("8194", "")].concat();
    assert_eq!(states(pairs.as_bytes()), [Open; 3]);
    let by_id =
        [rule("1", ""), rule("2", ""), filter("8194", "InstanceID    : 2\r\n"), filter("80", "InstanceID    : 1\r\n")]
            .concat();
    assert_eq!(states(by_id.as_bytes()), [Closed, Closed, Open]);
    for unclear in [
        rule("1", ""),
        filter("8192", ""),
        [rule("1", ""), rule("2", ""), filter("8192", ""), filter("80", "")].concat(),
        "\r\nDisplayName    Enabled Direction Action\r\n-----------    ------- --------- ------\r\nRouter         True    Inbound   Allow\r\n".into(),
        csv("").replace("\"LocalPort\",", "") + "\"R\",\"True\",\"Any\",\"Inbound\",\"Allow\",\"TCP\",\"Any\",\"Any\"\r\n",
    ] {
        let error = Firewall::parse(unclear.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("Export-Csv"), "{unclear}\n{error}");
    }
    let profiles = "Name                            : Domain\r\nEnabled                         : False\r\nDefaultInboundAction            : NotConfigured\r\n";
    assert_eq!(states(profiles.as_bytes()), [Open; 3]);
    for binary in [&b"regf\0\0\0\0"[..], b"PReg\x01\0\0\0"] {
        let error = Firewall::parse(binary).unwrap_err().to_string();
        assert!(error.contains("reg export"), "{error}");
    }
}

/// The model against a plain evaluator that knows one question alone: may anyone connect to this port in this profile?
mod plain {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct PlainRule {
        policy: bool,
        block: bool,
        active: bool,
        inbound: bool,
        protocol: Option<u8>,
        profiles: [bool; 3],
        ports: Vec<(u16, u16)>,
        program: Option<&'static str>,
        narrow: bool,
    }

    #[derive(Debug, Clone, Default)]
    struct PlainProfile {
        on: Option<bool>,
        shield: Option<bool>,
        inbound_blocks: Option<bool>,
        merge: Option<bool>,
    }

    fn rules() -> impl Strategy<Value = Vec<PlainRule>> {
        let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.8), prop::bool::weighted(0.9));
        let ports = vec((8190_u16..8196, 0_u16..3), 0..3);
        let program =
            prop::sample::select(vec![None, Some(r"C:\x\RouterNT.exe"), Some(r"C:\x\other.exe"), Some("System")]);
        let protocol = prop::sample::select(vec![None, Some(6), Some(6), Some(17)]);
        let rule = (flags, protocol, any::<[bool; 3]>(), ports, program, prop::bool::weighted(0.2)).prop_map(
            |((policy, block, active, inbound), protocol, profiles, ports, program, narrow)| PlainRule {
                policy,
                block,
                active,
                inbound,
                protocol,
                profiles,
                ports: ports.into_iter().map(|(from, more)| (from, from + more)).collect(),
                program,
                narrow,
            },
        );
        vec(rule, 0..5)
    }

    fn profile() -> impl Strategy<Value = PlainProfile> {
        let flag = || prop::option::weighted(0.5, prop::bool::weighted(0.7));
        (flag(), prop::option::weighted(0.2, any::<bool>()), flag(), flag())
            .prop_map(|(on, shield, inbound_blocks, merge)| PlainProfile { on, shield, inbound_blocks, merge })
    }

    fn print(local: &[PlainProfile; 3], policy: &[PlainProfile; 3], rules: &[PlainRule]) -> Vec<u8> {
        let mut keys = Vec::new();
        for (store, names, all) in [
            (LOCAL, ["DomainProfile", "StandardProfile", "PublicProfile"], local),
            (POLICY, ["DomainProfile", "PrivateProfile", "PublicProfile"], policy),
        ] {
            for (name, profile) in names.iter().zip(all) {
                let line = |name: &str, flag: Option<bool>| {
                    flag.map(|flag| format!("\"{name}\"=dword:0000000{}\r\n", u8::from(flag))).unwrap_or_default()
                };
                let merge = if store == POLICY { line("AllowLocalPolicyMerge", profile.merge) } else { String::new() };
                let values = line("EnableFirewall", profile.on)
                    + &line("DoNotAllowExceptions", profile.shield)
                    + &line("DefaultInboundAction", profile.inbound_blocks)
                    + &merge;
                keys.push((format!(r"{store}\{name}"), values));
            }
            let lines: String = rules
                .iter()
                .enumerate()
                .filter(|(_, rule)| rule.policy == (store == POLICY))
                .map(|(index, rule)| {
                    let mut text = format!(
                        "v2.10|Action={}|Active={}|Dir={}|",
                        if rule.block { "Block" } else { "Allow" },
                        if rule.active { "TRUE" } else { "FALSE" },
                        if rule.inbound { "In" } else { "Out" }
                    );
                    text += &rule.protocol.map(|number| format!("Protocol={number}|")).unwrap_or_default();
                    for (name, covers) in ["Domain", "Private", "Public"].iter().zip(rule.profiles) {
                        text += &if covers { format!("Profile={name}|") } else { String::new() };
                    }
                    for (from, to) in &rule.ports {
                        text += &if from == to { format!("LPort={from}|") } else { format!("LPort2_10={from}-{to}|") };
                    }
                    text += &rule.program.map(|path| format!("App={}|", path.replace('\\', r"\\"))).unwrap_or_default();
                    text += if rule.narrow { "RA4=10.0.0.0/8|" } else { "" };
                    format!("\"{{{index}}}\"=\"{text}Name=Rule {index}|\"\r\n")
                })
                .collect();
            keys.push((format!(r"{store}\FirewallRules"), lines));
        }
        let keys: Vec<(&str, &str)> = keys.iter().map(|(key, values)| (key.as_str(), values.as_str())).collect();
        reg(&keys)
    }

    /// Whether someone at an address inside of 10.0.0.0/8, or outside of it, gets through.
    fn passes(
        local: &PlainProfile,
        policy: &PlainProfile,
        rules: &[PlainRule],
        profile: usize,
        port: u16,
        inside: bool,
    ) -> bool {
        if !policy.on.or(local.on).unwrap_or(true) {
            return true;
        }
        if policy.shield == Some(true) || local.shield == Some(true) {
            return false;
        }
        let mut is_allowed = !policy.inbound_blocks.or(local.inbound_blocks).unwrap_or(true);
        for rule in rules {
            let matches = rule.active
                && rule.inbound
                && rule.protocol.is_none_or(|number| number == 6)
                && (rule.profiles[profile] || rule.profiles == [false; 3])
                && (rule.ports.is_empty() || rule.ports.iter().any(|(from, to)| (*from..=*to).contains(&port)))
                && rule.program.is_none_or(|path| path.ends_with("RouterNT.exe"))
                && (inside || !rule.narrow)
                && (rule.policy || policy.merge != Some(false));
            if matches && rule.block {
                return false;
            }
            is_allowed |= matches;
        }
        is_allowed
    }

    proptest! {
        #[test]
        fn says_the_same(
            local in [profile(), profile(), profile()],
            policy in [profile(), profile(), profile()],
            rules in rules(),
        ) {
            let firewall = Firewall::parse(&print(&local, &policy, &rules)).unwrap();
            for (index, profile) in Profile::ALL.into_iter().enumerate() {
                for port in PORTS {
                    let passes = [true, false].map(|inside| passes(&local[index], &policy[index], &rules, index, port, inside));
                    let answer = firewall.answer(profile, port);
                    let expected: &[PortState] = match passes {
                        [true, true] => &[PortState::Open],
                        [false, false] => &[PortState::Closed, PortState::Blocked],
                        _ => &[PortState::Partly],
                    };
                    prop_assert!(expected.contains(&answer.state), "{profile:?} {port}: {answer:?}, not {expected:?}");
                }
            }
        }
    }
}
