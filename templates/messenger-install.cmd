@echo off
rem Installs the messenger of this folder for all users of the computer, and lets it run at logon.
rem Run it as an administrator.
"%~dp0configcid.exe" messenger install %*
exit /b %errorlevel%
