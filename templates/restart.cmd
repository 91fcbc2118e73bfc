@echo off
rem Restarts the Sophos management services in the right order [63588]. Made by configcid {VERSION}.
rem Run it as an administrator of the server. A service that is not installed is passed over.
rem   restart.cmd       asks whether all consoles are closed
rem   restart.cmd /y    does not ask
setlocal
set LIMIT={SECONDS}
set FAILED=0
if /i "%~1"=="/y" goto :begin
echo Close all Sophos consoles, on every computer. Then press a key, or Ctrl-C to leave all as it is.
pause >nul
:begin
{STOPS}
goto :starts
:stuck
echo A service does not stop. What was stopped is started again.
set FAILED=1
:starts
{STARTS}
exit /b %FAILED%

{ROUTINES}