@echo off
rem Removes the messenger from this computer. Run it as an administrator.
rem A program cannot remove itself while it runs: a copy does it. What is between the parentheses is read at once, so that
rem this script may go too.
setlocal
set "copy=%TEMP%\configcid-uninstall-%RANDOM%.exe"
copy /y "%~dp0configcid.exe" "%copy%" >nul || exit /b 1
cd /d "%TEMP%"
("%copy%" messenger uninstall %*
call set code=%%errorlevel%%
del "%copy%"
call exit /b %%code%%)
