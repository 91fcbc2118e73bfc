# Writes whom this computer reports to into one small file of a share, for configcid endpoints survey.
# Made by configcid {VERSION}. As a start-up or logon script: it says nothing, changes nothing here, and ends with 0 whatever
# happens. Where the server does not answer within three seconds it ends at once.
$ErrorActionPreference = 'Stop'
$share = '{SHARE}'
$server = '{SERVER}'

function Get-View($path) {
    # A key that is there and may not be read is not told of.
    try { $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($path) }
    catch { return }
    if (-not $key) { return "; no HKEY_LOCAL_MACHINE\$path" }
    $parent = $key.GetValue('ParentAddress')
    $key.Close()
    if ($parent -ne $null -and $parent -isnot [string]) { return }
    "HKEY_LOCAL_MACHINE\$path"
    if ($parent -ne $null) { "    ParentAddress    REG_SZ    $parent" }
    ''
}

# The two lines that name parents; no key is written anywhere.
function Get-Parents($file) {
    if (-not (Test-Path -LiteralPath $file)) { return }
    "; file $file"
    foreach ($line in (Get-Content -LiteralPath $file)) {
        if ($line -match '^\s*"(MRParentAddress|ParentRouterAddress)"\s*=') { $line }
    }
}

try {
    if ($server) {
        $client = New-Object System.Net.Sockets.TcpClient
        $asked = $client.BeginConnect($server, 445, $null, $null)
        $answers = $asked.AsyncWaitHandle.WaitOne(3000, $false) -and $client.Connected
        $client.Close()
        if (-not $answers) { exit 0 }
    }
    $places = @(${env:ProgramFiles(x86)}, $env:ProgramFiles) | Where-Object { $_ }
    $files = $places | ForEach-Object { Join-Path $_ 'Sophos\Remote Management System\mrinit.conf' } |
        Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1
    $lines = @('; configcid endpoint 1', "; computer $env:COMPUTERNAME")
    $lines += @(Get-View 'SOFTWARE\Wow6432Node\Sophos\Messaging System\Router')
    # A 32-bit program on a 64-bit Windows is shown the first one for the second, too.
    if (-not $env:PROCESSOR_ARCHITEW6432) { $lines += @(Get-View 'SOFTWARE\Sophos\Messaging System\Router') }
    if ($files) { $lines += @(Get-Parents $files) + @(Get-Parents "$files.orig") }
    $lines += '; end'
    $new = "$share\$env:COMPUTERNAME.$([Guid]::NewGuid().ToString('N')).tmp"
    [IO.File]::WriteAllLines($new, [string[]] $lines)
    # Whoever reads the share sees the old file or the new one, and never a part of either: one move of the system, which
    # PowerShell itself makes two of.
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $env:ComSpec
    $start.Arguments = "/d /c move /y `"$new`" `"$share\$env:COMPUTERNAME.txt`""
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $moved = [System.Diagnostics.Process]::Start($start)
    if (-not $moved.WaitForExit(10000)) { $moved.Kill() }
    if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new -Force }
}
catch { }
exit 0
