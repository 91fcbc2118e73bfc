# The commands of the module, one for each of the program's that administrators use. Made by scripts/make-power-shell from
# the program's command line: change that, or src/cli/power_shell.rs, rather than this.

<#
.SYNOPSIS
Finds CIDs, with their platforms, their state and their parent.

.DESCRIPTION
This is configcid setup. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Folder
Where to look: a CID, a folder of CIDs, the root of a share. It may come from the pipeline.

.EXAMPLE
Get-Cid

Looks at the usual places and at what was used before.

.EXAMPLE
Get-Cid \\Server1\InterChk | Where-Object { $_.State -ne 'ready' }

The CIDs of a share that something is wrong with.

.OUTPUTS
An object a CID: Cid, Platforms, State, Parent, Faults.
#>
function Get-Cid {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Folder
    )
    begin {
        $operands = @()
    }
    process {
        if ($Folder) { $operands += $Folder }
    }
    end {
        Invoke-Look $PSCmdlet 'setup --list' $PSBoundParameters @('Folder') $operands 'Cids' 'ConfigCid.Cid'
    }
}

<#
.SYNOPSIS
Shows whom the endpoints of CIDs report to.

.DESCRIPTION
This is configcid relay show. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.EXAMPLE
Get-RelayCid \\Server1\InterChk\MRESXP

Each copy of mrinit.conf, and what is wrong with it.

.EXAMPLE
Get-Cid \\Server1\InterChk | Get-RelayCid | Select-Object -ExpandProperty Copies

All copies of all CIDs of a share.

.OUTPUTS
An object a CID: Cid, Copies (each with Path, ParentRouterAddress, MrParentAddress, Drift, Faults, Findings), Faults.
#>
function Get-RelayCid {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid
    )
    begin {
        $operands = @()
    }
    process {
        if ($Cid) { $operands += $Cid }
    }
    end {
        Invoke-Look $PSCmdlet 'relay show' $PSBoundParameters @('Cid') $operands 'Cids' 'ConfigCid.Relay'
    }
}

<#
.SYNOPSIS
Sets up the message relay of CIDs.

.DESCRIPTION
This is configcid relay set. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER Ip
The relay's IP address; once more for each of several networks, in the order to try; several with commas between.

.PARAMETER Fqdn
The relay's fully qualified domain name; once more for each of several; several with commas between.

.PARAMETER Netbios
The relay's NetBIOS name; once more for each of several; several with commas between.

.PARAMETER Relay
Find the addresses and names of the relay by its name, at the DNS; those that -Ip, -Fqdn or -Netbios give are taken as they are.

.PARAMETER ThisComputer
Find the addresses and names of this computer, which is the relay.

.PARAMETER DnsTimeout
How long to wait for the DNS; by default 10.

.PARAMETER All
Take each CID for a folder of CIDs, such as the root of a share: all CIDs in it.

.PARAMETER Yes
Take what was found without asking.

.PARAMETER EditRoot
Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one.

.PARAMETER FromRoot
Take ports and identity keys that have drifted from the root's mrinit.conf.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER RefreshWith
Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie.

.PARAMETER ProgramArg
One more argument for the program, before the CID; several with commas between.

.PARAMETER ProgramCopy
What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their size alone), or the whole of every file; by default needed.

.PARAMETER InPlace
Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside before, and put back where its work is not right.

.PARAMETER Temp
Where the program's copy is made, instead of where the system has temporary files.

.PARAMETER Check
Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are compared of all; by default sample.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER UnlistOwn
Take out entries of configcid's own files, which another tool has listed.

.PARAMETER AcceptDamage
Go on where files of the vendor are damaged; their entries stay as they are.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Set-RelayCid \\Server1\InterChk\MRESXP -Ip 10.1.200.65 -Fqdn MRComputer.Sales.Acme -Netbios MRComputer -WhatIf

Shows what would change, and writes nothing.

.EXAMPLE
Import-Csv relays.csv | Set-RelayCid -Confirm:$false

A list with the columns Cid, Ip, Fqdn and Netbios: each CID with its own relay.

.OUTPUTS
An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.
#>
function Set-RelayCid {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string[]] $Ip,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string[]] $Fqdn,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string[]] $Netbios,
        [string] $Relay,
        [switch] $ThisComputer,
        [string] $DnsTimeout,
        [switch] $All,
        [switch] $Yes,
        [switch] $EditRoot,
        [switch] $FromRoot,
        [string] $Wait,
        [switch] $BreakLock,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $RefreshWith,
        [string[]] $ProgramArg,
        [ValidateSet('needed', 'whole')]
        [string] $ProgramCopy,
        [switch] $InPlace,
        [string] $Temp,
        [ValidateSet('sample', 'all')]
        [string] $Check,
        [string] $InFlight,
        [switch] $UnlistOwn,
        [switch] $AcceptDamage,
        [switch] $AcceptTemporary,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'relay set' $PSBoundParameters @('Cid') @($one) $one 'Set up the relay' 'Cids' 'ConfigCid.Change'
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'relay set' $PSBoundParameters 'Cids' 'ConfigCid.Change'
    }
}

<#
.SYNOPSIS
Takes the relay set-up of CIDs back, so that endpoints report to the management server.

.DESCRIPTION
This is configcid relay unset. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER From
Take the address lines from this mrinit.conf, not from the root's.

.PARAMETER Ip
The management server's IP address, where no file has its lines.

.PARAMETER Fqdn
The management server's fully qualified domain name.

.PARAMETER Netbios
The management server's NetBIOS name.

.PARAMETER EditRoot
Edit the root's mrinit.conf too, though history does not show that set-up wrote it.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER RefreshWith
Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie.

.PARAMETER ProgramArg
One more argument for the program, before the CID; several with commas between.

.PARAMETER ProgramCopy
What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their size alone), or the whole of every file; by default needed.

.PARAMETER InPlace
Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside before, and put back where its work is not right.

.PARAMETER Temp
Where the program's copy is made, instead of where the system has temporary files.

.PARAMETER Check
Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are compared of all; by default sample.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER UnlistOwn
Take out entries of configcid's own files, which another tool has listed.

.PARAMETER AcceptDamage
Go on where files of the vendor are damaged; their entries stay as they are.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Remove-RelayCid \\Server1\InterChk\MRESXP -WhatIf

Shows what would change, and writes nothing.

.EXAMPLE
Remove-RelayCid \\Server1\InterChk\MRESXP -From \\Server1\InterChk\ESXP\mrinit.conf

With the address lines of another CID.

.OUTPUTS
An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.
#>
function Remove-RelayCid {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string] $From,
        [string] $Ip,
        [string] $Fqdn,
        [string] $Netbios,
        [switch] $EditRoot,
        [string] $Wait,
        [switch] $BreakLock,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $RefreshWith,
        [string[]] $ProgramArg,
        [ValidateSet('needed', 'whole')]
        [string] $ProgramCopy,
        [switch] $InPlace,
        [string] $Temp,
        [ValidateSet('sample', 'all')]
        [string] $Check,
        [string] $InFlight,
        [switch] $UnlistOwn,
        [switch] $AcceptDamage,
        [switch] $AcceptTemporary,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'relay unset' $PSBoundParameters @('Cid') @($one) $one 'Take the relay back' 'Cids' 'ConfigCid.Change'
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'relay unset' $PSBoundParameters 'Cids' 'ConfigCid.Change'
    }
}

<#
.SYNOPSIS
Lists what the catalogs of CIDs say.

.DESCRIPTION
This is configcid catalog list. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.EXAMPLE
Get-CidCatalog C:\CIDs\MRESXP | Select-Object -ExpandProperty Catalogs

The catalogs of a CID, and whether their checksum function is known.

.EXAMPLE
(Get-CidCatalog C:\CIDs\MRESXP).Catalogs | Select-Object -ExpandProperty Entries | Sort-Object Size -Descending

All entries, the largest first.

.OUTPUTS
An object a CID: Cid, Catalogs (each with Catalog, Id, Function, State, Entries: Path, Size, Checksum).
#>
function Get-CidCatalog {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout
    )
    begin {
        $operands = @()
    }
    process {
        if ($Cid) { $operands += $Cid }
    }
    end {
        Invoke-Look $PSCmdlet 'catalog list' $PSBoundParameters @('Cid') $operands 'Cids' 'ConfigCid.Catalogs'
    }
}

<#
.SYNOPSIS
Compares the files of CIDs with their catalogs.

.DESCRIPTION
This is configcid catalog verify. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER Quiet
Give only whether the program's exit code is 0: no fault was found.

.EXAMPLE
(Test-Cid C:\CIDs\MRESXP).Faults

What is missing, altered or not listed.

.EXAMPLE
if (-not (Get-Cid C:\CIDs | Test-Cid -Quiet)) { exit 1 }

For a script; where no CID was found, it is no, too.

.OUTPUTS
An object a CID: Cid, Catalogs, Faults (each with Code, Catalog, Path, What); with -Quiet a Boolean for all.
#>
function Test-Cid {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $InFlight,
        [switch] $Quiet
    )
    begin {
        $operands = @()
    }
    process {
        if ($Cid) { $operands += $Cid }
    }
    end {
        Invoke-Look $PSCmdlet 'catalog verify' $PSBoundParameters @('Cid') $operands 'Cids' 'ConfigCid.Verdict'
    }
}

<#
.SYNOPSIS
Brings the catalogs of CIDs in line with the customer's files, as ConfigCID.exe does.

.DESCRIPTION
This is configcid refresh. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER RefreshWith
Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie.

.PARAMETER ProgramArg
One more argument for the program, before the CID; several with commas between.

.PARAMETER ProgramCopy
What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their size alone), or the whole of every file; by default needed.

.PARAMETER InPlace
Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside before, and put back where its work is not right.

.PARAMETER Temp
Where the program's copy is made, instead of where the system has temporary files.

.PARAMETER Check
Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are compared of all; by default sample.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER UnlistOwn
Take out entries of configcid's own files, which another tool has listed.

.PARAMETER AcceptDamage
Go on where files of the vendor are damaged; their entries stay as they are.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Update-CidCatalog C:\CIDs\MRESXP

After a file of the customer's was changed by hand.

.EXAMPLE
Get-Cid D:\Shares | Update-CidCatalog -RefreshWith 'C:\Tools\ConfigCID.exe' -Confirm

By the vendor's own program, on a copy; asks for each CID.

.OUTPUTS
An object a CID: Cid, Status (changed, unchanged, planned, failed), Files, Catalogs, Warnings.
#>
function Update-CidCatalog {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string] $Wait,
        [switch] $BreakLock,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $RefreshWith,
        [string[]] $ProgramArg,
        [ValidateSet('needed', 'whole')]
        [string] $ProgramCopy,
        [switch] $InPlace,
        [string] $Temp,
        [ValidateSet('sample', 'all')]
        [string] $Check,
        [string] $InFlight,
        [switch] $UnlistOwn,
        [switch] $AcceptDamage,
        [switch] $AcceptTemporary,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'refresh' $PSBoundParameters @('Cid') @($one) $one 'Bring the catalogs in line with the customer''s files' 'Cids' 'ConfigCid.Change'
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'refresh' $PSBoundParameters 'Cids' 'ConfigCid.Change'
    }
}

<#
.SYNOPSIS
Reports on everything in CIDs: whether they are whole, and what in them is the customer's.

.DESCRIPTION
This is configcid audit. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER RootCa
Certificates that vouch for signers: a file in PEM or DER, or a folder of self-signed ones; several with commas between.

.PARAMETER Crl
A revocation list, in PEM or DER; one that cannot be used is a fault; several with commas between.

.PARAMETER At
When certificates must be valid, such as 2019-06-30 or 2019-06-30T12:00:00Z; by default now.

.PARAMETER AllowSha1
Let SHA-1 count: in the signature, in certificates, and alone for a file.

.PARAMETER MinRsa
The shortest RSA key that counts; by default 1024.

.PARAMETER Signer
Let only this signer count, by the SHA-256 of its certificate; several with commas between.

.PARAMETER Root
Of the roots given, let only this one count, by the SHA-256 of its certificate; several with commas between.

.PARAMETER AllowInnerRoots
Trust root certificates even where they lie in what is to be judged.

.PARAMETER Html
Write the report as a page for a browser; a page that configcid made is replaced, another file is not.

.PARAMETER Save
Keep what was seen in this new file, for a later -Since.

.PARAMETER Since
Tell what came, went and changed since this file was saved, and what explains it.

.PARAMETER Strict
Take files that nothing lists for errors.

.PARAMETER RequireManifest
Take files for which nothing signed vouches for errors.

.PARAMETER FailOn
The least severity that makes exit code 3; by default error.

.PARAMETER Quiet
Give only whether the program's exit code is 0: no fault was found.

.EXAMPLE
(Get-CidAudit C:\CIDs\MRESXP).Findings | Group-Object Severity

What was found. Get-CidFinding says what an id means.

.EXAMPLE
Get-CidAudit C:\CIDs\MRESXP -Since baseline.json -Html audit.html

What has changed since a baseline, and a page of it.

.OUTPUTS
An object a CID: Cid, Counts, Findings (each with Id, Severity, Path, What, Next), Manifests, CustomerFiles, Relay; with -Quiet a Boolean for all.
#>
function Get-CidAudit {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $InFlight,
        [string[]] $RootCa,
        [string[]] $Crl,
        [string] $At,
        [switch] $AllowSha1,
        [string] $MinRsa,
        [string[]] $Signer,
        [string[]] $Root,
        [switch] $AllowInnerRoots,
        [string] $Html,
        [string] $Save,
        [string] $Since,
        [switch] $Strict,
        [switch] $RequireManifest,
        [ValidateSet('error', 'warning', 'note', 'never')]
        [string] $FailOn,
        [switch] $Quiet
    )
    begin {
        $operands = @()
    }
    process {
        if ($Cid) { $operands += $Cid }
    }
    end {
        Invoke-Look $PSCmdlet 'audit' $PSBoundParameters @('Cid') $operands 'Cids' 'ConfigCid.Audit'
    }
}

<#
.SYNOPSIS
Lists what was done to CIDs, when and by whom.

.DESCRIPTION
This is configcid history. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.EXAMPLE
(Get-CidHistory C:\CIDs\MRESXP).Changes

All changes, the oldest first.

.EXAMPLE
Get-Cid D:\Shares | Get-CidHistory | ForEach-Object { $_.Changes } | Where-Object { $_.User -ne $env:USERNAME }

What others did.

.OUTPUTS
An object a CID: Cid, Changes (each with Id, Time, User, Host, Purpose, Files).
#>
function Get-CidHistory {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid
    )
    begin {
        $operands = @()
    }
    process {
        if ($Cid) { $operands += $Cid }
    }
    end {
        Invoke-Look $PSCmdlet 'history' $PSBoundParameters @('Cid') $operands 'Cids' 'ConfigCid.History'
    }
}

<#
.SYNOPSIS
Takes the last change of CIDs back.

.DESCRIPTION
This is configcid undo. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Undo-CidChange C:\CIDs\MRESXP -WhatIf

Shows what would be as before, and writes nothing.

.EXAMPLE
Undo-CidChange C:\CIDs\MRESXP

Does it.

.OUTPUTS
An object a CID: Cid, Status (changed, unchanged, planned, failed), Files.
#>
function Undo-CidChange {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [string] $Wait,
        [switch] $BreakLock,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'undo' $PSBoundParameters @('Cid') @($one) $one 'Take the last change back' 'Cids' 'ConfigCid.Change'
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'undo' $PSBoundParameters 'Cids' 'ConfigCid.Change'
    }
}

<#
.SYNOPSIS
Finishes or undoes a change of CIDs that was interrupted.

.DESCRIPTION
This is configcid recover. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CIDs: folders or shares. They may come from the pipeline.

.PARAMETER Finish
Finish what was begun, or fail.

.PARAMETER Undo
Undo what was begun, or fail.

.PARAMETER Forget
Leave the files as they are, and forget what was begun.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Repair-Cid C:\CIDs\MRESXP -WhatIf

Says what would become of it.

.EXAMPLE
Repair-Cid C:\CIDs\MRESXP -Undo

Undoes what was begun, or fails.

.OUTPUTS
An object a CID: Cid, Recovered (Outcome, Change; nothing where none was interrupted).
#>
function Repair-Cid {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [switch] $Finish,
        [switch] $Undo,
        [switch] $Forget,
        [string] $Wait,
        [switch] $BreakLock,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'recover' $PSBoundParameters @('Cid') @($one) $one 'End an interrupted change' 'Cids' 'ConfigCid.Recovery'
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'recover' $PSBoundParameters 'Cids' 'ConfigCid.Recovery'
    }
}

<#
.SYNOPSIS
Copies a CID to a new folder, verified.

.DESCRIPTION
This is configcid clone. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Cid
The CID to copy.

.PARAMETER New
The folder to make.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Copy-Cid C:\CIDs\ESXP C:\CIDs\MRESXP -WhatIf

Says how much would be copied.

.EXAMPLE
Copy-Cid C:\CIDs\ESXP C:\CIDs\MRESXP; Set-RelayCid C:\CIDs\MRESXP -Ip 10.1.200.65

A relay CID from the server's own.

.OUTPUTS
An object: Cid, New, Files and Bytes (their numbers), Resumed.
#>
function Copy-Cid {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string] $Cid,
        [Parameter(Mandatory = $true, Position = 1)]
        [ValidateNotNullOrEmpty()]
        [string] $New,
        [string] $InFlight,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        Add-Change $PSCmdlet $batch 'clone' $PSBoundParameters @('Cid', 'New') @($Cid, $New) "$Cid to $New" 'Copy the CID' '' 'ConfigCid.Clone'
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'clone' $PSBoundParameters '' 'ConfigCid.Clone'
    }
}

<#
.SYNOPSIS
Brings CIDs what they lack of another one, by their catalogs, safe for readers at every moment.

.DESCRIPTION
This is configcid sync. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER Source
The CID to bring files from: a folder, or a URL.

.PARAMETER Cid
The CIDs to bring them to; one that is not there is made. They may come from the pipeline.

.PARAMETER KeepRelay
Let each destination keep its own mrinit.conf, in the root and in components: its relay.

.PARAMETER Deep
Compare every file of the destinations, not their catalogs alone.

.PARAMETER Jobs
How many destinations to work on at a time; by default as many as there are processors.

.PARAMETER Bandwidth
Bring no more than so many KiB a second, to all destinations together.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER InFlight
How many files to bring at a time to each destination; by default 16: most of the time is waiting for a share or a server.

.PARAMETER User
The user as whom to log on to the server of a URL (HTTP's Basic alone).

.PARAMETER PasswordFile
The file whose first line is the password of -User.

.PARAMETER Ca
Trust the authorities whose certificates this PEM file holds, and no others, for https.

.PARAMETER Timeout
How long the server of a URL may be silent; by default 30.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Sync-Cid C:\CIDs\ESXP C:\CIDs\MRESXP -KeepRelay -WhatIf

Says what would be brought.

.EXAMPLE
Get-Content cids.txt | Sync-Cid -Source C:\CIDs\ESXP -KeepRelay

Many CIDs side by side.

.OUTPUTS
An object a CID: Cid, Status (changed, unchanged, planned, failed), IsNew, Brought, Gone, Files.
#>
function Sync-Cid {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Source,
        [Parameter(Mandatory = $true, Position = 1, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Cid,
        [switch] $KeepRelay,
        [switch] $Deep,
        [string] $Jobs,
        [string] $Bandwidth,
        [switch] $AcceptTemporary,
        [string] $InFlight,
        [string] $User,
        [string] $PasswordFile,
        [string] $Ca,
        [string] $Timeout,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $Wait,
        [switch] $BreakLock,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        foreach ($one in $Cid) {
            Add-Change $PSCmdlet $batch 'sync' $PSBoundParameters @('Source', 'Cid') @($one) $one 'Bring the CID what it lacks' 'Cids' 'ConfigCid.Change' $Source
        }
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'sync' $PSBoundParameters 'Cids' 'ConfigCid.Change' $Source
    }
}

<#
.SYNOPSIS
Says whether the CIDs of a network are as its fleet file says.

.DESCRIPTION
This is configcid fleet status. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER File
The fleet file; by default fleet.toml.

.PARAMETER Jobs
How many CIDs to work on at a time; by default 8, or as many as there are processors if those are more.

.PARAMETER Metrics
Also write the result to this file, as Prometheus reads it; replaced whole.

.PARAMETER Survey
What endpoints survey wrote (--csv or --json), or its sources: folders of exports, lists; more than once for several. Without it, survey of [defaults] in the fleet file; several with commas between.

.PARAMETER Column
A heading of the lists that stands for one of the columns, such as name=Asset (docs/endpoints.md); several with commas between.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER RefreshWith
Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie.

.PARAMETER ProgramArg
One more argument for the program, before the CID; several with commas between.

.PARAMETER ProgramCopy
What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their size alone), or the whole of every file; by default needed.

.PARAMETER InPlace
Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside before, and put back where its work is not right.

.PARAMETER Temp
Where the program's copy is made, instead of where the system has temporary files.

.PARAMETER Check
Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are compared of all; by default sample.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER UnlistOwn
Take out entries of configcid's own files, which another tool has listed.

.PARAMETER AcceptDamage
Go on where files of the vendor are damaged; their entries stay as they are.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER Quiet
Give only whether the program's exit code is 0: no fault was found.

.EXAMPLE
Get-RelayFleet | Where-Object { $_.State -ne 'in-step' }

By fleet.toml in this folder: the CIDs that are not as it says.

.EXAMPLE
Get-RelayFleet D:\Sophos\fleet.toml | Group-Object State

How many are in which state.

.OUTPUTS
An object a CID of the fleet: Cid, Relay, Line, State (in-step, behind, drifted, unreachable), Differences; with -Quiet a Boolean for all.
#>
function Get-RelayFleet {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string] $File = 'fleet.toml',
        [string] $Jobs,
        [string] $Metrics,
        [string[]] $Survey,
        [string[]] $Column,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $RefreshWith,
        [string[]] $ProgramArg,
        [ValidateSet('needed', 'whole')]
        [string] $ProgramCopy,
        [switch] $InPlace,
        [string] $Temp,
        [ValidateSet('sample', 'all')]
        [string] $Check,
        [string] $InFlight,
        [switch] $UnlistOwn,
        [switch] $AcceptDamage,
        [switch] $AcceptTemporary,
        [switch] $Quiet
    )
    process {
        Invoke-Look $PSCmdlet 'fleet status' $PSBoundParameters @('File') @($File) 'Cids' 'ConfigCid.FleetState'
    }
}

<#
.SYNOPSIS
Checks a fleet file against the rules of the field.

.DESCRIPTION
This is configcid fleet check. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER File
The fleet file; by default fleet.toml.

.PARAMETER Dns
Also ask for the addresses of all names; this alone uses the network.

.PARAMETER NoCids
Check the file by itself, without a look at the CIDs.

.PARAMETER Jobs
How many CIDs to work on at a time; by default 8, or as many as there are processors if those are more.

.PARAMETER Quiet
Give only whether the program's exit code is 0: no fault was found.

.EXAMPLE
Test-RelayFleet | Format-Table Line, Severity, What -Wrap

By fleet.toml in this folder.

.EXAMPLE
if (-not (Test-RelayFleet -Quiet -NoCids)) { exit 1 }

For a script; the CIDs are not looked at.

.OUTPUTS
An object a finding: Code, Severity, Line, Article, What, Next, Machine, Cid; with -Quiet a Boolean for all.
#>
function Test-RelayFleet {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string] $File = 'fleet.toml',
        [switch] $Dns,
        [switch] $NoCids,
        [string] $Jobs,
        [switch] $Quiet
    )
    process {
        Invoke-Look $PSCmdlet 'fleet check' $PSBoundParameters @('File') @($File) 'Findings' 'ConfigCid.FleetFinding'
    }
}

<#
.SYNOPSIS
Brings the CIDs of a network in line with its fleet file.

.DESCRIPTION
This is configcid fleet apply. docs/json.md has the fields of what it gives, in the program's spelling.
-WhatIf shows what would change, file by file, and writes nothing; -Confirm asks with the files named.

.PARAMETER File
The fleet file; by default fleet.toml.

.PARAMETER Jobs
How many CIDs to work on at a time; by default 8, or as many as there are processors if those are more.

.PARAMETER Result
Also write the answer, as --json prints it, to this file.

.PARAMETER CustomerFile
One more file name that is the customer's; several with commas between.

.PARAMETER Checksum
Use this checksum function instead of finding it out: a name such as crc32, a definition such as crc:width=32,poly=0x04c11db7 (docs/formats.md), or a file that ends in .toml and holds one.

.PARAMETER ChecksumCommand
Use this command as the checksum function: bytes on standard input, eight hex digits on standard output.

.PARAMETER ProgramTimeout
How long a program of yours may run at a time; by default 600.

.PARAMETER RefreshWith
Let this program rewrite the catalogs, on a copy that is checked; it gets the CID as its last argument. A path, a command line, or auto: where CONFIGCID_PROGRAM says, in PATH, or where the vendor's versions lie.

.PARAMETER ProgramArg
One more argument for the program, before the CID; several with commas between.

.PARAMETER ProgramCopy
What the program's copy of the CID holds: what is needed (catalogs, customer's and small files; the others have their size alone), or the whole of every file; by default needed.

.PARAMETER InPlace
Run the program on the CID itself, for one that must see its real path: catalogs and the customer's files are kept aside before, and put back where its work is not right.

.PARAMETER Temp
Where the program's copy is made, instead of where the system has temporary files.

.PARAMETER Check
Whose contents are compared with the checksums of catalogs: of a sample of the vendor's files, or of all; sizes are compared of all; by default sample.

.PARAMETER InFlight
How many files to read at a time; by default 32: where they lie on a share, most of the time is waiting for it.

.PARAMETER UnlistOwn
Take out entries of configcid's own files, which another tool has listed.

.PARAMETER AcceptDamage
Go on where files of the vendor are damaged; their entries stay as they are.

.PARAMETER AcceptTemporary
Go on where temporary files tell of an update in progress.

.PARAMETER Wait
How long to wait for another writer; by default 10.

.PARAMETER BreakLock
Take the lock of a CID from another writer, who is dead for sure.

.PARAMETER Report
Write what was changed to this file, as one page: by whom, before and after, what was verified, the steps left.

.EXAMPLE
Update-RelayFleet -WhatIf

By fleet.toml in this folder: what would change.

.EXAMPLE
Update-RelayFleet D:\Sophos\fleet.toml -Report ticket.html

Does it, and writes a page of it.

.OUTPUTS
An object a CID of the fleet: Cid, Relay, Status (changed, unchanged, drifted, planned, left, failed), Files.
#>
function Update-RelayFleet {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('FullName')]
        [ValidateNotNullOrEmpty()]
        [string] $File = 'fleet.toml',
        [string] $Jobs,
        [string] $Result,
        [string[]] $CustomerFile,
        [string] $Checksum,
        [string] $ChecksumCommand,
        [string] $ProgramTimeout,
        [string] $RefreshWith,
        [string[]] $ProgramArg,
        [ValidateSet('needed', 'whole')]
        [string] $ProgramCopy,
        [switch] $InPlace,
        [string] $Temp,
        [ValidateSet('sample', 'all')]
        [string] $Check,
        [string] $InFlight,
        [switch] $UnlistOwn,
        [switch] $AcceptDamage,
        [switch] $AcceptTemporary,
        [string] $Wait,
        [switch] $BreakLock,
        [string] $Report
    )
    begin {
        $batch = New-Object Collections.Specialized.OrderedDictionary
    }
    process {
        Add-Change $PSCmdlet $batch 'fleet apply' $PSBoundParameters @('File') @($File) $File 'Bring all CIDs of the fleet in line with the file' 'Cids' 'ConfigCid.Change'
    }
    end {
        Invoke-Batch $PSCmdlet $batch 'fleet apply' $PSBoundParameters 'Cids' 'ConfigCid.Change'
    }
}

<#
.SYNOPSIS
Says of many endpoints which relay each reports to.

.DESCRIPTION
This is configcid endpoints survey. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Source
Folders of exports, or files: exports of the registry, lists, installed mrinit.conf files.

.PARAMETER Expect
The relay they should report to; each part may be left out, not all of them.

.PARAMETER Cid
The CID they are installed from, whose mrinit.conf names the relay: that of rms, else rms9x, else the root.

.PARAMETER Computers
On Windows, ask the computers of this list, one name a line (-: of standard input), for their registries over the network. No service is started there.

.PARAMETER Timeout
How long one of them may take; by default 10.

.PARAMETER AtATime
So many of them are asked at a time; by default 32.

.PARAMETER Column
A heading of the lists that stands for one of the columns, such as name=Asset (docs/endpoints.md); several with commas between.

.PARAMETER State
Show those in this state alone; more than once for several. Counted are all; several with commas between.

.EXAMPLE
Get-CidEndpoint D:\Exports -Cid \\Server1\InterChk\MRESXP | Where-Object { $_.State -ne 'reports' }

From a folder of registry exports: the endpoints that do not report to the relay of this CID.

.EXAMPLE
Get-CidEndpoint answers.csv -Expect '10.1.200.65,,' | Group-Object State

From a list.

.OUTPUTS
An object an endpoint: Name, State, Parent, Expected, Seen, Source, Reason, Notes.
#>
function Get-CidEndpoint {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Source,
        [string] $Expect,
        [string] $Cid,
        [string] $Computers,
        [string] $Timeout,
        [string] $AtATime,
        [string[]] $Column,
        [string[]] $State
    )
    end {
        Invoke-Look $PSCmdlet 'endpoints survey' $PSBoundParameters @('Source') $Source 'Endpoints' 'ConfigCid.Endpoint'
    }
}

<#
.SYNOPSIS
Checks whether a computer works as a message relay: this one, or one whose exports are named.

.DESCRIPTION
This is configcid relay check. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Cid
The CID that the relay should have installed from.

.PARAMETER Reg
Read this file, exported from the relay's registry, instead of the registry of this computer; more than once where it is in several files; several with commas between.

.PARAMETER Mrinit
The mrinit.conf that the relay has installed, or a copy of it; on Windows by default that of this computer.

.PARAMETER Netstat
The relay's list of connections, as netstat -an prints it.

.PARAMETER Firewall
The relay's firewall, exported by reg, netsh (in English) or PowerShell; more than once where it is in several files; several with commas between.

.PARAMETER Profile
The profile of the firewall that the relay is in: a member of a domain is in domain; several with commas between.

.PARAMETER Logs
The logs of the relay's router: a folder of them, or one.

.PARAMETER Certificate
The certificate of the relay's router, in PEM or DER; several with commas between.

.PARAMETER Endpoints
How many endpoints are to report to the relay.

.PARAMETER DynamicPorts
The relay's ephemeral ports, as netsh int ipv4 show dynamicport tcp prints them.

.PARAMETER System
The relay's Windows.

.PARAMETER Probe
Ask the relay, from here, what it tells endpoints: at this host, or at each address that the CID gives it.

.PARAMETER Ior
What the relay told an endpoint, saved to this file.

.PARAMETER Timeout
How long each address may take to answer; by default 10.

.PARAMETER At
The present, instead of the clock's; such as 2026-11-21T18:30:00Z.

.PARAMETER Quiet
Give only whether the program's exit code is 0: no fault was found.

.EXAMPLE
Test-Relay -Cid \\Server1\InterChk\MRESXP | Where-Object { $_.State -ne 'right' }

On the relay.

.EXAMPLE
(Test-Relay -Reg relay.reg).Next

By an export of the relay's registry, on another computer.

.OUTPUTS
An object a point: Point, Rank, State (wrong, doubtful, unknown, right), What, Evidence, Next; with -Quiet a Boolean for all.
#>
function Test-Relay {
    [CmdletBinding()]
    param(
        [string] $Cid,
        [string[]] $Reg,
        [string] $Mrinit,
        [string] $Netstat,
        [string[]] $Firewall,
        [ValidateSet('domain', 'private', 'public')]
        [string[]] $Profile,
        [string] $Logs,
        [string[]] $Certificate,
        [string] $Endpoints,
        [string] $DynamicPorts,
        [ValidateSet('2000', 'xp', '2003', 'vista', '2008', '7', '2008r2', '8', '2012', '2012r2', '10', '2016', '2019')]
        [string] $System,
        [string] $Probe,
        [string] $Ior,
        [string] $Timeout,
        [string] $At,
        [switch] $Quiet
    )
    end {
        Invoke-Look $PSCmdlet 'relay check' $PSBoundParameters @() @() 'Points' 'ConfigCid.RelayPoint'
    }
}

<#
.SYNOPSIS
Says what a finding means, why it matters, and what to do.

.DESCRIPTION
This is configcid explain. docs/json.md has the fields of what it gives, in the program's spelling.

.PARAMETER Id
The ids; without one, all findings. They may come from the pipeline.

.EXAMPLE
Get-CidFinding drifted

One finding.

.EXAMPLE
(Get-CidAudit C:\CIDs\MRESXP).Findings | Get-CidFinding

All that an audit has found.

.OUTPUTS
An object a finding: Id, Finder, Severity, Meaning, Why, Source, Next, Command, Document.
#>
function Get-CidFinding {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Id
    )
    begin {
        $operands = @()
    }
    process {
        if ($Id) { $operands += $Id }
    }
    end {
        Invoke-Look $PSCmdlet 'explain' $PSBoundParameters @('Id') $operands 'Findings' 'ConfigCid.Finding'
    }
}
