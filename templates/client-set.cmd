@echo off
rem Lets this computer report to the relay that a CID names. Made by configcid {VERSION}.
rem For software distribution, or as a start-up script: run it as the system or as an administrator. It compares first, and
rem does nothing where all is right. What fails is put back.
rem   0  done, or nothing to do       2  nothing to set up here, or no CID
rem   1  failed, and put back         3  the CID is another estate's: nothing was changed
setlocal
set "CID={CID}"
set LIMIT={SECONDS}
set "ROUTER=Sophos Message Router"
set "BELOW=Sophos\Remote Management System"
set "RMS=%ProgramFiles(x86)%\%BELOW%"
if not exist "%RMS%\mrinit.conf" set "RMS=%ProgramFiles%\%BELOW%"
if not exist "%RMS%\mrinit.conf" echo Remote Management System is not installed here& exit /b 2
if not exist "%RMS%\ClientMRInit.exe" echo There is no ClientMRInit.exe beside mrinit.conf& exit /b 2
set "NEW=%CID%\rms\mrinit.conf"
if not exist "%NEW%" set "NEW=%CID%\rms9x\mrinit.conf"
if not exist "%NEW%" set "NEW=%CID%\mrinit.conf"
if not exist "%NEW%" echo There is no mrinit.conf in "%CID%", or it cannot be reached& exit /b 2
set "KEY=HKLM\SOFTWARE\Wow6432Node\Sophos\Messaging System\Router"
reg query "%KEY%" /v ParentAddress >nul 2>&1
if errorlevel 1 set "KEY=HKLM\SOFTWARE\Sophos\Messaging System\Router"
call :value "%NEW%" ParentRouterAddress
set "WANTED=%FOUND%"
if not defined WANTED echo The CID's mrinit.conf names no relay& exit /b 2
call :parent
set "BEFORE=%FOUND%"
call :value "%RMS%\mrinit.conf" ParentRouterAddress
if /i not "%BEFORE%"=="%WANTED%" goto :check
if /i not "%FOUND%"=="%WANTED%" goto :check
if exist "%RMS%\mrinit.conf.orig" goto :check
echo This computer reports to %WANTED% already
exit /b 0

:check
rem Another estate's file would cut this computer off. The keys are compared, and shown to nobody.
call :same DelegatedManagerCertIdentityKey
if errorlevel 1 goto :foreign
call :same ManagedAppCertIdentityKey
if errorlevel 1 goto :foreign
call :same RouterCertIdentityKey
if errorlevel 1 goto :foreign
copy /y "%RMS%\mrinit.conf" "%RMS%\mrinit.conf.before" >nul
if errorlevel 1 echo The installed mrinit.conf cannot be kept: nothing was changed& exit /b 1
set ASIDE=
if not exist "%RMS%\mrinit.conf.orig" goto :write
if exist "%RMS%\mrinit.conf.aside" del /f "%RMS%\mrinit.conf.aside" >nul
ren "%RMS%\mrinit.conf.orig" mrinit.conf.aside
if errorlevel 1 echo mrinit.conf.orig cannot be renamed: nothing was changed& exit /b 1
set ASIDE=1
:write
copy /y "%NEW%" "%RMS%\mrinit.conf" >nul
if errorlevel 1 echo The new mrinit.conf cannot be written& goto :back
call :setup
if errorlevel 1 goto :back
call :stop "%ROUTER%"
if errorlevel 1 goto :back
call :start "%ROUTER%"
if errorlevel 1 goto :back
set LEFT=%LIMIT%
:wait
call :parent
if /i "%FOUND%"=="%WANTED%" echo This computer reports to %WANTED%& exit /b 0
if %LEFT% leq 0 echo ParentAddress is "%FOUND%" after %LIMIT% s, and not "%WANTED%"& goto :back
set /a LEFT-=1
ping -n 2 127.0.0.1 >nul
goto :wait

:foreign
echo The CID has other identity keys than this computer: it is another estate's. Nothing was changed
exit /b 3

:back
echo Everything is put back
copy /y "%RMS%\mrinit.conf.before" "%RMS%\mrinit.conf" >nul
if errorlevel 1 echo mrinit.conf could not be put back: copy mrinit.conf.before over it
if defined ASIDE ren "%RMS%\mrinit.conf.aside" mrinit.conf.orig
if defined BEFORE reg add "%KEY%" /v ParentAddress /t REG_SZ /d "%BEFORE%" /f >nul
if not defined BEFORE reg delete "%KEY%" /v ParentAddress /f >nul 2>&1
call :stop "%ROUTER%"
call :start "%ROUTER%"
exit /b 1

rem The value of a name in a file, without its quotes.
:value
set FOUND=
for /f "usebackq tokens=1,* delims==" %%a in ("%~1") do if /i "%%~a"=="%~2" set "FOUND=%%~b"
exit /b 0

rem Whether a key is the same in both files.
:same
call :value "%RMS%\mrinit.conf" %1
set "ONE=%FOUND%"
call :value "%NEW%" %1
if not defined ONE exit /b 1
if not defined FOUND exit /b 1
if "%ONE%"=="%FOUND%" exit /b 0
exit /b 1

rem The parent by the registry.
:parent
set FOUND=
for /f "tokens=1,2,*" %%a in ('reg query "%KEY%" /v ParentAddress 2^>nul') do if /i "%%a"=="ParentAddress" set "FOUND=%%c"
exit /b 0

rem ClientMRInit.exe, ended where it takes too long.
:setup
set LEFT=%LIMIT%
pushd "%RMS%"
start "" /b ClientMRInit.exe
popd
:setup_wait
tasklist /fi "imagename eq ClientMRInit.exe" 2>nul | find /i "ClientMRInit.exe" >nul
if errorlevel 1 exit /b 0
if %LEFT% leq 0 taskkill /f /im ClientMRInit.exe >nul 2>&1& echo ClientMRInit.exe did not end within %LIMIT% s& exit /b 1
set /a LEFT-=1
ping -n 2 127.0.0.1 >nul
goto :setup_wait

{ROUTINES}