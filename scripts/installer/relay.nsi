; An installer that sets up the relay of one CID: it carries configcid.dll, asks or is told what to set, calls the DLL,
; and fails with the DLL's own message where that fails. It installs nothing, so that nothing is left to be removed.
; scripts/package-windows makes it:
;
;   makensis -DVERSION=... -DMACHINE=x86_64|i686 -DDLL=... -DOUT=... relay.nsi
;
; Its exit code is the DLL's status; a run that the user ends early has 1. docs/windows.md has its parameters.

Unicode true
!if "${MACHINE}" == "x86_64"
    Target amd64-unicode
!else
    Target x86-unicode
!endif
SetCompressor /SOLID lzma
ManifestDPIAware true

!include FileFunc.nsh
!include LogicLib.nsh
!include MUI2.nsh
!include nsDialogs.nsh

!define TITLE "configcid ${VERSION}, relay set-up"
Name "${TITLE}"
BrandingText "${TITLE}"
OutFile "${OUT}"
; Who may write to the CID decides: administrators are asked to rise, others are tried as they are.
RequestExecutionLevel highest
ShowInstDetails show
InstallButtonText "&Set up"

VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName configcid
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Sets up the message relay of a CID"
VIAddVersionKey LegalCopyright "MIT or Apache-2.0"

Var Cid
Var Ip
Var Fqdn
Var Netbios
Var Program ; refreshes the catalogs, where configcid does not know their checksums: ConfigCID.exe
Var Flags
Var LogPath
Var Rest
Var Word
Var Status
Var Message
Var CidField
Var IpField
Var FqdnField
Var NetbiosField
Var ProgramField

; The CONFIGCID_... of configcid.h.
!define DONE 0
!define FAILED 1
!define USAGE 2
!define EDIT_ROOT 1
!define FROM_ROOT 2
!define DRY_RUN 4

!define MUI_ABORTWARNING_TEXT "End without setting up the relay?"
!define MUI_ABORTWARNING
!define MUI_INSTFILESPAGE_FINISHHEADER_TEXT "Done"
!define MUI_INSTFILESPAGE_FINISHHEADER_SUBTEXT "The relay is set up."
!define MUI_INSTFILESPAGE_ABORTHEADER_TEXT "Failed"
!define MUI_INSTFILESPAGE_ABORTHEADER_SUBTEXT "The relay set-up has failed."
Page custom Ask Asked
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

; --- What the DLL does ------------------------------------------------------------------------------------------------

; Sets up the relay; $Flags says how. Gives $Status and $Message.
Function SetUpRelay
    InitPluginsDir
    File "/oname=$PLUGINSDIR\configcid.dll" "${DLL}"
    ; Loaded by its full path, it is the one that its bare name means from then on.
    StrCpy $1 "$PLUGINSDIR\configcid.dll"
    System::Call 'kernel32::LoadLibraryW(w r1) p .r9'
    ; Texts are handed over in registers: whatever they hold, System does not read it as its own language.
    StrCpy $1 $Cid
    StrCpy $2 $Ip
    StrCpy $3 $Fqdn
    StrCpy $4 $Netbios
    StrCpy $5 $Flags
    ${If} $9 == 0
        StrCpy $0 error
    ${ElseIf} $Program == ""
        System::Call 'configcid.dll::configcid_set_up_relay_w(w r1, w r2, w r3, w r4, i r5, w .r6, p ${NSIS_MAX_STRLEN}) i .r0 ?c'
    ${Else}
        Call SetUpRelayWithProgram
    ${EndIf}
    ${If} $0 == error
        StrCpy $0 ${FAILED}
        StrCpy $6 "configcid.dll cannot be loaded or called"
    ${EndIf}
    ; What is loaded cannot be removed at the end.
    System::Call 'kernel32::FreeLibrary(p r9)'
    StrCpy $Status $0
    StrCpy $Message $6
FunctionEnd

; The same with an option, which takes a handle: $1 to $5 are the arguments, $0 is the status, $6 the message.
Function SetUpRelayWithProgram
    StrCpy $6 $Program
    System::Call 'configcid.dll::configcid_open_w(w r1, *p .r7) i .r0 ?c'
    ${If} $0 == ${DONE}
        System::Call 'configcid.dll::configcid_set_w(p r7, w "refresh-with", w r6) i .r0 ?c'
    ${EndIf}
    ${If} $0 == ${DONE}
        System::Call 'configcid.dll::configcid_relay_set_w(p r7, w r2, w r3, w r4, i r5) i .r0 ?c'
    ${EndIf}
    IntOp $8 $5 & ${DRY_RUN}
    ${If} $8 = 0
        StrCpy $6 "The endpoints of this CID report to the relay."
    ${Else}
        StrCpy $6 "Nothing was written: this was a dry run."
    ${EndIf}
    ${If} $0 != ${DONE}
        System::Call 'configcid.dll::configcid_error_w(p r7) p .r8 ?c'
        System::Call 'kernel32::lstrcpynW(w .r6, p r8, i ${NSIS_MAX_STRLEN}) p'
        System::Call 'configcid.dll::configcid_free_text_w(p r8) ?c'
    ${EndIf}
    System::Call 'configcid.dll::configcid_close(p r7) ?c'
FunctionEnd

Section
    DetailPrint "CID: $Cid"
    DetailPrint "Relay: $Ip,$Fqdn,$Netbios"
    Call SetUpRelay
    ${If} $Status != ${DONE}
        Call Fail
    ${EndIf}
    DetailPrint $Message
    Call Say
SectionEnd

; --- What it says -----------------------------------------------------------------------------------------------------

; Ends with $Status, after $Message was shown, printed and logged.
Function Fail
    Call Say
    SetErrorLevel $Status
    MessageBox MB_ICONSTOP|MB_OK "$Message" /SD IDOK
    DetailPrint $Message
    Abort "Failed: exit code $Status"
FunctionEnd

; Appends $Message to the log, and writes it where the one who has started this may read it: a console, a pipe, a file.
Function Say
    Push $0
    Push $1
    Push $2
    Push $3
    Push $4
    Push $5
    Push $6
    ${If} $LogPath != ""
        ${GetTime} "" L $0 $1 $2 $3 $4 $5 $6
        ClearErrors
        FileOpen $3 $LogPath a
        ${IfNot} ${Errors}
            FileSeek $3 0 END $5
            ${If} $5 = 0
                FileWriteUTF16LE /BOM $3 ""
            ${EndIf}
            FileWriteUTF16LE $3 "$2-$1-$0 $4:$6  exit code $Status  $Cid  $Ip,$Fqdn,$Netbios  $Message$\r$\n"
            FileClose $3
        ${EndIf}
    ${EndIf}
    StrCpy $0 "$Message$\r$\n"
    System::Call 'kernel32::GetStdHandle(i -11) p .r1'
    ${If} $1 P= 0
        System::Call 'kernel32::AttachConsole(i -1)'
        System::Call 'kernel32::GetStdHandle(i -11) p .r1'
    ${EndIf}
    StrLen $2 $0
    System::Call 'kernel32::WriteConsoleW(p r1, w r0, i r2, *i, p 0) i .r3'
    ${If} $3 = 0
        ; No console: UTF-8, as configcid writes.
        System::Alloc 4096
        Pop $4
        System::Call 'kernel32::WideCharToMultiByte(i 65001, i 0, w r0, i r2, p r4, i 4096, p 0, p 0) i .r5'
        System::Call 'kernel32::WriteFile(p r1, p r4, i r5, *i, p 0)'
        System::Free $4
    ${EndIf}
    Pop $6
    Pop $5
    Pop $4
    Pop $3
    Pop $2
    Pop $1
    Pop $0
FunctionEnd

; --- The command line -------------------------------------------------------------------------------------------------

!define HOW "Parameters: /S (silent) /CID=path /IP=address /FQDN=name /NETBIOS=name, and if need be /REFRESHWITH=ConfigCID.exe \
/EDITROOT /FROMROOT /DRYRUN /LOG=file. Quotes may stand around any of them, or around the value."

Function .onInit
    StrCpy $Flags 0
    StrCpy $LogPath "$TEMP\configcid-relay-setup.log"
    StrLen $0 $CMDLINE
    IntOp $0 $0 + 1
    ${If} $0 >= ${NSIS_MAX_STRLEN}
        StrCpy $Message "The command line is too long."
        Call Misused
    ${EndIf}
    ${GetParameters} $Rest
    ${Do}
        Call NextWord
        ${If} $Word == ""
            ${ExitDo}
        ${EndIf}
        Call TakeWord
    ${Loop}

    ClearErrors
    FileOpen $0 $LogPath a
    ${If} ${Errors}
        StrCpy $Message "The log $LogPath cannot be written. Name another with /LOG=file."
        StrCpy $LogPath ""
        Call Misused
    ${EndIf}
    FileClose $0
    ${If} ${Silent}
    ${AndIf} $Cid == ""
        StrCpy $Message "/CID=path is missing. ${HOW}"
        Call Misused
    ${EndIf}
FunctionEnd

Function Misused
    StrCpy $Status ${USAGE}
    Call Fail
FunctionEnd

; Takes the first word of $Rest as $Word, without its quotes. Empty ones are passed over.
Function NextWord
    StrCpy $Word ""
    StrCpy $1 outside
    ${Do}
        StrCpy $0 $Rest 1
        StrCpy $Rest $Rest "" 1
        ${If} $0 == ""
            ${ExitDo}
        ${ElseIf} $0 == '"'
            ${If} $1 == outside
                StrCpy $1 inside
            ${Else}
                StrCpy $1 outside
            ${EndIf}
        ${ElseIf} $0$1 == " outside"
            ${If} $Word != ""
                ${ExitDo}
            ${EndIf}
        ${Else}
            StrCpy $Word $Word$0
        ${EndIf}
    ${Loop}
FunctionEnd

; If $Word begins with NAME, its rest becomes the value of VARIABLE, and the function ends.
!macro Take NAME VARIABLE
    StrLen $0 "${NAME}"
    StrCpy $1 $Word $0
    ${If} $1 == "${NAME}"
        StrCpy ${VARIABLE} $Word "" $0
        Return
    ${EndIf}
!macroend

!macro TakeFlag NAME FLAG
    ${If} $Word == "${NAME}"
        IntOp $Flags $Flags | ${FLAG}
        Return
    ${EndIf}
!macroend

Function TakeWord
    !insertmacro Take /CID= $Cid
    !insertmacro Take /IP= $Ip
    !insertmacro Take /FQDN= $Fqdn
    !insertmacro Take /NETBIOS= $Netbios
    !insertmacro Take /REFRESHWITH= $Program
    !insertmacro Take /LOG= $LogPath
    !insertmacro TakeFlag /EDITROOT ${EDIT_ROOT}
    !insertmacro TakeFlag /FROMROOT ${FROM_ROOT}
    !insertmacro TakeFlag /DRYRUN ${DRY_RUN}
    ; These the installer's own machinery has taken.
    !insertmacro TakeFlag /S 0
    !insertmacro TakeFlag /NCRC 0
    ; A word that means nothing may be a part that was to be set: nothing is guessed.
    StrCpy $Message "$Word is no parameter. ${HOW}"
    Call Misused
FunctionEnd

; --- The page ---------------------------------------------------------------------------------------------------------

!macro Field LABEL TOP VALUE FIELD
    ${NSD_CreateLabel} 0 ${TOP}u 42% 20u "${LABEL}"
    Pop $0
    ${NSD_CreateText} 43% ${TOP}u 50% 12u "${VALUE}"
    Pop ${FIELD}
!macroend

!macro Browse TOP FUNCTION
    ${NSD_CreateBrowseButton} 94% ${TOP}u 6% 12u "..."
    Pop $0
    ${NSD_OnClick} $0 ${FUNCTION}
!macroend

Function Ask
    !insertmacro MUI_HEADER_TEXT "Message relay" "Which CID, and the relay that its endpoints shall report to"
    nsDialogs::Create 1018
    Pop $0
    !insertmacro Field "&CID (folder or share):" 0 $Cid $CidField
    !insertmacro Field "Relay's &IP address:" 26 $Ip $IpField
    !insertmacro Field "Relay's &full name (FQDN):" 52 $Fqdn $FqdnField
    !insertmacro Field "Relay's &NetBIOS name:" 78 $Netbios $NetbiosField
    !insertmacro Field "Con&figCID.exe, for a CID that the vendor's software has made:" 104 $Program $ProgramField
    !insertmacro Browse 0 ChooseCid
    !insertmacro Browse 104 ChooseProgram
    ${NSD_SetFocus} $CidField
    nsDialogs::Show
FunctionEnd

Function ChooseCid
    Pop $0
    ${NSD_GetText} $CidField $0
    nsDialogs::SelectFolderDialog "The CID" $0
    Pop $0
    ${If} $0 != error
        ${NSD_SetText} $CidField $0
    ${EndIf}
FunctionEnd

Function ChooseProgram
    Pop $0
    ${NSD_GetText} $ProgramField $0
    nsDialogs::SelectFileDialog open $0 "Programs|*.exe"
    Pop $0
    ${If} $0 != ""
        ${NSD_SetText} $ProgramField $0
    ${EndIf}
FunctionEnd

; Tries what was typed, so that it can be mended here.
Function Asked
    ${NSD_GetText} $CidField $Cid
    ${NSD_GetText} $IpField $Ip
    ${NSD_GetText} $FqdnField $Fqdn
    ${NSD_GetText} $NetbiosField $Netbios
    ${NSD_GetText} $ProgramField $Program
    StrCpy $R0 $Flags
    IntOp $Flags $Flags | ${DRY_RUN}
    Call SetUpRelay
    StrCpy $Flags $R0
    ${If} $Status != ${DONE}
        MessageBox MB_ICONEXCLAMATION|MB_OK "$Message"
        Abort
    ${EndIf}
FunctionEnd
