/* Directories, files as bytes, and states. */
#include "../unit/store/store_fixture.h"

#include "vfs.h"
#include "workload.h"

#define STATE_BYTES_MAX (16u * 1024 * 1024)

void place_make(struct place *place)
{
    const char *const bases[] = {"/dev/shm", getenv("TMPDIR"), "/tmp"};

    *place = (struct place){0};
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        if (!bases[i] || strlen(bases[i]) > 40)
            continue;
        (void)snprintf(place->directory, sizeof(place->directory), "%s/fault-XXXXXX",
                       bases[i]);
        if (mkdtemp(place->directory))
            break;
        place->directory[0] = '\0';
    }
    assert_true(place->directory[0]);
    (void)snprintf(place->path, sizeof(place->path), "%s/s.db", place->directory);
}

void place_close(struct place *place)
{
    store_close(take_ptr(place->store));
}

static void remove_tokens(const struct place *place)
{
    DIR *directory = opendir(place->directory);
    const struct dirent *entry;

    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        if (strncmp(entry->d_name, "s.db.token-", 11) == 0)
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    (void)closedir(directory);
}

void place_clear(struct place *place)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".turn"};

    place_close(place);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char name[100];

        (void)snprintf(name, sizeof(name), "%s%s", place->path, suffixes[i]);
        (void)unlink(name);
    }
    remove_tokens(place);
}

void place_remove(struct place *place)
{
    place_clear(place);
    assert_int_equal(rmdir(place->directory), 0);
}

void place_open(struct place *place)
{
    struct buf fault;
    int r;

    buf_init(&fault, 4096);
    place_close(place);
    r = store_open(place->path, STORE_OWN, &place->store, &fault);
    if (r < 0)
        fail_msg("%s: %d: %.*s", place->path, r, STR_ARG(buf_str(&fault)));
    buf_done(&fault);
}

/* --- files ------------------------------------------------------------------------ */

static void name_file(const struct place *place, int which, char ret[100])
{
    (void)snprintf(ret, 100, "%s%s", place->path, vfs_suffixes[which]);
}

void snapshot_take(const struct place *place, struct snapshot *ret)
{
    *ret = (struct snapshot){0};
    for (int i = 0; i < VFS_FILES; i++) {
        char name[100];
        struct stat st;

        name_file(place, i, name);
        _cleanup_(fclosep) FILE *file = fopen(name, "re");
        if (!file)
            continue;
        assert_int_equal(fstat(fileno(file), &st), 0);
        ret->sizes[i] = (size_t)st.st_size;
        ret->bytes[i] = malloc(ret->sizes[i] + 1);
        assert_non_null(ret->bytes[i]);
        assert_int_equal(fread(ret->bytes[i], 1, ret->sizes[i], file), ret->sizes[i]);
    }
}

void snapshot_put(const struct snapshot *snapshot, const struct place *place)
{
    for (int i = 0; i < VFS_FILES; i++) {
        char name[100];

        if (!snapshot->bytes[i])
            continue;
        name_file(place, i, name);
        _cleanup_(fclosep) FILE *file = fopen(name, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(snapshot->bytes[i], 1, snapshot->sizes[i], file),
                         snapshot->sizes[i]);
        assert_int_equal(fchmod(fileno(file), 0640), 0);
    }
}

void snapshot_done(struct snapshot *snapshot)
{
    for (int i = 0; i < VFS_FILES; i++)
        free(snapshot->bytes[i]);
    *snapshot = (struct snapshot){0};
}

/* --- states ----------------------------------------------------------------------- */

/* All but `probe`, which counts attempts. A scan goes in the order of the keys. Ids may
 * have gaps, so a message is named by its SNS id. */
#define SNS_ID  "(SELECT sns_message_id FROM sns_message AS m WHERE m.id = message_id)"
#define MESSAGE SNS_ID ", *"
#define PACKED  SNS_ID ", dictionary, hex(body)"
static const struct {
    const char *name, *columns;
} tables[] = {
    {"topic", "*"},         {"subscription", "*"}, {"outbox", "*"},
    {"sns_message", "*"},   {"body", PACKED},      {"event", MESSAGE},
    {"unapplied", MESSAGE}, {"suppression", "*"},  {"decision", "*"},
    {"soft_event", "*"},    {"counted", "*"},      {"day_count", "*"},
    {"type_count", "*"},
};

static bool is_id(const char *column)
{
    return strcmp(column, "id") == 0 || strcmp(column, "message_id") == 0;
}

static void append_row(sqlite3_stmt *row, const char *table, struct buf *ret)
{
    assert_int_equal(buf_append_str(ret, str_of(table)), 0);
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const char *text = (const char *)sqlite3_column_text(row, i);

        if (is_id(sqlite3_column_name(row, i)))
            continue;
        assert_int_equal(buf_append_char(ret, '|'), 0);
        assert_int_equal(buf_append_str(ret, text ? str_of(text) : STR("-")), 0);
    }
    assert_int_equal(buf_append_char(ret, '\n'), 0);
}

static void append_table(sqlite3 *db, size_t which, struct buf *ret)
{
    sqlite3_stmt *row = NULL;
    char sql[160];
    int rc;

    (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s", tables[which].columns,
                   tables[which].name);
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while ((rc = sqlite3_step(row)) == SQLITE_ROW)
        append_row(row, tables[which].name, ret);
    assert_int_equal(rc, SQLITE_DONE);
    (void)sqlite3_finalize(row);
}

static long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    long n = -1;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        n = (long)sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return n;
}

void state_read(const struct place *place, struct state *ret)
{
    sqlite3 *db = NULL;
    struct buf text;

    buf_init(&text, STATE_BYTES_MAX);
    assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        append_table(db, i, &text);
    ret->messages = number(db, "SELECT (SELECT count(*) FROM sns_message) + "
                               "(SELECT count(*) FROM counted)");
    (void)sqlite3_close(db);
    ret->text = buf_take(&text);
    if (!ret->text)
        ret->text = calloc(1, 1);
    assert_non_null(ret->text);
}

void state_done(struct state *state)
{
    free(state->text);
    *state = (struct state){0};
}

/* The line that `at` lies in, for people. */
static int line_of(const char *text, size_t at, const char **ret)
{
    size_t begin = at;

    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    *ret = text + begin;
    return (int)strcspn(*ret, "\n");
}

void state_expect(const struct state *state, const struct state *expected,
                  const char *what)
{
    const char *line, *wanted;
    size_t at = 0;
    int len, wanted_len;

    if (strcmp(state->text, expected->text) == 0)
        return;
    while (state->text[at] == expected->text[at])
        at++;
    len = line_of(state->text, at, &line);
    wanted_len = line_of(expected->text, at, &wanted);
    fail_msg("%s: %.*s\n  instead of %.*s", what, len < 300 ? len : 300, line,
             wanted_len < 300 ? wanted_len : 300, wanted);
}
