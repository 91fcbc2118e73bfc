# The module ConfigCid: the program configcid, with objects in place of text. What is done, and whether it may be done, the
# program decides; here its answers (docs/json.md) become objects, and its errors become PowerShell's.
#
# It runs on Windows PowerShell 2.0, which Windows 7 and Server 2008 R2 have, to 5.1, and on PowerShell 7. Commands.ps1 has
# the commands; it is made from the program's own command line.

Set-StrictMode -Version 2.0

# What PowerShell itself takes with each command, and what this module does by itself.
$script:NoOptions = @('WhatIf', 'Confirm', 'Quiet', 'Verbose', 'Debug', 'ErrorAction', 'WarningAction', 'InformationAction',
    'ProgressAction', 'ErrorVariable', 'WarningVariable', 'InformationVariable', 'OutVariable', 'OutBuffer', 'PipelineVariable')

# The program: what the variable CONFIGCID names, else what lies beside the module's folder, else what is in PATH. There,
# the vendor's program may lie, which has the same name: it is not taken.
function Find-Program {
    if ($env:CONFIGCID) { return $env:CONFIGCID }
    foreach ($name in 'configcid.exe', 'configcid') {
        $beside = Join-Path (Split-Path -Parent $PSScriptRoot) $name
        if (Test-Path -LiteralPath $beside -PathType Leaf) { return $beside }
    }
    $found = @(Get-Command -Name 'configcid' -CommandType Application -ErrorAction SilentlyContinue)
    foreach ($application in $found) {
        $maker = [Diagnostics.FileVersionInfo]::GetVersionInfo($application.Definition).CompanyName
        if ("$maker" -notmatch 'Sophos') { return $application.Definition }
    }
    throw 'The program configcid lies neither beside the folder of this module nor in PATH; the variable CONFIGCID may name it.'
}

# One word of a command line, as programs take it apart: quotes around it where it needs them; a backslash counts as one
# unless it stands before a quote.
function ConvertTo-Word([string] $Text) {
    if ($Text -ne '' -and $Text -notmatch '[\s"]') { return $Text }
    '"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)$', '$1$1') + '"'
}

# The options that a command was given: -RefreshWith X is --refresh-with=X. What is empty was not given, and what $Operands
# names says where the command works, not how.
function ConvertTo-Option($Bound, [string[]] $Operands) {
    $others = $script:NoOptions + $Operands
    foreach ($name in @($Bound.Keys | Where-Object { $others -notcontains $_ } | Sort-Object)) {
        $option = '--' + ($name -creplace '(?<=.)([A-Z])', '-$1').ToLowerInvariant()
        $value = $Bound[$name]
        if ($value -is [Management.Automation.SwitchParameter]) {
            if ($value.IsPresent) { $option }
        } else {
            foreach ($one in @($value)) {
                if ("$one" -ne '') { "$option=$one" }
            }
        }
    }
}

# Runs the program in the folder where the session is, and gives its exit code and what it wrote. Both of its outputs are
# read as they come: one that nobody reads would hold it up.
function Start-Program([string[]] $Words) {
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = Find-Program
    $start.Arguments = [string]::Join(' ', [string[]] @($Words | ForEach-Object { ConvertTo-Word $_ }))
    $start.WorkingDirectory = (Get-Location -PSProvider FileSystem).ProviderPath
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $Host.Name -ne 'ConsoleHost'
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    try {
        $process.StandardInput.Close()
        $pipes = @($process.StandardOutput.BaseStream, $process.StandardError.BaseStream)
        $texts = @((New-Object IO.MemoryStream), (New-Object IO.MemoryStream))
        $buffers = @((New-Object byte[] 16384), (New-Object byte[] 16384))
        $reads = @($null, $null)
        foreach ($i in 0, 1) { $reads[$i] = $pipes[$i].BeginRead($buffers[$i], 0, 16384, $null, $null) }
        $open = 2
        while ($open -gt 0) {
            $handles = @($reads | Where-Object { $null -ne $_ } | ForEach-Object { $_.AsyncWaitHandle })
            # Now and then PowerShell may look whether it was told to stop.
            [void] [Threading.WaitHandle]::WaitAny([Threading.WaitHandle[]] $handles, 500, $false)
            foreach ($i in 0, 1) {
                if ($null -eq $reads[$i] -or -not $reads[$i].IsCompleted) { continue }
                $count = $pipes[$i].EndRead($reads[$i])
                if ($count -gt 0) {
                    $texts[$i].Write($buffers[$i], 0, $count)
                    $reads[$i] = $pipes[$i].BeginRead($buffers[$i], 0, 16384, $null, $null)
                } else {
                    $reads[$i] = $null
                    $open--
                }
            }
        }
        $process.WaitForExit()
        New-Object PSObject -Property @{
            ExitCode = $process.ExitCode
            Answer   = [Text.Encoding]::UTF8.GetString($texts[0].ToArray())
            Messages = [Text.Encoding]::UTF8.GetString($texts[1].ToArray())
        }
    } finally {
        $process.Dispose()
    }
}

# parent_router_address and in-step are ParentRouterAddress and InStep here.
function ConvertTo-Name([string] $Name) {
    [string]::Join('', [string[]] @($Name.Split('_-'.ToCharArray()) | Where-Object { $_ } | ForEach-Object {
                $_.Substring(0, 1).ToUpperInvariant() + $_.Substring(1)
            }))
}

# What a reader of JSON gives becomes objects that look the same in each PowerShell; a moment becomes a time in UTC. The
# comma keeps a list a list.
function ConvertTo-Result($Value) {
    if ($null -eq $Value) { return $null }
    if ($Value -is [Collections.IDictionary]) {
        $result = New-Object PSObject
        foreach ($key in $Value.Keys) {
            $property = New-Object Management.Automation.PSNoteProperty (ConvertTo-Name $key), (ConvertTo-Result $Value[$key])
            $result.PSObject.Properties.Add($property)
        }
        return $result
    }
    if ($Value -is [Management.Automation.PSCustomObject]) {
        $result = New-Object PSObject
        foreach ($field in $Value.PSObject.Properties) {
            $property = New-Object Management.Automation.PSNoteProperty (ConvertTo-Name $field.Name), (ConvertTo-Result $field.Value)
            $result.PSObject.Properties.Add($property)
        }
        return $result
    }
    if ($Value -is [Collections.IList]) {
        $list = @(foreach ($one in $Value) { ConvertTo-Result $one })
        return , $list
    }
    if ($Value -is [string] -and $Value -match '^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(Z| UTC)$') {
        $culture = [Globalization.CultureInfo]::InvariantCulture
        $styles = [Globalization.DateTimeStyles] 'AssumeUniversal, AdjustToUniversal'
        return [datetime]::ParseExact($matches[1] + ' ' + $matches[2], 'yyyy-MM-dd HH:mm:ss', $culture, $styles)
    }
    $Value
}

# Windows PowerShell reads JSON with what the .NET Framework 3.5 and later bring: its own command came with 3.0, and took
# no long text at first.
function Read-Answer([string] $Text) {
    if ($PSVersionTable.PSVersion.Major -ge 6) { return ConvertTo-Result (ConvertFrom-Json -InputObject $Text) }
    Add-Type -AssemblyName System.Web.Extensions
    $reader = New-Object Web.Script.Serialization.JavaScriptSerializer
    $reader.MaxJsonLength = [int]::MaxValue
    ConvertTo-Result $reader.DeserializeObject($Text)
}

# A field of an answer; nothing where it has none.
function Get-Field($Object, [string] $Name) {
    $field = $Object.PSObject.Properties[$Name]
    if ($null -ne $field) { $field.Value }
}

# Asks the program, and gives its whole answer as an object.
function Get-Answer([string] $Command, [string[]] $Options, [string[]] $Operands) {
    $words = @($Command.Split(' ')) + @($Options | Where-Object { $_ }) + @('--json')
    if ($Operands) { $words += @('--') + $Operands }
    $said = Start-Program $words
    try { $answer = Read-Answer $said.Answer } catch { $answer = $null }
    if ($null -eq $answer -or (Get-Field $answer 'Schema') -ne 1) {
        throw "configcid $Command gave no answer that this module understands (exit code $($said.ExitCode)). $($said.Messages)$($said.Answer)"
    }
    $answer
}

# An error of the program as PowerShell's: its kind is the id, what it is about the target.
function New-ErrorRecord($Problem, $Target) {
    $text = [string] (Get-Field $Problem 'What')
    $next = Get-Field $Problem 'Next'
    if ($next) { $text += "; $next" }
    $kind = [string] (Get-Field $Problem 'Kind')
    if (-not $kind) { $kind = [string] (Get-Field $Problem 'Code') }
    $category = [Management.Automation.ErrorCategory]::NotSpecified
    if (@('usage', 'address') -contains $kind) { $category = [Management.Automation.ErrorCategory]::InvalidArgument }
    if (@('locked', 'busy') -contains $kind) { $category = [Management.Automation.ErrorCategory]::ResourceBusy }
    if ($kind -eq 'not-a-cid') { $category = [Management.Automation.ErrorCategory]::ObjectNotFound }
    if ($kind -eq 'damage') { $category = [Management.Automation.ErrorCategory]::InvalidData }
    $exception = New-Object InvalidOperationException $text
    New-Object Management.Automation.ErrorRecord $exception, $kind, $category, $Target
}

# Says what an answer has of errors and warnings, and gives what it is about: each of its field $List, or the whole.
function Write-Answer($Cmdlet, $Answer, [string] $List, [string] $Type) {
    $error_of_all = Get-Field $Answer 'Error'
    if ($error_of_all) { $Cmdlet.WriteError((New-ErrorRecord $error_of_all $null)) }
    if ($List -eq 'Cids') {
        foreach ($finding in @(Get-Field $Answer 'Findings')) {
            if ($null -eq $finding) { continue }
            $text = [string] $finding.What
            if ($finding.Line) { $text = "line $($finding.Line): $text" }
            if ($finding.Severity -eq 'error') {
                $Cmdlet.WriteError((New-ErrorRecord $finding $finding.Line))
            } else {
                $Cmdlet.WriteWarning($text)
            }
        }
    }
    if (-not $List) {
        if (-not $error_of_all) {
            $Answer.PSObject.TypeNames.Insert(0, $Type)
            $Cmdlet.WriteObject($Answer)
        }
        return
    }
    foreach ($one in @(Get-Field $Answer $List)) {
        if ($null -eq $one) { continue }
        $problem = Get-Field $one 'Error'
        if ($null -ne $problem -and $problem -isnot [string]) { $Cmdlet.WriteError((New-ErrorRecord $problem (Get-Field $one 'Cid'))) }
        foreach ($warning in @(Get-Field $one 'Warnings')) {
            if ($warning) { $Cmdlet.WriteWarning("$(Get-Field $one 'Cid'): $warning") }
        }
        $one.PSObject.TypeNames.Insert(0, $Type)
        $Cmdlet.WriteObject($one)
    }
}

# A command that looks. -Quiet gives the program's verdict alone: whether its exit code is 0.
function Invoke-Look($Cmdlet, [string] $Command, $Bound, [string[]] $Names, [string[]] $Operands, [string] $List, [string] $Type) {
    $answer = Get-Answer $Command @(ConvertTo-Option $Bound $Names) $Operands
    if ($Bound.ContainsKey('Quiet') -and $Bound['Quiet']) {
        $Cmdlet.WriteObject($answer.ExitCode -eq 0)
    } else {
        Write-Answer $Cmdlet $answer $List $Type
    }
}

# What a dry run says would be done, in one line: the files of one CID by their names.
function Get-Intent($Plan) {
    $cids = @(foreach ($one in @(Get-Field $Plan 'Cids')) { if ($null -ne $one -and $null -ne (Get-Field $one 'Files')) { $one } })
    $paths = @(foreach ($one in $cids) { foreach ($file in @(Get-Field $one 'Files')) { $file.Path } })
    if ($cids.Count -gt 1) {
        "writes $($paths.Count) files in $($cids.Count) CIDs"
    } elseif ($paths.Count -gt 0) {
        'writes ' + [string]::Join(', ', [string[]] $paths)
    }
}

# Takes up one thing that is to be changed. Where PowerShell will ask, or is to show what would be done, the program is asked
# first, by --dry-run; what it refuses is an error, and is not asked about. What is agreed to goes into the batch.
function Add-Change($Cmdlet, $Batch, [string] $Command, $Bound, [string[]] $Names, [string[]] $Operands, [string] $Name, [string] $Action,
    [string] $List, [string] $Type, [string] $First) {
    $options = @(ConvertTo-Option $Bound $Names)
    $plan = $null
    $impact = [int] [Management.Automation.ConfirmImpact] $ConfirmPreference
    $will_ask = $impact -gt 0 -and $impact -le [int] [Management.Automation.ConfirmImpact]::Medium
    if ($WhatIfPreference -or $will_ask) {
        # A dry run writes its page, too; here nothing at all is to be written.
        $silent = @($options | Where-Object { $_ -notmatch '^--(report|result)=' })
        $plan = Get-Answer $Command ($silent + @('--dry-run')) @(@($First) + $Operands | Where-Object { $_ })
        if ($plan.ExitCode -ne 0) {
            Write-Answer $Cmdlet $plan $List $Type
            return
        }
        $intent = Get-Intent $plan
        if ($intent) { $Action = "$Action ($intent)" }
    }
    if ($Cmdlet.ShouldProcess($Name, $Action)) {
        $key = [string]::Join("`n", [string[]] (@($Command) + $options))
        if (-not $Batch.Contains($key)) {
            $Batch[$key] = New-Object PSObject -Property @{ Options = $options; Operands = New-Object Collections.ArrayList }
        }
        foreach ($operand in $Operands) { [void] $Batch[$key].Operands.Add($operand) }
    } elseif ($WhatIfPreference -and $null -ne $plan) {
        Write-Answer $Cmdlet $plan $List $Type
    }
}

# Does what was agreed to: all CIDs with the same options at once, so that there is one page of -Report for all of them.
function Invoke-Batch($Cmdlet, $Batch, [string] $Command, $Bound, [string] $List, [string] $Type, [string] $First) {
    if ($Batch.Count -gt 1 -and $Bound.ContainsKey('Report')) {
        throw 'One page is of one relay: with -Report, all CIDs take the same address. Nothing was changed.'
    }
    foreach ($key in @($Batch.Keys)) {
        $operands = @(@($First) + $Batch[$key].Operands.ToArray() | Where-Object { $_ })
        $answer = Get-Answer $Command @($Batch[$key].Options) $operands
        Write-Answer $Cmdlet $answer $List $Type
        foreach ($one in @(Get-Field $answer 'Cids')) {
            if ($null -eq $one) { continue }
            foreach ($fault in @(Get-Field $one 'Faults')) {
                if ($null -ne $fault) { $Cmdlet.WriteError((New-ErrorRecord $fault (Get-Field $one 'Cid'))) }
            }
        }
    }
}

<#
.SYNOPSIS
Runs any command of configcid, and gives its answer as an object.

.DESCRIPTION
For what the other commands of this module do not cover. The words are those of the program's own command line; --json is
added. The object has the fields of docs/json.md, spelled as in ParentRouterAddress; ExitCode is the program's.

.PARAMETER Word
The words, one by one.

.EXAMPLE
Invoke-ConfigCid web check http://server1/cids/ESXP

.EXAMPLE
(Invoke-ConfigCid envelopes check 'C:\Program Files\Sophos\Enterprise Console\Remote Management System\Envelopes').Verdict

.OUTPUTS
The program's answer.
#>
function Invoke-ConfigCid {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromRemainingArguments = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Word
    )
    end {
        $said = Start-Program ($Word + @('--json'))
        try { $answer = Read-Answer $said.Answer } catch { $answer = $null }
        if ($null -eq $answer) { throw "configcid gave no answer that this module understands (exit code $($said.ExitCode)). $($said.Messages)" }
        Write-Answer $PSCmdlet $answer '' 'ConfigCid.Answer'
    }
}

. (Join-Path $PSScriptRoot 'Commands.ps1')

# Since 5.0 a module can say what an argument may be: the ids of findings come from the program.
if (Get-Command -Name Register-ArgumentCompleter -ErrorAction SilentlyContinue) {
    Register-ArgumentCompleter -CommandName Get-CidFinding -ParameterName Id -ScriptBlock {
        param($commandName, $parameterName, $wordToComplete)
        try { $answer = Get-Answer 'explain' @() @() } catch { return }
        foreach ($id in @($answer.Findings | ForEach-Object { $_.Id } | Sort-Object -Unique)) {
            if ($id -like "$wordToComplete*") { $id }
        }
    }
}
