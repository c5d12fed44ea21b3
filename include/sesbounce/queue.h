/*
 * A bounded queue between threads: many push, one takes everything at once.
 *
 * Intrusive: a node lies in the object it queues, so pushing never allocates. A pushed
 * object belongs to the taker. The mutex guards every member of struct queue.
 */
#ifndef SESBOUNCE_QUEUE_H
#define SESBOUNCE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_node {
    struct queue_node *next;
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* CLOCK_MONOTONIC */
    struct queue_node *first;
    struct queue_node *last;
    size_t count;
    size_t max;
    bool closed;
};

/* The object that holds `node` as its member `member`. */
#define queue_entry(node, type, member)                                                  \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* An empty queue of `max` nodes. 0, or -errno and there is no queue. */
int queue_init(struct queue *queue, size_t max);

/* Nobody may use it any more; it must be empty. */
void queue_done(struct queue *queue);

/* 0: the taker owns it. -EAGAIN when full, -ESHUTDOWN when closed: caller keeps it. */
int queue_push(struct queue *queue, struct queue_node *node);

/*
 * Takes up to `most` nodes in the order they were pushed, as a list ended by NULL. Waits
 * until there is one, the queue is closed, or CLOCK_MONOTONIC passes
 * `deadline_ms`; then returns NULL.
 */
struct queue_node *queue_take(struct queue *queue, size_t most, int64_t deadline_ms);

/* Takes the nodes that `wanted` picks, wherever they stand, in their order; never waits.
 * `wanted` runs with the queue locked: it only looks at the node, and calls nothing that
 * locks, waits or logs. For another thread than the taker's. */
struct queue_node *queue_take_if(struct queue *queue,
                                 bool (*wanted)(struct queue_node *node, void *context),
                                 void *context);

/* Pushes fail from now on; what is inside can still be taken. */
void queue_close(struct queue *queue);

bool queue_is_closed(struct queue *queue);
size_t queue_count(struct queue *queue);

#endif
