/*
 * Runs a fuzz target over files: its own corpus, tests/data/fuzz/NAME, where NAME is this
 * program's name; or the files and folders that are named. What `make check` runs, built
 * with the ordinary compiler and whatever sanitizers the build has.
 */
#include <errno.h>
#include <fts.h>
#include <libgen.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "sesbounce/cleanup.h"

/* Of the size of the file exactly, so that a sanitizer sees a read behind its end. */
static int replay_file(const char *path)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "r");
    struct stat status;
    if (!file || fstat(fileno(file), &status) < 0)
        return -errno;
    size_t size = (size_t)status.st_size;
    _cleanup_(freep) uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        return -EIO;
    (void)LLVMFuzzerTestOneInput(data, size);
    return 0;
}

/* How many were run, or a negative errno, which is printed. */
static int replay_tree(char *path)
{
    char *roots[] = {path, NULL};
    int count = 0, r = 0;
    FTS *tree = fts_open(roots, FTS_NOCHDIR | FTS_PHYSICAL, NULL);
    if (!tree)
        return -errno;
    for (FTSENT *entry; r == 0 && (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            r = -(entry->fts_errno ? entry->fts_errno : EIO);
        if (entry->fts_info != FTS_F)
            continue;
        /* The last line printed names the input that a crash is about. */
        (void)printf("%s\n", entry->fts_path);
        (void)fflush(stdout);
        r = replay_file(entry->fts_path);
        count++;
    }
    (void)fts_close(tree);
    if (r < 0)
        (void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
    return r < 0 ? r : count;
}

int main(int argc, char **argv)
{
    char corpus[256];
    char *name = basename(argv[0]);
    char *standard[] = {corpus, NULL};
    char **paths = argc > 1 ? argv + 1 : standard;
    int count = 0;

    (void)snprintf(corpus, sizeof(corpus), "tests/data/fuzz/%s", name);
    if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(&argc, &argv) != 0)
        return 1;
    /* Sanitizers and empty input: nobody promised a byte. */
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (; *paths; paths++) {
        int r = replay_tree(*paths);
        if (r < 0)
            return 1;
        count += r;
    }
    if (count == 0) {
        (void)fprintf(stderr, "no input for %s\n", name);
        return 1;
    }
    (void)printf("[  PASSED  ] %d test(s).\n", count);
    return 0;
}
