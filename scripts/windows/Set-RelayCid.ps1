<#
.SYNOPSIS
Sets up the message relay of one or more CIDs, with configcid.exe.

.DESCRIPTION
The endpoints of the CIDs report to the relay from then on. What configcid.exe prints is the output; its exit code is
that of the script: 0 done or nothing to do, 1 failed and nothing was changed, 2 wrong usage, 3 the result has faults,
4 some of several CIDs failed.

.PARAMETER Cid
The CIDs: folders, or shares. They may come from the pipeline.

.PARAMETER Ip
The relay's IP address.

.PARAMETER Fqdn
The relay's full name.

.PARAMETER NetBios
The relay's NetBIOS name. One of the three parts must be given.

.PARAMETER EditRoot
Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one.

.PARAMETER FromRoot
Take ports and identity keys that have drifted from the root's mrinit.conf.

.PARAMETER RefreshWith
The vendor's ConfigCID.exe, for CIDs that the vendor's software has made.

.PARAMETER Json
Print the answer as JSON.

.PARAMETER Program
configcid.exe: by default the one beside this script, or the one in PATH.

.EXAMPLE
.\Set-RelayCid.ps1 \\Server1\InterChk\MRESXP -Ip 10.1.200.65 -Fqdn MRComputer.Sales.Acme -NetBios MRComputer

.EXAMPLE
Get-Content cids.txt | .\Set-RelayCid.ps1 -Ip 10.1.200.65 -WhatIf

Shows what would change, and writes nothing.
#>
# It runs on Windows PowerShell 2.0, which Windows 7 has, and later.
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
    [Alias('FullName')]
    [ValidateNotNullOrEmpty()]
    [string[]] $Cid,
    [string] $Ip,
    [string] $Fqdn,
    [string] $NetBios,
    [switch] $EditRoot,
    [switch] $FromRoot,
    [string] $RefreshWith,
    [switch] $Json,
    [string] $Program
)

begin {
    $cids = @()
}

process {
    $cids += $Cid
}

end {
    if (-not $Program) {
        $Program = Join-Path (Split-Path -Parent $MyInvocation.MyCommand.Path) 'configcid.exe'
        if (-not (Test-Path -LiteralPath $Program)) { $Program = 'configcid.exe' }
    }
    if (-not (Get-Command -Name $Program -CommandType Application -ErrorAction SilentlyContinue)) {
        [Console]::Error.WriteLine('error: configcid.exe is neither beside this script nor in PATH; name it with -Program')
        exit 1
    }

    $words = @('relay', 'set')
    if ($Ip) { $words += @('--ip', $Ip) }
    if ($Fqdn) { $words += @('--fqdn', $Fqdn) }
    if ($NetBios) { $words += @('--netbios', $NetBios) }
    if ($EditRoot) { $words += '--edit-root' }
    if ($FromRoot) { $words += '--from-root' }
    if ($RefreshWith) { $words += @('--refresh-with', $RefreshWith) }
    if ($Json) { $words += '--json' }
    if (-not $PSCmdlet.ShouldProcess(($cids -join ', '), 'Set up the relay')) { $words += '--dry-run' }
    $words += '--'
    # Before version 7.3, PowerShell does not escape a backslash that comes before the quote that it adds.
    $words += @($cids | ForEach-Object { if ($_.EndsWith('\')) { $_ + '.' } else { $_ } })
    if (@($words | Where-Object { $_.Contains('"') })) {
        [Console]::Error.WriteLine('error: a quote is part of a value; no path and no name has one')
        exit 2
    }

    & $Program $words
    exit $LASTEXITCODE
}
