@echo off
rem Sets up the relay of one or more CIDs:
rem
rem   set-relay-cid IP FQDN NETBIOS CID [CID...]
rem   set-relay-cid 10.1.200.65 MRComputer.Sales.Acme MRComputer \\Server1\InterChk\MRESXP
rem
rem "" stands for a part of the relay's address that is not given. What the variable CONFIGCID_OPTIONS holds goes to
rem "configcid relay set" as it is: --dry-run, --refresh-with "C:\Tools\ConfigCID.exe". The program is the configcid.exe
rem beside this file, or the one in PATH; the variable CONFIGCID names another.
rem
rem Exit codes are those of configcid, for "if errorlevel": 0 done or nothing to do, 1 failed and nothing was changed,
rem 2 wrong usage, 3 the result has faults, 4 some of several CIDs failed.
setlocal EnableExtensions DisableDelayedExpansion

if not defined CONFIGCID if exist "%~dp0configcid.exe" set "CONFIGCID=%~dp0configcid.exe"
if not defined CONFIGCID for %%P in (configcid.exe) do set "CONFIGCID=%%~$PATH:P"
if not defined CONFIGCID (
    echo error: configcid.exe is neither beside this file nor in PATH; set CONFIGCID to its path 1>&2
    exit /b 1
)

set ADDRESS=
if not "%~1"=="" set ADDRESS=%ADDRESS% --ip "%~1"
if not "%~2"=="" set ADDRESS=%ADDRESS% --fqdn "%~2"
if not "%~3"=="" set ADDRESS=%ADDRESS% --netbios "%~3"
set CIDS=

:next
if "%~4"=="" goto last
set "CID=%~4"
rem A backslash before a quote would belong to the quote.
if "%CID:~-1%"=="\" set "CID=%CID%."
set CIDS=%CIDS% "%CID%"
shift /4
goto next

:last
rem An empty word is no end: a variable was empty that should have named a CID.
if not [%4]==[] goto usage
if not defined CIDS goto usage
if not defined ADDRESS goto usage
"%CONFIGCID%" relay set %CONFIGCID_OPTIONS% %ADDRESS% -- %CIDS%
exit /b %errorlevel%

:usage
echo usage: %~n0 IP FQDN NETBIOS CID [CID...] 1>&2
echo "" stands for a part of the relay's address that is not given; one part and one CID must be. 1>&2
exit /b 2
