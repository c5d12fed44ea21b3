#include "daemon/waits.h"

#include <errno.h>

static struct question *question_of(struct queue_node *node)
{
    return queue_entry(node, struct question, node);
}

static bool question_is_due(const struct question *question, int64_t newest_id,
                            int64_t mono_ms)
{
    return newest_id > question->seen_id || mono_ms >= question->deadline_ms;
}

int waits_add(struct waits *waits, struct question *question)
{
    if (waits->count >= waits->max)
        return -EAGAIN;
    question->node.next = NULL;
    if (waits->last)
        waits->last->next = &question->node;
    else
        waits->first = &question->node;
    waits->last = &question->node;
    waits->count++;
    return 0;
}

struct question *waits_take(struct waits *waits, int64_t newest_id, int64_t mono_ms)
{
    struct queue_node *before = NULL, *node = waits->first;

    while (node && !question_is_due(question_of(node), newest_id, mono_ms)) {
        before = node;
        node = node->next;
    }
    if (!node)
        return NULL;
    if (before)
        before->next = node->next;
    else
        waits->first = node->next;
    if (waits->last == node)
        waits->last = before;
    waits->count--;
    return question_of(node);
}

bool waits_are_due(const struct waits *waits, int64_t newest_id, int64_t mono_ms)
{
    struct queue_node *node = waits->first;

    while (node && !question_is_due(question_of(node), newest_id, mono_ms))
        node = node->next;
    return node != NULL;
}
