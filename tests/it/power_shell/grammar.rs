//! A grammar parses all PowerShell that is shipped, and what PowerShell 2.0 lacks is looked for.

use std::collections::BTreeSet;
use std::fs;

use tree_sitter::{Node, Parser, Tree};

use super::{file, read, root};
use crate::support::TestEnv;

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
