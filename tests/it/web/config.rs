//! `configcid web config`: what it writes is what the servers take, and serves a CID as it is.

use std::process::Command;

#[cfg(unix)]
use configcid::Cid;
use configcid::DemoCid;

#[cfg(unix)]
use super::servers::{Kind, Server, escaped};
use crate::support::TestEnv;
use crate::support::browser::have;

/// Files whose names a web server has ideas of its own about.
const ODD: &[&str] = &[
    "setup.php",
    "rms/archive.gz",
    "rms/page.html",
    "rms/page.shtml",
    "rms/run.cgi",
    "rms/map.var",
    "rms/texto.es",
    "rms/text.utf8",
    "rms/stamp2",
    "rms/index.html",
    "savxp/bin/engine.config",
    "savxp/.hidden",
    "savxp/a name with blanks & 1+1.dat",
    "savxp/Z\u{fc}rich.ide",
    "savxp/data/virus.unheard-of",
];

/// A CID with such files, all of them listed, and two that are listed in another case than they have.
fn odd() -> TestEnv {
    let env = TestEnv::new();
    env.cid("MR ESXP", DemoCid::default());
    for (number, name) in ODD.iter().enumerate() {
        env.write(&format!("MR ESXP/{name}"), "<html>text that shrinks </html>".repeat(200 + number));
    }
    env.run_args(["catalog", "create", "--replace", "MR ESXP"]).expect(0);
    // A record, which no one is to fetch.
    env.write("MR ESXP/customer_ID.txt", "Acme");
    env.run_args(["MR ESXP"]).expect(0);
    assert!(env.path("MR ESXP/.configcid-last").exists());
    for (listed, is) in [("rms/router.dll", "rms/Router.DLL"), ("savxp/data/threats-1.ide", "savxp/data/THREATS-1.ide")]
    {
        std::fs::rename(env.path(&format!("MR ESXP/{listed}")), env.path(&format!("MR ESXP/{is}"))).unwrap();
    }
    env
}

#[cfg(unix)]
fn serves_as_it_is(kind: Kind) {
    if !kind.is_there() {
        return;
    }
    let env = odd();
    let config = env.run_args(["web", "config", kind.name(), "MR ESXP", "--url", "/Sophos Update/CIDs"]).ok().stdout;
    // What is printed has the test's folder normalized; the file has it as it is.
    env.run_args(["web", "config", kind.name(), "MR ESXP", "--url", "/Sophos Update/CIDs", "--out", "site.conf"]).ok();
    assert!(config.contains("[DIR]/MR ESXP"), "{config}");
    let server = Server::start(&env, kind, &env.text("site.conf"));
    let cid = Cid::open(env.path("MR ESXP")).unwrap();
    let mut asked: Vec<(String, bool)> = Vec::new();
    for file in cid.catalogs() {
        asked.push((file.path.to_string(), true));
        for entry in cid.read_catalog(file).unwrap().1.entries() {
            let folder = file.folder.as_ref().map_or("", |folder| folder.as_str());
            let name = entry.path.file_name();
            let is_changing = ["mrinit.conf", "cac.pem", "customer_ID.txt", "cidsync.upd"].contains(&name);
            asked.push((format!("{folder}{}", entry.path), is_changing));
        }
    }
    assert!(asked.len() > 30);
    let base = "/Sophos Update/CIDs/MR ESXP";
    for (path, is_changing) in asked {
        let on_disk = path.replace("router.dll", "Router.DLL").replace("threats-1.ide", "THREATS-1.ide");
        let content = env.read(&format!("MR ESXP{}", on_disk.replace('\\', "/")));
        let url = escaped(&format!("{base}{}", path.replace('\\', "/")));
        for method in ["GET", "HEAD"] {
            let answer = server.ask(method, &url);
            assert_eq!(answer.status(), 200, "{method} {url}: {}", answer.head);
            assert_eq!(answer.header("Content-Encoding"), None, "{url}: {}", answer.head);
            assert_eq!(answer.header("Content-Language"), None, "{url}: {}", answer.head);
            assert_eq!(answer.header("Content-Type"), Some("application/octet-stream"), "{url}");
            assert_eq!(answer.header("Content-Length"), Some(&*content.len().to_string()), "{url}");
            let expected = if is_changing { "no-cache" } else { "max-age=3600" };
            assert_eq!(answer.header("Cache-Control"), Some(expected), "{url}: {}", answer.head);
            assert_eq!(answer.header("Expires"), None, "{url}: {}", answer.head);
            assert!(method == "HEAD" || answer.body == content, "{url}");
        }
    }
    for path in ["/.configcid-last", "/.configcid-history", "/", "/savxp/", "/rms/no-such.dll"] {
        let answer = server.ask("GET", &escaped(&format!("{base}{path}")));
        assert!(matches!(answer.status(), 403 | 404), "{path}: {}", answer.head);
        assert_ne!(answer.header("Cache-Control"), Some("max-age=3600"), "{path}");
    }
}

#[test]
#[cfg(unix)]
fn nginx_serves_a_cid_as_it_is() {
    serves_as_it_is(Kind::Nginx);
}

#[test]
#[cfg(unix)]
fn apache_serves_a_cid_as_it_is() {
    serves_as_it_is(Kind::Apache);
}

#[test]
#[cfg(unix)]
fn caddy_serves_a_cid_as_it_is() {
    serves_as_it_is(Kind::Caddy);
}

/// The schema beside this file was made from what Microsoft's reference of IIS says of the elements that are used.
#[test]
fn a_web_config_is_by_the_schema_of_iis() {
    let env = odd();
    env.cid("ESXP", DemoCid { upper_case: true, ..DemoCid::default() });
    env.run_args(["web", "config", "iis", "MR ESXP", "ESXP", "--out", "web.config", "--payload-age", "90061"]).ok();
    let text = env.text("web.config");
    for part in [
        "<location path=\"MR ESXP\">",
        "<location path=\"ESXP/RMS/CIDSYNC.UPD\">",
        "<location path=\"MR ESXP/rms/mrinit.conf\">",
        "<mimeMap fileExtension=\".unheard-of\" mimeType=\"application/octet-stream\" />",
        // Files without an extension.
        "<mimeMap fileExtension=\".\" mimeType=\"application/octet-stream\" />",
        "<remove segment=\"bin\" />",
        "allowDoubleEscaping=\"true\"",
        "cacheControlMaxAge=\"1.01:01:01\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // Only what is kept from others is freed, and only where it is.
    assert_eq!(text.matches("<remove segment=").count(), 1);
    assert_eq!(text.matches("allowDoubleEscaping=\"false\"").count(), 1);
    if have("xmllint") {
        let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/web/iis.xsd");
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--schema"]).arg(schema).arg(env.path("web.config"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn slips_are_told_and_nothing_is_written() {
    let env = TestEnv::demo();
    env.cid("other/MRESXP", DemoCid::default());
    env.cid("other/ESXP", DemoCid::default());
    env.cid("do$lar", DemoCid::default());
    for (line, code, said) in [
        ("web config nginx MRESXP other/MRESXP", 2, "two CIDs would have the URL /MRESXP"),
        ("web config iis MRESXP other/ESXP", 2, "these lie in several"),
        ("web config iis MRESXP --at /srv/cids", 2, "neither a folder nor a URL"),
        ("web config nginx MRESXP --url CIDs", 2, "does not begin with a slash"),
        ("web config nginx MRESXP --url http://server/CIDs", 2, "the host is none of its business"),
        ("web config nginx do$lar", 1, "means something else in a configuration"),
        ("web config nginx http://server/MRESXP", 2, "configcid web check looks at a URL"),
        ("web config nginx MRESXP/rms", 1, "is a component of a CID"),
        ("web config nginx nowhere", 1, "cannot open the CID"),
        ("web config nginx MRESXP --out MRESXP/web.conf", 2, "would lie in the CID"),
        ("web config nginx MRESXP --out nowhere/web.conf", 1, "nowhere"),
    ] {
        env.refuses(code, line).complains(said);
    }
    for line in ["web config MRESXP nginx", "web config tomcat MRESXP", "web config nginx", "web"] {
        env.run(line).expect(2);
    }
    env.write("there.conf", "another's");
    env.refuses(1, "web config nginx MRESXP --out there.conf").complains("--force replaces a file");
    env.run("web config nginx MRESXP --out there.conf --force --dry-run").ok().says("Would write");
    assert_eq!(env.text("there.conf"), "another's");
    env.run("web config nginx MRESXP --out there.conf --force").ok().says("Wrote there.conf");
    env.run("web config nginx MRESXP --out there.conf").ok().says("holds it already");
    // The folder of the server, where that is another computer.
    env.run(r"web config apache MRESXP --at D:\Web\CIDs").ok().says("Alias \"/MRESXP\" \"D:/Web/CIDs/MRESXP\"");
    env.remove("MRESXP/rms/agent.dll");
    env.run("web config caddy MRESXP").expect(0).complains("warning: MRESXP: 1 listed file is not there");
}
