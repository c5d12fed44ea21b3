/*
 * Allocations that fail where they are told to. SQLite's are taken over here; a program
 * that takes over others asks allocation_fails() in its own hooks. One thread.
 */
#ifndef TESTS_FAULT_ALLOCATIONS_H
#define TESTS_FAULT_ALLOCATIONS_H

#include <stdbool.h>

/* 0, or -1 when SQLite is in use already: before vfs_install(). */
int allocations_install(void);

/* Lets the `at`-th allocation (from 1) fail, and every later one, too, when `lasting`. */
void allocations_arm(long at, bool lasting);
/* Did one fail since the arming? */
bool allocations_disarm(void);

/* For hooks: shall this allocation fail? */
bool allocation_fails(void);

#endif
