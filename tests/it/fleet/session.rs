//! What the commands print. Where a change is meant, run the tests with `INSTA_UPDATE=always`, look at the difference, and
//! commit it.
#![cfg(unix)]

use super::apply::chain;

#[test]
fn a_network_from_check_to_status() {
    let env = chain();
    env.replace("fleet.toml", "path = 'S'", "path = 'nowhere'\n[[cid]]\npath = 'S'");
    let lines = [
        "fleet check",
        "fleet plan --jobs 1",
        "fleet apply --jobs 1",
        "fleet apply --jobs 1",
        "fleet status",
        "fleet status --json",
        "fleet registry --out regs --dry-run",
        "fleet import A B --out derived.toml -v",
    ];
    let shown: Vec<String> = lines.iter().map(|line| env.run(line).to_string()).collect();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(shown.join("\n")) });
}
