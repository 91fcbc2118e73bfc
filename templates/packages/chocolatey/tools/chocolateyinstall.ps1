$ErrorActionPreference = 'Stop'

# Chocolatey takes the file of the system's own kind, and ends where its checksum is another.
$package = @{
    PackageName    = 'configcid'
    FileType       = 'msi'
    Url            = '@BASE@/@MSI_I686@'
    Checksum       = '@MSI_I686_SHA256@'
    ChecksumType   = 'sha256'
    Url64bit       = '@BASE@/@MSI_X86_64@'
    Checksum64     = '@MSI_X86_64_SHA256@'
    ChecksumType64 = 'sha256'
    SoftwareName   = 'configcid*'
    SilentArgs     = '/qn /norestart'
    ValidExitCodes = @(0, 1641, 3010)
}
Install-ChocolateyPackage @package
