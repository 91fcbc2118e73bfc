:stop
sc query %1 >nul 2>&1
if errorlevel 1 echo %~1: not installed& exit /b 0
set LEFT=%LIMIT%
sc query %1 | find "STOPPED" >nul
if not errorlevel 1 echo %~1: stopped already& exit /b 0
sc stop %1 >nul
:stop_wait
sc query %1 | find "STOPPED" >nul
if not errorlevel 1 echo %~1: stopped& exit /b 0
if %LEFT% leq 0 echo %~1: not stopped after %LIMIT% s& exit /b 1
set /a LEFT-=1
ping -n 2 127.0.0.1 >nul
goto :stop_wait

:start
sc query %1 >nul 2>&1
if errorlevel 1 exit /b 0
set LEFT=%LIMIT%
sc query %1 | find "RUNNING" >nul
if not errorlevel 1 echo %~1: running already& exit /b 0
sc start %1 >nul
:start_wait
sc query %1 | find "RUNNING" >nul
if not errorlevel 1 echo %~1: running& exit /b 0
if %LEFT% leq 0 echo %~1: not running after %LIMIT% s& exit /b 1
set /a LEFT-=1
ping -n 2 127.0.0.1 >nul
goto :start_wait
