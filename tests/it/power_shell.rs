//! The PowerShell module in `scripts/windows/ConfigCid`, and every other line of PowerShell that is shipped. Where there is a
//! PowerShell, the module runs; everywhere, a grammar parses all of it, and what PowerShell 2.0 lacks is looked for.
//! `src/cli/power_shell.rs` tests that each parameter is an option of the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tree_sitter::{Node, Parser, Tree};

use crate::support::layout::crc32;
use crate::support::{Output, RELAY_LIST, TestEnv, check_cid};
use configcid::DemoCid;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> PathBuf {
    root().join("scripts/windows/ConfigCid").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().replace('\r', "")
}

fn parse(code: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(code, None).unwrap()
}

/// Each node, those above before those below.
fn walk<'a>(node: Node<'a>, visit: &mut impl FnMut(Node<'a>)) {
    visit(node);
    let mut cursor = node.walk();
    let below: Vec<Node<'a>> = node.children(&mut cursor).collect();
    below.into_iter().for_each(|node| walk(node, visit));
}

/// What the grammar does not understand, with its lines.
fn errors(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(parse(code).root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            let line = node.start_position().row;
            found.push(format!("line {}: {}", line + 1, code.lines().nth(line).unwrap_or_default()));
        }
    });
    found
}

/// The texts of all nodes of a kind, in lower case.
fn texts(code: &str, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(parse(code).root_node(), &mut |node| {
        if node.kind() == kind {
            found.push(code[node.byte_range()].to_lowercase());
        }
    });
    found
}

/// All the PowerShell that is shipped: what it is, and the code.
fn shipped() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        ["ConfigCid.psm1", "Commands.ps1", "ConfigCid.psd1"].map(|name| (name.to_owned(), read(&file(name)))).to_vec();
    let chocolatey = root().join("templates/packages/chocolatey/tools/chocolateyinstall.ps1");
    all.push(("chocolateyinstall.ps1".to_owned(), read(&chocolatey)));
    let env = TestEnv::demo();
    for line in [
        r"client set --script powershell --cid \\Server1\InterChk\MRESXP",
        "envelopes restart --script powershell",
        r"endpoints collector --share \\Server1\Endpoints$ --script powershell",
    ] {
        all.push((line.to_owned(), env.run(line).ok().stdout.replace('\r', "")));
    }
    let documents = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for document in
        documents.chain([root().join("README.md")]).filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let text = read(&document);
        for block in text.split("```powershell\n").skip(1) {
            all.push((document.display().to_string(), block.split_once("```").unwrap().0.to_owned()));
        }
    }
    for help in texts(&read(&file("Commands.ps1")), "comment") {
        for example in help.split(".example\n").skip(1) {
            all.push((example.to_owned(), example.lines().next().unwrap().to_owned()));
        }
    }
    all
}

#[test]
fn all_of_it_is_power_shell() {
    let all = shipped();
    assert!(all.len() > 40, "{}", all.len());
    for (name, code) in all {
        assert_eq!(errors(&code), Vec::<String>::new(), "{name}");
    }
    // And what is none is seen.
    for code in ["if ($a { 1 }", "function X { param([string] $A }", "@{ A = }", "'a"] {
        assert_ne!(errors(code), Vec::<String>::new(), "{code}");
    }
}

/// What PowerShell 2.0 does not know, by the grammar or by the word.
fn too_new(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let words = [
        "[ordered]",
        "[pscustomobject]",
        "::new(",
        "-notin",
        "-shl",
        "-shr",
        "$psitem",
        "$using:",
        ".foreach(",
        ".where(",
        "isnullorwhitespace",
        "readtoendasync",
        "#requires -version",
        "rootmodule",
        "positionalbinding",
        "write-information",
        "-asjob",
        "&&",
        "||",
        "??",
        "?.",
    ];
    walk(parse(code).root_node(), &mut |node| {
        let text = code[node.byte_range()].to_lowercase();
        let kind = node.kind();
        if [
            "class_statement",
            "enum_statement",
            "using_statement",
            "inlinescript_statement",
            "parallel_statement",
            "sequence_statement",
        ]
        .contains(&kind)
            || kind.contains("ternary")
        {
            found.insert(kind.to_owned());
        }
        // [Parameter(Mandatory)] without a value.
        if kind == "attribute_argument" && !text.contains('=') && text.chars().all(char::is_alphabetic) {
            found.insert(text.clone());
        }
        if node.child_count() == 0 && !["comment", "verbatim_string_characters"].contains(&kind) {
            found.extend(words.iter().filter(|word| text == **word).map(|word| (*word).to_owned()));
        }
        if kind == "comparison_operator" && ["-in", "-notin"].contains(&text.as_str()) {
            found.insert(text.clone());
        }
    });
    let without: String = {
        let mut kept = code.as_bytes().to_vec();
        walk(parse(code).root_node(), &mut |node| {
            if ["comment", "string_literal"].contains(&node.kind()) {
                kept[node.byte_range()].fill(b' ');
            }
        });
        String::from_utf8(kept).unwrap().to_lowercase()
    };
    found.extend(words.iter().filter(|word| without.contains(**word)).map(|word| (*word).to_owned()));
    found
}

/// The commands of PowerShell 2.0 that the module uses.
const COMMANDS: [&str; 14] = [
    "add-type",
    "foreach-object",
    "get-command",
    "get-location",
    "join-path",
    "new-object",
    "select-object",
    "set-strictmode",
    "sort-object",
    "split-path",
    "test-path",
    "where-object",
    "write-error",
    "write-warning",
];

/// Newer ones, which are called only where they are there.
const GUARDED: [(&str, &str); 2] = [
    ("convertfrom-json", "if ($PSVersionTable.PSVersion.Major -ge 6) { return ConvertTo-Result (ConvertFrom-Json"),
    ("register-argumentcompleter", "if (Get-Command -Name Register-ArgumentCompleter -ErrorAction SilentlyContinue) {"),
];

#[test]
fn the_module_needs_no_more_than_power_shell_2() {
    let (module, commands) = (read(&file("ConfigCid.psm1")), read(&file("Commands.ps1")));
    for name in ["ConfigCid.psd1", "ConfigCid.psm1", "Commands.ps1", "ConfigCid.format.ps1xml"] {
        let code = read(&file(name));
        // Windows PowerShell takes a file without a mark for one in the code page of the system.
        assert!(code.is_ascii(), "{name}");
        if !name.ends_with("xml") {
            assert_eq!(too_new(&code), BTreeSet::new(), "{name}");
        }
    }
    for (code, word) in [
        ("[ordered]@{ A = 1 }", "[ordered]"),
        ("[Parameter(Mandatory)] [string] $A", "mandatory"),
        ("function X { param([Parameter(Mandatory)] [string] $A) }", "mandatory"),
        ("if (1 -in 1, 2) { 3 }", "-in"),
        ("$a = [Text.StringBuilder]::new()", "::new("),
    ] {
        assert!(too_new(code).contains(word) || !errors(code).is_empty(), "{code}: {:?}", too_new(code));
    }

    let both = format!("{module}{commands}");
    let own: BTreeSet<String> = texts(&both, "function_name").into_iter().collect();
    assert!(own.len() > 30, "{own:?}");
    for called in texts(&both, "command_name") {
        let guard = GUARDED.iter().find(|(name, _)| *name == called);
        let is_known = own.contains(&called) || COMMANDS.contains(&called.as_str());
        assert!(is_known || guard.is_some_and(|(_, guard)| module.contains(guard)), "{called} is not known");
    }
}

/// A name that nothing gives a value is a slip of the keyboard, and ends a script in strict mode.
#[test]
fn each_variable_of_the_module_has_a_value() {
    const OF_POWER_SHELL: [&str; 13] = [
        "$_",
        "$null",
        "$true",
        "$false",
        "$pscmdlet",
        "$psboundparameters",
        "$psversiontable",
        "$psscriptroot",
        "$host",
        "$matches",
        "$whatifpreference",
        "$confirmpreference",
        "$env:configcid",
    ];
    let unknown = |code: &str| -> BTreeSet<String> {
        let tree = parse(code);
        let mut functions = Vec::new();
        walk(tree.root_node(), &mut |node| {
            if node.kind() == "function_statement" {
                functions.push(node);
            }
        });
        let mut unknown = BTreeSet::new();
        for function in functions {
            let (mut given, mut used) = (BTreeSet::new(), BTreeSet::new());
            walk(function, &mut |node| {
                if node.kind() == "variable" {
                    let name = code[node.byte_range()].to_lowercase();
                    let mut above = node;
                    let is_given = std::iter::from_fn(|| {
                        above = above.parent()?;
                        Some(above.kind())
                    })
                    .take_while(|kind| *kind != "statement_block" && *kind != "pipeline" && *kind != "statement_list")
                    .any(|kind| kind == "left_assignment_expression" || kind == "script_parameter");
                    let is_of_loop = node.parent().is_some_and(|above| above.kind() == "foreach_statement");
                    if is_given || is_of_loop {
                        given.insert(name.clone());
                    }
                    used.insert(name);
                }
            });
            let of_script = |name: &String| name.starts_with("$script:");
            unknown.extend(used.into_iter().filter(|name| !given.contains(name) && !of_script(name)));
        }
        unknown.into_iter().filter(|name| !OF_POWER_SHELL.contains(&name.as_str())).collect()
    };
    for name in ["ConfigCid.psm1", "Commands.ps1"] {
        assert_eq!(unknown(&read(&file(name))), BTreeSet::new(), "{name}");
    }
    let slip = unknown("function X($Cid) { $a = 1; foreach ($one in $Cid) { $a + $ont } }");
    assert_eq!(slip, BTreeSet::from(["$ont".to_owned()]));
}

/// The views name fields that the program's answers have.
#[test]
fn the_views_show_what_there_is() {
    let env = TestEnv::demo();
    env.run("fleet import MRESXP").ok();
    let answers =
        ["setup --list .", "relay set MRESXP --ip 10.1.200.66 --dry-run", "relay show MRESXP", "fleet status"]
            .map(|line| env.run(&format!("{line} --json")).stdout);
    let views = read(&file("ConfigCid.format.ps1xml"));
    let views: Vec<&str> = views.split("<View>").skip(1).collect();
    assert_eq!(views.len(), answers.len());
    let name =
        |field: &str| -> String { field.split(['_', '-']).map(|word| word[..1].to_uppercase() + &word[1..]).collect() };
    for (view, answer) in views.iter().zip(&answers) {
        let fields: BTreeSet<String> =
            answer.lines().filter_map(|line| Some(name(line.trim().strip_prefix('"')?.split_once("\":")?.0))).collect();
        let shown = view.split("<PropertyName>").skip(1).map(|rest| rest.split('<').next().unwrap());
        let of_scripts = view.split("$_.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphabetic()).next().unwrap());
        let shown: Vec<&str> = shown.chain(of_scripts).filter(|field| *field != "What").collect();
        assert!(shown.len() >= 3, "{view}");
        for field in shown {
            assert!(fields.contains(field), "{field} is not in {answer}");
        }
    }
}

/// A PowerShell that runs scripts; Wine's only looks like one.
fn power_shell() -> Option<&'static str> {
    let runs = |name: &&str| {
        let output = Command::new(name).args(["-NoProfile", "-NonInteractive", "-Command", "exit 6 * 7"]).output();
        output.is_ok_and(|output| output.status.code() == Some(42))
    };
    let found = ["pwsh", "powershell"].into_iter().find(runs);
    if found.is_none() {
        // No package of Debian has it: there continuous integration cannot run it, either.
        eprintln!("NOT TESTED, since there is no PowerShell here: that the module ConfigCid runs");
    }
    found
}

#[test]
fn the_module_in_power_shell() {
    let Some(shell) = power_shell() else { return };
    let mut env = TestEnv::demo();
    env.cid("My CID", DemoCid::default());
    env.set("CONFIGCID", std::path::absolute(env!("CARGO_BIN_EXE_configcid")).unwrap().to_str().unwrap());
    let run = |script: &str| -> Output {
        let mut command = Command::new(shell);
        let call =
            format!("$ErrorActionPreference = 'Stop'; Import-Module '{}'; {script}", file("ConfigCid.psd1").display());
        command.args(["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", &call]);
        env.finish(env.clean(command))
    };
    let relay = "-Ip 10.1.200.65 -Fqdn MRComputer.Sales.Acme -Netbios MRComputer";
    let before = env.snapshot();
    run(&format!("(Set-RelayCid MRESXP {relay} -WhatIf -Report page.html).Status"))
        .ok()
        .says("planned")
        .says("What if");
    run(&format!("Set-RelayCid nowhere {relay}")).expect(1).complains("nowhere");
    run("Set-RelayCid MRESXP -Ip 10.1.200.650").expect(1).complains("10.1.200.650");
    run("Set-RelayCid MRESXP").expect(1);
    run("if (Test-Cid nowhere -Quiet) { exit 9 }").ok();
    run("Import-Csv nothing.csv").expect(1);
    assert_eq!(env.snapshot(), before);
    run(&format!("'MRESXP', 'My CID' | Set-RelayCid {relay} | ForEach-Object {{ $_.Cid + ' ' + $_.Status }}"))
        .ok()
        .says("MRESXP changed")
        .says("My CID changed");
    for cid in ["MRESXP", "My CID"] {
        check_cid(&env.path(cid), crc32);
        assert!(env.text(&format!("{cid}/rms/mrinit.conf")).contains(RELAY_LIST));
    }
    run("(Get-ChildItem -Filter MRESXP | Get-RelayCid).Copies | ForEach-Object { $_.Path + '=' + $_.ParentRouterAddress }")
        .ok()
        .says("\\rms\\mrinit.conf=10.1.200.65,MRComputer.Sales.Acme,MRComputer");
    run("if (-not (Get-Cid . | Test-Cid -Quiet)) { exit 9 }").ok();
    run("(Get-CidHistory MRESXP).Changes[0].Time.GetType().Name").ok().says("DateTime");
    run("(Invoke-ConfigCid relay show MRESXP).Cids[0].Cid").ok().says("MRESXP");
    run("Get-CidFinding drifted | ForEach-Object { $_.Meaning }").ok().says("fleet file");
    run("Undo-CidChange MRESXP").ok();
    run("Get-Help Set-RelayCid -Full").ok().says("EditRoot").says("-WhatIf");
}
