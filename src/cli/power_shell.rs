//! The commands of the PowerShell module `scripts/windows/ConfigCid`: `Commands.ps1` is made of the program's own command
//! line, so that each parameter is an option that there is, with its own help. The test below compares the two, and writes
//! the file where `CONFIGCID_WRITE_MODULE` is set (`scripts/make-power-shell`).

use std::fmt::Write;

use clap::{Arg, ArgAction, Command, CommandFactory};

/// What a function of the module is about, in `$name`; and whether there must be one, and several may come.
#[derive(Clone, Copy)]
enum Operand {
    /// `[string[]] $Cid`, from the pipeline, too.
    Cids,
    /// `[string[]] $NAME`, from the pipeline, too, or none.
    Any(&'static str),
    /// `[string] $NAME`, from the pipeline, too, or none.
    One(&'static str),
    /// `[string[]] $NAME` at once.
    All(&'static str),
    /// `[string] $Cid` and `[string] $New`.
    Copy,
    /// `[string] $Source` and, from the pipeline, `[string[]] $Cid`.
    Sync,
    None,
}

struct Function {
    name: &'static str,
    /// The words of the command.
    command: &'static str,
    /// Words that are always said.
    fixed: &'static str,
    operand: Operand,
    /// What is asked for consent to; `None`: it changes nothing.
    action: Option<&'static str>,
    /// Whether it is a verdict that -Quiet asks for alone.
    quiet: bool,
    /// The field of the answer whose objects come out; empty: the answer itself.
    list: &'static str,
    /// The name of the type of what comes out.
    gives: &'static str,
    /// What stands in docs/json.md of it.
    output: &'static str,
    synopsis: &'static str,
    examples: &'static [(&'static str, &'static str)],
}

const FUNCTIONS: &[Function] = &[
    Function {
        name: "Get-Cid",
        command: "setup",
        fixed: "--list",
        operand: Operand::Any("Folder"),
        action: None,
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Cid",
        output: "An object a CID: Cid, Platforms, State, Parent, Faults.",
        synopsis: "Finds CIDs, with their platforms, their state and their parent.",
        examples: &[
            ("Get-Cid", "Looks at the usual places and at what was used before."),
            (
                r"Get-Cid \\Server1\InterChk | Where-Object { $_.State -ne 'ready' }",
                "The CIDs of a share that something is wrong with.",
            ),
        ],
    },
    Function {
        name: "Get-RelayCid",
        command: "relay show",
        fixed: "",
        operand: Operand::Cids,
        action: None,
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Relay",
        output: "An object a CID: Cid, Copies (each with Path, ParentRouterAddress, MrParentAddress, Drift, Faults, Findings), Faults.",
        synopsis: "Shows whom the endpoints of CIDs report to.",
        examples: &[
            (r"Get-RelayCid \\Server1\InterChk\MRESXP", "Each copy of mrinit.conf, and what is wrong with it."),
            (
                r"Get-Cid \\Server1\InterChk | Get-RelayCid | Select-Object -ExpandProperty Copies",
                "All copies of all CIDs of a share.",
            ),
        ],
    },
    Function {
        name: "Set-RelayCid",
        command: "relay set",
        fixed: "",
        operand: Operand::Cids,
        action: Some("Set up the relay"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.",
        synopsis: "Sets up the message relay of CIDs.",
        examples: &[
            (
                r"Set-RelayCid \\Server1\InterChk\MRESXP -Ip 10.1.200.65 -Fqdn MRComputer.Sales.Acme -Netbios MRComputer -WhatIf",
                "Shows what would change, and writes nothing.",
            ),
            (
                "Import-Csv relays.csv | Set-RelayCid -Confirm:$false",
                "A list with the columns Cid, Ip, Fqdn and Netbios: each CID with its own relay.",
            ),
        ],
    },
    Function {
        name: "Remove-RelayCid",
        command: "relay unset",
        fixed: "",
        operand: Operand::Cids,
        action: Some("Take the relay back"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.",
        synopsis: "Takes the relay set-up of CIDs back, so that endpoints report to the management server.",
        examples: &[
            (r"Remove-RelayCid \\Server1\InterChk\MRESXP -WhatIf", "Shows what would change, and writes nothing."),
            (
                r"Remove-RelayCid \\Server1\InterChk\MRESXP -From \\Server1\InterChk\ESXP\mrinit.conf",
                "With the address lines of another CID.",
            ),
        ],
    },
    Function {
        name: "Get-CidCatalog",
        command: "catalog list",
        fixed: "",
        operand: Operand::Cids,
        action: None,
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Catalogs",
        output: "An object a CID: Cid, Catalogs (each with Catalog, Id, Function, State, Entries: Path, Size, Checksum).",
        synopsis: "Lists what the catalogs of CIDs say.",
        examples: &[
            (
                r"Get-CidCatalog C:\CIDs\MRESXP | Select-Object -ExpandProperty Catalogs",
                "The catalogs of a CID, and whether their checksum function is known.",
            ),
            (
                r"(Get-CidCatalog C:\CIDs\MRESXP).Catalogs | Select-Object -ExpandProperty Entries | Sort-Object Size -Descending",
                "All entries, the largest first.",
            ),
        ],
    },
    Function {
        name: "Test-Cid",
        command: "catalog verify",
        fixed: "",
        operand: Operand::Cids,
        action: None,
        quiet: true,
        list: "Cids",
        gives: "ConfigCid.Verdict",
        output: "An object a CID: Cid, Catalogs, Faults (each with Code, Catalog, Path, What); with -Quiet a Boolean for all.",
        synopsis: "Compares the files of CIDs with their catalogs.",
        examples: &[
            (r"(Test-Cid C:\CIDs\MRESXP).Faults", "What is missing, altered or not listed."),
            (
                r"if (-not (Get-Cid C:\CIDs | Test-Cid -Quiet)) { exit 1 }",
                "For a script; where no CID was found, it is no, too.",
            ),
        ],
    },
    Function {
        name: "Update-CidCatalog",
        command: "refresh",
        fixed: "",
        operand: Operand::Cids,
        action: Some("Bring the catalogs in line with the customer's files"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.",
        synopsis: "Brings the catalogs of CIDs in line with the customer's files, as ConfigCID.exe does.",
        examples: &[
            (r"Update-CidCatalog C:\CIDs\MRESXP", "After a file of the customer's was changed by hand."),
            (
                r"Get-Cid D:\Shares | Update-CidCatalog -RefreshWith 'C:\Tools\ConfigCID.exe' -Confirm",
                "By the vendor's own program, on a copy; asks for each CID.",
            ),
        ],
    },
    Function {
        name: "Get-CidAudit",
        command: "audit",
        fixed: "",
        operand: Operand::Cids,
        action: None,
        quiet: true,
        list: "Cids",
        gives: "ConfigCid.Audit",
        output: "An object a CID: Cid, Counts, Findings (each with Id, Severity, Path, What, Next), Manifests, CustomerFiles, Relay; with -Quiet a Boolean for all.",
        synopsis: "Reports on everything in CIDs: whether they are whole, and what in them is the customer's.",
        examples: &[
            (
                r"(Get-CidAudit C:\CIDs\MRESXP).Findings | Group-Object Severity",
                "What was found. Get-CidFinding says what an id means.",
            ),
            (
                r"Get-CidAudit C:\CIDs\MRESXP -Since baseline.json -Html audit.html",
                "What has changed since a baseline, and a page of it.",
            ),
        ],
    },
    Function {
        name: "Get-CidHistory",
        command: "history",
        fixed: "",
        operand: Operand::Cids,
        action: None,
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.History",
        output: "An object a CID: Cid, Changes (each with Id, Time, User, Host, Purpose, Files).",
        synopsis: "Lists what was done to CIDs, when and by whom.",
        examples: &[
            (r"(Get-CidHistory C:\CIDs\MRESXP).Changes", "All changes, the oldest first."),
            (
                r"Get-Cid D:\Shares | Get-CidHistory | ForEach-Object { $_.Changes } | Where-Object { $_.User -ne $env:USERNAME }",
                "What others did.",
            ),
        ],
    },
    Function {
        name: "Undo-CidChange",
        command: "undo",
        fixed: "",
        operand: Operand::Cids,
        action: Some("Take the last change back"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID: Cid, Status (changed, unchanged, planned, failed), Files.",
        synopsis: "Takes the last change of CIDs back.",
        examples: &[
            (r"Undo-CidChange C:\CIDs\MRESXP -WhatIf", "Shows what would be as before, and writes nothing."),
            (r"Undo-CidChange C:\CIDs\MRESXP", "Does it."),
        ],
    },
    Function {
        name: "Repair-Cid",
        command: "recover",
        fixed: "",
        operand: Operand::Cids,
        action: Some("End an interrupted change"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Recovery",
        output: "An object a CID: Cid, Recovered (Outcome, Change; nothing where none was interrupted).",
        synopsis: "Finishes or undoes a change of CIDs that was interrupted.",
        examples: &[
            (r"Repair-Cid C:\CIDs\MRESXP -WhatIf", "Says what would become of it."),
            (r"Repair-Cid C:\CIDs\MRESXP -Undo", "Undoes what was begun, or fails."),
        ],
    },
    Function {
        name: "Copy-Cid",
        command: "clone",
        fixed: "",
        operand: Operand::Copy,
        action: Some("Copy the CID"),
        quiet: false,
        list: "",
        gives: "ConfigCid.Clone",
        output: "An object: Cid, New, Files and Bytes (their numbers), Resumed.",
        synopsis: "Copies a CID to a new folder, verified.",
        examples: &[
            (r"Copy-Cid C:\CIDs\ESXP C:\CIDs\MRESXP -WhatIf", "Says how much would be copied."),
            (
                r"Copy-Cid C:\CIDs\ESXP C:\CIDs\MRESXP; Set-RelayCid C:\CIDs\MRESXP -Ip 10.1.200.65",
                "A relay CID from the server's own.",
            ),
        ],
    },
    Function {
        name: "Sync-Cid",
        command: "sync",
        fixed: "",
        operand: Operand::Sync,
        action: Some("Bring the CID what it lacks"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID: Cid, Status (changed, unchanged, planned, failed), IsNew, Brought, Gone, Files.",
        synopsis: "Brings CIDs what they lack of another one, by their catalogs, safe for readers at every moment.",
        examples: &[
            (r"Sync-Cid C:\CIDs\ESXP C:\CIDs\MRESXP -KeepRelay -WhatIf", "Says what would be brought."),
            (r"Get-Content cids.txt | Sync-Cid -Source C:\CIDs\ESXP -KeepRelay", "Many CIDs side by side."),
        ],
    },
    Function {
        name: "Get-RelayFleet",
        command: "fleet status",
        fixed: "",
        operand: Operand::One("File"),
        action: None,
        quiet: true,
        list: "Cids",
        gives: "ConfigCid.FleetState",
        output: "An object a CID of the fleet: Cid, Relay, Line, State (in-step, behind, drifted, unreachable), Differences; with -Quiet a Boolean for all.",
        synopsis: "Says whether the CIDs of a network are as its fleet file says.",
        examples: &[
            (
                "Get-RelayFleet | Where-Object { $_.State -ne 'in-step' }",
                "By fleet.toml in this folder: the CIDs that are not as it says.",
            ),
            (r"Get-RelayFleet D:\Sophos\fleet.toml | Group-Object State", "How many are in which state."),
        ],
    },
    Function {
        name: "Test-RelayFleet",
        command: "fleet check",
        fixed: "",
        operand: Operand::One("File"),
        action: None,
        quiet: true,
        list: "Findings",
        gives: "ConfigCid.FleetFinding",
        output: "An object a finding: Code, Severity, Line, Article, What, Next, Machine, Cid; with -Quiet a Boolean for all.",
        synopsis: "Checks a fleet file against the rules of the field.",
        examples: &[
            ("Test-RelayFleet | Format-Table Line, Severity, What -Wrap", "By fleet.toml in this folder."),
            ("if (-not (Test-RelayFleet -Quiet -NoCids)) { exit 1 }", "For a script; the CIDs are not looked at."),
        ],
    },
    Function {
        name: "Update-RelayFleet",
        command: "fleet apply",
        fixed: "",
        operand: Operand::One("File"),
        action: Some("Bring all CIDs of the fleet in line with the file"),
        quiet: false,
        list: "Cids",
        gives: "ConfigCid.Change",
        output: "An object a CID of the fleet: Cid, Relay, Status (changed, unchanged, drifted, planned, left, failed), Files.",
        synopsis: "Brings the CIDs of a network in line with its fleet file.",
        examples: &[
            ("Update-RelayFleet -WhatIf", "By fleet.toml in this folder: what would change."),
            (r"Update-RelayFleet D:\Sophos\fleet.toml -Report ticket.html", "Does it, and writes a page of it."),
        ],
    },
    Function {
        name: "Get-CidEndpoint",
        command: "endpoints survey",
        fixed: "",
        operand: Operand::All("Source"),
        action: None,
        quiet: false,
        list: "Endpoints",
        gives: "ConfigCid.Endpoint",
        output: "An object an endpoint: Name, State, Parent, Expected, Seen, Source, Reason, Notes.",
        synopsis: "Says of many endpoints which relay each reports to.",
        examples: &[
            (
                r"Get-CidEndpoint D:\Exports -Cid \\Server1\InterChk\MRESXP | Where-Object { $_.State -ne 'reports' }",
                "From a folder of registry exports: the endpoints that do not report to the relay of this CID.",
            ),
            ("Get-CidEndpoint answers.csv -Expect '10.1.200.65,,' | Group-Object State", "From a list."),
        ],
    },
    Function {
        name: "Test-Relay",
        command: "relay check",
        fixed: "",
        operand: Operand::None,
        action: None,
        quiet: true,
        list: "Points",
        gives: "ConfigCid.RelayPoint",
        output: "An object a point: Point, Rank, State (wrong, doubtful, unknown, right), What, Evidence, Next; with -Quiet a Boolean for all.",
        synopsis: "Checks whether a computer works as a message relay: this one, or one whose exports are named.",
        examples: &[
            (r"Test-Relay -Cid \\Server1\InterChk\MRESXP | Where-Object { $_.State -ne 'right' }", "On the relay."),
            ("(Test-Relay -Reg relay.reg).Next", "By an export of the relay's registry, on another computer."),
        ],
    },
    Function {
        name: "Get-CidFinding",
        command: "explain",
        fixed: "",
        operand: Operand::Any("Id"),
        action: None,
        quiet: false,
        list: "Findings",
        gives: "ConfigCid.Finding",
        output: "An object a finding: Id, Finder, Severity, Meaning, Why, Source, Next, Command, Document.",
        synopsis: "Says what a finding means, why it matters, and what to do.",
        examples: &[
            ("Get-CidFinding drifted", "One finding."),
            (r"(Get-CidAudit C:\CIDs\MRESXP).Findings | Get-CidFinding", "All that an audit has found."),
        ],
    },
];

/// Options that no function has: how the program speaks, what -WhatIf and the objects stand for, and what is no matter of
/// its command.
fn is_left_out(function: &Function, arg: &Arg) -> bool {
    const OF_ALL: [&str; 7] = ["json", "quiet", "verbose", "color", "help", "version", "dry-run"];
    let of_one: &[&str] = match function.command {
        "setup" => &["list", "dns-timeout", "report"],
        // It changes the history, and would want consent.
        "history" => &["prune", "keep", "days", "wait", "break-lock"],
        "endpoints survey" => &["csv"],
        "explain" => &["all"],
        _ => &[],
    };
    // The messenger's functions have an option of this name that is their own.
    let is_language = arg.is_global_set() && arg.get_long() == Some("lang");
    is_language || arg.get_long().is_none_or(|long| OF_ALL.contains(&long) || of_one.contains(&long))
}

/// The parameter of an option: --refresh-with is -RefreshWith.
fn parameter(long: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    long.split('-').map(word).collect()
}

fn command_of(program: &Command, words: &str) -> Command {
    words.split(' ').fold(program.clone(), |command, word| command.find_subcommand(word).expect(words).clone())
}

/// The options that a function has, in their order.
fn options(program: &Command, function: &Function) -> Vec<Arg> {
    let command = command_of(program, function.command);
    command.get_arguments().filter(|arg| !is_left_out(function, arg)).cloned().collect()
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// The help of one of these options, with the parameters of PowerShell for those of them that it speaks of.
fn help(arg: &Arg, options: &[Arg]) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    let option = regex::Regex::new("--([a-z][a-z0-9-]*)").expect("it is written here");
    let named = |found: &regex::Captures<'_>| match options.iter().any(|arg| arg.get_long() == Some(&found[1])) {
        true => format!("-{}", parameter(&found[1])),
        false => found[0].to_owned(),
    };
    let mut help = option.replace_all(&help, named).into_owned();
    if !is_flag(arg) {
        for default in arg.get_default_values().iter().filter_map(|value| value.to_str()) {
            let _ = write!(help, "; by default {default}");
        }
    }
    if is_list(arg) {
        help += "; several with commas between";
    }
    format!("{}.", help.trim_end_matches('.'))
}

fn values(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| format!("'{}'", value.get_name())).collect()
}

/// One option as a parameter of PowerShell.
fn declared(function: &Function, arg: &Arg) -> String {
    let name = parameter(arg.get_long().unwrap_or_default());
    let of_pipe = function.command == "relay set" && ["Ip", "Fqdn", "Netbios"].contains(&name.as_str());
    let mut text = String::new();
    if of_pipe {
        text += "        [Parameter(ValueFromPipelineByPropertyName = $true)]\n";
    }
    if !is_flag(arg) && !arg.get_possible_values().is_empty() {
        let _ = writeln!(text, "        [ValidateSet({})]", values(arg).join(", "));
    }
    let kind = if is_flag(arg) {
        "switch"
    } else if is_list(arg) {
        "string[]"
    } else {
        "string"
    };
    let _ = write!(text, "        [{kind}] ${name}");
    text
}

/// The operands as parameters, each with what its help says.
fn operands(function: &Function) -> Vec<(&'static str, String, &'static str)> {
    let declared = |what: &str, alias: bool, kind: &str, name: &str| {
        let alias = if alias { "        [Alias('FullName')]\n" } else { "" };
        format!("        [Parameter({what})]\n{alias}        [ValidateNotNullOrEmpty()]\n        [{kind}] ${name}")
    };
    const PIPE: &str = "ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true";
    const MUST: &str = "Mandatory = $true, Position = 0";
    const CIDS: &str = "The CIDs: folders or shares. They may come from the pipeline.";
    match function.operand {
        Operand::Cids => vec![("Cid", declared(&format!("{MUST}, {PIPE}"), true, "string[]", "Cid"), CIDS)],
        Operand::Any(name) => {
            let what = if name == "Id" {
                "The ids; without one, all findings. They may come from the pipeline."
            } else {
                "Where to look: a CID, a folder of CIDs, the root of a share. It may come from the pipeline."
            };
            vec![(name, declared(&format!("Position = 0, {PIPE}"), name != "Id", "string[]", name), what)]
        }
        Operand::One(name) => {
            let text = declared(&format!("Position = 0, {PIPE}"), true, "string", name);
            vec![(name, format!("{text} = 'fleet.toml'"), "The fleet file; by default fleet.toml.")]
        }
        Operand::All(name) => {
            let what = "Folders of exports, or files: exports of the registry, lists, installed mrinit.conf files.";
            vec![(name, declared(MUST, false, "string[]", name), what)]
        }
        Operand::Copy => vec![
            ("Cid", declared(&format!("{MUST}, {PIPE}"), true, "string", "Cid"), "The CID to copy."),
            ("New", declared("Mandatory = $true, Position = 1", false, "string", "New"), "The folder to make."),
        ],
        Operand::Sync => vec![
            ("Source", declared(MUST, false, "string", "Source"), "The CID to bring files from: a folder, or a URL."),
            (
                "Cid",
                declared(&format!("Mandatory = $true, Position = 1, {PIPE}"), true, "string[]", "Cid"),
                "The CIDs to bring them to; one that is not there is made. They may come from the pipeline.",
            ),
        ],
        Operand::None => Vec::new(),
    }
}

/// What the function does, after its parameters.
fn body(function: &Function) -> String {
    let words = format!("{} {}", function.command, function.fixed);
    let (words, list, gives) = (words.trim_end(), function.list, function.gives);
    let names: Vec<String> = operands(function).iter().map(|(name, ..)| format!("'{name}'")).collect();
    let names = format!("@({})", names.join(", "));
    let look = |operands: &str| {
        format!("Invoke-Look $PSCmdlet '{words}' $PSBoundParameters {names} {operands} '{list}' '{gives}'")
    };
    let Some(action) = function.action.map(|action| action.replace('\'', "''")) else {
        return match function.operand {
            Operand::Cids => collected("Cid", &look("$operands")),
            Operand::Any(name) => collected(name, &look("$operands")),
            Operand::One(name) => format!("    process {{\n        {}\n    }}\n", look(&format!("@(${name})"))),
            Operand::All(name) => format!("    end {{\n        {}\n    }}\n", look(&format!("${name}"))),
            _ => format!("    end {{\n        {}\n    }}\n", look("@()")),
        };
    };
    let (each, operands, name, first) = match function.operand {
        Operand::One(name) => (String::new(), format!("@(${name})"), format!("${name}"), ""),
        Operand::Copy => (String::new(), "@($Cid, $New)".to_owned(), "\"$Cid to $New\"".to_owned(), ""),
        Operand::Sync => ("foreach ($one in $Cid) ".to_owned(), "@($one)".to_owned(), "$one".to_owned(), " $Source"),
        _ => ("foreach ($one in $Cid) ".to_owned(), "@($one)".to_owned(), "$one".to_owned(), ""),
    };
    let add = format!(
        "Add-Change $PSCmdlet $batch '{words}' $PSBoundParameters {names} {operands} {name} '{action}' '{list}' '{gives}'{first}"
    );
    let add = if each.is_empty() { add } else { format!("{each}{{\n            {add}\n        }}") };
    format!(
        "    begin {{\n        $batch = New-Object Collections.Specialized.OrderedDictionary\n    }}\n    process {{\n        {add}\n    \
         }}\n    end {{\n        Invoke-Batch $PSCmdlet $batch '{words}' $PSBoundParameters '{list}' '{gives}'{first}\n    }}\n"
    )
}

/// All that comes by the pipeline, asked for at once.
fn collected(name: &str, look: &str) -> String {
    format!(
        "    begin {{\n        $operands = @()\n    }}\n    process {{\n        if (${name}) {{ $operands += ${name} }}\n    }}\n    end {{\n        \
         {look}\n    }}\n"
    )
}

fn written(program: &Command, function: &Function) -> String {
    let options = options(program, function);
    let operands = operands(function);
    let mut text =
        format!("<#\n.SYNOPSIS\n{}\n\n.DESCRIPTION\nThis is configcid {}", function.synopsis, function.command);
    text += ". docs/json.md has the fields of what it gives, in the program's spelling.\n";
    if function.action.is_some() {
        text +=
            "-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.\n";
    }
    for (name, _, what) in &operands {
        let _ = write!(text, "\n.PARAMETER {name}\n{what}\n");
    }
    for arg in &options {
        let _ =
            write!(text, "\n.PARAMETER {}\n{}\n", parameter(arg.get_long().unwrap_or_default()), help(arg, &options));
    }
    if function.quiet {
        text += "\n.PARAMETER Quiet\nGive only whether the program's exit code is 0: no fault was found.\n";
    }
    for (line, what) in function.examples {
        let _ = write!(text, "\n.EXAMPLE\n{line}\n\n{what}\n");
    }
    let _ = write!(text, "\n.OUTPUTS\n{}\n#>\nfunction {} {{\n", function.output, function.name);
    text += match function.action {
        Some(_) => "    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]\n",
        None => "    [CmdletBinding()]\n",
    };
    let mut all: Vec<String> = operands.into_iter().map(|(_, text, _)| text).collect();
    all.extend(options.iter().map(|arg| declared(function, arg)));
    if function.quiet {
        all.push("        [switch] $Quiet".to_owned());
    }
    let _ = writeln!(text, "    param(\n{}\n    )", all.join(",\n"));
    text + &body(function) + "}\n"
}

fn module() -> String {
    let mut program = super::commands::Cli::command();
    program.build();
    let mut text = String::from(
        "# The commands of the module, one for each of the program's that administrators use. Made by scripts/make-power-shell from\n\
         # the program's command line: change that, or src/cli/power_shell.rs, rather than this.\n",
    );
    for function in FUNCTIONS {
        text += "\n";
        text += &written(&program, function);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn file(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/windows/ConfigCid").join(name)
    }

    fn read(name: &str) -> String {
        fs::read_to_string(file(name)).unwrap().replace('\r', "")
    }

    #[test]
    fn the_module_is_of_this_command_line() {
        let made = module();
        if std::env::var_os("CONFIGCID_WRITE_MODULE").is_some() {
            fs::write(file("Commands.ps1"), &made).unwrap();
        }
        assert!(read("Commands.ps1") == made, "Commands.ps1 is not current: run scripts/make-power-shell");
    }

    /// What the module hands to the program for each of its parameters, the program takes.
    #[test]
    fn the_program_takes_each_parameter() {
        let mut program = super::super::commands::Cli::command();
        program.build();
        let module = read("ConfigCid.psm1");
        let list = module.split_once("$script:NoOptions = @(").unwrap().1.split_once(')').unwrap().0;
        let of_power_shell: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
        assert!(of_power_shell.contains(&"WhatIf"));
        let mut tried = 0;
        for function in FUNCTIONS {
            for arg in options(&program, function) {
                // As ConvertTo-Option of ConfigCid.psm1 does it.
                let name = parameter(arg.get_long().unwrap());
                let mut option = String::from("--");
                for (at, letter) in name.char_indices() {
                    if at > 0 && letter.is_ascii_uppercase() {
                        option.push('-');
                    }
                    option.push(letter.to_ascii_lowercase());
                }
                assert_eq!(option, format!("--{}", arg.get_long().unwrap()), "{}", function.name);
                assert!(!name.chars().any(|letter| letter == '-'), "{name}");
                assert!(is_flag(&arg) || is_list(&arg) || matches!(arg.get_action(), ArgAction::Set), "{option}");
                // These it would not hand on.
                let mut others: Vec<&str> = operands(function).iter().map(|(name, ..)| *name).collect();
                others.extend(&of_power_shell);
                others.extend(["operands", "batch", "one", "Quiet", "args", "input", "this", "error", "host"]);
                assert!(!others.iter().any(|other| other.eq_ignore_ascii_case(&name)), "{} {name}", function.name);
                assert!(arg.get_help().is_some(), "{} {option} has no help", function.command);
                tried += 1;
            }
            for word in function.fixed.split_whitespace() {
                let command = command_of(&program, function.command);
                assert!(command.get_arguments().any(|arg| arg.get_long() == word.strip_prefix("--")), "{word}");
            }
            // What consent stands for is there.
            if function.action.is_some() {
                let command = command_of(&program, function.command);
                assert!(command.get_arguments().any(|arg| arg.get_long() == Some("dry-run")), "{}", function.command);
            }
        }
        assert!(tried > 100, "{tried}");
    }

    #[test]
    fn the_manifest_names_each_function_and_this_version() {
        let manifest = read("ConfigCid.psd1");
        let (_, list) = manifest.split_once("FunctionsToExport = @(").unwrap();
        let list = list.split_once(')').unwrap().0;
        let exported: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
        let mut functions: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        functions.push("Invoke-ConfigCid");
        functions.sort_unstable();
        assert_eq!(exported, functions);
        assert!(manifest.contains(concat!("ModuleVersion     = '", env!("CARGO_PKG_VERSION"), "'")));
    }
}
