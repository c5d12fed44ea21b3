/*
 * Another process at the same database: this program again, told what to do through a
 * pipe. Each order is answered when it is done.
 */
#ifndef TESTS_FAULT_FOREIGN_H
#define TESTS_FAULT_FOREIGN_H

#include <stdbool.h>
#include <sys/types.h>

enum foreign_order {
    FOREIGN_LOCK = 'l',      /* the database for writing, and writes without a commit */
    FOREIGN_TURN = 't',      /* PATH.turn only */
    FOREIGN_BOTH = 'b',      /* as sesbouncectl does */
    FOREIGN_LET_GO = 'u',    /* rolls back, gives the turn back */
    FOREIGN_READ = 'r',      /* begins a read transaction, and stays in it */
    FOREIGN_STOP_READ = 'e', /* ends it */
    FOREIGN_SUPPRESS = 's',  /* FOREIGN_PEOPLE decisions through the store's API */
};
#define FOREIGN_PEOPLE 50

struct foreign {
    pid_t pid;
    int orders, answers;
};

/* main() calls it first: does not return in the other process. */
void foreign_main(int argc, char **argv);

void foreign_start(struct foreign *foreign, const char *path);
/* Orders, and fails the test when it could not be done. */
void foreign_do(struct foreign *foreign, enum foreign_order order);
/* The same in two halves: what lies between runs side by side. */
void foreign_order(struct foreign *foreign, enum foreign_order order);
void foreign_wait(struct foreign *foreign);
/* kill -9, then reaps it. */
void foreign_kill(struct foreign *foreign);

#endif
