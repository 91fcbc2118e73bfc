//! Two examples for each command, at the end of its help. All of them run, in their order, in a folder where
//! `configcid demo demo` was run: `tests/it/examples.rs` does it.

use std::fmt::Write;

use clap::Command;

use crate::base::language::said;

/// The lines of one command, without the name of the program, and what each does.
type Example = (&'static str, &'static str);

/// Of each command that does something itself. An exit code other than 0 is said at the end of what it does.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "refresh",
        &[
            ("refresh demo/MRESXP --dry-run", "what would change in the catalogs; nothing is written"),
            ("refresh demo/ESXP demo/MRESXP", "bring the catalogs of both in line with the customer's files"),
        ],
    ),
    (
        "setup",
        &[
            ("setup demo --list", "which CIDs there are, for which platform, and whom their endpoints report to"),
            ("setup demo --list --json", "the same for programs; without --list it asks, at a terminal"),
        ],
    ),
    (
        "relay set",
        &[
            (
                "relay set demo/MRESXP --ip 10.1.200.66 --fqdn mr.sales.acme --netbios MR --dry-run",
                "the difference in mrinit.conf; nothing is written",
            ),
            (
                "relay set demo/MRESXP --ip 10.1.200.66 --fqdn mr.sales.acme --netbios MR",
                "do it, and look at the result",
            ),
        ],
    ),
    (
        "relay show",
        &[
            ("relay show demo/MRESXP", "whom the endpoints of this CID report to"),
            ("relay show demo/ESXP demo/MRESXP --json", "the same of two, for programs"),
        ],
    ),
    (
        "relay registry",
        &[
            ("relay registry --reg relay.reg", "write a file that reg import takes on the relay"),
            ("relay registry --from relay.reg --show", "hold an exported registry against what a relay should have"),
        ],
    ),
    (
        "relay probe",
        &[
            ("relay probe 127.0.0.1 --timeout 1", "ask the router of this computer; where none runs, exit code 3"),
            ("relay probe 127.0.0.1 127.0.0.1:9999 --timeout 1 --json", "two at once, for programs; exit code 3"),
        ],
    ),
    (
        "fleet init",
        &[
            ("fleet init", "write a commented fleet.toml to begin with"),
            ("fleet init other.toml --dry-run", "only say what would be written"),
        ],
    ),
    (
        "fleet import",
        &[
            ("fleet import demo/ESXP demo/MRESXP --dry-run", "the fleet file that these CIDs make, on the terminal"),
            ("fleet import demo/ESXP demo/MRESXP", "write it to fleet.toml"),
        ],
    ),
    (
        "fleet check",
        &[
            (IMPORT, IMPORT_WHAT),
            ("fleet check", "circles, shared addresses, too many endpoints: each with its article"),
        ],
    ),
    ("fleet plan", &[(IMPORT, IMPORT_WHAT), ("fleet plan", "what fleet apply would do in each CID")]),
    ("fleet apply", &[(IMPORT, IMPORT_WHAT), ("fleet apply", "set up all CIDs as the file says")]),
    (
        "fleet status",
        &[(IMPORT, IMPORT_WHAT), ("fleet status", "which CIDs are in step, behind, drifted, unreachable")],
    ),
    (
        "fleet endpoints",
        &[
            (IMPORT, IMPORT_WHAT),
            (
                "fleet endpoints --survey demo/endpoint.reg",
                "which relay of the file does the computer of this export report to? How many does each have?",
            ),
            ("fleet status --survey demo/endpoint.reg", "the same beside the state of each CID"),
        ],
    ),
    (
        "fleet registry",
        &[(IMPORT, IMPORT_WHAT), ("fleet registry --out registry", "one .reg file for each relay, in a folder")],
    ),
    (
        "fleet graph",
        &[(IMPORT, IMPORT_WHAT), ("fleet graph --format svg --out fleet.svg", "a picture of who reports to whom")],
    ),
    ("fleet report", &[(IMPORT, IMPORT_WHAT), ("fleet report --out fleet.html", "one page of all of it")]),
    ("fleet runbook", &[(IMPORT, IMPORT_WHAT), ("fleet runbook", "the steps for a person in the console")]),
    (
        "client check",
        &[
            (
                "client check --reg demo/endpoint.reg --expect 10.1.200.65",
                "does the computer report to this address and no name? It has names, too: exit code 3",
            ),
            ("client check --reg demo/endpoint.reg --cid demo/MRESXP", "the same, by the CID that it updates from"),
        ],
    ),
    (
        "client set",
        &[
            (
                r"client set --script cmd --cid '\\Server1\InterChk\MRESXP'",
                "a script for software distribution, which compares first",
            ),
            (r"client set --script powershell --cid '\\Server1\InterChk\MRESXP'", "the same for PowerShell"),
        ],
    ),
    (
        "endpoints survey",
        &[
            (
                "endpoints survey demo/endpoint.reg --cid demo/MRESXP",
                "does the computer of this export report to the relay?",
            ),
            ("endpoints survey demo/endpoint.reg --cid demo/MRESXP --csv", "the same as a list for a spreadsheet"),
        ],
    ),
    (
        "endpoints collector",
        &[
            (
                "endpoints collector --share //Server1/Endpoints$ --script cmd --out collect.cmd",
                "a logon script with which each computer writes one file there",
            ),
            (
                "endpoints collector --share //Server1/Endpoints$ --script powershell",
                "the same in PowerShell, on the terminal",
            ),
        ],
    ),
    (
        "client prepare-image",
        &[
            ("client prepare-image --dry-run", "what would be removed from this computer: on Windows alone"),
            ("client prepare-image --yes", "remove it, and ask nothing: on Windows alone"),
        ],
    ),
    (
        "relay unset",
        &[
            ("relay unset demo/MRESXP --dry-run", "what taking the set-up back would change"),
            ("relay unset demo/MRESXP", "its endpoints report to the server again"),
        ],
    ),
    (
        "relay check",
        &[
            (
                "relay check --reg demo/endpoint.reg --cid demo/MRESXP --at 2026-11-20",
                "does this computer do what a relay must? It is an endpoint: exit code 3",
            ),
            (
                "relay check --reg demo/endpoint.reg --logs demo/Logs --at 2026-11-20 --json",
                "with the logs of its router, for programs; exit code 3",
            ),
        ],
    ),
    (
        "web check",
        &[
            (
                "web check http://127.0.0.1:9/CIDs/ESXP --timeout 1",
                "do endpoints get there what the catalogs list? Where no server answers, exit code 3",
            ),
            (
                "web check http://127.0.0.1:9/CIDs/ESXP --timeout 1 --deep --json",
                "with the checksums of all files, for programs; exit code 3",
            ),
        ],
    ),
    (
        "web config",
        &[
            ("web config iis demo/MRESXP", "what IIS needs to serve every file of the CID"),
            ("web config nginx demo/MRESXP --out cids.conf", "the same for nginx, in a file"),
        ],
    ),
    (
        "clone",
        &[
            ("clone demo/ESXP demo/NEW --dry-run", "how much would be copied; nothing is written"),
            ("clone demo/ESXP demo/NEW", "copy it, and compare byte by byte"),
        ],
    ),
    (
        "fetch",
        &[
            ("fetch demo/ESXP demo/COPY --dry-run", "how much would be brought; nothing is written"),
            ("fetch demo/ESXP demo/COPY --deep", "bring what its catalogs list, and check all of it"),
        ],
    ),
    (
        "sync",
        &[
            ("sync demo/ESXP demo/MRESXP --keep-relay --dry-run", "what a relay CID lacks of the server's"),
            ("sync demo/ESXP demo/BRANCH1 demo/BRANCH2", "bring it to two new folders, verified"),
        ],
    ),
    (
        "catalog list",
        &[
            ("catalog list demo/ESXP", "all entries of all catalogs"),
            ("catalog list demo/ESXP --json", "the same for programs"),
        ],
    ),
    (
        "catalog verify",
        &[
            ("catalog verify demo/MRESXP", "is every listed file there, and as it is listed?"),
            ("catalog verify demo/ESXP demo/MRESXP --checksum crc32", "the same of two, with a known function"),
        ],
    ),
    (
        "catalog create",
        &[
            ("catalog create demo/ESXP --replace --dry-run", "what the catalogs would be, of everything in the folder"),
            ("catalog create demo/ESXP --replace", "make them anew; they keep their identities"),
        ],
    ),
    (
        "catalog identify",
        &[
            ("catalog identify demo/ESXP", "which checksum function its catalogs use"),
            ("catalog identify demo/ESXP --save checksum.toml", "keep the definition, for --checksum checksum.toml"),
        ],
    ),
    (
        "catalog sample",
        &[
            ("catalog sample demo/ESXP", "list what a sample could hold; nothing is taken"),
            (
                r"catalog sample demo/ESXP --file rms/agent.dll --out sample.json --checksum crc32",
                "a sample of one file; of a function that is known it says so",
            ),
        ],
    ),
    (
        "audit",
        &[
            ("audit demo/MRESXP --html audit.html", "is it whole, and what in it is the customer's? As a page, too"),
            ("audit demo/MRESXP --save seen.json", "keep what was seen, for audit --since seen.json"),
        ],
    ),
    (
        "manifest list",
        &[
            (MANIFEST, MANIFEST_WHAT),
            ("manifest list manifest.dat", "its files, with sizes and digests, and who signed it"),
        ],
    ),
    (
        "manifest verify",
        &[
            (MANIFEST, MANIFEST_WHAT),
            (
                "manifest verify manifest.dat --files demo/ESXP/sau",
                "all files, and signatures: it has none, exit code 3",
            ),
        ],
    ),
    (
        "manifest diff",
        &[
            (MANIFEST, MANIFEST_WHAT),
            ("manifest diff manifest.dat manifest.dat", "what came, went and changed from one to the other"),
        ],
    ),
    (
        "manifest create",
        &[
            (
                "manifest create demo/ESXP/sau --output manifest.dat",
                "list a folder's files with their digests, unsigned",
            ),
            ("manifest create demo/ESXP/rms --output rms.dat --dry-run", "only say what would be written"),
        ],
    ),
    (
        "manifest sign",
        &[
            (MANIFEST, MANIFEST_WHAT),
            ("manifest sign manifest.dat --key signer.key.pem --cert signer.pem", "sign it, with a key of yours"),
        ],
    ),
    (
        "manifest spec verify",
        &[(SPEC, SPEC_WHAT), ("manifest spec verify demo/Logs/manifest.spec", "are the files what the list says?")],
    ),
    (
        "manifest spec create",
        &[
            (SPEC, SPEC_WHAT),
            ("manifest spec create demo/ESXP/rms --output rms.spec --dry-run", "only say what would be written"),
        ],
    ),
    (
        "manifest spec update",
        &[
            (SPEC, SPEC_WHAT),
            (
                "manifest spec update demo/Logs/manifest.spec Router-20261121-183000.log --dry-run",
                "the line of one file anew",
            ),
        ],
    ),
    (
        "mrinit show",
        &[
            ("mrinit show demo/MRESXP/rms/mrinit.conf", "its values and what is wrong with them; keys are masked"),
            ("mrinit show demo/ESXP/mrinit.conf --json", "the same for programs"),
        ],
    ),
    (
        "mrinit set",
        &[
            (
                "mrinit set demo/MRESXP/rms/mrinit.conf ClientIORPort 8192 --dry-run",
                "the difference; nothing is written",
            ),
            (
                "mrinit set demo/MRESXP/rms/mrinit.conf --ip 10.1.200.66 --fqdn mr.sales.acme",
                "the address of a relay, in this file alone; its CID's catalogs follow",
            ),
        ],
    ),
    (
        "envelopes check",
        &[
            (
                "envelopes check demo/Envelopes --endpoints 100",
                "are there too many messages for so many endpoints, and why?",
            ),
            (
                "envelopes check demo/Envelopes --endpoints 100 --logs demo/Logs --html envelopes.html",
                "a page for a ticket",
            ),
        ],
    ),
    (
        "envelopes where",
        &[
            ("envelopes where --system 2008r2", "where the folder is on such a Windows"),
            ("envelopes where --system 2003 --json", "the same for programs"),
        ],
    ),
    (
        "envelopes expire",
        &[
            (
                "envelopes expire demo/Envelopes --older-than 14d --move-to aside --dry-run",
                "which messages are past their time to live; nothing is moved",
            ),
            ("envelopes expire demo/Envelopes --older-than 14d --move-to aside", "move them aside, with a list"),
        ],
    ),
    (
        "envelopes logs",
        &[
            ("envelopes logs demo/Logs", "is the router logged on at the end, and if not, since when and why?"),
            ("envelopes logs demo/Logs --json", "the same for programs"),
        ],
    ),
    (
        "envelopes restart",
        &[
            ("envelopes restart --script cmd", "a script that restarts the services in their order"),
            ("envelopes restart --script powershell", "the same for PowerShell"),
        ],
    ),
    (
        "envelopes watch",
        &[
            ("envelopes watch demo/Envelopes --samples 1", "count once; without --samples again and again, as a chart"),
            ("envelopes watch demo/Envelopes --samples 2 --interval 1 --json", "two counts, for programs"),
        ],
    ),
    (
        "envelopes move",
        &[
            (r#"envelopes move "D:\Envelopes" --console-version 5.2"#, "what a move takes; nothing is moved"),
            (
                r#"envelopes move "D:\Envelopes" --console-version 5.2 --emit moving"#,
                "the files that do it on the server, and undo it",
            ),
        ],
    ),
    (
        "messenger lint",
        &[
            ("messenger lint demo/news.xml --at 2026-11-20", "what its author did not mean"),
            ("messenger lint demo/news.xml --at 2026-11-20 --json", "the same for programs"),
        ],
    ),
    (
        "messenger check",
        &[
            (
                "messenger check demo/news.xml --profile demo/pc.toml --at 2026-11-20",
                "which messages this computer would show, and what says no to the others",
            ),
            (
                "messenger check demo/news.xml --profile demo/pc.toml --at 2026-11-20 --lang de",
                "the same for a reader of German",
            ),
        ],
    ),
    (
        "messenger run",
        &[
            (
                "messenger run demo/news.xml --profile demo/pc.toml --at 2026-11-20 --state seen",
                "show what is pending; what was shown is kept in the folder seen",
            ),
            (
                "messenger run demo/news.xml --profile demo/pc.toml --at 2026-11-20 --state seen --json",
                "the same for programs",
            ),
        ],
    ),
    (
        "messenger status",
        &[
            ("messenger status --state seen", "what was shown and acknowledged, and what is still to be reported"),
            ("messenger status --state seen --json", "the same for programs"),
        ],
    ),
    (
        "messenger ack",
        &[
            (
                "messenger run demo/news.xml --profile demo/pc.toml --at 2026-11-20 --state seen",
                "a message can be acknowledged once it was shown",
            ),
            ("messenger ack relay-retires --state seen --at 2026-11-20", "acknowledge it by its id"),
        ],
    ),
    (
        "messenger build",
        &[
            (
                "messenger build demo/package.toml --out package --at 2026-11-20 --dry-run",
                "what the package would hold (of a program for Windows: package.toml can name one)",
            ),
            ("messenger build demo/package.toml --out package --at 2026-11-20", "make it"),
        ],
    ),
    (
        "messenger install",
        &[
            ("messenger build demo/package.toml --out package --at 2026-11-20", "a package to install"),
            ("messenger install package --root place --dry-run", "what would be put below the folder place"),
        ],
    ),
    (
        "messenger uninstall",
        &[
            ("messenger uninstall --root place --dry-run", "what would be removed from below the folder place"),
            ("messenger uninstall --root place", "remove it"),
        ],
    ),
    (
        "explain",
        &[
            ("explain entry-missing", "what this finding means, why it matters, what to do"),
            ("explain drifted TRANSIENT", "two at once"),
        ],
    ),
    (
        "demo",
        &[
            ("demo", "make CIDs among the temporary files, and set one of them up"),
            ("demo here", "the same in a folder of your choice"),
        ],
    ),
    (
        "recover",
        &[
            ("recover demo/MRESXP --dry-run", "is anything left of a change that was interrupted?"),
            ("recover demo/MRESXP", "finish it, or take it back"),
        ],
    ),
    (
        "undo",
        &[
            ("undo demo/MRESXP --dry-run", "what the last change was; nothing is written"),
            ("undo demo/MRESXP", "take it back"),
        ],
    ),
    (
        "history",
        &[
            ("history demo/MRESXP", "what was done, when and by whom"),
            (
                "history demo/MRESXP --prune --dry-run",
                "how much of it is older than a year, or beyond a hundred changes",
            ),
        ],
    ),
    (
        "completions",
        &[
            ("completions bash", "what ~/.local/share/bash-completion/completions/configcid should hold"),
            ("completions powershell", "what the profile of PowerShell should hold"),
        ],
    ),
    (
        "man",
        &[("man relay set", "the page of one command"), ("man --all man1", "the pages of all, and of all findings")],
    ),
];

const IMPORT: &str = "fleet import demo/ESXP demo/MRESXP";
const IMPORT_WHAT: &str = "a fleet.toml that says what is there now";
const MANIFEST: &str = "manifest create demo/ESXP/sau --output manifest.dat";
const MANIFEST_WHAT: &str = "a manifest of a folder";
const SPEC: &str = "manifest spec create demo/Logs";
const SPEC_WHAT: &str = "a list of MD5 digests, manifest.spec, in the folder";

/// The examples of a command, by its words: `relay set`.
pub(super) fn of(words: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(command, _)| *command == words).map_or(&[], |(_, examples)| *examples)
}

/// The program, with examples at the end of the help of each command.
pub(super) fn with_examples(program: Command) -> Command {
    add(program, "")
}

fn add(command: Command, above: &str) -> Command {
    command.mut_subcommands(|command| {
        let words = format!("{above}{}", command.get_name());
        let command = add(command, &format!("{words} "));
        match of(&words) {
            [] => command,
            examples => command.after_help(text(examples)),
        }
    })
}

fn text(examples: &[Example]) -> String {
    let mut text = String::from(text!("Examples, where `configcid demo demo` was run:"));
    for (line, what) in examples {
        let _ = write!(text, "\n  configcid {line}\n      {}", said(what));
    }
    text
}
