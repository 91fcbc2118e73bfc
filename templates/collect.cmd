@echo off
rem Writes whom this computer reports to into one small file of a share, for configcid endpoints survey.
rem Made by configcid {VERSION}. As a start-up or logon script: it says nothing, changes nothing here, and ends with 0 whatever
rem happens. Where the server does not answer a ping it ends at once.
setlocal EnableExtensions DisableDelayedExpansion
set "SHARE={SHARE}"
set "SERVER={SERVER}"
if not defined SERVER goto :collect
ping -n 1 -w 2000 %SERVER% >nul 2>&1
if errorlevel 1 exit /b 0
:collect
rem A 32-bit program on a 64-bit Windows sees the other registry by this folder alone.
set "REG=%SystemRoot%\Sysnative\reg.exe"
if not exist "%REG%" set "REG=%SystemRoot%\System32\reg.exe"
set "BELOW=Sophos\Remote Management System"
set "RMS=%ProgramFiles(x86)%\%BELOW%"
if not exist "%RMS%\mrinit.conf" set "RMS=%ProgramFiles%\%BELOW%"
set "HERE=%TEMP%\configcid-%RANDOM%%RANDOM%.tmp"
set "NEW=%SHARE%\%COMPUTERNAME%.%RANDOM%%RANDOM%.tmp"
call :tell >"%HERE%" 2>nul
rem Whoever reads the share sees the old file or the new one, and never a part of either.
copy /y "%HERE%" "%NEW%" >nul 2>&1
if errorlevel 1 goto :end
move /y "%NEW%" "%SHARE%\%COMPUTERNAME%.txt" >nul 2>&1
if errorlevel 1 del /f /q "%NEW%" >nul 2>&1
:end
del /f /q "%HERE%" >nul 2>&1
exit /b 0

:tell
echo ; configcid endpoint 1
echo ; computer %COMPUTERNAME%
call :view "SOFTWARE\Wow6432Node\Sophos\Messaging System"
call :view "SOFTWARE\Sophos\Messaging System"
call :file "%RMS%\mrinit.conf"
call :file "%RMS%\mrinit.conf.orig"
echo ; end
exit /b 0

rem A key that is there and may not be read is not told of.
:view
"%REG%" query "HKLM\%~1\Router" /v ParentAddress >nul 2>&1
if errorlevel 1 goto :bare
"%REG%" query "HKLM\%~1\Router" /v ParentAddress
exit /b 0
:bare
"%REG%" query "HKLM\%~1\Router" >nul 2>&1
if not errorlevel 1 echo HKEY_LOCAL_MACHINE\%~1\Router& exit /b 0
"%REG%" query "HKLM\%~1" 2>nul | find /i "\Router" >nul
if errorlevel 1 echo ; no HKEY_LOCAL_MACHINE\%~1\Router
exit /b 0

rem The two lines that name parents; no key is written anywhere.
:file
if not exist "%~1" exit /b 0
echo ; file %~1
for /f "usebackq tokens=1,* delims==" %%a in ("%~1") do if /i "%%~a"=="MRParentAddress" echo "MRParentAddress"=%%b
for /f "usebackq tokens=1,* delims==" %%a in ("%~1") do if /i "%%~a"=="ParentRouterAddress" echo "ParentRouterAddress"=%%b
exit /b 0
