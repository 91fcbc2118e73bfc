//! What findings mean: each has its page, on the terminal, in the document and in the manual.

use crate::support::TestEnv;

fn document(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap().replace('\r', "")
}

#[test]
fn the_document_is_what_the_program_prints() {
    let printed = TestEnv::new().run("explain --all").ok().stdout;
    assert!(
        printed == document("docs/findings.md"),
        "docs/findings.md is old: cargo run -- explain --all > docs/findings.md"
    );
}

#[test]
fn a_page_says_what_why_and_what_next() {
    let env = TestEnv::new();
    let page = env.run("explain entry-missing").ok();
    let page = page.says("entry-missing (error)").says("A catalog lists a file that is not there.");
    page.says("Why it matters:").says("What to do: let the server update").says("docs/audit.md");
    // An id that two finders use has two pages, whatever its case.
    let json = env.run("explain CASE-conflict --json").ok().json();
    let finders: Vec<_> =
        json["findings"].as_array().unwrap().iter().map(|it| it["finder"].as_str().unwrap()).collect();
    assert_eq!(finders, ["audit", "manifest-file"]);
    let all = env.run("explain --json").ok().json();
    assert!(all["findings"].as_array().unwrap().len() > 150);
    env.run("explain").ok().says("address-several").says("retired-endpoints").says("TRANSIENT");
}

#[test]
fn an_unknown_id_is_answered_with_what_was_meant() {
    let env = TestEnv::new();
    env.refuses(2, "explain entry-mising").complains("did you mean configcid explain entry-missing?");
    env.refuses(2, "explain checksum").complains("catalog-checksum, entry-checksum");
    env.refuses(2, "explain xyzzyx").complains("configcid explain lists them all");
    env.refuses(2, "explain drifted nonsens-e").complains("nonsens-e");
}

#[test]
fn what_commands_find_is_explained() {
    let env = TestEnv::demo();
    env.run("relay set MRESXP --netbios MR --fqdn mr.acme").ok();
    env.remove("MRESXP/rms/agent.dll");
    env.write("MRESXP/readme.txt", "hello");
    env.replace("MRESXP/rms/mrinit.conf", "mr.acme", " mr.acme");
    let audit = env.run("audit MRESXP --json").expect(3).json();
    let show = env.run("relay show MRESXP --json").expect(3).json();
    env.write("fleet.toml", "server = { name = 'S' }\nrelay = [{ name = 'S', ip = '10.0.0.300' }]\n");
    let fleet = env.run("fleet check --json").expect(3).json();
    let mut ids = Vec::new();
    collect(&audit, &mut ids);
    collect(&show, &mut ids);
    collect(&fleet, &mut ids);
    assert!(ids.len() > 5, "{ids:?}");
    for id in ids {
        env.run(&format!("explain {id}")).ok();
    }
}

/// The ids and codes of all findings in an answer.
fn collect(value: &serde_json::Value, ids: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        serde_json::Value::Object(fields) => {
            // Catalogs have ids, too.
            let is_finding = fields.contains_key("severity");
            let id = fields.get("id").or_else(|| fields.get("code")).and_then(|id| id.as_str());
            ids.extend(id.filter(|_| is_finding).map(str::to_owned));
            fields.values().for_each(|value| collect(value, ids));
        }
        _ => {}
    }
}

#[test]
fn the_manual_has_all_of_them() {
    let env = TestEnv::new();
    let page = env.run("man findings").ok().stdout;
    assert!(page.contains(".TH configcid-findings 7"), "{page}");
    let document = document("docs/findings.md");
    let ids: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(ids.len() > 150);
    for id in ids {
        assert!(page.contains(&format!("\\fB{}\\fR", id.replace('-', "\\-"))), "{id}");
    }
    env.run("man --all pages").ok();
    assert_eq!(env.text("pages/configcid-findings.7"), page);
}
