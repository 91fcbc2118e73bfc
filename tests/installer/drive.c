/*
 * Uses the relay installer as a person does: starts it, types into its fields, presses its buttons, and prints what it
 * shows. Arguments: the installer, then the text of each field. Its exit code is the installer's.
 */
#include <windows.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define LIMIT_IN_SECONDS 60
/* The number of the place where an NSIS installer shows its pages. */
#define PAGE 1018
#define MAX_FIELDS 16

struct windows {
    DWORD process;
    HWND wizard;
    HWND message;
};

struct fields {
    HWND each[MAX_FIELDS];
    int count;
};

static BOOL CALLBACK find_window(HWND window, LPARAM argument) {
    struct windows *windows = (struct windows *)argument;
    wchar_t class_name[32];
    DWORD process;
    GetWindowThreadProcessId(window, &process);
    if (process != windows->process || !IsWindowVisible(window)) return TRUE;
    if (GetClassNameW(window, class_name, 32) == 0 || wcscmp(class_name, L"#32770") != 0) return TRUE;
    if (GetDlgItem(window, PAGE) != NULL) {
        windows->wizard = window;
    } else {
        windows->message = window;
    }
    return TRUE;
}

static BOOL CALLBACK find_field(HWND window, LPARAM argument) {
    struct fields *fields = (struct fields *)argument;
    wchar_t class_name[32];
    GetClassNameW(window, class_name, 32);
    if (lstrcmpiW(class_name, L"Edit") == 0 && IsWindowVisible(window) && fields->count < MAX_FIELDS)
        fields->each[fields->count++] = window;
    return TRUE;
}

static BOOL CALLBACK print_text(HWND window, LPARAM argument) {
    wchar_t class_name[32];
    wchar_t text[2048];
    char bytes[6144];
    (void)argument;
    GetClassNameW(window, class_name, 32);
    if (lstrcmpiW(class_name, L"Static") != 0) return TRUE;
    if (SendMessageW(window, WM_GETTEXT, 2048, (LPARAM)text) == 0) return TRUE;
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    printf("message: %s\n", bytes);
    return TRUE;
}

static void press(HWND window, int button) { PostMessageW(window, WM_COMMAND, (WPARAM)button, 0); }

int wmain(int count, wchar_t **arguments) {
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    HWND seen = NULL;
    DWORD status = 99, begin = GetTickCount();
    int typed = 0, refused = 0, i;

    ZeroMemory(&startup, sizeof startup);
    startup.cb = sizeof startup;
    if (count < 2 || !CreateProcessW(arguments[1], NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)) {
        fprintf(stderr, "drive: the installer cannot be started: %lu\n", GetLastError());
        return 98;
    }
    while (WaitForSingleObject(process.hProcess, 50) == WAIT_TIMEOUT) {
        struct windows windows = {0, NULL, NULL};
        struct fields fields = {{NULL}, 0};
        if (GetTickCount() - begin > LIMIT_IN_SECONDS * 1000) {
            fprintf(stderr, "drive: the installer does not end\n");
            TerminateProcess(process.hProcess, 97);
            return 97;
        }
        windows.process = process.dwProcessId;
        EnumWindows(find_window, (LPARAM)&windows);
        if (windows.message != NULL) {
            if (windows.message == seen) continue;
            seen = windows.message;
            EnumChildWindows(windows.message, print_text, 0);
            /* The question whether to end is answered with yes; other messages are read. */
            press(windows.message, GetDlgItem(windows.message, IDYES) != NULL ? IDYES : IDOK);
            refused = 1;
            continue;
        }
        if (windows.wizard == NULL) continue;
        EnumChildWindows(windows.wizard, find_field, (LPARAM)&fields);
        if (fields.count > 0 && !typed) {
            if (fields.count < count - 2) continue;
            for (i = 2; i < count; i++) SendMessageW(fields.each[i - 2], WM_SETTEXT, 0, (LPARAM)arguments[i]);
            press(windows.wizard, IDOK);
            typed = 1;
        } else if (typed && refused) {
            /* What was typed was refused: give up. */
            press(windows.wizard, IDCANCEL);
        } else if (typed && fields.count == 0 && IsWindowEnabled(GetDlgItem(windows.wizard, IDOK))) {
            press(windows.wizard, IDOK);
        }
    }
    GetExitCodeProcess(process.hProcess, &status);
    printf("exit code %lu\n", status);
    return (int)status;
}
