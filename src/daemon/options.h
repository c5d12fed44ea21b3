/*
 * The command line, and the settings that it names. One thread, at start.
 */
#ifndef SESBOUNCED_OPTIONS_H
#define SESBOUNCED_OPTIONS_H

#include <stdbool.h>

#include "sesbounce/settings.h"

/* Of sysexits.h(3); sesbounced(8) promises them. */
enum { EXIT_DONE = 0, EXIT_OTHER = 1, EXIT_DATABASE = 65, EXIT_SETTINGS = 78 };

struct options {
    const char *config; /* NULL: the default file */
    bool check_config;
};

/* -1: go on; else the exit status. */
int options_read(int argc, char **argv, struct options *ret);

/*
 * Reads the settings and looks at the files that they name. Faults and warnings go to
 * standard error, the same at the start as at --check-config, and the first fault to
 * systemd. -1: go on with `*ret`; else the exit status.
 */
int options_settings(const struct options *options, struct settings **ret);

#endif
