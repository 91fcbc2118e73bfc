@echo off
rem {WHAT} [113040]. Made by configcid {VERSION}.
rem Run it as an administrator of the computer whose router it is. It uses robocopy, which Windows has since Vista.
rem The router is stopped meanwhile. If something fails, all of it is taken back.
setlocal
set "OLD={FROM}"
set "NEW={TO}"
set LIMIT={SECONDS}
set MOVED=0
set SET=0
{READ}if not exist "%OLD%\" echo There is no folder "%OLD%"& exit /b 1
{CHECK}{KEEP}call :stop "Sophos Message Router"
if errorlevel 1 goto :failed
rem The folder alone, with its permissions.
robocopy "%OLD%" "%NEW%" /LEV:1 /XF * /COPY:DATS /DCOPY:T /R:2 /W:1 /NP /NFL /NJH /NJS
if errorlevel 8 goto :failed
set FOUND=0
set SET=1
{SETS}if %FOUND%==0 echo There is no key of a router in the registry& goto :failed
rem Each file is copied, and then removed from the old folder.
set MOVED=1
robocopy "%OLD%" "%NEW%" /E /MOV /COPY:DATS /DCOPY:T /R:2 /W:1 /NP /NFL /NJH
if errorlevel 8 goto :failed
call :start "Sophos Message Router"
if errorlevel 1 exit /b 1
{TIDY}echo Done. See with: configcid envelopes where
exit /b 0
:failed
echo Something failed. The router goes on with "%OLD%"
{RESETS}if %MOVED%==1 robocopy "%NEW%" "%OLD%" /E /MOV /COPY:DATS /DCOPY:T /R:2 /W:1 /NP /NFL /NJH /NJS
call :start "Sophos Message Router"
exit /b 1

rem Only where there is such a key.
:set
reg query %1 >nul 2>&1
if errorlevel 1 exit /b 0
set FOUND=1
{SET}
if errorlevel 1 exit /b 1
exit /b 0

:reset
reg query %1 >nul 2>&1
if errorlevel 1 exit /b 0
{RESET}
exit /b 0

{ROUTINES}
