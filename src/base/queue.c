#include "sesbounce/queue.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

static int condition_init(pthread_cond_t *changed)
{
    pthread_condattr_t attributes;
    int r = pthread_condattr_init(&attributes);
    if (r != 0)
        return -r;
    r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (r == 0)
        r = pthread_cond_init(changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return -r;
}

int queue_init(struct queue *queue, size_t max)
{
    *queue = (struct queue){.max = max};
    int r = condition_init(&queue->changed);
    if (r < 0)
        return r;
    r = pthread_mutex_init(&queue->mutex, NULL);
    if (r != 0)
        (void)pthread_cond_destroy(&queue->changed);
    return -r;
}

void queue_done(struct queue *queue)
{
    assert(queue->count == 0);
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
}

int queue_push(struct queue *queue, struct queue_node *node)
{
    int r = 0;
    pthread_mutex_lock(&queue->mutex);
    if (queue->closed) {
        r = -ESHUTDOWN;
    } else if (queue->count >= queue->max) {
        r = -EAGAIN;
    } else {
        node->next = NULL;
        if (queue->last)
            queue->last->next = node;
        else
            queue->first = node;
        queue->last = node;
        queue->count++;
        (void)pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return r;
}

/* Called with the mutex held. */
static void change_wait(struct queue *queue, int64_t deadline_ms)
{
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ms / 1000),
        .tv_nsec = (long)(deadline_ms % 1000) * 1000000,
    };
    while (queue->count == 0 && !queue->closed)
        if (pthread_cond_timedwait(&queue->changed, &queue->mutex, &deadline) != 0)
            break;
}

/* Called with the mutex held. */
static struct queue_node *nodes_cut(struct queue *queue, size_t most)
{
    struct queue_node *first = queue->first;
    if (most == 0 || !first)
        return NULL;
    if (most >= queue->count) {
        queue->first = queue->last = NULL;
        queue->count = 0;
        return first;
    }
    struct queue_node *end = first;
    for (size_t i = 1; i < most; i++)
        end = end->next;
    queue->first = end->next;
    queue->count -= most;
    end->next = NULL;
    return first;
}

struct queue_node *queue_take(struct queue *queue, size_t most, int64_t deadline_ms)
{
    pthread_mutex_lock(&queue->mutex);
    change_wait(queue, deadline_ms > 0 ? deadline_ms : 0);
    struct queue_node *taken = nodes_cut(queue, most);
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

struct queue_node *queue_take_if(struct queue *queue,
                                 bool (*wanted)(struct queue_node *node, void *context),
                                 void *context)
{
    struct queue_node *taken = NULL;
    struct queue_node **taken_end = &taken;
    struct queue_node **link = &queue->first;

    pthread_mutex_lock(&queue->mutex);
    queue->last = NULL;
    while (*link) {
        struct queue_node *node = *link;

        if (wanted(node, context)) {
            *link = node->next;
            node->next = NULL;
            *taken_end = node;
            taken_end = &node->next;
            queue->count--;
        } else {
            queue->last = node;
            link = &node->next;
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    (void)pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_is_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->mutex);
    return closed;
}

size_t queue_count(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}
