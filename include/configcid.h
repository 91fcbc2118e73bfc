/*
 * configcid: configures and packages Sophos central installation directories (CIDs).
 *
 * Every call is safe on any thread; calls on one handle wait for each other. Texts are UTF-8, or UTF-16 in the functions
 * that end in _w, and end in NUL. NULL is allowed wherever a handle or a text is asked for: where a call cannot do without,
 * it returns CONFIGCID_USAGE. docs/c-interface.md is the guide.
 *
 * Generated from src/ffi.rs by scripts/make-header: edit that file.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef CONFIGCID_H
#define CONFIGCID_H


#include <stddef.h>
#include <stdint.h>

/* A unit of UTF-16: on Windows the wide character of its own functions. */
#ifdef _WIN32
typedef wchar_t configcid_utf16;
#else
typedef uint16_t configcid_utf16;
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Done, or nothing to do. Status codes are the exit codes of the program.
 */
#define CONFIGCID_DONE 0

/**
 * Something was wrong with the CID or the file system; nothing was changed.
 */
#define CONFIGCID_FAILED 1

/**
 * An argument makes no sense.
 */
#define CONFIGCID_USAGE 2

/**
 * Verifying found faults: the report has them all.
 */
#define CONFIGCID_FAULTS 3

/**
 * Edit the root's mrinit.conf too: CIDs for Mac and Linux read only that one.
 */
#define CONFIGCID_EDIT_ROOT 1

/**
 * Take ports and identity keys that have drifted from the root's mrinit.conf.
 */
#define CONFIGCID_FROM_ROOT 2

/**
 * Report what would change, and write nothing.
 */
#define CONFIGCID_DRY_RUN 4

/**
 * Go on where files of the vendor are damaged; their entries stay as they are.
 */
#define CONFIGCID_ACCEPT_DAMAGE 8

/**
 * Go on where temporary files tell of an update in progress.
 */
#define CONFIGCID_ACCEPT_TEMPORARY 16

/**
 * Take the lock of the CID from another writer, who is dead for sure.
 */
#define CONFIGCID_BREAK_LOCK 32

/**
 * A line for a log is information.
 */
#define CONFIGCID_LOG_INFO 0

/**
 * A line for a log is a warning.
 */
#define CONFIGCID_LOG_WARNING 1

/**
 * A line for a log is an error.
 */
#define CONFIGCID_LOG_ERROR 2

/**
 * A CID that was opened, with the report and the error of the last call. Opaque.
 */
typedef struct configcid_cid configcid_cid;

/**
 * Gets a line for a log: the context given to configcid_log(), one of CONFIGCID_LOG_..., and the line in UTF-8,
 * which is gone when the function returns. Calls with the same handle fail while it runs; it must not close the
 * handle, throw, or jump out.
 */
typedef void (*configcid_log_function)(void *context, int32_t level, const char *line);

/**
 * The version of the library, such as 0.1.0. It is not to be freed.
 */
const char *configcid_version(void);

/**
 * Opens the CID at a path. `*cid` becomes a handle in any case, also where the status is not CONFIGCID_DONE, so that
 * the error can be read; it is to be closed with configcid_close().
 */
int32_t configcid_open(const char *path, configcid_cid **cid);

/**
 * As configcid_open(), in UTF-16.
 */
int32_t configcid_open_w(const configcid_utf16 *path, configcid_cid **cid);

/**
 * Closes a handle; NULL is allowed.
 */
void configcid_close(configcid_cid *cid);

/**
 * Lets a function have lines for a log, on the thread of each call and never two at a time; NULL for none.
 */
int32_t configcid_log(configcid_cid *cid, configcid_log_function function, void *context);

/**
 * Sets an option for the calls to come: "checksum" (a name, a definition, or a file that holds one), "checksum-command", "refresh-with" (a
 * program), "program-timeout" (seconds; for programs set after it), for the program set before them "program-arg" (one more),
 * "program-copy" ("needed" or "whole"), "temp" (a folder) and "in-place" ("no" or "yes"), "check" ("sample" or "all"),
 * "unlist-own" ("no" or "yes"), "customer-file" (one more name), "wait" (seconds for another writer).
 */
int32_t configcid_set(configcid_cid *cid,
                      const char *name,
                      const char *value);

/**
 * As configcid_set(), in UTF-16.
 */
int32_t configcid_set_w(configcid_cid *cid, const configcid_utf16 *name, const configcid_utf16 *value);

/**
 * Lets the endpoints of the CID report to a relay. NULL and the empty text stand for a part of the address that is
 * not given; one of them must be. `flags` is 0 or any of CONFIGCID_EDIT_ROOT to CONFIGCID_BREAK_LOCK, added.
 */
int32_t configcid_relay_set(configcid_cid *cid, const char *ip, const char *fqdn, const char *netbios, uint32_t flags);

/**
 * As configcid_relay_set(), in UTF-16.
 */
int32_t configcid_relay_set_w(configcid_cid *cid,
                              const configcid_utf16 *ip,
                              const configcid_utf16 *fqdn,
                              const configcid_utf16 *netbios,
                              uint32_t flags);

/**
 * Brings the catalogs of the CID in line with the customer's files. `flags` are 0, CONFIGCID_DRY_RUN,
 * CONFIGCID_ACCEPT_DAMAGE, CONFIGCID_ACCEPT_TEMPORARY, CONFIGCID_BREAK_LOCK.
 */
int32_t configcid_refresh(configcid_cid *cid, uint32_t flags);

/**
 * Checks all files of the CID against its catalogs.
 */
int32_t configcid_verify(configcid_cid *cid);

/**
 * The report of the last call as JSON, in the shape of the program's --json; empty where it has none. To be freed
 * with configcid_free_text().
 */
char *configcid_report(const configcid_cid *cid);

/**
 * As configcid_report(), in UTF-16; to be freed with configcid_free_text_w().
 */
configcid_utf16 *configcid_report_w(const configcid_cid *cid);

/**
 * What was wrong in the last call, as a sentence; empty where nothing was. To be freed with configcid_free_text().
 */
char *configcid_error(const configcid_cid *cid);

/**
 * As configcid_error(), in UTF-16; to be freed with configcid_free_text_w().
 */
configcid_utf16 *configcid_error_w(const configcid_cid *cid);

/**
 * Frees a text that a function gave; NULL is allowed.
 */
void configcid_free_text(char *text);

/**
 * Frees a text in UTF-16 that a function gave; NULL is allowed.
 */
void configcid_free_text_w(configcid_utf16 *text);

/**
 * Relay set-up in one call, for installers: opens the CID, does what configcid_relay_set_w() does, and closes it. A
 * message of at most `capacity` units, NUL included, is put into `message`, which may be NULL: the error, or what was
 * done.
 */
int32_t configcid_set_up_relay_w(const configcid_utf16 *path,
                                 const configcid_utf16 *ip,
                                 const configcid_utf16 *fqdn,
                                 const configcid_utf16 *netbios,
                                 uint32_t flags,
                                 configcid_utf16 *message,
                                 size_t capacity);

#ifdef __cplusplus
}
#endif

#endif /* CONFIGCID_H */
