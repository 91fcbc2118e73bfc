@{
    # The name of this field is what PowerShell 2.0 knows.
    ModuleToProcess   = 'ConfigCid.psm1'
    ModuleVersion     = '0.1.0'
    GUID              = '2f5d8a3c-6b0e-4d0f-9a53-7f1c2e8b4d60'
    Author            = 'The configcid authors'
    CompanyName       = 'The configcid authors'
    Copyright         = 'MIT or Apache-2.0'
    Description       = 'Sets up message relays in CIDs, verifies their catalogs, and keeps them, by the program configcid.'
    PowerShellVersion = '2.0'
    FormatsToProcess  = @('ConfigCid.format.ps1xml')
    FunctionsToExport = @(
        'Copy-Cid', 'Get-Cid', 'Get-CidAudit', 'Get-CidCatalog', 'Get-CidEndpoint', 'Get-CidFinding', 'Get-CidHistory',
        'Get-RelayCid', 'Get-RelayFleet', 'Invoke-ConfigCid', 'Remove-RelayCid', 'Repair-Cid', 'Set-RelayCid', 'Sync-Cid',
        'Test-Cid', 'Test-Relay', 'Test-RelayFleet', 'Undo-CidChange', 'Update-CidCatalog', 'Update-RelayFleet'
    )
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
    FileList          = @('ConfigCid.psd1', 'ConfigCid.psm1', 'Commands.ps1', 'ConfigCid.format.ps1xml')
    PrivateData       = @{}
}
