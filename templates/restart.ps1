# Restarts the Sophos management services in the right order [63588]. Made by configcid {VERSION}.
# Run it as an administrator of the server. A service that is not installed is passed over.
#   restart.ps1         asks whether all consoles are closed
#   restart.ps1 -Yes    does not ask
param([switch]$Yes)
$limit = [TimeSpan]::FromSeconds({SECONDS})
$stuck = $false
$failed = $false

function Wait-For($service, $state) {
    try { $service.WaitForStatus($state, $limit) } catch { }
    $service.Refresh()
    Write-Host "$($service.Name): $($service.Status)"
    return $service.Status -eq $state
}

function Stop-It($name) {
    $service = Get-Service -Name $name -ErrorAction SilentlyContinue
    if (-not $service) { Write-Host "${name}: not installed"; return $true }
    if ($service.Status -ne 'Stopped') { try { $service.Stop() } catch { Write-Host $_ } }
    return Wait-For $service 'Stopped'
}

function Start-It($name) {
    $service = Get-Service -Name $name -ErrorAction SilentlyContinue
    if (-not $service) { return $true }
    if ($service.Status -ne 'Running') { try { $service.Start() } catch { Write-Host $_ } }
    return Wait-For $service 'Running'
}

if (-not $Yes) {
    Read-Host 'Close all Sophos consoles, on every computer. Then press Enter, or Ctrl-C to leave all as it is'
}
{STOPS}
if ($stuck) {
    Write-Host 'A service does not stop. What was stopped is started again.'
    $failed = $true
}
{STARTS}
if ($failed) { exit 1 }
