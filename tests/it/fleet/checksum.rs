//! The key `checksum` of a fleet file: the function of catalogs that configcid does not know.

use std::sync::Arc;

use configcid::DemoCid;

use crate::support::TestEnv;

const DEFINITION: &str = "crc:width=32,poly=0x04c11db7,init=0x12345678,refin=true,refout=true,xorout=0x00000000";

/// A CID with catalogs of that function, and a fleet file that names it in a line of its own.
fn fleet(line: &str) -> TestEnv {
    let function = configcid::catalogs::function(DEFINITION).unwrap();
    let env = TestEnv::with(DemoCid { function: Arc::clone(&function), ..DemoCid::default() });
    let text = format!(
        "[server]\nname = 'Server1'\nfqdn = 'Server.Sales.Acme'\n\n[[relay]]\nname = 'MR'\nip = '10.1.200.65'\nfqdn = 'mr.sales.acme'\n\n\
         [[cid]]\npath = 'MRESXP'\nrelay = 'MR'\n{line}\n"
    );
    env.write("fleet.toml", text);
    env
}

#[test]
fn catalogs_are_rewritten_by_the_function_that_the_file_states() {
    let env = fleet("");
    env.run("fleet plan").expect(1).complains("no checksum function that configcid knows");
    for line in [&format!("checksum = '{DEFINITION}'"), "checksum = 'sums/checksum.toml'"] {
        let env = fleet(line);
        env.write("sums/checksum.toml", format!("checksum = \"{DEFINITION}\"\n"));
        env.run("fleet status").expect(3);
        env.run("fleet apply").ok();
        assert!(env.text("MRESXP/rms/mrinit.conf").contains("10.1.200.65"));
        let function = configcid::catalogs::function(DEFINITION).unwrap();
        env.run("catalog verify MRESXP --checksum sums/checksum.toml").ok().says("No faults").says(function.name());
        env.run("fleet status").ok();
        env.run("fleet plan").ok();
    }
}

#[test]
fn a_function_that_is_none_is_told_by_its_line() {
    fleet("checksum = 'crc:width=99'").run("fleet check").expect(1).complains("fleet.toml: line 13: checksum: ");
    let env = fleet("checksum = 'nowhere.toml'");
    env.run("fleet plan").expect(1).complains("nowhere.toml").complains("line 13 states the checksum ");
    env.run("fleet status").expect(3).says("nowhere.toml");
}
