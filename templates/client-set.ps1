# Lets this computer report to the relay that a CID names. Made by configcid {VERSION}.
# For software distribution, or as a start-up script: run it as the system or as an administrator. It compares first, and
# does nothing where all is right. What fails is put back.
#   0  done, or nothing to do       2  nothing to set up here, or no CID
#   1  failed, and put back         3  the CID is another estate's: nothing was changed
$ErrorActionPreference = 'Stop'
$cid = '{CID}'
$limit = {SECONDS}
$router = 'Sophos Message Router'

function Get-Line($file, $name) {
    foreach ($line in (Get-Content -LiteralPath $file)) {
        if ($line -match "^\s*`"$name`"\s*=\s*`"?([^`"]*)`"?") { return $matches[1] }
    }
    return $null
}

function Get-Parent($key) {
    $item = Get-ItemProperty -Path $key -Name ParentAddress -ErrorAction SilentlyContinue
    if ($item) { return $item.ParentAddress }
    return $null
}

function Restart-Router {
    $service = Get-Service -Name $router
    $span = [TimeSpan]::FromSeconds($limit)
    if ($service.Status -ne 'Stopped') { $service.Stop(); $service.WaitForStatus('Stopped', $span) }
    $service.Start()
    $service.WaitForStatus('Running', $span)
}

$places = @(${env:ProgramFiles(x86)}, $env:ProgramFiles) | Where-Object { $_ }
$rms = $places | ForEach-Object { Join-Path $_ 'Sophos\Remote Management System' } |
    Where-Object { Test-Path -LiteralPath (Join-Path $_ 'mrinit.conf') } | Select-Object -First 1
if (-not $rms) { Write-Host 'Remote Management System is not installed here'; exit 2 }
$file = Join-Path $rms 'mrinit.conf'
$program = Join-Path $rms 'ClientMRInit.exe'
if (-not (Test-Path -LiteralPath $program)) { Write-Host 'There is no ClientMRInit.exe beside mrinit.conf'; exit 2 }
$new = @("$cid\rms\mrinit.conf", "$cid\rms9x\mrinit.conf", "$cid\mrinit.conf") |
    Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1
if (-not $new) { Write-Host "There is no mrinit.conf in $cid, or it cannot be reached"; exit 2 }
$wanted = Get-Line $new 'ParentRouterAddress'
if (-not $wanted) { Write-Host "The CID's mrinit.conf names no relay"; exit 2 }
$key = @('HKLM:\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router', 'HKLM:\SOFTWARE\Sophos\Messaging System\Router') |
    Where-Object { Test-Path -Path $_ } | Select-Object -First 1
if (-not $key) { Write-Host 'The registry has no key of a router'; exit 2 }
$before = Get-Parent $key
$orig = "$file.orig"
if ($before -eq $wanted -and (Get-Line $file 'ParentRouterAddress') -eq $wanted -and -not (Test-Path -LiteralPath $orig)) {
    Write-Host "This computer reports to $wanted already"
    exit 0
}

# Another estate's file would cut this computer off. The keys are compared, and shown to nobody.
foreach ($name in 'DelegatedManagerCertIdentityKey', 'ManagedAppCertIdentityKey', 'RouterCertIdentityKey') {
    $one = Get-Line $file $name
    if (-not $one -or $one -cne (Get-Line $new $name)) {
        Write-Host "The CID has other identity keys than this computer: it is another estate's. Nothing was changed"
        exit 3
    }
}

$aside = $false
try { Copy-Item -LiteralPath $file -Destination "$file.before" -Force }
catch { Write-Host "The installed mrinit.conf cannot be kept: nothing was changed: $_"; exit 1 }
try {
    if (Test-Path -LiteralPath $orig) {
        if (Test-Path -LiteralPath "$file.aside") { Remove-Item -LiteralPath "$file.aside" -Force }
        Rename-Item -LiteralPath $orig -NewName 'mrinit.conf.aside'
        $aside = $true
    }
    Copy-Item -LiteralPath $new -Destination $file -Force
    $process = Start-Process -FilePath $program -WorkingDirectory $rms -WindowStyle Hidden -PassThru
    if (-not $process.WaitForExit($limit * 1000)) {
        $process.Kill()
        throw "ClientMRInit.exe did not end within $limit s"
    }
    Restart-Router
    $left = $limit
    while ((Get-Parent $key) -ne $wanted) {
        if ($left -le 0) { throw "ParentAddress is $(Get-Parent $key) after $limit s, and not $wanted" }
        $left -= 1
        Start-Sleep -Seconds 1
    }
}
catch {
    Write-Host "$_"
    Write-Host 'Everything is put back'
    $ErrorActionPreference = 'Continue'
    Copy-Item -LiteralPath "$file.before" -Destination $file -Force
    if ($aside) { Rename-Item -LiteralPath "$file.aside" -NewName 'mrinit.conf.orig' }
    if ($before) { Set-ItemProperty -Path $key -Name ParentAddress -Value $before }
    else { Remove-ItemProperty -Path $key -Name ParentAddress -ErrorAction SilentlyContinue }
    try { Restart-Router } catch { Write-Host "The router does not run: $_" }
    exit 1
}
Write-Host "This computer reports to $wanted"
exit 0
