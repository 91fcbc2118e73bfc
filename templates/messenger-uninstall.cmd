@echo off
rem Removes the messenger from this computer. Run it as an administrator.
rem A program cannot remove itself while it runs: a copy does it. The last line is read as a whole before it is carried
rem out, so that this script may go too.
setlocal
set "copy=%TEMP%\configcid-uninstall-%RANDOM%.exe"
copy /y "%~dp0configcid.exe" "%copy%" >nul
if not exist "%copy%" exit /b 1
cd /d "%TEMP%"
"%copy%" messenger uninstall %* & if errorlevel 1 (del "%copy%" & exit /b 1) else if errorlevel 0 (del "%copy%" & exit /b 0) else (del "%copy%" & exit /b 1)
