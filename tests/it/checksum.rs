//! `--checksum DEFINITION`, `catalog identify` and `catalog sample`.

use crate::support::{TestEnv, secrets};
use configcid::DemoCid;
use configcid::catalog::checksum::{Definition, of_definition};

fn planted(definition: &str) -> TestEnv {
    let function = of_definition(definition.parse::<Definition>().unwrap());
    TestEnv::with(DemoCid { function, rms9x: true, ..DemoCid::default() })
}

const CRC: &str = "crc:width=32,poly=0x1234567,init=0x89abcdef,refin=true,refout=false,xorout=0x5a5a5a5a";

#[test]
fn a_planted_function_is_found_and_can_be_used() {
    for definition in [
        CRC.to_owned(),
        format!("{CRC},prefix=path,suffix=size-be,order=swapped"),
        "adler:modulus=64007,start=99,start2=7,suffix=id".to_owned(),
        "sha1[7..11]le:prefix=path-upper,xor=0xdeadbeef".to_owned(),
        "crc32".to_owned(),
    ] {
        let env = planted(&definition);
        let before = env.snapshot();
        let found = env.run("catalog identify MRESXP --save checksum.toml --json").ok().json();
        let found = found["cids"][0]["checksum"].as_str().unwrap().to_owned();
        std::fs::remove_file(env.path("checksum.toml")).unwrap();
        assert_eq!(env.snapshot(), before);
        env.run("catalog identify MRESXP --save checksum.toml")
            .ok()
            .says(&format!("Use it with: --checksum '{found}'"));
        assert_eq!(found.parse::<Definition>().unwrap(), definition.parse().unwrap(), "{found}");
        env.run("catalog identify MRESXP --save checksum.toml").expect(1).complains("--force");
        for given in ["checksum.toml", &found] {
            env.run(&format!("catalog verify MRESXP --checksum {given}")).ok().says("No faults").says(&found);
        }
    }
}

#[test]
fn a_function_outside_the_space_is_not_made_up() {
    let env = planted(CRC);
    for catalog in ["cidsync.upd", "rms/cidsync.upd", "rms9x/cidsync.upd", "sau/cidsync.upd", "savxp/cidsync.upd"] {
        let scramble = |sum: u32| sum.wrapping_mul(sum | 1).rotate_left(sum % 31);
        env.edit_catalog(&format!("MRESXP/{catalog}"), |catalog| {
            catalog.entries.iter_mut().for_each(|entry| entry.checksum = scramble(entry.checksum));
        });
    }
    env.run("catalog identify MRESXP").expect(3).says("No function of the space fits").says("catalog sample");
}

#[test]
fn definitions_are_read_or_refused() {
    let env = TestEnv::demo();
    env.run("catalog verify MRESXP --checksum CRC_32_ISO_HDLC").ok().says("(crc32)");
    env.run(&format!("catalog verify MRESXP --checksum {CRC}")).ok().says("foreign checksum function");
    env.run(&format!("MRESXP --checksum {CRC}")).expect(1).complains("does not reproduce this catalog");
    env.write("bad.toml", "checksum = 7");
    for (bad, said) in [
        ("crc-16", "there is no checksum function"),
        ("crc:width=32", "needs its poly"),
        ("md5[1..4]be", "four bytes"),
        ("crc32:prefix=name", "prefix=name is none of"),
        ("bad.toml", "bad.toml"),
    ] {
        env.run(&format!("MRESXP --checksum {bad}")).expect(2).complains(said);
    }
    env.run("MRESXP --checksum none.toml").expect(1).complains("none.toml");
}

#[test]
fn a_sample_has_what_was_agreed_to_and_nothing_private() {
    let env = planted(CRC);
    env.run("catalog sample MRESXP").ok().says("\\rms\\rms.cfg").says("nothing was written");
    assert!(!env.path("sample.json").exists());
    // Nothing is in a manifest, so that nothing can be agreed to at once.
    env.run("catalog sample MRESXP --agree --out sample.json").expect(2);
    env.run("catalog sample MRESXP --file \\mrinit.conf --out sample.json").expect(2).complains("is not offered");
    env.run("catalog sample MRESXP --file \\cac.pem --out sample.json").expect(2).complains("is not offered");
    assert!(!env.path("sample.json").exists());
    env.run("catalog sample MRESXP --file \\rms\\rms.cfg --file \\SETUP.DAT --out sample.json").ok().says("2 files");
    let sample = env.text("sample.json");
    let parsed: serde_json::Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(parsed["catalogs"].as_array().unwrap().len(), 2);
    assert_eq!(parsed["catalogs"][0]["header"].as_str().unwrap().len(), 168);
    for private in secrets().iter().map(String::as_str).chain(["rms", "setup", "mrinit", "MRESXP", "Acme"]) {
        assert!(!sample.contains(private), "{private} in {sample}");
    }
    env.run("catalog sample MRESXP --file \\rms\\rms.cfg --with-paths --out with.json").ok();
    assert!(env.text("with.json").contains("rms.cfg"));
    TestEnv::demo().run("catalog sample MRESXP").ok().says("every function is known");
}
