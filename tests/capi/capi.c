/*
 * The C interface, as a C program sees it. Arguments: a CID that may be changed, and a folder that is no CID.
 * Portable: POSIX threads, or those of Windows.
 */
#include "configcid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#endif

#define THREADS 8
#define UNTOUCHED 0xFFFF

static int failed = 0;

#define CHECK(what) check((what) != 0, #what, __LINE__)

static void check(int good, const char *what, int line) {
    if (!good) {
        printf("capi.c:%d: FAILED: %s\n", line, what);
        failed = 1;
    }
}

/* UTF-16 of ASCII; from a ring of places, so that one call may have several. */
static const configcid_utf16 *wide(const char *text) {
    static configcid_utf16 ring[8][600];
    static int next = 0;
    configcid_utf16 *place = ring[next++ % 8];
    size_t i = 0;
    do {
        place[i] = (configcid_utf16)(unsigned char)text[i];
    } while (text[i++] != 0 && i < 600);
    return place;
}

static size_t wide_length(const configcid_utf16 *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

/* ASCII in UTF-16: is it there? */
static int wide_has(const configcid_utf16 *text, const char *part) {
    size_t length = wide_length(text), part_length = strlen(part), i, j;
    for (i = 0; i + part_length <= length; i++) {
        for (j = 0; j < part_length && text[i + j] == (unsigned char)part[j]; j++) {}
        if (j == part_length) return 1;
    }
    return 0;
}

/* Does the report, or the error, of the last call hold this? Both encodings are asked and freed. */
static int says(char *text, configcid_utf16 *text_w, const char *part) {
    int both = text != NULL && text_w != NULL && strstr(text, part) != NULL && wide_has(text_w, part);
    if (!both) printf("  it says: %s\n", text == NULL ? "(null)" : text);
    configcid_free_text(text);
    configcid_free_text_w(text_w);
    return both;
}

static int reports(const configcid_cid *cid, const char *part) {
    return says(configcid_report(cid), configcid_report_w(cid), part);
}

static int complains(const configcid_cid *cid, const char *part) {
    return says(configcid_error(cid), configcid_error_w(cid), part);
}

static int silent(const configcid_cid *cid) {
    char *error = configcid_error(cid);
    int none = error != NULL && error[0] == 0;
    configcid_free_text(error);
    return none;
}

struct log {
    int lines[3];
    int catalog_seen;
    configcid_cid *cid;
    int called_back;
};

static void keep(void *context, int32_t level, const char *line) {
    struct log *log = (struct log *)context;
    CHECK(level >= CONFIGCID_LOG_INFO && level <= CONFIGCID_LOG_ERROR);
    log->lines[level]++;
    if (strstr(line, "cidsync.upd") != NULL) log->catalog_seen = 1;
    /* No deadlock, and no crash. */
    if (configcid_verify(log->cid) == CONFIGCID_USAGE) log->called_back = 1;
}

static void life_of_a_cid(const char *path) {
    struct log log = {{0, 0, 0}, 0, NULL, 0};
    configcid_cid *cid = NULL;

    CHECK(configcid_open(path, &cid) == CONFIGCID_DONE);
    CHECK(cid != NULL && silent(cid));
    log.cid = cid;
    CHECK(configcid_log(cid, keep, &log) == CONFIGCID_DONE);

    CHECK(configcid_verify(cid) == CONFIGCID_DONE);
    CHECK(reports(cid, "\"command\": \"catalog verify\""));
    CHECK(reports(cid, "\"faults\": []"));

    CHECK(configcid_relay_set(cid, "10.1.200.65", "MRComputer.Sales.Acme", "MRComputer", CONFIGCID_DRY_RUN) ==
          CONFIGCID_DONE);
    CHECK(reports(cid, "\"status\": \"planned\""));
    CHECK(reports(cid, "\"dry_run\": true"));

    CHECK(configcid_relay_set(cid, "10.1.200.65", "MRComputer.Sales.Acme", "MRComputer", 0) == CONFIGCID_DONE);
    CHECK(reports(cid, "\"schema\": 1"));
    CHECK(reports(cid, "\"exit_code\": 0"));
    CHECK(reports(cid, "\"status\": \"changed\""));
    CHECK(reports(cid, "10.1.200.65,MRComputer.Sales.Acme,MRComputer"));
    CHECK(silent(cid));
    CHECK(log.lines[CONFIGCID_LOG_INFO] > 0 && log.lines[CONFIGCID_LOG_ERROR] == 0);
    CHECK(log.catalog_seen);
    CHECK(log.called_back);

    CHECK(configcid_relay_set_w(cid, wide("10.1.200.65"), wide("MRComputer.Sales.Acme"), wide("MRComputer"), 0) ==
          CONFIGCID_DONE);
    CHECK(reports(cid, "\"status\": \"unchanged\""));
    CHECK(configcid_relay_set_w(cid, wide("10.1.200.66"), NULL, wide(""), CONFIGCID_FROM_ROOT) == CONFIGCID_DONE);
    CHECK(reports(cid, "\"status\": \"changed\""));

    CHECK(configcid_refresh(cid, 0) == CONFIGCID_DONE);
    CHECK(reports(cid, "\"command\": \"refresh\""));
    CHECK(configcid_verify(cid) == CONFIGCID_DONE);

    CHECK(configcid_set(cid, "wait", "1") == CONFIGCID_DONE);
    CHECK(configcid_set_w(cid, wide("customer-file"), wide("notes.txt")) == CONFIGCID_DONE);
    CHECK(configcid_log(cid, NULL, NULL) == CONFIGCID_DONE);
    configcid_close(cid);
}

static void errors(const char *path, const char *no_cid) {
    static const char latin[] = {(char)0xE4, 0};
    static const configcid_utf16 half[] = {0xD800, 'x', 0};
    struct log log = {{0, 0, 0}, 0, NULL, 0};
    configcid_cid *cid = NULL;

    CHECK(configcid_open(no_cid, &cid) == CONFIGCID_FAILED);
    CHECK(cid != NULL);
    CHECK(complains(cid, "cidsync.upd") || complains(cid, "CID"));
    CHECK(reports(cid, "\"kind\": \"not-a-cid\""));
    CHECK(configcid_refresh(cid, 0) == CONFIGCID_FAILED);
    configcid_close(cid);

    cid = NULL;
    CHECK(configcid_open_w(wide(no_cid), &cid) == CONFIGCID_FAILED);
    CHECK(reports(cid, "\"kind\": \"not-a-cid\""));
    configcid_close(cid);

    cid = NULL;
    CHECK(configcid_open(NULL, &cid) == CONFIGCID_USAGE);
    CHECK(complains(cid, "NULL"));
    configcid_close(cid);
    cid = NULL;
    CHECK(configcid_open_w(half, &cid) != CONFIGCID_DONE);
    configcid_close(cid);
    CHECK(configcid_open(path, NULL) == CONFIGCID_USAGE);
    CHECK(configcid_open_w(NULL, NULL) == CONFIGCID_USAGE);

    cid = NULL;
    CHECK(configcid_open_w(wide(path), &cid) == CONFIGCID_DONE);
    log.cid = cid;
    configcid_log(cid, keep, &log);
    CHECK(configcid_relay_set(cid, "10.1.200.650", NULL, NULL, 0) == CONFIGCID_USAGE);
    CHECK(complains(cid, "10.1.200.650"));
    CHECK(reports(cid, "\"kind\": \"address\""));
    CHECK(reports(cid, "\"exit_code\": 2"));
    CHECK(log.lines[CONFIGCID_LOG_ERROR] == 1);
    CHECK(configcid_relay_set(cid, NULL, NULL, NULL, 0) == CONFIGCID_USAGE);
    CHECK(configcid_relay_set(cid, "", "", "", 0) == CONFIGCID_USAGE);
    CHECK(configcid_relay_set_w(cid, NULL, NULL, NULL, 0) == CONFIGCID_USAGE);
    CHECK(configcid_relay_set(cid, "10.1.200.65", latin, NULL, 0) == CONFIGCID_USAGE);
    CHECK(complains(cid, "UTF-8"));
    CHECK(configcid_relay_set_w(cid, wide("10.1.200.65"), NULL, half, 0) == CONFIGCID_USAGE);
    CHECK(complains(cid, "UTF-16"));
    CHECK(configcid_relay_set(cid, "10.1.200.65", NULL, NULL, 64) == CONFIGCID_USAGE);
    CHECK(configcid_refresh(cid, 0x80000000u) == CONFIGCID_USAGE);
    CHECK(complains(cid, "flags"));
    CHECK(configcid_refresh(cid, CONFIGCID_EDIT_ROOT) == CONFIGCID_USAGE);
    CHECK(configcid_set(cid, "color", "blue") == CONFIGCID_USAGE);
    CHECK(configcid_set(cid, NULL, NULL) == CONFIGCID_USAGE);
    CHECK(configcid_set(cid, "wait", latin) == CONFIGCID_USAGE);
    CHECK(configcid_set_w(cid, NULL, half) == CONFIGCID_USAGE);
    CHECK(configcid_set_w(cid, wide("wait"), wide("soon")) == CONFIGCID_USAGE);
    configcid_close(cid);

    CHECK(configcid_log(NULL, keep, NULL) == CONFIGCID_USAGE);
    CHECK(configcid_set(NULL, "wait", "1") == CONFIGCID_USAGE);
    CHECK(configcid_set_w(NULL, NULL, NULL) == CONFIGCID_USAGE);
    CHECK(configcid_relay_set(NULL, "10.1.200.65", NULL, NULL, 0) == CONFIGCID_USAGE);
    CHECK(configcid_relay_set_w(NULL, NULL, NULL, NULL, 0) == CONFIGCID_USAGE);
    CHECK(configcid_refresh(NULL, 0) == CONFIGCID_USAGE);
    CHECK(configcid_verify(NULL) == CONFIGCID_USAGE);
    CHECK(silent(NULL));
    CHECK(reports(NULL, ""));
    configcid_close(NULL);
    configcid_free_text(NULL);
    configcid_free_text_w(NULL);
}

static void one_call(const char *path, const char *no_cid) {
    static const size_t capacities[] = {0, 1, 5};
    configcid_utf16 message[300];
    size_t i, j;

    for (i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
        size_t capacity = capacities[i];
        for (j = 0; j < 300; j++) message[j] = UNTOUCHED;
        CHECK(configcid_set_up_relay_w(wide(path), wide("10.1.200.67"), NULL, NULL, 0, message, capacity) ==
              CONFIGCID_DONE);
        CHECK(capacity == 0 || wide_length(message) == capacity - 1);
        for (j = capacity; j < 300; j++) CHECK(message[j] == UNTOUCHED);
    }
    CHECK(configcid_set_up_relay_w(wide(path), wide("10.1.200.67"), NULL, NULL, 0, NULL, 300) == CONFIGCID_DONE);
    CHECK(configcid_set_up_relay_w(wide(path), wide("10.1.200.67"), NULL, NULL, 0, message, 300) == CONFIGCID_DONE);
    CHECK(wide_has(message, "report to the relay"));
    CHECK(configcid_set_up_relay_w(wide(path), wide("10.1.200.68"), NULL, NULL, CONFIGCID_DRY_RUN, message, 300) ==
          CONFIGCID_DONE);
    CHECK(wide_has(message, "dry run"));
    CHECK(configcid_set_up_relay_w(wide(path), wide("relay"), NULL, NULL, 0, message, 300) == CONFIGCID_USAGE);
    CHECK(wide_has(message, "relay"));
    CHECK(configcid_set_up_relay_w(wide(no_cid), wide("10.1.200.67"), NULL, NULL, 0, message, 300) == CONFIGCID_FAILED);
    CHECK(configcid_set_up_relay_w(NULL, NULL, NULL, NULL, 0, NULL, 0) == CONFIGCID_USAGE);
}

struct work {
    const char *path;
    configcid_cid *shared;
    int number;
    int bad;
};

static void work(struct work *work) {
    char ip[20];
    configcid_cid *own = NULL;
    configcid_cid *cid = work->shared;
    int round;
    if (cid == NULL) {
        if (configcid_open(work->path, &own) != CONFIGCID_DONE) work->bad++;
        if (configcid_set(own, "wait", "600") != CONFIGCID_DONE) work->bad++;
        cid = own;
    }
    for (round = 0; round < 2; round++) {
        char *text;
        sprintf(ip, "10.1.%d.%d", work->number + 1, round + 1);
        if (configcid_relay_set(cid, ip, NULL, NULL, 0) != CONFIGCID_DONE) work->bad++;
        text = configcid_report(cid);
        if (text == NULL || strstr(text, "\"schema\": 1") == NULL) work->bad++;
        configcid_free_text(text);
        text = configcid_error(cid);
        if (text != NULL && text[0] != 0) printf("  thread %d: %s\n", work->number, text);
        configcid_free_text(text);
    }
    configcid_close(own);
}

#ifdef _WIN32
typedef HANDLE thread;
static DWORD WINAPI begin(LPVOID argument) {
    work((struct work *)argument);
    return 0;
}
static void start(thread *thread, struct work *argument) { *thread = CreateThread(NULL, 0, begin, argument, 0, NULL); }
static void join(thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}
#else
typedef pthread_t thread;
static void *begin(void *argument) {
    work((struct work *)argument);
    return NULL;
}
static void start(thread *thread, struct work *argument) {
    if (pthread_create(thread, NULL, begin, argument) != 0) abort();
}
static void join(thread thread) { pthread_join(thread, NULL); }
#endif

static void threads(const char *path, configcid_cid *shared) {
    struct work works[THREADS];
    thread all[THREADS];
    int i;
    for (i = 0; i < THREADS; i++) {
        works[i].path = path;
        works[i].shared = shared;
        works[i].number = i;
        works[i].bad = 0;
        start(&all[i], &works[i]);
    }
    for (i = 0; i < THREADS; i++) {
        join(all[i]);
        CHECK(works[i].bad == 0);
    }
}

static void many_threads(const char *path) {
    configcid_cid *cid = NULL;
    CHECK(configcid_open(path, &cid) == CONFIGCID_DONE);
    threads(path, cid);
    CHECK(configcid_verify(cid) == CONFIGCID_DONE);
    threads(path, NULL);
    CHECK(configcid_verify(cid) == CONFIGCID_DONE);
    configcid_close(cid);
}

static void faults(const char *path) {
    char name[600];
    FILE *file;
    configcid_cid *cid = NULL;
    sprintf(name, "%.500s/rms/agent.dll", path);
    file = fopen(name, "wb");
    CHECK(file != NULL && fputs("short", file) >= 0 && fclose(file) == 0);
    CHECK(configcid_open(path, &cid) == CONFIGCID_DONE);
    CHECK(configcid_verify(cid) == CONFIGCID_FAULTS);
    CHECK(complains(cid, "agent.dll"));
    CHECK(reports(cid, "\"exit_code\": 3"));
    CHECK(configcid_relay_set(cid, "10.1.200.70", NULL, NULL, 0) == CONFIGCID_FAILED);
    CHECK(reports(cid, "\"kind\": \"damage\""));
    CHECK(configcid_relay_set(cid, "10.1.200.70", NULL, NULL, CONFIGCID_ACCEPT_DAMAGE) == CONFIGCID_DONE);
    configcid_close(cid);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: capi CID NO_CID\n");
        return 2;
    }
    CHECK(CONFIGCID_DONE == 0 && CONFIGCID_FAILED == 1 && CONFIGCID_USAGE == 2 && CONFIGCID_FAULTS == 3);
    CHECK(strchr(configcid_version(), '.') != NULL);
    life_of_a_cid(argv[1]);
    errors(argv[1], argv[2]);
    one_call(argv[1], argv[2]);
    many_threads(argv[1]);
    faults(argv[1]);
    puts(failed ? "capi: FAILED" : "capi: passed");
    return failed;
}
