//! Every article of the vendor that the program cites: where, and what it says that is used there, in our own words. A number that
//! stands anywhere else, or no longer stands where it is listed, fails; so whoever cites an article looks here for whether it
//! says so. What no article says is marked as our choice in the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// An article, what it says, and the files that rest on it.
struct Article {
    number: &'static str,
    fact: &'static str,
    files: &'static [&'static str],
}

const ARTICLES: &[Article] = &[
    Article {
        number: "110143",
        fact: "where ConfigCID.exe lies: beside the console, in its SUM folder, or in the Update Manager's, by version",
        files: &["src/catalogs/program/find.rs"],
    },
    Article {
        number: "12340",
        fact: "the firewall is to be configured for the Remote Management System",
        files: &[
            "src/envelopes/ports.rs",
            "src/explain/readiness.rs",
            "src/explain/router.rs",
            "src/readiness/network.rs",
        ],
    },
    Article {
        number: "13112",
        fact: "ConfigCID.exe adds, changes and removes entries for the customer's files, XML client configuration among them",
        files: &[
            "src/catalog/customer.rs",
            "src/catalogs/program/find.rs",
            "src/catalogs/refresh.rs",
            "src/explain/audit.rs",
        ],
    },
    Article {
        number: "14243",
        fact: "ephemeral ports: MaxUserPort, of which the router warns at 85 %",
        files: &["src/explain/readiness.rs", "src/logs/exceptions.rs", "src/readiness/ephemeral.rs"],
    },
    Article {
        number: "14635",
        fact: "relays: ParentRouterAddress is IP, FQDN and NetBIOS name and the one line to edit, MRParentAddress is not; an empty last line stays; rms and rms9x get copies; ConfigCID.exe and its lines; a relay runs Windows 2000 or 2003 server and has a static address; FQDN for DHCP in an NT domain; seven levels at most; ParentAddress and the seven values of a relay; policy, group, relay first, then endpoints",
        files: &[
            "src/audit/customer.rs",
            "src/catalogs/program/check.rs",
            "src/catalogs/refresh.rs",
            "src/cid/mod.rs",
            "src/cli/clone.rs",
            "src/cli/relay/check.rs",
            "src/cli/setup/find.rs",
            "src/cli/setup/mod.rs",
            "src/explain/audit.rs",
            "src/explain/readiness.rs",
            "src/explain/rooms.rs",
            "src/fleet/check.rs",
            "src/fleet/model.rs",
            "src/fleet/plan.rs",
            "src/fleet/rules.rs",
            "src/fleet/runbook.rs",
            "src/mrinit/address.rs",
            "src/mrinit/judge.rs",
            "src/mrinit/keys.rs",
            "src/mrinit/mod.rs",
            "src/mrinit/sorts.rs",
            "src/readiness/ephemeral.rs",
            "src/readiness/files.rs",
            "src/readiness/mod.rs",
            "src/readiness/registry.rs",
            "src/relay/mod.rs",
            "src/report/lines.rs",
            "src/report/steps.rs",
            "src/router/mod.rs",
            "src/router/relay.rs",
            "templates/relay-steps.md",
            "templates/runbook.md",
        ],
    },
    Article {
        number: "36330",
        fact: "the Certification Manager's logs: their name and first lines",
        files: &[
            "src/explain/readiness.rs",
            "src/explain/router.rs",
            "src/logs/files.rs",
            "src/logs/model.rs",
            "src/readiness/certificate.rs",
        ],
    },
    Article {
        number: "36262",
        fact: "endpoints update at start and hourly",
        files: &["src/explain/web.rs", "src/web/cache.rs", "src/web/site.rs"],
    },
    Article {
        number: "61560",
        fact: "endpoints update from HTTP URLs, too; IIS serves only file extensions that have a MIME type",
        files: &[
            "src/cli/setup/find.rs",
            "src/explain/web.rs",
            "src/web/check.rs",
            "src/web/mod.rs",
            "src/web/report.rs",
            "templates/web.config",
        ],
    },
    Article {
        number: "63588",
        fact: "the Envelopes folder: .MSG files, large from three for each endpoint on, not to be deleted; where it is; services restarted in reverse; 5,000 endpoints, 4,000 with Windows 2008; mass use of Comply with; virtual machines; firewall; disk space; retired endpoints and up to two weeks",
        files: &[
            "src/cli/envelopes/check.rs",
            "src/envelopes/check.rs",
            "src/envelopes/expire.rs",
            "src/envelopes/judge.rs",
            "src/envelopes/mod.rs",
            "src/envelopes/page.rs",
            "src/envelopes/place.rs",
            "src/envelopes/ports.rs",
            "src/envelopes/reasons.rs",
            "src/envelopes/restart.rs",
            "src/envelopes/rules.rs",
            "src/envelopes/surroundings.rs",
            "src/explain/readiness.rs",
            "src/explain/router.rs",
            "src/fleet/check.rs",
            "src/fleet/model.rs",
            "src/fleet/rules.rs",
            "src/readiness/network.rs",
            "templates/restart.cmd",
            "templates/restart.ps1",
        ],
    },
    Article {
        number: "112127",
        fact: "endpoints whose up-to-date status is unknown (named by 63588 for that alone)",
        files: &["src/envelopes/check.rs"],
    },
    Article {
        number: "113040",
        fact: "EnvelopeDir: the router of console 4.5 or Anti-Virus 9.5 and later heeds it; stop the router, set it, start; the default folders; RouterNT.exe",
        files: &[
            "src/cli/envelopes/relocate.rs",
            "src/envelopes/installed.rs",
            "src/envelopes/mod.rs",
            "src/envelopes/place.rs",
            "src/envelopes/reasons.rs",
            "src/envelopes/relocate/emit.rs",
            "src/envelopes/relocate/mod.rs",
            "src/envelopes/rules.rs",
            "src/explain/router.rs",
            "src/router/mod.rs",
            "templates/move-envelopes.cmd",
            "templates/move-envelopes.reg",
        ],
    },
    Article {
        number: "113072",
        fact: "comply towards computers that are off piles up messages",
        files: &["src/envelopes/reasons.rs", "src/explain/router.rs"],
    },
    Article {
        number: "113093",
        fact: "ProcessorAffinity against access violations; the router's key is below Wow6432Node on a 64-bit Windows; the lines of a crash",
        files: &[
            "src/logs/exceptions.rs",
            "src/logs/tests.rs",
            "src/logs/verdict.rs",
            "src/logs/words.rs",
            "src/readiness/registry.rs",
            "src/router/check.rs",
            "src/router/mod.rs",
            "src/router/relay.rs",
        ],
    },
    Article {
        number: "113417",
        fact: "time to live: 4 days from console 4.7 on, two weeks before",
        files: &[
            "src/envelopes/check.rs",
            "src/envelopes/expire.rs",
            "src/envelopes/mod.rs",
            "src/envelopes/rules.rs",
            "src/explain/router.rs",
        ],
    },
    Article {
        number: "119053",
        fact: "the messenger: shown to Sophos Console Administrators on the management server; Run value, folders, Disable switches; messages with conditions, acknowledged once",
        files: &[
            "src/messenger/evaluate.rs",
            "src/messenger/install.rs",
            "src/messenger/machine.rs",
            "src/messenger/mod.rs",
            "src/messenger/package.rs",
            "src/messenger/profile.rs",
            "src/messenger/switch.rs",
            "templates/messenger-disable.reg",
            "templates/messenger-run.reg",
            "templates/runbook.md",
        ],
    },
];

/// Articles that are known and that nothing cites.
const OTHERS: &[&str] = &["10388", "111180"];

/// Numbers of articles in a text: those of the lists above, as whole numbers.
pub(crate) fn cited(text: &str) -> BTreeSet<&'static str> {
    let known = ARTICLES.iter().map(|article| article.number).chain(OTHERS.iter().copied());
    let is_part = |c: char| c.is_ascii_digit();
    known
        .filter(|number| {
            text.match_indices(*number).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                !before.is_some_and(|c| is_part(c) || c == ',' || c == '.')
                    && !text[at + number.len()..].starts_with(is_part)
            })
        })
        .collect()
}

fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn every_citation_is_listed_with_what_the_article_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for top in ["src", "templates"] {
        let mut all = Vec::new();
        files(&root.join(top), &mut all);
        for path in all {
            // A translation cites what its text does (german/sources.rs).
            if Path::new(&path).starts_with(root.join("templates/de")) {
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let name = Path::new(&path).strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.extend(cited(&text).into_iter().map(|number| (number.to_owned(), name.clone())));
        }
    }
    let listed: BTreeSet<_> = ARTICLES
        .iter()
        .flat_map(|article| article.files.iter().map(|file| (article.number.to_owned(), (*file).to_owned())))
        .collect();
    let unlisted: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(unlisted.is_empty() && gone.is_empty(), "not listed: {unlisted:?}; listed and not there: {gone:?}");
    assert!(ARTICLES.iter().all(|article| article.fact.len() > 20));
}

#[test]
fn rules_of_fleets_cite_what_says_so() {
    // Rules of our own making are marked as such.
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet.md")).unwrap();
    for rule in ["name-twice", "shared-address", "cycle", "cid-twice", "relay-endpoints", "own-parent", "dns"] {
        let line = docs.lines().find(|line| line.starts_with("| ") && line.contains(&format!("`{rule}`"))).unwrap();
        assert!(line.trim_end().ends_with("| our choice |"), "{line}");
    }
    for (rule, article) in
        [("depth", "14635"), ("server-endpoints", "63588"), ("relay-system", "14635"), ("dhcp", "14635")]
    {
        let line = docs.lines().find(|line| line.starts_with(&format!("| `{rule}`"))).unwrap();
        assert!(line.trim_end().ends_with(&format!("| {article} |")), "{line}");
    }
}
